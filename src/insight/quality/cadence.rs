//! How often a dataset is renewed, learnt by watching.
//! Not for: how old it is (see `quality`).

use crate::domain::Timestamp;

/// Renewals remembered.
const REMEMBERED: usize = 32;
/// Renewals before which nothing is expected.
const LEARN_FIRST: usize = 4;
/// It may take this many times the longest that it took.
const PATIENCE: f64 = 1.5;

/// The times between renewals.
#[derive(Debug, Clone, Default)]
pub struct Cadence {
    last: Option<Timestamp>,
    taken_s: [f64; REMEMBERED],
    seen: usize,
}

impl Cadence {
    /// Takes when it was last renewed; the same instant again is no renewal.
    pub fn learn(&mut self, renewed: Timestamp) {
        let Some(last) = self.last.replace(renewed) else { return };
        if renewed > last {
            self.taken_s[self.seen % REMEMBERED] = renewed.since(last);
            self.seen += 1;
        }
    }

    /// Seconds between two renewals, as usual; `None` while too few were seen.
    pub fn usual_s(&self) -> Option<f64> {
        let mut known = self.taken_s[..self.seen.min(REMEMBERED)].to_vec();
        known.sort_by(f64::total_cmp);
        (known.len() >= LEARN_FIRST).then(|| known[known.len() / 2])
    }

    /// Seconds after which it is late; `None` while too few renewals were seen.
    pub fn limit_s(&self) -> Option<f64> {
        let known = &self.taken_s[..self.seen.min(REMEMBERED)];
        (known.len() >= LEARN_FIRST).then(|| known.iter().copied().fold(0.0, f64::max) * PATIENCE)
    }
}
