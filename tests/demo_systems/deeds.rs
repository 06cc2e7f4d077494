//! What is done through a system changes what is served, there and where it matters.

use hyper::Method;
use serde_json::{Value, json};
use triops::demo::Request;

use crate::stage::{AIRFLOW, DOCKER, GITLAB, MLFLOW, Stage};

fn container(stage: &Stage, name: &str) -> Value {
    stage.get(DOCKER, &format!("/v1.41/containers/{name}/json"))
}

fn actions(stage: &Stage, from_s: i64) -> Vec<String> {
    let until = stage.now().ms() / 1000 + 1;
    let reply = stage.ask(DOCKER, &Request::get(&format!("/v1.41/events?since={from_s}&until={until}")));
    let text = crate::stage::text_of(reply.body, &stage.world());
    let lines = std::str::from_utf8(&text).unwrap().lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.map(|event| format!("{} {}", event["Actor"]["Attributes"]["name"].as_str().unwrap(), event["Action"].as_str().unwrap())).collect()
}

#[test]
fn a_container_is_stopped_started_paused_killed_and_restarted_and_the_events_tell_it() {
    let stage = Stage::new("quiet", 60.0);
    let from = stage.now().ms() / 1000;
    for (verb, status, running, code) in [
        ("stop", "exited", false, 0),
        ("start", "running", true, 0),
        ("pause", "paused", true, 0),
        ("unpause", "running", true, 0),
        ("kill?signal=SIGKILL", "exited", false, 137),
        ("restart", "running", true, 0),
    ] {
        let before = container(&stage, "search-api")["State"]["StartedAt"].clone();
        assert_eq!(stage.post(DOCKER, &format!("/v1.41/containers/search-api/{verb}"), Value::Null).0, 204, "{verb}");
        stage.go(10.0);
        let after = container(&stage, "search-api");
        let state = &after["State"];
        assert_eq!((&state["Status"], &state["Running"], &state["ExitCode"]), (&json!(status), &json!(running), &json!(code)), "{verb}");
        let restarted = ["start", "restart"].contains(&verb);
        assert_eq!(state["StartedAt"] != before, restarted, "{verb}");
        assert_eq!(after["RestartCount"], 0, "only the engine's own restarts are counted");
    }
    let told: Vec<String> = actions(&stage, from).iter().filter_map(|told| told.strip_prefix("search-api ").map(str::to_owned)).collect();
    let healthy = "health_status: healthy";
    let wanted = ["kill", "die", "stop", "start", healthy, "pause", "unpause", "kill", "die", "start", "restart", healthy];
    assert_eq!(told, wanted);
}

#[test]
fn a_container_that_dies_for_memory_says_so_in_its_state_its_log_and_its_events() {
    let stage = Stage::new("bad-deploy", 400.0);
    let now = container(&stage, "orders-api");
    assert!(now["RestartCount"].as_u64().unwrap() >= 2, "{}", now["State"]);
    let dead = (0..60).find_map(|_| {
        stage.go(1.0);
        let state = container(&stage, "orders-api")["State"].clone();
        (state["Status"] == "restarting").then_some(state)
    });
    let dead = dead.expect("it is between two lives some seconds of each minute");
    assert_eq!((&dead["OOMKilled"], &dead["ExitCode"]), (&json!(true), &json!(137)));
    let reply = stage.ask(DOCKER, &Request::get("/v1.41/containers/orders-api/logs?stdout=1&stderr=1&tail=2000"));
    let log = String::from_utf8_lossy(reply.whole().unwrap()).into_owned();
    assert!(log.contains("allocation of 33554432 bytes failed"), "{log}");
    let told = actions(&stage, stage.now().ms() / 1000 - 120);
    for action in ["oom", "die", "start"] {
        assert!(told.contains(&format!("orders-api {action}")), "{told:?}");
    }
}

