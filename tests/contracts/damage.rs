//! Answers as no system documents them, made from those it does: nothing, a page of HTML, a bare string, a refusal, a page that comes
//! again, and every field of the first row missing or of another type. Each is told with its place, and what is good is kept.
//! Not for: answers that are right (see `sheet`).

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use triops::config::Connector;
use triops::config::connector::{Decode, Pages, Poll};
use triops::domain::{Batch, Failure};

use super::contract::Contract;
use super::replay::{Replay, reply};

const HTML: &[u8] = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>please</body></html>";
/// Fields of a row that are damaged, and how deep they stand: more than enough for what connectors read.
const MAX_FIELDS: usize = 60;
const MAX_DEPTH: usize = 3;

/// All that is wrong.
pub async fn check(contract: &Contract, connector: &Connector) -> Vec<String> {
    let replay = Replay::new(contract, connector).await;
    let mut wrong = Vec::new();
    for poll in &connector.poll {
        // once before: signing in, and polls that this one asks about
        if let Err(failure) = replay.poll(&poll.id).await {
            return vec![format!("poll {}: {failure}", poll.id)];
        }
        let from = replay.server.count();
        let whole = replay.poll(&poll.id).await.unwrap();
        let Some(rule) = replay.answered_first(from) else { return vec![format!("poll {} asks nothing", poll.id)] };
        let case = Case { poll, replay: &replay, rule, whole: &whole };
        case.bodies(&mut wrong).await;
        let answer = &contract.answers[rule];
        if let Some(body) = rows_of(poll, &contract.body(answer)) {
            case.fields(&body, contract, &mut wrong).await;
        }
        replay.restore();
        replay.poll(&poll.id).await.unwrap();
    }
    wrong.extend(repeated(contract, connector).await);
    wrong
}

/// A poll, and the rule of its answer.
struct Case<'a> {
    poll: &'a Poll,
    replay: &'a Replay,
    rule: usize,
    whole: &'a Batch,
}

