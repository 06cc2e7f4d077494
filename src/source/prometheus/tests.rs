//! What is made of recorded answers. Not for: a running server (see `tests/live`).

use reqwest::StatusCode;
use reqwest::header::HeaderMap;

use super::*;
use crate::config::ReadingConfig;
use crate::domain::Series;
use crate::source::fingerprint::Fingerprint;

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../../../tests/fixtures/prometheus/", $name, ".json"))
    };
}

fn answer(status: u16, body: &str) -> Response {
    Response {
        status: StatusCode::from_u16(status).unwrap(),
        headers: HeaderMap::new(),
        body: body.as_bytes().to_vec(),
        not_modified: false,
        doing: "GET http://prom/api/v1".into(),
    }
}

fn source(change: impl FnOnce(&mut SourceConfig)) -> Result<Prometheus, Failure> {
    let mut config = SourceConfig {
        name: "prom".into(),
        connector: CONNECTOR.into(),
        url: Some("http://prom:9090".into()),
        env: Some("prod".into()),
        labels: [("site".to_owned(), "ams".to_owned())].into(),
        ..SourceConfig::default()
    };
    change(&mut config);
    Prometheus::new(&config)
}

fn now() -> Timestamp {
    Timestamp::parse("2026-11-23T22:11:40Z").unwrap()
}

fn alerts_of(body: &str) -> Batch {
    let prom = source(|_| {}).unwrap();
    prom.batch(&answer(200, body), |rules, problems| alerts::alerts(rules, &prom.origin, &prom.pages, now(), problems)).unwrap()
}

fn targets_of(body: &str) -> Batch {
    let prom = source(|_| {}).unwrap();
    prom.batch(&answer(200, body), |targets, problems| checks::targets(targets, &prom.origin, &prom.pages, now(), problems)).unwrap()
}

fn rules_of(body: &str) -> Batch {
    let prom = source(|_| {}).unwrap();
    prom.batch(&answer(200, body), |rules, problems| checks::unhealthy_rules(rules, &prom.origin, &prom.pages, now(), problems)).unwrap()
}

fn series_of(body: &str) -> (Vec<Series>, Vec<RowProblem>) {
    let response = answer(200, body);
    let told = api::read::<wire::QueryData<'_>>(&response).unwrap();
    promql::series(&told.data, &"r".into(), &"s".into(), false)
}

fn lines(batch: &Batch) -> Vec<String> {
    batch.entities.iter().map(|e| format!("{} {}: {}", e.name, e.state, e.reason.as_deref().unwrap_or_default())).collect()
}

fn problems(batch: &Batch) -> Vec<String> {
    batch.problems.iter().map(|problem| format!("{}: {}", problem.path, problem.message)).collect()
}

fn json(batch: &Batch) -> String {
    serde_json::to_string_pretty(&batch.entities).unwrap()
}

#[test]
fn every_pending_and_firing_alert_of_a_recorded_server_is_an_entity() {
    insta::assert_snapshot!(json(&alerts_of(fixture!("rules"))));
}

#[test]
fn every_target_of_a_recorded_server_is_a_check() {
    let batch = targets_of(fixture!("targets"));
    insta::assert_snapshot!(json(&Batch { entities: batch.entities[..1].to_vec(), ..Batch::default() }));
    insta::assert_snapshot!("targets", lines(&batch).join("\n"));
}

#[test]
fn of_the_rules_only_those_that_are_not_healthy_are_checks() {
    insta::assert_snapshot!(json(&rules_of(fixture!("rules"))));
    let unknown = r#"{"status":"success","data":{"groups":[{"name":"g","file":"f","rules":[
        {"name":"new","query":"x","health":"unknown","type":"recording"},{"name":"odd","health":"paused","lastError":"by hand"}]}]}}"#;
    assert_eq!(lines(&rules_of(unknown)), ["new pending: not evaluated yet", "odd unknown: paused by hand"]);
}

