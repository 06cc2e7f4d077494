//! Tasks of a DAG, and their instances in a run: a chain, each after the one before.
//! Not for: what they log (see `logs`).

use serde_json::{Value, json};

use crate::demo::airflow::page::{Complaint, Page, is_wanted, sort};
use crate::demo::airflow::{dags, find_dag, find_run, runs};
use crate::demo::chance;
use crate::demo::company::{In, Pipeline};
use crate::demo::stamp;
use crate::demo::system::Request;
use crate::demo::world::{DagRun, RunState, Task, World};
use crate::domain::Timestamp;

/// `GET /dags/{dag}/tasks`, by name.
pub fn of_dag(world: &World, dag: In<Pipeline>) -> Value {
    let started = stamp::micros(world.born(), "start");
    let mut rows: Vec<Value> = (0..dag.tasks.len())
        .map(|place| {
            let downstream: Vec<&str> = dag.tasks.get(place + 1).copied().into_iter().collect();
            json!({
                "task_id": dag.tasks[place],
                "task_display_name": dag.tasks[place],
                "owner": dag.team,
                "start_date": started,
                "end_date": null,
                "trigger_rule": "all_success",
                "depends_on_past": false,
                "wait_for_downstream": false,
                "retries": 0.0,
                "queue": "default",
                "pool": "default_pool",
                "pool_slots": 1.0,
                "execution_timeout": null,
                "retry_delay": {"__type": "TimeDelta", "days": 0, "seconds": 300, "microseconds": 0},
                "retry_exponential_backoff": 0.0,
                "priority_weight": 1.0,
                "weight_rule": "downstream",
                "ui_color": "#ffefeb",
                "ui_fgcolor": "#000",
                "template_fields": ["templates_dict", "op_args", "op_kwargs"],
                "downstream_task_ids": downstream,
                "doc_md": null,
                "operator_name": "@task",
                "params": {},
                "class_ref": {"module_path": "airflow.providers.standard.decorators.python", "class_name": "_PythonDecoratedOperator"},
                "is_mapped": false,
                "extra_links": []
            })
        })
        .collect();
    rows.sort_by_key(|row| row["task_id"].to_string());
    let total = rows.len();
    json!({"tasks": rows, "total_entries": total})
}

/// `GET /dags/{dag or ~}/dagRuns/{run or ~}/taskInstances`.
pub fn list(world: &World, dag: &str, run_id: &str, request: &Request) -> Result<Value, Complaint> {
    let page = Page::new(request)?;
    let found: Vec<(In<Pipeline>, DagRun)> = match (dag, run_id) {
        (dag, run_id) if dag != "~" && run_id != "~" => vec![find_run(world, dag, run_id)?],
        (dag, run_id) => {
            let pipelines: Vec<In<Pipeline>> = if dag == "~" { world.pipelines().collect() } else { vec![find_dag(world, dag)?] };
            let all = pipelines.into_iter().flat_map(|pipeline| world.runs(pipeline).into_iter().map(move |run| (pipeline, run)));
            all.filter(|(_, run)| run_id == "~" || run.run_id == run_id).collect()
        }
    };
    let mut instances: Vec<(&(In<Pipeline>, DagRun), &Task)> =
        found.iter().flat_map(|of| of.1.tasks.iter().map(move |task| (of, task))).collect();
    instances.retain(|(_, task)| is_wanted(request, "state", state(task)));
    sort(
        &mut instances,
        request,
        &[
            ("start_date", |a, b| a.1.started_at.cmp(&b.1.started_at)),
            ("end_date", |a, b| a.1.ended_at.cmp(&b.1.ended_at)),
            ("task_id", |a, b| a.1.id.cmp(b.1.id)),
            ("run_after", |a, b| a.0.1.queued_at.cmp(&b.0.1.queued_at)),
        ],
    )?;
    let total = instances.len();
    let rows = page.of(instances.into_iter().map(|((pipeline, run), task)| one(world, *pipeline, run, task)).collect());
    Ok(counted(rows, total))
}

/// Task instances under their name.
pub fn counted(rows: Vec<Value>, total: usize) -> Value {
    json!({"task_instances": rows, "total_entries": total, "total_entries_limit": null, "next_cursor": null, "previous_cursor": null})
}

/// The word of a task's state; one that is not reached yet has none.
pub fn state(task: &Task) -> Option<&'static str> {
    (task.state != RunState::Queued).then(|| runs::word(task.state))
}

/// One task instance.
pub fn one(world: &World, dag: In<Pipeline>, run: &DagRun, task: &Task) -> Value {
    let salt = format!("{}/{}/{}", run.dag, run.run_id, task.id);
    let at = |instant: Timestamp| stamp::micros(instant, &salt);
    let begun = task.started_at.is_some();
    let place = dag.tasks.iter().position(|id| *id == task.id).unwrap_or_default();
    // what is skipped because of a failure before it ends at once, when the run does
    let missed = (task.state == RunState::UpstreamFailed).then_some(run.ended_at).flatten();
    let (start, end) = (task.started_at.or(missed), task.ended_at.or(missed));
    let fields = if begun { json!({"templates_dict": null, "op_args": [], "op_kwargs": {}}) } else { json!({}) };
    json!({
        "id": chance::uuid(world.seed(), &["task", &salt, &task.attempt.to_string()]),
        "task_id": task.id,
        "dag_id": run.dag,
        "dag_run_id": run.run_id,
        "map_index": -1,
        "logical_date": run.logical_at.map(at),
        "run_after": at(run.queued_at),
        "start_date": start.map(at),
        "end_date": end.map(at),
        "duration": start.zip(end).map(|(start, end)| end.since(start)),
        "state": state(task),
        "try_number": if begun { task.attempt } else { task.attempt - 1 },
        "max_tries": task.attempt - 1,
        "task_display_name": task.id,
        "dag_display_name": run.dag,
        "hostname": if begun { "worker-1" } else { "" },
        "unixname": "airflow",
        "pool": "default_pool",
        "pool_slots": 1,
        "queue": "default",
        "priority_weight": dag.tasks.len() - place,
        "operator": "_PythonDecoratedOperator",
        "operator_name": "@task",
        "queued_when": task.started_at.map(|start| at(start.plus(-0.3))),
        "scheduled_when": task.started_at.map(|start| at(start.plus(-0.4))),
        "pid": task.started_at.map(|start| 18_000 + start.ms() / 1000 % 4000),
        "executor": null,
        "executor_config": "{}",
        "note": null,
        "rendered_map_index": null,
        "rendered_fields": fields,
        "trigger": null,
        "triggerer_job": null,
        "dag_version": dags::version(world, dag)
    })
}