impl Case<'_> {
    async fn with(&self, status: u16, headers: &str, body: &[u8]) -> Result<Batch, Failure> {
        self.replay.replace(self.rule, reply(status, headers, body));
        self.replay.poll(&self.poll.id).await
    }

    async fn bodies(&self, wrong: &mut Vec<String>) {
        let (json, html, text) =
            ("content-type: application/json\r\n", "content-type: text/html\r\n", "content-type: text/plain\r\nretry-after: 7\r\n");
        for (what, status, headers, body) in [
            ("nothing", 200, json, &b""[..]),
            ("a page of HTML", 200, html, HTML),
            ("a page of HTML as a refusal", 502, html, HTML),
            ("a bare string", 200, json, b"\"maintenance\""),
            ("half an answer", 200, json, b"{\"a\": [{\"b\":"),
            ("null", 200, json, b"null"),
            ("a list of lists", 200, json, b"[[]]"),
            ("asked too often", 429, text, b"slow down"),
            ("no such thing", 404, html, HTML),
        ] {
            let id = &self.poll.id;
            let outcome = self.with(status, headers, body).await;
            if let Ok(batch) = &outcome
                && batch.entities.iter().any(|entity| entity.state.word() == "ok" && !self.others().contains(entity.id.as_str()))
            {
                wrong.push(format!("poll {id}: {what} is taken for good: {:?}", batch.entities));
            }
            let told = told(&outcome);
            let path_or_poll = told.contains(id.as_str()) || told.contains("http://");
            if told.is_empty() || !path_or_poll {
                wrong.push(format!("poll {id}: {what} is told as `{told}`"));
            }
            if status == 429 && !matches!(&outcome, Err(failure) if failure.retry_after_s == Some(7.0)) && !told.contains("429") {
                wrong.push(format!("poll {id}: asked too often is told as `{told}`"));
            }
        }
    }

    /// Entities of the other items of a fan-out, whose answers are as they should be.
    fn others(&self) -> BTreeSet<&str> {
        if self.poll.for_each.is_some() { ids(self.whole) } else { BTreeSet::new() }
    }

    /// Every field of the first row of every list; of the whole answer where there is no list.
    async fn fields(&self, body: &Value, contract: &Contract, wrong: &mut Vec<String>) {
        let lists = lists(body);
        for list in &lists {
            let mut rest = body.clone();
            match rest.pointer_mut(list) {
                Some(Value::Array(items)) if items.len() > 1 => drop(items.remove(0)),
                _ => continue,
            }
            let Ok(kept) = self.with(200, "", &encoded(self.poll, &rest)).await else { continue };
            let kept = ids(&kept).into_iter().map(str::to_owned).collect();
            self.row(body, &format!("{list}/0"), &kept, contract, wrong).await;
        }
        if lists.is_empty() {
            self.row(body, "", &BTreeSet::new(), contract, wrong).await;
        }
    }

    /// Every field below `row`, missing and of another type; what came of the other rows is `kept`.
    async fn row(&self, body: &Value, row: &str, kept: &BTreeSet<String>, contract: &Contract, wrong: &mut Vec<String>) {
        let id = &self.poll.id;
        let strings = words(self.whole);
        let chosen = |pointer: &String| contract.chooses.iter().any(|known| *known == format!("{id} {pointer}"));
        // what the poll's filters never name they do not read
        let filters = filters(self.poll);
        let read = |pointer: &String| pointer.rsplit('/').next().is_some_and(|key| filters.contains(key));
        for pointer in fields(body, row).iter().filter(|pointer| read(pointer) && !chosen(pointer)) {
            for (how, damaged) in [("missing", without(body, pointer)), ("of another type", mistyped(body, pointer))] {
                let Some(damaged) = damaged else { continue };
                let outcome = self.with(200, "", &encoded(self.poll, &damaged)).await;
                let place = format!("poll {id}: {pointer} {how}");
                match &outcome {
                    Err(failure) => {
                        let told = told(&outcome);
                        if !told.contains(id.as_str()) && !told.contains("http://") {
                            wrong.push(format!("{place} is told without a place: {told}"));
                        }
                        if !kept.is_empty() {
                            wrong.push(format!("{place}: the good rows are lost: {failure}"));
                        }
                    }
                    Ok(batch) => {
                        let now = ids(batch);
                        if let Some(lost) = kept.iter().find(|id| !now.contains(id.as_str())) {
                            wrong.push(format!("{place}: {lost} is lost"));
                        }
                        // outside of rows, what is not in the answer is not there
                        let told = !batch.problems.is_empty() || row.is_empty() && how == "missing";
                        if now.len() < self.whole.entities.len() && !told {
                            wrong.push(format!("{place}: a row is dropped without a word"));
                        }
                        if let Some(text) = words(batch).into_iter().find(|text| !strings.contains(text) && says_null(text)) {
                            wrong.push(format!("{place}: shown as `{text}`"));
                        }
                    }
                }
            }
        }
    }
}

/// Every paged poll stops at a system that gives the same page again, and says so.
async fn repeated(contract: &Contract, connector: &Connector) -> Vec<String> {
    let mut connector = connector.clone();
    for poll in &mut connector.poll {
        if let Some(Pages::Offset { size, .. } | Pages::Page { size, .. }) = &mut poll.pages {
            *size = 1;
        }
    }
    let replay = Replay::new(contract, &connector).await;
    let mut wrong = Vec::new();
    let goes_on = |pages: &Pages| pages.max() > 1 && matches!(pages, Pages::Offset { .. } | Pages::Page { .. });
    for poll in connector.poll.iter().filter(|poll| poll.pages.as_ref().is_some_and(goes_on)) {
        let from = replay.server.count();
        match replay.poll(&poll.id).await {
            Err(failure) => wrong.push(format!("poll {} with small pages: {failure}", poll.id)),
            Ok(batch) => {
                let told = batch.problems.iter().any(|problem| problem.message.contains("the same page again"));
                let paths = replay.asked(from).into_iter().map(|line| line.split('?').next().unwrap_or_default().to_owned());
                let again = paths.fold((BTreeSet::new(), false), |(mut seen, again), path| {
                    let known = !seen.insert(path);
                    (seen, again || known)
                });
                // a contract with a second page of its own is not asked for a third
                if !told && !again.1 {
                    wrong.push(format!("poll {} goes on to no second page", poll.id));
                }
            }
        }
    }
    wrong
}

