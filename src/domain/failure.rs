//! Why a source could not do what it was asked: a kind, what was being done to whom, and what to do about it.
//! Not for: mistakes in our own files (see `config::ConfigError`).

use serde::{Deserialize, Serialize};

use super::Text;

/// What went wrong, coarsely: decides how soon to ask again and how it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// Nothing answers there.
    Unreachable,
    /// No answer in time.
    Timeout,
    /// The certificate cannot be trusted, or the handshake failed.
    Tls,
    /// Not signed in, or wrongly.
    Auth,
    /// Signed in, but not allowed.
    Denied,
    /// It is not there.
    NotFound,
    /// Asked too often.
    RateLimited,
    /// The server says that it is broken.
    Server,
    /// The answer is not what the system documents.
    BadShape,
    /// The answer is larger than we read.
    TooLarge,
    /// It is no longer as it was when the order was made, or somebody else was faster.
    Conflict,
    /// Our own rules are against it.
    Refused,
    /// Our own description of the source is wrong.
    Config,
    /// The source cannot do this.
    Unsupported,
}

impl FailureKind {
    /// The word shown and written.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Timeout => "timeout",
            Self::Tls => "tls",
            Self::Auth => "auth",
            Self::Denied => "denied",
            Self::NotFound => "not-found",
            Self::RateLimited => "rate-limited",
            Self::Server => "server-error",
            Self::BadShape => "bad-answer",
            Self::TooLarge => "too-large",
            Self::Conflict => "conflict",
            Self::Refused => "refused",
            Self::Config => "config",
            Self::Unsupported => "unsupported",
        }
    }
}

/// A failure a person can act on. Never holds a secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[error("{doing}: {detail}")]
pub struct Failure {
    /// Coarse kind.
    pub kind: FailureKind,
    /// What was being done to whom: `GET https://am.example/api/v2/alerts`.
    pub doing: Text,
    /// What happened: `401 Unauthorized`.
    pub detail: Text,
    /// What the person on call can do; may be empty.
    pub hint: Text,
    /// Seconds the system asked us to wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<f64>,
}

impl Failure {
    /// A failure without a hint.
    pub fn new(kind: FailureKind, doing: impl Into<Text>, detail: impl Into<Text>) -> Self {
        Self { kind, doing: doing.into(), detail: detail.into(), hint: Text::default(), retry_after_s: None }
    }

    /// The same with a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Text>) -> Self {
        self.hint = hint.into();
        self
    }
}
