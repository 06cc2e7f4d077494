//! What a check found, in its detail view: expected against observed, how many rows, since when, how it was before, and of which dataset;
//! and of a dataset how sensitive it is and what its checks say.
//! Not for: the distributions of a drift check (see `overlay`).

use super::super::look::Look;
use super::fields::{Line, Target, push_text};
use crate::domain::{Check, Dataset, Detail, Entity, State, Timestamp};
use crate::insight::findings;
use crate::ui::strip::strip;
use crate::ui::theme::{Role, role_of};
use crate::ui::words;

/// Cells of the strip of states.
const STRIP: std::ops::RangeInclusive<usize> = 24..=96;
/// Checks of a dataset that are listed.
const MAX_CHECKS: usize = 20;

pub(super) fn lines(entity: &Entity, columns: usize, look: &Look<'_>, lines: &mut Vec<Line>) {
    match &entity.detail {
        Detail::Check(check) => of_check(entity, check, columns, look, lines),
        Detail::Dataset(dataset) => of_dataset(entity, dataset, look, lines),
        _ => {}
    }
}

fn of_check(entity: &Entity, check: &Check, columns: usize, look: &Look<'_>, lines: &mut Vec<Line>) {
    lines.push(Line::heading("Finding"));
    let start = lines.len();
    let unit = check.unit.as_ref().map(|unit| format!(" {unit}")).unwrap_or_default();
    let with_unit = |text: &crate::domain::Text| crate::domain::Text::from(format!("{text}{unit}"));
    push_text(lines, "expected", check.expected.as_ref().map(with_unit).as_ref(), Role::Text);
    push_text(lines, "observed", check.observed.as_ref().map(with_unit).as_ref(), role_of(entity.state));
    let number = |name: &str| check.numbers.get(name).copied();
    if let Some(failed) = number("failed_rows") {
        let of =
            number("rows").filter(|rows| *rows > 0.0).map(|rows| format!(" of {} ({})", words::count(rows), words::percent(failed / rows)));
        let role = if failed > 0.0 { role_of(entity.state) } else { Role::Text };
        lines.push(Line::new("failing rows", format!("{}{}", words::count(failed), of.unwrap_or_default()), role));
    }
    history(entity, columns, look, lines);
    if let Some(dataset) = look.derived.findings.dataset_of(&entity.id).and_then(|id| look.store.get(id)) {
        lines.push(Line::new("dataset", dataset.title(), Role::Text).to(Target::Entity(dataset.id.clone())));
        if let Detail::Dataset(detail) = &dataset.detail {
            classes(detail, lines);
        }
        if entity.owner.is_none() {
            push_text(lines, "owner of it", dataset.owner.as_ref(), Role::Text);
        }
    }
    if lines.len() == start {
        lines.pop();
    }
}

/// The states it was seen in over the time it was watched, oldest at the left, and when it first failed.
fn history(entity: &Entity, columns: usize, look: &Look<'_>, lines: &mut Vec<Line>) {
    let Some(trail) = look.store.readings.trail(&entity.id) else { return };
    let states: Vec<(Timestamp, State)> = trail.states.iter().copied().collect();
    let Some((from, _)) = states.first().copied() else { return };
    let watched_s = look.age_s(from);
    if states.len() > 1 && watched_s >= 1.0 {
        let cells = (columns / 3).clamp(*STRIP.start(), *STRIP.end());
        let at = |cell: usize| from.plus(watched_s * (cell as f64 + 1.0) / cells as f64);
        let known: Vec<Option<State>> =
            (0..cells).map(|cell| states.iter().rev().find(|(since, _)| *since <= at(cell)).map(|(_, state)| *state)).collect();
        let pieces = strip(&known, cells, look.ui).into_iter().map(|piece| (piece.text.to_string(), piece.role)).collect();
        lines.push(Line { key: format!("last {}", words::age(watched_s)), value: pieces, target: None, heading: false });
    }
    let failing = |state: State| matches!(state, State::Failed | State::Warning);
    let seen = states.iter().find(|(_, state)| failing(*state)).map(|(at, _)| *at);
    // the tool may say that it failed before it was watched
    let first = seen.into_iter().chain(entity.since.filter(|_| failing(entity.state))).min();
    if let Some(first) = first {
        let ago = format!("{} ago  ({})", words::age(look.age_s(first)), words::date_time(first, &look.ui.zone));
        lines.push(Line::new("first failure", ago, Role::Text));
    }
}

fn of_dataset(entity: &Entity, dataset: &Dataset, look: &Look<'_>, lines: &mut Vec<Line>) {
    let checks = look.derived.findings.of_dataset(&entity.id);
    if checks.is_empty() && dataset.classifications.is_empty() {
        return;
    }
    lines.push(Line::heading(if checks.is_empty() { "Classified".to_owned() } else { format!("Checks {}", checks.len()) }));
    classes(dataset, lines);
    for check in checks.iter().take(MAX_CHECKS) {
        let ago = check.since.map(|since| format!("{:>4}", words::age(look.age_s(since)))).unwrap_or_default();
        let why = check.reason.as_ref().map_or(check.state.word(), |reason| reason.first_line());
        lines.push(Line {
            key: ago,
            value: vec![
                (format!("{} ", look.ui.glyphs.state(check.state)), role_of(check.state)),
                (check.title(), Role::Text),
                (format!("  {why}"), Role::Muted),
            ],
            target: Some(Target::Entity(check.id.clone())),
            heading: false,
        });
    }
    if checks.len() > MAX_CHECKS {
        lines.push(Line::new("", format!("and {} more", checks.len() - MAX_CHECKS), Role::Muted));
    }
}

/// Classifications, those that name people's data loud.
fn classes(dataset: &Dataset, lines: &mut Vec<Line>) {
    let words = findings::classifications(dataset);
    if words.is_empty() {
        return;
    }
    let role = |sensitive| if sensitive { Role::Prod } else { Role::Muted };
    let value = words.into_iter().map(|(word, sensitive)| (format!("{word} "), role(sensitive))).collect();
    lines.push(Line { key: "classified".to_owned(), value, target: None, heading: false });
}
