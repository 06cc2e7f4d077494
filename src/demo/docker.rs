//! The Engine API, version 1.41, on a unix socket, as Docker 20.10.24 answers: containers, what they use and log, events, and what is
//! done to them.
//! Not for: images, networks, volumes, swarms.
//!
//! Statuses and messages were recorded from that version (`tests/fixtures/demo/docker/errors.json`).

mod body;
mod deeds;
mod events;
mod exec;
mod host;
mod list;
mod logs;
mod stats;
mod status;

use hyper::Method;
use serde_json::json;

use super::system::{Place, Reply, Request, System};
use super::world::{Container, World};

/// Newest and oldest version of the API that it speaks.
const NEWEST: (u32, u32) = (1, 41);
const OLDEST: (u32, u32) = (1, 12);
/// What it calls itself.
const VERSION: &str = "20.10.24+dfsg1";

/// The engine that the company's services run on.
#[derive(Debug, Clone, Copy)]
pub struct Docker;

impl System for Docker {
    fn name(&self) -> &'static str {
        "docker"
    }

    fn place(&self) -> Place {
        Place::Socket
    }

    fn answer(&self, world: &World, request: &Request) -> Reply {
        let segments = request.segments();
        let mut path: Vec<&str> = segments.iter().map(String::as_str).collect();
        let version = path.first().and_then(|first| version(first));
        if version.is_some() {
            path.remove(0);
        }
        let Some(reply) = route(world, request, &path) else { return refused(404, "page not found") };
        let reply = version.and_then(wrong_version).unwrap_or(reply);
        reply
            .header("api-version", format!("{}.{}", NEWEST.0, NEWEST.1))
            .header("docker-experimental", "false")
            .header("ostype", "linux")
            .header("server", format!("Docker/{VERSION} (linux)"))
    }
}

fn route(world: &World, request: &Request, path: &[&str]) -> Option<Reply> {
    let (get, post) = (request.method == Method::GET, request.method == Method::POST);
    Some(match path {
        ["_ping"] if get || request.method == Method::HEAD => host::ping(),
        ["version"] if get => Reply::json(200, &host::version()),
        ["info"] if get => Reply::json(200, &host::info(world)),
        ["events"] if get => events::answer(world, request),
        ["containers", "json"] if get => list::answer(world, request),
        ["containers", id, what @ ("json" | "stats" | "logs")] if get => {
            // the engine reads the parameters of a log before it looks for the container
            match (find(world, id), *what) {
                (_, "logs") => logs::answer(world, id, request),
                (None, _) => no_such(id),
                (Some(container), "stats") => stats::answer(world, &container, request),
                (Some(container), _) => Reply::json(200, &body::inspection(world, &container)),
            }
        }
        ["containers", id, verb @ ("start" | "stop" | "restart" | "kill" | "pause" | "unpause")] if post => {
            deeds::answer(world, id, verb, request)
        }
        ["containers", id, "exec"] if post => exec::create(world, id, request),
        ["exec", id, "start"] if post => exec::start(world, id),
        ["exec", id, "json"] if get => exec::inspect(world, id),
        ["containers", id] if request.method == Method::DELETE => deeds::remove(world, id, request),
        _ => return None,
    })
}

/// The container of that id, beginning of an id, or name.
fn find(world: &World, asked: &str) -> Option<Container> {
    let name = asked.strip_prefix('/').unwrap_or(asked);
    if let Some(service) = world.service(name) {
        return world.container(service);
    }
    let hex = !asked.is_empty() && asked.bytes().all(|byte| byte.is_ascii_hexdigit());
    hex.then(|| world.containers().into_iter().find(|container| container.id.starts_with(asked)))?
}

/// `v1.41` as a pair.
fn version(segment: &str) -> Option<(u32, u32)> {
    let (major, minor) = segment.strip_prefix('v')?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

fn wrong_version((major, minor): (u32, u32)) -> Option<Reply> {
    if (major, minor) > NEWEST {
        let (newest, least) = NEWEST;
        return Some(refused(
            400,
            &format!("client version {major}.{minor} is too new. Maximum supported API version is {newest}.{least}"),
        ));
    }
    ((major, minor) < OLDEST).then(|| {
        let (oldest, least) = OLDEST;
        let words = "please upgrade your client to a newer version";
        let text = format!("client version {major}.{minor} is too old. Minimum supported API version is {oldest}.{least}, {words}\n");
        Reply::new(400, "text/plain; charset=utf-8", text)
    })
}

/// An error as the engine words it.
fn refused(status: u16, message: &str) -> Reply {
    Reply::json(status, &json!({ "message": message }))
}

fn no_such(id: &str) -> Reply {
    refused(404, &format!("No such container: {id}"))
}

/// A parameter that is `1` or `true`.
fn is_set(request: &Request, name: &str) -> bool {
    let off = |value: &str| ["", "0", "no", "false", "none"].contains(&value.trim().to_lowercase().as_str());
    request.param(name).is_some_and(|value| !off(value))
}

/// `filters`: a JSON object of lists, or of objects whose keys count. Each name with its values.
type Filters = Vec<(String, Vec<String>)>;

/// The request's filters, or the engine's complaint about them.
fn filters(request: &Request) -> Result<Filters, Reply> {
    let text = request.param("filters").unwrap_or_default();
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let read = |value: &serde_json::Value| match value {
        serde_json::Value::Array(values) => values.iter().filter_map(|value| value.as_str().map(str::to_owned)).collect(),
        serde_json::Value::Object(values) => values.keys().cloned().collect(),
        _ => Vec::new(),
    };
    match serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text) {
        Ok(map) => Ok(map.iter().map(|(name, value)| (name.clone(), read(value))).collect()),
        Err(_) => {
            let first = text.chars().next().unwrap_or(' ');
            Err(refused(500, &format!("invalid character '{first}' looking for beginning of value")))
        }
    }
}

/// Whether something passes the filter of that name; an absent one lets all pass.
fn passes(filters: &Filters, name: &str, fits: impl Fn(&str) -> bool) -> bool {
    let mut values = filters.iter().filter(|(own, _)| own == name).flat_map(|(_, values)| values).peekable();
    values.peek().is_none() || values.any(|value| fits(value))
}

/// Every label asked for is there: `name` or `name=value`.
fn has_labels(filters: &Filters, labels: &[(String, String)]) -> bool {
    let mut wanted = filters.iter().filter(|(own, _)| own == "label").flat_map(|(_, values)| values);
    wanted.all(|wanted| match wanted.split_once('=') {
        Some((name, value)) => labels.iter().any(|(own, its)| own == name && its == value),
        None => labels.iter().any(|(own, _)| own == wanted),
    })
}
