//! Distributions that drift on purpose in a real Prometheus and a real `VictoriaMetrics` are found, and those that do not are not.
//! Not for: the measures themselves (see `tests/drift`).

use std::sync::Arc;
use std::time::Duration;

use triops::config::{DriftConfig, SourceConfig};
use triops::domain::{Batch, Check, Detail, Entity, PollId, State, Timestamp};
use triops::insight::triage;
use triops::source::Source;
use triops::source::http::{Http, Method, Request};
use triops::source::prometheus::Prometheus;

use super::support::{addresses, now, poll, told, triops, until};
use super::written::{Native, STALE, Written, write};

/// Seconds between two samples of a history.
const STEP_S: i64 = 15;
/// Values that are drawn in each of them.
const DRAWN: u32 = 40;
/// Bounds of classic buckets.
const BOUNDS: [f64; 9] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

/// Numbers that are other in each test and the same in each run (xorshift64*).
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Self {
        let mut dice = Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        for _ in 0..8 {
            dice.share();
        }
        dice
    }

    fn share(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A value from 0 to 1, about a half; `tilted`, about two thirds.
    fn value(&mut self, tilted: bool) -> f64 {
        f64::midpoint(self.share(), self.share()).powf(if tilted { 0.5 } else { 1.0 })
    }
}

/// A classic histogram as a program exposes it: counts up to each bound, the last one all.
#[derive(Default, Clone)]
struct Classic([u64; 10]);

impl Classic {
    fn observe(&mut self, value: f64) {
        let first = BOUNDS.partition_point(|bound| *bound < value);
        self.0[first..].iter_mut().for_each(|count| *count += 1);
    }

    fn cells(&self) -> impl Iterator<Item = (String, u64)> + '_ {
        let bounds = BOUNDS.iter().map(ToString::to_string).chain(["+Inf".to_owned()]);
        bounds.zip(self.0.iter().copied())
    }
}

fn config(url: &str, drifts: Vec<DriftConfig>) -> SourceConfig {
    SourceConfig { name: "prom".into(), connector: "prometheus".into(), url: Some(url.into()), drifts, ..SourceConfig::default() }
}

/// Ten minutes now against ten minutes half an hour ago.
fn drift(model: &str, metric: &str) -> DriftConfig {
    DriftConfig {
        model: model.into(),
        histogram: Some(metric.into()),
        feature: Some("feature".into()),
        window: "10m".parse().unwrap(),
        offset: "30m".parse().unwrap(),
        ..DriftConfig::default()
    }
}

fn of<'a>(batch: &'a Batch, key: &str) -> (&'a Entity, &'a Check) {
    let entity = batch.entities.iter().find(|entity| entity.id.key() == format!("drift/{key}"));
    let entity = entity.unwrap_or_else(|| panic!("no {key} in:\n{}", told(batch)));
    match &entity.detail {
        Detail::Check(check) => (entity, check),
        other => panic!("not a check: {other:?}"),
    }
}

fn needs_you(batch: &Batch) -> Vec<String> {
    let shared: Vec<Arc<Entity>> = batch.entities.iter().cloned().map(Arc::new).collect();
    triage::needs_you(shared.iter(), now()).iter().map(|entity| entity.name.to_string()).collect()
}

/// Instants of a history of 45 minutes up to `end`.
fn instants(end: Timestamp) -> impl Iterator<Item = i64> {
    (-180..=0).map(move |step| end.ms() + step * STEP_S * 1000)
}

