//! `triops completions SHELL`: what the shell needs to complete our command line.
//! Not for: installing it.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::problem::Problem;
use super::{Exit, Triops, output};

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    /// Prints the script.
    pub fn run(&self) -> Result<Exit, Problem> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Triops::command(), "triops", &mut script);
        output::print(&String::from_utf8_lossy(&script))?;
        Ok(Exit::Ok)
    }
}
