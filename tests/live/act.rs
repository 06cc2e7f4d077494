//! Acting on the real systems through the gate, and asking them afterwards by other means: their own command or API.
//! Not for: the gate by itself (see `tests/acting.rs`).

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use serde_json::Value;
use triops::config::Paths;
use triops::domain::{Detail, Entity, EntityId, Kind, Outcome, Receipt, State};

use super::docker::own::{DOCKER, IDLE, IMAGE, Own, PODMAN, PODMAN_IMAGE, command};
use super::seat::{Seat, curl};
use super::support::{addresses, now, sign_in, until};

async fn engine(url: &str, connector: &str, image: &str) {
    let own = Own::run(url, &format!("acted-{connector}"), &[], image, IDLE);
    let seat = Seat::new(connector, url, None);
    let status = || command(url, &["inspect", "--format", "{{.State.Status}} {{.State.Pid}}", &own.name]);
    let get = || seat.find(Kind::Workload, &own.name, |entity| entity.name == *own.name);
    let pid = |status: &str| status.split(' ').next_back().unwrap().to_owned();
    let before = status();
    seat.act(&get().await, "pause", &[]).await;
    assert!(status().starts_with("paused"), "{}", status());
    assert_eq!(seat.refused(&get().await, "pause", &[]).await, "it is paused");
    seat.act(&get().await, "unpause", &[]).await;
    assert_eq!(status(), before);
    // the list of podman tells starts in whole seconds: two within one look like one
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    seat.act(&get().await, "restart", &[]).await;
    assert!(status().starts_with("running") && pid(&status()) != pid(&before), "{before} and {}", status());
    let running = get().await;
    seat.act(&running, "stop", &[]).await;
    assert!(status().starts_with("exited") || status().starts_with("stopped"), "{}", status());
    // as it was when the key was pressed, it runs; as it is, it does not
    assert!(seat.refused(&running, "kill", &[]).await.contains("it is"), "it is stopped");
    seat.act(&get().await, "start", &[]).await;
    assert!(status().starts_with("running"), "{}", status());
    let copied = seat.act(&get().await, "debug-command", &[]).await.copy.unwrap();
    assert!(copied.contains(" exec -it "), "{copied}");
    shell(&seat, &get().await).await;
    seat.act(&get().await, "kill", &[("signal", "SIGKILL")]).await;
    let ended = seat.find(Kind::Workload, "it was killed", |entity| entity.name == *own.name && entity.state != State::Ok).await;
    let Detail::Workload(workload) = &ended.detail else { panic!("{ended:?}") };
    assert_eq!(workload.exit_code, Some(137));
    seat.act(&get().await, "remove", &[]).await;
    assert!(!command(url, &["ps", "--all", "--format", "{{.Names}}"]).contains(&own.name));
}

/// Types into a shell of the container and reads what it answers.
pub async fn shell(seat: &Seat, target: &Arc<Entity>) {
    let order = Seat::order(target, "shell", &[("command", "/bin/sh")]);
    let attempt = match seat.gate.open(seat.source.as_ref(), &order).await {
        Ok(attempt) => attempt,
        Err(outcome) => panic!("{outcome:?}"),
    };
    let mut shell = seat.source.shell(&order, (80, 24)).await.unwrap();
    let typed = b"echo $((6 * 7)) and $0; exit 5\r";
    tokio::io::AsyncWriteExt::write_all(&mut shell.input, typed).await.unwrap();
    let mut printed = Vec::new();
    let reading = async {
        while let Some(bytes) = shell.output.next().await {
            printed.extend(bytes.unwrap());
        }
    };
    tokio::time::timeout(Duration::from_secs(20), reading).await.expect("the shell ends");
    let printed = String::from_utf8_lossy(&printed).into_owned();
    assert!(printed.contains("42 and /bin/sh"), "{printed:?}");
    assert_eq!((shell.exit)().await.unwrap(), Some(5));
    seat.gate.close(attempt, &Outcome::Done(Receipt::said("left"))).await;
}

#[tokio::test]
async fn a_docker_container_is_acted_upon_and_docker_says_the_same() {
    let Some([url]) = addresses("acting on docker", [DOCKER]) else { return };
    engine(&url, "docker", IMAGE).await;
}

