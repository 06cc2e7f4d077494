//! DAGs: one for each pipeline of the company.
//! Not for: their runs (see `runs`) and tasks (see `tasks`).

use serde_json::{Value, json};

use crate::demo::airflow::page::{Complaint, Page, is_wanted, sort};
use crate::demo::chance;
use crate::demo::company::{In, Pipeline, Start};
use crate::demo::stamp;
use crate::demo::world::{RunState, World};

/// Where the files of DAGs lie.
pub const FOLDER: &str = "/opt/airflow/dags";
/// Seconds between two readings of a DAG's file.
const PARSED_MS: i64 = 30_000;

/// `GET /dags`.
pub fn list(world: &World, request: &crate::demo::system::Request) -> Result<Value, Complaint> {
    let page = Page::new(request)?;
    let mut dags: Vec<In<Pipeline>> = world.pipelines().collect();
    dags.retain(|dag| is_wanted(request, "paused", Some(if world.is_paused(*dag) { "true" } else { "false" })));
    dags.retain(|dag| is_wanted(request, "owners", Some(dag.team)));
    // what is asked for is a part of the id, between any letters
    let pattern = request.param("dag_id_pattern").map(|pattern| pattern.trim_matches('%').to_owned());
    dags.retain(|dag| pattern.as_ref().is_none_or(|pattern| dag.full_name().contains(pattern)));
    dags.sort_by_key(In::<Pipeline>::full_name);
    let by_name = |a: &In<Pipeline>, b: &In<Pipeline>| a.full_name().cmp(&b.full_name());
    sort(&mut dags, request, &[("dag_id", by_name), ("dag_display_name", by_name)])?;
    let total = dags.len();
    Ok(json!({"dags": page.of(dags.into_iter().map(|dag| one(world, dag)).collect()), "total_entries": total}))
}

/// One DAG as the list has it.
pub fn one(world: &World, dag: In<Pipeline>) -> Value {
    let name = dag.full_name();
    let parsed = crate::domain::Timestamp::from_ms(world.now().ms() / PARSED_MS * PARSED_MS);
    let next = world.next_run_at(dag).map(|at| stamp::micros(at, "next"));
    let (summary, description, periodic) = match dag.start {
        Start::Every { every_s, .. } => (Value::from(clock_words(world.clock().wall_s(every_s))), Value::from(""), true),
        Start::After(_) => (Value::from("Asset"), Value::from("Triggered by assets"), false),
    };
    json!({
        "dag_id": name,
        "dag_display_name": name,
        "is_paused": world.is_paused(dag),
        "is_stale": false,
        "last_parsed_time": stamp::micros(parsed, &name),
        "last_parse_duration": 0.08 + 0.1 * chance::share_of(world.seed(), &["parse", &name], parsed.ms()),
        "last_expired": null,
        "bundle_name": "dags-folder",
        "bundle_version": null,
        "relative_fileloc": format!("{}.py", dag.name),
        "fileloc": format!("{FOLDER}/{}.py", dag.name),
        "description": dag.about,
        "timetable_summary": summary,
        "timetable_description": description,
        "timetable_partitioned": false,
        "timetable_periodic": periodic,
        "tags": [{"name": dag.team, "dag_id": name, "dag_display_name": name}],
        "max_active_tasks": 16,
        "max_active_runs": 16,
        "max_consecutive_failed_dag_runs": 0,
        "has_task_concurrency_limits": false,
        "has_import_errors": false,
        "next_dagrun_logical_date": next,
        "next_dagrun_data_interval_start": next,
        "next_dagrun_data_interval_end": next,
        "next_dagrun_run_after": next,
        "allowed_run_types": null,
        "owners": [dag.team],
        "is_backfillable": periodic,
        "file_token": chance::hex(world.seed(), &["file", dag.name], 40)
    })
}

/// `GET /dags/{id}/details`.
pub fn details(world: &World, dag: In<Pipeline>) -> Value {
    let mut value = one(world, dag);
    let started = stamp::micros(world.born(), "start");
    let active = world.runs(dag).iter().filter(|run| matches!(run.state, RunState::Running | RunState::Queued)).count();
    let more = json!({
        "catchup": false, "dag_run_timeout": null, "asset_expression": null, "doc_md": null, "start_date": started, "end_date": null,
        "is_paused_upon_creation": null, "params": {}, "render_template_as_native_obj": false, "template_search_path": null,
        "timezone": "UTC", "last_parsed": value["last_parsed_time"], "default_args": {}, "rerun_with_latest_version": null,
        "owner_links": {}, "is_favorite": false, "active_runs_count": active, "concurrency": 16, "latest_dag_version": version(world, dag)
    });
    if let (Some(value), Value::Object(more)) = (value.as_object_mut(), more) {
        value.extend(more);
    }
    value
}

/// The version of a DAG: its file has not changed since the world was born.
pub fn version(world: &World, dag: In<Pipeline>) -> Value {
    let name = dag.full_name();
    json!({
        "id": chance::uuid(world.seed(), &["dag version", &name]),
        "version_number": 1,
        "dag_id": name,
        "bundle_name": "dags-folder",
        "bundle_version": null,
        "created_at": stamp::micros(world.born(), &name),
        "dag_display_name": name,
        "bundle_url": null
    })
}

/// A length of time as Python prints it: `0:15:00`.
fn clock_words(seconds: f64) -> String {
    let whole = seconds.round().max(0.0) as u64;
    format!("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60)
}
