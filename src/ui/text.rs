//! A long text to scroll in: lines on demand, wrapped or cut, with search hits lit up. Logs, raw JSON, help.
//! Not for: searching, following (see the panes); key–value lists (see `pane::detail`).

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::draw::{self, Grapheme, Piece};
use super::scrollbar::Scrollbar;
use super::{Look, Role};

/// One line of the text.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Line<'a> {
    /// What it says.
    pub pieces: Vec<Piece<'a>>,
    /// Where the search hit, in bytes of the pieces one behind the other; in order.
    pub hits: Vec<Range<usize>>,
}

impl<'a> Line<'a> {
    /// A line with one role.
    pub fn new(text: impl Into<std::borrow::Cow<'a, str>>, role: Role) -> Self {
        Self { pieces: vec![Piece::new(text, role)], hits: Vec::new() }
    }
}

/// What happens to lines longer than the view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wrap {
    /// They are cut; the view can be moved sideways.
    #[default]
    Off,
    /// They go on in the next row, broken anywhere: logs and JSON.
    Anywhere,
    /// They go on in the next row, broken at blanks: sentences.
    Words,
}

/// The top of the view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Top {
    /// The first line.
    pub line: usize,
    /// Rows of it that are scrolled away (wrapped lines only).
    pub row: usize,
}

/// A view of a text.
#[derive(Clone, Copy)]
pub struct TextView<'a> {
    /// How to draw.
    pub look: &'a Look,
    /// Lines there are.
    pub lines: usize,
    /// Makes a line; asked only for those on screen.
    pub line: &'a dyn Fn(usize) -> Line<'a>,
    /// What stands at the top.
    pub top: Top,
    /// Columns scrolled away at the left, when not wrapped.
    pub left: usize,
    /// What happens to long lines.
    pub wrap: Wrap,
    /// The line the search is at, or that is selected.
    pub current: Option<usize>,
}

impl TextView<'_> {
    /// The top after moving by so many rows (negative: up), kept inside the text: the last page stays full.
    pub fn scrolled(&self, area: Rect, by: isize) -> Top {
        let mut top = self.clamped(area, self.top);
        let mut end = None;
        for _ in 0..by.unsigned_abs() {
            let mut next = if by > 0 { self.below(area, top) } else { self.above(area, top) };
            if by > 0 && next.line + usize::from(area.height) >= self.lines {
                next = next.min(*end.get_or_insert_with(|| self.end(area)));
            }
            if next == top {
                break;
            }
            top = next;
        }
        top
    }

    /// The top at which the last line stands at the bottom.
    pub fn end(&self, area: Rect) -> Top {
        let mut top = Top { line: self.lines, row: 0 };
        for _ in 0..area.height {
            top = self.above(area, top);
        }
        top
    }

    /// The top that shows a line, moving as little as it must.
    pub fn showing(&self, area: Rect, line: usize) -> Top {
        let top = self.clamped(area, self.top);
        let line = line.min(self.lines.saturating_sub(1));
        if line < top.line || (line == top.line && top.row > 0) {
            return Top { line, row: 0 };
        }
        // its last row at the bottom, or its first at the top if it has more rows than the view
        let mut lowest = Top { line: line + 1, row: 0 };
        for _ in 0..area.height {
            lowest = self.above(area, lowest);
        }
        top.max(lowest.min(Top { line, row: 0 }))
    }

    fn clamped(&self, area: Rect, top: Top) -> Top {
        // only a top near the end can lie past it
        if top.line + usize::from(area.height) < self.lines { top } else { top.min(self.end(area)) }
    }

    fn below(&self, area: Rect, top: Top) -> Top {
        let rows = self.rows_of(area, top.line);
        if top.row + 1 < rows { Top { row: top.row + 1, ..top } } else { Top { line: top.line + 1, row: 0 } }
    }

    fn above(&self, area: Rect, top: Top) -> Top {
        match (top.line, top.row) {
            (_, row @ 1..) => Top { row: row - 1, ..top },
            (0, 0) => top,
            (line, 0) => Top { line: line - 1, row: self.rows_of(area, line - 1) - 1 },
        }
    }

    fn rows_of(&self, area: Rect, line: usize) -> usize {
        if self.wrap == Wrap::Off || line >= self.lines {
            return 1;
        }
        let text: String = (self.line)(line).pieces.iter().map(|piece| piece.text.as_ref()).collect();
        rows(&text, columns(area), self.wrap).len()
    }
}

/// The last column is the scrollbar's.
fn columns(area: Rect) -> usize {
    usize::from(area.width.saturating_sub(1))
}

/// Cuts a text into rows of so many columns, as ranges of bytes; at least one row.
pub fn rows(text: &str, columns: usize, wrap: Wrap) -> Vec<Range<usize>> {
    if columns == 0 || wrap == Wrap::Off || text.len() <= columns && !text.contains('\t') {
        return std::iter::once(0..text.len()).collect();
    }
    let graphemes = draw::graphemes(text);
    let mut rows = Vec::new();
    let (mut start, mut used, mut blank) = (0, 0, None::<usize>);
    let mut place = 0;
    while let Some(Grapheme { at, len, columns: wide }) = graphemes.get(place).copied() {
        if used + wide > columns && at > start {
            if wrap == Wrap::Words && &text[at..at + len] == " " {
                blank = Some(place);
            }
            let (end, next) = match blank.take().filter(|_| wrap == Wrap::Words) {
                // the blank itself is not shown
                Some(place) => (graphemes[place].at, place + 1),
                None => (at, place),
            };
            rows.push(start..end);
            start = graphemes.get(next).map_or(text.len(), |grapheme| grapheme.at);
            (place, used) = (next, 0);
            continue;
        }
        if &text[at..at + len] == " " && at > start {
            blank = Some(place);
        }
        used += wide;
        place += 1;
    }
    if start < text.len() || rows.is_empty() {
        rows.push(start..text.len());
    }
    rows
}

