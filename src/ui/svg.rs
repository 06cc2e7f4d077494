//! A drawn buffer as an SVG picture: text stays text, lines and blocks become shapes so that they join in every font.
//! Not for: drawing on a terminal.

mod film;

use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell, CellWidth};
use ratatui::style::{Color, Modifier};

use super::color::{Rgb, ansi_place, rgb};

pub use film::film;

/// What the terminal's own colours look like in the picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Palette {
    /// Text.
    pub fg: Rgb,
    /// Ground.
    pub bg: Rgb,
    /// The sixteen, in the order of their numbers.
    pub ansi: [Rgb; 16],
}

impl Default for Palette {
    /// A dark ground; every colour of the sixteen but black can be read on it.
    fn default() -> Self {
        Self {
            fg: (0xd5, 0xd9, 0xe0),
            bg: (0x16, 0x18, 0x1d),
            ansi: [
                (0x2b, 0x30, 0x3b),
                (0xf2, 0x77, 0x7a),
                (0x8c, 0xcf, 0x7e),
                (0xe8, 0xc3, 0x6a),
                (0x7d, 0xb4, 0xf0),
                (0xcf, 0x9b, 0xe8),
                (0x6c, 0xc7, 0xcf),
                (0xd5, 0xd9, 0xe0),
                (0x8b, 0x94, 0xa3),
                (0xff, 0x9d, 0x9f),
                (0xa9, 0xe0, 0x9c),
                (0xf5, 0xd9, 0x8f),
                (0xa3, 0xcb, 0xf7),
                (0xe0, 0xbb, 0xf2),
                (0x95, 0xdb, 0xe1),
                (0xff, 0xff, 0xff),
            ],
        }
    }
}

impl Palette {
    fn color(&self, color: Color, own: Rgb) -> Rgb {
        let place = ansi_place(color);
        place.map_or_else(|| rgb(color).unwrap_or(own), |place| self.ansi[usize::from(place)])
    }
}

/// Size of a cell, in the picture's units; a monospace font of 14 is about so wide.
const CELL: (f64, f64) = (8.4, 17.0);
/// Around the screen.
const MARGIN: f64 = 12.0;
/// The first font has every sign we draw.
const LETTERS: &str = "font-family=\"DejaVu Sans Mono, Menlo, Consolas, ui-monospace, monospace\" font-size=\"14\" xml:space=\"preserve\"";

/// The picture of a buffer. The same buffer and palette always give the same text.
pub fn picture(buffer: &Buffer, palette: &Palette, title: &str) -> String {
    let mut out = opened(buffer, palette, title);
    let _ = writeln!(out, "<g transform=\"translate({MARGIN} {MARGIN})\" {LETTERS}>");
    for y in 0..buffer.area.height {
        row(&mut out, buffer, palette, y, f64::from(y) * CELL.1);
    }
    out.push_str("</g>\n</svg>\n");
    out
}

/// Columns and rows in the picture's units.
fn extent(buffer: &Buffer) -> (f64, f64) {
    (f64::from(buffer.area.width) * CELL.0, f64::from(buffer.area.height) * CELL.1)
}

/// The beginning of a picture: its size, its title, its ground.
fn opened(buffer: &Buffer, palette: &Palette, title: &str) -> String {
    let (wide, high) = extent(buffer);
    let (width, height) = (wide + 2.0 * MARGIN, high + 2.0 * MARGIN);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" width=\"{}\" height=\"{}\" role=\"img\">\n<title>{}</title>\n",
        short(width),
        short(height),
        short(width),
        short(height),
        escaped(title),
    );
    let _ = writeln!(out, "<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{}\"/>", hex(palette.bg));
    out
}

/// How a run of cells looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Paint {
    fg: Rgb,
    bg: Rgb,
    modifier: Modifier,
}

impl Paint {
    fn of(cell: &Cell, palette: &Palette) -> Self {
        let (mut fg, mut bg) = (palette.color(cell.fg, palette.fg), palette.color(cell.bg, palette.bg));
        if cell.modifier.contains(Modifier::REVERSED) {
            (fg, bg) = (bg, fg);
        }
        Self { fg, bg, modifier: cell.modifier.difference(Modifier::REVERSED) }
    }

    /// The text colour, with `dim` mixed half into the ground.
    fn ink(self) -> String {
        let mix = |a: u8, b: u8| ((u16::from(a) * 3 + u16::from(b) * 2) / 5) as u8;
        let (fg, bg) = (self.fg, self.bg);
        if self.modifier.contains(Modifier::DIM) { hex((mix(fg.0, bg.0), mix(fg.1, bg.1), mix(fg.2, bg.2))) } else { hex(fg) }
    }
}

/// A run of cells that look alike: where it begins, how many columns it has, its text.
struct Stretch {
    x: u16,
    columns: u16,
    text: String,
    paint: Paint,
}

