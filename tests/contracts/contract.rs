//! The file `tests/fixtures/<connector>/contract.toml`. Not for: what is promised (see `contracts`).

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::Deserialize;
use triops::config::{Connector, Connectors, SourceConfig};
use triops::domain::{State, Timestamp};

/// A connector's answers and what is expected of them.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Contract {
    /// Its folder's name.
    #[serde(skip)]
    pub connector: String,
    /// What the probe tells of the system.
    pub product: String,
    /// The time of the polls.
    pub now: Option<String>,
    /// What a person's configuration says: `auth`, `with`.
    #[serde(default)]
    pub source: SourceConfig,
    /// Why its entities have no page of the system's own.
    pub no_pages: Option<String>,
    /// Why it has no words for states.
    pub no_words: Option<String>,
    /// Actions that apply whatever the entity's state.
    #[serde(default)]
    pub always: Vec<String>,
    /// Places that choose rows (`poll /pointer`): without them the row is none.
    #[serde(default)]
    pub chooses: Vec<String>,
    /// What the system answers.
    #[serde(rename = "answer")]
    pub answers: Vec<Answer>,
    /// Words for states.
    #[serde(default)]
    pub words: Vec<Words>,
    /// Runs whose steps are read.
    #[serde(default)]
    pub steps: Vec<Of>,
    /// Logs that are read.
    #[serde(default)]
    pub logs: Vec<Of>,
    /// Entities of which all is read.
    #[serde(default)]
    pub raw: Vec<Of>,
}

/// One answer.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Answer {
    /// `GET /path?query`: the request begins so; with `*` at its end, whatever follows. The longest that fits answers.
    pub ask: String,
    /// The request, its headers or body, also holds this.
    #[serde(default)]
    pub holds: String,
    /// File in the contract's folder.
    pub file: Option<String>,
    /// The body, where it is too short for a file.
    pub text: Option<String>,
    /// 200 if absent.
    pub status: Option<u16>,
    /// Headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// `recorded from X 1.2.3`, or `specification: https://…`.
    pub origin: String,
}

/// The documented words of one place, and the state each stands for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Words {
    /// `ask` of the answer they stand in.
    pub ask: String,
    /// Which of the answers with that `ask`, from 1.
    #[serde(default = "first")]
    pub nth: usize,
    /// JSON pointer to the word …
    pub at: Option<String>,
    /// … or the text in the answer that is replaced by it.
    pub find: Option<String>,
    /// Further places, and what is put there (JSON).
    #[serde(default)]
    pub set: BTreeMap<String, String>,
    /// The poll that reads it.
    pub poll: String,
    /// `kind/key` of the entity whose state it is.
    pub of: String,
    /// The step of that run.
    pub step: Option<String>,
    /// Word to state.
    pub states: BTreeMap<String, State>,
    /// What is no word of the system's.
    #[serde(default = "strange")]
    pub strange: String,
    /// The system does not say the word itself (numbers): an unknown one is unknown all the same.
    #[serde(default)]
    pub untold: bool,
}

/// An entity, and perhaps a step.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Of {
    /// `kind/key`.
    pub of: String,
    /// The step's key.
    pub step: Option<String>,
}

fn first() -> usize {
    1
}

fn strange() -> String {
    "quixotic".to_owned()
}

impl Contract {
    /// Which answer words stand in.
    pub fn place(&self, words: &Words) -> usize {
        let mut found = self.answers.iter().enumerate().filter(|(_, answer)| answer.ask == words.ask);
        let found = found.nth(words.nth - 1).unwrap_or_else(|| panic!("{}: no answer {} to {}", self.connector, words.nth, words.ask));
        found.0
    }

    /// The time of the polls.
    pub fn now(&self) -> Timestamp {
        Timestamp::parse(self.now.as_deref().unwrap_or("2026-11-23T22:30:00Z")).unwrap()
    }

    /// The bytes of an answer's body.
    pub fn body(&self, answer: &Answer) -> Vec<u8> {
        match (&answer.file, &answer.text) {
            (Some(file), None) => {
                let path = fixtures().join(&self.connector).join(file);
                std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
            }
            (None, Some(text)) => text.clone().into_bytes(),
            _ => panic!("{}: an answer has either `file` or `text`", answer.ask),
        }
    }
}

fn fixtures() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures"))
}

/// The repository's connector files, read as a user's own.
pub fn connectors_dir() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/config/connectors"))
}

/// It has recordings of another kind.
pub fn is_recorded(name: &str) -> bool {
    fixtures().join(name).join("recorded.toml").exists()
}

/// Folders with a contract.
pub fn names() -> BTreeSet<String> {
    let folders = std::fs::read_dir(fixtures()).unwrap().map(|entry| entry.unwrap().path());
    let with = folders.filter(|folder| folder.join("contract.toml").exists());
    with.map(|folder| folder.file_name().unwrap().to_str().unwrap().to_owned()).collect()
}

/// Every contract with its connector; only that which `CONTRACT` names.
pub fn all() -> Vec<(Contract, Connector)> {
    let connectors = Connectors::load(Some(&connectors_dir())).unwrap();
    let only = std::env::var("CONTRACT").ok();
    let wanted = names().into_iter().filter(|name| only.as_ref().is_none_or(|only| only == name));
    let read = |name: String| {
        let path = fixtures().join(&name).join("contract.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        let contract: Contract = toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        for answer in &contract.answers {
            let origin = &answer.origin;
            let known = ["recorded from ", "specification: https://"].iter().any(|begin| origin.starts_with(begin));
            assert!(known, "{name}: where does the answer to {} come from? `{origin}`", answer.ask);
        }
        let connector = connectors.get(&name).unwrap_or_else(|| panic!("there is no connector {name}"));
        let connector = connector.unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
        (Contract { connector: name, ..contract }, connector)
    };
    wanted.map(read).collect()
}
