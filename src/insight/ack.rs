//! Acknowledgements: short silences in a person's name, told from other silences by the beginning of their comment.
//! Not for: making them (see the connector), keeping them up (see `runtime`).

use std::sync::Arc;

use crate::domain::{ChangeKind, Detail, Entity, Text};

/// How the comment of an acknowledgement begins; karma and kthxbye use the same word, so that each tool knows the others' (their READMEs).
pub const SIGN: &str = "ACK!";

/// Whether it is a silence that acknowledges.
pub fn is_ack(entity: &Entity) -> bool {
    matches!(&entity.detail, Detail::Change(change) if change.change == Some(ChangeKind::Silence))
        && entity.reason.as_ref().is_some_and(|comment| comment.starts_with(SIGN))
}

/// Whether this person made it.
pub fn is_own(entity: &Entity, actor: &str) -> bool {
    matches!(&entity.detail, Detail::Change(change) if change.actor.as_deref() == Some(actor))
}

/// The acknowledgements of a person that still hold, oldest first.
pub fn own<'a>(changes: impl Iterator<Item = &'a Arc<Entity>>, actor: &str) -> Vec<Arc<Entity>> {
    let mut own: Vec<Arc<Entity>> = changes.filter(|entity| is_ack(entity) && is_own(entity, actor)).cloned().collect();
    own.sort_by(|a, b| a.since.cmp(&b.since).then_with(|| a.id.cmp(&b.id)));
    own
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
