//! Acting through the gate on the orchestrators, engines and model servers, and asking them afterwards by their own API.
//! Not for: containers, alerts, aliases, Airflow 3 (see `act`).

use std::sync::Arc;

use serde_json::{Value, json};
use triops::domain::{Entity, Kind, Outcome, State};

use super::seat::{Seat, curl};
use super::support::{addresses, sign_in, until};

fn send(url: &str, method: &str, body: &Value) -> Value {
    curl(url, &["--request", method, "--header", "content-type: application/json", "--data", &body.to_string()])
}

async fn pipeline(seat: &Seat, name: &str) -> Arc<Entity> {
    seat.find(Kind::Pipeline, name, |pipeline| pipeline.name == name).await
}

#[tokio::test]
async fn a_dag_of_airflow_2_is_unpaused_triggered_marked_and_paused() {
    let variables = ["TRIOPS_LIVE_AIRFLOW2", "TRIOPS_LIVE_AIRFLOW2_PASSWORD"];
    let Some([url, password]) = addresses("acting on airflow2", variables) else { return };
    let seat = Seat::new("airflow2", &url, Some(sign_in("basic", "admin", variables[1])));
    let user = format!("admin:{password}");
    let ask = |path: &str| curl(&format!("{url}/api/v1/dags/acted_upon{path}"), &["--user", &user]);
    seat.act(&pipeline(&seat, "acted_upon").await, "unpause", &[]).await;
    assert_eq!(ask("")["is_paused"], false);
    let run = seat.act(&pipeline(&seat, "acted_upon").await, "trigger", &[]).await.made.unwrap();
    let running = seat.find(Kind::Run, "it runs or waits", |entity| entity.id == run).await;
    seat.act(&running, "mark-failed", &[]).await;
    assert_eq!(ask(&format!("/dagRuns/{}", run.key().split_once('/').unwrap().1))["state"], "failed");
    seat.act(&pipeline(&seat, "acted_upon").await, "pause", &[]).await;
    assert_eq!(ask("")["is_paused"], true);
    assert_eq!(seat.refused(&pipeline(&seat, "acted_upon").await, "pause", &[]).await, "it is paused already");
    let changes = seat.entities(Kind::Change).await;
    for said in ["unpaused", "triggered", "marked a run failed of", "paused"] {
        let is_it = |change: &&Entity| *change.name == *format!("{said} acted_upon") && change.owner.as_deref() == Some("admin");
        assert!(changes.iter().any(|change| is_it(&change)), "nobody {said} it: {changes:?}");
    }
}

#[tokio::test]
async fn a_deployment_of_prefect_is_paused_and_its_run_started_and_cancelled() {
    let Some([url]) = addresses("acting on prefect", ["TRIOPS_LIVE_PREFECT"]) else { return };
    let seat = Seat::new("prefect", &url, None);
    let nightly = pipeline(&seat, "nightly").await;
    let there = || curl(&format!("{url}/api/deployments/{}", nightly.labels["deployment"]), &[])["paused"].clone();
    seat.act(&nightly, "pause", &[]).await;
    assert_eq!(there(), true);
    seat.act(&pipeline(&seat, "nightly").await, "unpause", &[]).await;
    assert_eq!(there(), false);
    let run = seat.act(&pipeline(&seat, "nightly").await, "trigger", &[]).await.made.unwrap();
    let waiting = seat.find(Kind::Run, "it waits", |entity| entity.id == run).await;
    seat.act(&waiting, "cancel", &[]).await;
    assert_eq!(curl(&format!("{url}/api/flow_runs/{}", run.key()), &[])["state_type"], "CANCELLED");
    // as it was when the key was pressed, it waits; the server says what has come of it, with 200
    let mut order = Seat::order(&waiting, "cancel", &[]);
    order.confirmed = Some(seat.preview(&order).await.digest);
    let outcome = seat.gate.act(seat.source.as_ref(), &order, || {}).await;
    assert!(!matches!(outcome, Outcome::Done(_)), "{outcome:?}");
}

