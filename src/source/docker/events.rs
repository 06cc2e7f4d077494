//! The engine's event stream: every start, end, pause and change of health becomes a batch within a moment.
//! Not for: reconnecting (see `runtime`), what was before the stream (see `poll`), but for a first sight of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::stream::{self, StreamExt};
use tokio::time::{Instant, timeout_at};

use crate::domain::{Batch, EntityId, Failure, FailureKind, Kind, RowProblem, Scope, Timestamp};
use crate::source::Flow;
use crate::source::http::{ByteStream, Request, StreamLimits};

use super::answers::EngineEvent;
use super::engine::{Dialect, Engine};
use super::poll;

/// Events closer together than this make one batch.
const BURST: Duration = Duration::from_millis(100);
/// Containers that one batch inspects at most; the rest follow in the next one.
const MAX_BURST: usize = 256;
/// The longest event: labels of a container are part of it.
const MAX_EVENT: usize = 1024 * 1024;
/// What is asked for. Health checks also make exec events, several a second, which must not be asked for.
const ACTIONS: [&str; 12] =
    ["create", "start", "die", "stop", "kill", "oom", "restart", "pause", "unpause", "destroy", "rename", "health_status"];
/// Podman's words for the same.
const PODMAN_ACTIONS: [&str; 3] = ["died", "remove", "init"];

/// Follows the stream; ends with the failure of its ending.
pub fn follow(engine: Arc<Engine>) -> Flow<Batch> {
    Box::pin(stream::unfold(Follower::Before(engine), |follower| async {
        let mut reader = match follower {
            Follower::Before(engine) => match Reader::open(engine).await {
                Ok(reader) => reader,
                Err(failure) => return Some((Err(failure), Follower::Over)),
            },
            Follower::Reading(reader) => reader,
            Follower::Over => return None,
        };
        match reader.batch().await {
            Ok(batch) => Some((Ok(batch), Follower::Reading(reader))),
            Err(failure) => {
                reader.engine.forget_dialect();
                Some((Err(failure), Follower::Over))
            }
        }
    }))
}

enum Follower {
    Before(Arc<Engine>),
    Reading(Box<Reader>),
    Over,
}

struct Reader {
    engine: Arc<Engine>,
    dialect: Arc<Dialect>,
    body: ByteStream,
    buffer: Vec<u8>,
    path: String,
    seen: bool,
}

impl Reader {
    async fn open(engine: Arc<Engine>) -> Result<Box<Self>, Failure> {
        let dialect = engine.dialect().await?;
        let path = dialect.path("/events");
        let request = Request::get(path.as_str()).query("filters", filters(&dialect));
        let body = engine.http.stream(request, StreamLimits::default()).await?;
        let seen = !engine.ledger().is_empty();
        Ok(Box::new(Self { engine, dialect, body, buffer: Vec::new(), path, seen }))
    }

    /// Waits for an event, gathers those right behind it, and tells what became of their containers. When nothing is known yet,
    /// the list as it stands comes first: the poll's has every container inspected, and is there only when a hundred of them are.
    async fn batch(&mut self) -> Result<Batch, Failure> {
        if !std::mem::replace(&mut self.seen, true)
            && let Ok(batch) = poll::first_sight(&self.engine, present()).await
        {
            return Ok(batch);
        }
        let mut events = Vec::new();
        while events.is_empty() {
            let piece = self.body.next().await;
            self.take(piece, &mut events)?;
        }
        let deadline = Instant::now() + BURST;
        while events.len() < MAX_BURST {
            match timeout_at(deadline, self.body.next()).await {
                Ok(piece) => self.take(piece, &mut events)?,
                Err(_) => break,
            }
        }
        self.settle(events).await
    }

    fn take(&mut self, piece: Option<Result<Vec<u8>, Failure>>, events: &mut Vec<EngineEvent>) -> Result<(), Failure> {
        let doing = || format!("GET {}", self.engine.http.place().shown(&self.path));
        match piece {
            Some(piece) => self.buffer.extend(piece?),
            None => return Err(Failure::new(FailureKind::Unreachable, doing(), "the engine closed its event stream")),
        }
        let mut rest = self.buffer.as_slice();
        while let Some(end) = memchr::memchr(b'\n', rest) {
            // 0x1e begins a record of json-seq, which API 1.52 may send
            let line = rest[..end].trim_ascii();
            let line = line.strip_prefix(&[0x1e]).unwrap_or(line);
            if let Ok(event) = serde_json::from_slice::<EngineEvent>(line)
                && let Some(event) = wanted(event)
            {
                events.push(event);
            }
            rest = &rest[end + 1..];
        }
        let read = self.buffer.len() - rest.len();
        self.buffer.drain(..read);
        if self.buffer.len() > MAX_EVENT {
            return Err(Failure::new(FailureKind::TooLarge, doing(), format!("an event is larger than {MAX_EVENT} bytes")));
        }
        Ok(())
    }

