//! What distances mean: a state per feature, the share of a model's features that drifted, and states that one poll does not flap.
//! Not for: computing distances (see `distance`).

use std::fmt;

use super::distance::{Distances, Smoothing};
use super::histogram::Unreadable;
use super::significance::adjusted;
use crate::domain::State;

/// When a difference counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thresholds {
    /// PSI from which a feature has moved. 0.1 (Yurdakul and Naranjo 2020; Evidently's default as well).
    pub warn: f64,
    /// PSI from which it is another feature. 0.25 (same source).
    pub fail: f64,
    /// Level of the tests after correction for many, and share of false alarms among alarms that is put up with. 0.05.
    pub alpha: f64,
    /// Samples each window must hold. 200: at ten cells PSI without drift then stays below 0.17 in 19 of 20 comparisons. Down to a
    /// quarter of it a feature can be a warning at most; below that there is no verdict.
    pub min_samples: f64,
    /// Share of drifted features from which the model has drifted. 0.5, as Evidently's `drift_share`.
    pub share: f64,
    /// What PSI does about empty cells.
    pub smoothing: Smoothing,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { warn: 0.1, fail: 0.25, alpha: 0.05, min_samples: 200.0, share: 0.5, smoothing: Smoothing::Half }
    }
}

/// Which of the two windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// What is compared with.
    Reference,
    /// What is compared.
    Current,
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Reference => "reference",
            Self::Current => "current",
        })
    }
}

/// Why there is no verdict.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Doubt {
    /// No sample at all: no traffic, a series that went stale, or one younger than the reference.
    #[error("no samples in the {0} window")]
    Nothing(Window),
    /// Fewer than a quarter of the minimum.
    #[error("too few samples: {have:.0} in the {window} window, {need:.0} needed")]
    TooFew {
        /// Where.
        window: Window,
        /// How many.
        have: f64,
        /// How many for a verdict.
        need: f64,
    },
    /// Not enough bounds in common.
    #[error("the bucket layouts of the two windows have too few bounds in common")]
    Layouts,
    /// Not a histogram.
    #[error("the {0} window: {1}")]
    Unreadable(Window, Unreadable),
}

/// A feature's verdict.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Verdict {
    /// `ok`, `warning`, `failed`, or `unknown` where there is a doubt.
    pub state: State,
    /// p after correction for all features of the model, of Kolmogorov-Smirnov, or of chi-square for categories.
    pub p: Option<f64>,
    /// Its share of the sum of the model's PSI, 0 to 1.
    pub contribution: f64,
}

/// A model's verdict.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judged {
    /// `failed` where the share is reached, `warning` where anything drifted, `unknown` where most features have no verdict.
    pub state: State,
    /// Features that drifted.
    pub drifted: usize,
    /// Features with a verdict.
    pub judged: usize,
    /// All features.
    pub features: usize,
    /// Place of the one that contributes most; `None` without any verdict.
    pub worst: Option<usize>,
}

/// A verdict that stands is left only below this part of its threshold.
const STAY: f64 = 0.8;

/// Judges all features of one model together. `shown` are the states that stand, in the same order (empty at first).
pub fn judge(features: &[Result<Distances, Doubt>], shown: &[State], thresholds: &Thresholds) -> (Vec<Verdict>, Judged) {
    let with_p: Vec<(usize, f64)> =
        features.iter().enumerate().filter_map(|(at, feature)| Some((at, p_of(feature.as_ref().ok()?)?))).collect();
    let corrected = adjusted(&with_p.iter().map(|(_, p)| *p).collect::<Vec<_>>());
    let mut p = vec![None; features.len()];
    for ((at, _), corrected) in with_p.iter().zip(corrected) {
        p[*at] = Some(corrected);
    }
    let total: f64 = features.iter().flatten().map(|distances| distances.psi).sum();
    let verdicts: Vec<Verdict> = features
        .iter()
        .zip(p)
        .enumerate()
        .map(|(at, (feature, p))| {
            let standing = shown.get(at).copied().unwrap_or(State::Ok);
            let state = feature.as_ref().map_or(State::Unknown, |distances| state(distances, p, standing, thresholds));
            let psi = feature.as_ref().map_or(0.0, |distances| distances.psi);
            Verdict { state, p, contribution: if total > 0.0 { psi / total } else { 0.0 } }
        })
        .collect();
    let overall = overall(&verdicts, thresholds);
    (verdicts, overall)
}

/// The model's verdict, from those of its features as they stand.
pub fn overall(verdicts: &[Verdict], thresholds: &Thresholds) -> Judged {
    let drifted = verdicts.iter().filter(|verdict| matches!(verdict.state, State::Warning | State::Failed)).count();
    let judged = verdicts.iter().filter(|verdict| verdict.state != State::Unknown).count();
    let features = verdicts.len();
    let state = match (drifted, judged) {
        (1.., _) if drifted as f64 >= thresholds.share * judged as f64 => State::Failed,
        (1.., _) => State::Warning,
        (0, _) if judged * 2 < features || judged == 0 => State::Unknown,
        (0, _) => State::Ok,
    };
    let worst = (0..features).filter(|at| verdicts[*at].state != State::Unknown).max_by(|a, b| {
        let key = |at: usize| (verdicts[at].state.severity(), verdicts[at].contribution);
        key(*a).partial_cmp(&key(*b)).unwrap_or(std::cmp::Ordering::Equal)
    });
    Judged { state, drifted, judged, features, worst }
}

