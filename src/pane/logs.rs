//! The log of a container or of one step of a run: follow, ranges, search over all fetched lines, older lines on demand, save.
//! Not for: reading it (see `source`), keeping the lines (see `logs::lines`).

mod draw;
mod lines;

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::look::Look;
use super::{Pane, Wish};
use crate::domain::{Entity, Failure, Kind, LogRequest, Text, Timestamp};
use crate::msg::{Action, Context, Effect, LogView, Msg, Notice};
use lines::Lines;

/// Lines asked for at first, and when the newest are asked for again.
const TAIL: u32 = 1000;
/// Lines asked for when older ones are.
const OLDER: u32 = 1000;
/// Columns moved by left and right.
const SIDE_STEP: usize = 8;

/// Which part of the log is read.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Range {
    Tail,
    Head,
    Last(f64),
}

/// The view's state.
#[derive(Debug)]
pub struct Logs {
    entity: Arc<Entity>,
    step: Option<(Text, Option<u32>)>,
    view: LogView,
    older: LogView,
    lines: Lines,
    range: Range,
    /// The last line stays at the bottom as lines come.
    following: bool,
    wrap: bool,
    times: bool,
    top: usize,
    side: usize,
    found: Option<usize>,
    ended: bool,
    fetching_older: bool,
    failure: Option<Failure>,
    page: usize,
}

impl Logs {
    /// A view that follows the log under `view`, and fetches what is older under `older`.
    pub fn new(entity: Arc<Entity>, step: Option<(Text, Option<u32>)>, view: LogView, older: LogView) -> Self {
        Self {
            entity,
            step,
            view,
            older,
            lines: Lines::default(),
            range: Range::Tail,
            following: true,
            wrap: false,
            times: true,
            top: 0,
            side: 0,
            found: None,
            ended: false,
            fetching_older: false,
            failure: None,
            page: 1,
        }
    }

    /// What to read for the chosen range.
    pub fn request(&self, now: Timestamp) -> LogRequest {
        let (since, tail, follow) = match self.range {
            Range::Tail => (None, TAIL, true),
            Range::Head => (None, u32::MAX, false),
            Range::Last(seconds) => (Some(now.plus(-seconds)), u32::MAX, true),
        };
        let (step, attempt) = self.step.clone().map_or((None, None), |(key, attempt)| (Some(key), attempt));
        LogRequest { entity: Arc::clone(&self.entity), step, attempt, since, until: None, tail, follow }
    }

    /// The streams that end when it closes.
    pub fn streams(&self) -> Vec<LogView> {
        vec![self.view, self.older]
    }

    fn read(&mut self, range: Range, now: Timestamp) -> Vec<Wish> {
        self.range = range;
        self.lines.clear();
        (self.top, self.side, self.found) = (0, 0, None);
        (self.ended, self.fetching_older, self.failure) = (false, false, None);
        self.following = range != Range::Head;
        vec![
            Wish::Effect(Effect::Unfollow(self.older)),
            Wish::Effect(Effect::Unfollow(self.view)),
            Wish::Effect(Effect::Follow { view: self.view, request: self.request(now) }),
        ]
    }

    fn fetch_older(&mut self, now: Timestamp) -> Vec<Wish> {
        if self.lines.is_whole() {
            return say(true, "this is where the log begins");
        }
        let Some(until) = self.lines.first_time() else {
            return say(false, "the lines carry no times, so older ones cannot be asked for; 1 reads from the beginning");
        };
        if self.fetching_older {
            return Vec::new();
        }
        self.fetching_older = true;
        // Podman knows whole seconds only; what comes twice is left out when it arrives
        let request = LogRequest { since: None, until: Some(until.plus(1.0)), tail: OLDER, follow: false, ..self.request(now) };
        vec![Wish::Effect(Effect::Follow { view: self.older, request })]
    }

    fn last_top(&self) -> usize {
        self.lines.len().saturating_sub(self.page)
    }

    /// Scrolling up stops following; reaching the end takes it up again.
    fn scroll_to(&mut self, top: usize) {
        self.top = top.min(self.last_top());
        self.following = self.top == self.last_top() && top >= self.last_top() && self.range != Range::Head;
    }

    fn find(&mut self, forward: bool) -> Vec<Wish> {
        let from = self.found.unwrap_or(if forward { self.top.wrapping_sub(1) } else { self.top });
        let Some(line) = self.lines.next_match(from, forward) else {
            return if self.lines.query().is_empty() {
                say(false, "press / to search")
            } else {
                say(false, "no match in the fetched lines")
            };
        };
        self.show_line(line);
        Vec::new()
    }

    fn show_line(&mut self, line: usize) {
        self.found = Some(line);
        self.following = false;
        if line < self.top || line >= self.top + self.page {
            self.top = line.saturating_sub(self.page / 2).min(self.last_top());
        }
    }

    fn save(&self, look: &Look<'_>) -> Vec<Wish> {
        let name = format!("{}-{}.log", self.entity.name.first_line(), look.now);
        vec![Wish::Effect(Effect::Save { name, text: self.lines.text(0, self.lines.len(), self.times) })]
    }
}

