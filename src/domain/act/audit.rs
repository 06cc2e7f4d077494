//! The audit log's lines: one when an attempt begins, before anything leaves the program, and one when it has ended.
//! Not for: writing and reading the file (see `runtime::audit`).

use serde::{Deserialize, Serialize};

use super::{ActionId, Danger, Inverse};
use crate::domain::{EntityId, SourceName, Text, Timestamp};

/// One line of the audit log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditLine {
    /// When it was written.
    pub at: Timestamp,
    /// Tells attempts apart, over all runs of the program: both lines of one have the same.
    pub attempt: Text,
    /// Beginning or end.
    pub phase: Phase,
    /// Who.
    pub actor: Text,
    /// On which machine.
    pub host: Text,
    /// Through which source.
    pub source: SourceName,
    /// To what.
    pub target: EntityId,
    /// What people call it.
    pub name: Text,
    /// Which step of it, by the system's key; absent if all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<Text>,
    /// What.
    pub action: ActionId,
    /// How bad a mistake would be; absent if the source no longer offers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub danger: Option<Danger>,
    /// Nobody pressed a key: triops keeps up what a person began.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub automatic: bool,
    /// SHA-256 of the requests, in hex; absent if it never came to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Text>,
    /// At the end: how it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Verdict>,
    /// At the end: what the system answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<Text>,
    /// At the end: why it failed, was refused or cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Text>,
    /// At the end: what takes it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inverse: Option<Inverse>,
    /// At the end: seconds since the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_s: Option<f64>,
}

/// Beginning or end of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Written before anything leaves the program.
    Start,
    /// Written when it is known how it ended. Missing if the program was killed between.
    End,
}

/// How an attempt ended, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The system took it.
    Done,
    /// It went wrong.
    Failed,
    /// A rule or a state was against it; nothing was sent.
    Refused,
    /// The person said no, or an order before it failed; nothing was sent.
    Cancelled,
    /// Only what would be done was asked; nothing was changed.
    DryRun,
}

impl Verdict {
    /// The word shown and written.
    pub fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::Cancelled => "cancelled",
            Self::DryRun => "dry-run",
        }
    }
}
