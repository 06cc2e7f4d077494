//! What several panes read out of the store, computed once per revision: trends, the lineage graph, what needs a person.
//! Not for: state of its own; it can be thrown away at any time.

use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::{Entity, EntityId, Kind, Text, Timestamp};
use crate::insight::lineage::Graph;
use crate::insight::trend::{self, PipelineKey, Trend};
use crate::insight::triage;
use crate::store::Store;

/// Derived from one revision of the store.
#[derive(Debug, Default)]
pub struct Derived {
    revision: Option<u64>,
    /// Pipelines by source and name.
    pub trends: HashMap<PipelineKey, Trend>,
    /// Links, both ways.
    pub graph: Graph,
    /// What needs a person, worst first.
    pub needs_you: Vec<Arc<Entity>>,
}

impl Derived {
    /// Follows the store; does nothing when it has not changed.
    pub fn follow(&mut self, store: &Store, now: Timestamp) -> bool {
        if self.revision == Some(store.revision()) {
            return false;
        }
        self.revision = Some(store.revision());
        self.trends = trend::of(store.entities.of(Kind::Run));
        self.needs_you = triage::needs_you(store.entities.all(), now);
        let everything: Vec<&Arc<Entity>> = store.entities.all().collect();
        self.graph = Graph::build(everything.into_iter());
        true
    }

    /// The trend of a pipeline entity.
    pub fn trend(&self, pipeline: &Entity) -> Option<&Trend> {
        let source = Text::from(pipeline.id.source());
        self.trends.get(&(source.clone(), pipeline.name.clone())).or_else(|| self.trends.get(&(source, Text::from(pipeline.id.key()))))
    }

    /// What an entity touches, in the order of the chain.
    pub fn touched(&self, entity: &Entity) -> Vec<EntityId> {
        self.graph.touched(entity)
    }
}
