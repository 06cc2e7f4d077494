//! The real program in a real pseudo-terminal: it starts, resizes, leaves, is stopped and resumed, killed, panics and loses
//! its terminal, and never leaves a terminal other than it was.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use ratatui::Frame;
use ratatui::style::Style;
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{LocalModes, tcgetattr};
use triops::msg::{Effect, Msg};
use triops::runtime::env::Env;
use triops::runtime::{App, Ending, Options, run_here};

/// Longest wait for anything; a machine under load is slow, but not that slow.
const PATIENCE: Duration = Duration::from_secs(20);

/// A program in a terminal, and what the terminal shows.
struct Seat {
    master: Box<dyn MasterPty + Send>,
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    tty: std::fs::File,
    screen: Arc<(Mutex<Screen>, Condvar)>,
    reader: Option<std::thread::JoinHandle<()>>,
}

struct Screen {
    parser: vt100::Parser,
    raw: Vec<u8>,
    /// Nobody looks any more: what is read next is the last.
    closing: bool,
}

fn size(cols: u16, rows: u16) -> PtySize {
    PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }
}

fn nonzero(n: u16) -> NonZeroU16 {
    NonZeroU16::new(n.max(1)).unwrap()
}

impl Seat {
    fn start(mut command: CommandBuilder) -> Self {
        command.env("TERM", "xterm-256color");
        command.env("HOME", env!("CARGO_TARGET_TMPDIR"));
        for name in ["SSH_CONNECTION", "SSH_TTY", "NO_COLOR", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "RUST_BACKTRACE"] {
            command.env_remove(name);
        }
        let pair = native_pty_system().openpty(size(80, 24)).unwrap();
        let tty = std::fs::OpenOptions::new().read(true).write(true).open(pair.master.tty_name().unwrap()).unwrap();
        let child = pair.slave.spawn_command(command).unwrap();
        let mut reader = pair.master.try_clone_reader().unwrap();
        let keys = pair.master.take_writer().unwrap();
        let screen = Screen { parser: vt100::Parser::new(nonzero(24), nonzero(80), 0), raw: Vec::new(), closing: false };
        let screen = Arc::new((Mutex::new(screen), Condvar::new()));
        let shared = screen.clone();
        let reader = std::thread::spawn(move || {
            let mut bytes = [0; 8192];
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                let mut screen = shared.0.lock().unwrap();
                screen.parser.process(&bytes[..count]);
                screen.raw.extend_from_slice(&bytes[..count]);
                shared.1.notify_all();
                if screen.closing {
                    return;
                }
            }
        });
        Self { master: pair.master, child, keys, tty, screen, reader: Some(reader) }
    }

    /// The program itself.
    fn triops() -> Self {
        Self::start(CommandBuilder::new(env!("CARGO_BIN_EXE_triops")))
    }

    /// The small application below.
    fn small() -> Self {
        Self::start(small_command())
    }

    /// Waits until the screen is as `good` wants it.
    fn wait(&self, what: &str, good: impl Fn(&vt100::Screen) -> bool) {
        self.wait_screen(what, |screen| good(screen.parser.screen()));
    }

    fn wait_text(&self, text: &str) {
        self.wait(text, |screen| screen.contents().contains(text));
    }

    fn wait_screen(&self, what: &str, good: impl Fn(&Screen) -> bool) {
        let end = Instant::now() + PATIENCE;
        let mut screen = self.screen.0.lock().unwrap();
        while !good(&screen) {
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "no {what:?} on:\n{}", screen.parser.screen().contents());
            screen = self.screen.1.wait_timeout(screen, left).unwrap().0;
        }
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
    }

    fn resize(&self, cols: u16, rows: u16) {
        self.screen.0.lock().unwrap().parser.screen_mut().set_size(nonzero(rows), nonzero(cols));
        self.master.resize(size(cols, rows)).unwrap();
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.process_id().unwrap()).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    /// Ends the reader, which it does at the next byte: a key makes the program draw.
    fn stop_reading(&mut self) {
        self.screen.0.lock().unwrap().closing = true;
        self.press("?");
        self.reader.take().unwrap().join().unwrap();
    }

    /// Waits for the program's end; returns its exit code.
    fn end(&mut self) -> u32 {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.exit_code();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("it goes on:\n{}", self.screen.0.lock().unwrap().parser.screen().contents());
    }

    /// Whether the terminal is as a shell wants it: lines are edited and echoed, and signals typed.
    fn is_cooked(&self) -> bool {
        let modes = tcgetattr(&self.tty).unwrap().local_modes;
        modes.contains(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG)
    }

    fn assert_restored(&self) {
        self.wait("the main screen, a cursor, no paste mode and no mouse", |screen| {
            !screen.alternate_screen()
                && !screen.hide_cursor()
                && !screen.bracketed_paste()
                && screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None
        });
        assert!(self.is_cooked(), "raw mode was left on");
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

// The program itself.

#[test]
fn it_shows_itself_in_a_screen_of_its_own_and_q_leaves_the_terminal_as_it_was() {
    let mut seat = Seat::triops();
    seat.wait_text("triops");
    seat.wait("alternate screen, paste mode, no cursor, no mouse", |screen| {
        screen.alternate_screen()
            && screen.bracketed_paste()
            && screen.hide_cursor()
            && screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None
    });
    assert!(!seat.is_cooked());
    seat.press("q");
    assert_eq!(seat.end(), 0);
    seat.assert_restored();
}

#[test]
fn it_lives_through_every_size_from_nothing_to_five_hundred_by_two_hundred() {
    let mut seat = Seat::triops();
    seat.wait_text("triops");
    for (cols, rows) in [(0, 0), (1, 1), (2, 1), (0, 24), (80, 0), (1, 200), (20, 5), (40, 12), (500, 200), (80, 24), (79, 23)] {
        seat.resize(cols, rows);
        std::thread::sleep(Duration::from_millis(120)); // a frame each; a storm is what tests/budget.rs is about
    }
    seat.resize(100, 30);
    seat.wait("the picture at 100×30", |screen| screen.contents().contains("triops") && screen.size().1.get() == 100);
    seat.press("q");
    assert_eq!(seat.end(), 0);
    seat.assert_restored();
}

#[test]
fn signals_that_end_it_restore_the_terminal_and_tell_by_the_exit_code() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::INT, 130), (Signal::QUIT, 131)] {
        let mut seat = Seat::triops();
        seat.wait_text("triops");
        seat.signal(signal);
        assert_eq!(seat.end(), code, "{signal:?}");
        seat.assert_restored();
    }
}

