//! The desk where orders are taken: from a key over offers, form and question to the request, and what became of it.
//! Everything leaves through here. Not for: what a source can do (see `source`), sending and the audit log (see `runtime::act`).
//!
//! ```text
//!  key ─▶ targets captured ─▶ offers ─┬─▶ form ─▶ orders ─▶ previews ─▶ question ─▶ sent ─▶ awaited
//!                                     └─▶ menu ─┘                          └─▶ declined
//! ```

mod confirm;
mod fill;
mod guard;
pub mod keys;
pub mod leave;
mod menu;
pub mod news;
mod progress;
mod targets;
pub mod undo;
mod words;

use std::collections::BTreeMap;
use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::Model;
use crate::domain::{self, Declined, Entity, Inverse, Order, Pace, Step, Text};
use crate::msg::{Action, Context, Effect, Key, Mode, Notice};
use confirm::Confirm;
use fill::Fill;
use guard::Guard;
use leave::Leave;
use menu::Menu;
use progress::Progress;
use targets::{Chosen, Offers, Targets};

/// What is under way between a person and the systems.
#[derive(Debug, Default)]
pub struct Desk {
    /// The selection, and what its source offers: asked ahead, so that keys and hints need not wait.
    here: Option<(Arc<Entity>, Option<Offers>)>,
    dialog: Option<Dialog>,
    guard: Guard,
    last_key: Option<Key>,
    attempts: u64,
    sent: BTreeMap<u64, Sent>,
    /// What takes back what was done last, and of which wish that was the first attempt.
    undo: (u64, Vec<Inverse>),
}

/// What lies over the screen. One at a time.
#[derive(Debug)]
enum Dialog {
    /// Waiting for what is offered.
    Gather(Targets, Sought),
    Menu(Menu),
    /// Waiting for what must be filled.
    Asking(Box<Chosen>, u64),
    Fill(Box<Fill>),
    Confirm(Box<Confirm>),
    Progress(Progress),
    Leave(Leave),
}

/// What the offers are wanted for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Sought {
    Menu,
    Verb(Action),
    /// To take something back.
    Inverse(Inverse),
}

/// An order that has been sent.
#[derive(Debug)]
struct Sent {
    title: Text,
    target: Arc<Entity>,
    step: Option<Arc<Step>>,
    /// The first attempt of the same wish.
    wish: u64,
    /// One of several, told in their own box.
    several: bool,
}

impl Sent {
    /// What it was about.
    fn name(&self) -> String {
        let target = self.target.title();
        self.step.as_ref().map_or(target.clone(), |step| format!("{target} / {}", step.name.first_line()))
    }
}

impl Desk {
    /// A key was pressed, whatever it is for.
    pub fn note_key(&mut self, key: Key) {
        self.last_key = Some(key);
    }

    /// Whether time must be told often: something on screen counts tenths of seconds.
    pub fn is_counting(&self) -> bool {
        self.guard.is_armed() || matches!(self.dialog, Some(Dialog::Confirm(_)))
    }

    /// Whether the selection's source offers what the action means, and it can be done.
    pub fn can(&self, action: Action, selected: &Entity, model: &Model) -> bool {
        let Some((entity, Some(Ok(offers)))) = &self.here else { return false };
        let info = model.store.sources.get(entity.id.source()).and_then(|source| source.info.as_ref());
        entity.id == selected.id
            && info.is_some_and(|info| {
                offers.iter().any(|offer| action.means(offer.id.as_str()) && model.settings.rules.refuse(info, entity, offer).is_none())
            })
    }

    fn next_attempt(&mut self) -> u64 {
        self.attempts += 1;
        self.attempts
    }
}

/// Asks ahead what can be done with the selection, when that is another or has changed.
pub fn look_ahead(model: &mut Model, effects: &mut Vec<Effect>) {
    if !model.pane().contexts().contains(&Context::Entity) {
        return;
    }
    let Some(entity) = model.pane().selected().cloned() else { return };
    if model.desk.here.as_ref().is_none_or(|(here, _)| !Arc::ptr_eq(here, &entity)) {
        // what was offered before stays in the hints until the answer is there
        let before = model.desk.here.take().filter(|(here, _)| here.id == entity.id).and_then(|(_, offers)| offers);
        model.desk.here = Some((Arc::clone(&entity), before));
        effects.push(Effect::Offers(entity, None));
    }
}

