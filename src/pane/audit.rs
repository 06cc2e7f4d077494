//! What was done from here, and by whom: the audit log, newest first, one row for an attempt, the whole of one below.
//! Not for: writing or reading the file (see `runtime::audit`), joining its lines (see `insight::deeds`).

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;

use super::cursor::Cursor;
use super::look::Look;
use super::{Pane, Wish};
use crate::domain::{AuditLine, Entity, Failure, Inverse, Kind, Timestamp, Verdict};
use crate::insight::deeds::{self, Deed};
use crate::msg::{Action, Context, Effect, Msg};
use crate::ui::frame::{Frame, Part, stack};
use crate::ui::table::{Cell, Column, Row, Table, Width};
use crate::ui::text::{Line, TextView, Top, Wrap};
use crate::ui::theme::Role;
use crate::ui::words;

/// Seconds after which the log is read again while it is on screen.
const EVERY_S: f64 = 2.0;
/// Rows in which the whole of the selected attempt is told.
const DETAIL_ROWS: u16 = 8;

/// The view's state.
#[derive(Debug)]
pub struct Audit {
    told: Option<Result<Vec<Deed>, Failure>>,
    shown: Vec<Deed>,
    query: String,
    cursor: Cursor,
    asked_at: Option<Timestamp>,
}

impl Default for Audit {
    fn default() -> Self {
        Self { told: None, shown: Vec::new(), query: String::new(), cursor: Cursor::new(1), asked_at: None }
    }
}

impl Audit {
    /// Reads the log, when it is time.
    pub fn questions(&mut self, now: Timestamp) -> Vec<Wish> {
        if self.asked_at.is_some_and(|at| now.since(at) < EVERY_S) {
            return Vec::new();
        }
        self.asked_at = Some(now);
        vec![Wish::Effect(Effect::Audit)]
    }

    fn take(&mut self, lines: &Result<Vec<AuditLine>, Failure>) {
        self.told = Some(lines.as_ref().map(|lines| deeds::joined(lines)).map_err(Clone::clone));
        self.sift();
    }

    fn sift(&mut self) {
        let words: Vec<String> = self.query.split_whitespace().map(str::to_lowercase).collect();
        let selected = self.shown.get(self.cursor.row()).filter(|_| self.cursor.row() > 0).map(|deed| deed.line.attempt.clone());
        let all = self.told.iter().flatten().flatten();
        self.shown = all.filter(|deed| deed.has(&words)).cloned().collect();
        // whoever reads an older one stays on it when newer ones come
        let found = selected.and_then(|attempt| self.shown.iter().position(|deed| deed.line.attempt == attempt));
        self.select(found.unwrap_or(self.cursor.row()));
    }

    fn select(&mut self, row: usize) {
        self.cursor.go(row, self.shown.len());
    }

    fn sections(area: Rect) -> Vec<Option<(Rect, Part)>> {
        stack(area, &[area.height.saturating_sub(DETAIL_ROWS + 3).max(3), DETAIL_ROWS], 0)
    }

    fn empty(&self) -> String {
        match &self.told {
            None => "reading the audit log".to_owned(),
            Some(Err(failure)) => failure.to_string(),
            Some(Ok(deeds)) if deeds.is_empty() => "nothing has been done from here yet".to_owned(),
            Some(Ok(deeds)) => format!("none of {} matches `{}`; esc clears the filter", deeds.len(), self.query),
        }
    }
}

impl Pane for Audit {
    fn title(&self) -> String {
        "audit".to_owned()
    }

    fn contexts(&self) -> &'static [Context] {
        &[Context::Global]
    }

    fn kinds(&self) -> Vec<Kind> {
        Vec::new()
    }

    fn refresh(&mut self, _: &Look<'_>) {}

    fn on(&mut self, action: Action, _: &Look<'_>) -> Vec<Wish> {
        if let Some(row) = self.cursor.after(action) {
            self.select(row);
        }
        Vec::new()
    }

    fn hear(&mut self, msg: &Msg, _: &Look<'_>) -> Vec<Wish> {
        match msg {
            Msg::Audited(lines) => self.take(lines),
            Msg::Ticked(now) => return self.questions(*now),
            Msg::Acted { .. } => self.asked_at = None,
            _ => {}
        }
        Vec::new()
    }

    fn selected(&self) -> Option<&Arc<Entity>> {
        None
    }

    fn inverse(&self) -> Option<&Inverse> {
        self.shown.get(self.cursor.row())?.end.as_ref()?.inverse.as_ref()
    }

    fn query(&self) -> &str {
        &self.query
    }

    fn set_query(&mut self, text: &str, _: &Look<'_>) {
        text.clone_into(&mut self.query);
        self.select(0);
        self.sift();
    }

    fn resize(&mut self, area: Rect, _: &Look<'_>) {
        let height = Self::sections(area).first().copied().flatten().map_or(0, |(rect, _)| rect.height);
        // lines above and below, column titles
        self.cursor.set_page(usize::from(height.saturating_sub(3)), self.shown.len());
    }

    fn view(&self, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
        let sections = Self::sections(area);
        if let Some((rect, part)) = sections.first().copied().flatten() {
            self.table(look, part, rect, buf);
        }
        if let Some((rect, part)) = sections.get(1).copied().flatten() {
            self.whole(look, part, rect, buf);
        }
    }

    fn click(&mut self, _: u16, row: u16, area: Rect, _: &Look<'_>) -> Vec<Wish> {
        if row >= area.y + 2 && usize::from(row - area.y - 2) < self.cursor.page() {
            self.select(self.cursor.offset() + usize::from(row - area.y - 2));
        }
        Vec::new()
    }
}

