//! Jobs of a pipeline: build, test, deploy.
//! Not for: their traces (see `trace`).

use serde_json::{Value, json};

use crate::demo::gitlab::page::Page;
use crate::demo::gitlab::{Asked, changes, message, pipelines, project_id, url, whole_user};
use crate::demo::stamp;
use crate::demo::system::{Reply, Request};
use crate::demo::world::{Build, BuildState, Job};
use crate::domain::Timestamp;

/// `GET …/pipelines/{id}/jobs`, the newest first.
pub fn of_pipeline(asked: &Asked<'_>, id: &str) -> Result<Reply, Reply> {
    let page = Page::new(asked.request)?;
    let build = pipelines::find(asked, id)?;
    let jobs = build.jobs.iter().rev().filter(|job| in_scope(asked.request, job));
    Ok(page.reply(jobs.map(|job| row(asked, &build, job)).collect()))
}

/// `GET …/jobs`, the newest first.
pub fn all(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let page = Page::new(asked.request)?;
    let builds = asked.world.builds(asked.service);
    let all = builds.iter().flat_map(|build| build.jobs.iter().rev().map(move |job| (build, job)));
    Ok(page.reply(all.filter(|(_, job)| in_scope(asked.request, job)).map(|(build, job)| row(asked, build, job)).collect()))
}

fn in_scope(request: &Request, job: &Job) -> bool {
    let mut wanted = request.query.iter().filter(|(name, _)| name == "scope" || name == "scope[]").peekable();
    wanted.peek().is_none() || wanted.any(|(_, status)| status == word(job.state))
}

/// The job of that number, with its build.
pub fn find(asked: &Asked<'_>, id: &str) -> Result<(Build, Job), Reply> {
    let number: i64 = id.parse().map_err(|_| Reply::json(400, &json!({"error": "job_id is invalid"})))?;
    let found = asked.world.builds(asked.service).into_iter().find_map(|build| {
        let job = build.jobs.iter().find(|job| job.id == number)?.clone();
        Some((build, job))
    });
    found.ok_or_else(|| message(404, "404 Not found"))
}

/// The word of a job's state; one that waits for the stage before is created.
pub fn word(state: BuildState) -> &'static str {
    match state {
        BuildState::Created => "created",
        other => pipelines::word(other),
    }
}

/// A job as it is sent.
pub fn row(asked: &Asked<'_>, build: &Build, job: &Job) -> Value {
    let at = |instant: Option<Timestamp>| instant.map(stamp::millis);
    let ended = job.ended_at.or(job.started_at.map(|_| asked.world.now()));
    let queued = job.started_at.map(|start| 0.3 + (start.ms() % 1700) as f64 / 1000.0);
    let mut value = json!({
        "commit": changes::short_commit(build),
        "coverage": null,
        "allow_failure": false,
        "created_at": stamp::millis(build.created_at),
        "started_at": at(job.started_at),
        "finished_at": at(job.ended_at),
        "duration": job.started_at.zip(ended).map(|(start, end)| end.since(start)),
        "queued_duration": queued,
        "artifacts": [],
        "artifacts_expire_at": null,
        "tag_list": ["docker"],
        "id": job.id,
        "name": job.stage,
        "pipeline": {
            "id": build.id,
            "project_id": project_id(asked.world, asked.service),
            "ref": build.branch,
            "sha": build.sha,
            "status": pipelines::word(build.state)
        },
        "ref": build.branch,
        "runner": null,
        "stage": job.stage,
        "status": word(job.state),
        "tag": false,
        "web_url": url(asked.service, &format!("/-/jobs/{}", job.id)),
        "project": {"ci_job_token_scope_enabled": false},
        "user": whole_user(asked.world, &build.author)
    });
    if job.state == BuildState::Failed {
        value["failure_reason"] = json!("script_failure");
    }
    value
}
