//! What is known: the newest state of every entity, and how each source is doing.
//! Not for: selection, focus, drawing.

/// Everything the sources told.
#[derive(Debug, Default)]
pub struct Store {}