/// Begins: captures the targets and asks what is offered for them.
pub fn begin(model: &mut Model, action: Action) -> Vec<Effect> {
    let sought = if action == Action::Menu { Sought::Menu } else { Sought::Verb(action) };
    let entities = model.pane().targets();
    if entities.is_empty() && sought != Sought::Menu {
        model.say(Notice { good: false, text: "nothing is selected".to_owned() });
        return Vec::new();
    }
    let targets = match (model.pane().step(), entities.as_slice()) {
        (Some(step), [run]) => Targets::of_step(Arc::clone(run), step),
        _ => Targets::new(entities),
    };
    gather(model, targets, sought)
}

/// Asks what is offered for these, and goes on when that is known.
fn gather(model: &mut Model, mut targets: Targets, sought: Sought) -> Vec<Effect> {
    if let Some((entity, Some(offers))) = &model.desk.here {
        targets.take(&entity.id, None, offers.clone());
    }
    let effects = targets.unasked().map(|entity| Effect::Offers(Arc::clone(entity), targets.step.clone())).collect();
    open(model, Dialog::Gather(targets, sought));
    resolve(model, effects)
}

fn open(model: &mut Model, dialog: Dialog) {
    if let Some(key) = model.desk.last_key.filter(|_| model.desk.dialog.is_none()) {
        model.desk.guard.arm(key);
    }
    model.desk.dialog = Some(dialog);
    model.mode = Mode::Dialog;
}

fn close(model: &mut Model) {
    if let Some(key) = model.desk.last_key {
        // whoever holds the key that closed the box means no key of the screen below
        model.desk.guard.arm(key);
    }
    model.desk.dialog = None;
    model.mode = Mode::Normal;
}

/// Whether this press, outside of a box, is only the repeat of a key that closed one.
pub fn is_repeat(model: &mut Model, key: Key) -> bool {
    model.desk.guard.repeats(key)
}

/// Goes on when all sources have said what they offer.
fn resolve(model: &mut Model, mut effects: Vec<Effect>) -> Vec<Effect> {
    let Some(Dialog::Gather(targets, sought)) = &model.desk.dialog else { return effects };
    if targets.unasked().next().is_some() {
        return effects;
    }
    let (targets, sought) = (targets.clone(), sought.clone());
    let none_for_step = match &sought {
        Sought::Menu => targets.ids().is_empty(),
        Sought::Verb(action) => !targets.ids().iter().any(|id| action.means(id.as_str())),
        Sought::Inverse(_) => false,
    };
    if targets.step.is_some() && none_for_step {
        // nothing is done to steps there: it is about the run
        effects.extend(gather(model, Targets::new(targets.entities), sought));
        return effects;
    }
    let action = match sought {
        Sought::Verb(action) => action,
        Sought::Menu => {
            model.desk.dialog = Some(Dialog::Menu(Menu::new(targets, None)));
            return effects;
        }
        Sought::Inverse(inverse) => {
            effects.extend(undo::resolve(model, &targets, &inverse));
            return effects;
        }
    };
    let meant = targets.ids().into_iter().filter(|id| action.means(id.as_str()));
    let mut chosen: Vec<Chosen> = meant.filter_map(|id| targets.choose(&id, &model.settings.rules, &model.store)).collect();
    let refused = chosen.first().cloned();
    chosen.retain(|chosen| !chosen.entities.is_empty());
    match (chosen.len(), refused) {
        (0, None) => {
            close(model);
            model.say(Notice { good: false, text: nobody_offers(&targets, action) });
        }
        (0, Some(refused)) => {
            close(model);
            effects.extend(refuse(model, &refused));
        }
        (1, _) => effects.extend(proceed(model, chosen.remove(0))),
        _ => model.desk.dialog = Some(Dialog::Menu(Menu::new(targets, Some(action)))),
    }
    effects
}

fn nobody_offers(targets: &Targets, action: Action) -> String {
    if let Some(failure) = targets.failure() {
        return failure.to_string();
    }
    let word = action.row().hint;
    match targets.entities.as_slice() {
        [one] => format!("{} offers no `{word}` for {}; m lists what it does", one.id.source(), one.title()),
        _ => format!("no source offers `{word}` for any of these"),
    }
}

/// Says why it cannot be done; an attempt against the rules is written down.
fn refuse(model: &mut Model, chosen: &Chosen) -> Vec<Effect> {
    let Some((first, why)) = chosen.left_out.first() else { return Vec::new() };
    let name = if chosen.left_out.len() == 1 { first.title() } else { format!("{} and {} more", first.title(), chosen.left_out.len() - 1) };
    model.say(Notice { good: false, text: format!("{}: {why} ({name})", chosen.offer.title) });
    let info = model.store.sources.get(first.id.source()).and_then(|source| source.info.as_ref());
    let ruled = info.is_some_and(|info| model.settings.rules.read_only(info, Some(first)).is_some());
    if !ruled || chosen.offer.danger == domain::Danger::Safe {
        return Vec::new();
    }
    let entities: Vec<Arc<Entity>> = chosen.left_out.iter().map(|(entity, _)| Arc::clone(entity)).collect();
    let orders = orders(model, chosen, &entities, &[]);
    vec![Effect::Decline(orders, Declined::Refused(why.clone()))]
}

