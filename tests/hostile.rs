//! What a source promises whatever its system does: it ends in time, keeps what can be read, says what is wrong, and lets nothing
//! through that a terminal would obey.
//! Not for: the HTTP client by itself (see `tests/http.rs`).

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "hostile/server.rs"]
mod server;

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use flate2::{Compression, write::GzEncoder};
use futures_util::StreamExt;
use serde_json::{Value, json};
use server::{Server, http, json as answer};
use tokio::io::AsyncWriteExt;
use triops::config::{AuthConfig, Connector, SourceConfig, TlsConfig};
use triops::domain::{Answer, Ask, Batch, Failure, FailureKind, LogRequest, PollId, Scope, Timestamp};
use triops::source::Source;
use triops::source::manifest::Manifest;

/// A connector with one poll; `more` is added to the poll.
fn connector(more: &str) -> Connector {
    let text = format!(
        r#"
[connector]
title = "Test"
eye = "devops"
[[poll]]
id = "alerts"
every = "10s"
emits = ["alert"]
get = "/alerts"
map = '''rows | {{kind: "alert", key: .id, name, state: (.state // "failed"), since: .at, labels, url, detail: {{severity, summary}}}}'''
{more}
[[steps]]
on = ["alert"]
get = "/steps/{{key}}"
map = 'rows'
[[logs]]
on = ["alert"]
get = "/log/{{key}}"
map = 'rows'
[[raw]]
on = ["alert"]
get = "/raw/{{key}}"
"#
    );
    Connector::parse("test", "test.toml", &text).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"))
}

fn config(url: String) -> SourceConfig {
    SourceConfig {
        name: "s".into(),
        url: Some(url),
        proxy: Some("none".into()),
        timeout: Some("500ms".parse().unwrap()),
        max_body_bytes: Some(1024 * 1024),
        ..SourceConfig::default()
    }
}

fn source(config: &SourceConfig, more: &str) -> Manifest {
    Manifest::new(config, &connector(more)).unwrap()
}

async fn poll(source: &Manifest) -> Result<Batch, Failure> {
    source.poll(&PollId::from("alerts"), Timestamp::from_ms(1_795_000_000_000)).await
}

async fn poll_of(server: &Server) -> Result<Batch, Failure> {
    poll(&source(&config(server.url()), "")).await
}

fn row(id: &str) -> Value {
    json!({ "id": id, "name": id })
}

