//! What is known: the newest state of every entity and reading, and how each source is doing.
//! Not for: selection, focus, drawing (see `app` and `pane`); deciding what it means (see `insight`).

mod entities;
mod health;
mod readings;
mod sources;
mod standing;
mod waiting;

use std::sync::Arc;

use crate::domain::{Batch, Entity, EntityId, Failure, Kind, PollId, Scope, SourceInfo, SourceName, State, Timestamp};
use crate::insight::quality::{Brought, Definition, Quality};
use crate::msg::Fetched;

pub use entities::{Counts, Entities};
pub use health::versions_of;
pub use readings::{Readings, Trail};
pub use sources::{PollState, SourceState, Sources, Standing};
pub use standing::is_standing;
pub use waiting::{Waiting, Word};

/// The poll that brings readings and nothing else.
const READINGS: &str = "readings";

/// Everything the sources told.
#[derive(Debug, Default, Clone)]
pub struct Store {
    /// Entities by kind.
    pub entities: Entities,
    /// Numbers over time.
    pub readings: Readings,
    /// The sources themselves.
    pub sources: Sources,
    /// What orders are to bring about.
    pub waiting: Waiting,
    /// What was looked for on this machine in vain; absent while the search goes on, or when there was none.
    pub not_found: Option<Vec<String>>,
    quality: Quality,
    health: health::Health,
    revision: u64,
}

impl Store {
    /// Grows with every change; what was derived from an older revision may be out of date.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Takes what is expected of datasets and readings.
    pub fn expect(&mut self, definitions: Vec<Definition>) {
        self.quality = Quality::new(definitions);
    }

    /// Names of checks whose dataset or reading no source brought so far.
    pub fn unmet(&self) -> Vec<String> {
        self.quality.unmet().map(|definition| definition.name.to_string()).collect()
    }

    /// Takes the list of sources.
    pub fn configure(&mut self, infos: Vec<Arc<SourceInfo>>, at: Timestamp) {
        let names: Vec<SourceName> = infos.iter().map(|info| info.name.clone()).collect();
        self.sources.configure(infos);
        for name in names {
            self.judge(&name, at);
        }
    }

    /// Takes a source that could not even be made.
    pub fn misconfigure(&mut self, source: &SourceName, failure: Failure, at: Timestamp) {
        self.sources.misconfigure(source, failure);
        self.judge(source, at);
    }

    /// Renews the check that a source answers.
    fn judge(&mut self, name: &SourceName, at: Timestamp) {
        self.revision += 1;
        if let Some(source) = self.sources.get(name.as_str()) {
            let before = self.entities.get(&EntityId::new(name, Kind::Check, standing::KEY));
            let check = standing::of(source, before, at);
            self.readings.note(&check, at);
            self.entities.put(check, &standing::poll());
        }
    }

    /// Takes a poll's outcome; returns what newer entities took the place of. A failure leaves what is known in place.
    pub fn merge(&mut self, fetched: Fetched) -> Vec<Arc<Entity>> {
        let Fetched { source, poll, at, outcome, .. } = &fetched;
        if let Ok(batch) = outcome {
            self.readings.merge(source, &batch.series);
            for entity in &batch.entities {
                self.readings.note(entity, *at);
            }
        }
        self.sources.note(&fetched);
        let (source, poll, at) = (source.clone(), poll.clone(), *at);
        if let Ok(mut batch) = fetched.outcome {
            self.date_checks(&mut batch.entities, at);
            self.check_quality(&source, &poll, &batch, at);
            let concerns_models = self.health.concerns(&source, &batch);
            for gone in self.entities.merge(&source, &poll, batch, at) {
                self.readings.forget(&gone);
            }
            if concerns_models {
                self.check_health(at);
            }
        }
        self.judge(&source, at);
        self.entities.take_replaced()
    }

    /// Looks at what is awaited; returns the sources to ask now.
    pub fn look_after(&mut self, now: Timestamp) -> Vec<SourceName> {
        self.waiting.look(&self.entities, now)
    }

    /// Checks that do not say since when they are so are so since they were first seen so.
    fn date_checks(&self, entities: &mut [Entity], at: Timestamp) {
        for check in entities.iter_mut().filter(|entity| entity.kind() == Kind::Check && entity.since.is_none()) {
            let before = self.entities.get(&check.id).filter(|before| before.state == check.state);
            check.since = Some(before.and_then(|before| before.since).unwrap_or(at));
        }
    }

    /// Renews the checks upon what a poll brought; they go with what they are about.
    fn check_quality(&mut self, source: &SourceName, poll: &PollId, batch: &Batch, at: Timestamp) {
        if self.quality.is_empty() || batch.scope == Scope::Unchanged {
            return;
        }
        // readings are asked for all together
        let asks = poll.as_str() == READINGS || !batch.series.is_empty();
        let info = self.sources.get(source.as_str()).and_then(|state| state.info.clone()).filter(|_| asks);
        let brought = Brought {
            source,
            entities: &batch.entities,
            series: &batch.series,
            past: &batch.past,
            asked: info.as_ref().map_or(&[], |info| &info.readings),
            problems: &batch.problems,
        };
        let entities = self.quality.judge(&brought, at);
        for check in &entities {
            self.readings.note(check, at);
        }
        let checks = Batch { entities, scope: batch.scope, ..Batch::default() };
        for gone in self.entities.merge(source, &PollId::from(format!("(quality) {poll}").as_str()), checks, at) {
            self.readings.forget(&gone);
        }
    }

    /// The entity of that id.
    pub fn get(&self, id: &EntityId) -> Option<&Arc<Entity>> {
        self.entities.get(id)
    }

    /// Why the entity may be out of date: the last answer of the poll that brings it.
    pub fn stale(&self, entity: &Entity) -> Option<&Failure> {
        let poll = self.entities.poll_of(&entity.id)?;
        if poll.as_str() == health::POLL {
            // made of what a registry told: as old as that
            return self.get(health::about(entity)?).and_then(|model| self.stale(model));
        }
        self.sources.get(entity.id.source())?.polls.get(poll)?.failure.as_ref()
    }

    /// Everything a link's label match finds, or the one its id names.
    pub fn linked(&self, link: &crate::domain::Link) -> Vec<&Arc<Entity>> {
        match &link.to {
            crate::domain::LinkTarget::Id(id) => self.get(id).into_iter().collect(),
            crate::domain::LinkTarget::Labels(labels) if labels.is_empty() => Vec::new(),
            crate::domain::LinkTarget::Labels(labels) => {
                self.entities.all().filter(|entity| labels.iter().all(|(name, value)| entity.labels.get(name) == Some(value))).collect()
            }
        }
    }

    /// How many of a kind are how.
    pub fn counts(&self, kind: Kind) -> Counts {
        self.entities.counts(kind)
    }

    /// The oldest fresh answer among sources that answer, for "oldest 3 s ago".
    pub fn oldest_answer(&self) -> Option<Timestamp> {
        self.sources.iter().filter(|source| source.standing().answers()).filter_map(SourceState::oldest_answer).min()
    }

    /// The worst state a source's entities are in; `None` if it brought none.
    pub fn worst_of(&self, source: &SourceName) -> Option<State> {
        self.entities
            .all()
            .filter(|entity| entity.id.source() == source.as_str())
            .map(|entity| entity.state)
            .max_by_key(|state| state.severity())
    }
}
