//! Docker and Podman as they really answer: each state, what containers use, crashes within a second, logs.
//! Not for: recorded answers (see `tests/docker.rs`).
//!
//! The containers of each state are started by `tests/servers/up`; what a test changes is a container of its own.

mod logs;
pub mod own;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use triops::domain::{Answer, Ask, Batch, FailureKind, Kind, LogStream, State, Text, Timestamp};
use triops::source::docker::Docker;
use triops::source::{Flow, Source};

use super::support::{addresses, now, poll, poll_until, told};
use logs::{log_of, texts, whole};
use own::{DOCKER, IDLE, IMAGE, Own, PODMAN, PODMAN_IMAGE, change, command, container, said, source, told_by, workload, workload_named};

#[tokio::test]
async fn every_state_of_a_docker_container_is_told_with_its_reason() {
    let Some([url]) = addresses("every_state_of_a_docker_container_is_told_with_its_reason", [DOCKER]) else { return };
    let docker = source(&url);
    let batch = poll_until(&docker, "containers", "a crash loop", |batch| {
        (said(container(batch, "triops-crash-loop")?).0 == State::Failed).then(|| batch.clone())
    })
    .await;
    for (name, state, reason) in [
        ("triops-web", State::Ok, "running"),
        ("triops-healthy", State::Ok, "running, healthy"),
        ("triops-unhealthy", State::Failed, "unhealthy: connection refused"),
        ("triops-oom", State::Failed, "OOMKilled, exit 137"),
        ("triops-exited", State::Ok, "exited 0"),
        ("triops-failed", State::Failed, "exited 3 · restarted 2×"),
        ("triops-killed", State::Cancelled, "exited 137, SIGKILL of a user or the machine"),
        ("triops-paused", State::Warning, "paused by a user"),
        ("triops-created", State::Pending, "created, never started"),
    ] {
        assert_eq!(said(workload_named(&batch, name)), (state, reason), "{name}");
    }
    let looping = workload_named(&batch, "triops-crash-loop");
    let reason = looping.reason.as_deref().unwrap_or_default();
    assert!(reason.starts_with("crash loop: ") && workload(looping).restarts > Some(1), "{reason}");
    assert_eq!(workload(looping).namespace.as_deref(), Some("shop"));
    assert_eq!(looping.labels.get("com.docker.compose.service").map(Text::as_str), Some("orders"));

    let oom = workload(workload_named(&batch, "triops-oom"));
    assert_eq!((oom.oom_killed, oom.exit_code, oom.runtime.as_deref()), (Some(true), Some(137), Some("docker")));
    assert!(oom.finished_at > oom.started_at && oom.image.as_deref() == Some(IMAGE));
    let sick = workload(workload_named(&batch, "triops-unhealthy"));
    assert_eq!((sick.health.as_deref(), sick.health_output.as_deref()), (Some("unhealthy"), Some("connection refused")));
    let web = workload_named(&batch, "triops-web");
    assert!(web.since.is_some() && web.since == workload(web).started_at && workload(web).exit_code.is_none());
    assert!(batch.problems.is_empty(), "{}", told(&batch));
}

#[tokio::test]
async fn an_independent_client_reads_the_same_of_every_docker_container() {
    let Some([url]) = addresses("an_independent_client_reads_the_same_of_every_docker_container", [DOCKER]) else { return };
    let docker = source(&url);
    let batch = poll(&docker, "containers").await;
    let bollard = bollard::Docker::connect_with_unix(&url, 10, bollard::API_DEFAULT_VERSION).unwrap().negotiate_version().await.unwrap();
    let mut compared = 0;
    for entity in batch.entities.iter().filter(|entity| entity.kind() == Kind::Workload) {
        // what is in motion may move between two looks
        let Ok(theirs) = bollard.inspect_container(entity.id.key(), None).await else { continue };
        let (state, ours) = (theirs.state.unwrap(), workload(entity));
        if theirs.restart_count.unwrap_or(0) > 2 || entity.name.starts_with("own-") {
            continue;
        }
        assert_eq!(theirs.name.as_deref().map(|name| name.trim_start_matches('/')), Some(entity.name.as_str()));
        assert_eq!(state.started_at.as_deref().and_then(Timestamp::parse), ours.started_at, "{}", entity.name);
        assert_eq!(state.finished_at.as_deref().and_then(Timestamp::parse), ours.finished_at, "{}", entity.name);
        assert_eq!((state.oom_killed, theirs.restart_count.map(|n| n as u64)), (ours.oom_killed, ours.restarts), "{}", entity.name);
        if let Some(code) = ours.exit_code {
            assert_eq!(state.exit_code, Some(code), "{}", entity.name);
        }
        compared += 1;
    }
    assert!(compared >= 9, "only {compared} compared");
}

