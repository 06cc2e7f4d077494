//! What one poll of a source brought.
//! Not for: merging it into what is known (see `store`).

use serde::{Deserialize, Serialize};

use super::{Entity, EntityId, Series, Text};

/// What one poll, or one event of a stream, brought.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Batch {
    /// Entities, each with an id of this source.
    pub entities: Vec<Entity>,
    /// Entities that are no more.
    pub gone: Vec<EntityId>,
    /// What it says about entities it does not hold.
    pub scope: Scope,
    /// Readings.
    pub series: Vec<Series>,
    /// How readings were before, for what learns from them; never drawn.
    pub past: Vec<Series>,
    /// Rows that could not be read; the others are kept.
    pub problems: Vec<RowProblem>,
}

/// What a batch says about entities it does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scope {
    /// They are gone: the batch holds all that this poll knows.
    #[default]
    Whole,
    /// Nothing: it is an addition.
    Part,
    /// They are as before: the system answered "not modified", and the batch is empty.
    Unchanged,
}

/// Why a row was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowProblem {
    /// Where in the answer: `alerts[3].startsAt`.
    pub path: Text,
    /// What is wrong with it.
    pub message: Text,
}

/// Network spent since a source was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Cost {
    /// Requests sent.
    pub requests: u64,
    /// Bytes of bodies received, as they came over the wire where that is known.
    pub bytes: u64,
}

impl std::ops::AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        self.requests += other.requests;
        self.bytes += other.bytes;
    }
}
