//! The lines of a detail view: every field an entity has, in words, and where each line leads.
//! Not for: moving among them (see `detail`).

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use serde_json::Value;

use super::super::look::Look;
use super::super::table;
use super::{finding, health, overlay, related};
use crate::domain::{Entity, EntityId, Failure, Kind, Series, Step, Text, Timestamp};
use crate::insight::spells::Spell;
use crate::ui::theme::{Role, role_of};
use crate::ui::words;

/// Width of the key column.
pub(super) const KEY_WIDTH: usize = 16;

/// One line.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// What it is; empty when it goes on from the line above.
    pub key: String,
    /// Pieces, each with its look.
    pub value: Vec<(String, Role)>,
    /// Where it leads.
    pub target: Option<Target>,
    /// It heads the lines below.
    pub heading: bool,
}

/// Where a line leads.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// Another entity.
    Entity(EntityId),
    /// A step's log: its key and attempt.
    Step(Text, Option<u32>),
    /// A page.
    Page(Text),
}

impl Line {
    pub(super) fn new(key: &str, text: impl Into<String>, role: Role) -> Self {
        Self { key: key.to_owned(), value: vec![(text.into(), role)], target: None, heading: false }
    }

    pub(super) fn heading(text: impl Into<String>) -> Self {
        Self { key: text.into(), value: Vec::new(), target: None, heading: true }
    }

    pub(super) fn to(mut self, target: Target) -> Self {
        self.target = Some(target);
        self
    }

    /// Whether the (lower-case) text stands in it.
    pub fn contains(&self, lower: &str) -> bool {
        self.key.to_lowercase().contains(lower) || self.value.iter().any(|(text, _)| text.to_lowercase().contains(lower))
    }
}

/// All lines of an entity, on a screen of so many columns.
pub fn of(
    entity: &Arc<Entity>,
    steps: Option<&Result<Vec<Step>, Failure>>,
    gone: bool,
    spells: Option<&[Spell]>,
    ranges: &[Series],
    columns: usize,
    look: &Look<'_>,
) -> Vec<Line> {
    let mut lines = identity(entity, gone, look);
    finding::lines(entity, columns, look, &mut lines);
    particulars(entity, look, &mut lines);
    if entity.kind() == Kind::Run {
        related::step_lines(steps, columns, look, &mut lines);
    }
    if let Some(spells) = spells {
        related::firings(spells, look, &mut lines);
    }
    overlay::lines(entity, columns, look, &mut lines);
    health::lines(entity, columns, ranges, look, &mut lines);
    related::polls(entity, look, &mut lines);
    related::runs(entity, columns, look, &mut lines);
    related::history(entity, look, &mut lines);
    related::links(entity, look, &mut lines);
    related::before(entity, look, &mut lines);
    if !entity.labels.is_empty() {
        lines.push(Line::heading("Labels"));
        lines.extend(entity.labels.iter().map(|(name, value)| Line::new(name, value.first_line(), Role::Text)));
    }
    lines
}

/// The entity as JSON, and below it what the system itself says, if it was asked.
pub fn json(entity: &Entity, own_words: Option<&Result<Text, Failure>>) -> Vec<Line> {
    // text without a key begins at the left edge
    let line = |line: &str| Line { key: line.replace('\t', "    "), value: Vec::new(), target: None, heading: false };
    let plain = |text: &str| text.lines().map(line).collect::<Vec<_>>();
    let mut lines = vec![Line::heading("Entity")];
    lines.extend(plain(&serde_json::to_string_pretty(entity).unwrap_or_default()));
    match own_words {
        Some(Ok(text)) => {
            lines.push(Line::heading("As the system says"));
            lines.extend(plain(text));
        }
        Some(Err(failure)) if failure.kind != crate::domain::FailureKind::Unsupported => {
            lines.push(Line::heading("As the system says"));
            lines.push(Line::new("", failure.to_string(), Role::Failed));
        }
        Some(Err(_)) => {}
        None => {
            lines.push(Line::heading("As the system says"));
            lines.push(Line::new("", "asking", Role::Muted));
        }
    }
    lines
}

fn identity(entity: &Arc<Entity>, gone: bool, look: &Look<'_>) -> Vec<Line> {
    let role = role_of(entity.state);
    let mut lines = vec![Line::new("state", format!("{} {}", look.ui.glyphs.state(entity.state), entity.state), role)];
    if gone {
        lines.push(Line::new("", "the source no longer lists it; this is the last that was known", Role::Warning));
    }
    if let Some(failure) = look.store.stale(entity) {
        lines.push(Line::new("out of date", failure.to_string(), Role::Warning));
        if !failure.hint.is_empty() {
            lines.push(Line::new("", failure.hint.to_string(), Role::Muted));
        }
    }
    push_text(&mut lines, "why", entity.reason.as_ref(), role);
    if let Some(since) = entity.since {
        lines.push(Line::new("since", moment(since, look), Role::Text));
    }
    lines.push(Line::new("last seen", moment(entity.seen_at, look), Role::Muted));
    lines.push(Line::new("source", entity.id.source(), Role::Text));
    if let Some(env) = &entity.env {
        let role = if env.starts_with("prod") { Role::Prod } else { Role::Text };
        lines.push(Line::new("env", env.to_string(), role));
    }
    push_text(&mut lines, "owner", entity.owner.as_ref(), Role::Text);
    if let Some(url) = &entity.url {
        lines.push(Line::new("page", url.to_string(), Role::Accent).to(Target::Page(url.clone())));
    }
    lines.push(Line::new("id", entity.id.to_string(), Role::Muted));
    lines
}

