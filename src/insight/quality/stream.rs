//! Tests of a line of a reading: an assertion about its newest value, a share of missing values, an odd amount, another distribution.
//! Not for: datasets (see `table`).

use std::collections::VecDeque;

use super::definition::Definition;
use super::finding::Finding;
use super::oddness::Oddness;
use super::words;
use crate::domain::{Point, Series, State, Timestamp, percent};
use crate::insight::drift::{Distances, Doubt, Layout, Limits, Smoothing, Steady, Thresholds, compare, verdict};

/// The reference is this many times as long as what is compared with it.
const REFERENCE: f64 = 7.0;
/// Cells that the reference is cut into, each with as many of its values.
const CELLS: usize = 10;
/// Values kept of one series at most.
const MAX_KEPT: usize = 4096;

/// What is learnt of one line of a reading.
#[derive(Debug, Clone, Default)]
pub struct Watched {
    slot: Option<i64>,
    amount: Oddness,
    kept: VecDeque<Point>,
    steady: Steady,
    distribution: Option<Finding>,
}

impl Watched {
    /// What every test of the definition finds in a line; `past` is how it was before it was watched.
    pub fn judge(&mut self, definition: &Definition, series: &Series, past: Option<&Series>) -> Vec<Finding> {
        let mut findings = Vec::new();
        let last = series.points.last().copied();
        if definition.volume || definition.distribution_s.is_some() {
            let mut any = false;
            for point in past.iter().flat_map(|past| &past.points).chain(&series.points) {
                any |= self.take(definition, *point);
            }
            if definition.volume {
                findings.push(self.amount.finding());
            }
            if let Some(window_s) = definition.distribution_s {
                if any {
                    self.distribution = Some(self.compare(window_s));
                }
                findings.extend(self.distribution.clone());
            }
        }
        if let Some(assert) = definition.assert {
            findings.push(match last {
                Some(Point { value, .. }) if value.is_nan() => Finding::unknown("assertion", "NaN", assert.to_string()),
                Some(Point { value, .. }) => {
                    let state = if assert.holds(value) { State::Ok } else { definition.severity };
                    Finding::new("assertion", state, words::amount(value), assert.to_string()).number("value", value)
                }
                None => Finding::unknown("assertion", "no value", assert.to_string()),
            });
        }
        if let Some(most) = definition.max_null_share {
            let expected = format!("at most {} missing", percent(most));
            findings.push(match last.map(|point| point.value) {
                Some(share) if (0.0..=1.0).contains(&share) => {
                    let state = if share <= most { State::Ok } else { definition.severity };
                    Finding::new("nulls", state, percent(share), expected).number("null_share", share)
                }
                Some(share) => Finding::unknown("nulls", format!("{}, which is no share", words::amount(share)), expected),
                None => Finding::unknown("nulls", "no value", expected),
            });
        }
        findings
    }

    /// Takes a point, if it is the first of its slot; the others tell nothing new to what learns.
    fn take(&mut self, definition: &Definition, point: Point) -> bool {
        let slot = (point.at.seconds() / definition.every_s).floor() as i64;
        if self.slot.is_some_and(|last| slot <= last) {
            return false;
        }
        self.slot = Some(slot);
        if definition.volume {
            self.amount.take(point.at, point.value);
        }
        if let Some(window_s) = definition.distribution_s {
            if point.value.is_finite() {
                self.kept.push_back(point);
            }
            let oldest = point.at.plus(-window_s * (1.0 + REFERENCE));
            while self.kept.len() > MAX_KEPT || self.kept.front().is_some_and(|point| point.at < oldest) {
                self.kept.pop_front();
            }
        }
        true
    }

    /// The newest values against those before them.
    fn compare(&mut self, window_s: f64) -> Finding {
        const EXPECTED: &str = "PSI < 0.1";
        // it is looked at again and again as it slides on: one chance in twenty at each look would come true every day
        let thresholds = Thresholds { min_samples: 100.0, alpha: 0.001, ..Thresholds::default() };
        let Some(newest) = self.kept.back().map(|point| point.at) else { return Finding::unknown("distribution", "no value", EXPECTED) };
        let from = newest.plus(-window_s);
        let distances = distances(&self.kept, from, &thresholds);
        let shown = self.steady.shown().unwrap_or(State::Ok);
        let (verdicts, _) = verdict::judge(std::slice::from_ref(&distances), &[shown], &thresholds);
        match distances {
            Err(doubt) => Finding::learning("distribution", doubt.to_string()),
            Ok(distances) => {
                let state = self.steady.settle(verdicts[0].state);
                let medians = distances.along.map(|along| (along.reference[1], along.current[1]));
                let moved =
                    medians.map(|(before, now)| format!(", median {} → {}", words::amount(before), words::amount(now))).unwrap_or_default();
                let finding = Finding::new("distribution", state, format!("PSI {}{moved}", words::amount(distances.psi)), EXPECTED);
                let finding = finding.number("psi", distances.psi).number("n_reference", distances.n).number("n_current", distances.m);
                distances.along.iter().fold(finding, |finding, along| {
                    let p = along.ks_p.unwrap_or(f64::NAN);
                    finding.number("ks", along.ks).number("ks_p", p).number("wasserstein", along.wasserstein)
                })
            }
        }
    }
}

/// The values from an instant on against those before it, in cells that hold a tenth of those each.
fn distances(kept: &VecDeque<Point>, from: Timestamp, thresholds: &Thresholds) -> Result<Distances, Doubt> {
    let values = |newer: bool| kept.iter().filter(move |point| (point.at > from) == newer).map(|point| point.value);
    let mut reference: Vec<f64> = values(false).collect();
    reference.sort_by(f64::total_cmp);
    let current: Vec<f64> = values(true).collect();
    verdict::enough(reference.len() as f64, current.len() as f64, thresholds)?;
    // a cell ends behind a value, so that values that are often the same stay in one cell
    let mut edges: Vec<f64> = (1..CELLS).map(|cell| reference[reference.len() * cell / CELLS]).collect();
    edges.dedup();
    edges.insert(0, f64::NEG_INFINITY);
    edges.push(f64::INFINITY);
    let counts = |values: &mut dyn Iterator<Item = f64>| {
        let mut counts = vec![0.0; edges.len() - 1];
        for value in values {
            counts[edges[1..edges.len() - 1].partition_point(|edge| *edge < value)] += 1.0;
        }
        counts
    };
    let (before, now) = (counts(&mut reference.iter().copied()), counts(&mut current.into_iter()));
    compare(Layout::Edges(&edges), &before, &now, Smoothing::Half, &mut Limits::default()).ok_or(Doubt::Layouts)
}
