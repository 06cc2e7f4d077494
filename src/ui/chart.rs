//! A chart of one or several series over a window: axes with round ticks, a legend, thresholds, a cursor that reads values.
//! Gaps stay gaps. Not for: fetching points, moving the window (see `pane::chart`).

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::draw::{self, Piece};
use super::{Glyphs, Look, Role, words};
use crate::domain::{Point, Timestamp};

mod axis;
mod canvas;
mod envelope;

use axis::{time_ticks, value_range, value_ticks};
use canvas::Canvas;
use envelope::{envelope, value_at};

/// One series.
#[derive(Debug, Clone)]
pub struct Line<'a> {
    /// What tells it from the others.
    pub name: std::borrow::Cow<'a, str>,
    /// Oldest first.
    pub points: &'a [Point],
    /// Its colour; [`role`] gives one by number.
    pub role: Role,
}

/// The colour of the n-th series: two colours take turns, and the legend names each.
pub fn role(place: usize) -> Role {
    if place.is_multiple_of(2) { Role::Graph } else { Role::GraphAlt }
}

/// A value that should not be crossed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Threshold {
    /// Where.
    pub value: f64,
    /// How bad: `Warning` or `Failed`.
    pub role: Role,
}

/// The chart.
#[derive(Debug, Clone, Copy)]
pub struct Chart<'a> {
    /// How to draw.
    pub look: &'a Look,
    /// The first is drawn last, on top of the others.
    pub lines: &'a [Line<'a>],
    /// Unit of the values, as series carry it.
    pub unit: &'a str,
    /// Left edge.
    pub from: Timestamp,
    /// Right edge.
    pub to: Timestamp,
    /// Lines across.
    pub thresholds: &'a [Threshold],
    /// Where values are read.
    pub cursor: Option<Timestamp>,
    /// What is said where there are no points.
    pub empty: &'a str,
}

/// Where the parts of a chart stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Parts {
    legend: Rect,
    plot: Rect,
    times: Rect,
}

/// Columns of the labels at the left: the widest quantity (`1023 MiB`, `-12m 30s`) and a blank fit.
const LABELS: u16 = 9;

