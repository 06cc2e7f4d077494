//! The fields of the engine's answers that are read, and no others: Docker API 1.24–1.44, Podman's Docker-compatible and libpod trees.
//! Not for: what they mean (see `state`, `usage`); the whole of an answer (see `raw`).
//!
//! Field names as in moby's `api/swagger.yaml` and Podman's `libpod` documentation; what Podman sends as `null` reads as absent.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::domain::Timestamp;

/// `GET /version`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Version {
    /// `20.10.24+dfsg1`, `4.3.1`.
    pub version: String,
}

/// One row of `GET /containers/json?all=1`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DockerRow {
    /// 64 hexadecimal digits.
    pub id: String,
    /// With a slash before each.
    #[serde(default, deserialize_with = "nullable")]
    pub names: Vec<String>,
    /// As it was named when the container was made.
    #[serde(default)]
    pub image: String,
    /// Epoch seconds.
    pub created: Option<i64>,
    /// `running`, `exited`, …
    #[serde(default)]
    pub state: String,
    /// `Up 5 seconds (unhealthy)`, `Exited (137) 1 second ago`.
    #[serde(default)]
    pub status: String,
    /// Set when the container was made, and never changed.
    #[serde(default, deserialize_with = "nullable")]
    pub labels: BTreeMap<String, String>,
}

/// One row of `GET /libpod/containers/json?all=true`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PodmanRow {
    /// 64 hexadecimal digits.
    pub id: String,
    /// Without slash.
    #[serde(default, deserialize_with = "nullable")]
    pub names: Vec<String>,
    /// With registry.
    #[serde(default)]
    pub image: String,
    /// RFC 3339.
    pub created: Option<String>,
    /// `running`, `exited`, `configured`, …
    #[serde(default)]
    pub state: String,
    /// Health in newer versions, empty in older ones.
    #[serde(default)]
    pub status: String,
    /// As with Docker.
    #[serde(default, deserialize_with = "nullable")]
    pub labels: BTreeMap<String, String>,
    /// Pod it belongs to; empty outside of one.
    #[serde(default)]
    pub pod_name: String,
    /// The process that holds the pod together.
    #[serde(default)]
    pub is_infra: bool,
    /// Of the last end.
    #[serde(default)]
    pub exit_code: i64,
    /// Epoch seconds; far below zero for never.
    #[serde(default)]
    pub started_at: i64,
}

/// `GET /containers/{id}/json`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Inspect {
    /// 64 hexadecimal digits.
    pub id: String,
    /// With a slash before.
    #[serde(default)]
    pub name: String,
    /// RFC 3339.
    pub created: Option<String>,
    /// Digest of the image.
    #[serde(default)]
    pub image: String,
    /// By the engine, since it was last started by hand.
    pub restart_count: Option<u64>,
    /// How it is.
    pub state: InspectState,
    /// As it was made.
    pub config: Option<InspectConfig>,
    /// As the engine runs it.
    pub host_config: Option<HostConfig>,
}

/// `State` of an inspection.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct InspectState {
    /// The word of the list.
    #[serde(default)]
    pub status: String,
    /// Of the last end; 0 while it runs.
    pub exit_code: Option<i64>,
    /// The kernel killed a process of it for memory since it was started.
    #[serde(rename = "OOMKilled")]
    pub oom_killed: Option<bool>,
    /// Why it could not start.
    #[serde(default)]
    pub error: String,
    /// RFC 3339; the year one for never.
    #[serde(default)]
    pub started_at: String,
    /// RFC 3339; the year one for never.
    #[serde(default)]
    pub finished_at: String,
    /// Absent without a health check.
    pub health: Option<Health>,
}

/// `State.Health`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Health {
    /// `starting`, `healthy`, `unhealthy`; `none` or empty without a check.
    #[serde(default)]
    pub status: String,
    /// The last five probes, oldest first.
    #[serde(default, deserialize_with = "nullable")]
    pub log: Vec<ProbeResult>,
}

/// One run of the health check.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ProbeResult {
    /// RFC 3339.
    #[serde(default)]
    pub start: String,
    /// 0 is healthy.
    #[serde(default)]
    pub exit_code: i64,
    /// At most 4 KiB.
    #[serde(default)]
    pub output: String,
}

/// `Config` of an inspection.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct InspectConfig {
    /// As it was named when the container was made.
    #[serde(default)]
    pub image: String,
    /// Its log is raw, not framed.
    #[serde(default)]
    pub tty: bool,
    /// As in the list.
    #[serde(default, deserialize_with = "nullable")]
    pub labels: BTreeMap<String, String>,
}

/// `HostConfig` of an inspection.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct HostConfig {
    /// What the engine does when it ends.
    pub restart_policy: Option<RestartPolicy>,
}

/// `HostConfig.RestartPolicy`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RestartPolicy {
    /// `no`, empty, `always`, `unless-stopped`, `on-failure`.
    #[serde(default)]
    pub name: String,
    /// Of `on-failure`; 0 for ever.
    #[serde(default)]
    pub maximum_retry_count: u64,
}

