//! Lines of a log and the request for them.
//! Not for: keeping and searching them (see `pane::logs`).

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Entity, Text, Timestamp};

/// Where a line was written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogStream {
    /// Standard output, or a log without streams.
    #[default]
    Out,
    /// Standard error.
    Err,
    /// Said by the runtime or by us, not by the program.
    System,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogLine {
    /// When the system says it was written; never invented.
    pub at: Option<Timestamp>,
    /// Which stream.
    pub stream: LogStream,
    /// `error`, `warning`, `info`, …, where the system tells.
    pub level: Option<Text>,
    /// The line without its newline.
    pub text: Text,
}

/// Asks for a log.
#[derive(Debug, Clone, PartialEq)]
pub struct LogRequest {
    /// Whose log.
    pub entity: Arc<Entity>,
    /// Which step of a run, by key; absent for things without steps.
    pub step: Option<Text>,
    /// Which attempt of the step, from 1.
    pub attempt: Option<u32>,
    /// Only lines from here on.
    pub since: Option<Timestamp>,
    /// Only lines before here.
    pub until: Option<Timestamp>,
    /// At most this many, the newest ones.
    pub tail: u32,
    /// Go on as new lines are written.
    pub follow: bool,
}

/// Lines as they arrive.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LogPart {
    /// The lines, oldest first.
    pub lines: Vec<LogLine>,
    /// The first of them is the first there is.
    pub from_start: bool,
    /// There will be no more.
    pub ended: bool,
}
