//! When each poll of each source is asked: a pure structure that is told the time and says what is due and when to look again.
//! Not for: asking (see `runtime::poll`), reading a clock (time comes in as the length of the run so far).
//!
//! Three bounds keep one source from delaying another. A source has at most [`Limits::per_source`] polls in flight, and only
//! one while it is known not to answer. A source's first poll in flight waits for no other source; its further ones wait
//! while [`Limits::fresh`] polls are in their first [`Limits::patience`], and one that takes longer gives its place back, so
//! hanging sources cannot use the places up. In all at most [`Limits::in_all`] are in flight, which bounds sockets.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::time::Duration;

use crate::domain::{Failure, FailureKind, Kind, PollInfo, Shown, SourceInfo, SourceName};

/// Names one poll of one source within a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    /// Place of the source, in the order they were added.
    pub source: usize,
    /// Place of the poll in [`SourceInfo::polls`].
    pub poll: usize,
}

/// How much may be in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Polls in flight per source that answers.
    pub per_source: usize,
    /// Polls in their first `patience`, over all sources.
    pub fresh: usize,
    /// How long a poll counts as fresh.
    pub patience: Duration,
    /// Polls in flight over all sources.
    pub in_all: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { per_source: 4, fresh: 8, patience: Duration::from_secs(1), in_all: 256 }
    }
}

/// How much slower a poll runs while nothing it brings is on screen.
pub const HIDDEN_FACTOR: u32 = 4;
/// Longest wait after failures, unless the interval itself is longer.
pub const BACKOFF_CAP: Duration = Duration::from_secs(5 * 60);
/// The same after failures that asking again does not mend: sign-in, permission, configuration.
pub const STUBBORN_CAP: Duration = Duration::from_secs(15 * 60);
/// Longest `Retry-After` obeyed; a server that asks for more is asked once an hour.
pub const RETRY_AFTER_CAP: Duration = Duration::from_secs(60 * 60);
/// A person who keeps pressing refresh asks a poll no more often than this.
pub const REFRESH_FLOOR: Duration = Duration::from_secs(1);
/// Every wait is this share shorter or longer by chance, so that polls of one interval do not march in step.
pub const JITTER: f64 = 0.1;

const STUBBORN_FLOOR: Duration = Duration::from_secs(60);
const STAGGER: Duration = Duration::from_millis(3);
const STAGGER_IN_ALL: Duration = Duration::from_secs(1);
const SHORTEST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(7 * 86_400);
const FALLBACK: Duration = Duration::from_secs(15);

/// What to ask next, over all sources.
#[derive(Debug)]
pub struct Schedule {
    sources: Vec<SourceTurn>,
    queue: BinaryHeap<Reverse<Ticket>>,
    fresh: Vec<(Duration, Slot)>,
    crowded: VecDeque<Slot>,
    in_flight: usize,
    polls: usize,
    shown: Option<Shown>,
    limits: Limits,
    low_data: bool,
    rng: fastrand::Rng,
}

/// A place in the queue. Of two that are due together (after a `Retry-After`, say) the one goes first that was asked longer
/// ago, or a source that lets few through would never be asked for its last polls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Ticket {
    due: Duration,
    asked: Option<Duration>,
    slot: Slot,
    /// The newest of its poll is valid, earlier ones are void.
    number: u32,
}

#[derive(Debug)]
struct SourceTurn {
    name: SourceName,
    polls: Vec<PollTurn>,
    in_flight: usize,
    silent: bool,
    quiet_until: Duration,
    held: VecDeque<usize>,
}

#[derive(Debug)]
struct PollTurn {
    interval: Duration,
    sparing: bool,
    kinds: Vec<Kind>,
    numbers: bool,
    turn: Turn,
    ticket: u32,
    failures: u32,
    stubborn: bool,
    asked: Option<Duration>,
    done: Option<Duration>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// In the queue, due at this time.
    Waiting(Duration),
    /// Due, but there are as many in flight as may be, of its source or in all.
    Held,
    /// Asked and not back.
    InFlight,
}

impl Schedule {
    /// An empty schedule; `seed` decides the jitter.
    pub fn new(limits: Limits, seed: u64) -> Self {
        Self {
            sources: Vec::new(),
            queue: BinaryHeap::new(),
            fresh: Vec::new(),
            crowded: VecDeque::new(),
            in_flight: 0,
            polls: 0,
            shown: None,
            limits,
            low_data: false,
            rng: fastrand::Rng::with_seed(seed),
        }
    }

    /// Spares the line: everything four times slower, and what is not on screen once only, until it is.
    #[must_use]
    pub fn low_data(mut self, on: bool) -> Self {
        self.low_data = on;
        self
    }

