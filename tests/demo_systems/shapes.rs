//! Every field that a simulated system serves exists, with the same type, in a body of the real server.
//! Not for: refusals (see `refusals`).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use triops::demo::System;

use crate::stage::{AIRFLOW, DOCKER, GITLAB, MLFLOW, Stage};

/// Fields whose keys are data: they stand for one field.
const MAPS: &[&str] = &[
    "Labels",
    "Attributes",
    "Networks",
    "Ports",
    "PortBindings",
    "ExposedPorts",
    "networks",
    "conf",
    "params",
    "default_args",
    "Config.Volumes",
];

/// Fields that the recorded bodies lack, or have as null, only because nothing was there when they were recorded.
/// System, path, type, why.
const UNRECORDED: &[(&str, &str, &str, &str)] = &[
    ("mlflow", ".experiments[].tags[].key", "string", "no experiment had tags; the same pairs as those of runs"),
    ("mlflow", ".experiments[].tags[].value", "string", "the same"),
    ("mlflow", ".experiments[].tags", "array", "the same"),
    ("mlflow", ".experiments[].tags[]", "object", "the same"),
    ("mlflow", ".registered_models[].tags", "array", "no registered model had tags; the same pairs as those of versions"),
    ("mlflow", ".registered_models[].tags[]", "object", "the same"),
    ("mlflow", ".registered_models[].tags[].key", "string", "the same"),
    ("mlflow", ".registered_models[].tags[].value", "string", "the same"),
    ("airflow", ".consuming_tasks[]", "object", "no DAG of the recording reads an asset; the fields of `producing_tasks`"),
    ("airflow", ".consuming_tasks[].dag_id", "string", "the same"),
    ("airflow", ".consuming_tasks[].task_id", "string", "the same"),
    ("airflow", ".consuming_tasks[].created_at", "string", "the same"),
    ("airflow", ".consuming_tasks[].updated_at", "string", "the same"),
    ("airflow", ".logical_date", "string", "tasks were recorded of manual runs alone; the run itself has it"),
    ("airflow", ".start_date", "null", "no task that waits for its turn was recorded"),
    ("gitlab", ".artifacts_expire_at", "null", "the example's job has artifacts; null without"),
    ("gitlab", ".started_at", "null", "the example's job has run; null before it does"),
    ("gitlab", ".finished_at", "null", "the same"),
    ("gitlab", ".duration", "null", "the same"),
    ("gitlab", ".queued_duration", "null", "the same"),
];

/// One thing that is asked for, with the recorded answers to it.
struct Asked {
    system: &'static dyn System,
    target: String,
    recorded: &'static [&'static str],
    /// The part of the answer that is compared: an event of a stream is one.
    lines: bool,
}

