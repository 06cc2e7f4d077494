//! The newest state of every entity, one map per kind, and the changes seen between two answers.
//! Not for: numbers over time (see `readings`).

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use crate::domain::{Batch, Detail, Entity, EntityId, Kind, PollId, Scope, SourceName, State, Timestamp};
use crate::insight::change;

/// Changes we saw ourselves that are kept; the oldest go first.
const MAX_OBSERVED: usize = 500;

/// How many kinds there are: what is kept by kind is an array over them.
const KINDS: usize = Kind::ALL.len();

/// Entities by kind.
#[derive(Debug, Default, Clone)]
pub struct Entities {
    kinds: [HashMap<EntityId, Held>; KINDS],
    counts: [Counts; KINDS],
    members: HashMap<SourceName, HashMap<PollId, Vec<EntityId>>>,
    observed: VecDeque<EntityId>,
    generation: u64,
    links: u64,
    revisions: [u64; KINDS],
    /// Entities of the poll being merged that it had brought before too.
    renewed: usize,
    /// What newer entities took the place of, until somebody frees them.
    replaced: Vec<Arc<Entity>>,
}

#[derive(Debug, Clone)]
struct Held {
    entity: Arc<Entity>,
    /// Who brings it: the first that tells all there are, or before that the first that saw it.
    poll: PollId,
    whole: bool,
    generation: u64,
}

/// How many of a kind are in which state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts([usize; 7]);

impl Counts {
    /// How many are in that state.
    pub fn of(self, state: State) -> usize {
        self.0[state as usize]
    }

    /// How many there are.
    pub fn total(self) -> usize {
        self.0.iter().sum()
    }

    /// How many are failed or in warning.
    pub fn troubled(self) -> usize {
        self.of(State::Failed) + self.of(State::Warning)
    }
}

impl Entities {
    /// The entity of that id.
    pub fn get(&self, id: &EntityId) -> Option<&Arc<Entity>> {
        Some(&self.kinds[kind_in(id)? as usize].get(id)?.entity)
    }

    /// Grows when links of entities, or the labels that links are matched with, change: most polls bring the same ones.
    pub fn links_revision(&self) -> u64 {
        self.links
    }

    /// Grows when any of a kind is brought or goes.
    pub fn revision_of(&self, kind: Kind) -> u64 {
        self.revisions[kind as usize]
    }

    /// All of a kind, in no order.
    pub fn of(&self, kind: Kind) -> impl Iterator<Item = &Arc<Entity>> {
        self.kinds[kind as usize].values().map(|held| &held.entity)
    }

    /// All there are, in no order.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Entity>> {
        self.kinds.iter().flat_map(|held| held.values().map(|held| &held.entity))
    }

    /// How many of a kind are how.
    pub fn counts(&self, kind: Kind) -> Counts {
        self.counts[kind as usize]
    }

    /// How many entities a source brought.
    pub fn count_of(&self, source: &str) -> usize {
        self.all().filter(|entity| entity.id.source() == source).count()
    }

    /// The poll that brings the entity.
    pub fn poll_of(&self, id: &EntityId) -> Option<&PollId> {
        Some(&self.kinds[kind_in(id)? as usize].get(id)?.poll)
    }

    /// Takes what a poll brought; returns what is gone.
    pub fn merge(&mut self, source: &SourceName, poll: &PollId, batch: Batch, at: Timestamp) -> Vec<EntityId> {
        if batch.scope == Scope::Unchanged {
            return Vec::new();
        }
        self.generation += 1;
        self.renewed = 0;
        let generation = self.generation;
        let known = self.members.get(source).is_some_and(|polls| polls.contains_key(poll));
        let whole = batch.scope == Scope::Whole;
        let mut gone = batch.gone;
        let mut ids = Vec::with_capacity(if whole { batch.entities.len() } else { 0 });
        let mut moves = change::Moves::new(at);
        for entity in batch.entities {
            let id = entity.id.clone();
            let entity = Arc::new(entity);
            let before = self.place(Arc::clone(&entity), poll, whole, generation);
            if known {
                moves.note(before.as_deref(), &entity);
            }
            if whole || before.is_none() {
                ids.push(id);
            }
            self.replaced.extend(before);
        }
        let members = self.members.entry(source.clone()).or_default().entry(poll.clone()).or_default();
        if whole {
            let before = std::mem::replace(members, ids);
            // most answers hold all that the one before held: then none needs to be looked for
            let all_here = before.len() == self.renewed;
            let before = if all_here { Vec::new() } else { before };
            gone.extend(before.into_iter().filter(|id| self.is_left_over(id, poll, generation)));
        } else {
            if !gone.is_empty() {
                let gone: HashSet<&EntityId> = gone.iter().collect();
                members.retain(|id| !gone.contains(id));
            }
            members.extend(ids);
        }
        for id in &gone {
            if let Some(before) = self.take(id) {
                moves.note_gone(&before);
            }
        }
        for change in moves.finish(source) {
            self.observe(change);
        }
        gone
    }

    /// What newer entities took the place of since this was last asked.
    pub(super) fn take_replaced(&mut self) -> Vec<Arc<Entity>> {
        std::mem::take(&mut self.replaced)
    }

    fn is_left_over(&self, id: &EntityId, poll: &PollId, generation: u64) -> bool {
        kind_in(id)
            .and_then(|kind| self.kinds[kind as usize].get(id))
            .is_some_and(|held| held.poll == *poll && held.generation != generation)
    }

    pub(super) fn put(&mut self, entity: Entity, poll: &PollId) -> Option<Arc<Entity>> {
        self.place(Arc::new(entity), poll, false, 0)
    }

    fn place(&mut self, entity: Arc<Entity>, poll: &PollId, whole: bool, generation: u64) -> Option<Arc<Entity>> {
        let kind = entity.kind();
        self.revisions[kind as usize] += 1;
        let counts = &mut self.counts[kind as usize];
        counts.0[entity.state as usize] += 1;
        match self.kinds[kind as usize].entry(entity.id.clone()) {
            std::collections::hash_map::Entry::Occupied(mut slot) => {
                let slot = slot.get_mut();
                counts.0[slot.entity.state as usize] -= 1;
                self.renewed += usize::from(slot.generation != generation && slot.poll == *poll);
                slot.generation = generation;
                self.links +=
                    u64::from(slot.entity.links != entity.links || slot.entity.labels != entity.labels || moved(&slot.entity, &entity));
                if whole && !slot.whole {
                    // who tells all there are decides what is no more, also of what another saw first
                    (slot.poll, slot.whole) = (poll.clone(), true);
                }
                Some(std::mem::replace(&mut slot.entity, entity))
            }
            std::collections::hash_map::Entry::Vacant(slot) => {
                self.links += u64::from(is_linked(&entity));
                slot.insert(Held { entity, poll: poll.clone(), whole, generation });
                None
            }
        }
    }

    fn take(&mut self, id: &EntityId) -> Option<Arc<Entity>> {
        let kind = kind_in(id)?;
        let held = self.kinds[kind as usize].remove(id)?;
        self.counts[kind as usize].0[held.entity.state as usize] -= 1;
        self.links += u64::from(is_linked(&held.entity));
        self.revisions[kind as usize] += 1;
        Some(held.entity)
    }

    /// Keeps a change that we saw ourselves, between two answers.
    fn observe(&mut self, change: Entity) {
        self.observed.push_back(change.id.clone());
        self.put(change, &PollId::from("observed"));
        while self.observed.len() > MAX_OBSERVED {
            if let Some(oldest) = self.observed.pop_front() {
                self.take(&oldest);
            }
        }
    }
}