#[tokio::test]
async fn whatever_a_system_does_a_poll_ends_in_time_with_a_failure_that_says_it() {
    let raw = |bytes: &'static [u8], then_wait: bool| -> server::Answer {
        Arc::new(move |_, mut wire| {
            Box::pin(async move {
                let _ = wire.write_all(bytes).await;
                if then_wait {
                    std::future::pending::<()>().await;
                }
            })
        })
    };
    let slow: server::Answer = Arc::new(|_, mut wire| {
        Box::pin(async move {
            let _ = wire.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4000\r\n\r\n[").await;
            while wire.write_all(b" ").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        })
    });
    let endless: server::Answer = Arc::new(|_, mut wire| {
        Box::pin(async move {
            let _ = wire.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n").await;
            while wire.write_all(&vec![b'['; 65536]).await.is_ok() {}
        })
    });
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    for _ in 0..64 {
        gzip.write_all(&vec![b' '; 1024 * 1024]).unwrap();
    }
    let bomb: Vec<u8> = http("200 OK", "content-encoding: gzip\r\n", gzip.finish().unwrap());
    let bomb: server::Answer = Arc::new(move |_, mut wire| {
        let bomb = bomb.clone();
        Box::pin(async move {
            let _ = wire.write_all(&bomb).await;
        })
    });
    for (what, answer, kind) in [
        ("never answers", raw(b"", true), FailureKind::Timeout),
        ("headers without end", raw(b"HTTP/1.1 200 OK\r\n", true), FailureKind::Timeout),
        ("a byte now and then", slow, FailureKind::Timeout),
        ("a gigabyte", endless, FailureKind::TooLarge),
        ("a gzip bomb", bomb, FailureKind::TooLarge),
        ("no HTTP", raw(b"SSH-2.0-OpenSSH_9.2\r\n", false), FailureKind::Unreachable),
        ("cut in mid-body", raw(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n[{\"id\":", false), FailureKind::Unreachable),
        ("closes at once", raw(b"", false), FailureKind::Unreachable),
    ] {
        let server = Server::start(answer).await;
        let start = Instant::now();
        let failure = poll_of(&server).await.unwrap_err();
        assert_eq!(failure.kind, kind, "{what}: {failure}");
        assert!(start.elapsed() < Duration::from_secs(5), "{what}: {:?}", start.elapsed());
    }
}

#[tokio::test]
async fn an_answer_that_is_not_what_it_should_be_is_a_failure_and_never_an_empty_list() {
    for (what, bytes, said) in [
        ("HTML with 200", http("200 OK", "content-type: text/html\r\n", "<html><title>Sign in</title>"), "Sign in"),
        ("truncated JSON", answer(r#"[{"id":"a","na"#), "not JSON"),
        ("another shape", answer(r#"{"status":"ok"}"#), "the answer is no list"),
        ("nothing", answer(""), "empty"),
        ("a number", answer("7"), "the answer is no list"),
        ("deep without end", answer("[".repeat(500_000)), "recursion"),
        ("every row wrong", answer(r#"[1,"x",null]"#), "alerts[0]"),
        ("binary", answer(b"\x00\xff\xfe\x01"), "not JSON"),
    ] {
        let server = Server::answering(move |_| bytes.clone()).await;
        let failure = poll_of(&server).await.expect_err(what);
        assert!(failure.kind == FailureKind::BadShape && failure.detail.contains(said), "{what}: {failure}");
    }
    let server = Server::answering(|_| answer("[]")).await;
    assert_eq!(poll_of(&server).await.unwrap(), Batch::default(), "an empty list is one");
}

#[tokio::test]
async fn rows_of_the_wrong_shape_are_told_by_their_place_and_the_others_are_kept() {
    let rows = json!([
        row("good"),
        { "id": "no-time", "name": "x", "at": "yesterday" },
        { "id": "bad-detail", "name": "x", "severity": 5 },
        { "name": "no id" },
        { "id": "bad-state", "name": "x", "state": "exploded" },
        "not even an object",
        { "id": "bad-labels", "name": "x", "labels": { "a": [1] } },
        { "id": "odd-url", "name": "x", "url": "javascript:alert(1)" },
        { "id": 7, "name": null, "labels": { "n": 1, "gone": null } },
    ]);
    let server = Server::answering(move |_| answer(rows.to_string())).await;
    let batch = poll_of(&server).await.unwrap();
    let ids: Vec<&str> = batch.entities.iter().map(|entity| entity.id.key()).collect();
    assert_eq!(ids, ["good", "odd-url", "7"]);
    assert_eq!((batch.entities[2].name.as_str(), batch.entities[1].url.as_ref()), ("7", None));
    let paths: Vec<&str> = batch.problems.iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "alerts[1].since",
            "alerts[2].detail.severity",
            "alerts[3].key",
            "alerts[4].state",
            "alerts[5]",
            "alerts[6].labels.a",
            "alerts[7].url"
        ]
    );
    assert!(batch.problems.iter().all(|problem| !problem.message.is_empty()));
}

#[tokio::test]
async fn a_refusal_keeps_its_meaning() {
    for (status, headers, kind, wait) in [
        ("401 Unauthorized", "", FailureKind::Auth, None),
        ("403 Forbidden", "", FailureKind::Denied, None),
        ("404 Not Found", "", FailureKind::NotFound, None),
        ("429 Too Many Requests", "retry-after: 11\r\n", FailureKind::RateLimited, Some(11.0)),
        ("500 Internal Server Error", "", FailureKind::Server, None),
    ] {
        let bytes = http(status, headers, r#"{"message":"no"}"#);
        let server = Server::answering(move |_| bytes.clone()).await;
        let failure = poll_of(&server).await.unwrap_err();
        assert_eq!((failure.kind, failure.retry_after_s), (kind, wait), "{failure}");
    }
}

#[tokio::test]
async fn a_redirect_to_another_host_gets_neither_request_nor_credentials() {
    let thief = Server::answering(|_| answer("[]")).await;
    let location = format!("location: {}/alerts\r\n", thief.url());
    let server = Server::answering(move |_| http("302 Found", &location, "")).await;
    let token = serde_json::from_value(json!("s3cret-t0ken")).unwrap();
    let auth = AuthConfig { scheme: "bearer".into(), token: Some(token), ..AuthConfig::default() };
    let failure = poll(&source(&SourceConfig { auth: Some(auth), ..config(server.url()) }, "")).await.unwrap_err();
    assert!(failure.detail.contains("another host"), "{failure}");
    assert!(server.asked.lock().unwrap()[0].contains("Bearer s3cret-t0ken"));
    assert_eq!(thief.count(), 0);
}

#[tokio::test]
async fn a_next_page_on_another_host_is_not_asked_for() {
    let thief = Server::answering(|_| answer("[]")).await;
    for more in [r#"pages = { style = "next-url", next = '.[0].next' }"#, r#"pages = { style = "link-header" }"#] {
        let there = format!("{}/alerts?page=2", thief.url());
        let server = Server::answering(move |_| {
            let body = json!([{ "id": "a", "name": "a", "next": there }]).to_string();
            http("200 OK", &format!("link: <{there}>; rel=\"next\"\r\n"), body)
        })
        .await;
        let failure = poll(&source(&config(server.url()), more)).await.unwrap_err();
        assert!(failure.kind == FailureKind::Denied && failure.detail.contains(&thief.address), "{failure}");
    }
    assert_eq!(thief.count(), 0);
}

#[tokio::test]
async fn a_certificate_nobody_vouches_for_is_refused_until_its_authority_is_named() {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let tls = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let list: server::Answer = Arc::new(|_, mut wire| {
        Box::pin(async move {
            let _ = wire.write_all(&answer("[]")).await;
            let _ = wire.shutdown().await;
        })
    });
    let server = Server::with_tls(list, Some(Arc::new(tls).into())).await;
    let config = SourceConfig { timeout: Some("5s".parse().unwrap()), ..config(format!("https://{}", server.address)) };
    assert_eq!(poll(&source(&config, "")).await.unwrap_err().kind, FailureKind::Tls);
    let ca = std::env::temp_dir().join(format!("triops-hostile-{}.pem", std::process::id()));
    std::fs::write(&ca, made.cert.pem()).unwrap();
    let trusting = SourceConfig { tls: TlsConfig { ca: Some(ca.clone()), ..TlsConfig::default() }, ..config };
    assert_eq!(poll(&source(&trusting, "")).await.unwrap(), Batch::default());
    std::fs::remove_file(ca).unwrap();
}

const EVIL: &str = "\u{1b}[31mred\u{1b}]52;c;ZXZpbA==\u{7}\u{9b}2J\u{0}\u{8}\u{202e}";

#[tokio::test]
async fn nothing_that_a_terminal_would_obey_comes_through() {
    let server = Server::answering(|request| {
        let evil = |key: &str| format!("{key}{EVIL}");
        let path = request.split(' ').nth(1).unwrap_or_default();
        if path.starts_with("/log/") {
            return answer(json!([{ "text": evil("line"), "level": evil("info") }, evil("bare")]).to_string());
        }
        if path.starts_with("/steps/") {
            return answer(json!([{ "key": evil("k"), "name": evil("n"), "state": "failed", "reason": evil("r"), "started_at": "2026-11-23T22:00:00Z" }]).to_string());
        }
        if path.starts_with("/raw/") {
            return answer(json!({ evil("key"): evil("value"), "api_token": "hunter2" }).to_string());
        }
        if path.starts_with("/alerts?refuse") {
            return http("400 Bad Request", "content-type: text/plain\r\n", evil("no"));
        }
        answer(json!([{ "id": evil("id"), "name": evil("name"), "labels": { evil("l"): evil("v") }, "severity": evil("s"), "summary": evil("sum"),
            "url": evil("https://h/") }, { "id": "b", "state": evil("state") }])
        .to_string())
    })
    .await;
    let source = source(&config(server.url()), "");
    let batch = poll(&source).await.unwrap();
    assert_eq!((batch.entities.len(), batch.problems.len()), (1, 1));
    let entity = Arc::new(batch.entities[0].clone());
    let steps = source.ask(&Ask::Steps { run: entity.clone() }).await.unwrap();
    let raw = source.ask(&Ask::Raw { entity: entity.clone() }).await.unwrap();
    assert!(matches!(&raw, Answer::Raw(text) if text.contains("***") && !text.contains("hunter2")), "{raw:?}");
    let request = LogRequest { entity, step: None, attempt: None, since: None, until: None, tail: 100, follow: false };
    let log: Vec<_> = source.logs(request).collect().await;
    let Answer::Raw(raw) = raw else { panic!("no raw") };
    let strings = format!(
        "{}{}{}",
        serde_json::to_string(&batch.entities).unwrap(),
        serde_json::to_string(&batch.problems).unwrap(),
        serde_json::to_string(&log[0].as_ref().unwrap().lines).unwrap(),
    );
    // JSON writes controls as escapes of its own, which are letters and digits to a terminal
    assert!(raw.contains("red") && !raw.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}'), "{raw:?}");
    let steps = format!("{steps:?}");
    for text in [&strings, &steps] {
        assert!(text.contains("red"), "the readable part is kept: {text}");
        for obeyed in ["\\u001b", "\\u{1b}", "\u{1b}", "\\u0007", "\u{9b}", "\\u0000", "\\b", "\u{202e}", "\\u0008", "52;c;"] {
            assert!(!text.contains(obeyed), "{obeyed:?} in {text}");
        }
    }
}

#[tokio::test]
async fn a_filter_that_never_ends_costs_its_own_poll_alone() {
    let server = Server::answering(|_| answer(json!([row("a")]).to_string())).await;
    let text = r#"
[connector]
title = "Test"
eye = "devops"
[[poll]]
id = "loops"
every = "10s"
emits = ["alert"]
get = "/alerts"
map = '[repeat(1)]'
[[poll]]
id = "many"
every = "10s"
emits = ["alert"]
get = "/alerts"
map = 'range(30000) | {kind: "alert", key: tostring, state: "ok"}'
[[poll]]
id = "alerts"
every = "10s"
emits = ["alert"]
get = "/alerts"
map = '.[] | {kind: "alert", key: .id, state: "ok"}'
"#;
    let source = Manifest::new(&config(server.url()), &Connector::parse("t", "t.toml", text).unwrap()).unwrap();
    let start = Instant::now();
    let (looping, many) = (PollId::from("loops"), PollId::from("many"));
    let (loops, many, good) = tokio::join!(source.poll(&looping, Timestamp::default()), source.poll(&many, Timestamp::default()), async {
        let batch = poll(&source).await.unwrap();
        (batch, start.elapsed())
    });
    let failure = loops.unwrap_err();
    assert!(failure.kind == FailureKind::Config && failure.detail.contains("did not end"), "{failure}");
    assert!(many.unwrap_err().detail.contains("more than 20000 outputs"));
    assert_eq!(good.0.entities.len(), 1);
    assert!(good.1 < Duration::from_secs(3), "the good poll waited {:?}", good.1);
}

#[tokio::test]
async fn pages_are_read_once_each_and_a_system_that_repeats_itself_is_left() {
    let server = Server::answering(|request| {
        let path = request.split(' ').nth(1).unwrap_or_default();
        let query = |name: &str| path.split(['?', '&']).find_map(|pair| pair.strip_prefix(name)?.parse::<usize>().ok());
        let from = query("offset=").unwrap_or(0);
        let rows: Vec<Value> = (from..7.min(from + query("limit=").unwrap())).map(|n| row(&n.to_string())).collect();
        answer(Value::from(rows).to_string())
    })
    .await;
    let offset = r#"pages = { style = "offset", size = 3, items = '.' }"#;
    let batch = poll(&source(&config(server.url()), offset)).await.unwrap();
    let ids: Vec<&str> = batch.entities.iter().map(|entity| entity.id.key()).collect();
    assert_eq!((ids, server.count()), (vec!["0", "1", "2", "3", "4", "5", "6"], 3));
    assert!(batch.problems.is_empty());

    let stuck = Server::answering(|_| answer(json!([row("a"), row("b"), row("c")]).to_string())).await;
    let batch = poll(&source(&config(stuck.url()), offset)).await.unwrap();
    assert_eq!((batch.entities.len(), stuck.count()), (3, 2), "the same row is one entity, and the same page ends it");
    assert!(batch.problems[0].message.contains("same page"), "{:?}", batch.problems);
}

#[tokio::test]
async fn a_fan_out_asks_for_each_a_few_at_a_time_and_keeps_what_answers() {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (current, peak) = (Arc::clone(&now), Arc::clone(&most));
    let server = Server::start(Arc::new(move |request, mut wire| {
        let (current, peak) = (Arc::clone(&current), Arc::clone(&peak));
        Box::pin(async move {
            let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
            peak.fetch_max(current.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(30)).await;
            current.fetch_sub(1, Ordering::SeqCst);
            let bytes = match path.as_str() {
                "/groups" => answer(Value::from((0..12).map(|n| row(&format!("g/{n}"))).collect::<Vec<_>>()).to_string()),
                "/group/g%2F3" => http("500 Internal Server Error", "", "boom"),
                path => answer(json!([row(&path.replace("%2F", "-"))]).to_string()),
            };
            let _ = wire.write_all(&bytes).await;
            let _ = wire.shutdown().await;
        })
    }))
    .await;
    let text = r#"
[connector]
title = "Test"
eye = "devops"
[[poll]]
id = "groups"
every = "10s"
emits = ["pipeline"]
get = "/groups"
map = '.[] | {kind: "pipeline", key: .id, state: "ok"}'
[[poll]]
id = "alerts"
every = "10s"
emits = ["alert"]
for-each = { poll = "groups", items = '.[].key', max = 10 }
get = "/group/{each}"
map = '.[] | {kind: "alert", key: .id, state: "ok", labels: {group: $each}}'
"#;
    let config = SourceConfig { timeout: Some("5s".parse().unwrap()), ..config(server.url()) };
    let source = Manifest::new(&config, &Connector::parse("t", "t.toml", text).unwrap()).unwrap();
    let batch = poll(&source).await.unwrap();
    assert_eq!((batch.entities.len(), batch.scope), (9, Scope::Part), "what could not be asked about is not gone");
    assert_eq!(batch.entities[1].labels.get("group").map(AsRef::as_ref), Some("g/1"));
    assert!((2..=4).contains(&most.load(Ordering::SeqCst)), "{} at the same time", most.load(Ordering::SeqCst));
    let problems: Vec<&str> = batch.problems.iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(problems, ["alerts", "alerts[\"g/3\"]"], "{:?}", batch.problems);
    assert_eq!(server.count(), 11, "the groups, and ten of them");
    poll(&source).await.unwrap();
    assert_eq!(server.count(), 21, "the groups are remembered");
}

#[tokio::test]
async fn an_unchanged_answer_is_told_as_such_unless_it_came_to_nothing_before() {
    let good = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&good);
    let server = Server::answering(move |request| {
        if request.contains("if-none-match: \"v1\"") {
            return http("304 Not Modified", "", "");
        }
        // the first answer makes no sense, though it has a validator
        let body = if seen.fetch_add(1, Ordering::SeqCst) == 0 { "{\"a\":1}".to_owned() } else { json!([row("a")]).to_string() };
        http("200 OK", "etag: \"v1\"\r\n", body)
    })
    .await;
    let source = source(&config(server.url()), "");
    assert!(poll(&source).await.is_err());
    assert_eq!(poll(&source).await.unwrap().entities.len(), 1, "asked anew, not \"not modified\"");
    let unchanged = poll(&source).await.unwrap();
    assert_eq!((unchanged.scope, unchanged.entities.len()), (Scope::Unchanged, 0));
}
