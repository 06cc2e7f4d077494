//! Assets: the company's datasets, who writes, reads and waits for them.
//! Not for: how many rows they have, which Airflow does not know.

use serde_json::{Value, json};

use crate::demo::airflow::page::{Complaint, Page, sort};
use crate::demo::company::{DATASETS, Dataset, In, PIPELINES, Pipeline, Start};
use crate::demo::stamp;
use crate::demo::system::Request;
use crate::demo::world::World;

/// `GET /assets`.
pub fn list(world: &World, request: &Request) -> Result<Value, Complaint> {
    let page = Page::new(request)?;
    let mut assets: Vec<In<Dataset>> = world.datasets().collect();
    let pattern = request.param("name_pattern").map(|pattern| pattern.trim_matches('%').to_owned());
    assets.retain(|asset| pattern.as_ref().is_none_or(|pattern| asset.full_name().contains(pattern)));
    sort(
        &mut assets,
        request,
        &[("id", |a, b| id(*a).cmp(&id(*b))), ("name", |a, b| a.full_name().cmp(&b.full_name())), ("uri", |a, b| uri(*a).cmp(&uri(*b)))],
    )?;
    let total = assets.len();
    Ok(json!({"assets": page.of(assets.into_iter().map(|asset| row(world, asset)).collect()), "total_entries": total}))
}

/// `GET /assets/{id}`.
pub fn one(world: &World, asked: &str) -> Result<Value, Complaint> {
    let asset = world.datasets().find(|asset| id(*asset).to_string() == asked);
    asset.map(|asset| row(world, asset)).ok_or_else(|| Complaint::not_found(&format!("The Asset with ID: `{asked}` was not found")))
}

fn id(asset: In<Dataset>) -> usize {
    let place = DATASETS.iter().position(|other| other.name == asset.name).unwrap_or_default();
    asset.market * DATASETS.len() + place + 1
}

fn uri(asset: In<Dataset>) -> String {
    if asset.market == 0 { asset.uri.to_owned() } else { format!("{}-m{:02}", asset.uri, asset.market) }
}

fn row(world: &World, asset: In<Dataset>) -> Value {
    let name = asset.full_name();
    let (born, health) = (stamp::micros(world.born(), &name), world.dataset_health(asset));
    let in_market = |of: &'static Pipeline| In { of, market: asset.market }.full_name();
    let pipelines = |wanted: &dyn Fn(&Pipeline) -> bool| PIPELINES.iter().filter(|pipeline| wanted(pipeline)).collect::<Vec<_>>();
    let tied = |pipeline: &'static Pipeline, task: Option<&&str>| {
        let mut value = json!({"dag_id": in_market(pipeline), "created_at": born, "updated_at": born});
        if let Some(task) = task {
            value["task_id"] = json!(task);
        }
        value
    };
    let writers = pipelines(&|pipeline| pipeline.writes.contains(&asset.name));
    let readers = pipelines(&|pipeline| pipeline.reads.contains(&asset.name));
    // a DAG that runs after another waits for the first dataset that the two share
    let waits = |pipeline: &Pipeline| match pipeline.start {
        Start::After(before) => PIPELINES
            .iter()
            .find(|other| other.name == before)
            .and_then(|other| other.writes.iter().find(|name| pipeline.reads.contains(name)))
            .is_some_and(|name| *name == asset.name),
        Start::Every { .. } => false,
    };
    let scheduled = pipelines(&waits);
    let beat = health.renewed_at.since(world.born()).max(0.0);
    json!({
        "id": id(asset),
        "name": name,
        "uri": uri(asset),
        "group": asset.group,
        "extra": {},
        "created_at": born,
        "updated_at": born,
        "scheduled_dags": scheduled.into_iter().map(|pipeline| tied(pipeline, None)).collect::<Vec<_>>(),
        "producing_tasks": writers.into_iter().map(|pipeline| tied(pipeline, pipeline.tasks.last())).collect::<Vec<_>>(),
        "consuming_tasks": readers.into_iter().map(|pipeline| tied(pipeline, pipeline.tasks.first())).collect::<Vec<_>>(),
        "aliases": [],
        "watchers": [],
        "last_asset_event": {"id": id(asset) as u64 + beat as u64 * 100, "timestamp": stamp::micros(health.renewed_at, &name)}
    })
}
