//! Logs of both engines: from the start, by the end, before an instant, as they grow, raw and in floods.
//! Not for: frames (see `source::docker::frames`).

use std::time::Duration;

use futures_util::StreamExt;
use triops::domain::{Entity, LogLine, LogPart, LogRequest, LogStream};
use triops::source::Source;
use triops::source::docker::Docker;

use super::own::{DOCKER, IMAGE, Own, PODMAN, PODMAN_IMAGE, container, source, workload};
use crate::support::{addresses, poll_until};

pub fn log_of(entity: &Entity, tail: u32) -> LogRequest {
    let entity = entity.clone().shared();
    LogRequest { entity, step: None, attempt: None, since: None, until: None, tail, follow: false }
}

/// All parts of a log that ends.
pub async fn whole(docker: &Docker, request: LogRequest) -> (Vec<LogLine>, bool) {
    let parts: Vec<LogPart> = docker.logs(request).map(Result::unwrap).collect().await;
    assert!(parts.last().is_some_and(|part| part.ended));
    let from_start = parts[0].from_start;
    (parts.into_iter().flat_map(|part| part.lines).collect(), from_start)
}

pub fn texts(lines: &[LogLine]) -> Vec<&str> {
    lines.iter().map(|line| line.text.as_str()).collect()
}

#[tokio::test]
async fn a_docker_log_is_read_from_its_start_by_its_end_before_an_instant_and_as_it_grows() {
    let name = "a_docker_log_is_read_from_its_start_by_its_end_before_an_instant_and_as_it_grows";
    let Some([url]) = addresses(name, [DOCKER]) else { return };
    log_is_read_every_way(&url, IMAGE, "printf unfin; sleep 2; echo ished").await;
}

/// `slowly` writes the line `unfinished`.
async fn log_is_read_every_way(url: &str, image: &str, slowly: &str) {
    let script = format!(
        "trap 'exit 0' TERM; for n in 1 2 3; do echo line $n; sleep 1.1; done; echo oops >&2; {slowly}; echo later; sleep 60 & wait $!"
    );
    let own = Own::run(url, "log", &[], image, &script);
    let docker = source(url);
    let entity = poll_until(&docker, "containers", "the log's container", |batch| container(batch, &own.name).cloned()).await;
    let mut follow = docker.logs(LogRequest { follow: true, ..log_of(&entity, 100) });
    let mut lines = Vec::new();
    let mut first = true;
    while !lines.iter().any(|line: &LogLine| line.text == "later") {
        let part = tokio::time::timeout(Duration::from_secs(20), follow.next()).await.expect("lines as they are written").unwrap().unwrap();
        assert_eq!(part.from_start, first, "the first part begins with the first line");
        first = false;
        lines.extend(part.lines);
    }
    drop(follow);
    let out: Vec<&str> = lines.iter().filter(|line| line.stream == LogStream::Out).map(|line| line.text.as_str()).collect();
    assert_eq!(out, ["line 1", "line 2", "line 3", "unfinished", "later"]);
    let err: Vec<&LogLine> = lines.iter().filter(|line| line.stream == LogStream::Err).collect();
    assert!(err.len() == 1 && err[0].text == "oops" && err[0].at.is_some());

    let (all, from_start) = whole(&docker, log_of(&entity, 100)).await;
    assert_eq!((all.len(), from_start), (6, true));
    let (tail, from_start) = whole(&docker, log_of(&entity, 2)).await;
    assert_eq!((tail.len(), tail.last().map(|line| line.text.as_str()), from_start), (2, Some("later"), false));
    let third = all.iter().find(|line| line.text == "line 3").and_then(|line| line.at);
    let (older, from_start) = whole(&docker, LogRequest { until: third, ..log_of(&entity, 1) }).await;
    assert_eq!((texts(&older), from_start), (vec!["line 2"], false));
    let (older, from_start) = whole(&docker, LogRequest { until: third, ..log_of(&entity, 50) }).await;
    assert_eq!((texts(&older), from_start), (vec!["line 1", "line 2"], true));
    let (since, from_start) = whole(&docker, LogRequest { since: third, ..log_of(&entity, 50) }).await;
    assert_eq!((since.first().map(|line| line.text.as_str()), from_start), (Some("line 3"), false));
}

#[tokio::test]
async fn a_terminals_log_is_read_raw_and_without_its_escape_sequences() {
    let Some([url]) = addresses("a_terminals_log_is_read_raw_and_without_its_escape_sequences", [DOCKER]) else { return };
    let own = Own::run(&url, "tty", &["--tty"], IMAGE, "printf '\\033[32mgreen\\033[0m\\n'; echo plain");
    let docker = source(&url);
    let entity = poll_until(&docker, "containers", "its end", |batch| {
        container(batch, &own.name).filter(|entity| workload(entity).exit_code == Some(0)).cloned()
    })
    .await;
    let (lines, from_start) = whole(&docker, log_of(&entity, 10)).await;
    assert_eq!((texts(&lines), from_start), (vec!["green", "plain"], true));
    assert!(lines.iter().all(|line| line.at.is_some()));
}

#[tokio::test]
async fn a_flood_of_lines_comes_in_few_parts_and_none_is_lost() {
    let Some([url]) = addresses("a_flood_of_lines_comes_in_few_parts_and_none_is_lost", [DOCKER]) else { return };
    let own = Own::run(&url, "flood", &[], IMAGE, "seq 1 20000");
    let docker = source(&url);
    let entity = poll_until(&docker, "containers", "its end", |batch| {
        container(batch, &own.name).filter(|entity| workload(entity).exit_code == Some(0)).cloned()
    })
    .await;
    let parts: Vec<LogPart> = docker.logs(log_of(&entity, 30_000)).map(Result::unwrap).collect().await;
    let lines: Vec<&LogLine> = parts.iter().flat_map(|part| &part.lines).collect();
    assert_eq!((lines.len(), lines[0].text.as_str(), lines[19_999].text.as_str()), (20_000, "1", "20000"));
    assert!(parts.len() < 60, "{} parts", parts.len());
}

#[tokio::test]
async fn a_podman_log_is_read_from_its_start_by_its_end_before_an_instant_and_as_it_grows() {
    let name = "a_podman_log_is_read_from_its_start_by_its_end_before_an_instant_and_as_it_grows";
    let Some([url]) = addresses(name, [PODMAN]) else { return };
    // Podman 4.3 itself joins an unfinished line to the one before
    log_is_read_every_way(&url, PODMAN_IMAGE, "sleep 1; echo unfinished").await;
}
