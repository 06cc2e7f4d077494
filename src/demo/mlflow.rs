//! `MLflow`'s tracking server and model registry, REST 2.0, as version 3.17.2 without sign-in answers.
//! Not for: logging runs and artifacts (nothing is trained here), traces, and the pages of its own interface.
//!
//! Statuses and messages were recorded from that version (`tests/fixtures/demo/mlflow/errors.json`).

mod artifact;
mod ask;
mod deeds;
mod registry;
mod runs;

use hyper::Method;
use serde_json::{Map, Value, json};

use super::system::{Reply, Request, System};
use super::world::World;

use ask::{Ask, Complaint};

/// Its version.
const VERSION: &str = "3.17.2";
/// Without sign-in it does not know who asks.
const BY: &str = "oncall";

/// The tracking server of the company.
#[derive(Debug, Clone, Copy)]
pub struct Mlflow;

impl System for Mlflow {
    fn name(&self) -> &'static str {
        "mlflow"
    }

    fn answer(&self, world: &World, request: &Request) -> Reply {
        if !is_local(request) {
            return Reply::new(403, "text/plain", "Invalid Host header - possible DNS rebinding attack detected");
        }
        let segments = request.segments();
        let path: Vec<&str> = segments.iter().map(String::as_str).collect();
        let reply = match path.as_slice() {
            ["version"] => Reply::new(200, "text/html; charset=utf-8", VERSION),
            ["health"] => Reply::new(200, "text/plain; charset=utf-8", "OK"),
            ["model-versions", "get-artifact"] => artifact::answer(world, request),
            ["api", "3.0", "mlflow", "server-info"] => Reply::json(200, &server_info()),
            ["api" | "ajax-api", "2.0", "mlflow", rest @ ..] => match Ask::new(request) {
                Ok(ask) => rest_answer(world, &request.method, rest, &ask).unwrap_or_else(|complaint| complaint.reply()),
                Err(complaint) => complaint.reply(),
            },
            _ => no_page(),
        };
        reply.header("server", "uvicorn").header("x-content-type-options", "nosniff").header("x-frame-options", "SAMEORIGIN")
    }
}

fn rest_answer(world: &World, method: &Method, path: &[&str], ask: &Ask) -> Result<Reply, Complaint> {
    let (get, post) = (*method == Method::GET, *method == Method::POST);
    let said = |value: Value| Ok(Reply::json(200, &value));
    match path {
        ["experiments", "search"] if get || post => said(runs::search_experiments(world, ask)?),
        ["experiments", "get"] if get => said(runs::experiment(world, ask)?),
        ["experiments", "get-by-name"] if get => said(runs::experiment_by_name(world, ask)?),
        ["runs", "search"] if post => said(runs::search(world, ask)?),
        ["runs", "get"] if get => said(runs::get(world, ask)?),
        ["metrics", "get-history"] if get => said(runs::history(world, ask)?),
        ["artifacts", "list"] if get => said(json!({"root_uri": runs::info(&runs::find(world, ask)?)["artifact_uri"]})),
        ["registered-models", "search"] if get => said(registry::search(world, ask)?),
        ["registered-models", "get"] if get => said(registry::get(world, ask)?),
        ["registered-models", "alias"] if get => said(registry::by_alias(world, ask)?),
        ["model-versions", "search"] if get => said(registry::search_versions(world, ask)?),
        ["model-versions", "get"] if get => said(registry::get_version(world, ask)?),
        ["registered-models", "alias"] if post => deeds::set_alias(world, ask),
        ["registered-models", "alias"] if *method == Method::DELETE => deeds::delete_alias(world, ask),
        ["runs", "update"] if post => deeds::update_run(world, ask),
        ["runs", "delete"] if post => deeds::delete_run(world, ask),
        _ => Ok(no_page()),
    }
}

/// A server that is bound to this machine answers under no other name.
fn is_local(request: &Request) -> bool {
    let host = request.header("host").unwrap_or("localhost");
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    ["localhost", "127.0.0.1", "[::1]"].contains(&name)
}

fn server_info() -> Value {
    json!({
        "store_type": "SqlStore", "workspaces_enabled": false, "trace_archival_enabled": false, "multipart_uploads_enabled": false,
        "multipart_downloads_enabled": false, "presigned_upload_run_id_supported": true, "presigned_upload_model_id_supported": true,
        "features_enabled": {"gateway": true}
    })
}

/// What the web framework says of a path it does not know.
fn no_page() -> Reply {
    let words = "The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again.";
    let page = format!("<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n<p>{words}</p>\n");
    Reply::new(404, "text/html; charset=utf-8", page)
}

/// Pairs as a list of `{key, value}`.
fn pairs(pairs: impl IntoIterator<Item = (&'static str, String)>) -> Value {
    pairs.into_iter().map(|(key, value)| json!({"key": key, "value": value})).collect()
}

/// An object without its empty lists and objects, which are left out on the wire.
fn lean(value: Value) -> Value {
    let Value::Object(fields) = value else { return value };
    let empty = |value: &Value| value.is_null() || value.as_array().is_some_and(Vec::is_empty);
    Value::Object(fields.into_iter().filter(|(_, value)| !empty(value)).collect::<Map<_, _>>())
}
