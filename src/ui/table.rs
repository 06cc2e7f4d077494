//! A table whose rows are asked for only when they are on screen: columns as data, selection, marks, sort arrow, columns that fold
//! away when it is narrow. Widths follow from what columns declare, never from what rows hold, so nothing jitters.
//! Not for: sorting, filtering, moving the selection (see `app`).

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::draw::{self, Piece};
use super::frame::Frame;
use super::scrollbar::Scrollbar;
use super::{Look, Role};

mod columns;

pub use columns::{Align, Column, Placed, Width, place};

/// What stands in one place of the table.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Cell<'a>(pub Vec<Piece<'a>>);

impl<'a> Cell<'a> {
    /// Text with one role.
    pub fn new(text: impl Into<std::borrow::Cow<'a, str>>, role: Role) -> Self {
        Self(vec![Piece::new(text, role)])
    }

    /// Text with the role of text.
    pub fn text(text: impl Into<std::borrow::Cow<'a, str>>) -> Self {
        Self::new(text, Role::Text)
    }

    /// Nothing.
    pub fn empty() -> Self {
        Self::default()
    }

    /// With one more piece behind.
    #[must_use]
    pub fn and(mut self, text: impl Into<std::borrow::Cow<'a, str>>, role: Role) -> Self {
        self.0.push(Piece::new(text, role));
        self
    }
}

/// One row: a cell for each column, in the order of the columns.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Row<'a> {
    /// What it shows.
    pub cells: Vec<Cell<'a>>,
    /// Chosen for an action.
    pub marked: bool,
    /// Not confirmed by its source any more: drawn muted.
    pub stale: bool,
}

impl<'a> Row<'a> {
    /// A row that is neither marked nor stale.
    pub fn new(cells: Vec<Cell<'a>>) -> Self {
        Self { cells, marked: false, stale: false }
    }
}

/// How rows are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    /// By which column.
    pub column: usize,
    /// From great to small.
    pub descending: bool,
}

/// A table, or the part of it that is on screen.
#[derive(Clone)]
pub struct Table<'a> {
    /// How to draw.
    pub look: &'a Look,
    /// Lines around it, or none.
    pub frame: Option<Frame<'a>>,
    /// What it shows.
    pub columns: &'a [Column],
    /// Whether the heads of the columns are shown.
    pub header: bool,
    /// Rows there are.
    pub rows: usize,
    /// Makes a row; asked only for those on screen.
    pub row: &'a dyn Fn(usize) -> Row<'a>,
    /// The first row on screen; see [`scroll`].
    pub offset: usize,
    /// The selected row.
    pub selected: Option<usize>,
    /// Whether keys go here: without, the selection is only pointed at.
    pub focused: bool,
    /// How rows are sorted.
    pub sort: Option<Sort>,
    /// Lines shown where there are no rows.
    pub empty: &'a str,
}

/// What stands at a place of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hit {
    /// A row.
    Row(usize),
    /// The head of a column.
    Head(usize),
}

/// The first row to show, so that the selected one is on screen and the view moves as little as it must.
pub fn scroll(offset: usize, selected: Option<usize>, rows: usize, height: usize) -> usize {
    let offset = offset.min(rows.saturating_sub(height));
    match selected.map(|selected| selected.min(rows.saturating_sub(1))) {
        Some(selected) if selected < offset => selected,
        Some(selected) if height > 0 && selected >= offset + height => selected + 1 - height,
        _ => offset,
    }
}

/// Columns before the first: the sign of selection and mark.
const GUTTER: u16 = 1;

