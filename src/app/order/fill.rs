//! The form of an offer: what keys do to it, what is wrong in it, and what would be caught by the matchers in it.
//! Not for: how a form looks (see `ui::form`), what fields take (see `domain::Field`).

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::targets::Chosen;
use crate::domain::{Entity, Field, FieldKind, Kind, Text};
use crate::insight::matcher;
use crate::msg::{Key, KeyCode};
use crate::store::Store;
use crate::ui::draw::{self, Piece};
use crate::ui::form::{self, Form};
use crate::ui::frame::Frame;
use crate::ui::modal::Modal;
use crate::ui::{Look, Role, input};

/// Columns of the form.
const WIDTH: u16 = 76;
/// Alerts named as caught; more are counted.
const NAMED: usize = 5;
/// The field whose text are matchers, whatever the system.
const MATCHERS: &str = "matchers";

/// A form being filled.
#[derive(Debug, Clone)]
pub struct Fill {
    /// What it is for.
    pub chosen: Chosen,
    fields: Vec<Slot>,
    at: usize,
}

#[derive(Debug, Clone)]
struct Slot {
    field: Field,
    text: String,
    cursor: usize,
    error: Option<Text>,
}

/// What a key did.
#[derive(Debug, Clone, PartialEq)]
pub enum Filled {
    /// It is being filled.
    Going,
    /// All is right: what was filled in, by field.
    Whole(Vec<(Text, Text)>),
    /// The person wants none of it.
    Cancelled,
}

impl Fill {
    /// A form with what stands in it at first.
    pub fn new(chosen: Chosen, fields: Vec<Field>) -> Self {
        let slots = fields.into_iter().map(|field| {
            let first = match &field.kind {
                FieldKind::Bool => Some("false"),
                FieldKind::Choice(choices) => choices.first().map(Text::as_str),
                _ => None,
            };
            let text = field.preset.as_deref().or(first).unwrap_or_default().to_owned();
            Slot { cursor: text.len(), text, field, error: None }
        });
        Self { chosen, fields: slots.collect(), at: 0 }
    }

    /// Takes a key.
    pub fn press(&mut self, key: Key) -> Filled {
        let last = self.fields.len().saturating_sub(1);
        match (key.code, key.ctrl) {
            (KeyCode::Esc, _) | (KeyCode::Char('c' | 'g'), true) => return Filled::Cancelled,
            (KeyCode::Enter, _) if self.at >= last => return self.finish(),
            (KeyCode::Enter | KeyCode::Tab | KeyCode::Down, _) => self.go((self.at + 1).min(last)),
            (KeyCode::BackTab | KeyCode::Up, _) => self.go(self.at.saturating_sub(1)),
            _ => self.edit(key),
        }
        Filled::Going
    }

    /// Takes pasted text, where text can be written: it fills, and never confirms.
    pub fn paste(&mut self, text: &str) {
        if let Some(slot) = self.fields.get_mut(self.at).filter(|slot| !matches!(slot.field.kind, FieldKind::Bool | FieldKind::Choice(_))) {
            (slot.text, slot.cursor) = input::insert(&slot.text, slot.cursor, text);
            slot.error = None;
        }
    }

    fn go(&mut self, to: usize) {
        if let Some(slot) = self.fields.get_mut(self.at) {
            slot.error = slot.field.complaint(&slot.text);
        }
        self.at = to;
    }

    fn edit(&mut self, key: Key) {
        let Some(slot) = self.fields.get_mut(self.at) else { return };
        match &slot.field.kind {
            FieldKind::Bool => {
                if matches!(key.code, KeyCode::Char(' ') | KeyCode::Left | KeyCode::Right) {
                    slot.text = if slot.text.trim() == "true" { "false" } else { "true" }.to_owned();
                }
            }
            FieldKind::Choice(choices) => {
                let count = choices.len().max(1);
                let here = choices.iter().position(|choice| choice.as_str() == slot.text).unwrap_or(0);
                let next = match key.code {
                    KeyCode::Char(' ') | KeyCode::Right => (here + 1) % count,
                    KeyCode::Left => (here + count - 1) % count,
                    _ => here,
                };
                if let Some(choice) = choices.get(next) {
                    slot.text = choice.to_string();
                }
            }
            FieldKind::Text | FieldKind::Number | FieldKind::Json => {
                if let Some((text, cursor)) = input::edit(&slot.text, slot.cursor, key) {
                    (slot.text, slot.cursor) = (text, cursor);
                    slot.error = None;
                }
            }
        }
    }

    /// All fields, if nothing is wrong in any; else the first that is wrong has the cursor.
    fn finish(&mut self) -> Filled {
        for slot in &mut self.fields {
            slot.error = slot.field.complaint(&slot.text).or_else(|| matchers_of(slot).and_then(|read| read.err().map(Text::from)));
        }
        if let Some(wrong) = self.fields.iter().position(|slot| slot.error.is_some()) {
            self.at = wrong;
            return Filled::Going;
        }
        let filled = self.fields.iter().filter(|slot| !slot.text.is_empty());
        Filled::Whole(filled.map(|slot| (slot.field.name.clone(), Text::from(slot.text.as_str()))).collect())
    }