#[tokio::test]
async fn drift_in_a_real_prometheus_is_found_and_what_only_looks_like_it_is_not() {
    const TEST: &str = "drift_in_a_real_prometheus_is_found_and_what_only_looks_like_it_is_not";
    let Some([url]) = addresses(TEST, ["TRIOPS_LIVE_PROMETHEUS_WRITTEN"]) else { return };
    let metric = format!("live_{}", std::process::id());
    let end = now();
    let before = |minutes: i64| end.ms() - minutes * 60_000;
    let mut series = Vec::new();
    for (seed, feature) in (1..).zip(["steady", "moved", "restarted", "ended", "thin", "rebucketed", "lacking"]) {
        let mut dice = Dice::new(seed);
        let mut counts = Classic::default();
        let name = format!("{metric}_bucket");
        let mut buckets: Vec<Written> =
            counts.cells().map(|(le, _)| Written::new(&[("__name__", &name), ("feature", feature), ("le", &le)])).collect();
        for at in instants(end) {
            if feature == "restarted" && at > before(5) && at <= before(5) + STEP_S * 1000 {
                counts = Classic::default();
            }
            for _ in 0..if feature == "thin" { 1 } else { DRAWN } {
                counts.observe(dice.value(feature == "moved" && at > before(15)));
            }
            for (place, (bucket, (_, count))) in buckets.iter_mut().zip(counts.cells()).enumerate() {
                // from a release on there is no bound at 0.3, and one at 0.7 that there was not before
                let absent = feature == "rebucketed" && ((place == 2 && at > before(20)) || (place == 6 && at <= before(20)));
                match feature {
                    "ended" if at > before(12) => {}
                    "ended" if at > before(12) - STEP_S * 1000 => bucket.sample(at, f64::from_bits(STALE)),
                    _ if absent => {}
                    _ => bucket.sample(at, count as f64),
                }
            }
        }
        series.extend(buckets);
        let missing = format!("{metric}_missing");
        let mut written = Written::new(&[("__name__", &missing), ("feature", feature)]);
        let mut lacking = 0;
        for at in instants(end) {
            lacking += if feature == "lacking" && at > before(15) { 8 } else { 0 };
            written.sample(at, f64::from(lacking));
        }
        series.push(written);
    }
    write(&url, &series).await;

    let fraud = DriftConfig { missing: Some(format!("{metric}_missing")), ..drift("fraud", &metric) };
    let prom = Prometheus::new(&config(&url, vec![fraud])).unwrap();
    let batch = prom.poll(&PollId::from("drift"), end).await.unwrap();
    let moved = of(&batch, "fraud/moved");
    assert_eq!(moved.0.state, State::Failed, "{}", told(&batch));
    assert!(moved.1.numbers["psi"] > 0.25 && moved.1.numbers["p_adjusted"] < 1e-9, "{:?}", moved.1.numbers);
    assert!(moved.1.numbers["p50_current"] > moved.1.numbers["p50_reference"] + 0.1 && moved.1.numbers["contribution"] > 0.8);
    for feature in ["steady", "restarted", "rebucketed"] {
        let (entity, check) = of(&batch, &format!("fraud/{feature}"));
        assert_eq!(entity.state, State::Ok, "{feature}: {:?}", entity.reason);
        assert!(check.numbers["psi"] < check.numbers["psi_limit"] * 3.0, "{feature}: {:?}", check.numbers);
    }
    // 41 samples in ten minutes; what a counter lost by its restart is not taken for less traffic
    let restarted = of(&batch, "fraud/restarted").1.numbers["n_current"];
    assert!((1500.0..1680.0).contains(&restarted), "{restarted}");
    assert_eq!(of(&batch, "fraud/rebucketed").1.windows.as_ref().unwrap().cells.len(), 8, "the bounds that both windows have");
    let lacking = of(&batch, "fraud/lacking");
    assert_eq!(lacking.0.state, State::Warning, "{:?}", lacking.0.reason);
    assert!(lacking.1.numbers["missing_reference"] == 0.0 && (lacking.1.numbers["missing_current"] - 8.0 / 48.0).abs() < 0.005);
    for (feature, why) in [("ended", "no samples in the current window"), ("thin", "too few samples: 4")] {
        let (entity, check) = of(&batch, &format!("fraud/{feature}"));
        assert_eq!((entity.state, check.observed.as_deref()), (State::Unknown, Some("no verdict")));
        assert!(entity.reason.as_ref().unwrap().starts_with(why), "{:?}", entity.reason);
    }
    let whole = of(&batch, "fraud");
    assert_eq!(whole.0.state, State::Warning, "two of five are less than half");
    assert!(whole.0.reason.as_ref().unwrap().starts_with("drift 2/5 features, most moved: PSI "), "{:?}", whole.0.reason);
    assert_eq!(needs_you(&batch), ["fraud moved", "fraud drift"]);

    let calm = DriftConfig { matchers: "feature=~\"steady|restarted|rebucketed\"".to_owned(), ..drift("calm", &metric) };
    let batch = Prometheus::new(&config(&url, vec![calm])).unwrap().poll(&PollId::from("drift"), end).await.unwrap();
    assert_eq!(of(&batch, "calm").0.state, State::Ok, "{}", told(&batch));
    assert_eq!((batch.entities.len(), needs_you(&batch).len()), (4, 0), "{}", told(&batch));

    // a reference that stays where it is
    let fixed = DriftConfig { reference_at: Some(end.plus(-1800.0).to_string()), ..drift("fixed", &metric) };
    let batch = Prometheus::new(&config(&url, vec![fixed])).unwrap().poll(&PollId::from("drift"), end).await.unwrap();
    assert_eq!((of(&batch, "fixed/moved").0.state, of(&batch, "fixed/steady").0.state), (State::Failed, State::Ok), "{}", told(&batch));

    // without a screen: what a cron job sees
    let settings = format!(
        "[[source]]\nname = \"prom\"\nconnector = \"prometheus\"\nurl = \"{url}\"\n{}\n{}",
        table("fraud", &metric, "where = 'feature!=\"thin\"'"),
        table("calm", &metric, "where = 'feature=~\"steady|restarted\"'")
    );
    let run = |model: &str| triops(&settings, &["drift", "--source", "prom", "--model", model, "--format", "json"]);
    let (code, found) = run("fraud");
    let first = &found["checks"][0];
    assert_eq!((code, found["state"].as_str(), first["name"].as_str()), (2, Some("failed"), Some("fraud moved")), "{found}");
    let (code, found) = run("calm");
    assert_eq!((code, found["state"].as_str(), found["checks"].as_array().map(Vec::len)), (0, Some("ok"), Some(3)), "{found}");
}

