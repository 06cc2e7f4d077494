//! The world at an instant: derives everything that systems tell from a spec, the deeds so far and the time. Pure.
//! Not for: how a system words it.
//!
//! Times inside are story seconds (`f64`, see `clock`); everything handed out is on the wall clock. Whatever it tells about the past is
//! what it would have told then, but for deeds done meanwhile, which only change what comes after them.

mod builds;
mod containers;
mod data;
mod lives;
mod logs;
mod metrics;
mod models;
mod remarks;
mod runs;
mod traces;
mod values;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

use crate::domain::Timestamp;

use super::chance;
use super::clock::Clock;
use super::company::{DATASETS, Dataset, In, MARKETS_A_SITE, MODELS, Model, PIPELINES, Pipeline, SERVICES, Service, in_market};
use super::deed::{Act, Deed};
use super::story::{Bend, Event, Happening, Story, Symptom};

pub use builds::{Build, BuildState, Deploy, Job, Stage};
pub use containers::{Container, ContainerEvent, ContainerState, Health, Life};
pub use data::{Health as DataHealth, Renewal};
pub use logs::{Entry, Level};
pub use metrics::{Curve, DATA_JOB, FAMILIES, Family, FamilyKind, Labels, Line, MODEL_JOB, Target, target_labels};
pub use models::{Aliased, Training, Version};
pub use runs::{DagRun, RunKind, RunState, Task};

/// How far the past goes back, in story seconds: the systems were started then.
pub const PAST_S: f64 = 6.0 * 3600.0;

/// What a world is made from.
#[derive(Debug, Clone, PartialEq)]
pub struct Spec {
    /// Another seed gives other noise, ids and commits.
    pub seed: u64,
    /// What goes wrong.
    pub story: &'static Story,
    /// How many markets the company has; at least 1.
    pub scale: usize,
    /// Story time on the wall clock.
    pub clock: Clock,
}

/// The world at an instant, as one site of it tells.
#[derive(Debug, Clone)]
pub struct World {
    spec: Arc<Spec>,
    deeds: Arc<Vec<Deed>>,
    now: Timestamp,
    site: usize,
    known: Arc<Known>,
}

/// What was derived once for this instant and is asked for again and again.
#[derive(Debug, Default)]
struct Known {
    cured_s: OnceLock<Option<f64>>,
    /// Moments of the containers that do not just run, by name.
    moments: OnceLock<HashMap<String, Vec<(f64, Life)>>>,
    /// Runs of the pipelines, by bare name and market.
    plans: Mutex<HashMap<(&'static str, usize), Arc<Vec<runs::Plan>>>>,
}

impl World {
    /// The world at `now` after `deeds` (oldest first), seen from the first site.
    pub fn new(spec: Arc<Spec>, deeds: Arc<Vec<Deed>>, now: Timestamp) -> Self {
        Self { spec, deeds, now, site: 0, known: Arc::default() }
    }

    /// The same world as another site tells it: every site has its own instance of each system, for up to `MARKETS_A_SITE` markets.
    #[must_use]
    pub fn at_site(&self, site: usize) -> Self {
        Self { site, known: Arc::default(), ..self.clone() }
    }

    /// The same world at another instant.
    #[must_use]
    pub fn at(&self, now: Timestamp) -> Self {
        Self { now, known: Arc::default(), ..self.clone() }
    }

    /// The same world after one more deed, done now: what a reply tells of what it just did.
    #[must_use]
    pub fn after(&self, by: &str, act: Act) -> Self {
        let mut deeds = Vec::clone(&self.deeds);
        deeds.push(Deed { at: self.now, by: by.to_owned(), act });
        Self { deeds: Arc::new(deeds), known: Arc::default(), ..self.clone() }
    }

    /// How many sites there are.
    pub fn sites(&self) -> usize {
        self.spec.scale.max(1).div_ceil(MARKETS_A_SITE)
    }

    /// Which site this is, from 0.
    pub fn site(&self) -> usize {
        self.site
    }

    /// The instant.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The story second of the instant.
    pub fn now_s(&self) -> f64 {
        self.spec.clock.story_s(self.now)
    }

    /// Story time on the wall clock.
    pub fn clock(&self) -> &Clock {
        &self.spec.clock
    }

    /// What the world is made from.
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// The same, shared.
    pub fn spec_shared(&self) -> Arc<Spec> {
        Arc::clone(&self.spec)
    }

    /// What is told.
    pub fn story(&self) -> &'static Story {
        self.spec.story
    }

    /// The seed.
    pub fn seed(&self) -> u64 {
        self.spec.seed
    }

    /// What was done up to now, oldest first.
    pub fn deeds(&self) -> impl Iterator<Item = &Deed> {
        self.deeds.iter().filter(|deed| deed.at <= self.now)
    }

    /// What was done up to now, with the story second it was done at.
    pub fn acts(&self) -> impl Iterator<Item = (f64, &Deed)> {
        self.deeds().map(|deed| (self.spec.clock.story_s(deed.at), deed))
    }

    /// When the systems were started: nothing is known from before.
    pub fn born(&self) -> Timestamp {
        self.spec.clock.at(-PAST_S)
    }

