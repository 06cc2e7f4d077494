//! Evaluates the alerting rules over the world, step by step as the real server does, and keeps what was pending and firing when.
//! Not for: the API (see `prometheus`), silences (see `alertmanager`).
//!
//! The outcome depends on the world alone. What was evaluated for an earlier instant is kept and gone on from, which is only faster.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use super::eval::{Ground, Value};
use super::parse::{Expr, parse};
use super::rules::{RULES, Rule};
use crate::demo::world::{Labels, Spec};
use crate::demo::{Deed, World};
use crate::domain::Timestamp;

/// Story seconds between two evaluations.
pub const EVERY_S: f64 = 5.0;
/// The first evaluation, in story seconds: the rules were loaded then. Nothing is bent before a story's zero.
pub const FIRST_S: f64 = -60.0;
/// Spells kept; the oldest go first.
const MAX_SPELLS: usize = 5000;

/// A stretch of time in which an alert was in one state.
#[derive(Debug, Clone, PartialEq)]
pub struct Spell {
    /// The alert's labels.
    pub labels: Labels,
    /// `pending` or `firing`.
    pub state: &'static str,
    /// First evaluation.
    pub from: Timestamp,
    /// Last evaluation.
    pub to: Timestamp,
}

impl Spell {
    /// Whether it was so at an instant: a series lasts from one evaluation to the next.
    pub fn holds(&self, at: Timestamp) -> bool {
        self.from <= at && at <= self.to
    }
}

/// An alert that is pending or firing.
#[derive(Debug, Clone, PartialEq)]
pub struct Active {
    /// The place of its rule in `RULES`.
    pub rule: usize,
    /// Its labels: the sample's, the rule's and its name.
    pub labels: Labels,
    /// Since when its expression holds.
    pub since: Timestamp,
    /// Since when it fires.
    pub fired: Option<Timestamp>,
    /// What its expression gave last.
    pub value: f64,
    spell: usize,
}

/// What the rules gave up to an instant.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ruled {
    /// Pending and firing, by rule and labels.
    pub active: BTreeMap<(usize, Labels), Active>,
    /// How it was, oldest first.
    pub spells: Vec<Spell>,
    /// The last evaluation.
    pub evaluated_at: Timestamp,
    steps: i64,
}

/// Evaluates and remembers, per site.
#[derive(Debug, Default)]
pub struct Ruler {
    known: Mutex<HashMap<usize, Known>>,
}

#[derive(Debug)]
struct Known {
    spec: Arc<Spec>,
    deeds: Vec<Deed>,
    ruled: Arc<Ruled>,
}

impl Ruler {
    /// What the rules gave up to the world's instant.
    pub fn ruled(&self, world: &World) -> Arc<Ruled> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let last_step = ((world.now_s() - FIRST_S) / EVERY_S).floor() as i64;
        let deeds: Vec<Deed> = world.deeds().cloned().collect();
        let before = known.remove(&world.site()).filter(|known| {
            let seen = known.ruled.evaluated_at;
            let of_then = |deeds: &[Deed]| deeds.iter().filter(|deed| deed.at <= seen).count();
            *known.spec == *world.spec_shared()
                && known.ruled.steps <= last_step + 1
                && known.deeds.iter().filter(|deed| deed.at <= seen).eq(deeds.iter().filter(|deed| deed.at <= seen))
                && of_then(&known.deeds) == of_then(&deeds)
        });
        let mut ruled = before.map(|known| known.ruled).unwrap_or_default();
        if ruled.steps <= last_step {
            evaluate(Arc::make_mut(&mut ruled), world, last_step);
        }
        known.insert(world.site(), Known { spec: world.spec_shared(), deeds, ruled: Arc::clone(&ruled) });
        ruled
    }
}

fn evaluate(ruled: &mut Ruled, world: &World, last_step: i64) {
    let exprs: Vec<(&Rule, Option<Expr>)> = RULES.iter().map(|rule| (rule, parse(&rule.expr_on(world.clock())).ok())).collect();
    let ground = Ground::new(world, &[]);
    for step in ruled.steps..=last_step {
        let at = world.clock().at(FIRST_S + step as f64 * EVERY_S);
        for (place, (rule, expr)) in exprs.iter().enumerate() {
            let Some(expr) = expr else { continue };
            let samples = match ground.eval(expr, at) {
                Ok(Value::Vector(samples)) => samples,
                _ => Vec::new(),
            };
            let mut holding = Vec::with_capacity(samples.len());
            for sample in samples {
                let mut labels = Labels::clone(&sample.labels);
                labels.remove("__name__");
                labels.insert("alertname".to_owned(), rule.name.to_owned());
                labels.insert("severity".to_owned(), rule.severity.to_owned());
                note(ruled, (place, labels.clone()), rule, sample.value, world.clock().wall_s(rule.for_s), at);
                holding.push(labels);
            }
            ruled.active.retain(|(own, labels), _| *own != place || holding.contains(labels));
        }
        ruled.evaluated_at = at;
    }
    ruled.steps = last_step + 1;
    if ruled.spells.len() > MAX_SPELLS {
        let excess = ruled.spells.len() - MAX_SPELLS;
        ruled.spells.drain(..excess);
        ruled.active.values_mut().for_each(|active| active.spell = active.spell.saturating_sub(excess));
    }
}

fn note(ruled: &mut Ruled, key: (usize, Labels), rule: &Rule, value: f64, for_s: f64, at: Timestamp) {
    let spells = &mut ruled.spells;
    let begin = |spells: &mut Vec<Spell>, labels: &Labels, state: &'static str| {
        spells.push(Spell { labels: labels.clone(), state, from: at, to: at });
        spells.len() - 1
    };
    let active = ruled.active.entry(key).or_insert_with_key(|(place, labels)| Active {
        rule: *place,
        labels: labels.clone(),
        since: at,
        fired: (rule.for_s <= 0.0).then_some(at),
        value,
        spell: begin(spells, labels, if rule.for_s <= 0.0 { "firing" } else { "pending" }),
    });
    active.value = value;
    if active.fired.is_none() && at.since(active.since) >= for_s {
        active.fired = Some(at);
        active.spell = begin(spells, &active.labels, "firing");
    }
    if let Some(spell) = spells.get_mut(active.spell) {
        spell.to = at;
    }
}
