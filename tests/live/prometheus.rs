//! Prometheus, `VictoriaMetrics` and a page of metrics as they really answer. Not for: Alertmanager's own connector.

use std::sync::Arc;

use triops::config::{ReadingConfig, SourceConfig};
use triops::domain::{Alert, Answer, Ask, Batch, Check, Detail, Entity, EntityId, FailureKind, Series, State, Text};
use triops::source::Source;
use triops::source::http::{Http, Method, Request};
use triops::source::prometheus::Prometheus;
use triops::source::scrape::Scrape;

use super::support::{addresses, named, now, poll, poll_until, told, until};

const PROMETHEUS: &str = "TRIOPS_LIVE_PROMETHEUS";

fn config(name: &str, connector: &str, url: &str, readings: &[ReadingConfig]) -> SourceConfig {
    SourceConfig {
        name: name.into(),
        connector: connector.into(),
        url: Some(url.into()),
        labels: [("site".to_owned(), "lab".to_owned())].into(),
        readings: readings.to_vec(),
        ..SourceConfig::default()
    }
}

fn prometheus(url: &str, readings: &[ReadingConfig]) -> Prometheus {
    Prometheus::new(&config("prom", "prometheus", url, readings)).unwrap()
}

fn reading(name: &str, query: &str) -> ReadingConfig {
    ReadingConfig { name: name.into(), query: query.into(), ..ReadingConfig::default() }
}

fn alert(entity: &Entity) -> &Alert {
    match &entity.detail {
        Detail::Alert(alert) => alert,
        other => panic!("not an alert: {other:?}"),
    }
}

fn check(entity: &Entity) -> &Check {
    match &entity.detail {
        Detail::Check(check) => check,
        other => panic!("not a check: {other:?}"),
    }
}

fn reason(entity: &Entity) -> &str {
    entity.reason.as_deref().unwrap_or_default()
}

async fn series(source: &impl Source, ask: Ask) -> Vec<Series> {
    match source.ask(&ask).await {
        Ok(Answer::Series(series)) => series,
        other => panic!("no series: {other:?}"),
    }
}

#[tokio::test]
async fn alerts_are_as_bad_as_their_severity_and_pending_before() {
    let Some([url]) = addresses("alerts_are_as_bad_as_their_severity_and_pending_before", [PROMETHEUS]) else { return };
    let batch = poll(&prometheus(&url, &[]), "alerts").await;
    let down = named(&batch, "InstanceDown");
    assert_eq!((down.state, down.labels["job"].as_str(), down.labels["site"].as_str()), (State::Failed, "dead-service", "lab"));
    assert!(reason(down).ends_with("of dead-service is down"), "{}", reason(down));
    let detail = alert(down);
    assert_eq!((detail.expr.as_deref(), detail.value, detail.severity.as_deref()), (Some("up == 0"), Some(0.0), Some("critical")));
    assert_eq!(detail.runbook_url.as_deref(), Some("https://runbooks.example/InstanceDown"));
    assert!(down.since.is_some() && down.since == detail.starts_at && down.since < Some(down.seen_at));
    assert_eq!(down.url.as_deref(), Some(format!("{url}/graph?g0.expr=up+%3D%3D+0&g0.tab=1").as_str()));
    let pending = named(&batch, "InstanceDownForLong");
    assert_eq!(pending.state, State::Pending);
    assert!(reason(pending).starts_with("pending for ") && reason(pending).contains(" of 1h: "), "{}", reason(pending));
    assert_eq!(named(&batch, "Watchdog").state, State::Ok, "severity info");
    assert!(batch.entities.iter().all(|entity| entity.name != "NeverFiring"), "an inactive alert is no alert");
    assert_eq!(batch.problems, []);
}