#[test]
fn what_alerts_may_look_like_is_read_as_it_is_meant() {
    let alert = |labels: &str, annotations: &str, rest: &str| {
        format!(
            r#"{{"status":"success","data":{{"groups":[{{"name":"g","file":"f","rules":[{{"name":"A","query":"x > 1","duration":300,
            "lastEvaluation":"2026-11-23T22:10:02.5Z","alerts":[{{"labels":{{"alertname":"A"{labels}}},"annotations":{annotations},{rest}}}]}}]}}]}}}}"#
        )
    };
    let firing = r#""state":"firing","activeAt":"2026-11-23T22:10:00Z","value":"2.5e+00""#;
    for (body, line) in [
        (alert("", "null", firing), "A warning: 2.5 from x > 1"),
        (alert(r#","severity":"page""#, r#"{"summary":"\n  down \nmore"}"#, firing), "A failed: down"),
        (alert(r#","severity":"ticket""#, r#"{"description":"slow"}"#, firing), "A warning: severity ticket: slow"),
        (alert(r#","severity":"warning""#, r#"{"message":"slow"}"#, firing), "A warning: slow"),
        (alert("", "{}", r#""state":"firing","value":"NaN""#), "A warning: NaN from x > 1"),
        (alert("", "{}", r#""state":"pending","activeAt":"2026-11-23T22:10:00Z""#), "A pending: pending for 2s of 5m: x > 1"),
        (alert("", "{}", r#""state":"pending","activeAt":"0001-01-01T00:00:00Z""#), "A pending: pending for ? of 5m: x > 1"),
        (
            alert("", r#"{"summary":"s"}"#, r#""state":"firing","keepFiringSince":"2026-11-23T22:10:01Z""#),
            "A warning: not true any more, kept firing: s",
        ),
        (alert("", r#"{"summary":"s"}"#, r#""state":"firing","keepFiringSince":"0001-01-01T00:00:00Z""#), "A warning: s"),
        (alert("", r#"{"summary":"s"}"#, r#""state":"muted""#), "A unknown: muted: s"),
        (alert("", r#"{"summary":"\u001b[31mred\u001b]0;title\u0007"}"#, firing), "A warning: red"),
    ] {
        assert_eq!(lines(&alerts_of(&body)), [line], "{body}");
    }
    assert_eq!(lines(&alerts_of(&alert("", "{}", r#""state":"inactive""#))), [""; 0]);
}

#[test]
fn an_alert_that_cannot_be_read_costs_itself_alone_and_says_where() {
    let body = r#"{"status":"success","data":{"groups":[{"name":"g","rules":[
        {"name":"A","query":"x","alerts":[{"labels":{"alertname":"A"},"state":7},{"labels":{"alertname":"A","n":"2"},"state":"firing"}]},
        {"name":["B"],"query":"x"},
        {"name":"C","query":"y","alerts":null}]},
        "no group"]},"warnings":["store s3 did not answer"],"infos":["metric might not be a counter"]}"#;
    let batch = alerts_of(body);
    assert_eq!(lines(&batch), ["A warning: x"]);
    let told = problems(&batch);
    assert_eq!(told[..2], ["warnings: store s3 did not answer", "infos: metric might not be a counter"]);
    for (told, beginning) in told[2..].iter().zip(["groups[0].rules[0].alerts[0] of A: ", "groups[0].rules[1] of g: ", "groups[1]: "]) {
        assert!(told.starts_with(beginning), "{told}");
    }
    assert_eq!(told.len(), 5);
}

#[test]
fn two_rules_with_one_set_of_labels_are_one_alert_and_the_worse_stays() {
    let rule = |state: &str| {
        format!(r#"{{"name":"A","query":"x","alerts":[{{"labels":{{"alertname":"A","severity":"critical"}},"state":"{state}"}}]}}"#)
    };
    let body = format!(r#"{{"status":"success","data":{{"groups":[{{"name":"g","rules":[{},{}]}}]}}}}"#, rule("pending"), rule("firing"));
    let batch = alerts_of(&body);
    assert_eq!(lines(&batch), ["A failed: x"]);
    assert!(problems(&batch)[0].contains("two rules"), "{:?}", problems(&batch));
}

#[test]
fn the_key_of_an_alert_is_the_fingerprint_of_its_own_labels() {
    for entity in alerts_of(fixture!("rules")).entities {
        let mut own = entity.labels.clone();
        assert_eq!(own.remove("site").as_deref(), Some("ams"), "the configured label is added");
        assert_eq!(entity.id.as_str(), format!("prom/alert/{}", Fingerprint::of(&own)));
    }
}

#[test]
fn a_failed_reload_of_the_configuration_is_a_failed_check() {
    let prom = source(|_| {}).unwrap();
    let told =
        |body: &str| lines(&prom.batch(&answer(200, body), |info, _| checks::server(&info, &prom.origin, &prom.pages, now())).unwrap());
    let log = "write-ahead log ok: 0 corruptions repaired since the start";
    assert_eq!(told(fixture!("status-runtimeinfo")), ["configuration ok: reloaded", log]);
    let failed = "configuration failed: the last reload failed; the configuration of 2026-11-23T22:11:39.000Z is in use";
    assert_eq!(told(fixture!("status-runtimeinfo-reload-failed")), [failed, log]);
    assert_eq!(told(r#"{"status":"success","data":{}}"#), [""; 0], "what a server does not tell is not invented");
}

#[test]
fn values_are_strings_and_nan_and_infinities_stay_what_they_are() {
    let (series, problems) = series_of(fixture!("query-nan-inf"));
    assert!(series[0].points[0].value.is_nan() && problems.is_empty());
    assert!(series[1].points[0].value.is_infinite() && series[1].points[0].value > 0.0);
    let (series, _) = series_of(fixture!("query-scalar"));
    assert_eq!((series[0].points[0].at.to_string().as_str(), series[0].points[0].value), ("2026-11-23T22:11:38.131Z", 3.5));
    let (series, _) = series_of(fixture!("query-range-p99"));
    assert_eq!(series[0].points.len(), 7);
    assert_eq!(format!("{:?}", series[0].labels), r#"{"route": "/pay"}"#, "the name is that of the reading");
    assert_eq!(series_of(fixture!("query-empty")), (vec![], vec![]), "no series is no zero");
    assert_eq!(series_of(fixture!("victoria-query-up")).0.len(), series_of(fixture!("query-vector-up")).0.len());
}

#[test]
fn a_series_without_numbers_is_left_out_with_a_reason() {
    let histogram = r#"{"status":"success","data":{"resultType":"vector","result":[
        {"metric":{},"histogram":[1,{"count":"1","sum":"1"}]},{"metric":{"a":"b"},"value":[1,"1"]},{"metric":{},"value":[1,"one"]}]}}"#;
    for (body, kept, said) in [
        (fixture!("query-string"), 0, "r: resultType: the expression gives a string, not numbers"),
        (histogram, 2, "r: result[0]: a native histogram"),
        (r#"{"status":"success","data":{"resultType":"vector","result":7}}"#, 0, "r: result: invalid type"),
    ] {
        let (series, problems) = series_of(body);
        assert_eq!(series.len(), kept, "{body}");
        let told = format!("{}: {}", problems[0].path, problems[0].message);
        assert!(told.starts_with(said), "{told}");
    }
}

#[test]
fn every_kind_of_error_is_a_failure_with_its_text_and_what_to_do() {
    for (word, kind, hint) in api::ERROR_TYPES {
        let body = format!(r#"{{"status":"error","errorType":"{word}","error":"because"}}"#);
        let failure = api::read::<Value>(&answer(500, &body)).unwrap_err();
        assert_eq!((failure.kind, &*failure.detail, &*failure.hint), (*kind, format!("{word}: because").as_str(), *hint));
    }
    for (status, body, kind, detail) in [
        (400, fixture!("query-parse-error"), FailureKind::Config, "unexpected end of input inside braces"),
        (400, fixture!("query-bad-time"), FailureKind::Config, "cannot parse \"notatime\""),
        (400, fixture!("query-range-too-many-points"), FailureKind::Config, "11,000 points"),
        (422, fixture!("query-exec-error"), FailureKind::Config, "many-to-many matching not allowed"),
        (503, fixture!("query-timeout"), FailureKind::Timeout, "query timed out"),
        (422, fixture!("victoria-query-error"), FailureKind::Config, "422: error when executing"),
        (
            422,
            r#"{"status":"error","errorType":"execution","error":"unavailable with Prometheus Agent"}"#,
            FailureKind::Unsupported,
            "Agent",
        ),
        (500, r#"{"status":"error","errorType":"new_word","error":"x"}"#, FailureKind::Server, "new_word: x"),
        (403, r#"{"status":"error","error":"no org"}"#, FailureKind::Denied, "403: no org"),
        (429, r#"{"status":"error","errorType":"429","error":"slow down"}"#, FailureKind::RateLimited, "slow down"),
        (200, r#"{"status":"success","data":{"groups":7}}"#, FailureKind::BadShape, "not what the API documents"),
        (200, r#"{"status":"success""#, FailureKind::BadShape, "EOF"),
        (200, "<!doctype html><title>Sign in</title>", FailureKind::BadShape, "Sign in"),
        (200, "[]", FailureKind::BadShape, "invalid"),
    ] {
        let response = answer(status, body);
        let failure = api::read::<wire::Rules>(&response).unwrap_err();
        assert_eq!(failure.kind, kind, "{body}");
        assert!(failure.detail.contains(detail), "{failure}");
    }
}

#[test]
fn a_page_that_is_missing_is_unsupported_and_not_the_end_of_the_source() {
    for (kind, detail) in [
        (FailureKind::NotFound, "404 Not Found: 404 page not found"),
        (FailureKind::Config, "400 Bad Request: remoteAddr: \"x\"; unsupported path requested: \"/api/v1/nope\""),
    ] {
        let failure = api::explain(Failure::new(kind, "GET x", detail));
        assert_eq!(failure.kind, FailureKind::Unsupported);
        assert!(failure.hint.contains("with.prefix"));
    }
    let other = Failure::new(FailureKind::Unreachable, "GET x", "refused").hint("h");
    assert_eq!(api::explain(other.clone()), other);
}

#[test]
fn the_stubs_of_victoria_metrics_are_empty_and_no_error() {
    for batch in [alerts_of(fixture!("victoria-rules")), rules_of(fixture!("victoria-rules")), targets_of(fixture!("victoria-targets"))] {
        assert_eq!(batch, Batch::default());
    }
}

#[test]
fn its_parameters_are_checked_by_name_and_type() {
    let with = |key: &str, value: Value| source(|config| drop(config.with.insert(key.to_owned(), value)));
    let prom = with("prefix", "prometheus/".into()).unwrap();
    assert_eq!((prom.prefix.as_str(), with("prefix", "/".into()).unwrap().prefix.as_str()), ("/prometheus", ""));
    assert!(prom.pages.rules().unwrap().ends_with("9090/prometheus/rules"));
    assert!(with("tenant", 7.into()).is_ok());
    let failure = with("tenent", "fraud".into()).unwrap_err();
    assert_eq!((&*failure.detail, failure.hint.contains("`tenant`")), ("unknown key `tenent`", true));
    assert_eq!(&*with("tenant", true.into()).unwrap_err().detail, "`tenant` is not a string");
}

#[test]
fn its_polls_keep_their_proportions_and_readings_are_polled_only_where_there_are_any() {
    let told = |prom: &Prometheus| -> Vec<String> { prom.info.polls.iter().map(|poll| format!("{} {}", poll.id, poll.every_s)).collect() };
    assert_eq!(told(&source(|_| {}).unwrap()), ["alerts 15", "targets 30", "rules 60", "server 60"]);
    let prom = source(|config| {
        config.every = Some("5s".parse().unwrap());
        config.readings = vec![ReadingConfig { name: "p99".into(), query: "x".into(), ..ReadingConfig::default() }];
    })
    .unwrap();
    assert_eq!(told(&prom), ["alerts 5", "readings 5", "targets 10", "rules 20", "server 20"]);
    assert_eq!(prom.info.readings, [Text::from("p99")]);
}

/// Answers every connection with one body and hands over the heads of the requests, newest last.
async fn served(status: &'static str, body: &'static str) -> (String, tokio::sync::mpsc::Receiver<String>) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (heads, received) = tokio::sync::mpsc::channel(16);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.windows(4).any(|end| end == b"\r\n\r\n") && stream.read_buf(&mut head).await.unwrap_or(0) > 0 {}
            let kind = if body.starts_with('{') { "application/json" } else { "text/plain" };
            let answer =
                format!("HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
            stream.write_all(answer.as_bytes()).await.unwrap();
            heads.send(String::from_utf8_lossy(&head).into_owned()).await.unwrap();
        }
    });
    (address, received)
}

#[tokio::test]
async fn a_tenant_and_a_prefix_are_part_of_every_request() {
    let (address, mut heads) = served("200 OK", fixture!("victoria-rules")).await;
    let prom = source(|config| {
        config.url = Some(format!("{address}/gateway"));
        config.with = [("tenant".to_owned(), "fraud".into()), ("prefix".to_owned(), "/prometheus".into())].into();
    });
    prom.unwrap().poll(&"alerts".into(), now()).await.unwrap();
    let head = heads.recv().await.unwrap();
    assert!(head.starts_with("GET /gateway/prometheus/api/v1/rules?type=alert HTTP/1.1\r\n"), "{head}");
    assert!(head.to_lowercase().contains("\r\nx-scope-orgid: fraud\r\n"), "{head}");
}

#[tokio::test]
async fn what_a_server_refuses_is_told_in_its_own_words() {
    let agent = r#"{"status":"error","errorType":"execution","error":"unavailable with Prometheus Agent"}"#;
    for (status, body, kind, word) in [
        ("422 Unprocessable Entity", agent, FailureKind::Unsupported, "Agent"),
        ("503 Service Unavailable", fixture!("query-timeout"), FailureKind::Timeout, "query timed out"),
        ("503 Service Unavailable", "Service Unavailable", FailureKind::Server, "503"),
        ("404 Not Found", "404 page not found\n", FailureKind::Unsupported, "404 page not found"),
        ("401 Unauthorized", r#"{"status":"error","error":"who?"}"#, FailureKind::Auth, "who?"),
        ("429 Too Many Requests", r#"{"status":"error","error":"slower"}"#, FailureKind::RateLimited, "slower"),
    ] {
        let (address, _heads) = served(status, body).await;
        let failure = source(|config| config.url = Some(address)).unwrap().poll(&"alerts".into(), now()).await.unwrap_err();
        assert_eq!(failure.kind, kind, "{failure}");
        assert!(failure.detail.contains(word) && !failure.hint.is_empty(), "{failure} ({})", failure.hint);
    }
}

#[tokio::test]
async fn when_every_reading_fails_so_does_the_poll() {
    let (address, _heads) = served("400 Bad Request", fixture!("query-parse-error")).await;
    let prom = source(|config| {
        config.url = Some(address);
        config.readings =
            ["a", "b"].map(|name| ReadingConfig { name: name.into(), query: "up{".into(), ..ReadingConfig::default() }).into();
    });
    let failure = prom.unwrap().poll(&"readings".into(), now()).await.unwrap_err();
    assert!(failure.detail.contains("unexpected end of input"), "{failure}");
}
