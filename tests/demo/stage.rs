//! A served world whose clock a test moves, the cockpit's own sources on it, and what they brought.
//! Not for: tests.
#![allow(dead_code, missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests and the tour each use a part")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use triops::config::{self, Environment, Flags, Paths};
use triops::demo::clock;
use triops::demo::host::{Host, Shared};
use triops::demo::settings;
use triops::demo::story::Story;
use triops::demo::world::Spec;
use triops::domain::{Cost, Entity, Timestamp};
use triops::insight::triage;
use triops::msg::Fetched;
use triops::runtime::clock::Clock;
use triops::source::Source;
use triops::source::registry::Registry;
use triops::store::Store;

static STAGES: AtomicU32 = AtomicU32::new(0);

/// The story's zero.
pub fn zero() -> Timestamp {
    Timestamp::parse("2026-11-27T03:00:00Z").unwrap()
}

pub fn spec(story: &str, seed: u64, scale: usize) -> Spec {
    Spec { seed, story: Story::named(story).unwrap(), scale, clock: clock::Clock::new(zero(), 1.0) }
}

pub struct Stage {
    now: Arc<AtomicI64>,
    host: Host,
    pub shared: Arc<Shared>,
    pub sources: Vec<Arc<dyn Source>>,
    pub store: Store,
    folder: PathBuf,
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Stage {
    /// Serves a world, and makes its sources from the settings that it prints.
    pub async fn new(spec: Spec) -> Self {
        let place = STAGES.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("triops-stage-{}-{place}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let now = Arc::new(AtomicI64::new(zero().ms()));
        let clock = Arc::clone(&now);
        let shared = Arc::new(Shared::new(spec, Arc::new(move || Timestamp::from_ms(clock.load(Ordering::SeqCst)))));
        let host = Host::start(Arc::clone(&shared), &folder, None).await.unwrap();
        let paths = Paths::under(&folder);
        let file = folder.join("triops.toml");
        std::fs::write(&file, settings::of(&host.served)).unwrap();
        // it holds sign-ins
        std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let registry = Registry::load(&paths).unwrap();
        let flags = Flags { config: Some(file), ..Flags::default() };
        let config = config::load(&flags, &Environment::new(), &paths, &registry.names()).unwrap();
        let sources: Vec<Arc<dyn Source>> = config.sources.iter().map(|source| registry.build(source).unwrap()).collect();
        let mut store = Store::default();
        store.configure(sources.iter().map(|source| Arc::clone(source.info())).collect(), zero());
        Self { now, host, shared, sources, store, folder }
    }

    /// Moves the clock to a story second.
    pub fn go(&self, s: f64) {
        self.now.store(zero().plus(s).ms(), Ordering::SeqCst);
    }

    /// The clock that [`Self::go`] moves.
    pub fn clock(&self) -> Clock {
        let now = Arc::clone(&self.now);
        Clock::new(move || Timestamp::from_ms(now.load(Ordering::SeqCst)))
    }

    /// Where the systems are served, in the order they are.
    pub fn urls(&self) -> impl Iterator<Item = &str> {
        self.host.served.iter().map(|served| served.url.as_str())
    }

    /// A folder that goes with the stage.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.now.load(Ordering::SeqCst))
    }

    /// Asks all polls of all sources once, and keeps what they brought.
    pub async fn look(&mut self) {
        for fetched in self.fetch(None).await {
            self.store.merge(fetched);
        }
    }

    /// Asks all polls of all sources (or of one) once. A poll that fails fails the test: without chaos everything answers.
    pub async fn fetch(&self, only: Option<&str>) -> Vec<Fetched> {
        let now = self.now();
        let mut all = Vec::new();
        for source in self.sources.iter().filter(|source| only.is_none_or(|only| source.info().name.as_str() == only)) {
            for poll in &source.info().polls {
                let outcome = source.poll(&poll.id, now).await;
                if let Err(failure) = &outcome {
                    panic!("{} {}: {failure}", source.info().name, poll.id);
                }
                let problems = &outcome.as_ref().unwrap().problems;
                assert!(problems.is_empty(), "{} {}: {problems:?}", source.info().name, poll.id);
                all.push(Fetched {
                    source: source.info().name.clone(),
                    poll: poll.id.clone(),
                    at: now,
                    latency_ms: 1,
                    next_at: now.plus(10.0),
                    spent: Cost::default(),
                    outcome,
                });
            }
        }
        all
    }

    pub fn all(&self) -> Vec<Arc<Entity>> {
        self.store.entities.all().cloned().collect()
    }

    pub fn needs_you(&self) -> Vec<Arc<Entity>> {
        triage::needs_you(self.store.entities.all(), self.now())
    }
}

/// As a line that a failed test prints.
pub fn told(entities: &[Arc<Entity>]) -> String {
    entities
        .iter()
        .map(|e| format!("{} {} {} {}", e.state, e.kind(), e.name, e.reason.as_deref().unwrap_or_default()))
        .collect::<Vec<_>>()
        .join("\n")
}
