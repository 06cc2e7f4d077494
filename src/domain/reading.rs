//! Numbers over time. A gap is a gap: a missing value is absent from `points`, and NaN stays NaN.
//! Not for: drawing (see `ui::chart`).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Text, Timestamp};

/// A value at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// When.
    pub at: Timestamp,
    /// How much.
    pub value: f64,
}

/// One line of a reading.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Series {
    /// The reading it belongs to, as configured.
    pub reading: Text,
    /// What tells it from the reading's other series.
    pub labels: BTreeMap<Text, Text>,
    /// Unit of the values: `s`, `bytes`, `share`, `1/s`, or empty.
    pub unit: Text,
    /// Oldest first, at distinct instants.
    pub points: Vec<Point>,
}
