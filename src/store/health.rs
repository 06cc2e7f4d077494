//! Renews the checks upon registered models when their versions, or the readings they are judged by, are told anew.
//! Not for: judging them (see `insight::health`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Readings, Store};
use crate::domain::{Batch, ChangeKind, Detail, Entity, EntityId, Kind, LinkTarget, PollId, Scope, SourceName, Text, Timestamp};
use crate::insight::health::{self, Expectation, Live, Sides};

/// What stands in the place of a poll for these checks.
pub(super) const POLL: &str = "(health)";
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
            && ((batch.entities.is_empty() && self.judged.contains(source))
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
        self.sides_after(versions, &self.moved_aliases())
    }

    /// The same of every registered model.
    pub fn all_sides(&self) -> Vec<Sides<'_>> {
        let moved = self.moved_aliases();
        let mut models: BTreeMap<(&str, &str), Vec<&Arc<Entity>>> = BTreeMap::new();
        for version in self.entities.of(Kind::Model) {
            models.entry((version.id.source(), health::name_of(version))).or_default().push(version);
        }
        models.values().filter_map(|versions| self.sides_after(versions, &moved)).collect()
    }

    fn sides_after<'a>(&self, versions: &[&'a Arc<Entity>], moved: &[&Arc<Entity>]) -> Option<Sides<'a>> {
        let model = health::name_of(versions.first()?);
        let expectation = self.expected_of(model);
        let sides = expectation.sides(versions, None)?;
        let now = health::version_of(sides.judged).filter(|_| sides.is_champion);
        let before = now.and_then(|now| health::pointed_before(moved.iter().copied(), model, &expectation.champion, now));
        if before.is_some() { expectation.sides(versions, before.as_deref()) } else { Some(sides) }
    }

    /// Changes of aliases: few among all that changes.
    fn moved_aliases(&self) -> Vec<&Arc<Entity>> {
        let is_alias = |entity: &&Arc<Entity>| matches!(&entity.detail, Detail::Change(change) if change.change == Some(ChangeKind::Alias));
        self.entities.of(Kind::Change).filter(is_alias).collect()
    }

    /// The readings as they were a moment ago.
    pub fn live(&self, at: Timestamp) -> impl Live + '_ {
        Fresh { readings: &self.readings, at }
    }

    pub(super) fn check_health(&mut self, at: Timestamp) {
        let mut checks: BTreeMap<SourceName, Vec<Entity>> = self.health.judged.iter().map(|source| (source.clone(), Vec::new())).collect();
        for sides in self.all_sides() {
            let expectation = self.expected_of(health::name_of(sides.judged));
            let rows = expectation.rows(&sides, &self.live(at));
            if let Some(mut check) = expectation.check(&sides, &rows, at) {
                let before = self.entities.get(&check.id).filter(|before| before.state == check.state);
                check.since = before.and_then(|before| before.since).or(Some(at));
                checks.entry(sides.judged.id.source().into()).or_default().push(check);
            }
        }
        self.health.judged = checks.keys().cloned().collect();
        for (source, entities) in checks {
            for check in &entities {
                self.readings.note(check, at);
            }
            let batch = Batch { entities, scope: Scope::Whole, ..Batch::default() };
            for gone in self.entities.merge(&source, &PollId::from(POLL), batch, at) {
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

/// The version that a check is about.
pub(super) fn about(check: &Entity) -> Option<&EntityId> {
    check.links.iter().find_map(|link| match &link.to {
        LinkTarget::Id(id) if *link.rel == *"model" => Some(id),
        _ => None,
    })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Cost, Failure, FailureKind, Model, Point, Series, State};
    use crate::insight::health::{Better, Metric};
    use crate::msg::Fetched;

    fn version(version: &str, champion: bool, auc: f64) -> Entity {
        let aliases = if champion { vec!["champion".into()] } else { Vec::new() };
        let detail = Model { version: Some(version.into()), aliases, metrics: [("auc".into(), auc)].into(), ..Model::default() };
        let key = format!("fraud/{version}");
        let mut entity = Entity::new(&SourceName::from("mlflow"), &key, "fraud", State::Ok, detail.into(), Timestamp::default());
        entity.labels.insert("model".into(), "fraud".into());
        entity
    }

    fn told(store: &mut Store, source: &str, poll: &str, at_s: i64, outcome: Result<Batch, Failure>) {
        let at = Timestamp::from_ms(at_s * 1000);
        let (source, poll) = (SourceName::from(source), PollId::from(poll));
        store.merge(Fetched { source, poll, at, latency_ms: 1, next_at: at, spent: Cost::default(), outcome });
    }

    fn models(entities: Vec<Entity>) -> Result<Batch, Failure> {
        Ok(Batch { entities, scope: Scope::Whole, ..Batch::default() })
    }

    fn check(store: &Store) -> Option<&Arc<Entity>> {
        store.entities.of(Kind::Check).find(|check| &*check.name == "fraud quality")
    }

    #[test]
    fn a_champion_that_moved_is_compared_with_where_it_was_and_is_as_old_as_its_registry() {
        let mut store = Store::default();
        told(&mut store, "mlflow", "models", 1, models(vec![version("3", false, 0.9), version("4", false, 0.8), version("9", true, 0.93)]));
        assert_eq!(check(&store).map(|check| (check.state, check.since)), Some((State::Ok, Some(Timestamp::from_ms(1000)))));
        told(&mut store, "mlflow", "models", 2, models(vec![version("3", false, 0.9), version("4", true, 0.8), version("9", false, 0.93)]));
        let reason = check(&store).and_then(|check| check.reason.as_deref());
        assert_eq!(reason, Some("v4 auc 0.8, 14 % worse than v9 (0.93)"));
        told(&mut store, "mlflow", "runs", 3, models(Vec::new()));
        told(&mut store, "mlflow", "models", 4, Err(Failure::new(FailureKind::Unreachable, "ask", "refused")));
        let old = check(&store).cloned().unwrap();
        assert_eq!((old.state, old.since), (State::Warning, Some(Timestamp::from_ms(2000))));
        told(&mut store, "mlflow", "models", 5, models(Vec::new()));
        assert_eq!(check(&store), None, "the model is no more");
    }

    #[test]
    fn a_reading_counts_while_it_is_fresh() {
        let metric = Metric { name: "auc".into(), reading: Some("live auc".into()), better: Some(Better::Higher), bound: Some(0.85) };
        let mut store = Store::default();
        store.expect_of_models(vec![Expectation { model: "fraud".into(), metrics: vec![metric], ..Expectation::default() }]);
        let only = || models(vec![version("1", true, 0.9)]);
        told(&mut store, "mlflow", "models", 1, only());
        assert_eq!(check(&store).map(|check| check.state), Some(State::Unknown), "no reading yet");
        let points = vec![Point { at: Timestamp::from_ms(2000), value: 0.7 }];
        let labels = [("model".into(), "fraud".into())].into();
        let series = vec![Series { reading: "live auc".into(), labels, points, ..Series::default() }];
        told(&mut store, "prom", "readings", 2, Ok(Batch { series, scope: Scope::Whole, ..Batch::default() }));
        assert_eq!(check(&store).map(|check| check.state), Some(State::Failed));
        told(&mut store, "mlflow", "models", 1000, only());
        assert_eq!(check(&store).map(|check| check.state), Some(State::Unknown), "a quarter of an hour later nobody knows");
    }
}
