//! One line of text being written: what keys do to it, and how it is shown.
//! Not for: what happens with the text.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::Span;
use ratatui::widgets::Widget;

use super::{Look, Role, draw};
use crate::msg::{Key, KeyCode};

/// Longest text, in bytes: no filter or name is longer, and a paste can be anything.
const MAX_BYTES: usize = 1024;

/// The text and the place in it (bytes) after a key, or `None` if the key does not edit. As readline has it: arrows, home, end,
/// backspace, delete, ctrl-a/e/b/f/h/d/u/k/w, alt-b/f.
pub fn edit(text: &str, cursor: usize, key: Key) -> Option<(String, usize)> {
    let cursor = on_boundary(text, cursor);
    let (before, after) = text.split_at(cursor);
    let keep = |cursor: usize| Some((text.to_owned(), cursor));
    let cut = |from: usize, to: usize| Some((format!("{}{}", &text[..from], &text[to..]), from));
    match (key.code, key.ctrl, key.alt) {
        (KeyCode::Char(c), false, false) => {
            let mut typed = [0; 4];
            Some(insert(text, cursor, c.encode_utf8(&mut typed)))
        }
        (KeyCode::Backspace, false, false) | (KeyCode::Char('h'), true, false) => cut(cursor - last_len(before), cursor),
        (KeyCode::Delete, false, false) | (KeyCode::Char('d'), true, false) => cut(cursor, cursor + first_len(after)),
        (KeyCode::Char('w'), true, false) | (KeyCode::Backspace, false, true) => cut(word_start(before), cursor),
        (KeyCode::Char('u'), true, false) => cut(0, cursor),
        (KeyCode::Char('k'), true, false) => cut(cursor, text.len()),
        (KeyCode::Left, false, false) | (KeyCode::Char('b'), true, false) => keep(cursor - last_len(before)),
        (KeyCode::Right, false, false) | (KeyCode::Char('f'), true, false) => keep(cursor + first_len(after)),
        (KeyCode::Home, false, false) | (KeyCode::Char('a'), true, false) => keep(0),
        (KeyCode::End, false, false) | (KeyCode::Char('e'), true, false) => keep(text.len()),
        (KeyCode::Left, true, false) | (KeyCode::Char('b'), false, true) => keep(word_start(before)),
        (KeyCode::Right, true, false) | (KeyCode::Char('f'), false, true) => keep(cursor + word_end(after)),
        _ => None,
    }
}

/// The text and the place in it after `pasted` was put there. Its control characters become blanks; past 1024 bytes it ends.
pub fn insert(text: &str, cursor: usize, pasted: &str) -> (String, usize) {
    let cursor = on_boundary(text, cursor);
    let mut room = MAX_BYTES.saturating_sub(text.len()).min(pasted.len());
    while !pasted.is_char_boundary(room) {
        room -= 1;
    }
    let pasted = draw::one_line(&pasted[..room]);
    (format!("{}{pasted}{}", &text[..cursor], &text[cursor..]), cursor + pasted.len())
}

fn on_boundary(text: &str, cursor: usize) -> usize {
    (0..=cursor.min(text.len())).rev().find(|place| text.is_char_boundary(*place)).unwrap_or(0)
}

fn first_len(text: &str) -> usize {
    Span::raw(text).styled_graphemes(Style::default()).next().map_or(0, |grapheme| grapheme.symbol.len())
}

fn last_len(text: &str) -> usize {
    Span::raw(text).styled_graphemes(Style::default()).last().map_or(0, |grapheme| grapheme.symbol.len())
}

fn word_start(before: &str) -> usize {
    let word = before.trim_end();
    word.char_indices().rev().find(|(_, c)| c.is_whitespace()).map_or(0, |(place, c)| place + c.len_utf8())
}

fn word_end(after: &str) -> usize {
    let blanks = after.len() - after.trim_start().len();
    after[blanks..].find(char::is_whitespace).map_or(after.len(), |place| blanks + place)
}

