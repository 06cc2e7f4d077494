//! How a log looks: its frame, its lines cut or wrapped, matches shown.
//! Not for: state (see `logs`).

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::super::look::Look;
use super::super::table;
use super::Logs;
use super::lines::is_bad_level;
use crate::domain::{LogLine, LogStream};
use crate::ui::theme::Role;
use crate::ui::{draw, words};

/// Columns of the search shown in the title.
const QUERY_COLUMNS: usize = 24;

/// Draws the view.
pub fn draw(logs: &Logs, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
    let title = super::Pane::title(logs);
    let note = note(logs, look);
    let inner = table::frame(&title, &note, true, look, area, buf);
    if logs.lines.len() == 0 {
        let (text, role) = match (&logs.failure, logs.ended) {
            (Some(failure), _) => (format!("{failure}  {}", failure.hint), Role::Failed),
            (None, true) => ("the log is empty".to_owned(), Role::Muted),
            (None, false) => ("waiting for lines".to_owned(), Role::Muted),
        };
        draw::put(buf, inner.x, inner.y, inner.width, &text, look.ui.style(role));
        return;
    }
    let width = usize::from(inner.width).max(1);
    let height = usize::from(inner.height);
    let (mut place, mut skip) = if logs.following { from_bottom(logs, look, width, height) } else { (logs.top, 0) };
    let mut y = inner.y;
    while y < inner.bottom() {
        let Some(line) = logs.lines.get(place) else { break };
        let shown = Shown::new(line, logs, look);
        let rows = shown.rows(width, logs.wrap);
        for row in skip..rows {
            if y >= inner.bottom() {
                break;
            }
            let from = if logs.wrap { row * width } else { logs.side };
            let at = Rect { y, height: 1, ..inner };
            shown.draw(from, logs.found == Some(place), look, at, buf);
            y += 1;
        }
        skip = 0;
        place += 1;
    }
    // a failure after lines came is told under them, where the newest line would be
    if let Some(failure) = logs.failure.as_ref().filter(|_| y < inner.bottom()) {
        draw::put(buf, inner.x, y, inner.width, &failure.to_string(), look.ui.style(Role::Failed));
    }
}

fn note(logs: &Logs, look: &Look<'_>) -> String {
    let mut parts = Vec::new();
    if !logs.lines.query().is_empty() {
        let (count, at) = logs.lines.matches(logs.found);
        let found = match (at, count) {
            (Some(at), _) => format!("match {at}/{count}"),
            (None, 0) => "no match".to_owned(),
            (None, 1) => "1 match".to_owned(),
            (None, _) => format!("{count} matches"),
        };
        let query = draw::cut(logs.lines.query(), QUERY_COLUMNS, look.ui.glyphs);
        parts.push(format!("{found} of `{query}`"));
    }
    let from = if logs.lines.is_whole() { "all " } else { "" };
    parts.push(format!("{from}{} lines", logs.lines.len()));
    if logs.lines.dropped() > 0 {
        parts.push(format!("{} older dropped", logs.lines.dropped()));
    }
    parts.push(
        match (logs.failure.is_some(), logs.ended, logs.following) {
            (true, ..) => "broken off",
            (_, true, _) => "ended",
            (_, _, true) => "following",
            (_, _, false) => "paused",
        }
        .to_owned(),
    );
    parts.join(&format!(" {} ", look.ui.glyphs.dot()))
}

/// The first line, and how many of its rows are above the screen, when the last line stands at the bottom.
fn from_bottom(logs: &Logs, look: &Look<'_>, width: usize, height: usize) -> (usize, usize) {
    let mut rows = 0;
    let mut place = logs.lines.len();
    while place > 0 && rows < height {
        place -= 1;
        rows += logs.lines.get(place).map_or(1, |line| Shown::new(line, logs, look).rows(width, logs.wrap));
    }
    (place, rows.saturating_sub(height))
}

/// A line as it is shown: its time, then its text.
struct Shown {
    text: String,
    time_bytes: usize,
    spans: Vec<std::ops::Range<usize>>,
    role: Role,
}

impl Shown {
    fn new(line: &LogLine, logs: &Logs, look: &Look<'_>) -> Self {
        let mut text = match line.at.filter(|_| logs.times) {
            Some(at) => format!("{} ", words::time_of_day_ms(at, &look.ui.zone)),
            None => String::new(),
        };
        let time_bytes = text.len();
        text.push_str(&line.text.replace('\t', "    "));
        let spans = logs.lines.spans(&text[time_bytes..]).into_iter().map(|span| span.start + time_bytes..span.end + time_bytes).collect();
        let role = match (line.level.as_deref(), line.stream) {
            (Some(level), _) if is_bad_level(level) => Role::Failed,
            (Some(level), _) if level.len() >= 4 && level[..4].eq_ignore_ascii_case("warn") => Role::Warning,
            (None, LogStream::Err) => Role::Warning,
            (_, LogStream::System) => Role::Muted,
            _ => Role::Text,
        };
        Self { text, time_bytes, spans, role }
    }

    fn rows(&self, width: usize, wrap: bool) -> usize {
        if wrap { draw::width(&self.text).div_ceil(width).max(1) } else { 1 }
    }

    /// Draws the columns from `from` on.
    fn draw(&self, from: usize, found: bool, look: &Look<'_>, at: Rect, buf: &mut Buffer) {
        let start = draw::prefix(&self.text, from);
        let mut cuts: Vec<usize> = vec![start, self.time_bytes, self.text.len()];
        cuts.extend(self.spans.iter().flat_map(|span| [span.start, span.end]));
        cuts.retain(|cut| *cut >= start);
        cuts.sort_unstable();
        cuts.dedup();
        let pieces: Vec<(&str, Role)> = cuts
            .windows(2)
            .map(|cut| {
                let role = if cut[0] < self.time_bytes {
                    Role::Muted
                } else if self.spans.iter().any(|span| span.contains(&cut[0])) {
                    Role::Match
                } else {
                    self.role
                };
                (&self.text[cut[0]..cut[1]], role)
            })
            .collect();
        table::pieces(&pieces, "", found, look, at, buf);
    }
}
