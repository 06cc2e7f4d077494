//! All about one entity: its fields, history, links, steps, and what changed before it broke; or the same as JSON.
//! Not for: logs and charts (views of their own).

mod fields;
mod finding;
mod health;
mod overlay;
mod related;
mod wrap;

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::cursor::Cursor;
use super::look::Look;
use super::{Pane, Wish, wishes};
use crate::domain::{Answer, Ask, Entity, EntityId, Failure, Kind, Series, SourceName, Step, Text, Timestamp};
use crate::insight::spells::{self, Spell};
use crate::msg::{Action, Context, Effect, Msg};
pub use fields::{Line, Target};

/// Seconds after which the steps of a run under way are asked again.
const STEPS_EVERY_S: f64 = 10.0;

/// Seconds of an alert's history that are counted.
const HISTORY_S: f64 = 7.0 * 86400.0;
/// Seconds between two points of it; shorter firings are found all the same (the query takes the maximum of each step).
const HISTORY_STEP_S: f64 = 300.0;
/// Seconds of the readings about a model that are asked for.
const READINGS_S: f64 = 86400.0;
/// Seconds between two points of them.
const READINGS_STEP_S: f64 = 600.0;
/// Series of them that are kept.
const MAX_RANGES: usize = 500;

/// The view's state.
#[derive(Debug)]
pub struct Detail {
    entity: Arc<Entity>,
    gone: bool,
    raw: bool,
    own_words: Option<Result<Text, Failure>>,
    steps: Option<Result<Vec<Step>, Failure>>,
    steps_asked_at: Option<Timestamp>,
    /// The same alert as the source tells it that knows its history.
    twin: Option<Arc<Entity>>,
    spells: Option<Vec<Spell>>,
    spells_asked: bool,
    /// The readings about a model, to be asked over a longer time than they were watched.
    readings: Vec<(SourceName, Text)>,
    ranges: Vec<Series>,
    lines: Vec<Line>,
    cursor: Cursor,
    columns: usize,
    query: String,
}

impl Detail {
    /// A view of an entity; `raw` shows JSON first.
    pub fn new(entity: Arc<Entity>, raw: bool, look: &Look<'_>) -> Self {
        let twin = look.derived.twin(&entity).cloned();
        let readings = health::readings_of(&entity, look);
        Self {
            entity,
            gone: false,
            raw,
            own_words: None,
            steps: None,
            steps_asked_at: None,
            twin,
            spells: None,
            spells_asked: false,
            readings,
            ranges: Vec::new(),
            lines: Vec::new(),
            cursor: Cursor::new(10),
            columns: 80,
            query: String::new(),
        }
    }

    /// What must be asked when it opens, and again while a run goes on.
    pub fn questions(&mut self, now: Timestamp) -> Vec<Wish> {
        let mut asks = Vec::new();
        let due = self.steps_asked_at.is_none_or(|at| self.entity.state == crate::domain::State::Running && now.since(at) >= STEPS_EVERY_S);
        if self.entity.kind() == Kind::Run && due {
            self.steps_asked_at = Some(now);
            asks.push(Ask::Steps { run: Arc::clone(&self.entity) });
        }
        if self.entity.kind() == Kind::Alert && !self.spells_asked {
            self.spells_asked = true;
            let entity = self.twin.as_ref().unwrap_or(&self.entity);
            asks.push(Ask::History { entity: Arc::clone(entity), from: now.plus(-HISTORY_S), to: now, step_s: HISTORY_STEP_S });
        }
        for (source, reading) in std::mem::take(&mut self.readings) {
            asks.push(Ask::Range { source, reading, from: now.plus(-READINGS_S), to: now, step_s: READINGS_STEP_S });
        }
        if self.raw && self.own_words.is_none() {
            asks.push(Ask::Raw { entity: Arc::clone(&self.entity) });
        }
        asks.into_iter().map(|ask| Wish::Effect(Effect::Ask(ask))).collect()
    }

    /// The entity shown.
    pub fn id(&self) -> &EntityId {
        &self.entity.id
    }

    fn rebuild(&mut self, look: &Look<'_>) {
        let lines = if self.raw {
            fields::json(&self.entity, self.own_words.as_ref())
        } else {
            fields::of(&self.entity, self.steps.as_ref(), self.gone, self.spells.as_deref(), &self.ranges, self.columns, look)
        };
        // the frame takes a column at each side
        self.lines = wrap::wrapped(lines, self.columns.saturating_sub(2));
        self.move_to(self.cursor.row());
    }

    fn move_to(&mut self, line: usize) {
        self.cursor.go(line, self.lines.len());
    }

    fn find(&mut self, forward: bool) {
        let count = self.lines.len();
        let found = (1..=count)
            .map(|step| if forward { self.cursor.row() + step } else { self.cursor.row() + count - step } % count)
            .find(|at| !self.query.is_empty() && self.lines[*at].contains(&self.query));
        if let Some(line) = found {
            self.move_to(line);
        }
    }

