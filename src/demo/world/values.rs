//! What the series are at any instant: counters, gauges and histograms from curves in closed form.
//! Not for: which series there are (see `metrics`).
//!
//! A counter is the integral of a rate, in wall seconds since the systems began; so a rate per second reads the same at any speed.
//! Counters go on through restarts rather than beginning at zero again.

use std::f64::consts::TAU;

use super::World;
use super::metrics::{Curve, FEATURE_BOUNDS, bounds};
use crate::demo::company::{In, Model, SERVICES, Service};
use crate::demo::story::Bend;

/// Median seconds of a request that takes the slow way.
const SLOW_S: f64 = 2.2;
/// Share of requests that take the slow way while a service flaps.
const FLAP_SHARE: f64 = 0.3;
/// Seconds of the wave of everyday traffic, and how high it is.
const WAVE: (f64, f64) = (5400.0, 0.12);

impl World {
    /// Whether the page of a series answers at a story second.
    pub(in crate::demo) fn answers(&self, curve: Curve, s: f64) -> bool {
        match curve {
            Curve::Requests(service, _)
            | Curve::Latency(service, _)
            | Curve::LatencySum(service)
            | Curve::Memory(service)
            | Curve::Cpu(service)
            | Curve::Began(service) => self.is_up(service, s),
            Curve::Alert(_) => false,
            _ => true,
        }
    }

    /// The value of a series at a story second; absent where its page did not answer.
    pub fn value(&self, curve: Curve, s: f64) -> Option<f64> {
        match curve {
            Curve::Up(service) => Some(f64::from(u8::from(service.is_none_or(|service| self.is_up(service, s))))),
            _ => self.answers(curve, s).then(|| self.number(curve, s)),
        }
    }

    /// The value of a series at a story second, whether its page answered or not.
    pub(in crate::demo) fn number(&self, curve: Curve, s: f64) -> f64 {
        match curve {
            Curve::Requests(service, good) => {
                let failed = self.failed_total(service, s);
                if good { self.requests_total(service, s) - failed } else { failed }
            }
            Curve::Latency(service, bound) => {
                let (all, slow) = (self.requests_total(service, s), self.slow_total(service, s));
                (all - slow) * below(bound, service.p50_s, 3.2) + slow * below(bound, SLOW_S, 6.0)
            }
            Curve::LatencySum(service) => {
                let (all, slow) = (self.requests_total(service, s), self.slow_total(service, s));
                (all - slow) * service.p50_s * 1.16 + slow * SLOW_S * 1.05
            }
            Curve::Memory(service) => self.memory(service, s, self.began_s(service, s)).floor(),
            Curve::Cpu(service) => self.since_birth(s) * service.cpu,
            Curve::Began(service) => self.clock().at(self.began_s(service, s)).seconds(),
            Curve::Kills(service) => self.kills(service, s) as f64,
            Curve::Rows(dataset) => self.rows(dataset, s),
            Curve::Nulls(dataset) => self.nulls(dataset, s),
            Curve::Renewed(dataset) => self.clock().at(self.renewed_s(dataset, s)).seconds(),
            Curve::Lag(dataset) => self.lag(dataset, s).floor(),
            Curve::Queued(pipeline) => self.clock().wall_s(self.queued_s(pipeline, s)),
            Curve::Score(model) => {
                let lost = self.bent(model.name, model.market, s, |bend| if let Bend::Score(share) = bend { Some(share) } else { None });
                let luck = 0.004 * self.noise(&["score", model.name], model.market, s, 120.0);
                model.auc * (1.0 - lost) * (1.0 + luck)
            }
            Curve::Psi(model, place) => self.psi(model, place, s),
            Curve::Feature(model, place, bound) => self.feature_total(model, place, bound, s),
            Curve::Reference(_, place, bound) => (200_000.0 * usual_share(place, bound)).floor(),
            Curve::Fixed(value) => value,
            Curve::Up(_) | Curve::Alert(_) => f64::NAN,
        }
    }

    /// Wall seconds since the systems began.
    fn since_birth(&self, s: f64) -> f64 {
        self.clock().wall_s(s + super::PAST_S)
    }

    /// Requests since the systems began: the integral of a rate that swings by the time of day.
    fn requests_total(&self, service: In<Service>, s: f64) -> f64 {
        let (period, high) = WAVE;
        let place = self.hash(&["wave", service.name], service.market) as f64 / u64::MAX as f64 * TAU;
        let swung = |s: f64| s - high * period / TAU * ((TAU * s / period + place).cos());
        service.requests_per_s * self.clock().wall_s(swung(s) - swung(-super::PAST_S))
    }

