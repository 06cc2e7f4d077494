//! The command line: flags and subcommands, one file each. Data goes to standard output, everything else to standard error.
//! Not for: what the subcommands find out (see `source`, `config`), the screen (see `app`, `runtime`).

mod act;
mod age;
mod audit;
mod check;
mod checks;
mod cockpit;
mod completions;
mod config;
mod connector;
mod demo;
mod detect;
mod doctor;
mod gather;
mod man;
mod once;
mod output;
mod problem;
mod reach;
mod seat;
mod sources;

use std::convert::Infallible;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Args, Parser, Subcommand};

use crate::config::{Color, Flags, LogFile};

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exit {
    /// All well.
    Ok,
    /// Something is wrong with what was looked at, or it failed.
    Failed,
    /// The command line or the configuration is wrong.
    Usage,
    /// `check`: something is a warning.
    Warning,
    /// `check`: something failed.
    Critical,
    /// `check`: it could not be found out.
    Unknown,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Ok => 0,
            Exit::Failed | Exit::Warning => 1,
            Exit::Usage | Exit::Critical => 2,
            Exit::Unknown => 3,
        })
    }
}

const AFTER_HELP: &str = "\
Without a subcommand the cockpit opens. Without any configured source it looks for what answers on this machine; `triops demo` shows it on\
 a simulated company.

Settings come from the embedded defaults < /etc/triops/triops.toml < the user's triops.toml < environment (TRIOPS_UI_THEME, \
TRIOPS_SAFETY_READ_ONLY, …) < flags. `triops config init` writes a commented file, `triops config paths` tells where it is.

Exit codes: 0 all well; 1 something is wrong or failed; 2 the command line or the configuration is wrong. `triops check`, \
`checks` and `drift`: 0 ok, 1 warning, 2 critical, 3 unknown.";

/// A terminal operations cockpit with three eyes: DevOps, MLOps and DataOps.
#[derive(Debug, Parser)]
#[command(name = "triops", version, about, long_about = None, after_help = AFTER_HELP, propagate_version = true)]
struct Triops {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Flags of every command.
#[derive(Debug, Clone, Default, Args)]
struct Globals {
    /// Read FILE instead of the system's and the user's settings (or `TRIOPS_CONFIG`)
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Change nothing, anywhere
    #[arg(long, global = true)]
    read_only: bool,
    /// Send nothing: in the cockpit and in `act`, only say what would be done
    #[arg(long)]
    dry_run: bool,
    /// A theme: a file in themes/
    #[arg(long, global = true, value_name = "NAME")]
    theme: Option<String>,
    /// How many colours
    #[arg(long, global = true, value_name = "WHEN")]
    color: Option<Color>,
    /// Where the program's own log goes: auto, none or a path
    #[arg(long, global = true, value_name = "FILE", value_parser = |word: &str| Ok::<_, Infallible>(LogFile::from(word)))]
    log_file: Option<LogFile>,
}

impl Globals {
    fn flags(&self) -> Flags {
        Flags {
            config: self.config.clone(),
            read_only: self.read_only,
            theme: self.theme.clone(),
            color: self.color,
            log_file: self.log_file.clone(),
        }
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show the whole cockpit at work on a simulated company, without network or any server
    Demo(demo::Demo),
    /// Ask every source once and print what it says
    Once(once::Once),
    /// Ask every source once and exit as monitoring plugins do
    Check(check::Check),
    /// Do something to one entity, under the rules of the cockpit
    Act(act::Act),
    /// Print what was done, tried and refused
    Audit(audit::Audit),
    /// Say, source by source, what was tried, what answered, and what to do
    Doctor(doctor::Doctor),
    /// List every connector with its support level
    Sources(sources::Sources),
    /// Print the checks of data and models and exit as `check` does
    Checks(checks::Checks),
    /// Compare the distributions of models with their references and exit as `check` does
    Drift(checks::Drift),
    /// Score each value of a series by how odd it is after those before it
    Detect(detect::Detect),
    /// Write, check and explain the configuration
    #[command(subcommand)]
    Config(config::Config),
    /// Check and try connector files
    #[command(subcommand)]
    Connector(connector::Connector),
    /// Print the completions of a shell
    Completions(completions::Completions),
    /// Print the manual page, of a subcommand if one is named
    Man(man::Man),
}

/// Parses the command line of this process and does what it asks.
pub fn main() -> ExitCode {
    let Triops { globals, command } = match Triops::try_parse() {
        Ok(triops) => triops,
        Err(error) => {
            // help and version are data; nobody is left to read it if this fails
            let _ = error.print();
            return match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Ok.into(),
                // to a monitoring system a wrong command line is "unknown", never "critical"
                _ if is_check(std::env::args()) => Exit::Unknown.into(),
                _ => Exit::Usage.into(),
            };
        }
    };
    let outcome = match &command {
        None => return cockpit::run(&globals).unwrap_or_else(|problem| problem.tell().into()),
        Some(Command::Demo(demo)) => return demo.run(&globals).unwrap_or_else(|problem| problem.tell().into()),
        Some(Command::Once(once)) => once.run(&globals),
        Some(Command::Check(check)) => check.run(&globals),
        Some(Command::Act(act)) => act.run(&globals),
        Some(Command::Audit(audit)) => audit.run(&globals),
        Some(Command::Doctor(doctor)) => doctor.run(&globals),
        Some(Command::Sources(sources)) => sources.run(&globals),
        Some(Command::Checks(checks)) => checks.run(&globals),
        Some(Command::Drift(drift)) => drift.run(&globals),
        Some(Command::Detect(detect)) => detect.run(),
        Some(Command::Config(config)) => config.run(&globals),
        Some(Command::Connector(connector)) => connector.run(&globals),
        Some(Command::Completions(completions)) => completions.run(),
        Some(Command::Man(man)) => man.run(),
    };
    outcome.unwrap_or_else(|problem| problem.tell()).into()
}

/// Whether the command line, wrong as it may be, asks for `check` and not for `config check`.
fn is_check(mut arguments: impl Iterator<Item = String>) -> bool {
    let words = [
        "demo",
        "once",
        "check",
        "act",
        "audit",
        "doctor",
        "sources",
        "checks",
        "drift",
        "detect",
        "config",
        "connector",
        "completions",
        "man",
    ];
    arguments.find(|argument| words.contains(&argument.as_str())).is_some_and(|word| word == "check")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn only_the_plugin_command_is_taken_for_the_plugin() {
        for (line, expected) in
            [("check --nope", true), ("--read-only check x", true), ("config check --nope", false), ("once", false), ("", false)]
        {
            assert_eq!(is_check(line.split(' ').map(str::to_owned)), expected, "{line}");
        }
    }

    #[test]
    fn the_command_line_is_consistent_and_every_argument_explains_itself() {
        fn explained(command: &clap::Command) {
            assert!(command.get_about().is_some(), "{}", command.get_name());
            for argument in command.get_arguments() {
                assert!(argument.get_help().is_some(), "{} {}", command.get_name(), argument.get_id());
            }
            command.get_subcommands().for_each(explained);
        }
        Triops::command().debug_assert();
        explained(&Triops::command());
    }
}
