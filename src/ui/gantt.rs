//! The steps of a run over a common time axis: what took long, what waited, what is still running.
//! Not for: runs of a pipeline (see `ui::bars`).

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;

use super::scrollbar::Scrollbar;
use super::{Look, Role, draw, words};
use crate::domain::{State, Timestamp};

/// One step.
#[derive(Debug, Clone, PartialEq)]
pub struct Step<'a> {
    /// Its name.
    pub label: Cow<'a, str>,
    /// How it is.
    pub state: State,
    /// When it began, if it has.
    pub started_at: Option<Timestamp>,
    /// When it ended, if it has.
    pub ended_at: Option<Timestamp>,
}

/// Steps below each other. The axis reaches from the first beginning to the last end, or to now if a step is running.
#[derive(Debug, Clone, Copy)]
pub struct Gantt<'a> {
    /// How to draw.
    pub look: &'a Look,
    /// From top to bottom.
    pub steps: &'a [Step<'a>],
    /// Where a step that runs has come to.
    pub now: Timestamp,
    /// Steps scrolled away; see [`super::table::scroll`].
    pub offset: usize,
    /// The selected step.
    pub selected: Option<usize>,
}

/// Columns of a duration: `59m 59s`.
const DURATION: u16 = 7;
/// Sign of selection, sign of state, a blank.
const SIGNS: u16 = 3;

impl Gantt<'_> {
    /// Steps that fit into an area, below the axis.
    pub fn height(area: Rect) -> usize {
        usize::from(area.height.saturating_sub(1))
    }

    fn window(&self) -> Option<(Timestamp, Timestamp)> {
        let from = self.steps.iter().filter_map(|step| step.started_at).min()?;
        let to = self.steps.iter().filter_map(|step| self.end_of(step)).max().unwrap_or(from);
        // a run of less than a second still has a width
        Some((from, to.max(from.plus(1.0))))
    }

    fn end_of(&self, step: &Step<'_>) -> Option<Timestamp> {
        let started_at = step.started_at?;
        step.ended_at.or_else(|| (step.state == State::Running).then_some(self.now)).map(|end| end.max(started_at))
    }

    fn axis(&self, bars: Rect, from: Timestamp, to: Timestamp, buf: &mut Buffer) {
        let style = self.look.style(Role::Muted);
        let (left, right) = (self.look.time(from), self.look.time(to));
        let (left_wide, right_wide) = (draw::width(&left) as u16, draw::width(&right) as u16);
        draw::put(buf, bars.x, bars.y, bars.width, &left, style);
        if left_wide + right_wide < bars.width {
            draw::put(buf, bars.right() - right_wide, bars.y, right_wide, &right, style);
        }
    }

    fn step(&self, step: &Step<'_>, at: Rect, columns: &Columns, window: Option<(Timestamp, Timestamp)>, buf: &mut Buffer) {
        let (sign, role) = self.look.state(step.state);
        draw::put(buf, at.x + 1, at.y, at.width.saturating_sub(1), sign, self.look.style(role));
        let label = draw::cut(&step.label, usize::from(columns.label), self.look.glyphs);
        draw::put(buf, at.x + SIGNS, at.y, columns.label, &label, self.look.style(Role::Text));
        let (Some(started_at), Some((from, to))) = (step.started_at, window.filter(|_| columns.bars.width > 0)) else { return };
        let end = self.end_of(step);
        let column =
            |instant: Timestamp| (instant.since(from) / to.since(from) * f64::from(columns.bars.width)).clamp(0.0, f64::from(u16::MAX));
        let first = (column(started_at) as u16).min(columns.bars.width.saturating_sub(1));
        // what took no time is seen all the same
        let last = end.map_or(first + 1, |end| (column(end).round() as u16).clamp(first + 1, columns.bars.width));
        let sign = self.look.glyphs.bar(step.ended_at.is_some());
        for x in first..last.min(columns.bars.width) {
            draw::put(buf, columns.bars.x + x, at.y, 1, sign, self.look.style(role));
        }
        if step.state == State::Running && step.ended_at.is_none() && last > first {
            draw::put(buf, columns.bars.x + last - 1, at.y, 1, self.look.glyphs.state(State::Running), self.look.style(role));
        }
        if let Some(end) = end.filter(|_| columns.durations) {
            let took = words::duration(end.since(started_at));
            let took = draw::cut(&took, usize::from(DURATION), self.look.glyphs);
            draw::put(
                buf,
                columns.bars.right() + 1 + DURATION - draw::width(&took) as u16,
                at.y,
                DURATION,
                &took,
                self.look.style(Role::Muted),
            );
        }
    }
}

/// Where the parts of a row stand.
struct Columns {
    label: u16,
    bars: Rect,
    durations: bool,
}

impl Columns {
    fn of(area: Rect) -> Self {
        let durations = area.width >= 40;
        let label = if area.width >= 24 { (area.width / 4).clamp(8, 32) } else { area.width.saturating_sub(SIGNS) };
        let before = (SIGNS + label + 1).min(area.width);
        // the last column is the scrollbar's
        let behind = if durations { DURATION + 2 } else { 1 };
        Self { label, bars: Rect { x: area.x + before, width: (area.width - before).saturating_sub(behind), ..area }, durations }
    }
}

impl Widget for &Gantt<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        let columns = Columns::of(area);
        let window = self.window();
        if let Some((from, to)) = window {
            self.axis(columns.bars, from, to, buf);
        }
        let body = Rect { y: area.y + 1, height: area.height - 1, ..area };
        let shown = usize::from(body.height);
        for (place, step) in self.steps.iter().enumerate().skip(self.offset).take(shown) {
            let at = draw::row(body, (place - self.offset) as u16);
            self.step(step, at, &columns, window, buf);
            if self.selected == Some(place) {
                draw::put(buf, at.x, at.y, 1, self.look.glyphs.selected(), self.look.style(Role::Accent));
                buf.set_style(at, self.look.style(Role::Selection));
            }
        }
        let track = Rect { x: area.right() - 1, width: 1, ..body };
        Scrollbar { look: self.look, total: self.steps.len(), offset: self.offset, shown }.render(track, buf);
    }
}
