//! The palette: actions, tabs and entities found by a few letters in order.
//! Not for: doing what was chosen (see `act`).

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use crate::domain::{Entity, EntityId, State};
use crate::msg::{ACTIONS, Action, ActionRow, Context};
use crate::store::Store;

/// Choices shown at most.
const MAX_CHOICES: usize = 50;

/// What can be chosen.
#[derive(Debug, Clone, PartialEq)]
pub enum Choice {
    /// Do this.
    Action(Action),
    /// Show this.
    Entity(EntityId),
}

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// What it is.
    pub choice: Choice,
    /// Its name.
    pub title: String,
    /// What stands beside.
    pub note: String,
    /// An entity's state.
    pub state: Option<State>,
}

/// The palette's state.
#[derive(Debug, Default)]
pub struct Palette {
    rows: Vec<Row>,
    cursor: usize,
}

impl Palette {
    /// What was found, best first.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The row the cursor is on.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// What the cursor is on.
    pub fn chosen(&self) -> Option<Choice> {
        self.rows.get(self.cursor).map(|row| row.choice.clone())
    }

    /// Moves the cursor, round at the ends.
    pub fn step(&mut self, down: bool) {
        let count = self.rows.len().max(1);
        self.cursor = if down { self.cursor + 1 } else { self.cursor + count - 1 } % count;
    }

    /// Searches anew. Without a query: the actions that can be pressed here.
    pub fn search(&mut self, query: &str, store: &Store, contexts: &[Context]) {
        self.cursor = 0;
        self.rows.clear();
        let pattern = Pattern::parse(query, CaseMatching::Ignore, Normalization::Smart);
        let mut matcher = Matcher::new(Config::DEFAULT);
        let mut buffer = Vec::new();
        let mut score = |text: &str| pattern.score(Utf32Str::new(text, &mut buffer), &mut matcher);
        let mut found: Vec<(u32, Found<'_>)> = Vec::new();
        for row in ACTIONS.iter().filter(|row| contexts.contains(&row.context)) {
            if let Some(score) = score(row.title).max(score(row.id)) {
                // an action found by the same letters stands before an entity, and a tab's name before words inside others
                let named = !query.is_empty() && row.hint.to_lowercase().starts_with(&query.to_lowercase());
                found.push((score + if named { 64 } else { 8 }, Found::Action(row)));
            }
        }
        if !query.trim().is_empty() {
            found.extend(store.entities.all().filter_map(|entity| Some((score(&entity.name)?, Found::Entity(entity)))));
            found.sort_by(|(a, first), (b, second)| b.cmp(a).then_with(|| first.name().cmp(&second.name())));
        }
        self.rows = found.into_iter().take(MAX_CHOICES).map(|(_, found)| found.row()).collect();
    }
}

/// A match before it is worth a row: there may be ten thousand.
enum Found<'a> {
    Action(&'static ActionRow),
    Entity(&'a Entity),
}

impl Found<'_> {
    fn name(&self) -> (&str, &str) {
        match self {
            Self::Action(row) => (row.title, row.id),
            Self::Entity(entity) => (&entity.name, entity.id.as_str()),
        }
    }

    fn row(self) -> Row {
        match self {
            Self::Action(row) => {
                Row { choice: Choice::Action(row.action), title: row.title.to_owned(), note: row.id.to_owned(), state: None }
            }
            Self::Entity(entity) => Row {
                choice: Choice::Entity(entity.id.clone()),
                title: entity.title(),
                note: format!("{} of {}", entity.kind(), entity.id.source()),
                state: Some(entity.state),
            },
        }
    }
}
