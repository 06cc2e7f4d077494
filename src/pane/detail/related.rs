//! What stands around an entity in its detail view: steps, polls, runs, history, links, and what changed before it broke.
//! Not for: its own fields (see `fields`).

use std::sync::Arc;

use super::super::columns::spark;
use super::super::look::Look;
use super::fields::{KEY_WIDTH, Line, Target, push_text};
use crate::domain::{Detail, Entity, Failure, Kind, State, Step};
use crate::insight::spells::Spell;
use crate::insight::{timeline, trend};
use crate::store::{PollState, is_standing};
use crate::ui::draw;
use crate::ui::theme::{Role, role_of};
use crate::ui::words;

/// Columns of a bar that shows how long something took.
const BAR_COLUMNS: std::ops::RangeInclusive<usize> = 24..=96;
/// Columns of a step's name; what is longer is cut, so that the bars stand under each other.
const MAX_NAME: usize = 24;
/// Runs of a pipeline that are listed.
const MAX_RUNS: usize = 12;
/// Firings of an alert that are listed.
const MAX_FIRINGS: usize = 6;
/// Changes before it broke that are listed.
const MAX_CHANGES: usize = 12;

pub(super) fn step_lines(steps: Option<&Result<Vec<Step>, Failure>>, columns: usize, look: &Look<'_>, lines: &mut Vec<Line>) {
    let columns = bar_columns(columns);
    let steps = match steps {
        None => {
            lines.push(Line::heading("Steps"));
            lines.push(Line::new("", "asking", Role::Muted));
            return;
        }
        Some(Err(failure)) => {
            if failure.kind != crate::domain::FailureKind::Unsupported {
                lines.push(Line::heading("Steps"));
                lines.push(Line::new("", failure.to_string(), Role::Failed));
            }
            return;
        }
        Some(Ok(steps)) => steps,
    };
    lines.push(Line::heading(format!("Steps {}", steps.len())));
    let ends = |step: &Step| step.ended_at.or((step.state == State::Running).then_some(look.now));
    let first = steps.iter().filter_map(|step| step.started_at).min();
    let last = steps.iter().filter_map(ends).max();
    let widest = steps.iter().map(|step| draw::width(step.name.first_line())).max().unwrap_or(0).clamp(KEY_WIDTH, MAX_NAME);
    let name = |step: &Step| {
        let name = draw::cut(step.name.first_line(), widest, look.ui.glyphs).into_owned();
        format!("{name}{}", " ".repeat(widest.saturating_sub(draw::width(&name))))
    };
    if let (Some(first), Some(last)) = (first, last) {
        let (from, to) = (look.ui.time(first), look.ui.time(last));
        let gap = columns.saturating_sub(from.len() + to.len());
        lines.push(Line::new(&" ".repeat(widest), format!("  {from}{}{to}", " ".repeat(gap)), Role::Muted));
    }
    for step in steps {
        let role = role_of(step.state);
        let bar = match (first, last, step.started_at, ends(step)) {
            (Some(first), Some(last), Some(start), Some(end)) => {
                bar((start.since(first), end.since(first)), last.since(first), columns, look)
            }
            _ => " ".repeat(columns),
        };
        let took = match (step.started_at, ends(step)) {
            (Some(start), Some(end)) => words::duration(end.since(start).max(0.0)),
            _ => String::new(),
        };
        let word = step.reason.as_ref().map_or(step.state.word(), |reason| reason.first_line());
        let attempt = step.attempt.filter(|attempt| *attempt > 1).map(|attempt| format!(" try {attempt}")).unwrap_or_default();
        lines.push(Line {
            key: name(step),
            value: vec![
                (format!("{} ", look.ui.glyphs.state(step.state)), role),
                (bar, role),
                (format!(" {took:>8}  "), Role::Text),
                (format!("{word}{attempt}"), role),
            ],
            target: Some(Target::Step(step.key.clone(), step.attempt)),
            heading: false,
        });
    }
}

/// Columns of the bars on a screen of that many.
fn bar_columns(screen: usize) -> usize {
    (screen / 3).clamp(*BAR_COLUMNS.start(), *BAR_COLUMNS.end())
}