/// A line of text with its cursor; scrolls sideways so that the cursor is seen.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// How to draw.
    pub look: &'a Look,
    /// Before the text: `/`, `:`.
    pub prompt: &'a str,
    /// What is written.
    pub text: &'a str,
    /// Where, in bytes.
    pub cursor: usize,
    /// Shown muted while nothing is written.
    pub placeholder: &'a str,
}

impl Input<'_> {
    /// Where the terminal's own cursor belongs.
    pub fn cursor_at(&self, area: Rect) -> Option<Position> {
        let (_, column) = self.window(area)?;
        Some(Position { x: area.x + column, y: area.y })
    }

    /// Bytes scrolled away at the left, and the column of the cursor.
    fn window(&self, area: Rect) -> Option<(usize, u16)> {
        let prompt = draw::width(self.prompt).min(usize::from(area.width)) as u16;
        let room = usize::from(area.width - prompt);
        if area.is_empty() || room == 0 {
            return None;
        }
        let before = &self.text[..on_boundary(self.text, self.cursor)];
        let mut skipped = 0;
        while draw::width(&before[skipped..]) >= room {
            skipped += first_len(&before[skipped..]).max(1);
        }
        Some((skipped, prompt + draw::width(&before[skipped..]) as u16))
    }
}

impl Widget for &Input<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        let used = draw::put(buf, area.x, area.y, area.width, self.prompt, self.look.style(Role::Accent));
        let Some((skipped, column)) = self.window(area) else { return };
        let (text, role) = if self.text.is_empty() { (self.placeholder, Role::Muted) } else { (&self.text[skipped..], Role::Text) };
        draw::put(buf, area.x + used, area.y, area.width - used, text, self.look.style(role));
        if let Some(cell) = buf.cell_mut((area.x + column, area.y)) {
            cell.set_style(Style::new().add_modifier(Modifier::REVERSED));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Text with `|` for the cursor.
    fn parse(marked: &str) -> (String, usize) {
        (marked.replace('|', ""), marked.find('|').unwrap())
    }

    #[test]
    fn keys_edit_as_in_a_shell() {
        for (before, keys, after) in [
            ("|", "a b", "ab|"),
            ("ab|", "left x", "ax|b"),
            ("日本|", "backspace", "日|"),
            ("e\u{301}|", "backspace", "|"),
            ("ab|c", "delete", "ab|"),
            ("one two three|", "ctrl-w", "one two |"),
            ("one two  |", "ctrl-w", "one |"),
            ("one two|", "ctrl-a ctrl-k", "|"),
            ("one| two", "ctrl-u", "| two"),
            ("one| two", "ctrl-k", "one|"),
            ("one two|", "alt-b alt-b", "|one two"),
            ("|one two", "alt-f", "one| two"),
            ("one| two", "alt-f", "one two|"),
            ("|ab", "left backspace", "|ab"),
            ("ab|", "right delete", "ab|"),
            ("a|b", "home end", "ab|"),
            ("|", "space", " |"),
        ] {
            let state = keys.split(' ').fold(parse(before), |(text, cursor), key| edit(&text, cursor, key.parse().unwrap()).unwrap());
            assert_eq!(state, parse(after), "{before} {keys}");
        }
    }

    #[test]
    fn keys_that_do_not_edit_are_left_to_others() {
        for key in ["enter", "esc", "tab", "up", "f1", "ctrl-x", "pageup"] {
            assert_eq!(edit("text", 4, key.parse().unwrap()), None, "{key}");
        }
    }

    #[test]
    fn a_paste_is_one_line_and_bounded() {
        assert_eq!(insert("ac", 1, "b\n\u{1b}"), ("ab  c".to_owned(), 4));
        let (text, cursor) = insert("", 0, &"é".repeat(2000));
        assert_eq!((text.len(), cursor), (MAX_BYTES, MAX_BYTES));
        assert_eq!(edit("é", 1, "x".parse().unwrap()), Some(("xé".to_owned(), 1)), "a place inside a character is moved before it");
    }
}