/// It links, or may be linked to by its labels.
fn is_linked(entity: &Entity) -> bool {
    !entity.links.is_empty() || !entity.labels.is_empty()
}

/// An alias has come or gone: links that name a model mean the versions that have one.
fn moved(before: &Entity, after: &Entity) -> bool {
    matches!((&before.detail, &after.detail), (Detail::Model(before), Detail::Model(after)) if before.aliases != after.aliases)
}

/// The kind an id names in its second part.
fn kind_in(id: &EntityId) -> Option<Kind> {
    let word = id.as_str().split('/').nth(1)?;
    Kind::ALL.iter().copied().find(|kind| kind.word() == word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Check, Workload};

    fn workload(key: &str, state: State) -> Entity {
        Entity::new(&SourceName::from("s"), key, key, state, Workload::default().into(), Timestamp::default())
    }

    fn merge(all: &mut Entities, poll: &str, scope: Scope, entities: Vec<Entity>) -> usize {
        let batch = Batch { entities, scope, ..Batch::default() };
        all.merge(&SourceName::from("s"), &PollId::from(poll), batch, Timestamp::default()).len()
    }

    fn keys(all: &Entities) -> Vec<String> {
        let mut keys: Vec<String> = all.all().map(|entity| entity.id.key().to_owned()).collect();
        keys.sort_unstable();
        keys
    }

    #[test]
    fn a_whole_answer_drops_what_it_no_longer_holds_and_nothing_else() {
        let mut all = Entities::default();
        let three = || vec![workload("a", State::Ok), workload("b", State::Ok), workload("c", State::Failed)];
        merge(&mut all, "list", Scope::Whole, three());
        assert_eq!(merge(&mut all, "list", Scope::Whole, three()), 0, "the same again");
        assert_eq!(all.counts(Kind::Workload).of(State::Failed), 1);

        let swapped = vec![workload("a", State::Ok), workload("b", State::Ok), workload("d", State::Ok)];
        assert_eq!(merge(&mut all, "list", Scope::Whole, swapped), 1, "as many, but not the same");
        assert_eq!(keys(&all), ["a", "b", "d"]);
        assert_eq!(all.counts(Kind::Workload), Counts([3, 0, 0, 0, 0, 0, 0]));

        let twice = vec![workload("a", State::Ok), workload("a", State::Ok), workload("b", State::Ok)];
        assert_eq!(merge(&mut all, "list", Scope::Whole, twice), 1, "one told twice does not stand for another");
        assert_eq!(keys(&all), ["a", "b"]);
    }

    #[test]
    fn an_addition_drops_nothing_and_another_poll_keeps_its_own() {
        let mut all = Entities::default();
        merge(&mut all, "list", Scope::Whole, vec![workload("a", State::Ok), workload("b", State::Ok)]);
        merge(&mut all, "stats", Scope::Part, vec![workload("a", State::Failed)]);
        let check = Entity::new(&SourceName::from("s"), "x", "x", State::Ok, Check::default().into(), Timestamp::default());
        merge(&mut all, "checks", Scope::Whole, vec![check]);
        assert_eq!(keys(&all), ["a", "b", "x"]);
        assert_eq!(
            merge(&mut all, "list", Scope::Whole, vec![workload("b", State::Ok)]),
            1,
            "what another poll renewed still goes with its list"
        );
        assert_eq!(merge(&mut all, "list", Scope::Unchanged, Vec::new()), 0);
        assert_eq!(keys(&all), ["b", "x"]);
    }
}
