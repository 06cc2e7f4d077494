//! A person before the cockpit on a served world: keys go in, pictures come out, and time goes on only when it is told to. The
//! application, its effects, the gate and the sources are the program's own. Not for: the loop and a real terminal (see
//! `tests/journeys.rs`, `tests/terminal.rs`).
#![allow(dead_code, missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests and the tour each use a part")]

use std::collections::VecDeque;
use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use tokio::sync::mpsc;
use triops::app::{self, Model, Settings};
use triops::config::Keymap;
use triops::demo::world::Spec;
use triops::domain::{Rules, Text};
use triops::msg::{Effect, Msg};
use triops::runtime::act::Gate;
use triops::runtime::audit::Audit;
use triops::runtime::effects::{Effects, Wanted};
use triops::runtime::env::Env;
use triops::runtime::poll::Wishes;
use triops::ui::color::ColorDepth;
use triops::ui::{Glyphs, Look, Theme};

use crate::stage::{Stage, zero};

/// Seconds between two polls.
const POLL_S: f64 = 10.0;
/// Seconds between two keys of a typed word.
const KEY_S: f64 = 0.125;
/// Longest wait for an answer; machines that build beside it are slow.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Seat {
    pub stage: Stage,
    model: Model,
    effects: Effects,
    messages: mpsc::Receiver<Msg>,
    terminal: Terminal<TestBackend>,
    /// Answers that are on their way.
    awaited: usize,
    s: f64,
}

impl Seat {
    /// Opens the cockpit on a world at its zero, on a screen of that size.
    pub async fn new(spec: Spec, (width, height): (u16, u16)) -> Self {
        let stage = Stage::new(spec).await;
        let (theme, error) = Theme::load("ansi", None, ColorDepth::Ansi16);
        assert_eq!(error, None);
        let rules = Rules { typed_confirm_env: vec![Text::from("prod")], ..Rules::default() };
        let model = Model::new(Settings {
            keymap: Keymap::embedded(),
            look: Look { theme, glyphs: Glyphs::Unicode, zone: jiff::tz::TimeZone::UTC },
            utc: true,
            mouse: false,
            rules: rules.clone(),
            dry_run: false,
            actor: Text::from("oncall"),
        });
        let (out, messages) = mpsc::channel(1024);
        let state = Some(stage.folder().join("state"));
        let gate = Gate::new(rules, Audit::new(state.clone(), stage.clock()));
        let mut effects = Effects::new(out, Wishes::default(), Env::default(), gate, state);
        effects.add(stage.sources.clone());
        let terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let mut seat = Self { stage, model, effects, messages, terminal, awaited: 0, s: 0.0 };
        seat.tell(Msg::Ticked(zero())).await;
        seat.tell(Msg::Resized(width, height)).await;
        let infos = seat.stage.sources.iter().map(|source| source.info().clone()).collect();
        seat.tell(Msg::Configured(infos)).await;
        seat.look().await;
        seat
    }

    /// Tells the application, does what it asks for, and waits for every answer to that.
    async fn tell(&mut self, msg: Msg) {
        let mut waiting = VecDeque::from([msg]);
        loop {
            let msg = match waiting.pop_front() {
                Some(msg) => msg,
                None if self.awaited > 0 => tokio::time::timeout(PATIENCE, self.messages.recv()).await.expect("an answer").unwrap(),
                None => break,
            };
            let answers = matches!(
                msg,
                Msg::Offered { .. }
                    | Msg::Formed { .. }
                    | Msg::Previewed { .. }
                    | Msg::Acted { .. }
                    | Msg::Answered { .. }
                    | Msg::Audited(_)
            );
            self.awaited -= usize::from(answers);
            for effect in app::update(&mut self.model, msg) {
                self.awaited += match &effect {
                    Effect::Offers(..) | Effect::Form(_) | Effect::Ask(_) | Effect::Audit => 1,
                    Effect::Preview(orders) | Effect::Act(orders, _) => orders.len(),
                    _ => 0,
                };
                if let Effect::Refresh(source) = effect {
                    let fetched = self.stage.fetch(source.as_ref().map(triops::domain::SourceName::as_str)).await;
                    waiting.extend(fetched.into_iter().map(|fetched| Msg::Fetched(Box::new(fetched))));
                } else {
                    for wanted in self.effects.run(effect) {
                        if let Wanted::Tell(msg) = wanted {
                            waiting.push_back(msg);
                        }
                    }
                }
            }
        }
        self.draw();
    }

