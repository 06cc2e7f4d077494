//! What the real servers refused is refused with the same status, type and words.

use hyper::Method;
use serde_json::{Value, json};
use triops::demo::{Request, System};

use crate::stage::{AIRFLOW, DOCKER, GITLAB, MLFLOW, Stage, text_of};

fn table(system: &str) -> Vec<Value> {
    let text = std::fs::read(format!("{}/tests/fixtures/demo/{system}/errors.json", env!("CARGO_MANIFEST_DIR"))).unwrap();
    serde_json::from_slice(&text).unwrap()
}

/// Ids are other ones, and names are those of this world.
fn alike(value: &Value, names: &[(&str, &str)]) -> String {
    let mut text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    for (theirs, ours) in names {
        text = text.replace(theirs, ours);
    }
    let mut out = String::new();
    let mut hex = String::new();
    for letter in text.chars().chain([' ']) {
        if letter.is_ascii_hexdigit() && !letter.is_ascii_uppercase() {
            hex.push(letter);
            continue;
        }
        out.push_str(if hex.len() == 64 { "ID" } else { &hex });
        hex.clear();
        out.push(letter);
    }
    out.trim_end().to_owned()
}

fn check(stage: &Stage, system: &dyn System, row: &Value, request: &Request, names: &[(&str, &str)]) {
    let reply = stage.ask(system, request);
    let content_type = reply.headers.iter().find(|(name, _)| *name == "content-type").map(|(_, value)| value.clone());
    let bytes = text_of(reply.body, &stage.world());
    let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| Value::from(String::from_utf8_lossy(&bytes).into_owned()));
    let place = format!("{} {} {} ({})", system.name(), row["method"], row["path"], row["name"]);
    assert_eq!(json!(reply.status), row["status"], "{place}: {body}");
    assert_eq!(json!(content_type), row["content_type"], "{place}");
    assert_eq!(alike(&body, names), alike(&row["body"], names), "{place}");
}

#[test]
fn docker_refuses_as_docker_does_and_its_changes_of_state_follow_each_other() {
    let names = [("triops-web", "storefront-web"), ("triops-healthy", "search-api"), ("triops-exited", "support-desk")];
    let stage = Stage::new("quiet", 300.0);
    stage.post(DOCKER, "/v1.41/containers/support-desk/stop", Value::Null);
    stage.go(5.0);
    for row in table("docker") {
        let method = Method::from_bytes(row["method"].as_str().unwrap().as_bytes()).unwrap();
        let target = alike(&row["path"], &names);
        let request = stage.signed(DOCKER, method, &target, row.get("sent").cloned());
        check(&stage, DOCKER, &row, &request, &names);
        stage.go(5.0);
    }
}

#[test]
fn airflow_refuses_as_airflow_does() {
    let stage = Stage::new("bad-load", 300.0);
    let run = stage.get(AIRFLOW, "/api/v2/dags/vendor_drop/dagRuns?order_by=-run_after")["dag_runs"][0]["dag_run_id"].clone();
    let run_id = run.as_str().unwrap();
    let names = [
        ("ok_daily", "daily_report"),
        ("manual_fails_always", run_id),
        ("fails_always", "vendor_drop"),
        ("manual_long_running", run_id),
        ("long_running", "vendor_drop"),
        ("charge", "fetch"),
    ];
    for row in table("airflow") {
        let name = row["name"].as_str().unwrap();
        let body = match name {
            "auth_token_bad_401" => Some(json!({"username": "admin", "password": "wrong"})),
            "clear_dagrun" => Some(json!({"dry_run": false})),
            "mark_dagrun_bad_state_422" => Some(json!({"state": "bogus"})),
            "trigger_404" => Some(json!({"logical_date": null})),
            "trigger_duplicate_409" => Some(json!({"logical_date": null, "dag_run_id": run_id})),
            "trigger_missing_logical_date_422" => Some(json!({})),
            _ => None,
        };
        let method = Method::from_bytes(row["method"].as_str().unwrap().as_bytes()).unwrap();
        let mut request = stage.signed(AIRFLOW, method, &alike(&row["path"], &names).replace('+', "%2B"), body);
        match name {
            "noauth_401" => request.headers.clear(),
            "badtoken_403" => request.headers = vec![("authorization".into(), "Bearer nonsense".into())],
            _ => {}
        }
        check(&stage, AIRFLOW, &row, &request, &names);
    }
}

