//! `triops audit`: what was done, tried, refused and cancelled on this machine, from the audit log.
//! Not for: writing it (see `runtime::audit`).

use std::collections::BTreeMap;

use clap::Args;

use crate::config::Span;
use crate::domain::{AuditLine, Phase, Text};
use crate::runtime::audit;

use super::age::now;
use super::output::{self, Format};
use super::problem::Problem;
use super::{Exit, Globals, seat};

/// Lines looked at, at most.
const LINES_MAX: usize = 200_000;

/// Arguments of `audit`. With --format json: one JSON object a line, as the log has them.
#[derive(Debug, Args)]
pub struct Audit {
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Only the newest so many attempts
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    last: usize,
    /// Only what began within this time
    #[arg(long, value_name = "TIME")]
    since: Option<Span>,
}

impl Audit {
    /// Reads and prints.
    pub fn run(&self, globals: &Globals) -> Result<Exit, Problem> {
        let (config, _) = seat::load(globals)?;
        let (lines, unread) = audit::read(&config.paths.state_dir, LINES_MAX)
            .map_err(|error| Problem::failed(format!("reading the audit log: {error}"), "may you read the state folder?"))?;
        if unread > 0 {
            output::complain(&format!("triops: {unread} lines of the audit log cannot be read: a program was killed while writing"));
        }
        let attempts = self.kept(&lines);
        match self.format {
            Format::Json => {
                let of_kept = |line: &&AuditLine| attempts.iter().any(|attempt| attempt.start.attempt == line.attempt);
                let mut out = String::new();
                for line in lines.iter().filter(of_kept) {
                    let line = serde_json::to_string(line).map_err(|error| Problem::failed(format!("writing JSON: {error}"), ""))?;
                    out.push_str(&line);
                    out.push('\n');
                }
                output::print(&out)?;
            }
            Format::Table => {
                let rows: Vec<_> = attempts.iter().map(Attempt::row).collect();
                output::print(&output::table(["AT", "WHO", "ACTION", "TARGET", "OUTCOME", "TOOK", "SAID"], &rows))?;
            }
        }
        Ok(Exit::Ok)
    }

    fn kept<'a>(&self, lines: &'a [AuditLine]) -> Vec<Attempt<'a>> {
        let from = self.since.map(|since| now().plus(-since.seconds()));
        let mut attempts = attempts(lines);
        attempts.retain(|attempt| from.is_none_or(|from| attempt.start.at >= from));
        attempts.drain(..attempts.len().saturating_sub(self.last));
        attempts
    }
}

/// Both lines of an attempt.
struct Attempt<'a> {
    start: &'a AuditLine,
    end: Option<&'a AuditLine>,
}

fn attempts(lines: &[AuditLine]) -> Vec<Attempt<'_>> {
    let mut attempts = Vec::new();
    let mut places: BTreeMap<&Text, usize> = BTreeMap::new();
    for line in lines {
        match (line.phase, places.get(&line.attempt)) {
            (Phase::Start, _) => {
                places.insert(&line.attempt, attempts.len());
                attempts.push(Attempt { start: line, end: None });
            }
            (Phase::End, Some(place)) => attempts[*place].end = Some(line),
            // its beginning is older than what was read
            (Phase::End, None) => {}
        }
    }
    attempts
}

impl Attempt<'_> {
    fn row(&self) -> [String; 7] {
        let start = self.start;
        let outcome = self.end.and_then(|end| end.outcome).map_or("unknown", |outcome| outcome.word());
        let took = self.end.and_then(|end| end.duration_s).map_or("-".to_owned(), |s| format!("{s:.3} s"));
        let said = match self.end {
            Some(end) => end.error.as_ref().or(end.said.as_ref()).map(|said| said.first_line().to_owned()).unwrap_or_default(),
            None => "triops was killed before it knew, or is still waiting".to_owned(),
        };
        let who = format!("{}@{}{}", start.actor, start.host, if start.automatic { " (automatic)" } else { "" });
        [start.at.to_string(), who, start.action.to_string(), start.target.to_string(), outcome.to_owned(), took, said]
    }
}
