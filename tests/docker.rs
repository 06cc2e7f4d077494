//! What the docker source promises against recorded answers of Docker 20.10 and Podman 4.3, and against engines that misbehave.
//! Not for: real engines (see `tests/live/docker.rs`).

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "hostile/server.rs"]
mod server;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use server::{Server, http, json};
use tokio::io::AsyncWriteExt;
use triops::config::SourceConfig;
use triops::domain::{Answer, Ask, Batch, Entity, EntityId, Failure, FailureKind, Kind, LogRequest, PollId, State, Text, Timestamp};
use triops::source::Source;
use triops::source::docker::Docker;

/// Ten minutes after the recording.
fn now() -> Timestamp {
    Timestamp::parse("2026-11-27T12:45:00Z").unwrap()
}

fn recorded(name: &str) -> Vec<u8> {
    let path = Path::new("tests/fixtures/docker").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn source(server: &Server) -> Docker {
    let config = SourceConfig {
        name: "engine".into(),
        connector: "docker".into(),
        url: Some(server.url()),
        proxy: Some("none".into()),
        timeout: Some("2s".parse().unwrap()),
        labels: [("site".to_owned(), "lab".to_owned())].into(),
        env: Some("prod".into()),
        ..SourceConfig::default()
    };
    Docker::new(&config, false).unwrap()
}

async fn poll(docker: &Docker, id: &str) -> Result<Batch, Failure> {
    docker.poll(&PollId::from(id), now()).await
}

/// The path and query of a request.
fn path(request: &str) -> &str {
    request.split(' ').nth(1).unwrap_or_default()
}

fn ping(api: &str) -> Vec<u8> {
    http("200 OK", &format!("api-version: {api}\r\n"), "OK")
}

fn missing() -> Vec<u8> {
    http("404 Not Found", "content-type: application/json\r\n", r#"{"message":"No such container"}"#)
}

/// The inspection of the recorded container with that id.
fn inspection(folder: &str, id: &str) -> Vec<u8> {
    let files = std::fs::read_dir(Path::new("tests/fixtures/docker").join(folder)).unwrap().flatten();
    let mut inspections = files.filter(|file| file.file_name().to_string_lossy().starts_with("inspect-"));
    let found = inspections.find(|file| std::fs::read_to_string(file.path()).unwrap().contains(&format!("\"Id\": \"{id}\"")));
    found.map_or_else(missing, |file| json(std::fs::read(file.path()).unwrap()))
}

async fn recorded_docker() -> Server {
    let samples = AtomicUsize::new(0);
    Server::answering(move |request| match path(request) {
        "/_ping" => ping("1.41"),
        "/v1.41/version" => json(recorded("docker-20.10/version.json")),
        "/v1.41/containers/json?all=1" => json(recorded("docker-20.10/list.json")),
        other if other.contains("/stats?stream=false&one-shot=true") => {
            let web = other.contains(id_of_web().as_str());
            let later = web && samples.fetch_add(1, Ordering::SeqCst) > 0;
            json(recorded(if later { "docker-20.10/stats-web-later.json" } else { "docker-20.10/stats-web.json" }))
        }
        other => match other.strip_prefix("/v1.41/containers/").and_then(|rest| rest.strip_suffix("/json")) {
            Some(id) => inspection("docker-20.10", id),
            None => missing(),
        },
    })
    .await
}

fn id_of_web() -> String {
    let inspect: serde_json::Value = serde_json::from_slice(&recorded("docker-20.10/inspect-web.json")).unwrap();
    inspect["Id"].as_str().unwrap().to_owned()
}

/// The workloads as they stand in files, ids and digests left out.
fn written(batch: &Batch) -> String {
    let mut entities: Vec<&Entity> = batch.entities.iter().filter(|entity| entity.kind() == Kind::Workload).collect();
    entities.sort_by(|one, other| one.name.cmp(&other.name));
    let mut values: Vec<serde_json::Value> = entities.iter().map(|entity| serde_json::to_value(entity).unwrap()).collect();
    for value in &mut values {
        value.as_object_mut().unwrap().remove("id");
        value["detail"].as_object_mut().unwrap().retain(|_, field| !field.is_null());
    }
    serde_json::to_string_pretty(&values).unwrap()
}

#[tokio::test]
async fn recorded_docker_containers_become_these_entities() {
    let server = recorded_docker().await;
    let docker = source(&server);
    let batch = poll(&docker, "containers").await.unwrap();
    assert_eq!(batch.problems, []);
    insta::assert_snapshot!(written(&batch));
    let changes: Vec<&Entity> = batch.entities.iter().filter(|entity| entity.kind() == Kind::Change).collect();
    assert_eq!((changes.len(), changes[0].reason.as_deref()), (11, Some("container created from triops-tests:1")));
    assert_eq!(docker.probe().await.unwrap().product, "Docker 20.10.24 (API 1.41)");
}

#[tokio::test]
async fn two_recorded_docker_samples_make_cores_of_cgroup_v1_and_only_running_containers_are_sampled() {
    let server = recorded_docker().await;
    let docker = source(&server);
    poll(&docker, "stats").await.unwrap();
    let batch = poll(&docker, "stats").await.unwrap();
    let web = batch.entities.iter().find(|entity| entity.name == "triops-web").unwrap();
    let web = serde_json::to_value(web).unwrap()["detail"].clone();
    let sample = |name: &str| serde_json::from_slice::<serde_json::Value>(&recorded(name)).unwrap();
    let (first, later) = (sample("docker-20.10/stats-web.json"), sample("docker-20.10/stats-web-later.json"));
    let delta = |pointer: &str| later.pointer(pointer).unwrap().as_f64().unwrap() - first.pointer(pointer).unwrap().as_f64().unwrap();
    let cores = delta("/cpu_stats/cpu_usage/total_usage") / delta("/cpu_stats/system_cpu_usage") * 2.0;
    assert!(cores > 0.0 && (web["cpu_cores"].as_f64().unwrap() - cores).abs() < 1e-9, "{web}");
    let memory = &later["memory_stats"];
    let used = memory["usage"].as_u64().unwrap() - memory["stats"]["total_inactive_file"].as_u64().unwrap();
    assert_eq!((web["memory_bytes"].as_u64(), web["memory_limit_bytes"].as_u64()), (Some(used), Some(64 << 20)));
    let asked = server.asked.lock().unwrap().iter().filter(|request| path(request).contains("/stats")).count();
    let running = batch.entities.len();
    assert_eq!(asked, 2 * running, "one request per running container and poll");
    assert!(batch.entities.iter().all(|entity| entity.name != "triops-exited"));
}

#[tokio::test]
async fn recorded_podman_containers_become_these_entities_with_one_request_for_all_samples() {
    let samples = AtomicUsize::new(0);
    let server = Server::answering(move |request| match path(request) {
        "/_ping" => http("200 OK", "api-version: 1.41\r\nlibpod-api-version: 4.3.1\r\n", "OK"),
        "/v1.41/version" => json(recorded("podman-4.3/version.json")),
        "/v4.3.1/libpod/containers/json?all=true" => json(recorded("podman-4.3/list.json")),
        "/v4.3.1/libpod/containers/stats?stream=false" => {
            let first = samples.fetch_add(1, Ordering::SeqCst) == 0;
            json(recorded(if first { "podman-4.3/stats.json" } else { "podman-4.3/stats-later.json" }))
        }
        other => match other.strip_prefix("/v1.41/containers/").and_then(|rest| rest.strip_suffix("/json")) {
            Some(id) => inspection("podman-4.3", id),
            None => missing(),
        },
    })
    .await;
    let podman = source(&server);
    poll(&podman, "containers").await.unwrap();
    poll(&podman, "stats").await.unwrap();
    let before = server.count();
    poll(&podman, "stats").await.unwrap();
    assert_eq!(server.count() - before, 1);
    insta::assert_snapshot!(written(&poll(&podman, "containers").await.unwrap()));
    assert_eq!(podman.probe().await.unwrap().product, "Podman 4.3.1");
}

#[tokio::test]
async fn a_second_list_inspects_only_what_moves() {
    let server = recorded_docker().await;
    let docker = source(&server);
    let inspections = || server.asked.lock().unwrap().iter().filter(|request| path(request).ends_with("/json")).count();
    poll(&docker, "containers").await.unwrap();
    assert_eq!(inspections(), 11);
    let batch = poll(&docker, "containers").await.unwrap();
    // the one that fails its health check, and the one that is restarted
    assert_eq!((inspections(), batch.entities.len()), (13, 22));
}

/// An engine of `count` running containers, whose list and inspections are the least that can be.
fn small_engine(request: &str, api: &str, count: usize) -> Option<Vec<u8>> {
    let rows = (0..count).map(|n| format!(r#"{{"Id":"c{n}","Names":["/n{n}"],"State":"running","Status":"Up 2 hours"}}"#));
    let rest = path(request).strip_prefix(&format!("/v{api}/containers/")).unwrap_or_default();
    match (path(request), rest.split_once('/')) {
        ("/_ping", _) => Some(ping(api)),
        (_, None) if rest.starts_with("json?") => Some(json(format!("[{}]", rows.collect::<Vec<_>>().join(",")))),
        (_, Some((id, "json"))) => {
            let name = id.replacen('c', "n", 1);
            Some(json(format!(r#"{{"Id":"{id}","Name":"/{name}","State":{{"Status":"running"}},"Config":{{"Tty":false}}}}"#)))
        }
        _ => None,
    }
}

#[tokio::test]
async fn samples_are_asked_for_together_within_a_bound_and_one_that_fails_costs_itself_alone() {
    let (under_way, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (counting, highest) = (Arc::clone(&under_way), Arc::clone(&most));
    let server = Server::start(Arc::new(move |request, mut wire| {
        let (counting, highest) = (Arc::clone(&counting), Arc::clone(&highest));
        Box::pin(async move {
            let answer = if let Some(answer) = small_engine(&request, "1.41", 150) {
                answer
            } else {
                highest.fetch_max(counting.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                // as the real one does, it answers at the next tick
                tokio::time::sleep(Duration::from_millis(300)).await;
                counting.fetch_sub(1, Ordering::SeqCst);
                match path(&request) {
                    gone if gone.contains("/c7/") => missing(),
                    broken if broken.contains("/c8/") => http("500 Internal Server Error", "", r#"{"message":"cgroup gone"}"#),
                    _ => json(r#"{"read":"2026-11-27T12:00:00Z","memory_stats":{"usage":7}}"#),
                }
            };
            let _ = wire.write_all(&answer).await;
        })
    }))
    .await;
    let batch = poll(&source(&server), "stats").await.unwrap();
    assert_eq!((batch.entities.len(), most.load(Ordering::SeqCst)), (150, 64));
    let problems: Vec<&str> = batch.problems.iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(problems, ["containers/c8/stats"]);
    assert!(batch.problems[0].message.contains("cgroup gone"));
}

#[tokio::test]
async fn an_engine_stuck_on_containers_delays_no_poll_beyond_the_timeout_and_tells_the_others() {
    let server = Server::start(Arc::new(|request, mut wire| {
        Box::pin(async move {
            // every second of 40 is stuck: at 16 at a time, waiting for each would take two timeouts
            let id = path(&request).split('/').nth(3).and_then(|id| id.strip_prefix('c')).and_then(|id| id.parse::<u32>().ok());
            if id.is_some_and(|id| id % 2 == 1) {
                tokio::time::sleep(Duration::from_secs(60)).await;
            }
            let _ = wire.write_all(&small_engine(&request, "1.41", 40).unwrap_or_else(missing)).await;
        })
    }))
    .await;
    let started = std::time::Instant::now();
    let batch = poll(&source(&server), "containers").await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    assert_eq!(batch.entities.iter().filter(|entity| entity.state == State::Ok).count(), 40, "the list tells of those that are stuck");
    assert!(batch.problems.len() >= 20 && batch.problems[0].message.contains("no "), "{:?}", batch.problems[0]);
}

#[tokio::test]
async fn a_huge_answer_about_one_container_is_a_problem_of_that_container() {
    let server = Server::answering(|request| match path(request) {
        "/v1.41/containers/c1/json" => json(vec![b' '; 2 * 1024 * 1024]),
        _ => small_engine(request, "1.41", 3).unwrap_or_else(missing),
    })
    .await;
    let batch = poll(&source(&server), "containers").await.unwrap();
    assert_eq!(batch.problems.iter().map(|problem| problem.path.as_str()).collect::<Vec<_>>(), ["containers/c1"]);
    assert!(batch.problems[0].message.contains("larger than"));
}

#[tokio::test]
async fn an_engine_that_knows_no_one_shot_is_not_asked_for_it() {
    let server = Server::answering(|request| small_engine(request, "1.40", 1).unwrap_or_else(|| json("{}"))).await;
    poll(&source(&server), "stats").await.unwrap();
    let asked = server.asked.lock().unwrap().iter().map(|request| path(request).to_owned()).collect::<Vec<_>>();
    assert!(asked.contains(&"/v1.40/containers/c0/stats?stream=false".to_owned()), "{asked:?}");
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_a_problem_and_the_others_are_kept() {
    let server = Server::answering(|request| match path(request) {
        "/v1.41/containers/json?all=1" => {
            json(r#"[{"Id":"c0","Names":["/n0"],"State":"running","Status":"Up 2 hours"},{"Id":5},{"Id":"../info?x=","Names":["/\u001b[31mred"],"State":"exited","Status":"Exited (3) 2 hours ago"}]"#)
        }
        _ => small_engine(request, "1.41", 1).unwrap_or_else(missing),
    })
    .await;
    let batch = poll(&source(&server), "containers").await.unwrap();
    assert_eq!(batch.problems.iter().map(|problem| problem.path.as_str()).collect::<Vec<_>>(), ["containers[1]"]);
    let asked = server.asked.lock().unwrap().clone();
    assert!(asked.iter().any(|request| path(request) == "/v1.41/containers/..%2Finfo%3Fx%3D/json"), "an id is one segment: {asked:?}");
    assert!(batch.entities.iter().any(|entity| entity.name == "n0"));
}

#[tokio::test]
async fn what_is_no_engine_is_a_failure_that_says_so() {
    for (what, answer, kind) in [
        ("a page", http("200 OK", "content-type: text/html\r\n", "<html><title>Sign in</title></html>"), FailureKind::BadShape),
        ("refused", http("403 Forbidden", "", r#"{"message":"authorization denied by plugin"}"#), FailureKind::Denied),
        ("broken", http("500 Internal Server Error", "", r#"{"message":"out of disk"}"#), FailureKind::Server),
    ] {
        let server = Server::answering(move |_| answer.clone()).await;
        let failure = poll(&source(&server), "containers").await.unwrap_err();
        assert_eq!(failure.kind, kind, "{what}: {failure}");
    }
    for list in [r#"[{"Id":"c0""#, r#"{"containers":[]}"#] {
        let server = Server::answering(move |request| if path(request) == "/_ping" { ping("1.41") } else { json(list) }).await;
        assert_eq!(poll(&source(&server), "containers").await.unwrap_err().kind, FailureKind::BadShape, "{list}");
    }
}

#[tokio::test]
async fn an_engine_without_containers_is_no_failure() {
    for list in ["null", "[]"] {
        let server = Server::answering(move |request| if path(request) == "/_ping" { ping("1.41") } else { json(list) }).await;
        let docker = source(&server);
        assert_eq!(poll(&docker, "containers").await.unwrap(), Batch::default(), "{list}");
        assert_eq!(poll(&docker, "stats").await.unwrap().entities, []);
    }
}

#[tokio::test]
async fn events_cut_anywhere_are_told_and_the_end_of_the_stream_is_a_failure() {
    let event = |action: &str, id: &str| {
        format!(
            r#"{{"Type":"container","Action":"{action}","Actor":{{"ID":"{id}","Attributes":{{"exitCode":"3"}}}},"timeNano":1795781049000000000}}"#
        )
    };
    let lines = format!("{}\n\u{1e}{}\nnot json\n{}\n", event("die", "c0"), event("exec_create: sh", "c1"), event("destroy", "c2"));
    let server = Server::start(Arc::new(move |request, mut wire| {
        let lines = lines.clone();
        Box::pin(async move {
            if !path(&request).starts_with("/v1.41/events?") {
                let _ = wire.write_all(&small_engine(&request, "1.41", 3).unwrap_or_else(missing)).await;
                return;
            }
            let _ = wire.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n").await;
            for piece in lines.as_bytes().chunks(50) {
                let _ = wire.write_all(piece).await;
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        })
    }))
    .await;
    let docker = source(&server);
    let mut events = docker.events().unwrap();
    let first = events.next().await.unwrap().unwrap();
    assert_eq!(first.entities.iter().map(|entity| entity.name.as_str()).collect::<Vec<_>>(), ["n0", "n1", "n2"], "as the list has them");
    let batch = events.next().await.unwrap().unwrap();
    assert_eq!(batch.entities.iter().map(|entity| entity.name.as_str()).collect::<Vec<_>>(), ["n0"]);
    assert_eq!(batch.gone.iter().map(EntityId::as_str).collect::<Vec<_>>(), ["engine/workload/c2"]);
    let failure = events.next().await.unwrap().unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unreachable);
    assert!(events.next().await.is_none());
    let asked = server.asked.lock().unwrap().iter().find(|request| path(request).starts_with("/v1.41/events")).cloned().unwrap();
    assert!(path(&asked).contains("health_status") && !path(&asked).contains("exec_"), "{asked}");
}

fn log_of(id: &str) -> LogRequest {
    let detail = triops::domain::Detail::empty(Kind::Workload);
    let entity = Entity::new(&"engine".into(), id, id, State::Ok, detail, now()).shared();
    LogRequest { entity, step: None, attempt: None, since: None, until: None, tail: 100, follow: false }
}

#[tokio::test]
async fn a_log_that_cannot_be_read_says_why() {
    for (what, answer, kind, said) in [
        (
            "a driver without log",
            http("501 Not Implemented", "", r#"{"message":"configured logging driver does not support reading"}"#),
            FailureKind::Unsupported,
            "does not support reading",
        ),
        ("no frames", http("200 OK", "", "plain text"), FailureKind::BadShape, "begins no log frame"),
    ] {
        let server = Server::answering(move |request| small_engine(request, "1.41", 1).unwrap_or_else(|| answer.clone())).await;
        let failure = source(&server).logs(log_of("c0")).next().await.unwrap().unwrap_err();
        assert!(failure.kind == kind && failure.to_string().contains(said), "{what}: {failure}");
    }
    let server = Server::answering(|request| if path(request) == "/_ping" { ping("1.41") } else { missing() }).await;
    let failure = source(&server).logs(log_of("gone")).next().await.unwrap().unwrap_err();
    assert_eq!(failure.kind, FailureKind::NotFound);
}

#[tokio::test]
async fn a_log_cut_in_the_middle_gives_its_lines_and_then_the_failure() {
    let server = Server::answering(|request| {
        small_engine(request, "1.41", 1).unwrap_or_else(|| {
            let mut bytes = b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n".to_vec();
            bytes.extend(b"\x01\0\0\0\0\0\0\x06first\n\x02\0\0\0\0\0\0\x08unfinish");
            bytes
        })
    })
    .await;
    let parts: Vec<_> = source(&server).logs(log_of("c0")).collect().await;
    let lines = &parts[0].as_ref().unwrap().lines;
    assert_eq!(lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>(), ["first", "unfinish"]);
    assert_eq!(parts[1].as_ref().unwrap_err().kind, FailureKind::Unreachable);
    assert_eq!(parts.len(), 2);
}

#[tokio::test]
async fn a_recorded_inspection_is_shown_whole_and_pretty() {
    let server = recorded_docker().await;
    let docker = source(&server);
    let entity = log_of(&id_of_web()).entity;
    let Ok(Answer::Raw(raw)) = docker.ask(&Ask::Raw { entity }).await else { panic!("no raw answer") };
    let value: serde_json::Value = serde_json::from_str(&raw).unwrap();
    assert_eq!(value["Config"]["Image"], "triops-tests:1");
    assert!(raw.lines().count() > 50 && raw != Text::default());
}