/// A bar over a span on an axis of `whole` seconds; whatever ran shows at least one cell.
fn bar((start, end): (f64, f64), whole: f64, columns: usize, look: &Look<'_>) -> String {
    let cell = |seconds: f64| if whole > 0.0 { ((seconds / whole) * columns as f64) as usize } else { 0 };
    let from = cell(start).min(columns - 1);
    let to = cell(end).clamp(from + 1, columns);
    let sign = look.ui.glyphs.level(8);
    format!("{}{}{}", " ".repeat(from), sign.repeat(to - from), " ".repeat(columns - to))
}

/// How often an alert fired in the last week, and when lately.
pub(super) fn firings(spells: &[Spell], look: &Look<'_>, lines: &mut Vec<Line>) {
    lines.push(Line::heading(match spells.len() {
        0 => "Did not fire in 7 days".to_owned(),
        1 => "Fired once in 7 days".to_owned(),
        times => format!("Fired {times} times in 7 days"),
    }));
    for spell in spells.iter().rev().take(MAX_FIRINGS) {
        let ago = format!("{:>4} ago", words::age(look.age_s(spell.from)));
        let lasted = words::duration(spell.to.since(spell.from));
        lines.push(Line::new(&ago, format!("for {lasted}  ({})", look.ui.date_time(spell.from)), Role::Text));
    }
}

pub(super) fn polls(entity: &Entity, look: &Look<'_>, lines: &mut Vec<Line>) {
    let Some(source) = look.store.sources.get(entity.id.source()).filter(|_| is_standing(entity)) else { return };
    if let Some(failure) = &source.broken {
        push_text(lines, "hint", Some(&failure.hint), Role::Muted);
    }
    lines.push(Line::heading("Polls"));
    for (id, poll) in &source.polls {
        let (words, role) = poll_words(poll, look);
        lines.push(Line::new(id.as_str(), words, role));
        if let Some(failure) = &poll.failure {
            push_text(lines, "", Some(&failure.hint).filter(|hint| !hint.is_empty()), Role::Muted);
        }
        for problem in poll.problems.iter().take(5) {
            lines.push(Line::new("", format!("{}: {}", problem.path, problem.message), Role::Warning));
        }
    }
}

fn poll_words(poll: &PollState, look: &Look<'_>) -> (String, Role) {
    let next = poll.next_at.map(|at| format!(", next in {}", words::age(at.since(look.now).max(0.0)))).unwrap_or_default();
    let took = poll.latency_ms.map(|ms| format!(" in {ms} ms")).unwrap_or_default();
    match (&poll.failure, poll.answered_at) {
        (Some(failure), Some(at)) => (format!("{failure}; last good {} ago{next}", words::age(look.age_s(at))), Role::Failed),
        (Some(failure), None) => (format!("{failure}{next}"), Role::Failed),
        (None, Some(at)) => (format!("answered {} ago{took}{next}", words::age(look.age_s(at))), Role::Text),
        (None, None) if poll.in_flight => ("asking".to_owned(), Role::Muted),
        (None, None) => ("not asked yet".to_owned(), Role::Muted),
    }
}

pub(super) fn runs(entity: &Entity, columns: usize, look: &Look<'_>, lines: &mut Vec<Line>) {
    let columns = bar_columns(columns);
    let Some(trend) = look.derived.trend(entity).filter(|_| entity.kind() == Kind::Pipeline) else { return };
    let rate = trend.success_rate().map(|rate| format!(", {} ok", words::percent(rate))).unwrap_or_default();
    lines.push(Line::heading(format!("Runs {}{rate}", trend.runs.len())));
    let longest = trend.durations().filter_map(|(_, seconds)| seconds).fold(0.0, f64::max);
    for run in trend.runs.iter().rev().take(MAX_RUNS) {
        let took = trend::duration_s(run);
        let bar = took.map_or_else(|| " ".repeat(columns), |seconds| bar((0.0, seconds), longest, columns, look));
        let role = role_of(run.state);
        let ago = run.since.map(|since| words::age(look.age_s(since))).unwrap_or_default();
        lines.push(Line {
            key: format!("{ago:>4} ago"),
            value: vec![
                (format!("{} ", look.ui.glyphs.state(run.state)), role),
                (bar, role),
                (format!(" {:>8}  ", took.map(words::duration).unwrap_or_default()), Role::Text),
                (run.reason.as_ref().map_or("", |reason| reason.first_line()).to_owned(), role),
            ],
            target: Some(Target::Entity(run.id.clone())),
            heading: false,
        });
    }
}