    /// Adds sources; their polls are due at once, a few milliseconds apart, each source's first poll before any second one.
    pub fn add<'a>(&mut self, infos: impl ExactSizeIterator<Item = &'a SourceInfo>, now: Duration) {
        let count = u32::try_from(infos.len()).unwrap_or(u32::MAX).max(1);
        let step = STAGGER.min(STAGGER_IN_ALL / count);
        for (place, info) in (0..count).zip(infos) {
            let source = self.sources.len();
            let polls = info.polls.iter().map(|poll| PollTurn::new(poll, now, self.low_data)).collect();
            self.sources.push(SourceTurn {
                name: info.name.clone(),
                polls,
                in_flight: 0,
                silent: false,
                quiet_until: Duration::ZERO,
                held: VecDeque::new(),
            });
            for (row, poll) in (0u32..).zip(0..info.polls.len()) {
                let due = now + step.saturating_mul(place) + step.saturating_mul(count).saturating_mul(row).min(STAGGER_IN_ALL);
                self.wait(Slot { source, poll }, due);
                self.polls += 1;
            }
        }
    }

    /// A poll to ask now, which from here on is in flight until [`Self::completed`]; `None` if there is none yet.
    pub fn next(&mut self, now: Duration) -> Option<Slot> {
        self.make_room(now);
        while self.in_flight < self.limits.in_all {
            let Ticket { due, slot, .. } = self.first()?;
            if due > now {
                return None;
            }
            self.queue.pop();
            let quiet_until = self.sources[slot.source].quiet_until;
            if quiet_until > now {
                self.wait(slot, quiet_until);
                continue;
            }
            let may = self.may_fly(slot.source);
            let source = &mut self.sources[slot.source];
            let poll = &mut source.polls[slot.poll];
            if source.in_flight >= may {
                poll.turn = Turn::Held;
                source.held.push_back(slot.poll);
                continue;
            }
            if source.in_flight > 0 && self.fresh.len() >= self.limits.fresh {
                poll.turn = Turn::Held;
                self.crowded.push_back(slot);
                continue;
            }
            poll.turn = Turn::InFlight;
            poll.asked = Some(now);
            source.in_flight += 1;
            self.in_flight += 1;
            self.fresh.push((now, slot));
            return Some(slot);
        }
        None
    }

    /// When [`Self::next`] may have something again, unless something completes before; `None`: only then.
    pub fn wake_at(&mut self) -> Option<Duration> {
        if self.in_flight >= self.limits.in_all {
            return None;
        }
        let due = self.first().map(|ticket| ticket.due);
        let room = self.fresh.iter().map(|(at, _)| *at + self.limits.patience).min().filter(|_| !self.crowded.is_empty());
        due.into_iter().chain(room).min()
    }

    /// A poll came back. Returns when it is asked again.
    pub fn completed(&mut self, slot: Slot, now: Duration, outcome: Result<(), &Failure>) -> Duration {
        let flying = self.poll(slot).is_some_and(|poll| poll.turn == Turn::InFlight);
        debug_assert!(flying, "only a poll in flight can come back");
        if !flying {
            return now;
        }
        self.in_flight -= 1;
        self.fresh.retain(|(_, fresh)| *fresh != slot);
        let source = &mut self.sources[slot.source];
        source.in_flight -= 1;
        source.silent = outcome.is_err_and(|failure| matches!(failure.kind, FailureKind::Unreachable | FailureKind::Timeout));
        if let Some(wait) = outcome.err().and_then(|failure| failure.retry_after_s) {
            source.quiet_until = source.quiet_until.max(now + retry_after(wait));
        }
        let quiet_until = source.quiet_until;
        let poll = &mut source.polls[slot.poll];
        poll.done = Some(now);
        poll.failures = if outcome.is_ok() { 0 } else { poll.failures.saturating_add(1) };
        poll.stubborn = outcome.is_err_and(|failure| is_stubborn(failure.kind));
        let hidden = self.shown.as_ref().is_some_and(|shown| poll.is_hidden(shown));
        let pause = poll.pause(hidden).mul_f64(1.0 + JITTER * (self.rng.f64() * 2.0 - 1.0));
        let due = (now + pause).max(quiet_until);
        self.wait(slot, due);
        self.release(slot.source, now);
        due
    }

    /// This is on screen. What comes into sight is asked as soon as its own interval says so.
    pub fn show(&mut self, shown: impl Into<Shown>) {
        let shown = shown.into();
        if self.shown.as_ref() == Some(&shown) {
            return;
        }
        for source in 0..self.sources.len() {
            for poll in 0..self.sources[source].polls.len() {
                let turn = &self.sources[source].polls[poll];
                if let (Turn::Waiting(due), Some(done), false) = (turn.turn, turn.done, turn.is_hidden(&shown)) {
                    let sooner = (done + turn.pause(false)).max(self.sources[source].quiet_until);
                    if sooner < due.saturating_sub(turn.interval.mul_f64(JITTER)) {
                        self.wait(Slot { source, poll }, sooner);
                    }
                }
            }
        }
        self.shown = Some(shown);
    }

    /// Asks a source's polls (all sources if none is named) now; not those in flight, and not before a `Retry-After` is over.
    pub fn refresh(&mut self, name: Option<&SourceName>, now: Duration) {
        for source in 0..self.sources.len() {
            if name.is_some_and(|name| *name != self.sources[source].name) {
                continue;
            }
            for poll in 0..self.sources[source].polls.len() {
                let turn = &self.sources[source].polls[poll];
                if let Turn::Waiting(due) = turn.turn {
                    let floor = turn.asked.map_or(now, |asked| now.max(asked + REFRESH_FLOOR));
                    let sooner = floor.max(self.sources[source].quiet_until);
                    if sooner < due {
                        self.wait(Slot { source, poll }, sooner);
                    }
                }
            }
        }
    }

    /// How many are in flight.
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    fn poll(&self, slot: Slot) -> Option<&PollTurn> {
        self.sources.get(slot.source)?.polls.get(slot.poll)
    }

    fn may_fly(&self, source: usize) -> usize {
        if self.sources[source].silent { 1 } else { self.limits.per_source }
    }

    /// Puts a poll into the queue; its earlier ticket there, if any, is void.
    fn wait(&mut self, slot: Slot, due: Duration) {
        let poll = &mut self.sources[slot.source].polls[slot.poll];
        poll.turn = Turn::Waiting(due);
        poll.ticket = poll.ticket.wrapping_add(1);
        self.queue.push(Reverse(Ticket { due, asked: poll.asked, slot, number: poll.ticket }));
        if self.queue.len() > 64 + 4 * self.polls {
            let sources = &self.sources;
            self.queue.retain(|Reverse(ticket)| sources[ticket.slot.source].polls[ticket.slot.poll].ticket == ticket.number);
        }
    }

    /// The first valid ticket; void ones before it are thrown away.
    fn first(&mut self) -> Option<Ticket> {
        loop {
            let Reverse(ticket) = *self.queue.peek()?;
            if self.poll(ticket.slot).is_some_and(|poll| poll.ticket == ticket.number) {
                return Some(ticket);
            }
            self.queue.pop();
        }
    }

    /// Lets polls of a source that wait for its other polls go on.
    fn release(&mut self, source: usize, now: Duration) {
        let free = self.may_fly(source).saturating_sub(self.sources[source].in_flight);
        for _ in 0..free {
            let Some(poll) = self.sources[source].held.pop_front() else { return };
            self.wait(Slot { source, poll }, now);
        }
    }

    /// Forgets that slow polls were fresh, and lets those that waited for room go on.
    fn make_room(&mut self, now: Duration) {
        let patience = self.limits.patience;
        self.fresh.retain(|(asked, _)| *asked + patience > now);
        for _ in self.fresh.len()..self.limits.fresh {
            let Some(slot) = self.crowded.pop_front() else { return };
            self.wait(slot, now);
        }
    }
}

