//! A registered model in its detail view: its versions' numbers side by side and over time, what serves it, what it sees, and readings
//! about it with the instants at which its champion changed.
//! Not for: which versions are compared, and how they are judged (see `insight::health`).

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::columns::spark;
use super::super::look::Look;
use super::fields::{KEY_WIDTH, Line, Target};
use crate::domain::{ChangeKind, Detail, Entity, EntityId, Kind, Series, SourceName, State, Text, Timestamp, number};
use crate::insight::health::{self, Row, Sides};
use crate::store;
use crate::ui::draw;
use crate::ui::sparkline::sparkline;
use crate::ui::theme::{Role, role_of};
use crate::ui::words;

/// Columns of one version's number, side by side.
const SIDE: usize = 14;
/// The same over versions.
const CELL: usize = 11;
/// Versions shown over time at most.
const MAX_VERSIONS: usize = 16;
/// Readings and features that are listed.
const MAX_LISTED: usize = 12;
/// Columns of a reading's newest value.
const VALUE: usize = 22;

/// The lines of a model version; `ranges` are readings over a longer time, as they were asked for.
pub(super) fn lines(entity: &Arc<Entity>, columns: usize, ranges: &[Series], look: &Look<'_>, lines: &mut Vec<Line>) {
    let versions = store::versions_of(look.store, entity);
    if versions.is_empty() {
        return;
    }
    let model = health::name_of(entity);
    let live = look.store.live(look.now);
    let sides = look.store.sides(&versions);
    let rows = sides.map(|sides| look.store.expected_of(model).rows(&sides, &live)).unwrap_or_default();
    if let Some(sides) = &sides {
        side_by_side(sides, &rows, look, lines);
    }
    over_versions(&versions, &rows, columns, sides.map(|sides| &sides.judged.id), look, lines);
    let champion = &look.store.expected_of(model).champion;
    readings(entity, ranges, columns, &moved(entity.id.source(), model, champion, look), look, lines);
    served(model, look, lines);
    drift(entity, model, look, lines);
}

/// The readings about a model version, each once, with the source that has it.
pub(super) fn readings_of(entity: &Entity, look: &Look<'_>) -> Vec<(SourceName, Text)> {
    if entity.kind() != Kind::Model {
        return Vec::new();
    }
    let all = look.store.readings.of_model(health::name_of(entity)).map(|(source, series)| (source.clone(), series.reading.clone()));
    all.collect::<BTreeSet<_>>().into_iter().take(MAX_LISTED).collect()
}

fn version(entity: &Entity) -> String {
    health::version_of(entity).map(|version| format!("v{version}")).unwrap_or_default()
}

fn side_by_side(sides: &Sides<'_>, rows: &[Row], look: &Look<'_>, lines: &mut Vec<Line>) {
    let told: Vec<&Row> =
        rows.iter().filter(|row| row.judged.or(row.previous).or(row.challenger).is_some() || row.bound.is_some()).collect();
    if told.is_empty() || (sides.previous.is_none() && sides.challenger.is_none() && told.iter().all(|row| row.bound.is_none())) {
        return;
    }
    lines.push(Line::heading(if sides.is_champion { "Champion against the others" } else { "Newest version against the others" }));
    let cell = |text: String, role: Role| (format!("{:>SIDE$} ", draw::cut(&text, SIDE, look.ui.glyphs)), role);
    let first = if sides.is_champion { "champion" } else { "newest" };
    let mut head = Line::new("", "", Role::Text);
    head.value = [(first, Some(sides.judged)), ("before", sides.previous), ("challenger", sides.challenger)]
        .into_iter()
        .filter_map(|(what, entity)| Some(cell(format!("{what} {}", version(entity?)), Role::Muted)))
        .collect();
    let bounded = told.iter().any(|row| row.bound.is_some());
    head.value.extend(bounded.then(|| cell("bound".to_owned(), Role::Muted)));
    lines.push(head);
    for row in told {
        let number = |value: Option<f64>| words::or_absent(value, number);
        // the challenger is green where it is better, and red where it is worse
        let lead = row.better.zip(row.judged.zip(row.challenger)).and_then(|(better, (now, next))| better.lost(now, next));
        let next = lead.map_or(Role::Text, |lost| {
            if lost < 0.0 {
                Role::Ok
            } else if lost > 0.0 {
                Role::Failed
            } else {
                Role::Text
            }
        });
        let now = if row.state == State::Ok { Role::Text } else { role_of(row.state) };
        let mut line = Line::new(&draw::cut(&row.metric, KEY_WIDTH, look.ui.glyphs), "", Role::Text);
        line.value = vec![cell(number(row.judged), now)];
        line.value.extend(sides.previous.map(|_| cell(number(row.previous), Role::Text)));
        line.value.extend(sides.challenger.map(|_| cell(number(row.challenger), next)));
        line.value.extend(bounded.then(|| cell(number(row.bound), Role::Muted)));
        if matches!(row.state, State::Warning | State::Failed) {
            line.value.push((format!(" {} {}", look.ui.glyphs.state(row.state), word(row)), role_of(row.state)));
        }
        lines.push(line);
    }
}

