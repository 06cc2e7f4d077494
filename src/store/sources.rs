//! How each source is doing: what it answered when, why it does not, and what it spends.
//! Not for: what it brought (see `entities`, `readings`).

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::domain::{Cost, Failure, PollId, RowProblem, SourceInfo, SourceName, Timestamp};
use crate::msg::Fetched;

/// Seconds over which spending is averaged.
const SPENDING_WINDOW_S: f64 = 60.0;

/// The sources, by name.
#[derive(Debug, Default, Clone)]
pub struct Sources {
    known: BTreeMap<SourceName, SourceState>,
}

/// One source.
#[derive(Debug, Clone)]
pub struct SourceState {
    /// What is known before it answers; absent when it could not even be made.
    pub info: Option<Arc<SourceInfo>>,
    /// Its name.
    pub name: SourceName,
    /// Why it could not be made.
    pub broken: Option<Failure>,
    /// Its polls.
    pub polls: BTreeMap<PollId, PollState>,
    spending: VecDeque<(Timestamp, Cost)>,
}

/// One poll of a source.
#[derive(Debug, Default, Clone)]
pub struct PollState {
    /// Waiting for an answer.
    pub in_flight: bool,
    /// When it last answered well.
    pub answered_at: Option<Timestamp>,
    /// Why the newest attempt failed.
    pub failure: Option<Failure>,
    /// Since when attempts fail.
    pub failing_since: Option<Timestamp>,
    /// Rows that the newest answer held and we could not read.
    pub problems: Vec<RowProblem>,
    /// Milliseconds the newest attempt took.
    pub latency_ms: Option<u32>,
    /// When it is asked next.
    pub next_at: Option<Timestamp>,
}

/// How a source is doing, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Every poll's newest attempt went well.
    Answers,
    /// Some rows of its answers could not be read.
    Partly,
    /// Some polls fail, others do not.
    Degraded,
    /// Nothing came back yet.
    Waiting,
    /// Every poll fails, or it could not be made.
    Fails,
}

impl Standing {
    /// The word shown.
    pub fn word(self) -> &'static str {
        match self {
            Self::Answers => "answers",
            Self::Partly => "partly read",
            Self::Degraded => "degraded",
            Self::Waiting => "waiting",
            Self::Fails => "fails",
        }
    }

    /// Something of it is fresh.
    pub fn answers(self) -> bool {
        matches!(self, Self::Answers | Self::Partly | Self::Degraded)
    }
}

impl Sources {
    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = &SourceState> {
        self.known.values()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// There are none.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// The one of that name.
    pub fn get(&self, name: &str) -> Option<&SourceState> {
        self.known.get(&SourceName::from(name))
    }

    /// Takes the list of sources; what is known of those that stay is kept.
    pub fn configure(&mut self, infos: Vec<Arc<SourceInfo>>) {
        for info in infos {
            let state = self.entry(&info.name);
            for poll in &info.polls {
                state.polls.entry(poll.id.clone()).or_default();
            }
            state.info = Some(info);
        }
    }

    /// A source that could not be made.
    pub fn misconfigure(&mut self, name: &SourceName, failure: Failure) {
        self.entry(name).broken = Some(failure);
    }

    /// A poll was sent.
    pub fn asked(&mut self, source: &SourceName, poll: &PollId) {
        self.entry(source).polls.entry(poll.clone()).or_default().in_flight = true;
    }

    /// A poll came back.
    pub fn note(&mut self, fetched: &Fetched) {
        let state = self.entry(&fetched.source);
        state.spending.push_back((fetched.at, fetched.spent));
        while state.spending.len() > 2 && state.spending.get(1).is_some_and(|(at, _)| fetched.at.since(*at) > SPENDING_WINDOW_S) {
            state.spending.pop_front();
        }
        let poll = state.polls.entry(fetched.poll.clone()).or_default();
        poll.in_flight = false;
        poll.latency_ms = Some(fetched.latency_ms);
        poll.next_at = Some(fetched.next_at);
        match &fetched.outcome {
            Ok(batch) => {
                poll.answered_at = Some(fetched.at);
                poll.failure = None;
                poll.failing_since = None;
                if batch.scope != crate::domain::Scope::Unchanged {
                    poll.problems.clone_from(&batch.problems);
                }
            }
            Err(failure) => {
                poll.failing_since.get_or_insert(fetched.at);
                poll.failure = Some(failure.clone());
            }
        }
    }

    fn entry(&mut self, name: &SourceName) -> &mut SourceState {
        self.known.entry(name.clone()).or_insert_with(|| SourceState {
            info: None,
            name: name.clone(),
            broken: None,
            polls: BTreeMap::new(),
            spending: VecDeque::new(),
        })
    }
}

impl SourceState {
    /// How it is doing.
    pub fn standing(&self) -> Standing {
        let failing = self.polls.values().filter(|poll| poll.failure.is_some()).count();
        let answered = self.polls.values().filter(|poll| poll.answered_at.is_some() && poll.failure.is_none()).count();
        if self.broken.is_some() || (failing > 0 && answered == 0) {
            Standing::Fails
        } else if failing > 0 {
            Standing::Degraded
        } else if answered == 0 {
            Standing::Waiting
        } else if self.polls.values().any(|poll| !poll.problems.is_empty()) {
            Standing::Partly
        } else {
            Standing::Answers
        }
    }

    /// The failure to show: that of the source itself, else the newest of a poll.
    pub fn failure(&self) -> Option<&Failure> {
        self.broken
            .as_ref()
            .or_else(|| self.polls.values().filter(|poll| poll.failure.is_some()).max_by_key(|poll| poll.failing_since)?.failure.as_ref())
    }

    /// When its longest-silent poll last answered.
    pub fn oldest_answer(&self) -> Option<Timestamp> {
        self.polls.values().filter_map(|poll| poll.answered_at).min()
    }

    /// When it last answered at all.
    pub fn newest_answer(&self) -> Option<Timestamp> {
        self.polls.values().filter_map(|poll| poll.answered_at).max()
    }

    /// Requests and bytes per second over the last minute; absent before there are two answers.
    pub fn spending(&self) -> Option<(f64, f64)> {
        let ((first, before), (last, after)) = (self.spending.front()?, self.spending.back()?);
        let seconds = last.since(*first);
        (seconds > 0.0).then(|| {
            ((after.requests.saturating_sub(before.requests)) as f64 / seconds, (after.bytes.saturating_sub(before.bytes)) as f64 / seconds)
        })
    }

    /// Requests and bytes since it was made.
    pub fn spent(&self) -> Cost {
        self.spending.back().map(|(_, cost)| *cost).unwrap_or_default()
    }
}