impl Chart<'_> {
    /// Columns of the plot in an area, and the first of them: to move a cursor by one column, or to find the time under the mouse.
    pub fn plot(&self, area: Rect) -> Rect {
        parts(area).plot
    }

    fn window_s(&self) -> f64 {
        self.to.since(self.from).max(0.001)
    }

    /// The column of an instant, from the left of the plot; outside of it if it is not in the window.
    fn column(&self, at: Timestamp, columns: u16) -> f64 {
        at.since(self.from) / self.window_s() * f64::from(columns)
    }

    fn legend(&self, area: Rect, buf: &mut Buffer) {
        if area.is_empty() {
            return;
        }
        let mut pieces = Vec::new();
        if let Some(cursor) = self.cursor {
            let at = if self.window_s() > 86_400.0 { self.look.date_time(cursor) } else { self.look.time(cursor) };
            pieces.push(Piece::new(format!("{at}  "), Role::Title));
        }
        let sign = if self.look.glyphs == Glyphs::Unicode { "━" } else { "" };
        for (place, line) in self.lines.iter().enumerate() {
            let mark = if sign.is_empty() { canvas::MARKS[place % canvas::MARKS.len()].to_string() } else { sign.to_owned() };
            let value = match self.cursor {
                Some(cursor) => value_at(line.points, cursor),
                None => line.points.iter().rev().find(|point| point.at <= self.to).map(|point| point.value),
            };
            pieces.push(Piece::new(format!("{mark} "), line.role));
            pieces.push(Piece::new(line.name.clone(), Role::Text));
            pieces.push(Piece::new(format!(" {}   ", words::or_absent(value, |value| words::quantity(value, self.unit))), Role::Muted));
        }
        draw::put_pieces(buf, area.x, area.y, area.width, &pieces, self.look, Style::default());
    }

    fn values(&self, parts: &Parts, range: (f64, f64), buf: &mut Buffer) {
        let style = self.look.style(Role::Muted);
        let x = parts.plot.x.saturating_sub(1);
        for y in parts.plot.top()..parts.plot.bottom() {
            draw::put(buf, x, y, 1, self.look.glyphs.lines().vertical, self.look.style(Role::Border));
        }
        for tick in value_ticks(range, parts.plot.height, self.unit) {
            let y = parts.plot.y + row_of(tick, range, parts.plot.height);
            let label = words::quantity(tick, self.unit);
            let label = draw::cut(&label, usize::from(LABELS - 2), self.look.glyphs);
            let wide = draw::width(&label) as u16;
            draw::put(buf, x.saturating_sub(wide), y, wide, &label, style);
            draw::put(buf, x, y, 1, self.look.glyphs.tick(), self.look.style(Role::Border));
        }
    }

    fn times(&self, parts: &Parts, buf: &mut Buffer) {
        let mut free = parts.times.x;
        for (at, label) in time_ticks(self.from, self.to, parts.plot.width, &self.look.zone) {
            let column = self.column(at, parts.plot.width).clamp(0.0, f64::from(parts.plot.width.saturating_sub(1))) as u16;
            let wide = draw::width(&label) as u16;
            let x = (parts.plot.x + column).saturating_sub(wide / 2).max(free);
            if x.saturating_add(wide) > parts.times.right() {
                break;
            }
            draw::put(buf, x, parts.times.y, wide, &label, self.look.style(Role::Muted));
            free = x + wide + 1;
        }
    }

    /// Says why there is nothing, line by line in the middle.
    fn nothing(&self, area: Rect, buf: &mut Buffer) {
        let lines: Vec<&str> = self.empty.lines().filter(|line| !line.is_empty()).take(usize::from(area.height)).collect();
        let first = area.y + (area.height - lines.len() as u16) / 2;
        for (line, y) in lines.into_iter().zip(first..) {
            let words = draw::cut(line, usize::from(area.width), self.look.glyphs);
            let x = area.x + (area.width - draw::width(&words) as u16) / 2;
            draw::put(buf, x, y, area.width, &words, self.look.style(Role::Muted));
        }
    }

    fn across(&self, plot: Rect, range: (f64, f64), buf: &mut Buffer) {
        for threshold in self.thresholds.iter().filter(|threshold| (range.0..=range.1).contains(&threshold.value)) {
            let y = plot.y + row_of(threshold.value, range, plot.height);
            for x in plot.left()..plot.right() {
                draw::put(buf, x, y, 1, self.look.glyphs.threshold(), self.look.style(threshold.role));
            }
        }
    }

    fn curves(&self, plot: Rect, range: (f64, f64), buf: &mut Buffer) {
        let mut canvas = Canvas::new(plot.width, plot.height, self.look.glyphs);
        for (place, line) in self.lines.iter().enumerate().rev() {
            let columns = envelope(line.points, self.from, self.to, canvas.columns());
            canvas.draw(&columns, range, place);
        }
        canvas.render(plot, buf, |place| self.look.style(self.lines[place].role));
    }

    fn cursor(&self, plot: Rect, buf: &mut Buffer) {
        let Some(cursor) = self.cursor.filter(|at| (self.from..=self.to).contains(at)) else { return };
        let column = (self.column(cursor, plot.width) as u16).min(plot.width.saturating_sub(1));
        for y in plot.top()..plot.bottom() {
            let free = buf.cell((plot.x + column, y)).is_some_and(|cell| matches!(cell.symbol(), " " | "\u{2800}"));
            if free {
                draw::put(buf, plot.x + column, y, 1, self.look.glyphs.lines().vertical, self.look.style(Role::Accent));
            } else {
                buf.set_style(Rect { x: plot.x + column, y, width: 1, height: 1 }, self.look.style(Role::Selection));
            }
        }
    }
}

/// The row of a value, from the top.
fn row_of(value: f64, (low, high): (f64, f64), rows: u16) -> u16 {
    let share = ((value - low) / (high - low)).clamp(0.0, 1.0);
    ((1.0 - share) * f64::from(rows.saturating_sub(1))).round() as u16
}

fn parts(area: Rect) -> Parts {
    let legend = u16::from(area.height >= 4);
    let times = u16::from(area.height >= 3);
    let labels = if area.width >= 3 * LABELS { LABELS } else { 0 };
    let plot = Rect { x: area.x + labels, y: area.y + legend, width: area.width - labels, height: area.height - legend - times };
    Parts { legend: Rect { height: legend, ..area }, plot, times: Rect { y: area.bottom() - times, height: times, ..area } }
}

impl Widget for &Chart<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        let parts = parts(area);
        self.legend(parts.legend, buf);
        let known = self.lines.iter().flat_map(|line| line.points).filter(|point| (self.from..=self.to).contains(&point.at));
        let Some(range) = value_range(known.map(|point| point.value), self.thresholds.iter().map(|threshold| threshold.value)) else {
            self.nothing(area, buf);
            return;
        };
        if parts.plot.x > area.x {
            self.values(&parts, range, buf);
        }
        self.across(parts.plot, range, buf);
        self.curves(parts.plot, range, buf);
        self.cursor(parts.plot, buf);
        if !parts.times.is_empty() {
            self.times(&parts, buf);
        }
    }
}