fn particulars(entity: &Entity, look: &Look<'_>, lines: &mut Vec<Line>) {
    let Ok(Value::Object(mut tagged)) = serde_json::to_value(&entity.detail) else { return };
    let Some(Value::Object(fields)) = tagged.remove("detail") else { return };
    let title = entity.kind().word();
    lines.push(Line::heading(format!("{}{}", title[..1].to_uppercase(), &title[1..])));
    let start = lines.len();
    for (name, value) in &fields {
        // steps, runs, trends and findings have lines of their own
        if !matches!(
            name.as_str(),
            "steps" | "durations_s" | "success_rate" | "windows" | "observed" | "expected" | "unit" | "classifications"
        ) {
            field(name, value, look, lines);
        }
    }
    if lines.len() == start {
        lines.pop();
    }
}

fn field(name: &str, value: &Value, look: &Look<'_>, lines: &mut Vec<Line>) {
    let per_second = name.strip_suffix("_per_s").map(|what| format!("{what}/s"));
    let key = per_second
        .as_deref()
        .unwrap_or(name)
        .trim_end_matches("_at")
        .trim_end_matches("_s")
        .trim_end_matches("_bytes")
        .trim_end_matches("_bps")
        .replace('_', " ");
    match value {
        Value::Null => {}
        Value::String(text) if name.ends_with("_at") || name == "at" => {
            if let Some(at) = Timestamp::parse(text) {
                lines.push(Line::new(&key, moment(at, look), Role::Text));
            }
        }
        Value::String(text) if text.starts_with("http://") || text.starts_with("https://") => {
            lines.push(Line::new(&key, text.clone(), Role::Accent).to(Target::Page(Text::from(text.as_str()))));
        }
        Value::String(text) => push_text(lines, &key, Some(&Text::from(text.as_str())), Role::Text),
        Value::Number(number) => {
            let number = number.as_f64().unwrap_or(f64::NAN);
            let words = if per_second.is_some() {
                words::number(number)
            } else if name.ends_with("_s") {
                words::duration(number)
            } else if name.ends_with("bytes") {
                words::bytes(number)
            } else if name.ends_with("_bps") {
                words::rate(number)
            } else if name.ends_with("_share") {
                words::percent(number)
            } else if name == "cpu_cores" {
                words::cores(number)
            } else {
                words::number(number)
            };
            lines.push(Line::new(&key, words, Role::Text));
        }
        Value::Bool(yes) => lines.push(Line::new(&key, if *yes { "yes" } else { "no" }, Role::Text)),
        Value::Array(items) if items.is_empty() => {}
        Value::Array(items) => {
            let words: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            lines.push(Line::new(&key, words.join(", "), Role::Text));
        }
        Value::Object(table) => {
            for (position, (name, value)) in table.iter().enumerate() {
                let words = value.as_str().map_or_else(|| value.as_f64().map_or_else(|| value.to_string(), words::number), str::to_owned);
                let head = if position == 0 { key.as_str() } else { "" };
                lines.push(Line::new(head, format!("{name} = {words}"), Role::Text));
            }
        }
    }
}

pub(super) fn push_text(lines: &mut Vec<Line>, key: &str, text: Option<&Text>, role: Role) {
    for (position, line) in text.iter().flat_map(|text| text.lines()).enumerate() {
        lines.push(Line::new(if position == 0 { key } else { "" }, line.replace('\t', "    "), role));
    }
}

/// An instant as a distance and a date.
fn moment(at: Timestamp, look: &Look<'_>) -> String {
    let distance = at.since(look.now);
    let words = if distance >= 1.0 { format!("in {}", words::age(distance)) } else { format!("{} ago", words::age(distance.abs())) };
    format!("{words}  ({})", words::date_time(at, &look.ui.zone))
}

/// Draws the lines in their frame.
#[expect(clippy::too_many_arguments, reason = "a projection of the view's state, nothing else")]
pub fn draw(lines: &[Line], cursor: usize, offset: usize, query: &str, entity: &Entity, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
    let title = format!("{} {}", entity.kind(), entity.title());
    let note = format!("{}/{}", (cursor + 1).min(lines.len()), lines.len());
    let inner = table::frame(&title, &note, true, look, area, buf);
    for (row, line) in lines.iter().enumerate().skip(offset).take(usize::from(inner.height)) {
        let y = inner.y + (row - offset) as u16;
        let mut pieces: Vec<(&str, Role)> = Vec::new();
        let padded = if line.value.is_empty() { line.key.clone() } else { format!("{:<KEY_WIDTH$} ", line.key) };
        let role = match (line.heading, line.value.is_empty()) {
            (true, _) => Role::Title,
            (false, true) => Role::Text,
            (false, false) => Role::Muted,
        };
        pieces.push((&padded, role));
        pieces.extend(line.value.iter().map(|(text, role)| (text.as_str(), *role)));
        table::pieces(&pieces, query, row == cursor, look, Rect { y, height: 1, ..inner }, buf);
    }
}
