//! Putting text into a buffer and cutting it to a width, counted in columns of the screen as ratatui counts them.
//! Not for: whole widgets, wrapping (see `ui::text`).

use std::borrow::Cow;

use ratatui::buffer::{Buffer, CellWidth};
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::Span;

use super::{Glyphs, Look, Role};

/// A stretch of text with one role.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece<'a> {
    /// What it says.
    pub text: Cow<'a, str>,
    /// What it means.
    pub role: Role,
}

impl<'a> Piece<'a> {
    /// A stretch of text.
    pub fn new(text: impl Into<Cow<'a, str>>, role: Role) -> Self {
        Self { text: text.into(), role }
    }
}

/// Columns a text takes on the screen; control characters take none.
pub fn width(text: &str) -> usize {
    if plain(text) {
        return text.len();
    }
    Span::raw(text).styled_graphemes(Style::default()).map(|grapheme| usize::from(grapheme.symbol.cell_width())).sum()
}

/// One line of it: what breaks or moves a line becomes a blank.
pub fn one_line(text: &str) -> Cow<'_, str> {
    if text.contains(char::is_control) { Cow::Owned(text.replace(char::is_control, " ")) } else { Cow::Borrowed(text) }
}

/// The text if it fits into `columns`, else its beginning and an ellipsis. Never cuts a character in half.
pub fn cut(text: &str, columns: usize, glyphs: Glyphs) -> Cow<'_, str> {
    let line = one_line(text);
    if width(&line) <= columns {
        return line;
    }
    if columns == 0 {
        return Cow::Borrowed("");
    }
    let end = prefix(&line, columns - 1);
    Cow::Owned(format!("{}{}", &line[..end], glyphs.ellipsis()))
}

/// Bytes of the longest beginning that fits into `columns`.
pub fn prefix(text: &str, columns: usize) -> usize {
    if plain(text) {
        return text.len().min(columns);
    }
    let (mut bytes, mut used) = (0, 0);
    for grapheme in Span::raw(text).styled_graphemes(Style::default()) {
        used += usize::from(grapheme.symbol.cell_width());
        if used > columns {
            break;
        }
        bytes += grapheme.symbol.len();
    }
    bytes
}

/// What a text is made of on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grapheme {
    /// Where it begins, in bytes.
    pub at: usize,
    /// Its bytes.
    pub len: usize,
    /// Its columns. A tab has [`TAB`], other control characters none.
    pub columns: usize,
}

/// Columns of a tab; always so many, so that a cut or wrapped line keeps its shape.
pub const TAB: usize = 4;

/// The graphemes of a text, in order.
pub fn graphemes(text: &str) -> Vec<Grapheme> {
    if plain(text) {
        return (0..text.len()).map(|at| Grapheme { at, len: 1, columns: 1 }).collect();
    }
    let mut found = Vec::with_capacity(text.len());
    let mut at = 0;
    for stretch in text.split_inclusive(char::is_control) {
        let control = stretch.chars().next_back().filter(|c| c.is_control()).map_or(0, char::len_utf8);
        let span = Span::raw(&stretch[..stretch.len() - control]);
        for grapheme in span.styled_graphemes(Style::default()) {
            found.push(Grapheme { at, len: grapheme.symbol.len(), columns: usize::from(grapheme.symbol.cell_width()) });
            at += grapheme.symbol.len();
        }
        if control > 0 {
            found.push(Grapheme { at, len: control, columns: if stretch.ends_with('\t') { TAB } else { 0 } });
            at += control;
        }
    }
    found
}

/// Printable ASCII: one byte, one column.
fn plain(text: &str) -> bool {
    text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

/// Puts text at a place, as much of it as `columns` and the buffer take. What was emphasised there is not any more. Returns the
/// columns used.
pub fn put(buf: &mut Buffer, x: u16, y: u16, columns: u16, text: &str, style: Style) -> u16 {
    if columns == 0 || !buf.area.contains((x, y).into()) {
        return 0;
    }
    let style = Style { sub_modifier: Modifier::all().difference(style.add_modifier), ..style };
    let (end, _) = buf.set_stringn(x, y, text, usize::from(columns), style);
    end - x
}

/// Puts pieces one behind the other; the one that does not fit is cut with an ellipsis. Returns the columns used.
pub fn put_pieces(buf: &mut Buffer, x: u16, y: u16, columns: u16, pieces: &[Piece<'_>], look: &Look, over: Style) -> u16 {
    let mut used = 0;
    for (place, piece) in pieces.iter().enumerate() {
        let room = columns - used;
        let text = one_line(&piece.text);
        let wide = width(&text);
        let more = wide == usize::from(room) && pieces[place + 1..].iter().any(|piece| !piece.text.is_empty());
        let text = if more { cut_always(&text, usize::from(room), look.glyphs) } else { cut(&text, usize::from(room), look.glyphs) };
        used += put(buf, x.saturating_add(used), y, room, &text, look.style(piece.role).patch(over));
        if wide > usize::from(room) || more || used >= columns {
            break;
        }
    }
    used
}

fn cut_always(text: &str, columns: usize, glyphs: Glyphs) -> Cow<'_, str> {
    let end = prefix(text, columns.saturating_sub(1));
    if columns == 0 { Cow::Borrowed("") } else { Cow::Owned(format!("{}{}", &text[..end], glyphs.ellipsis())) }
}

/// Columns that pieces take.
pub fn pieces_width(pieces: &[Piece<'_>]) -> usize {
    pieces.iter().map(|piece| width(&one_line(&piece.text))).sum()
}

/// One row of an area, empty if it has no such row.
pub fn row(area: Rect, place: u16) -> Rect {
    if place < area.height { Rect { y: area.y + place, height: 1, ..area } } else { Rect { height: 0, ..area } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_at_the_width_and_never_inside_a_character() {
        let unicode = Glyphs::Unicode;
        for (text, columns, shown) in [
            ("orders", 6, "orders"),
            ("orders", 5, "orde…"),
            ("orders", 1, "…"),
            ("orders", 0, ""),
            ("日本語", 6, "日本語"),
            ("日本語", 5, "日本…"),
            ("日本語", 4, "日…"),
            ("日本語", 1, "…"),
            ("e\u{301}te\u{301}s", 3, "e\u{301}t…"),
            ("two\nlines", 20, "two lines"),
            ("👩‍🔬 lab", 4, "👩‍🔬 …"),
        ] {
            let cut = cut(text, columns, unicode);
            assert_eq!(cut, shown, "{text:?} {columns}");
            assert!(width(&cut) <= columns);
        }
    }

    #[test]
    fn putting_outside_the_buffer_does_nothing() {
        let mut buf = Buffer::empty(Rect::new(2, 2, 3, 1));
        for (x, y) in [(0, 0), (1, 2), (5, 2), (2, 3), (u16::MAX, u16::MAX)] {
            assert_eq!(put(&mut buf, x, y, 10, "text", Style::default()), 0);
        }
        assert_eq!(put(&mut buf, 3, 2, 10, "text", Style::default()), 2);
        assert_eq!(buf, Buffer::with_lines([" te"]).tap_area(2, 2));
    }

    trait TapArea {
        fn tap_area(self, x: u16, y: u16) -> Self;
    }

    impl TapArea for Buffer {
        fn tap_area(mut self, x: u16, y: u16) -> Self {
            self.area.x = x;
            self.area.y = y;
            self
        }
    }
}
