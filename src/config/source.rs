//! One `[[source]]` table: which connector, where, how to sign in, how often.
//! Not for: what a connector is (see `config::connector`), building sources from it (see `source`).

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{DriftConfig, SecretRef, Span};

/// A configured source.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SourceConfig {
    /// Unique; shown on every entity. No slash, no blank.
    pub name: String,
    /// `prometheus`, `docker`, or a file in `config/connectors`.
    pub connector: String,
    /// `http://`, `https://` or `unix:///path.sock`; the connector's own default if absent.
    pub url: Option<String>,
    /// Files or globs, for connectors that read files.
    pub path: Vec<String>,
    /// `prod`, `staging`, …
    pub env: Option<String>,
    /// Who answers for what it brings.
    pub owner: Option<String>,
    /// Time between two polls, instead of the connector's own.
    pub every: Option<Span>,
    /// Longest wait for one answer. Default 10 s.
    pub timeout: Option<Span>,
    /// Largest body read, in bytes. Default 16 MiB.
    pub max_body_bytes: Option<u64>,
    /// How to sign in.
    pub auth: Option<AuthConfig>,
    /// Whom to trust, who we are.
    pub tls: TlsConfig,
    /// `http://`, `https://` or `socks5://` proxy; `none` to ignore the environment's.
    pub proxy: Option<String>,
    /// Added to every request: tenant headers and the like.
    pub headers: BTreeMap<String, String>,
    /// Added to every entity.
    pub labels: BTreeMap<String, String>,
    /// Nothing may be changed through it.
    pub read_only: bool,
    /// The connector's own parameters.
    pub with: BTreeMap<String, serde_json::Value>,
    /// Numbers to draw (connectors that can be queried).
    #[serde(rename = "reading")]
    pub readings: Vec<ReadingConfig>,
    /// Distributions to compare with a reference (`prometheus`).
    #[serde(rename = "drift")]
    pub drifts: Vec<DriftConfig>,
}

/// How to sign in.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AuthConfig {
    /// `none`, `basic`, `bearer`, `header`, `query`, `sigv4` (AWS), `chef`, or one the connector defines (`login`).
    pub scheme: String,
    /// User name.
    pub user: Option<String>,
    /// Password.
    pub password: Option<SecretRef>,
    /// Token (`bearer`, `header`, `query`).
    pub token: Option<SecretRef>,
    /// Header or query parameter that carries the token (`header`, `query`).
    pub name: Option<String>,
    /// PEM file of the private key to sign with (`chef`).
    pub key: Option<PathBuf>,
}

/// Whom to trust, who we are.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TlsConfig {
    /// PEM file of the authority to trust, beside those of the system.
    pub ca: Option<PathBuf>,
    /// PEM file of our certificate.
    pub cert: Option<PathBuf>,
    /// PEM file of its key.
    pub key: Option<PathBuf>,
}

/// A number to draw: a PromQL expression with a name.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ReadingConfig {
    /// Shown in the chart's title.
    pub name: String,
    /// Expression.
    pub query: String,
    /// `s`, `bytes`, `share`, `1/s`, or what is written.
    pub unit: String,
    /// Warn above.
    pub warn_above: Option<f64>,
    /// Fail above.
    pub fail_above: Option<f64>,
    /// Warn below.
    pub warn_below: Option<f64>,
    /// Fail below.
    pub fail_below: Option<f64>,
    /// A check learns from it, a value each time: what it was before is wanted once.
    #[serde(skip)]
    pub learn: Option<Span>,
}
