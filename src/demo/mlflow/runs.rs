//! Experiments and runs: one experiment for each model, its trainings inside.
//! Not for: versions of models (see `registry`).

use std::cmp::Ordering;

use serde_json::{Value, json};

use crate::demo::chance;
use crate::demo::company::{In, Model};
use crate::demo::mlflow::ask::{Ask, Complaint, Order};
use crate::demo::mlflow::{lean, pairs};
use crate::demo::world::{Training, World};
use crate::domain::Timestamp;

/// Rows of a page where nothing is said.
const RUNS_A_PAGE: usize = 1000;
/// Most rows of a page of runs.
const MOST_RUNS: usize = 50_000;
/// Steps that a training logs its loss at.
const STEPS: i64 = 10;

/// `experiments/search`: newest first, which are those with the highest numbers.
pub fn search_experiments(world: &World, ask: &Ask) -> Result<Value, Complaint> {
    let clauses = ask.filter()?;
    let mut models: Vec<In<Model>> = world.models().collect();
    models.reverse();
    let named = |name: &str| clauses.iter().all(|clause| clause.holds(&|key| (key == "name").then(|| name.to_owned())));
    let mut rows: Vec<Value> =
        models.into_iter().filter(|model| named(&model.full_name())).map(|model| one_experiment(world, model)).collect();
    if named("Default") {
        rows.push(default_experiment(world));
    }
    ask.page("experiments", rows, None)
}

/// `experiments/get`.
pub fn experiment(world: &World, ask: &Ask) -> Result<Value, Complaint> {
    let id = ask.required("experiment_id")?;
    if id == "0" {
        return Ok(json!({"experiment": default_experiment(world)}));
    }
    let model = world.models().find(|model| world.experiment(*model).to_string() == id);
    let model = model.ok_or_else(|| Complaint::missing(format!("No Experiment with id={id} exists")))?;
    Ok(json!({"experiment": one_experiment(world, model)}))
}

/// `experiments/get-by-name`.
pub fn experiment_by_name(world: &World, ask: &Ask) -> Result<Value, Complaint> {
    let name = ask.required("experiment_name")?;
    let model = world.model(&name).ok_or_else(|| Complaint::missing(format!("Could not find experiment with name '{name}'")))?;
    Ok(json!({"experiment": one_experiment(world, model)}))
}

fn one_experiment(world: &World, model: In<Model>) -> Value {
    let id = world.experiment(model).to_string();
    let made = world.born().plus(-90.0 * 86_400.0).ms();
    json!({
        "experiment_id": id,
        "name": model.full_name(),
        "artifact_location": format!("mlflow-artifacts:/{id}"),
        "lifecycle_stage": "active",
        "last_update_time": made,
        "creation_time": made,
        "tags": pairs([("mlflow.note.content", format!("Trainings of {}", model.full_name())), ("team", model.team.to_owned())]),
        "workspace": "default"
    })
}

fn default_experiment(world: &World) -> Value {
    let made = world.born().plus(-91.0 * 86_400.0).ms();
    json!({
        "experiment_id": "0", "name": "Default", "artifact_location": "mlflow-artifacts:/0", "lifecycle_stage": "active",
        "last_update_time": made, "creation_time": made, "workspace": "default"
    })
}

/// `runs/search`.
pub fn search(world: &World, ask: &Ask) -> Result<Value, Complaint> {
    let experiments = ask.list("experiment_ids");
    let clauses = ask.filter()?;
    if let Some(many) = ask.text("max_results").and_then(|text| text.parse::<usize>().ok()).filter(|many| *many > MOST_RUNS) {
        return Err(Complaint::invalid(format!(
            "Invalid value {many} for parameter 'max_results' supplied. It must be at most {MOST_RUNS}"
        )));
    }
    let models = world.models().filter(|model| experiments.contains(&world.experiment(*model).to_string()));
    let mut found: Vec<(In<Model>, Training)> =
        models.flat_map(|model| world.trainings(model).into_iter().map(move |training| (model, training))).collect();
    found.retain(|(_, training)| clauses.iter().all(|clause| clause.holds(&|key| column(training, key))));
    // equal rows stand by their beginning, the newest first
    found.sort_by(|(_, a), (_, b)| {
        let by = |order: &Order| compare(a, b, order);
        let ordered = ask.order().iter().map(by).find(|ordering| ordering.is_ne());
        ordered.unwrap_or_else(|| b.started_at.cmp(&a.started_at).then_with(|| a.run_id.cmp(&b.run_id)))
    });
    let rows = found.iter().map(|(model, training)| run(*model, training)).collect();
    ask.page("runs", rows, Some(RUNS_A_PAGE))
}

/// A run's value of a key, as filters compare it.
fn column(training: &Training, key: &str) -> Option<String> {
    match key {
        "status" => Some(training.status.clone()),
        "run_id" => Some(training.run_id.clone()),
        "run_name" => Some(training.name.clone()),
        "user_id" => Some(training.by.clone()),
        _ => {
            let name = key.strip_prefix("params.")?;
            training.params.iter().find(|(own, _)| *own == name).map(|(_, value)| value.clone())
        }
    }
}

