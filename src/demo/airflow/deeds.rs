//! What is done through Airflow: runs triggered, cleared and marked, DAGs paused.
//! Not for: what follows (see `world::runs`, `story`).

use serde_json::{Value, json};

use crate::demo::airflow::page::Complaint;
use crate::demo::airflow::{USER, dags, find_run, runs, tasks};
use crate::demo::company::{In, Pipeline};
use crate::demo::deed::Act;
use crate::demo::system::{Reply, Request};
use crate::demo::world::{DagRun, RunState, Task, World};

/// The body as an object; anything else is an empty one.
fn body(request: &Request) -> Value {
    request.json().filter(Value::is_object).unwrap_or_else(|| json!({}))
}

/// A boolean of the body.
fn flag(body: &Value, name: &str, usual: bool) -> Result<bool, Complaint> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(usual),
        Some(Value::Bool(value)) => Ok(*value),
        Some(other) => Err(Complaint::not_a_boolean(name, other)),
    }
}

/// `PATCH /dags/{dag}`.
pub fn pause(world: &World, dag: In<Pipeline>, request: &Request) -> Result<Reply, Complaint> {
    let body = body(request);
    if body.get("is_paused").is_none() {
        return Err(Complaint::missing_field("is_paused", &body));
    }
    if let Some(mask) = request.query.iter().find(|(name, value)| name == "update_mask" && value != "is_paused") {
        return Err(Complaint::new(400, &format!("Only `is_paused` field can be updated through the REST API, not `{}`", mask.1)));
    }
    let paused = flag(&body, "is_paused", false)?;
    let act = Act::PauseDag { dag: dag.full_name(), paused };
    let told = dags::one(&world.after(USER, act.clone()), dag);
    let reply = Reply::json(200, &told);
    Ok(if paused == world.is_paused(dag) { reply } else { reply.after(world, USER, act) })
}

/// `POST /dags/{dag}/dagRuns`.
pub fn trigger(world: &World, dag: &str, request: &Request) -> Result<Reply, Complaint> {
    let pipeline = world.pipeline(dag).ok_or_else(|| Complaint::not_found(&format!("Dag with dag_id: '{dag}' not found")))?;
    let body = body(request);
    if body.get("logical_date").is_none() {
        return Err(Complaint::missing_field("logical_date", &body));
    }
    let before = world.runs(pipeline);
    if body.get("dag_run_id").and_then(Value::as_str).is_some_and(|id| before.iter().any(|run| run.run_id == id)) {
        return Err(Complaint::duplicate());
    }
    let act = Act::TriggerDag(dag.to_owned());
    let after = world.after(USER, act.clone());
    let made = after.runs(pipeline).into_iter().find(|run| !before.iter().any(|other| other.run_id == run.run_id));
    let made = made.ok_or_else(Complaint::duplicate)?;
    Ok(Reply::json(200, &runs::one(&made, &after)).after(world, USER, act))
}

/// `PATCH /dags/{dag}/dagRuns/{run}`. `queued` begins the run again.
pub fn mark(world: &World, dag: &str, run_id: &str, request: &Request) -> Result<Reply, Complaint> {
    let (pipeline, run) = find_run(world, dag, run_id)?;
    let body = body(request);
    let act = match body.get("state") {
        None | Some(Value::Null) => return Ok(Reply::json(200, &runs::one(&run, world))),
        Some(Value::String(state)) if state == "queued" => clear(&run, false),
        Some(Value::String(state)) if state == "success" || state == "failed" => {
            Act::MarkRun { dag: run.dag.clone(), run_id: run.run_id.clone(), success: state == "success" }
        }
        Some(other) => return Err(Complaint::not_one_of("body", "state", "'queued', 'success' or 'failed'", other)),
    };
    let after = world.after(USER, act.clone());
    let told = after.runs(pipeline).into_iter().find(|other| other.run_id == run.run_id).unwrap_or(run);
    Ok(Reply::json(200, &runs::one(&told, &after)).after(world, USER, act))
}