#[tokio::test]
async fn a_job_of_dagster_is_started_and_terminated() {
    let Some([url]) = addresses("acting on dagster", ["TRIOPS_LIVE_DAGSTER"]) else { return };
    let seat = Seat::new("dagster", &url, None);
    let run = seat.act(&pipeline(&seat, "slow_job").await, "trigger", &[]).await.made.unwrap();
    let running = seat.find(Kind::Run, "it runs", |entity| entity.id == run && entity.state == State::Running).await;
    seat.act(&running, "cancel", &[]).await;
    let query = format!("{{runOrError(runId: \"{}\") {{... on Run {{status}}}}}}", run.key());
    assert_eq!(send(&format!("{url}/graphql"), "POST", &json!({"query": query}))["data"]["runOrError"]["status"], "CANCELED");
    // refused with 200, by the type of the answer
    let mut gone = pipeline(&seat, "ok_job").await.as_ref().clone();
    gone.labels.insert("job".into(), "no_such_job".into());
    let mut order = Seat::order(&Arc::new(gone), "trigger", &[]);
    order.confirmed = Some(seat.preview(&order).await.digest);
    let outcome = seat.gate.act(seat.source.as_ref(), &order, || {}).await;
    assert!(matches!(&outcome, Outcome::Failed(failure) if failure.detail.contains("no_such_job")), "{outcome:?}");
}

#[tokio::test]
async fn a_job_of_flink_gets_a_savepoint_and_is_cancelled() {
    let Some([url, jar]) = addresses("acting on flink", ["TRIOPS_LIVE_FLINK", "TRIOPS_LIVE_FLINK_JAR"]) else { return };
    let made = send(&format!("{url}/jars/{jar}/run"), "POST", &json!({"programArgsList": ["acted-upon", "running"]}));
    let id = made["jobid"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned();
    let seat = Seat::new("flink", &url, None);
    let running =
        seat.find(Kind::Run, "it runs", |job| job.id.key() == id && job.reason.as_deref().is_some_and(|r| r.contains("1/1 tasks"))).await;
    seat.act(&running, "savepoint", &[]).await;
    until("the savepoint is there", async || {
        let told = curl(&format!("{url}/jobs/{id}/checkpoints"), &[]);
        if told["latest"]["savepoint"]["status"] == "COMPLETED" { Ok(()) } else { Err(told.to_string()) }
    })
    .await;
    seat.act(&running, "cancel", &[]).await;
    assert_eq!(curl(&format!("{url}/jobs/{id}"), &[])["state"], "CANCELED");
}

#[tokio::test]
async fn a_highstate_is_tried_on_a_minion_of_salt_and_its_end_is_seen() {
    let variables = ["TRIOPS_LIVE_SALT", "TRIOPS_LIVE_SALT_SECRET"];
    let Some([url, _]) = addresses("acting on salt", variables) else { return };
    let seat = Seat::new("salt", &url, Some(sign_in("sharedsecret", "oncall", variables[1])));
    let minion = seat.find(Kind::Host, "the minion is up", |host| host.name == "minion-1" && host.state == State::Ok).await;
    let job = seat.act(&minion, "highstate-test", &[]).await.made.unwrap();
    let ended =
        seat.find(Kind::Run, "it has returned", |run| run.id == job && run.state != State::Running && run.state != State::Unknown).await;
    assert!(ended.state == State::Ok || ended.state == State::Warning, "{ended:?}");
}

#[tokio::test]
async fn a_model_of_mlserver_is_unloaded_and_loaded() {
    let Some([url]) = addresses("acting on open-inference", ["TRIOPS_LIVE_OPEN_INFERENCE"]) else { return };
    let seat = Seat::new("open-inference", &url, None);
    let spare = |state: State| seat.find(Kind::Endpoint, "spare", move |model| model.name == "spare" && model.state == state);
    let ready = || {
        let told = send(&format!("{url}/v2/repository/index"), "POST", &json!({}));
        told.as_array().unwrap().iter().any(|model| model["name"] == "spare" && model["state"] == "READY")
    };
    seat.act(&spare(State::Ok).await, "unload", &[]).await;
    assert!(!ready());
    seat.act(&spare(State::Cancelled).await, "load", &[]).await;
    assert!(ready());
}

#[tokio::test]
async fn torchserve_says_that_a_worker_cannot_start() {
    let Some([url]) = addresses("acting on torchserve", ["TRIOPS_LIVE_TORCHSERVE"]) else { return };
    let seat = Seat::new("torchserve", &url, None);
    let refunds = seat.find(Kind::Endpoint, "refunds", |model| model.name == "refunds v1.0").await;
    let mut order = Seat::order(&refunds, "one-worker-more", &[]);
    order.confirmed = Some(seat.preview(&order).await.digest);
    // it takes the order and tries: whether one has come is seen in the model
    let outcome = seat.gate.act(seat.source.as_ref(), &order, || {}).await;
    assert!(matches!(outcome, Outcome::Done(_)), "{outcome:?}");
    let told = curl(&format!("{url}/models/refunds/all"), &[]);
    assert_eq!((&told[0]["minWorkers"], &told[0]["workers"][0]["status"]), (&json!(1), &json!("UNLOADING")), "{told}");
}
