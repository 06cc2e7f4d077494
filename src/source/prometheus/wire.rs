//! The bodies of the Prometheus HTTP API v1, as the server writes them (`web/api/v1/api.go`), read so that one odd row costs itself only.
//! Not for: what they mean here (see `alerts`, `checks`, `promql`).

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::domain::{RowProblem, Text};

/// Labels of a series, an alert or a target.
pub type Labels = BTreeMap<Text, Text>;

/// What surrounds every answer.
#[derive(Debug, Deserialize)]
pub struct Envelope<'a> {
    /// `success` or `error`.
    pub status: Cow<'a, str>,
    /// Absent with an error.
    #[serde(borrow)]
    pub data: Option<&'a RawValue>,
    /// `bad_data`, `execution`, …; `VictoriaMetrics` writes the HTTP status here.
    #[serde(rename = "errorType")]
    pub error_type: Option<Cow<'a, str>>,
    /// What is wrong, for people.
    pub error: Option<Cow<'a, str>>,
    /// The answer is partial; it comes with data.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub warnings: Vec<String>,
    /// Remarks about the query, from 3.0 on.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub infos: Vec<String>,
}

/// One element of a list: itself, or why it cannot be read.
#[derive(Debug)]
pub struct Row<T>(Result<T, String>);

impl<'de, T: DeserializeOwned> Deserialize<'de> for Row<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        Ok(Self(serde_json::from_str(raw.get()).map_err(|error| error.to_string())))
    }
}

impl<T> Row<T> {
    /// The element, or `None` with its problem put beside the others under `path`.
    pub fn read(self, problems: &mut Vec<RowProblem>, path: impl FnOnce() -> String) -> Option<T> {
        match self.0 {
            Ok(row) => Some(row),
            Err(message) => {
                problems.push(RowProblem { path: path().into(), message: message.into() });
                None
            }
        }
    }
}

/// Go writes an empty slice or map as `null` where nobody has made it.
fn null_is_empty<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// `data` of `/rules`.
#[derive(Debug, Deserialize)]
pub struct Rules {
    /// Groups, in the order of the files.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub groups: Vec<Row<Group>>,
}

/// Rules that are evaluated one after the other.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Group {
    /// Name, unique in its file.
    pub name: String,
    /// File it stands in.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub file: String,
    /// Its rules.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub rules: Vec<Row<Rule>>,
}

/// An alerting or a recording rule.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    /// Alert's name or recorded metric.
    pub name: String,
    /// Expression.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub query: String,
    /// Seconds it must hold before it fires.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub duration: f64,
    /// Its alerts, pending and firing; absent in recording rules.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub alerts: Vec<Row<RuleAlert>>,
    /// Labels it adds.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub labels: Labels,
    /// `ok`, `err`, `unknown` (not evaluated yet).
    #[serde(default, deserialize_with = "null_is_empty")]
    pub health: String,
    /// What was wrong in its last evaluation.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub last_error: String,
    /// When it was last evaluated, RFC 3339.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub last_evaluation: String,
    /// `alerting` or `recording`.
    #[serde(default, rename = "type", deserialize_with = "null_is_empty")]
    pub kind: String,
}

/// One element that a rule found true.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleAlert {
    /// Its identity.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub labels: Labels,
    /// Texts with its labels and value filled in.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub annotations: BTreeMap<Text, Text>,
    /// `pending`, `firing`.
    pub state: Text,
    /// When it began to be true, RFC 3339.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub active_at: String,
    /// Not true any more since, and kept firing by `keep_firing_for`.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub keep_firing_since: String,
    /// A number in e-notation, as a string.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub value: String,
}

/// `data` of `/targets`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Targets {
    /// Those that are scraped.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub active_targets: Vec<Row<Target>>,
}

/// One scraped page.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// Labels of its series, `job` and `instance` among them.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub labels: Labels,
    /// The scrape configuration it comes from; newer than some compatible servers.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub scrape_pool: String,
    /// The page.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub scrape_url: String,
    /// Empty if the last scrape went well.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub last_error: String,
    /// RFC 3339.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub last_scrape: String,
    /// `up`, `down`, `unknown` (not scraped yet).
    pub health: Text,
}

/// `data` of `/query` and `/query_range`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QueryData<'a> {
    /// `vector`, `matrix`, `scalar`, `string`.
    pub result_type: Cow<'a, str>,
    /// Its shape depends on the type.
    #[serde(borrow)]
    pub result: &'a RawValue,
}

/// Seconds since the epoch and the value as Go prints it: `1`, `2.5e-05`, `NaN`, `+Inf`.
pub type Sample = (f64, String);

/// A series in a `vector` (one value) or a `matrix` (values). A native histogram has neither.
#[derive(Debug, Deserialize)]
pub struct ResultSeries {
    /// Labels, the metric's name as `__name__` among them.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub metric: Labels,
    /// In a `vector`.
    pub value: Option<Sample>,
    /// In a `matrix`.
    pub values: Option<Vec<Sample>>,
}

/// `data` of `/status/buildinfo`. `VictoriaMetrics` answers an empty one, later releases a Prometheus version.
#[derive(Debug, Default, Deserialize)]
pub struct BuildInfo {
    /// `2.42.0+ds`.
    pub version: Option<String>,
    /// `Grafana Mimir`; absent in Prometheus.
    pub application: Option<String>,
}

/// `data` of `/status/runtimeinfo`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RuntimeInfo {
    /// The configuration on disk is the one in use.
    pub reload_config_success: Option<bool>,
    /// When it was last read, RFC 3339.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub last_config_time: String,
    /// Corruptions of the write-ahead log that were repaired since the start.
    pub corruption_count: Option<u64>,
}
