//! Which series services, pipelines, datasets and models expose, and on whose page.
//! Not for: their values (see `values`), queries over them (see `prometheus`), their text form (see `exposition`).

use std::collections::BTreeMap;

use super::World;
use crate::demo::company::{Dataset, In, Model, Pipeline, Service};

/// Labels of a series.
pub type Labels = BTreeMap<String, String>;

/// Bounds of the buckets of request seconds.
pub const LATENCY_BOUNDS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// Bounds of the buckets of a feature's scaled value.
pub const FEATURE_BOUNDS: [f64; 9] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

/// What a metric is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Family {
    /// Its name; of a histogram without `_bucket`.
    pub name: &'static str,
    /// What it counts.
    pub help: &'static str,
    /// Which kind.
    pub kind: FamilyKind,
    /// The job whose pages show it; absent where every service's page does.
    pub job: Option<&'static str>,
}

/// Which kind of numbers a family has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FamilyKind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts per bucket, sum and count.
    Histogram,
}

impl FamilyKind {
    /// The word of the text format.
    pub fn word(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// The page of what containers use.
pub const ENGINE_JOB: &str = "engine";
/// The page of datasets, streams and pipelines.
pub const DATA_JOB: &str = "data-exporter";
/// The page of served models.
pub const MODEL_JOB: &str = "model-monitor";

const fn family(name: &'static str, kind: FamilyKind, job: Option<&'static str>, help: &'static str) -> Family {
    Family { name, help, kind, job }
}

/// Every metric there is but `up`, which is Prometheus's own.
pub const FAMILIES: &[Family] = &[
    family("http_requests_total", FamilyKind::Counter, None, "Requests answered, by status."),
    family("http_request_duration_seconds", FamilyKind::Histogram, None, "Seconds until the answer."),
    family("process_resident_memory_bytes", FamilyKind::Gauge, None, "Memory in use."),
    family("process_cpu_seconds_total", FamilyKind::Counter, None, "CPU seconds used."),
    family("process_start_time_seconds", FamilyKind::Gauge, None, "When the process began, since the epoch."),
    family("container_oom_events_total", FamilyKind::Counter, Some(ENGINE_JOB), "Kills for memory."),
    family("dataset_rows", FamilyKind::Gauge, Some(DATA_JOB), "Rows."),
    family("dataset_usual_rows", FamilyKind::Gauge, Some(DATA_JOB), "Rows on a usual day."),
    family("dataset_null_share", FamilyKind::Gauge, Some(DATA_JOB), "Share of nulls in columns that should have none."),
    family("dataset_renewed_timestamp_seconds", FamilyKind::Gauge, Some(DATA_JOB), "When it was last renewed, since the epoch."),
    family("dataset_age_limit_seconds", FamilyKind::Gauge, Some(DATA_JOB), "How old it may be."),
    family("topic_lag", FamilyKind::Gauge, Some(DATA_JOB), "Records not yet read by the slowest reader."),
    family("pipeline_queued_seconds", FamilyKind::Gauge, Some(DATA_JOB), "How long its oldest waiting run has waited."),
    family("model_score", FamilyKind::Gauge, Some(MODEL_JOB), "Area under the curve on labelled traffic."),
    family("model_reference_score", FamilyKind::Gauge, Some(MODEL_JOB), "Area under the curve in its evaluation."),
    family("model_feature_psi", FamilyKind::Gauge, Some(MODEL_JOB), "Population stability index against the training data."),
    family("model_feature_value", FamilyKind::Histogram, Some(MODEL_JOB), "Scaled values of a feature at inference."),
    family("model_feature_reference", FamilyKind::Histogram, Some(MODEL_JOB), "Scaled values of a feature in the training data."),
];

/// What a series is computed from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Curve {
    /// 1 if a page answers.
    Up(Option<In<Service>>),
    /// Requests that ended well, or did not.
    Requests(In<Service>, bool),
    /// Requests faster than a bound, which may be infinite.
    Latency(In<Service>, f64),
    /// Seconds of all requests.
    LatencySum(In<Service>),
    /// Bytes held.
    Memory(In<Service>),
    /// CPU seconds.
    Cpu(In<Service>),
    /// When the process began.
    Began(In<Service>),
    /// Kills for memory.
    Kills(In<Service>),
    /// Rows.
    Rows(In<Dataset>),
    /// A number that does not change.
    Fixed(f64),
    /// Share of nulls.
    Nulls(In<Dataset>),
    /// When it was renewed.
    Renewed(In<Dataset>),
    /// Records behind.
    Lag(In<Dataset>),
    /// Seconds waited.
    Queued(In<Pipeline>),
    /// Score on labelled traffic.
    Score(In<Model>),
    /// Drift of the feature at this place.
    Psi(In<Model>, usize),
    /// Values of the feature at this place up to a bound.
    Feature(In<Model>, usize, f64),
    /// The same in the training data.
    Reference(In<Model>, usize, f64),
    /// An alert's own series, by its place in the ruler's spells (see `prometheus`).
    Alert(usize),
}

/// One series: its labels, the name among them not, and how it is computed.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Labels.
    pub labels: Labels,
    /// Values.
    pub curve: Curve,
}