#[test]
fn deploying_an_old_commit_again_repairs_the_bad_deploy() {
    let stage = Stage::new("bad-deploy", 300.0);
    let project = "/api/v4/projects/lumen%2Forders-api";
    let image = |stage: &Stage| container(stage, "orders-api")["Config"]["Image"].clone();
    let bad = image(&stage);
    let deployments = stage.get(GITLAB, &format!("{project}/deployments?order_by=updated_at&sort=desc"));
    let good = deployments[1]["deployable"]["id"].clone();
    assert_eq!(deployments[0]["status"], "success");
    let (status, job) = stage.post(GITLAB, &format!("{project}/jobs/{good}/retry"), Value::Null);
    assert_eq!((status, &job["status"], &job["name"]), (201, &json!("pending"), &json!("deploy")));
    stage.go(6.0);
    let running = stage.get(GITLAB, &format!("{project}/deployments?order_by=updated_at&sort=desc"));
    assert_eq!((&running[0]["status"], &running[0]["user"]["username"]), (&json!("running"), &json!("oncall")));
    stage.go(60.0);
    assert_ne!(image(&stage), bad);
    let newest = stage.get(GITLAB, &format!("{project}/deployments?order_by=updated_at&sort=desc"))[0].clone();
    assert_eq!((&newest["status"], &newest["sha"]), (&json!("success"), &deployments[1]["sha"]));
    stage.go(300.0);
    let state = container(&stage, "orders-api");
    assert_eq!((&state["State"]["Status"], &state["RestartCount"]), (&json!("running"), &json!(0)));
    assert_eq!(state["Config"]["Labels"]["org.opencontainers.image.revision"], newest["sha"]);
}

#[test]
fn a_pipeline_runs_can_be_cancelled_and_one_that_ended_well_is_not_retried() {
    let stage = Stage::new("quiet", 100.0);
    let project = "/api/v4/projects/lumen%2Frefunds-api";
    let (status, made) = stage.post(GITLAB, &format!("{project}/pipeline"), json!({"ref": "main"}));
    assert_eq!((status, &made["status"]), (201, &json!("pending")), "{made}");
    let of_it = format!("{project}/pipelines/{}", made["id"]);
    stage.go(20.0);
    assert_eq!(stage.get(GITLAB, &of_it)["status"], "running");
    assert_eq!(stage.post(GITLAB, &format!("{of_it}/cancel"), Value::Null).1["status"], "canceled");
    stage.go(90.0);
    assert_eq!(stage.get(GITLAB, &of_it)["status"], "canceled");
    let jobs = stage.get(GITLAB, &format!("{of_it}/jobs"));
    let states: Vec<&Value> = jobs.as_array().unwrap().iter().map(|job| &job["status"]).collect();
    assert_eq!(states, ["skipped", "skipped", "canceled"]);

    let whole = stage.get(GITLAB, &format!("{project}/pipelines?status=success"));
    let target = format!("{project}/pipelines/{}", whole[0]["id"]);
    let before = stage.get(GITLAB, &target);
    assert_eq!(stage.post(GITLAB, &format!("{target}/retry"), Value::Null).0, 201);
    stage.go(5.0);
    assert_eq!(stage.get(GITLAB, &target), before);
}

#[test]
fn the_trace_of_a_job_grows_while_it_runs() {
    let stage = Stage::new("quiet", 100.0);
    let project = "/api/v4/projects/lumen%2Frefunds-api";
    let made = stage.post(GITLAB, &format!("{project}/pipeline"), json!({"ref": "main"})).1;
    let jobs = |stage: &Stage| stage.get(GITLAB, &format!("{project}/pipelines/{}/jobs", made["id"]));
    let trace = |stage: &Stage| {
        let id = jobs(stage).as_array().unwrap().last().unwrap()["id"].clone();
        let request = stage.signed(GITLAB, Method::GET, &format!("{project}/jobs/{id}/trace"), None);
        String::from_utf8(stage.ask(GITLAB, &request).whole().unwrap().to_vec()).unwrap()
    };
    assert_eq!(trace(&stage), "");
    stage.go(8.0);
    let early = trace(&stage);
    stage.go(60.0);
    let late = trace(&stage);
    assert!(early.contains("gitlab-runner") && late.len() > early.len(), "{early}\n{late}");
    assert!(late.contains("Job succeeded"), "{late}");
}