fn word(row: &Row) -> &'static str {
    match (row.state, row.better) {
        (State::Failed, Some(health::Better::Lower)) => "above its ceiling",
        (State::Failed, _) => "below its floor",
        _ => "worse than before",
    }
}

/// The numbers of the newest versions, each as a level and in words; which of them serves is marked.
fn over_versions(
    versions: &[&Arc<Entity>],
    rows: &[Row],
    columns: usize,
    judged: Option<&EntityId>,
    look: &Look<'_>,
    lines: &mut Vec<Line>,
) {
    let room = (columns.saturating_sub(KEY_WIDTH + 4) / CELL).clamp(2, MAX_VERSIONS);
    let newest = &versions[versions.len().saturating_sub(room)..];
    let value = |entity: &Entity, metric: &Text| health::model_of(entity).and_then(|model| model.metrics.get(metric).copied());
    let metrics: Vec<&Row> = rows
        .iter()
        .filter(|row| newest.iter().filter(|version| value(version, &row.metric).is_some()).count() > 1)
        .take(MAX_LISTED)
        .collect();
    if metrics.is_empty() {
        return;
    }
    lines.push(Line::heading("Quality over versions"));
    let mut names = Line::new("", "", Role::Muted);
    names.value = newest
        .iter()
        .map(|entity| {
            let serves = judged == Some(&entity.id);
            let mark = if serves { look.ui.glyphs.selected() } else { " " };
            (format!("{mark}{:<width$}", version(entity), width = CELL - 1), if serves { Role::Accent } else { Role::Muted })
        })
        .collect();
    lines.push(names);
    for row in metrics {
        let values: Vec<Option<f64>> = newest.iter().map(|entity| value(entity, &row.metric)).collect();
        let known = || values.iter().flatten().copied().filter(|value| value.is_finite());
        let (low, high) = (known().fold(f64::INFINITY, f64::min), known().fold(f64::NEG_INFINITY, f64::max));
        // between the least and the greatest: what tells versions apart is often in the third digit
        let levels = sparkline(&values, values.len(), Some((low - (high - low) / 7.0, high)), look.ui.glyphs);
        let mut line = Line::new(&draw::cut(&row.metric, KEY_WIDTH, look.ui.glyphs), "", Role::Text);
        line.value = levels
            .chars()
            .zip(&values)
            .map(|(level, value)| (format!("{level} {:<width$}", value.map(number).unwrap_or_default(), width = CELL - 2), Role::Graph))
            .collect();
        lines.push(line);
    }
}

/// When the champion of a model changed, and to which version.
fn moved(source: &str, model: &str, champion: &str, look: &Look<'_>) -> Vec<(Timestamp, String)> {
    let name = format!("{model} {champion}");
    let mut moved: Vec<(Timestamp, String)> = look
        .store
        .entities
        .of(Kind::Change)
        .filter(|entity| entity.id.source() == source && entity.name == *name)
        .filter_map(|entity| match &entity.detail {
            Detail::Change(change) if change.change == Some(ChangeKind::Alias) => {
                Some((change.at?, change.after.as_ref().map(|after| format!("v{after}")).unwrap_or_default()))
            }
            _ => None,
        })
        .collect();
    moved.sort();
    moved
}

