//! What changed: deployments and commits.
//! Not for: doing so (see `deeds`).

use serde_json::{Value, json};

use crate::demo::chance;
use crate::demo::company::{DOMAIN, ENV};
use crate::demo::gitlab::page::Page;
use crate::demo::gitlab::{Asked, jobs, message, page, pipelines, project_id, url, user};
use crate::demo::stamp;
use crate::demo::system::Reply;
use crate::demo::world::{Build, BuildState, Deploy};
use crate::domain::Timestamp;

/// A deployment: a deploy that was done, or one whose job is under way.
struct Deployment {
    id: i64,
    iid: i64,
    build: Build,
    status: &'static str,
    by: String,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// All of a project, oldest first.
fn all(asked: &Asked<'_>) -> Vec<Deployment> {
    let builds = asked.world.builds(asked.service);
    let build = |number: i64| builds.iter().find(|build| build.number == number).cloned();
    let deploys: Vec<Deploy> = asked.world.deploys(asked.service);
    let mut found: Vec<(Build, &'static str, String, Timestamp, Timestamp)> = deploys
        .into_iter()
        .filter_map(|deploy| {
            let build = build(deploy.number)?;
            Some((build, "success", deploy.by, deploy.at.plus(-asked.world.clock().wall_s(DEPLOY_S)), deploy.at))
        })
        .collect();
    for build in &builds {
        let Some(job) = build.jobs.iter().find(|job| job.stage == "deploy") else { continue };
        let Some(start) = job.started_at else { continue };
        if !matches!(job.state, BuildState::Success | BuildState::Created | BuildState::Skipped) {
            let by = asked.world.acts().filter_map(|(_, deed)| match &deed.act {
                crate::demo::deed::Act::RetryPipeline { project, number } if *project == build.project && *number == build.number => {
                    Some(deed.by.clone())
                }
                _ => None,
            });
            let by = by.last().unwrap_or_else(|| build.author.clone());
            found.push((build.clone(), jobs::word(job.state), by, start, job.ended_at.unwrap_or(start)));
        }
    }
    found.sort_by(|a, b| a.3.cmp(&b.3));
    let first = project_id(asked.world, asked.service) * 10_000;
    let numbered = (1..).zip(found).map(|(iid, (build, status, by, created_at, updated_at))| Deployment {
        id: first + iid,
        iid,
        build,
        status,
        by,
        created_at,
        updated_at,
    });
    numbered.collect()
}

/// Story seconds that a deploy job takes.
const DEPLOY_S: f64 = 11.0;

/// `GET …/deployments`, the oldest first where nothing is said.
pub fn deployments(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let request = asked.request;
    let page = Page::new(request)?;
    let order = page::one_of(request, "order_by", &["id", "iid", "created_at", "updated_at", "finished_at", "ref"])?;
    let descending = page::one_of(request, "sort", &["asc", "desc"])? == Some("desc");
    let status = page::one_of(request, "status", &["created", "running", "success", "failed", "canceled", "blocked", "skipped"])?;
    let after = page::instant(request, "updated_after")?;
    let mut found = all(asked);
    found.retain(|deployment| {
        status.is_none_or(|status| deployment.status == status)
            && after.is_none_or(|after| deployment.updated_at > after)
            && request.param("environment").is_none_or(|name| name == ENV)
    });
    match order {
        Some("updated_at" | "finished_at") => found.sort_by_key(|deployment| deployment.updated_at),
        Some("created_at") => found.sort_by_key(|deployment| deployment.created_at),
        _ => {}
    }
    if descending {
        found.reverse();
    }
    Ok(page.reply(found.iter().map(|deployment| row(asked, deployment)).collect()))
}

/// `GET …/deployments/{id}`.
pub fn deployment(asked: &Asked<'_>, id: &str) -> Result<Reply, Reply> {
    let found = all(asked).into_iter().find(|deployment| deployment.id.to_string() == id);
    found.map(|deployment| Reply::json(200, &row(asked, &deployment))).ok_or_else(|| message(404, "404 Not found"))
}

fn row(asked: &Asked<'_>, deployment: &Deployment) -> Value {
    let build = &deployment.build;
    let job = build.jobs.iter().find(|job| job.stage == "deploy");
    let deployable = job.map(|job| {
        let mut value = jobs::row(asked, build, job);
        value["pipeline"] = json!({
            "created_at": stamp::millis(build.created_at),
            "id": build.id,
            "ref": build.branch,
            "sha": build.sha,
            "status": pipelines::word(build.state),
            "updated_at": stamp::millis(pipelines::updated(build)),
            "web_url": url(asked.service, &format!("/-/pipelines/{}", build.id))
        });
        value
    });
    json!({
        "created_at": stamp::millis(deployment.created_at),
        "updated_at": stamp::millis(deployment.updated_at),
        "status": deployment.status,
        "deployable": deployable,
        "environment": {
            "external_url": format!("https://{}.{DOMAIN}", asked.service.full_name()),
            "id": project_id(asked.world, asked.service) * 10,
            "name": ENV
        },
        "id": deployment.id,
        "iid": deployment.iid,
        "ref": build.branch,
        "sha": build.sha,
        "user": user(&deployment.by)
    })
}

/// `GET …/repository/commits`, the newest first.
pub fn commits(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let request = asked.request;
    let page = Page::new(request)?;
    let branch = request.param("ref_name").unwrap_or("main");
    let (since, until) = (page::instant(request, "since")?, page::instant(request, "until")?);
    let builds = of_branch(asked, branch);
    if builds.is_empty() {
        return Err(message(404, "404 Repository Not Found"));
    }
    let rows = builds
        .iter()
        .filter(|build| since.is_none_or(|since| committed(build) >= since) && until.is_none_or(|until| committed(build) <= until));
    Ok(page.reply(rows.map(|build| whole_commit(asked, build, &builds)).collect()))
}

/// `GET …/repository/commits/{sha or branch}`.
pub fn commit(asked: &Asked<'_>, sha: &str) -> Result<Reply, Reply> {
    let builds = asked.world.builds(asked.service);
    let found = builds.iter().find(|build| build.branch == sha || (sha.len() >= 7 && build.sha.starts_with(sha)));
    let build = found.ok_or_else(|| message(404, "404 Commit Not Found"))?;
    let mut value = whole_commit(asked, build, &of_branch(asked, &build.branch));
    if let Some(fields) = value.as_object_mut() {
        fields.remove("trailers");
        fields.remove("extended_trailers");
    }
    let (added, gone) = (1 + build.id % 90, build.id % 40);
    value["last_pipeline"] = json!({"id": build.id, "ref": build.branch, "sha": build.sha, "status": pipelines::word(build.state)});
    value["stats"] = json!({"additions": added, "deletions": gone, "total": added + gone});
    value["status"] = json!(pipelines::word(build.state));
    Ok(Reply::json(200, &value))
}

/// The builds of a branch, one for each commit, the newest first.
fn of_branch(asked: &Asked<'_>, branch: &str) -> Vec<Build> {
    let mut builds = asked.world.builds(asked.service);
    builds.retain(|build| build.branch == branch);
    builds.dedup_by(|older, newer| older.sha == newer.sha);
    builds
}

/// A commit is pushed just before its pipeline is made.
fn committed(build: &Build) -> Timestamp {
    build.created_at.plus(-4.0)
}

fn address(name: &str) -> String {
    format!("{name}@{DOMAIN}")
}

fn whole_commit(asked: &Asked<'_>, build: &Build, branch: &[Build]) -> Value {
    let at = stamp::millis(committed(build)).replace('Z', "+00:00");
    let parent = branch
        .iter()
        .find(|other| other.number < build.number)
        .map_or_else(|| chance::hex(asked.world.seed(), &["parent", &build.sha], 40), |parent| parent.sha.clone());
    json!({
        "id": build.sha,
        "short_id": &build.sha[..8],
        "title": build.title,
        "author_name": build.author,
        "author_email": address(&build.author),
        "authored_date": at,
        "committer_name": build.author,
        "committer_email": address(&build.author),
        "committed_date": at,
        "created_at": at,
        "message": build.title,
        "parent_ids": [parent],
        "web_url": url(asked.service, &format!("/-/commit/{}", build.sha)),
        "trailers": {},
        "extended_trailers": {}
    })
}

/// A commit as jobs have it.
pub fn short_commit(build: &Build) -> Value {
    json!({
        "author_email": address(&build.author),
        "author_name": build.author,
        "created_at": stamp::millis(committed(build)).replace('Z', "+00:00"),
        "id": build.sha,
        "message": build.title,
        "short_id": &build.sha[..8],
        "title": build.title
    })
}
