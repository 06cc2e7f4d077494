//! The log of one attempt of a task: structured lines, and what was raised with its frames.
//! Not for: what the lines say (see `world::logs`).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::demo::airflow::page::Complaint;
use crate::demo::airflow::{dags, tasks};
use crate::demo::company::{In, Pipeline};
use crate::demo::stamp;
use crate::demo::system::{Reply, Request};
use crate::demo::world::{DagRun, Entry, Level, RunState, Task, World};

/// Frames between the task runner and the task's own function: file in the libraries, line, function.
const FRAMES: [(&str, u32, &str); 6] = [
    ("airflow/sdk/execution_time/task_runner.py", 1579, "_run_task_and_map_outcome"),
    ("airflow/sdk/execution_time/task_runner.py", 2234, "_execute_task"),
    ("airflow/sdk/bases/operator.py", 462, "wrapper"),
    ("airflow/sdk/bases/decorator.py", 435, "execute"),
    ("airflow/providers/standard/operators/python.py", 254, "execute_callable"),
    ("airflow/sdk/execution_time/callback_runner.py", 97, "run"),
];
/// Where the libraries lie.
const LIBRARIES: &str = "/opt/venv/lib/python3.11/site-packages";
/// What the world's log says last of a task that failed.
const FAILED: &str = "Task failed";

/// `GET …/taskInstances/{task}/logs/{attempt}`. `path`: DAG, run, task, attempt.
pub fn answer(world: &World, path: (&str, &str, &str, &str), request: &Request) -> Result<Reply, Complaint> {
    let (dag, run_id, task_id, attempt) = path;
    let missing = || Complaint::not_found("TaskInstance not found");
    let pipeline = world.pipeline(dag).ok_or_else(missing)?;
    let run = world.runs(pipeline).into_iter().find(|run| run.run_id == run_id).ok_or_else(missing)?;
    let task = run.tasks.iter().find(|task| task.id == task_id).ok_or_else(missing)?;
    let attempt: u32 = attempt.parse().ok().filter(|attempt| (1..=task.attempt).contains(attempt)).ok_or_else(missing)?;
    if request.param("map_index").is_some_and(|index| index != "-1") {
        return Err(missing());
    }
    let seen = match request.param("token") {
        None => 0,
        Some(token) => read(token).ok_or_else(|| Complaint::new(400, "Bad Signature. Please use only the tokens provided by the API."))?,
    };
    let lines = lines(world, pipeline, &run, task, attempt);
    let total = lines.len();
    let goes_on = attempt == task.attempt && task.state == RunState::Running;
    if request.header("accept").is_some_and(|accept| accept.contains("ndjson")) {
        let text: String = lines.into_iter().skip(seen).map(|line| format!("{line}\n")).collect();
        return Ok(Reply::new(200, "application/x-ndjson", text));
    }
    let rest: Vec<Value> = lines.into_iter().skip(seen).collect();
    let token = goes_on.then(|| URL_SAFE_NO_PAD.encode(format!("{{\"end_of_log\":false,\"log_pos\":{total}}}")));
    Ok(Reply::json(200, &json!({"content": rest, "continuation_token": token})))
}

fn read(token: &str) -> Option<usize> {
    let value: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    usize::try_from(value.get("log_pos")?.as_u64()?).ok()
}

/// All lines up to now. An attempt before the last one was ended by whoever cleared it; what it wrote is not kept.
fn lines(world: &World, pipeline: In<Pipeline>, run: &DagRun, task: &Task, attempt: u32) -> Vec<Value> {
    let file = format!("/opt/airflow/logs/dag_id={}/run_id={}/task_id={}/attempt={attempt}.log", run.dag, run.run_id, task.id);
    let mut lines: Vec<Value> =
        ["::group::Log message source details", &file, "::endgroup::"].iter().map(|event| json!({"event": event})).collect();
    if attempt < task.attempt || task.started_at.is_none() {
        return lines;
    }
    let id = tasks::one(world, pipeline, run, task)["id"].clone();
    let entries = world.task_log(run, task);
    let reason = entries.iter().rev().find(|entry| entry.level == Level::Error && entry.text != FAILED).map_or(FAILED, |entry| &entry.text);
    for entry in &entries {
        lines.push(line(run, task, &id, entry, reason));
    }
    lines
}

fn line(run: &DagRun, task: &Task, id: &Value, entry: &Entry, reason: &str) -> Value {
    let failed = entry.text == FAILED;
    let own = failed || entry.text.starts_with("Running ") || entry.text == "Task succeeded";
    let level = match entry.level {
        Level::Info => "info",
        Level::Warning => "warning",
        Level::Error => "error",
    };
    let mut value = json!({
        "timestamp": stamp::micros(entry.at, task.id),
        "event": if failed { "Task failed with exception" } else { &entry.text },
        "level": level,
        "try_number": task.attempt,
        "ti_id": id,
        "map_index": -1,
        "run_id": run.run_id,
        "dag_id": run.dag,
        "task_id": task.id,
        "logger": if own { "task" } else { "task.stdout" }
    });
    if failed {
        let mut frames: Vec<Value> = FRAMES
            .iter()
            .map(|(file, line, name)| json!({"filename": format!("{LIBRARIES}/{file}"), "lineno": line, "name": name}))
            .collect();
        let file = run.dag.split("_m").next().unwrap_or(&run.dag);
        frames.push(json!({"filename": format!("{}/{file}.py", dags::FOLDER), "lineno": 41, "name": task.id}));
        value["filename"] = json!("task_runner.py");
        value["lineno"] = json!(1676);
        value["error_detail"] = json!([{
            "exc_type": "ValueError", "exc_value": reason, "exc_notes": [], "syntax_error": null, "is_cause": false, "frames": frames,
            "is_group": false, "exceptions": []
        }]);
    }
    value
}
