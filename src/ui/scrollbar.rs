//! A one-column bar that shows which part of a long list is on screen.
//! Not for: moving it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;

use super::{Look, Role, draw};

/// Where we are. Draws nothing when everything is shown.
#[derive(Debug, Clone, Copy)]
pub struct Scrollbar<'a> {
    /// How to draw.
    pub look: &'a Look,
    /// Rows there are.
    pub total: usize,
    /// The first that is shown.
    pub offset: usize,
    /// How many are shown.
    pub shown: usize,
}

impl Scrollbar<'_> {
    /// First row and length of the moving part on a track of `height` rows.
    fn thumb(&self, height: usize) -> Option<(usize, usize)> {
        if self.total <= self.shown || height == 0 {
            return None;
        }
        let length = (self.shown.saturating_mul(height) / self.total).clamp(1, height);
        let steps = self.total - self.shown;
        let place = (self.offset.min(steps) * (height - length) + steps / 2) / steps;
        Some((place, length))
    }
}

impl Widget for Scrollbar<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let Some((place, length)) = self.thumb(usize::from(area.height)) else { return };
        let style = self.look.style(Role::Muted);
        for row in place..place + length {
            draw::put(buf, area.x, area.y.saturating_add(row as u16), 1, self.look.glyphs.scrollbar().0, style);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thumb_touches_an_end_only_when_the_list_does() {
        let look = Look::default();
        let thumb = |offset, total| Scrollbar { look: &look, total, offset, shown: 10 }.thumb(10);
        assert_eq!(thumb(0, 10), None);
        assert_eq!(thumb(0, 20), Some((0, 5)));
        assert_eq!(thumb(10, 20), Some((5, 5)));
        assert_eq!(thumb(90, 100), Some((9, 1)));
        assert_eq!(thumb(99_999, 100_000), Some((9, 1)));
    }
}
