//! A history of states, one sign each: `●●✖●`.
//! Not for: how long each took (see `pane::detail`).

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::draw::{self, Piece};
use super::{Look, Role};
use crate::domain::State;

/// The newest states, newest at the right, as many as `columns`; a place where nothing is known is a dot.
pub fn strip(states: &[Option<State>], columns: usize, look: &Look) -> Vec<Piece<'static>> {
    let shown = &states[states.len().saturating_sub(columns)..];
    shown
        .iter()
        .map(|state| match state {
            Some(state) => {
                let (sign, role) = look.state(*state);
                Piece::new(sign, role)
            }
            None => Piece::new(look.glyphs.gap(), Role::Muted),
        })
        .collect()
}

/// A strip that fills a row from the left.
#[derive(Debug, Clone, Copy)]
pub struct Strip<'a> {
    /// How to draw.
    pub look: &'a Look,
    /// Oldest first.
    pub states: &'a [Option<State>],
}

impl Widget for &Strip<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        let pieces = strip(self.states, usize::from(area.width), self.look);
        draw::put_pieces(buf, area.x, area.y, area.width, &pieces, self.look, Style::default());
    }
}
