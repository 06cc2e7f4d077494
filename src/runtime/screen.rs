//! A ratatui backend that collects a frame and sends it in one write, or sends nothing if nothing changed.
//! Not for: turning cells into bytes (see `runtime::paint`), raw mode (see `runtime::terminal`).

use std::io::{self, Write};
use std::time::Duration;

use ratatui::backend::{Backend, ClearType, TestBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use tokio::time::Instant;

use super::paint::Painter;
use super::scroll::{Picture, Update};

/// What the loop needs of a terminal beside ratatui's own `Backend`. [`TestBackend`] has it too, so the whole program runs in tests.
pub trait Surface: Backend<Error: Send + Sync + 'static> {
    /// Hands text to the clipboard of the person's terminal.
    fn copy(&mut self, text: &str) -> io::Result<()>;
    /// Turns mouse reporting on or off.
    fn mouse(&mut self, on: bool) -> io::Result<()>;
    /// Gives the terminal back as it was.
    fn leave(&mut self) -> io::Result<()>;
    /// Lets others print on the terminal's own screen; keys stay ours. `enter` takes it back.
    fn lend(&mut self) -> io::Result<()>;
    /// Prints bytes as they are, while the terminal is lent.
    fn pour(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Takes the terminal again after `leave`; what was on it is lost.
    fn enter(&mut self) -> io::Result<()>;
}

/// The terminal under a [`Canvas`]: bytes go in, and it has a size and modes.
pub trait Device: Write {
    /// Columns and rows.
    fn size(&self) -> io::Result<Size>;
    /// Raw mode, alternate screen, bracketed paste, no cursor.
    fn take(&mut self) -> io::Result<()>;
    /// Undoes `take`.
    fn give_back(&mut self) -> io::Result<()>;
}

/// Largest picture drawn, whatever the terminal claims; 1,000 columns × 500 rows are 24 MB of cells.
const LARGEST: Size = Size { width: 1000, height: 500 };
/// A frame up to this many bytes is not bracketed: it cannot tear, since it travels in one packet, and the brackets would be
/// most of what a ticking clock costs.
const SMALL: usize = 128;

/// A frame-at-a-time backend over a device.
#[derive(Debug)]
pub struct Canvas<D: Device> {
    device: D,
    synchronized: bool,
    painter: Painter,
    picture: Picture,
    frame: Vec<u8>,
    wipe: bool,
    cursor_shown: bool,
    mouse: bool,
}

impl<D: Device> Canvas<D> {
    /// Over a device that is taken already. `synchronized`: put larger frames between CSI ? 2026 h and l.
    pub fn new(device: D, synchronized: bool) -> Self {
        Self {
            device,
            synchronized,
            painter: Painter::default(),
            picture: Picture::default(),
            frame: Vec::new(),
            wipe: false,
            cursor_shown: false,
            mouse: false,
        }
    }

    /// What is under it.
    pub fn device(&self) -> &D {
        &self.device
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.device.write_all(bytes)?;
        self.device.flush()
    }
}

impl<D: Device> Backend for Canvas<D> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        if self.picture.is_empty() {
            self.picture = Picture::blank(self.size()?);
        }
        let updates: Vec<Update<'a>> = content.collect();
        let Some(scroll) = self.picture.scroll(&updates) else {
            for (x, y, cell) in updates {
                self.painter.cell(&mut self.frame, x, y, cell);
                self.picture.note(x, y, cell);
            }
            return Ok(());
        };
        self.painter.scroll(&mut self.frame, scroll);
        for (x, y, cell) in self.picture.moved(scroll, &updates) {
            self.painter.cell(&mut self.frame, x, y, &cell);
            self.picture.note(x, y, &cell);
        }
        Ok(())
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.cursor_shown) {
            self.frame.extend_from_slice(b"\x1b[?25l");
        }
        Ok(())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        if !std::mem::replace(&mut self.cursor_shown, true) {
            self.frame.extend_from_slice(b"\x1b[?25h");
        }
        Ok(())
    }

    /// As far as it is known; the terminal is never asked, since an answer may never come.
    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(self.painter.at().map_or(Position::ORIGIN, Position::from))
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        let Position { x, y } = position.into();
        if self.cursor_shown {
            self.painter.go(&mut self.frame, x, y);
        }
        Ok(())
    }

    fn clear(&mut self) -> io::Result<()> {
        // What was painted into this frame before would be wiped out as well.
        self.frame.clear();
        if self.cursor_shown {
            self.frame.extend_from_slice(b"\x1b[?25h");
        }
        self.painter.forget();
        self.picture = Picture::blank(self.size()?);
        self.wipe = true;
        Ok(())
    }

    /// ratatui clears a whole screen only, as long as the viewport is the screen.
    fn clear_region(&mut self, _: ClearType) -> io::Result<()> {
        self.clear()
    }

    fn size(&self) -> io::Result<Size> {
        let Size { width, height } = self.device.size()?;
        Ok(Size { width: width.min(LARGEST.width), height: height.min(LARGEST.height) })
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize { columns_rows: self.size()?, pixels: Size::ZERO })
    }

    /// Sends the frame in one write. A wipe stands before the bracket, never inside: tmux 3.7a loses what follows it there
    /// (tmux issue 5340).
    fn flush(&mut self) -> io::Result<()> {
        if !self.wipe && self.frame.is_empty() {
            return Ok(());
        }
        let mut bytes = Vec::with_capacity(self.frame.len() + 32);
        if std::mem::take(&mut self.wipe) {
            bytes.extend_from_slice(b"\x1b[0m\x1b[2J");
        }
        let bracket = self.synchronized && self.frame.len() > SMALL;
        bytes.extend_from_slice(if bracket { b"\x1b[?2026h" } else { b"" });
        bytes.append(&mut self.frame);
        bytes.extend_from_slice(if bracket { b"\x1b[?2026l" } else { b"" });
        self.send(&bytes)
    }
}

