//! Puts a list of entities, a frame, or a line of pieces on the screen with the widgets of `ui`.
//! Not for: state.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::list::List;
use super::look::Look;
use crate::ui::draw::{self, Piece};
use crate::ui::frame::{Frame, Part};
use crate::ui::table::{Cell, Row, Sort, Table};
use crate::ui::theme::Role;
use crate::ui::words;

/// Where and as what a list is drawn.
#[derive(Debug)]
pub struct Place<'a> {
    /// In its border, left.
    pub title: &'a str,
    /// In its border, right.
    pub note: &'a str,
    /// Whether its column titles are shown.
    pub header: bool,
    /// Whether it has the keys.
    pub focused: bool,
    /// Whether its cursor is shown.
    pub pointed: bool,
    /// Nothing is above it.
    pub first: bool,
    /// Nothing is below it.
    pub last: bool,
    /// What is filtered by, as typed; empty if nothing.
    pub filter: &'a str,
    /// What stands there when it has no rows.
    pub empty: &'a str,
}

/// Draws a list; only rows on screen are made.
pub fn draw(list: &List, place: &Place<'_>, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
    let columns: Vec<_> = list.columns().iter().map(|column| column.head.clone()).collect();
    let row = |at: usize| {
        let Some(entity) = list.rows().get(at) else { return Row::default() };
        let cells = list.columns().iter().map(|column| {
            let cell = (column.cell)(entity, look);
            cell.more.into_iter().fold(Cell::new(cell.text, cell.role), |cell, (text, role)| cell.and(text, role))
        });
        Row { cells: cells.collect(), marked: list.is_marked(&entity.id), stale: look.store.stale(entity).is_some() }
    };
    let mut title = vec![Piece::new(format!("{} ", place.title), Role::Title)];
    title.push(Piece::new(words::of_total(list.rows().len(), list.total()), Role::Muted));
    if list.marked() > 0 {
        title.push(Piece::new(format!(" {} {} marked", look.ui.glyphs.dot(), list.marked()), Role::Marked));
    }
    if !place.filter.is_empty() {
        title.push(Piece::new(format!(" {} {}", look.ui.glyphs.dot(), place.filter), Role::Match));
    }
    let part = match (place.first, place.last) {
        (true, true) => Part::Whole,
        (true, false) => Part::Top,
        (false, true) => Part::Bottom,
        (false, false) => Part::Middle,
    };
    // the sign of the state has no room for a title
    let title_of =
        |column: usize| Some(&list.columns()[column].head.title).filter(|title| !title.is_empty()).map_or("state", |title| title);
    let sorted = list.sort().map(|sort| format!("by {}", title_of(sort.column)));
    let note = sorted.map_or(Cow::Borrowed(place.note), Cow::Owned);
    let mut frame = Frame { title, ..Frame::new(look.ui, "") }.focused(place.focused).part(part);
    if !note.is_empty() {
        frame = frame.right(note);
    }
    let table = Table {
        look: look.ui,
        frame: Some(frame),
        columns: &columns,
        header: place.header,
        rows: list.rows().len(),
        row: &row,
        offset: list.offset(),
        selected: (place.pointed && !list.rows().is_empty()).then_some(list.cursor()),
        focused: place.focused,
        sort: list.sort().map(|sort| Sort { column: sort.column, descending: sort.descending }),
        empty: place.empty,
    };
    table.render(area, buf);
}

/// Draws a frame and returns what is inside it.
pub fn frame(title: &str, note: &str, focused: bool, look: &Look<'_>, area: Rect, buf: &mut Buffer) -> Rect {
    let frame = Frame::new(look.ui, title).right(note).focused(focused);
    let inner = frame.inner(area);
    (&frame).render(area, buf);
    inner
}

/// Draws pieces of text in one row, with a (lower-case) query shown wherever it stands; the whole row is shown as selected or not.
pub fn pieces(pieces: &[(&str, Role)], query: &str, selected: bool, look: &Look<'_>, at: Rect, buf: &mut Buffer) {
    let mut split: Vec<Piece<'_>> = Vec::with_capacity(pieces.len());
    for (text, role) in pieces {
        let lower = if query.is_empty() { String::new() } else { text.to_lowercase() };
        // lower-casing may move bytes: then the places would be wrong, and nothing is shown as found
        let found = lower.len() == text.len() && !query.is_empty();
        let mut rest = 0;
        for (start, part) in lower.match_indices(query).filter(|_| found) {
            let end = start + part.len();
            if text.is_char_boundary(start) && text.is_char_boundary(end) {
                split.push(Piece::new(&text[rest..start], *role));
                split.push(Piece::new(&text[start..end], Role::Match));
                rest = end;
            }
        }
        split.push(Piece::new(&text[rest..], *role));
    }
    draw::put_pieces(buf, at.x, at.y, at.width, &split, look.ui, Style::default());
    if selected {
        buf.set_style(at.intersection(buf.area), look.ui.style(Role::Selection));
        // what was found stays to be seen in the row that is selected
        let mut x = at.x;
        for piece in &split {
            let width = u16::try_from(draw::width(&piece.text)).unwrap_or(u16::MAX);
            if piece.role == Role::Match {
                buf.set_style(Rect { x, width, ..at }.intersection(at).intersection(buf.area), look.ui.style(Role::Match));
            }
            x = x.saturating_add(width);
        }
    }
}
