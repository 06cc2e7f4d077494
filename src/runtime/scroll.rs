//! Finds that a part of the picture has only moved up or down, as a log does with every line, so that the terminal can be told to
//! move it: a line at the bottom of a full screen then costs some tens of bytes instead of a thousand.
//! Not for: bytes (see `runtime::paint`), which cells changed (ratatui's diff).

use std::ops::Range;

use ratatui::buffer::Cell;
use ratatui::layout::Size;
use ratatui::style::Color;
use unicode_width::UnicodeWidthStr;

use super::paint::SEEN_ON_BLANK;

/// One cell that changed, with its place.
pub type Update<'a> = (u16, u16, &'a Cell);

/// A move is looked for when so many cells changed, and made when it spares so many: below, painting is as cheap.
const WORTH: usize = 48;
/// Farthest move looked for, in rows.
const FARTHEST: usize = 5;

/// What stands on the terminal.
#[derive(Debug, Default)]
pub struct Picture {
    width: usize,
    cells: Vec<Cell>,
}

/// Whole rows that move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scroll {
    /// The first row of the part.
    pub top: u16,
    /// The last row of the part.
    pub bottom: u16,
    /// How far.
    pub rows: u16,
    /// Up, so that the last rows are left blank; otherwise down.
    pub up: bool,
}

impl Picture {
    /// A blank screen.
    pub fn blank(size: Size) -> Self {
        let (width, height) = (usize::from(size.width), usize::from(size.height));
        Self { width, cells: vec![Cell::EMPTY; width * height] }
    }

    /// Nothing is known of the screen, not even its size.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// A move that makes most of the updates needless, if there is one. `updates` are in order of rows and columns.
    pub fn scroll(&self, updates: &[Update<'_>]) -> Option<Scroll> {
        if updates.len() < WORTH || updates.iter().any(|(x, y, _)| self.place(*x, *y).is_none()) {
            return None;
        }
        let rows = by_row(updates, self.height());
        let moves = (1..=FARTHEST).flat_map(|far| [(far, true), (far, false)]);
        let (spared, best) = moves.filter_map(|(far, up)| self.best_run(updates, &rows, far, up)).max_by_key(|(spared, _)| *spared)?;
        (spared >= WORTH).then_some(best)
    }

    /// Moves the rows and fills those left blank; returns what is to be painted afterwards: these, and what does not belong to the part.
    pub fn moved(&mut self, scroll: Scroll, updates: &[Update<'_>]) -> Vec<(u16, u16, Cell)> {
        let (top, bottom, far) = (usize::from(scroll.top), usize::from(scroll.bottom), usize::from(scroll.rows));
        let blanks = if scroll.up { bottom + 1 - far..bottom + 1 } else { top..top + far };
        let rows = by_row(updates, self.height());
        let filled: Vec<Vec<Cell>> = blanks.clone().map(|y| self.after(y, &updates[rows[y].clone()]).cloned().collect()).collect();
        let part = &mut self.cells[top * self.width..(bottom + 1) * self.width];
        if scroll.up {
            part.rotate_left(far * self.width);
        } else {
            part.rotate_right(far * self.width);
        }
        let mut paint = Vec::new();
        for (y, row) in rows.into_iter().enumerate() {
            if let Some(line) = y.checked_sub(blanks.start).and_then(|at| filled.get(at)) {
                self.cells[y * self.width..(y + 1) * self.width].clone_from_slice(line);
                let seen = line.iter().enumerate().filter(|(_, cell)| !is_blank(cell));
                paint.extend(seen.map(|(x, cell)| (x as u16, y as u16, cell.clone())));
            } else if !(top..=bottom).contains(&y) {
                paint.extend(updates[row].iter().map(|(x, y, cell)| (*x, *y, (*cell).clone())));
            }
        }
        paint
    }

    /// Takes what was painted.
    pub fn note(&mut self, x: u16, y: u16, cell: &Cell) {
        if let Some(place) = self.place(x, y) {
            self.cells[place].clone_from(cell);
        }
    }

    fn height(&self) -> usize {
        self.cells.len().checked_div(self.width).unwrap_or(0)
    }

    fn place(&self, x: u16, y: u16) -> Option<usize> {
        let (x, y) = (usize::from(x), usize::from(y));
        (x < self.width && y < self.height()).then(|| y * self.width + x)
    }

    fn row(&self, y: usize) -> &[Cell] {
        &self.cells[y * self.width..(y + 1) * self.width]
    }

    /// A row as it will be.
    fn after<'a>(&'a self, y: usize, updates: &'a [Update<'a>]) -> impl Iterator<Item = &'a Cell> {
        let mut updates = updates.iter().peekable();
        self.row(y).iter().enumerate().map(move |(x, cell)| match updates.next_if(|update| usize::from(update.0) == x) {
            Some((_, _, new)) => *new,
            None => cell,
        })
    }

    /// The run of rows that become what others are now, with how many updates that spares beyond what the blank rows then cost.
    fn best_run(&self, updates: &[Update<'_>], rows: &[Range<usize>], far: usize, up: bool) -> Option<(usize, Scroll)> {
        let height = self.height();
        let comes_from = |y: usize| if up { Some(y + far).filter(|from| *from < height) } else { y.checked_sub(far) };
        let line = |y: usize| self.after(y, &updates[rows[y].clone()]);
        let same = |y: usize| comes_from(y).is_some_and(|from| line(y).eq(self.row(from)) && line(y).all(is_narrow));
        let mut best: Option<(usize, Scroll)> = None;
        let mut y = 0;
        while y < height {
            let start = y;
            while y < height && same(y) {
                y += 1;
            }
            if y > start {
                let (top, bottom) = if up { (start, y - 1 + far) } else { (start - far, y - 1) };
                let blanks = if up { y..y + far } else { start - far..start };
                let spared: usize = rows[start..y].iter().map(ExactSizeIterator::len).sum();
                let cost: usize = blanks.clone().map(|y| line(y).filter(|cell| !is_blank(cell)).count()).sum();
                let gain = if blanks.clone().all(|y| line(y).all(is_narrow)) { spared.saturating_sub(cost) } else { 0 };
                if best.is_none_or(|(gained, _)| gain > gained) {
                    best = Some((gain, Scroll { top: top as u16, bottom: bottom as u16, rows: far as u16, up }));
                }
            }
            y += 1;
        }
        best
    }
}

/// It looks as a row does that has come into a scrolling region.
fn is_blank(cell: &Cell) -> bool {
    cell.symbol() == " " && cell.bg == Color::Reset && !cell.modifier.intersects(SEEN_ON_BLANK)
}

/// Rows with anything else are painted: where a wide symbol stands, the cell behind it is not on the screen.
fn is_narrow(cell: &Cell) -> bool {
    cell.symbol().len() == 1 || cell.symbol().width() == 1
}

/// Where in the updates each row's stand.
fn by_row(updates: &[Update<'_>], height: usize) -> Vec<Range<usize>> {
    let mut at = 0;
    let row = |y: usize| {
        let start = at;
        while updates.get(at).is_some_and(|update| usize::from(update.1) <= y) {
            at += 1;
        }
        start..at
    };
    (0..height).map(row).collect()
}