#[tokio::test]
async fn a_pushed_gauge_fires_its_rule_and_resolves_it() {
    let variables = [PROMETHEUS, "TRIOPS_LIVE_PUSHGATEWAY"];
    let Some([url, gateway]) = addresses("a_pushed_gauge_fires_its_rule_and_resolves_it", variables) else { return };
    let queue = format!("live-{}", std::process::id());
    let group = format!("/metrics/job/triops_live/queue/{queue}");
    let gateway = Http::new(&SourceConfig { url: Some(gateway), ..SourceConfig::default() }, "").unwrap();
    let push = async |method: Method, lag: u32| {
        let body = Some(("text/plain; version=0.0.4", format!("# TYPE triops_test_queue_lag gauge\ntriops_test_queue_lag {lag}\n").into()));
        gateway.send(Request { method, body, ..Request::get(group.clone()) }).await.unwrap()
    };
    let prom = prometheus(&url, &[]);
    let mine = |batch: &Batch| batch.entities.iter().find(|entity| entity.labels.get("queue").is_some_and(|own| **own == *queue)).cloned();

    push(Method::PUT, 42).await;
    let firing = poll_until(&prom, "alerts", "QueueLag of our queue fires", mine).await;
    assert_eq!((firing.name.as_str(), firing.state, alert(&firing).value), ("QueueLag", State::Warning, Some(42.0)));
    assert_eq!(reason(&firing), format!("{queue} is 42 messages behind"));
    push(Method::PUT, 43).await;
    let same = poll_until(&prom, "alerts", "the value grows", |batch| mine(batch).filter(|e| alert(e).value == Some(43.0))).await;
    assert_eq!((&same.id, same.since), (&firing.id, firing.since), "it is still the same alert");
    push(Method::PUT, 1).await;
    poll_until(&prom, "alerts", "QueueLag of our queue is gone", |batch| mine(batch).is_none().then_some(())).await;

    let (from, firing) = (firing.since.unwrap().plus(-5.0), Arc::new(firing));
    // the newest point looks back over one step, in which it may still have fired
    until("its history ends with 0, after it fired once", async || {
        let ask = Ask::History { entity: Arc::clone(&firing), from, to: now(), step_s: 1.0 };
        let history = series(&prom, ask).await;
        let states = history.iter().find(|series| series.labels["alertstate"] == "firing").unwrap();
        let values: Vec<f64> = states.points.iter().map(|point| point.value).collect();
        let turns = values.windows(2).filter(|pair| pair[0] != pair[1]).count();
        let fired_once = values.first() == Some(&0.0) && values.contains(&1.0) && values.last() == Some(&0.0) && turns == 2;
        fired_once.then_some(()).ok_or_else(|| format!("{values:?}"))
    })
    .await;
    push(Method::DELETE, 0).await;
}

#[tokio::test]
async fn alertmanager_knows_the_same_alerts_by_the_same_fingerprint() {
    let variables = [PROMETHEUS, "TRIOPS_LIVE_ALERTMANAGER"];
    let Some([url, manager]) = addresses("alertmanager_knows_the_same_alerts_by_the_same_fingerprint", variables) else { return };
    let manager = Http::new(&SourceConfig { url: Some(manager), ..SourceConfig::default() }, "").unwrap();
    let there: serde_json::Value = manager.send(Request::get("/api/v2/alerts")).await.unwrap().json().unwrap();
    let watchdog = there.as_array().unwrap().iter().find(|alert| alert["labels"]["alertname"] == "Watchdog").unwrap();
    let here = poll(&prometheus(&url, &[]), "alerts").await;
    // Prometheus adds its external label before it sends an alert
    let mut sent = named(&here, "Watchdog").labels.clone();
    sent.remove("site");
    sent.insert("cluster".into(), watchdog["labels"]["cluster"].as_str().unwrap().into());
    assert_eq!(triops::source::fingerprint::Fingerprint::of(&sent).to_string(), watchdog["fingerprint"].as_str().unwrap());
}

