//! What is wrong with a line of an exposition, and where in the line.
//! Not for transport errors, nor for families that contradict themselves (see `family`).

use std::borrow::Cow;

/// One line that could not be read. It costs that line alone: the lines around it are kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct ParseError {
    /// Counted from 1, as editors do.
    pub line: usize,
    /// Counted from 1, in characters rather than bytes, as editors do.
    pub column: usize,
    /// What was found and what belongs there. Text of the body is quoted, cut and free of control characters.
    pub message: Cow<'static, str>,
}

/// A fault at a byte of a line, before the line's number is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// Byte offset in the line.
    pub at: usize,
    pub message: Cow<'static, str>,
}

impl Fault {
    #[cold]
    pub fn new(at: usize, message: impl Into<Cow<'static, str>>) -> Self {
        Self { at, message: message.into() }
    }

    /// The fault as a caller sees it; columns are only counted here, off the fast path.
    #[cold]
    pub fn on_line(self, line: usize, text: &[u8]) -> ParseError {
        let before = text.get(..self.at).unwrap_or(text);
        // every byte that does not continue a UTF-8 sequence starts a character
        let column = before.iter().filter(|byte| **byte & 0xC0 != 0x80).count() + 1;
        ParseError { line, column, message: self.message }
    }
}

/// Text of the body as an error may show it: quoted, escaped, at most 40 characters.
#[cold]
pub(super) fn shown(text: &str) -> String {
    const MOST: usize = 40;
    let mut cut: String = text.chars().take(MOST).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    format!("{cut:?}")
}
