//! Cells into terminal bytes, as few as possible: the pen keeps its colours from frame to frame and the cursor moves by the
//! shortest way. One changed digit costs about 8 bytes; crossterm's own backend takes 40.
//! Not for: deciding which cells changed (ratatui's diff), when to draw (see `runtime::screen`).

use std::io::Write;

use ratatui::buffer::Cell;
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

use super::scroll::Scroll;

/// Where the terminal's cursor is and what its pen looks like, as far as we know.
#[derive(Debug, Clone, Default)]
pub struct Painter {
    pen: Option<Pen>,
    at: Option<(u16, u16)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pen {
    fg: Color,
    bg: Color,
    modifier: Modifier,
}

const PLAIN: Pen = Pen { fg: Color::Reset, bg: Color::Reset, modifier: Modifier::empty() };

/// What of a pen is seen on a blank cell besides its background.
pub(super) const SEEN_ON_BLANK: Modifier =
    Modifier::UNDERLINED.union(Modifier::REVERSED).union(Modifier::CROSSED_OUT).union(Modifier::SLOW_BLINK).union(Modifier::RAPID_BLINK);

/// Codes of ECMA-48 SGR (and what terminals made of 5 and 6), in order of the bits.
const MODIFIERS: [(Modifier, u8); 9] = [
    (Modifier::BOLD, 1),
    (Modifier::DIM, 2),
    (Modifier::ITALIC, 3),
    (Modifier::UNDERLINED, 4),
    (Modifier::SLOW_BLINK, 5),
    (Modifier::RAPID_BLINK, 6),
    (Modifier::REVERSED, 7),
    (Modifier::HIDDEN, 8),
    (Modifier::CROSSED_OUT, 9),
];

impl Painter {
    /// Forgets what is known: somebody else wrote to the terminal.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// Where the cursor is.
    pub fn at(&self) -> Option<(u16, u16)> {
        self.at
    }

    /// Writes one cell.
    pub fn cell(&mut self, out: &mut Vec<u8>, x: u16, y: u16, cell: &Cell) {
        let symbol = printable(cell.symbol());
        self.pen(out, cell, symbol == " ");
        self.go(out, x, y);
        out.extend_from_slice(symbol.as_bytes());
        // Terminals disagree about the width of anything that is not one column wide: better to say where to go on.
        let known = symbol.len() == 1 || (symbol.chars().count() == 1 && symbol.width() == 1);
        self.at = known.then(|| (x.saturating_add(1), y));
    }

    /// Moves the cursor.
    pub fn go(&mut self, out: &mut Vec<u8>, x: u16, y: u16) {
        match self.at {
            Some(at) if at == (x, y) => return,
            Some((column, row)) if row == y && x == column + 1 => out.extend_from_slice(b"\x1b[C"),
            Some((column, row)) if row == y && x > column => number(out, b"\x1b[", x - column, b"C"),
            Some((_, row)) if x == 0 && row.checked_add(1) == Some(y) => out.extend_from_slice(b"\r\n"),
            _ => {
                number(out, b"\x1b[", y.saturating_add(1), b"");
                if x > 0 {
                    number(out, b";", x.saturating_add(1), b"");
                }
                out.push(b'H');
            }
        }
        self.at = Some((x, y));
    }

    /// Moves rows with line feeds at the bottom of a scrolling region, or reverse ones at its top: what every terminal since the VT100
    /// does, where `CSI S` and `T` are not known to all. What is left blank has the plain background.
    pub fn scroll(&mut self, out: &mut Vec<u8>, scroll: Scroll) {
        if self.pen != Some(PLAIN) {
            out.extend_from_slice(b"\x1b[0m");
            self.pen = Some(PLAIN);
        }
        number(out, b"\x1b[", scroll.top.saturating_add(1), b";");
        number(out, b"", scroll.bottom.saturating_add(1), b"r");
        self.at = None;
        self.go(out, 0, if scroll.up { scroll.bottom } else { scroll.top });
        for _ in 0..scroll.rows {
            out.extend_from_slice(if scroll.up { b"\n" } else { b"\x1bM" });
        }
        out.extend_from_slice(b"\x1b[r");
        self.at = None;
    }

    /// Gives the pen the looks of `cell`; on a blank one only what is seen matters.
    fn pen(&mut self, out: &mut Vec<u8>, cell: &Cell, blank: bool) {
        let mut want = Pen { fg: cell.fg, bg: cell.bg, modifier: cell.modifier };
        if let (Some(have), true) = (self.pen, blank)
            && (want.modifier | have.modifier).intersection(SEEN_ON_BLANK).is_empty()
        {
            want = Pen { bg: want.bg, ..have };
        }
        if self.pen == Some(want) {
            return;
        }
        out.extend_from_slice(b"\x1b[");
        let have = match self.pen {
            Some(have) if want != PLAIN && want.modifier.contains(have.modifier) => have,
            _ => {
                if want != PLAIN {
                    out.extend_from_slice(b"0;");
                }
                PLAIN
            }
        };
        for (modifier, code) in MODIFIERS {
            if want.modifier.contains(modifier) && !have.modifier.contains(modifier) {
                number(out, b"", code.into(), b";");
            }
        }
        if want.fg != have.fg {
            color(out, want.fg, 0);
        }
        if want.bg != have.bg {
            color(out, want.bg, 10);
        }
        if out.last() == Some(&b';') {
            out.pop();
        }
        out.push(b'm');
        self.pen = Some(want);
    }
}

/// The last gate before the terminal: a symbol that would move or command it is replaced.
fn printable(symbol: &str) -> &str {
    match symbol {
        "" => " ",
        symbol if symbol.chars().any(char::is_control) => "?",
        symbol => symbol,
    }
}

/// An SGR colour with a trailing `;`. The sixteen named ones in their short forms, which every palette has.
fn color(out: &mut Vec<u8>, color: Color, shift: u16) {
    let code = match color {
        Color::Reset => 39,
        Color::Black => 30,
        Color::Red => 31,
        Color::Green => 32,
        Color::Yellow => 33,
        Color::Blue => 34,
        Color::Magenta => 35,
        Color::Cyan => 36,
        Color::Gray => 37,
        Color::DarkGray => 90,
        Color::LightRed => 91,
        Color::LightGreen => 92,
        Color::LightYellow => 93,
        Color::LightBlue => 94,
        Color::LightMagenta => 95,
        Color::LightCyan => 96,
        Color::White => 97,
        Color::Indexed(_) | Color::Rgb(..) => 38,
    };
    number(out, b"", code + shift, b";");
    match color {
        Color::Indexed(index) => number(out, b"5;", index.into(), b";"),
        Color::Rgb(red, green, blue) => {
            number(out, b"2;", red.into(), b";");
            number(out, b"", green.into(), b";");
            number(out, b"", blue.into(), b";");
        }
        _ => {}
    }
}

fn number(out: &mut Vec<u8>, before: &[u8], number: u16, after: &[u8]) {
    out.extend_from_slice(before);
    let _ = write!(out, "{number}"); // a Vec takes everything
    out.extend_from_slice(after);
}