fn say(good: bool, text: &str) -> Vec<Wish> {
    vec![Wish::Say(Notice { good, text: text.to_owned() })]
}

impl Pane for Logs {
    fn title(&self) -> String {
        match &self.step {
            Some((step, _)) => format!("logs {} {step}", self.entity.name.first_line()),
            None => format!("logs {}", self.entity.name.first_line()),
        }
    }

    fn contexts(&self) -> &'static [Context] {
        &[Context::Log, Context::Global]
    }

    fn kinds(&self) -> Vec<Kind> {
        vec![self.entity.kind()]
    }

    fn refresh(&mut self, _: &Look<'_>) {}

    fn on(&mut self, action: Action, look: &Look<'_>) -> Vec<Wish> {
        let here = if self.following { self.last_top() } else { self.top };
        match action {
            Action::Down => self.scroll_to(here + 1),
            Action::Up => {
                self.scroll_to(here.saturating_sub(1));
                self.following &= here > 0 && self.lines.len() <= self.page;
            }
            Action::HalfDown => self.scroll_to(here + self.page / 2),
            Action::HalfUp => self.scroll_to(here.saturating_sub(self.page / 2)),
            Action::PageDown => self.scroll_to(here + self.page),
            Action::PageUp => self.scroll_to(here.saturating_sub(self.page)),
            Action::First => self.scroll_to(0),
            Action::Last => self.scroll_to(usize::MAX),
            Action::Left => self.side = self.side.saturating_sub(SIDE_STEP),
            Action::Right => self.side += SIDE_STEP,
            Action::LogFollow if self.following => {
                self.top = self.last_top();
                self.following = false;
            }
            Action::LogFollow => self.following = true,
            Action::LogWrap => {
                self.wrap = !self.wrap;
                self.side = 0;
            }
            Action::LogTimes => self.times = !self.times,
            Action::LogSave => return self.save(look),
            Action::LogCopy => {
                let text = self.lines.text(here, here + self.page, self.times);
                return vec![Wish::Effect(Effect::Copy(text))];
            }
            Action::LogMatchNext => return self.find(true),
            Action::LogMatchPrevious => return self.find(false),
            Action::LogErrorNext => match self.lines.next_error(self.found.unwrap_or(here.wrapping_sub(1))) {
                Some(line) => self.show_line(line),
                None => return say(true, "no line looks like an error"),
            },
            Action::LogOlder => return self.fetch_older(look.now),
            Action::LogTail => return self.read(Range::Tail, look.now),
            Action::LogHead => return self.read(Range::Head, look.now),
            Action::LogMinute => return self.read(Range::Last(60.0), look.now),
            Action::Log5Minutes => return self.read(Range::Last(300.0), look.now),
            Action::Log15Minutes => return self.read(Range::Last(900.0), look.now),
            Action::Log30Minutes => return self.read(Range::Last(1800.0), look.now),
            Action::LogHour => return self.read(Range::Last(3600.0), look.now),
            _ => {}
        }
        Vec::new()
    }

    fn hear(&mut self, msg: &Msg, _: &Look<'_>) -> Vec<Wish> {
        let Msg::Logged { view, outcome } = msg else { return Vec::new() };
        match outcome {
            Err(failure) if *view == self.view => self.failure = Some(failure.clone()),
            Err(failure) if *view == self.older => {
                self.fetching_older = false;
                return say(false, &failure.to_string());
            }
            Ok(part) if *view == self.view => {
                let dropped = self.lines.append(part, self.range == Range::Head);
                self.top = self.top.saturating_sub(dropped);
                self.found = self.found.and_then(|line| line.checked_sub(dropped));
                self.ended |= part.ended;
                if self.range == Range::Head && self.lines.is_full() {
                    return vec![Wish::Effect(Effect::Unfollow(self.view))];
                }
            }
            Ok(part) if *view == self.older => {
                let added = self.lines.prepend(part);
                self.top += added;
                self.found = self.found.map(|line| line + added);
                self.fetching_older = !part.ended;
                if part.ended && added == 0 {
                    self.lines.set_whole();
                    return say(true, "this is where the log begins");
                }
            }
            _ => {}
        }
        Vec::new()
    }

    fn selected(&self) -> Option<&Arc<Entity>> {
        Some(&self.entity)
    }

    fn query(&self) -> &str {
        self.lines.query()
    }

    fn set_query(&mut self, text: &str, _: &Look<'_>) {
        self.lines.search(text);
        self.found = None;
        if !text.is_empty() {
            let from = if self.following { self.last_top() } else { self.top };
            if let Some(line) = self.lines.next_match(from.wrapping_sub(1), true) {
                self.show_line(line);
            }
        }
    }

    fn resize(&mut self, area: Rect, _: &Look<'_>) {
        self.page = usize::from(area.height.saturating_sub(2)).max(1);
        self.top = self.top.min(self.last_top());
    }

    fn view(&self, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
        draw::draw(self, look, area, buf);
    }
}
