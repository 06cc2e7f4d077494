//! What acting promises: nothing leaves the program but through the gate, each attempt leaves its two lines, read-only sends no
//! action, what was confirmed is what is sent, and many orders keep their pace.
//! Not for: acting on real systems (see `tests/live/act.rs`), keys and dialogs (see `tests/journeys.rs`).

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "acting/dry_runs.rs"]
mod dry_runs;
#[path = "acting/read_only.rs"]
mod read_only;
#[path = "hostile/server.rs"]
mod server;
#[path = "acting/ways.rs"]
mod ways;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use server::{Server, http, json as answer};
use tokio::sync::mpsc;
use triops::config::{Connector, SourceConfig};
use triops::domain::{
    ActionId, AuditLine, Declined, Detail, Entity, FailureKind, Kind, Order, Outcome, Pace, Phase, Rules, SourceName, State, Text,
    Timestamp, Verdict,
};
use triops::msg::Msg;
use triops::runtime::act::Gate;
use triops::runtime::audit::{self, Audit};
use triops::runtime::clock::Clock;
use triops::runtime::orders::Orders;
use triops::source::Source;
use triops::source::manifest::Manifest;

/// A model registry with one action: it reads where the alias points before it moves it.
const REGISTRY: &str = r#"
[connector]
title = "Test"
eye = "devops"
[auth.login]
post = "/login"
json = '{user: $user, password: $password}'
take = ".token"
header = "Authorization: Bearer {token}"
[[action]]
id = "move"
on = ["model"]
title = "Move the alias"
danger = "disruptive"
when = 'if .state == "ok" then true else "it is \(.state)" end'
check = 'if $also.now.version == "9" then "somebody moved it to 9" else null end'
given = '"points to \($also.now.version)"'
notes = '"from \($also.now.version)"'
post = "/alias/{key}"
json = '{to: .key, by: $user, word: $values.word, at: $now}'
said = '"moved to \(.moved)"'
[[action.field]]
name = "word"
title = "Word"
required = true
preset = '"champion"'
[action.also.now]
get = "/alias"
"#;

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("triops-acting-{}-{}", std::process::id(), fastrand::u64(..)));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn lines(&self) -> Vec<AuditLine> {
        let (lines, unread) = audit::read(&self.0, 1000).unwrap();
        assert_eq!(unread, 0);
        lines
    }

    /// How each attempt ended; fails unless each has exactly one start line before exactly one end line.
    fn ended(&self) -> Vec<Verdict> {
        let lines = self.lines();
        let starts: Vec<&AuditLine> = lines.iter().filter(|line| line.phase == Phase::Start).collect();
        assert_eq!(starts.len() * 2, lines.len(), "{lines:#?}");
        let verdict = |start: &&AuditLine| {
            let own: Vec<&AuditLine> = lines.iter().filter(|line| line.attempt == start.attempt).collect();
            assert!(matches!(own[..], [one, two] if one.phase == Phase::Start && two.phase == Phase::End), "{own:#?}");
            own[1].outcome.unwrap()
        };
        starts.iter().map(verdict).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn gate(rules: Rules, folder: &Folder) -> Gate {
    Gate::new(rules, Audit::new(Some(folder.0.clone()), Clock::system()))
}

fn source(url: String) -> Manifest {
    let connector = Connector::parse("test", "test.toml", REGISTRY).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    assert_eq!(triops::source::manifest::check(&connector), []);
    let timeout = Some("2s".parse().unwrap());
    Manifest::new(
        &SourceConfig { name: "s".into(), url: Some(url), proxy: Some("none".into()), timeout, ..SourceConfig::default() },
        &connector,
    )
    .unwrap()
}

fn target(key: &str, state: State) -> Arc<Entity> {
    let at = Timestamp::from_ms(1_795_000_000_000);
    Entity::new(&SourceName::from("s"), key, &format!("model {key}"), state, Detail::empty(Kind::Model), at).shared()
}

fn order(attempt: u64, key: &str) -> Order {
    Order::new(attempt, ActionId::from("move"), target(key, State::Ok), Text::from("alice"), Timestamp::from_ms(1_795_000_000_000))
}

/// A registry that says where the alias points and takes what is sent.
async fn registry(points_to: &'static str) -> Server {
    Server::answering(move |request| {
        if request.starts_with("GET /alias ") { answer(format!(r#"{{"version": "{points_to}"}}"#)) } else { answer(r#"{"moved": "7"}"#) }
    })
    .await
}

fn sent(server: &Server) -> Vec<String> {
    let asked = server.asked.lock().unwrap();
    asked.iter().filter(|request| !request.starts_with("GET ")).cloned().collect()
}

#[tokio::test]
async fn what_is_shown_is_what_is_sent_and_both_lines_stand_around_it() {
    let (folder, server) = (Folder::new(), registry("6").await);
    let (gate, source) = (gate(Rules::default(), &folder), source(server.url()));
    let preview = gate.preview(&source, &order(1, "7")).await.unwrap();
    assert_eq!(sent(&server), [] as [String; 0], "a preview changes nothing");
    let body = r#"{"to":"7","by":"alice","word":"champion","at":1795000000.0}"#;
    assert_eq!(preview.requests, [Text::from(format!("POST http://{}/alias/7 {body}", server.address))]);
    assert_eq!(preview.notes, [Text::from("from 6")]);
    let order = Order { confirmed: Some(preview.digest.clone()), ..order(1, "7") };
    let before = Arc::new(AtomicUsize::new(0));
    let (at_leaving, path) = (Arc::clone(&before), folder.0.clone());
    let leaving = move || at_leaving.store(audit::read(&path, 10).unwrap().0.len(), Ordering::SeqCst);
    let Outcome::Done(receipt) = gate.act(&source, &order, leaving).await else { panic!("it was not done") };
    assert_eq!(receipt.said, "moved to 7");
    assert_eq!(before.load(Ordering::SeqCst), 1, "the start line is there before the request leaves");
    assert_eq!(server.count(), 3, "it looks again before it sends");
    let sent = sent(&server);
    assert!(sent.len() == 1 && sent[0].starts_with("POST /alias/7 ") && sent[0].ends_with(body), "{sent:?}");
    assert_eq!(folder.ended(), [Verdict::Done]);
    let line = &folder.lines()[0];
    assert_eq!((line.actor.as_str(), line.action.as_str(), line.digest.as_ref()), ("alice", "move", Some(&preview.digest)));
    assert_eq!((line.source.as_str(), line.target.as_str()), ("s", "s/model/7"));
}

#[tokio::test]
async fn what_has_changed_since_it_was_shown_is_not_sent() {
    let (folder, before, after) = (Folder::new(), registry("6").await, registry("8").await);
    let gate = gate(Rules::default(), &folder);
    let preview = gate.preview(&source(before.url()), &order(1, "7")).await.unwrap();
    let confirmed = Order { confirmed: Some(preview.digest), ..order(1, "7") };
    let changed = gate.act(&source(after.url()), &confirmed, || {}).await;
    assert!(matches!(&changed, Outcome::Refused(why) if why.contains("no longer what was confirmed")), "{changed:?}");
    // the connector's own check says more
    let faster = registry("9").await;
    let refused = gate.act(&source(faster.url()), &order(2, "7"), || {}).await;
    assert_eq!(refused, Outcome::Refused(Text::from("somebody moved it to 9")));
    assert_eq!((sent(&after), sent(&faster)), (Vec::new(), Vec::new()));
    assert_eq!(folder.ended(), [Verdict::Refused, Verdict::Refused]);
}

#[tokio::test]
async fn refused_cancelled_failed_and_dry_runs_are_written_down_as_well() {
    let (folder, server) = (Folder::new(), registry("6").await);
    let (gate, source) = (gate(Rules::default(), &folder), source(server.url()));
    let broken = Order { target: target("7", State::Failed), ..order(1, "7") };
    assert_eq!(gate.act(&source, &broken, || {}).await, Outcome::Refused(Text::from("it is failed")));
    let unknown = Order { action: ActionId::from("explode"), ..order(2, "7") };
    assert!(matches!(gate.act(&source, &unknown, || {}).await, Outcome::Refused(_)));
    let misspelt = Order { values: vec![(Text::from("wrod"), Text::from("x"))], ..order(3, "7") };
    assert!(matches!(gate.act(&source, &misspelt, || {}).await, Outcome::Refused(why) if why.contains("`wrod` is no field")));
    let empty = Order { values: vec![(Text::from("word"), Text::from(""))], ..order(4, "7") };
    assert_eq!(gate.act(&source, &empty, || {}).await, Outcome::Refused(Text::from("Word is needed")));
    assert!(matches!(gate.decline(Some(&source), &order(5, "7"), Declined::Cancelled).await, Outcome::Cancelled(_)));
    let dry = Order { dry_run: true, ..order(6, "7") };
    assert!(matches!(gate.act(&source, &dry, || panic!("it left")).await, Outcome::DryRun(_)));
    assert_eq!(sent(&server), [] as [String; 0]);
    assert_eq!(
        folder.ended(),
        [Verdict::Refused, Verdict::Refused, Verdict::Refused, Verdict::Refused, Verdict::Cancelled, Verdict::DryRun]
    );
}

#[tokio::test]
async fn where_the_audit_log_cannot_be_written_nothing_is_sent() {
    let (folder, server) = (Folder::new(), registry("6").await);
    let file = folder.0.join("a file");
    std::fs::write(&file, "").unwrap();
    for place in [None, Some(file)] {
        let gate = Gate::new(Rules::default(), Audit::new(place, Clock::system()));
        let outcome = gate.act(&source(server.url()), &order(1, "7"), || panic!("it left")).await;
        assert!(matches!(&outcome, Outcome::Failed(failure) if failure.kind == FailureKind::Refused), "{outcome:?}");
    }
    assert_eq!(sent(&server), [] as [String; 0]);
}

#[tokio::test]
async fn a_conflict_is_told_as_one_and_a_missing_right_is_remembered_in_the_menu() {
    let (folder, count) = (Folder::new(), Arc::new(AtomicUsize::new(0)));
    let server = Server::answering(move |request| match request {
        get if get.starts_with("GET") => answer(r#"{"version": "6"}"#),
        _ if count.fetch_add(1, Ordering::SeqCst) == 0 => {
            http("409 Conflict", "content-type: application/json\r\n", r#"{"detail": "it moved"}"#)
        }
        _ => http("403 Forbidden", "", "may not"),
    })
    .await;
    let (gate, source) = (gate(Rules::default(), &folder), source(server.url()));
    for (attempt, kind) in [(1, FailureKind::Conflict), (2, FailureKind::Denied)] {
        let outcome = gate.act(&source, &order(attempt, "7"), || {}).await;
        assert!(matches!(&outcome, Outcome::Failed(failure) if failure.kind == kind), "{outcome:?}");
    }
    let offers = gate.offers(&source, &target("7", State::Ok), None).await.unwrap();
    assert!(offers[0].applies.why_not().unwrap().contains("not permitted a moment ago"), "{offers:?}");
    assert_eq!(gate.offers(&source, &target("8", State::Ok), None).await.unwrap()[0].applies.why_not(), None);
    assert_eq!(folder.ended(), [Verdict::Failed, Verdict::Failed]);
}

#[tokio::test]
async fn an_order_dropped_on_its_way_has_an_end_line_that_says_so() {
    let folder = Folder::new();
    let server = Server::start(Arc::new(|request, mut wire| {
        Box::pin(async move {
            if request.starts_with("GET") {
                let _ = tokio::io::AsyncWriteExt::write_all(&mut wire, &answer(r#"{"version": "6"}"#)).await;
            } else {
                std::future::pending::<()>().await;
            }
        })
    }))
    .await;
    let (gate, source) = (gate(Rules::default(), &folder), Arc::new(source(server.url())));
    let task = tokio::spawn(async move { gate.act(source.as_ref(), &order(1, "7"), || {}).await });
    while sent(&server).is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    task.abort();
    let _ = task.await;
    assert_eq!(folder.ended(), [Verdict::Failed]);
    assert!(folder.lines()[1].error.as_ref().unwrap().contains("ended before the system answered"));
}

/// Orders through the runtime's door, with what comes back.
async fn many(server: &Server, folder: &Folder, keys: &[&str], pace: Pace, halted: Vec<u64>) -> Vec<(u64, Outcome)> {
    let (out, mut told) = mpsc::channel(64);
    let orders = Orders::new(gate(Rules::default(), folder), out, Some(folder.0.clone()));
    let source: Arc<dyn Source> = Arc::new(source(server.url()));
    let addressed = keys.iter().zip(1..).map(|(key, attempt)| (order(attempt, key), Some(Arc::clone(&source)))).collect();
    orders.halt(halted);
    orders.act(addressed, pace);
    let mut ended = Vec::new();
    while ended.len() < keys.len() {
        let msg = tokio::time::timeout(Duration::from_secs(20), told.recv()).await.unwrap().unwrap();
        if let Msg::Acted { attempt, outcome } = msg {
            ended.push((attempt, outcome));
        }
    }
    ended
}

#[tokio::test]
async fn many_orders_stop_at_the_first_failure_or_go_on_and_each_has_its_own_end() {
    let server = Server::answering(|request| match request {
        get if get.starts_with("GET") => answer(r#"{"version": "6"}"#),
        bad if bad.starts_with("POST /alias/bad ") => http("500 Internal Server Error", "", "no"),
        _ => answer(r#"{"moved": "7"}"#),
    })
    .await;
    let keys = ["a", "bad", "b", "c"];
    let pace = Pace { pause_s: 0.05, ..Pace::default() };
    let (stopped, folder) = (Folder::new(), Folder::new());
    let verdicts = |ended: Vec<(u64, Outcome)>| ended.iter().map(|(_, outcome)| outcome.verdict()).collect::<Vec<_>>();
    let told = verdicts(many(&server, &stopped, &keys, pace, Vec::new()).await);
    assert_eq!(told, [Verdict::Done, Verdict::Failed, Verdict::Cancelled, Verdict::Cancelled]);
    assert_eq!(stopped.ended(), told);
    let told = verdicts(many(&server, &folder, &keys, Pace { stop_at_failure: false, ..pace }, vec![3]).await);
    assert_eq!(told, [Verdict::Done, Verdict::Failed, Verdict::Cancelled, Verdict::Done]);
    assert_eq!(folder.ended(), told);
}

#[tokio::test]
async fn many_orders_to_one_source_keep_their_pause() {
    let (folder, server) = (Folder::new(), registry("6").await);
    let begun = std::time::Instant::now();
    let pace = Pace { abreast: 8, pause_s: 0.2, stop_at_failure: true };
    many(&server, &folder, &["a", "b", "c", "d"], pace, Vec::new()).await;
    assert!(begun.elapsed() >= Duration::from_millis(600), "four orders took {:?}", begun.elapsed());
}
