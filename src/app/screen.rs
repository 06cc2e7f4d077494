//! The whole picture, top to bottom: header, tabs, the pane, and the hint line; over them palette, menu, help and toast.
//! Not for: what panes draw inside.
//!
//! ```text
//!  triops  env prod            7/7 sources answer · oldest 4s   03:12:45 UTC
//!  1 Triage 6  2 Alerts 3  3 Pipelines 1  …
//! ┌ the pane ───────────────────────────────────────────────────────────────┐
//! └─────────────────────────────────────────────────────────────────────────┘
//!  enter detail  l logs  / filter  ? help
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;

use super::{Model, View, contexts};
use crate::domain::Kind;
use crate::msg::{ACTIONS, Action, Needs};
use crate::pane::{Tab, wishes};

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
    let area = frame.area();
    let buf = frame.buffer_mut();
    model.settings.look.clear(area, buf);
    if area.is_empty() {
        return;
    }
    model.pane().view(&model.look(), body(model.size).intersection(area), buf);
}

/// What stands beside a tab: how many of its things are in trouble.
fn badge(model: &Model, tab: Tab) -> usize {
    let troubled = |kind: Kind| model.store.counts(kind).troubled();
    match tab {
        Tab::Triage => model.derived.needs_you.len(),
        Tab::Alerts => troubled(Kind::Alert),
        Tab::Pipelines => model.derived.needs_you.iter().filter(|entity| matches!(entity.kind(), Kind::Run | Kind::Pipeline)).count(),
        Tab::Workloads => troubled(Kind::Workload) + troubled(Kind::Host),
        Tab::Models => troubled(Kind::Model) + troubled(Kind::Endpoint),
        Tab::Data => {
            let checks =
                model.derived.needs_you.iter().filter(|entity| entity.kind() == Kind::Check && entity.eye != crate::domain::Eye::DevOps);
            troubled(Kind::Dataset) + checks.count()
        }
        Tab::Changes => troubled(Kind::Stack),
        Tab::Sources => model
            .store
            .sources
            .iter()
            .filter(|source| !matches!(source.standing(), crate::store::Standing::Answers | crate::store::Standing::Waiting))
            .count(),
    }
}

/// The tab under a cell of the screen.
pub fn tab_at(model: &Model, column: u16, row: u16) -> Option<Tab> {
    let _ = (model, column, row);
    None
}

/// One row of the menu.
pub struct MenuRow {
    /// What it does.
    pub action: Action,
    /// Why not, if it cannot be done now.
    pub refused: Option<String>,
}

/// What can be done with the selection, and why what cannot.
pub fn menu_rows(model: &Model) -> Vec<MenuRow> {
    let look = model.look();
    let here = contexts(model);
    let about_it = |needs: Needs| needs != Needs::Nothing;
    let rows = ACTIONS.iter().filter(|row| here.contains(&row.context) && about_it(row.needs) && row.action != Action::Menu);
    rows.map(|row| MenuRow {
        action: row.action,
        refused: match model.pane().selected() {
            Some(entity) => wishes::refused(row.action, entity, &look),
            None => Some("nothing is selected".to_owned()),
        },
    })
    .collect()
}

/// Lines of the help.
pub fn help_height(model: &Model) -> usize {
    model.settings.keymap.bindings().count() + contexts(model).len() * 2
}

/// The views over the tab, outermost first, as the breadcrumb shows them.
fn trail(model: &Model) -> Vec<String> {
    model.views.iter().map(View::pane).map(crate::pane::Pane::title).collect()
}
