//! What a map gives, row by row, as entities, steps and log lines. A row that is not what it should be is a problem with its path;
//! the others are kept.
//! Not for: running the map (see `fetch`).

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::jq::{Output, to_json};
use crate::domain::{
    Detail, Entity, EntityId, Eye, Kind, Link, LinkTarget, LogLine, LogStream, RowProblem, SourceName, State, Step, Text, Timestamp,
};

/// What the source's configuration adds to every entity.
#[derive(Debug, Clone)]
pub struct Additions {
    /// The source.
    pub source: SourceName,
    /// Discipline where the row does not say.
    pub eye: Eye,
    /// Environment.
    pub env: Option<Text>,
    /// Owner where the row does not say.
    pub owner: Option<Text>,
    /// Labels; they win over the system's.
    pub labels: BTreeMap<Text, Text>,
}

const KEYS: &[&str] = &["kind", "key", "name", "state", "reason", "since", "eye", "owner", "labels", "url", "links", "detail"];

/// Why a row is left out: the field, and what is wrong with it.
type Wrong = (String, String);

/// Rows as entities; `place` begins the path of problems and `first` is the number of the first row.
pub fn entities(outputs: Vec<Output>, place: &str, first: usize, additions: &Additions, now: Timestamp) -> (Vec<Entity>, Vec<RowProblem>) {
    let (mut entities, mut problems) = (Vec::new(), Vec::new());
    for (index, output) in outputs.into_iter().enumerate() {
        let path = format!("{place}[{}]", first + index);
        let row = output.map(|value| to_json(&value)).map_err(|message| (String::new(), message));
        match row.and_then(|row| entity(row, additions, now)) {
            Ok((entity, slight)) => {
                entities.push(entity);
                problems.extend(slight.map(|wrong| problem(&path, wrong)));
            }
            Err(wrong) => problems.push(problem(&path, wrong)),
        }
    }
    (entities, problems)
}

/// Rows as steps.
pub fn steps(outputs: Vec<Output>) -> Result<Vec<Step>, String> {
    let step = |(index, output): (usize, Output)| {
        let row = to_json(&output.map_err(|message| format!("steps[{index}]: {message}"))?);
        serde_json::from_value::<Step>(without_nulls(row)).map_err(|e| format!("steps[{index}]: {e}"))
    };
    outputs.into_iter().enumerate().map(step).collect()
}