    /// The markets of this site.
    pub fn markets(&self) -> std::ops::Range<usize> {
        let first = self.site * MARKETS_A_SITE;
        first..(first + MARKETS_A_SITE).min(self.spec.scale.max(1))
    }

    /// The services of all sites.
    fn all_services(&self) -> impl Iterator<Item = In<Service>> + use<> {
        (0..self.spec.scale.max(1)).flat_map(|market| SERVICES.iter().map(move |of| In { of, market }))
    }

    fn each<T>(&self, table: &'static [T]) -> impl Iterator<Item = In<T>> + use<'_, T> {
        self.markets().flat_map(move |market| table.iter().map(move |of| In { of, market }))
    }

    /// The services of this site.
    pub fn services(&self) -> impl Iterator<Item = In<Service>> + '_ {
        self.each(SERVICES)
    }

    /// The pipelines of this site.
    pub fn pipelines(&self) -> impl Iterator<Item = In<Pipeline>> + '_ {
        self.each(PIPELINES)
    }

    /// The models of this site.
    pub fn models(&self) -> impl Iterator<Item = In<Model>> + '_ {
        self.each(MODELS)
    }

    /// The datasets of this site.
    pub fn datasets(&self) -> impl Iterator<Item = In<Dataset>> + '_ {
        self.each(DATASETS)
    }

    /// The service of that full name.
    pub fn service(&self, name: &str) -> Option<In<Service>> {
        self.services().find(|service| service.full_name() == name)
    }

    /// The pipeline of that full name.
    pub fn pipeline(&self, name: &str) -> Option<In<Pipeline>> {
        self.pipelines().find(|pipeline| pipeline.full_name() == name)
    }

    /// The model of that full name.
    pub fn model(&self, name: &str) -> Option<In<Model>> {
        self.models().find(|model| model.full_name() == name)
    }

    /// The story second at which the story's cure was done.
    pub fn cured_s(&self) -> Option<f64> {
        *self.known.cured_s.get_or_init(|| self.find_cure())
    }

    fn find_cure(&self) -> Option<f64> {
        let story = self.story();
        let is_old = |project: &str, number: i64| builds::is_before_the_story(self, project, number);
        let heals = |act: &Act| story.cures.iter().any(|cure| cure.is(act, is_old));
        self.acts().filter(|(s, _)| *s >= story.cause_s).find(|(_, deed)| heals(&deed.act)).map(|(s, _)| s)
    }

    /// What the story brought up to now.
    pub fn happenings(&self) -> impl Iterator<Item = &'static Happening> + use<> {
        let now_s = self.now_s();
        self.spec.story.happenings.iter().filter(move |happening| happening.at_s <= now_s)
    }

    fn events<'a, T: 'a>(&self, take: impl Fn(&'static Event) -> Option<T> + 'a) -> impl Iterator<Item = (&'static Happening, T)> + 'a {
        self.happenings().filter_map(move |happening| Some((happening, take(&happening.what)?)))
    }

    /// The symptoms of something at home; other markets have none.
    fn symptoms<'a>(&self, name: &'a str, market: usize) -> impl Iterator<Item = &'static Symptom> + use<'a> {
        let all = if market == 0 { self.spec.story.symptoms } else { &[] };
        all.iter().filter(move |symptom| symptom.on == name)
    }

    /// How far something is bent at a story second: the sum of `take`'s number times the strength, over its symptoms.
    fn bent(&self, name: &str, market: usize, s: f64, take: impl Fn(Bend) -> Option<f64>) -> f64 {
        let mut cured = None;
        self.symptoms(name, market)
            .filter_map(|symptom| Some((symptom, take(symptom.bend)?)))
            .map(|(symptom, far)| far * symptom.strength(s, *cured.get_or_insert_with(|| self.cured_s())))
            .sum()
    }

    /// The integral of [`Self::bent`] up to a story second.
    fn bent_total(&self, name: &str, market: usize, s: f64, take: impl Fn(Bend) -> Option<f64>) -> f64 {
        let mut cured = None;
        self.symptoms(name, market)
            .filter_map(|symptom| Some((symptom, take(symptom.bend)?)))
            .map(|(symptom, far)| far * symptom.total(s, *cured.get_or_insert_with(|| self.cured_s())))
            .sum()
    }

    /// A hash for something of a market under this world's seed.
    fn hash(&self, words: &[&str], market: usize) -> u64 {
        chance::mix(chance::hash(self.spec.seed, words) ^ market as u64)
    }

    /// Smooth noise, −1 to 1, of something of a market.
    fn noise(&self, words: &[&str], market: usize, s: f64, period: f64) -> f64 {
        chance::noise(self.hash(words, market), s, period)
    }

    /// The full name of something of a market, as other systems know it.
    pub fn name_in(&self, name: &str, market: usize) -> String {
        in_market(name, market)
    }

    /// A new id for what is made by a request: it follows from the seed and the number of deeds so far.
    pub fn new_id(&self, what: &str) -> String {
        chance::uuid(self.spec.seed, &[what, &self.deeds.len().to_string()])
    }
}