/// Draws the bytes `range` of a line from `left` columns on, with `over` laid over all but the hits; returns whether there is more at
/// the right.
pub fn put_range(buf: &mut Buffer, at: Rect, line: &Line<'_>, range: &Range<usize>, left: usize, look: &Look, over: Style) -> bool {
    let (mut byte, mut column) = (0, 0);
    let end = left + usize::from(at.width);
    for piece in &line.pieces {
        let style = look.style(piece.role).patch(over);
        for Grapheme { at: within, len, columns } in draw::graphemes(&piece.text) {
            let here = byte + within;
            if here < range.start || columns == 0 {
                continue;
            }
            if here >= range.end {
                return false;
            }
            if column + columns > end {
                return true;
            }
            if column >= left {
                let hit = line.hits.iter().any(|hit| hit.contains(&here));
                let style = if hit { style.patch(look.style(Role::Match)) } else { style };
                let symbol = &piece.text[within..within + len];
                let symbol = if symbol == "\t" { "    " } else { symbol };
                draw::put(buf, at.x + (column - left) as u16, at.y, columns as u16, symbol, style);
            }
            column += columns;
        }
        byte += piece.text.len();
    }
    false
}

impl Widget for &TextView<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        let columns = columns(area);
        if area.is_empty() || columns == 0 {
            return;
        }
        let mut y = area.y;
        let mut skip = self.top.row;
        for place in self.top.line..self.lines {
            if y >= area.bottom() {
                break;
            }
            let line = (self.line)(place);
            let text: String = line.pieces.iter().map(|piece| piece.text.as_ref()).collect();
            for range in rows(&text, columns, self.wrap).into_iter().skip(std::mem::take(&mut skip)) {
                if y >= area.bottom() {
                    break;
                }
                let at = Rect { y, width: columns as u16, height: 1, ..area };
                let left = if self.wrap == Wrap::Off { self.left } else { 0 };
                let over = if self.current == Some(place) { self.look.style(Role::Selection) } else { Style::default() };
                buf.set_style(at, over);
                let more = put_range(buf, at, &line, &range, left, self.look, over);
                let muted = self.look.style(Role::Muted).patch(over);
                if more {
                    draw::put(buf, at.right() - 1, y, 1, self.look.glyphs.more().1, muted);
                }
                if left > 0 && !text.is_empty() {
                    draw::put(buf, at.x, y, 1, self.look.glyphs.more().0, muted);
                }
                y += 1;
            }
        }
        let track = Rect { x: area.right() - 1, width: 1, ..area };
        Scrollbar { look: self.look, total: self.lines, offset: self.top.line, shown: usize::from(area.height) }.render(track, buf);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_break_at_the_width_or_at_blanks() {
        let broken =
            |text: &'static str, columns, wrap| rows(text, columns, wrap).into_iter().map(|range| &text[range]).collect::<Vec<_>>();
        assert_eq!(broken("one two three", 5, Wrap::Anywhere), ["one t", "wo th", "ree"]);
        assert_eq!(broken("one two three", 5, Wrap::Words), ["one", "two", "three"]);
        assert_eq!(broken("one two three", 3, Wrap::Words), ["one", "two", "thr", "ee"]);
        assert_eq!(broken("onetwothree x", 5, Wrap::Words), ["onetw", "othre", "e x"]);
        assert_eq!(broken("日本語", 4, Wrap::Anywhere), ["日本", "語"]);
        assert_eq!(broken("日本語", 1, Wrap::Anywhere), ["日", "本", "語"], "what is wider than the view still ends");
        assert_eq!(broken("a\tb", 4, Wrap::Anywhere), ["a", "\t", "b"]);
        assert_eq!(broken("", 4, Wrap::Words), [""]);
        assert_eq!(broken("one two", 0, Wrap::Words), ["one two"]);
        assert_eq!(broken("one two three", 5, Wrap::Off), ["one two three"]);
    }

    #[test]
    fn scrolling_keeps_the_last_page_full_and_counts_wrapped_rows() {
        let look = Look::default();
        let texts = ["short", "a line of twenty-two..", "end"];
        let line = |place: usize| Line::new(texts[place], Role::Text);
        let view = |top, wrap| TextView { look: &look, lines: 3, line: &line, top, left: 0, wrap, current: None };
        let area = Rect::new(0, 0, 11, 2);
        let top = |line, row| Top { line, row };
        let wrapped = view(top(0, 0), Wrap::Anywhere);
        assert_eq!(wrapped.scrolled(area, 1), top(1, 0));
        assert_eq!(wrapped.scrolled(area, 2), top(1, 1));
        assert_eq!(wrapped.scrolled(area, 99), top(1, 2));
        assert_eq!(wrapped.end(area), top(1, 2));
        assert_eq!(view(top(1, 2), Wrap::Anywhere).scrolled(area, -2), top(1, 0));
        assert_eq!(view(top(9, 9), Wrap::Anywhere).scrolled(area, 0), top(1, 2), "a text that became shorter");
        assert_eq!(view(top(0, 0), Wrap::Off).scrolled(area, 99), top(1, 0));
        assert_eq!(view(top(0, 0), Wrap::Off).showing(area, 2), top(1, 0));
        assert_eq!(view(top(1, 0), Wrap::Off).showing(area, 0), top(0, 0));
        assert_eq!(wrapped.showing(area, 1), top(1, 0));
        let none = TextView { lines: 0, ..wrapped };
        assert_eq!((none.scrolled(area, 5), none.end(area), none.showing(area, 3)), (top(0, 0), top(0, 0), top(0, 0)));
    }
}
