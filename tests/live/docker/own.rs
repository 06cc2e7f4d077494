//! What the tests of the docker source share: looking at entities, the docker command, containers of a test's own.
//! Not for: tests.

use std::process::Command;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use triops::config::SourceConfig;
use triops::domain::{Batch, Change, Detail, Entity, Kind, State, Workload};
use triops::source::Flow;
use triops::source::docker::Docker;

use crate::support::told;

pub const DOCKER: &str = "TRIOPS_LIVE_DOCKER";
pub const PODMAN: &str = "TRIOPS_LIVE_PODMAN";
pub const IMAGE: &str = "triops-tests:1";
/// The same image, as Podman names it.
pub const PODMAN_IMAGE: &str = "localhost/triops-tests:1";
/// Runs until it is asked to stop.
pub const IDLE: &str = "trap 'exit 0' TERM; while :; do sleep 1 & wait $!; done";

pub fn source(url: &str) -> Docker {
    let config = SourceConfig { name: "engine".into(), connector: "docker".into(), url: Some(url.into()), ..SourceConfig::default() };
    Docker::new(&config, false).unwrap()
}

pub fn workload(entity: &Entity) -> &Workload {
    match &entity.detail {
        Detail::Workload(workload) => workload,
        other => panic!("not a workload: {other:?}"),
    }
}

pub fn change(entity: &Entity) -> &Change {
    match &entity.detail {
        Detail::Change(change) => change,
        other => panic!("not a change: {other:?}"),
    }
}

/// The workload of that name; a change may have the same one.
pub fn container<'a>(batch: &'a Batch, name: &str) -> Option<&'a Entity> {
    batch.entities.iter().find(|entity| entity.kind() == Kind::Workload && entity.name == name)
}

pub fn workload_named<'a>(batch: &'a Batch, name: &str) -> &'a Entity {
    container(batch, name).unwrap_or_else(|| panic!("no {name} in:\n{}", told(batch)))
}

pub fn said(entity: &Entity) -> (State, &str) {
    (entity.state, entity.reason.as_deref().unwrap_or_default())
}

/// The docker command, which also speaks to Podman.
pub fn command(url: &str, arguments: &[&str]) -> String {
    let output = Command::new("docker").args(["--host", url]).args(arguments).output().expect("the docker command");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "docker {arguments:?}: {err}");
    out.trim().to_owned()
}

/// A container of one test, gone with it.
pub struct Own {
    pub url: String,
    /// Unique among tests.
    pub name: String,
}

impl Own {
    pub fn run(url: &str, what: &str, options: &[&str], image: &str, script: &str) -> Self {
        let own = Self { url: url.to_owned(), name: format!("own-{what}-{}", std::process::id()) };
        let mut arguments = vec!["run", "--detach", "--name", &own.name, "--network", "none"];
        arguments.extend(options);
        arguments.extend([image, "/bin/sh", "-c", script]);
        command(url, &arguments);
        own
    }

    /// Waits until it runs and is not paused.
    pub fn settled(&self) {
        let deadline = Instant::now() + Duration::from_secs(5);
        while command(&self.url, &["inspect", "--format", "{{.State.Status}}", &self.name]) != "running" {
            assert!(Instant::now() < deadline, "{} does not run", self.name);
            std::thread::yield_now();
        }
    }

    pub fn act(&self, verb: &str) {
        command(&self.url, &[verb, &self.name]);
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let _ = Command::new("docker").args(["--host", &self.url, "rm", "--force", "--volumes", &self.name]).output();
    }
}

/// Reads batches until `wanted`; fails after five seconds.
pub async fn told_by<T>(events: &mut Flow<Batch>, what: &str, wanted: impl Fn(&Batch) -> Option<T>) -> T {
    let search = async {
        while let Some(batch) = events.next().await {
            let batch = batch.unwrap();
            if let Some(found) = wanted(&batch) {
                return found;
            }
        }
        panic!("the stream ended before {what}");
    };
    let found = tokio::time::timeout(Duration::from_secs(5), search).await;
    found.unwrap_or_else(|_| panic!("no event told: {what}"))
}
