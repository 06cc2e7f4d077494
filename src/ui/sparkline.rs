//! Numbers over time in one row. A gap is a gap, and a zero is not one.
//! Not for: axes and values (see `ui::chart`).

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;

use super::{Glyphs, Look, Role, draw};

/// The newest values, one column each, newest at the right; blanks at the left where there are fewer than `columns`. Reaches from
/// zero (or the smallest value, if that is less) to the greatest value, or over `range`. NaN and infinities are gaps.
pub fn sparkline(values: &[Option<f64>], columns: usize, range: Option<(f64, f64)>, glyphs: Glyphs) -> String {
    let shown = &values[values.len().saturating_sub(columns)..];
    let known = || shown.iter().flatten().copied().filter(|value| value.is_finite());
    let (low, high) = range.unwrap_or_else(|| (known().fold(0.0, f64::min), known().fold(0.0, f64::max)));
    let mut out = " ".repeat(columns - shown.len());
    for value in shown {
        let level = value.filter(|value| value.is_finite()).map_or(0, |value| {
            let share = if high > low { ((value - low) / (high - low)).clamp(0.0, 1.0) } else { 0.0 };
            1 + (share * 7.0).round() as usize
        });
        out.push_str(glyphs.level(level));
    }
    out
}

/// A sparkline that fills a row.
#[derive(Debug, Clone, Copy)]
pub struct Sparkline<'a> {
    /// How to draw.
    pub look: &'a Look,
    /// Oldest first.
    pub values: &'a [Option<f64>],
    /// What the row reaches over, if not from zero to the greatest value.
    pub range: Option<(f64, f64)>,
    /// Its colour.
    pub role: Role,
}

impl Widget for &Sparkline<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        let text = sparkline(self.values, usize::from(area.width), self.range, self.look.glyphs);
        draw::put(buf, area.x, area.y, area.width, &text, self.look.style(self.role));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_blank_a_zero_is_low_and_the_newest_is_at_the_right() {
        let line = |values: &[Option<f64>], columns, range| sparkline(values, columns, range, Glyphs::Unicode);
        assert_eq!(line(&[Some(0.0), None, Some(7.0), Some(3.5)], 5, None), " ▁ █▅");
        assert_eq!(line(&[Some(1.0), Some(2.0), Some(4.0)], 2, None), "▅█");
        assert_eq!(line(&[Some(0.0), Some(0.0)], 2, None), "▁▁", "all zero is flat, not full");
        assert_eq!(line(&[Some(5.0), Some(5.0)], 2, None), "██");
        assert_eq!(line(&[Some(-2.0), Some(0.0), Some(2.0)], 3, None), "▁▅█");
        assert_eq!(line(&[Some(f64::NAN), Some(f64::INFINITY), Some(1.0)], 3, None), "  █");
        assert_eq!(line(&[Some(50.0), Some(1e9)], 2, Some((0.0, 100.0))), "▅█");
        assert_eq!(line(&[], 2, None), "  ");
        assert_eq!(sparkline(&[Some(0.0), None, Some(7.0)], 3, None, Glyphs::Ascii), "_ #");
    }
}
