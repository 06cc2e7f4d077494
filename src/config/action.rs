//! One `[[action]]` table of the settings: something of the user's own that can be done to an entity, by a command or a request.
//! Not for: what connectors declare (see `config::connector::action`), doing it (see `source::own`).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AuthConfig, Span, TlsConfig};

/// An action of the user's own.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ActionConfig {
    /// Unique; shown in the menu and in the audit log. Letters, digits and dashes.
    pub id: String,
    /// In a few words.
    pub title: String,
    /// With which kinds: `alert`, `run`, `workload`, …
    pub on: Vec<String>,
    /// Only with entities of these sources; all if empty.
    pub source: Vec<String>,
    /// `safe` (changes nothing, allowed when read-only), `reversible`, `disruptive` or `destructive`.
    pub danger: String,
    /// jq over the entity: true if it can be done; false or why not if it cannot.
    pub when: Option<String>,
    /// How it is undone, in words.
    pub undo: Option<String>,
    /// What else it touches, in words.
    pub touches: Option<String>,
    /// Program and arguments, with `{places}` of the entity; no shell reads it.
    pub command: Vec<String>,
    /// `GET`, `POST`, `PUT`, `PATCH` or `DELETE`, for a request instead of a command.
    pub method: String,
    /// Where the request goes, with `{places}` in its path.
    pub url: Option<String>,
    /// jq over the entity that builds its JSON body.
    pub json: Option<String>,
    /// Headers of the request.
    pub headers: BTreeMap<String, String>,
    /// How the request signs in.
    pub auth: Option<AuthConfig>,
    /// Whom the request trusts, who we are.
    pub tls: TlsConfig,
    /// Longest wait. Default 30 s.
    pub timeout: Option<Span>,
}
