//! The question before leaving while acknowledgements of this person still hold: nobody keeps them up once triops is gone.
//! Not for: leaving when nothing is open.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;

use super::Dialog;
use crate::app::Model;
use crate::domain::{Entity, Kind};
use crate::insight::ack;
use crate::msg::{Effect, Key, KeyCode};
use crate::ui::dialog;
use crate::ui::draw::Piece;
use crate::ui::text::{Line, Top};
use crate::ui::theme::Role;
use crate::ui::words;

/// Columns of the box.
const WIDTH: u16 = 76;

/// What is still open.
#[derive(Debug)]
pub struct Leave {
    acks: Vec<Arc<Entity>>,
}

/// Leaves, or asks first.
pub fn leave(model: &mut Model) -> Vec<Effect> {
    let acks = ack::own(model.store.entities.of(Kind::Change), &model.settings.actor);
    if acks.is_empty() {
        return vec![Effect::Quit];
    }
    super::open(model, Dialog::Leave(Leave { acks }));
    Vec::new()
}

/// Whether this key leaves all the same.
pub fn leaves(key: Key) -> bool {
    key == Key::plain(KeyCode::Char('y')) || (key.ctrl && key.code == KeyCode::Char('c'))
}

impl Leave {
    /// Draws it.
    pub fn draw(&self, model: &Model, screen: Rect, buf: &mut Buffer) {
        let look = &model.settings.look;
        let plain = |pieces| Line { pieces, hits: Vec::new() };
        let mut body =
            vec![Line::new("triops keeps these up only while it runs; they end by themselves then.", Role::Text), Line::default()];
        body.extend(self.acks.iter().map(|entity| {
            let age = entity.since.map_or(String::new(), |since| words::age(model.now.since(since).max(0.0)));
            let ends = ack::ends_at(entity).map_or(String::new(), |at| format!("  ends in {}", words::age(at.since(model.now).max(0.0))));
            plain(vec![
                Piece::new(format!("{age:>4} "), Role::Muted),
                Piece::new(entity.name.first_line(), Role::Title),
                Piece::new(ends, Role::Muted),
            ])
        }));
        let foot = [plain(vec![
            Piece::new(" y", Role::Accent),
            Piece::new(" leaves  ", Role::Text),
            Piece::new("any other key stays", Role::Text),
        ])];
        let noun = if self.acks.len() == 1 { "acknowledgement" } else { "acknowledgements" };
        let title = vec![Piece::new(format!("Leave with {} open {noun}?", self.acks.len()), Role::Warning)];
        let dialog = dialog::Dialog { look, title, note: "", body: &body, top: Top::default(), foot: &foot, columns: WIDTH };
        (&dialog).render(screen, buf);
    }
}
