//! What a pane may look at while it works: the store, what was derived from it, the time, the person's taste.
//! Not for: changing any of it.

use super::derived::Derived;
use crate::domain::Timestamp;
use crate::store::Store;
use crate::ui;

/// Everything a pane sees besides itself.
#[derive(Debug, Clone, Copy)]
pub struct Look<'a> {
    /// What is known.
    pub store: &'a Store,
    /// What was read out of it.
    pub derived: &'a Derived,
    /// The instant shown; stands still while the picture is frozen.
    pub now: Timestamp,
    /// How things look to this reader.
    pub ui: &'a ui::Look,
    /// Who sits here, as systems are told.
    pub actor: &'a str,
}

impl Look<'_> {
    /// Seconds from `then` to now, not below zero: clocks of systems differ a little.
    pub fn age_s(&self, then: Timestamp) -> f64 {
        self.now.since(then).max(0.0)
    }
}
