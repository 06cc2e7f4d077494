//! A connector file: how a system is reached, signed in to, polled, mapped to entities, and acted on. `README` of
//! `config/connectors` says it for authors; this is the schema.
//! Not for: asking systems (see `source::manifest`), where a person's systems are (see `config::source`).

mod action;
mod call;
mod jq;
mod pages;
mod set;
mod template;

pub use action::{ActionCall, AwaitTable, DryRunCall, FieldTable, FieldWord, SchemaCall};
pub use call::{Call, Decode, Exec, Exit, File, Http, Method, Values, Way};
pub use jq::Jq;
pub use pages::Pages;
pub use set::{Connectors, proven};
pub use template::{Encoding, Template, encode_segment};

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{ConfigError, Document, Span};
use crate::domain::{Eye, Kind};

use call::{calls, mistake, usual_exit};

/// A whole connector file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Connector {
    /// The file's name without `.toml`: what `connector = "…"` of a source names.
    #[serde(skip)]
    pub name: String,
    /// The file's path, for messages.
    #[serde(skip)]
    pub file: String,
    /// The file's text, for line and column of what is found wrong later.
    #[serde(skip)]
    pub text: String,
    /// What the system is.
    pub connector: About,
    /// What a source may set in `with`, by name.
    #[serde(default)]
    pub with: BTreeMap<String, Parameter>,
    /// How to see that it is there.
    pub probe: Option<ProbeCall>,
    /// Ways of signing in by a request, by the name that `auth.scheme` of a source gives.
    #[serde(default)]
    pub auth: BTreeMap<String, Login>,
    /// What is asked again and again, in the order of first asking.
    #[serde(default)]
    pub poll: Vec<Poll>,
    /// Where logs are read.
    #[serde(default)]
    pub logs: Vec<Logs>,
    /// Where the steps of runs are read.
    #[serde(default)]
    pub steps: Vec<Steps>,
    /// Where all is read that the system says about one entity.
    #[serde(default)]
    pub raw: Vec<Raw>,
    /// What can be done.
    #[serde(default)]
    pub action: Vec<ActionCall>,
}

/// `[connector]`: what the system is.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct About {
    /// The system's full name: `Apache Airflow 3`.
    pub title: String,
    /// Discipline of what it brings, where a row does not say otherwise.
    pub eye: Eye,
    /// Where it is where a source says nothing.
    pub url: Option<String>,
    /// The system's own documentation.
    pub docs: Option<String>,
    /// Versions it was proven against, and how.
    pub verified: Option<String>,
    /// What to know before using it.
    pub notes: Option<String>,
}

/// `[with.name]`: a parameter.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Parameter {
    /// What it is for.
    pub about: String,
    /// Its value where a source sets none; absent is absent.
    pub default: Option<serde_json::Value>,
}