#[tokio::test]
async fn a_podman_container_is_acted_upon_and_podman_says_the_same() {
    let Some([url]) = addresses("acting on podman", [PODMAN]) else { return };
    engine(&url, "podman", PODMAN_IMAGE).await;
}

/// An alert of one test, pushed to Alertmanager itself.
pub fn fire(url: &str, name: &str, minutes: i64) {
    let end = triops::domain::Timestamp::from_ms(now().ms() + minutes * 60_000);
    let alert = format!(r#"[{{"labels": {{"alertname": "{name}", "team": "acts"}}, "endsAt": "{end}"}}]"#);
    let sent = Command::new("curl")
        .args(["--silent", "--fail", "--noproxy", "*", "--header", "content-type: application/json", "--data", &alert])
        .arg(format!("{url}/api/v2/alerts"))
        .status();
    assert!(sent.expect("curl").success());
}

pub fn silences(url: &str, name: &str) -> Vec<Value> {
    let all = curl(&format!("{url}/api/v2/silences"), &[]);
    let mine = |silence: &Value| silence["status"]["state"] == "active" && silence["matchers"].to_string().contains(name);
    all.as_array().unwrap().iter().filter(|silence| mine(silence)).cloned().collect()
}

#[tokio::test]
async fn two_cockpits_acknowledge_one_alert_and_there_is_one_silence_that_is_extended_and_ended() {
    let Some([url]) = addresses("acknowledging", ["TRIOPS_LIVE_ALERTMANAGER"]) else { return };
    let name = format!("Acted{}", std::process::id());
    fire(&url, &name, 30);
    fire(&url, &format!("{name}Too"), 30);
    let (one, two) = (Seat::new("alertmanager", &url, None), Seat::new("alertmanager", &url, None));
    let seen = one.find(Kind::Alert, "the alert", |alert| alert.name == *name).await;
    // both have looked; the second confirms after the first has acted
    let late = Seat::order(&seen, "acknowledge", &[]);
    two.preview(&late).await;
    let receipt = one.act(&seen, "acknowledge", &[]).await;
    let outcome = two.gate.act(two.source.as_ref(), &late, || {}).await;
    assert!(matches!(&outcome, Outcome::Refused(why) if why.contains("somebody was faster")), "{outcome:?}");
    let there = silences(&url, &name);
    assert_eq!(there.len(), 1, "{there:#?}");
    assert_eq!(receipt.made.as_ref().map(EntityId::key), there[0]["id"].as_str());
    assert!(there[0]["createdBy"] == "alice" && there[0]["comment"].as_str().unwrap().starts_with("ACK!"), "{there:#?}");
    one.entities(Kind::Change).await; // the names of those who acknowledge stand in the silences
    let acked = one.find(Kind::Alert, "who has it", |alert| alert.name == *name).await;
    let Detail::Alert(alert) = &acked.detail else { panic!("{acked:?}") };
    assert_eq!((alert.acked_by.as_deref(), alert.silenced_by.len()), (Some("alice"), 1));
    let made = receipt.made.unwrap();
    let silence = one.find(Kind::Change, "the silence", |change| change.id == made).await;
    // what the cockpit needs to keep it up
    assert_eq!(triops::insight::upkeep::acknowledged(&silence, "alice"), Some(acked.id.clone()));
    one.act(&silence, "extend", &[("minutes", "50")]).await;
    let longer = silences(&url, &name);
    assert!(longer.len() == 1 && longer[0]["id"] == there[0]["id"] && longer[0]["endsAt"].as_str() > there[0]["endsAt"].as_str());
    one.act(&silence, "expire", &[]).await;
    assert_eq!(silences(&url, &name), [] as [Value; 0]);
}

#[tokio::test]
async fn the_silence_editor_tells_before_what_it_would_catch_and_refuses_what_it_cannot_read() {
    let Some([url]) = addresses("silencing", ["TRIOPS_LIVE_ALERTMANAGER"]) else { return };
    let name = format!("Edited{}", std::process::id());
    fire(&url, &format!("{name}A"), 30);
    fire(&url, &format!("{name}B"), 30);
    let seat = Seat::new("alertmanager", &url, None);
    let alert = seat.find(Kind::Alert, "the alert", |alert| *alert.name == *format!("{name}A")).await;
    let form = seat.gate.form(seat.source.as_ref(), &Seat::order(&alert, "silence", &[])).await.unwrap();
    assert!(form[0].preset.as_ref().unwrap().contains(&format!("alertname=\"{name}A\"")), "{form:?}");
    let matchers = format!("{{alertname=~\"{name}.*\", team!=\"none\"}}");
    let values = [("matchers", matchers.as_str()), ("duration", "30m"), ("comment", "a test")];
    let preview = seat.preview(&Seat::order(&alert, "silence", &values)).await;
    assert_eq!(preview.notes[0], "it catches 2 alerts now", "{preview:?}");
    for (bad, why) in [("alertname~x", "no matcher"), ("a=\"b\" or c", "cannot read `orc`"), ("", "Matchers is needed")] {
        assert!(seat.refused(&alert, "silence", &[("matchers", bad)]).await.contains(why), "{bad}");
    }
    assert!(seat.refused(&alert, "silence", &[("duration", "long")]).await.contains("for how long?"));
    let made = seat.act(&alert, "silence", &values).await.made.unwrap();
    let there = curl(&format!("{url}/api/v2/silence/{}", made.key()), &[]);
    assert_eq!((&there["matchers"][1]["name"], &there["matchers"][1]["isEqual"]), (&Value::from("team"), &Value::from(false)), "{there:#}");
    let silence = seat.find(Kind::Change, "the silence", |change| change.id == made).await;
    seat.act(&silence, "expire", &[]).await;
}

#[tokio::test]
async fn an_alias_of_mlflow_is_promoted_and_rolled_back_by_our_own_history_unless_somebody_moved_it() {
    let Some([url]) = addresses("promoting", ["TRIOPS_LIVE_MLFLOW"]) else { return };
    let seat = Seat::new("mlflow", &url, None);
    let models = seat.entities(Kind::Model).await;
    let version = |model: &Entity| if let Detail::Model(detail) = &model.detail { detail.version.clone() } else { None };
    // of the model that has three
    let model = models.iter().find(|entity| version(entity).as_deref() == Some("3")).unwrap().labels["model"].to_string();
    let of = |wanted: &str| {
        models.iter().find(|entity| *entity.labels["model"] == *model && version(entity).as_deref() == Some(wanted)).cloned().unwrap()
    };
    let alias = format!("acted-{}", std::process::id());
    let points_to = || {
        let told = curl(&format!("{url}/api/2.0/mlflow/registered-models/alias?name={model}&alias={alias}"), &[]);
        told["model_version"]["version"].as_str().unwrap_or("nothing").to_owned()
    };
    let set = [("alias", alias.as_str())];
    seat.act(&Arc::new(of("1")), "promote", &set).await;
    assert_eq!(points_to(), "1");
    seat.act(&Arc::new(of("2")), "promote", &set).await;
    assert_eq!(points_to(), "2");
    let holds = |version: &'static str| {
        let alias = alias.clone();
        move |model: &Entity| {
            matches!(&model.detail, Detail::Model(m)
            if m.version.as_deref() == Some(version) && m.aliases.iter().any(|a| a.as_str() == alias))
        }
    };
    let champion = seat.find(Kind::Model, "2 has the alias", holds("2")).await;
    // somebody else moves it between the look and the key
    let order = Seat::order(&champion, "rollback", &set);
    seat.preview(&order).await;
    let other = Seat::new("mlflow", &url, None);
    other.act(&Arc::new(of("3")), "promote", &set).await;
    let outcome = seat.gate.act(seat.source.as_ref(), &order, || {}).await;
    assert!(matches!(&outcome, Outcome::Refused(why) if why.contains("points to 3 now, no longer to 2")), "{outcome:?}");
    assert_eq!(points_to(), "3");
    let champion = seat.find(Kind::Model, "3 has the alias", holds("3")).await;
    let preview = seat.preview(&Seat::order(&champion, "rollback", &set)).await;
    assert!(preview.notes.iter().any(|note| note.contains("v3 → v2")), "{preview:?}");
    seat.act(&champion, "rollback", &set).await;
    assert_eq!(points_to(), "2");
    let state = Paths::under(Path::new(&seat.folder)).state_dir.join("aliases.jsonl");
    assert!(std::fs::read_to_string(state).unwrap().lines().filter(|line| line.contains(&alias)).count() >= 4);
    let body = format!(r#"{{"name": "{model}", "alias": "{alias}"}}"#);
    curl(
        &format!("{url}/api/2.0/mlflow/registered-models/alias"),
        &["--request", "DELETE", "--header", "content-type: application/json", "--data", &body],
    );
}

#[tokio::test]
async fn a_run_of_airflow_is_triggered_with_params_cleared_and_stopped_and_its_dag_paused() {
    let Some([url, password]) = addresses("acting on airflow", ["TRIOPS_LIVE_AIRFLOW", "TRIOPS_LIVE_AIRFLOW_PASSWORD"]) else { return };
    let auth = sign_in("login", "admin", "TRIOPS_LIVE_AIRFLOW_PASSWORD");
    let seat = Seat::new("airflow", &url, Some(auth));
    let sign_in = format!(r#"{{"username": "admin", "password": "{password}"}}"#);
    let token = curl(&format!("{url}/auth/token"), &["--header", "content-type: application/json", "--data", &sign_in]);
    let bearer = format!("authorization: Bearer {}", token["access_token"].as_str().unwrap());
    let ask = |path: &str| curl(&format!("{url}/api/v2{path}"), &["--header", &bearer]);
    let dag = |name: &'static str| seat.find(Kind::Pipeline, name, move |dag| dag.name == *name);

    let params = dag("with_params").await;
    let form = seat.gate.form(seat.source.as_ref(), &Seat::order(&params, "trigger", &[])).await.unwrap();
    let told: Vec<_> = form.iter().map(|field| (field.name.as_str(), field.preset.as_deref(), field.required)).collect();
    assert_eq!(
        told,
        [
            ("days", Some("3"), false),
            ("mode", Some("fast"), false),
            ("notify", Some("false"), false),
            ("regions", Some("[\"eu\"]"), false),
            ("note", None, false)
        ]
    );
    assert!(seat.refused(&params, "trigger", &[("days", "many")]).await.contains("Days back must be a number"));
    assert!(seat.refused(&params, "trigger", &[("mode", "slow")]).await.contains("one of fast, full"));
    let run = seat.act(&params, "trigger", &[("days", "7"), ("mode", "full"), ("regions", "[\"us\"]")]).await.made.unwrap();
    let there = ask(&format!("/dags/with_params/dagRuns/{}", run.key().split('/').next_back().unwrap()));
    assert_eq!(there["conf"], serde_json::json!({"days": 7, "mode": "full", "notify": false, "regions": ["us"]}));

    let failing = seat.act(&dag("fails_always").await, "trigger", &[]).await.made.unwrap();
    let failed = seat.find(Kind::Run, "it fails", |run| run.id == failing && run.state == State::Failed).await;
    let preview = seat.preview(&Seat::order(&failed, "clear-failed", &[])).await;
    assert_eq!(preview.notes[0], "Airflow would clear 2 tasks", "{preview:?}");
    let tasks = |run: &EntityId| {
        let told = ask(&format!("/dags/fails_always/dagRuns/{}/taskInstances", run.key().split('/').next_back().unwrap()));
        let tries =
            told["task_instances"].as_array().unwrap().iter().map(|task| (task["task_id"].to_string(), task["try_number"].as_u64()));
        tries.collect::<std::collections::BTreeMap<_, _>>()
    };
    let before = tasks(&failing);
    seat.act(&failed, "clear-failed", &[]).await;
    until("charge is tried once more", async || {
        let after = tasks(&failing);
        let again = after["\"charge\""] > before["\"charge\""] && after["\"prepare\""] == before["\"prepare\""];
        if again { Ok(()) } else { Err(format!("{before:?} {after:?}")) }
    })
    .await;

    let long = seat.act(&dag("long_running").await, "trigger", &[]).await.made.unwrap();
    let running = seat.find(Kind::Run, "it runs or waits", |run| run.id == long).await;
    seat.act(&running, "cancel", &[]).await;
    let there = ask(&format!("/dags/long_running/dagRuns/{}", long.key().split('/').next_back().unwrap()));
    assert_eq!(there["state"], "failed");

    seat.act(&dag("retries").await, "pause", &[]).await;
    assert_eq!(ask("/dags/retries")["is_paused"], true);
    assert_eq!(seat.refused(&dag("retries").await, "pause", &[]).await, "it is paused already");
    seat.act(&dag("retries").await, "unpause", &[]).await;
    assert_eq!(ask("/dags/retries")["is_paused"], false);
}
