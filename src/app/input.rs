//! One line of text being typed: the filter, the search, the palette's query.
//! Not for: what is done with it, how keys edit a line (see `ui::input`).

use crate::msg::{Key, KeyCode};
use crate::ui::input;

/// A line and where the cursor stands in it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Input {
    text: String,
    cursor: usize,
}

/// What a key did to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edit {
    /// Nothing that others see.
    None,
    /// The text changed.
    Changed,
    /// The person is done.
    Accepted,
    /// The person wants it as it was.
    Cancelled,
    /// To the row above.
    Up,
    /// To the row below.
    Down,
}

impl Input {
    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The cursor, in bytes from the beginning.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// Replaces the text; the cursor goes to its end.
    pub fn set(&mut self, text: &str) {
        text.clone_into(&mut self.text);
        self.cursor = text.len();
    }

    /// Inserts at the cursor.
    pub fn insert(&mut self, text: &str) {
        (self.text, self.cursor) = input::insert(&self.text, self.cursor, text);
    }

    /// Takes a key: those that leave the line or choose a row first, then those that edit.
    pub fn press(&mut self, key: Key) -> Edit {
        match (key.code, key.ctrl) {
            (KeyCode::Enter, _) => return Edit::Accepted,
            (KeyCode::Esc, _) | (KeyCode::Char('c' | 'g'), true) => return Edit::Cancelled,
            // an empty line and backspace: out of here, as in vi
            (KeyCode::Backspace, _) if self.text.is_empty() => return Edit::Cancelled,
            (KeyCode::Up | KeyCode::BackTab, _) | (KeyCode::Char('p'), true) => return Edit::Up,
            (KeyCode::Down | KeyCode::Tab, _) | (KeyCode::Char('n'), true) => return Edit::Down,
            _ => {}
        }
        let Some((text, cursor)) = input::edit(&self.text, self.cursor, key) else { return Edit::None };
        let changed = text != self.text;
        (self.text, self.cursor) = (text, cursor);
        if changed { Edit::Changed } else { Edit::None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_edits_the_line_or_leaves_it() {
        let mut input = Input::default();
        for (key, edit, text) in [
            ("a", Edit::Changed, "a"),
            ("left", Edit::None, "a"),
            ("b", Edit::Changed, "ba"),
            ("down", Edit::Down, "ba"),
            ("enter", Edit::Accepted, "ba"),
            ("esc", Edit::Cancelled, "ba"),
            ("backspace", Edit::Changed, "a"),
            ("delete", Edit::Changed, ""),
            ("backspace", Edit::Cancelled, ""),
        ] {
            assert_eq!((input.press(key.parse().unwrap()), input.text()), (edit, text), "{key}");
        }
    }
}
