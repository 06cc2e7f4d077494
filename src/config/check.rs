//! `[[check]]`: what is expected of a dataset or a reading that any source brings.
//! Not for: judging it (see `insight::quality`).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{SourceConfig, Span};
use crate::config::source::ReadingConfig;
use crate::domain::Comparison;

/// Connector whose sources evaluate expressions.
const EVALUATES: &str = "prometheus";
/// Values of a window that a distribution needs for a verdict, and that are kept at most.
const WINDOW: std::ops::RangeInclusive<f64> = 25.0..=500.0;

/// What is expected of a dataset or a reading.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CheckConfig {
    /// Unique; shown with each finding. No slash.
    pub name: String,
    /// Only what the source of that name brings.
    pub source: Option<String>,
    /// Datasets of that name, from any source; a `*` at the end stands for any rest.
    pub dataset: Option<String>,
    /// Instead of a dataset: the reading of that name.
    pub reading: Option<String>,
    /// What a reading's newest value must be: `< 0.05`. Without a `reading`, an expression that `prometheus` sources evaluate stands
    /// before it: `sum(rate(errors_total[5m])) < 0.05`.
    pub assert: Option<String>,
    /// How old the dataset may be, or `learned`: half as long again as it ever took while it was watched.
    pub freshness: Option<FreshnessConfig>,
    /// Fewest rows.
    pub min_rows: Option<u64>,
    /// Most rows.
    pub max_rows: Option<u64>,
    /// Rows, or the reading's values, must not be odd after those before them.
    pub volume: bool,
    /// Largest share of missing values, 0 to 1: in any column of the dataset; or the reading is that share.
    pub max_null_share: Option<f64>,
    /// `learned`: a dataset's columns must be those it had. Or those it must have, with their types: `{ id = "int", email = "" }`.
    pub columns: Option<ColumnsConfig>,
    /// The reading's values of this long must be distributed as those of seven times as long before.
    pub distribution: Option<Span>,
    /// How often a reading's value is learnt from (`volume`, `distribution`). Default 10m.
    pub every: Option<Span>,
    /// How bad it is when rows, columns, missing values or an assertion are not as expected.
    pub severity: SeverityConfig,
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

/// Which columns a dataset must have.
#[derive(Debug, Clone, PartialEq)]
pub enum ColumnsConfig {
    /// Those it had.
    Learned,
    /// These, by name, with their types.
    Named(BTreeMap<String, String>),
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SeverityConfig {
    /// Suspicious.
    Warning,
    /// Broken.
    #[default]
    Failed,
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

impl Serialize for ColumnsConfig {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Learned => serializer.serialize_str("learned"),
            Self::Named(columns) => columns.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for ColumnsConfig {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Words;

        impl<'de> serde::de::Visitor<'de> for Words {
            type Value = ColumnsConfig;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("`learned`, or a table of columns with their types")
            }

            fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<ColumnsConfig, E> {
                if word == "learned" { Ok(ColumnsConfig::Learned) } else { Err(E::invalid_value(serde::de::Unexpected::Str(word), &self)) }
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<ColumnsConfig, A::Error> {
                BTreeMap::deserialize(serde::de::value::MapAccessDeserializer::new(map)).map(ColumnsConfig::Named)
            }
        }

        deserializer.deserialize_any(Words)
    }
}

impl JsonSchema for ColumnsConfig {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ColumnsConfig".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "learned, or columns with their types; an empty type is any",
            "anyOf": [{ "const": "learned" }, { "type": "object", "additionalProperties": { "type": "string" } }]
        })
    }
}

impl CheckConfig {
    /// How often a reading's value is learnt from.
    pub fn every(&self) -> Span {
        self.every.unwrap_or(Span::of_seconds(600.0))
    }

    /// The expression that is to be evaluated for it, and how it must stand to a number.
    pub fn assertion(&self) -> Option<(&str, Comparison)> {
        Comparison::split(self.assert.as_deref()?)
    }

    /// The reading it is about: a configured one, or one of its own that its expression makes.
    pub fn reading(&self) -> Option<&str> {
        let own = self.assertion().filter(|(expression, _)| self.dataset.is_none() && !expression.is_empty());
        self.reading.as_deref().or(own.map(|_| self.name.as_str()))
    }

