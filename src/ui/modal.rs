//! A box over everything else, in the middle of the screen and never larger than it.
//! Not for: what stands in it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;

use super::frame::Frame;

/// A framed box that wants `columns` × `rows` inside.
#[derive(Debug, Clone)]
pub struct Modal<'a> {
    /// Its lines and title.
    pub frame: Frame<'a>,
    /// Columns wanted inside.
    pub columns: u16,
    /// Rows wanted inside.
    pub rows: u16,
}

impl Modal<'_> {
    /// Where the box stands on a screen.
    pub fn area(&self, screen: Rect) -> Rect {
        let (width, height) = (self.columns.saturating_add(2).min(screen.width), self.rows.saturating_add(2).min(screen.height));
        Rect { x: screen.x + (screen.width - width) / 2, y: screen.y + (screen.height - height) / 2, width, height }
    }

    /// What is left inside its lines.
    pub fn inner(&self, screen: Rect) -> Rect {
        self.frame.inner(self.area(screen))
    }
}

impl Widget for &Modal<'_> {
    /// Blanks the box on the screen `area` and draws its lines.
    fn render(self, area: Rect, buf: &mut Buffer) {
        let area = self.area(area.intersection(buf.area));
        self.frame.look.clear(area, buf);
        self.frame.render(area, buf);
    }
}
