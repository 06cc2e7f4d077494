//! `GET /containers/json`: one row per container, newest first.
//! Not for: what a row says (see `body`).

use serde_json::Value;

use crate::demo::docker::{Filters, body, filters, has_labels, is_set, passes, refused};
use crate::demo::system::{Reply, Request};
use crate::demo::world::{Container, World};

/// Answers it.
pub fn answer(world: &World, request: &Request) -> Reply {
    let wanted = match filters(request) {
        Ok(wanted) => wanted,
        Err(complaint) => return complaint,
    };
    let limit = match request.param("limit").filter(|text| !text.is_empty()).map(|text| (text, text.parse::<i64>())) {
        None => 0,
        Some((_, Ok(limit))) => limit,
        Some((text, Err(_))) => return refused(500, &format!("strconv.Atoi: parsing \"{text}\": invalid syntax")),
    };
    let every = is_set(request, "all") || limit > 0 || wanted.iter().any(|(name, _)| name == "status");
    let mut containers: Vec<Container> = world
        .containers()
        .into_iter()
        .filter(|container| every || body::is_up(container))
        .filter(|container| fits(container, &wanted))
        .collect();
    containers.sort_by(|a, b| b.created_at.cmp(&a.created_at).then_with(|| a.name.cmp(&b.name)));
    if limit > 0 {
        containers.truncate(limit.unsigned_abs() as usize);
    }
    Reply::json(200, &Value::Array(containers.iter().map(|container| body::row(world, container)).collect()))
}

fn fits(container: &Container, wanted: &Filters) -> bool {
    passes(wanted, "status", |status| status == body::state_word(container))
        && passes(wanted, "health", |health| health == body::health_word(container))
        && passes(wanted, "id", |id| container.id.starts_with(id))
        && passes(wanted, "name", |name| container.name.contains(name.trim_start_matches('/')))
        && passes(wanted, "ancestor", |image| container.image.starts_with(image))
        && has_labels(wanted, &body::labels_of(container))
}