    /// What is wrong with it, by key.
    pub fn mistake(&self) -> Option<(&'static str, String)> {
        let told = |key, message: &str| Some((key, message.to_owned()));
        let Self { name, dataset, reading, freshness, min_rows, max_rows, volume, .. } = self;
        let of_table = freshness.is_some() || min_rows.is_some() || max_rows.is_some() || self.columns.is_some();
        let of_reading = self.distribution.is_some() || self.assert.is_some();
        match (dataset, reading, &self.assert) {
            _ if name.trim().is_empty() => return told("name", "a check needs a `name`"),
            _ if name.contains('/') => return told("name", "a check's name must not hold a slash"),
            (None, None, None) => return told("dataset", "a check needs a `dataset`, a `reading`, or an expression to `assert`"),
            (Some(_), Some(_), _) => return told("reading", "`dataset` and `reading` exclude each other: write two checks"),
            (Some(_), None, _) if of_reading => {
                let key = if self.assert.is_some() { "assert" } else { "distribution" };
                return Some((key, format!("a dataset has no values to look at; `{key}` needs a `reading`")));
            }
            (None, _, _) if of_table => {
                return told(
                    "reading",
                    "a reading has no rows, no columns and no age: write `volume`, `assert`, `distribution` or `max_null_share`",
                );
            }
            _ if !(of_table || of_reading || *volume || self.max_null_share.is_some()) => {
                let keys = "`freshness`, `min_rows`, `max_rows`, `volume`, `columns`, `max_null_share`, `distribution` or `assert`";
                return Some(("name", format!("a check needs something to expect: {keys}")));
            }
            _ => {}
        }
        match (self.assertion(), &self.assert, reading) {
            (None, Some(_), _) => {
                return told("assert", "`assert` must end with a comparison with a number, as in `sum(rate(errors_total[5m])) < 0.05`");
            }
            (Some((expression, _)), _, Some(_)) if !expression.is_empty() => {
                return told("assert", "the `reading` is what is compared: write the comparison alone, as in `< 0.05`");
            }
            (Some(("", _)), _, None) => {
                return told("assert", "there is nothing to compare: write an expression before it, or a `reading` beside it");
            }
            _ => {}
        }
        if self.max_null_share.is_some_and(|share| !(0.0..=1.0).contains(&share)) {
            return told("max_null_share", "`max_null_share` is a share, 0 to 1");
        }
        if min_rows.zip(*max_rows).is_some_and(|(min, max)| min > max) {
            return told("max_rows", "`max_rows` is below `min_rows`");
        }
        let values = self.distribution.map(|window| window.seconds() / self.every().seconds()).filter(|values| !WINDOW.contains(values));
        values.map(|values| {
            let message = format!(
                "a distribution needs {} to {} values; in {} there are {values:.0}, one every {} (`every`)",
                WINDOW.start(),
                WINDOW.end(),
                self.distribution.map(|window| window.to_string()).unwrap_or_default(),
                self.every()
            );
            ("distribution", message)
        })
    }

    /// Tells the sources which readings it needs: one of its own for its expression, and how those were that it learns from.
    pub fn provide(&self, sources: &mut [SourceConfig]) {
        let Some(reading) = self.reading() else { return };
        let learn = (self.volume || self.distribution.is_some()).then(|| self.every());
        let own = self.assertion().map(|(expression, _)| expression).filter(|expression| !expression.is_empty());
        for source in sources.iter_mut().filter(|source| self.source.as_ref().is_none_or(|name| *name == source.name)) {
            match source.readings.iter_mut().find(|other| other.name == reading) {
                Some(known) => known.learn = learn.or(known.learn),
                None if source.connector == EVALUATES => {
                    let query = own.map(str::to_owned);
                    source.readings.extend(query.map(|query| ReadingConfig {
                        name: reading.to_owned(),
                        query,
                        learn,
                        ..ReadingConfig::default()
                    }));
                }
                None => {}
            }
        }
    }
}
