//! The menu: every offer for the selection with its key and, where it cannot be done, why; then what can be looked at.
//! Not for: what is done with the choice (see `order`).

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::super::{Model, contexts};
use super::targets::Targets;
use super::words::{level, role_of_danger};
use crate::domain::{ActionId, Danger};
use crate::msg::{ACTIONS, Action, Key, KeyCode, Needs};
use crate::pane::wishes;
use crate::ui::draw::{self, Piece};
use crate::ui::frame::Frame;
use crate::ui::modal::Modal;
use crate::ui::scrollbar::Scrollbar;
use crate::ui::theme::Role;

/// Columns of the menu, if the screen has them.
const WIDTH: u16 = 76;
/// Columns of a key.
const KEYS: usize = 8;

/// The menu's state.
#[derive(Debug)]
pub struct Menu {
    /// Whom it is about, and what is offered.
    pub targets: Targets,
    /// Only the offers that this action may mean.
    pub only: Option<Action>,
    cursor: usize,
}

/// What a row does.
#[derive(Debug, Clone, PartialEq)]
pub enum Choice {
    /// What a source offers.
    Offer(ActionId),
    /// Something to look at.
    View(Action),
}

/// What a key did.
#[derive(Debug, Clone, PartialEq)]
pub enum Picked {
    /// Nothing that closes it.
    Nothing,
    /// This.
    Choice(Choice),
    /// This cannot be done, and why.
    Refused(Choice, String),
    /// Closed.
    Closed,
}

struct Row {
    choice: Choice,
    key: String,
    title: String,
    danger: Option<Danger>,
    note: String,
    refused: Option<String>,
}

impl Menu {
    /// A menu about these.
    pub fn new(targets: Targets, only: Option<Action>) -> Self {
        Self { targets, only, cursor: 0 }
    }

    /// Takes a key.
    pub fn press(&mut self, key: Key, model: &Model) -> Picked {
        let rows = self.rows(model);
        let pick = |row: &Row| match &row.refused {
            Some(why) => Picked::Refused(row.choice.clone(), why.clone()),
            None => Picked::Choice(row.choice.clone()),
        };
        if key.code == KeyCode::Enter {
            return rows.get(self.cursor).map_or(Picked::Closed, pick);
        }
        // the keys on screen first: digits are tabs elsewhere
        if let Some(row) = rows.iter().find(|row| row.key == key.to_string()) {
            return pick(row);
        }
        let last = rows.len().saturating_sub(1);
        match model.settings.keymap.action(contexts(model), key) {
            Some(Action::Down) => self.cursor = (self.cursor + 1).min(last),
            Some(Action::Up) => self.cursor = self.cursor.saturating_sub(1),
            Some(Action::First) => self.cursor = 0,
            Some(Action::Last) => self.cursor = last,
            Some(Action::PageDown | Action::HalfDown) => self.cursor = (self.cursor + 8).min(last),
            Some(Action::PageUp | Action::HalfUp) => self.cursor = self.cursor.saturating_sub(8),
            Some(Action::Back | Action::Menu | Action::Quit) => return Picked::Closed,
            Some(action) => {
                let meant = |row: &&Row| match &row.choice {
                    Choice::Offer(id) => action.means(id.as_str()),
                    Choice::View(view) => *view == action,
                };
                if let Some(row) = rows.iter().find(meant) {
                    return pick(row);
                }
            }
            None if key.code == KeyCode::Esc => return Picked::Closed,
            None => {}
        }
        Picked::Nothing
    }

    fn rows(&self, model: &Model) -> Vec<Row> {
        let mut rows = self.offers(model);
        let mut digits = '1'..='9';
        for row in rows.iter_mut().filter(|row| row.key.is_empty()) {
            row.key = digits.next().map_or_else(String::new, String::from);
        }
        if self.only.is_none() {
            rows.extend(views(model));
        }
        rows
    }

    fn offers(&self, model: &Model) -> Vec<Row> {
        let mut taken: Vec<Action> = Vec::new();
        let wanted = |id: &ActionId| self.only.is_none_or(|action| action.means(id.as_str()));
        let ids = self.targets.ids().into_iter().filter(wanted);
        ids.filter_map(|id| {
            let chosen = self.targets.choose(&id, &model.settings.rules, &model.store)?;
            // the first of several that one key may mean has it
            let meant = ACTIONS.iter().find(|row| row.action.means(id.as_str())).map(|row| row.action);
            let own = meant.filter(|action| self.only.is_none() && !taken.contains(action));
            taken.extend(own);
            let key = own.and_then(|action| model.settings.keymap.keys(action).first()).map_or_else(String::new, ToString::to_string);
            let refused = chosen.entities.is_empty().then(|| chosen.left_out.first().map_or_else(String::new, |(_, why)| why.to_string()));
            let all = self.targets.entities.len();
            let share = if all > 1 && refused.is_none() { format!("{} of {all}, ", chosen.entities.len()) } else { String::new() };
            let title = chosen.offer.title.to_string();
            Some(Row {
                choice: Choice::Offer(id),
                key,
                title,
                danger: Some(chosen.offer.danger),
                note: format!("{share}{}", level(chosen.confirm)),
                refused,
            })
        })
        .collect()
    }

