//! The `MLmodel` file beside every version of a model: which library made it, and which version of that.
//! Not for: the model itself, which does not exist.

use crate::demo::company::{In, Model};
use crate::demo::mlflow::VERSION;
use crate::demo::mlflow::ask::{Ask, Complaint};
use crate::demo::mlflow::{registry, runs};
use crate::demo::system::{Reply, Request};
use crate::demo::world::{Version, World};

/// `GET /model-versions/get-artifact`.
pub fn answer(world: &World, request: &Request) -> Reply {
    let file = Ask::new(request).and_then(|ask| {
        let path = ask.required("path")?;
        let (model, version) = registry::versioned(world, &ask)?;
        if path == "MLmodel" { Ok(file(world, model, &version)) } else { Err(Complaint::missing(format!("No such artifact: {path}"))) }
    });
    match file {
        Ok(text) => Reply::new(200, "text/plain; charset=utf-8", text).header("content-disposition", "attachment; filename=MLmodel"),
        Err(complaint) => complaint.reply(),
    }
}

fn file(world: &World, model: In<Model>, version: &Version) -> String {
    let id = runs::model_id(&version.run_id);
    let experiment = world.experiment(model);
    let flavor = flavor(&model);
    let columns: Vec<String> =
        model.features.iter().map(|name| format!("{{\"type\": \"double\", \"name\": \"{name}\", \"required\": true}}")).collect();
    let columns = columns.join(", ");
    let made = version.created_at.to_string().replace('T', " ").replace('Z', "000");
    let size = 1_800_000 + u64::from(version.version) * 41_000;
    format!(
        "artifact_path: mlflow-artifacts:/{experiment}/models/{id}/artifacts
flavors:
  python_function:
    env:
      conda: conda.yaml
      virtualenv: python_env.yaml
    loader_module: mlflow.{loader}
    python_version: 3.11.2
{flavor}is_signature_from_type_hint: false
mlflow_version: {VERSION}
model_id: {id}
model_size_bytes: {size}
model_uuid: {id}
prompts: null
run_id: {run}
signature:
  inputs: '[{columns}]'
  outputs: '[{{\"type\": \"double\", \"required\": true}}]'
  params: null
type_hint_from_example: false
utc_time_created: '{made}'
",
        loader = model.flavor,
        run = version.run_id,
    )
}

/// The flavor's own part. The key of a library's version is seldom its name.
fn flavor(model: &Model) -> String {
    let (name, version) = (model.flavor, model.flavor_version);
    let lines: &[(&str, &str)] = match name {
        "xgboost" => {
            &[("data", "model.xgb"), ("model_class", "xgboost.sklearn.XGBClassifier"), ("model_format", "xgb"), ("xgb_version", version)]
        }
        "lightgbm" => &[("data", "model.lgb"), ("lgb_version", version), ("model_class", "lightgbm.basic.Booster")],
        "pytorch" => &[("model_data", "data"), ("pytorch_version", version)],
        _ => &[("pickled_model", "model.skops"), ("serialization_format", "skops"), ("sklearn_version", version)],
    };
    let body: String = lines.iter().map(|(key, value)| format!("    {key}: {value}\n")).collect();
    format!("  {name}:\n    code: null\n{body}")
}
