//! A thread that ends the program when the terminal is gone or the loop cannot hear that it should end.
//! Not for: the orderly ways out (see `runtime`). crossterm 0.29 spins when its terminal vanishes without a signal (crossterm
//! issue 793), and its reader cannot be joined, so the process exits outright.

use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::signals::Doom;
use super::terminal;

/// Between two looks. A thread that sleeps in poll(2) a second costs a few microseconds.
const LOOK: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };
/// How long the loop may take from a signal to its end.
const GRACE: Duration = Duration::from_secs(2);
/// 128 + SIGHUP, what a shell says of a program whose terminal went away.
const GONE: i32 = 129;

/// Starts watching; it ends with the process.
pub fn start(doom: Doom) -> io::Result<()> {
    std::thread::Builder::new().name("watchdog".to_owned()).stack_size(64 * 1024).spawn(move || watch(&doom))?;
    Ok(())
}

fn watch(doom: &Doom) {
    let mut doomed: Option<Instant> = None;
    loop {
        if is_gone() {
            tracing::error!("the terminal is gone");
            terminal::restore();
            std::process::exit(GONE);
        }
        let Some(signal) = doom.signal() else { continue };
        if doomed.get_or_insert_with(Instant::now).elapsed() > GRACE {
            tracing::error!(signal, "the loop did not end in time");
            terminal::restore();
            std::process::exit(128 + signal);
        }
        std::thread::sleep(Duration::from_millis(100)); // poll(2) may return at once from now on
    }
}

/// Waits up to [`LOOK`] for the other end to hang up. Two witnesses, since not every system tells by both.
fn is_gone() -> bool {
    let stdin = io::stdin();
    let mut fds = [PollFd::from_borrowed_fd(stdin.as_fd(), PollFlags::empty())];
    match poll(&mut fds, Some(&LOOK)) {
        Ok(_) if fds[0].revents().intersects(PollFlags::HUP | PollFlags::ERR) => return true,
        Ok(0) | Err(_) => {}
        Ok(_) => std::thread::sleep(Duration::from_secs(1)), // a system whose poll(2) does not know terminals
    }
    terminal::is_gone()
}