#[tokio::test]
async fn cpu_and_memory_of_docker_containers_agree_with_its_own_command() {
    let Some([url]) = addresses("cpu_and_memory_of_docker_containers_agree_with_its_own_command", [DOCKER]) else { return };
    let busy = Own::run(&url, "busy", &["--cpus", "0.3", "--memory", "64m"], IMAGE, "while :; do :; done");
    let docker = source(&url);
    let first = poll(&docker, "stats").await;
    let before = workload(workload_named(&first, &busy.name));
    assert!(before.cpu_cores.is_none() && before.memory_bytes.is_some(), "one sample tells memory, but no rate");
    tokio::time::sleep(Duration::from_secs(1)).await;
    let format = "{{.CPUPerc}} {{.MemUsage}}";
    let theirs = command(&url, &["stats", "--no-stream", "--format", format, &busy.name]);
    let second = poll(&docker, "stats").await;
    let ours = workload(workload_named(&second, &busy.name));
    let (cpu, memory) = theirs.split_once("% ").expect("a percentage");
    let (cpu, ours_cpu) = (cpu.parse::<f64>().unwrap() / 100.0, ours.cpu_cores.expect("a second sample"));
    assert!((cpu - ours_cpu).abs() < 0.1, "docker says {cpu}, we say {ours_cpu}");
    let memory = bytes(memory.split(" / ").next().unwrap_or_default());
    let ours_memory = ours.memory_bytes.unwrap() as f64;
    assert!((memory - ours_memory).abs() < 256.0 * 1024.0, "docker says {memory}, we say {ours_memory}");
    assert_eq!(ours.memory_limit_bytes, Some(64 << 20));
    assert_eq!((ours.net_rx_bps, ours.net_tx_bps), (None, None), "it has no network");
    let whole = poll(&docker, "containers").await;
    assert_eq!(workload(workload_named(&whole, &busy.name)).cpu_cores, ours.cpu_cores, "a list keeps the numbers");
    assert!(container(&second, "triops-exited").is_none(), "what does not run uses nothing");
}

/// `1.5MiB`, as the docker command writes it.
fn bytes(text: &str) -> f64 {
    let letters = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let unit = match &text[letters..] {
        "B" => 1.0,
        "KiB" => 1024.0,
        "MiB" => 1024.0 * 1024.0,
        other => panic!("unit {other}"),
    };
    text[..letters].parse::<f64>().unwrap() * unit
}

#[tokio::test]
async fn a_docker_container_that_is_killed_is_told_within_a_second_and_its_end_when_it_is_removed() {
    let name = "a_docker_container_that_is_killed_is_told_within_a_second_and_its_end_when_it_is_removed";
    let Some([url]) = addresses(name, [DOCKER]) else { return };
    let docker = source(&url);
    let own = Own::run(&url, "crash", &[], IMAGE, IDLE);
    let mut events = opened(&docker, &own).await;
    let asked = Instant::now();
    own.act("kill");
    let killed =
        told_by(&mut events, "a kill", |batch| container(batch, &own.name).filter(|entity| entity.state == State::Cancelled).cloned())
            .await;
    assert!(asked.elapsed() < Duration::from_secs(1), "told after {:?}", asked.elapsed());
    assert_eq!(said(&killed).1, "exited 137, killed by a user");
    own.act("start");
    told_by(&mut events, "a start", |batch| container(batch, &own.name).filter(|entity| entity.state == State::Ok).map(|_| ())).await;
    own.act("pause");
    let paused = told_by(&mut events, "a pause", |batch| container(batch, &own.name).filter(|e| e.state == State::Warning).cloned()).await;
    assert!(paused.since.is_some(), "the event tells since when");
    own.act("unpause");
    command(&url, &["rm", "--force", &own.name]);
    told_by(&mut events, "a removal", |batch| batch.gone.contains(&killed.id).then_some(())).await;
}

