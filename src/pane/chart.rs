//! A chart of an entity's numbers, or of its source's readings, over a window that can be moved and zoomed.
//! Not for: short trails in rows (see `columns`).

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;

use super::look::Look;
use super::{Pane, Wish, table};
use crate::domain::{Answer, Ask, Entity, Failure, FailureKind, Kind, Series, Text, Timestamp};
use crate::insight::measure;
use crate::msg::{Action, Context, Effect, Msg, Notice};
use crate::ui::chart::{self, Line};
use crate::ui::words;

/// Shortest window, in seconds.
const MIN_WINDOW_S: f64 = 60.0;
/// Longest window, in seconds.
const MAX_WINDOW_S: f64 = 366.0 * 86400.0;
/// Points asked for at most: enough for braille on a wide screen.
const MAX_POINTS: f64 = 500.0;
/// Series drawn at once; more would be a tangle.
const MAX_LINES: usize = 8;
/// Seconds between two askings while the chart shows now.
const LIVE_EVERY_S: f64 = 15.0;

/// The view's state.
#[derive(Debug)]
pub struct Chart {
    entity: Arc<Entity>,
    /// Readings of the entity's source; the entity's own history stands before them.
    readings: Vec<Text>,
    reading: Option<usize>,
    window_s: f64,
    /// The right edge; absent means now.
    until: Option<Timestamp>,
    /// Where the cursor stands, seconds before the right edge.
    cursor_s: Option<f64>,
    chosen: usize,
    asked: Option<(Ask, Timestamp)>,
    outcome: Option<Result<Vec<Series>, Failure>>,
    width: u16,
}

impl Chart {
    /// A chart of the last hour.
    pub fn new(entity: Arc<Entity>, look: &Look<'_>) -> Self {
        // what an Alertmanager lists has its history in the Prometheus that evaluates the rule
        let entity = look.derived.twin(&entity).map_or(entity, Arc::clone);
        let info = look.store.sources.get(entity.id.source()).and_then(|source| source.info.as_ref());
        let readings = info.map(|info| info.readings.clone()).unwrap_or_default();
        let reading = readings.iter().position(|reading| *reading == entity.name);
        Self { entity, readings, reading, window_s: 3600.0, until: None, cursor_s: None, chosen: 0, asked: None, outcome: None, width: 80 }
    }

    /// What must be asked for the window shown.
    pub fn questions(&mut self, now: Timestamp) -> Vec<Wish> {
        let (from, to) = self.window(now);
        let step_s = (self.window_s / MAX_POINTS).max(1.0).ceil();
        let ask = match self.reading.and_then(|reading| self.readings.get(reading)) {
            Some(reading) => {
                Ask::Range { source: crate::domain::SourceName::from(self.entity.id.source()), reading: reading.clone(), from, to, step_s }
            }
            None => Ask::History { entity: Arc::clone(&self.entity), from, to, step_s },
        };
        self.asked = Some((ask.clone(), now));
        vec![Wish::Effect(Effect::Ask(ask))]
    }

    fn move_window(&mut self, share: f64, now: Timestamp) -> Vec<Wish> {
        let to = self.until.unwrap_or(now).plus(self.window_s * share);
        self.until = (to < now).then_some(to);
        self.questions(now)
    }

    fn zoom(&mut self, factor: f64, now: Timestamp) -> Vec<Wish> {
        self.window_s = (self.window_s * factor).clamp(MIN_WINDOW_S, MAX_WINDOW_S);
        self.questions(now)
    }

    fn show_last(&mut self, seconds: f64, now: Timestamp) -> Vec<Wish> {
        self.window_s = seconds;
        self.until = None;
        self.questions(now)
    }

    fn move_cursor(&mut self, columns: f64) {
        let column_s = self.window_s / f64::from(self.width.max(1));
        let moved = self.cursor_s.unwrap_or(0.0) - columns * column_s;
        self.cursor_s = Some(moved.clamp(0.0, self.window_s));
    }

    fn window(&self, now: Timestamp) -> (Timestamp, Timestamp) {
        // the right edge moves by whole columns, so that a chart is not drawn anew with every second
        let column_s = (self.window_s / f64::from(self.width.max(1))).max(1.0);
        let edge = Timestamp::from_seconds((now.seconds() / column_s).ceil() * column_s).unwrap_or(now);
        let to = self.until.unwrap_or(edge);
        (to.plus(-self.window_s), to)
    }

    /// What we saw of the entity ourselves, for systems that keep no history.
    fn trail(&self, look: &Look<'_>) -> Vec<Series> {
        let what = measure::of(&self.entity);
        let trail = look.store.readings.trail(&self.entity.id).filter(|trail| trail.points.len() > 1);
        trail
            .zip(what)
            .map(|(trail, what)| Series {
                reading: Text::from(format!("{} as seen here", what.what)),
                unit: Text::from(what.unit),
                points: trail.points.iter().copied().collect(),
                ..Series::default()
            })
            .into_iter()
            .collect()
    }

    /// Series that can be chosen from; at least one, so that it divides.
    fn series_count(&self) -> usize {
        self.outcome.as_ref().and_then(|outcome| outcome.as_ref().ok()).map_or(1, |series| series.len().max(1))
    }

    fn subject(&self) -> String {
        self.reading
            .and_then(|reading| self.readings.get(reading))
            .map_or_else(|| self.entity.name.first_line().to_owned(), ToString::to_string)
    }
}

