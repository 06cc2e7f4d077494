//! The tab bar: number, title and count of each; the right ones shrink first when it is narrow, the open one never.
//! Not for: what a tab shows.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::draw::{self, Piece};
use super::{Look, Role};

/// One tab.
#[derive(Debug, Clone, PartialEq)]
pub struct Tab<'a> {
    /// The key that opens it.
    pub key: Cow<'a, str>,
    /// Its name.
    pub title: Cow<'a, str>,
    /// How many things in it need a person, and how badly.
    pub count: Option<Piece<'a>>,
}

/// All tabs.
#[derive(Debug, Clone, Copy)]
pub struct Tabs<'a> {
    /// How to draw.
    pub look: &'a Look,
    /// From left to right.
    pub tabs: &'a [Tab<'a>],
    /// Which is open.
    pub open: usize,
}

/// How much of a tab is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    Whole,
    WithoutCount,
    Key,
}

impl Tabs<'_> {
    /// The tab under a column of the area.
    pub fn hit(&self, area: Rect, x: u16) -> Option<usize> {
        let mut left = area.x;
        self.fit(area.width).into_iter().enumerate().find_map(|(place, shown)| {
            let right = left.saturating_add(width(&self.tabs[place], shown));
            let inside = (left..right.min(area.right())).contains(&x);
            left = right;
            inside.then_some(place)
        })
    }

    fn fit(&self, room: u16) -> Vec<Shown> {
        let mut shown = vec![Shown::Whole; self.tabs.len()];
        let wide = |shown: &[Shown]| self.tabs.iter().zip(shown).map(|(tab, shown)| u32::from(width(tab, *shown))).sum::<u32>();
        let others = (0..self.tabs.len()).rev().filter(|place| *place != self.open);
        for place in others.chain(Some(self.open).filter(|open| *open < self.tabs.len())) {
            for less in [Shown::WithoutCount, Shown::Key] {
                // the blank behind the last one may be lost
                if wide(&shown) <= u32::from(room) + 1 {
                    return shown;
                }
                shown[place] = less;
            }
        }
        shown
    }
}

fn pieces<'a>(tab: &'a Tab<'a>, shown: Shown, open: bool) -> Vec<Piece<'a>> {
    let mut pieces = vec![Piece::new(" ", Role::Text), Piece::new(tab.key.as_ref(), if open { Role::Text } else { Role::Accent })];
    if shown != Shown::Key {
        pieces.extend([Piece::new(" ", Role::Text), Piece::new(tab.title.as_ref(), if open { Role::Title } else { Role::Text })]);
    }
    if let (Shown::Whole, Some(count)) = (shown, &tab.count) {
        pieces.extend([Piece::new(" ", Role::Text), count.clone()]);
    }
    pieces.push(Piece::new(" ", Role::Text));
    pieces
}

fn width(tab: &Tab<'_>, shown: Shown) -> u16 {
    draw::pieces_width(&pieces(tab, shown, false)) as u16
}

impl Widget for &Tabs<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        let mut x = area.x;
        for (place, shown) in self.fit(area.width).into_iter().enumerate() {
            let room = area.right().saturating_sub(x);
            if area.is_empty() || room == 0 {
                return;
            }
            let open = place == self.open;
            let start = x;
            for piece in pieces(&self.tabs[place], shown, open) {
                let style: Style = self.look.style(piece.role);
                x += draw::put(buf, x, area.y, area.right() - x, &piece.text, style);
            }
            if open {
                buf.set_style(Rect { x: start, width: x - start, height: 1, ..area }, self.look.style(Role::Selection));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_click_finds_the_tab_that_is_drawn_there_at_any_width() {
        let look = Look::default();
        let titles = ["Triage", "Alerts", "Pipelines"];
        let tabs: Vec<Tab<'_>> = titles
            .iter()
            .enumerate()
            .map(|(n, title)| Tab { key: (n + 1).to_string().into(), title: (*title).into(), count: None })
            .collect();
        let bar = Tabs { look: &look, tabs: &tabs, open: 0 };
        for width in [40, 20, 9] {
            let area = Rect::new(3, 0, width, 1);
            let mut buf = Buffer::empty(area);
            (&bar).render(area, &mut buf);
            for (place, tab) in tabs.iter().enumerate() {
                let key = (3..3 + width).find(|x| buf[(*x, 0)].symbol() == tab.key).unwrap();
                assert_eq!(bar.hit(area, key), Some(place), "{width}");
            }
            assert_eq!(bar.hit(area, 2), None);
        }
    }
}