calls! {
    /// `[probe]`: a cheap request that needs no signing in where the system allows.
    ProbeCall {
        /// Finds the version in the answer; nothing found means that it is another system.
        pub expect: Jq,
    }

    /// `[auth.name]`: a request whose answer holds a token. Body and query see `$user` and `$password`.
    Login {
        /// Finds the token in the answer.
        pub take: Jq,
        /// The header that carries it: `Authorization: Bearer {token}`.
        pub header: Template,
        /// Statuses after which to sign in anew and ask once more.
        #[serde(default = "unauthorized")]
        pub renew_on: Vec<u16>,
    }

    /// `[[poll]]`: a request whose answer becomes entities.
    Poll {
        /// Its name.
        pub id: String,
        /// Time between two of them.
        pub every: Span,
        /// Kinds it brings.
        pub emits: Vec<Kind>,
        /// How to go on to further pages.
        pub pages: Option<Pages>,
        /// Ask once for each of these.
        pub for_each: Option<ForEach>,
        /// Further requests, whose answers `map` sees as `$also.name`.
        #[serde(default)]
        pub also: BTreeMap<String, Also>,
        /// Page to entities: each output is one.
        pub map: Jq,
        /// What it says about entities it does not bring.
        #[serde(default)]
        pub scope: PollScope,
    }

    /// A request beside a poll or steps.
    Also {
        /// Over the page: ask once for each output, seen as `$each` and `{each…}`; the answers are then an object by `key`.
        pub for_each: Option<Jq>,
        /// Over each output of `for-each`: its key in the object.
        pub key: Option<Jq>,
        /// At most so many requests.
        #[serde(default = "fan_out")]
        pub max: u32,
        /// The answer never changes: ask only once for each request.
        #[serde(default)]
        pub keep: bool,
        /// Over an answer that is to be kept: true if it is the last word; kept whatever it says if absent.
        pub settled: Option<Jq>,
        /// A refusal is `null` rather than a failure.
        #[serde(default)]
        pub optional: bool,
    }

    /// `[[logs]]`: where the log of an entity is read.
    Logs {
        /// Of which kinds.
        pub on: Vec<Kind>,
        /// Over `{entity fields, step, attempt}`: more values for templates, as `{let.name}`.
        #[serde(rename = "let")]
        pub bind: Option<Jq>,
        /// Each output is a line: `{at, level, text, stream}`.
        pub map: Jq,
        /// Finds what asks for the rest; null at the end.
        pub next: Option<Jq>,
        /// In place of `next`: the rest is asked for by how much was read, of an answer in text.
        pub offset: Option<Offset>,
        /// Query parameter that carries it.
        pub param: Option<String>,
        /// Time between two requests while following.
        pub every: Option<Span>,
        /// The answer may be a redirect to another host; it is asked without credentials.
        #[serde(default)]
        pub elsewhere: bool,
    }

    /// `[[steps]]`: where the steps of a run are read.
    Steps {
        /// Of which kinds.
        pub on: Vec<Kind>,
        /// How to go on to further pages.
        pub pages: Option<Pages>,
        /// Further requests, whose answers `map` sees as `$also.name`.
        #[serde(default)]
        pub also: BTreeMap<String, Also>,
        /// Each output is a step: `{key, name, state, reason, started_at, ended_at, attempt, after}`.
        pub map: Jq,
    }

    /// `[[raw]]`: where all is read about one entity.
    Raw {
        /// Of which kinds.
        pub on: Vec<Kind>,
        /// What of it is shown; all if absent.
        pub map: Option<Jq>,
    }
}

/// What the place in a log is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Offset {
    /// Bytes of the bodies.
    Bytes,
    /// Lines of the bodies.
    Lines,
}

/// What a poll says about entities it does not bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PollScope {
    /// They are gone.
    #[default]
    Whole,
    /// Nothing.
    Part,
}

/// Ask a poll once for each of what an earlier poll brought.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ForEach {
    /// The earlier poll's id.
    pub poll: String,
    /// Over the list of its entities: each output is seen as `$each` and `{each…}`.
    pub items: Jq,
    /// At most so many requests.
    #[serde(default = "fan_out")]
    pub max: u32,
}

fn unauthorized() -> Vec<u16> {
    vec![401]
}

fn fan_out() -> u32 {
    50
}

impl Connector {
    /// Reads a connector file and checks all but its jq (see `source::manifest::check`). Every mistake is told.
    pub fn parse(name: &str, file: &str, text: &str) -> Result<Self, Vec<ConfigError>> {
        let document = Document::read(file, text).map_err(|error| vec![error])?;
        let (value, mut errors) = document.decode_all::<Self>();
        if let Some(connector) = &value {
            errors.extend(connector.contradictions(&document));
        }
        match value {
            Some(connector) if errors.is_empty() => {
                Ok(Self { name: name.to_owned(), file: file.to_owned(), text: text.to_owned(), ..connector })
            }
            _ => Err(errors),
        }
    }

