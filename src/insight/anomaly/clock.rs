//! Instants into steps of an even grid: the usual interval is learnt, a gap becomes the steps that are missing.
//! Not for: what the values are.

/// Intervals looked at for the usual one.
const LOOKED_AT: usize = 15;
/// An interval this far from the usual one, relative to it, is a gap or a jump.
const TOLERANCE: f64 = 0.5;

/// Learns the usual interval of one series.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Clock {
    last: Option<f64>,
    recent: [f64; LOOKED_AT],
    seen: usize,
    every: f64,
}

impl Clock {
    /// Takes the instant of the next value, in seconds; returns how many steps it is past the one before: 1 as usual, more after a
    /// gap. An instant that does not rise counts as the next step: order is all that is then known.
    pub fn step(&mut self, at: f64) -> u64 {
        let Some(last) = self.last.replace(at) else { return 1 };
        let passed = at - last;
        if !(passed > 0.0 && passed.is_finite()) {
            return 1;
        }
        let steps = if self.every > 0.0 && passed > self.every * (1.0 + TOLERANCE) { (passed / self.every).round().max(1.0) } else { 1.0 };
        self.recent[self.seen % LOOKED_AT] = passed;
        self.seen += 1;
        let mut sorted = self.recent;
        let known = &mut sorted[..self.seen.min(LOOKED_AT)];
        known.sort_by(f64::total_cmp);
        self.every = known[known.len() / 2];
        steps as u64
    }

    /// Seconds between two values, as usual; `None` before the second value.
    pub fn every_s(&self) -> Option<f64> {
        (self.every > 0.0).then_some(self.every)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_the_steps_that_are_missing_and_jitter_is_none() {
        let mut clock = Clock::default();
        let steps: Vec<u64> = [0.0, 60.0, 121.0, 179.0, 240.0, 300.0, 600.0, 660.0, 660.0].into_iter().map(|at| clock.step(at)).collect();
        assert_eq!(steps, [1, 1, 1, 1, 1, 1, 5, 1, 1]);
        assert_eq!(clock.every_s(), Some(60.0));
    }
}
