//! Checking a connector file without a system: every filter compiled, every place of a template known; and trying a map on a body.
//! Not for: asking (see `poll`).

use serde_json::{Map, Value, json};

use super::decode::decode;
use super::jq::{Filter, Variables};
use super::row::{self, Additions};
use crate::config::connector::{ActionCall, Also, Call, Connector, Jq, Pages, Template, Way};
use crate::config::error::{ConfigError, nearest};
use crate::domain::{Entity, Failure, FailureKind, RowProblem, SourceName, Timestamp};

/// What templates of polls may name.
const POLL: &[&str] = &["with", "each", "path"];
/// What templates about an entity may name.
const ENTITY: &[&str] = &[
    "with", "id", "key", "name", "state", "reason", "since", "seen_at", "eye", "env", "owner", "labels", "url", "links", "kind", "detail",
    "step", "attempt", "let", "values", "each", "path",
];

/// Every mistake in the filters and templates of a connector.
pub fn check(connector: &Connector) -> Vec<ConfigError> {
    let mut checks = Checks { connector, errors: Vec::new() };
    if let Some(probe) = &connector.probe {
        checks.call("probe", probe.call(), POLL);
        checks.jq("probe.expect", Some(&probe.expect));
    }
    for (name, login) in &connector.auth {
        let path = format!("auth.{name}");
        checks.call(&path, login.call(), &["with"]);
        checks.jq(&format!("{path}.take"), Some(&login.take));
        checks.template(&format!("{path}.header"), &login.header, &["token"]);
    }
    for (index, poll) in connector.poll.iter().enumerate() {
        let path = format!("poll[{index}]");
        checks.call(&path, poll.call(), POLL);
        checks.jq(&format!("{path}.map"), Some(&poll.map));
        checks.jq(&format!("{path}.for-each.items"), poll.for_each.as_ref().map(|each| &each.items));
        checks.pages(&path, poll.pages.as_ref());
        checks.also(&path, poll.also.iter(), POLL);
    }
    for (index, steps) in connector.steps.iter().enumerate() {
        let path = format!("steps[{index}]");
        checks.call(&path, steps.call(), ENTITY);
        checks.jq(&format!("{path}.map"), Some(&steps.map));
        checks.pages(&path, steps.pages.as_ref());
        checks.also(&path, steps.also.iter(), ENTITY);
    }
    for (index, logs) in connector.logs.iter().enumerate() {
        let path = format!("logs[{index}]");
        checks.call(&path, logs.call(), ENTITY);
        checks.jq(&format!("{path}.map"), Some(&logs.map));
        checks.jq(&format!("{path}.let"), logs.bind.as_ref());
        checks.jq(&format!("{path}.next"), logs.next.as_ref());
    }
    for (index, raw) in connector.raw.iter().enumerate() {
        let path = format!("raw[{index}]");
        checks.call(&path, raw.call(), ENTITY);
        checks.jq(&format!("{path}.map"), raw.map.as_ref());
    }
    for (index, action) in connector.action.iter().enumerate() {
        let path = format!("action[{index}]");
        checks.call(&path, action.call(), ENTITY);
        checks.action(&path, action);
    }
    checks.errors
}

/// What a poll's map makes of a body, as if a source named `try` had read it (from `/try/body`, if it is a file). `also` stands for `$also`.
pub fn try_map(
    connector: &Connector,
    poll: &str,
    body: &[u8],
    also: &Value,
    now: Timestamp,
) -> Result<(Vec<Entity>, Vec<RowProblem>), Failure> {
    let ids = || connector.poll.iter().map(|poll| poll.id.as_str());
    let failure = |detail: String| Failure::new(FailureKind::Config, format!("try poll `{poll}` of {}", connector.name), detail);
    let found = connector.poll.iter().find(|found| found.id == poll).ok_or_else(|| {
        let hint = nearest(poll, ids())
            .map_or_else(|| format!("it has {}", ids().collect::<Vec<_>>().join(", ")), |id| format!("did you mean `{id}`?"));
        failure("there is no such poll".to_owned()).hint(hint)
    })?;
    let format = found.call().map(|call| call.decode).unwrap_or_default();
    let (page, bad) = decode(format, body).map_err(failure)?;
    let with: Map<String, Value> =
        connector.with.iter().filter_map(|(name, parameter)| Some((name.clone(), parameter.default.clone()?))).collect();
    let variables = Variables {
        now: now.seconds().into(),
        with: serde_json::from_value(Value::Object(with)).unwrap_or_default(),
        base: connector.connector.url.clone().map_or_else(Default::default, Into::into),
        also: serde_json::from_value(also.clone()).unwrap_or_default(),
        polled: serde_json::from_value(json!({})).unwrap_or_default(),
        path: "/try".to_owned().into(),
        file: serde_json::from_value(json!({ "path": "/try/body", "name": "body", "modified": now.to_string(), "bytes": body.len() }))
            .unwrap_or_default(),
        ..Variables::default()
    };
    let outputs = Filter::new(format!("map of poll {poll}"), &found.map).run_here(page, variables)?;
    let additions = Additions {
        source: SourceName::from("try"),
        eye: connector.connector.eye,
        env: None,
        owner: None,
        labels: std::collections::BTreeMap::new(),
    };
    let (entities, mut problems) = row::entities(outputs, poll, 0, &additions, now);
    problems.extend(bad.into_iter().map(|message| RowProblem { path: "body".into(), message: message.into() }));
    Ok((entities, problems))
}

