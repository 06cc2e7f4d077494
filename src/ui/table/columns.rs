//! Where the columns of a table stand in a given width, and which of them fold away.
//! Not for: what they hold.

use std::borrow::Cow;

/// How wide a column is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// So many.
    Fixed(u16),
    /// At least so many; what is left over is shared equally among these.
    Min(u16),
    /// At least `min`; what is left over is shared by `weight`.
    Share {
        /// At least.
        min: u16,
        /// Against the others; `Min` has 1.
        weight: u16,
    },
}

impl Width {
    fn least(self) -> u16 {
        match self {
            Self::Fixed(n) | Self::Min(n) | Self::Share { min: n, .. } => n,
        }
    }

    fn weight(self) -> u32 {
        match self {
            Self::Fixed(_) => 0,
            Self::Min(_) => 1,
            Self::Share { weight, .. } => u32::from(weight),
        }
    }
}

/// On which side text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Align {
    /// Words.
    #[default]
    Left,
    /// Numbers.
    Right,
}

/// A column, as data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its head.
    pub title: Cow<'static, str>,
    /// How wide.
    pub width: Width,
    /// On which side.
    pub align: Align,
    /// The greatest folds away first when it is narrow; 0 stays.
    pub fold: u8,
    /// Whether rows can be sorted by it.
    pub sortable: bool,
}

impl Column {
    /// A left-aligned sortable column that stays.
    pub const fn new(title: &'static str, width: Width) -> Self {
        Self { title: Cow::Borrowed(title), width, align: Align::Left, fold: 0, sortable: true }
    }

    /// With its text at the right.
    #[must_use]
    pub const fn right(mut self) -> Self {
        self.align = Align::Right;
        self
    }

    /// Folding away when it is narrow: the greater, the sooner.
    #[must_use]
    pub const fn fold(mut self, order: u8) -> Self {
        self.fold = order;
        self
    }

    /// Not sortable.
    #[must_use]
    pub const fn unsortable(mut self) -> Self {
        self.sortable = false;
        self
    }
}

/// A column that is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// Which.
    pub column: usize,
    /// Columns of the screen from the left edge.
    pub x: u16,
    /// Columns of the screen.
    pub width: u16,
}

/// Between two columns.
const GAP: u16 = 1;

/// Finds the columns that fit into `room` and shares out what is left. The result depends on `columns` and `room` alone.
pub fn place(columns: &[Column], room: u16) -> Vec<Placed> {
    let mut shown: Vec<usize> = (0..columns.len()).collect();
    let needs = |shown: &[usize]| -> u32 {
        let least: u32 = shown.iter().map(|place| u32::from(columns[*place].width.least())).sum();
        least + u32::from(GAP) * shown.len().saturating_sub(1) as u32
    };
    while needs(&shown) > u32::from(room) {
        // of several equal ones the rightmost: `max_by_key` returns the last
        let Some((at, place)) = shown.iter().copied().enumerate().max_by_key(|(_, place)| columns[*place].fold) else { break };
        if columns[place].fold == 0 {
            break;
        }
        shown.remove(at);
    }
    let spare = u32::from(room).saturating_sub(needs(&shown));
    let weights: u32 = shown.iter().map(|place| columns[*place].width.weight()).sum();
    let (mut x, mut given, mut weighed) = (0_u16, 0, 0);
    let mut placed = Vec::with_capacity(shown.len());
    for place in shown {
        let width = columns[place].width;
        weighed += width.weight();
        let until = (spare * weighed).checked_div(weights).unwrap_or(0);
        let wide = width.least().saturating_add((until - given) as u16).min(room.saturating_sub(x));
        given = until;
        if wide > 0 {
            placed.push(Placed { column: place, x, width: wide });
        }
        x = x.saturating_add(wide).saturating_add(GAP);
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns() -> Vec<Column> {
        vec![
            Column::new("AGE", Width::Fixed(4)).right(),
            Column::new("NAME", Width::Min(10)),
            Column::new("NODE", Width::Fixed(12)).fold(2),
            Column::new("IMAGE", Width::Share { min: 10, weight: 2 }).fold(1),
        ]
    }

    #[test]
    fn columns_fold_in_their_order_and_share_what_is_left() {
        for (room, expected) in [
            (60, vec![(0, 0, 4), (1, 5, 17), (2, 23, 12), (3, 36, 24)]),
            (39, vec![(0, 0, 4), (1, 5, 10), (2, 16, 12), (3, 29, 10)]),
            (38, vec![(0, 0, 4), (1, 5, 14), (3, 20, 18)]),
            (20, vec![(0, 0, 4), (1, 5, 15)]),
            (9, vec![(0, 0, 4), (1, 5, 4)]),
            (3, vec![(0, 0, 3)]),
            (0, vec![]),
        ] {
            let placed: Vec<_> = place(&columns(), room).iter().map(|p| (p.column, p.x, p.width)).collect();
            assert_eq!(placed, expected, "{room}");
        }
    }

    #[test]
    fn placed_columns_never_reach_past_the_room() {
        for room in 0..300 {
            for placed in place(&columns(), room) {
                assert!(placed.x + placed.width <= room, "{room}: {placed:?}");
            }
        }
    }
}
