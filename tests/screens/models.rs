//! A registered model with all that can be known of it: versions, a champion that has changed, readings, and features that drift.

use std::sync::Arc;

use serde_json::{Value, json};
use triops::app::Model;
use triops::domain::{Batch, Cost, Entity, Eye, Point, PollId, PollInfo, Scope, Series, SourceInfo, SourceName, Text};
use triops::msg::{Fetched, Msg};
use triops::ui::Glyphs;
use triops::ui::color::ColorDepth;

use crate::SIZES;
use crate::sheet::{Of, sheet, strange};
use crate::world::{Night, ago, draw, model, model_with, now, press, send, settings};

fn source(name: &str, title: &str) -> Arc<SourceInfo> {
    Arc::new(SourceInfo {
        name: SourceName::from(name),
        connector: Text::from(name),
        title: Text::from(title),
        url: Text::from("http://registry.example"),
        env: None,
        eye: Eye::MlOps,
        read_only: false,
        polls: vec![PollInfo { id: PollId::from("all"), every_s: 60.0, kinds: Vec::new(), numbers: false }],
        logs: Vec::new(),
        readings: Vec::new(),
        discovered: false,
    })
}

fn told(model: &mut Model, source: &str, before_s: i64, entities: Vec<Entity>, series: Vec<Series>) {
    let batch = Batch { entities, series, scope: Scope::Whole, ..Batch::default() };
    let fetched = Fetched {
        source: SourceName::from(source),
        poll: PollId::from("all"),
        at: ago(before_s),
        latency_ms: 42,
        next_at: now().plus(58.0),
        spent: Cost { requests: 1, bytes: 1_000 },
        outcome: Ok(batch),
    };
    send(model, Msg::Fetched(Box::new(fetched)));
}

fn entity(source: &str, kind: &str, key: &str, name: &str, state: &str, reason: &str, labels: Value, detail: Value) -> Entity {
    serde_json::from_value(json!({
        "id": format!("{source}/{kind}/{key}"), "name": name, "state": state, "reason": reason, "since": ago(7_200), "seen_at": ago(3),
        "eye": "mlops", "labels": labels, "kind": kind, "detail": detail,
    }))
    .unwrap()
}

/// Versions 5 to 8 with that champion; the newest is the challenger.
fn versions(champion: u32) -> Vec<Entity> {
    [(5, 0.81, 0.47), (6, 0.84, 0.44), (7, 0.78, 0.51), (8, 0.86, 0.43)]
        .map(|(version, auc, loss)| {
            let aliases = [(champion, "champion"), (8, "challenger")];
            let aliases: Vec<&str> = aliases.into_iter().filter(|(of, _)| *of == version).map(|(_, alias)| alias).collect();
            let detail = json!({"version": version.to_string(), "aliases": aliases, "framework": "xgboost", "metrics": {"auc": auc, "val_loss": loss}});
            let name = format!("credit-risk v{version}");
            entity("registry", "model", &format!("credit-risk/{version}"), &name, "ok", "READY", json!({"model": "credit-risk"}), detail)
        })
        .to_vec()
}

fn readings() -> Vec<Series> {
    let line = |reading: &str, unit: &str, version: Option<&str>, value: fn(i64) -> f64| Series {
        reading: reading.into(),
        labels: [("model", Some("credit-risk")), ("version", version)]
            .into_iter()
            .filter_map(|(name, value)| Some((name.into(), value?.into())))
            .collect(),
        unit: unit.into(),
        points: (0..90).map(|n| Point { at: ago(5_400 - n * 60), value: value(n) }).collect(),
    };
    vec![
        line("live auc", "", None, |n| if n < 50 { 0.835 } else { 0.835 - (n - 50) as f64 * 0.0015 }),
        line("predictions", "1/s", Some("7"), |n| if n < 50 { 0.0 } else { 90.0 }),
        line("predictions", "1/s", Some("8"), |_| 10.0),
        line("latency p99", "s", None, |n| 0.04 + (n % 7) as f64 * 0.002),
    ]
}

fn drift() -> Vec<Entity> {
    let labels = |feature: &str| json!({"model": "credit-risk", "feature": feature});
    let feature = |name: &str, state: &str, psi: f64, share: f64, current: [f64; 4]| {
        let detail = json!({
            "subject": "credit-risk", "test": "drift", "observed": format!("PSI {psi}"), "numbers": {"psi": psi, "contribution": share},
            "windows": {"cells": ["≤ 1", "≤ 2", "≤ 3", "> 3"], "reference": [0.4, 0.3, 0.2, 0.1], "current": current},
        });
        entity(
            "metrics",
            "check",
            &format!("drift/credit-risk/{name}"),
            &format!("credit-risk {name}"),
            state,
            "moved",
            labels(name),
            detail,
        )
    };
    let whole = json!({"subject": "credit-risk", "test": "model drift", "observed": "2/4 features"});
    vec![
        entity(
            "metrics",
            "check",
            "drift/credit-risk",
            "credit-risk drift",
            "failed",
            "drift 2/4 features, most income: PSI 0.61",
            labels(""),
            whole,
        ),
        feature("income", "failed", 0.61, 0.7, [0.1, 0.2, 0.3, 0.4]),
        feature("age", "warning", 0.14, 0.2, [0.3, 0.3, 0.2, 0.2]),
        feature("postcode", "ok", 0.03, 0.08, [0.4, 0.3, 0.2, 0.1]),
        feature("term", "ok", 0.01, 0.02, [0.4, 0.3, 0.2, 0.1]),
    ]
}

/// The night, and in it a registry whose champion changed three quarters of an hour ago.
fn with_all(mut model: Model) -> Model {
    send(&mut model, Msg::Configured(vec![source("registry", "MLflow"), source("metrics", "Prometheus")]));
    told(&mut model, "registry", 5_400, versions(6), Vec::new());
    told(&mut model, "registry", 2_400, versions(7), Vec::new());
    told(&mut model, "metrics", 2, drift(), readings());
    model
}

#[test]
fn a_model_that_became_worse_says_so_beside_its_versions_readings_and_drift() {
    let mut pages = String::new();
    for (keys, sizes) in [("1", &SIZES[..1]), ("5", &SIZES[..]), ("5 enter", &SIZES[1..]), ("5 tab enter", &SIZES[..1])] {
        for size in sizes {
            let mut model = with_all(model(Night::Empty));
            draw(&mut model, *size);
            press(&mut model, keys);
            draw(&mut model, *size);
            press(&mut model, if keys == "5 enter" { "ctrl-d" } else { "k" });
            pages.push_str(&sheet(&draw(&mut model, *size), Of::Symbols));
        }
    }
    insta::assert_snapshot!("models", pages);
    let mut ascii = with_all(model_with(Night::Empty, settings("mono", ColorDepth::None, Glyphs::Ascii)));
    draw(&mut ascii, SIZES[1]);
    press(&mut ascii, "5 enter");
    assert_eq!(strange(&draw(&mut ascii, SIZES[1])), Vec::<String>::new());
}
