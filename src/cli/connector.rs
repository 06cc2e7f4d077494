//! `triops connector check|try`: for authors of connector files.
//! Not for: using them (see `once`).

use std::path::{Path, PathBuf};

use clap::Subcommand;

use crate::config::connector::Connector as File;
use crate::source::manifest;

use super::age::now;
use super::problem::Problem;
use super::{Exit, Globals, output};

/// What to do with a connector file.
#[derive(Debug, Subcommand)]
pub enum Connector {
    /// Tell every mistake of a connector file with file, line and column; exits with 2 if there is one
    Check {
        /// The connector file
        file: PathBuf,
    },
    /// Map a recorded answer with a poll of a connector file and print the entities; exits with 1 if a row cannot be read
    Try {
        /// The connector file
        file: PathBuf,
        /// Which poll
        #[arg(long, value_name = "ID")]
        poll: String,
        /// The recorded answer: a body as the system sent it
        #[arg(long, value_name = "FILE")]
        input: PathBuf,
        /// What the poll's further requests answered, by name: a JSON object, seen as `$also`
        #[arg(long, value_name = "FILE")]
        also: Option<PathBuf>,
    },
}

impl Connector {
    /// Does it.
    pub fn run(&self, _globals: &Globals) -> Result<Exit, Problem> {
        match self {
            Self::Check { file } => check(file),
            Self::Try { file, poll, input, also } => try_map(file, poll, input, also.as_deref()),
        }
    }
}

fn check(file: &Path) -> Result<Exit, Problem> {
    let connector = read(file)?;
    let mistakes = manifest::check(&connector);
    if !mistakes.is_empty() {
        return Err(mistakes.into());
    }
    let polls: Vec<&str> = connector.poll.iter().map(|poll| poll.id.as_str()).collect();
    output::print(&format!("ok  {}: {}, polls {}\n", file.display(), connector.connector.title, polls.join(", ")))?;
    Ok(Exit::Ok)
}

fn try_map(file: &Path, poll: &str, input: &Path, also: Option<&Path>) -> Result<Exit, Problem> {
    let connector = read(file)?;
    let body = std::fs::read(input).map_err(|error| unreadable(input, &error))?;
    let also = match also {
        None => serde_json::Value::Object(serde_json::Map::new()),
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
            let wrong = |error: serde_json::Error| Problem::usage(format!("{}: {error}", path.display()), "a JSON object is expected");
            serde_json::from_str(&text).map_err(wrong)?
        }
    };
    let (entities, problems) = manifest::try_map(&connector, poll, &body, &also, now())?;
    output::print_json(&serde_json::json!({ "entities": entities, "problems": problems }))?;
    Ok(if problems.is_empty() { Exit::Ok } else { Exit::Failed })
}

fn read(file: &Path) -> Result<File, Problem> {
    let text = std::fs::read_to_string(file).map_err(|error| unreadable(file, &error))?;
    let name = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(File::parse(&name, &file.display().to_string(), &text)?)
}

fn unreadable(file: &Path, error: &std::io::Error) -> Problem {
    Problem::usage(format!("{} cannot be read: {error}", file.display()), "")
}
