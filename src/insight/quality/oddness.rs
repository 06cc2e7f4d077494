//! Whether an amount is odd after those before it, in words.
//! Not for: how odd it is (see `anomaly`).

use super::finding::Finding;
use super::words;
use crate::domain::{State, Timestamp};
use crate::insight::anomaly::{Detector, Opinion};

/// Score from which an odd amount is a warning, and from which it is a failure.
const ODD: (f64, f64) = (0.6, 0.75);

/// What is learnt of one amount over time.
#[derive(Debug, Clone, Default)]
pub struct Oddness {
    detector: Detector,
    last: Option<Timestamp>,
    verdict: Option<(State, String, f64)>,
    value: Option<f64>,
}

impl Oddness {
    /// Takes a value; one of an instant that is not past the last one is left out.
    pub fn take(&mut self, at: Timestamp, value: f64) {
        if self.last.is_some_and(|last| at <= last) {
            return;
        }
        let Opinion { score, expected } = self.detector.step(at.seconds(), value);
        self.last = Some(at);
        self.value = Some(value).filter(|value| value.is_finite());
        self.verdict = expected.map(|expected| {
            let state = match score {
                score if score >= ODD.1 => State::Failed,
                score if score >= ODD.0 => State::Warning,
                _ => State::Ok,
            };
            let season_s = self.detector.season().zip(self.detector.every_s()).map(|(steps, every)| steps as f64 * every);
            (state, words::range(expected.low, expected.high, at, season_s), score)
        });
    }

    /// What is thought of the value taken last.
    pub fn finding(&self) -> Finding {
        match (&self.verdict, self.value) {
            (_, None) => Finding::unknown("volume", "no value", ""),
            (Some((state, expected, score)), Some(value)) => {
                Finding::new("volume", *state, words::amount(value), expected.clone()).number("value", value).number("score", *score)
            }
            (None, Some(value)) => Finding::learning("volume", words::amount(value)).number("value", value),
        }
    }
}
