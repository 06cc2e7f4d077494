//! What several panes read out of the store, computed when what it is made of changed: trends, the lineage graph, what needs a person.
//! Not for: state of its own; it can be thrown away at any time.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::domain::{Detail, Entity, EntityId, Kind, State, Text, Timestamp};
use crate::insight::findings::Findings;
use crate::insight::lineage::Graph;
use crate::insight::timeline::{self, Happening};
use crate::insight::trend::{self, PipelineKey, Trend};
use crate::insight::triage;
use crate::store::Store;

/// Changes and runs past which they are not looked through anew with every answer that comes in.
const MANY: usize = 2000;
/// Seconds between two looks through many.
const CALM_S: f64 = 2.0;

/// Entities past which links are not walked anew whenever one comes or goes.
const LARGE: usize = 5000;
/// Seconds between two walks over the links of so many.
const WALK_S: f64 = 5.0;

/// What happened before something broke, as it was last read.
#[derive(Debug, Default)]
struct Before {
    /// Of what, since when; of which revision of the store, and when that was read.
    of: Option<(Option<EntityId>, Timestamp, u64, Timestamp)>,
    lines: Vec<Happening>,
    places: HashMap<EntityId, usize>,
}

/// Derived from the store as it was at one revision.
#[derive(Debug, Default)]
pub struct Derived {
    revision: Option<u64>,
    runs: Option<u64>,
    alerts: Option<u64>,
    links: Option<u64>,
    walked_at: Option<Timestamp>,
    checks: Option<u64>,
    datasets: Option<u64>,
    models: Option<u64>,
    /// Pipelines by source and name.
    pub trends: HashMap<PipelineKey, Trend>,
    /// Links, both ways.
    pub graph: Graph,
    /// Checks of the features of each model, by its name, those that drift most first.
    pub drift: HashMap<Text, Vec<Arc<Entity>>>,
    /// Checks of data, beside the datasets they are about.
    pub findings: Findings,
    /// Of each registered model the version that is judged: what serves, and so what sees the drift.
    pub judged: HashSet<EntityId>,
    /// What needs a person, worst first.
    pub needs_you: Vec<Arc<Entity>>,
    twins: HashMap<EntityId, Arc<Entity>>,
    before: RefCell<Before>,
}

impl Derived {
    /// Follows the store; does nothing when it has not changed.
    pub fn follow(&mut self, store: &Store, now: Timestamp) -> bool {
        if self.revision == Some(store.revision()) {
            return false;
        }
        self.revision = Some(store.revision());
        let entities = &store.entities;
        if is_new(&mut self.alerts, entities.revision_of(Kind::Alert)) {
            self.twins = triage::twins(entities.of(Kind::Alert));
        }
        if is_new(&mut self.runs, entities.revision_of(Kind::Run)) {
            self.trends = trend::of(entities.of(Kind::Run));
        }
        let (checks, datasets) = (entities.revision_of(Kind::Check), entities.revision_of(Kind::Dataset));
        let is_new_dataset = is_new(&mut self.datasets, datasets);
        let is_new_check = is_new(&mut self.checks, checks);
        if is_new_check || is_new_dataset {
            self.findings = Findings::of(entities.of(Kind::Dataset), entities.of(Kind::Check));
        }
        if is_new_check {
            self.drift = drift(entities.of(Kind::Check));
        }
        if is_new(&mut self.models, entities.revision_of(Kind::Model)) {
            self.judged = store.all_sides().iter().map(|sides| sides.judged.id.clone()).collect();
        }
        // of runs the newest of each pipeline, of the rest only kinds in which anything is wrong: most are none
        let newest = self.trends.values().filter_map(Trend::newest);
        let is_wrong = |kind: &Kind| !matches!(kind, Kind::Run | Kind::Change) && entities.counts(*kind).troubled() > 0;
        let wrong = Kind::ALL.iter().copied().filter(is_wrong).flat_map(|kind| entities.of(kind));
        self.needs_you = triage::needs_you(newest.chain(wrong), now);
        let large = Kind::ALL.iter().map(|kind| entities.counts(*kind).total()).sum::<usize>() > LARGE;
        let calm = large && self.walked_at.is_some_and(|then| now.since(then).abs() < WALK_S);
        if !calm && is_new(&mut self.links, entities.links_revision()) {
            let everything: Vec<&Arc<Entity>> = entities.all().collect();
            self.graph = Graph::build(everything.into_iter());
            self.walked_at = Some(now);
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

    /// What happened before something broke (or before now, where it did not), the likeliest cause first.
    pub fn before(&self, about: Option<&Entity>, store: &Store, now: Timestamp) -> Vec<Arc<Entity>> {
        let at = about.and_then(|entity| entity.since);
        let id = about.map(|entity| entity.id.clone());
        let mut before = self.before.borrow_mut();
        let many = [Kind::Change, Kind::Run].map(|kind| store.entities.counts(kind).total()).iter().sum::<usize>() > MANY;
        let fresh = before.of.as_ref().is_some_and(|(of, since, revision, read)| {
            *of == id && at.is_none_or(|at| at == *since) && (*revision == store.revision() || (many && now.since(*read).abs() < CALM_S))
        });
        if !fresh {
            let at = at.unwrap_or(now);
            let happened = store.entities.of(Kind::Change).chain(store.entities.of(Kind::Run));
            before.lines = timeline::before(happened, at, about, &self.graph, |id| store.get(id));
            before.places = before.lines.iter().enumerate().map(|(place, line)| (line.entity.id.clone(), place)).collect();
            before.of = Some((id, at, store.revision(), now));
        }
        before.lines.iter().map(|line| Arc::clone(&line.entity)).collect()
    }

    /// The line of that entity in what [`Self::before`] answered last.
    pub fn happening(&self, id: &EntityId) -> Option<Happening> {
        let before = self.before.borrow();
        before.places.get(id).map(|place| before.lines[*place].clone())
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
