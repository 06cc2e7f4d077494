//! Asking every source once: each poll of a source after the other, the sources beside each other, all of it bounded in time.
//! Not for: asking again and again (see `runtime::poll`), printing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use serde::Serialize;

use crate::config::Config;
use crate::domain::{Entity, Failure, FailureKind, PollInfo, Timestamp};
use crate::msg::Fetched;
use crate::source::Source;
use crate::store::{PollState, Standing, Store, is_standing};

use super::age::now;
use super::seat::{self, Seat};

/// Sources asked beside each other.
const BESIDE: usize = 16;

/// What all sources said.
#[derive(Debug, Serialize)]
pub struct Gathered {
    /// When the asking ended.
    pub at: Timestamp,
    /// How each source did, as configured.
    pub sources: Vec<SourceReport>,
    /// Everything they brought, by id.
    pub entities: Vec<Arc<Entity>>,
    /// Configured checks whose dataset or reading none of them brought.
    #[serde(skip)]
    pub unmet: Vec<String>,
}

/// How a source did.
#[derive(Debug, Serialize)]
pub struct SourceReport {
    /// Its name.
    pub name: String,
    /// What it is.
    pub connector: String,
    /// How it did.
    pub status: Status,
    /// Milliseconds of its slowest poll; `null` if it was never asked.
    pub latency_ms: Option<u32>,
    /// Why not all is well; `null` if it is.
    pub error: Option<ErrorReport>,
}

/// How a source did, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Every poll answered.
    Ok,
    /// Every poll answered, but some rows could not be read.
    Partial,
    /// Some polls answered.
    Degraded,
    /// No poll answered, or it could not be made.
    Failed,
}

impl Status {
    /// The word in tables and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Partial => "partial",
            Self::Degraded => "degraded",
            Self::Failed => "failed",
        }
    }
}

/// Why not all is well with a source.
#[derive(Debug, Serialize)]
pub struct ErrorReport {
    /// Coarse kind: `unreachable`, `auth`, …
    pub kind: FailureKind,
    /// What was being done to whom, and what happened.
    pub message: String,
    /// What to do; may be empty.
    pub hint: String,
}

impl From<&Failure> for ErrorReport {
    fn from(failure: &Failure) -> Self {
        Self { kind: failure.kind, message: failure.to_string(), hint: failure.hint.as_str().to_owned() }
    }
}

/// Asks every source once; none may take longer than `limit` in all.
pub async fn gather(seats: &[Seat], config: &Config, limit: Duration) -> Gathered {
    gather_some(seats, config, limit, |_| true).await
}

/// The same, of those polls only.
pub async fn gather_some(seats: &[Seat], config: &Config, limit: Duration, wanted: impl Fn(&str) -> bool + Copy) -> Gathered {
    let mut store = Store::default();
    store.expect(seat::expected(config));
    store.expect_of_models(seat::expected_of_models(config));
    let sources: Vec<&Arc<dyn Source>> = seats.iter().filter_map(|seat| seat.source.as_ref().ok()).collect();
    store.configure(sources.iter().map(|source| Arc::clone(source.info())).collect(), now());
    let asking = sources.into_iter().map(|source| ask_all(source.as_ref(), limit, wanted));
    let mut answers = stream::iter(asking).buffer_unordered(BESIDE);
    while let Some(fetched) = answers.next().await {
        for fetched in fetched {
            store.merge(fetched);
        }
    }
    drop(answers);
    let sources = seats.iter().map(|seat| report(seat, &store)).collect();
    // that a source answers stands in `sources`, not among what it brought
    let mut entities: Vec<Arc<Entity>> = store.entities.all().filter(|entity| !is_standing(entity)).cloned().collect();
    entities.sort_by(|a, b| a.id.cmp(&b.id));
    let unmet = store.unmet();
    Gathered { at: now(), sources, entities, unmet }
}

/// Every poll of a source, in its order.
async fn ask_all(source: &dyn Source, limit: Duration, wanted: impl Fn(&str) -> bool) -> Vec<Fetched> {
    ask(source, source.info().polls.iter().filter(|poll| wanted(poll.id.as_str())), limit).await
}

/// Some polls of a source, in their order.
pub async fn ask<'a>(source: &dyn Source, polls: impl Iterator<Item = &'a PollInfo>, limit: Duration) -> Vec<Fetched> {
    let begun = Instant::now();
    let mut fetched = Vec::new();
    for poll in polls {
        let asked = Instant::now();
        let left = limit.saturating_sub(begun.elapsed());
        let outcome = match tokio::time::timeout(left, source.poll(&poll.id, now())).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Failure::new(
                FailureKind::Timeout,
                format!("asking {} for {}", source.info().name, poll.id),
                format!("not done within {} s", limit.as_secs_f64()),
            )
            .hint("--timeout may be raised")),
        };
        let latency_ms = u32::try_from(asked.elapsed().as_millis()).unwrap_or(u32::MAX);
        let at = now();
        let source_name = source.info().name.clone();
        fetched.push(Fetched { source: source_name, poll: poll.id.clone(), at, latency_ms, next_at: at, spent: source.spent(), outcome });
    }
    fetched
}

fn report(seat: &Seat, store: &Store) -> SourceReport {
    let state = store.sources.get(seat.name());
    let (status, error) = match (&seat.source, state) {
        (Err(failure), _) => (Status::Failed, Some(failure.into())),
        (Ok(_), None) => (Status::Ok, None),
        (Ok(_), Some(state)) => match state.standing() {
            Standing::Answers | Standing::Waiting => (Status::Ok, None),
            Standing::Partly => (Status::Partial, unread(state.polls.values())),
            Standing::Degraded => (Status::Degraded, state.failure().map(Into::into)),
            Standing::Fails => (Status::Failed, state.failure().map(Into::into)),
        },
    };
    let latency_ms = state.and_then(|state| state.polls.values().filter_map(|poll| poll.latency_ms).max());
    SourceReport { name: seat.name().to_owned(), connector: seat.connector().to_owned(), status, latency_ms, error }
}

/// The rows that could not be read, the first one in full.
fn unread<'a>(polls: impl Iterator<Item = &'a PollState>) -> Option<ErrorReport> {
    let problems: Vec<_> = polls.flat_map(|poll| &poll.problems).collect();
    let first = problems.first()?;
    let message = format!("{} rows could not be read; the first: {}: {}", problems.len(), first.path, first.message);
    Some(ErrorReport { kind: FailureKind::BadShape, message, hint: String::new() })
}
