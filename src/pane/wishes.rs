//! What an action on one entity wishes, wherever the entity is shown.
//! Not for: actions of a table or a view themselves.

use std::sync::Arc;

use super::{Look, Wish};
use crate::domain::Entity;
use crate::msg::{Action, Effect, Needs, Notice};

/// What an action on this entity wishes; nothing if it is none of an entity's.
pub fn of(action: Action, entity: &Arc<Entity>, look: &Look<'_>) -> Vec<Wish> {
    if let Some(why) = refused(action, entity, look) {
        return vec![Wish::Say(Notice { good: false, text: why })];
    }
    let id = entity.id.clone();
    let url = entity.url.as_ref().map(ToString::to_string).unwrap_or_default();
    match action {
        Action::Open | Action::WhatChanged => vec![Wish::Detail(id)],
        Action::Raw => vec![Wish::Raw(id)],
        Action::OpenLogs | Action::DetailLogs => vec![Wish::Log { entity: Arc::clone(entity), step: None }],
        Action::OpenChart | Action::DetailChart => vec![Wish::Chart(id)],
        Action::Browse | Action::DetailBrowse => vec![Wish::Effect(Effect::Open(url))],
        Action::CopyLink | Action::DetailCopyLink => vec![Wish::Effect(Effect::Copy(url))],
        Action::DetailCopyJson => copy_json(&[entity]),
        _ => Vec::new(),
    }
}

/// Why an action cannot be done with this entity; `None` if it can.
pub fn refused(action: Action, entity: &Entity, look: &Look<'_>) -> Option<String> {
    match action.row().needs {
        Needs::Url if entity.url.is_none() => Some(format!("{} has no page of its own", entity.name)),
        Needs::Log => {
            let readable = look
                .store
                .sources
                .get(entity.id.source())
                .and_then(|source| source.info.as_ref())
                .is_some_and(|info| info.logs.contains(&entity.kind()));
            (!readable).then(|| format!("no log can be read of {}", entity.name))
        }
        _ => None,
    }
}

/// Copies entities as JSON: one object, or a list of several.
pub fn copy_json(entities: &[&Arc<Entity>]) -> Vec<Wish> {
    let text = match entities {
        [] => return Vec::new(),
        [one] => serde_json::to_string_pretty(one),
        several => serde_json::to_string_pretty(several),
    };
    text.map(|text| vec![Wish::Effect(Effect::Copy(text))]).unwrap_or_default()
}

/// Copies names, one a line.
pub fn copy_names(entities: &[&Arc<Entity>]) -> Vec<Wish> {
    if entities.is_empty() {
        return Vec::new();
    }
    let names: Vec<&str> = entities.iter().map(|entity| entity.name.as_str()).collect();
    vec![Wish::Effect(Effect::Copy(names.join("\n")))]
}