/// Whether two windows hold enough for a verdict.
pub fn enough(n: f64, m: f64, thresholds: &Thresholds) -> Result<(), Doubt> {
    let need = thresholds.min_samples / 4.0;
    for (window, have) in [(Window::Reference, n), (Window::Current, m)] {
        if have <= 0.0 {
            return Err(Doubt::Nothing(window));
        }
        if have < need {
            return Err(Doubt::TooFew { window, have, need });
        }
    }
    Ok(())
}

fn p_of(distances: &Distances) -> Option<f64> {
    match &distances.along {
        Some(along) => along.ks_p,
        None => Some(distances.chi2_p),
    }
}

/// A PSI counts only where it is more than chance and where the corrected test agrees: with few samples PSI alone alarms at nothing,
/// with many the test alone does.
fn state(distances: &Distances, p: Option<f64>, standing: State, thresholds: &Thresholds) -> State {
    let keep = |state: State| if standing.severity() >= state.severity() && standing != State::Unknown { STAY } else { 1.0 };
    let beyond_chance = distances.psi > distances.psi_limit && p.is_none_or(|p| p < thresholds.alpha);
    let few = distances.n.min(distances.m) < thresholds.min_samples;
    if !beyond_chance {
        State::Ok
    } else if distances.psi >= thresholds.fail * keep(State::Failed) && !few {
        State::Failed
    } else if distances.psi >= thresholds.warn * keep(State::Warning) {
        State::Warning
    } else {
        State::Ok
    }
}

/// A state that changes only when two judgements in a row say so; the first one counts at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Steady {
    shown: Option<State>,
    next: Option<State>,
}

impl Steady {
    /// Takes the newest judgement; returns the state that stands.
    pub fn settle(&mut self, judged: State) -> State {
        let stands = match self.shown {
            Some(shown) if shown != judged && self.next != Some(judged) => shown,
            _ => judged,
        };
        self.next = Some(judged);
        self.shown = Some(stands);
        stands
    }

    /// The state that stands; `None` before the first judgement.
    pub fn shown(&self) -> Option<State> {
        self.shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insight::drift::distance::{Layout, compare};
    use crate::insight::drift::significance::Limits;

    fn pair(reference: [f64; 4], current: [f64; 4]) -> Result<Distances, Doubt> {
        let (n, m) = (reference.iter().sum(), current.iter().sum());
        enough(n, m, &Thresholds::default())?;
        let edges = [0.0, 1.0, 2.0, 3.0, 4.0];
        compare(Layout::Edges(&edges), &reference, &current, Smoothing::Half, &mut Limits::default()).ok_or(Doubt::Layouts)
    }

    const LEVEL: [f64; 4] = [250.0; 4];

    #[test]
    fn a_feature_is_as_bad_as_its_psi_where_that_is_more_than_chance() {
        let features = [
            pair(LEVEL, LEVEL),
            pair(LEVEL, [150.0, 200.0, 280.0, 370.0]),
            pair(LEVEL, [50.0, 150.0, 300.0, 500.0]),
            pair([20.0; 4], [5.0, 10.0, 25.0, 45.0]),
            pair([20.0; 4], [16.0, 30.0, 14.0, 20.0]),
            pair(LEVEL, [3.0; 4]),
            pair(LEVEL, [0.0; 4]),
        ];
        let (verdicts, model) = judge(&features, &[], &Thresholds::default());
        let states: Vec<State> = verdicts.iter().map(|verdict| verdict.state).collect();
        assert_eq!(
            states,
            [State::Ok, State::Warning, State::Failed, State::Warning, State::Ok, State::Unknown, State::Unknown],
            "the fourth has too few samples to fail, the fifth is chance, the last two say nothing"
        );
        assert_eq!((model.drifted, model.judged, model.features, model.worst, model.state), (3, 5, 7, Some(2), State::Failed));
        assert!((verdicts.iter().map(|verdict| verdict.contribution).sum::<f64>() - 1.0).abs() < 1e-12);
        assert_eq!(features[5].as_ref().unwrap_err().to_string(), "too few samples: 12 in the current window, 50 needed");
        assert_eq!(features[6].as_ref().unwrap_err().to_string(), "no samples in the current window");
    }

    #[test]
    fn one_poll_does_not_flap_and_a_verdict_stands_until_it_is_clearly_over() {
        let mut steady = Steady::default();
        let told = [State::Ok, State::Failed, State::Ok, State::Failed, State::Failed, State::Ok, State::Warning, State::Warning];
        let shown: Vec<State> = told.into_iter().map(|state| steady.settle(state)).collect();
        let expected = [State::Ok, State::Ok, State::Ok, State::Ok, State::Failed, State::Failed, State::Failed, State::Warning];
        assert_eq!(shown, expected);

        let little = [pair(LEVEL, [180.0, 210.0, 290.0, 320.0])];
        let psi = little[0].as_ref().unwrap().psi;
        assert!((0.02..0.08).contains(&psi), "{psi}");
        let low = Thresholds { warn: psi * 1.1, ..Thresholds::default() };
        assert_eq!(judge(&little, &[State::Ok], &low).0[0].state, State::Ok, "not reached");
        assert_eq!(judge(&little, &[State::Warning], &low).0[0].state, State::Warning, "not left");
    }

    #[test]
    fn a_model_whose_features_mostly_say_nothing_is_unknown_and_never_ok() {
        let features = [pair(LEVEL, LEVEL), pair(LEVEL, [0.0; 4]), pair(LEVEL, [0.0; 4])];
        assert_eq!(judge(&features, &[], &Thresholds::default()).1.state, State::Unknown);
        assert_eq!(judge(&[], &[], &Thresholds::default()).1.state, State::Unknown);
    }
}