fn compare(a: &Training, b: &Training, order: &Order) -> Ordering {
    let metric = |training: &Training, name: &str| training.metrics.iter().find(|(own, _)| *own == name).map(|(_, value)| *value);
    let ordering = match order.key.as_str() {
        "start_time" | "Created" => a.started_at.cmp(&b.started_at),
        "end_time" => a.ended_at.cmp(&b.ended_at),
        "status" => a.status.cmp(&b.status),
        "run_name" => a.name.cmp(&b.name),
        key => match key.strip_prefix("metrics.") {
            Some(name) => metric(a, name).unwrap_or(f64::NEG_INFINITY).total_cmp(&metric(b, name).unwrap_or(f64::NEG_INFINITY)),
            None => Ordering::Equal,
        },
    };
    if order.descending { ordering.reverse() } else { ordering }
}

/// The run that is asked for, with its model.
pub fn find_with_model(world: &World, ask: &Ask) -> Result<(In<Model>, Training), Complaint> {
    let id = ask.required("run_id")?;
    let found = world.models().find_map(|model| Some((model, world.trainings(model).into_iter().find(|training| training.run_id == id)?)));
    found.ok_or_else(|| Complaint::missing(format!("Run with id={id} not found")))
}

/// The run that is asked for.
pub fn find(world: &World, ask: &Ask) -> Result<Training, Complaint> {
    Ok(find_with_model(world, ask)?.1)
}

/// `runs/get`.
pub fn get(world: &World, ask: &Ask) -> Result<Value, Complaint> {
    let (model, training) = find_with_model(world, ask)?;
    Ok(json!({"run": run(model, &training)}))
}

/// `metrics/get-history`: the loss falls with every step, other numbers are logged once.
pub fn history(world: &World, ask: &Ask) -> Result<Value, Complaint> {
    let training = find(world, ask)?;
    let key = ask.required("metric_key")?;
    let Some((_, value)) = training.metrics.iter().find(|(own, _)| *own == key) else { return Ok(json!({})) };
    let steps = if key.ends_with("loss") { STEPS } else { 1 };
    let end = training.ended_at.unwrap_or(world.now());
    let span = end.since(training.started_at);
    let at = |step: i64| training.started_at.plus(span * (step + 1) as f64 / steps as f64).ms();
    let fallen = |step: i64| value * 1.6_f64.powi(i32::try_from(steps - 1 - step).unwrap_or(0));
    let rows: Vec<Value> = (0..steps).map(|step| json!({"key": key, "value": fallen(step), "timestamp": at(step), "step": step})).collect();
    Ok(json!({ "metrics": rows }))
}

/// A run as it is sent.
fn run(model: In<Model>, training: &Training) -> Value {
    let logged_at = training.ended_at.unwrap_or(training.started_at.plus(60.0)).ms();
    let metrics: Vec<Value> =
        training.metrics.iter().map(|(key, value)| json!({"key": key, "value": value, "timestamp": logged_at, "step": 0})).collect();
    let source = if training.by == "airflow" { "train_fraud_score.py" } else { "train.py" };
    let tags = pairs([
        ("mlflow.user", training.by.clone()),
        ("mlflow.source.name", source.to_owned()),
        ("mlflow.source.type", "PROJECT".to_owned()),
        ("mlflow.source.git.commit", training.commit.clone()),
        ("mlflow.source.git.branch", "main".to_owned()),
        ("mlflow.runName", training.name.clone()),
        ("team", model.team.to_owned()),
        ("dataset", model.trained_on.to_owned()),
    ]);
    let outputs = if training.status == "FINISHED" {
        json!({"model_outputs": [{"model_id": model_id(&training.run_id), "step": 0}]})
    } else {
        json!({})
    };
    json!({
        "info": info(training),
        "data": lean(json!({"metrics": metrics, "params": pairs(training.params.clone()), "tags": tags})),
        "inputs": {},
        "outputs": outputs
    })
}

/// The `info` of a run.
pub fn info(training: &Training) -> Value {
    lean(json!({
        "run_uuid": training.run_id,
        "experiment_id": training.experiment.to_string(),
        "run_name": training.name,
        "user_id": training.by,
        "status": training.status,
        "start_time": training.started_at.ms(),
        "end_time": training.ended_at.map(Timestamp::ms),
        "artifact_uri": format!("mlflow-artifacts:/{}/{}/artifacts", training.experiment, training.run_id),
        "lifecycle_stage": "active",
        "run_id": training.run_id
    }))
}

/// The logged model of a run: `m-` and 32 digits.
pub fn model_id(run_id: &str) -> String {
    format!("m-{}", chance::hex(0, &["logged model", run_id], 32))
}
