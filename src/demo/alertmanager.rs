//! Alertmanager's API v2: alerts with receivers and silences, silences made and ended. It answers as 0.25 does.
//! Not for: which alerts fire (see `prometheus::ruler`), notifications.

use std::sync::Arc;

use hyper::Method;
use regex::Regex;
use serde_json::{Value as Json, json};

use super::World;
use super::chance;
use super::company::{DOMAIN, ENV};
use super::deed::{Act, Matcher};
use super::prometheus::ruler::{Active, Ruler};
use super::prometheus::rules::{self, RULES};
use super::prometheus::runbook;
use super::story::Event;
use super::system::{Reply, Request, System};
use super::world::Labels;
use crate::domain::Timestamp;

/// Seconds after which an alert that is not renewed ends.
const RESOLVE_S: f64 = 240.0;

/// The company's Alertmanager, one per site.
#[derive(Debug, Default)]
pub struct Alertmanager {
    ruler: Arc<Ruler>,
}

impl Alertmanager {
    /// One that is sent what a Prometheus's rules give.
    pub fn new(ruler: Arc<Ruler>) -> Self {
        Self { ruler }
    }
}

/// A silence as it is now.
#[derive(Debug, Clone, PartialEq)]
struct Silence {
    id: String,
    matchers: Vec<Matcher>,
    starts_at: Timestamp,
    ends_at: Timestamp,
    updated_at: Timestamp,
    created_by: String,
    comment: String,
}

impl System for Alertmanager {
    fn name(&self) -> &'static str {
        "alertmanager"
    }

    fn answer(&self, world: &World, request: &Request) -> Reply {
        let segments = request.segments();
        let path: Vec<&str> = segments.iter().map(String::as_str).collect();
        let method = &request.method;
        match path.as_slice() {
            ["-", "healthy" | "ready"] => Reply::new(200, "text/plain; charset=utf-8", "OK"),
            ["api", "v2", "status"] if method == Method::GET => Reply::json(200, &status(world)),
            ["api", "v2", "receivers"] if method == Method::GET => {
                Reply::json(200, &json!(RECEIVERS.map(|name| json!({"name": name})).as_slice()))
            }
            ["api", "v2", "alerts"] if method == Method::GET => self.alerts(world, request),
            ["api", "v2", "silences"] if method == Method::GET => {
                Reply::json(200, &silences(world).iter().map(|silence| silence_json(world, silence)).collect())
            }
            ["api", "v2", "silences"] if method == Method::POST => make_silence(world, request),
            ["api", "v2", "silence", id] => match silences(world).into_iter().find(|silence| silence.id == *id) {
                Some(silence) if method == Method::GET => Reply::json(200, &silence_json(world, &silence)),
                Some(silence) if method == Method::DELETE && silence.ends_at > world.now() => {
                    Reply::new(200, "application/json", "").after(world, "triops", Act::ExpireSilence { id: silence.id })
                }
                Some(silence) if method == Method::DELETE => Reply::json(500, &json!(format!("silence {} already expired", silence.id))),
                Some(_) => not_allowed(method),
                None => Reply::empty(404),
            },
            ["api", "v2", "status" | "receivers" | "alerts" | "silences"] => not_allowed(method),
            ["api", "v2", rest @ ..] => {
                Reply::json(404, &json!({"code": 404, "message": format!("path /api/v2/{} was not found", rest.join("/"))}))
            }
            _ => Reply::new(404, "text/plain; charset=utf-8", "404 page not found\n"),
        }
    }
}

const RECEIVERS: [&str; 4] = ["oncall", "data-team", "ml-team", "blackhole"];

impl Alertmanager {
    fn alerts(&self, world: &World, request: &Request) -> Reply {
        let silences = silences(world);
        let mut filters = Vec::new();
        for (_, text) in request.query.iter().filter(|(name, _)| name == "filter") {
            match matcher(text) {
                Some(matcher) => filters.push(matcher),
                None => return Reply::json(400, &json!(format!("bad matcher format: {text}"))),
            }
        }
        let wants = |name: &str| request.param(name) != Some("false");
        let ruled = self.ruler.ruled(world);
        let alerts = ruled.active.values().filter_map(|active| {
            let labels = external(&active.labels);
            let fired = active.fired?;
            let silenced_by: Vec<&str> = silences
                .iter()
                .filter(|silence| {
                    silence.starts_at <= world.now() && silence.ends_at > world.now() && all_match(&silence.matchers, &labels)
                })
                .map(|silence| silence.id.as_str())
                .collect();
            let shown = if silenced_by.is_empty() { wants("active") } else { wants("silenced") };
            (shown && all_match(&filters, &labels)).then(|| alert(world, active, &labels, fired, ruled.evaluated_at, &silenced_by))
        });
        Reply::json(200, &alerts.collect())
    }
}

