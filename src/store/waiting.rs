//! What orders are to bring about, until it has come about or time is up, and what went wrong with the newest: a line for the row.
//! Not for: when something has settled (see `domain::Awaiting`), sending (see `runtime::act`).

use std::sync::Arc;

use crate::domain::{Awaited, Awaiting, Entity, EntityId, Settling, SourceName, Timestamp};

use super::Entities;

/// Seconds that a row tells what did not come about.
const TOLD_S: f64 = 60.0;
/// Lines kept at most; the oldest go first.
const MAX: usize = 500;

/// All that is awaited.
#[derive(Debug, Default, Clone)]
pub struct Waiting {
    lines: Vec<Held>,
}

#[derive(Debug, Clone)]
struct Held {
    target: EntityId,
    state: Told,
}

#[derive(Debug, Clone)]
enum Told {
    Waits(Awaiting),
    Late(Awaiting, Timestamp),
    Wrong(String, Timestamp),
}

/// What a row says of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Word {
    /// It is under way: what, and since when.
    Waits(String, Timestamp),
    /// It has not come about in the seconds it may take.
    Late(String, f64),
    /// It went wrong.
    Wrong(String),
}

impl Waiting {
    /// This is awaited from now on, in place of what was before.
    pub fn begin(&mut self, awaited: Awaited, attempt: u64, target: &Arc<Entity>, now: Timestamp) {
        self.put(target.id.clone(), Told::Waits(Awaiting::new(awaited, attempt, target, now)));
    }

    /// This went wrong.
    pub fn note(&mut self, target: &Entity, text: String, now: Timestamp) {
        self.put(target.id.clone(), Told::Wrong(text, now));
    }

    fn put(&mut self, target: EntityId, state: Told) {
        self.lines.retain(|held| held.target != target);
        if self.lines.len() >= MAX {
            self.lines.remove(0);
        }
        self.lines.push(Held { target, state });
    }

    /// What the row of an entity says.
    pub fn word(&self, id: &EntityId) -> Option<Word> {
        let held = self.lines.iter().rev().find(|held| held.target == *id || held.awaits(id))?;
        Some(match &held.state {
            Told::Waits(awaiting) => Word::Waits(awaiting.awaited.word.to_string(), awaiting.begun),
            Told::Late(awaiting, _) => Word::Late(awaiting.awaited.word.to_string(), awaiting.awaited.timeout_s),
            Told::Wrong(text, _) => Word::Wrong(text.clone()),
        })
    }

    /// Looks at what is awaited; returns the sources to ask now.
    pub(super) fn look(&mut self, entities: &Entities, now: Timestamp) -> Vec<SourceName> {
        let mut asked = Vec::new();
        self.lines.retain_mut(|held| match &mut held.state {
            Told::Late(_, at) | Told::Wrong(_, at) => now.since(*at) < TOLD_S,
            Told::Waits(awaiting) => {
                let entity = entities.get(&awaiting.awaited.of).map(AsRef::as_ref);
                match awaiting.look(entity, now) {
                    Settling::Settled => return false,
                    Settling::TimedOut => held.state = Told::Late(awaiting.clone(), now),
                    Settling::Waits { ask } => {
                        if ask {
                            asked.push(SourceName::from(awaiting.awaited.of.source()));
                        }
                    }
                }
                true
            }
        });
        asked
    }
}

impl Held {
    fn awaits(&self, id: &EntityId) -> bool {
        matches!(&self.state, Told::Waits(awaiting) | Told::Late(awaiting, _) if awaiting.awaited.of == *id)
    }
}
