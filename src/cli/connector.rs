//! `triops connector check|try`: for authors of connector files.
//! Not for: using them (see `once`).

use std::path::PathBuf;

use clap::Subcommand;

use super::problem::Problem;
use super::{Exit, Globals};

/// What to do with a connector file.
#[derive(Debug, Subcommand)]
pub enum Connector {
    /// Tell every mistake of a connector file with file, line and column; exits with 2 if there is one
    Check {
        /// The connector file
        file: PathBuf,
    },
    /// Map a recorded answer with a poll of a connector file and print the entities
    Try {
        /// The connector file
        file: PathBuf,
        /// Which poll
        #[arg(long, value_name = "ID")]
        poll: String,
        /// The recorded answer: a body as the system sent it
        #[arg(long, value_name = "FILE")]
        input: PathBuf,
    },
}

impl Connector {
    /// Does it.
    pub fn run(&self, _globals: &Globals) -> Result<Exit, Problem> {
        Err(Problem::failed("connector files cannot be read yet", ""))
    }
}
