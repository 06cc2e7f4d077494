//! What is read on this machine itself: commands that are run and files, both bounded in size and time, and what they cost.
//! Not for: what is asked when and what the answers mean (see `source::manifest`), HTTP and sockets (see `source::http`).

pub mod exec;
pub mod files;
pub mod tail;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::config::{SourceConfig, Span};
use crate::domain::{Cost, Failure, FailureKind};
use crate::source::http::{DEFAULT_MAX_BODY_BYTES, DEFAULT_TIMEOUT};

/// Places that the globs in `path` of one source may come to.
const MAX_PLACES: usize = 64;

/// A source's way to this machine. Clones share the cost.
#[derive(Debug, Clone)]
pub struct Local {
    /// `path` of the source: globs.
    paths: Arc<[String]>,
    timeout: Option<Duration>,
    /// Largest output or file, in bytes.
    pub max_bytes: u64,
    spent: Arc<Spent>,
}

#[derive(Debug, Default)]
struct Spent {
    asked: AtomicU64,
    bytes: AtomicU64,
}

impl Local {
    /// Reaches nothing.
    pub fn new(config: &SourceConfig) -> Self {
        Self {
            paths: config.path.clone().into(),
            timeout: config.timeout.map(Span::duration),
            max_bytes: config.max_body_bytes.unwrap_or(DEFAULT_MAX_BODY_BYTES),
            spent: Arc::default(),
        }
    }

    /// The places that `path` of the source names now. A path without a wildcard is one of them whether it is there or not: what asks
    /// for it says better what is missing.
    pub async fn places(&self) -> Result<Vec<String>, Failure> {
        if !self.paths.iter().any(|path| has_wildcard(path)) {
            return Ok(self.paths.to_vec());
        }
        let paths = Arc::clone(&self.paths);
        aside("look for the paths of the source", self.timeout(None), move || expand(&paths)).await?
    }

    /// The place that something says it is from, if it is one of this source's; else the only one there is.
    pub fn place_of(&self, told: Option<&str>) -> Option<String> {
        let known = |told: &&str| {
            let fits = |path: &String| path == told || has_wildcard(path) && glob::Pattern::new(path).is_ok_and(|glob| glob.matches(told));
            self.paths.iter().any(fits)
        };
        match (told.filter(known), &self.paths[..]) {
            (Some(told), _) => Some(told.to_owned()),
            (None, [only]) if !has_wildcard(only) => Some(only.clone()),
            _ => None,
        }
    }

    /// `path` of the source, for people.
    pub fn shown(&self) -> String {
        if self.paths.is_empty() { "this machine".to_owned() } else { self.paths.join(", ") }
    }

    /// `path` is one of the source's places or lies under one, or beside one that is a file: what a system tells must not lead to other
    /// files.
    pub async fn holds(&self, path: &Path) -> Result<bool, Failure> {
        let (places, path) = (self.places().await?, path.to_owned());
        aside("look where a file lies", self.timeout(None), move || is_held(&places, &path)).await
    }

    /// Longest wait for one answer: the source's, else what the connector says, else the usual one.
    pub fn timeout(&self, of_the_connector: Option<Span>) -> Duration {
        self.timeout.or(of_the_connector.map(Span::duration)).unwrap_or(DEFAULT_TIMEOUT)
    }

    /// Commands and files, and their bytes, until now.
    pub fn spent(&self) -> Cost {
        Cost { requests: self.spent.asked.load(Ordering::Relaxed), bytes: self.spent.bytes.load(Ordering::Relaxed) }
    }

    fn count(&self, bytes: usize) {
        self.spent.asked.fetch_add(1, Ordering::Relaxed);
        self.spent.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

fn is_held(places: &[String], path: &Path) -> bool {
    let Ok(path) = path.canonicalize() else { return false };
    places.iter().any(|place| {
        let Ok(place) = Path::new(place).canonicalize() else { return false };
        let folder = if place.is_dir() { Some(place.as_path()) } else { place.parent() };
        folder.is_some_and(|folder| path.starts_with(folder))
    })
}

fn has_wildcard(path: &str) -> bool {
    path.contains(['*', '?', '['])
}

fn expand(paths: &[String]) -> Result<Vec<String>, Failure> {
    let doing = "look for the paths of the source";
    let mut places: Vec<String> = Vec::new();
    for path in paths {
        // a name that holds such a character is that name
        if !has_wildcard(path) || Path::new(path).exists() {
            places.push(path.clone());
            continue;
        }
        let found = glob::glob(path).map_err(|e| Failure::new(FailureKind::Config, doing, format!("`{path}` is no glob: {e}")))?;
        places.extend(found.filter_map(Result::ok).take(MAX_PLACES + 1).map(|path: PathBuf| path.display().to_string()));
    }
    if places.is_empty() {
        let failure = Failure::new(FailureKind::NotFound, doing, format!("nothing fits {}", paths.join(", ")));
        return Err(failure.hint("check `path` of the source"));
    }
    if places.len() > MAX_PLACES {
        let failure = Failure::new(FailureKind::Config, doing, format!("{} names more than {MAX_PLACES} places", paths.join(", ")));
        return Err(failure.hint("write a narrower `path`, or several sources"));
    }
    Ok(places)
}

/// Runs what blocks on a thread of its own kind, and gives up waiting after a time: a dead network mount never answers.
async fn aside<T: Send + 'static>(doing: &str, time: Duration, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
    match tokio::time::timeout(time, tokio::task::spawn_blocking(work)).await {
        Ok(Ok(outcome)) => Ok(outcome),
        Ok(Err(error)) => Err(Failure::new(FailureKind::BadShape, doing, format!("it broke: {error}"))),
        Err(_) => Err(Failure::new(FailureKind::Timeout, doing, format!("not done within {} s", time.as_secs_f64()))
            .hint("is it on a network that does not answer?")),
    }
}
