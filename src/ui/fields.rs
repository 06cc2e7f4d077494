//! Keys and values below each other, values aligned and wrapped: what a detail view is made of.
//! Not for: long texts (see `ui::text`).

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::draw::{self, Piece};
use super::scrollbar::Scrollbar;
use super::text::{Line, Wrap, put_range, rows};
use super::{Look, Role};

/// A key and its value, or the heading of those below it.
#[derive(Debug, Clone, PartialEq)]
pub struct Field<'a> {
    /// Its name.
    pub key: Cow<'a, str>,
    /// What it is; a newline begins a new row.
    pub value: Vec<Piece<'a>>,
    /// Stands alone, over others.
    pub heading: bool,
}

impl<'a> Field<'a> {
    /// A key and its value.
    pub fn new(key: impl Into<Cow<'a, str>>, value: impl Into<Cow<'a, str>>, role: Role) -> Self {
        Self { key: key.into(), value: vec![Piece::new(value, role)], heading: false }
    }

    /// A heading.
    pub fn heading(title: impl Into<Cow<'a, str>>) -> Self {
        Self { key: title.into(), value: Vec::new(), heading: true }
    }
}

/// A list of fields.
#[derive(Debug, Clone, Copy)]
pub struct Fields<'a> {
    /// How to draw.
    pub look: &'a Look,
    /// From top to bottom.
    pub fields: &'a [Field<'a>],
    /// Rows scrolled away; see [`Fields::showing`].
    pub offset: usize,
    /// The selected field.
    pub selected: Option<usize>,
}

/// Between key and value.
const GAP: usize = 2;
/// Before the key: the sign of selection.
const GUTTER: usize = 1;

impl Fields<'_> {
    /// Rows that all fields take in an area.
    pub fn rows(&self, area: Rect) -> usize {
        self.fields.iter().map(|field| self.lines_of(field, area).len()).sum()
    }

    /// The offset that shows the selected field whole, moving as little as it must and never past the end.
    pub fn showing(&self, area: Rect) -> usize {
        let height = usize::from(area.height);
        let offset = self.offset.min(self.rows(area).saturating_sub(height));
        let Some(field) = self.selected.and_then(|selected| self.fields.get(selected)) else { return offset };
        let before = self.fields.iter().take(self.selected.unwrap_or(0)).map(|field| self.lines_of(field, area).len()).sum::<usize>();
        let end = before + self.lines_of(field, area).len();
        offset.max(end.saturating_sub(height)).min(before)
    }

    /// Keys get what the longest needs, but at most a third.
    fn key_columns(&self, area: Rect) -> usize {
        let keys = self.fields.iter().filter(|field| !field.heading).map(|field| draw::width(&field.key));
        keys.max().unwrap_or(0).min(usize::from(area.width) / 3)
    }

    fn value_columns(&self, area: Rect) -> usize {
        usize::from(area.width).saturating_sub(GUTTER + self.key_columns(area) + GAP + 1)
    }

    /// The value's rows: a line of it and the bytes of the line.
    fn lines_of(&self, field: &Field<'_>, area: Rect) -> Vec<(Line<'static>, std::ops::Range<usize>)> {
        let mut lines = vec![Line::default()];
        for piece in &field.value {
            for (place, part) in piece.text.split('\n').enumerate() {
                if place > 0 {
                    lines.push(Line::default());
                }
                if let Some(line) = lines.last_mut() {
                    line.pieces.push(Piece::new(part.to_owned(), piece.role));
                }
            }
        }
        let wrapped = lines.into_iter().flat_map(|line| {
            let text: String = line.pieces.iter().map(|piece| piece.text.as_ref()).collect();
            rows(&text, self.value_columns(area), Wrap::Words).into_iter().map(move |range| (line.clone(), range))
        });
        wrapped.collect()
    }
}

impl Widget for &Fields<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        let (keys, values) = (self.key_columns(area), self.value_columns(area));
        let mut row = 0_usize;
        for (place, field) in self.fields.iter().enumerate() {
            for (nth, (line, range)) in self.lines_of(field, area).into_iter().enumerate() {
                let here = row;
                row += 1;
                let Some(y) = here.checked_sub(self.offset).filter(|y| *y < usize::from(area.height)) else { continue };
                let at = draw::row(area, y as u16);
                if nth == 0 {
                    let (role, room) = if field.heading { (Role::Title, usize::from(area.width)) } else { (Role::Muted, keys) };
                    let key = draw::cut(&field.key, room, self.look.glyphs);
                    draw::put(buf, at.x + GUTTER as u16, at.y, at.width.saturating_sub(GUTTER as u16), &key, self.look.style(role));
                }
                let value = Rect { x: at.x + (GUTTER + keys + GAP) as u16, width: values as u16, ..at }.intersection(area);
                put_range(buf, value, &line, &range, 0, self.look, Style::default());
                if self.selected == Some(place) {
                    if nth == 0 {
                        draw::put(buf, at.x, at.y, 1, self.look.glyphs.selected(), self.look.style(Role::Accent));
                    }
                    buf.set_style(Rect { width: at.width.saturating_sub(1), ..at }, Style::new().patch(self.look.style(Role::Selection)));
                }
            }
        }
        let track = Rect { x: area.right() - 1, width: 1, ..area };
        Scrollbar { look: self.look, total: row, offset: self.offset, shown: usize::from(area.height) }.render(track, buf);
    }
}
