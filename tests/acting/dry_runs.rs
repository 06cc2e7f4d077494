//! Dry runs of the systems themselves, through the gate: what is asked is the dry run and nothing else, and what it says is told.
//! Not for: dry runs of real servers (see `tests/live/act.rs`).

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use triops::config::{Paths, SourceConfig};
use triops::domain::{ActionId, Entity, FailureKind, Order, Outcome, OwnDryRun, Rules, Step, Text, Timestamp, Verdict};
use triops::source::Source;
use triops::source::registry::Registry;

use super::server::{Server, json as answer};
use super::{Folder, gate};

fn source(connector: &str, url: String) -> Arc<dyn Source> {
    let registry = Registry::load(&Paths::under(Path::new("/nonexistent"))).unwrap();
    let timeout = Some("2s".parse().unwrap());
    let (name, proxy) = (connector.to_owned(), Some("none".into()));
    registry
        .build(&SourceConfig { name: name.clone(), connector: name, url: Some(url), proxy, timeout, ..SourceConfig::default() })
        .unwrap()
}

fn order(target: Value, action: &str, step: Option<Value>) -> Order {
    let mut whole = json!({"seen_at": "2026-11-27T03:00:00Z", "eye": "devops"});
    whole.as_object_mut().unwrap().extend(target.as_object().unwrap().clone());
    let target: Entity = serde_json::from_value(whole).unwrap();
    let step = step.map(|step| Arc::new(serde_json::from_value::<Step>(step).unwrap()));
    Order { step, ..Order::new(1, ActionId::from(action), Arc::new(target), Text::from("alice"), Timestamp::from_ms(0)) }
}

