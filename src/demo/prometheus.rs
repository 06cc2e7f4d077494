//! Prometheus's HTTP API: rules with their alerts, targets, build and runtime facts, instant and range queries. It answers as 2.42 does.
//! Not for: silences and receivers (see `alertmanager`), federation, administration.

pub mod eval;
pub mod parse;
pub mod ruler;
pub mod rules;

use std::sync::Arc;

use hyper::Method;
use serde_json::{Value as Json, json};

use super::World;
use super::company::DOMAIN;
use super::stamp;
use super::system::{Reply, Request, System};
use super::world::Target;
use crate::domain::Timestamp;

use eval::{Ground, Sample, Value};
use ruler::{Active, Ruled, Ruler};
use rules::{RULES, Rule};

/// Points per series that the real server refuses to exceed.
const MAX_POINTS: f64 = 11_000.0;
/// Readings of the generated configuration, as TOML: what a person wants to see drawn and checked.
const READINGS: &str = r#"
[[source.reading]]
name = "refunds p99"
query = 'histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket{service="refunds-api"}[<120>])))'
unit = "s"

[[source.reading]]
name = "error share"
query = 'sum by (service) (rate(http_requests_total{code=~"5.."}[<120>])) / sum by (service) (rate(http_requests_total[<120>]))'
unit = "share"

[[source.reading]]
name = "rows"
query = 'max by (dataset) (dataset_rows{dataset="orders"})'
unit = "rows"
fail_below = 900000.0

[[source.reading]]
name = "null share"
query = 'max by (dataset) (dataset_null_share{dataset="orders"})'
unit = "share"
fail_above = 0.05

[[source.reading]]
name = "events lag"
query = 'max by (dataset) (topic_lag)'
unit = "records"

[[source.reading]]
name = "model score"
query = 'max by (model) (model_score)'
unit = "auc"

[[source.drift]]
model = "fraud-score"
histogram = "model_feature_value"
feature = "feature"
where = 'model="fraud-score"'
window = "<60>"
offset = "<300>"
"#;

/// The company's Prometheus, one per site.
#[derive(Debug, Default)]
pub struct Prometheus {
    ruler: Arc<Ruler>,
}

impl Prometheus {
    /// One that shares its rules' outcome with an Alertmanager.
    pub fn new(ruler: Arc<Ruler>) -> Self {
        Self { ruler }
    }
}

impl System for Prometheus {
    fn name(&self) -> &'static str {
        "prometheus"
    }

    fn settings(&self, world: &World) -> String {
        if world.site() > 0 {
            return String::new();
        }
        let window = |story_s: f64| rules::duration(world.clock().wall_s(story_s));
        [60.0, 120.0, 300.0].iter().fold(READINGS.to_owned(), |text, s| text.replace(&format!("<{s}>"), &window(*s)))
    }

    fn answer(&self, world: &World, request: &Request) -> Reply {
        let segments = request.segments();
        let path: Vec<&str> = segments.iter().map(String::as_str).collect();
        let is_read = request.method == Method::GET || request.method == Method::POST;
        match path.as_slice() {
            ["-", "healthy"] => Reply::new(200, "text/plain; charset=utf-8", "Prometheus Server is Healthy.\n"),
            ["-", "ready"] => Reply::new(200, "text/plain; charset=utf-8", "Prometheus Server is Ready.\n"),
            ["api", "v1", "status", "buildinfo"] => data(&buildinfo()),
            ["api", "v1", "status", "runtimeinfo"] => data(&runtimeinfo(world)),
            ["api", "v1", "rules"] => data(&rules_of(world, &self.ruler.ruled(world), request)),
            ["api", "v1", "alerts"] => {
                let ruled = self.ruler.ruled(world);
                data(&json!({"alerts": ruled.active.values().map(alert).collect::<Vec<_>>()}))
            }
            ["api", "v1", "targets"] => data(&targets(world, request)),
            ["api", "v1", "query"] if is_read => self.query(world, &form(request)),
            ["api", "v1", "query_range"] if is_read => self.query_range(world, &form(request)),
            _ => Reply::new(404, "text/plain; charset=utf-8", "404 page not found\n"),
        }
    }
}

impl Prometheus {
    fn query(&self, world: &World, form: &[(String, String)]) -> Reply {
        let at = match param(form, "time") {
            None => world.now(),
            Some(text) => match instant(text) {
                Some(at) => at.min(world.now()),
                None => {
                    return bad_data(&format!(
                        "invalid parameter \"time\": Invalid time value for 'time': cannot parse \"{text}\" to a valid timestamp"
                    ));
                }
            },
        };
        let expr = match parse::parse(param(form, "query").unwrap_or_default()) {
            Ok(expr) => expr,
            Err(error) => return bad_data(&format!("invalid parameter \"query\": {error}")),
        };
        let ruled = self.ruler.ruled(world);
        match Ground::new(world, &ruled.spells).eval(&expr, at) {
            Ok(Value::Scalar(value)) => data(&json!({"resultType": "scalar", "result": point(at, value)})),
            Ok(Value::Vector(samples)) => {
                let row = |sample: Sample| json!({"metric": *sample.labels, "value": point(at, sample.value)});
                data(&json!({"resultType": "vector", "result": samples.into_iter().map(row).collect::<Vec<_>>()}))
            }
            Err(error) => execution(&error),
        }
    }

