//! The systems that the cockpit looks at: recorded answers of real ones over HTTP, which can be told to fail, to hang or to change.
//! Not for: what a connector makes of the answers (see `tests/connectors.rs`).

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::watch;
use triops::config::{AuthConfig, Paths, SourceConfig};
use triops::source::Source;
use triops::source::registry::Registry;

use crate::server::{Server, http, json as answer};

/// Which request is answered with which recording.
type Rules = &'static [(&'static str, &'static str)];

/// A system by its connector's name.
pub const SYSTEMS: &[(&str, Rules)] = &[
    (
        "alertmanager",
        &[
            ("GET /api/v2/alerts", "alertmanager/alerts.json"),
            ("GET /api/v2/silences", "alertmanager/silences.json"),
            ("POST /api/v2/silences", "alertmanager/silence_posted.json"),
            ("GET /api/v2/status", "alertmanager/status.json"),
            ("GET /api/v2/receivers", "alertmanager/receivers.json"),
        ],
    ),
    (
        "airflow",
        &[
            ("POST /auth/token", "airflow/auth_token_create.json"),
            ("GET /api/v2/dags/~/dagRuns", "airflow/dagruns_all.json"),
            ("GET /api/v2/dags/fails_always/tasks", "airflow/dag_tasks.json"),
            ("GET /api/v2/dags/fails_always/dagRuns/manual_fails_always/taskInstances/charge/logs/1", "airflow/log_failed_json.json"),
            ("GET /api/v2/dags/fails_always/dagRuns/manual_fails_always/taskInstances", "airflow/ti_fails_always.json"),
            ("GET /api/v2/dags", "airflow/dags.json"),
            ("GET /api/v2/importErrors", "airflow/import_errors.json"),
            ("GET /api/v2/monitor/health", "airflow/health.json"),
            ("GET /api/v2/assets", "airflow/assets.json"),
        ],
    ),
    (
        "mlflow",
        &[
            ("GET /version", "mlflow/version.txt"),
            ("POST /api/2.0/mlflow/experiments/search", "mlflow/experiments_search.json"),
            ("POST /api/2.0/mlflow/runs/search", "mlflow/runs_search.json"),
            ("GET /api/2.0/mlflow/runs/get", "mlflow/runs_get.json"),
            ("GET /api/2.0/mlflow/model-versions/search", "mlflow/model_versions_search.json"),
            ("GET /api/2.0/mlflow/registered-models/search", "mlflow/registered_models_search.json"),
            ("GET /model-versions/get-artifact", "mlflow/MLmodel.yaml"),
        ],
    ),
    (
        "prometheus",
        &[
            ("GET /api/v1/rules", "prometheus/rules.json"),
            ("GET /api/v1/targets", "prometheus/targets.json"),
            ("GET /api/v1/status/runtimeinfo", "prometheus/status-runtimeinfo.json"),
            ("GET /api/v1/query_range", "prometheus/query-range-p99.json"),
            ("GET /api/v1/query", "prometheus/query-vector-up.json"),
        ],
    ),
];

/// How a system is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    Answers,
    /// 503 for everything.
    Fails,
    /// Takes requests and says nothing.
    Hangs,
    /// Answers, and has nothing to tell: every list is empty.
    Quiet,
}

/// A system that runs until the test ends.
pub struct System {
    /// Counts its requests.
    pub asked: watch::Receiver<usize>,
    mood: Arc<Mutex<Mood>>,
    server: Server,
}

impl System {
    pub async fn start(name: &str) -> Self {
        let rules = SYSTEMS.iter().find(|(system, _)| *system == name).unwrap().1;
        let recordings: Vec<(&str, Vec<u8>)> = rules.iter().map(|(request, file)| (*request, recording(file))).collect();
        let mood = Arc::new(Mutex::new(Mood::Answers));
        let (count, asked) = watch::channel(0);
        let (feeling, recordings) = (Arc::clone(&mood), Arc::new(recordings));
        let server = Server::start(Arc::new(move |request, mut wire| {
            let (mood, recordings, count) = (*feeling.lock().unwrap(), Arc::clone(&recordings), count.clone());
            Box::pin(async move {
                let found = recordings.iter().find(|(beginning, _)| request.starts_with(beginning));
                let bytes = match (mood, found) {
                    (Mood::Hangs, _) => return std::future::pending().await,
                    (Mood::Fails, _) => http("503 Service Unavailable", "", "upstream is away"),
                    (Mood::Quiet, Some((beginning, _))) if beginning.contains("alerts") => answer("[]"),
                    (_, Some((_, body))) => answer(body),
                    (_, None) => http("404 Not Found", "", "no such recording"),
                };
                let _ = wire.write_all(&bytes).await;
                let _ = wire.shutdown().await;
                count.send_modify(|count| *count += 1);
            })
        }))
        .await;
        Self { asked, mood, server }
    }

    pub fn feel(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    /// The source that looks at it, as the cockpit makes it.
    pub fn source(&self, name: &str) -> Arc<dyn Source> {
        let login = AuthConfig {
            scheme: "login".to_owned(),
            user: Some("oncall".to_owned()),
            password: Some(serde_json::from_value(json!("hunter2-hunter2")).unwrap()),
            ..AuthConfig::default()
        };
        let config = SourceConfig {
            name: name.to_owned(),
            connector: name.to_owned(),
            url: Some(self.server.url()),
            proxy: Some("none".to_owned()),
            env: Some("prod".to_owned()),
            every: Some("1s".parse().unwrap()),
            auth: (name == "airflow").then_some(login),
            ..SourceConfig::default()
        };
        // no file of a user, whoever runs the tests
        Registry::load(&Paths::under(std::path::Path::new("/nonexistent"))).unwrap().build(&config).unwrap()
    }
}

/// The systems of a journey, by name.
pub async fn systems(names: &[&'static str]) -> HashMap<&'static str, System> {
    let mut systems = HashMap::new();
    for name in names {
        systems.insert(*name, System::start(name).await);
    }
    systems
}

fn recording(file: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/fixtures/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}