    /// What the matchers in it would catch now, in words; nothing if it has none.
    fn caught(&self, store: &Store) -> Vec<(String, Role)> {
        let Some(read) = self.fields.iter().find_map(matchers_of) else { return Vec::new() };
        let Some(source) = self.chosen.entities.first().map(|entity| entity.id.source().to_owned()) else { return Vec::new() };
        let matchers = match read {
            Ok(matchers) => matchers,
            Err(why) => return vec![(why, Role::Warning)],
        };
        if matcher::is_boundless(&matchers) {
            return vec![("these catch every alert there is; nothing so wide is taken".to_owned(), Role::Failed)];
        }
        let mut alerts: Vec<&Entity> = store
            .entities
            .of(Kind::Alert)
            .map(AsRef::as_ref)
            .filter(|alert| alert.id.source() == source && matcher::catches(&matchers, alert))
            .collect();
        alerts.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.id.cmp(&b.id)));
        let role = if alerts.is_empty() { Role::Warning } else { Role::Text };
        let noun = if alerts.len() == 1 { "alert" } else { "alerts" };
        let mut lines = vec![(format!("catches {} {noun} now", alerts.len()), role)];
        lines.extend(alerts.iter().take(NAMED).map(|alert| {
            let why = alert.reason.as_ref().map_or("", |why| why.first_line());
            (format!("  {}  {why}", alert.title()), Role::Muted)
        }));
        if alerts.len() > NAMED {
            lines.push((format!("  and {} more", alerts.len() - NAMED), Role::Muted));
        }
        lines
    }

    fn shown(&self) -> Vec<form::Field<'_>> {
        let one = |slot: &'_ Slot| -> form::Value<'_> {
            match &slot.field.kind {
                FieldKind::Bool => form::Value::Switch(slot.text.trim() == "true"),
                FieldKind::Choice(choices) => {
                    let place = choices.iter().position(|choice| choice.as_str() == slot.text).unwrap_or(0);
                    form::Value::Choice(slot.text.clone().into(), place, choices.len())
                }
                _ => form::Value::Typed(slot.text.clone().into(), slot.cursor),
            }
        };
        self.fields
            .iter()
            .map(|slot| form::Field {
                name: slot.field.title.as_str().into(),
                required: slot.field.required,
                value: one(slot),
                help: slot.field.help.as_deref().unwrap_or_default().into(),
                error: slot.error.as_deref().map(Into::into),
            })
            .collect()
    }

    /// Draws it; tells where the cursor blinks.
    pub fn draw(&self, store: &Store, look: &Look, screen: Rect, buf: &mut Buffer) -> Option<Position> {
        let fields = self.shown();
        let form = Form { look, fields: &fields, at: self.at };
        let caught = self.caught(store);
        let target = match self.chosen.entities.as_slice() {
            [one] => format!("{} {}", one.kind(), one.title()),
            several => format!("{} targets", several.len()),
        };
        // the line of keys and the one above it
        let below = 2 + caught.len();
        let rows = u16::try_from(form.rows() + below).unwrap_or(u16::MAX);
        let title = format!("{} {} {target}", self.chosen.offer.title, look.glyphs.dot());
        let modal = Modal { frame: Frame::new(look, title).right("* is needed").focused(true), columns: WIDTH, rows };
        modal.render(screen, buf);
        let inner = modal.inner(screen);
        let keys = Rect { y: inner.bottom().saturating_sub(1), height: inner.height.min(1), ..inner };
        let below = u16::try_from(below).unwrap_or(u16::MAX).min(inner.height.saturating_sub(2).max(1)).min(inner.height);
        let body = Rect { height: inner.height - below, ..inner };
        form.render(body, buf);
        for (place, (text, role)) in caught.iter().enumerate() {
            let at = draw::row(Rect { y: body.bottom(), height: below.saturating_sub(1), ..inner }, place as u16);
            if at.height > 0 {
                draw::put_pieces(buf, at.x, at.y, at.width, &[Piece::new(format!(" {text}"), *role)], look, Style::default());
            }
        }
        let last = self.at + 1 >= self.fields.len();
        let hints = [
            Piece::new(" enter ", Role::Accent),
            Piece::new(if last { "go on  " } else { "next  " }, Role::Text),
            Piece::new("tab ", Role::Accent),
            Piece::new("next field  ", Role::Text),
            Piece::new("esc ", Role::Accent),
            Piece::new("cancel  ", Role::Text),
            Piece::new("nothing is sent before you confirm it", Role::Muted),
        ];
        draw::put_pieces(buf, keys.x, keys.y, keys.width, &hints, look, Style::default());
        form.cursor_at(body)
    }
}

/// The matchers in a field, if it is one of matchers.
fn matchers_of(slot: &Slot) -> Option<Result<Vec<matcher::Matcher>, String>> {
    (slot.field.name.as_str() == MATCHERS).then(|| matcher::parse(&slot.text))
}
