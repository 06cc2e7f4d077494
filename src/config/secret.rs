//! Secrets: where they come from (environment, file, command) and the type they live in, which cannot print itself.
//! Not for: deciding which secrets a source needs (see the connector's `auth`).

mod resolve;

pub use resolve::SecretError;

use std::fmt;

use serde::{Deserialize, Serialize};

/// A password or token. `Debug`, `Display` and serde never show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a value.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value itself, to be put into a request and nowhere else.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// `text` with every occurrence of this secret replaced by `***`. Secrets shorter than four bytes are left: they are found in any text.
    pub fn redact(&self, text: &str) -> String {
        if self.0.len() < 4 { text.to_owned() } else { text.replace(&self.0, "***") }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Where a secret is taken from when it is needed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(
    untagged,
    deny_unknown_fields,
    expecting = "not a way to a secret; write { env = \"NAME\" }, { file = \"PATH\" } or { command = [\"PROGRAM\", \"ARG\"] }"
)]
pub enum SecretRef {
    /// Written in the file itself: refused if others can read the file.
    Inline(InlineSecret),
    /// An environment variable.
    Env {
        /// Its name.
        env: String,
    },
    /// The first line of a file.
    File {
        /// Its path.
        file: std::path::PathBuf,
    },
    /// The first line a program prints; an argv, never a shell string.
    Command {
        /// Program and arguments.
        command: Vec<String>,
    },
}

/// A secret written into a file. Serializes as `***`.
#[derive(Clone, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct InlineSecret(String);

impl InlineSecret {
    /// As the type that cannot print.
    pub fn secret(&self) -> Secret {
        Secret::new(self.0.clone())
    }
}

impl Serialize for InlineSecret {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("***")
    }
}

impl fmt::Debug for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inline(_) => f.write_str("***"),
            Self::Env { env } => write!(f, "env {env}"),
            Self::File { file } => write!(f, "file {}", file.display()),
            Self::Command { command } => write!(f, "command {}", command.first().map_or("", String::as_str)),
        }
    }
}
