//! Walks through the whole program: keys go in, pictures come out, systems answer over HTTP. A journey is a table of steps.
//!
//! | step | means |
//! |---|---|
//! | `press` | these keys, as the keymap writes them |
//! | `type` | this text, a key each |
//! | `see`, `not see` | wait until the text stands on the screen, or no longer does |
//! | `grey`, `not grey` | wait until the text is drawn as out of date, or is not |
//! | `lit` | wait until the text is drawn as found by a search |
//! | `copied` | the newest text in the clipboard holds this |
//! | `saved` | wait until a file that was saved holds this |
//! | `leaves` | the program ends here |
//! | `pause` | let so many seconds pass, as a person does who reads a question |
//! | `asked` | wait until the system of that name has answered ten times more: every poll of it at least twice |
//! | a system's name | it `answers`, `fails`, `hangs` or is `quiet` from now on |

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossterm::event::{Event, KeyCode as Code, KeyEvent, KeyModifiers};
use futures_util::{FutureExt, StreamExt, stream};
use ratatui::style::{Color, Modifier, Style};
use tokio::sync::mpsc;
use triops::app::{Model, Settings};
use triops::config::Keymap;
use triops::domain::{Rules, Text, Timestamp};
use triops::msg::{Key, KeyCode};
use triops::runtime::clock::Clock;
use triops::runtime::env::Env;
use triops::runtime::signals::Signals;
use triops::runtime::{Ending, Inlets, Options, run};
use triops::source::Source;
use triops::ui::color::ColorDepth;
use triops::ui::{Glyphs, Look, Theme};

use crate::glass::{Eyes, Picture, glass};
use crate::systems::{Mood, System, systems};

/// Longest wait for one step; machines that build beside the test are slow.
const PATIENCE: Duration = Duration::from_secs(30);
/// A moment after the recordings were made.
const NOW: &str = "2026-11-23T22:30:00Z";

/// What is done, and with what.
pub type Step = (&'static str, &'static str);

/// A cockpit before it starts.
pub struct Cockpit {
    systems: HashMap<&'static str, System>,
    keymap: Keymap,
    read_only: bool,
    /// Other sources beside the systems.
    sources: Vec<Arc<dyn Source>>,
    clock: Option<Clock>,
}