#[test]
fn a_terminal_that_closes_ends_it() {
    let mut seat = Seat::triops();
    seat.wait_text("triops");
    assert!(vanish(&mut seat) < Duration::from_secs(3));
}

#[test]
fn a_terminal_that_vanishes_without_a_signal_ends_it_within_three_seconds() {
    // The small application draws nothing while nothing happens, so no failing write tells it either.
    for (mut command, shown) in [(CommandBuilder::new(env!("CARGO_BIN_EXE_triops")), "triops"), (small_command(), "small:")] {
        command.set_controlling_tty(false); // so the kernel has nobody to send SIGHUP to
        let mut seat = Seat::start(command);
        seat.wait_text(shown);
        let took = vanish(&mut seat);
        assert!(took < Duration::from_secs(3), "{shown} went on for {took:?}");
    }
}

#[test]
fn a_terminal_that_takes_no_more_bytes_cannot_keep_it_from_ending() {
    let mut seat = Seat::triops();
    seat.wait_text("triops");
    seat.stop_reading();
    let io = format!("/proc/{}/io", seat.child.process_id().unwrap());
    let written = || {
        let io = std::fs::read_to_string(&io).unwrap();
        io.lines().find_map(|line| line.strip_prefix("wchar: ")?.parse::<u64>().ok()).unwrap()
    };
    let mut rounds = 0;
    for cols in 80..160 {
        let before = written();
        seat.resize(cols, 24); // each draws the whole picture again, until the terminal's buffer is full
        std::thread::sleep(Duration::from_millis(120));
        rounds = if written() - before < 500 { rounds + 1 } else { 0 };
        if rounds == 3 {
            break; // it hangs in write(2)
        }
    }
    assert_eq!(rounds, 3, "the terminal took everything");
    let since = Instant::now();
    seat.signal(Signal::TERM);
    assert_eq!(seat.end(), 143);
    assert!(since.elapsed() < Duration::from_secs(5));
    assert!(seat.is_cooked(), "raw mode was left on");
}

