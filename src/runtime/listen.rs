//! Reads what sources tell unasked, one task per source, and connects again when a stream ends.
//! Not for: polls (see `runtime::poll`), logs (see `runtime::effects`).

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::clock::Clock;
use super::guard::{guarded, guarded_call};
use super::poll::Wishes;
use super::schedule::retry_after;
use crate::domain::{Batch, Failure, PollId};
use crate::msg::{Fetched, Msg};
use crate::source::Source;

/// The poll id under which events come as `Msg::Fetched`; no connector names a poll so.
pub const EVENTS: &str = "events";

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// A stream that lived this long was a good one; the next pause is the first again.
const GOOD: Duration = Duration::from_secs(10);

/// Listens to `source`, if it tells anything unasked, until `out` is closed. After a gap its polls are asked at once, since
/// what happened meanwhile was not told; not after every failed attempt, which would defeat their backoff.
pub fn start(source: Arc<dyn Source>, out: mpsc::Sender<Msg>, clock: Clock, wishes: Wishes) {
    let Some(Some(first)) = guarded_call(|| source.events()) else { return };
    tokio::spawn(async move {
        let closed = out.clone();
        tokio::select! {
            () = closed.closed() => {}
            () = listen(source, first, out, clock, wishes) => {}
        }
    });
}

async fn listen(source: Arc<dyn Source>, first: crate::source::Flow<Batch>, out: mpsc::Sender<Msg>, clock: Clock, wishes: Wishes) {
    let doing = format!("events of {}", source.info().name);
    let mut flow = first;
    let mut pause = FIRST_PAUSE;
    loop {
        let since = Instant::now();
        let failure = loop {
            let item = guarded(&doing, async { flow.next().await.transpose() }).await;
            match item {
                Ok(Some(batch)) => {
                    if !tell(&source, &out, &clock, Duration::ZERO, Ok(batch)).await {
                        return;
                    }
                }
                Ok(None) => break None,
                Err(failure) => break Some(failure),
            }
        };
        let good = since.elapsed() >= GOOD;
        pause = if good { FIRST_PAUSE } else { pause };
        let mut wait = pause.mul_f64(0.9 + 0.2 * fastrand::f64());
        pause = (pause * 2).min(LONGEST_PAUSE);
        if let Some(failure) = failure {
            wait = wait.max(failure.retry_after_s.map_or(Duration::ZERO, retry_after));
            tracing::warn!(source = %source.info().name, kind = failure.kind.word(), "{failure}");
            if !tell(&source, &out, &clock, wait, Err(failure)).await {
                return;
            }
        }
        tokio::time::sleep(wait).await;
        match guarded_call(|| source.events()) {
            Some(Some(again)) => flow = again,
            _ => return,
        }
        if good {
            wishes.refresh(Some(source.info().name.clone()));
        }
    }
}

async fn tell(source: &Arc<dyn Source>, out: &mpsc::Sender<Msg>, clock: &Clock, wait: Duration, outcome: Result<Batch, Failure>) -> bool {
    let at = clock.now();
    let fetched = Fetched {
        source: source.info().name.clone(),
        poll: PollId::from(EVENTS),
        at,
        latency_ms: 0,
        next_at: at.plus(wait.as_secs_f64()),
        spent: source.spent(),
        outcome,
    };
    out.send(Msg::Fetched(Box::new(fetched))).await.is_ok()
}