#[test]
fn a_dag_is_paused_triggered_marked_and_its_failed_tasks_cleared() {
    let stage = Stage::new("bad-load", 300.0);
    let newest = |stage: &Stage, dag: &str, state: &str| {
        stage.get(AIRFLOW, &format!("/api/v2/dags/{dag}/dagRuns?order_by=-run_after&state={state}"))["dag_runs"][0].clone()
    };
    let failed = newest(&stage, "orders_quality", "failed");
    let id = failed["dag_run_id"].as_str().expect("the volume test failed").to_owned();
    let path = format!("/api/v2/dags/orders_quality/dagRuns/{}", id.replace('+', "%2B"));
    let clear = |dry: bool| json!({"dag_run_id": id, "only_failed": true, "reset_dag_runs": true, "dry_run": dry});
    let target = "/api/v2/dags/orders_quality/clearTaskInstances";
    let preview = stage.post(AIRFLOW, target, clear(true)).1;
    let told: Vec<(&str, &str)> = preview["task_instances"]
        .as_array()
        .unwrap()
        .iter()
        .map(|task| (task["task_id"].as_str().unwrap(), task["state"].as_str().unwrap()))
        .collect();
    assert_eq!(
        told,
        [("volume", "failed"), ("schema", "upstream_failed"), ("freshness", "upstream_failed"), ("publish_report", "upstream_failed")]
    );
    stage.go(5.0);
    assert_eq!(stage.get(AIRFLOW, &path)["state"], "failed", "a dry run does nothing");
    assert_eq!(stage.post(AIRFLOW, target, clear(false)).0, 200);
    stage.go(5.0);
    assert_eq!(stage.get(AIRFLOW, &path)["state"], "running");
    let tasks = stage.get(AIRFLOW, &format!("{path}/taskInstances"));
    assert_eq!(tasks["task_instances"][0]["try_number"], 2);

    let (status, made) = stage.post(AIRFLOW, "/api/v2/dags/vendor_drop/dagRuns", json!({"logical_date": null, "conf": {}}));
    assert_eq!(
        (status, &made["state"], &made["run_type"], &made["triggering_user_name"]),
        (200, &json!("queued"), &json!("manual"), &json!("admin"))
    );
    stage.go(60.0);
    let run = newest(&stage, "vendor_drop", "success");
    assert_eq!(run["dag_run_id"], made["dag_run_id"]);

    let made = stage.post(AIRFLOW, "/api/v2/dags/daily_report/dagRuns", json!({"logical_date": null})).1;
    stage.go(10.0);
    let target = format!("/api/v2/dags/daily_report/dagRuns/{}", made["dag_run_id"].as_str().unwrap().replace('+', "%2B"));
    let marked = stage.said(AIRFLOW, Method::PATCH, &target, Some(json!({"state": "failed"}))).1;
    assert_eq!(marked["state"], "failed");
    stage.go(200.0);
    assert_eq!(stage.get(AIRFLOW, &target)["state"], "failed");

    let paused = stage.said(AIRFLOW, Method::PATCH, "/api/v2/dags/vendor_drop?update_mask=is_paused", Some(json!({"is_paused": true}))).1;
    assert_eq!(paused["is_paused"], true);
    assert_eq!(stage.get(AIRFLOW, "/api/v2/dags?paused=true")["total_entries"], 1);
}

#[test]
fn running_the_vendor_drop_again_repairs_the_bad_load() {
    let stage = Stage::new("bad-load", 300.0);
    let fetch = |stage: &Stage, run: &Value| {
        let id = run["dag_run_id"].as_str().unwrap().replace('+', "%2B");
        let log = stage.get(AIRFLOW, &format!("/api/v2/dags/vendor_drop/dagRuns/{id}/taskInstances/fetch/logs/1"));
        let told = log["content"].as_array().unwrap().iter().filter_map(|line| line["event"].as_str());
        told.filter_map(|text| text.strip_prefix("fetched ")?.split(' ').next()?.parse::<f64>().ok())
            .next()
            .expect("the rows that were fetched")
    };
    let newest = |stage: &Stage| stage.get(AIRFLOW, "/api/v2/dags/vendor_drop/dagRuns?order_by=-run_after")["dag_runs"][0].clone();
    let half = fetch(&stage, &newest(&stage));
    stage.post(AIRFLOW, "/api/v2/dags/vendor_drop/dagRuns", json!({"logical_date": null}));
    stage.go(240.0);
    let whole = fetch(&stage, &newest(&stage));
    assert!(half < 500_000.0 && whole > 700_000.0, "{half} {whole}");
    let quality = stage.get(AIRFLOW, "/api/v2/dags/orders_quality/dagRuns?order_by=-run_after")["dag_runs"][0].clone();
    assert_eq!(quality["state"], "success");
}