    fn query_range(&self, world: &World, form: &[(String, String)]) -> Reply {
        let [from, to] = match ["start", "end"].map(|name| param(form, name).ok_or(name).and_then(|text| instant(text).ok_or(name))) {
            [Ok(from), Ok(to)] => [from, to],
            [Err(name), _] | [_, Err(name)] => {
                let text = param(form, name).unwrap_or_default();
                return bad_data(&format!("invalid parameter \"{name}\": cannot parse \"{text}\" to a valid timestamp"));
            }
        };
        let text = param(form, "step").unwrap_or_default();
        let step_s = match text.parse().ok().or_else(|| parse::span(text)) {
            Some(step) if step > 0.0 => step,
            Some(_) => {
                return bad_data(
                    "invalid parameter \"step\": zero or negative query resolution step widths are not accepted. Try a positive integer",
                );
            }
            None => return bad_data(&format!("invalid parameter \"step\": cannot parse \"{text}\" to a valid duration")),
        };
        if to < from {
            return bad_data("invalid parameter \"end\": end timestamp must not be before start time");
        }
        if to.since(from) / step_s > MAX_POINTS {
            return bad_data("exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)");
        }
        let expr = match parse::parse(param(form, "query").unwrap_or_default()) {
            Ok(expr) => expr,
            Err(error) => return bad_data(&format!("invalid parameter \"query\": {error}")),
        };
        let ruled = self.ruler.ruled(world);
        let ground = Ground::new(world, &ruled.spells);
        let mut series: std::collections::BTreeMap<_, Vec<Json>> = std::collections::BTreeMap::new();
        let steps = (to.since(from) / step_s).floor() as i64;
        for step in 0..=steps {
            let at = from.plus(step as f64 * step_s);
            // nothing is known of the future, and nothing from before the systems began
            if at > world.now() || at < world.born() {
                continue;
            }
            match ground.eval(&expr, at) {
                Ok(Value::Scalar(value)) => series.entry(super::world::Labels::new()).or_default().push(point(at, value)),
                Ok(Value::Vector(samples)) => {
                    for sample in samples {
                        series.entry(super::world::Labels::clone(&sample.labels)).or_default().push(point(at, sample.value));
                    }
                }
                Err(error) => return execution(&error),
            }
        }
        let row = |(labels, values)| json!({"metric": labels, "values": Json::Array(values)});
        data(&json!({"resultType": "matrix", "result": series.into_iter().map(row).collect::<Vec<_>>()}))
    }
}

fn data(data: &Json) -> Reply {
    Reply::json(200, &json!({"status": "success", "data": data}))
}

fn bad_data(error: &str) -> Reply {
    Reply::json(400, &json!({"status": "error", "errorType": "bad_data", "error": error}))
}

fn execution(error: &str) -> Reply {
    Reply::json(422, &json!({"status": "error", "errorType": "execution", "error": error}))
}

/// The query, and a form in the body behind it.
fn form(request: &Request) -> Vec<(String, String)> {
    let body = url::form_urlencoded::parse(&request.body).into_owned();
    request.query.iter().cloned().chain(body).collect()
}

fn param<'a>(form: &'a [(String, String)], name: &str) -> Option<&'a str> {
    form.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
}

/// Seconds since the epoch, or RFC 3339.
fn instant(text: &str) -> Option<Timestamp> {
    text.parse().ok().and_then(Timestamp::from_seconds).or_else(|| Timestamp::parse(text))
}

fn point(at: Timestamp, value: f64) -> Json {
    json!([at.seconds(), number(value)])
}

/// As Go prints a float with the fewest digits.
fn number(value: f64) -> String {
    match value {
        v if v.is_nan() => "NaN".to_owned(),
        f64::INFINITY => "+Inf".to_owned(),
        f64::NEG_INFINITY => "-Inf".to_owned(),
        v => v.to_string(),
    }
}

/// As Go's `%e` prints it, which alerts have.
fn scientific(value: f64) -> String {
    let text = format!("{value:e}");
    match text.split_once('e') {
        Some((digits, power)) => {
            let (sign, power) = power.strip_prefix('-').map_or(('+', power), |power| ('-', power));
            format!("{digits}e{sign}{power:0>2}")
        }
        None => text,
    }
}

fn buildinfo() -> Json {
    json!({
        "version": "2.42.0+ds", "revision": "2.42.0+ds-5+b9", "branch": "debian/sid", "buildUser": "team+pkg-go@tracker.debian.org",
        "buildDate": "20240316-13:40:03", "goVersion": "go1.19.8",
    })
}

