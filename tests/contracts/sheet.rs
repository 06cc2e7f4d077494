//! What a connector makes of its contract's answers, as a text to read; and what it must not miss.
//! Not for: damaged answers (see `damage`).

use std::fmt::Write;
use std::sync::Arc;

use futures_util::StreamExt;
use serde_json::Value;
use triops::config::Connector;
use triops::domain::{Answer, Ask, Entity, LogRequest};
use triops::source::Source;

use super::contract::{Contract, Of};
use super::replay::Replay;

/// The sheet, and what is wrong.
pub async fn write(contract: &Contract, connector: &Connector, replay: &Replay) -> (String, Vec<String>) {
    let (mut out, mut wrong, mut all) = (String::new(), Vec::new(), Vec::new());
    let probe = replay.source.probe().await;
    match &probe {
        Ok(probe) if probe.product == contract.product => writeln!(out, "probe  {}", probe.product).unwrap(),
        other => wrong.push(format!("the probe tells {other:?}, not {}", contract.product)),
    }
    for info in &replay.source.info().polls {
        let from = replay.server.count();
        let batch = match replay.poll(info.id.as_str()).await {
            Ok(batch) => batch,
            Err(failure) => {
                wrong.push(format!("poll {}: {failure}; {} (asked {:?})", info.id, failure.hint, replay.asked(from)));
                continue;
            }
        };
        writeln!(out, "\npoll {}", info.id).unwrap();
        if batch.entities.is_empty() {
            wrong.push(format!("poll {} brings nothing of its answer", info.id));
        }
        for entity in batch.entities {
            if !info.kinds.contains(&entity.kind()) {
                wrong.push(format!("{} is not announced by poll {}", entity.id, info.id));
            }
            if entity.url.is_none() && contract.no_pages.is_none() {
                wrong.push(format!("{} has no page of the system's own", entity.id));
            }
            if entity.state.word() != "ok" && entity.reason.is_none() {
                wrong.push(format!("{} is {} without a reason", entity.id, entity.state));
            }
            describe(&mut out, &entity);
            all.push(Arc::new(entity));
        }
        for problem in batch.problems {
            wrong.push(format!("poll {}: {}: {}", info.id, problem.path, problem.message));
        }
    }
    for of in &contract.steps {
        let asked = replay.source.ask(&Ask::Steps { run: find(&all, of) }).await;
        let Answer::Steps(steps) = asked.unwrap_or_else(|e| panic!("steps of {}: {e}", of.of)) else { panic!("no steps") };
        writeln!(out, "\nsteps of {}", of.of).unwrap();
        for step in steps {
            let rest = serde_json::to_value(&step).unwrap();
            writeln!(out, "{:<9} {} {}", step.state, step.key, compact(rest, &["key", "state"])).unwrap();
        }
    }
    for of in &contract.logs {
        let step = of.step.as_deref().map(Into::into);
        let request = LogRequest { entity: find(&all, of), step, attempt: None, since: None, until: None, tail: 1000, follow: false };
        writeln!(out, "\nlog of {} {}", of.of, of.step.as_deref().unwrap_or_default()).unwrap();
        let parts: Vec<_> = replay.source.logs(request).collect().await;
        for part in parts {
            for line in part.unwrap_or_else(|e| panic!("log of {}: {e}", of.of)).lines {
                let at = line.at.map(|at| at.to_string()).unwrap_or_default();
                writeln!(out, "{at} {:?} {} {}", line.stream, line.level.as_deref().unwrap_or("-"), line.text).unwrap();
            }
        }
    }
    for of in &contract.raw {
        let asked = replay.source.ask(&Ask::Raw { entity: find(&all, of) }).await;
        let Answer::Raw(text) = asked.unwrap_or_else(|e| panic!("all of {}: {e}", of.of)) else { panic!("no text") };
        writeln!(out, "\nall of {}\n{text}", of.of).unwrap();
    }
    for on in connector.action.iter().flat_map(|action| &action.on) {
        if !all.iter().any(|entity| entity.kind() == *on) {
            wrong.push(format!("an action is on {on}, of which there is none"));
        }
    }
    (out.replace(&replay.server.address, "HOST"), wrong)
}

fn find(all: &[Arc<Entity>], of: &Of) -> Arc<Entity> {
    let found = all.iter().find(|entity| entity.id.as_str().split_once('/').is_some_and(|(_, rest)| rest == of.of));
    Arc::clone(found.unwrap_or_else(|| panic!("there is no {}", of.of)))
}

/// A line with what is read first, and one with the rest.
fn describe(out: &mut String, entity: &Entity) {
    let id = entity.id.as_str().split_once('/').map_or("", |(_, id)| id);
    let since = entity.since.map(|since| since.to_string()).unwrap_or_default();
    writeln!(out, "{:<9} {id} | {} | {} | {since}", entity.state, entity.name, entity.reason.as_deref().unwrap_or("-")).unwrap();
    let value = serde_json::to_value(entity).unwrap();
    for name in ["eye", "owner", "url", "labels", "links", "detail"] {
        let part = compact(value[name].clone(), &[]);
        if !matches!(part.as_str(), "null" | "{}" | "[]") {
            writeln!(out, "    {name} {part}").unwrap();
        }
    }
}

/// JSON without what is absent, and without the fields named.
fn compact(value: Value, without: &[&str]) -> String {
    let Value::Object(map) = value else { return value.to_string() };
    let empty = |value: &Value| {
        value.is_null() || value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(serde_json::Map::is_empty)
    };
    let kept = map.into_iter().filter(|(name, value)| !without.contains(&name.as_str()) && !empty(value));
    Value::Object(kept.collect()).to_string()
}