struct Checks<'a> {
    connector: &'a Connector,
    errors: Vec<ConfigError>,
}

impl Checks<'_> {
    fn jq(&mut self, path: &str, jq: Option<&Jq>) {
        let Some(jq) = jq else { return };
        if let Err(mistake) = Filter::new(path, jq).check() {
            let position = Some(jq.position(&self.connector.text, mistake.offset));
            let message = format!("`{path}` is no jq: {}", mistake.message);
            self.errors.push(ConfigError { position, key: path.to_owned(), ..ConfigError::whole(self.connector.file.as_str(), message) });
        }
    }

    fn call(&mut self, path: &str, call: Option<Call<'_>>, roots: &[&str]) {
        let Some(call) = call else { return };
        match call.way {
            Way::Http(call) => {
                self.jq(&format!("{path}.json"), call.json);
                self.jq(&format!("{path}.form"), call.form);
                self.template(path, call.path, roots);
                for (name, values) in call.query {
                    values.0.iter().for_each(|template| self.template(&format!("{path}.query.{name}"), template, roots));
                }
                for (name, template) in call.headers {
                    self.template(&format!("{path}.headers.{name}"), template, roots);
                }
            }
            Way::Exec(call) => {
                call.argv.iter().for_each(|template| self.template(&format!("{path}.exec"), template, roots));
                call.cwd.iter().for_each(|template| self.template(&format!("{path}.cwd"), template, roots));
                call.env.iter().for_each(|(name, template)| self.template(&format!("{path}.env.{name}"), template, roots));
            }
            Way::File(call) => call.globs.0.iter().for_each(|template| self.template(&format!("{path}.file"), template, roots)),
        }
    }

    fn action(&mut self, path: &str, action: &ActionCall) {
        let filters = [
            ("when", &action.when),
            ("let", &action.bind),
            ("check", &action.check),
            ("given", &action.given),
            ("notes", &action.notes),
            ("said", &action.said),
            ("made", &action.made),
        ];
        for (name, jq) in filters {
            self.jq(&format!("{path}.{name}"), jq.as_ref());
        }
        for (name, template) in [("undo", &action.undo), ("touches", &action.touches)] {
            template.iter().for_each(|template| self.template(&format!("{path}.{name}"), template, ENTITY));
        }
        self.inverse(path, action);
        for (index, field) in action.field.iter().enumerate() {
            let path = format!("{path}.field[{index}]");
            self.jq(&format!("{path}.choices"), field.choices.as_ref());
            self.jq(&format!("{path}.preset"), field.preset.as_ref());
        }
        if let Some(schema) = &action.schema {
            self.call(&format!("{path}.schema"), schema.call(), ENTITY);
            self.jq(&format!("{path}.schema.map"), Some(&schema.map));
        }
        if let Some(dry_run) = &action.dry_run {
            self.call(&format!("{path}.dry-run"), dry_run.call(), ENTITY);
            self.jq(&format!("{path}.dry-run.map"), Some(&dry_run.map));
        }
        self.also(path, action.also.iter(), ENTITY);
    }

    /// What takes an action back must be there: for the same kinds, or for what is made.
    fn inverse(&mut self, path: &str, action: &ActionCall) {
        let Some(inverse) = &action.inverse else { return };
        let fits =
            |other: &&ActionCall| other.id == inverse.action && (inverse.made || action.on.iter().all(|kind| other.on.contains(kind)));
        let wrong = match self.connector.action.iter().find(fits) {
            None => format!("`{path}.inverse` names `{}`, which is no action on the same kinds", inverse.action),
            Some(_) if inverse.made && action.made.is_none() => format!("`{path}.inverse` is for what was made, and `made` is missing"),
            Some(_) => return,
        };
        let key = format!("{path}.inverse");
        self.errors.push(ConfigError { key, ..ConfigError::whole(self.connector.file.as_str(), wrong) });
    }

    fn template(&mut self, path: &str, template: &Template, roots: &[&str]) {
        for root in template.roots().filter(|root| !roots.contains(root)) {
            let message = format!("`{path}` names `{{{root}…}}`, which does not exist here; there is {}", roots.join(", "));
            self.errors.push(ConfigError { key: path.to_owned(), ..ConfigError::whole(self.connector.file.as_str(), message) });
        }
    }

    fn pages(&mut self, path: &str, pages: Option<&Pages>) {
        match pages {
            Some(Pages::Offset { items, .. } | Pages::Page { items, .. }) => self.jq(&format!("{path}.pages.items"), Some(items)),
            Some(Pages::Token { next, .. } | Pages::NextUrl { next, .. }) => self.jq(&format!("{path}.pages.next"), Some(next)),
            Some(Pages::LinkHeader { .. }) | None => {}
        }
    }

    fn also<'b>(&mut self, path: &str, also: impl Iterator<Item = (&'b String, &'b Also)>, roots: &[&str]) {
        for (name, also) in also {
            let path = format!("{path}.also.{name}");
            self.call(&path, also.call(), roots);
            self.jq(&format!("{path}.for-each"), also.for_each.as_ref());
            self.jq(&format!("{path}.key"), also.key.as_ref());
        }
    }
}
