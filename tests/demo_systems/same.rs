//! The same seed, story, deeds and instant give the same bodies, byte for byte; another seed gives others.

use serde_json::json;
use triops::demo::{Request, System};

use crate::stage::{AIRFLOW, DOCKER, GITLAB, MLFLOW, Stage, text_of};

const TARGETS: [(&dyn System, &str); 11] = [
    (DOCKER, "/v1.41/containers/json?all=1"),
    (DOCKER, "/v1.41/containers/orders-api/json"),
    (DOCKER, "/v1.41/containers/orders-api/stats?stream=false"),
    (DOCKER, "/v1.41/containers/orders-api/logs?stdout=1&stderr=1&timestamps=1&tail=200"),
    (DOCKER, "/v1.41/events?since=1795770000&until=1795780800"),
    (AIRFLOW, "/api/v2/dags/~/dagRuns?order_by=-run_after&limit=100"),
    (AIRFLOW, "/api/v2/assets"),
    (MLFLOW, "/api/2.0/mlflow/model-versions/search?max_results=200"),
    (MLFLOW, "/model-versions/get-artifact?name=fraud-score&version=7&path=MLmodel"),
    (GITLAB, "/api/v4/projects/lumen%2Forders-api/deployments?sort=desc"),
    (GITLAB, "/api/v4/projects?order_by=last_activity_at"),
];

fn bodies(stage: &Stage) -> Vec<Vec<u8>> {
    let body = |(system, target): &(&dyn System, &str)| {
        let request: Request = stage.signed(*system, hyper::Method::GET, target, None);
        let reply = stage.ask(*system, &request);
        assert_eq!(reply.status, 200, "{target}");
        text_of(reply.body, &stage.world()).to_vec()
    };
    TARGETS.iter().map(body).collect()
}

#[test]
fn two_worlds_of_one_spec_say_the_same_at_the_same_instant_whenever_they_are_asked() {
    let (early, late) = (Stage::new("bad-deploy", 100.0), Stage::new("bad-deploy", 240.0));
    for stage in [&early, &late] {
        assert!(bodies(stage).iter().all(|body| !body.is_empty()));
    }
    early.go(140.0);
    assert_eq!(bodies(&early), bodies(&late));
}

#[test]
fn what_a_task_and_a_job_wrote_once_stays_as_it_was() {
    let stage = Stage::new("bad-load", 300.0);
    let made = stage.post(AIRFLOW, "/api/v2/dags/train_fraud_score/dagRuns", json!({"logical_date": null})).1;
    let run = made["dag_run_id"].as_str().unwrap().replace('+', "%2B");
    let project = "/api/v4/projects/lumen%2Forders-api";
    let pipeline = stage.post(GITLAB, &format!("{project}/pipeline"), json!({"ref": "main"})).1["id"].clone();
    let logs = |stage: &Stage| -> Vec<Vec<String>> {
        let task = stage.get(AIRFLOW, &format!("/api/v2/dags/train_fraud_score/dagRuns/{run}/taskInstances/sample/logs/1"));
        let job = stage.get(GITLAB, &format!("{project}/pipelines/{pipeline}/jobs"))[2]["id"].clone();
        let request = stage.signed(GITLAB, hyper::Method::GET, &format!("{project}/jobs/{job}/trace"), None);
        let trace = String::from_utf8(stage.ask(GITLAB, &request).whole().unwrap().to_vec()).unwrap();
        vec![task["content"].as_array().unwrap().iter().map(ToString::to_string).collect(), trace.lines().map(str::to_owned).collect()]
    };
    stage.go(4.0);
    let mut before = logs(&stage);
    for _ in 0..30 {
        stage.go(5.0);
        let now = logs(&stage);
        for (before, now) in before.iter().zip(&now) {
            assert_eq!(before[..], now[..before.len()]);
        }
        before = now;
    }
    assert!(before.iter().all(|lines| lines.len() > 5 && lines.last().is_some_and(|line| line.contains("succeeded"))), "{before:?}");
}

#[test]
fn two_worlds_stay_the_same_after_the_same_deeds() {
    let done = || {
        let stage = Stage::new("bad-deploy", 200.0);
        stage.post(DOCKER, "/v1.41/containers/orders-api/restart", json!(null));
        stage.post(MLFLOW, "/api/2.0/mlflow/registered-models/alias", json!({"name": "fraud-score", "alias": "canary", "version": "3"}));
        stage.post(AIRFLOW, "/api/v2/dags/vendor_drop/dagRuns", json!({"logical_date": null}));
        stage.go(30.0);
        bodies(&stage)
    };
    let untouched = Stage::new("bad-deploy", 230.0);
    assert_eq!(done(), done());
    assert_ne!(done(), bodies(&untouched));
}

#[test]
fn a_site_of_a_large_company_serves_its_own_markets_whole() {
    let stage = Stage::scaled("quiet", 60.0, 100);
    let world = stage.world().at_site(3);
    let request = stage.signed(DOCKER, hyper::Method::GET, "/v1.41/containers/json?all=1", None);
    let rows: serde_json::Value = serde_json::from_slice(DOCKER.answer(&world, &request).whole().unwrap()).unwrap();
    let names: Vec<&str> = rows.as_array().unwrap().iter().map(|row| row["Names"][0].as_str().unwrap()).collect();
    assert_eq!(names.len(), 120);
    assert!(names.contains(&"/orders-api-m30") && !names.contains(&"/orders-api"), "{names:?}");
}