fn clear(run: &DagRun, only_failed: bool) -> Act {
    Act::ClearRun { dag: run.dag.clone(), run_id: run.run_id.clone(), only_failed }
}

/// `POST /dags/{dag}/clearTaskInstances`; a dry run unless the body says otherwise.
pub fn clear_tasks(world: &World, dag: In<Pipeline>, request: &Request) -> Result<Reply, Complaint> {
    let body = body(request);
    let (dry, only_failed) = (flag(&body, "dry_run", true)?, flag(&body, "only_failed", true)?);
    let only_running = flag(&body, "only_running", false)?;
    let ids: Option<Vec<String>> = body.get("task_ids").and_then(Value::as_array).map(|ids| {
        let name = |id: &Value| id.as_str().or_else(|| id.get(0)?.as_str()).map(str::to_owned);
        ids.iter().filter_map(name).collect()
    });
    let downstream = flag(&body, "include_downstream", false)?;
    let mut found = world.runs(dag);
    if let Some(id) = body.get("dag_run_id").and_then(Value::as_str) {
        find_run(world, &dag.full_name(), id)?;
        found.retain(|run| run.run_id == id);
    }
    let first = ids.as_ref().and_then(|ids| dag.tasks.iter().position(|task| ids.iter().any(|id| id == task)));
    let wanted = |task: &Task| {
        let place = dag.tasks.iter().position(|id| *id == task.id);
        let named = ids.as_ref().is_none_or(|ids| ids.iter().any(|id| id == task.id) || (downstream && place > first && first.is_some()));
        let failed = matches!(task.state, RunState::Failed | RunState::UpstreamFailed);
        named && (!only_failed || failed) && (!only_running || task.state == RunState::Running) && tasks::state(task).is_some()
    };
    let cleared: Vec<(&DagRun, &Task)> =
        found.iter().flat_map(|run| run.tasks.iter().map(move |task| (run, task))).filter(|(_, task)| wanted(task)).collect();
    let rows: Vec<Value> = cleared
        .iter()
        .map(|(run, task)| {
            let mut row = tasks::one(world, dag, run, task);
            if !dry {
                row["state"] = Value::Null;
                row["max_tries"] = json!(task.attempt);
            }
            row
        })
        .collect();
    let total = rows.len();
    let mut reply = Reply::json(200, &tasks::counted(rows, total));
    if !dry {
        let mut cleared_runs: Vec<&DagRun> = cleared.iter().map(|(run, _)| *run).collect();
        cleared_runs.dedup_by_key(|run| run.run_id.clone());
        for run in cleared_runs {
            reply = reply.after(world, USER, clear(run, only_failed));
        }
    }
    Ok(reply)
}

/// `POST /dags/{dag}/dagRuns/{run}/clear`; a dry run unless the body says otherwise.
pub fn clear_run(world: &World, dag: &str, run_id: &str, request: &Request) -> Result<Reply, Complaint> {
    let (pipeline, run) = find_run(world, dag, run_id)?;
    let body = body(request);
    let only_failed = flag(&body, "only_failed", false)?;
    if flag(&body, "dry_run", true)? {
        let failed = |task: &&Task| !only_failed || matches!(task.state, RunState::Failed | RunState::UpstreamFailed);
        let rows: Vec<Value> = run.tasks.iter().filter(failed).map(|task| tasks::one(world, pipeline, &run, task)).collect();
        let total = rows.len();
        return Ok(Reply::json(200, &tasks::counted(rows, total)));
    }
    let act = clear(&run, only_failed);
    let after = world.after(USER, act.clone());
    let told = after.runs(pipeline).into_iter().find(|other| other.run_id == run.run_id).unwrap_or(run);
    Ok(Reply::json(200, &runs::one(&told, &after)).after(world, USER, act))
}
