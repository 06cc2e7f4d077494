//! `GET /containers/{id}/logs`: framed lines of both streams, from the end, within a span of time, and as they are written.
//! Not for: what the lines say (see `world::logs`).
//!
//! As the engine does it, `tail` counts lines of both streams from the end of the whole log, before `since` and `until` are looked at.

use bytes::{BufMut, Bytes, BytesMut};

use crate::demo::docker::{find, is_set, no_such, refused};
use crate::demo::stamp;
use crate::demo::system::{Feed, Piece, Reply, Request};
use crate::demo::world::{Container, ContainerState, Entry, Level, World};
use crate::domain::Timestamp;

/// Spans of the log that are looked through for its last lines, seconds; the whole log at last.
const SPANS_S: [f64; 4] = [60.0, 600.0, 7200.0, 10.0 * 86_400.0];

/// How far a followed log stays behind, seconds: what is done at this very instant may write a line of it.
const BEHIND_S: f64 = 0.05;

/// What is asked for.
#[derive(Debug, Clone)]
struct Wanted {
    out: bool,
    err: bool,
    timestamps: bool,
    since: Timestamp,
    until: Option<Timestamp>,
}

/// Answers it.
pub fn answer(world: &World, id: &str, request: &Request) -> Reply {
    let (out, err) = (is_set(request, "stdout"), is_set(request, "stderr"));
    if !out && !err {
        return refused(400, "Bad parameters: you must choose at least one stream");
    }
    let Some(container) = find(world, id) else { return no_such(id) };
    let (since, until) = match (instant(request, "since"), instant(request, "until")) {
        (Ok(since), Ok(until)) => (since.unwrap_or_default(), until.filter(|until| until.ms() > 0)),
        (Err(complaint), _) | (_, Err(complaint)) => return complaint,
    };
    let wanted = Wanted { out, err, timestamps: is_set(request, "timestamps"), since, until };
    // anything that is no number means all
    let tail = request.param("tail").and_then(|text| text.parse::<usize>().ok());
    let follow = is_set(request, "follow");
    let seen = if follow { world.now().plus(-BEHIND_S) } else { world.now() };
    let mut bytes = BytesMut::new();
    for entry in last(world, &container, seen, tail) {
        wanted.write(&container, &entry, &mut bytes);
    }
    let begun = bytes.freeze();
    let mut reply =
        if follow { Reply::feed("", Follower { container, wanted, begun: Some(begun), seen }) } else { Reply::new(200, "", begun) };
    // this version names no type for a log
    reply.headers.retain(|(name, _)| *name != "content-type");
    reply
}

/// An instant in (fractional) epoch seconds, as the engine reads it, or its complaint.
pub fn instant(request: &Request, name: &str) -> Result<Option<Timestamp>, Reply> {
    let Some(text) = request.param(name).filter(|text| !text.is_empty()) else { return Ok(None) };
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let number =
        |text: &str| text.parse::<i64>().map_err(|_| refused(500, &format!("strconv.ParseInt: parsing \"{text}\": invalid syntax")));
    let (seconds, _) = (number(whole)?, number(fraction)?);
    let millis: i64 = format!("{fraction:0<3}").get(..3).and_then(|digits| digits.parse().ok()).unwrap_or(0);
    Ok(Some(Timestamp::from_ms(seconds.saturating_mul(1000).saturating_add(millis))))
}

/// The last lines up to an instant; all without a number.
fn last(world: &World, container: &Container, until: Timestamp, tail: Option<usize>) -> Vec<Entry> {
    let mut lines = Vec::new();
    if tail == Some(0) {
        return lines;
    }
    for span in SPANS_S {
        let from = until.plus(-span);
        lines = world.container_log(container, from, until);
        if tail.is_some_and(|tail| lines.len() >= tail) || from < container.created_at {
            break;
        }
    }
    let extra = lines.len().saturating_sub(tail.unwrap_or(usize::MAX));
    lines.drain(..extra);
    lines
}

impl Wanted {
    fn write(&self, container: &Container, entry: &Entry, bytes: &mut BytesMut) {
        let err = entry.level == Level::Error;
        let seen = if err { self.err } else { self.out };
        if !seen || entry.at < self.since || self.until.is_some_and(|until| entry.at > until) {
            return;
        }
        let time = if self.timestamps { format!("{} ", stamp::nanos(entry.at, &container.id)) } else { String::new() };
        let line = format!("{time}{:<5} {}\n", entry.level.word(), entry.text);
        bytes.put_slice(&[if err { 2 } else { 1 }, 0, 0, 0]);
        bytes.put_u32(u32::try_from(line.len()).unwrap_or(u32::MAX));
        bytes.put_slice(line.as_bytes());
    }
}

/// The log of a container as it is written, until the container ends.
#[derive(Debug)]
struct Follower {
    container: Container,
    wanted: Wanted,
    begun: Option<Bytes>,
    seen: Timestamp,
}

impl Feed for Follower {
    fn next(&mut self, world: &World) -> Piece {
        let mut bytes = BytesMut::new();
        if let Some(begun) = self.begun.take() {
            bytes.put_slice(&begun);
        }
        let now = world.container(self.container.service).filter(|now| now.id == self.container.id);
        let goes_on = now.is_some_and(|now| !matches!(now.state, ContainerState::Exited | ContainerState::Restarting));
        let over = !goes_on || self.wanted.until.is_some_and(|until| until < world.now());
        let until = if over { world.now() } else { world.now().plus(-BEHIND_S) }.max(self.seen);
        for entry in world.container_log(&self.container, self.seen, until) {
            self.wanted.write(&self.container, &entry, &mut bytes);
        }
        self.seen = until;
        match (over, bytes.is_empty()) {
            (true, _) => Piece::Last(bytes.freeze()),
            (false, true) => Piece::Nothing,
            (false, false) => Piece::Bytes(bytes.freeze()),
        }
    }
}
