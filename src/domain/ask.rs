//! Questions to a source that are asked when a person wants to see more, and their answers.
//! Not for: what is polled (see `batch`), logs (see `log`).

use std::sync::Arc;

use super::{Entity, Series, SourceName, Step, Text, Timestamp};

/// A question to the source of the entity, or of the reading.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// The steps of a run: task instances, jobs, stages.
    Steps {
        /// The run.
        run: Arc<Entity>,
    },
    /// A reading over a window.
    Range {
        /// Whose reading.
        source: SourceName,
        /// Reading's name as configured.
        reading: Text,
        /// Window.
        from: Timestamp,
        /// Window.
        to: Timestamp,
        /// Seconds between points.
        step_s: f64,
    },
    /// What an entity's number or state was over a window: an alert's `ALERTS`, a container's memory.
    History {
        /// Which entity.
        entity: Arc<Entity>,
        /// Window.
        from: Timestamp,
        /// Window.
        to: Timestamp,
        /// Seconds between points.
        step_s: f64,
    },
    /// All that the system itself says about an entity.
    Raw {
        /// Which entity.
        entity: Arc<Entity>,
    },
}

/// What came back.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// To `Steps`.
    Steps(Vec<Step>),
    /// To `Range` and `History`.
    Series(Vec<Series>),
    /// To `Raw`: pretty JSON or YAML, secrets redacted.
    Raw(Text),
}

impl Ask {
    /// The source that can answer it.
    pub fn source(&self) -> &str {
        match self {
            Self::Range { source, .. } => source.as_str(),
            Self::Steps { run: entity } | Self::History { entity, .. } | Self::Raw { entity } => entity.id.source(),
        }
    }
}