/// Readings with the model's name as a label: each over time with its newest value, and below them the instants at which the champion
/// changed; where a reading tells versions apart and counts, the share of each is their split.
fn readings(entity: &Entity, ranges: &[Series], columns: usize, moved: &[(Timestamp, String)], look: &Look<'_>, lines: &mut Vec<Line>) {
    let model = health::name_of(entity);
    let known: Vec<&Series> =
        look.store.readings.of_model(model).map(|(_, series)| series).filter(|series| !series.points.is_empty()).collect();
    if known.is_empty() {
        return;
    }
    let longer = |series: &Series| ranges.iter().find(|other| other.reading == series.reading && other.labels == series.labels);
    let began = |series: &Series| series.points.first().map(|point| point.at);
    let drawn: Vec<&Series> = known
        .iter()
        .copied()
        .take(MAX_LISTED)
        .map(|series| longer(series).filter(|other| began(other) < began(series)).unwrap_or(series))
        .collect();
    let from = drawn.iter().filter_map(|series| series.points.first()).map(|point| point.at).min().unwrap_or(look.now);
    let span = look.age_s(from).max(1.0);
    lines.push(Line::heading(format!("Readings of the last {}", words::age(span))));
    // no more columns than points: a gap is one that the source left
    let most = drawn.iter().map(|series| series.points.len()).max().unwrap_or(0);
    let room = columns.saturating_sub(KEY_WIDTH + VALUE + 6).clamp(8, 120).min(most.max(8));
    let place = |at: Timestamp| ((at.since(from) / span * room as f64) as usize).min(room - 1);
    for (series, newest) in drawn.iter().zip(&known) {
        let mut values: Vec<Option<f64>> = vec![None; room];
        for point in series.points.iter().chain(newest.points.last()) {
            values[place(point.at)] = Some(point.value);
        }
        let finite = || values.iter().flatten().copied().filter(|value| value.is_finite());
        let (low, high) = (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max));
        let range = (low < high).then_some((low - (high - low) / 7.0, high));
        let last = newest.points.last().map_or(f64::NAN, |point| point.value);
        let whose = series.labels.get("version").map(|version| format!(" v{version}")).unwrap_or_default();
        let split = split(newest, &known).map(|share| format!(" ({})", words::percent(share))).unwrap_or_default();
        let mut line = Line::new(&draw::cut(&format!("{}{whose}", series.reading), KEY_WIDTH, look.ui.glyphs), "", Role::Text);
        line.value = vec![
            (sparkline(&values, room, range, look.ui.glyphs), Role::Graph),
            (format!(" {}{split}", words::quantity(last, &newest.unit)), Role::Text),
        ];
        lines.push(line);
    }
    let mut marks = String::new();
    for (at, to) in moved.iter().filter(|(at, _)| *at >= from) {
        let at = place(*at);
        if draw::width(&marks) <= at {
            marks.push_str(&" ".repeat(at - draw::width(&marks)));
            marks.push_str(&format!("{}{to} ", look.ui.glyphs.tick()));
        }
    }
    if !marks.is_empty() {
        lines.push(Line::new("champion", marks, Role::Accent));
    }
    if known.len() > MAX_LISTED {
        lines.push(Line::new("", format!("and {} more", known.len() - MAX_LISTED), Role::Muted));
    }
}

/// The share of a version in what all versions of a counting reading count.
fn split(series: &Series, all: &[&Series]) -> Option<f64> {
    if &*series.unit != "1/s" || !series.labels.contains_key("version") {
        return None;
    }
    let others = |labels: &Series| {
        let mut labels = labels.labels.clone();
        labels.remove("version");
        labels
    };
    let total: f64 = all
        .iter()
        .filter(|other| other.reading == series.reading && others(other) == others(series))
        .filter_map(|other| other.points.last())
        .map(|point| point.value)
        .sum();
    (total > 0.0).then(|| series.points.last().map_or(0.0, |point| point.value) / total)
}

