//! `[[model]]`: which version of a registered model is judged against which, by which numbers, and when a difference counts.
//! Not for: judging it (see `insight::health`), drift of what a model sees (see `drift`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How registered models of a name are judged. The first table that fits a model counts; without any, those that are named in a
/// usual way are judged by the defaults.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ModelConfig {
    /// Models of that name; a `*` at the end stands for any rest.
    pub name: String,
    /// Alias of the version that serves. Without a version that has it, the newest is judged.
    pub champion: String,
    /// Alias of the version that is to follow it.
    pub challenger: String,
    /// Part of a number that may be lost against the previous version before that is a warning: 0.05 is a twentieth.
    pub regression: f64,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Numbers that are judged; without any, all of the training run whose name says which way is better.
    #[serde(rename = "metric")]
    pub metrics: Vec<MetricConfig>,
}

impl Default for ModelConfig {
    fn default() -> Self {
        Self {
            name: String::new(),
            champion: "champion".to_owned(),
            challenger: "challenger".to_owned(),
            regression: 0.05,
            owner: None,
            metrics: Vec::new(),
        }
    }
}

/// A number that says how good a model is.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MetricConfig {
    /// As the training run logged it; with a `reading`, a name for it.
    pub name: String,
    /// Instead of the training run's: the reading of that name, of the series whose label `model` is the model's name.
    pub reading: Option<String>,
    /// Which way is better, where neither a bound nor the name says it.
    pub better: Option<BetterConfig>,
    /// Fails below.
    pub floor: Option<f64>,
    /// Fails above.
    pub ceiling: Option<f64>,
}

/// Which way is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum BetterConfig {
    /// As of an accuracy.
    Higher,
    /// As of an error.
    Lower,
}

impl ModelConfig {
    /// What is wrong with it, by key.
    pub fn mistake(&self) -> Option<(String, String)> {
        let wrong = |key: &str, message: &str| Some((key.to_owned(), message.to_owned()));
        if self.name.trim().is_empty() {
            return wrong("name", "a model needs a `name`; `*` is any");
        }
        if self.champion == self.challenger {
            return wrong("challenger", "`champion` and `challenger` are one alias");
        }
        if !(self.regression > 0.0 && self.regression.is_finite()) {
            return wrong("regression", "`regression` is a share above 0, as in 0.05");
        }
        self.metrics.iter().enumerate().find_map(|(at, metric)| {
            let MetricConfig { name, better, floor, ceiling, .. } = metric;
            let message = match (better, floor, ceiling) {
                _ if name.trim().is_empty() => "a metric needs a `name`",
                (_, Some(_), Some(_)) => "`floor` and `ceiling` exclude each other: which way is better?",
                (Some(BetterConfig::Lower), Some(_), _) => "`floor` is for what is better higher",
                (Some(BetterConfig::Higher), _, Some(_)) => "`ceiling` is for what is better lower",
                _ => return None,
            };
            Some((format!("metric[{at}].name"), message.to_owned()))
        })
    }
}