    fn contradictions(&self, document: &Document<'_>) -> Vec<ConfigError> {
        let mut errors = Vec::new();
        let mut wrong = |path: String, message: &str| errors.push(document.error(&path, message));
        for (index, poll) in self.poll.iter().enumerate() {
            let earlier = &self.poll[..index];
            if earlier.iter().any(|other| other.id == poll.id) {
                wrong(format!("poll[{index}].id"), "another poll has this id");
            }
            if let Some(each) = poll.for_each.as_ref().filter(|each| !earlier.iter().any(|other| other.id == each.poll)) {
                wrong(format!("poll[{index}].for-each"), &format!("no poll before this one has the id `{}`", each.poll));
            }
        }
        for (path, mistake) in self.mistakes() {
            wrong(path, &mistake);
        }
        for (index, action) in self.action.iter().enumerate() {
            let same = |other: &ActionCall| other.id == action.id && other.on.iter().any(|kind| action.on.contains(kind));
            if self.action[..index].iter().any(same) {
                wrong(format!("action[{index}].id"), "another action of the same kind has this id");
            }
            if action.on.is_empty() {
                wrong(format!("action[{index}].on"), "names no kind");
            }
            if action.awaits.as_ref().is_some_and(|awaits| awaits.made) && action.made.is_none() {
                wrong(format!("action[{index}].await"), "`made = true` needs `made`, which finds what was made");
            }
        }
        for (index, logs) in self.logs.iter().enumerate() {
            let mistake = match (logs.next.is_some(), logs.offset.is_some(), logs.param.is_some()) {
                (true, true, _) => "`next` and `offset` exclude each other",
                (true, _, false) | (_, true, false) => "`next` and `offset` need `param`, which carries what they find",
                (false, false, true) => "`param` carries what `next` or `offset` finds, and there is neither",
                _ => continue,
            };
            wrong(format!("logs[{index}]"), mistake);
        }
        errors
    }

    /// What is wrong with each request, with its key path.
    fn mistakes(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let mut add = |path: String, mistake: Option<String>| found.extend(mistake.map(|mistake| (path, mistake)));
        if let Some(call) = &self.probe {
            add("probe".to_owned(), call.mistake());
        }
        self.auth.iter().for_each(|(name, call)| add(format!("auth.{name}"), call.mistake()));
        for (index, poll) in self.poll.iter().enumerate() {
            add(format!("poll[{index}]"), poll.mistake());
            poll.also.iter().for_each(|(name, call)| add(format!("poll[{index}].also.{name}"), call.mistake()));
        }
        for (index, steps) in self.steps.iter().enumerate() {
            add(format!("steps[{index}]"), steps.mistake());
            steps.also.iter().for_each(|(name, call)| add(format!("steps[{index}].also.{name}"), call.mistake()));
        }
        self.logs.iter().enumerate().for_each(|(index, call)| add(format!("logs[{index}]"), call.mistake()));
        self.raw.iter().enumerate().for_each(|(index, call)| add(format!("raw[{index}]"), call.mistake()));
        for (index, action) in self.action.iter().enumerate() {
            add(format!("action[{index}]"), action.mistake());
            action.also.iter().for_each(|(name, call)| add(format!("action[{index}].also.{name}"), call.mistake()));
            action.schema.iter().for_each(|call| add(format!("action[{index}].schema"), call.mistake()));
            action.dry_run.iter().for_each(|call| add(format!("action[{index}].dry-run"), call.mistake()));
        }
        found
    }

    /// Every request of the file.
    pub fn calls(&self) -> impl Iterator<Item = Call<'_>> {
        let polls = self.poll.iter().flat_map(|poll| poll.call().into_iter().chain(calls_beside(&poll.also)));
        let steps = self.steps.iter().flat_map(|steps| steps.call().into_iter().chain(calls_beside(&steps.also)));
        let others = self.logs.iter().filter_map(Logs::call).chain(self.raw.iter().filter_map(Raw::call));
        let others = others.chain(self.action.iter().filter_map(ActionCall::call)).chain(self.auth.values().filter_map(Login::call));
        self.probe.iter().filter_map(ProbeCall::call).chain(polls).chain(steps).chain(others)
    }
}

fn calls_beside(also: &BTreeMap<String, Also>) -> impl Iterator<Item = Call<'_>> {
    also.values().filter_map(Also::call)
}
