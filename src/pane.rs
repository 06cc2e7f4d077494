//! Panes: each projects the store for one purpose, and says what it wants done. One file per pane and one line in `tabs`.
//! Not for: I/O, state that others need (see `store`), routing (see `app`).

pub mod acks;
pub mod audit;
pub mod chart;
pub mod column;
pub mod columns;
pub mod cursor;
pub mod derived;
pub mod detail;
pub mod list;
pub mod logs;
pub mod look;
pub mod sections;
pub mod table;
pub mod wishes;

mod alerts;
mod changes;
mod data;
mod models;
mod pipelines;
mod sources;
mod triage;
mod workloads;

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::{Entity, EntityId, Inverse, Kind, Step, Text};
use crate::msg::{Action, Context, Effect, Msg, Notice};
pub use look::Look;
use sections::Sections;

/// What a pane wants done that it cannot do itself.
#[derive(Debug, Clone, PartialEq)]
pub enum Wish {
    /// Something for the runtime.
    Effect(Effect),
    /// Show all about an entity.
    Detail(EntityId),
    /// Show an entity as JSON.
    Raw(EntityId),
    /// Read a log: of an entity, or of one step of it.
    Log {
        /// Whose.
        entity: Arc<Entity>,
        /// Which step, by key and attempt.
        step: Option<(Text, Option<u32>)>,
    },
    /// Draw numbers over time.
    Chart(EntityId),
    /// Close this view.
    Close,
    /// A word to the person.
    Say(Notice),
}

/// A part of the screen with keys of its own.
pub trait Pane {
    /// What the breadcrumb says.
    fn title(&self) -> String;

    /// Contexts its keys belong to, innermost first.
    fn contexts(&self) -> &'static [Context];

    /// What must be fresh while it is on screen.
    fn kinds(&self) -> Vec<Kind>;

    /// Whether it draws processor, memory and the like of what it shows; if not, their polls may slow down.
    fn draws_numbers(&self) -> bool {
        true
    }

    /// Follows the store.
    fn refresh(&mut self, look: &Look<'_>);

    /// Does what an action asks.
    fn on(&mut self, action: Action, look: &Look<'_>) -> Vec<Wish>;

    /// Hears an answer or lines of a log.
    fn hear(&mut self, msg: &Msg, look: &Look<'_>) -> Vec<Wish> {
        let _ = (msg, look);
        Vec::new()
    }

    /// The entity that actions are about.
    fn selected(&self) -> Option<&Arc<Entity>>;

    /// The entities that an order would be about: those that are marked, or the selected one.
    fn targets(&self) -> Vec<Arc<Entity>> {
        self.selected().cloned().into_iter().collect()
    }

    /// The step of the selected run that actions are about, if one is selected.
    fn step(&self) -> Option<Arc<Step>> {
        None
    }

    /// What takes the selected attempt back.
    fn inverse(&self) -> Option<&Inverse> {
        None
    }

    /// The text of its filter or search.
    fn query(&self) -> &str;

    /// Takes another text of its filter or search.
    fn set_query(&mut self, text: &str, look: &Look<'_>);

    /// Says how large it will be drawn, before it is.
    fn resize(&mut self, area: Rect, look: &Look<'_>);

    /// Draws itself.
    fn view(&self, look: &Look<'_>, area: Rect, buf: &mut Buffer);

    /// The left button was pressed on a cell of it.
    fn click(&mut self, column: u16, row: u16, area: Rect, look: &Look<'_>) -> Vec<Wish> {
        let _ = (column, row, area, look);
        Vec::new()
    }
}

/// The eight tabs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[expect(missing_docs, reason = "the names are those on the screen")]
pub enum Tab {
    #[default]
    Triage,
    Alerts,
    Pipelines,
    Workloads,
    Models,
    Data,
    Changes,
    Sources,
}

impl Tab {
    /// All, in the order of their digits.
    pub const ALL: [Self; 8] =
        [Self::Triage, Self::Alerts, Self::Pipelines, Self::Workloads, Self::Models, Self::Data, Self::Changes, Self::Sources];

    /// Its name on the screen.
    pub fn title(self) -> &'static str {
        self.spec().title
    }

    /// What it holds.
    pub fn spec(self) -> &'static sections::Spec {
        match self {
            Self::Triage => &triage::SPEC,
            Self::Alerts => &alerts::SPEC,
            Self::Pipelines => &pipelines::SPEC,
            Self::Workloads => &workloads::SPEC,
            Self::Models => &models::SPEC,
            Self::Data => &data::SPEC,
            Self::Changes => &changes::SPEC,
            Self::Sources => &sources::SPEC,
        }
    }

    /// A pane for it.
    pub fn pane(self) -> Sections {
        Sections::new(self.spec())
    }
}
