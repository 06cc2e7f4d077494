//! One engine: the way to it, the API version agreed upon, and what is remembered of it, shared by polls, events and logs.
//! Not for: what is asked (see `poll`, `events`, `logs`).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use reqwest::StatusCode;
use tokio::time::{Instant, timeout_at};

use crate::config::connector::encode_segment;
use crate::domain::{Failure, FailureKind, Text};
use crate::source::http::{HeaderMap, Http, Request, Response, StreamLimits};

use super::answers::{Inspect, Version};
use super::facts::Facts;
use super::ledger::Ledger;
use super::shape::Stamp;

/// Newest API version we speak: every engine from Docker 20.10 (1.41) on knows one up to it. Fields that later ones drop are not read.
const NEWEST: Api = Api(1, 44);
/// Largest answer about one container, bytes; a usual one has 2 to 10 KB.
const MAX_ANSWER: u64 = 1024 * 1024;
/// Inspections at a time.
const CONCURRENT: usize = 16;

/// Shared by everything a source does.
pub struct Engine {
    /// The way to it.
    pub http: Http,
    /// What its entities have in common.
    pub stamp: Stamp,
    /// Held while the list is read for the first time, which polls and events need at once.
    pub looking: tokio::sync::Mutex<()>,
    timeout: Duration,
    dialect: Mutex<Option<Arc<Dialect>>>,
    ledger: Mutex<Ledger>,
}

/// `1.41`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Api(pub u32, pub u32);

/// What was agreed upon with the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialect {
    /// The lower of our newest API version and its.
    pub api: Api,
    /// Podman's own API version, where it is Podman.
    pub libpod: Option<String>,
    /// `docker` or `podman`.
    pub runtime: Text,
}

impl Engine {
    /// Nothing is sent yet.
    pub fn new(http: Http, stamp: Stamp, timeout: Duration) -> Self {
        Self { http, stamp, looking: tokio::sync::Mutex::default(), timeout, dialect: Mutex::default(), ledger: Mutex::default() }
    }