impl Cockpit {
    /// Looks at these systems.
    pub async fn at(names: &[&'static str]) -> Self {
        Self { systems: systems(names).await, keymap: Keymap::embedded(), read_only: false, sources: Vec::new(), clock: None }
    }

    /// Looks at these, at the time that this clock tells.
    pub fn on(sources: Vec<Arc<dyn Source>>, clock: Clock) -> Self {
        Self { systems: HashMap::new(), keymap: Keymap::embedded(), read_only: false, sources, clock: Some(clock) }
    }

    /// With these keys over the built-in ones, as a file of the user has them.
    pub fn keys(mut self, file: &str) -> Self {
        self.keymap.lay("keymap.toml", file).unwrap();
        self
    }

    pub fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    pub fn feeling(self, system: &str, mood: Mood) -> Self {
        self.systems[system].feel(mood);
        self
    }

    /// Takes the steps one after another. Returns how the program ended, if it did.
    pub async fn walk(self, steps: &[Step]) -> Option<Ending> {
        self.run(async |walker| {
            for (place, step) in steps.iter().enumerate() {
                walker.step(place, *step).await;
            }
        })
        .await
    }

    /// Runs the program while a walker walks.
    pub async fn run(self, walk: impl AsyncFnOnce(&mut Walker)) -> Option<Ending> {
        let (theme, error) = Theme::load("ansi", None, ColorDepth::Ansi16);
        assert_eq!(error, None);
        let look = Look { theme, glyphs: Glyphs::Unicode, zone: jiff::tz::TimeZone::UTC };
        let mut model = Model::new(Settings {
            keymap: self.keymap,
            look,
            utc: true,
            mouse: false,
            rules: Rules { read_only: self.read_only, ..Rules::default() },
            dry_run: false,
            actor: Text::from("oncall"),
        });
        let state_dir = std::env::temp_dir().join(format!("triops-journey-{}-{}", std::process::id(), fastrand::u64(..)));
        let (surface, eyes) = glass(120, 40);
        let (keys, typed) = mpsc::unbounded_channel::<Event>();
        let input = stream::unfold(typed, |mut typed| async move { typed.recv().await.map(|event| (Ok(event), typed)) });
        let (began, from) = (Instant::now(), Timestamp::parse(NOW).unwrap());
        let inlets = Inlets {
            sources: self.systems.iter().map(|(name, system)| system.source(name)).chain(self.sources).collect(),
            arrivals: stream::empty().boxed(),
            input: input.boxed(),
            signals: Signals::none(),
            clock: self.clock.unwrap_or_else(|| Clock::new(move || from.plus(began.elapsed().as_secs_f64()))),
        };
        let options = Options { state_dir: Some(state_dir.clone()), ..Options::new(Env::default()) };
        let mut walker = Walker { systems: self.systems, keys, eyes, saved: state_dir.join("saved") };
        let mut running = Box::pin(run(&mut model, surface, inlets, options));
        let ended = tokio::select! {
            () = walk(&mut walker) => running.as_mut().now_or_never(),
            // it may end at the last key, while the walker still looks on
            ended = &mut running => Some(ended),
        };
        let _ = std::fs::remove_dir_all(&state_dir);
        ended.map(|ended| ended.unwrap())
    }
}

/// Whoever sits before the screen.
pub struct Walker {
    systems: HashMap<&'static str, System>,
    keys: mpsc::UnboundedSender<Event>,
    eyes: Eyes,
    saved: PathBuf,
}

impl Walker {
    /// Takes one step.
    pub async fn step(&mut self, place: usize, (what, with): (&str, &str)) {
        let step = format!("step {place}, {what} {with:?}");
        match what {
            "press" => with.split_whitespace().for_each(|key| self.press(key)),
            "type" => with.chars().for_each(|c| self.press(if c == ' ' { "space".to_owned() } else { c.to_string() })),
            "see" => self.until(&step, |picture| picture.text().contains(with)).await,
            "not see" => self.until(&step, |picture| !picture.text().contains(with)).await,
            "grey" => self.until(&step, |picture| picture.style_of(with).is_some_and(|style| is_grey(style))).await,
            "not grey" => self.until(&step, |picture| picture.style_of(with).is_some_and(|style| !is_grey(style))).await,
            "lit" => self.until(&step, |picture| picture.style_of(with).is_some_and(is_lit)).await,
            "copied" => {
                let copied = self.eyes.copied.lock().unwrap();
                let newest = copied.last().unwrap_or_else(|| panic!("{step}: nothing was copied"));
                assert!(newest.contains(with), "{step}: copied was {newest}");
            }
            "saved" => {
                let file = std::fs::read_dir(&self.saved).unwrap().next().unwrap().unwrap().path();
                let text = std::fs::read_to_string(&file).unwrap();
                assert!(text.contains(with), "{step}: saved in {} was\n{text}", file.display());
            }
            // what says yes must be pressed after a rest
            "pause" => tokio::time::sleep(Duration::from_secs(with.parse().unwrap())).await,
            "leaves" => {
                tokio::time::sleep(PATIENCE).await;
                panic!("{step}: it is still there");
            }
            "asked" => {
                let mut asked = self.systems[with].asked.clone();
                let before = *asked.borrow();
                let enough = asked.wait_for(|now| *now >= before + 10);
                tokio::time::timeout(PATIENCE, enough).await.unwrap_or_else(|_| panic!("{step}: it was not")).unwrap();
            }
            system => self.systems[system].feel(match with {
                "answers" => Mood::Answers,
                "fails" => Mood::Fails,
                "hangs" => Mood::Hangs,
                "is quiet" => Mood::Quiet,
                _ => panic!("{step}: no such mood"),
            }),
        }
    }

    /// Presses a key.
    pub fn press(&self, key: impl AsRef<str>) {
        // whoever has left does not listen to further keys
        let _ = self.keys.send(Event::Key(event(key.as_ref())));
    }

    /// Waits for a picture.
    pub async fn until(&mut self, step: &str, fits: impl Fn(&Picture) -> bool) {
        let seen = tokio::time::timeout(PATIENCE, self.eyes.shown.wait_for(|picture| fits(picture))).await.map(drop);
        if seen.is_err() {
            panic!("{step}: in vain. The screen was\n{}", self.eyes.shown.borrow().text());
        }
    }
}

fn is_grey(style: Style) -> bool {
    style.fg == Some(Color::DarkGray)
}

fn is_lit(style: Style) -> bool {
    style.fg == Some(Color::Yellow) && style.add_modifier.contains(Modifier::REVERSED)
}

/// A key as a terminal sends it.
fn event(written: &str) -> KeyEvent {
    let key: Key = written.parse().unwrap();
    let code = match key.code {
        KeyCode::Char(c) => Code::Char(c),
        KeyCode::Enter => Code::Enter,
        KeyCode::Esc => Code::Esc,
        KeyCode::Tab => Code::Tab,
        KeyCode::BackTab => Code::BackTab,
        KeyCode::Backspace => Code::Backspace,
        KeyCode::Up => Code::Up,
        KeyCode::Down => Code::Down,
        KeyCode::Left => Code::Left,
        KeyCode::Right => Code::Right,
        KeyCode::Home => Code::Home,
        KeyCode::End => Code::End,
        KeyCode::PageUp => Code::PageUp,
        KeyCode::PageDown => Code::PageDown,
        other => panic!("no journey presses {other:?}"),
    };
    let mut with = KeyModifiers::NONE;
    with.set(KeyModifiers::CONTROL, key.ctrl);
    with.set(KeyModifiers::ALT, key.alt);
    KeyEvent::new(code, with)
}