#[tokio::test]
async fn native_histograms_of_a_real_prometheus_are_compared_bucket_by_bucket() {
    let test = "native_histograms_of_a_real_prometheus_are_compared_bucket_by_bucket";
    let Some([url]) = addresses(test, ["TRIOPS_LIVE_PROMETHEUS_WRITTEN"]) else { return };
    let metric = format!("live_native_{}", std::process::id());
    let end = now();
    let mut series = Vec::new();
    for (seed, feature) in (21..).zip(["steady", "moved", "coarser"]) {
        let mut dice = Dice::new(seed);
        let mut written = Written::new(&[("__name__", &metric), ("feature", feature)]);
        // values from 1 to 4: eight buckets of a quarter of an octave, or four of half of one from when the program was changed
        let mut fine = Native { schema: 2, first: 1, counts: vec![0; 8] };
        let mut coarse = Native { schema: 1, first: 1, counts: vec![0; 4] };
        for at in instants(end) {
            let tilted = feature == "moved" && at > end.ms() - 900_000;
            for _ in 0..DRAWN {
                let octaves = 2.0 * dice.value(tilted);
                fine.counts[((octaves * 4.0) as usize).min(7)] += 1;
                coarse.counts[((octaves * 2.0) as usize).min(3)] += 1;
            }
            written.native(at, if feature == "coarser" && at > end.ms() - 1_200_000 { &coarse } else { &fine });
        }
        series.push(written);
    }
    write(&url, &series).await;
    let batch = Prometheus::new(&config(&url, vec![drift("native", &metric)])).unwrap().poll(&PollId::from("drift"), end).await.unwrap();
    assert_eq!(of(&batch, "native/moved").0.state, State::Failed, "{}", told(&batch));
    for (feature, cells) in [("steady", 8), ("coarser", 4)] {
        let (entity, check) = of(&batch, &format!("native/{feature}"));
        assert_eq!((entity.state, check.windows.as_ref().map(|windows| windows.cells.len())), (State::Ok, Some(cells)), "{}", told(&batch));
    }
    let moved = &of(&batch, "native/moved").1.numbers;
    assert!((1.9..2.1).contains(&moved["p50_reference"]) && moved["p50_current"] > 2.3, "{moved:?}");
}

