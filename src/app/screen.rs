//! The whole picture, top to bottom: header, tabs, the pane, and the hint line; over them palette, dialogs, help and toast.
//! Not for: what panes draw inside, what boxes hold (see `overlay`).
//!
//! ```text
//!  triops  env prod            7/7 sources answer · oldest 4s   03:12:45 UTC
//!  1 Triage 6  2 Alerts 3  3 Pipelines 1  …
//! ┌ the pane ───────────────────────────────────────────────────────────────┐
//! └─────────────────────────────────────────────────────────────────────────┘
//!  enter detail  l logs  / filter  ? help
//! ```

use std::borrow::Cow;
use std::collections::BTreeSet;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;

use super::{Model, View, contexts, order, overlay};
use crate::domain::{Eye, Kind};
use crate::msg::{ACTIONS, Action, Context, Mode, Needs};
use crate::pane::{Pane, Tab, wishes};
use crate::store::Standing;
use crate::ui::draw::Piece;
use crate::ui::header::Header;
use crate::ui::hints::{Hint, Hints};
use crate::ui::input::Input;
use crate::ui::tabs::{Tab as TabLabel, Tabs};
use crate::ui::theme::Role;
use crate::ui::toast::Toasts;

/// Rows above the pane: header and tabs.
const ABOVE: u16 = 2;
/// Rows below it: hints.
const BELOW: u16 = 1;

/// Where the pane stands.
pub fn body(size: (u16, u16)) -> Rect {
    Rect { x: 0, y: ABOVE.min(size.1), width: size.0, height: size.1.saturating_sub(ABOVE + BELOW) }
}

/// Brings the model up to date and draws it.
pub fn draw(model: &mut Model, frame: &mut Frame<'_>) {
    let size = (frame.area().width, frame.area().height);
    if size != model.size {
        model.size = size;
        model.bring_up();
    }
    model.catch_up();
    let area = body(size);
    let (pane, look) = model.focused();
    pane.resize(area, &look);
    view(model, frame);
}

/// Draws the model.
pub fn view(model: &Model, frame: &mut Frame<'_>) {
    let screen = frame.area();
    let look = &model.settings.look;
    let row = |y: u16| Rect { y, height: 1, ..screen }.intersection(screen);
    let bottom = row(screen.bottom().saturating_sub(1));
    let mut cursor = None;
    let buf = frame.buffer_mut();
    look.clear(screen, buf);
    header(model).render(row(0), buf);
    let labels = labels(model);
    Tabs { look, tabs: &labels, open: model.tab as usize }.render(row(1), buf);
    model.pane().view(&model.look(), body(model.size).intersection(screen), buf);
    if let Mode::Filter { .. } = model.mode {
        let line = typed_line(model);
        cursor = line.cursor_at(bottom);
        line.render(bottom, buf);
    } else {
        hints(model, bottom, buf);
    }
    match model.mode {
        Mode::Palette => cursor = overlay::palette(model, screen, buf),
        Mode::Dialog => cursor = order::draw(model, screen, buf),
        Mode::Help => overlay::help(model, screen, buf),
        Mode::Normal | Mode::Filter { .. } => {}
    }
    if let Some((notice, _)) = &model.toast {
        let above_hints = Rect { height: screen.height.saturating_sub(BELOW), ..screen };
        Toasts { look, notices: &[notice] }.render(above_hints, buf);
    }
    if let Some(cursor) = cursor {
        frame.set_cursor_position(cursor);
    }
}

fn header(model: &Model) -> Header<'_> {
    let sources = &model.shown().sources;
    let envs: BTreeSet<&str> = sources.iter().filter_map(|source| source.info.as_ref()?.env.as_deref()).collect();
    let prod = envs.iter().any(|env| env.starts_with("prod"));
    let note = match model.views.as_slice() {
        [] => Cow::Borrowed(""),
        views => Cow::Owned(views.iter().map(View::pane).map(Pane::title).collect::<Vec<_>>().join(model.settings.look.glyphs.arrow())),
    };
    Header {
        look: &model.settings.look,
        env: (!envs.is_empty()).then(|| Cow::Owned(envs.into_iter().collect::<Vec<_>>().join(" "))),
        prod,
        note,
        answering: sources.iter().filter(|source| source.standing().answers()).count(),
        sources: sources.len(),
        oldest_s: model.shown().oldest_answer().map(|at| model.look().age_s(at)),
        now: model.shown_at,
        frozen: model.held.is_some(),
        read_only: model.settings.rules.read_only,
        dry_run: model.settings.dry_run,
    }
}

fn labels(model: &Model) -> Vec<TabLabel<'static>> {
    let label = |(place, tab): (usize, &Tab)| {
        let key = model.settings.keymap.keys(tab_action(place)).first().map_or_else(String::new, ToString::to_string);
        let (count, role) = badge(model, *tab);
        TabLabel {
            key: Cow::Owned(key),
            title: Cow::Borrowed(tab.title()),
            count: (count > 0).then(|| Piece::new(count.to_string(), role)),
        }
    };
    Tab::ALL.iter().enumerate().map(label).collect()
}

fn tab_action(place: usize) -> Action {
    ACTIONS[Action::Tab1 as usize + place].action
}

