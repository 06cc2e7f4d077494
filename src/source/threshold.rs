//! The bounds of a configured reading and the check they make of a number.
//! Not for: where the number comes from.

use crate::config::ReadingConfig;
use crate::domain::State;

/// Bounds of one reading; any of them may be absent.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Threshold {
    warn_above: Option<f64>,
    fail_above: Option<f64>,
    warn_below: Option<f64>,
    fail_below: Option<f64>,
}

impl Threshold {
    /// The bounds of a reading, or `None` where it has none.
    pub fn of(reading: &ReadingConfig) -> Option<Self> {
        let ReadingConfig { warn_above, fail_above, warn_below, fail_below, .. } = *reading;
        let threshold = Self { warn_above, fail_above, warn_below, fail_below };
        (threshold != Self::default()).then_some(threshold)
    }

    /// How `value` stands to the bounds. On a bound is within it; NaN is unknown.
    pub fn judge(&self, value: f64) -> State {
        let beyond = |above: Option<f64>, below: Option<f64>| above.is_some_and(|a| value > a) || below.is_some_and(|b| value < b);
        if value.is_nan() {
            State::Unknown
        } else if beyond(self.fail_above, self.fail_below) {
            State::Failed
        } else if beyond(self.warn_above, self.warn_below) {
            State::Warning
        } else {
            State::Ok
        }
    }

    /// What is expected of a value in that state, in words: the bounds it has broken, or the first it would break.
    /// `<= 0.5`, `>= 0.1`, `>= 0.1 and <= 0.5`.
    pub fn expected(&self, state: State) -> String {
        let (above, below) = match state {
            State::Failed => (self.fail_above, self.fail_below),
            _ => (self.warn_above.or(self.fail_above), self.warn_below.or(self.fail_below)),
        };
        match (below, above) {
            (Some(below), Some(above)) => format!(">= {below} and <= {above}"),
            (Some(below), None) => format!(">= {below}"),
            (None, Some(above)) => format!("<= {above}"),
            (None, None) => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_judged_by_the_worst_bound_it_breaks() {
        let above = ReadingConfig { warn_above: Some(1.0), fail_above: Some(2.0), ..ReadingConfig::default() };
        let below = ReadingConfig { warn_below: Some(0.1), fail_below: Some(0.05), ..ReadingConfig::default() };
        let both = ReadingConfig { warn_above: Some(5.0), fail_below: Some(1.0), ..ReadingConfig::default() };
        for (reading, value, state, expected) in [
            (&above, 1.0, State::Ok, "<= 1"),
            (&above, 1.5, State::Warning, "<= 1"),
            (&above, f64::INFINITY, State::Failed, "<= 2"),
            (&above, f64::NAN, State::Unknown, "<= 1"),
            (&below, 0.1, State::Ok, ">= 0.1"),
            (&below, 0.07, State::Warning, ">= 0.1"),
            (&below, 0.0, State::Failed, ">= 0.05"),
            (&both, 3.0, State::Ok, ">= 1 and <= 5"),
            (&both, 6.0, State::Warning, ">= 1 and <= 5"),
            (&both, 0.5, State::Failed, ">= 1"),
        ] {
            let threshold = Threshold::of(reading).unwrap();
            assert_eq!(threshold.judge(value), state, "{value}");
            assert_eq!(threshold.expected(state), expected, "{value}");
        }
        assert_eq!(Threshold::of(&ReadingConfig::default()), None);
    }
}
