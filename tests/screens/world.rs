//! A night as the sources would tell it: one set of entities with every state, at a fixed instant.
#![allow(dead_code, reason = "each test uses a part")]
#![allow(
    clippy::unwrap_used,
    clippy::too_many_lines,
    clippy::too_many_arguments,
    clippy::needless_pass_by_value,
    clippy::cast_possible_wrap,
    missing_docs,
    reason = "only tests use it"
)]

use std::sync::Arc;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use serde_json::{Value, json};
use triops::app::{self, Model, Settings};
use triops::config::Keymap;
use triops::domain::{
    Batch, Cost, Entity, Eye, Failure, FailureKind, Kind, PollId, PollInfo, Rules, Scope, SourceInfo, SourceName, Text, Timestamp,
};
use triops::msg::{Effect, Fetched, Msg};
use triops::ui::color::ColorDepth;
use triops::ui::{Glyphs, Look, Theme};

/// 2026-11-27T03:12:45Z
pub const NOW_S: i64 = 1_795_749_165;

pub fn now() -> Timestamp {
    Timestamp::from_ms(NOW_S * 1000)
}

pub fn ago(seconds: i64) -> Timestamp {
    Timestamp::from_ms((NOW_S - seconds) * 1000)
}

/// How the sources are doing in this picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Night {
    /// Sources are configured, nothing has come back.
    Loading,
    /// All is well and known.
    Quiet,
    /// The incident.
    Full,
    /// The incident, then every source fell silent.
    Stale,
    /// No source ever answered.
    Failed,
    /// No source at all.
    Empty,
}

pub fn settings(theme: &str, depth: ColorDepth, glyphs: Glyphs) -> Settings {
    let (theme, error) = Theme::load(theme, None, depth);
    assert_eq!(error, None);
    let look = Look { theme, glyphs, zone: jiff::tz::TimeZone::UTC };
    Settings {
        keymap: Keymap::embedded(),
        look,
        utc: true,
        mouse: false,
        rules: Rules::default(),
        dry_run: false,
        actor: Text::from("oncall"),
    }
}

pub fn model(night: Night) -> Model {
    model_with(night, settings("ansi", ColorDepth::Ansi16, Glyphs::Unicode))
}

pub fn model_with(night: Night, settings: Settings) -> Model {
    let mut model = Model::new(settings);
    send(&mut model, Msg::Ticked(now()));
    if night == Night::Empty {
        send(&mut model, Msg::Configured(Vec::new()));
        return model;
    }
    let sources = sources();
    send(&mut model, Msg::Configured(sources.iter().map(|(info, _)| Arc::clone(info)).collect()));
    if night == Night::Loading {
        return model;
    }
    for (place, (info, entities)) in sources.iter().enumerate() {
        let kept = |entity: &&Entity| night != Night::Quiet || entity.state.severity() < 3;
        let batch = Batch { entities: entities.iter().filter(kept).cloned().collect(), scope: Scope::Whole, ..Batch::default() };
        let at = ago(1 + place as i64);
        if night != Night::Failed {
            send(&mut model, fetched(info, at, Ok(batch)));
        }
        if matches!(night, Night::Stale | Night::Failed) {
            let failure = Failure::new(FailureKind::Timeout, format!("GET {}", info.url), "no answer within 10 s").hint("is the VPN up?");
            send(&mut model, fetched(info, now(), Err(failure)));
        }
    }
    model
}

/// Draws a model on a screen of that size.
pub fn draw(model: &mut Model, (width, height): (u16, u16)) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| app::draw(model, frame)).unwrap();
    terminal.backend().buffer().clone()
}

pub fn send(model: &mut Model, msg: Msg) -> Vec<Effect> {
    app::update(model, msg)
}

pub fn press(model: &mut Model, keys: &str) -> Vec<Effect> {
    keys.split_whitespace().flat_map(|key| send(model, Msg::Pressed(key.parse().unwrap()))).collect()
}

