//! `triops man [COMMAND…]`: the manual page in roff, made from the command line itself.
//! Not for: installing it.

use clap::{Args, CommandFactory};

use super::problem::Problem;
use super::{Exit, Triops, output};

/// Arguments of `man`.
#[derive(Debug, Args)]
pub struct Man {
    /// Of this subcommand: `once`, or `config init`
    command: Vec<String>,
}

impl Man {
    /// Prints the page.
    pub fn run(&self) -> Result<Exit, Problem> {
        let mut command = Triops::command();
        command.build();
        let mut name = "triops".to_owned();
        for word in &self.command {
            let known = command.get_subcommands().map(|known| known.get_name().to_owned()).filter(|name| name != "help");
            let known: Vec<String> = known.collect();
            let Some(inner) = command.find_subcommand(word).cloned() else {
                return Err(Problem::usage(format!("`{name}` has no subcommand `{word}`"), format!("it has: {}", known.join(", "))));
            };
            name = format!("{name}-{word}");
            command = inner.display_name(&name);
        }
        let mut page = Vec::new();
        clap_mangen::Man::new(command)
            .render(&mut page)
            .map_err(|error| Problem::failed(format!("making the manual page: {error}"), ""))?;
        output::print(&String::from_utf8_lossy(&page))?;
        Ok(Exit::Ok)
    }
}
