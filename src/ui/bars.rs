//! How long each run took and how it ended: one bar a run, the newest at the right.
//! Not for: steps inside a run (see `ui::gantt`).

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;

use super::draw::{self, Piece};
use super::{Look, Role, theme};
use crate::domain::State;

/// A run: how it ended, and the seconds it took if it has ended.
pub type Bar = (State, Option<f64>);

/// The newest runs in one row: a run that ended well is a bar, any other is the sign of its state, so that colour is not needed.
pub fn bars(runs: &[Bar], columns: usize, look: &Look) -> Vec<Piece<'static>> {
    let shown = &runs[runs.len().saturating_sub(columns)..];
    let longest = longest(shown);
    shown
        .iter()
        .map(|(state, seconds)| {
            if let (State::Ok, Some(seconds)) = (state, seconds) {
                return Piece::new(look.glyphs.level(eighths(*seconds, longest, 1)), Role::Ok);
            }
            let (sign, role) = look.state(*state);
            Piece::new(sign, role)
        })
        .collect()
}

fn longest(runs: &[Bar]) -> f64 {
    runs.iter().filter_map(|(_, seconds)| *seconds).filter(|seconds| seconds.is_finite()).fold(0.0, f64::max)
}

/// Height in eighths of a row; at least one, for what has a duration at all.
fn eighths(seconds: f64, longest: f64, rows: u16) -> usize {
    let share = if longest > 0.0 && seconds.is_finite() { (seconds / longest).clamp(0.0, 1.0) } else { 0.0 };
    ((share * f64::from(rows) * 8.0).round() as usize).max(1)
}

/// Bars as high as the area, with the signs of the states below them.
#[derive(Debug, Clone, Copy)]
pub struct Bars<'a> {
    /// How to draw.
    pub look: &'a Look,
    /// Oldest first.
    pub runs: &'a [Bar],
}

impl Widget for &Bars<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        if area.height < 2 {
            let pieces = bars(self.runs, usize::from(area.width), self.look);
            draw::put_pieces(buf, area.x, area.y, area.width, &pieces, self.look, ratatui::style::Style::default());
            return;
        }
        let shown = &self.runs[self.runs.len().saturating_sub(usize::from(area.width))..];
        let (longest, rows) = (longest(shown), area.height - 1);
        for (place, (state, seconds)) in shown.iter().enumerate() {
            let x = area.x + place as u16;
            let (sign, role) = (self.look.glyphs.state(*state), theme::role_of(*state));
            draw::put(buf, x, area.bottom() - 1, 1, sign, self.look.style(role));
            let high = seconds.map_or(0, |seconds| eighths(seconds, longest, rows));
            for row in 0..rows {
                let part = high.saturating_sub(usize::from(row) * 8).min(8);
                draw::put(buf, x, area.bottom() - 2 - row, u16::from(part > 0), self.look.glyphs.level(part), self.look.style(role));
            }
        }
    }
}
