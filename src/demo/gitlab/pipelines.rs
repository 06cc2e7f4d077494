//! Pipelines: one for each build of a service.
//! Not for: their jobs (see `jobs`).

use serde_json::{Value, json};

use crate::demo::gitlab::page::Page;
use crate::demo::gitlab::{Asked, message, page, project_id, url, user};
use crate::demo::stamp;
use crate::demo::system::Reply;
use crate::demo::world::{Build, BuildState};
use crate::domain::Timestamp;

const STATUSES: [&str; 11] = [
    "created",
    "waiting_for_resource",
    "preparing",
    "pending",
    "running",
    "success",
    "failed",
    "canceled",
    "skipped",
    "manual",
    "scheduled",
];

/// `GET …/pipelines`, the newest first.
pub fn list(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let request = asked.request;
    let page = Page::new(request)?;
    let order = page::one_of(request, "order_by", &["id", "status", "ref", "updated_at", "user_id"])?;
    let ascending = page::one_of(request, "sort", &["asc", "desc"])? == Some("asc");
    let status = page::one_of(request, "status", &STATUSES)?;
    let scope = page::one_of(request, "scope", &["running", "pending", "finished", "branches", "tags"])?;
    let (after, before) = (page::instant(request, "updated_after")?, page::instant(request, "updated_before")?);
    let mut builds = asked.world.builds(asked.service);
    builds.retain(|build| {
        status.is_none_or(|status| word(build.state) == status)
            && request.param("ref").is_none_or(|branch| build.branch == branch)
            && request.param("sha").is_none_or(|sha| build.sha == sha)
            && request.param("username").is_none_or(|name| build.author == name)
            && after.is_none_or(|after| updated(build) > after)
            && before.is_none_or(|before| updated(build) < before)
            && scope.is_none_or(|scope| in_scope(build, scope))
    });
    builds.sort_by_key(|build| build.id);
    match order {
        Some("updated_at") => builds.sort_by_key(updated),
        Some("status") => builds.sort_by_key(|build| word(build.state)),
        Some("ref") => builds.sort_by(|a, b| a.branch.cmp(&b.branch)),
        _ => {}
    }
    if !ascending {
        builds.reverse();
    }
    Ok(page.reply(builds.iter().map(|build| row(asked, build)).collect()))
}

fn in_scope(build: &Build, scope: &str) -> bool {
    match scope {
        "running" => build.state == BuildState::Running,
        "pending" => build.state == BuildState::Created,
        "finished" => is_over(build.state),
        "branches" => true,
        _ => false,
    }
}

/// `GET …/pipelines/latest`.
pub fn latest(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let branch = asked.request.param("ref").unwrap_or("main");
    let build = asked.world.builds(asked.service).into_iter().find(|build| build.branch == branch);
    build.map(|build| Reply::json(200, &whole(asked, &build))).ok_or_else(|| message(403, "403 Forbidden"))
}

/// The pipeline of that number.
pub fn find(asked: &Asked<'_>, id: &str) -> Result<Build, Reply> {
    let number: i64 = id.parse().map_err(|_| Reply::json(400, &json!({"error": "pipeline_id is invalid"})))?;
    asked.world.builds(asked.service).into_iter().find(|build| build.id == number).ok_or_else(|| message(404, "404 Not found"))
}

/// Whether nothing more will come of it.
pub fn is_over(state: BuildState) -> bool {
    !matches!(state, BuildState::Created | BuildState::Running)
}

/// The word of a state. A pipeline whose jobs wait for a runner is pending.
pub fn word(state: BuildState) -> &'static str {
    match state {
        BuildState::Created => "pending",
        BuildState::Running => "running",
        BuildState::Success => "success",
        BuildState::Failed => "failed",
        BuildState::Canceled => "canceled",
        BuildState::Skipped => "skipped",
    }
}

/// When something about it changed last.
pub fn updated(build: &Build) -> Timestamp {
    let moments = build.jobs.iter().flat_map(|job| [job.started_at, job.ended_at]).flatten();
    moments.max().unwrap_or(build.created_at).max(build.created_at)
}

/// A row of the list.
pub fn row(asked: &Asked<'_>, build: &Build) -> Value {
    json!({
        "id": build.id,
        "iid": build.number,
        "project_id": project_id(asked.world, asked.service),
        "status": word(build.state),
        "source": "push",
        "ref": build.branch,
        "sha": build.sha,
        "name": build.title,
        "web_url": url(asked.service, &format!("/-/pipelines/{}", build.id)),
        "created_at": stamp::millis(build.created_at),
        "updated_at": stamp::millis(updated(build))
    })
}

/// One pipeline with its times and people.
pub fn whole(asked: &Asked<'_>, build: &Build) -> Value {
    let mut value = changed(asked, build);
    value["source"] = json!("push");
    value["name"] = json!(build.title);
    let status = word(build.state);
    let (text, label, group) = match status {
        "success" => ("passed", "passed", "success"),
        other => (other, other, other),
    };
    value["detailed_status"] = json!({
        "icon": format!("status_{status}"),
        "text": text,
        "label": label,
        "group": group,
        "tooltip": label,
        "has_details": true,
        "details_path": format!("/{}/-/pipelines/{}", crate::demo::gitlab::path_of(asked.service), build.id),
        "illustration": null,
        "favicon": format!("/assets/ci_favicons/favicon_status_{status}.png")
    });
    value
}

/// One pipeline as an answer to what was done to it.
pub fn changed(asked: &Asked<'_>, build: &Build) -> Value {
    let builds = asked.world.builds(asked.service);
    let before = builds.iter().find(|other| other.number < build.number && other.branch == build.branch);
    let at = |instant: Option<Timestamp>| instant.map(stamp::millis);
    let duration = build.started_at.zip(build.ended_at).map(|(start, end)| end.since(start).round() as i64);
    json!({
        "id": build.id,
        "iid": build.number,
        "project_id": project_id(asked.world, asked.service),
        "status": word(build.state),
        "ref": build.branch,
        "sha": build.sha,
        "before_sha": before.map_or_else(|| "0".repeat(40), |before| before.sha.clone()),
        "tag": false,
        "yaml_errors": null,
        "user": user(&build.author),
        "created_at": stamp::millis(build.created_at),
        "updated_at": stamp::millis(updated(build)),
        "started_at": at(build.started_at),
        "finished_at": at(build.ended_at),
        "committed_at": null,
        "duration": duration,
        "queued_duration": build.started_at.map(|start| start.since(build.created_at).round() as i64),
        "coverage": null,
        "web_url": url(asked.service, &format!("/-/pipelines/{}", build.id))
    })
}
