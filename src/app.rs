//! The application: `update` turns a message into a new model and effects, `view` draws the model. Routing only.
//! Not for: I/O, clocks, tasks (see `runtime`); what a pane shows (see `pane`).

use ratatui::Frame;

use crate::domain::Timestamp;
use crate::msg::{Effect, Msg};
use crate::store::Store;

/// All state there is.
#[derive(Debug, Default)]
pub struct Model {
    /// What the sources said.
    pub store: Store,
    /// The newest instant the runtime told.
    pub now: Timestamp,
    dirty: bool,
}

impl Model {
    /// Whether the picture may have changed since this was last asked.
    pub fn take_dirty(&mut self) -> bool {
        std::mem::take(&mut self.dirty)
    }
}

/// Applies one message.
pub fn update(model: &mut Model, msg: Msg) -> Vec<Effect> {
    if let Msg::Ticked(now) = msg {
        model.now = now;
    }
    model.dirty = true;
    Vec::new()
}

/// Draws the model.
pub fn view(model: &Model, frame: &mut Frame<'_>) {
    let _ = (model, frame);
}
