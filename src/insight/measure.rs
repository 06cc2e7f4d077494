//! The one number that tells most about an entity of each kind, for sparklines.
//! Not for: judging it.

use crate::domain::{Detail, Entity};

/// A number with what it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measure {
    /// What it is: `cpu`, `value`, `rows`.
    pub what: &'static str,
    /// `cores`, `bytes`, `s`, or empty.
    pub unit: &'static str,
    /// How much.
    pub value: f64,
}

/// The entity's main number, if it has one.
pub fn of(entity: &Entity) -> Option<Measure> {
    let measure = |what, unit, value: f64| Some(Measure { what, unit, value });
    match &entity.detail {
        Detail::Alert(alert) => alert.value.and_then(|value| measure("value", "", value)),
        Detail::Workload(workload) => workload.cpu_cores.and_then(|cores| measure("cpu", "cores", cores)),
        Detail::Endpoint(endpoint) => endpoint.latency_p99_s.and_then(|seconds| measure("p99", "s", seconds)),
        Detail::Dataset(dataset) => dataset
            .lag
            .map(|lag| ("lag", "", lag))
            .or(dataset.rows.map(|rows| ("rows", "", rows)))
            .and_then(|(what, unit, n)| measure(what, unit, n as f64)),
        Detail::Check(check) => check.observed.as_deref()?.trim().parse().ok().and_then(|value| measure("observed", "", value)),
        Detail::Stack(stack) => stack.drifted.and_then(|drifted| measure("drifted", "", drifted as f64)),
        Detail::Run(_) | Detail::Pipeline(_) | Detail::Host(_) | Detail::Model(_) | Detail::Change(_) => None,
    }
}