impl<D: Device> Surface for Canvas<D> {
    fn copy(&mut self, text: &str) -> io::Result<()> {
        let mut sequence = String::new();
        crossterm::Command::write_ansi(&crossterm::clipboard::CopyToClipboard::to_clipboard_from(text), &mut sequence)
            .map_err(io::Error::other)?;
        self.send(sequence.as_bytes())
    }

    /// Only buttons and wheel (1000) in the coordinates of SGR (1006): with motion (1002, 1003) every move of the hand would
    /// come up the line.
    fn mouse(&mut self, on: bool) -> io::Result<()> {
        if self.mouse == on {
            return Ok(());
        }
        self.mouse = on;
        self.send(if on { b"\x1b[?1000h\x1b[?1006h" } else { b"\x1b[?1006l\x1b[?1000l" })
    }

    fn leave(&mut self) -> io::Result<()> {
        self.device.give_back()
    }

    fn lend(&mut self) -> io::Result<()> {
        self.send(b"\x1b[?2026l\x1b[?1006l\x1b[?1000l\x1b[0m\x1b[?2004l\x1b[?1049l\x1b[?25h")
    }

    fn pour(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.send(bytes)
    }

    fn enter(&mut self) -> io::Result<()> {
        self.device.take()?;
        self.cursor_shown = false;
        if std::mem::take(&mut self.mouse) {
            self.mouse(true)?;
        }
        self.clear()
    }
}

impl Surface for TestBackend {
    fn copy(&mut self, _: &str) -> io::Result<()> {
        Ok(())
    }

    fn mouse(&mut self, _: bool) -> io::Result<()> {
        Ok(())
    }

    fn leave(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn lend(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn pour(&mut self, _: &[u8]) -> io::Result<()> {
        Ok(())
    }

    fn enter(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// When to draw: not before something changed, not more often than the line bears, and at once after a key. After a calm, a second
/// frame may come ahead of its time, which the next then waits longer: an answer a moment after the first frame shows at once.
#[derive(Debug)]
pub struct Pace {
    gap: Duration,
    wait: Duration,
    drawn: Option<Instant>,
    changed: bool,
    at_once: bool,
    calm: bool,
}

/// Gaps without a frame that are a calm.
const CALM: u32 = 3;

impl Pace {
    /// At most `frames_per_s` frames (more than zero) unless a key wants one.
    pub fn new(frames_per_s: f64) -> Self {
        let gap = Duration::try_from_secs_f64(1.0 / frames_per_s).unwrap_or(Duration::from_millis(100));
        Self { gap, wait: gap, drawn: None, changed: true, at_once: true, calm: true }
    }

    /// The picture may have changed; `at_once`: somebody waits for it.
    pub fn change(&mut self, at_once: bool) {
        self.changed = true;
        self.at_once |= at_once;
    }

    /// When the next frame is due, if one is.
    pub fn due(&self) -> Option<Instant> {
        let soonest = self.drawn.filter(|_| !self.at_once && !self.calm).map(|drawn| drawn + self.wait);
        self.changed.then(|| soonest.unwrap_or_else(Instant::now))
    }

    /// It was drawn.
    pub fn drawn(&mut self) {
        let since = self.drawn.map_or(Duration::MAX, |drawn| drawn.elapsed());
        let ahead = since < self.wait && !self.at_once;
        self.calm = since > self.gap.saturating_mul(CALM) || (self.calm && !ahead);
        self.wait = self.gap * if ahead { 2 } else { 1 };
        (self.drawn, self.changed, self.at_once) = (Some(Instant::now()), false, false);
    }
}
