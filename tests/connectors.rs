//! What every connector file promises: it is right, and recorded answers of the real system become the entities that are written down.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "hostile/server.rs"]
mod server;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::StreamExt;
use serde_json::{Value, json};
use server::{Server, http, json as answer};
use triops::config::{AuthConfig, Connector, Connectors, Paths, SourceConfig};
use triops::domain::{Answer, Ask, Batch, Entity, Failure, LogRequest, PollId, Scope, Timestamp};
use triops::source::registry::Registry;
use triops::source::{Source, manifest};

fn now() -> Timestamp {
    Timestamp::parse("2026-11-23T22:30:00Z").unwrap()
}

fn fixture(path: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/fixtures/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// A server that answers the first rule whose beginning fits the request's method and path.
async fn replaying(rules: &[(&'static str, &'static str)]) -> Server {
    let rules: Vec<(String, Vec<u8>)> = rules.iter().map(|(asked, file)| ((*asked).to_owned(), fixture(file))).collect();
    Server::answering(move |request| {
        let found = rules.iter().find(|(asked, _)| request.starts_with(asked.as_str()));
        found.map_or_else(|| http("404 Not Found", "", "no such fixture"), |(_, body)| answer(body))
    })
    .await
}

fn config(connector: &str, server: &Server) -> SourceConfig {
    SourceConfig {
        name: "s".into(),
        connector: connector.into(),
        url: Some(server.url()),
        proxy: Some("none".into()),
        env: Some("test".into()),
        ..SourceConfig::default()
    }
}

/// No file of a user, whoever runs the tests.
fn built_in() -> Registry {
    Registry::load(&Paths::under(std::path::Path::new("/nonexistent"))).unwrap()
}

fn source(config: &SourceConfig) -> Arc<dyn Source> {
    built_in().build(config).unwrap()
}

async fn poll(source: &dyn Source, id: &str) -> Result<Batch, Failure> {
    source.poll(&PollId::from(id), now()).await
}

/// Every poll of a source as one readable text, free of the server's port.
async fn everything(source: &dyn Source, server: &Server) -> String {
    let mut out = String::new();
    for info in &source.info().polls {
        let batch = source.poll(&info.id, now()).await.unwrap();
        assert_eq!(batch.scope, Scope::Whole);
        for entity in &batch.entities {
            assert!(info.kinds.contains(&entity.kind()), "{} is not announced by poll {}", entity.id, info.id);
        }
        let mut part = json!({ "poll": info.id, "entities": batch.entities });
        if !batch.problems.is_empty() {
            part["problems"] = serde_json::to_value(&batch.problems).unwrap();
        }
        out += &serde_json::to_string_pretty(&part).unwrap();
        out.push('\n');
    }
    out.replace(&server.address, "HOST")
}

fn entity<'a>(batch: &'a Batch, key: &str) -> &'a Entity {
    batch.entities.iter().find(|entity| entity.id.key() == key).unwrap_or_else(|| panic!("no {key} in {:?}", batch.entities))
}

