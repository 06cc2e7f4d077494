//! A container's log: its newest lines, then the new ones as they are written, or older ones before an instant.
//! Not for: frames and lines (see `frames`).
//!
//! The engine counts `tail` from the end of the log before it looks at `until` (seen with Docker 20.10 and Podman 4.3), so `until`
//! is never sent with it: older lines are read through windows that grow until they hold enough.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use tokio::time::{Instant, timeout_at};

use crate::domain::{Failure, FailureKind, LogLine, LogPart, LogRequest, Timestamp};
use crate::source::Flow;
use crate::source::http::{ByteStream, DEFAULT_TIMEOUT, Request, StreamLimits};

use super::engine::Engine;
use super::facts::Facts;
use super::frames::{NotAFrame, Splitter};

/// A flood of lines is handed on in parts no more often than this.
const PAUSE: Duration = Duration::from_millis(100);
/// A part is handed on when it holds this many lines, …
const PART: usize = 500;
/// … but the first one holds all that was asked for, up to this many, to tell whether it begins with the log's first line.
const FIRST_PART: u32 = 5000;
/// Windows of older lines, seconds before `until`; the whole log at last.
const WINDOWS_S: [f64; 6] = [60.0, 600.0, 7200.0, 86_400.0, 864_000.0, f64::INFINITY];
/// What one window may hold, bytes.
const WINDOW_BYTES: u64 = 64 * 1024 * 1024;

/// Reads as requested.
pub fn read(engine: Arc<Engine>, request: LogRequest) -> Flow<LogPart> {
    Box::pin(stream::unfold(Step::Before(engine, request), |step| async {
        let mut reader = match step {
            Step::Over => return None,
            Step::Before(engine, request) if request.until.is_some() => return Some((older(&engine, &request).await, Step::Over)),
            Step::Before(engine, request) => match Reader::open(&engine, &request).await {
                Ok(reader) => reader,
                Err(failure) => return Some((Err(failure), Step::Over)),
            },
            Step::Reading(reader) => reader,
        };
        match reader.part().await {
            Ok(part) if part.ended => Some((Ok(part), Step::Over)),
            Ok(part) => Some((Ok(part), Step::Reading(reader))),
            Err(failure) => Some((Err(failure), Step::Over)),
        }
    }))
}

enum Step {
    Before(Arc<Engine>, LogRequest),
    Reading(Box<Reader>),
    Over,
}

struct Reader {
    body: ByteStream,
    splitter: Option<Splitter>,
    lines: Vec<LogLine>,
    doing: String,
    follow: bool,
    /// Fewer lines than this are the whole log; absent when only a part of it was asked for.
    whole_below: Option<usize>,
    first_part: usize,
    failure: Option<Failure>,
}

impl Reader {
    async fn open(engine: &Arc<Engine>, request: &LogRequest) -> Result<Box<Self>, Failure> {
        let facts = facts(engine, request).await?;
        let since = since(request, &facts);
        let mut asked = log_request(engine, request).await?.query("tail", request.tail.to_string());
        if let Some(since) = since {
            asked = asked.query("since", epoch(since));
        }
        if request.follow {
            asked = asked.query("follow", "1");
        }
        let doing = format!("GET {}", engine.http.place().shown(&asked.path));
        let idle = (!request.follow).then_some(DEFAULT_TIMEOUT);
        let body = engine.http.stream(asked, StreamLimits { idle, bytes: None }).await?;
        Ok(Box::new(Self {
            body,
            splitter: Some(Splitter::new(facts.tty == Some(true))),
            lines: Vec::new(),
            doing,
            follow: request.follow,
            whole_below: since.is_none().then_some(request.tail as usize),
            first_part: PART.max(request.tail.min(FIRST_PART) as usize),
            failure: None,
        }))
    }

    /// The next lines. Whoever follows gets an empty first part when there is nothing yet, to know that the log is open.
    async fn part(&mut self) -> Result<LogPart, Failure> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        let first = std::mem::take(&mut self.first_part);
        let full = if first > 0 { first } else { PART };
        let mut deadline = (first > 0 && self.follow).then(|| Instant::now() + PAUSE);
        while self.lines.len() < full {
            let piece = match deadline {
                Some(deadline) => match timeout_at(deadline, self.body.next()).await {
                    Ok(piece) => piece,
                    Err(_) => break,
                },
                None => self.body.next().await,
            };
            if !self.take(piece) {
                break;
            }
            // the first part waits for a pause, the others for one since their first line
            if self.follow && !self.lines.is_empty() && (first > 0 || deadline.is_none()) {
                deadline = Some(Instant::now() + PAUSE);
            }
        }
        let ended = self.splitter.is_none() && self.failure.is_none();
        let lines = std::mem::take(&mut self.lines);
        if lines.is_empty()
            && let Some(failure) = self.failure.take()
        {
            return Err(failure);
        }
        let from_start = first > 0 && self.whole_below.is_some_and(|whole| lines.len() < whole);
        Ok(LogPart { lines, from_start, ended })
    }

    /// Takes a piece of the body; false when it was the last.
    fn take(&mut self, piece: Option<Result<Vec<u8>, Failure>>) -> bool {
        let Some(splitter) = self.splitter.as_mut() else { return false };
        match piece {
            Some(Ok(bytes)) => match splitter.push(&bytes) {
                Ok(()) => {
                    self.lines.extend(splitter.take());
                    return true;
                }
                Err(error) => self.failure = Some(not_a_log(&self.doing, error)),
            },
            Some(Err(failure)) => self.failure = Some(failure),
            None => {}
        }
        self.lines.extend(self.splitter.take().map(Splitter::finish).unwrap_or_default());
        false
    }
}