#[tokio::test]
async fn a_dead_target_and_a_rule_that_cannot_be_evaluated_are_failed_checks() {
    let Some([url]) = addresses("a_dead_target_and_a_rule_that_cannot_be_evaluated_are_failed_checks", [PROMETHEUS]) else { return };
    let prom = prometheus(&url, &[]);
    let targets = poll(&prom, "targets").await;
    let of = |job: &str| targets.entities.iter().find(|entity| entity.labels["job"] == *job).unwrap();
    let dead = of("dead-service");
    assert_eq!((dead.state, check(dead).test.as_deref(), dead.labels["team"].as_str()), (State::Failed, Some("scrape"), "payments"));
    assert!(check(dead).observed.as_deref().unwrap().contains("connection refused"), "{dead:?}");
    assert!(check(dead).evaluated_at.is_some());
    assert_eq!((of("prometheus").state, check(of("node")).observed.as_deref()), (State::Ok, Some("up")));

    let rules = poll(&prom, "rules").await;
    let [broken] = rules.entities.as_slice() else { panic!("only one rule is broken:\n{}", told(&rules)) };
    assert_eq!(
        (broken.name.as_str(), broken.state, check(broken).test.as_deref()),
        ("EvaluationFails", State::Failed, Some("rule evaluation"))
    );
    assert!(reason(broken).contains("many-to-many") || reason(broken).contains("duplicate series"), "{}", reason(broken));

    let server = poll(&prom, "server").await;
    assert_eq!(named(&server, "configuration").state, State::Ok);

    for (entity, word) in [(dead, "\"scrapePool\": \"dead-service\""), (broken, "\"name\": \"EvaluationFails\"")] {
        match prom.ask(&Ask::Raw { entity: Arc::new(entity.clone()) }).await {
            Ok(Answer::Raw(raw)) => assert!(raw.contains(word), "{raw}"),
            other => panic!("{other:?}"),
        }
    }
    let ask = Ask::History { entity: Arc::new(dead.clone()), from: now().plus(-20.0), to: now(), step_s: 5.0 };
    let up = series(&prom, ask).await;
    assert_eq!(up[0].points.iter().map(|point| point.value).sum::<f64>(), 0.0, "it has never been up");
}

#[tokio::test]
async fn readings_by_recording_rule_come_as_points_and_ranges_and_a_bad_one_costs_itself() {
    let test = "readings_by_recording_rule_come_as_points_and_ranges_and_a_bad_one_costs_itself";
    let Some([url]) = addresses(test, [PROMETHEUS]) else { return };
    let long = format!("sum(up) + 0 * ({})", ["count(up)"; 250].join(" + "));
    let readings = [
        ReadingConfig { unit: "share".into(), warn_below: Some(1.0), fail_below: Some(0.5), ..reading("targets up", "job:up:avg") },
        reading("p99", "job:prometheus_http_request_duration_seconds:p99{job=\"prometheus\"}"),
        reading("longer than a request line", &long),
        reading("nothing", "no_such_metric"),
        ReadingConfig { fail_above: Some(1.0), ..reading("broken", "sum(up") },
    ];
    let prom = prometheus(&url, &readings);
    assert_eq!(prom.info().readings.len(), 5);
    let batch = poll(&prom, "readings").await;
    let of = |name: &str| batch.series.iter().filter(|series| series.reading == name).collect::<Vec<_>>();
    let dead = |series: &&&Series| series.labels.get("job").is_some_and(|job| job == "dead-service");
    assert!(of("targets up").len() >= 5, "{}", told(&batch));
    assert_eq!(of("targets up").iter().find(dead).unwrap().points[0].value, 0.0);
    assert_eq!((of("p99").len(), of("longer than a request line").len(), of("nothing").len()), (1, 1, 0));
    assert_eq!(named(&batch, "targets up (job=dead-service)").state, State::Failed);
    assert_eq!(reason(named(&batch, "targets up (job=node)")), "1 share, expected >= 1 share");
    let broken = named(&batch, "broken");
    assert_eq!(broken.state, State::Unknown);
    assert!(reason(broken).contains("parse error"), "{}", reason(broken));
    assert!(batch.problems.iter().any(|problem| problem.path == "broken"), "{}", told(&batch));

    let ask = Ask::Range { source: "prom".into(), reading: Text::from("targets up"), from: now().plus(-30.0), to: now(), step_s: 2.0 };
    let range = series(&prom, ask).await;
    let line = range.iter().find(|series| dead(&series)).unwrap();
    assert!(line.points.len() >= 10 && line.points.windows(2).all(|pair| pair[1].at.since(pair[0].at) == 2.0), "{line:?}");
    let week =
        Ask::Range { source: "prom".into(), reading: Text::from("targets up"), from: now().plus(-604_800.0), to: now(), step_s: 1.0 };
    assert!(!series(&prom, week).await.is_empty(), "the step grows where the server would refuse so many points");

    let unknown = Ask::Range { source: "prom".into(), reading: Text::from("no such"), from: now(), to: now(), step_s: 1.0 };
    assert_eq!(prom.ask(&unknown).await.unwrap_err().kind, FailureKind::NotFound);
}

