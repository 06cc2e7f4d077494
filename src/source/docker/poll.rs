//! The two polls: the list of containers, and what the running ones use.
//! Not for: what the engine tells unasked (see `events`).

use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::{Batch, Entity, Failure, FailureKind, RowProblem, Scope, Text, Timestamp};
use crate::source::http::Request;

use super::answers::{DockerRow, DockerStats, PodmanRow, PodmanStats, rows};
use super::engine::{Dialect, Engine};
use super::facts::{Facts, Row};
use super::ledger::Ledger;
use super::usage::{Memory, Sample};

/// Samples asked for at a time. Docker 20.10 measures all that is asked for once a second and answers then, also "one-shot": 100
/// containers take 7 s at 16 at a time, and 2 s at 64. A connection costs about 50 KiB.
const SAMPLES_AT_A_TIME: usize = 64;

/// All containers, and what was made within the last day. Inspects only those that an inspection would tell something new about.
pub async fn containers(engine: &Engine, now: Timestamp) -> Result<Batch, Failure> {
    let dialect = engine.dialect().await?;
    let mut problems = Vec::new();
    let alone = if engine.ledger().is_empty() { Some(engine.looking.lock().await) } else { None };
    let tick = engine.ledger().tick();
    let rows = list(engine, &dialect, &mut problems).await?;
    if alone.is_some() {
        // for those who wait for a first sight
        engine.ledger().listed(tick, rows.clone(), HashMap::new(), now);
    }
    drop(alone);
    let stale = engine.ledger().stale(&rows);
    let inspected = inspect(engine, stale, &mut problems).await?;
    let rows = rows.into_iter().filter(|row| !matches!(inspected.get(&row.id), Some(None))).collect();
    let inspected = inspected.into_iter().filter_map(|(id, facts)| Some((id, facts?))).collect();
    let mut ledger = engine.ledger();
    ledger.listed(tick, rows, inspected, now);
    let mut entities: Vec<Entity> = ledger.makings().iter().map(|(id, making)| engine.stamp.change(id, making, now)).collect();
    entities.extend(workloads(engine, &dialect, ledger.ids(), now, &mut ledger));
    Ok(Batch { entities, problems, ..Batch::default() })
}

/// All containers by the list alone, which takes one request: no restarts, no cause of death, no age of those that run. What is known
/// better meanwhile stays.
pub async fn first_sight(engine: &Engine, now: Timestamp) -> Result<Batch, Failure> {
    let dialect = engine.dialect().await?;
    let _alone = engine.looking.lock().await;
    if engine.ledger().is_empty() {
        let tick = engine.ledger().tick();
        let rows = list(engine, &dialect, &mut Vec::new()).await?;
        let mut ledger = engine.ledger();
        if ledger.is_empty() {
            ledger.listed(tick, rows, HashMap::new(), now);
        }
    }
    let mut ledger = engine.ledger();
    let entities = workloads(engine, &dialect, ledger.ids(), now, &mut ledger);
    Ok(Batch { entities, scope: Scope::Part, ..Batch::default() })
}

fn workloads(engine: &Engine, dialect: &Dialect, ids: Vec<String>, now: Timestamp, ledger: &mut Ledger) -> Vec<Entity> {
    let one = |id: String| {
        let (known, verdict) = ledger.judge(&id, now)?;
        Some(engine.stamp.workload(&id, known, verdict, &dialect.runtime, now))
    };
    ids.into_iter().filter_map(one).collect()
}

/// What the running containers use: whole entities, with the facts of the last list.
pub async fn stats(engine: &Engine, now: Timestamp) -> Result<Batch, Failure> {
    if engine.ledger().is_empty() {
        first_sight(engine, now).await?;
    }
    let dialect = engine.dialect().await?;
    let running = engine.ledger().running();
    let mut problems = Vec::new();
    match dialect.libpod_path("/containers/stats") {
        // an engine without a running container is not asked
        _ if running.is_empty() => {}
        Some(path) => podman_stats(engine, path).await?,
        None => docker_stats(engine, &dialect, &running, &mut problems).await?,
    }
    let mut ledger = engine.ledger();
    let entities = workloads(engine, &dialect, running, now, &mut ledger);
    Ok(Batch { entities, scope: Scope::Part, problems, ..Batch::default() })
}