/// A row, `top` units from above.
fn row(out: &mut String, buffer: &Buffer, palette: &Palette, y: u16, top: f64) {
    let mut grounds: Vec<Stretch> = Vec::new();
    let mut texts: Vec<Stretch> = Vec::new();
    let mut shapes = String::new();
    let mut x = 0;
    while x < buffer.area.width {
        let Some(cell) = buffer.cell((buffer.area.x + x, buffer.area.y + y)) else { break };
        let (paint, columns) = (Paint::of(cell, palette), cell.symbol().cell_width().max(1));
        append(&mut grounds, x, columns, "", Paint { fg: palette.fg, modifier: Modifier::empty(), ..paint });
        if shape(&mut shapes, cell.symbol(), (f64::from(x) * CELL.0, top), &paint.ink()).is_none() {
            // a sign that another font may draw wider stands alone, so that it moves nothing
            let joins = cell.symbol().is_ascii() && texts.last().is_some_and(|last| last.text.is_ascii());
            if joins {
                append(&mut texts, x, columns, cell.symbol(), paint);
            } else {
                texts.push(Stretch { x, columns, text: cell.symbol().to_owned(), paint });
            }
        }
        x += columns;
    }
    for ground in grounds.iter().filter(|ground| ground.paint.bg != palette.bg) {
        let (left, wide) = (f64::from(ground.x) * CELL.0, f64::from(ground.columns) * CELL.0);
        let _ = writeln!(
            out,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\"/>",
            short(left),
            short(top),
            short(wide),
            CELL.1,
            hex(ground.paint.bg)
        );
    }
    for text in &texts {
        put_text(out, text, top);
    }
    out.push_str(&shapes);
}

fn append(stretches: &mut Vec<Stretch>, x: u16, columns: u16, text: &str, paint: Paint) {
    match stretches.last_mut().filter(|last| last.paint == paint && last.x + last.columns == x) {
        Some(last) => {
            last.columns += columns;
            last.text.push_str(text);
        }
        None => stretches.push(Stretch { x, columns, text: text.to_owned(), paint }),
    }
}

fn put_text(out: &mut String, stretch: &Stretch, top: f64) {
    let underlined = stretch.paint.modifier.contains(Modifier::UNDERLINED);
    let text = if underlined { stretch.text.as_str() } else { stretch.text.trim_end_matches(' ') };
    let shown = text.trim_start_matches(' ');
    if shown.is_empty() && !underlined {
        return;
    }
    let (shown, skipped) = if underlined { (text, 0) } else { (shown, text.len() - shown.len()) };
    let trimmed = stretch.text.len() - shown.len();
    let columns = usize::from(stretch.columns) - trimmed;
    let left = f64::from(stretch.x) * CELL.0 + skipped as f64 * CELL.0;
    let _ = write!(
        out,
        "<text x=\"{}\" y=\"{}\" fill=\"{}\" textLength=\"{}\" lengthAdjust=\"spacingAndGlyphs\"",
        short(left),
        short(top + 13.0),
        stretch.paint.ink(),
        short(columns as f64 * CELL.0)
    );
    for (modifier, attribute) in [
        (Modifier::BOLD, " font-weight=\"bold\""),
        (Modifier::ITALIC, " font-style=\"italic\""),
        (Modifier::UNDERLINED, " text-decoration=\"underline\""),
    ] {
        if stretch.paint.modifier.contains(modifier) {
            out.push_str(attribute);
        }
    }
    let _ = writeln!(out, ">{}</text>", escaped(shown));
}

/// Draws a line, block or braille sign as shapes; `None` if the sign is none of these.
fn shape(out: &mut String, symbol: &str, (x, y): (f64, f64), ink: &str) -> Option<()> {
    let sign = symbol.chars().next().filter(|sign| sign.len_utf8() == symbol.len())?;
    let (wide, high) = CELL;
    let mut rect = |x: f64, y: f64, wide: f64, high: f64| {
        let _ = writeln!(
            out,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{ink}\"/>",
            short(x),
            short(y),
            short(wide),
            short(high)
        );
    };
    let code = u32::from(sign);
    match code {
        0x2581..=0x2588 => {
            let filled = high * f64::from(code - 0x2580) / 8.0;
            rect(x, y + high - filled, wide, filled);
        }
        0x2589..=0x258f => rect(x, y, wide * f64::from(0x2590 - code) / 8.0, high),
        0x2801..=0x28ff => {
            for bit in (0..8_u32).filter(|bit| (code - 0x2800) >> bit & 1 == 1) {
                // bits 0–2 left, 3–5 right, 6 and 7 the lowest row
                let (column, row) = if bit < 6 { (bit / 3, bit % 3) } else { (bit - 6, 3) };
                let _ = writeln!(
                    out,
                    "<circle cx=\"{}\" cy=\"{}\" r=\"1.2\" fill=\"{ink}\"/>",
                    short(x + wide * (0.25 + 0.5 * f64::from(column))),
                    short(y + high * (0.125 + 0.25 * f64::from(row))),
                );
            }
        }
        _ => {
            // arms to the left, right, top and bottom
            let (left, right, up, down) = match sign {
                '─' => (true, true, false, false),
                '│' => (false, false, true, true),
                '┌' => (false, true, false, true),
                '┐' => (true, false, false, true),
                '└' => (false, true, true, false),
                '┘' => (true, false, true, false),
                '├' => (false, true, true, true),
                '┤' => (true, false, true, true),
                _ => return None,
            };
            let (middle, center) = (x + wide / 2.0, y + high / 2.0);
            for (arm, to_x, to_y) in [(left, x, center), (right, x + wide, center), (up, middle, y), (down, middle, y + high)] {
                if arm {
                    let _ = writeln!(
                        out,
                        "<path d=\"M{} {}L{} {}\" stroke=\"{ink}\"/>",
                        short(middle),
                        short(center),
                        short(to_x),
                        short(to_y)
                    );
                }
            }
        }
    }
    Some(())
}

/// Two decimals at most.
fn short(n: f64) -> String {
    let text = format!("{n:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn hex((r, g, b): Rgb) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // XML 1.0 has no control characters at all
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}