/// What serves it: share of traffic, latency, requests and errors.
fn served(model: &str, look: &Look<'_>, lines: &mut Vec<Line>) {
    let mut endpoints: Vec<&Arc<Entity>> = look
        .store
        .entities
        .of(Kind::Endpoint)
        .filter(|entity| matches!(&entity.detail, Detail::Endpoint(endpoint) if endpoint.model.as_deref() == Some(model)))
        .collect();
    if endpoints.is_empty() {
        return;
    }
    endpoints.sort_by(|a, b| a.id.cmp(&b.id));
    lines.push(Line::heading("Served by"));
    for entity in endpoints.into_iter().take(MAX_LISTED) {
        let Detail::Endpoint(endpoint) = &entity.detail else { continue };
        let per_s = |what: &str, value: Option<f64>| value.map(|value| format!("{}/s {what}", words::number(value)));
        let facts = [
            endpoint.version.as_ref().map(|version| format!("v{version}")),
            endpoint.traffic_share.map(|share| format!("{} of traffic", words::percent(share))),
            endpoint.latency_p50_s.map(|s| format!("p50 {}", words::duration(s))),
            endpoint.latency_p99_s.map(|s| format!("p99 {}", words::duration(s))),
            per_s("requests", endpoint.requests_per_s),
            per_s("errors", endpoint.errors_per_s),
        ];
        let facts: Vec<String> = facts.into_iter().flatten().collect();
        let mut line = Line::new(&draw::cut(entity.name.first_line(), KEY_WIDTH, look.ui.glyphs), "", Role::Text);
        line.value = vec![
            (format!("{} {}  ", look.ui.glyphs.state(entity.state), entity.state), role_of(entity.state)),
            (facts.join("  "), Role::Text),
        ];
        line.target = Some(Target::Entity(entity.id.clone()));
        lines.push(line);
    }
}

/// The features that drift most, and how much each contributes.
fn drift(entity: &Entity, model: &str, look: &Look<'_>, lines: &mut Vec<Line>) {
    let features = look.derived.drift.get(model).or_else(|| look.derived.drift.get(&*entity.name)).map(Vec::as_slice).unwrap_or_default();
    if features.is_empty() {
        return;
    }
    let drifting = features.iter().filter(|feature| matches!(feature.state, State::Failed | State::Warning)).count();
    lines.push(Line::heading(format!("Drift {drifting}/{} features", features.len())));
    for feature in features.iter().take(MAX_LISTED) {
        let Detail::Check(check) = &feature.detail else { continue };
        let name = feature.labels.get("feature").map_or_else(|| feature.name.first_line(), |name| name.first_line());
        let mut line = Line::new(&draw::cut(name, KEY_WIDTH, look.ui.glyphs), "", Role::Text);
        let shape = |shares: &[f64]| spark(&shares.iter().take(24).map(|share| Some(*share)).collect::<Vec<_>>(), look);
        line.value = vec![(format!("{} ", look.ui.glyphs.state(feature.state)), role_of(feature.state))];
        if let Some(windows) = &check.windows {
            line.value.push((shape(&windows.reference), Role::Muted));
            line.value.push((format!(" {} ", look.ui.glyphs.arrow()), Role::Muted));
            line.value.push((shape(&windows.current), Role::Graph));
            line.value.push(("  ".to_owned(), Role::Text));
        }
        let share = check.numbers.get("contribution").map(|share| format!("  {} of all", words::percent(*share))).unwrap_or_default();
        let why = check.observed.as_ref().map_or("", |observed| observed.first_line());
        line.value.push((format!("{why}{share}"), Role::Text));
        line.target = Some(Target::Entity(feature.id.clone()));
        lines.push(line);
    }
    if features.len() > MAX_LISTED {
        lines.push(Line::new("", format!("and {} more", features.len() - MAX_LISTED), Role::Muted));
    }
}
