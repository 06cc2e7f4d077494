//! What an entity touches: the chain data → pipeline → model → service → alert, walked along links both ways.
//! Not for: guessing relations that no link states.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use crate::domain::{Entity, EntityId, Kind, LinkTarget, Text};

/// Steps walked from the start; chains longer than this are cut.
const MAX_STEPS: usize = 8;
/// Entities listed; a hub may touch thousands.
const MAX_REACHED: usize = 64;

/// The links of all entities, both ways.
#[derive(Debug, Default)]
pub struct Graph {
    edges: HashMap<EntityId, Vec<EntityId>>,
}

impl Graph {
    /// Reads every link. Label links are resolved through an index over the labels they use.
    pub fn build<'a>(entities: impl Iterator<Item = &'a Arc<Entity>> + Clone) -> Self {
        let mut wanted: HashSet<(&Text, &Text)> = HashSet::new();
        for entity in entities.clone() {
            for link in &entity.links {
                if let LinkTarget::Labels(labels) = &link.to {
                    wanted.extend(labels.iter());
                }
            }
        }
        let mut labelled: HashMap<(&Text, &Text), Vec<&Arc<Entity>>> = HashMap::new();
        if !wanted.is_empty() {
            for entity in entities.clone() {
                for pair in entity.labels.iter().filter(|pair| wanted.contains(pair)) {
                    labelled.entry(pair).or_default().push(entity);
                }
            }
        }
        let mut graph = Self::default();
        for entity in entities {
            for link in &entity.links {
                match &link.to {
                    LinkTarget::Id(id) => graph.join(&entity.id, id),
                    LinkTarget::Labels(labels) => {
                        let rarest = labels.iter().filter_map(|pair| labelled.get(&pair)).min_by_key(|found| found.len());
                        for found in rarest.into_iter().flatten() {
                            if found.id != entity.id && labels.iter().all(|(name, value)| found.labels.get(name) == Some(value)) {
                                graph.join(&entity.id, &found.id);
                            }
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

    fn join(&mut self, a: &EntityId, b: &EntityId) {
        for (from, to) in [(a, b), (b, a)] {
            match self.edges.get_mut(from) {
                Some(edges) => edges.push(to.clone()),
                None => drop(self.edges.insert(from.clone(), vec![to.clone()])),
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
                for next in self.edges.get(id).into_iter().flatten() {
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
}

/// Where a kind stands in the chain from data to alert.
fn place(id: &EntityId) -> Option<u8> {
    let word = id.as_str().split('/').nth(1)?;
    let kind = Kind::ALL.iter().copied().find(|kind| kind.word() == word)?;
    Some(match kind {
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
}