impl PollTurn {
    fn new(poll: &PollInfo, now: Duration, low_data: bool) -> Self {
        let interval = Duration::try_from_secs_f64(poll.every_s).ok().filter(|every| !every.is_zero()).unwrap_or(FALLBACK);
        Self {
            interval: interval.saturating_mul(if low_data { HIDDEN_FACTOR } else { 1 }).clamp(SHORTEST, LONGEST),
            sparing: low_data,
            kinds: poll.kinds.clone(),
            numbers: poll.numbers,
            turn: Turn::Waiting(now),
            ticket: 0,
            failures: 0,
            stubborn: false,
            asked: None,
            done: None,
        }
    }

    /// Whether it may slow down: alerts never do, nor does a poll that does not say what it brings (readings).
    fn is_hidden(&self, shown: &Shown) -> bool {
        let unseen = !self.kinds.iter().any(|kind| *kind == Kind::Alert || shown.kinds.contains(kind));
        !self.kinds.is_empty() && (unseen || self.numbers && !shown.numbers)
    }

    /// From one completion to the next question, before jitter.
    fn pause(&self, hidden: bool) -> Duration {
        let pace = match (hidden, self.sparing) {
            (false, _) => self.interval,
            (true, false) => self.interval.saturating_mul(HIDDEN_FACTOR),
            (true, true) => LONGEST,
        };
        let doubled = |more: u32| {
            let times = (self.failures.saturating_sub(1)).saturating_add(more);
            self.interval.saturating_mul(1u32.checked_shl(times).unwrap_or(u32::MAX))
        };
        match (self.failures, self.stubborn) {
            (0, _) => pace,
            (_, false) => pace.max(doubled(0).min(BACKOFF_CAP)),
            (_, true) => pace.max(doubled(2).clamp(STUBBORN_FLOOR, STUBBORN_CAP)),
        }
    }
}

fn is_stubborn(kind: FailureKind) -> bool {
    matches!(kind, FailureKind::Auth | FailureKind::Denied | FailureKind::Config | FailureKind::Unsupported)
}

/// A `Retry-After` as a wait that is obeyed.
pub(super) fn retry_after(seconds: f64) -> Duration {
    if seconds.is_nan() || seconds <= 0.0 {
        return Duration::ZERO;
    }
    Duration::try_from_secs_f64(seconds).unwrap_or(RETRY_AFTER_CAP).min(RETRY_AFTER_CAP)
}