async fn list(engine: &Engine, dialect: &Dialect, problems: &mut Vec<RowProblem>) -> Result<Vec<Row>, Failure> {
    let podman = dialect.libpod_path("/containers/json");
    let request = match &podman {
        Some(path) => Request::get(path.as_str()).query("all", "true"),
        None => Request::get(dialect.path("/containers/json")).query("all", "1"),
    };
    let answer = engine.get(request).await?;
    let raw = rows(&answer.body).map_err(|error| answer.bad_shape(&error.to_string()))?;
    let mut list = Vec::with_capacity(raw.len());
    for (place, row) in raw.into_iter().enumerate() {
        let read = if podman.is_some() {
            serde_json::from_str::<PodmanRow>(row.get()).map(|row| (!row.is_infra).then(|| Row::from(row)))
        } else {
            serde_json::from_str::<DockerRow>(row.get()).map(|row| Some(Row::from(row)))
        };
        match read {
            Ok(row) => list.extend(row),
            Err(error) => problems.push(problem(&format!("containers[{place}]"), &error.to_string())),
        }
    }
    Ok(list)
}

/// Facts by id, `None` for a container that went meanwhile. One that cannot be inspected is a problem, not a failure, unless the
/// engine itself is not there any more.
async fn inspect(engine: &Engine, ids: Vec<String>, problems: &mut Vec<RowProblem>) -> Result<HashMap<String, Option<Facts>>, Failure> {
    let mut known = HashMap::with_capacity(ids.len());
    for (id, outcome) in engine.inspect_all(ids).await {
        match outcome {
            Ok(facts) => {
                known.insert(id, facts);
            }
            Err(failure) if failure.kind == FailureKind::Unreachable => return Err(failure),
            Err(failure) => problems.push(problem(&format!("containers/{id}"), &failure.detail)),
        }
    }
    Ok(known)
}

/// One request per container, many at a time, none of which waits for a second sample.
async fn docker_stats(engine: &Engine, dialect: &Arc<Dialect>, ids: &[String], problems: &mut Vec<RowProblem>) -> Result<(), Failure> {
    let ask = |id: String| async move {
        let mut request = Request::get(dialect.container(&id, "stats")).query("stream", "false");
        if dialect.one_shot() {
            request = request.query("one-shot", "true");
        }
        engine.get_small(request).await?.json::<DockerStats>()
    };
    for (id, outcome) in engine.each(ids.to_vec(), SAMPLES_AT_A_TIME, ask).await {
        match outcome {
            Ok(stats) => {
                if let Some(sample) = Sample::docker(&stats) {
                    let before = Sample::docker_before(&stats);
                    engine.ledger().sampled(&id, sample, before, Memory::docker(&stats.memory_stats));
                }
            }
            // it ended since the list was read
            Err(failure) if failure.kind == FailureKind::NotFound => {}
            Err(failure) if failure.kind == FailureKind::Unreachable => return Err(failure),
            Err(failure) => problems.push(problem(&format!("containers/{id}/stats"), &failure.detail)),
        }
    }
    Ok(())
}

/// One request for all.
async fn podman_stats(engine: &Engine, path: String) -> Result<(), Failure> {
    let answer: PodmanStats = engine.get(Request::get(path).query("stream", "false")).await?.json()?;
    let mut ledger = engine.ledger();
    for usage in &answer.stats {
        if let Some(sample) = Sample::podman(usage) {
            ledger.sampled(&usage.container_id, sample, None, Memory::podman(usage));
        }
    }
    Ok(())
}

fn problem(path: &str, message: &str) -> RowProblem {
    RowProblem { path: Text::from(path), message: Text::from(message) }
}