/// A target that is scraped.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// The scrape job.
    pub job: String,
    /// Host and port.
    pub instance: String,
    /// Labels that the scrape configuration adds.
    pub labels: Labels,
    /// The service whose page it is; absent for exporters, which are always up.
    pub service: Option<In<Service>>,
}

impl World {
    /// What this site's Prometheus scrapes.
    pub fn targets(&self) -> Vec<Target> {
        let mut targets = Vec::new();
        for service in self.services() {
            let labels = labels([("service", service.full_name()), ("team", service.team.to_owned())]);
            targets.push(Target { job: service.name.to_owned(), instance: instance(service), labels, service: Some(service) });
        }
        for (job, port) in [(ENGINE_JOB, 9323), (DATA_JOB, 9400), (MODEL_JOB, 9401)] {
            let instance = format!("{job}.{}:{port}", crate::demo::company::DOMAIN);
            targets.push(Target { job: job.to_owned(), instance, labels: Labels::new(), service: None });
        }
        targets
    }

    /// The series of a metric, by its whole name (`http_request_duration_seconds_bucket`). Empty for a name there is not.
    pub fn lines(&self, name: &str) -> Vec<Line> {
        if name == "up" {
            let line = |target: Target| Line { labels: target_labels(&target), curve: Curve::Up(target.service) };
            return self.targets().into_iter().map(line).collect();
        }
        match name {
            "http_requests_total" => self.each_service(|service| {
                [("200", true), ("500", false)]
                    .map(|(code, good)| (vec![("code", code.to_owned())], Curve::Requests(service, good)))
                    .to_vec()
            }),
            "http_request_duration_seconds_bucket" => self.each_service(|service| {
                bounds(&LATENCY_BOUNDS).map(|(le, bound)| (vec![("le", le)], Curve::Latency(service, bound))).collect()
            }),
            "http_request_duration_seconds_count" => {
                self.each_service(|service| vec![(Vec::new(), Curve::Latency(service, f64::INFINITY))])
            }
            "http_request_duration_seconds_sum" => self.each_service(|service| vec![(Vec::new(), Curve::LatencySum(service))]),
            "process_resident_memory_bytes" => self.each_service(|service| vec![(Vec::new(), Curve::Memory(service))]),
            "process_cpu_seconds_total" => self.each_service(|service| vec![(Vec::new(), Curve::Cpu(service))]),
            "process_start_time_seconds" => self.each_service(|service| vec![(Vec::new(), Curve::Began(service))]),
            "container_oom_events_total" => self
                .services()
                .map(|service| {
                    let own = [("service", service.full_name()), ("team", service.team.to_owned())];
                    line(ENGINE_JOB, own, Curve::Kills(service))
                })
                .collect(),
            "dataset_rows" => self.each_dataset(|dataset| Some(Curve::Rows(dataset))),
            "dataset_usual_rows" => self.each_dataset(|dataset| Some(Curve::Fixed(dataset.rows))),
            "dataset_null_share" => self.each_dataset(|dataset| Some(Curve::Nulls(dataset))),
            "dataset_renewed_timestamp_seconds" => self.each_dataset(|dataset| Some(Curve::Renewed(dataset))),
            "dataset_age_limit_seconds" => {
                self.each_dataset(|dataset| Some(Curve::Fixed(self.clock().wall_s((dataset.renewed_s * 3.0).max(90.0)))))
            }
            "topic_lag" => self.each_dataset(|dataset| (dataset.group == "stream").then_some(Curve::Lag(dataset))),
            "pipeline_queued_seconds" => self
                .pipelines()
                .map(|pipeline| {
                    let own = [("dag", pipeline.full_name()), ("team", pipeline.team.to_owned())];
                    line(DATA_JOB, own, Curve::Queued(pipeline))
                })
                .collect(),
            "model_score" => self.each_model(|model| vec![(Vec::new(), Curve::Score(model))]),
            "model_reference_score" => self.each_model(|model| vec![(Vec::new(), Curve::Fixed(model.auc))]),
            "model_feature_psi" => self.each_model(|model| {
                features(model).map(|(at, name)| (vec![("feature", name.to_owned())], Curve::Psi(model, at))).collect()
            }),
            "model_feature_value_bucket" => self.each_model(|model| buckets(model, Curve::Feature)),
            "model_feature_reference_bucket" => self.each_model(|model| buckets(model, Curve::Reference)),
            _ => Vec::new(),
        }
    }