fn runtimeinfo(world: &World) -> Json {
    let born = world.born();
    json!({
        "startTime": stamp::nanos(born, "prometheus"), "CWD": "/etc/prometheus", "reloadConfigSuccess": true,
        "lastConfigTime": format!("{}Z", &world.clock().at(ruler::FIRST_S).to_string()[..19]), "corruptionCount": 0, "goroutineCount": 64, "GOMAXPROCS": 4, "GOGC": "",
        "GODEBUG": "", "storageRetention": "15d",
    })
}

fn rules_of(world: &World, ruled: &Ruled, request: &Request) -> Json {
    if request.param("type") == Some("record") {
        return json!({"groups": []});
    }
    let with_alerts = request.param("exclude_alerts") != Some("true");
    let mut groups: Vec<Json> = Vec::new();
    let mut names: Vec<&str> = Vec::new();
    for rule in RULES {
        if names.last() != Some(&rule.group) {
            names.push(rule.group);
        }
    }
    for name in names {
        let of_group = RULES.iter().enumerate().filter(|(_, rule)| rule.group == name);
        let rules: Vec<Json> = of_group.map(|(place, rule)| rule_json(world, ruled, place, rule, with_alerts)).collect();
        groups.push(json!({
            "name": name, "file": "/etc/prometheus/rules.yml", "rules": rules, "interval": world.clock().wall_s(ruler::EVERY_S), "limit": 0,
            "evaluationTime": 0.000_812, "lastEvaluation": stamp::nanos(ruled.evaluated_at, name),
        }));
    }
    json!({"groups": groups})
}

fn rule_json(world: &World, ruled: &Ruled, place: usize, rule: &Rule, with_alerts: bool) -> Json {
    let active: Vec<&Active> = ruled.active.values().filter(|active| active.rule == place).collect();
    let state = if active.iter().any(|active| active.fired.is_some()) {
        "firing"
    } else if active.is_empty() {
        "inactive"
    } else {
        "pending"
    };
    let alerts: Vec<Json> = if with_alerts { active.into_iter().map(alert).collect() } else { Vec::new() };
    let mut out = json!({
        "state": state, "name": rule.name, "query": rule.expr_on(world.clock()), "duration": world.clock().wall_s(rule.for_s), "keepFiringFor": 0,
        "labels": {"severity": rule.severity}, "annotations": {"runbook_url": runbook(rule), "summary": rule.summary}, "alerts": alerts,
        "health": "ok", "evaluationTime": 0.000_231, "lastEvaluation": stamp::nanos(ruled.evaluated_at, rule.name), "type": "alerting",
    });
    if !with_alerts && let Some(fields) = out.as_object_mut() {
        fields.remove("alerts");
    }
    out
}

/// Where it is written what to do.
pub fn runbook(rule: &Rule) -> String {
    format!("https://runbooks.{DOMAIN}/{}", rule.name)
}

fn alert(active: &Active) -> Json {
    let rule = &RULES[active.rule];
    json!({
        "labels": active.labels,
        "annotations": {"runbook_url": runbook(rule), "summary": rules::filled(rule.summary, &active.labels, active.value)},
        "state": if active.fired.is_some() { "firing" } else { "pending" },
        "activeAt": stamp::nanos(active.since, rule.name),
        "value": scientific(active.value),
    })
}

fn targets(world: &World, request: &Request) -> Json {
    let now_s = world.now_s();
    let every = world.clock().wall_s(ruler::EVERY_S);
    let interval = rules::duration(every);
    let last = world.clock().at((now_s / ruler::EVERY_S).floor() * ruler::EVERY_S);
    let one = |target: Target| {
        let is_up = world.value(super::world::Curve::Up(target.service), now_s).is_none_or(|up| up > 0.0);
        let url = format!("http://{}/metrics", target.instance);
        let error = format!("Get \"{url}\": dial tcp: lookup {}: no such host", target.instance.split(':').next().unwrap_or_default());
        json!({
            "discoveredLabels": {
                "__address__": target.instance, "__metrics_path__": "/metrics", "__scheme__": "http", "__scrape_interval__": interval,
                "__scrape_timeout__": interval, "job": target.job,
            },
            "labels": super::world::target_labels(&target),
            "scrapePool": target.job, "scrapeUrl": url, "globalUrl": url, "lastError": if is_up { "" } else { error.as_str() },
            "lastScrape": stamp::nanos(last, &target.instance), "lastScrapeDuration": 0.004_1, "health": if is_up { "up" } else { "down" },
            "scrapeInterval": interval, "scrapeTimeout": interval,
        })
    };
    let active: Vec<Json> =
        if request.param("state") == Some("dropped") { Vec::new() } else { world.targets().into_iter().map(one).collect() };
    json!({"activeTargets": active, "droppedTargets": []})
}