/// Opens the stream: pauses and unpauses the container until one of it is told.
async fn opened(docker: &Docker, own: &Own) -> Flow<Batch> {
    let mut events = docker.events().unwrap();
    let open = AtomicBool::new(false);
    let nudge = async {
        while !open.load(Ordering::SeqCst) {
            let (url, name) = (own.url.clone(), own.name.clone());
            let both = move || ["pause", "unpause"].map(|verb| command(&url, &[verb, &name]));
            tokio::task::spawn_blocking(both).await.unwrap();
        }
    };
    let told = async {
        told_by(&mut events, "anything of its own", |batch| container(batch, &own.name).map(|_| ())).await;
        open.store(true, Ordering::SeqCst);
    };
    tokio::join!(nudge, told);
    events
}

#[tokio::test]
async fn a_container_that_ends_by_itself_with_a_code_is_a_failure_within_a_second() {
    let Some([url]) = addresses("a_container_that_ends_by_itself_with_a_code_is_a_failure_within_a_second", [DOCKER]) else { return };
    let docker = source(&url);
    let own = Own::run(&url, "exit", &[], IMAGE, "trap 'exit 9' HUP; while :; do sleep 1 & wait $!; done");
    let mut events = opened(&docker, &own).await;
    // a signal that asks for something else than the end
    let asked = Instant::now();
    command(&url, &["kill", "--signal", "HUP", &own.name]);
    let crashed =
        told_by(&mut events, "a crash", |batch| container(batch, &own.name).filter(|entity| entity.state == State::Failed).cloned()).await;
    assert!(asked.elapsed() < Duration::from_secs(1), "told after {:?}", asked.elapsed());
    assert_eq!((said(&crashed).1, workload(&crashed).exit_code), ("exited 9", Some(9)));
}

#[tokio::test]
async fn another_image_under_a_containers_name_is_a_change() {
    let Some([url]) = addresses("another_image_under_a_containers_name_is_a_change", [DOCKER]) else { return };
    command(&url, &["tag", IMAGE, "triops-tests:2"]);
    let docker = source(&url);
    let old = Own::run(&url, "deploy", &["--label", "team=shop"], IMAGE, IDLE);
    let before = poll(&docker, "containers").await;
    let made = before.entities.iter().find(|entity| entity.kind() == Kind::Change && entity.name == old.name.as_str()).unwrap();
    assert_eq!((change(made).before.as_deref(), change(made).after.as_deref()), (None, Some(IMAGE)));
    command(&url, &["rm", "--force", &old.name]);
    let new = Own::run(&url, "deploy", &[], "triops-tests:2", IDLE);
    let after = poll(&docker, "containers").await;
    let deployed = after.entities.iter().filter(|entity| entity.kind() == Kind::Change && entity.name == new.name.as_str());
    let deployed: Vec<_> = deployed.map(|entity| entity.reason.as_deref().unwrap_or_default()).collect();
    assert!(deployed.contains(&"image triops-tests:1 → triops-tests:2"), "{deployed:?}");
}

