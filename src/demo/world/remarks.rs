//! What services write beside their requests: which model they serve, what they run short of, whom they cannot reach.
//! Not for: their requests, beginnings and ends (see `logs`).

use super::{Level, World};
use crate::demo::company::{In, SERVICES, Service};
use crate::demo::deed::Act;
use crate::demo::story::{Bend, Event};

/// Seconds between two lines about the same trouble.
const EVERY_S: f64 = 6.0;
/// Seconds between two lines of a service that is well.
const CALM_EVERY_S: f64 = 60.0;
/// Seconds that a service takes to load another version of its model.
const LOADS_S: f64 = 2.0;
/// The broker's name and the port it takes records on.
const BROKER: (&str, u16) = ("events-broker", 9092);

impl World {
    /// Its remarks between two story seconds, in no order.
    pub(super) fn remarks(&self, service: In<Service>, from_s: f64, until_s: f64) -> Vec<(f64, Level, String)> {
        let mut said = self.served(service);
        for s in ticks(from_s, until_s, EVERY_S) {
            said.extend(self.trouble(service, s).map(|text| (s, Level::Warning, text)));
        }
        for s in ticks(from_s, until_s, CALM_EVERY_S) {
            let began = self.began_s(service, s);
            let memory = self.memory(service, s, began) as u64 >> 20;
            let busy = 2.0 + service.requests_per_s * service.p50_s;
            let text = format!(
                "up {} s, memory {memory} of {} MiB, {busy:.0} requests under way",
                (s - began).max(0.0) as u64,
                service.memory_limit >> 20
            );
            said.push((s + 0.5, Level::Info, text));
        }
        said
    }

    /// The versions of its model that it loaded since the world began.
    fn served(&self, service: In<Service>) -> Vec<(f64, Level, String)> {
        let Some(model) = service.model else { return Vec::new() };
        let name = self.name_in(model, service.market);
        let told = self.happenings().filter_map(|happening| match happening.what {
            Event::Alias { model: of, alias: "champion", version } if of == model && service.market == 0 => Some((happening.at_s, version)),
            _ => None,
        });
        let done = self.acts().filter_map(|(s, deed)| match &deed.act {
            Act::SetAlias { model: of, alias, version } if *of == name && alias == "champion" => Some((s, *version)),
            _ => None,
        });
        let line =
            |(s, version): (f64, u32)| (s + LOADS_S, Level::Info, format!("models:/{name}@champion is version {version} now: loaded"));
        told.chain(done).map(line).collect()
    }

    /// What it is short of at a story second.
    fn trouble(&self, service: In<Service>, s: f64) -> Option<String> {
        let cured = self.cured_s();
        let is_bent = |wanted: fn(Bend) -> bool| {
            self.symptoms(service.name, service.market).any(|symptom| wanted(symptom.bend) && symptom.strength(s, cured) > 0.3)
        };
        if is_bent(|bend| matches!(bend, Bend::OutOfMemory(_))) {
            let used = self.memory(service, s, self.began_s(service, s));
            let entries = (used / 1240.0) as u64;
            return Some(format!("cache of orders: {entries} entries, {} of {} MiB in use", used as u64 >> 20, service.memory_limit >> 20));
        }
        let broker = SERVICES.iter().find(|other| other.name == BROKER.0).filter(|_| service.calls.contains(&BROKER.0));
        if broker.is_some_and(|of| !self.is_up(In { of, market: service.market }, s)) {
            return Some(format!("{}:{}: connection refused: 1 record kept, next try in 1.0 s", BROKER.0, BROKER.1));
        }
        if is_bent(|bend| matches!(bend, Bend::Flap(_))) && self.slow_share(service, s) > 0.05 {
            return Some("pool of supplier.example: 14 of 20 connections do not answer, waiting for one".to_owned());
        }
        let model = service.model?;
        let drifts =
            self.symptoms(model, service.market).any(|symptom| matches!(symptom.bend, Bend::Drift(_)) && symptom.strength(s, cured) > 0.3);
        drifts.then(|| format!("inputs of {model}: order_amount and orders_24h lie outside of their training ranges in 4 of 10 requests"))
    }
}

/// Whole multiples of `every` in a span of story seconds.
fn ticks(from_s: f64, until_s: f64, every: f64) -> impl Iterator<Item = f64> {
    let (first, last) = ((from_s / every).ceil() as i64, (until_s / every).floor() as i64);
    // a question about a very long log is about its end
    (first.max(last - 5000)..=last).map(move |step| step as f64 * every)
}
