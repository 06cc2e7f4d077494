//! GitLab's REST API v4, as its documentation of version 18 describes it: projects, pipelines with jobs and traces, deployments, commits.
//! Not for: merge requests, issues, users and groups, and repositories beyond their commits.
//!
//! No server was at hand to record: bodies follow the published examples (`tests/fixtures/demo/gitlab/ORIGIN.md`), refusals the messages of
//! `lib/api` in GitLab's sources.

mod changes;
mod deeds;
mod jobs;
mod page;
mod pipelines;
mod trace;

use hyper::Method;
use serde_json::{Value, json};

use super::chance;
use super::company::{DOMAIN, In, Service};
use super::stamp;
use super::system::{Reply, Request, System};
use super::world::World;
use crate::domain::Timestamp;

use page::Page;

/// The group that owns every project.
const GROUP: &str = "lumen";
/// The access token that is good: anyone on this machine may.
const TOKEN: &str = "glpat-lumen-market-demo";
/// Whose token it is.
const USER: &str = "oncall";
/// Ids of projects begin after this.
const FIRST_PROJECT: i64 = 11;

/// The company's GitLab.
#[derive(Debug, Clone, Copy)]
pub struct Gitlab;

/// A request for one project.
struct Asked<'a> {
    world: &'a World,
    service: In<Service>,
    request: &'a Request,
}

impl System for Gitlab {
    fn name(&self) -> &'static str {
        "gitlab"
    }

    fn settings(&self, world: &World) -> String {
        // a page of projects holds 100
        let projects = world.services().count().min(100);
        format!(
            "auth = {{ scheme = \"bearer\", token = {{ command = [\"echo\", \"{TOKEN}\"] }} }}\nwith = {{ max_projects = {projects} }}\n"
        )
    }

    fn answer(&self, world: &World, request: &Request) -> Reply {
        let segments = request.segments();
        let path: Vec<&str> = segments.iter().map(String::as_str).collect();
        let ["api", "v4", rest @ ..] = path.as_slice() else {
            return Reply::json(404, &json!({"error": "404 Not Found"}));
        };
        let given = request.header("private-token").or_else(|| request.header("authorization")?.strip_prefix("Bearer "));
        if given.map(str::trim) != Some(TOKEN) {
            return message(401, "401 Unauthorized");
        }
        let reply = route(world, request, rest).unwrap_or_else(|refusal| refusal);
        reply.header("server", "nginx").header("cache-control", "max-age=0, private, must-revalidate")
    }
}

fn route(world: &World, request: &Request, path: &[&str]) -> Result<Reply, Reply> {
    let get = request.method == Method::GET;
    match path {
        ["version"] if get => Ok(Reply::json(200, &json!({"version": "18.1.1-ee", "revision": "ceb07b24cb0"}))),
        ["projects"] if get => projects(world, request),
        ["projects", id] if get => Ok(Reply::json(200, &project(world, find(world, id)?))),
        ["projects", id, rest @ ..] => {
            let asked = Asked { world, service: find(world, id)?, request };
            if get { read(&asked, rest) } else { write(&asked, rest) }
        }
        _ => Err(no_route()),
    }
}

fn read(asked: &Asked<'_>, path: &[&str]) -> Result<Reply, Reply> {
    match path {
        ["pipelines"] => pipelines::list(asked),
        ["pipelines", "latest"] => pipelines::latest(asked),
        ["pipelines", id] => Ok(Reply::json(200, &pipelines::whole(asked, &pipelines::find(asked, id)?))),
        ["pipelines", id, "jobs"] => jobs::of_pipeline(asked, id),
        ["pipelines", id, "bridges"] => pipelines::find(asked, id).map(|_| Reply::json(200, &json!([]))),
        ["jobs"] => jobs::all(asked),
        ["jobs", id] => jobs::find(asked, id).map(|(build, job)| Reply::json(200, &jobs::row(asked, &build, &job))),
        ["jobs", id, "trace"] => jobs::find(asked, id).map(|(build, job)| trace::answer(asked.world, &build, &job)),
        ["deployments"] => changes::deployments(asked),
        ["deployments", id] => changes::deployment(asked, id),
        ["repository", "commits"] => changes::commits(asked),
        ["repository", "commits", sha] => changes::commit(asked, sha),
        ["pipeline_schedules"] => Ok(Page::new(asked.request)?.reply(Vec::new())),
        _ => Err(no_route()),
    }
}

fn write(asked: &Asked<'_>, path: &[&str]) -> Result<Reply, Reply> {
    if asked.request.method != Method::POST {
        return Err(no_route());
    }
    match path {
        ["pipeline"] => deeds::create(asked),
        ["pipelines", id, "retry"] => deeds::retry_pipeline(asked, id),
        ["pipelines", id, "cancel"] => deeds::cancel_pipeline(asked, id),
        ["jobs", id, "retry"] => deeds::retry_job(asked, id),
        ["jobs", id, "cancel"] => deeds::cancel_job(asked, id),
        ["jobs", id, "play"] => deeds::play_job(asked, id),
        ["deployments", id, "approval"] => deeds::approve(asked, id),
        _ => Err(no_route()),
    }
}