#[test]
fn an_alias_moves_to_the_version_it_is_set_to_and_goes_when_it_is_deleted() {
    let stage = Stage::new("alias-mistake", 120.0);
    let champion = |stage: &Stage| {
        stage.get(MLFLOW, "/api/2.0/mlflow/registered-models/alias?name=fraud-score&alias=champion")["model_version"]["version"].clone()
    };
    assert_eq!(champion(&stage), "4");
    let set = json!({"name": "fraud-score", "alias": "champion", "version": "7"});
    assert_eq!(stage.post(MLFLOW, "/api/2.0/mlflow/registered-models/alias", set), (200, json!({})));
    stage.go(5.0);
    assert_eq!(champion(&stage), "7");
    let reply = stage.ask(DOCKER, &Request::get("/v1.41/containers/fraud-scorer/logs?stdout=1&tail=200"));
    let log = String::from_utf8_lossy(reply.whole().unwrap()).into_owned();
    for version in [4, 7] {
        assert!(log.contains(&format!("models:/fraud-score@champion is version {version} now")), "{log}");
    }
    assert_eq!(stage.world().cured_s(), Some(120.0));
    let unset = json!({"name": "fraud-score", "alias": "champion"});
    assert_eq!(stage.said(MLFLOW, Method::DELETE, "/api/2.0/mlflow/registered-models/alias", Some(unset)).0, 200);
    stage.go(1.0);
    let models = stage.get(MLFLOW, "/api/2.0/mlflow/registered-models/get?name=fraud-score");
    assert_eq!(models["registered_model"].get("aliases"), None);
    for (body, status) in [
        (json!({"name": "nope", "alias": "a", "version": "1"}), 404),
        (json!({"name": "fraud-score", "alias": "a", "version": "99"}), 404),
        (json!({"name": "fraud-score", "version": "1"}), 400),
    ] {
        assert_eq!(stage.post(MLFLOW, "/api/2.0/mlflow/registered-models/alias", body).0, status);
    }
}

#[test]
fn a_training_run_is_marked_and_deleted() {
    let stage = Stage::new("quiet", 60.0);
    let id = stage.world().trainings(stage.world().model("fraud-score").unwrap())[0].run_id.clone();
    let target = format!("/api/2.0/mlflow/runs/get?run_id={id}");
    stage.post(MLFLOW, "/api/2.0/mlflow/runs/update", json!({"run_id": id, "status": "KILLED", "end_time": stage.now().ms()}));
    stage.go(1.0);
    assert_eq!(stage.get(MLFLOW, &target)["run"]["info"]["status"], "KILLED");
    stage.post(MLFLOW, "/api/2.0/mlflow/runs/delete", json!({"run_id": id}));
    stage.go(1.0);
    assert_eq!(stage.said(MLFLOW, Method::GET, &target, None).0, 404);
}

#[test]
fn a_shell_is_not_found_in_images_that_have_none() {
    let stage = Stage::new("quiet", 60.0);
    let (status, made) = stage.post(DOCKER, "/v1.41/containers/search-api/exec", json!({"Cmd": ["/bin/sh"], "Tty": true}));
    assert_eq!(status, 201);
    let exec = made["Id"].as_str().unwrap();
    let (status, said) = stage.post(DOCKER, &format!("/v1.41/exec/{exec}/start"), json!({"Detach": false}));
    assert!(status == 400 && said["message"].as_str().unwrap().contains("no such file or directory"), "{said}");
    let told = stage.get(DOCKER, &format!("/v1.41/exec/{exec}/json"));
    assert_eq!((&told["ExitCode"], &told["ContainerID"]), (&json!(126), &container(&stage, "search-api")["Id"]));
}

#[test]
fn starting_the_broker_again_repairs_the_upstream() {
    let stage = Stage::new("upstream-down", 150.0);
    let state = container(&stage, "events-broker")["State"].clone();
    assert_eq!((&state["Status"], &state["ExitCode"]), (&json!("exited"), &json!(1)));
    let reply = stage.ask(DOCKER, &Request::get("/v1.41/containers/events-broker/logs?stderr=1&tail=5"));
    assert!(String::from_utf8_lossy(reply.whole().unwrap()).contains("No space left on device"));
    let reply = stage.ask(DOCKER, &Request::get("/v1.41/containers/payments-api/logs?stdout=1&tail=200"));
    assert!(String::from_utf8_lossy(reply.whole().unwrap()).contains("events-broker:9092: connection refused"));
    assert_eq!(stage.post(DOCKER, "/v1.41/containers/events-broker/start", Value::Null).0, 204);
    stage.go(20.0);
    assert_eq!(container(&stage, "events-broker")["State"]["Status"], "running");
    assert!(stage.world().cured_s().is_some());
}
