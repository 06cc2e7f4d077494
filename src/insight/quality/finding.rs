//! What one test found, and the check entity it becomes.
//! Not for: testing (see `table` and `stream`).

use super::definition::Definition;
use crate::domain::detail::Table;
use crate::domain::{Check, Entity, Eye, SourceName, State, Text, Timestamp};

/// What one test found.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Which test.
    pub test: &'static str,
    /// What it makes of it.
    pub state: State,
    /// What was seen.
    pub observed: String,
    /// What should have been; empty where nobody knows.
    pub expected: String,
    /// Numbers behind it.
    pub numbers: Table<f64>,
}

impl Finding {
    /// A verdict.
    pub fn new(test: &'static str, state: State, observed: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { test, state, observed: observed.into(), expected: expected.into(), numbers: Table::new() }
    }

    /// No verdict, for nothing was brought that could be tested.
    pub fn unknown(test: &'static str, observed: impl Into<String>, expected: impl Into<String>) -> Self {
        Self::new(test, State::Unknown, observed, expected)
    }

    /// No verdict yet.
    pub fn learning(test: &'static str, observed: impl Into<String>) -> Self {
        Self::new(test, State::Pending, observed, "still learning")
    }

    /// With a number behind it.
    #[must_use]
    pub fn number(mut self, name: &str, value: f64) -> Self {
        if value.is_finite() {
            self.numbers.insert(name.into(), value);
        }
        self
    }

    /// The check entity of it.
    pub fn check(self, source: &SourceName, key: &str, definition: &Definition, subject: &Text, at: Timestamp) -> Entity {
        let Self { test, state, observed, expected, numbers } = self;
        let reason = if expected.is_empty() { observed.clone() } else { format!("expected {expected}, got {observed}") };
        let detail = Check {
            subject: Some(subject.clone()),
            test: Some(test.into()),
            observed: Some(observed.into()),
            expected: Some(expected.into()).filter(|expected: &Text| !expected.is_empty()),
            evaluated_at: Some(at),
            numbers,
            ..Check::default()
        };
        let mut entity = Entity::new(source, key, &format!("{} {test}", definition.name), state, detail.into(), at);
        entity.reason = Some(reason.into());
        entity.eye = Eye::DataOps;
        entity.owner.clone_from(&definition.owner);
        entity
    }
}
