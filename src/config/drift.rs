//! `[[source.drift]]`: which histograms or counters of a model are compared, over which windows, and when a difference counts.
//! Not for: comparing them (see `insight::drift`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Span;

/// Distributions of one model's features, predictions or scores.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DriftConfig {
    /// The model they belong to; tables of the same model are judged together.
    pub model: String,
    /// A histogram, without `_bucket`; classic, or native where there is no classic one.
    pub histogram: Option<String>,
    /// Instead of a histogram: a counter with a label per category.
    pub counter: Option<String>,
    /// The counter's label that names the category.
    pub category: Option<String>,
    /// Label that names the feature; without it the metric is one feature.
    pub feature: Option<String>,
    /// Matchers, as in `model="fraud",stage!="shadow"`.
    #[serde(rename = "where")]
    pub matchers: String,
    /// A counter of missing values, with the same labels.
    pub missing: Option<String>,
    /// Length of both windows.
    pub window: Span,
    /// How long before now the reference ends; at least `window`. A week meets the same weekday and hour.
    pub offset: Span,
    /// Instead of `offset`: the instant at which the reference ends, RFC 3339.
    pub reference_at: Option<String>,
    /// Where the first bucket begins; 0 for a positive first bound, and otherwise unknown.
    pub lowest: Option<f64>,
    /// PSI that is a warning.
    pub warn: f64,
    /// PSI that is a failure.
    pub fail: f64,
    /// Share of drifted features at which the model fails.
    pub share: f64,
    /// Level of the tests, after correction for many.
    pub alpha: f64,
    /// Samples each window must hold.
    pub min_samples: f64,
    /// What PSI does about cells that only one window has.
    pub smoothing: SmoothingConfig,
}

impl Default for DriftConfig {
    fn default() -> Self {
        Self {
            model: String::new(),
            histogram: None,
            counter: None,
            category: None,
            feature: None,
            matchers: String::new(),
            missing: None,
            window: Span::of_seconds(3600.0),
            offset: Span::of_seconds(7.0 * 86400.0),
            reference_at: None,
            lowest: None,
            warn: 0.1,
            fail: 0.25,
            share: 0.5,
            alpha: 0.05,
            min_samples: 200.0,
            smoothing: SmoothingConfig::Half,
        }
    }
}

/// What PSI does about cells that only one window has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SmoothingConfig {
    /// Half a sample more in every cell.
    #[default]
    Half,
    /// As Evidently: a share of 0.0001 where there is none.
    Evidently,
}

impl DriftConfig {
    /// What is wrong with it, by key.
    pub fn mistake(&self) -> Option<(&'static str, String)> {
        if self.model.trim().is_empty() {
            return Some(("model", "drift needs a `model`".to_owned()));
        }
        match (&self.histogram, &self.counter, &self.category) {
            (Some(_), Some(_), _) => return Some(("counter", "`histogram` and `counter` exclude each other: write two tables".to_owned())),
            (None, None, _) => return Some(("histogram", "drift needs a `histogram`, or a `counter` with its `category`".to_owned())),
            (None, Some(_), None) => return Some(("counter", "`counter` needs the label of its `category` beside it".to_owned())),
            _ => {}
        }
        if self.reference_at.is_none() && self.offset.seconds() < self.window.seconds() {
            let message = format!("`offset` is shorter than `window` ({}): the reference would hold what it is compared with", self.window);
            return Some(("offset", message));
        }
        if self.reference_at.as_deref().is_some_and(|at| crate::domain::Timestamp::parse(at).is_none()) {
            return Some(("reference_at", "`reference_at` is not an RFC 3339 time".to_owned()));
        }
        let shares = [("share", self.share, 1.0), ("alpha", self.alpha, 1.0), ("warn", self.warn, f64::MAX), ("fail", self.fail, f64::MAX)];
        let wrong = shares.into_iter().find(|(_, value, most)| !(*value > 0.0 && value <= most));
        if let Some((key, ..)) = wrong {
            return Some((key, format!("`{key}` is out of range")));
        }
        (self.fail < self.warn).then(|| ("fail", "`fail` is below `warn`".to_owned()))
    }
}