/// `GET /containers/{id}/stats?stream=false&one-shot=true`.
#[derive(Debug, Deserialize)]
pub struct DockerStats {
    /// When it was measured; the year one for a container that does not run.
    #[serde(default)]
    pub read: String,
    /// Now.
    #[serde(default)]
    pub cpu_stats: CpuStats,
    /// A moment ago; zeros in a one-shot answer.
    #[serde(default)]
    pub precpu_stats: CpuStats,
    /// Memory.
    #[serde(default)]
    pub memory_stats: MemoryStats,
    /// Per interface; absent without a network of its own.
    pub networks: Option<BTreeMap<String, Interface>>,
}

/// `cpu_stats`.
#[derive(Debug, Default, Deserialize)]
pub struct CpuStats {
    /// The container's.
    #[serde(default)]
    pub cpu_usage: CpuUsage,
    /// The whole machine's, nanoseconds over all its cores.
    #[serde(default)]
    pub system_cpu_usage: u64,
    /// Cores of the machine.
    pub online_cpus: Option<u32>,
}

/// `cpu_stats.cpu_usage`.
#[derive(Debug, Default, Deserialize)]
pub struct CpuUsage {
    /// Nanoseconds since it was started.
    #[serde(default)]
    pub total_usage: u64,
    /// Per core; only its length is of interest, where `online_cpus` is missing.
    #[serde(default, deserialize_with = "nullable")]
    pub percpu_usage: Vec<serde::de::IgnoredAny>,
}

/// `memory_stats`.
#[derive(Debug, Default, Deserialize)]
pub struct MemoryStats {
    /// With the page cache.
    pub usage: Option<u64>,
    /// The machine's memory where there is no limit.
    pub limit: Option<u64>,
    /// The kernel's own counters.
    #[serde(default)]
    pub stats: MemoryCounters,
}

/// `memory_stats.stats`.
#[derive(Debug, Default, Deserialize)]
pub struct MemoryCounters {
    /// Only with cgroup v1, where it counts children too.
    pub total_inactive_file: Option<u64>,
    /// With either.
    pub inactive_file: Option<u64>,
}

/// `networks.*`.
#[derive(Debug, Deserialize)]
pub struct Interface {
    /// Bytes received.
    #[serde(default)]
    pub rx_bytes: u64,
    /// Bytes sent.
    #[serde(default)]
    pub tx_bytes: u64,
}

/// `GET /libpod/containers/stats?stream=false`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PodmanStats {
    /// Every container, also those that do not run.
    #[serde(default, deserialize_with = "nullable")]
    pub stats: Vec<PodmanUsage>,
}

/// One container of it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PodmanUsage {
    /// 64 hexadecimal digits.
    #[serde(rename = "ContainerID")]
    pub container_id: String,
    /// CPU time since it was started, nanoseconds.
    #[serde(rename = "CPUNano", default)]
    pub cpu_nano: u64,
    /// When it was measured, epoch nanoseconds; 0 for a container that does not run.
    #[serde(default)]
    pub system_nano: u64,
    /// Bytes.
    pub mem_usage: Option<u64>,
    /// Bytes; the machine's memory where there is no limit.
    pub mem_limit: Option<u64>,
    /// Bytes received since it was started (Podman 4).
    pub net_input: Option<u64>,
    /// Bytes sent since it was started (Podman 4).
    pub net_output: Option<u64>,
    /// The same per interface (Podman 5).
    pub network: Option<BTreeMap<String, PodmanInterface>>,
}

/// Traffic of one interface (Podman 5).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PodmanInterface {
    /// Bytes received.
    #[serde(default)]
    pub rx_bytes: u64,
    /// Bytes sent.
    #[serde(default)]
    pub tx_bytes: u64,
}

/// One line of `GET /events`.
#[derive(Debug, Deserialize)]
pub struct EngineEvent {
    /// `container`, `image`, …
    #[serde(rename = "Type", default)]
    pub kind: String,
    /// `die`, `health_status: unhealthy`, …
    #[serde(rename = "Action", default)]
    pub action: String,
    /// To whom.
    #[serde(rename = "Actor")]
    pub actor: Actor,
    /// Epoch nanoseconds.
    #[serde(rename = "timeNano", default)]
    pub time_nano: i64,
}

/// `Actor` of an event.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Actor {
    /// The container.
    #[serde(rename = "ID", default)]
    pub id: String,
    /// Labels, and `name`, `image`, `exitCode`, `signal`.
    #[serde(default, deserialize_with = "nullable")]
    pub attributes: BTreeMap<String, String>,
}

impl EngineEvent {
    /// When, in our milliseconds.
    pub fn at(&self) -> Timestamp {
        Timestamp::from_ms(self.time_nano / 1_000_000)
    }
}

/// Splits an array into its elements without reading them, so that one bad row costs itself alone.
pub fn rows(body: &[u8]) -> serde_json::Result<Vec<&RawValue>> {
    // `null` is what Go writes for an empty list
    serde_json::from_slice::<Option<Vec<&RawValue>>>(body).map(Option::unwrap_or_default)
}

fn nullable<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}