/// Takes the other end away; returns how long the program went on.
fn vanish(seat: &mut Seat) -> Duration {
    seat.stop_reading(); // every handle of the master must go, the reader's too
    seat.keys = Box::new(std::io::sink());
    seat.master = native_pty_system().openpty(size(1, 1)).unwrap().master;
    let since = Instant::now();
    let code = seat.end();
    assert_eq!(code, 129, "128 + SIGHUP");
    since.elapsed()
}

#[test]
fn without_a_terminal_it_says_so_and_fails_with_status_two() {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_triops")).stdin(std::process::Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty(), "nothing but data goes to standard output");
    assert!(String::from_utf8_lossy(&output.stderr).contains("not a terminal"), "{output:?}");
}

#[test]
fn a_dumb_terminal_is_refused_with_what_to_do() {
    let mut command = CommandBuilder::new("sh");
    command.args(["-c", "TERM=dumb \"$0\"; echo code $?", env!("CARGO_BIN_EXE_triops")]);
    let seat = Seat::start(command);
    seat.wait_text("set TERM");
    seat.wait_text("code 2");
}

// A small application on the same runtime, for what the program itself must never do.

/// Panics on `p`, in a thread on `t`; stops on ctrl-z; mouse on `m`; copies on `c`; leaves on `q`.
#[derive(Default)]
struct Small {
    keys: String,
    resumed: usize,
    changed: bool,
}

impl App for Small {
    fn update(&mut self, msg: Msg) -> Vec<Effect> {
        self.changed = true;
        match msg {
            Msg::Pressed(key) => match key.to_string().as_str() {
                "q" => return vec![Effect::Quit],
                "p" => panic!("the small application fell over"),
                "t" => drop(std::thread::spawn(|| panic!("a thread fell over"))),
                "m" => return vec![Effect::Mouse(true)],
                "c" => return vec![Effect::Copy("https://am.example".to_owned())],
                "ctrl-z" => return vec![Effect::Suspend],
                key => self.keys.push_str(key),
            },
            Msg::Pasted(text) => self.keys.extend(["<", &text, ">"]),
            Msg::Clicked { column, row } => self.keys.push_str(format!("click {column},{row}").as_str()),
            Msg::Resized(..) => self.resumed += 1,
            _ => self.changed = false,
        }
        Vec::new()
    }

    fn view(&mut self, frame: &mut Frame<'_>) {
        let text = format!("small: {} ({} sizes)", self.keys, self.resumed);
        let width = usize::from(frame.area().width);
        frame.buffer_mut().set_stringn(0, 0, text, width, Style::new());
    }

    fn take_dirty(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }
}

const CHILD: &str = "TRIOPS_TEST_SMALL_APPLICATION";

/// This very test binary, told to be the small application.
fn small_command() -> CommandBuilder {
    let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
    command.args(["--exact", "the_small_application", "--ignored", "--nocapture", "--test-threads=1"]);
    command.env(CHILD, "yes");
    command
}

#[test]
#[ignore = "not a test: what other tests start in a terminal"]
fn the_small_application() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let nothing = Box::pin(futures_util::stream::empty());
    let ended = tokio.block_on(run_here(&mut Small::default(), Vec::new(), nothing, Options::new(Env::read())));
    // `println!` would panic where the terminal has gone meanwhile
    let _ = writeln!(std::io::stdout(), "ended: {ended:?}");
    std::process::exit(match ended {
        Ok(Ending::Quit) => 7,
        Ok(Ending::Signal(signal)) => 128 + signal,
        Err(_) => 8,
    });
}

