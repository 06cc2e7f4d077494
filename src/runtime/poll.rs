//! Asks the sources when the schedule says so and tells what came back.
//! Not for: deciding when (see `runtime::schedule`), what a source tells unasked (see `runtime::listen`).

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::clock::Clock;
use super::guard::guarded;
use super::listen;
use super::schedule::{Limits, Schedule, Slot};
use crate::domain::{Batch, Failure, FailureKind, Shown, SourceName};
use crate::msg::{Fetched, Msg};
use crate::source::Source;

/// How polling is bounded.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// How much may be in flight.
    pub limits: Limits,
    /// Longest time one poll may take with all its pages; the sources' own timeouts are shorter.
    pub deadline: Duration,
    /// Spares the line; see [`Schedule::low_data`].
    pub low_data: bool,
    /// Decides the jitter.
    pub seed: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { limits: Limits::default(), deadline: Duration::from_secs(120), low_data: false, seed: fastrand::u64(..) }
    }
}

/// What the loop wants of the poller. Wishes add up until the poller reads them, so a wish is never lost and none is queued.
#[derive(Clone, Default)]
pub struct Wishes(Arc<Board>);

#[derive(Default)]
struct Board {
    open: Mutex<Open>,
    bell: Notify,
}

#[derive(Default)]
struct Open {
    refresh_all: bool,
    refresh: BTreeSet<SourceName>,
    show: Option<Shown>,
    add: Vec<Arc<dyn Source>>,
}

impl Wishes {
    /// Ask a source (all of them if none is named) now.
    pub fn refresh(&self, source: Option<SourceName>) {
        self.write(|open| match source {
            Some(name) => drop(open.refresh.insert(name)),
            None => open.refresh_all = true,
        });
    }

    /// This is on screen.
    pub fn show(&self, shown: Shown) {
        self.write(|open| open.show = Some(shown));
    }

    /// Poll these as well, and listen to them.
    pub fn add(&self, sources: impl IntoIterator<Item = Arc<dyn Source>>) {
        self.write(|open| open.add.extend(sources));
    }

    fn write(&self, wish: impl FnOnce(&mut Open)) {
        wish(&mut self.0.open.lock().unwrap_or_else(PoisonError::into_inner));
        self.0.bell.notify_one();
    }

    fn take(&self) -> Open {
        std::mem::take(&mut *self.0.open.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Starts polling on the current tokio runtime; it ends when `out` is closed. Sources come by [`Wishes::add`].
pub fn start(out: mpsc::Sender<Msg>, clock: Clock, bounds: Bounds) -> Wishes {
    let wishes = Wishes::default();
    let poller = Poller {
        schedule: Schedule::new(bounds.limits, bounds.seed).low_data(bounds.low_data),
        sources: Vec::new(),
        flights: JoinSet::new(),
        out,
        clock,
        deadline: bounds.deadline,
        wishes: wishes.clone(),
        start: Instant::now(),
    };
    tokio::spawn(poller.run());
    wishes
}

struct Poller {
    schedule: Schedule,
    sources: Vec<Arc<dyn Source>>,
    flights: JoinSet<Landed>,
    out: mpsc::Sender<Msg>,
    clock: Clock,
    deadline: Duration,
    wishes: Wishes,
    start: Instant,
}

struct Landed {
    slot: Slot,
    latency: Duration,
    outcome: Result<Batch, Failure>,
}

impl Poller {
    async fn run(mut self) {
        let out = self.out.clone();
        let wishes = self.wishes.clone();
        loop {
            self.grant();
            while let Some(slot) = self.schedule.next(self.start.elapsed()) {
                if !self.ask(slot).await {
                    return;
                }
            }
            let wake = self.schedule.wake_at().map(|at| self.start + at);
            tokio::select! {
                biased;
                () = out.closed() => return,
                () = wishes.0.bell.notified() => {}
                Some(Ok(landed)) = self.flights.join_next() => {
                    if !self.land(landed).await {
                        return;
                    }
                }
                () = tokio::time::sleep_until(wake.unwrap_or(self.start)), if wake.is_some() => {}
            }
        }
    }

    fn grant(&mut self) {
        let open = self.wishes.take();
        let now = self.start.elapsed();
        if !open.add.is_empty() {
            self.schedule.add(open.add.iter().map(|source| &**source.info()), now);
            for source in open.add {
                listen::start(source.clone(), self.out.clone(), self.clock.clone(), self.wishes.clone());
                self.sources.push(source);
            }
        }
        if let Some(shown) = open.show {
            self.schedule.show(shown);
        }
        if open.refresh_all {
            self.schedule.refresh(None, now);
        }
        for name in &open.refresh {
            self.schedule.refresh(Some(name), now);
        }
    }

    async fn ask(&mut self, slot: Slot) -> bool {
        let source = self.sources[slot.source].clone();
        let info = source.info();
        let poll = info.polls[slot.poll].id.clone();
        let said = Msg::Asked { source: info.name.clone(), poll: poll.clone() };
        let (now, deadline) = (self.clock.now(), self.deadline);
        self.flights.spawn(async move {
            let asked = Instant::now();
            let doing = format!("poll {poll} of {}", source.info().name);
            let work = tokio::time::timeout(deadline, guarded(&doing, async { source.poll(&poll, now).await }));
            let outcome = work.await.unwrap_or_else(|_| {
                let detail = format!("no end after {} s", deadline.as_secs());
                Err(Failure::new(FailureKind::Timeout, doing.as_str(), detail))
            });
            Landed { slot, latency: asked.elapsed(), outcome }
        });
        self.out.send(said).await.is_ok()
    }

    async fn land(&mut self, landed: Landed) -> bool {
        let Landed { slot, latency, outcome } = landed;
        let source = &self.sources[slot.source];
        let (info, now, at) = (source.info(), self.start.elapsed(), self.clock.now());
        let next = self.schedule.completed(slot, now, outcome.as_ref().map(|_| ()));
        if let Err(failure) = &outcome {
            tracing::warn!(source = %info.name, poll = %info.polls[slot.poll].id, kind = failure.kind.word(), "{failure}");
        }
        let fetched = Fetched {
            source: info.name.clone(),
            poll: info.polls[slot.poll].id.clone(),
            at,
            latency_ms: u32::try_from(latency.as_millis()).unwrap_or(u32::MAX),
            next_at: at.plus(next.saturating_sub(now).as_secs_f64()),
            spent: source.spent(),
            outcome,
        };
        self.out.send(Msg::Fetched(Box::new(fetched))).await.is_ok()
    }
}
