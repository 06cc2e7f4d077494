//! Registered models, their versions and aliases.
//! Not for: moving aliases (see `deeds`).
//!
//! Aliases stand at the registered model and at a version that is asked for alone; lists of versions leave them out.

use serde_json::{Value, json};

use crate::demo::company::{In, Model};
use crate::demo::mlflow::ask::{Ask, Complaint};
use crate::demo::mlflow::{lean, pairs, runs};
use crate::demo::world::{Version, World};

/// Rows of a page of models where nothing is said.
const MODELS_A_PAGE: usize = 100;
/// Rows of a page of versions where nothing is said.
const VERSIONS_A_PAGE: usize = 10_000;

/// `registered-models/search`, by name.
pub fn search(world: &World, ask: &Ask) -> Result<Value, Complaint> {
    let clauses = ask.filter()?;
    let mut models: Vec<In<Model>> = world.models().collect();
    models.retain(|model| clauses.iter().all(|clause| clause.holds(&|key| (key == "name").then(|| model.full_name()))));
    models.sort_by_key(In::<Model>::full_name);
    if ask.order().first().is_some_and(|order| order.descending && order.key == "name") {
        models.reverse();
    }
    let rows = models.into_iter().map(|model| registered(world, model)).collect();
    ask.page("registered_models", rows, Some(MODELS_A_PAGE))
}

/// `registered-models/get`.
pub fn get(world: &World, ask: &Ask) -> Result<Value, Complaint> {
    Ok(json!({"registered_model": registered(world, named(world, ask)?)}))
}

/// The model that is asked for.
pub fn named(world: &World, ask: &Ask) -> Result<In<Model>, Complaint> {
    let name = ask.required("name")?;
    world.model(&name).ok_or_else(|| Complaint::missing(format!("Registered Model with name={name} not found")))
}

/// The version that is asked for.
pub fn versioned(world: &World, ask: &Ask) -> Result<(In<Model>, Version), Complaint> {
    let (name, asked) = (ask.required("name")?, ask.required("version")?);
    let missing = || Complaint::missing(format!("Model Version (name={name}, version={asked}) not found"));
    let model = world.model(&name).ok_or_else(missing)?;
    let version = world.versions(model).into_iter().find(|version| version.version.to_string() == asked);
    Ok((model, version.ok_or_else(missing)?))
}

fn registered(world: &World, model: In<Model>) -> Value {
    let versions = world.versions(model);
    let aliases = world.aliases(model);
    let made = versions.last().map_or(world.born(), |oldest| oldest.created_at).plus(-1.0).ms();
    let changed = versions.iter().map(|version| version.updated_at).chain(aliases.iter().map(|aliased| aliased.since)).max();
    let mut told: Vec<Value> =
        aliases.iter().map(|aliased| json!({"alias": aliased.alias, "version": aliased.version.to_string()})).collect();
    told.sort_by_key(|aliased| aliased["alias"].to_string());
    // versions without a stage are all of one stage, whose newest is told
    let latest: Vec<Value> = versions.iter().take(1).map(|version| listed(model, version)).collect();
    lean(json!({
        "name": model.full_name(),
        "creation_timestamp": made,
        "last_updated_timestamp": changed.map_or(made, crate::domain::Timestamp::ms),
        "description": model.about,
        "latest_versions": latest,
        "aliases": told,
        "tags": pairs([("team", model.team.to_owned()), ("service", model.served_by.to_owned())])
    }))
}

/// `registered-models/alias`.
pub fn by_alias(world: &World, ask: &Ask) -> Result<Value, Complaint> {
    let (model, alias) = (named(world, ask)?, ask.required("alias")?);
    let version = world.versions(model).into_iter().find(|version| version.aliases.contains(&alias));
    let version = version.ok_or_else(|| Complaint::invalid(format!("Registered model alias {alias} not found.")))?;
    Ok(json!({"model_version": alone(model, &version)}))
}

/// `model-versions/search`, the last changed first.
pub fn search_versions(world: &World, ask: &Ask) -> Result<Value, Complaint> {
    let clauses = ask.filter()?;
    let mut found: Vec<(In<Model>, Version)> =
        world.models().flat_map(|model| world.versions(model).into_iter().map(move |version| (model, version))).collect();
    let column = |version: &Version, key: &str| match key {
        "name" => Some(version.model.clone()),
        "run_id" => Some(version.run_id.clone()),
        "version_number" | "version" => Some(version.version.to_string()),
        _ => None,
    };
    found.retain(|(_, version)| clauses.iter().all(|clause| clause.holds(&|key| column(version, key))));
    found.sort_by(|(_, a), (_, b)| {
        b.updated_at.cmp(&a.updated_at).then_with(|| a.model.cmp(&b.model)).then_with(|| b.version.cmp(&a.version))
    });
    if ask.order().first().is_some_and(|order| !order.descending && order.key == "last_updated_timestamp") {
        found.reverse();
    }
    let rows = found.iter().map(|(model, version)| listed(*model, version)).collect();
    ask.page("model_versions", rows, Some(VERSIONS_A_PAGE))
}

/// `model-versions/get`.
pub fn get_version(world: &World, ask: &Ask) -> Result<Value, Complaint> {
    let (model, version) = versioned(world, ask)?;
    Ok(json!({"model_version": alone(model, &version)}))
}

fn alone(model: In<Model>, version: &Version) -> Value {
    let mut value = listed(model, version);
    if !version.aliases.is_empty() {
        value["aliases"] = json!(version.aliases);
    }
    value
}

fn listed(model: In<Model>, version: &Version) -> Value {
    json!({
        "name": version.model,
        "version": version.version.to_string(),
        "creation_timestamp": version.created_at.ms(),
        "last_updated_timestamp": version.updated_at.ms(),
        "current_stage": "None",
        "description": "",
        "source": format!("models:/{}", runs::model_id(&version.run_id)),
        "run_id": version.run_id,
        "status": "READY",
        "tags": pairs([
            ("auc", format!("{:.4}", version.auc)),
            ("trained_on", model.trained_on.to_owned()),
            ("validation_status", "passed".to_owned())
        ]),
        "run_link": ""
    })
}
