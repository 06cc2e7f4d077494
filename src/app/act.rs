//! What keys and actions do: the route from a key press to the pane that has the keys, and the actions that are nobody's own.
//! Not for: text input (see `input`), drawing.

use super::input::Edit;
use super::palette::Choice;
use super::{Model, View, contexts, order, overlay, screen};
use crate::domain::{Filter, LogRequest};
use crate::msg::{Action, Effect, Key, KeyCode, Mode, Msg, Needs, Notice};
use crate::pane::acks;
use crate::pane::chart::Chart;
use crate::pane::detail::Detail;
use crate::pane::logs::Logs;
use crate::pane::sections::Sections;
use crate::pane::{Tab, Wish};

/// A key was pressed.
pub fn press(model: &mut Model, key: Key) -> Vec<Effect> {
    model.desk.note_key(key);
    match model.mode.clone() {
        Mode::Normal => {
            if order::is_repeat(model, key) {
                return Vec::new();
            }
            let Some(action) = model.settings.keymap.action(contexts(model), key) else { return Vec::new() };
            // esc takes back what it can and never leaves: it is pressed without looking
            let leaves = action == Action::Back && model.views.is_empty() && model.pane().query().is_empty();
            if key.code == KeyCode::Esc && leaves {
                return perform(model, Action::Unmark);
            }
            perform(model, action)
        }
        Mode::Filter { before } => type_filter(model, key, &before),
        Mode::Palette => type_palette(model, key),
        Mode::Dialog => order::keys::press(model, key),
        Mode::Help => scroll_help(model, key),
    }
}

/// Text was pasted: it goes into text input only.
pub fn paste(model: &mut Model, text: &str) -> Vec<Effect> {
    match model.mode {
        Mode::Filter { .. } | Mode::Palette => {
            model.input.insert(&crate::domain::text::clean(text).replace(['\n', '\t'], " "));
            typed(model);
        }
        Mode::Dialog => order::keys::paste(model, text),
        Mode::Normal | Mode::Help => {
            model.say(Notice { good: false, text: "pasted text is not typed as keys; press / or : first".to_owned() })
        }
    }
    Vec::new()
}

/// The left button was pressed.
pub fn click(model: &mut Model, column: u16, row: u16) -> Vec<Effect> {
    if model.mode != Mode::Normal {
        return Vec::new();
    }
    if let Some(tab) = screen::tab_at(model, column, row) {
        return go(model, tab);
    }
    let area = screen::body(model.size);
    if !area.contains((column, row).into()) {
        return Vec::new();
    }
    let (pane, look) = model.focused();
    let wishes = pane.click(column, row, area, &look);
    grant(model, wishes)
}

/// Something came in that panes may be waiting for.
pub fn hear(model: &mut Model, msg: &Msg) -> Vec<Effect> {
    let mut wishes = Vec::new();
    let store = model.held.as_deref().unwrap_or(&model.store);
    let look =
        crate::pane::Look { store, derived: &model.derived, now: model.shown_at, ui: &model.settings.look, actor: &model.settings.actor };
    for view in &mut model.views {
        wishes.extend(view.pane_mut().hear(msg, &look));
    }
    grant(model, wishes)
}

