//! What the terminal receives: one write per frame, as few bytes as the change needs, and nothing at all for no change.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may fail loudly")]

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use futures_util::{Stream, StreamExt, stream};
use ratatui::layout::Size;
use ratatui::style::{Color, Style};
use ratatui::{Frame, Terminal};
use triops::domain::Timestamp;
use triops::msg::{Effect, Msg};
use triops::runtime::clock::Clock;
use triops::runtime::env::Env;
use triops::runtime::screen::{Canvas, Device};
use triops::runtime::signals::Signals;
use triops::runtime::{App, Arrival, Ending, Inlets, Options, run};

/// A terminal that keeps every write.
#[derive(Clone)]
struct Recorder(Arc<Mutex<Record>>);

struct Record {
    size: Size,
    writes: Vec<Vec<u8>>,
}

impl Recorder {
    fn new(width: u16, height: u16) -> Self {
        Self(Arc::new(Mutex::new(Record { size: Size { width, height }, writes: Vec::new() })))
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.0.lock().unwrap()
    }

    /// The writes since this was last asked.
    fn take(&self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.record().writes)
    }

    fn resize(&self, width: u16, height: u16) {
        self.record().size = Size { width, height };
    }
}

impl Write for Recorder {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.record().writes.push(bytes.to_vec());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Device for Recorder {
    fn size(&self) -> io::Result<Size> {
        Ok(self.record().size)
    }