#[test]
fn every_built_in_connector_is_right_to_the_last_filter() {
    let connectors = Connectors::load(None).unwrap();
    assert!(connectors.names().count() >= 3);
    for name in connectors.names() {
        let connector = connectors.get(name).unwrap().unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
        let mistakes = manifest::check(&connector);
        assert!(mistakes.is_empty(), "{}", mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
        assert!(!connector.poll.is_empty() && connector.probe.is_some(), "{name} asks nothing");
    }
}

#[test]
fn a_mistake_in_a_connector_names_file_line_column_and_the_right_spelling() {
    let good = "[connector]\ntitle = \"X\"\neye = \"devops\"\n[[poll]]\nid = \"a\"\nevery = \"1s\"\nemits = [\"alert\"]\nget = \"/x\"\nmap = '.[]'\n";
    assert!(Connector::parse("x", "x.toml", good).is_ok());
    for (from, to, said) in [
        ("title = \"X\"", "titel = \"X\"", "x.toml:2:1: unknown key `titel` in `connector`"),
        ("\"devops\"", "\"devop\"", "x.toml:3:7: `devop` is not a value"),
        ("every = \"1s\"", "every = \"1 second\"", "x.toml:6:9:"),
        ("get = \"/x\"", "", "needs exactly one of get, post"),
        ("get = \"/x\"", "get = \"/x\"\npost = \"/y\"", "needs exactly one of get, post"),
        ("get = \"/x\"", "get = \"/{open\"", "x.toml:8:7:"),
        ("emits = [\"alert\"]", "emits = [\"alarm\"]", "`alarm` is not a value"),
        ("map = '.[]'", "map = '.[]'\nfor-each = { poll = \"b\", items = '.[]' }", "no poll before this one has the id `b`"),
        ("map = '.[]'", "", "`map` is missing"),
        ("map = '.[]'", "map = '.[]'\npages = { style = \"offsets\", size = 1, items = '.' }", "`offsets`"),
    ] {
        let mistakes = Connector::parse("x", "x.toml", &good.replace(from, to)).expect_err(to);
        let text = mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        assert!(text.contains(said), "{to}: {text}");
    }
    for (from, to, said) in [
        ("map = '.[]'", "map = '''\n.[]\n| {kind: oops}\n'''", "x.toml:11:10: `poll[0].map` is no jq: filter `oops`, which is not defined"),
        ("map = '.[]'", "map = 'env.HOME'", "x.toml:9:8: `poll[0].map` is no jq: filter `env`, which connectors may not use"),
        ("get = \"/x\"", "get = \"/x/{detail.x}\"", "names `{detail…}`, which does not exist here"),
    ] {
        let connector = Connector::parse("x", "x.toml", &good.replace(from, to)).unwrap();
        let text = manifest::check(&connector).iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        assert!(text.contains(said), "{to}: {text}");
    }
}

#[test]
fn a_connector_of_the_users_folder_wins_over_the_built_in_one() {
    let folder = std::env::temp_dir().join(format!("triops-connectors-{}", std::process::id()));
    let paths = Paths::under(&folder);
    let dir = paths.connectors_dir();
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join("mlflow.toml"), "[connector]\ntitle = \"Mine\"\neye = \"mlops\"\n").unwrap();
    std::fs::write(dir.join("broken.toml"), "[connector").unwrap();
    let connectors = Connectors::load(Some(&dir)).unwrap();
    assert_eq!(connectors.get("mlflow").unwrap().unwrap().connector.title, "Mine");
    assert!(connectors.get("airflow").unwrap().is_ok());
    assert!(connectors.get("nothing").is_none());
    let config = SourceConfig { name: "s".into(), connector: "broken".into(), ..SourceConfig::default() };
    let failure = Registry::load(&paths).unwrap().build(&config).err().unwrap();
    assert!(format!("{failure:?}").contains("broken.toml:1:"), "{failure:?}");
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(Connectors::load(Some(&dir)).is_ok(), "a folder that is not there is an empty one");
}

#[test]
fn a_source_that_names_what_is_not_there_is_told_what_is() {
    let base = SourceConfig { name: "s".into(), connector: "mlflow".into(), ..SourceConfig::default() };
    let wrong = |config: &SourceConfig| built_in().build(config).err().unwrap();
    let mut with = base.clone();
    with.with.insert("stale_after_hour".into(), json!(1));
    assert!(wrong(&with).detail.contains("did you mean `stale_after_hours`"));
    let auth = AuthConfig { scheme: "login".into(), ..AuthConfig::default() };
    assert!(wrong(&SourceConfig { auth: Some(auth), ..base }).detail.contains("no such scheme: `login`"));
}

#[tokio::test]
async fn alertmanager() {
    let server = replaying(&[
        ("GET /api/v2/alerts", "alertmanager/alerts.json"),
        ("GET /api/v2/silences", "alertmanager/silences.json"),
        ("GET /api/v2/status", "alertmanager/status.json"),
        ("GET /api/v2/receivers", "alertmanager/receivers.json"),
    ])
    .await;
    let source = source(&config("alertmanager", &server));
    insta::assert_snapshot!(everything(&*source, &server).await);
    assert_eq!(source.probe().await.unwrap().product, "Alertmanager 0.25.0");
    let batch = poll(&*source, "alerts").await.unwrap();
    let raw = source.ask(&Ask::Raw { entity: entity(&batch, "1ea6a0df14961dcb").clone().shared() }).await.unwrap();
    assert!(matches!(raw, Answer::Raw(text) if text.contains("AlwaysFiring") && !text.contains("InstanceDown")));
}

