//! A table of entities with a cursor: filter, sort, marks and scrolling. The selection follows the entity's id, never the row.
//! Not for: which entities are in it (see the pane), how it is drawn (see `ui::table` and `pane::section`).

use std::collections::BTreeSet;
use std::sync::Arc;

use super::column::Column;
use super::cursor::Cursor;
use super::look::Look;
use crate::domain::{Entity, EntityId, Filter};
use crate::msg::Action;

/// Rows a page moves before the list was drawn once.
const FIRST_PAGE: usize = 10;

/// Order by a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    /// Which column of the list's columns.
    pub column: usize,
    /// Greatest first.
    pub descending: bool,
}

/// A table's state.
#[derive(Debug)]
pub struct List {
    columns: &'static [Column],
    rows: Vec<Arc<Entity>>,
    total: usize,
    cursor: Cursor,
    selected: Option<EntityId>,
    marks: BTreeSet<EntityId>,
    anchor: Option<EntityId>,
    sort: Option<Sort>,
    /// The person has put the cursor somewhere; until then it stays on the first row, whatever comes there.
    placed: bool,
}

impl List {
    /// An empty list.
    pub fn new(columns: &'static [Column]) -> Self {
        Self {
            columns,
            rows: Vec::new(),
            total: 0,
            cursor: Cursor::new(FIRST_PAGE),
            selected: None,
            marks: BTreeSet::new(),
            anchor: None,
            sort: None,
            placed: false,
        }
    }

    /// Takes the entities, in the pane's own order; filters, sorts, and finds the selection again. If the selected entity is
    /// gone, the row that took its place is selected.
    pub fn fill(&mut self, entities: Vec<Arc<Entity>>, filter: &Filter, look: &Look<'_>) {
        self.total = entities.len();
        self.rows = entities;
        if !filter.is_empty() {
            self.rows.retain(|entity| filter.keeps(entity));
        }
        if let Some(sort) = self.sort {
            let key = self.columns[sort.column].key;
            // ties keep the pane's order in both directions
            if sort.descending {
                self.rows.sort_by_cached_key(|entity| std::cmp::Reverse(key(entity, look)));
            } else {
                self.rows.sort_by_cached_key(|entity| key(entity, look));
            }
        }
        let found = self.selected.as_ref().filter(|_| self.placed).and_then(|id| self.rows.iter().position(|entity| entity.id == *id));
        self.point(found.unwrap_or(self.cursor.row()));
        if !self.marks.is_empty() && filter.is_empty() {
            let here: BTreeSet<&EntityId> = self.rows.iter().map(|entity| &entity.id).collect();
            let gone: Vec<EntityId> = self.marks.iter().filter(|id| !here.contains(id)).cloned().collect();
            for id in gone {
                self.marks.remove(&id);
            }
        }
    }

    /// The rows, filtered and sorted.
    pub fn rows(&self) -> &[Arc<Entity>] {
        &self.rows
    }

    /// How many there are before filtering.
    pub fn total(&self) -> usize {
        self.total
    }

    /// The row under the cursor.
    pub fn selected(&self) -> Option<&Arc<Entity>> {
        self.rows.get(self.cursor.row())
    }

    /// The cursor's row number.
    pub fn cursor(&self) -> usize {
        self.cursor.row()
    }

    /// The first row drawn.
    pub fn offset(&self) -> usize {
        self.cursor.offset()
    }

    /// The order chosen by the person, if any.
    pub fn sort(&self) -> Option<Sort> {
        self.sort
    }

    /// The columns.
    pub fn columns(&self) -> &'static [Column] {
        self.columns
    }

    /// Whether the row is marked.
    pub fn is_marked(&self, id: &EntityId) -> bool {
        self.marks.contains(id)
    }

    /// How many are marked.
    pub fn marked(&self) -> usize {
        self.marks.len()
    }

    /// Puts the cursor on a row; past the end is the last.
    pub fn select(&mut self, row: usize) {
        self.placed = true;
        self.point(row);
    }

    fn point(&mut self, row: usize) {
        self.cursor.go(row, self.rows.len());
        if let Some(entity) = self.rows.get(self.cursor.row()) {
            self.selected = Some(entity.id.clone());
        }
    }

    /// Puts the cursor on an entity, if it is in the list.
    pub fn select_id(&mut self, id: &EntityId) -> bool {
        let found = self.rows.iter().position(|entity| entity.id == *id);
        if let Some(row) = found {
            self.select(row);
        }
        found.is_some()
    }

    /// How many rows were drawn; the cursor is scrolled into them.
    pub fn set_page(&mut self, rows: usize) {
        self.cursor.set_page(rows, self.rows.len());
    }

    /// Does what an action asks of a list; `false` if it is none of a list's.
    pub fn on(&mut self, action: Action) -> bool {
        if let Some(row) = self.cursor.after(action) {
            self.select(row);
            return true;
        }
        match action {
            Action::Mark => self.mark(),
            Action::MarkRange => self.mark_range(),
            Action::MarkAll => self.marks = self.rows.iter().map(|entity| entity.id.clone()).collect(),
            Action::Unmark => self.marks.clear(),
            Action::SortNext => self.sort_by(true),
            Action::SortPrevious => self.sort_by(false),
            Action::SortInvert => self.invert(),
            _ => return false,
        }
        true
    }

    fn mark(&mut self) {
        if let Some(id) = self.selected().map(|entity| entity.id.clone()) {
            if !self.marks.remove(&id) {
                self.marks.insert(id.clone());
            }
            self.anchor = Some(id);
            self.select(self.cursor.row() + 1);
        }
    }

    fn mark_range(&mut self) {
        let from = self.anchor.as_ref().and_then(|id| self.rows.iter().position(|entity| entity.id == *id)).unwrap_or(self.cursor.row());
        let (low, high) = (from.min(self.cursor.row()), from.max(self.cursor.row()));
        self.marks.extend(self.rows.iter().take(high + 1).skip(low).map(|entity| entity.id.clone()));
    }

    /// Steps through the pane's own order and each sortable column.
    fn sort_by(&mut self, forward: bool) {
        let mut orders: Vec<Option<usize>> = vec![None];
        orders.extend((0..self.columns.len()).filter(|column| self.columns[*column].head.sortable).map(Some));
        let here = orders.iter().position(|column| *column == self.sort.map(|sort| sort.column)).unwrap_or(0);
        let next = if forward { here + 1 } else { here + orders.len() - 1 } % orders.len();
        self.sort = orders[next].map(|column| Sort { column, descending: self.columns[column].descending });
    }

    fn invert(&mut self) {
        match &mut self.sort {
            Some(sort) => sort.descending = !sort.descending,
            None => self.sort_by(true),
        }
    }
}
