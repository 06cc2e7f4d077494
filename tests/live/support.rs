//! What every live test needs: the address of a server or a word that it is skipped, time, and waiting with a deadline.
//! Not for: anything about one system.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant, SystemTime};

use triops::config::{AuthConfig, Paths, SecretRef, SourceConfig};
use triops::domain::{Batch, Entity, PollId, Timestamp};
use triops::source::Source;
use triops::source::registry::Registry;

/// The values of all those environment variables, or `None` after saying which one is missing.
pub fn addresses<const N: usize>(test: &str, variables: [&str; N]) -> Option<[String; N]> {
    let mut values = [const { String::new() }; N];
    for (value, variable) in values.iter_mut().zip(variables) {
        match std::env::var(variable) {
            Ok(set) if !set.is_empty() => *value = set,
            _ => {
                assert!(!is_required(variable), "{test}: the server was started, but {variable} is not set");
                // past the capture of the test harness, so that a plain `cargo test` says it
                let _ = writeln!(std::io::stderr(), "skipped: {test} ({variable} is not set)");
                return None;
            }
        }
    }
    Some(values)
}

/// Systems that start servers of several names; a variable is of the system whose name it begins with, in any other case.
const SERVERS: &[(&str, &[&str])] = &[
    ("vcs", &["git", "hg", "svn"]),
    ("airflow2", &["airflow2"]),
    ("ansible", &["ara"]),
    ("quality", &["great_expectations", "dbt", "evidently"]),
    ("serving", &["open_inference", "torchserve"]),
    ("prometheus", &["alertmanager", "pushgateway", "node_exporter", "victoriametrics"]),
];

/// Whether `tests/run` started the server that the variable names, so that its tests must run.
fn is_required(variable: &str) -> bool {
    let name = variable.trim_start_matches("TRIOPS_LIVE_").to_lowercase();
    let Some(required) = std::env::var("TRIOPS_LIVE_REQUIRED").ok().filter(|required| !required.is_empty()) else { return false };
    // of two names that fit, as airflow and airflow2, the longer one is meant
    let servers = SERVERS.iter().flat_map(|(system, servers)| servers.iter().map(move |server| (*system, *server)));
    let fitting = servers.chain(required.split(',').map(|system| (system, system))).filter(|(_, server)| name.starts_with(server));
    let system = fitting.max_by_key(|(_, server)| server.len()).map(|(system, _)| system);
    system.is_some_and(|system| required.split(',').any(|name| name == system))
}

/// A source of a connector at one of the servers, named as the connector.
pub fn config(connector: &str, url: &str, auth: Option<AuthConfig>) -> SourceConfig {
    SourceConfig {
        name: connector.into(),
        connector: connector.into(),
        url: Some(url.into()),
        proxy: Some("none".into()),
        timeout: Some("30s".parse().unwrap()),
        auth,
        ..SourceConfig::default()
    }
}

/// The source, with what it remembers in this folder.
pub fn built(config: &SourceConfig, folder: &Path) -> Arc<dyn Source> {
    Registry::load(&Paths::under(folder)).unwrap().build(config).unwrap()
}

/// A password that stands in a variable.
pub fn sign_in(scheme: &str, user: &str, variable: &str) -> AuthConfig {
    let password = Some(SecretRef::Env { env: variable.into() });
    AuthConfig { scheme: scheme.into(), user: Some(user.into()), password, ..AuthConfig::default() }
}

/// The clock, as the runtime would give it.
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a clock after 1970");
    Timestamp::from_ms(since.as_millis() as i64)
}

/// One poll, now.
pub async fn poll(source: &impl Source, poll: &str) -> Batch {
    match source.poll(&PollId::from(poll), now()).await {
        Ok(batch) => batch,
        Err(failure) => panic!("poll {poll}: {failure} ({})", failure.hint),
    }
}

/// Polls until `wanted` finds what it looks for; fails after 30 s with what was there instead.
pub async fn poll_until<T>(source: &impl Source, id: &str, what: &str, wanted: impl Fn(&Batch) -> Option<T>) -> T {
    until(what, async || {
        let batch = poll(source, id).await;
        wanted(&batch).ok_or_else(|| told(&batch))
    })
    .await
}

/// Looks until it succeeds; fails after 30 s with what was there instead.
pub async fn until<T>(what: &str, look: impl AsyncFn() -> Result<T, String>) -> T {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        match look().await {
            Ok(found) => return found,
            Err(instead) => assert!(Instant::now() < deadline, "not within 30 s: {what}; there is:\n{instead}"),
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// The entity of that name.
pub fn named<'a>(batch: &'a Batch, name: &str) -> &'a Entity {
    batch.entities.iter().find(|entity| entity.name == name).unwrap_or_else(|| panic!("no {name} in:\n{}", told(batch)))
}

/// A batch in a few lines.
pub fn told(batch: &Batch) -> String {
    let entities =
        batch.entities.iter().map(|e| format!("{} {} {}: {}", e.kind(), e.name, e.state, e.reason.as_deref().unwrap_or_default()));
    let series = batch.series.iter().map(|s| format!("series {} {:?}: {:?}", s.reading, s.labels, s.points.last()));
    let problems = batch.problems.iter().map(|p| format!("problem {}: {}", p.path, p.message));
    entities.chain(series).chain(problems).collect::<Vec<_>>().join("\n")
}

/// What the program itself says as JSON with these settings, and its exit code.
pub fn triops(settings: &str, arguments: &[&str]) -> (i32, serde_json::Value) {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    let run = RUNS.fetch_add(1, Ordering::Relaxed);
    let home = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("live-{}-{run}", std::process::id()));
    std::fs::create_dir_all(&home).unwrap();
    let file = home.join("triops.toml");
    std::fs::write(&file, settings).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_triops"));
    let output = command.arg("--config").arg(&file).args(arguments).env_clear().env("HOME", &home).output().unwrap();
    let _ = std::fs::remove_dir_all(&home);
    let said = String::from_utf8_lossy(&output.stderr);
    (output.status.code().unwrap_or(-1), serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}")))
}
