//! x
pub mod answers;
pub mod engine;
pub mod events;
pub mod facts;
pub mod frames;
pub mod ledger;
pub mod poll;
pub mod redact;
pub mod shape;
pub mod state;
pub mod usage;
