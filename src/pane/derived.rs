//! What several panes read out of the store, computed when what it is made of changed: trends, the lineage graph, what needs a person.
//! Not for: state of its own; it can be thrown away at any time.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::domain::{Detail, Entity, EntityId, Kind, State, Text, Timestamp};
use crate::insight::lineage::Graph;
use crate::insight::trend::{self, PipelineKey, Trend};
use crate::insight::triage;
use crate::store::Store;

/// Derived from the store as it was at one revision.
#[derive(Debug, Default)]
pub struct Derived {
    revision: Option<u64>,
    runs: Option<u64>,
    alerts: Option<u64>,
    links: Option<u64>,
    checks: Option<u64>,
    models: Option<u64>,
    /// Pipelines by source and name.
    pub trends: HashMap<PipelineKey, Trend>,
    /// Links, both ways.
    pub graph: Graph,
    /// Checks of the features of each model, by its name, those that drift most first.
    pub drift: HashMap<Text, Vec<Arc<Entity>>>,
    /// Of each registered model the version that is judged: what serves, and so what sees the drift.
    pub judged: HashSet<EntityId>,
    /// What needs a person, worst first.
    pub needs_you: Vec<Arc<Entity>>,
    twins: HashMap<EntityId, Arc<Entity>>,
}

impl Derived {
    /// Follows the store; does nothing when it has not changed.
    pub fn follow(&mut self, store: &Store, now: Timestamp) -> bool {
        if self.revision == Some(store.revision()) {
            return false;
        }
        self.revision = Some(store.revision());
        self.needs_you = triage::needs_you(store.entities.all(), now);
        let entities = &store.entities;
        if is_new(&mut self.alerts, entities.revision_of(Kind::Alert)) {
            self.twins = triage::twins(entities.of(Kind::Alert));
        }
        if is_new(&mut self.runs, entities.revision_of(Kind::Run)) {
            self.trends = trend::of(entities.of(Kind::Run));
        }
        if is_new(&mut self.checks, entities.revision_of(Kind::Check)) {
            self.drift = drift(entities.of(Kind::Check));
        }
        if is_new(&mut self.models, entities.revision_of(Kind::Model)) {
            self.judged = store.all_sides().iter().map(|sides| sides.judged.id.clone()).collect();
        }
        if is_new(&mut self.links, entities.links_revision()) {
            let everything: Vec<&Arc<Entity>> = entities.all().collect();
            self.graph = Graph::build(everything.into_iter());
        }
        true
    }

    /// The same alert as another source tells it, with its value and history.
    pub fn twin(&self, alert: &Entity) -> Option<&Arc<Entity>> {
        self.twins.get(&alert.id)
    }

    /// The trend of a pipeline entity.
    pub fn trend(&self, pipeline: &Entity) -> Option<&Trend> {
        let source = Text::from(pipeline.id.source());
        self.trends.get(&(source.clone(), pipeline.name.clone())).or_else(|| self.trends.get(&(source, Text::from(pipeline.id.key()))))
    }

    /// What an entity touches, in the order of the chain. Of a pipeline's runs only the newest: the others are history.
    pub fn touched(&self, entity: &Entity, store: &Store) -> Vec<Arc<Entity>> {
        let current = |other: &Arc<Entity>| match &other.detail {
            Detail::Run(run) => {
                let pipeline = run.pipeline.as_ref().unwrap_or(&other.name).clone();
                let trend = self.trends.get(&(Text::from(other.id.source()), pipeline));
                trend.and_then(Trend::newest).is_some_and(|newest| newest.id == other.id)
            }
            // a check that is well says nothing of what it is about
            Detail::Check(_) => other.state != State::Ok,
            _ => true,
        };
        self.graph.touched(entity).iter().filter_map(|id| store.get(id)).filter(|other| current(other)).cloned().collect()
    }
}

/// Checks of features by model, those that contribute most first.
fn drift<'a>(checks: impl Iterator<Item = &'a Arc<Entity>>) -> HashMap<Text, Vec<Arc<Entity>>> {
    let mut models: HashMap<Text, Vec<(f64, Arc<Entity>)>> = HashMap::new();
    for entity in checks {
        if let Detail::Check(check) = &entity.detail
            && check.test.as_deref() == Some("drift")
            && let Some(model) = &check.subject
        {
            let weight = check.numbers.get("contribution").copied().unwrap_or(0.0);
            models.entry(model.clone()).or_default().push((weight, Arc::clone(entity)));
        }
    }
    let ranked = |mut features: Vec<(f64, Arc<Entity>)>| {
        features.sort_by(|(a, first), (b, second)| b.total_cmp(a).then_with(|| first.id.cmp(&second.id)));
        features.into_iter().map(|(_, feature)| feature).collect()
    };
    models.into_iter().map(|(model, features)| (model, ranked(features))).collect()
}

/// Takes the revision; whether it is another than before.
fn is_new(seen: &mut Option<u64>, revision: u64) -> bool {
    seen.replace(revision) != Some(revision)
}
