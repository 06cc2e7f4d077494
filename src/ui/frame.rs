//! Bordered sections with a title left and right; stacked ones share the line between them, which saves a row each.
//! Not for: what stands inside.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;

use super::draw::{self, Piece};
use super::{Look, Role};

/// Which lines of a stack a section draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Part {
    /// All four: it stands alone.
    #[default]
    Whole,
    /// The first: no line below.
    Top,
    /// Joined to the one above, no line below.
    Middle,
    /// The last: joined to the one above.
    Bottom,
}

/// A bordered section.
#[derive(Debug, Clone)]
pub struct Frame<'a> {
    /// How to draw.
    pub look: &'a Look,
    /// Left in the upper line.
    pub title: Vec<Piece<'a>>,
    /// Right in the upper line; left out when there is no room.
    pub right: Vec<Piece<'a>>,
    /// Whether keys go here.
    pub focused: bool,
    /// Which lines it draws.
    pub part: Part,
}

impl<'a> Frame<'a> {
    /// A section that stands alone.
    pub fn new(look: &'a Look, title: impl Into<std::borrow::Cow<'a, str>>) -> Self {
        Self { look, title: vec![Piece::new(title, Role::Title)], right: Vec::new(), focused: false, part: Part::Whole }
    }

    /// With muted words at the right.
    #[must_use]
    pub fn right(mut self, text: impl Into<std::borrow::Cow<'a, str>>) -> Self {
        self.right.push(Piece::new(text, Role::Muted));
        self
    }

    /// With the focus or without.
    #[must_use]
    pub fn focused(mut self, focused: bool) -> Self {
        self.focused = focused;
        self
    }

    /// As a part of a stack.
    #[must_use]
    pub fn part(mut self, part: Part) -> Self {
        self.part = part;
        self
    }

    /// What is left inside the lines.
    pub fn inner(&self, area: Rect) -> Rect {
        let below = u16::from(matches!(self.part, Part::Whole | Part::Bottom));
        Rect {
            x: area.x.saturating_add(1).min(area.right()),
            y: area.y.saturating_add(1).min(area.bottom()),
            width: area.width.saturating_sub(2),
            height: area.height.saturating_sub(1 + below),
        }
    }

    fn upper_line(&self, area: Rect, buf: &mut Buffer) {
        let lines = self.look.glyphs.lines();
        let style = self.border();
        let joined = matches!(self.part, Part::Middle | Part::Bottom);
        let (left, right) = if joined { (lines.left_join, lines.right_join) } else { (lines.top_left, lines.top_right) };
        for x in area.left()..area.right() {
            draw::put(buf, x, area.y, 1, lines.horizontal, style);
        }
        draw::put(buf, area.x, area.y, 1, left, style);
        draw::put(buf, area.right().saturating_sub(1), area.y, 1, right, style);
        // corner, blank, title, blank, …, corner
        let room = area.width.saturating_sub(4);
        let title = self.words(area.x.saturating_add(1), area.y, room, &self.title, buf);
        let wanted = draw::pieces_width(&self.right) as u16;
        if wanted > 0 && wanted.saturating_add(title).saturating_add(4) <= room {
            self.words(area.right() - 3 - wanted, area.y, wanted, &self.right, buf);
        }
    }

    /// Puts words with a blank on either side; returns the columns of the words.
    fn words(&self, x: u16, y: u16, room: u16, words: &[Piece<'_>], buf: &mut Buffer) -> u16 {
        let columns = (draw::pieces_width(words) as u16).min(room);
        if columns == 0 {
            return 0;
        }
        let ground = self.look.style(Role::Text);
        draw::put(buf, x, y, 1, " ", ground);
        let used = draw::put_pieces(buf, x + 1, y, room, words, self.look, ratatui::style::Style::default());
        draw::put(buf, x + 1 + used, y, 1, " ", ground);
        used
    }

    fn border(&self) -> ratatui::style::Style {
        self.look.style(if self.focused { Role::BorderFocus } else { Role::Border })
    }
}

impl Widget for &Frame<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        let lines = self.look.glyphs.lines();
        let style = self.border();
        for y in area.top()..area.bottom() {
            draw::put(buf, area.x, y, 1, lines.vertical, style);
            draw::put(buf, area.right() - 1, y, 1, lines.vertical, style);
        }
        if area.height > 1 && matches!(self.part, Part::Whole | Part::Bottom) {
            let y = area.bottom() - 1;
            for x in area.left()..area.right() {
                draw::put(buf, x, y, 1, lines.horizontal, style);
            }
            draw::put(buf, area.x, y, 1, lines.bottom_left, style);
            draw::put(buf, area.right() - 1, y, 1, lines.bottom_right, style);
        }
        self.upper_line(area, buf);
    }
}

/// Cuts an area into stacked sections. `wanted` are the rows each needs inside; the section `grow` takes what is left over. Where
/// rows are short the later sections lose theirs first, and a section left with none is absent (`None`) together with its line.
pub fn stack(area: Rect, wanted: &[u16], grow: usize) -> Vec<Option<(Rect, Part)>> {
    let mut left = area.height.saturating_sub(1);
    let mut rows: Vec<u16> = wanted
        .iter()
        .map(|wanted| {
            // its line and at least one row
            let given = if left >= 2 { (*wanted).max(1).min(left - 1) } else { 0 };
            left -= if given > 0 { given + 1 } else { 0 };
            given
        })
        .collect();
    let last = rows.iter().rposition(|rows| *rows > 0);
    if let Some(rows) = rows.get_mut(grow).filter(|rows| **rows > 0) {
        *rows += left;
    } else if let Some(last) = last {
        rows[last] += left;
    }
    let mut y = area.y;
    let first = rows.iter().position(|rows| *rows > 0);
    rows.iter()
        .enumerate()
        .map(|(place, rows)| {
            let part = match (Some(place) == first, Some(place) == last) {
                _ if *rows == 0 => return None,
                (true, true) => Part::Whole,
                (true, false) => Part::Top,
                (false, true) => Part::Bottom,
                (false, false) => Part::Middle,
            };
            let height = rows + 1 + u16::from(Some(place) == last);
            let section = Rect { y, height, ..area };
            y += height;
            Some((section, part))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stacked_sections_share_lines_and_fill_the_area() {
        let area = Rect::new(0, 2, 80, 21);
        let heights =
            |wanted: &[u16], grow| stack(area, wanted, grow).iter().map(|s| s.map(|(r, part)| (r.y, r.height, part))).collect::<Vec<_>>();
        assert_eq!(heights(&[6, 3, 1], 0), [Some((2, 14, Part::Top)), Some((16, 4, Part::Middle)), Some((20, 3, Part::Bottom))]);
        assert_eq!(heights(&[30, 3, 1], 0), [Some((2, 21, Part::Whole)), None, None]);
        assert_eq!(heights(&[16, 3, 1], 0), [Some((2, 17, Part::Top)), Some((19, 4, Part::Bottom)), None]);
        for height in 0..40 {
            let sections = stack(Rect::new(0, 0, 10, height), &[4, 0, 7], 1);
            let total: u16 = sections.iter().flatten().map(|(rect, _)| rect.height).sum();
            assert!(total == height || height < 3 && total == 0, "{height}: {sections:?}");
        }
    }
}