    /// What is remembered; never held over an await.
    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The dialect agreed upon, asked for once per connection.
    pub async fn dialect(&self) -> Result<Arc<Dialect>, Failure> {
        let agreed = self.dialect.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(dialect) = agreed {
            return Ok(dialect);
        }
        let ping = self.http.send(Request::get("/_ping")).await?;
        let dialect = Arc::new(Dialect::from_ping(&ping)?);
        *self.dialect.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&dialect));
        Ok(dialect)
    }

    /// After a lost connection another version may answer.
    pub fn forget_dialect(&self) {
        *self.dialect.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Sends a request whose path begins behind the version.
    pub async fn get(&self, request: Request) -> Result<Response, Failure> {
        let outcome = self.http.send(request).await;
        if let Err(failure) = &outcome
            && !matches!(failure.kind, FailureKind::NotFound | FailureKind::Timeout | FailureKind::TooLarge)
        {
            self.forget_dialect();
        }
        outcome
    }

    /// The same for an answer about one container, of which many are read at a time: 16 MiB of each would be a gigabyte.
    pub async fn get_small(&self, request: Request) -> Result<Response, Failure> {
        let doing = format!("GET {}", self.http.place().shown(&request.path));
        let limits = StreamLimits { idle: Some(self.timeout), bytes: Some(MAX_ANSWER) };
        let mut pieces = self.http.stream(request, limits).await?;
        let mut body = Vec::new();
        while let Some(piece) = pieces.next().await {
            body.append(&mut piece?);
        }
        Ok(Response { status: StatusCode::OK, headers: HeaderMap::new(), body, not_modified: false, doing })
    }

    /// What the engine calls itself.
    pub async fn product(&self) -> Result<String, Failure> {
        self.forget_dialect();
        let dialect = self.dialect().await?;
        let version: Version = self.get(Request::get(dialect.path("/version"))).await?.json()?;
        // Debian adds `+dfsg1`
        let version = version.version.split('+').next().unwrap_or_default().to_owned();
        Ok(match dialect.libpod {
            Some(_) => format!("Podman {version}"),
            None => format!("Docker {version} (API {}.{})", dialect.api.0, dialect.api.1),
        })
    }

    /// Facts of one container; `None` if it is gone.
    pub async fn inspect(&self, id: &str) -> Result<Option<Facts>, Failure> {
        let dialect = self.dialect().await?;
        let answer = self.get_small(Request::get(dialect.container(id, "json"))).await;
        match answer {
            Ok(answer) => Ok(Some(Facts::inspect(answer.json::<Inspect>()?, None))),
            Err(failure) if failure.kind == FailureKind::NotFound => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Facts of several.
    pub async fn inspect_all(&self, ids: Vec<String>) -> Vec<(String, Result<Option<Facts>, Failure>)> {
        self.each(ids, CONCURRENT, |id| async move { self.inspect(&id).await }).await
    }

    /// Asks for each container, so many at a time, and waits no longer for all than for one: an engine may be stuck on a container
    /// while it answers for the others. In the order of the answers.
    pub async fn each<T, F: Future<Output = Result<T, Failure>>>(
        &self,
        ids: Vec<String>,
        at_a_time: usize,
        ask: impl Fn(String) -> F,
    ) -> Vec<(String, Result<T, Failure>)> {
        let deadline = Instant::now() + self.timeout;
        let one = |id: String| {
            let answer = timeout_at(deadline, ask(id.clone()));
            async move {
                let outcome = answer.await.unwrap_or_else(|_| Err(self.too_late(&id)));
                (id, outcome)
            }
        };
        stream::iter(ids.into_iter().map(one)).buffer_unordered(at_a_time).collect().await
    }

    fn too_late(&self, id: &str) -> Failure {
        let doing = format!("ask {} about container {id}", self.http.place());
        Failure::new(FailureKind::Timeout, doing, format!("no answer within {} s", self.timeout.as_secs_f64()))
    }
}

impl Dialect {
    fn from_ping(ping: &Response) -> Result<Self, Failure> {
        let header = |name: &str| ping.headers.get(name).and_then(|value| value.to_str().ok());
        let theirs = header("api-version")
            .and_then(Api::parse)
            .ok_or_else(|| ping.bad_shape("no Api-Version header").hint("Is it the address of a Docker or Podman engine?"))?;
        let libpod = header("libpod-api-version").map(str::to_owned);
        let runtime = Text::from(if libpod.is_some() { "podman" } else { "docker" });
        Ok(Self { api: NEWEST.min(theirs), libpod, runtime })
    }

    /// A path of the Docker API. An unversioned one is deprecated.
    pub fn path(&self, rest: &str) -> String {
        format!("/v{}.{}{rest}", self.api.0, self.api.1)
    }

    /// A path below one container.
    pub fn container(&self, id: &str, rest: &str) -> String {
        // an id that is no segment names no container
        self.path(&format!("/containers/{}/{rest}", encode_segment(id).unwrap_or_else(|| "-".to_owned())))
    }

    /// A path of Podman's own API, where it has one.
    pub fn libpod_path(&self, rest: &str) -> Option<String> {
        self.libpod.as_ref().map(|version| format!("/v{version}/libpod{rest}"))
    }

    /// Statistics can be had without waiting for a second sample.
    pub fn one_shot(&self) -> bool {
        self.api >= Api(1, 41)
    }
}

impl Api {
    fn parse(text: &str) -> Option<Self> {
        let (major, minor) = text.split_once('.')?;
        Some(Self(major.parse().ok()?, minor.parse().ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ping(headers: &[(&'static str, &'static str)]) -> Response {
        let headers: HeaderMap = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        Response { status: StatusCode::OK, headers, body: b"OK".to_vec(), not_modified: false, doing: "GET /_ping".to_owned() }
    }

    #[test]
    fn the_lower_of_both_versions_is_spoken() {
        for (theirs, path) in [("1.41", "/v1.41/x"), ("1.44", "/v1.44/x"), ("1.56", "/v1.44/x"), ("1.9", "/v1.9/x"), ("2.0", "/v1.44/x")] {
            assert_eq!(Dialect::from_ping(&ping(&[("api-version", theirs)])).unwrap().path("/x"), path, "{theirs}");
        }
        let old = Dialect::from_ping(&ping(&[("api-version", "1.40")])).unwrap();
        assert!(!old.one_shot() && old.libpod_path("/x").is_none());
    }

    #[test]
    fn podman_is_known_by_its_own_version_and_a_web_server_by_having_none() {
        let podman = Dialect::from_ping(&ping(&[("api-version", "1.41"), ("libpod-api-version", "4.3.1")])).unwrap();
        assert_eq!((podman.runtime.as_str(), podman.libpod_path("/x").as_deref()), ("podman", Some("/v4.3.1/libpod/x")));
        assert_eq!(Dialect::from_ping(&ping(&[])).unwrap_err().kind, FailureKind::BadShape);
    }
}
