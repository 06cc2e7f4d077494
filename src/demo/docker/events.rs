//! `GET /events`: what happens to containers, one JSON object per line, from an instant on and up to one.
//! Not for: why it happens (see `world::containers`).

use std::collections::BTreeSet;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::demo::docker::{Filters, body, filters, has_labels, logs, passes};
use crate::demo::stamp;
use crate::demo::system::{Feed, Piece, Reply, Request};
use crate::demo::world::{ContainerEvent, Life, World};
use crate::domain::Timestamp;

/// How late an event may be told, story seconds: that a container is replaced is known once the new one is there.
const LATE_S: f64 = 3.0;

/// Answers it.
pub fn answer(world: &World, request: &Request) -> Reply {
    let asked = (logs::instant(request, "since"), logs::instant(request, "until"), filters(request));
    let (since, until, wanted) = match asked {
        (Ok(since), Ok(until), Ok(wanted)) => (since, until, wanted),
        (Err(complaint), ..) | (_, Err(complaint), _) | (.., Err(complaint)) => return complaint,
    };
    let since = since.unwrap_or(world.now());
    Reply::feed("application/json", Stream { since, seen: since, until, wanted, told: BTreeSet::new() })
}

/// Events as they happen.
#[derive(Debug)]
struct Stream {
    since: Timestamp,
    seen: Timestamp,
    until: Option<Timestamp>,
    wanted: Filters,
    /// What was told of the last seconds: instant, container and action.
    told: BTreeSet<(Timestamp, String, String)>,
}

impl Feed for Stream {
    fn next(&mut self, world: &World) -> Piece {
        // the world tells what comes after an instant; the engine tells what happens at it too
        let from = self.seen.plus(-world.clock().wall_s(LATE_S)).max(self.since.plus(-0.001));
        self.seen = world.now().max(self.seen);
        self.told.retain(|(at, ..)| *at > from);
        let mut lines = String::new();
        for event in world.container_events(from) {
            let key = (event.at, event.id.clone(), action(event.what));
            if self.until.is_some_and(|until| event.at > until) || !self.told.insert(key) {
                continue;
            }
            if let Some(value) = told(world, &event, &self.wanted) {
                lines.push_str(&value.to_string());
                lines.push('\n');
            }
        }
        let bytes = Bytes::from(lines);
        match (self.until.is_some_and(|until| until <= world.now()), bytes.is_empty()) {
            (true, _) => Piece::Last(bytes),
            (false, true) => Piece::Nothing,
            (false, false) => Piece::Bytes(bytes),
        }
    }
}

/// An event as the engine writes it, if the filters let it pass.
fn told(world: &World, event: &ContainerEvent, wanted: &Filters) -> Option<Value> {
    let action = action(event.what);
    let version = event.image.rsplit(':').next().unwrap_or_default();
    let deploy = world.deploys(event.service).into_iter().find(|deploy| deploy.version == version);
    let labels = body::labels(event.service, version, deploy.as_ref().map_or("", |deploy| &deploy.sha));
    let let_through = passes(wanted, "type", |kind| kind == "container")
        && passes(wanted, "event", |name| action.starts_with(name))
        && passes(wanted, "container", |asked| event.id.starts_with(asked) || event.name == asked)
        && passes(wanted, "image", |image| event.image.starts_with(image))
        && has_labels(wanted, &labels);
    if !let_through {
        return None;
    }
    let mut attributes: Map<String, Value> = labels.into_iter().map(|(name, value)| (name, Value::String(value))).collect();
    attributes.insert("image".to_owned(), Value::from(event.image.as_str()));
    attributes.insert("name".to_owned(), Value::from(event.name.as_str()));
    match event.what {
        Life::Died(code) => attributes.insert("exitCode".to_owned(), Value::from(code.to_string())),
        Life::Signalled(signal) => attributes.insert("signal".to_owned(), Value::from(signal.to_string())),
        _ => None,
    };
    let nanos = stamp::epoch_nanos(event.at, &event.id);
    Some(json!({
        "status": action,
        "id": event.id,
        "from": event.image,
        "Type": "container",
        "Action": action,
        "Actor": {"ID": event.id, "Attributes": attributes},
        "scope": "local",
        "time": nanos / 1_000_000_000,
        "timeNano": nanos
    }))
}

fn action(what: Life) -> String {
    match what {
        Life::Created => "create".to_owned(),
        Life::Started => "start".to_owned(),
        Life::Signalled(_) => "kill".to_owned(),
        Life::OutOfMemory => "oom".to_owned(),
        Life::Died(_) => "die".to_owned(),
        Life::Stopped => "stop".to_owned(),
        Life::Restarted => "restart".to_owned(),
        Life::Paused => "pause".to_owned(),
        Life::Unpaused => "unpause".to_owned(),
        Life::Checked(health) => format!("health_status: {}", body::word(health)),
        Life::Destroyed => "destroy".to_owned(),
    }
}