/// Does what an action asks.
pub fn perform(model: &mut Model, action: Action) -> Vec<Effect> {
    match action {
        Action::Quit => return order::leave::leave(model),
        Action::Back => return back(model),
        Action::Suspend => return vec![Effect::Suspend],
        Action::Redraw => return vec![Effect::Redraw],
        Action::Refresh => {
            model.say(Notice { good: true, text: "asking all sources".to_owned() });
            return vec![Effect::Refresh(None)];
        }
        Action::Mouse => {
            model.settings.mouse = !model.settings.mouse;
            let word = if model.settings.mouse { "on; shift-drag selects text" } else { "off" };
            model.say(Notice { good: true, text: format!("mouse {word}") });
            return vec![Effect::Mouse(model.settings.mouse)];
        }
        Action::Utc => {
            model.settings.utc = !model.settings.utc;
            model.apply_zone();
            model.seen = None;
        }
        Action::Freeze => {
            model.held = match model.held.take() {
                Some(_) => None,
                None => Some(Box::new(model.store.clone())),
            };
            model.seen = None;
        }
        Action::Help => {
            model.scroll = 0;
            model.mode = Mode::Help;
        }
        Action::Palette => {
            model.mode = Mode::Palette;
            model.input.set("");
            typed(model);
        }
        Action::Menu => return order::begin(model, action),
        Action::Undo => return order::undo::begin(model),
        Action::Acks => return over(model, View::Table(Box::new(Sections::new(&acks::SPEC)))),
        Action::Audit => return over(model, View::Audit(Box::default())),
        _ if action.row().needs == Needs::Offer => return order::begin(model, action),
        Action::Filter => {
            let text = model.pane().query().to_owned();
            model.mode = Mode::Filter { before: Filter::parse(&text) };
            model.input.set(&text);
        }
        Action::NextTab => return step_tab(model, 1),
        Action::PreviousTab => return step_tab(model, Tab::ALL.len() - 1),
        _ => {
            if let Some(tab) = tab_of(action) {
                return go(model, tab);
            }
            let (pane, look) = model.focused();
            let wishes = pane.on(action, &look);
            return grant(model, wishes);
        }
    }
    Vec::new()
}

fn tab_of(action: Action) -> Option<Tab> {
    (action as usize).checked_sub(Action::Tab1 as usize).and_then(|place| Tab::ALL.get(place)).copied()
}

fn step_tab(model: &mut Model, step: usize) -> Vec<Effect> {
    go(model, Tab::ALL[(model.tab as usize + step) % Tab::ALL.len()])
}

/// Shows a tab; what lay over the old one is closed.
fn go(model: &mut Model, tab: Tab) -> Vec<Effect> {
    let mut effects = Vec::new();
    while let Some(view) = model.views.pop() {
        effects.extend(closed(view));
    }
    model.tab = tab;
    model.bring_up();
    effects
}

fn back(model: &mut Model) -> Vec<Effect> {
    if !model.pane().query().is_empty() {
        let (pane, look) = model.focused();
        pane.set_query("", &look);
        return Vec::new();
    }
    match model.views.pop() {
        Some(view) => {
            model.bring_up();
            closed(view)
        }
        None => order::leave::leave(model),
    }
}

/// Shows a view over what is there, once.
fn over(model: &mut Model, view: View) -> Vec<Effect> {
    let same = |open: &View| std::mem::discriminant(open) == std::mem::discriminant(&view);
    if model.views.last().is_some_and(same) {
        return Vec::new();
    }
    model.views.push(view);
    model.bring_up();
    let now = model.now;
    let wishes = if let Some(View::Audit(audit)) = model.views.last_mut() { audit.questions(now) } else { Vec::new() };
    grant(model, wishes)
}

fn closed(view: View) -> Vec<Effect> {
    match view {
        View::Logs(logs) => logs.streams().into_iter().map(Effect::Unfollow).collect(),
        View::Detail(_) | View::Chart(_) | View::Table(_) | View::Audit(_) => Vec::new(),
    }
}