/// Rows as log lines. A row that fails becomes a line that says so: a log is read to find out what went wrong.
pub fn lines(outputs: Vec<Output>) -> Vec<LogLine> {
    let mut lines = Vec::new();
    for output in outputs {
        let row = match output {
            Ok(value) => to_json(&value),
            Err(message) => {
                lines.push(said_by_us(format!("(a line that cannot be read: {message})")));
                continue;
            }
        };
        let text = match row.get("text").unwrap_or(&row) {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let at = row.get("at").and_then(Value::as_str).and_then(Timestamp::parse);
        let level = row.get("level").and_then(Value::as_str).map(Text::from);
        let stream = row.get("stream").and_then(|word| serde_json::from_value(word.clone()).ok()).unwrap_or_default();
        // one event may hold many lines: a traceback
        lines.extend(text.lines().map(|line| LogLine { at, stream, level: level.clone(), text: Text::from(line) }));
    }
    lines
}

/// A line that the system did not write.
pub fn said_by_us(text: String) -> LogLine {
    LogLine { at: None, stream: LogStream::System, level: None, text: Text::from(text) }
}

/// An entity as filters and templates see it: as in files, with its key.
pub fn entity_json(entity: &Entity) -> Value {
    let mut value = serde_json::to_value(entity).unwrap_or_default();
    if let Value::Object(map) = &mut value {
        map.insert("key".to_owned(), Value::from(entity.id.key()));
    }
    value
}

fn problem(path: &str, (field, message): Wrong) -> RowProblem {
    let path = if field.is_empty() { path.to_owned() } else { format!("{path}.{field}") };
    RowProblem { path: Text::from(path), message: Text::from(message) }
}

fn entity(row: Value, additions: &Additions, now: Timestamp) -> Result<(Entity, Option<Wrong>), Wrong> {
    let Value::Object(mut row) = row else { return Err((String::new(), "the map gave no object".to_owned())) };
    row.retain(|_, value| !value.is_null());
    if let Some(unknown) = row.keys().find(|key| !KEYS.contains(&key.as_str())) {
        return Err((unknown.clone(), format!("no such field; a row has {}", KEYS.join(", "))));
    }
    let kind: Kind = needed(&mut row, "kind")?;
    let key = match row.remove("key") {
        Some(Value::String(key)) if !key.is_empty() => key,
        Some(Value::Number(key)) => key.to_string(),
        Some(other) => return Err(("key".to_owned(), format!("`{other}` is no key"))),
        None => return Err(("key".to_owned(), "missing".to_owned())),
    };
    let state: State = needed(&mut row, "state")?;
    let name: Option<Text> = optional(&mut row, "name")?;
    let detail = detail(kind, row.remove("detail"))?;
    let mut entity = Entity::new(&additions.source, &key, name.as_deref().unwrap_or(&key), state, detail, now);
    entity.reason = optional::<Text>(&mut row, "reason")?.map(|reason| Text::from(reason.first_line()));
    entity.since = optional(&mut row, "since")?;
    entity.eye = optional(&mut row, "eye")?.unwrap_or(additions.eye);
    entity.env.clone_from(&additions.env);
    entity.owner = optional(&mut row, "owner")?.or_else(|| additions.owner.clone());
    entity.labels = labels(row.remove("labels"))?;
    entity.labels.extend(additions.labels.clone());
    entity.links = links(row.remove("links"), &additions.source)?;
    let url: Option<Text> = optional(&mut row, "url")?;
    // what a browser is told to open comes from outside: an address of the web, or none
    let slight = match url {
        Some(url) if url.starts_with("http://") || url.starts_with("https://") => {
            entity.url = Some(url);
            None
        }
        Some(_) => Some(("url".to_owned(), "left out: it does not begin with http:// or https://".to_owned())),
        None => None,
    };
    Ok((entity, slight))
}

fn needed<T: DeserializeOwned>(row: &mut Map<String, Value>, key: &str) -> Result<T, Wrong> {
    optional(row, key)?.ok_or_else(|| (key.to_owned(), "missing".to_owned()))
}

fn optional<T: DeserializeOwned>(row: &mut Map<String, Value>, key: &str) -> Result<Option<T>, Wrong> {
    row.remove(key).map(|value| serde_json::from_value(value).map_err(|e| (key.to_owned(), e.to_string()))).transpose()
}

fn detail(kind: Kind, value: Option<Value>) -> Result<Detail, Wrong> {
    let value = match value {
        None => return Ok(Detail::empty(kind)),
        Some(value @ Value::Object(_)) => without_nulls(value),
        Some(_) => return Err(("detail".to_owned(), "no object".to_owned())),
    };
    let read = |detail: &Value| serde_json::from_value::<Detail>(json!({ "kind": kind, "detail": detail }));
    read(&value).map_err(|error| {
        // serde does not say which field it was: try each alone
        let mut fields = value.as_object().into_iter().flatten();
        let culprit = fields.find_map(|(key, field)| Some((key, read(&json!({ key.as_str(): field })).err()?)));
        culprit.map_or_else(|| ("detail".to_owned(), error.to_string()), |(key, error)| (format!("detail.{key}"), error.to_string()))
    })
}

fn labels(value: Option<Value>) -> Result<BTreeMap<Text, Text>, Wrong> {
    let map = match value {
        None => return Ok(BTreeMap::new()),
        Some(Value::Object(map)) => map,
        Some(_) => return Err(("labels".to_owned(), "no object".to_owned())),
    };
    let mut labels = BTreeMap::new();
    for (name, value) in map {
        let text = match value {
            Value::String(text) => text,
            Value::Null => continue,
            Value::Bool(_) | Value::Number(_) => value.to_string(),
            Value::Array(_) | Value::Object(_) => return Err((format!("labels.{name}"), "neither text nor number".to_owned())),
        };
        labels.insert(Text::from(name), Text::from(text));
    }
    Ok(labels)
}

/// `{rel, to: {kind, key}}` is an entity of the same source; `{rel, id}` and `{rel, labels}` are any.
fn links(value: Option<Value>, source: &SourceName) -> Result<Vec<Link>, Wrong> {
    let list = match value {
        None => return Ok(Vec::new()),
        Some(Value::Array(list)) => list,
        Some(_) => return Err(("links".to_owned(), "no list".to_owned())),
    };
    let link = |(index, value): (usize, Value)| {
        let wrong = |message: String| (format!("links[{index}]"), message);
        let rel = value.get("rel").and_then(Value::as_str).ok_or_else(|| wrong("`rel` is missing".to_owned()))?;
        let rel = Text::from(rel);
        let Some(to) = value.get("to") else {
            return serde_json::from_value(value).map_err(|e| wrong(e.to_string()));
        };
        let kind = serde_json::from_value(to.get("kind").cloned().unwrap_or_default()).map_err(|e| wrong(format!("to.kind: {e}")))?;
        let key = match to.get("key") {
            Some(Value::String(key)) => key.clone(),
            Some(Value::Number(key)) => key.to_string(),
            _ => return Err(wrong("to.key: missing".to_owned())),
        };
        Ok(Link { rel, to: LinkTarget::Id(EntityId::new(source, kind, &key)) })
    };
    list.into_iter().filter(|value| !value.is_null()).enumerate().map(link).collect()
}

/// Absent is absent: a null says the same as no key.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            Value::Object(map.into_iter().filter(|(_, value)| !value.is_null()).map(|(key, value)| (key, without_nulls(value))).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(without_nulls).collect()),
        other => other,
    }
}
