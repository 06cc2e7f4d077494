//! Short words that stand over the lower right corner for a while.
//! Not for: how long they stay (see `app`).

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::widgets::Widget;

use super::Look;
use super::draw::{self, Piece};
use crate::domain::State;
use crate::msg::Notice;

/// Notices, the newest lowest.
#[derive(Debug, Clone, Copy)]
pub struct Toasts<'a> {
    /// How to draw.
    pub look: &'a Look,
    /// Oldest first.
    pub notices: &'a [&'a Notice],
}

impl Widget for &Toasts<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        for (above, notice) in self.notices.iter().rev().enumerate().take(usize::from(area.height)) {
            let (sign, role) = self.look.state(if notice.good { State::Ok } else { State::Failed });
            let pieces = [Piece::new(format!(" {sign} "), role), Piece::new(notice.text.as_str(), role), Piece::new(" ", role)];
            let wide = (draw::pieces_width(&pieces) as u16).min(area.width);
            let line = Rect { x: area.right() - wide, y: area.bottom() - 1 - above as u16, width: wide, height: 1 };
            self.look.clear(line, buf);
            draw::put_pieces(buf, line.x, line.y, wide, &pieces, self.look, Style::new().add_modifier(Modifier::REVERSED));
        }
    }
}