#[tokio::test]
async fn pushed_histograms_that_drift_while_one_looks_are_found() {
    let test = "pushed_histograms_that_drift_while_one_looks_are_found";
    let Some([url, gateway]) = addresses(test, ["TRIOPS_LIVE_PROMETHEUS", "TRIOPS_LIVE_PUSHGATEWAY"]) else { return };
    let gateway = Http::new(&SourceConfig { url: Some(gateway), ..SourceConfig::default() }, "").unwrap();
    let metric = format!("live_pushed_{}", std::process::id());
    let group = format!("/metrics/job/triops_live_drift/model/{metric}");
    let push = async |method: Method, body: String| {
        let body = Some(("text/plain; version=0.0.4", body.into_bytes()));
        gateway.send(Request { method, body, ..Request::get(group.clone()) }).await.unwrap();
    };
    let mut dice = Dice::new(31);
    let mut features = [("steady", Classic::default()), ("moved", Classic::default())];
    let began = now();
    let mut changed = None;
    // eleven seconds as ever, then nine of which the last eight are compared
    while changed.is_none_or(|changed| now().since(changed) < 9.5) {
        if changed.is_none() && now().since(began) >= 11.0 {
            changed = Some(now());
        }
        let mut body = format!("# TYPE {metric} histogram\n");
        for (feature, counts) in &mut features {
            for _ in 0..60 {
                counts.observe(dice.value(*feature == "moved" && changed.is_some()));
            }
            for (le, count) in counts.cells() {
                body.push_str(&format!("{metric}_bucket{{feature=\"{feature}\",le=\"{le}\"}} {count}\n"));
            }
            body.push_str(&format!("{metric}_count{{feature=\"{feature}\"}} {}\n{metric}_sum{{feature=\"{feature}\"}} 1\n", counts.0[9]));
        }
        push(Method::PUT, body).await;
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
    let since = now().since(changed.unwrap());
    let table = DriftConfig {
        window: "8s".parse().unwrap(),
        offset: format!("{}ms", (since * 1000.0) as u64 + 500).parse().unwrap(),
        ..drift("pushed", &metric)
    };
    let batch = poll(&Prometheus::new(&config(&url, vec![table])).unwrap(), "drift").await;
    push(Method::DELETE, String::new()).await;
    assert_eq!(of(&batch, "pushed/moved").0.state, State::Failed, "{}", told(&batch));
    assert_eq!(of(&batch, "pushed/steady").0.state, State::Ok, "{}", told(&batch));
    assert_eq!(of(&batch, "pushed").0.state, State::Failed, "half of them is the share at which a model fails");
}

#[tokio::test]
async fn victoria_metrics_compares_the_same_and_counters_by_category() {
    let test = "victoria_metrics_compares_the_same_and_counters_by_category";
    let Some([url]) = addresses(test, ["TRIOPS_LIVE_VICTORIAMETRICS"]) else { return };
    let metric = format!("live_imported_{}", std::process::id());
    let end = now();
    let mut lines = String::new();
    for (seed, feature) in (41..).zip(["steady", "moved"]) {
        let mut dice = Dice::new(seed);
        let mut counts = Classic::default();
        let mut countries = [("DE", 0), ("FR", 0), ("US", 0)];
        for at in instants(end) {
            let tilted = feature == "moved" && at > end.ms() - 900_000;
            for _ in 0..DRAWN {
                counts.observe(dice.value(tilted));
                countries[((dice.value(tilted) * 3.0) as usize).min(2)].1 += 1;
            }
            for (le, count) in counts.cells() {
                lines.push_str(&format!("{metric}_bucket{{feature=\"{feature}\",le=\"{le}\"}} {count} {at}\n"));
            }
            for (country, count) in countries {
                lines.push_str(&format!("{metric}_total{{feature=\"{feature}\",country=\"{country}\"}} {count} {at}\n"));
            }
        }
    }
    let http = Http::new(&SourceConfig { url: Some(url.clone()), ..SourceConfig::default() }, "").unwrap();
    let body = Some(("text/plain", lines.into_bytes()));
    http.send(Request { method: Method::POST, body, ..Request::get("/api/v1/import/prometheus") }).await.unwrap();
    let countries = DriftConfig {
        histogram: None,
        counter: Some(format!("{metric}_total")),
        category: Some("country".into()),
        ..drift("by country", &metric)
    };
    let source = Prometheus::new(&config(&url, vec![drift("imported", &metric), countries])).unwrap();
    // what was imported is found a second later
    until("both features of both models have a verdict", async || {
        let batch = poll(&source, "drift").await;
        let states: Vec<State> = ["imported/steady", "imported/moved", "by country/steady", "by country/moved"]
            .into_iter()
            .filter_map(|key| batch.entities.iter().find(|entity| entity.id.key() == format!("drift/{key}")).map(|entity| entity.state))
            .collect();
        (states == [State::Ok, State::Failed, State::Ok, State::Failed]).then_some(()).ok_or_else(|| told(&batch))
    })
    .await;
}

/// A `[[source.drift]]` table of a file.
fn table(model: &str, metric: &str, more: &str) -> String {
    format!(
        "[[source.drift]]\nmodel = \"{model}\"\nhistogram = \"{metric}\"\nfeature = \"feature\"\nwindow = \"10m\"\noffset = \"30m\"\n{more}\n"
    )
}