fn recorded(file: &str) -> String {
    std::fs::read_to_string(format!("{}/tests/fixtures/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// Everything that was sent and is no GET.
fn sent(server: &Server) -> Vec<String> {
    server.asked.lock().unwrap().iter().filter(|request| !request.starts_with("GET ")).cloned().collect()
}

fn run() -> Value {
    json!({"id": "airflow2/run/fails_always/m", "name": "fails_always", "state": "failed", "kind": "run",
        "detail": {"pipeline": "fails_always", "number": "m"}})
}

#[tokio::test]
async fn airflow_2_says_which_tasks_it_would_clear_of_a_run_and_of_a_step() {
    let (folder, server) = (Folder::new(), Server::answering(|_| answer(recorded("airflow2/clear_dry_run.json"))).await);
    let (gate, source) = (gate(Rules::default(), &folder), source("airflow2", server.url()));
    let notes = [Text::from("Airflow would clear 2 tasks"), Text::from("  charge"), Text::from("  notify")];
    let preview = gate.preview(source.as_ref(), &order(run(), "clear-failed", None)).await.unwrap();
    assert_eq!(preview.notes, notes);
    let step = json!({"key": "charge[2]", "name": "charge[2]", "state": "failed", "reason": "failed"});
    let task = order(run(), "clear-task", Some(step));
    let preview = gate.preview(source.as_ref(), &task).await.unwrap();
    assert_eq!(preview.notes[0], "it is mapped: all of charge run again");
    assert!(preview.requests[0].contains(r#""task_ids":["charge"]"#) && preview.requests[0].contains(r#""dry_run":false"#), "{preview:?}");
    let outcome = gate.act(source.as_ref(), &Order { dry_run: true, ..task }, || panic!("it left")).await;
    assert!(matches!(&outcome, Outcome::DryRun(preview) if preview.notes[1..] == notes), "{outcome:?}");
    let sent = sent(&server);
    assert!(sent.len() == 3 && sent.iter().all(|request| request.contains(r#""dry_run":true"#)), "{sent:?}");
    assert_eq!(folder.ended(), [Verdict::DryRun]);
    assert_eq!(folder.lines()[0].step.as_deref(), Some("charge[2]"));
    assert!(source.offers(&task_target()).await.unwrap().iter().all(|offer| offer.id.as_str() != "clear-task"), "of steps alone");
}

fn task_target() -> Entity {
    Entity::clone(&order(run(), "x", None).target)
}

#[tokio::test]
async fn salt_says_which_states_would_change_something_on_a_minion() {
    let (folder, server) = (Folder::new(), Server::answering(|_| answer(recorded("salt/state_apply_test.json"))).await);
    let (gate, source) = (gate(Rules::default(), &folder), source("salt", server.url()));
    let host = json!({"id": "salt/host/minion-1", "name": "minion-1", "state": "ok", "kind": "host", "detail": {}});
    let preview = gate.preview(source.as_ref(), &order(host, "highstate", None)).await.unwrap();
    assert_eq!(
        preview.notes,
        [
            Text::from("minion-1: 1 of 2 states would change something"),
            Text::from("  will_fail: Command \"echo oops >&2; exit 7\" would have been executed"),
        ]
    );
    let asked = sent(&server);
    assert!(asked.len() == 1 && asked[0].contains(r#""kwarg":{"test":true}"#), "{asked:?}");
}

#[tokio::test]
async fn awx_checks_a_template_that_asks_for_its_job_type_when_a_dry_run_is_wished_and_launches_no_other() {
    let template = || json!({"id": "awx/pipeline/7", "name": "deploy", "state": "ok", "kind": "pipeline", "labels": {"type": "job_template"}, "detail": {}});
    for (asks, goes) in [(true, true), (false, false)] {
        let server = Server::answering(move |request| {
            if request.starts_with("GET ") {
                answer(
                    json!({"ask_job_type_on_launch": asks, "can_start_without_user_input": true,
                    "defaults": {"inventory": {"name": "prod"}, "limit": "web*"}, "job_template_data": {"name": "deploy"}})
                    .to_string(),
                )
            } else {
                answer(r#"{"job": 41, "job_type": "check", "ignored_fields": {}}"#)
            }
        })
        .await;
        let folder = Folder::new();
        let (gate, source) = (gate(Rules::default(), &folder), source("awx", server.url()));
        let order = order(template(), "trigger", None);
        let offers = source.offers(&order.target).await.unwrap();
        assert_eq!(offers.iter().find(|offer| offer.id.as_str() == "trigger").unwrap().own_dry_run, OwnDryRun::OnRequest);
        let preview = gate.preview(source.as_ref(), &order).await.unwrap();
        assert_eq!(sent(&server), [] as [String; 0], "a question launches nothing");
        assert!(preview.notes.contains(&Text::from("on the inventory prod")) && preview.notes.contains(&Text::from("limited to web*")));
        let outcome = gate.act(source.as_ref(), &Order { dry_run: true, ..order }, || panic!("it left")).await;
        let sent = sent(&server);
        if goes {
            assert!(
                matches!(&outcome, Outcome::DryRun(preview) if preview.notes.iter().any(|note| note.contains("job 41"))),
                "{outcome:?}"
            );
            assert!(sent.len() == 1 && sent[0].ends_with(r#"{"job_type":"check"}"#), "{sent:?}");
        } else {
            assert!(matches!(&outcome, Outcome::Failed(failure) if failure.to_string().contains("no dry run of it")), "{outcome:?}");
            assert_eq!(sent, [] as [String; 0], "it would run in earnest");
        }
    }
}

#[tokio::test]
async fn a_dry_run_that_fails_is_told_with_the_question_and_is_the_end_of_a_dry_run() {
    let server = Server::answering(|_| super::http("500 Internal Server Error", "", "no")).await;
    let folder = Folder::new();
    let (gate, source) = (gate(Rules::default(), &folder), source("airflow2", server.url()));
    let order = order(run(), "clear-failed", None);
    let preview = gate.preview(source.as_ref(), &order).await.unwrap();
    assert!(preview.notes[0].starts_with("the system's own dry run failed:"), "{preview:?}");
    let outcome = gate.act(source.as_ref(), &Order { dry_run: true, ..order }, || panic!("it left")).await;
    assert!(matches!(&outcome, Outcome::Failed(failure) if failure.kind == FailureKind::Server), "{outcome:?}");
}