pub(super) fn history(entity: &Entity, look: &Look<'_>, lines: &mut Vec<Line>) {
    let Some(trail) = look.store.readings.trail(&entity.id) else { return };
    if trail.points.len() > 1 {
        let values: Vec<Option<f64>> = trail.points.iter().map(|point| Some(point.value)).collect();
        let (low, high) =
            trail.points.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), p| (low.min(p.value), high.max(p.value)));
        let span = trail.points.front().map(|point| words::age(look.age_s(point.at))).unwrap_or_default();
        lines.push(Line::heading("History"));
        lines.push(Line::new(&format!("last {span}"), spark(&values, look), Role::Graph));
        lines.push(Line::new("range", format!("{} to {}", words::number(low), words::number(high)), Role::Text));
    }
    if trail.states.len() > 1 {
        lines.push(Line::heading("States seen"));
        for (at, state) in trail.states.iter().rev() {
            lines.push(Line::new(
                &words::time_of_day(*at, &look.ui.zone),
                format!("{} {state}", look.ui.glyphs.state(*state)),
                role_of(*state),
            ));
        }
    }
}

pub(super) fn links(entity: &Entity, look: &Look<'_>, lines: &mut Vec<Line>) {
    if !entity.links.is_empty() {
        lines.push(Line::heading("Links"));
    }
    for link in &entity.links {
        let found = look.store.linked(link);
        if found.is_empty() {
            let target = match &link.to {
                crate::domain::LinkTarget::Id(id) => id.to_string(),
                crate::domain::LinkTarget::Labels(labels) => {
                    labels.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
                }
            };
            lines.push(Line::new(&link.rel, format!("{target} (not known here)"), Role::Muted));
        }
        lines.extend(found.into_iter().take(MAX_RUNS).map(|other| entity_line(&link.rel, other, look)));
    }
    let others = look.derived.touched(entity, look.store);
    if !others.is_empty() {
        lines.push(Line::heading("Reaches"));
        lines.extend(others.iter().map(|other| entity_line(other.kind().word(), other, look)));
    }
}

pub(super) fn before(entity: &Arc<Entity>, look: &Look<'_>, lines: &mut Vec<Line>) {
    let Some(since) = entity.since.filter(|_| matches!(entity.state, State::Failed | State::Warning)) else { return };
    let changes = look.derived.before(Some(entity), look.store, look.now);
    lines.push(Line::heading("Before it broke"));
    if changes.is_empty() {
        lines.push(Line::new("", "nothing known", Role::Muted));
    }
    for change in changes.iter().take(MAX_CHANGES) {
        let earlier =
            timeline::happened_at(change).map(|at| format!("{} before", words::age(since.since(at).max(0.0)))).unwrap_or_default();
        lines.push(entity_line(&earlier, change, look));
    }
}

fn entity_line(key: &str, other: &Entity, look: &Look<'_>) -> Line {
    let reason = match &other.detail {
        Detail::Change(change) => change.change.map(crate::domain::ChangeKind::word).unwrap_or_default(),
        _ => other.state.word(),
    };
    let why = other.reason.as_ref().map_or(reason, |reason| reason.first_line());
    Line {
        key: key.to_owned(),
        value: vec![
            (format!("{} ", look.ui.glyphs.state(other.state)), role_of(other.state)),
            (other.title(), Role::Text),
            (format!("  {why}"), Role::Muted),
        ],
        target: Some(Target::Entity(other.id.clone())),
        heading: false,
    }
}
