//! `[[check]]`: what is expected of a dataset or a reading that any source brings.
//! Not for: judging it (see `insight::quality`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Span;

/// What is expected of a dataset or a reading.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CheckConfig {
    /// Unique; shown with each finding. No slash.
    pub name: String,
    /// Datasets of that name, from any source; a `*` at the end stands for any rest.
    pub dataset: Option<String>,
    /// Instead of a dataset: the reading of that name.
    pub reading: Option<String>,
    /// How old the dataset may be, or `learned`: half as long again as it ever took while it was watched.
    pub freshness: Option<FreshnessConfig>,
    /// Fewest rows.
    pub min_rows: Option<u64>,
    /// Most rows.
    pub max_rows: Option<u64>,
    /// Rows, or the reading's values, must not be odd after those before them.
    pub volume: bool,
    /// Who answers for it.
    pub owner: Option<String>,
}

/// How old a dataset may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FreshnessConfig {
    /// This old.
    Within(Span),
    /// As learnt by watching.
    Learned,
}

impl Serialize for FreshnessConfig {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Within(span) => span.serialize(serializer),
            Self::Learned => serializer.serialize_str("learned"),
        }
    }
}

impl<'de> Deserialize<'de> for FreshnessConfig {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        if word == "learned" {
            return Ok(Self::Learned);
        }
        word.parse().map(Self::Within).map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for FreshnessConfig {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "FreshnessConfig".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "description": "a length of time such as 2h, or learned" })
    }
}

impl CheckConfig {
    /// What is wrong with it, by key.
    pub fn mistake(&self) -> Option<(&'static str, &'static str)> {
        let Self { name, dataset, reading, freshness, min_rows, max_rows, volume, .. } = self;
        match (dataset, reading) {
            _ if name.trim().is_empty() => Some(("name", "a check needs a `name`")),
            _ if name.contains('/') => Some(("name", "a check's name must not hold a slash")),
            (None, None) => Some(("dataset", "a check needs a `dataset` or a `reading`")),
            (Some(_), Some(_)) => Some(("reading", "`dataset` and `reading` exclude each other: write two checks")),
            (None, Some(_)) if freshness.is_some() || min_rows.is_some() || max_rows.is_some() => {
                Some(("reading", "a reading has no rows and no age; set `volume = true`, or bounds at the reading itself"))
            }
            _ if freshness.is_none() && min_rows.is_none() && max_rows.is_none() && !volume => {
                Some(("name", "a check needs something to expect: `freshness`, `min_rows`, `max_rows` or `volume`"))
            }
            _ => None,
        }
    }
}
