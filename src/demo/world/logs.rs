//! What containers write: lines that follow from the clock, the seed and what is bent just then.
//! Not for: tasks and jobs (see `traces`), how a system frames a line.

use super::{Container, Life, World};
use crate::demo::chance;
use crate::demo::company::{In, Service};
use crate::demo::story::Bend;
use crate::domain::Timestamp;

/// Story seconds in which a service writes its lines: each slot holds up to two.
const SLOT_S: f64 = 2.0;
/// Most slots looked at for one question.
const MAX_SLOTS: i64 = 20_000;

/// One line.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// When it was written.
    pub at: Timestamp,
    /// How bad it is.
    pub level: Level,
    /// What it says, without time.
    pub text: String,
}

/// How bad a line is; errors go to standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// `INFO`
    Info,
    /// `WARN`
    Warning,
    /// `ERROR`
    Error,
}

impl Level {
    /// The word in the line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Info => "INFO",
            Self::Warning => "WARN",
            Self::Error => "ERROR",
        }
    }
}

impl World {
    /// What a container wrote after `from` and up to `until`, oldest first. Nothing is written while it does not run.
    pub fn container_log(&self, container: &Container, from: Timestamp, until: Timestamp) -> Vec<Entry> {
        let clock = self.clock();
        let service = container.service;
        let from = from.max(container.created_at);
        let until = until.min(self.now());
        let (first, last) = ((clock.story_s(from) / SLOT_S).floor() as i64, (clock.story_s(until) / SLOT_S).floor() as i64);
        let lives = self.lives(service);
        let mut lines = Vec::new();
        for slot in first.max(last - MAX_SLOTS)..=last {
            let s = slot as f64 * SLOT_S;
            let runs = lives.iter().rev().find(|(at, _)| *at <= s).is_some_and(|(_, up)| *up);
            if runs {
                self.slot(service, slot, &mut lines);
            }
        }
        for (s, level, text) in self.remarks(service, clock.story_s(from), clock.story_s(until)) {
            if lives.iter().rev().find(|(at, _)| *at <= s).is_some_and(|(_, up)| *up) {
                lines.push(Entry { at: clock.at(s), level, text });
            }
        }
        for (s, what) in self.moments_of(service) {
            let line = |level, text: String| Entry { at: clock.at(s), level, text };
            match what {
                Life::Started => {
                    lines.push(line(Level::Info, format!("{} {} listens on :{}", service.name, container.version, service.port)))
                }
                Life::Signalled(15) => lines.push(line(Level::Info, "asked to stop: finishing requests".to_owned())),
                Life::OutOfMemory => {
                    lines.push(line(Level::Error, "allocation of 33554432 bytes failed: cache of orders holds 412,310 entries".to_owned()))
                }
                Life::Died(1) => lines.push(line(
                    Level::Error,
                    "cannot roll segment 00000000000418223: No space left on device (os error 28), shutting down".to_owned(),
                )),
                _ => {}
            }
        }
        lines.retain(|line| line.at > from && line.at <= until);
        lines.sort_by_key(|line| line.at);
        lines
    }

    fn moments_of(&self, service: In<Service>) -> Vec<(f64, Life)> {
        let name = service.full_name();
        let of_it = self.at_site(service.market / super::MARKETS_A_SITE);
        let events = of_it.container_events(self.clock().at(-2.0 * super::PAST_S));
        events.into_iter().filter(|event| event.name == name).map(|event| (self.clock().story_s(event.at), event.what)).collect()
    }

    /// When its process began and ended.
    fn lives(&self, service: In<Service>) -> Vec<(f64, bool)> {
        let turns = self.moments_of(service).into_iter().filter_map(|(s, what)| match what {
            Life::Started | Life::Unpaused => Some((s, true)),
            Life::Died(_) | Life::Paused => Some((s, false)),
            _ => None,
        });
        turns.collect()
    }

    /// The lines of one slot.
    fn slot(&self, service: In<Service>, slot: i64, lines: &mut Vec<Entry>) {
        let name = service.full_name();
        let s = slot as f64 * SLOT_S;
        let errors = service.errors
            + self.bent(service.name, service.market, s, |bend| if let Bend::Errors(share) = bend { Some(share) } else { None });
        let slow = self.slow_share(service, s);
        for turn in 0..2_i64 {
            let dice = |what: &str| chance::share_of(self.seed(), &[what, &name], slot * 2 + turn);
            if turn == 1 && dice("quiet") < 0.6 {
                continue;
            }
            let at = self.clock().at(s + dice("when") * SLOT_S * 0.98);
            let seconds =
                if dice("slow") < slow * 2.5 { 1.5 + 2.5 * dice("how slow") } else { service.p50_s * (0.5 + 2.0 * dice("how fast")) };
            let request = format!("{:08x}", chance::hash(self.seed(), &["request", &name, &(slot * 2 + turn).to_string()]) as u32);
            // a few of many requests are logged: errors are likelier to be among them
            let (level, text) = if dice("error") < (errors * 4.0).min(0.9) {
                (Level::Error, format!("{} 500 {seconds:.3}s request={request} error=\"{}\"", service.request, self.complaint(service, s)))
            } else if seconds > 1.0 {
                (
                    Level::Warning,
                    format!(
                        "{} 200 {seconds:.3}s request={request} slow: waited for {}",
                        service.request,
                        service.calls.first().unwrap_or(&"itself")
                    ),
                )
            } else {
                (Level::Info, format!("{} 200 {seconds:.3}s request={request}", service.request))
            };
            lines.push(Entry { at, level, text });
        }
    }

    /// What a failed request of a service says.
    fn complaint(&self, service: In<Service>, s: f64) -> &'static str {
        let bent = |bend: fn(Bend) -> bool| {
            self.symptoms(service.name, service.market).any(|symptom| bend(symptom.bend) && symptom.strength(s, self.cured_s()) > 0.1)
        };
        match service.name {
            _ if bent(|bend| matches!(bend, Bend::OutOfMemory(_))) => "connection reset: the process before ended",
            "refunds-api" if bent(|bend| matches!(bend, Bend::Errors(_))) => {
                "review queue full: fraud-scorer refers 4 of 10 refunds to a person"
            }
            "payments-api" if bent(|bend| matches!(bend, Bend::Errors(_))) => {
                "declined by fraud-scorer: fraud-score v4 gave 0.97 to a known customer"
            }
            _ if bent(|bend| matches!(bend, Bend::Errors(_))) => "upstream answered 500",
            _ => "client closed the connection",
        }
    }
}
