//! A box that asks: long text to scroll in above, the answer's keys below a line, and those always in sight.
//! Not for: what is asked, what the keys do (see `app::order`).

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::Look;
use super::draw::{self, Piece};
use super::frame::Frame;
use super::modal::Modal;
use super::text::{Line, TextView, Top, Wrap, rows};
use super::theme::Role;

/// A box with a text and an answer.
#[derive(Debug, Clone)]
pub struct Dialog<'a> {
    /// How to draw.
    pub look: &'a Look,
    /// In its upper line.
    pub title: Vec<Piece<'a>>,
    /// Right in its upper line, when there is room.
    pub note: &'a str,
    /// What it says; wrapped, scrolled when it is longer than the screen.
    pub body: &'a [Line<'a>],
    /// What stands at the top of the text.
    pub top: Top,
    /// What can be answered; never scrolled away, cut only where the screen has no row for it.
    pub foot: &'a [Line<'a>],
    /// Columns wanted inside.
    pub columns: u16,
}

/// Where its parts stand.
struct Parts {
    body: Rect,
    rule: Option<u16>,
    foot: Rect,
}

impl Dialog<'_> {
    fn modal(&self, screen: Rect) -> Modal<'_> {
        let columns = self.columns.min(screen.width.saturating_sub(2));
        // the last column of a text is its scrollbar's
        let tall = height(self.body, columns.saturating_sub(1)) + height(self.foot, columns) + 1;
        let mut frame = Frame { title: self.title.clone(), ..Frame::new(self.look, "") }.focused(true);
        if !self.note.is_empty() {
            frame = frame.right(self.note);
        }
        Modal { frame, columns, rows: u16::try_from(tall).unwrap_or(u16::MAX) }
    }

    fn parts(&self, screen: Rect) -> Parts {
        let inner = self.modal(screen).inner(screen);
        let foot = u16::try_from(height(self.foot, inner.width)).unwrap_or(u16::MAX).min(inner.height);
        let ruled = inner.height > foot + 1;
        let body = inner.height - foot - u16::from(ruled);
        Parts {
            body: Rect { height: body, ..inner },
            rule: ruled.then_some(inner.y + body),
            foot: Rect { y: inner.bottom() - foot, height: foot, ..inner },
        }
    }

    /// The text with its place.
    fn text<'b>(&'b self, line: &'b dyn Fn(usize) -> Line<'b>) -> TextView<'b> {
        TextView { look: self.look, lines: self.body.len(), line, top: self.top, left: 0, wrap: Wrap::Words, current: None }
    }

    /// The top after moving by so many rows on this screen.
    pub fn scrolled(&self, screen: Rect, by: isize) -> Top {
        self.text(&|place| self.body[place].clone()).scrolled(self.parts(screen).body, by)
    }

    /// Rows of text that are seen at once.
    pub fn page(&self, screen: Rect) -> u16 {
        self.parts(screen).body.height
    }

    /// Where the answer stands, for a cursor in it.
    pub fn foot_area(&self, screen: Rect) -> Rect {
        self.parts(screen).foot
    }
}

impl Widget for &Dialog<'_> {
    /// Blanks the box on the screen `area` and draws it.
    fn render(self, area: Rect, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        let modal = self.modal(area);
        modal.render(area, buf);
        let parts = self.parts(area);
        self.text(&|place| self.body[place].clone()).render(parts.body, buf);
        if let Some(y) = parts.rule {
            let lines = self.look.glyphs.lines();
            let style = self.look.style(Role::BorderFocus);
            let outer = modal.area(area);
            for x in outer.left()..outer.right() {
                draw::put(buf, x, y, 1, lines.horizontal, style);
            }
            draw::put(buf, outer.x, y, 1, lines.left_join, style);
            draw::put(buf, outer.right().saturating_sub(1), y, 1, lines.right_join, style);
        }
        let mut y = parts.foot.y;
        for line in self.foot {
            for range in rows(&plain(line), usize::from(parts.foot.width), Wrap::Words) {
                if y >= parts.foot.bottom() {
                    return;
                }
                let at = Rect { y, height: 1, ..parts.foot };
                super::text::put_range(buf, at, line, &range, 0, self.look, Style::default());
                y += 1;
            }
        }
    }
}

fn height(lines: &[Line<'_>], columns: u16) -> usize {
    lines.iter().map(|line| rows(&plain(line), usize::from(columns), Wrap::Words).len()).sum()
}

fn plain(line: &Line<'_>) -> String {
    line.pieces.iter().map(|piece| piece.text.as_ref()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_stays_in_sight_however_long_the_text_and_however_small_the_screen() {
        let look = Look::default();
        let body: Vec<Line<'_>> = (0..50).map(|n| Line::new(format!("request {n}"), Role::Text)).collect();
        let foot = [Line::new("y does it, any other key cancels", Role::Accent)];
        let dialog = Dialog {
            look: &look,
            title: vec![Piece::new("Restart", Role::Title)],
            note: "",
            body: &body,
            top: Top::default(),
            foot: &foot,
            columns: 60,
        };
        for height in [3, 4, 5, 10, 24, 100] {
            let screen = Rect::new(0, 0, 80, height);
            let mut buf = Buffer::empty(screen);
            (&dialog).render(screen, &mut buf);
            let text: String = buf.content().iter().map(ratatui::buffer::Cell::symbol).collect();
            assert!(text.contains("any other key cancels"), "at {height} rows");
            let end = dialog.scrolled(screen, 1000);
            assert!(end.line + usize::from(dialog.page(screen)) >= 50, "at {height} rows it can be read to its end");
        }
    }
}
