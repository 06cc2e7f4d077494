//! The orders that nobody presses: acknowledgements of this person are extended while their alerts fire, and ended when they resolve.
//! Not for: when that is (see `insight::upkeep`), sending (see `runtime::act`).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Model;
use crate::domain::{ActionId, Entity, EntityId, Kind, Order, Pace, SourceName, Text, Timestamp};
use crate::insight::upkeep::{acknowledged, care};
use crate::msg::Effect;
use crate::store::Store;

/// Seconds before the same is tried again.
const AGAIN_S: f64 = 60.0;
/// Seconds between two looks at all silences.
const LOOK_S: f64 = 5.0;
/// Attempts of these orders are counted from here, so that those of keys are never met.
const FIRST_ATTEMPT: u64 = 1 << 32;

/// What has been tried.
#[derive(Debug, Default)]
pub struct Upkeep {
    made: u64,
    tried: BTreeMap<EntityId, Timestamp>,
    looked_at: Option<Timestamp>,
}

/// Time passed: what acknowledgements need now.
pub fn keep(model: &mut Model) -> Vec<Effect> {
    let now = model.now;
    if model.settings.dry_run {
        return Vec::new();
    }
    if model.upkeep.looked_at.is_some_and(|at| now.since(at) < LOOK_S && now >= at) {
        return Vec::new();
    }
    model.upkeep.looked_at = Some(now);
    model.upkeep.tried.retain(|_, at| now.since(*at) < AGAIN_S);
    let mut orders = Vec::new();
    let mut sources = Vec::new();
    for (silence, action) in needed(model) {
        model.upkeep.tried.insert(silence.id.clone(), now);
        model.upkeep.made += 1;
        let attempt = FIRST_ATTEMPT + model.upkeep.made;
        sources.push(SourceName::from(silence.id.source()));
        let order = Order::new(attempt, ActionId::from(action), silence, model.settings.actor.clone(), now);
        orders.push(Order { automatic: true, ..order });
    }
    if orders.is_empty() {
        return Vec::new();
    }
    sources.dedup();
    let pace = Pace { stop_at_failure: false, ..Pace::default() };
    let mut effects = vec![Effect::Act(orders, pace)];
    effects.extend(sources.into_iter().map(|source| Effect::Refresh(Some(source))));
    effects
}

fn needed(model: &Model) -> Vec<(Arc<Entity>, &'static str)> {
    let (store, actor) = (&model.store, &model.settings.actor);
    let silences = store.entities.of(Kind::Change).filter(|silence| !model.upkeep.tried.contains_key(&silence.id));
    silences.filter_map(|silence| Some((Arc::clone(silence), one(model, store, actor, silence)?))).collect()
}

fn one(model: &Model, store: &Store, actor: &Text, silence: &Entity) -> Option<&'static str> {
    let alert = acknowledged(silence, actor)?;
    let source = store.sources.get(silence.id.source())?;
    let info = source.info.as_ref()?;
    if model.settings.rules.read_only(info, Some(silence)).is_some() {
        return None;
    }
    let mut alerts = info.polls.iter().filter(|poll| poll.kinds.contains(&Kind::Alert));
    let poll = alerts.next().and_then(|poll| source.polls.get(&poll.id))?;
    let answered_at = poll.answered_at.filter(|_| poll.failure.is_none());
    care(silence, store.get(&alert).is_some(), answered_at, model.now).map(crate::insight::upkeep::Care::action)
}