    fn failed_total(&self, service: In<Service>, s: f64) -> f64 {
        let more = self.bent_total(service.name, service.market, s, |bend| if let Bend::Errors(share) = bend { Some(share) } else { None });
        self.requests_total(service, s) * service.errors + service.requests_per_s * self.clock().wall_s(more)
    }

    fn slow_total(&self, service: In<Service>, s: f64) -> f64 {
        let more = self.bent_total(service.name, service.market, s, |bend| if let Bend::Slow(share) = bend { Some(share) } else { None });
        service.requests_per_s * self.clock().wall_s(more + self.flapped(service, s).1 * FLAP_SHARE)
    }

    /// Share of a service's requests that take the slow way.
    pub(super) fn slow_share(&self, service: In<Service>, s: f64) -> f64 {
        let steady = self.bent(service.name, service.market, s, |bend| if let Bend::Slow(share) = bend { Some(share) } else { None });
        steady + if self.flapped(service, s).0 { FLAP_SHARE } else { 0.0 }
    }

    /// Whether a service is in the bad half of its flapping, and seconds it has been so in all.
    fn flapped(&self, service: In<Service>, s: f64) -> (bool, f64) {
        let cured = self.cured_s();
        for symptom in self.symptoms(service.name, service.market) {
            if let Bend::Flap(period) = symptom.bend {
                let end = cured.map_or(s, |cured| s.min(cured + symptom.linger_s));
                let lasted = (end - symptom.from_s).max(0.0);
                let (turns, rest) = ((lasted / period).floor(), lasted % period);
                let is_bad = end >= s && s >= symptom.from_s && rest < period / 2.0;
                return (is_bad, turns * period / 2.0 + rest.min(period / 2.0));
            }
        }
        (false, 0.0)
    }

    /// Values of a feature up to a bound, since the systems began.
    fn feature_total(&self, model: In<Model>, place: usize, bound: f64, s: f64) -> f64 {
        let per_s = SERVICES.iter().find(|service| service.name == model.served_by).map_or(1.0, |of| of.requests_per_s);
        let shifted = self.bent_total(model.name, model.market, s, |bend| if let Bend::Drift(share) = bend { Some(share) } else { None });
        let shifted = self.clock().wall_s(shifted) * sensitivity(place);
        per_s * ((self.since_birth(s) - shifted) * usual_share(place, bound) + shifted * shifted_share(place, bound))
    }

    /// Population stability index: Σ (p − q) ln(p / q) over the buckets of now (p) and of the training data (q).
    fn psi(&self, model: In<Model>, place: usize, s: f64) -> f64 {
        let shifted = self.bent(model.name, model.market, s, |bend| if let Bend::Drift(share) = bend { Some(share) } else { None });
        let shifted = shifted * sensitivity(place);
        let wander = 0.01 * self.noise(&["psi", model.name, model.features[place]], model.market, s, 300.0);
        let mut total = 0.0;
        let (mut p_before, mut q_before) = (0.0, 0.0);
        for (_, bound) in bounds(&FEATURE_BOUNDS) {
            let q = usual_share(place, bound);
            let p = (1.0 - shifted) * q + shifted * shifted_share(place, bound);
            let (share_p, share_q) = ((p - p_before).max(1e-4), (q - q_before).max(1e-4));
            total += (share_p - share_q) * (share_p / share_q).ln();
            (p_before, q_before) = (p, q);
        }
        total + 0.012 + wander
    }
}

/// How much of a model's shift a feature shows: some follow the orders, others do not.
fn sensitivity(place: usize) -> f64 {
    if place.is_multiple_of(2) { 1.0 } else { 0.08 }
}

/// Share of a feature's values up to a bound in the training data, and on a usual day.
fn usual_share(place: usize, bound: f64) -> f64 {
    logistic(bound, 0.38 + 0.04 * place as f64, 0.085)
}

/// The same for inputs from broken orders.
fn shifted_share(place: usize, bound: f64) -> f64 {
    logistic(bound, 0.76 - 0.02 * place as f64, 0.06)
}

fn logistic(bound: f64, middle: f64, width: f64) -> f64 {
    if bound.is_infinite() { 1.0 } else { 1.0 / (1.0 + ((middle - bound) / width).exp()) }
}

/// Share of requests faster than a bound: log-logistic about the median, the steeper the greater `steep` is.
fn below(bound: f64, median: f64, steep: f64) -> f64 {
    if bound.is_infinite() { 1.0 } else { 1.0 / (1.0 + (median / bound).powf(steep)) }
}
