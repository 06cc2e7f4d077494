//! What an entity touches: the chain data → pipeline → model → service → alert, walked along links both ways, or against the stream
//! alone. Not for: guessing relations that no link states.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use crate::domain::{Detail, Entity, EntityId, Kind, LinkTarget, Text};

/// Steps walked from the start; chains longer than this are cut.
const MAX_STEPS: usize = 8;
/// Entities listed; a hub may touch thousands.
const MAX_REACHED: usize = 64;
/// Entities looked at on the way upstream.
const MAX_UPSTREAM: usize = 512;

/// What the other end of a link is when it stands downstream; of every other link the other end stands upstream.
const DOWNSTREAM: [&str; 2] = ["consumer", "serves"];

/// The links of all entities, both ways.
#[derive(Debug, Default)]
pub struct Graph {
    edges: HashMap<EntityId, Vec<Edge>>,
}

/// One end of a link, as the other sees it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Edge {
    to: EntityId,
    /// It acts on the one that sees it: makes it, carries it, changed it.
    acts: bool,
}

type Labelled<'a> = HashMap<(&'a Text, &'a Text), Vec<&'a Arc<Entity>>>;

impl Graph {
    /// Reads every link. Label links are resolved through an index over the labels they use. Of the versions of a model that a link
    /// means by its name, only those in use are joined: those with an alias, or that an endpoint serves.
    pub fn build<'a>(entities: impl Iterator<Item = &'a Arc<Entity>> + Clone) -> Self {
        let labelled = labelled(entities.clone());
        let served = served(entities.clone(), &labelled);
        let mut graph = Self::default();
        for entity in entities {
            for link in &entity.links {
                match &link.to {
                    LinkTarget::Id(id) => graph.join(entity, &link.rel, id),
                    LinkTarget::Labels(_) => {
                        for found in in_use(meant(&link.to, &labelled, entity), &served) {
                            graph.join(entity, &link.rel, &found.id);
                        }
                    }
                }
            }
        }
        // at the end, not at each: a hub has thousands
        for edges in graph.edges.values_mut() {
            edges.sort_unstable();
            edges.dedup();
        }
        graph
    }

    fn join(&mut self, a: &Entity, rel: &str, b: &EntityId) {
        let down = DOWNSTREAM.contains(&rel);
        // a change acts on what it names, a run on what it is of; what a run only reads is not made by it
        let acts = down || a.kind() == Kind::Change || (a.kind() == Kind::Run && rel != "dataset");
        for (from, edge) in [(&a.id, Edge { to: b.clone(), acts: !down }), (b, Edge { to: a.id.clone(), acts })] {
            match self.edges.get_mut(from) {
                Some(edges) => edges.push(edge),
                None => drop(self.edges.insert(from.clone(), vec![edge])),
            }
        }
    }

    /// Everything that can be walked to from `start`, along the chain only: a step never turns back towards the kind it came from,
    /// so two alerts of one model do not drag each other in. Ordered by place in the chain; cycles are safe.
    pub fn touched(&self, start: &Entity) -> Vec<EntityId> {
        let mut reached = Vec::new();
        for downstream in [false, true] {
            let mut seen: HashSet<&EntityId> = HashSet::from([&start.id]);
            let mut queue: VecDeque<(&EntityId, usize)> = VecDeque::from([(&start.id, 0)]);
            while let Some((id, steps)) = queue.pop_front() {
                for Edge { to: next, .. } in self.edges.get(id).into_iter().flatten() {
                    let (Some(here), Some(there)) = (place(id), place(next)) else { continue };
                    let onward = if downstream { there > here } else { there < here };
                    if onward && steps < MAX_STEPS && reached.len() < MAX_REACHED && seen.insert(next) {
                        reached.push(next.clone());
                        queue.push_back((next, steps + 1));
                    }
                }
            }
        }
        reached.sort_by_key(|id| (place(id), id.clone()));
        reached.dedup();
        reached
    }

    /// What `start` stands on, whatever its kind, with the steps to it: what made it, what that was made of, and what changed either.
    /// 0 is what it is about itself: what an alert or check names, and the runs and changes of that. Nearest first; runs and changes
    /// are ends, since what else they touched says nothing of `start`.
    pub fn upstream(&self, start: &Entity) -> Vec<(EntityId, usize)> {
        let mut seen: HashSet<&EntityId> = HashSet::from([&start.id]);
        let mut found: Vec<(EntityId, usize)> = Vec::new();
        let mut queue: VecDeque<(&EntityId, usize)> = VecDeque::from([(&start.id, 0)]);
        while let Some((id, steps)) = queue.pop_front() {
            let names = *id == start.id && matches!(start.kind(), Kind::Alert | Kind::Check);
            for edge in self.edges.get(id).into_iter().flatten().filter(|edge| edge.acts) {
                let is_end = matches!(kind(&edge.to), Some(Kind::Change | Kind::Run));
                let steps = steps + usize::from(!is_end && !names);
                if steps <= MAX_STEPS && found.len() < MAX_UPSTREAM && seen.insert(&edge.to) {
                    found.push((edge.to.clone(), steps));
                    if !is_end {
                        queue.push_back((&edge.to, steps));
                    }
                }
            }
        }
        found.sort_by(|(a, near), (b, far)| near.cmp(far).then_with(|| a.cmp(b)));
        found
    }
}

