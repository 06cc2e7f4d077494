//! `triops` without a subcommand: the cockpit, on configured sources or on those that are found while it runs.
//! Not for: the screen itself (see `app`), the loop (see `runtime`).

use super::problem::Problem;
use super::{Exit, Globals, seat};

/// Opens it.
pub fn run(globals: &Globals) -> Result<Exit, Problem> {
    let _config = seat::load(globals)?;
    Err(Problem::failed("the cockpit is not there yet", "`triops once` prints what the sources say"))
}