fn asked(system: &'static dyn System, target: impl Into<String>, recorded: &'static [&'static str]) -> Asked {
    Asked { system, target: target.into(), recorded, lines: false }
}

const INSPECTIONS: &[&str] = &[
    "demo/docker/inspect.json",
    "demo/docker/inspect-looping.json",
    "docker/docker-20.10/inspect-web.json",
    "docker/docker-20.10/inspect-healthy.json",
    "docker/docker-20.10/inspect-unhealthy.json",
    "docker/docker-20.10/inspect-exited.json",
    "docker/docker-20.10/inspect-paused.json",
];
const STATS: &[&str] = &[
    "demo/docker/stats.json",
    "demo/docker/stats-two-samples.json",
    "demo/docker/stats-stopped.json",
    "docker/docker-20.10/stats-web.json",
];
const TASKS: &[&str] =
    &["airflow/ti_fails_always.json", "airflow/ti_retries.json", "demo/airflow/ti_long_running.json", "demo/airflow/clear_task.json"];
const TASK: &[&str] =
    &["demo/airflow/ti_get.json", "demo/airflow/ti_long_running.json#task_instances", "airflow/ti_fails_always.json#task_instances"];
/// A pipeline as an answer to what was done to it; its numbers are null in the example.
const CHANGED: &[&str] = &["demo/gitlab/pipeline_changed.json", "demo/gitlab/pipeline.json"];
/// A run, alone or among others.
const RUN: &[&str] = &[
    "demo/airflow/dagrun_get.json",
    "demo/airflow/trigger_while_paused.json",
    "airflow/dagruns_all.json#dag_runs",
    "demo/airflow/mark_dagrun_failed.json",
];
const RUNS: &[&str] = &["airflow/dagruns_all.json", "dag_runs<demo/airflow/trigger_while_paused.json"];
const VERSION: &[&str] = &["demo/mlflow/model_versions_get.json", "demo/mlflow/transition_stage.json"];

/// Everything that is asked of a world.
fn questions(stage: &Stage) -> Vec<Asked> {
    let mut all = vec![
        asked(DOCKER, "/v1.41/version", &["docker/docker-20.10/version.json"]),
        asked(DOCKER, "/v1.41/info", &["demo/docker/info.json"]),
        asked(DOCKER, "/v1.41/containers/json?all=1", &["docker/docker-20.10/list.json", "demo/docker/list.json"]),
        Asked { lines: true, ..asked(DOCKER, "/v1.41/events?since=0&until=1", &["demo/docker/events.ndjson"]) },
        Asked {
            lines: true,
            ..asked(DOCKER, format!("/v1.41/events?since=1&until={}", stage.now().ms() / 1000), &["demo/docker/events.ndjson"])
        },
        asked(AIRFLOW, "/api/v2/version", &["airflow/version.json"]),
        asked(AIRFLOW, "/api/v2/monitor/health", &["airflow/health.json"]),
        asked(AIRFLOW, "/api/v2/dags?exclude_stale=true&order_by=dag_id&limit=100&offset=0", &["airflow/dags.json"]),
        asked(AIRFLOW, "/api/v2/dags/vendor_drop", &["demo/airflow/dag_get.json", "demo/airflow/dag_pause.json"]),
        asked(AIRFLOW, "/api/v2/dags/vendor_drop/details", &["demo/airflow/dag_detail.json"]),
        asked(AIRFLOW, "/api/v2/dags/orders_quality/tasks", &["airflow/dag_tasks.json"]),
        asked(AIRFLOW, "/api/v2/dags/~/dagRuns?order_by=-run_after&limit=100", RUNS),
        asked(AIRFLOW, "/api/v2/importErrors", &["airflow/import_errors.json"]),
        asked(AIRFLOW, "/api/v2/assets", &["airflow/assets.json"]),
        asked(MLFLOW, "/api/2.0/mlflow/experiments/search?max_results=100", &["mlflow/experiments_search.json"]),
        asked(MLFLOW, "/api/2.0/mlflow/registered-models/search", &["mlflow/registered_models_search.json"]),
        asked(MLFLOW, "/api/2.0/mlflow/model-versions/search", &["mlflow/model_versions_search.json"]),
        asked(MLFLOW, "/api/2.0/mlflow/model-versions/get?name=fraud-score&version=7", VERSION),
        asked(MLFLOW, "/api/2.0/mlflow/registered-models/alias?name=fraud-score&alias=champion", VERSION),
        asked(GITLAB, "/api/v4/version", &["demo/gitlab/version.json"]),
        asked(GITLAB, "/api/v4/projects", &["demo/gitlab/projects.json"]),
    ];
    let world = stage.world();
    for container in world.containers() {
        all.push(asked(DOCKER, format!("/v1.41/containers/{}/json", container.id), INSPECTIONS));
        if ["orders-api", "support-desk", "recommender", "events-broker"].contains(&container.name.as_str()) {
            all.push(asked(DOCKER, format!("/v1.41/containers/{}/stats?stream=false&one-shot=true", container.id), STATS));
            all.push(asked(DOCKER, format!("/v1.41/containers/{}/stats?stream=false", container.name), STATS));
        }
    }
    for run in world.pipelines().flat_map(|pipeline| world.runs(pipeline).into_iter().take(2).collect::<Vec<_>>()) {
        let run_id = run.run_id.replace('+', "%2B").replace(':', "%3A");
        let path = format!("/api/v2/dags/{}/dagRuns/{run_id}", run.dag);
        all.push(asked(AIRFLOW, path.clone(), RUN));
        all.push(asked(AIRFLOW, format!("{path}/taskInstances"), TASKS));
        for task in run.tasks.iter().filter(|task| task.started_at.is_some()) {
            let logs = &["airflow/log_failed_json.json", "airflow/log_running_json.json"];
            all.push(asked(AIRFLOW, format!("{path}/taskInstances/{}/logs/{}?map_index=-1", task.id, task.attempt), logs));
            all.push(asked(AIRFLOW, format!("{path}/taskInstances/{}", task.id), TASK));
        }
    }
    for training in world.models().flat_map(|model| world.trainings(model)).take(6) {
        all.push(asked(MLFLOW, format!("/api/2.0/mlflow/runs/get?run_id={}", training.run_id), &["mlflow/runs_get.json"]));
    }
    for service in world.services() {
        let project = format!("/api/v4/projects/lumen%2F{}", service.full_name());
        all.push(asked(GITLAB, project.clone(), &["demo/gitlab/projects.json"]));
        all.push(asked(GITLAB, format!("{project}/pipelines?order_by=updated_at&sort=desc&per_page=20"), &["demo/gitlab/pipelines.json"]));
        all.push(asked(GITLAB, format!("{project}/deployments"), &["demo/gitlab/deployments.json", "demo/gitlab/jobs.json"]));
        all.push(asked(GITLAB, format!("{project}/repository/commits?ref_name=main"), &["demo/gitlab/commits.json"]));
        for build in world.builds(service).into_iter().take(2) {
            all.push(asked(GITLAB, format!("{project}/pipelines/{}", build.id), &["demo/gitlab/pipeline.json"]));
            all.push(asked(GITLAB, format!("{project}/pipelines/{}/jobs", build.id), &["demo/gitlab/jobs.json"]));
            all.push(asked(GITLAB, format!("{project}/repository/commits/{}", build.sha), &["demo/gitlab/commit.json"]));
        }
    }
    all
}

/// Paths and types of a body. Lists count as one element; numbers are numbers, whole or not.
fn shape(value: &Value, path: &str, into: &mut BTreeSet<(String, &'static str)>) {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    into.insert((path.to_owned(), kind));
    match value {
        Value::Array(values) => values.iter().for_each(|value| shape(value, &format!("{path}[]"), into)),
        Value::Object(fields) => {
            let last = path.rsplit('.').next().unwrap_or_default();
            for (name, value) in fields {
                let name = if MAPS.contains(&last) { "*" } else { name };
                shape(value, &format!("{path}.{name}"), into);
            }
        }
        _ => {}
    }
}

/// The shape of a body, or of each line of a stream together. A list of things and one thing have the same shape.
fn shape_of(text: &[u8], lines: bool) -> BTreeSet<(String, &'static str)> {
    let mut found = BTreeSet::new();
    let text = std::str::from_utf8(text).unwrap();
    let bodies: Vec<Value> = if lines {
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    } else {
        vec![serde_json::from_str(text).unwrap()]
    };
    for body in bodies {
        match &body {
            Value::Array(rows) => rows.iter().for_each(|row| shape(row, "", &mut found)),
            body => shape(body, "", &mut found),
        }
    }
    found
}

/// The shapes of recorded files. `file#rows`: each of its rows alone; `rows<file`: it among such rows.
fn recorded(files: &[&str]) -> BTreeSet<(String, &'static str)> {
    let mut found = BTreeSet::new();
    for name in files {
        let (rows, rest) = name.split_once('<').map_or((None, *name), |(rows, rest)| (Some(rows), rest));
        let (file, list) = rest.split_once('#').map_or((rest, None), |(file, list)| (file, Some(list)));
        let mut text = std::fs::read(format!("{}/tests/fixtures/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        if let Some(list) = list {
            text = serde_json::from_slice::<Value>(&text).unwrap()[list].to_string().into_bytes();
        }
        for (path, kind) in shape_of(&text, file.contains("ndjson")) {
            // a deployment's job is a job
            if files.len() > 1 && file.ends_with("gitlab/jobs.json") {
                found.insert((format!(".deployable{path}"), kind));
            }
            found.insert((rows.map_or(path.clone(), |rows| format!(".{rows}[]{path}")), kind));
        }
    }
    found
}

fn unrecorded(system: &str, path: &str, kind: &str) -> bool {
    UNRECORDED.iter().any(|(own, end, its, _)| *own == system && path.ends_with(end) && *its == kind)
}

/// Worlds in which everything occurs that a story brings, and what may be done to containers and runs.
fn worlds() -> Vec<(String, std::sync::Arc<Stage>)> {
    let mut worlds = Vec::new();
    for story in triops::demo::story::Story::names() {
        for s in [130.0, 420.0] {
            worlds.push((format!("{story} at {s}"), Stage::new(story, s)));
        }
    }
    worlds.push(("a queue".to_owned(), Stage::new("upstream-down", 175.0)));
    for seconds in [0.0, 5.0, 30.0] {
        let later = Stage::new("bad-load", 300.0);
        for (system, target, body) in [
            (DOCKER, "/v1.41/containers/support-desk/stop", Value::Null),
            (DOCKER, "/v1.41/containers/recommender/pause", Value::Null),
            (AIRFLOW, "/api/v2/dags/daily_report/dagRuns", serde_json::json!({"logical_date": null})),
            (GITLAB, "/api/v4/projects/lumen%2Fsearch-api/pipeline", serde_json::json!({"ref": "main"})),
        ] {
            let (status, said) = later.post(system, target, body);
            assert!((200..300).contains(&status), "{target}: {said}");
        }
        later.go(seconds);
        worlds.push((format!("touched {seconds} s ago"), later));
    }
    worlds
}

#[test]
fn every_field_that_is_served_exists_with_its_type_in_a_body_of_the_real_server() {
    let mut wrong: BTreeMap<(&str, String, &str), String> = BTreeMap::new();
    let mut known: BTreeMap<&[&str], BTreeSet<(String, &'static str)>> = BTreeMap::new();
    let mut used: BTreeSet<usize> = BTreeSet::new();
    for (name, stage) in worlds() {
        for question in questions(&stage) {
            let system = question.system.name();
            let request = stage.signed(question.system, hyper::Method::GET, &question.target, None);
            let reply = stage.ask(question.system, &request);
            let text = crate::stage::text_of(reply.body, &stage.world());
            assert_eq!(reply.status, 200, "{name}: {system} {}: {}", question.target, String::from_utf8_lossy(&text));
            let real = known.entry(question.recorded).or_insert_with(|| recorded(question.recorded));
            for (path, kind) in shape_of(&text, question.lines) {
                if real.contains(&(path.clone(), kind)) {
                    continue;
                }
                if unrecorded(system, &path, kind) {
                    used.extend(
                        (0..UNRECORDED.len()).filter(|place| path.ends_with(UNRECORDED[*place].1) && UNRECORDED[*place].0 == system),
                    );
                    continue;
                }
                wrong.entry((system, path, kind)).or_insert_with(|| format!("{name}: {} ({:?})", question.target, question.recorded));
            }
        }
    }
    let told: Vec<String> = wrong.iter().map(|((system, path, kind), place)| format!("{system} {path}: {kind}  in {place}")).collect();
    assert!(wrong.is_empty(), "{} fields that no real server serves:\n{}", told.len(), told.join("\n"));
    let idle: Vec<_> = (0..UNRECORDED.len()).filter(|place| !used.contains(place)).map(|place| UNRECORDED[place]).collect();
    assert!(idle.is_empty(), "exceptions that nothing needs: {idle:?}");
}

#[test]
fn what_was_done_is_answered_with_the_fields_of_the_real_answer() {
    let stage = Stage::new("bad-load", 300.0);
    let run = stage.get(AIRFLOW, "/api/v2/dags/orders_quality/dagRuns?state=failed&order_by=-run_after")["dag_runs"][0].clone();
    let run_id = run["dag_run_id"].as_str().expect("a failed run");
    let marked = format!("/api/v2/dags/orders_quality/dagRuns/{}", run_id.replace('+', "%2B"));
    let clear = |dry: bool| serde_json::json!({"dag_run_id": run_id, "only_failed": true, "dry_run": dry});
    let builds = stage.world().builds(stage.world().service("search-api").unwrap());
    let project = "/api/v4/projects/lumen%2Fsearch-api";
    let old = builds.iter().find(|build| build.jobs.len() == 3).unwrap();
    let training = stage.world().trainings(stage.world().models().next().unwrap())[0].run_id.clone();
    let post = hyper::Method::POST;
    let patch = hyper::Method::PATCH;
    let cases: Vec<(&'static dyn System, hyper::Method, String, Value, &[&str])> = vec![
        (AIRFLOW, post.clone(), "/api/v2/dags/orders_quality/clearTaskInstances".into(), clear(true), &["demo/airflow/clear_dry_run.json"]),
        (AIRFLOW, post.clone(), "/api/v2/dags/vendor_drop/dagRuns".into(), serde_json::json!({"logical_date": null, "conf": {}}), RUN),
        (
            AIRFLOW,
            patch.clone(),
            "/api/v2/dags/vendor_drop?update_mask=is_paused".into(),
            serde_json::json!({"is_paused": true}),
            &["demo/airflow/dag_pause.json"],
        ),
        (AIRFLOW, patch, marked, serde_json::json!({"state": "failed"}), RUN),
        (AIRFLOW, post.clone(), "/api/v2/dags/orders_quality/clearTaskInstances".into(), clear(false), &["demo/airflow/clear_task.json"]),
        (
            MLFLOW,
            post.clone(),
            "/api/2.0/mlflow/runs/update".into(),
            serde_json::json!({"run_id": training, "status": "KILLED"}),
            &["demo/mlflow/runs_update.json"],
        ),
        (GITLAB, post.clone(), format!("{project}/pipeline"), serde_json::json!({"ref": "main"}), CHANGED),
        (GITLAB, post.clone(), format!("{project}/pipelines/{}/retry", old.id), Value::Null, CHANGED),
        (GITLAB, post.clone(), format!("{project}/pipelines/{}/cancel", old.id), Value::Null, CHANGED),
        (GITLAB, post, format!("{project}/jobs/{}/retry", old.jobs[2].id), Value::Null, &["demo/gitlab/jobs.json"]),
    ];
    for (system, method, target, body, files) in cases {
        let (status, said) = stage.said(system, method, &target, Some(body));
        assert!((200..300).contains(&status), "{target}: {status} {said}");
        let real = recorded(files);
        for (path, kind) in shape_of(said.to_string().as_bytes(), false) {
            let exists = real.contains(&(path.clone(), kind)) || unrecorded(system.name(), &path, kind);
            assert!(exists, "{} {target}: {path} is a {kind} that {files:?} has not: {said}", system.name());
        }
        stage.go(2.0);
    }
}
