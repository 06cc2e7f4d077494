//! What entities mean together: pure functions over entities and series.
//! Not for: I/O, state, drawing.

pub mod ack;
pub mod anomaly;
pub mod change;
pub mod deeds;
pub mod drift;
pub mod findings;
pub mod health;
pub mod lineage;
pub mod matcher;
pub mod measure;
pub mod quality;
pub mod spells;
pub mod timeline;
pub mod trend;
pub mod triage;
pub mod upkeep;