    fn each_service(&self, make: impl Fn(In<Service>) -> Vec<(Vec<(&'static str, String)>, Curve)>) -> Vec<Line> {
        let mut lines = Vec::new();
        for service in self.services() {
            for (more, curve) in make(service) {
                let own = [
                    ("job", service.name.to_owned()),
                    ("instance", instance(service)),
                    ("service", service.full_name()),
                    ("team", service.team.to_owned()),
                ];
                lines.push(Line { labels: labels(own.into_iter().chain(more)), curve });
            }
        }
        lines
    }

    fn each_dataset(&self, make: impl Fn(In<Dataset>) -> Option<Curve>) -> Vec<Line> {
        self.datasets()
            .filter_map(|dataset| {
                let layer = if dataset.uri.contains("/core/") { "core" } else { dataset.group };
                let own = [("dataset", dataset.full_name()), ("layer", layer.to_owned()), ("team", dataset.team.to_owned())];
                Some(line(DATA_JOB, own, make(dataset)?))
            })
            .collect()
    }

    fn each_model(&self, make: impl Fn(In<Model>) -> Vec<(Vec<(&'static str, String)>, Curve)>) -> Vec<Line> {
        let mut lines = Vec::new();
        for model in self.models() {
            for (more, curve) in make(model) {
                let own = [("model", model.full_name()), ("team", model.team.to_owned())];
                lines.push(line(MODEL_JOB, own.into_iter().chain(more), curve));
            }
        }
        lines
    }
}

pub(super) fn bounds(finite: &'static [f64]) -> impl Iterator<Item = (String, f64)> {
    finite.iter().map(|bound| (bound.to_string(), *bound)).chain(std::iter::once(("+Inf".to_owned(), f64::INFINITY)))
}

fn features(model: In<Model>) -> impl Iterator<Item = (usize, &'static str)> {
    model.of.features.iter().copied().enumerate()
}

fn buckets(model: In<Model>, curve: fn(In<Model>, usize, f64) -> Curve) -> Vec<(Vec<(&'static str, String)>, Curve)> {
    let of_feature = |(at, name): (usize, &'static str)| {
        bounds(&FEATURE_BOUNDS).map(move |(le, bound)| (vec![("feature", name.to_owned()), ("le", le)], curve(model, at, bound)))
    };
    features(model).flat_map(of_feature).collect()
}

/// Where a service's page is scraped.
fn instance(service: In<Service>) -> String {
    format!("{}.{}:{}", service.full_name(), crate::demo::company::DOMAIN, service.port)
}

fn line(job: &str, own: impl IntoIterator<Item = (&'static str, String)>, curve: Curve) -> Line {
    let instance = match job {
        ENGINE_JOB => 9323,
        DATA_JOB => 9400,
        _ => 9401,
    };
    let place = [("job", job.to_owned()), ("instance", format!("{job}.{}:{instance}", crate::demo::company::DOMAIN))];
    Line { labels: labels(place.into_iter().chain(own)), curve }
}

/// All labels of a target's series.
pub fn target_labels(target: &Target) -> Labels {
    let mut labels = target.labels.clone();
    labels.insert("job".to_owned(), target.job.clone());
    labels.insert("instance".to_owned(), target.instance.clone());
    labels
}

fn labels(pairs: impl IntoIterator<Item = (&'static str, String)>) -> Labels {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
