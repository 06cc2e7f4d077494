//! Airflow's REST API v2 with the simple sign-in, as version 3.3.2 answers: DAGs, runs, tasks with their logs, assets, health.
//! Not for: connections, variables, pools, users, and the API of Airflow 2.
//!
//! Statuses and messages were recorded from that version (`tests/fixtures/demo/airflow/errors.json`).

mod assets;
mod dags;
mod deeds;
mod logs;
mod page;
mod runs;
mod tasks;

use hyper::Method;
use serde_json::{Value, json};

use super::chance;
use super::company::{In, Pipeline};
use super::stamp;
use super::system::{Reply, Request, System};
use super::world::{DagRun, Task, World};

use page::Complaint;

/// Who may sign in.
const USER: &str = "admin";
/// With which password: anyone on this machine may.
const PASSWORD: &str = "lumen-market";

/// The company's Airflow.
#[derive(Debug, Clone, Copy)]
pub struct Airflow;

impl System for Airflow {
    fn name(&self) -> &'static str {
        "airflow"
    }

    fn settings(&self, _world: &World) -> String {
        format!("auth = {{ scheme = \"login\", user = \"{USER}\", password = {{ command = [\"echo\", \"{PASSWORD}\"] }} }}\n")
    }

    fn answer(&self, world: &World, request: &Request) -> Reply {
        let segments = request.segments();
        let path: Vec<&str> = segments.iter().map(String::as_str).collect();
        let post = request.method == Method::POST;
        let reply = match path.as_slice() {
            ["auth", "token"] if post => sign_in(world, request),
            ["api", "v2", "version"] => Ok(Reply::json(200, &version())),
            ["api", "v2", "monitor", "health"] => Ok(Reply::json(200, &health(world))),
            ["api", "v1", ..] => Ok(Reply::json(
                404,
                &json!({"error": "/api/v1 has been removed in Airflow 3, please use its upgraded version /api/v2 instead."}),
            )),
            ["api", "v2", rest @ ..] => signed_in(world, request).and_then(|()| route(world, request, rest)),
            _ => Err(Complaint::not_found("Not Found")),
        };
        reply.unwrap_or_else(|complaint| complaint.reply()).header("server", "uvicorn").header("vary", "Accept-Encoding")
    }
}

fn route(world: &World, request: &Request, path: &[&str]) -> Result<Reply, Complaint> {
    let (get, post, patch) = (request.method == Method::GET, request.method == Method::POST, request.method == Method::PATCH);
    let said = |value: Value| Ok(Reply::json(200, &value));
    match path {
        ["dags"] if get => said(dags::list(world, request)?),
        ["dags", dag] if get => said(dags::one(world, find_dag(world, dag)?)),
        ["dags", dag] if patch => deeds::pause(world, find_dag(world, dag)?, request),
        ["dags", dag, "details"] if get => said(dags::details(world, find_dag(world, dag)?)),
        ["dags", dag, "tasks"] if get => said(tasks::of_dag(world, find_dag(world, dag)?)),
        ["dags", dag, "dagRuns"] if get => said(runs::list(world, dag, request)?),
        ["dags", dag, "dagRuns"] if post => deeds::trigger(world, dag, request),
        ["dags", dag, "clearTaskInstances"] if post => deeds::clear_tasks(world, find_dag(world, dag)?, request),
        ["dags", dag, "dagRuns", run] if get => said(runs::one(&find_run(world, dag, run)?.1, world)),
        ["dags", dag, "dagRuns", run] if patch => deeds::mark(world, dag, run, request),
        ["dags", dag, "dagRuns", run, "clear"] if post => deeds::clear_run(world, dag, run, request),
        ["dags", dag, "dagRuns", run, "taskInstances"] if get => said(tasks::list(world, dag, run, request)?),
        ["dags", dag, "dagRuns", run, "taskInstances", task] if get => {
            let (pipeline, run) = find_run(world, dag, run)?;
            let task = find_task(&run, task)?;
            said(tasks::one(world, pipeline, &run, task))
        }
        ["dags", dag, "dagRuns", run, "taskInstances", task, "logs", attempt] if get => {
            logs::answer(world, (dag, run, task, attempt), request)
        }
        ["importErrors"] if get => {
            page::Page::new(request)?;
            said(json!({"import_errors": [], "total_entries": 0}))
        }
        ["assets"] if get => said(assets::list(world, request)?),
        ["assets", id] if get => said(assets::one(world, id)?),
        _ => Err(Complaint::not_found("Not Found")),
    }
}

/// `POST /auth/token`.
fn sign_in(world: &World, request: &Request) -> Result<Reply, Complaint> {
    let body = request.json().unwrap_or_default();
    for name in ["username", "password"] {
        if body.get(name).is_none() {
            return Err(Complaint::missing_field(name, &body));
        }
    }
    if body["username"] != USER || body["password"] != PASSWORD {
        return Err(Complaint::new(401, "Invalid credentials"));
    }
    Ok(Reply::json(201, &json!({"access_token": token(world)})))
}

/// The one token that is good.
fn token(world: &World) -> String {
    format!("demo.{}", chance::hex(world.seed(), &["airflow token"], 48))
}

fn signed_in(world: &World, request: &Request) -> Result<(), Complaint> {
    match request.header("authorization").and_then(|header| header.strip_prefix("Bearer ")) {
        None => Err(Complaint::new(401, "Not authenticated")),
        Some(given) if given.trim() == token(world) => Ok(()),
        Some(_) => Err(Complaint::new(403, "Invalid JWT token")),
    }
}

fn version() -> Value {
    json!({"version": "3.3.2", "git_version": ".release:aa19d2dbb9ed187ec01957a92848d9b005e9ba9d"})
}

/// Heartbeats come every few seconds.
fn health(world: &World) -> Value {
    let beat = |name: &str, every_ms: i64| {
        let at = crate::domain::Timestamp::from_ms(world.now().ms() / every_ms * every_ms);
        stamp::micros(at, name).replace('Z', "+00:00")
    };
    json!({
        "metadatabase": {"status": "healthy"},
        "scheduler": {"status": "healthy", "latest_scheduler_heartbeat": beat("scheduler", 5000)},
        "triggerer": {"status": "healthy", "latest_triggerer_heartbeat": beat("triggerer", 5000)},
        "dag_processor": {"status": "healthy", "latest_dag_processor_heartbeat": beat("dag_processor", 10_000)}
    })
}

fn find_dag(world: &World, dag: &str) -> Result<In<Pipeline>, Complaint> {
    world.pipeline(dag).ok_or_else(|| Complaint::not_found(&format!("The Dag with ID: `{dag}` was not found")))
}

fn find_run(world: &World, dag: &str, run_id: &str) -> Result<(In<Pipeline>, DagRun), Complaint> {
    let missing = || Complaint::not_found(&format!("The DagRun with dag_id: `{dag}` and run_id: `{run_id}` was not found"));
    let pipeline = world.pipeline(dag).ok_or_else(missing)?;
    let run = world.runs(pipeline).into_iter().find(|run| run.run_id == run_id).ok_or_else(missing)?;
    Ok((pipeline, run))
}

fn find_task<'a>(run: &'a DagRun, task: &str) -> Result<&'a Task, Complaint> {
    let words = || format!("The Task Instance with dag_id: `{}`, run_id: `{}` and task_id: `{task}` was not found", run.dag, run.run_id);
    run.tasks.iter().find(|own| own.id == task).ok_or_else(|| Complaint::not_found(&words()))
}