#[test]
fn a_panic_gives_the_terminal_back_and_then_says_what_happened() {
    for (key, said) in [("p", "the small application fell over"), ("t", "a thread fell over")] {
        let mut seat = Seat::small();
        seat.wait_text("small:");
        seat.press("m");
        seat.press(key);
        assert_eq!(seat.end(), 101);
        seat.assert_restored();
        seat.wait("the message on the main screen", |screen| !screen.alternate_screen() && screen.contents().contains(said));
    }
}

#[test]
fn ctrl_z_gives_the_terminal_to_the_shell_and_fg_takes_it_back() {
    let mut shell = CommandBuilder::new("sh");
    shell.arg("-i");
    shell.env("PS1", "shell> ");
    shell.env("ENV", "");
    shell.env(CHILD, "yes");
    let mut seat = Seat::start(shell);
    seat.wait_text("shell>");
    let argv: Vec<_> = small_command().get_argv().iter().map(|word| format!("'{}'", word.to_str().unwrap())).collect();
    seat.press(&format!("{}; echo left $?\n", argv.join(" ")));
    seat.wait_text("small:");
    for round in ["a", "b"] {
        seat.press(round);
        seat.wait_text(round);
        seat.press("\x1a");
        seat.wait("the shell's screen", |screen| {
            !screen.alternate_screen() && !screen.hide_cursor() && screen.contents().contains("Stopped")
        });
        seat.press("echo in$((1+1))between\n");
        seat.wait_text("in2between");
        seat.press("clear\nfg\n");
        seat.wait("the picture again", |screen| screen.alternate_screen() && screen.hide_cursor() && screen.contents().contains("small:"));
        assert!(!seat.is_cooked());
    }
    seat.press("q");
    seat.wait("the shell again", |screen| !screen.alternate_screen() && screen.contents().contains("ended: Ok(Quit)"));
}

#[test]
fn ctrl_z_where_nobody_could_resume_it_changes_nothing() {
    let mut seat = Seat::small();
    seat.wait_text("small:");
    seat.press("\x1a");
    seat.wait("the main screen and then its own again", |screen| screen.alternate_screen() && screen.contents().contains("(2 sizes)"));
    seat.press("x");
    seat.wait_text("small: x");
    seat.press("q");
    assert_eq!(seat.end(), 7);
    seat.assert_restored();
}

#[test]
fn a_program_stopped_and_continued_from_outside_takes_its_terminal_again() {
    let mut seat = Seat::small();
    seat.wait_text("small:");
    seat.signal(Signal::STOP);
    seat.signal(Signal::CONT);
    seat.wait_text("(2 sizes)");
    seat.press("q");
    assert_eq!(seat.end(), 7);
}

#[test]
fn pasted_text_arrives_in_one_piece_and_presses_nothing() {
    let mut seat = Seat::small();
    seat.wait_text("small:");
    seat.press("\x1b[200~q\x1b[201~");
    seat.wait_text("<q>");
}

#[test]
fn the_mouse_is_reported_without_motion_and_only_when_asked_for() {
    let mut seat = Seat::small();
    seat.wait_text("small:");
    seat.press("m");
    seat.wait("button reports in SGR coordinates", |screen| {
        screen.mouse_protocol_mode() == vt100::MouseProtocolMode::PressRelease
            && screen.mouse_protocol_encoding() == vt100::MouseProtocolEncoding::Sgr
    });
    seat.press("\x1b[<0;5;3M");
    seat.wait_text("click 4,2");
    seat.press("q");
    seat.end();
    seat.assert_restored();
}

#[test]
fn what_is_copied_goes_to_the_terminal_by_osc_52() {
    let mut seat = Seat::small();
    seat.wait_text("small:");
    seat.press("c");
    seat.wait_screen("OSC 52 with the link in base64", |screen| {
        String::from_utf8_lossy(&screen.raw).contains("\x1b]52;c;aHR0cHM6Ly9hbS5leGFtcGxl\x1b\\")
    });
}