/// The text of all filters that see a poll's answer.
fn filters(poll: &Poll) -> String {
    let beside = poll.also.values().flat_map(|also| [also.for_each.as_ref(), also.key.as_ref()]);
    [Some(&poll.map)].into_iter().chain(beside).flatten().map(|jq| jq.code.as_str()).collect()
}

fn told(outcome: &Result<Batch, Failure>) -> String {
    match outcome {
        Err(failure) => format!("{failure}; {}", failure.hint),
        Ok(batch) => batch.problems.iter().map(|problem| format!("{}: {}", problem.path, problem.message)).collect::<Vec<_>>().join("\n"),
    }
}

fn ids(batch: &Batch) -> BTreeSet<&str> {
    batch.entities.iter().map(|entity| entity.id.as_str()).collect()
}

/// Everything that a person would read.
fn words(batch: &Batch) -> BTreeSet<String> {
    fn collect(value: &Value, into: &mut BTreeSet<String>) {
        match value {
            Value::String(text) => drop(into.insert(text.clone())),
            Value::Array(items) => items.iter().for_each(|item| collect(item, into)),
            Value::Object(map) => map.values().for_each(|value| collect(value, into)),
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    batch.entities.iter().for_each(|entity| collect(&serde_json::to_value(entity).unwrap(), &mut found));
    found
}

fn says_null(text: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric()).any(|word| word == "null")
}

/// The answer as JSON; `None` where it is of another kind.
fn rows_of(poll: &Poll, body: &[u8]) -> Option<Value> {
    match poll.call()?.decode {
        Decode::Json => serde_json::from_slice(body).ok(),
        Decode::Ndjson => body
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_slice::<Value>(line).ok())
            .collect::<Option<Vec<_>>>()
            .map(Value::Array),
        _ => None,
    }
}

fn encoded(poll: &Poll, body: &Value) -> Vec<u8> {
    match (poll.call().map(|call| call.decode), body) {
        (Some(Decode::Ndjson), Value::Array(lines)) => lines.iter().map(|line| format!("{line}\n")).collect::<String>().into_bytes(),
        _ => body.to_string().into_bytes(),
    }
}

/// Pointers to lists of rows: lists of objects that stand in no other list.
fn lists(body: &Value) -> Vec<String> {
    fn walk(value: &Value, here: &str, depth: usize, found: &mut Vec<String>) {
        match value {
            Value::Array(items) if items.first().is_some_and(Value::is_object) => found.push(here.to_owned()),
            Value::Object(map) if depth < MAX_DEPTH => {
                map.iter().for_each(|(key, value)| walk(value, &format!("{here}/{}", escaped(key)), depth + 1, found));
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    walk(body, "", 0, &mut found);
    found
}

/// Pointers to the fields below `row`.
fn fields(body: &Value, row: &str) -> Vec<String> {
    fn walk(value: &Value, here: &str, depth: usize, found: &mut Vec<String>) {
        if let Value::Object(map) = value
            && depth < MAX_DEPTH
        {
            for (key, value) in map {
                let place = format!("{here}/{}", escaped(key));
                found.push(place.clone());
                walk(value, &place, depth + 1, found);
            }
        }
    }
    let mut found = Vec::new();
    if let Some(value) = body.pointer(row) {
        walk(value, row, 0, &mut found);
    }
    found.truncate(MAX_FIELDS);
    found
}

fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

fn parent<'a>(body: &'a mut Value, pointer: &str) -> Option<(&'a mut Map<String, Value>, String)> {
    let (parent, key) = pointer.rsplit_once('/')?;
    Some((body.pointer_mut(parent)?.as_object_mut()?, key.replace("~1", "/").replace("~0", "~")))
}

fn without(body: &Value, pointer: &str) -> Option<Value> {
    let mut body = body.clone();
    let (map, key) = parent(&mut body, pointer)?;
    // null is the same as missing
    map.shift_remove(&key).filter(|value| !value.is_null())?;
    Some(body)
}

fn mistyped(body: &Value, pointer: &str) -> Option<Value> {
    let mut body = body.clone();
    let (map, key) = parent(&mut body, pointer)?;
    let value = map.get_mut(&key)?;
    *value = match value {
        Value::Null => return None,
        Value::String(_) | Value::Number(_) | Value::Bool(_) => json!({ "not": ["what", "it", "was"] }),
        Value::Array(_) | Value::Object(_) => json!("not what it was"),
    };
    Some(body)
}