/// What stands beside a tab: how many of its things are in trouble, in the colour of the worst.
fn badge(model: &Model, tab: Tab) -> (usize, Role) {
    let troubled = |wanted: fn(Kind, Eye) -> bool| {
        let mut found = (0, Role::Warning);
        for entity in model.derived.needs_you.iter().filter(|entity| wanted(entity.kind(), entity.eye)) {
            found.0 += 1;
            if entity.state == crate::domain::State::Failed {
                found.1 = Role::Failed;
            }
        }
        found
    };
    match tab {
        Tab::Triage => troubled(|_, _| true),
        Tab::Alerts => troubled(|kind, _| kind == Kind::Alert),
        Tab::Pipelines => troubled(|kind, _| matches!(kind, Kind::Run | Kind::Pipeline)),
        Tab::Workloads => troubled(|kind, _| matches!(kind, Kind::Workload | Kind::Host)),
        Tab::Models => troubled(|kind, _| matches!(kind, Kind::Model | Kind::Endpoint)),
        Tab::Data => troubled(|kind, eye| kind == Kind::Dataset || (kind == Kind::Check && eye != Eye::DevOps)),
        Tab::Changes => troubled(|kind, _| kind == Kind::Stack),
        Tab::Sources => {
            let silent = |standing| !matches!(standing, Standing::Answers | Standing::Waiting);
            let count = model.shown().sources.iter().filter(|source| silent(source.standing())).count();
            (count, Role::Warning)
        }
    }
}

/// The tab under a cell of the screen.
pub fn tab_at(model: &Model, column: u16, row: u16) -> Option<Tab> {
    let labels = labels(model);
    let tabs = Tabs { look: &model.settings.look, tabs: &labels, open: model.tab as usize };
    let area = Rect { x: 0, y: 1, width: model.size.0, height: 1 };
    (row == 1).then(|| tabs.hit(area, column)).flatten().and_then(|place| Tab::ALL.get(place)).copied()
}

fn typed_line(model: &Model) -> Input<'_> {
    let searching = contexts(model).contains(&Context::List);
    let (prompt, placeholder) =
        if searching { (" filter ", "text  !not  ~fuzzy  label=value") } else { (" search ", "text or regular expression") };
    Input { look: &model.settings.look, prompt, text: model.input.text(), cursor: model.input.cursor(), placeholder }
}

/// The most useful keys here, as the keymap has them now.
fn hints(model: &Model, at: Rect, buf: &mut Buffer) {
    const LIST: &[Action] = &[
        Action::Open,
        Action::OpenLogs,
        Action::Acknowledge,
        Action::Retry,
        Action::Trigger,
        Action::Stop,
        Action::Rollback,
        Action::Expire,
        Action::OpenChart,
        Action::WhatChanged,
        Action::Menu,
        Action::Filter,
        Action::NextSection,
        Action::Palette,
    ];
    const DETAIL: &[Action] = &[
        Action::DetailOpen,
        Action::DetailLogs,
        Action::Acknowledge,
        Action::Retry,
        Action::Trigger,
        Action::Stop,
        Action::Rollback,
        Action::Expire,
        Action::Menu,
        Action::DetailRaw,
        Action::DetailBrowse,
        Action::Filter,
        Action::Back,
    ];
    const LOG: &[Action] = &[
        Action::LogFollow,
        Action::Filter,
        Action::LogMatchNext,
        Action::LogErrorNext,
        Action::LogOlder,
        Action::LogWrap,
        Action::LogTimes,
        Action::LogSave,
        Action::Log15Minutes,
        Action::Back,
    ];
    const CHART: &[Action] = &[
        Action::ChartZoomIn,
        Action::ChartZoomOut,
        Action::ChartEarlier,
        Action::ChartLater,
        Action::ChartLive,
        Action::ChartReading,
        Action::ChartNext,
        Action::Back,
    ];
    let actions = match contexts(model).first() {
        Some(Context::Detail) => DETAIL,
        Some(Context::Log) => LOG,
        Some(Context::Chart) => CHART,
        Some(Context::Global) if model.pane().inverse().is_some() => &[Action::Undo, Action::Filter, Action::Palette, Action::Back],
        Some(Context::Global) => &[Action::Filter, Action::Palette, Action::Back],
        _ => LIST,
    };
    let look = model.look();
    let selected = model.pane().selected();
    let can = |action: &&Action| match (action.row().needs, selected) {
        (Needs::Nothing, _) => true,
        (_, None) => false,
        (Needs::Offer, Some(entity)) => model.desk.can(**action, entity, model),
        (_, Some(entity)) => wishes::refused(**action, entity, &look).is_none(),
    };
    let searches = !contexts(model).contains(&Context::List);
    let word = |action: Action| if action == Action::Filter && searches { "search" } else { action.row().hint };
    let hint = |action: Action| Some(Hint::new(model.settings.keymap.keys(action).first()?.to_string(), word(action)));
    let shown: Vec<Hint<'_>> = actions.iter().filter(can).filter_map(|action| hint(*action)).collect();
    let last = hint(Action::Help);
    Hints { look: &model.settings.look, hints: &shown, last: last.as_ref() }.render(at, buf);
}