/// An error in words.
fn message(status: u16, words: &str) -> Reply {
    Reply::json(status, &json!({"message": words}))
}

/// What the API says of a path it does not have.
fn no_route() -> Reply {
    Reply::json(404, &json!({"error": "404 Not Found"}))
}

/// The project of that number or path.
fn find(world: &World, asked: &str) -> Result<In<Service>, Reply> {
    let found = world.services().find(|service| project_id(world, *service).to_string() == asked || path_of(*service) == asked);
    found.ok_or_else(|| message(404, "404 Project Not Found"))
}

fn project_id(world: &World, service: In<Service>) -> i64 {
    FIRST_PROJECT + world.service_place(service)
}

fn path_of(service: In<Service>) -> String {
    format!("{GROUP}/{}", service.full_name())
}

/// The page of a project, or of something below it.
fn url(service: In<Service>, rest: &str) -> String {
    format!("https://gitlab.{DOMAIN}/{}{rest}", path_of(service))
}

/// `GET /projects`, the newest first where nothing is said.
fn projects(world: &World, request: &Request) -> Result<Reply, Reply> {
    let page = Page::new(request)?;
    let order = page::one_of(request, "order_by", &["id", "name", "path", "created_at", "updated_at", "last_activity_at"])?;
    let mut services: Vec<In<Service>> = world.services().collect();
    if request.param("archived") == Some("true") {
        services.clear();
    }
    if let Some(part) = request.param("search") {
        services.retain(|service| service.full_name().contains(part));
    }
    services.sort_by_key(|service| std::cmp::Reverse(project_id(world, *service)));
    match order {
        Some("last_activity_at" | "updated_at") => services.sort_by_cached_key(|service| std::cmp::Reverse(last_activity(world, *service))),
        Some("name" | "path") => services.sort_by_cached_key(|service| std::cmp::Reverse(service.full_name())),
        _ => {}
    }
    if page::one_of(request, "sort", &["asc", "desc"])? == Some("asc") {
        services.reverse();
    }
    Ok(page.reply(services.into_iter().map(|service| project(world, service)).collect()))
}

fn last_activity(world: &World, service: In<Service>) -> Timestamp {
    world.builds(service).first().map_or(world.born(), |build| build.created_at)
}

fn project(world: &World, service: In<Service>) -> Value {
    let (name, path, id) = (service.full_name(), path_of(service), project_id(world, service));
    let made = world.born().plus(-400.0 * 86_400.0);
    let active = stamp::millis(last_activity(world, service));
    json!({
        "id": id,
        "description": format!("{} of Lumen Market: {}", service.name, service.request),
        "default_branch": "main",
        "visibility": "private",
        "ssh_url_to_repo": format!("git@gitlab.{DOMAIN}:{path}.git"),
        "http_url_to_repo": url(service, ".git"),
        "web_url": url(service, ""),
        "readme_url": url(service, "/-/blob/main/README.md"),
        "tag_list": [service.team],
        "topics": [service.team],
        "name": name,
        "name_with_namespace": format!("Lumen / {name}"),
        "path": name,
        "path_with_namespace": path,
        "issues_enabled": true,
        "open_issues_count": id % 7,
        "merge_requests_enabled": true,
        "jobs_enabled": true,
        "builds_access_level": "enabled",
        "created_at": stamp::millis(made),
        "updated_at": active,
        "last_activity_at": active,
        "creator_id": user_id(service.author),
        "namespace": {"id": 2, "name": "Lumen", "path": GROUP, "kind": "group", "full_path": GROUP},
        "import_status": "none",
        "archived": false,
        "shared_runners_enabled": true,
        "forks_count": 0,
        "star_count": 0,
        "ci_default_git_depth": 20,
        "public_jobs": true,
        "shared_with_groups": [],
        "only_allow_merge_if_pipeline_succeeds": true,
        "merge_method": "ff"
    })
}

fn user_id(name: &str) -> u64 {
    2 + chance::hash(0, &["user", name]) % 90
}

/// A person, in short.
fn user(name: &str) -> Value {
    let mut letters = name.chars();
    let shown: String = letters.next().map(|first| first.to_uppercase().collect::<String>() + letters.as_str()).unwrap_or_default();
    let face = chance::hex(0, &["avatar", name], 32);
    json!({
        "id": user_id(name),
        "username": name,
        "name": shown,
        "state": "active",
        "avatar_url": format!("https://www.gravatar.com/avatar/{face}?s=80&d=identicon"),
        "web_url": format!("https://gitlab.{DOMAIN}/{name}")
    })
}

/// A person, as jobs have them.
fn whole_user(world: &World, name: &str) -> Value {
    let mut value = user(name);
    value["created_at"] = json!(stamp::millis(world.born().plus(-500.0 * 86_400.0)));
    value["bio"] = Value::Null;
    value["location"] = Value::Null;
    for field in ["public_email", "skype", "linkedin", "twitter", "website_url", "organization"] {
        value[field] = json!("");
    }
    value
}
