//! The chosen row of something long, and the part of it that is on screen: the cursor is always in view.
//! Not for: what the rows are, and whether the choice follows one of them (see `list`, `audit`, `detail`).

use crate::msg::Action;

/// Where the cursor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    row: usize,
    offset: usize,
    page: usize,
}

impl Cursor {
    /// On the first row, with so many on screen until it was drawn once.
    pub fn new(page: usize) -> Self {
        Self { row: 0, offset: 0, page }
    }

    /// The chosen row.
    pub fn row(self) -> usize {
        self.row
    }

    /// The first row on screen.
    pub fn offset(self) -> usize {
        self.offset
    }

    /// How many rows are on screen.
    pub fn page(self) -> usize {
        self.page
    }

    /// The row that an action leads to, which may lie past the end; `None` if it moves nothing.
    pub fn after(self, action: Action) -> Option<usize> {
        Some(match action {
            Action::Down => self.row + 1,
            Action::Up => self.row.saturating_sub(1),
            Action::HalfDown => self.row + self.page / 2,
            Action::HalfUp => self.row.saturating_sub(self.page / 2),
            Action::PageDown => self.row + self.page,
            Action::PageUp => self.row.saturating_sub(self.page),
            Action::First => 0,
            Action::Last => usize::MAX,
            _ => return None,
        })
    }

    /// Goes to a row of so many; past the end is the last.
    pub fn go(&mut self, row: usize, rows: usize) {
        self.row = row.min(rows.saturating_sub(1));
        if self.row < self.offset {
            self.offset = self.row;
        } else if self.row >= self.offset + self.page {
            self.offset = self.row + 1 - self.page;
        }
        self.offset = self.offset.min(rows.saturating_sub(self.page));
    }

    /// So many rows are on screen from now on.
    pub fn set_page(&mut self, page: usize, rows: usize) {
        self.page = page.max(1);
        self.go(self.row, rows);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_stays_among_the_rows_and_in_view() {
        let mut cursor = Cursor::new(3);
        for (action, row, offset) in [
            (Action::Up, 0, 0),
            (Action::PageDown, 3, 1),
            (Action::Down, 4, 2),
            (Action::Last, 9, 7),
            (Action::Down, 9, 7),
            (Action::HalfUp, 8, 7),
            (Action::PageUp, 5, 5),
            (Action::First, 0, 0),
        ] {
            let to = cursor.after(action).unwrap();
            cursor.go(to, 10);
            assert_eq!((cursor.row(), cursor.offset()), (row, offset), "{action:?}");
        }
        cursor.go(9, 10);
        cursor.set_page(5, 10);
        assert_eq!(cursor.offset(), 5, "no empty rows below the last");
        cursor.go(9, 2);
        assert_eq!((cursor.row(), cursor.offset()), (1, 0));
        assert_eq!(cursor.after(Action::Mark), None);
    }
}