fn alert(world: &World, active: &Active, labels: &Labels, fired: Timestamp, evaluated_at: Timestamp, silenced_by: &[&str]) -> Json {
    let rule = &RULES[active.rule];
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("g0.expr", &rule.expr_on(world.clock()))
        .append_pair("g0.tab", "1")
        .finish();
    json!({
        "annotations": {"runbook_url": runbook(rule), "summary": rules::filled(rule.summary, &active.labels, active.value)},
        "endsAt": evaluated_at.plus(RESOLVE_S).to_string(),
        "fingerprint": fingerprint(labels),
        "receivers": [{"name": receiver(labels)}],
        "startsAt": fired.to_string(),
        "status": {"inhibitedBy": [], "silencedBy": silenced_by, "state": if silenced_by.is_empty() { "active" } else { "suppressed" }},
        "updatedAt": evaluated_at.to_string(),
        "generatorURL": format!("http://prometheus.{DOMAIN}:9090/graph?{query}"),
        "labels": labels,
    })
}

/// Labels as they leave Prometheus: with its external ones.
fn external(labels: &Labels) -> Labels {
    let mut labels = labels.clone();
    labels.insert("cluster".to_owned(), format!("lumen-{ENV}"));
    labels
}

fn receiver(labels: &Labels) -> &'static str {
    let label = |name: &str| labels.get(name).map_or("", String::as_str);
    match (label("severity"), label("team")) {
        ("none", _) => "blackhole",
        (_, "orders" | "finance" | "care") if label("dataset") != "" => "data-team",
        (_, "fraud" | "ml-platform" | "discovery" | "supply") if label("model") != "" => "ml-team",
        _ => "oncall",
    }
}

/// FNV-1a over the sorted labels, each name and value ended by the byte 0xFF (`LabelSet.Fingerprint` of prometheus/common).
fn fingerprint(labels: &Labels) -> String {
    let words = labels.iter().flat_map(|(name, value)| [name, value]);
    let bytes = words.flat_map(|word| word.bytes().chain([0xff]));
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    format!("{hash:016x}")
}

/// Those of the story and those that were made since, oldest first.
fn silences(world: &World) -> Vec<Silence> {
    let clock = world.clock();
    let told = world.happenings().filter_map(|happening| match happening.what {
        Event::Silence { label, value, for_s, comment } => Some(Silence {
            id: chance::uuid(world.seed(), &["silence", label, value, &happening.at_s.to_string()]),
            matchers: vec![Matcher { name: label.to_owned(), value: value.to_owned(), is_regex: false, is_equal: true }],
            starts_at: clock.at(happening.at_s),
            // people silence by their own clock
            ends_at: clock.at(happening.at_s).plus(for_s),
            updated_at: clock.at(happening.at_s),
            created_by: happening.by.to_owned(),
            comment: comment.to_owned(),
        }),
        _ => None,
    });
    let mut silences: Vec<Silence> = told.collect();
    for deed in world.deeds() {
        match &deed.act {
            Act::Silence { id, matchers, starts_at, ends_at, created_by, comment } => {
                silences.retain(|silence| silence.id != *id);
                silences.push(Silence {
                    id: id.clone(),
                    matchers: matchers.clone(),
                    starts_at: *starts_at,
                    ends_at: *ends_at,
                    updated_at: deed.at,
                    created_by: created_by.clone(),
                    comment: comment.clone(),
                });
            }
            Act::ExpireSilence { id } => {
                if let Some(silence) = silences.iter_mut().find(|silence| silence.id == *id) {
                    (silence.ends_at, silence.updated_at) = (deed.at, deed.at);
                }
            }
            _ => {}
        }
    }
    silences
}