/// The form, if there is one, else the question.
fn proceed(model: &mut Model, chosen: Chosen) -> Vec<Effect> {
    if chosen.offer.asks_form {
        let Some(first) = chosen.entities.first().cloned() else { return Vec::new() };
        let order = orders(model, &chosen, &[first], &[]).remove(0);
        model.desk.dialog = Some(Dialog::Asking(Box::new(chosen), order.attempt));
        return vec![Effect::Form(Box::new(order))];
    }
    if chosen.offer.form.is_empty() {
        return question(model, chosen, &[]);
    }
    let fields = chosen.offer.form.clone();
    model.desk.dialog = Some(Dialog::Fill(Box::new(Fill::new(chosen, fields))));
    Vec::new()
}

fn orders(model: &mut Model, chosen: &Chosen, entities: &[Arc<Entity>], values: &[(Text, Text)]) -> Vec<Order> {
    let (by, at, dry_run) = (model.settings.actor.clone(), model.now, model.settings.dry_run);
    entities
        .iter()
        .map(|entity| {
            let attempt = model.desk.next_attempt();
            let order = Order::new(attempt, chosen.offer.id.clone(), Arc::clone(entity), by.clone(), at);
            Order { step: chosen.step.clone(), values: values.to_vec(), dry_run, ..order }
        })
        .collect()
}

/// Asks what would be sent and puts the question, or sends at once what needs none.
fn question(model: &mut Model, chosen: Chosen, values: &[(Text, Text)]) -> Vec<Effect> {
    let entities = chosen.entities.clone();
    let orders = orders(model, &chosen, &entities, values);
    if chosen.confirm == domain::Confirm::None {
        close(model);
        return send(model, &chosen, orders, Pace::default());
    }
    let opened_by = model.desk.last_key;
    if let Some(key) = opened_by {
        model.desk.guard.arm(key);
    }
    model.desk.dialog = Some(Dialog::Confirm(Box::new(Confirm::new(chosen, orders.clone(), opened_by))));
    vec![Effect::Preview(orders)]
}

fn send(model: &mut Model, chosen: &Chosen, orders: Vec<Order>, pace: Pace) -> Vec<Effect> {
    let several = orders.len() > 1;
    let wish = orders.first().map_or(0, |order| order.attempt);
    for order in &orders {
        let (title, target, step) = (chosen.offer.title.clone(), Arc::clone(&order.target), order.step.clone());
        let sent = Sent { title, target, step, wish, several };
        model.desk.sent.insert(order.attempt, sent);
    }
    // a shell has no dry run: then it is only said what it would be
    if chosen.offer.terminal && !model.settings.dry_run {
        return orders.into_iter().take(1).map(|order| Effect::Shell(Box::new(order))).collect();
    }
    match orders.first() {
        None => return Vec::new(),
        Some(_) if several => open(model, Dialog::Progress(Progress::new(chosen.offer.title.clone(), &orders))),
        Some(only) => {
            let what = if only.dry_run { "dry run of" } else { "sending" };
            model.say(Notice { good: true, text: format!("{what} `{}` for {}", only.action, only.title()) });
        }
    }
    vec![Effect::Act(orders, pace)]
}

/// Draws what lies over the screen; tells where the cursor blinks.
pub fn draw(model: &Model, screen: Rect, buf: &mut Buffer) -> Option<Position> {
    let look = &model.settings.look;
    match model.desk.dialog.as_ref()? {
        // it takes a moment at most: a box for it would only flash
        Dialog::Gather(..) | Dialog::Asking(..) => None,
        Dialog::Menu(menu) => {
            menu.draw(model, screen, buf);
            None
        }
        Dialog::Fill(fill) => fill.draw(&model.store, look, screen, buf),
        Dialog::Confirm(confirm) => words::draw(confirm, around(model), screen, buf),
        Dialog::Progress(progress) => {
            progress.draw(look, screen, buf);
            None
        }
        Dialog::Leave(leave) => {
            leave.draw(model, screen, buf);
            None
        }
    }
}

fn around(model: &Model) -> words::Around<'_> {
    words::Around {
        store: &model.store,
        rules: &model.settings.rules,
        now: model.now,
        dry_run: model.settings.dry_run,
        look: &model.settings.look,
        columns: model.size.0,
    }
}

fn screen(size: (u16, u16)) -> Rect {
    Rect { x: 0, y: 0, width: size.0, height: size.1 }
}