    fn take(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn give_back(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn terminal(recorder: &Recorder, synchronized: bool) -> Terminal<Canvas<Recorder>> {
    Terminal::new(Canvas::new(recorder.clone(), synchronized)).unwrap()
}

fn dashboard(frame: &mut Frame<'_>, age: u64) {
    let area = frame.area();
    let buffer = frame.buffer_mut();
    for y in 0..area.height {
        let style = Style::new().fg([Color::Red, Color::Yellow, Color::Reset][usize::from(y % 3)]);
        buffer.set_stringn(0, y, format!("row {y}: something fails {}", "·".repeat(60)), usize::from(area.width), style);
    }
    buffer.set_stringn(60, 0, format!("oldest {age}s"), usize::from(area.width.saturating_sub(60)), Style::new().fg(Color::Green));
}

const BEGIN: &[u8] = b"\x1b[?2026h";
const END: &[u8] = b"\x1b[?2026l";

fn count(bytes: &[u8], what: &[u8]) -> usize {
    bytes.windows(what.len()).filter(|window| *window == what).count()
}

#[test]
fn a_full_frame_is_one_write_between_brackets() {
    let recorder = Recorder::new(200, 50);
    let mut terminal = terminal(&recorder, true);
    terminal.draw(|frame| dashboard(frame, 3)).unwrap();
    let writes = recorder.take();
    assert_eq!(writes.len(), 1);
    assert!(writes[0].len() > 2_000);
    assert!(writes[0].starts_with(BEGIN) && writes[0].ends_with(END));
}

#[test]
fn brackets_can_be_left_out() {
    let recorder = Recorder::new(200, 50);
    terminal(&recorder, false).draw(|frame| dashboard(frame, 3)).unwrap();
    assert_eq!(count(&recorder.take().concat(), b"\x1b[?2026"), 0);
}

#[test]
fn an_unchanged_frame_is_no_write_at_all() {
    let recorder = Recorder::new(200, 50);
    let mut terminal = terminal(&recorder, true);
    terminal.draw(|frame| dashboard(frame, 3)).unwrap();
    recorder.take();
    for _ in 0..10 {
        terminal.draw(|frame| dashboard(frame, 3)).unwrap();
    }
    assert!(recorder.take().is_empty());
}

#[test]
fn an_age_that_ticks_costs_a_dozen_bytes() {
    let recorder = Recorder::new(200, 50);
    let mut terminal = terminal(&recorder, true);
    for age in 0..8 {
        terminal.draw(|frame| dashboard(frame, age)).unwrap();
    }
    let writes = recorder.take();
    assert_eq!(writes.len(), 8);
    for write in &writes[2..] {
        assert!(write.len() <= 12, "{}", write.escape_ascii());
    }
}

#[test]
fn a_cleared_screen_is_wiped_before_the_bracket_not_inside() {
    let recorder = Recorder::new(200, 50);
    let mut terminal = terminal(&recorder, true);
    terminal.draw(|frame| dashboard(frame, 3)).unwrap();
    recorder.take();
    for shrunk in [false, true] {
        if shrunk {
            recorder.resize(120, 40);
        } else {
            terminal.clear().unwrap();
        }
        terminal.draw(|frame| dashboard(frame, 3)).unwrap();
        let writes = recorder.take();
        assert_eq!(writes.len(), 1, "wipe and frame are one write");
        let wipe = writes[0].windows(4).position(|window| window == b"\x1b[2J").expect("a wipe");
        let begin = writes[0].windows(BEGIN.len()).position(|window| window == BEGIN).expect("a bracket");
        assert!(wipe < begin);
        assert_eq!(count(&writes[0], b"\x1b[2J"), 1);
    }
}

#[test]
fn a_cursor_in_a_text_field_is_shown_moved_and_hidden_without_further_ado() {
    let recorder = Recorder::new(80, 24);
    let mut terminal = terminal(&recorder, true);
    let mut draw = |column: Option<u16>| {
        terminal.draw(|frame| column.into_iter().for_each(|x| frame.set_cursor_position((x, 5)))).unwrap();
        String::from_utf8(recorder.take().concat()).unwrap()
    };
    assert_eq!(draw(None), "");
    assert_eq!(draw(Some(3)), "\x1b[?25h\x1b[6;4H");
    assert_eq!(draw(Some(3)), "");
    assert_eq!(draw(Some(4)), "\x1b[C");
    assert_eq!(draw(None), "\x1b[?25l");
    assert_eq!(draw(None), "");
}

// The loop: what a running program writes.

/// A small application: draws an age if told to, counts frames, leaves on `q`.
#[derive(Default)]
struct Small {
    now: Timestamp,
    ages: bool,
    pressed: usize,
    frames: usize,
    sizes: Vec<(u16, u16)>,
    dirty: bool,
}

impl App for Small {
    fn update(&mut self, msg: Msg) -> Vec<Effect> {
        match msg {
            Msg::Ticked(now) => {
                self.now = now;
                self.dirty |= self.ages;
            }
            Msg::Pressed(key) if key.to_string() == "q" => return vec![Effect::Quit],
            Msg::Pressed(_) => {
                self.pressed += 1;
                self.dirty = true;
            }
            Msg::Noted(_) => self.dirty = true,
            Msg::Resized(width, height) => {
                self.sizes.push((width, height));
                self.dirty = true;
            }
            _ => {}
        }
        Vec::new()
    }

    fn view(&mut self, frame: &mut Frame<'_>) {
        self.frames += 1;
        let age = if self.ages { self.now.ms() / 1000 % 10 } else { 0 };
        dashboard(frame, u64::try_from(age).unwrap());
        let last = frame.area().height - 1;
        let width = usize::from(frame.area().width);
        frame.buffer_mut().set_stringn(0, last, format!("{} keys", self.pressed), width, Style::new());
    }

    fn take_dirty(&mut self) -> bool {
        std::mem::take(&mut self.dirty)
    }
}

fn key(c: char) -> Event {
    Event::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE))
}

/// `events`, then `q` after a while.
fn then_quit(
    events: impl Stream<Item = io::Result<Event>> + Send + 'static,
    after: Duration,
) -> impl Stream<Item = io::Result<Event>> + Unpin {
    let quit = stream::once(async move {
        tokio::time::sleep(after).await;
        Ok(key('q'))
    });
    Box::pin(events.chain(quit))
}

fn play(app: &mut Small, recorder: &Recorder, input: impl Stream<Item = io::Result<Event>> + Unpin, arrivals: Vec<Msg>) -> Ending {
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let inlets = Inlets {
        sources: Vec::new(),
        arrivals: Box::pin(stream::iter(arrivals).map(Arrival::Told)),
        input,
        signals: Signals::none(),
        clock: Clock::system(),
    };
    let canvas = Canvas::new(recorder.clone(), true);
    tokio.block_on(run(app, canvas, inlets, Options::new(Env::of(&[])))).unwrap()
}

#[test]
fn with_nothing_to_show_nothing_is_written_after_the_first_frame() {
    let recorder = Recorder::new(120, 40);
    let mut app = Small::default();
    assert_eq!(play(&mut app, &recorder, then_quit(stream::empty(), Duration::from_millis(2500)), Vec::new()), Ending::Quit);
    assert_eq!((recorder.take().len(), app.frames), (1, 1));
}

#[test]
fn with_only_ages_ticking_a_second_costs_less_than_sixty_bytes() {
    let recorder = Recorder::new(120, 40);
    let mut app = Small { ages: true, ..Small::default() };
    play(&mut app, &recorder, then_quit(stream::empty(), Duration::from_millis(3300)), Vec::new());
    let writes = recorder.take();
    assert!((3..=5).contains(&writes.len()), "{} writes in 3.3 s", writes.len());
    assert!(writes[1..].iter().all(|write| write.len() <= 60));
}

#[test]
fn a_flood_of_messages_is_drawn_ten_times_a_second_at_most() {
    let recorder = Recorder::new(120, 40);
    let mut app = Small::default();
    let notice = |n| Msg::Noted(triops::msg::Notice { good: true, text: format!("{n}") });
    play(&mut app, &recorder, then_quit(stream::empty(), Duration::from_secs(1)), (0..200_000).map(notice).collect());
    assert!((2..=12).contains(&app.frames), "{} frames in a second", app.frames);
}

#[test]
fn keys_typed_together_are_one_frame_and_a_single_key_is_drawn_at_once() {
    let recorder = Recorder::new(120, 40);
    let mut app = Small::default();
    let typed = stream::iter((0..100).map(|_| Ok(key('x'))));
    play(&mut app, &recorder, then_quit(typed, Duration::from_millis(50)), Vec::new());
    assert_eq!(app.pressed, 100);
    assert!(app.frames <= 3, "{} frames for one burst", app.frames);
    // Ten keys 20 ms apart come faster than the frame rate; each is drawn all the same.
    let mut app = Small::default();
    let typed = stream::iter(0..10).then(|_| async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        Ok(key('x'))
    });
    play(&mut app, &recorder, then_quit(typed, Duration::from_millis(50)), Vec::new());
    assert!(app.frames >= 10, "{} frames for ten keys", app.frames);
}

#[test]
fn a_storm_of_resizes_is_drawn_once_and_no_size_is_too_small_or_too_large() {
    let recorder = Recorder::new(120, 40);
    let sizes = [(0, 0), (1, 1), (0, 24), (80, 0), (1, 200), (20, 5), (80, 24), (500, 200), (65535, 65535), (100, 30)];
    let resized = recorder.clone();
    let storm = stream::iter((0..300).map(move |n| sizes[n % sizes.len()])).map(move |(width, height)| {
        resized.resize(width, height);
        Ok(Event::Resize(width, height))
    });
    let mut app = Small::default();
    play(&mut app, &recorder, then_quit(storm, Duration::from_millis(400)), Vec::new());
    assert_eq!(app.sizes.last(), Some(&(100, 30)), "the last size wins");
    assert!(app.frames <= 6, "{} frames for 300 sizes", app.frames);
}