impl Audit {
    fn table(&self, look: &Look<'_>, part: Part, area: Rect, buf: &mut Buffer) {
        let columns = [
            Column::new("", Width::Fixed(1)).unsortable(),
            Column::new("when", Width::Fixed(19)).unsortable(),
            Column::new("who", Width::Fixed(10)).unsortable().fold(2),
            Column::new("action", Width::Fixed(14)).unsortable(),
            Column::new("target", Width::Share { min: 16, weight: 2 }).unsortable(),
            Column::new("ended", Width::Fixed(9)).unsortable(),
            Column::new("took", Width::Fixed(6)).right().unsortable().fold(3),
            Column::new("answer", Width::Share { min: 12, weight: 2 }).unsortable().fold(1),
        ];
        let row = |place: usize| self.shown.get(place).map_or_else(Row::default, |deed| row(deed, look));
        let total = self.told.iter().flatten().flatten().count();
        let mut frame = Frame::new(look.ui, format!("Audit {}", words::of_total(self.shown.len(), total))).focused(true).part(part);
        frame = frame.right(if self.query.is_empty() { "newest first".to_owned() } else { self.query.clone() });
        let table = Table {
            look: look.ui,
            frame: Some(frame),
            columns: &columns,
            header: true,
            rows: self.shown.len(),
            row: &row,
            offset: self.cursor.offset(),
            selected: (!self.shown.is_empty()).then_some(self.cursor.row()),
            focused: true,
            sort: None,
            empty: &self.empty(),
        };
        (&table).render(area, buf);
    }

    fn whole(&self, look: &Look<'_>, part: Part, area: Rect, buf: &mut Buffer) {
        let frame = Frame::new(look.ui, "This attempt").part(part);
        (&frame).render(area, buf);
        let lines = self.shown.get(self.cursor.row()).map(|deed| told(deed, look)).unwrap_or_default();
        let line = |place: usize| Line::new(lines[place].clone(), Role::Text);
        let top = Top::default();
        let view = TextView { look: look.ui, lines: lines.len(), line: &line, top, left: 0, wrap: Wrap::Words, current: None };
        (&view).render(frame.inner(area), buf);
    }
}

fn row(deed: &Deed, look: &Look<'_>) -> Row<'static> {
    let end = deed.end.as_ref();
    let (state, word) = match end.map(|end| end.outcome) {
        None => (crate::domain::State::Running, "under way"),
        Some(None) => (crate::domain::State::Unknown, "unknown"),
        Some(Some(verdict)) => (
            match verdict {
                Verdict::Done => crate::domain::State::Ok,
                Verdict::Failed => crate::domain::State::Failed,
                Verdict::Refused => crate::domain::State::Warning,
                Verdict::Cancelled | Verdict::DryRun => crate::domain::State::Cancelled,
            },
            verdict.word(),
        ),
    };
    let (sign, role) = look.ui.state(state);
    let answer = end.and_then(|end| end.error.as_ref().or(end.said.as_ref())).map_or(String::new(), |text| text.first_line().to_owned());
    let who = if deed.line.automatic { "triops".to_owned() } else { deed.line.actor.to_string() };
    Row {
        cells: vec![
            Cell::new(sign, role),
            Cell::new(look.ui.date_time(deed.line.at), Role::Muted),
            Cell::text(who),
            Cell::text(deed.line.action.to_string()),
            Cell::text(deed.line.name.first_line().to_owned()),
            Cell::new(word, role),
            Cell::new(end.and_then(|end| end.duration_s).map_or(String::new(), words::duration), Role::Muted),
            Cell::new(answer, Role::Muted),
        ],
        marked: false,
        stale: false,
    }
}

/// All of an attempt, a line each.
fn told(deed: &Deed, look: &Look<'_>) -> Vec<String> {
    let line = &deed.line;
    let end = deed.end.as_ref();
    let by = if line.automatic { format!("triops for {}", line.actor) } else { line.actor.to_string() };
    let danger = line.danger.map_or(String::new(), |danger| format!(", {danger}"));
    let mut lines = vec![
        format!("{} of {} ({})", line.action, line.name.first_line(), line.target),
        format!("by {by} on {} at {}{danger}", line.host, look.ui.date_time(line.at)),
    ];
    let digest = end.and_then(|end| end.digest.as_ref()).or(line.digest.as_ref());
    if let Some(digest) = digest {
        lines.push(format!("request SHA-256 {digest}"));
    }
    match end {
        None => lines.push("it has not ended; if triops was killed meanwhile, look at the system whether it was done".to_owned()),
        Some(end) => {
            let took = end.duration_s.map_or(String::new(), |seconds| format!(" after {}", words::duration(seconds)));
            lines.push(format!("ended {}{took}", end.outcome.map_or("unknown", Verdict::word)));
            if let Some(inverse) = &end.inverse {
                let of = if inverse.target == line.target { String::new() } else { format!(" of {}", inverse.target) };
                lines.push(format!("`{}`{of} takes it back", inverse.action));
            }
            lines.extend(end.said.iter().chain(&end.error).flat_map(|text| text.lines()).map(str::to_owned));
        }
    }
    lines.push(format!("attempt {}", line.attempt));
    lines
}
