//! Columns as data: a title, a width, how a cell reads and how it sorts. Every table of the screen is a list of these.
//! Not for: drawing (see `ui::table`), which columns a tab has (see its own file).

use std::borrow::Cow;
use std::cmp::Ordering;

use super::look::Look;
use crate::domain::{Entity, Text, Timestamp};
use crate::ui::table::Column as Head;
use crate::ui::theme::Role;

/// One column.
#[derive(Debug)]
pub struct Column {
    /// Its title, width, alignment, and when it folds away.
    pub head: Head,
    /// Whether the greatest comes first when it is chosen.
    pub descending: bool,
    /// What stands in a row.
    pub cell: fn(&Entity, &Look<'_>) -> Cell,
    /// What it is sorted by.
    pub key: fn(&Entity, &Look<'_>) -> SortKey,
}

/// What stands in a cell.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// The text, one line.
    pub text: Cow<'static, str>,
    /// How it looks.
    pub role: Role,
    /// Pieces that stand behind it, each with its own look.
    pub more: Vec<(Cow<'static, str>, Role)>,
}

/// What a row is sorted by. Absent values come last when ascending.
#[derive(Debug, Clone, PartialEq)]
pub enum SortKey {
    /// A number.
    Number(Option<f64>),
    /// A word; case does not matter.
    Word(String),
}

impl Cell {
    /// A cell in the plain style.
    pub fn plain(text: impl Into<Cow<'static, str>>) -> Self {
        Self::with(text, Role::Text)
    }

    /// A cell of less weight.
    pub fn muted(text: impl Into<Cow<'static, str>>) -> Self {
        Self::with(text, Role::Muted)
    }

    /// A cell in a role of its own.
    pub fn with(text: impl Into<Cow<'static, str>>, role: Role) -> Self {
        Self { text: text.into(), role, more: Vec::new() }
    }

    /// Pieces beside each other, each with its own look.
    pub fn pieces(mut pieces: Vec<(Cow<'static, str>, Role)>) -> Self {
        if pieces.is_empty() {
            return Self::absent();
        }
        let (text, role) = pieces.remove(0);
        Self { text, role, more: pieces }
    }

    /// Nothing is known.
    pub fn absent() -> Self {
        Self::muted("")
    }

    /// A text from outside, its first line.
    pub fn text(text: Option<&Text>) -> Self {
        text.map_or_else(Self::absent, |text| Self::plain(text.first_line().to_owned()))
    }
}

impl Eq for SortKey {}

impl PartialOrd for SortKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for SortKey {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(Some(a)), Self::Number(Some(b))) => a.total_cmp(b),
            (Self::Number(a), Self::Number(b)) => b.is_some().cmp(&a.is_some()),
            (Self::Word(a), Self::Word(b)) => a.cmp(b),
            (Self::Number(_), Self::Word(_)) => Ordering::Less,
            (Self::Word(_), Self::Number(_)) => Ordering::Greater,
        }
    }
}

/// Sorts by a number that may be absent.
pub fn number(value: Option<f64>) -> SortKey {
    SortKey::Number(value)
}

/// Sorts by a word that may be absent.
pub fn word(value: Option<&str>) -> SortKey {
    SortKey::Word(value.unwrap_or("\u{10ffff}").to_lowercase())
}

/// Sorts by an instant that may be absent.
pub fn time(value: Option<Timestamp>) -> SortKey {
    SortKey::Number(value.map(Timestamp::seconds))
}
