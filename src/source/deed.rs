//! What a source hands out when it is told to act: an order made ready but not yet sent, and a shell in a container.
//! Not for: sending it (see `runtime::act`), what can be done (see `domain::act`).

use std::pin::Pin;

use futures_util::Stream;
use tokio::io::AsyncWrite;

use super::Pending;
use crate::domain::{Failure, Receipt, Text};

/// An order made ready. Nothing has left the program yet.
pub struct Deed<'a> {
    /// Every request or argv, exactly as it will be sent, secrets hidden.
    pub requests: Vec<Text>,
    /// What must be the same when it is sent as it was when it was shown: what an alias points to.
    pub given: Vec<Text>,
    /// What else it touches, a line each.
    pub notes: Vec<Text>,
    /// How it is undone.
    pub undo: Option<Text>,
    /// Sends it. **The only thing in the program that changes a system**, with [`super::Source::shell`].
    pub send: Box<dyn FnOnce() -> Pending<'a, Receipt> + Send + 'a>,
}

/// Bytes both ways, and how large the terminal is at this end.
pub struct ShellStream {
    /// What the other end prints.
    pub output: Pin<Box<dyn Stream<Item = Result<Vec<u8>, Failure>> + Send>>,
    /// What is typed.
    pub input: Pin<Box<dyn AsyncWrite + Send>>,
    /// Tells the other end how many columns and rows there are.
    pub resize: Box<dyn Fn(u16, u16) -> Pending<'static, ()> + Send + Sync>,
    /// The exit code of what ran there, when the output has ended; `None` if the system does not tell.
    pub exit: Box<dyn Fn() -> Pending<'static, Option<i64>> + Send + Sync>,
}