/// Entities by those of their labels that any link looks for.
fn labelled<'a>(entities: impl Iterator<Item = &'a Arc<Entity>> + Clone) -> Labelled<'a> {
    let mut wanted: HashSet<(&Text, &Text)> = HashSet::new();
    for entity in entities.clone() {
        for link in &entity.links {
            if let LinkTarget::Labels(labels) = &link.to {
                wanted.extend(labels.iter());
            }
        }
    }
    let mut labelled = Labelled::new();
    if !wanted.is_empty() {
        for entity in entities {
            for pair in entity.labels.iter().filter(|pair| wanted.contains(pair)) {
                labelled.entry(pair).or_default().push(entity);
            }
        }
    }
    labelled
}

/// What a link of `from` means by its labels.
fn meant<'a>(to: &'a LinkTarget, labelled: &Labelled<'a>, from: &Entity) -> Vec<&'a Arc<Entity>> {
    let LinkTarget::Labels(labels) = to else { return Vec::new() };
    let rarest = labels.iter().filter_map(|pair| labelled.get(&pair)).min_by_key(|found| found.len());
    let fits = |found: &Entity| found.id != from.id && labels.iter().all(|(name, value)| found.labels.get(name) == Some(value));
    rarest.into_iter().flatten().copied().filter(|found| fits(found)).collect()
}

/// Models that an endpoint serves, by id or by labels that mean no other version.
fn served<'a>(entities: impl Iterator<Item = &'a Arc<Entity>>, labelled: &Labelled<'a>) -> HashSet<&'a EntityId> {
    let mut served = HashSet::new();
    for endpoint in entities.filter(|entity| entity.kind() == Kind::Endpoint) {
        for link in &endpoint.links {
            match &link.to {
                LinkTarget::Id(id) => drop(served.insert(id)),
                LinkTarget::Labels(_) => {
                    let found = meant(&link.to, labelled, endpoint);
                    served.extend(found.first().filter(|_| found.len() == 1).map(|only| &only.id));
                }
            }
        }
    }
    served
}

/// Without the versions of a model that nobody uses, if another of its versions is used.
fn in_use<'a>(found: Vec<&'a Arc<Entity>>, served: &HashSet<&EntityId>) -> Vec<&'a Arc<Entity>> {
    let is_used =
        |entity: &Entity| matches!(&entity.detail, Detail::Model(model) if !model.aliases.is_empty()) || served.contains(&entity.id);
    let models = || found.iter().copied().filter(|entity| entity.kind() == Kind::Model);
    let used: HashSet<(&str, &str)> = models().filter(|entity| is_used(entity)).map(|entity| model(&entity.id)).collect();
    let keeps = |entity: &Entity| entity.kind() != Kind::Model || is_used(entity) || !used.contains(&model(&entity.id));
    found.iter().copied().filter(|entity| keeps(entity)).collect()
}

/// The source and name of the model that a version is of: versions are keyed `name/version`.
fn model(version: &EntityId) -> (&str, &str) {
    let key = version.key();
    (version.source(), key.rsplit_once('/').map_or(key, |(name, _)| name))
}

/// The kind an id names.
pub(super) fn kind(id: &EntityId) -> Option<Kind> {
    let word = id.as_str().split('/').nth(1)?;
    Kind::ALL.iter().copied().find(|kind| kind.word() == word)
}