fn fetched(info: &SourceInfo, at: Timestamp, outcome: Result<Batch, Failure>) -> Msg {
    Msg::Fetched(Box::new(Fetched {
        source: info.name.clone(),
        poll: PollId::from("all"),
        at,
        latency_ms: 42,
        next_at: at.plus(15.0),
        spent: Cost { requests: NOW_S as u64 - (at.ms() / 1000) as u64, bytes: 10_000 },
        outcome,
    }))
}

fn source(name: &str, connector: &str, title: &str, eye: Eye, logs: &[Kind], entities: Vec<Entity>) -> (Arc<SourceInfo>, Vec<Entity>) {
    let mut kinds: Vec<Kind> = entities.iter().map(Entity::kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let info = SourceInfo {
        name: SourceName::from(name),
        connector: Text::from(connector),
        title: Text::from(title),
        url: Text::from(format!("http://{name}.example:8080")),
        env: Some(Text::from("prod")),
        eye,
        read_only: false,
        polls: vec![PollInfo { id: PollId::from("all"), every_s: 15.0, kinds, numbers: false }],
        logs: logs.to_vec(),
        readings: Vec::new(),
        discovered: false,
    };
    (Arc::new(info), entities)
}

/// An entity from the few fields that differ; the rest is what most have.
fn entity(source: &str, eye: &str, kind: &str, key: &str, state: &str, since_s: i64, reason: &str, detail: Value) -> Entity {
    entity_with(source, eye, kind, key, state, since_s, reason, detail, json!({}))
}

fn entity_with(
    source: &str,
    eye: &str,
    kind: &str,
    key: &str,
    state: &str,
    since_s: i64,
    reason: &str,
    detail: Value,
    more: Value,
) -> Entity {
    let mut all = json!({
        "id": format!("{source}/{kind}/{key}"), "name": key, "state": state, "reason": reason, "since": ago(since_s), "seen_at": ago(3),
        "eye": eye, "env": "prod", "labels": {"team": "fraud"}, "kind": kind, "detail": detail,
    });
    for (name, value) in more.as_object().unwrap() {
        all[name] = value.clone();
    }
    serde_json::from_value(all).unwrap()
}

fn sources() -> Vec<(Arc<SourceInfo>, Vec<Entity>)> {
    let link = |rel: &str, id: &str| json!({"rel": rel, "id": id});
    vec![
        source("airflow", "airflow", "Apache Airflow 3", Eye::DataOps, &[Kind::Run], {
            let run = |n: i64, pipeline: &str, state: &str, since: i64, took: i64, reason: &str| {
                let ended = if state == "running" { Value::Null } else { json!(ago(since - took)) };
                entity_with(
                    "airflow",
                    "dataops",
                    "run",
                    &format!("{pipeline}/{n}"),
                    state,
                    since,
                    reason,
                    json!({"pipeline": pipeline, "number": format!("#{n}"), "trigger": "scheduled", "started_at": ago(since), "ended_at": ended}),
                    json!({"name": pipeline, "url": format!("http://airflow.example:8080/dags/{pipeline}/runs/{n}"), "links": [link("pipeline", &format!("airflow/pipeline/{pipeline}"))]}),
                )
            };
            vec![
                entity_with(
                    "airflow",
                    "dataops",
                    "pipeline",
                    "load_orders",
                    "ok",
                    86_400,
                    "active",
                    json!({"schedule": "0 * * * *", "paused": false, "next_at": ago(-2835)}),
                    json!({"owner": "data", "links": [link("dataset", "catalog/dataset/orders")]}),
                ),
                entity(
                    "airflow",
                    "dataops",
                    "pipeline",
                    "vendor_drop",
                    "ok",
                    86_400,
                    "active",
                    json!({"schedule": "30 * * * *", "paused": false, "next_at": ago(-1035)}),
                ),
                entity(
                    "airflow",
                    "dataops",
                    "pipeline",
                    "old_report",
                    "ok",
                    86_400,
                    "paused",
                    json!({"schedule": "@daily", "paused": true}),
                ),
                run(415, "load_orders", "ok", 12_000, 310, "success"),
                run(416, "load_orders", "ok", 8_400, 290, "success"),
                run(417, "load_orders", "ok", 4_800, 330, "success"),
                run(418, "load_orders", "failed", 1_500, 120, "2 tasks upstream_failed"),
                run(77, "vendor_drop", "ok", 2_520, 60, "success, half the usual bytes"),
                run(12, "old_report", "running", 200, 0, "running"),
            ]
        }),
        source(
            "catalog",
            "openmetadata",
            "OpenMetadata",
            Eye::DataOps,
            &[],
            vec![
                entity(
                    "catalog",
                    "dataops",
                    "dataset",
                    "orders",
                    "warning",
                    2_280,
                    "volume check failed",
                    json!({"platform": "warehouse", "classifications": ["PII"], "freshness_at": ago(1_400), "rows": 612_000}),
                ),
                entity_with(
                    "catalog",
                    "dataops",
                    "check",
                    "orders.volume",
                    "failed",
                    2_280,
                    "612 k rows, usual 1.2–1.4 M",
                    json!({"subject": "orders", "test": "volume", "observed": "612000", "expected": "1.2–1.4 M", "unit": "rows"}),
                    json!({"links": [link("dataset", "catalog/dataset/orders")]}),
                ),
                entity(
                    "catalog",
                    "dataops",
                    "check",
                    "orders.schema",
                    "ok",
                    9_000,
                    "14 columns",
                    json!({"subject": "orders", "test": "schema"}),
                ),
            ],
        ),
        source(
            "docker",
            "docker",
            "Docker",
            Eye::DevOps,
            &[Kind::Workload],
            vec![
                entity(
                    "docker",
                    "devops",
                    "workload",
                    "api-7f9c",
                    "failed",
                    540,
                    "crash loop: 3 restarts, OOMKilled",
                    json!({"runtime": "docker", "image": "registry.example/api:1.42.0", "restarts": 3, "cpu_cores": 0.81, "memory_bytes": 520_093_696, "memory_limit_bytes": 536_870_912, "net_rx_bps": 12_300.0, "net_tx_bps": 4_100.0, "oom_killed": true, "exit_code": 137}),
                ),
                entity(
                    "docker",
                    "devops",
                    "workload",
                    "worker-1",
                    "ok",
                    90_000,
                    "running",
                    json!({"runtime": "docker", "image": "registry.example/worker:2.0", "restarts": 0, "cpu_cores": 0.12, "memory_bytes": 104_857_600, "memory_limit_bytes": 536_870_912, "net_rx_bps": 800.0, "net_tx_bps": 90.0}),
                ),
                entity(
                    "docker",
                    "devops",
                    "workload",
                    "migrate",
                    "cancelled",
                    4_000,
                    "exited 137 after kill",
                    json!({"runtime": "docker", "image": "registry.example/migrate:9", "exit_code": 137}),
                ),
                entity(
                    "docker",
                    "devops",
                    "workload",
                    "日本語-сервис",
                    "pending",
                    30,
                    "created",
                    json!({"runtime": "docker", "image": "x"}),
                ),
            ],
        ),
        source(
            "gitlab",
            "gitlab",
            "GitLab",
            Eye::DevOps,
            &[],
            vec![
                entity_with(
                    "gitlab",
                    "devops",
                    "change",
                    "api-deploy-1.42.0",
                    "ok",
                    3_300,
                    "a1b2c3d by ci",
                    json!({"what": "api", "actor": "ci", "at": ago(3_300), "after": "1.42.0", "commit": "a1b2c3d", "change": "deploy"}),
                    json!({"name": "api deploy 1.42.0"}),
                ),
                entity(
                    "gitlab",
                    "devops",
                    "change",
                    "old",
                    "ok",
                    90_000,
                    "yesterday",
                    json!({"what": "api", "actor": "ann", "at": ago(90_000), "change": "config"}),
                ),
            ],
        ),
        source(
            "mlflow",
            "mlflow",
            "MLflow",
            Eye::MlOps,
            &[],
            vec![
                entity_with(
                    "mlflow",
                    "mlops",
                    "model",
                    "fraud-score/7",
                    "failed",
                    720,
                    "drift 9/24 features, PSI 0.41",
                    json!({"version": "7", "aliases": ["champion"], "framework": "sklearn", "framework_version": "1.7.2", "metrics": {"auc": 0.912, "f1": 0.71}}),
                    json!({"name": "fraud-score", "links": [link("pipeline", "airflow/pipeline/load_orders")]}),
                ),
                entity_with(
                    "mlflow",
                    "mlops",
                    "model",
                    "fraud-score/6",
                    "ok",
                    900_000,
                    "READY",
                    json!({"version": "6", "aliases": ["previous"], "framework": "sklearn", "framework_version": "1.7.2", "metrics": {"auc": 0.921}}),
                    json!({"name": "fraud-score"}),
                ),
                entity_with(
                    "mlflow",
                    "mlops",
                    "endpoint",
                    "fraud-api",
                    "warning",
                    660,
                    "p99 2.4 s",
                    json!({"model": "fraud-score", "version": "7", "ready": true, "latency_p99_s": 2.4, "requests_per_s": 120.0}),
                    json!({"links": [link("model", "mlflow/model/fraud-score/7")]}),
                ),
                entity_with(
                    "mlflow",
                    "mlops",
                    "run",
                    "train-99",
                    "ok",
                    7_000,
                    "FINISHED",
                    json!({"pipeline": "fraud", "number": "99", "started_at": ago(7_000), "ended_at": ago(6_400), "actor": "ci"}),
                    json!({"name": "train-99"}),
                ),
                entity_with(
                    "mlflow",
                    "mlops",
                    "change",
                    "alias-1",
                    "ok",
                    3_120,
                    "alias champion: v6 → v7",
                    json!({"what": "fraud-score champion", "actor": "ci", "at": ago(3_120), "before": "6", "after": "7", "change": "alias"}),
                    json!({"name": "fraud-score champion"}),
                ),
            ],
        ),
        source(
            "prom",
            "prometheus",
            "Prometheus",
            Eye::DevOps,
            &[],
            vec![
                entity_with(
                    "prom",
                    "devops",
                    "alert",
                    "RefundLatencyHigh",
                    "failed",
                    660,
                    "p99 2.4 s > 1 s",
                    json!({"severity": "critical", "starts_at": ago(660), "expr": "histogram_quantile(0.99, rate(refund_seconds_bucket[5m])) > 1", "value": 2.4, "summary": "p99 2.4 s > 1 s", "runbook_url": "https://runbooks.example/refund", "receivers": ["oncall"]}),
                    json!({"url": "http://prom.example:8080/graph", "owner": "payments", "links": [link("endpoint", "mlflow/endpoint/fraud-api")]}),
                ),
                entity(
                    "prom",
                    "devops",
                    "alert",
                    "QueueLag",
                    "warning",
                    240,
                    "18 k > 10 k",
                    json!({"severity": "warning", "value": 18_000.0, "starts_at": ago(240)}),
                ),
                entity(
                    "prom",
                    "devops",
                    "alert",
                    "CertExpiry",
                    "failed",
                    20_000,
                    "certificate ends in 3 d",
                    json!({"severity": "critical", "value": 3.0, "silenced_by": ["a1"]}),
                ),
                entity("prom", "devops", "alert", "Watchdog", "ok", 900_000, "always fires", json!({"severity": "none", "value": 1.0})),
                entity(
                    "prom",
                    "devops",
                    "check",
                    "node:9100",
                    "ok",
                    900_000,
                    "up",
                    json!({"subject": "node:9100", "test": "scrape", "observed": "up"}),
                ),
                entity(
                    "prom",
                    "devops",
                    "check",
                    "dead:9106",
                    "failed",
                    5_000,
                    "connection refused",
                    json!({"subject": "dead:9106", "test": "scrape", "observed": "down"}),
                ),
            ],
        ),
    ]
}
