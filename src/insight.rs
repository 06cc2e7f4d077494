//! What entities mean together: pure functions over entities and series.
//! Not for: I/O, state, drawing.

pub mod anomaly;
pub mod change;
pub mod drift;
pub mod lineage;
pub mod measure;
pub mod quality;
pub mod spells;
pub mod timeline;
pub mod trend;
pub mod triage;
