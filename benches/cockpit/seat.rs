//! A program in a terminal of its own: started, watched, typed into, measured from outside as its user would feel it.
//! Not for: which programs, and what is done with them (see `main`).

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// Columns and rows of every terminal here.
pub const SIZE: (u16, u16) = (200, 50);
/// The kernel counts a process's time in hundredths of a second (`USER_HZ`), whatever its own clock is.
const TICK_MS: f64 = 10.0;

/// A program that runs.
pub struct Seat {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    began: Instant,
    bytes: u64,
}

/// What a program cost while nobody touched it.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    /// Milliseconds of processor time in a second.
    pub cpu_ms_per_s: f64,
    /// Bytes written to the terminal in a second.
    pub bytes_per_s: f64,
    /// Resident at the end, MiB.
    pub resident_mib: f64,
}

impl Seat {
    /// Starts a program; its home is `home`, so that no file of the person who measures is read or written.
    pub fn open(program: impl AsRef<OsStr>, args: &[&OsStr], home: &Path, docker: &str) -> Self {
        let size = PtySize { cols: SIZE.0, rows: SIZE.1, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pseudo-terminal");
        let mut command = CommandBuilder::new(program);
        command.args(args);
        for name in ["SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT", "NO_COLOR", "TMUX", "XDG_CONFIG_HOME", "XDG_STATE_HOME"] {
            command.env_remove(name);
        }
        for (name, value) in [("TERM", "xterm-256color"), ("COLORTERM", "truecolor"), ("LANG", "C.UTF-8"), ("DOCKER_HOST", docker)] {
            command.env(name, value);
        }
        command.env("HOME", home);
        command.cwd(home);
        let mut from = pair.master.try_clone_reader().expect("its output");
        let keys = pair.master.take_writer().expect("its input");
        let began = Instant::now();
        let child = pair.slave.spawn_command(command).expect("the program starts");
        let (out, output) = mpsc::channel();
        std::thread::spawn(move || {
            let mut piece = vec![0; 65536];
            while let Ok(read @ 1..) = from.read(&mut piece) {
                if out.send(piece[..read].to_vec()).is_err() {
                    break;
                }
            }
        });
        let side = |length| NonZeroU16::new(length).expect("a screen has a size");
        let screen = vt100::Parser::new(side(SIZE.1), side(SIZE.0), 0);
        Self { child, master: pair.master, keys, output, screen, began, bytes: 0 }
    }

    /// Milliseconds from its start until `seen` is true of its screen, or nothing if that takes longer than `patience`.
    pub fn until(&mut self, patience: Duration, seen: impl Fn(&str) -> bool) -> Option<f64> {
        let deadline = self.began + patience;
        while !seen(&self.screen.screen().contents()) {
            if !self.take(deadline) {
                return None;
            }
        }
        Some(self.began.elapsed().as_secs_f64() * 1000.0)
    }

    /// Presses keys, one after the other, each some time after the one before.
    pub fn press(&mut self, keys: &[&str]) {
        for key in keys {
            self.type_now(key);
            self.wait(Duration::from_millis(500));
        }
    }

    /// Presses a key.
    pub fn type_now(&mut self, key: &str) {
        self.keys.write_all(key.as_bytes()).expect("it reads keys");
        self.keys.flush().expect("it reads keys");
    }

    /// Milliseconds from a key to the first output after it; nothing if none comes within `patience`.
    pub fn painted(&mut self, key: &str, patience: Duration) -> Option<f64> {
        // what was on its way before the key is no answer to it
        while self.take(Instant::now()) {}
        let pressed = Instant::now();
        self.type_now(key);
        self.take(pressed + patience).then(|| pressed.elapsed().as_secs_f64() * 1000.0)
    }

    /// Lets it work for a while.
    pub fn wait(&mut self, time: Duration) {
        let deadline = Instant::now() + time;
        while self.take(deadline) {}
    }

    /// What it costs over `time`.
    pub fn cost(&mut self, time: Duration) -> Option<Cost> {
        let (start, bytes, cpu) = (Instant::now(), self.bytes, self.cpu_ms()?);
        self.wait(time);
        let seconds = start.elapsed().as_secs_f64();
        Some(Cost {
            cpu_ms_per_s: (self.cpu_ms()? - cpu) / seconds,
            bytes_per_s: (self.bytes - bytes) as f64 / seconds,
            resident_mib: self.resident_mib()?,
        })
    }

    /// What stands on its screen.
    pub fn contents(&self) -> String {
        self.screen.screen().contents()
    }

    /// Takes one piece of output; `false` when none came before `deadline`, or it has ended.
    fn take(&mut self, deadline: Instant) -> bool {
        match self.output.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(piece) => {
                self.bytes += piece.len() as u64;
                self.answer(&piece);
                self.screen.process(&piece);
                true
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => false,
        }
    }

    /// Some programs ask the terminal who it is and where its cursor stands, and wait for the answer.
    fn answer(&mut self, piece: &[u8]) {
        for (question, answer) in [("\x1b[c", "\x1b[?62;22c"), ("\x1b[6n", "\x1b[1;1R")] {
            if memchr::memmem::find(piece, question.as_bytes()).is_some() {
                let _ = self.keys.write_all(answer.as_bytes());
            }
        }
    }

    /// User and system time of all its threads: fields 14 and 15 of `/proc/PID/stat`.
    fn cpu_ms(&self) -> Option<f64> {
        let stat = std::fs::read_to_string(self.proc("stat")?).ok()?;
        let mut fields = stat.rsplit(')').next()?.split_whitespace().skip(11);
        let mut ticks = || fields.next()?.parse::<f64>().ok();
        Some((ticks()? + ticks()?) * TICK_MS)
    }

    fn resident_mib(&self) -> Option<f64> {
        let status = std::fs::read_to_string(self.proc("status")?).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        Some(line.split_whitespace().next()?.parse::<f64>().ok()? / 1024.0)
    }

    fn proc(&self, file: &str) -> Option<String> {
        Some(format!("/proc/{}/{file}", self.child.process_id()?))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = self.master.resize(PtySize::default());
    }
}