#[tokio::test]
async fn the_history_of_an_alert_tells_pending_then_firing() {
    let Some([url]) = addresses("the_history_of_an_alert_tells_pending_then_firing", [PROMETHEUS]) else { return };
    let prom = prometheus(&url, &[]);
    let batch = poll(&prom, "alerts").await;
    let down = named(&batch, "InstanceDown").clone();
    let since = down.since.unwrap();
    let of = async |from: f64, to: f64| {
        let ask = Ask::History { entity: Arc::new(down.clone()), from: since.plus(from), to: since.plus(to), step_s: 1.0 };
        let series = series(&prom, ask).await;
        let ever = |state: &str| series.iter().any(|s| s.labels["alertstate"] == *state && s.points.iter().any(|point| point.value == 1.0));
        (ever("pending"), ever("firing"))
    };
    assert_eq!(of(-60.0, -10.0).await, (false, false));
    assert_eq!(of(0.0, 1.0).await, (true, false));
    until("it fires 4 s after it began", async || if of(4.0, 5.0).await.1 { Ok(()) } else { Err("not firing".to_owned()) }).await;
    match prom.ask(&Ask::Raw { entity: Arc::new(down.clone()) }).await {
        Ok(Answer::Raw(raw)) => assert!(raw.contains("\"lastEvaluation\"") && raw.contains("dead-service"), "{raw}"),
        other => panic!("{other:?}"),
    }
    let gone = Entity { id: EntityId::from("prom/alert/0000000000000000"), ..down };
    assert_eq!(prom.ask(&Ask::Raw { entity: Arc::new(gone) }).await.unwrap_err().kind, FailureKind::NotFound);
}

#[tokio::test]
async fn it_says_who_it_is_and_what_it_cost() {
    let Some([url]) = addresses("it_says_who_it_is_and_what_it_cost", [PROMETHEUS]) else { return };
    let prom = prometheus(&url, &[]);
    assert!(prom.probe().await.unwrap().product.starts_with("Prometheus 2."), "{:?}", prom.probe().await);
    let before = prom.spent();
    let bytes = poll(&prom, "alerts").await.entities.len();
    let after = prom.spent();
    assert!(bytes > 0 && after.requests == before.requests + 1 && after.bytes > before.bytes, "{before:?} {after:?}");
    let failure = prom.poll(&"nope".into(), now()).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unsupported);
    let elsewhere = prometheus(&format!("{url}/elsewhere"), &[]);
    let failure = elsewhere.poll(&"alerts".into(), now()).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unsupported, "{failure}");
    assert!(failure.hint.contains("with.prefix"), "{}", failure.hint);
}

#[tokio::test]
async fn victoria_metrics_is_read_through_the_same_source() {
    let Some([url]) = addresses("victoria_metrics_is_read_through_the_same_source", ["TRIOPS_LIVE_VICTORIAMETRICS"]) else { return };
    let readings =
        [ReadingConfig { fail_below: Some(1.0), ..reading("up", "up") }, reading("by rule", "job:up:avg"), reading("bad", "up{")];
    let victoria = prometheus(&url, &readings);
    assert_eq!(victoria.probe().await.unwrap().product, "VictoriaMetrics");
    for stub in ["alerts", "targets", "rules", "server"] {
        assert_eq!(poll(&victoria, stub).await, Batch::default(), "{stub}");
    }
    let batch = poll(&victoria, "readings").await;
    let dead = batch.entities.iter().find(|entity| entity.labels.get("job").is_some_and(|job| job == "dead-service")).unwrap();
    assert_eq!((dead.state, reason(dead)), (State::Failed, "0, expected >= 1"));
    assert!(batch.series.iter().any(|series| series.reading == "by rule"), "{}", told(&batch));
    assert!(batch.problems.iter().any(|problem| problem.path == "bad" && problem.message.contains("422")), "{}", told(&batch));
    let ask = Ask::Range { source: "prom".into(), reading: Text::from("by rule"), from: now().plus(-60.0), to: now(), step_s: 5.0 };
    assert!(series(&victoria, ask).await.iter().any(|series| series.points.len() >= 5));
    let dead = Ask::History { entity: Arc::new(dead.clone()), from: now().plus(-60.0), to: now(), step_s: 5.0 };
    assert_eq!(series(&victoria, dead).await.len(), 1);
}