/// The newest lines before `until`.
async fn older(engine: &Arc<Engine>, request: &LogRequest) -> Result<LogPart, Failure> {
    let facts = facts(engine, request).await?;
    let until = request.until.unwrap_or_default();
    let since = since(request, &facts);
    let mut found: Option<LogPart> = None;
    for window in WINDOWS_S {
        let from = until.plus(-window.min(until.seconds()));
        let (from, last) = match since {
            Some(since) => (since, true),
            None => (from, facts.created_at.is_some_and(|created| from <= created) || window.is_infinite()),
        };
        let part = match self::window(engine, request, &facts, from, until).await {
            Ok(part) => part,
            // what a smaller window held is still true
            Err(failure) if failure.kind == FailureKind::TooLarge => return found.filter(|part| !part.lines.is_empty()).ok_or(failure),
            Err(failure) => return Err(failure),
        };
        let enough = part.lines.len() >= request.tail as usize;
        let from_start = !enough && last && since.is_none();
        if enough || last {
            return Ok(LogPart { from_start, ..part });
        }
        found = Some(part);
    }
    Ok(found.unwrap_or_default())
}

async fn window(engine: &Arc<Engine>, request: &LogRequest, facts: &Facts, from: Timestamp, until: Timestamp) -> Result<LogPart, Failure> {
    let asked = log_request(engine, request).await?.query("since", epoch(from)).query("until", epoch(until));
    let doing = format!("GET {}", engine.http.place().shown(&asked.path));
    let limits = StreamLimits { idle: Some(DEFAULT_TIMEOUT), bytes: Some(WINDOW_BYTES) };
    let mut body = engine.http.stream(asked, limits).await?;
    let mut splitter = Splitter::new(facts.tty == Some(true));
    let mut newest: VecDeque<LogLine> = VecDeque::new();
    let mut keep = |lines: Vec<LogLine>| {
        for line in lines.into_iter().filter(|line| line.at.is_none_or(|at| at < until)) {
            newest.push_back(line);
            if newest.len() > request.tail as usize {
                newest.pop_front();
            }
        }
    };
    while let Some(piece) = body.next().await {
        splitter.push(&piece?).map_err(|error| not_a_log(&doing, error))?;
        keep(splitter.take());
    }
    keep(splitter.finish());
    Ok(LogPart { lines: newest.into(), from_start: false, ended: true })
}

/// What is known of the container, asked for where the poll has not brought it yet.
async fn facts(engine: &Engine, request: &LogRequest) -> Result<Facts, Failure> {
    let id = request.entity.id.key();
    let known = engine.ledger().known(id).map(|known| known.facts.clone()).filter(Facts::inspected);
    if let Some(facts) = known {
        return Ok(facts);
    }
    let gone = || Failure::new(FailureKind::NotFound, format!("read the log of {}", request.entity.name), "the container is gone");
    engine.inspect(id).await?.ok_or_else(gone)
}

/// A beginning that lies before the container does is none.
fn since(request: &LogRequest, facts: &Facts) -> Option<Timestamp> {
    request.since.filter(|since| facts.created_at.is_none_or(|created| *since > created))
}

async fn log_request(engine: &Engine, request: &LogRequest) -> Result<Request, Failure> {
    let path = engine.dialect().await?.container(request.entity.id.key(), "logs");
    Ok(Request::get(path).query("stdout", "1").query("stderr", "1").query("timestamps", "1"))
}

/// Seconds with a fraction of nine digits, which is the one both engines read alike.
fn epoch(at: Timestamp) -> String {
    format!("{}.{:03}000000", at.ms().div_euclid(1000), at.ms().rem_euclid(1000))
}

fn not_a_log(doing: &str, error: NotAFrame) -> Failure {
    Failure::new(FailureKind::BadShape, doing, error.to_string())
}