#[test]
fn mlflow_refuses_as_mlflow_does() {
    let stage = Stage::new("quiet", 60.0);
    let names = [("churn-clf", "fraud-score")];
    for row in table("mlflow") {
        let body = match row["name"].as_str().unwrap() {
            "alias_set" => Some(json!({"name": "fraud-score", "alias": "canary", "version": "1"})),
            "alias_delete" => Some(json!({"name": "fraud-score", "alias": "canary"})),
            "runs_search_bad_filter" => Some(json!({"experiment_ids": ["1"], "filter": "bogus ==="})),
            "experiments_search_no_max_results" => Some(json!({})),
            _ => None,
        };
        let method = Method::from_bytes(row["method"].as_str().unwrap().as_bytes()).unwrap();
        let mut request = stage.signed(MLFLOW, method, &alike(&row["path"], &names), body);
        if row["name"] == "bad_host_header_403" {
            request.headers.push(("host".into(), "evil.example".into()));
        }
        check(&stage, MLFLOW, &row, &request, &names);
    }
}

#[test]
fn gitlab_refuses_in_the_words_of_its_sources() {
    let stage = Stage::new("quiet", 300.0);
    let project = "/api/v4/projects/lumen%2Fsearch-api";
    let job = stage.get(GITLAB, &format!("{project}/jobs"))[0]["id"].clone();
    for (method, target, body, status, said) in [
        (Method::GET, "/api/v4/projects/nope".to_owned(), None, 404, json!({"message": "404 Project Not Found"})),
        (Method::GET, "/api/v4/nope".to_owned(), None, 404, json!({"error": "404 Not Found"})),
        (Method::GET, "/nope".to_owned(), None, 404, json!({"error": "404 Not Found"})),
        (Method::GET, format!("{project}/pipelines/999999"), None, 404, json!({"message": "404 Not found"})),
        (Method::GET, format!("{project}/pipelines/x"), None, 400, json!({"error": "pipeline_id is invalid"})),
        (Method::GET, format!("{project}/pipelines?order_by=bogus"), None, 400, json!({"error": "order_by does not have a valid value"})),
        (Method::GET, format!("{project}/pipelines?page=x"), None, 400, json!({"error": "page is invalid"})),
        (Method::GET, format!("{project}/pipelines?updated_after=x"), None, 400, json!({"error": "updated_after is invalid"})),
        (Method::GET, format!("{project}/pipelines/latest?ref=nope"), None, 403, json!({"message": "403 Forbidden"})),
        (Method::POST, format!("{project}/pipeline"), Some(json!({})), 400, json!({"error": "ref is missing"})),
        (
            Method::POST,
            format!("{project}/pipeline"),
            Some(json!({"ref": "nope"})),
            400,
            json!({"message": {"base": ["Reference not found"]}}),
        ),
        (Method::POST, format!("{project}/jobs/{job}/play"), None, 400, json!({"message": "400 Bad request - Unplayable Job"})),
        (Method::DELETE, format!("{project}/pipelines/1"), None, 404, json!({"error": "404 Not Found"})),
    ] {
        assert_eq!(stage.said(GITLAB, method, &target, body), (status, said), "{target}");
    }
    let unsigned = stage.ask(GITLAB, &Request::get(project));
    assert_eq!((unsigned.status, unsigned.whole().unwrap().as_ref()), (401, br#"{"message":"401 Unauthorized"}"#.as_slice()));
}
