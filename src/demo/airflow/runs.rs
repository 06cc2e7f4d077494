//! DAG runs: by the clock, by assets, by hand.
//! Not for: their tasks (see `tasks`).

use serde_json::{Value, json};

use crate::demo::airflow::page::{Complaint, Page, is_wanted, sort};
use crate::demo::airflow::{USER, dags, find_dag};
use crate::demo::stamp;
use crate::demo::system::Request;
use crate::demo::world::{DagRun, RunKind, RunState, World};

/// `GET /dags/{dag or ~}/dagRuns`, oldest first where nothing is said.
pub fn list(world: &World, dag: &str, request: &Request) -> Result<Value, Complaint> {
    let page = Page::new(request)?;
    let mut runs: Vec<DagRun> = match dag {
        "~" => world.pipelines().flat_map(|pipeline| world.runs(pipeline)).collect(),
        dag => world.runs(find_dag(world, dag)?),
    };
    runs.retain(|run| is_wanted(request, "state", Some(word(run.state))) && is_wanted(request, "run_type", Some(kind_word(run.kind))));
    runs.sort_by(|a, b| a.queued_at.cmp(&b.queued_at).then_with(|| a.dag.cmp(&b.dag)));
    sort(
        &mut runs,
        request,
        &[
            ("run_after", |a, b| a.queued_at.cmp(&b.queued_at)),
            ("logical_date", |a, b| a.logical_at.cmp(&b.logical_at)),
            ("start_date", |a, b| a.started_at.cmp(&b.started_at)),
            ("end_date", |a, b| a.ended_at.cmp(&b.ended_at)),
            ("dag_id", |a, b| a.dag.cmp(&b.dag)),
            ("run_id", |a, b| a.run_id.cmp(&b.run_id)),
            ("state", |a, b| word(a.state).cmp(word(b.state))),
            ("id", |a, b| a.queued_at.cmp(&b.queued_at)),
        ],
    )?;
    let total = runs.len();
    let rows = page.of(runs.iter().map(|run| one(run, world)).collect());
    Ok(json!({"dag_runs": rows, "total_entries": total, "total_entries_limit": null, "next_cursor": null, "previous_cursor": null}))
}

/// One run.
pub fn one(run: &DagRun, world: &World) -> Value {
    let salt = format!("{}/{}", run.dag, run.run_id);
    let at = |instant: Option<crate::domain::Timestamp>| instant.map(|instant| stamp::micros(instant, &salt));
    let logical = at(run.logical_at);
    let duration = run.started_at.zip(run.ended_at).map(|(start, end)| end.since(start));
    let triggered_by = match run.kind {
        RunKind::Scheduled => "timetable",
        RunKind::AssetTriggered => "asset",
        RunKind::Manual => "rest_api",
    };
    let versions: Vec<Value> = world.pipeline(&run.dag).map(|dag| dags::version(world, dag)).into_iter().collect();
    let looked = run.ended_at.or(run.started_at.map(|_| world.now()));
    json!({
        "dag_run_id": run.run_id,
        "dag_id": run.dag,
        "logical_date": logical,
        "queued_at": at(Some(run.queued_at)),
        "start_date": at(run.started_at),
        "end_date": at(run.ended_at),
        "duration": duration,
        "data_interval_start": logical,
        "data_interval_end": logical,
        "run_after": at(Some(run.queued_at)),
        "last_scheduling_decision": at(looked),
        "run_type": kind_word(run.kind),
        "state": word(run.state),
        "triggered_by": triggered_by,
        "triggering_user_name": run.by.as_ref().map(|_| USER),
        "conf": {},
        "note": null,
        "dag_versions": versions,
        "bundle_version": null,
        "dag_display_name": run.dag,
        "partition_key": null,
        "partition_date": null
    })
}

/// The word of a run's state.
pub fn word(state: RunState) -> &'static str {
    match state {
        RunState::Queued => "queued",
        RunState::Running => "running",
        RunState::Success => "success",
        RunState::Failed => "failed",
        RunState::UpstreamFailed => "upstream_failed",
    }
}

fn kind_word(kind: RunKind) -> &'static str {
    match kind {
        RunKind::Scheduled => "scheduled",
        RunKind::AssetTriggered => "asset_triggered",
        RunKind::Manual => "manual",
    }
}
