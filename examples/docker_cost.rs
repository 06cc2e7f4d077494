//! What the docker source costs while it polls an engine as the program does: CPU time, memory, requests and bytes.
//! Not for: how fast it answers a person (see `benches/`).
//!
//! `cargo run --release --example docker_cost -- unix:///path/docker.sock 30`; with a third word `bollard`, the same requests through
//! that crate, for comparison.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a command that measures prints what it measured")]

use std::time::{Duration, SystemTime};

use futures_util::StreamExt;
use triops::config::SourceConfig;
use triops::domain::{PollId, Timestamp};
use triops::source::Source;
use triops::source::docker::Docker;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (url, seconds) = (arguments[0].clone(), arguments.get(1).map_or(30, |seconds| seconds.parse().unwrap()));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let before = cpu_ms();
    let whole = match arguments.get(2).map(String::as_str) {
        Some("bollard") => runtime.block_on(with_bollard(&url, seconds)),
        _ => runtime.block_on(with_source(&url, seconds)),
    };
    let after = cpu_ms();
    println!("first list and sample: {:.1} ms of CPU", whole - before);
    println!("then: {:.2} ms of CPU per second over {seconds} s, {} KiB resident", (after - whole) / f64::from(seconds), resident_kib());
}

/// Lists every 15 s, samples every 5 s, follows the events. The answer is the CPU time after the first round.
async fn with_source(url: &str, seconds: u32) -> f64 {
    let config = SourceConfig { name: "d".into(), connector: "docker".into(), url: Some(url.into()), ..SourceConfig::default() };
    let docker = Docker::new(&config, false).unwrap();
    let mut events = docker.events().unwrap();
    let events = async move { while events.next().await.is_some() {} };
    let events = tokio::spawn(events);
    let poll = async |id: &str| docker.poll(&PollId::from(id), now()).await.unwrap();
    let entities = poll("containers").await.entities.len();
    poll("stats").await;
    let first = cpu_ms();
    let mut slowest = Duration::ZERO;
    for second in 1..=seconds {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let started = std::time::Instant::now();
        if second % 15 == 0 {
            poll("containers").await;
        }
        if second % 5 == 0 {
            poll("stats").await;
        }
        slowest = slowest.max(started.elapsed());
    }
    events.abort();
    let spent = docker.spent();
    println!("{entities} entities, {} requests, {} KiB in all, slowest round {slowest:?}", spent.requests, spent.bytes / 1024);
    first
}

/// The same list and samples.
async fn with_bollard(url: &str, seconds: u32) -> f64 {
    use bollard::query_parameters::{ListContainersOptionsBuilder, StatsOptionsBuilder};
    let docker = bollard::Docker::connect_with_unix(url, 10, bollard::API_DEFAULT_VERSION).unwrap().negotiate_version().await.unwrap();
    let list = async || docker.list_containers(Some(ListContainersOptionsBuilder::new().all(true).build())).await.unwrap();
    let sample = async || {
        let running: Vec<String> = list().await.into_iter().filter_map(|container| container.id).collect();
        let options = StatsOptionsBuilder::new().stream(false).one_shot(true).build();
        let one = |id: String| {
            let mut stats = docker.stats(&id, Some(options.clone()));
            async move { stats.next().await.is_some() }
        };
        futures_util::stream::iter(running.into_iter().map(one)).buffer_unordered(16).count().await
    };
    let ids: Vec<String> = list().await.into_iter().filter_map(|container| container.id).collect();
    for id in &ids {
        docker.inspect_container(id, None).await.unwrap();
    }
    sample().await;
    let first = cpu_ms();
    for second in 1..=seconds {
        tokio::time::sleep(Duration::from_secs(1)).await;
        if second % 5 == 0 {
            sample().await;
        }
    }
    println!("{} containers through bollard", ids.len());
    first
}

fn now() -> Timestamp {
    Timestamp::from_ms(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis() as i64)
}

/// Of all threads: the kernel counts nanoseconds on the CPU first in each `schedstat`.
fn cpu_ms() -> f64 {
    let threads = std::fs::read_dir("/proc/self/task").unwrap().flatten();
    let spent = threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("schedstat")).ok());
    spent.filter_map(|text| text.split(' ').next()?.parse::<f64>().ok()).sum::<f64>() / 1e6
}

fn resident_kib() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default().trim().trim_end_matches(" kB").to_owned()
}
