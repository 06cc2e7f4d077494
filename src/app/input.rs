//! One line of text being typed: the filter, the search, the palette's query.
//! Not for: what is done with it.

use crate::msg::{Key, KeyCode};

/// Longest text typed, in characters.
const MAX_CHARS: usize = 400;

/// A line and where the cursor stands in it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Input {
    chars: Vec<char>,
    text: String,
    cursor: usize,
}

/// What a key did to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edit {
    /// Nothing.
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

    /// The cursor, in characters from the beginning.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// Replaces the text; the cursor goes to its end.
    pub fn set(&mut self, text: &str) {
        self.chars = text.chars().take(MAX_CHARS).collect();
        self.cursor = self.chars.len();
        self.spell();
    }

    /// Removes the text.
    pub fn clear(&mut self) {
        self.set("");
    }

    /// Inserts at the cursor.
    pub fn insert(&mut self, text: &str) {
        for c in text.chars().filter(|c| !c.is_control()) {
            if self.chars.len() < MAX_CHARS {
                self.chars.insert(self.cursor, c);
                self.cursor += 1;
            }
        }
        self.spell();
    }

    /// Edits as shells do: arrows, home, end, ctrl-a/e/u/k/w, backspace, delete.
    pub fn press(&mut self, key: Key) -> Edit {
        let before = self.chars.len();
        match (key.code, key.ctrl) {
            (KeyCode::Enter, _) => return Edit::Accepted,
            (KeyCode::Esc, _) | (KeyCode::Char('c' | 'g'), true) => return Edit::Cancelled,
            (KeyCode::Up, _) | (KeyCode::Char('p'), true) | (KeyCode::BackTab, _) => return Edit::Up,
            (KeyCode::Down, _) | (KeyCode::Char('n'), true) | (KeyCode::Tab, _) => return Edit::Down,
            (KeyCode::Left, _) | (KeyCode::Char('b'), true) => self.cursor = self.cursor.saturating_sub(1),
            (KeyCode::Right, _) | (KeyCode::Char('f'), true) => self.cursor = (self.cursor + 1).min(before),
            (KeyCode::Home, _) | (KeyCode::Char('a'), true) => self.cursor = 0,
            (KeyCode::End, _) | (KeyCode::Char('e'), true) => self.cursor = before,
            (KeyCode::Char('u'), true) => {
                self.chars.drain(..self.cursor);
                self.cursor = 0;
            }
            (KeyCode::Char('k'), true) => self.chars.truncate(self.cursor),
            (KeyCode::Char('w'), true) => {
                let end = self.cursor;
                while self.cursor > 0 && self.chars[self.cursor - 1] == ' ' {
                    self.cursor -= 1;
                }
                while self.cursor > 0 && self.chars[self.cursor - 1] != ' ' {
                    self.cursor -= 1;
                }
                self.chars.drain(self.cursor..end);
            }
            (KeyCode::Backspace, _) if self.cursor > 0 => {
                self.cursor -= 1;
                self.chars.remove(self.cursor);
            }
            // an empty line and backspace: out of here, as in vi
            (KeyCode::Backspace, _) if before == 0 => return Edit::Cancelled,
            (KeyCode::Delete, _) | (KeyCode::Char('d'), true) if self.cursor < before => {
                self.chars.remove(self.cursor);
            }
            (KeyCode::Char(c), false) if !key.alt => self.insert(c.encode_utf8(&mut [0; 4])),
            _ => {}
        }
        self.spell();
        if self.chars.len() == before { Edit::None } else { Edit::Changed }
    }

    fn spell(&mut self) {
        self.text = self.chars.iter().collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(start: &str, keys: &str) -> (String, usize) {
        let mut input = Input::default();
        input.set(start);
        for key in keys.split(' ') {
            input.press(key.parse().unwrap());
        }
        (input.text().to_owned(), input.cursor())
    }

    #[test]
    fn keys_edit_a_line_as_shells_do() {
        for (start, keys, text, cursor) in [
            ("", "a b", "ab", 2),
            ("héllo", "backspace", "héll", 4),
            ("one two", "ctrl-w", "one ", 4),
            ("one two", "ctrl-u", "", 0),
            ("one two", "ctrl-a ctrl-k", "", 0),
            ("one", "home x", "xone", 1),
            ("one", "left left delete", "oe", 1),
            ("one", "ctrl-a ctrl-d", "ne", 0),
            ("one", "ctrl-e right right", "one", 3),
        ] {
            assert_eq!(after(start, keys), (text.to_owned(), cursor), "{start:?} {keys}");
        }
    }
}
