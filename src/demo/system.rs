//! What a simulated system is: a pure function from a world and a request to a reply.
//! Not for: sockets (see `host`), misbehaviour (see `chaos`).

use std::fmt;

use bytes::Bytes;
use hyper::Method;

use super::World;
use super::deed::{Act, Deed};

/// One request, already read whole.
#[derive(Debug, Clone)]
pub struct Request {
    /// Its method.
    pub method: Method,
    /// Its path as it stands in the request line, still percent-encoded.
    pub path: String,
    /// Its query, decoded, in order.
    pub query: Vec<(String, String)>,
    /// Its headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Its body, bounded by the host.
    pub body: Bytes,
}

impl Request {
    /// A request without a body, as tests make them: `/path?query`.
    pub fn get(target: &str) -> Self {
        Self::new(Method::GET, target, Bytes::new())
    }

    /// A request for a target (`/path?query`).
    pub fn new(method: Method, target: &str, body: Bytes) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let query = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        Self { method, path: path.to_owned(), query, headers: Vec::new(), body }
    }

    /// The parts of the path between slashes, decoded, without empty ones.
    pub fn segments(&self) -> Vec<String> {
        let decode = |part: &str| {
            // `+` is itself in a path; form decoding would make a blank of it
            let form = format!("={}", part.replace('+', "%2B"));
            url::form_urlencoded::parse(form.as_bytes()).map(|(_, value)| value.into_owned()).next().unwrap_or_default()
        };
        self.path.split('/').filter(|part| !part.is_empty()).map(decode).collect()
    }

    /// The first query parameter of that name.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// The header of that (lower-case) name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON; an empty or wrong body is `None`.
    pub fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

/// What a system answers.
#[derive(Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Headers, `content-type` among them; the host adds `date` and `content-length`.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Body,
    /// What was done to the world by this request; recorded by the host before the reply is sent.
    pub deeds: Vec<Deed>,
}

/// A body at once, or bit by bit.
#[derive(Debug)]
pub enum Body {
    /// All of it.
    Whole(Bytes),
    /// As the world goes on.
    Feed(Box<dyn Feed>),
}

/// A body that goes on: a log that is followed, events.
pub trait Feed: Send + fmt::Debug {
    /// What is new since the last call, up to `world.now()`. The host calls it several times a second.
    fn next(&mut self, world: &World) -> Piece;
}

/// One piece of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Nothing new yet.
    Nothing,
    /// These bytes.
    Bytes(Bytes),
    /// These bytes, and then the end.
    Last(Bytes),
}

impl Reply {
    /// A body of a type.
    pub fn new(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self { status, headers: vec![("content-type", content_type.to_owned())], body: Body::Whole(body.into()), deeds: Vec::new() }
    }

    /// A JSON body.
    pub fn json(status: u16, value: &serde_json::Value) -> Self {
        Self::new(status, "application/json", value.to_string())
    }

    /// A body that goes on.
    pub fn feed(content_type: &str, feed: impl Feed + 'static) -> Self {
        let headers = vec![("content-type", content_type.to_owned())];
        Self { status: 200, headers, body: Body::Feed(Box::new(feed)), deeds: Vec::new() }
    }

    /// No body.
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Body::Whole(Bytes::new()), deeds: Vec::new() }
    }

    /// With one more header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// This reply after something was done, now, by somebody.
    #[must_use]
    pub fn after(mut self, world: &World, by: &str, act: Act) -> Self {
        self.deeds.push(Deed { at: world.now(), by: by.to_owned(), act });
        self
    }

    /// The body if it is whole, for tests.
    pub fn whole(&self) -> Option<&Bytes> {
        match &self.body {
            Body::Whole(bytes) => Some(bytes),
            Body::Feed(_) => None,
        }
    }
}

/// Where a system listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// On a free port of the loopback address.
    Loopback,
    /// On a unix socket in the demo's own folder.
    Socket,
}

/// A simulated system.
pub trait System: Send + Sync + fmt::Debug {
    /// Its connector's name, which is also its source's: `docker`, `airflow`.
    fn name(&self) -> &'static str;

    /// Where it listens.
    fn place(&self) -> Place {
        Place::Loopback
    }

    /// Its `[[source]]` table's further lines, after `name`, `connector`, `url` and `env`: sign-in, readings.
    fn settings(&self, _world: &World) -> String {
        String::new()
    }

    /// Answers a request. Pure: the same world and request give the same reply.
    fn answer(&self, world: &World, request: &Request) -> Reply;
}
