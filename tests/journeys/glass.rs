//! A terminal of glass: what the program draws on it can be awaited from outside, and what it copies is kept.
//! Not for: bytes of a real terminal (see `tests/terminal.rs`).

use std::io;
use std::sync::{Arc, Mutex};

use ratatui::backend::{Backend, ClearType, TestBackend, WindowSize};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Position, Size};
use ratatui::style::Style;
use tokio::sync::watch;
use triops::runtime::screen::Surface;

/// A frame as it was shown.
#[derive(Debug, Clone, Default)]
pub struct Picture {
    buffer: Buffer,
}

impl Picture {
    /// The rows, without the blanks at their ends.
    pub fn text(&self) -> String {
        let area = self.buffer.area;
        let row = |y| (0..area.width).map(|x| self.buffer[(x, y)].symbol()).collect::<String>().trim_end().to_owned();
        (0..area.height).map(row).collect::<Vec<_>>().join("\n")
    }

    /// The style of the first cell of a text, where it stands first from the bottom up: what is asked for is rarely in the header.
    pub fn style_of(&self, text: &str) -> Option<Style> {
        let area = self.buffer.area;
        let wanted: Vec<String> = text.chars().map(String::from).collect();
        for y in (0..area.height).rev() {
            let row: Vec<&str> = (0..area.width).map(|x| self.buffer[(x, y)].symbol()).collect();
            if let Some(x) = row.windows(wanted.len()).position(|window| window == wanted) {
                return Some(self.buffer[(x as u16, y)].style());
            }
        }
        None
    }
}

/// The surface that the program draws on.
pub struct Glass {
    under: TestBackend,
    shown: watch::Sender<Picture>,
    copied: Arc<Mutex<Vec<String>>>,
}

/// The other side of it.
#[derive(Clone)]
pub struct Eyes {
    /// The newest frame.
    pub shown: watch::Receiver<Picture>,
    /// What was handed to the clipboard, oldest first.
    pub copied: Arc<Mutex<Vec<String>>>,
}

/// A surface of that size, and its other side.
pub fn glass(width: u16, height: u16) -> (Glass, Eyes) {
    let (send, shown) = watch::channel(Picture::default());
    let copied = Arc::default();
    let eyes = Eyes { shown, copied: Arc::clone(&copied) };
    (Glass { under: TestBackend::new(width, height), shown: send, copied }, eyes)
}

impl Backend for Glass {
    type Error = io::Error;

    fn draw<'a, I: Iterator<Item = (u16, u16, &'a Cell)>>(&mut self, content: I) -> io::Result<()> {
        self.under.draw(content).map_err(io::Error::other)
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.under.hide_cursor().map_err(io::Error::other)
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.under.show_cursor().map_err(io::Error::other)
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        self.under.get_cursor_position().map_err(io::Error::other)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.under.set_cursor_position(position).map_err(io::Error::other)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.under.clear().map_err(io::Error::other)
    }

    fn clear_region(&mut self, what: ClearType) -> io::Result<()> {
        self.under.clear_region(what).map_err(io::Error::other)
    }

    fn size(&self) -> io::Result<Size> {
        self.under.size().map_err(io::Error::other)
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        self.under.window_size().map_err(io::Error::other)
    }

    /// The end of a frame.
    fn flush(&mut self) -> io::Result<()> {
        self.under.flush().map_err(io::Error::other)?;
        self.shown.send_replace(Picture { buffer: self.under.buffer().clone() });
        Ok(())
    }
}

impl Surface for Glass {
    fn copy(&mut self, text: &str) -> io::Result<()> {
        self.copied.lock().unwrap().push(text.to_owned());
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
