//! Putting a connector and a source's configuration together: parameters, where the system is, what is known before it answers.
//! Not for: asking it (see `manifest`).

use serde_json::{Map, Value, json};

use crate::config::SourceConfig;
use crate::config::connector::{Connector, Encoding, Template, Way};
use crate::config::error::nearest;
use crate::domain::{Kind, PollId, PollInfo, SourceInfo, SourceName, Text};

/// Where the system is.
pub(super) struct Reach {
    /// Its address where the source says nothing; of a system that is reached otherwise, one that nothing is sent to.
    pub url: String,
    /// It is reached by commands and files alone.
    pub is_local: bool,
}

impl Reach {
    /// What `url` and `path` of the source and the connector's default come to.
    pub fn of(config: &SourceConfig, connector: &Connector, with: &Map<String, Value>) -> Result<Self, String> {
        let name = &connector.name;
        let mut is_local = true;
        let mut wants_path = false;
        let named = |template: &Template| template.roots().any(|root| root == "path");
        for call in connector.calls() {
            match call.way {
                Way::Http(_) => is_local = false,
                Way::Exec(exec) => wants_path |= exec.argv.iter().chain(exec.cwd).chain(exec.env.values()).any(named),
                Way::File(file) => wants_path |= file.globs.0.iter().any(named),
            }
        }
        if wants_path && config.path.is_empty() {
            return Err(format!("`path` is missing: the connector {name} reads what lies there"));
        }
        if !wants_path && !config.path.is_empty() {
            return Err(format!("`path` says nothing to the connector {name}"));
        }
        if is_local {
            return match &config.url {
                Some(_) => Err(format!("`url` says nothing to the connector {name}, which asks this machine")),
                None => Ok(Self { url: "http://localhost".to_owned(), is_local }),
            };
        }
        let default = connector.connector.url.as_deref().unwrap_or_default();
        if config.url.is_none() && default.is_empty() {
            return Err("`url` is missing, and the connector has no default".to_owned());
        }
        if config.url.is_some() {
            return Ok(Self { url: String::new(), is_local });
        }
        let filled = Template::parse(default).and_then(|template| template.fill(&json!({ "with": with }), Encoding::Plain));
        Ok(Self { url: filled.map_err(|e| format!("the connector's default address is not complete: {e}"))?, is_local })
    }
}

/// The source's parameters over the connector's defaults.
pub(super) fn parameters(config: &SourceConfig, connector: &Connector) -> Result<Map<String, Value>, String> {
    if let Some(unknown) = config.with.keys().find(|name| !connector.with.contains_key(*name)) {
        let meant = nearest(unknown, connector.with.keys().map(String::as_str))
            .map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
        return Err(format!("`with.{unknown}`: the connector {} has no such parameter{meant}", connector.name));
    }
    let defaults = connector.with.iter().filter_map(|(name, parameter)| Some((name.clone(), parameter.default.clone()?)));
    let mut with: Map<String, Value> = defaults.collect();
    with.extend(config.with.clone());
    Ok(with)
}

/// What is known of the source before it answers.
pub(super) fn info(config: &SourceConfig, connector: &Connector, base: &str) -> SourceInfo {
    // `every` of the source is the time of the fastest poll; the others keep their proportion to it
    let fastest = connector.poll.iter().map(|poll| poll.every.seconds()).fold(f64::INFINITY, f64::min);
    let factor = config.every.map_or(1.0, |every| every.seconds() / fastest);
    let polls = connector.poll.iter().map(|poll| PollInfo {
        id: PollId::from(poll.id.as_str()),
        every_s: poll.every.seconds() * factor,
        kinds: poll.emits.clone(),
        numbers: false,
    });
    let mut logs: Vec<Kind> = connector.logs.iter().flat_map(|logs| logs.on.clone()).collect();
    logs.sort_unstable();
    logs.dedup();
    SourceInfo {
        name: SourceName::from(config.name.as_str()),
        connector: Text::from(connector.name.as_str()),
        title: Text::from(connector.connector.title.as_str()),
        url: Text::from(base),
        env: config.env.as_deref().map(Text::from),
        eye: connector.connector.eye,
        read_only: config.read_only,
        polls: polls.collect(),
        logs,
        readings: Vec::new(),
        discovered: false,
    }
}