/// Does what a pane wished.
pub fn grant(model: &mut Model, wishes: Vec<Wish>) -> Vec<Effect> {
    let mut effects = Vec::new();
    for wish in wishes {
        match wish {
            Wish::Effect(effect) => effects.push(effect),
            Wish::Say(notice) => model.say(notice),
            Wish::Close => effects.extend(back(model)),
            Wish::Detail(id) => effects.extend(open_detail(model, &id, false)),
            Wish::Raw(id) => effects.extend(open_detail(model, &id, true)),
            Wish::Chart(id) => {
                if let Some(entity) = model.shown().get(&id).cloned() {
                    let mut chart = Chart::new(entity, &model.look());
                    let asks = chart.questions(model.now);
                    model.views.push(View::Chart(Box::new(chart)));
                    model.bring_up();
                    effects.extend(grant(model, asks));
                }
            }
            Wish::Log { entity, step } => {
                let (view, older) = (model.next_log_view(), model.next_log_view());
                let logs = Logs::new(entity, step, view, older);
                let request: LogRequest = logs.request(model.now);
                model.views.push(View::Logs(Box::new(logs)));
                model.bring_up();
                effects.push(Effect::Follow { view, request });
            }
        }
    }
    effects
}

fn open_detail(model: &mut Model, id: &crate::domain::EntityId, raw: bool) -> Vec<Effect> {
    let Some(entity) = model.shown().get(id).cloned() else {
        model.say(Notice { good: false, text: format!("{id} is no longer known") });
        return Vec::new();
    };
    let mut detail = Detail::new(entity, raw, &model.look());
    let asks = detail.questions(model.now);
    model.views.push(View::Detail(Box::new(detail)));
    model.bring_up();
    grant(model, asks)
}

fn type_filter(model: &mut Model, key: Key, before: &Filter) -> Vec<Effect> {
    match model.input.press(key) {
        Edit::Changed => typed(model),
        Edit::Accepted => model.mode = Mode::Normal,
        Edit::Cancelled => {
            model.mode = Mode::Normal;
            let text = before.text().to_owned();
            let (pane, look) = model.focused();
            pane.set_query(&text, &look);
        }
        Edit::Up => return perform(model, Action::Up),
        Edit::Down => return perform(model, Action::Down),
        Edit::None => {}
    }
    Vec::new()
}

/// The text of the input changed: whoever reads it follows.
fn typed(model: &mut Model) {
    let text = model.input.text().to_owned();
    match model.mode {
        Mode::Filter { .. } => {
            let (pane, look) = model.focused();
            pane.set_query(&text, &look);
        }
        Mode::Palette => {
            let here = contexts(model);
            let store = model.held.as_deref().unwrap_or(&model.store);
            model.palette.search(&text, store, here);
        }
        _ => {}
    }
}

fn type_palette(model: &mut Model, key: Key) -> Vec<Effect> {
    match model.input.press(key) {
        Edit::Changed => typed(model),
        Edit::Cancelled => model.mode = Mode::Normal,
        Edit::Up => model.palette.step(false),
        Edit::Down => model.palette.step(true),
        Edit::None => {}
        Edit::Accepted => {
            model.mode = Mode::Normal;
            return match model.palette.chosen() {
                Some(Choice::Action(action)) => perform(model, action),
                Some(Choice::Entity(id)) => grant(model, vec![Wish::Detail(id)]),
                None => Vec::new(),
            };
        }
    }
    Vec::new()
}

fn scroll_help(model: &mut Model, key: Key) -> Vec<Effect> {
    let page = usize::from(model.size.1.saturating_sub(6)).max(1);
    let action = model.settings.keymap.action(contexts(model), key);
    match action {
        Some(Action::Down) => model.scroll += 1,
        Some(Action::Up) => model.scroll = model.scroll.saturating_sub(1),
        Some(Action::HalfDown) => model.scroll += page / 2,
        Some(Action::HalfUp) => model.scroll = model.scroll.saturating_sub(page / 2),
        Some(Action::PageDown) => model.scroll += page,
        Some(Action::PageUp) => model.scroll = model.scroll.saturating_sub(page),
        Some(Action::First) => model.scroll = 0,
        Some(Action::Last) => model.scroll = usize::MAX,
        Some(Action::Quit) => return vec![Effect::Quit],
        Some(Action::Back | Action::Help) => model.mode = Mode::Normal,
        _ => {}
    }
    model.scroll = model.scroll.min(overlay::help_height(model).saturating_sub(page));
    Vec::new()
}