fn silence_json(world: &World, silence: &Silence) -> Json {
    let state = match world.now() {
        now if now >= silence.ends_at => "expired",
        now if now < silence.starts_at => "pending",
        _ => "active",
    };
    let matcher =
        |matcher: &Matcher| json!({"isEqual": matcher.is_equal, "isRegex": matcher.is_regex, "name": matcher.name, "value": matcher.value});
    json!({
        "id": silence.id, "status": {"state": state}, "updatedAt": silence.updated_at.to_string(), "comment": silence.comment,
        "createdBy": silence.created_by, "endsAt": silence.ends_at.to_string(),
        "matchers": silence.matchers.iter().map(matcher).collect::<Vec<_>>(), "startsAt": silence.starts_at.to_string(),
    })
}

fn make_silence(world: &World, request: &Request) -> Reply {
    let invalid = |message: &str| Reply::json(400, &json!(format!("silence invalid: {message}")));
    let Some(body) = request.json() else {
        return Reply::json(400, &json!({"code": 400, "message": "parsing silence body from \"\" failed, because invalid character"}));
    };
    let text = |name: &str| body.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
    let matchers: Vec<Matcher> = body
        .get("matchers")
        .and_then(Json::as_array)
        .into_iter()
        .flatten()
        .map(|matcher| Matcher {
            name: matcher.get("name").and_then(Json::as_str).unwrap_or_default().to_owned(),
            value: matcher.get("value").and_then(Json::as_str).unwrap_or_default().to_owned(),
            is_regex: matcher.get("isRegex").and_then(Json::as_bool).unwrap_or_default(),
            is_equal: matcher.get("isEqual").and_then(Json::as_bool).unwrap_or(true),
        })
        .collect();
    let (Some(starts_at), Some(ends_at)) = (Timestamp::parse(&text("startsAt")), Timestamp::parse(&text("endsAt"))) else {
        return Reply::json(422, &json!({"code": 602, "message": "silence.endsAt in body is required"}));
    };
    if matchers.is_empty() {
        return invalid("at least one matcher required");
    }
    if matchers.iter().any(|matcher| matcher.is_regex && anchored(&matcher.value).is_none()) {
        return invalid("invalid label matcher 0: error parsing regexp");
    }
    if ends_at < world.now() {
        return Reply::json(400, &json!("end time can't be in the past"));
    }
    let given = Some(text("id")).filter(|id| !id.is_empty());
    let id = given.unwrap_or_else(|| world.new_id("silence"));
    let created_by = text("createdBy");
    let act = Act::Silence {
        id: id.clone(),
        matchers,
        starts_at: starts_at.max(world.now()),
        ends_at,
        created_by: created_by.clone(),
        comment: text("comment"),
    };
    Reply::json(200, &json!({"silenceID": id})).after(world, &created_by, act)
}

fn anchored(value: &str) -> Option<Regex> {
    Regex::new(&format!("^(?:{value})$")).ok()
}

fn all_match(matchers: &[Matcher], labels: &Labels) -> bool {
    matchers.iter().all(|matcher| {
        let own = labels.get(&matcher.name).map_or("", String::as_str);
        let fits = if matcher.is_regex { anchored(&matcher.value).is_some_and(|regex| regex.is_match(own)) } else { own == matcher.value };
        fits == matcher.is_equal
    })
}

/// `name="value"` and its three sisters.
fn matcher(text: &str) -> Option<Matcher> {
    let (operator, is_regex, is_equal) = [("=~", true, true), ("!~", true, false), ("!=", false, false), ("=", false, true)]
        .into_iter()
        .find(|(sign, ..)| text.contains(sign))?;
    let (name, value) = text.split_once(operator)?;
    let value = value.trim();
    let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
    Some(Matcher { name: name.trim().to_owned(), value: value.to_owned(), is_regex, is_equal }).filter(|matcher| !matcher.name.is_empty())
}

fn not_allowed(method: &Method) -> Reply {
    Reply::json(405, &json!({"code": 405, "message": format!("method {method} is not allowed, but [GET] are")}))
}

fn status(world: &World) -> Json {
    json!({
        "cluster": {"peers": [], "status": "disabled"},
        "config": {"original": "route:\n  receiver: oncall\n  group_by:\n  - alertname\nreceivers:\n- name: oncall\n- name: data-team\n- name: ml-team\n- name: blackhole\n"},
        "uptime": world.born().to_string(),
        "versionInfo": {
            "branch": "debian/sid", "buildDate": "20230409-09:50:43", "buildUser": "team+pkg-go@tracker.debian.org", "goVersion": "go1.19.8",
            "revision": "0.25.0-1+b4", "version": "0.25.0",
        },
    })
}
