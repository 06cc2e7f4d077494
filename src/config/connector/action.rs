//! `[[action]]` of a connector file: what can be done to an entity, when, with which request, and what is said before and after.
//! Not for: doing it (see `source::manifest::act`), the rules (see `domain::act`).

use std::collections::BTreeMap;

use serde::Deserialize;

use super::call::{Call, Decode, Exec, Exit, File, Http, Method, Values, Way, calls, mistake, usual_exit};
use super::{Also, Jq, Template};
use crate::config::Span;
use crate::domain::{Danger, FieldKind, Kind, Step, Text, Until};

calls! {
    /// `[[action]]`: something that can be done with an entity. Its filters see the entity, with `$values` (what was filled in),
    /// `$user` (who does it), `$also`, `$history` (aliases of its model) and `$now` (when the key was pressed).
    ActionCall {
        /// Its name.
        pub id: String,
        /// With which kinds.
        pub on: Vec<Kind>,
        /// In a few words.
        pub title: String,
        /// How bad it is if it was a mistake.
        pub danger: Danger,
        /// Over the entity: true if it can be done; false or why not if it cannot.
        pub when: Option<Jq>,
        /// It is done to one step of a run, which its filters see as `.step`.
        #[serde(default)]
        pub step: bool,
        /// How it is undone, in words.
        pub undo: Option<Template>,
        /// The action that takes it back.
        pub inverse: Option<InverseTable>,
        /// What else it touches, in words.
        pub touches: Option<Template>,
        /// What must be filled in.
        #[serde(default)]
        pub field: Vec<FieldTable>,
        /// The system says what must be filled in.
        pub schema: Option<SchemaCall>,
        /// More values for templates, as `{let.name}`.
        #[serde(rename = "let")]
        pub bind: Option<Jq>,
        /// Read before, seen as `$also.name`: what it would touch, whether it still makes sense.
        #[serde(default)]
        pub also: BTreeMap<String, Also>,
        /// Why nothing may be sent after all; null if it may.
        pub check: Option<Jq>,
        /// What must not change between showing it and sending it: each output is a text.
        pub given: Option<Jq>,
        /// What it will touch: each output is a line.
        pub notes: Option<Jq>,
        /// The system's own dry run.
        pub dry_run: Option<DryRunCall>,
        /// Over the answer: why the system did not do it, though it answers as if it had; null if it did.
        pub refused: Option<Jq>,
        /// Over the answer: what is said, in one line.
        pub said: Option<Jq>,
        /// Over the answer: `{kind, key}` of what it made.
        pub made: Option<Jq>,
        /// What is awaited afterwards.
        #[serde(rename = "await")]
        pub awaits: Option<AwaitTable>,
        /// It can be done to many at once.
        #[serde(default = "yes")]
        pub bulk: bool,
    }

    /// `[action.schema]`: asks the system what must be filled in.
    SchemaCall {
        /// Each output is a field: `{name, title, help, required, preset, kind, choices}`.
        pub map: Jq,
    }

    /// `[action.dry-run]`: asks the system what would happen. Changes nothing there.
    DryRunCall {
        /// It makes the system work (a job that only checks): asked when a person asks for it, not with every question.
        #[serde(default)]
        pub on_request: bool,
        /// Each output is a line.
        pub map: Jq,
    }
}

impl ActionCall {
    /// Whether it can be done with this kind, or with a step of it.
    pub fn is_for(&self, kind: Kind, step: Option<&Step>) -> bool {
        self.on.contains(&kind) && self.step == step.is_some()
    }
}

/// `[[action.field]]`: one thing to fill in.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FieldTable {
    /// Its name in `$values` and templates (`{values.name}`).
    pub name: String,
    /// What the form calls it.
    pub title: String,
    /// What it means.
    pub help: Option<String>,
    /// It may not be left empty.
    #[serde(default)]
    pub required: bool,
    /// Over the entity: what stands there first.
    pub preset: Option<Jq>,
    /// What it takes.
    #[serde(default)]
    pub kind: FieldWord,
    /// Over the entity: each output is something it can be.
    pub choices: Option<Jq>,
}

/// What a field takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the words of domain::FieldKind")]
pub enum FieldWord {
    #[default]
    Text,
    Number,
    Bool,
    Json,
}

impl FieldWord {
    /// The kind; `choices` win.
    pub fn kind(self, choices: Option<Vec<Text>>) -> FieldKind {
        match (choices, self) {
            (Some(choices), _) => FieldKind::Choice(choices),
            (None, Self::Text) => FieldKind::Text,
            (None, Self::Number) => FieldKind::Number,
            (None, Self::Bool) => FieldKind::Bool,
            (None, Self::Json) => FieldKind::Json,
        }
    }
}

/// `await = { until = "state!=failed", word = "clearing", timeout = "60s" }`: what is waited for when the system has taken it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct AwaitTable {
    /// When it has come about.
    pub until: Until,
    /// What the row says meanwhile.
    pub word: String,
    /// Longest wait; a minute if nothing is said.
    pub timeout: Option<Span>,
    /// Wait for what was made rather than for the target.
    #[serde(default)]
    pub made: bool,
}

/// `inverse = { action = "expire", made = true }`: another action of the same file that takes this one back.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct InverseTable {
    /// Its id.
    pub action: String,
    /// It is done to what was made rather than to the target.
    #[serde(default)]
    pub made: bool,
    /// Fields of its form that are filled as those of this action were.
    #[serde(default)]
    pub keep: Vec<String>,
}

fn yes() -> bool {
    true
}