impl Table<'_> {
    /// How many rows fit into an area.
    pub fn height(&self, area: Rect) -> usize {
        usize::from(self.body(area).height)
    }

    /// What stands under a place of the screen.
    pub fn hit(&self, area: Rect, x: u16, y: u16) -> Option<Hit> {
        let (inner, body) = (self.inner(area), self.body(area));
        if body.contains((x, y).into()) {
            let row = self.offset + usize::from(y - body.y);
            return (row < self.rows).then_some(Hit::Row(row));
        }
        if !self.header || !draw::row(inner, 0).contains((x, y).into()) {
            return None;
        }
        let under = |placed: &&Placed| (placed.x..placed.x + placed.width).contains(&(x - inner.x));
        self.placed(inner).iter().find(under).map(|placed| Hit::Head(placed.column))
    }

    fn inner(&self, area: Rect) -> Rect {
        self.frame.as_ref().map_or(area, |frame| frame.inner(area))
    }

    fn body(&self, area: Rect) -> Rect {
        let inner = self.inner(area);
        let head = u16::from(self.header).min(inner.height);
        Rect { y: inner.y + head, height: inner.height - head, ..inner }
    }

    /// The last column stays free: without a frame it is the scrollbar's, with one it keeps numbers off the right line.
    fn placed(&self, inner: Rect) -> Vec<Placed> {
        let room = inner.width.saturating_sub(GUTTER + 1);
        let mut placed = place(self.columns, room);
        for placed in &mut placed {
            placed.x += GUTTER;
        }
        placed
    }

    fn heads(&self, inner: Rect, placed: &[Placed], buf: &mut Buffer) {
        let style = self.look.style(Role::Title);
        for placed in placed {
            let Some(column) = self.columns.get(placed.column) else { continue };
            let arrow = match self.sort {
                Some(sort) if sort.column == placed.column && sort.descending => self.look.glyphs.descending(),
                Some(sort) if sort.column == placed.column => self.look.glyphs.ascending(),
                _ => "",
            };
            let room = usize::from(placed.width).saturating_sub(draw::width(arrow));
            let title = format!("{}{arrow}", draw::cut(&column.title, room, self.look.glyphs));
            let blank = usize::from(placed.width).saturating_sub(draw::width(&title)) as u16;
            let x = inner.x + placed.x + if column.align == Align::Right { blank } else { 0 };
            draw::put(buf, x, inner.y, placed.width, &title, style);
        }
    }

    fn line(&self, at: Rect, place: usize, placed: &[Placed], buf: &mut Buffer) {
        let mut row = (self.row)(place);
        if row.marked {
            // signs of states keep their colour
            let plain = |piece: &&mut Piece<'_>| matches!(piece.role, Role::Text | Role::Muted);
            row.cells.iter_mut().flat_map(|cell| &mut cell.0).filter(plain).for_each(|piece| piece.role = Role::Marked);
        }
        let selected = self.selected == Some(place);
        let over = if row.stale { self.look.style(Role::Muted) } else { Style::default() };
        for placed in placed {
            let (Some(cell), Some(column)) = (row.cells.get(placed.column), self.columns.get(placed.column)) else { continue };
            let blank = usize::from(placed.width).saturating_sub(draw::pieces_width(&cell.0)) as u16;
            let x = at.x + placed.x + if column.align == Align::Right { blank } else { 0 };
            draw::put_pieces(buf, x, at.y, placed.width, &cell.0, self.look, over);
        }
        let (sign, role) = match (selected, row.marked) {
            (true, true) => (self.look.glyphs.selected_marked(), Role::Marked),
            (true, false) => (self.look.glyphs.selected(), Role::Accent),
            (false, true) => (self.look.glyphs.marked(), Role::Marked),
            (false, false) => (" ", Role::Text),
        };
        draw::put(buf, at.x, at.y, 1, sign, self.look.style(role));
        if selected && self.focused {
            buf.set_style(at.intersection(buf.area), self.look.style(Role::Selection));
        }
    }
}

impl Widget for &Table<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        if let Some(frame) = &self.frame {
            frame.render(area, buf);
        }
        let (inner, body) = (self.inner(area), self.body(area));
        if inner.is_empty() {
            return;
        }
        let placed = self.placed(inner);
        if self.header {
            self.heads(inner, &placed, buf);
        }
        if self.rows == 0 {
            for (place, line) in self.empty.lines().enumerate().take(usize::from(body.height)) {
                let words = draw::cut(line, usize::from(body.width.saturating_sub(GUTTER)), self.look.glyphs);
                draw::put(buf, body.x + GUTTER, body.y + place as u16, body.width, &words, self.look.style(Role::Muted));
            }
            return;
        }
        let shown = usize::from(body.height);
        for place in self.offset..self.rows.min(self.offset.saturating_add(shown)) {
            self.line(draw::row(body, (place - self.offset) as u16), place, &placed, buf);
        }
        let x = if self.frame.is_some() { inner.right() } else { inner.right().saturating_sub(1) };
        let track = Rect { x, width: 1, ..body };
        Scrollbar { look: self.look, total: self.rows, offset: self.offset, shown }.render(track, buf);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_view_moves_as_little_as_it_must_to_show_the_selection() {
        for (offset, selected, rows, height, expected) in [
            (0, Some(3), 10, 5, 0),
            (0, Some(5), 10, 5, 1),
            (4, Some(2), 10, 5, 2),
            (9, Some(9), 10, 5, 5),
            (0, Some(99), 10, 5, 5),
            (7, None, 10, 5, 5),
            (3, Some(0), 0, 5, 0),
            (3, Some(4), 10, 0, 3),
        ] {
            assert_eq!(scroll(offset, selected, rows, height), expected, "{offset} {selected:?} {rows} {height}");
        }
    }

    #[test]
    fn a_click_finds_the_row_or_the_head_under_it() {
        let look = Look::default();
        let columns = [Column::new("AGE", Width::Fixed(4)), Column::new("NAME", Width::Min(4))];
        let table = Table {
            look: &look,
            frame: Some(Frame::new(&look, "")),
            columns: &columns,
            header: true,
            rows: 30,
            row: &|_| Row::default(),
            offset: 20,
            selected: None,
            focused: true,
            sort: None,
            empty: "",
        };
        let area = Rect::new(10, 5, 20, 8);
        assert_eq!(table.height(area), 5);
        for (x, y, hit) in [
            (11, 7, Some(Hit::Row(20))),
            (28, 11, Some(Hit::Row(24))),
            (12, 6, Some(Hit::Head(0))),
            (18, 6, Some(Hit::Head(1))),
            (11, 6, None),
            (10, 8, None),
            (15, 5, None),
            (15, 12, None),
            (0, 0, None),
        ] {
            assert_eq!(table.hit(area, x, y), hit, "{x},{y}");
        }
        let short = Table { rows: 21, ..table };
        assert_eq!(short.hit(area, 12, 8), None, "below the last row");
    }
}
