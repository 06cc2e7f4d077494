//! The bottom line: keys and what they do. Folds from the right when it is narrow and never cuts a hint in half.
//! Not for: which keys there are (they come from the keymap).

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;

use super::{Look, Role, draw};

/// A key and a word for what it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint<'a> {
    /// As the keymap writes it.
    pub key: Cow<'a, str>,
    /// A word; may be empty.
    pub word: Cow<'a, str>,
}

impl<'a> Hint<'a> {
    /// A key and its word.
    pub fn new(key: impl Into<Cow<'a, str>>, word: impl Into<Cow<'a, str>>) -> Self {
        Self { key: key.into(), word: word.into() }
    }

    fn width(&self) -> u16 {
        let blank = usize::from(!self.word.is_empty());
        (draw::width(&self.key) + blank + draw::width(&self.word)) as u16
    }
}

/// The line of hints.
#[derive(Debug, Clone, Copy)]
pub struct Hints<'a> {
    /// How to draw.
    pub look: &'a Look,
    /// The most useful first.
    pub hints: &'a [Hint<'a>],
    /// The one that stays when others fold: how to get help.
    pub last: Option<&'a Hint<'a>>,
}

/// Columns between two hints.
const GAP: u16 = 2;

impl Hints<'_> {
    fn one(&self, hint: &Hint<'_>, x: u16, y: u16, buf: &mut Buffer) -> u16 {
        let used = draw::put(buf, x, y, u16::MAX, &hint.key, self.look.style(Role::Accent));
        if hint.word.is_empty() {
            return used;
        }
        used + 1 + draw::put(buf, x + used + 1, y, u16::MAX, &hint.word, self.look.style(Role::Text))
    }
}

impl Widget for &Hints<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        let kept = self.last.filter(|last| last.width() < area.width);
        let (mut x, mut end) = (area.x + 1, area.right());
        if let Some(last) = kept {
            end -= last.width() + GAP;
        }
        for hint in self.hints {
            if x.saturating_add(hint.width()) > end {
                break;
            }
            x += self.one(hint, x, area.y, buf) + GAP;
        }
        if let Some(last) = kept {
            self.one(last, x.min(area.right() - last.width()), area.y, buf);
        }
    }
}