    /// Asks all polls once.
    async fn look(&mut self) {
        for fetched in self.stage.fetch(None).await {
            self.tell(Msg::Fetched(Box::new(fetched))).await;
        }
    }

    /// Lets time go on to a story second.
    pub async fn wait_until(&mut self, s: f64) {
        while self.s < s {
            let before = self.s;
            self.s = (before + 1.0).min(s);
            self.stage.go(self.s);
            let now = self.stage.now();
            self.tell(Msg::Ticked(now)).await;
            if (before / POLL_S).floor() < (self.s / POLL_S).floor() {
                self.look().await;
            }
        }
    }

    /// Looks away until a story second.
    pub fn skip_until(&mut self, s: f64) {
        self.s = s;
        self.stage.go(s);
    }

    /// Lets so many seconds go by.
    pub async fn wait(&mut self, seconds: f64) {
        self.wait_until(self.s + seconds).await;
    }

    /// Presses keys, as the keymap writes them.
    pub async fn press(&mut self, keys: &str) {
        for key in keys.split_whitespace() {
            self.tell(Msg::Pressed(key.parse().unwrap())).await;
        }
    }

    /// Types a text as fingers do: a key each, with time between them.
    pub async fn write(&mut self, text: &str) {
        for c in text.chars() {
            let key = if c == ' ' { "space".to_owned() } else { c.to_string() };
            self.tell(Msg::Pressed(key.parse().unwrap())).await;
            self.wait(KEY_S).await;
        }
    }

    fn draw(&mut self) {
        let model = &mut self.model;
        self.terminal.draw(|frame| app::draw(model, frame)).unwrap();
    }

    /// What is on the screen. The ports that the kernel chose are written as 41001 and so on, in the order of the systems, so that two
    /// worlds of one seed look the same.
    pub fn picture(&self) -> Buffer {
        let mut buffer = self.terminal.backend().buffer().clone();
        let ports: Vec<String> = self.stage.urls().filter_map(|url| Some(url.strip_prefix("http://127.0.0.1:")?.to_owned())).collect();
        let width = usize::from(buffer.area.width);
        for row in buffer.content.chunks_mut(width) {
            let text: Vec<&str> = row.iter().map(ratatui::buffer::Cell::symbol).collect();
            let found = ports.iter().enumerate().find_map(|(place, port)| {
                let wanted: Vec<String> = port.chars().map(String::from).collect();
                text.windows(wanted.len()).position(|window| window == wanted).map(|at| (place, at, wanted.len()))
            });
            if let Some((place, at, length)) = found {
                let shown = format!("{:0length$}", 41_001 + place);
                for (cell, c) in row[at..at + length].iter_mut().zip(shown.chars()) {
                    cell.set_char(c);
                }
            }
        }
        buffer
    }

    /// The screen's rows.
    pub fn text(&self) -> String {
        let buffer = self.picture();
        let row = |row: &[ratatui::buffer::Cell]| row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>().trim_end().to_owned();
        buffer.content.chunks(usize::from(buffer.area.width)).map(row).collect::<Vec<_>>().join("\n")
    }

    /// Fails unless the text is on the screen.
    pub fn see(&self, text: &str) {
        let screen = self.text();
        assert!(screen.contains(text), "`{text}` is not on the screen:\n{screen}");
    }
}
