//! Tests of a dataset: its age, its rows, its columns, what is missing in them.
//! Not for: readings (see `stream`).

use super::cadence::Cadence;
use super::definition::{Columns, Definition, Freshness};
use super::finding::Finding;
use super::oddness::Oddness;
use super::words;
use crate::domain::detail::Table;
use crate::domain::{Dataset, State, Text, Timestamp, percent};
use crate::insight::change;

/// Seconds after which other columns are the usual ones: a change is told for a day.
const CHANGE_TOLD_S: f64 = 86_400.0;
/// Columns told in one line.
const TOLD: usize = 4;

/// What is learnt of one dataset.
#[derive(Debug, Clone, Default)]
pub struct Watched {
    cadence: Cadence,
    rows: Oddness,
    columns: Table<Text>,
    moved_at: Option<Timestamp>,
}

impl Watched {
    /// What every test of the definition finds.
    pub fn judge(&mut self, definition: &Definition, dataset: &Dataset, at: Timestamp) -> Vec<Finding> {
        let mut findings = Vec::new();
        findings.extend(definition.freshness.map(|freshness| fresh(freshness, dataset, &mut self.cadence, at)));
        findings.extend(rows(definition, dataset));
        if definition.volume {
            // a table is judged when its content is renewed; where nobody knows when that is, at every answer
            if let Some(rows) = dataset.rows {
                self.rows.take(dataset.freshness_at.unwrap_or(at), rows as f64);
            }
            findings.push(if dataset.rows.is_some() {
                self.rows.finding()
            } else {
                Finding::unknown("volume", "nobody counts its rows", "")
            });
        }
        findings.extend(definition.columns.as_ref().map(|columns| match columns {
            Columns::Named(named) => schema(named, &dataset.columns, definition.severity),
            Columns::Learnt => self.moved(&dataset.columns, definition.severity, at),
        }));
        findings.extend(definition.max_null_share.map(|most| nulls(most, &dataset.nulls, definition.severity)));
        findings
    }

    /// Whether columns came, went or changed their type since they were first seen, or since a day ago.
    fn moved(&mut self, now: &Table<Text>, severity: State, at: Timestamp) -> Finding {
        const EXPECTED: &str = "the columns it had";
        if now.is_empty() {
            return Finding::unknown("columns", "nobody tells its columns", "");
        }
        if self.columns.is_empty() {
            self.columns.clone_from(now);
        }
        if *now == self.columns {
            self.moved_at = None;
            return Finding::new("columns", State::Ok, counted(now), EXPECTED).number("columns", now.len() as f64);
        }
        let since = *self.moved_at.get_or_insert(at);
        let lost = self.columns.iter().any(|(name, kind)| now.get(name) != Some(kind));
        let moved = change::columns_moved(&self.columns, now);
        if at.since(since) > CHANGE_TOLD_S {
            self.columns.clone_from(now);
            self.moved_at = None;
        }
        // who reads the table misses what is gone or of another type, and seldom minds what is new
        let state = if lost { severity } else { State::Warning };
        Finding::new("columns", state, moved, EXPECTED).number("columns", now.len() as f64)
    }
}

fn counted(columns: &Table<Text>) -> String {
    if columns.len() == 1 { "1 column".to_owned() } else { format!("{} columns", columns.len()) }
}

fn fresh(freshness: Freshness, dataset: &Dataset, cadence: &mut Cadence, at: Timestamp) -> Finding {
    let Some(renewed) = dataset.freshness_at else { return Finding::unknown("freshness", "nobody says when it was renewed", "") };
    cadence.learn(renewed);
    let age = at.since(renewed).max(0.0);
    let limit = match freshness {
        Freshness::Within(limit) => Some(limit),
        Freshness::Learnt => cadence.limit_s(),
    };
    let observed = format!("{} old", words::span(age));
    let Some(limit) = limit else { return Finding::learning("freshness", observed).number("age_s", age) };
    let state = match age {
        age if age > 2.0 * limit => State::Failed,
        age if age > limit => State::Warning,
        _ => State::Ok,
    };
    let usual = cadence.usual_s().filter(|_| freshness == Freshness::Learnt);
    let usual = usual.map(|usual| format!(", renewed every {}", words::span(usual))).unwrap_or_default();
    Finding::new("freshness", state, observed, format!("at most {} old{usual}", words::span(limit)))
        .number("age_s", age)
        .number("limit_s", limit)
}

fn rows(definition: &Definition, dataset: &Dataset) -> Option<Finding> {
    let expected = match (definition.min_rows, definition.max_rows) {
        (Some(min), Some(max)) => format!("{min} to {max} rows"),
        (Some(min), None) => format!("at least {min} rows"),
        (None, Some(max)) => format!("at most {max} rows"),
        (None, None) => return None,
    };
    let Some(rows) = dataset.rows else { return Some(Finding::unknown("rows", "nobody counts its rows", expected)) };
    let good = definition.min_rows.is_none_or(|min| rows >= min) && definition.max_rows.is_none_or(|max| rows <= max);
    let state = if good { State::Ok } else { definition.severity };
    Some(Finding::new("rows", state, format!("{rows} rows"), expected).number("rows", rows as f64))
}

fn schema(named: &Table<Text>, columns: &Table<Text>, severity: State) -> Finding {
    let expected = counted(named);
    if columns.is_empty() {
        return Finding::unknown("columns", "nobody tells its columns", expected);
    }
    let wrong: Vec<String> = named
        .iter()
        .filter_map(|(name, kind)| match columns.get(name) {
            None => Some(format!("no {name}")),
            Some(is) if !kind.is_empty() && !is.eq_ignore_ascii_case(kind) => Some(format!("{name} {is} instead of {kind}")),
            Some(_) => None,
        })
        .collect();
    if wrong.is_empty() {
        return Finding::new("columns", State::Ok, format!("all of them among {}", columns.len()), expected);
    }
    Finding::new("columns", severity, told(&wrong), expected).number("wrong", wrong.len() as f64)
}

fn nulls(most: f64, nulls: &Table<f64>, severity: State) -> Finding {
    let expected = format!("at most {} missing", percent(most));
    let Some((name, share)) = nulls.iter().max_by(|a, b| a.1.total_cmp(b.1)) else {
        return Finding::unknown("nulls", "nobody counts missing values", expected);
    };
    let mut over: Vec<(&Text, f64)> = nulls.iter().map(|(name, share)| (name, *share)).filter(|(_, share)| *share > most).collect();
    over.sort_by(|a, b| b.1.total_cmp(&a.1));
    let words: Vec<String> = over.iter().map(|(name, share)| format!("{name} {}", percent(*share))).collect();
    let finding = if over.is_empty() {
        Finding::new("nulls", State::Ok, format!("{name} {}", percent(*share)), expected)
    } else {
        Finding::new("nulls", severity, told(&words), expected)
    };
    finding.number("null_share", *share).number("columns", over.len() as f64)
}

fn told(words: &[String]) -> String {
    let more = words.len().saturating_sub(TOLD);
    let told = words[..words.len() - more].join(", ");
    if more > 0 { format!("{told} and {more} more") } else { told }
}
