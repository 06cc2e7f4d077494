//! Renews the checks upon registered models when their versions, or the readings they are judged by, are told anew.
//! Not for: judging them (see `insight::health`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Readings, Store};
use crate::domain::{Batch, Detail, Entity, Kind, PollId, Scope, SourceName, Text, Timestamp};
use crate::insight::health::{self, Expectation, Live, Sides};

/// Seconds after which a reading no longer says how good a model is.
const FRESH_S: f64 = 900.0;

/// What is expected of models, and which sources' models have checks.
#[derive(Debug, Default, Clone)]
pub(super) struct Health {
    expectations: Vec<Expectation>,
    usual: Expectation,
    judged: BTreeSet<SourceName>,
}

impl Health {
    fn of(&self, model: &str) -> &Expectation {
        self.expectations.iter().find(|expectation| expectation.fits(model)).unwrap_or(&self.usual)
    }

    /// Whether what a source brought may change a verdict.
    pub(super) fn concerns(&self, source: &SourceName, batch: &Batch) -> bool {
        let reads = |reading: &str| {
            let metrics = self.expectations.iter().flat_map(|expectation| &expectation.metrics);
            metrics.filter_map(|metric| metric.reading.as_deref()).any(|name| name == reading)
        };
        batch.scope != Scope::Unchanged
            && (self.judged.contains(source)
                || batch.entities.iter().any(|entity| entity.kind() == Kind::Model)
                || batch.series.iter().any(|series| reads(&series.reading)))
    }
}

impl Store {
    /// Takes what is expected of models.
    pub fn expect_of_models(&mut self, expectations: Vec<Expectation>) {
        self.health = Health { expectations, ..Health::default() };
    }

    /// How a model is judged.
    pub fn expected_of(&self, model: &str) -> &Expectation {
        self.health.of(model)
    }

    /// The versions of a model that are compared; `versions` are all of it.
    pub fn sides<'a>(&self, versions: &[&'a Arc<Entity>]) -> Option<Sides<'a>> {
        let model = health::name_of(versions.first()?);
        let expectation = self.expected_of(model);
        let sides = expectation.sides(versions, None)?;
        let now = health::version_of(sides.judged).filter(|_| sides.is_champion);
        let before = now.and_then(|now| health::pointed_before(self.entities.of(Kind::Change), model, &expectation.champion, now));
        expectation.sides(versions, before.as_deref())
    }

    /// The readings as they were a moment ago.
    pub fn live(&self, at: Timestamp) -> impl Live + '_ {
        Fresh { readings: &self.readings, at }
    }

    pub(super) fn check_health(&mut self, at: Timestamp) {
        let mut models: BTreeMap<(SourceName, &str), Vec<&Arc<Entity>>> = BTreeMap::new();
        for version in self.entities.of(Kind::Model) {
            models.entry((version.id.source().into(), health::name_of(version))).or_default().push(version);
        }
        let mut checks: BTreeMap<SourceName, Vec<Entity>> = self.health.judged.iter().map(|source| (source.clone(), Vec::new())).collect();
        for ((source, model), versions) in &models {
            let Some(sides) = self.sides(versions) else { continue };
            let expectation = self.expected_of(model);
            let rows = expectation.rows(&sides, &self.live(at));
            if let Some(mut check) = expectation.check(&sides, &rows, at) {
                let before = self.entities.get(&check.id).filter(|before| before.state == check.state);
                check.since = before.and_then(|before| before.since).or(Some(at));
                checks.entry(source.clone()).or_default().push(check);
            }
        }
        self.health.judged = checks.keys().cloned().collect();
        for (source, entities) in checks {
            for check in &entities {
                self.readings.note(check, at);
            }
            let batch = Batch { entities, scope: Scope::Whole, ..Batch::default() };
            for gone in self.entities.merge(&source, &PollId::from("(health)"), batch, at) {
                self.readings.forget(&gone);
            }
        }
    }
}

struct Fresh<'a> {
    readings: &'a Readings,
    at: Timestamp,
}

impl Live for Fresh<'_> {
    fn value(&self, reading: &str, model: &str, version: Option<&str>) -> Option<f64> {
        let fits = |labels: &BTreeMap<Text, Text>| {
            labels.get("model").is_some_and(|of| **of == *model) && labels.get("version").map(|of| &**of) == version
        };
        let newest = self.readings.of_model(model).filter(|(_, series)| &*series.reading == reading && fits(&series.labels));
        newest
            .filter_map(|(_, series)| series.points.last())
            .filter(|point| self.at.since(point.at) <= FRESH_S)
            .map(|point| point.value)
            .next()
    }
}

/// The versions of the model that an entity is a version of.
pub fn versions_of<'a>(store: &'a Store, entity: &Entity) -> Vec<&'a Arc<Entity>> {
    if !matches!(entity.detail, Detail::Model(_)) {
        return Vec::new();
    }
    let (source, model) = (entity.id.source(), health::name_of(entity));
    let mut versions: Vec<&Arc<Entity>> =
        store.entities.of(Kind::Model).filter(|other| other.id.source() == source && health::name_of(other) == model).collect();
    versions.sort_by(|a, b| health::by_version(a, b));
    versions
}