#[tokio::test]
async fn a_raw_answer_shows_names_of_secrets_but_not_their_values() {
    let Some([url]) = addresses("a_raw_answer_shows_names_of_secrets_but_not_their_values", [DOCKER]) else { return };
    let options = ["--env", "DB_PASSWORD=hunter2", "--env", "URL=postgres://app:hunter2@db/x", "--env", "LEVEL=info"];
    let own = Own::run(&url, "raw", &options, IMAGE, IDLE);
    let docker = source(&url);
    let entity = poll_until(&docker, "containers", "it", |batch| container(batch, &own.name).cloned()).await.shared();
    let Ok(Answer::Raw(raw)) = docker.ask(&Ask::Raw { entity: entity.clone() }).await else { panic!("no raw answer") };
    assert!(raw.contains("DB_PASSWORD=***") && raw.contains("postgres://app:***@db/x") && raw.contains("LEVEL=info"), "{raw}");
    assert!(!raw.contains("hunter2"));
    let history = Ask::History { entity, from: now(), to: now(), step_s: 1.0 };
    assert_eq!(docker.ask(&history).await.unwrap_err().kind, FailureKind::Unsupported);
}

#[tokio::test]
async fn engines_say_what_they_are_and_a_missing_one_that_it_is_not_there() {
    let Some([docker, podman]) = addresses("engines_say_what_they_are_and_a_missing_one_that_it_is_not_there", [DOCKER, PODMAN]) else {
        return;
    };
    let (docker, podman) = (source(&docker), source(&podman));
    let product = docker.probe().await.unwrap().product;
    assert!(product.starts_with("Docker ") && product.contains(" (API 1."), "{product}");
    assert!(podman.probe().await.unwrap().product.starts_with("Podman "));
    assert!(docker.spent().requests >= 2 && docker.spent().bytes > 100);
    let failure = source("unix:///nowhere/docker.sock").probe().await.unwrap_err();
    assert!(failure.kind == FailureKind::Unreachable && !failure.hint.is_empty(), "{failure}");
}

#[tokio::test]
async fn podman_containers_are_told_with_state_usage_and_log() {
    let Some([url]) = addresses("podman_containers_are_told_with_state_usage_and_log", [PODMAN]) else { return };
    let podman = source(&url);
    let batch = poll(&podman, "containers").await;
    for (name, state, reason) in
        [("triops-web", State::Ok, "running"), ("triops-exited", State::Ok, "exited 0"), ("triops-failed", State::Failed, "exited 3")]
    {
        let entity = workload_named(&batch, name);
        assert_eq!(said(entity), (state, reason), "{name}");
        assert_eq!(workload(entity).runtime.as_deref(), Some("podman"));
    }
    let first = poll(&podman, "stats").await;
    assert!(workload(workload_named(&first, "triops-web")).memory_bytes > Some(0));
    let spent = podman.spent().requests;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let second = poll(&podman, "stats").await;
    assert_eq!(podman.spent().requests - spent, 1, "one request for all");
    let cores = workload(workload_named(&second, "triops-web")).cpu_cores.expect("a second sample");
    assert!((0.0..1.0).contains(&cores), "{cores}");
    let (lines, _) = whole(&podman, log_of(workload_named(&batch, "triops-failed"), 10)).await;
    assert_eq!((texts(&lines), lines[0].stream), (vec!["fatal: no route to database"], LogStream::Err));
}

#[tokio::test]
async fn a_podman_container_that_ends_is_told_within_a_second() {
    let Some([url]) = addresses("a_podman_container_that_ends_is_told_within_a_second", [PODMAN]) else { return };
    let podman = source(&url);
    let own = Own::run(&url, "crash", &[], PODMAN_IMAGE, IDLE);
    let mut events = opened(&podman, &own).await;
    let asked = Instant::now();
    own.act("kill");
    let killed =
        told_by(&mut events, "a kill", |batch| container(batch, &own.name).filter(|entity| workload(entity).exit_code.is_some()).cloned())
            .await;
    assert!(asked.elapsed() < Duration::from_secs(1), "told after {:?}", asked.elapsed());
    assert_eq!(said(&killed), (State::Cancelled, "exited 137, killed by a user"));
    command(&url, &["rm", "--force", &own.name]);
    told_by(&mut events, "a removal", |batch| batch.gone.contains(&killed.id).then_some(())).await;
}
