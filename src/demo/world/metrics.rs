//! Numbers over time that services, pipelines, datasets and models expose: counters, gauges and histograms at any instant.
//! Not for: queries over them (see `prometheus`), their text form (see `exposition`).

use super::World;
use crate::demo::company::{In, Service};
use crate::demo::story::Bend;

/// One metric name with what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Family {
    /// Its name, as in `http_requests_total`.
    pub name: &'static str,
    /// What it counts.
    pub help: &'static str,
    /// Which kind.
    pub kind: FamilyKind,
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

/// One series at an instant.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// Its labels, sorted by name.
    pub labels: Vec<(String, String)>,
    /// How much.
    pub value: f64,
}

impl World {
    /// Share of a service's requests that take the slow way.
    pub(super) fn slow_share(&self, service: In<Service>, s: f64) -> f64 {
        self.bent(service.name, service.market, s, |bend| if let Bend::Slow(share) = bend { Some(share) } else { None })
    }
}