#[tokio::test]
async fn a_node_exporter_is_scraped_directly() {
    let Some([url]) = addresses("a_node_exporter_is_scraped_directly", ["TRIOPS_LIVE_NODE_EXPORTER"]) else { return };
    let node = Scrape::new(&config("node", "scrape", &url, &[])).unwrap();
    assert!(node.probe().await.unwrap().product.starts_with("node_exporter 1."), "{:?}", node.probe().await);
    let batch = poll(&node, "scrape").await;
    assert_eq!(batch.problems, []);
    let page = named(&batch, "node");
    assert_eq!((page.state, check(page).test.as_deref(), page.labels["site"].as_str()), (State::Ok, Some("scrape"), "lab"));
    assert!(reason(page).ends_with(" samples"), "{}", reason(page));
    let of =
        |name: &str| batch.series.iter().filter(|series| series.reading == name).map(|series| series.points[0].value).collect::<Vec<_>>();
    assert!(of("load (1 m)")[0] >= 0.0);
    assert!((0.0..=1.0).contains(&of("memory available")[0]), "{}", told(&batch));
    assert!(named(&batch, "memory available").state != State::Unknown);

    let queries = [reading("cpu idle", "node_cpu_seconds_total{mode=\"idle\"}"), reading("lo", "node_network_info{device=~\"lo|eth9\"}")];
    let batch = poll(&Scrape::new(&config("node", "scrape", &url, &queries)).unwrap(), "scrape").await;
    assert!(batch.series.iter().any(|series| series.reading == "cpu idle" && series.labels.contains_key("cpu")), "{}", told(&batch));
    let wrong = Scrape::new(&config("node", "scrape", url.trim_end_matches("metrics"), &[])).unwrap();
    assert_eq!(wrong.info().url.as_str(), url, "without a path it is /metrics");
    // it answers every other path with a page for people
    let page = url.replace("/metrics", "/nothing");
    let failure = Scrape::new(&config("node", "scrape", &page, &[])).unwrap().poll(&"scrape".into(), now()).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::BadShape);
    assert!(failure.detail.contains("HTML") && failure.hint.contains("/metrics"), "{failure} ({})", failure.hint);
}

#[tokio::test]
async fn prometheus_scraped_as_a_page_tells_its_recording_rules_by_name() {
    let Some([url]) = addresses("prometheus_scraped_as_a_page_tells_its_recording_rules_by_name", [PROMETHEUS]) else { return };
    let queries = [reading("reload", "prometheus_config_last_reload_successful"), reading("federated", "job:up:avg{job=\"node\"}")];
    let own = Scrape::new(&config("prom-page", "scrape", &format!("{url}/metrics"), &queries[..1])).unwrap();
    let batch = poll(&own, "scrape").await;
    assert_eq!((batch.series.len(), batch.series[0].points[0].value, batch.problems.len()), (1, 1.0, 0), "{}", told(&batch));
    let page = format!("{url}/federate?match[]=%7B__name__%3D~%22job:.*%22%7D");
    let federated = Scrape::new(&config("federate", "scrape", &page, &queries[1..])).unwrap();
    let batch = poll(&federated, "scrape").await;
    assert_eq!((batch.series.len(), batch.series[0].points[0].value), (1, 1.0), "{}", told(&batch));
}