    async fn settle(&mut self, events: Vec<EngineEvent>) -> Result<Batch, Failure> {
        let now = events.iter().map(EngineEvent::at).max().unwrap_or_default();
        let mut changed: BTreeSet<String> = BTreeSet::new();
        let mut batch = Batch { scope: Scope::Part, ..Batch::default() };
        {
            let mut ledger = self.engine.ledger();
            for event in events {
                ledger.heard(&event);
                if event.action == "destroy" {
                    changed.remove(&event.actor.id);
                    ledger.gone(&event.actor.id);
                    batch.gone.push(self.id(&event.actor.id));
                } else {
                    changed.insert(event.actor.id);
                }
            }
        }
        for (id, outcome) in self.engine.inspect_all(changed.into_iter().collect()).await {
            match outcome {
                Ok(Some(facts)) => {
                    self.engine.ledger().told(&id, facts);
                    self.tell(&id, now, &mut batch);
                }
                Ok(None) => {
                    self.engine.ledger().gone(&id);
                    batch.gone.push(self.id(&id));
                }
                Err(failure) if failure.kind == FailureKind::Unreachable => return Err(failure),
                Err(failure) => {
                    batch.problems.push(RowProblem { path: format!("containers/{id}").into(), message: failure.detail });
                }
            }
        }
        Ok(batch)
    }

    fn tell(&self, id: &str, now: Timestamp, batch: &mut Batch) {
        let (stamp, mut ledger) = (&self.engine.stamp, self.engine.ledger());
        batch.entities.extend(ledger.makings().get(id).map(|making| stamp.change(id, making, now)));
        if let Some((known, verdict)) = ledger.judge(id, now) {
            batch.entities.push(stamp.workload(id, known, verdict, &self.dialect.runtime, now));
        }
    }

    fn id(&self, id: &str) -> EntityId {
        EntityId::new(&self.engine.stamp.source, Kind::Workload, id)
    }
}

/// No event came yet whose time could be taken.
fn present() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_ms(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// What the engine is asked for. Podman filters by its own words, some of which older versions do not know, so there only the type
/// is asked for.
fn filters(dialect: &Dialect) -> String {
    let mut filters = BTreeMap::from([("type", vec!["container"])]);
    if dialect.libpod.is_none() {
        filters.insert("event", ACTIONS.to_vec());
    }
    serde_json::to_string(&filters).unwrap_or_default()
}

/// Events about containers that say something about their state; the action without what stands behind its colon
/// (`health_status: unhealthy`), in Docker's words.
fn wanted(mut event: EngineEvent) -> Option<EngineEvent> {
    let action = event.action.split(':').next().unwrap_or_default();
    let known = ACTIONS.contains(&action) || PODMAN_ACTIONS.contains(&action);
    if event.kind != "container" || !known || event.actor.id.is_empty() {
        return None;
    }
    event.action = match action {
        "died" => "die",
        "remove" => "destroy",
        other => other,
    }
    .to_owned();
    Some(event)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changes_a_containers_state_is_wanted_in_either_engines_words() {
        for (kind, action, said) in [
            ("container", "die", Some("die")),
            ("container", "died", Some("die")),
            ("container", "remove", Some("destroy")),
            ("container", "health_status: unhealthy", Some("health_status")),
            ("container", "exec_create: /bin/sh -c true", None),
            ("container", "sync", None),
            ("container", "cleanup", None),
            ("image", "remove", None),
        ] {
            let json = serde_json::json!({ "Type": kind, "Action": action, "Actor": { "ID": "a", "Attributes": null } });
            let event = wanted(serde_json::from_value(json).unwrap());
            assert_eq!(event.as_ref().map(|event| event.action.as_str()), said, "{kind} {action}");
        }
    }
}