impl Pane for Chart {
    fn title(&self) -> String {
        format!("chart {}", self.subject())
    }

    fn contexts(&self) -> &'static [Context] {
        &[Context::Chart, Context::Global]
    }

    fn kinds(&self) -> Vec<Kind> {
        vec![self.entity.kind()]
    }

    fn refresh(&mut self, look: &Look<'_>) {
        if let Some(entity) = look.store.get(&self.entity.id) {
            self.entity = Arc::clone(entity);
        }
    }

    fn on(&mut self, action: Action, look: &Look<'_>) -> Vec<Wish> {
        let now = look.now;
        match action {
            Action::ChartZoomIn => return self.zoom(0.5, now),
            Action::ChartZoomOut => return self.zoom(2.0, now),
            Action::ChartEarlier => return self.move_window(-0.5, now),
            Action::ChartLater => return self.move_window(0.5, now),
            Action::ChartLive => return self.show_last(self.window_s, now),
            Action::Chart15Minutes => return self.show_last(900.0, now),
            Action::ChartHour => return self.show_last(3600.0, now),
            Action::Chart6Hours => return self.show_last(6.0 * 3600.0, now),
            Action::ChartDay => return self.show_last(86400.0, now),
            Action::ChartWeek => return self.show_last(7.0 * 86400.0, now),
            Action::ChartNext => self.chosen = (self.chosen + 1) % self.series_count(),
            Action::ChartPrevious => self.chosen = (self.chosen + self.series_count() - 1) % self.series_count(),
            Action::ChartReading if self.readings.is_empty() => {
                return vec![Wish::Say(Notice { good: false, text: "this source has no readings configured".to_owned() })];
            }
            Action::ChartReading => {
                self.reading = match self.reading {
                    None => Some(0),
                    Some(last) if last + 1 == self.readings.len() => None,
                    Some(place) => Some(place + 1),
                };
                self.outcome = None;
                return self.questions(now);
            }
            Action::Left => self.move_cursor(-1.0),
            Action::Right => self.move_cursor(1.0),
            _ => {}
        }
        Vec::new()
    }

    fn hear(&mut self, msg: &Msg, _: &Look<'_>) -> Vec<Wish> {
        match msg {
            Msg::Answered { ask, outcome } if self.asked.as_ref().is_some_and(|(asked, _)| asked == ask) => {
                self.outcome = Some(match outcome {
                    Ok(Answer::Series(series)) => Ok(series.clone()),
                    Ok(_) => return Vec::new(),
                    Err(failure) => Err(failure.clone()),
                });
            }
            Msg::Ticked(now) if self.until.is_none() => {
                // a chart moves when a column's worth of time has passed, not with every second
                let every = LIVE_EVERY_S.max(self.window_s / f64::from(self.width.max(1)));
                if self.asked.as_ref().is_some_and(|(_, at)| now.since(*at) >= every) {
                    return self.questions(*now);
                }
            }
            _ => {}
        }
        Vec::new()
    }

    fn selected(&self) -> Option<&Arc<Entity>> {
        Some(&self.entity)
    }

    fn query(&self) -> &'static str {
        ""
    }

    fn set_query(&mut self, _: &str, _: &Look<'_>) {}

    fn resize(&mut self, area: Rect, _: &Look<'_>) {
        self.width = area.width;
    }

    fn view(&self, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
        let (from, to) = self.window(look.now);
        let note = if self.until.is_none() { "now".to_owned() } else { format!("until {}", look.ui.date_time(to)) };
        let title = format!("{} {} last {}", Pane::title(self), look.ui.glyphs.dot(), words::duration(self.window_s));
        let inner = table::frame(&title, &note, true, look, area, buf);
        let empty = match &self.outcome {
            None => "asking".to_owned(),
            Some(Err(failure)) if failure.kind == FailureKind::Unsupported => String::new(),
            Some(Err(failure)) => format!("{failure}\n{}", failure.hint),
            Some(Ok(_)) => "no points in this window".to_owned(),
        };
        let own = self.trail(look);
        let series: Vec<&Series> = match &self.outcome {
            Some(Ok(series)) => series.iter().collect(),
            Some(Err(failure)) if failure.kind == FailureKind::Unsupported => own.iter().collect(),
            _ => Vec::new(),
        };
        let chosen = if series.is_empty() { 0 } else { self.chosen % series.len() };
        // the chosen series comes first and is the one drawn over the others
        let order = (0..series.len()).map(|place| (place + chosen) % series.len()).take(MAX_LINES);
        let lines: Vec<Line<'_>> = order
            .enumerate()
            .map(|(place, at)| Line { name: series_name(series[at]).into(), points: &series[at].points, role: chart::role(place) })
            .collect();
        let unit = series.first().map_or("", |series| series.unit.as_str());
        let widget = chart::Chart {
            look: look.ui,
            lines: &lines,
            unit,
            from,
            to,
            thresholds: &[],
            cursor: self.cursor_s.map(|seconds| to.plus(-seconds)),
            empty: if empty.is_empty() { "nothing was seen of it yet" } else { &empty },
        };
        widget.render(inner, buf);
    }
}

/// What tells a series from the others, or its reading's name.
fn series_name(series: &Series) -> String {
    let labels = series.labels.iter().filter(|(name, _)| name.as_str() != "__name__").map(|(name, value)| format!("{name}={value}"));
    let name = labels.collect::<Vec<_>>().join(" ");
    if name.is_empty() { series.reading.to_string() } else { name }
}
