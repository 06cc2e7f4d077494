//! Dots finer than a cell: braille has 2 × 4 of them in each, ASCII one.
//! Not for: where the dots go.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::envelope::Reach;
use crate::ui::{Glyphs, draw};

/// Bits of the dots of a braille cell, by row and column (Unicode 15, block 2800).
const DOTS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];

/// What the series are drawn with in ASCII.
pub const MARKS: [char; 4] = ['*', 'o', '+', 'x'];

#[derive(Debug, Clone, Copy, Default)]
struct Dotted {
    bits: u8,
    series: usize,
}

/// The dots of a plot.
#[derive(Debug)]
pub struct Canvas {
    width: usize,
    height: usize,
    glyphs: Glyphs,
    cells: Vec<Dotted>,
}

impl Canvas {
    /// An empty one of so many cells.
    pub fn new(width: u16, height: u16, glyphs: Glyphs) -> Self {
        let (width, height) = (usize::from(width), usize::from(height));
        Self { width, height, glyphs, cells: vec![Dotted::default(); width * height] }
    }

    /// Columns of dots.
    pub fn columns(&self) -> usize {
        self.width * self.per_cell().0
    }

    fn per_cell(&self) -> (usize, usize) {
        if self.glyphs == Glyphs::Unicode { (2, 4) } else { (1, 1) }
    }

    /// Draws a series over what is there.
    pub fn draw(&mut self, columns: &[Reach], (low, high): (f64, f64), series: usize) {
        let (across, down) = self.per_cell();
        let rows = self.height * down;
        if rows == 0 {
            return;
        }
        let row = |value: f64| ((1.0 - ((value - low) / (high - low)).clamp(0.0, 1.0)) * (rows - 1) as f64).round() as usize;
        for (x, reach) in columns.iter().enumerate() {
            let Some((lowest, highest)) = reach else { continue };
            for y in row(*highest)..=row(*lowest) {
                if let Some(cell) = self.cells.get_mut(y / down * self.width + x / across) {
                    cell.bits |= DOTS[y % down][x % across];
                    cell.series = series;
                }
            }
        }
    }

    /// Puts all cells that have a dot.
    pub fn render(&self, area: Rect, buf: &mut Buffer, style: impl Fn(usize) -> Style) {
        for (place, cell) in self.cells.iter().enumerate().filter(|(_, cell)| cell.bits != 0) {
            let (x, y) = (area.x + (place % self.width) as u16, area.y + (place / self.width) as u16);
            let sign = match self.glyphs {
                Glyphs::Unicode => char::from_u32(0x2800 + u32::from(cell.bits)).unwrap_or(' '),
                Glyphs::Ascii => MARKS[cell.series % MARKS.len()],
            };
            draw::put(buf, x, y, 1, sign.encode_utf8(&mut [0; 4]), style(cell.series));
        }
    }
}