#[tokio::test]
async fn mlflow() {
    let server = replaying(&[
        ("GET /version", "mlflow/version.txt"),
        ("POST /api/2.0/mlflow/experiments/search", "mlflow/experiments_search.json"),
        ("POST /api/2.0/mlflow/runs/search", "mlflow/runs_search.json"),
        ("GET /api/2.0/mlflow/model-versions/search", "mlflow/model_versions_search.json"),
        ("GET /api/2.0/mlflow/registered-models/search", "mlflow/registered_models_search.json"),
        ("GET /api/2.0/mlflow/runs/get?run_id=cba0ad5f28e0484bb34e641d5269de2b", "mlflow/runs_get.json"),
        ("GET /model-versions/get-artifact?name=churn-clf&path=MLmodel&version=3", "mlflow/MLmodel.yaml"),
        ("GET /model-versions/get-artifact?name=churn-clf&path=requirements.txt&version=3", "mlflow/requirements.txt"),
    ])
    .await;
    let source = source(&config("mlflow", &server));
    insta::assert_snapshot!(everything(&*source, &server).await);
    assert_eq!(source.probe().await.unwrap().product, "MLflow 3.17.2");
    let before = server.count();
    poll(&*source, "models").await.unwrap();
    let again = server.asked.lock().unwrap()[before..].join("\n");
    assert!(!again.contains("version=3") && again.contains("version=2"), "what was answered and never changes is not asked again: {again}");
}

#[tokio::test]
async fn a_run_that_a_crashed_client_left_behind_is_not_running_for_ever() {
    let body = json!({"runs": [{"info": {"run_id": "r", "status": "RUNNING", "start_time": 1_795_000_000_000_u64, "experiment_id": "1"}, "data": {}}]});
    let connector = Connectors::load(None).unwrap().get("mlflow").unwrap().unwrap();
    let (entities, problems) = manifest::try_map(&connector, "runs", body.to_string().as_bytes(), &Value::Null, now()).unwrap();
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!((entities[0].state.word(), entities[0].reason.as_deref()), ("unknown", Some("RUNNING for 131 h: did its client crash?")));
}

const AIRFLOW: &[(&str, &str)] = &[
    ("POST /auth/token", "airflow/auth_token_create.json"),
    ("GET /api/v2/version", "airflow/version.json"),
    ("GET /api/v2/dags/~/dagRuns", "airflow/dagruns_all.json"),
    ("GET /api/v2/dags/fails_always/tasks", "airflow/dag_tasks.json"),
    ("GET /api/v2/dags/fails_always/dagRuns/manual_fails_always/taskInstances/charge/logs/1", "airflow/log_failed_json.json"),
    ("GET /api/v2/dags/fails_always/dagRuns/manual_fails_always/taskInstances", "airflow/ti_fails_always.json"),
    ("GET /api/v2/dags", "airflow/dags.json"),
    ("GET /api/v2/importErrors", "airflow/import_errors.json"),
    ("GET /api/v2/monitor/health", "airflow/health.json"),
    ("GET /api/v2/assets", "airflow/assets.json"),
];

fn airflow_config(server: &Server) -> SourceConfig {
    let password = serde_json::from_value(json!("hunter2-hunter2")).unwrap();
    let auth = AuthConfig { scheme: "login".into(), user: Some("oncall".into()), password: Some(password), ..AuthConfig::default() };
    SourceConfig { auth: Some(auth), ..config("airflow", server) }
}

