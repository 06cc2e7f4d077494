//! What is known about a source before it has answered: its name, its connector, its polls.
//! Not for: reaching it (see the `source` module), how it answered (see `store`).

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Eye, Kind, Text};

/// A configured source's unique name; shown on every entity. Holds no slash.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SourceName(Text);

impl SourceName {
    /// The name as a slice.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for SourceName {
    fn from(name: &str) -> Self {
        Self(Text::from(name))
    }
}

impl fmt::Display for SourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Names one poll of a source: `alerts`, `runs`, `stats`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PollId(Text);

impl PollId {
    /// The id as a slice.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for PollId {
    fn from(id: &str) -> Self {
        Self(Text::from(id))
    }
}

impl fmt::Display for PollId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One poll of a source.
#[derive(Debug, Clone, PartialEq)]
pub struct PollInfo {
    /// Its name.
    pub id: PollId,
    /// Seconds between two polls while what it brings is on screen.
    pub every_s: f64,
    /// What it brings.
    pub kinds: Vec<Kind>,
    /// Brings only numbers (processor, memory, network) of entities that another poll lists.
    pub numbers: bool,
}

/// What is on screen, so that polls which bring none of it may slow down.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Shown {
    /// Kinds of entities; each once, in order.
    pub kinds: Vec<Kind>,
    /// Their numbers are drawn too.
    pub numbers: bool,
}

impl From<&[Kind]> for Shown {
    /// These kinds, with their numbers.
    fn from(kinds: &[Kind]) -> Self {
        let mut kinds = kinds.to_vec();
        kinds.sort_unstable();
        kinds.dedup();
        Self { kinds, numbers: true }
    }
}

/// How far a connector has been proven here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Support {
    /// A test starts the real server and asserts on entities.
    Live,
    /// A test starts an emulator of the service, which nobody can start, and asserts on entities.
    Emulator,
    /// Tested against documented or recorded answers only.
    Contract,
    /// Not tested here: a file of the user.
    Unproven,
}

impl Support {
    /// The word shown and written.
    pub fn word(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Emulator => "emulator",
            Self::Contract => "contract",
            Self::Unproven => "unproven",
        }
    }
}

/// One configured source.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceInfo {
    /// Unique name.
    pub name: SourceName,
    /// Connector it uses: `prometheus`, `docker`, or a file of `config/connectors`.
    pub connector: Text,
    /// The system's full name: `Apache Airflow 3`.
    pub title: Text,
    /// Where it is, without credentials.
    pub url: Text,
    /// Environment it belongs to.
    pub env: Option<Text>,
    /// Discipline of what it brings.
    pub eye: Eye,
    /// Nothing may be changed through it.
    pub read_only: bool,
    /// Its polls, in the order they should first run.
    pub polls: Vec<PollInfo>,
    /// Kinds of entities whose log it can read.
    pub logs: Vec<Kind>,
    /// Readings it can draw, by name.
    pub readings: Vec<Text>,
    /// Found on this machine rather than configured.
    pub discovered: bool,
}

/// A shared handle.
pub type SharedInfo = Arc<SourceInfo>;
