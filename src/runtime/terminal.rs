//! Takes the terminal and gives it back as it was, on every way out.
//! Not for: what is drawn (see `runtime::screen`), noticing signals (see `runtime::signals`).

use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};

use ratatui::layout::Size;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::env::Env;
use super::guard::is_guarded;
use super::screen::Device;

/// Alternate screen, bracketed paste, no cursor.
const ENTER: &[u8] = b"\x1b[?1049h\x1b[?2004h\x1b[?25l";
/// The reverse, and whatever else we may have switched on: a frame under way, mouse, colours.
const LEAVE: &[u8] = b"\x1b[?2026l\x1b[?1006l\x1b[?1000l\x1b[0m\x1b[?2004l\x1b[?1049l\x1b[?25h";

/// Whether the terminal is ours; what [`restore`] asks first.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Why the cockpit cannot be shown here.
#[derive(Debug, thiserror::Error)]
pub enum TerminalError {
    /// Input or output is a file or a pipe.
    #[error("{0} is not a terminal; run triops in one, or use `triops once` for scripts")]
    NotOne(&'static str),
    /// It cannot move a cursor.
    #[error("the terminal says that it is `{0}` (TERM), which cannot show a screen; set TERM, for example TERM=xterm-256color")]
    Dumb(String),
    /// It was lost, or refused.
    #[error("the terminal failed while {doing}: {error}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// What it said.
        error: io::Error,
    },
}

/// Says why not, if standard input and output are not a terminal that can show a screen.
pub fn check(env: &Env) -> Result<(), TerminalError> {
    if !io::stdin().is_terminal() {
        return Err(TerminalError::NotOne("standard input"));
    }
    if !io::stdout().is_terminal() {
        return Err(TerminalError::NotOne("standard output"));
    }
    match env.get("TERM") {
        None | Some("" | "dumb") => Err(TerminalError::Dumb(env.get("TERM").unwrap_or_default().to_owned())),
        Some(_) => Ok(()),
    }
}

/// Standard output as a device, past the standard library's line buffer, which would cut a frame into writes of 1 KiB.
#[derive(Debug, Default)]
pub struct Tty;

impl Write for Tty {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match rustix::io::write(io::stdout(), bytes) {
                Ok(written) => return Ok(written),
                Err(rustix::io::Errno::INTR) => {}
                // Somebody who shares the terminal made it non-blocking.
                Err(rustix::io::Errno::AGAIN) => drop(ready(PollFlags::OUT, None)?),
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Device for Tty {
    fn size(&self) -> io::Result<Size> {
        let size = rustix::termios::tcgetwinsize(io::stdout())?;
        Ok(Size { width: size.ws_col, height: size.ws_row })
    }

    fn take(&mut self) -> io::Result<()> {
        TAKEN.store(true, Ordering::SeqCst);
        crossterm::terminal::enable_raw_mode()?;
        self.write_all(ENTER)
    }

    fn give_back(&mut self) -> io::Result<()> {
        restore();
        Ok(())
    }
}

/// Whether the other end has hung up.
pub fn is_gone() -> bool {
    use rustix::io::Errno;
    matches!(rustix::termios::tcgetattr(io::stdin()), Err(Errno::IO | Errno::NXIO | Errno::NODEV | Errno::BADF))
}

/// Gives the terminal back: undoes everything in reverse and ignores errors. From any thread, also twice, also in a panic.
pub fn restore() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    // A terminal that takes no bytes (a stalled line, ctrl-s) must not keep us from going.
    let patience = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };
    if ready(PollFlags::OUT, Some(&patience)).unwrap_or(false) {
        let _ = Tty.write_all(LEAVE);
    }
    let _ = crossterm::terminal::disable_raw_mode();
}

fn ready(flags: PollFlags, patience: Option<&Timespec>) -> io::Result<bool> {
    let stdout = io::stdout();
    let fd = stdout.as_fd();
    match poll(&mut [PollFd::from_borrowed_fd(fd, flags)], patience) {
        Ok(count) => Ok(count > 0),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// From here on a panic gives the terminal back, says what happened and ends the program with status 101, in builds that
/// unwind and in those that abort alike. A panic inside a source is only logged where it is caught (see `runtime::guard`).
pub fn restore_on_panic() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        tracing::error!("{panic}");
        if is_guarded() {
            return;
        }
        restore();
        before(panic);
        std::process::exit(101);
    }));
}