    fn open(&self) -> Vec<Wish> {
        match self.lines.get(self.cursor.row()).and_then(|line| line.target.as_ref()) {
            Some(Target::Entity(id)) => vec![Wish::Detail(id.clone())],
            Some(Target::Step(key, attempt)) => {
                vec![Wish::Log { entity: Arc::clone(&self.entity), step: Some((key.clone(), *attempt)) }]
            }
            Some(Target::Page(url)) => vec![Wish::Effect(Effect::Open(url.to_string()))],
            None => Vec::new(),
        }
    }
}

impl Pane for Detail {
    fn title(&self) -> String {
        format!("{} {}", self.entity.kind(), self.entity.title())
    }

    fn contexts(&self) -> &'static [Context] {
        &[Context::Detail, Context::Entity, Context::Global]
    }

    fn kinds(&self) -> Vec<Kind> {
        vec![self.entity.kind()]
    }

    fn refresh(&mut self, look: &Look<'_>) {
        match look.store.get(&self.entity.id) {
            Some(entity) => {
                self.entity = Arc::clone(entity);
                self.gone = false;
            }
            None => self.gone = true,
        }
        self.rebuild(look);
    }

    fn on(&mut self, action: Action, look: &Look<'_>) -> Vec<Wish> {
        if let Some(line) = self.cursor.after(action) {
            self.move_to(line);
            return Vec::new();
        }
        match action {
            Action::SearchNext => self.find(true),
            Action::SearchPrevious => self.find(false),
            Action::DetailRaw => {
                self.raw = !self.raw;
                self.move_to(0);
                self.rebuild(look);
                return self.questions(look.now);
            }
            Action::DetailOpen => return self.open(),
            Action::DetailLogs => {
                if let Some(Target::Step(..)) = self.lines.get(self.cursor.row()).and_then(|line| line.target.as_ref()) {
                    return self.open();
                }
                return wishes::of(action, &self.entity, look);
            }
            _ => return wishes::of(action, &self.entity, look),
        }
        Vec::new()
    }

    fn hear(&mut self, msg: &Msg, look: &Look<'_>) -> Vec<Wish> {
        match msg {
            Msg::Answered { ask: Ask::Steps { run }, outcome } if run.id == self.entity.id => {
                self.steps = Some(match outcome {
                    Ok(Answer::Steps(steps)) => Ok(steps.clone()),
                    Ok(_) => return Vec::new(),
                    Err(failure) => Err(failure.clone()),
                });
            }
            Msg::Answered { ask: Ask::Raw { entity }, outcome } if entity.id == self.entity.id => {
                self.own_words = Some(match outcome {
                    Ok(Answer::Raw(text)) => Ok(text.clone()),
                    Ok(_) => return Vec::new(),
                    Err(failure) => Err(failure.clone()),
                });
            }
            Msg::Answered { ask: Ask::History { entity, step_s, .. }, outcome: Ok(Answer::Series(series)) }
                if entity.id == self.twin.as_ref().unwrap_or(&self.entity).id =>
            {
                self.spells = Some(spells::firing(series, *step_s));
            }
            Msg::Answered { ask: Ask::Range { from, to, .. }, outcome: Ok(Answer::Series(series)) }
                if self.entity.kind() == Kind::Model && to.since(*from) >= READINGS_S && self.ranges.len() < MAX_RANGES =>
            {
                self.ranges.extend(series.iter().take(MAX_RANGES).cloned());
            }
            Msg::Acted { .. } => self.steps_asked_at = None,
            Msg::Ticked(now) => return self.questions(*now),
            _ => return Vec::new(),
        }
        self.rebuild(look);
        Vec::new()
    }

    fn selected(&self) -> Option<&Arc<Entity>> {
        Some(&self.entity)
    }

    fn step(&self) -> Option<Arc<Step>> {
        let Some(Target::Step(key, attempt)) = self.lines.get(self.cursor.row())?.target.as_ref() else { return None };
        let steps = self.steps.as_ref()?.as_ref().ok()?;
        steps.iter().find(|step| step.key == *key && step.attempt == *attempt).cloned().map(Arc::new)
    }

    fn query(&self) -> &str {
        &self.query
    }

    fn set_query(&mut self, text: &str, _: &Look<'_>) {
        self.query = text.to_lowercase();
        if !self.lines.get(self.cursor.row()).is_some_and(|line| line.contains(&self.query)) {
            self.find(true);
        }
    }

    fn resize(&mut self, area: Rect, look: &Look<'_>) {
        if self.columns != usize::from(area.width) {
            self.columns = usize::from(area.width);
            self.rebuild(look);
        }
        self.cursor.set_page(usize::from(area.height.saturating_sub(2)), self.lines.len());
    }

    fn view(&self, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
        fields::draw(&self.lines, self.cursor.row(), self.cursor.offset(), &self.query, &self.entity, look, area, buf);
    }
}
