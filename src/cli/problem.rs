//! Why a command could not do what it was asked: what failed, where, what to do, and the exit code.
//! Not for: what a command found out about a system; that is data.

use crate::config::ConfigError;
use crate::domain::Failure;

use super::Exit;

/// Why a command ended early.
#[derive(Debug)]
pub enum Problem {
    /// Mistakes in files, variables or flags.
    Config(Vec<ConfigError>),
    /// The command line asks for what cannot be.
    Usage { message: String, hint: String },
    /// Something failed on the way.
    Failed { message: String, hint: String },
}

impl Problem {
    /// A failure with what to do about it.
    pub fn failed(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Failed { message: message.into(), hint: hint.into() }
    }

    /// A wrong command line with what to do about it.
    pub fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), hint: hint.into() }
    }

    /// Prints it for a person and says how to exit.
    pub fn tell(&self) -> Exit {
        let (lines, exit) = match self {
            Self::Config(errors) => (errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"), Exit::Usage),
            Self::Usage { message, hint } => (told(message, hint), Exit::Usage),
            Self::Failed { message, hint } => (told(message, hint), Exit::Failed),
        };
        super::output::complain(&lines);
        exit
    }

    /// In one line, for a monitoring system.
    pub fn line(&self) -> String {
        match self {
            Self::Config(errors) => {
                let first = errors.first().map(|error| error.to_string().replace('\n', ";")).unwrap_or_default();
                let more = errors.len().saturating_sub(1);
                if more == 0 { first } else { format!("{first} (and {more} more)") }
            }
            Self::Usage { message, .. } | Self::Failed { message, .. } => message.replace('\n', " "),
        }
    }
}

fn told(message: &str, hint: &str) -> String {
    if hint.is_empty() { format!("triops: {message}") } else { format!("triops: {message}\n  hint: {hint}") }
}

impl From<Vec<ConfigError>> for Problem {
    fn from(errors: Vec<ConfigError>) -> Self {
        Self::Config(errors)
    }
}

impl From<ConfigError> for Problem {
    fn from(error: ConfigError) -> Self {
        Self::Config(vec![error])
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        Self::failed(failure.to_string(), failure.hint.as_str())
    }
}
