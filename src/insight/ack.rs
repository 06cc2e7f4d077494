//! Acknowledgements of one person, and what a silence mutes.
//! Not for: making them (see the connector), keeping them up (see `insight::upkeep`).

use std::sync::Arc;

use super::upkeep::acknowledged;
use crate::domain::{Detail, Entity, Text, Timestamp};

/// Whether it is a silence that acknowledges an alert in this person's name.
pub fn is_own(entity: &Entity, actor: &str) -> bool {
    acknowledged(entity, actor).is_some()
}

/// The acknowledgements of a person that still hold, oldest first.
pub fn own<'a>(changes: impl Iterator<Item = &'a Arc<Entity>>, actor: &str) -> Vec<Arc<Entity>> {
    let mut own: Vec<Arc<Entity>> = changes.filter(|entity| is_own(entity, actor)).cloned().collect();
    own.sort_by(|a, b| a.since.cmp(&b.since).then_with(|| a.id.cmp(&b.id)));
    own
}

/// When a silence ends, if its connector tells (label `until`, see `insight::upkeep`).
pub fn ends_at(silence: &Entity) -> Option<Timestamp> {
    silence.labels.get("until").and_then(|text| Timestamp::parse(text))
}

/// The alerts that a silence mutes now.
pub fn muted_by<'a>(alerts: impl Iterator<Item = &'a Arc<Entity>>, silence: &Entity) -> Vec<&'a Arc<Entity>> {
    let key = silence.id.key();
    let names = |alert: &&Arc<Entity>| {
        matches!(&alert.detail, Detail::Alert(alert) if alert.silenced_by.iter().map(Text::as_str).any(|id| id == key))
            && alert.id.source() == silence.id.source()
    };
    alerts.filter(names).collect()
}