/// Where a kind stands in the chain from data to alert.
fn place(id: &EntityId) -> Option<u8> {
    Some(match kind(id)? {
        Kind::Check => 0,
        Kind::Dataset => 1,
        Kind::Pipeline => 2,
        Kind::Run => 3,
        Kind::Model => 4,
        Kind::Endpoint => 5,
        Kind::Stack | Kind::Change => 6,
        Kind::Host => 7,
        Kind::Workload => 8,
        Kind::Alert => 9,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Detail, Link, SourceName, State, Timestamp};

    fn entity(kind: Kind, key: &str, links: &[(Kind, &str)]) -> Arc<Entity> {
        let source = SourceName::from("s");
        let mut entity = Entity::new(&source, key, key, State::Ok, Detail::empty(kind), Timestamp::default());
        entity.links =
            links.iter().map(|(kind, key)| Link { rel: Text::from("x"), to: LinkTarget::Id(EntityId::new(&source, *kind, key)) }).collect();
        Arc::new(entity)
    }

    #[test]
    fn the_chain_is_walked_both_ways_and_a_cycle_ends() {
        let all = [
            entity(Kind::Dataset, "orders", &[(Kind::Pipeline, "load")]),
            entity(Kind::Pipeline, "load", &[(Kind::Dataset, "orders")]),
            entity(Kind::Model, "fraud", &[(Kind::Pipeline, "load")]),
            entity(Kind::Endpoint, "api", &[(Kind::Model, "fraud")]),
            entity(Kind::Alert, "one", &[(Kind::Endpoint, "api")]),
            entity(Kind::Alert, "two", &[(Kind::Endpoint, "api")]),
            entity(Kind::Dataset, "unrelated", &[]),
        ];
        let graph = Graph::build(all.iter());
        let keys = |at: usize| graph.touched(&all[at]).iter().map(|id| id.key().to_owned()).collect::<Vec<_>>();
        assert_eq!(keys(2), ["orders", "load", "api", "one", "two"]);
        assert_eq!(keys(4), ["orders", "load", "fraud", "api"], "the other alert is not dragged in");
        assert!(keys(6).is_empty());
    }

    /// An entity whose links are (rel, kind, key).
    fn linked(kind: Kind, key: &str, links: &[(&str, Kind, &str)]) -> Arc<Entity> {
        let mut entity = Arc::unwrap_or_clone(entity(kind, key, &[]));
        let source = SourceName::from("s");
        let link =
            |(rel, kind, key): &(&str, Kind, &str)| Link { rel: Text::from(*rel), to: LinkTarget::Id(EntityId::new(&source, *kind, key)) };
        entity.links = links.iter().map(link).collect();
        Arc::new(entity)
    }

    #[test]
    fn upstream_is_what_made_it_and_what_changed_that_and_nothing_that_merely_reads_it() {
        let all = [
            linked(Kind::Alert, "volume", &[("dataset", Kind::Dataset, "orders")]),
            linked(Kind::Dataset, "orders", &[("producer", Kind::Pipeline, "load"), ("consumer", Kind::Pipeline, "report")]),
            linked(Kind::Dataset, "file", &[("producer", Kind::Pipeline, "fetch"), ("consumer", Kind::Pipeline, "load")]),
            linked(Kind::Run, "load 1", &[("pipeline", Kind::Pipeline, "load")]),
            linked(Kind::Run, "fetch 1", &[("pipeline", Kind::Pipeline, "fetch")]),
            linked(Kind::Run, "report 1", &[("pipeline", Kind::Pipeline, "report")]),
            linked(Kind::Change, "columns", &[("dataset", Kind::Dataset, "orders")]),
            linked(Kind::Workload, "api", &[("depends on", Kind::Workload, "broker")]),
        ];
        let graph = Graph::build(all.iter());
        let keys = |at: usize| graph.upstream(&all[at]).iter().map(|(id, steps)| format!("{} {steps}", id.key())).collect::<Vec<_>>();
        assert_eq!(keys(0), ["columns 0", "orders 0", "load 1", "load 1 1", "file 2", "fetch 3", "fetch 1 3"]);
        assert_eq!(keys(7), ["broker 1"]);
    }

    #[test]
    fn a_link_that_names_a_model_means_the_versions_in_use() {
        let version = |version: &str, aliases: &[&str]| {
            let aliases = aliases.iter().map(|alias| Text::from(*alias)).collect();
            let detail = crate::domain::Model { aliases, ..Default::default() };
            let mut entity =
                Entity::new(&SourceName::from("reg"), &format!("fraud/{version}"), "fraud", State::Ok, detail.into(), Timestamp::default());
            entity.labels = [("model", "fraud"), ("version", version)].map(|(name, value)| (Text::from(name), Text::from(value))).into();
            Arc::new(entity)
        };
        let naming = |kind: Kind, labels: &[(&str, &str)]| {
            let mut entity = Arc::unwrap_or_clone(entity(kind, "x", &[]));
            let labels = labels.iter().map(|(name, value)| (Text::from(*name), Text::from(*value))).collect();
            entity.links = vec![Link { rel: Text::from("model"), to: LinkTarget::Labels(labels) }];
            Arc::new(entity)
        };
        let reached = |all: &[Arc<Entity>]| {
            let graph = Graph::build(all.iter());
            graph.upstream(&all[0]).iter().map(|(id, _)| id.key().to_owned()).collect::<Vec<_>>()
        };
        let alert = naming(Kind::Alert, &[("model", "fraud")]);
        assert_eq!(reached(&[alert.clone(), version("6", &[]), version("7", &["champion"])]), ["fraud/7"]);
        assert_eq!(reached(&[alert.clone(), version("6", &[]), version("7", &[])]), ["fraud/6", "fraud/7"], "nobody says which");
        let endpoint = naming(Kind::Endpoint, &[("model", "fraud"), ("version", "6")]);
        assert_eq!(reached(&[alert, endpoint, version("6", &[]), version("7", &[])]), ["fraud/6"]);
    }
}