    /// Draws it.
    pub fn draw(&self, model: &Model, screen: Rect, buf: &mut Buffer) {
        let look = &model.settings.look;
        let rows = self.rows(model);
        let title = match self.targets.entities.as_slice() {
            [] => "nothing is selected".to_owned(),
            [one] => match &self.targets.step {
                Some(step) => format!("step {} of {}", step.name.first_line(), one.title()),
                None => format!("{} {}", one.kind(), one.title()),
            },
            several => format!("{} marked", several.len()),
        };
        let nothing = self.nothing_offered(&rows);
        let above = u16::from(nothing.is_some());
        let frame = Frame::new(look, title).right("enter does it, esc closes").focused(true);
        let modal = Modal { frame, columns: WIDTH, rows: u16::try_from(rows.len()).unwrap_or(u16::MAX).saturating_add(above) };
        modal.render(screen, buf);
        let mut inner = modal.inner(screen);
        if let Some(nothing) = nothing.filter(|_| inner.height > 0) {
            draw::put_pieces(buf, inner.x, inner.y, inner.width, &[Piece::new(format!(" {nothing}"), Role::Muted)], look, Style::default());
            inner = Rect { y: inner.y + 1, height: inner.height - 1, ..inner };
        }
        let height = usize::from(inner.height);
        let first = (self.cursor + 1).saturating_sub(height).min(rows.len().saturating_sub(height));
        let list = Rect { width: inner.width.saturating_sub(1), ..inner };
        for (place, row) in rows.iter().enumerate().skip(first).take(height) {
            let at = draw::row(list, (place - first) as u16);
            draw::put_pieces(buf, at.x, at.y, at.width, &pieces(row), look, Style::default());
            if place == self.cursor {
                buf.set_style(at.intersection(buf.area), look.style(Role::Selection));
            }
        }
        let track = Rect { x: inner.right().saturating_sub(1), width: 1, ..inner };
        Scrollbar { look, total: rows.len(), offset: first, shown: height }.render(track, buf);
    }

    /// Says why no source's offer is in the list.
    fn nothing_offered(&self, rows: &[Row]) -> Option<String> {
        if rows.iter().any(|row| row.danger.is_some()) || self.targets.entities.is_empty() {
            return None;
        }
        let why = self.targets.failure().map(|failure| failure.to_string());
        Some(why.unwrap_or_else(|| "its source offers nothing to do with it".to_owned()))
    }
}

fn pieces(row: &Row) -> Vec<Piece<'_>> {
    let able = row.refused.is_none();
    let mut pieces = vec![
        Piece::new(format!(" {:<KEYS$} ", row.key), if able { Role::Accent } else { Role::Muted }),
        Piece::new(row.title.as_str(), if able { Role::Text } else { Role::Muted }),
    ];
    match (&row.refused, row.danger) {
        (Some(why), _) => pieces.push(Piece::new(format!("  ({why})"), Role::Muted)),
        (None, Some(danger)) => {
            pieces.push(Piece::new(format!("  {danger}"), role_of_danger(danger)));
            pieces.push(Piece::new(format!(", {}", row.note), Role::Muted));
        }
        (None, None) => {}
    }
    pieces
}

/// What can be looked at, and why not what cannot.
fn views(model: &Model) -> Vec<Row> {
    let look = model.look();
    let here = contexts(model);
    let about = |needs: Needs| matches!(needs, Needs::Selection | Needs::Log | Needs::Url);
    let rows = ACTIONS.iter().filter(|row| here.contains(&row.context) && about(row.needs) && row.action != Action::Menu);
    rows.map(|row| Row {
        choice: Choice::View(row.action),
        key: model.settings.keymap.keys(row.action).first().map_or_else(String::new, ToString::to_string),
        title: row.title.to_owned(),
        danger: None,
        note: String::new(),
        refused: match model.pane().selected() {
            Some(entity) => wishes::refused(row.action, entity, &look),
            None => Some("nothing is selected".to_owned()),
        },
    })
    .collect()
}