#[tokio::test]
async fn airflow() {
    let server = replaying(AIRFLOW).await;
    let source = source(&airflow_config(&server));
    let entities = everything(&*source, &server).await;
    let batch = poll(&*source, "runs").await.unwrap();
    let run = entity(&batch, "fails_always/manual_fails_always").clone().shared();
    let Answer::Steps(steps) = source.ask(&Ask::Steps { run: run.clone() }).await.unwrap() else { panic!("no steps") };
    let steps = serde_json::to_string_pretty(&json!({ "steps": steps })).unwrap();
    let request = LogRequest { entity: run, step: None, attempt: None, since: None, until: None, tail: 1000, follow: false };
    let parts: Vec<_> = source.logs(request).collect().await;
    let part = parts[0].as_ref().unwrap();
    assert!(parts.len() == 1 && part.ended && part.from_start);
    let lines: Vec<String> = part.lines.iter().map(|line| serde_json::to_string(line).unwrap()).collect();
    insta::assert_snapshot!(format!("{entities}{steps}\n{}", lines.join("\n")));
    assert_eq!(source.probe().await.unwrap().product, "Apache Airflow 3 3.3.2");
    let asked = server.asked.lock().unwrap().join("\n");
    assert_eq!(asked.matches("POST /auth/token").count(), 1, "one login serves all");
    assert!(asked.contains(r#""password":"hunter2-hunter2""#) && asked.contains("authorization: Bearer <token>"));
}

#[tokio::test]
async fn a_token_that_is_no_longer_good_is_replaced_once_and_the_request_repeated() {
    let logins = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&logins);
    let server = Server::answering(move |request| {
        if request.starts_with("POST /auth/token") {
            return answer(format!(r#"{{"access_token":"token-{}"}}"#, count.fetch_add(1, Ordering::SeqCst)));
        }
        http("403 Forbidden", "content-type: application/json\r\n", fixture("airflow/badtoken_403.json"))
    })
    .await;
    let source = source(&airflow_config(&server));
    for _ in 0..3 {
        let failure = poll(&*source, "dags").await.unwrap_err();
        assert!(failure.detail.contains("Invalid JWT token"), "{failure}");
    }
    assert_eq!(logins.load(Ordering::SeqCst), 1, "a young token is not the reason of a refusal: no login storm");
}

#[tokio::test]
async fn a_wrong_password_is_told_without_repeating_it() {
    let server =
        Server::answering(
            |request| {
                if request.starts_with("POST /auth/token") { http("401 Unauthorized", "", request) } else { answer("{}") }
            },
        )
        .await;
    let failure = poll(&*source(&airflow_config(&server)), "dags").await.unwrap_err();
    assert!(failure.hint.contains("wrong") && !format!("{failure:?}").contains("hunter2"), "{failure:?}");
}

#[tokio::test]
async fn a_log_that_is_followed_comes_once_and_ends_with_its_task() {
    let log = |texts: &[&str], token: Option<&str>| {
        let content: Vec<Value> =
            texts.iter().map(|text| json!({ "event": text, "timestamp": "2026-11-23T22:22:39Z", "level": "info" })).collect();
        answer(json!({ "content": content, "continuation_token": token }).to_string())
    };
    let server = Server::answering(move |request| {
        let path = request.split(' ').nth(1).unwrap_or_default();
        match path {
            "/auth/token" => answer(r#"{"access_token":"t"}"#),
            _ if !path.contains("/taskInstances/train/logs/2?") => http("404 Not Found", "", path),
            _ if !path.contains("token=") => log(&["one", "two\nthree"], Some("a")),
            _ if path.contains("token=a") => log(&["four"], Some("b")),
            _ if path.contains("token=b") => log(&[], Some("c")),
            _ if path.contains("token=c") => log(&["five"], None),
            _ => http("400 Bad Request", "", path),
        }
    })
    .await;
    let source = source(&airflow_config(&server));
    let connector = Connectors::load(None).unwrap().get("airflow").unwrap().unwrap();
    let (runs, _) = manifest::try_map(&connector, "runs", &fixture("airflow/dagruns_all.json"), &Value::Null, now()).unwrap();
    let run = Arc::new(runs[0].clone());
    let request = LogRequest { entity: run, step: Some("train".into()), attempt: Some(2), since: None, until: None, tail: 3, follow: true };
    let parts: Vec<_> = source.logs(request).map(Result::unwrap).collect().await;
    let texts: Vec<Vec<&str>> = parts.iter().map(|part| part.lines.iter().map(|line| line.text.as_str()).collect()).collect();
    assert_eq!(texts, [vec!["two", "three", "four"], vec!["five"]]);
    assert_eq!(parts.iter().map(|part| (part.from_start, part.ended)).collect::<Vec<_>>(), [(false, false), (false, true)]);
}

/// A source on a connector written in the test.
fn written(text: &str, server: &Server) -> manifest::Manifest {
    let text = format!("[connector]\ntitle = \"T\"\neye = \"devops\"\n{text}");
    let connector = Connector::parse("t", "t.toml", &text).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    assert_eq!(manifest::check(&connector), []);
    manifest::Manifest::new(&config("t", server), &connector).unwrap()
}

fn keys(batch: &Batch) -> Vec<&str> {
    batch.entities.iter().map(|entity| entity.id.key()).collect()
}

#[tokio::test]
async fn further_pages_are_found_in_headers_and_in_answers_and_never_on_another_host() {
    let server = Server::answering(|request| {
        let path = request.split(' ').nth(1).unwrap_or_default();
        let page = |headers: &str, body: &str| http("200 OK", headers, body);
        match path {
            "/link?size=2" => page("link: </x>; rel=\"prev\"\r\nLink: </link?page=2>; rel=\"next\"\r\n", r#"{"rows":[1,2]}"#),
            "/link?page=2" => page("link: </link?page=1>; rel=\"first\"\r\n", r#"{"rows":[3]}"#),
            "/next" => page("", r#"{"rows":[1],"next":"/next?at=2"}"#),
            "/next?at=2" => page("", r#"{"rows":[2],"next":null}"#),
            "/away" => page("link: <http://elsewhere.example/steal>; rel=\"next\"\r\n", r#"{"rows":[1]}"#),
            _ => http("404 Not Found", "", path),
        }
    })
    .await;
    let poll_of = |id: &str, more: &str| {
        format!(
            "[[poll]]\nid = \"{id}\"\nevery = \"1s\"\nemits = [\"check\"]\nget = \"/{id}\"\n{more}\nmap = 'rows(\"rows\") | {{kind: \"check\", key: tostring, state: \"ok\"}}'\n"
        )
    };
    let text = [
        poll_of("link", "query = { size = 2 }\npages = { style = \"link-header\", max = 5 }"),
        poll_of("next", "pages = { style = \"next-url\", next = \".next\", max = 5 }"),
        poll_of("away", "pages = { style = \"link-header\", max = 5 }"),
    ];
    let source = written(&text.concat(), &server);
    assert_eq!(keys(&poll(&source, "link").await.unwrap()), ["1", "2", "3"]);
    assert_eq!(keys(&poll(&source, "next").await.unwrap()), ["1", "2"]);
    let failure = poll(&source, "away").await.unwrap_err();
    assert!(failure.detail.contains("another host"), "{failure}");
}

const LOG: &str = r#"
[[poll]]
id    = "runs"
every = "1s"
emits = ["run"]
get   = "/runs"
map   = '{kind: "run", key: "1", state: "running"}'

[[logs]]
on     = ["run"]
get    = "/log"
every  = "10ms"
decode = "text"
map    = 'split("\n")[] | select(. != "")'
"#;

/// The parts of a log that is followed to its end.
async fn followed(source: &dyn Source) -> Vec<Vec<String>> {
    let run = poll(source, "runs").await.unwrap().entities[0].clone().shared();
    let request = LogRequest { entity: run, step: None, attempt: None, since: None, until: None, tail: 1000, follow: true };
    let parts: Vec<_> = source.logs(request).map(Result::unwrap).collect().await;
    parts.iter().map(|part| part.lines.iter().map(|line| line.text.to_string()).collect()).collect()
}

#[tokio::test]
async fn a_log_goes_on_from_what_a_header_of_the_answer_says() {
    let server = Server::answering(|request| match request.split(' ').nth(1).unwrap_or_default() {
        "/runs" => answer("{}"),
        "/log?start=0" => http("200 OK", "x-text-size: 8\r\nx-more-data: true\r\n", "one\ntwo\n"),
        "/log?start=8" => http("200 OK", "x-text-size: 14\r\n", "three\n"),
        path => http("404 Not Found", "", path),
    })
    .await;
    let more = "query = { start = 0 }\nparam = \"start\"\nnext = 'if $headers[\"x-more-data\"] == \"true\" then $headers[\"x-text-size\"] else null end'\n";
    let parts = followed(&written(&format!("{LOG}{more}"), &server)).await;
    assert_eq!(parts.concat(), ["one", "two", "three"]);
}

#[tokio::test]
async fn a_log_goes_on_from_as_much_as_was_read() {
    for (unit, second) in [("bytes", "/log?from=8"), ("lines", "/log?from=2")] {
        let server = Server::answering(move |request| match request.split(' ').nth(1).unwrap_or_default() {
            "/runs" => answer("{}"),
            "/log?from=0" => http("200 OK", "", "one\ntwo\n"),
            path if path == second => http("200 OK", "", "three\n"),
            _ => http("200 OK", "", ""),
        })
        .await;
        let source = written(&format!("{LOG}param = \"from\"\noffset = \"{unit}\"\n"), &server);
        let run = poll(&source, "runs").await.unwrap().entities[0].clone();
        let request = LogRequest { entity: run.shared(), step: None, attempt: None, since: None, until: None, tail: 1000, follow: false };
        let parts: Vec<_> = source.logs(request).map(Result::unwrap).collect().await;
        let lines: Vec<&str> = parts[0].lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(lines, ["one", "two", "three"], "{unit}");
    }
}

#[tokio::test]
async fn a_page_of_metrics_is_mapped_by_its_families() {
    let page = "# TYPE up gauge\nup{job=\"a\"} 1\nup{job=\"b\"} 0\nbad line\n";
    let server = Server::answering(move |_| http("200 OK", "content-type: text/plain; version=0.0.4\r\n", page)).await;
    let text = "[[poll]]\nid = \"m\"\nevery = \"1s\"\nemits = [\"check\"]\nget = \"/metrics\"\ndecode = \"prometheus\"\nmap = 'metric(\"up\") | {kind: \"check\", key: .labels.job, state: (if .value == 1 then \"ok\" else \"failed\" end)}'\n";
    let batch = poll(&written(text, &server), "m").await.unwrap();
    let states: Vec<&str> = batch.entities.iter().map(|entity| entity.state.word()).collect();
    assert_eq!((states, batch.problems.len()), (vec!["ok", "failed"], 1));
    assert!(server.asked.lock().unwrap()[0].contains("openmetrics"));
}

#[tokio::test]
async fn requests_to_a_chef_server_are_signed_with_the_key_of_the_client() {
    let server = replaying(&[("POST /organizations/acme/search/node", "chef/nodes.json"), ("GET /_status", "chef/status.json")]).await;
    let key = format!("{}/tests/fixtures/chef/client.pem", env!("CARGO_MANIFEST_DIR"));
    let auth = AuthConfig { scheme: "chef".into(), user: Some("oncall".into()), key: Some(key.into()), ..AuthConfig::default() };
    let with = [("organization".to_owned(), json!("acme"))].into_iter().collect();
    let source = source(&SourceConfig { auth: Some(auth), with, ..config("chef", &server) });
    let nodes = poll(&*source, "nodes").await.unwrap();
    assert_eq!((keys(&nodes), entity(&nodes, "web-1").state.word()), (vec!["web-1", "db-1", "new"], "ok"));
    assert!(entity(&nodes, "web-1").url.as_deref().unwrap().ends_with("/organizations/acme/nodes/web-1"));
    let asked = server.asked.lock().unwrap()[0].to_lowercase();
    for header in ["x-ops-sign: algorithm=sha256;version=1.3;", "x-ops-userid: oncall", "x-ops-content-hash: ", "x-ops-authorization-6: "] {
        assert!(asked.contains(header), "{header} in {asked}");
    }
}
