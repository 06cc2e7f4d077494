//! Every field that the simulated Prometheus and Alertmanager serve exists, with the same type, in a recorded body of the real server,
//! and their refusals are the real ones.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use triops::demo::{Request, World, systems};

use crate::stage::spec;

/// Fields whose keys are data.
const MAPS: [&str; 5] = ["labels", "annotations", "metric", "discoveredLabels", "Labels"];
/// Fields that 2.42 writes in groups and the recording's server did as well, but cut from the fixture.
const UNRECORDED: [&str; 0] = [];

/// Paths with their types; elements of a list share one path.
fn paths(value: &Value, path: &str, out: &mut BTreeMap<String, Vec<&'static str>>) {
    let word = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    out.entry(path.to_owned()).or_default().push(word);
    match value {
        Value::Array(items) => items.iter().for_each(|item| paths(item, &format!("{path}[]"), out)),
        Value::Object(fields) => {
            let is_map = path.rsplit('.').next().is_some_and(|last| MAPS.contains(&last));
            for (name, inner) in fields {
                paths(inner, &if is_map { format!("{path}.*") } else { format!("{path}.{name}") }, out);
            }
        }
        _ => {}
    }
}

fn recorded(file: &str) -> Value {
    let path = format!("{}/tests/fixtures/{file}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))).unwrap()
}

fn served(system: usize, target: &str) -> (u16, Value) {
    let spec = Arc::new(spec("bad-load", 1, 1));
    let world = World::new(Arc::clone(&spec), Arc::default(), spec.clock.at(400.0));
    let reply = systems()[system].answer(&world, &Request::get(target));
    (reply.status, serde_json::from_slice(reply.whole().unwrap()).unwrap())
}

#[test]
fn every_served_field_is_one_of_the_real_servers() {
    let cases: [(usize, &str, &str); 13] = [
        (0, "/api/v1/rules", "prometheus/rules.json"),
        (0, "/api/v1/rules?type=alert", "prometheus/rules.json"),
        (0, "/api/v1/targets?state=active", "prometheus/targets.json"),
        (0, "/api/v1/alerts", "demo/prometheus/alerts.json"),
        (0, "/api/v1/status/buildinfo", "demo/prometheus/status_buildinfo.json"),
        (0, "/api/v1/status/runtimeinfo", "prometheus/status-runtimeinfo.json"),
        (0, "/api/v1/query?query=up", "prometheus/query-vector-up.json"),
        (0, "/api/v1/query?query=time()", "prometheus/query-scalar.json"),
        (0, "/api/v1/query_range?query=max(up)&start=1795748000&end=1795748400&step=60", "prometheus/query-range-p99.json"),
        (1, "/api/v2/alerts", "alertmanager/alerts.json"),
        (1, "/api/v2/silences", "alertmanager/silences.json"),
        (1, "/api/v2/receivers", "alertmanager/receivers.json"),
        (1, "/api/v2/status", "alertmanager/status.json"),
    ];
    let mut wrong = Vec::new();
    for (system, target, file) in cases {
        let (status, body) = served(system, target);
        assert_eq!(status, 200, "{target}");
        let (mut ours, mut real) = (BTreeMap::new(), BTreeMap::new());
        paths(&body, "", &mut ours);
        paths(&recorded(file), "", &mut real);
        assert!(ours.len() > 2, "{target}: {body}");
        for (path, words) in ours {
            let known = real.get(&path).is_some_and(|types| words.iter().all(|word| types.contains(word)));
            if !known && !UNRECORDED.contains(&path.as_str()) {
                wrong.push(format!("{target}: {path} {:?}, recorded {:?}", words[0], real.get(&path)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_cannot_be_evaluated_is_refused_as_the_real_server_refuses_it() {
    for (target, file) in [
        ("/api/v1/query?query=up%7B", "prometheus/query-parse-error.json"),
        ("/api/v1/query?query=up&time=notatime", "prometheus/query-bad-time.json"),
        ("/api/v1/query_range?query=up&start=0&end=1000000&step=1", "prometheus/query-range-too-many-points.json"),
    ] {
        let (status, body) = served(0, target);
        let real = recorded(file);
        assert_eq!(status, 400, "{target}");
        assert_eq!(body, real, "{target}");
    }
    for (query, status, kind) in [
        ("up{", 400, "bad_data"),
        ("up[5m]", 422, "execution"),
        ("predict_linear(up[5m], 3600)", 422, "execution"),
        ("label_replace(up, \"a\", \"b\", \"c\", \"d\")", 422, "execution"),
    ] {
        let encoded: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
        let (answered, body) = served(0, &format!("/api/v1/query?query={encoded}"));
        assert_eq!((answered, body["errorType"].as_str().unwrap()), (status, kind), "{query}: {body}");
    }
    let (status, body) = served(1, "/api/v2/silence/00000000-0000-0000-0000-000000000000/more");
    assert_eq!((status, body["code"].as_i64()), (404, Some(404)));
}
