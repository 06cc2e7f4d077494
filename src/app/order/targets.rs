//! The entities that an action is asked for, captured when the key was pressed, and what their sources offer for each.
//! Not for: choosing among offers (see `order::menu`), orders themselves (see `order`).

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::{ActionId, Confirm, Danger, Entity, EntityId, Failure, Offer, Rules, Step, Text};
use crate::store::Store;

/// What one source offers for one entity, or why it cannot say.
pub type Offers = Result<Vec<Offer>, Failure>;

/// Entities and what is offered for them.
#[derive(Debug, Clone, Default)]
pub struct Targets {
    /// As they were when the key was pressed, in the order of the screen.
    pub entities: Vec<Arc<Entity>>,
    /// One step of the only one, if that is meant.
    pub step: Option<Arc<Step>>,
    offers: BTreeMap<EntityId, Offers>,
}

/// What was chosen for whom.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// The step of the only target that is meant.
    pub step: Option<Arc<Step>>,
    /// The offer: words and form of the first target, the danger of the worst.
    pub offer: Offer,
    /// Whom it can be done to.
    pub entities: Vec<Arc<Entity>>,
    /// Whom it cannot be done to, and why.
    pub left_out: Vec<(Arc<Entity>, Text)>,
    /// What must be pressed or typed.
    pub confirm: Confirm,
}

impl Targets {
    /// These, of which nothing is known yet.
    pub fn new(entities: Vec<Arc<Entity>>) -> Self {
        Self { entities, step: None, offers: BTreeMap::new() }
    }

    /// A step of a run, of which nothing is known yet.
    pub fn of_step(run: Arc<Entity>, step: Arc<Step>) -> Self {
        Self { entities: vec![run], step: Some(step), offers: BTreeMap::new() }
    }

    /// Those whose source has not said yet.
    pub fn unasked(&self) -> impl Iterator<Item = &Arc<Entity>> {
        self.entities.iter().filter(|entity| !self.offers.contains_key(&entity.id))
    }

    /// Takes what a source offers, if it is for one of these.
    pub fn take(&mut self, entity: &EntityId, step: Option<&Arc<Step>>, offers: Offers) {
        if step == self.step.as_ref() && self.entities.iter().any(|known| known.id == *entity) {
            self.offers.insert(entity.clone(), offers);
        }
    }

    /// Everything that is offered for any of them, each once.
    pub fn ids(&self) -> Vec<ActionId> {
        let mut ids: Vec<ActionId> = Vec::new();
        for offer in self.entities.iter().filter_map(|entity| self.offers.get(&entity.id)?.as_ref().ok()).flatten() {
            if !ids.contains(&offer.id) {
                ids.push(offer.id.clone());
            }
        }
        ids
    }

    /// Why nothing is known of one: the first failure.
    pub fn failure(&self) -> Option<&Failure> {
        self.entities.iter().find_map(|entity| self.offers.get(&entity.id)?.as_ref().err())
    }

    /// The offer of that id for one of them.
    pub fn offer(&self, entity: &EntityId, id: &ActionId) -> Option<&Offer> {
        self.offers.get(entity)?.as_ref().ok()?.iter().find(|offer| offer.id == *id)
    }

    /// The first offer of that id, for its words.
    pub fn any(&self, id: &ActionId) -> Option<&Offer> {
        self.entities.iter().find_map(|entity| self.offer(&entity.id, id))
    }

    /// Whom this can be done to now, and whom not. `None` if nobody offers it.
    pub fn choose(&self, id: &ActionId, rules: &Rules, store: &Store) -> Option<Chosen> {
        let mut offer = self.any(id)?.clone();
        let (mut entities, mut left_out, mut worst) = (Vec::new(), Vec::new(), Confirm::None);
        let mut danger = Danger::Safe;
        for entity in &self.entities {
            match self.refused(entity, id, rules, store) {
                Some(why) => left_out.push((Arc::clone(entity), why)),
                None => {
                    let own = self.offer(&entity.id, id).map_or(offer.danger, |offer| offer.danger);
                    let info = store.sources.get(entity.id.source()).and_then(|source| source.info.as_ref());
                    worst = worst.max(info.map_or(Confirm::TypeName, |info| rules.confirm(info, entity, own)));
                    danger = danger.max(own);
                    entities.push(Arc::clone(entity));
                }
            }
        }
        if entities.is_empty() {
            danger = offer.danger;
        } else if let Some(first) = self.offer(&entities[0].id, id) {
            offer = first.clone();
        }
        if entities.len() > 1 && !offer.bulk {
            let why = Text::from("it can be done to one at a time only");
            left_out.extend(entities.drain(1..).map(|entity| (entity, why.clone())));
        }
        offer.danger = danger;
        Some(Chosen { step: self.step.clone(), offer, entities, left_out, confirm: worst })
    }

    /// Why this cannot be done to that one.
    fn refused(&self, entity: &Arc<Entity>, id: &ActionId, rules: &Rules, store: &Store) -> Option<Text> {
        let Some(offer) = self.offer(&entity.id, id) else {
            return Some(match self.offers.get(&entity.id) {
                Some(Err(failure)) => failure.detail.clone(),
                _ => Text::from(format!("{} offers no such thing for it", entity.id.source())),
            });
        };
        let info = store.sources.get(entity.id.source()).and_then(|source| source.info.as_ref());
        match info {
            Some(info) => rules.refuse(info, entity, offer),
            None => Some(Text::from(format!("{} is not a source any more", entity.id.source()))),
        }
    }
}
