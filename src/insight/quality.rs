//! Checks that need no tool beside the system that brings a dataset or a reading: freshness, rows, and whether a number is odd after
//! those before it. They keep what they learnt, and give check entities.
//! Not for: checks that systems make themselves (connectors bring those), distributions (see `drift`).

mod cadence;
mod words;

use std::collections::HashMap;

use super::anomaly::{Detector, Opinion};
use crate::domain::{Check, Dataset, Detail, Entity, EntityId, Eye, Kind, Link, LinkTarget, Series, SourceName, State, Text, Timestamp};
use cadence::Cadence;

/// Keys of these checks begin so.
pub const QUALITY: &str = "quality/";
/// Score from which an odd number is a warning, and from which it is a failure.
const ODD: (f64, f64) = (0.5, 0.65);
/// Things that are learnt about at most; the others get no verdict, and say so.
const MAX_LEARNT: usize = 20_000;

/// One `[[check]]`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Definition {
    /// Its name.
    pub name: Text,
    /// The dataset it is about; `*` at the end stands for any rest.
    pub dataset: Option<Text>,
    /// The reading it is about.
    pub reading: Option<Text>,
    /// How old a dataset may be.
    pub freshness: Option<Freshness>,
    /// Fewest rows.
    pub min_rows: Option<u64>,
    /// Most rows.
    pub max_rows: Option<u64>,
    /// Rows, or the reading's values, must not be odd after those before them.
    pub volume: bool,
    /// Who answers for it.
    pub owner: Option<Text>,
}

/// How old a dataset may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Freshness {
    /// Seconds.
    Within(f64),
    /// Half as long again as it ever took while it was watched.
    Learnt,
}

/// Definitions, and what was learnt.
#[derive(Debug, Clone, Default)]
pub struct Quality {
    definitions: Vec<Definition>,
    learnt: HashMap<EntityId, Learnt>,
}

#[derive(Debug, Clone, Default)]
struct Learnt {
    cadence: Cadence,
    detector: Detector,
    last: Option<Timestamp>,
    verdict: Option<(State, String, f64)>,
    shown: Option<(State, Timestamp)>,
}

/// What one test found.
struct Finding {
    test: &'static str,
    state: State,
    observed: String,
    expected: String,
    score: Option<f64>,
}

impl Quality {
    /// From what is configured.
    pub fn new(definitions: Vec<Definition>) -> Self {
        Self { definitions, learnt: HashMap::new() }
    }

    /// Whether nothing is expected of anything.
    pub fn is_empty(&self) -> bool {
        self.definitions.is_empty()
    }

    /// The checks upon what a source brought.
    pub fn judge(&mut self, source: &SourceName, entities: &[Entity], series: &[Series], at: Timestamp) -> Vec<Entity> {
        let mut checks = Vec::new();
        if self.definitions.is_empty() {
            return checks;
        }
        for entity in entities {
            if let Detail::Dataset(dataset) = &entity.detail {
                for place in 0..self.definitions.len() {
                    if self.definitions[place].dataset.as_ref().is_some_and(|pattern| matches(pattern, &entity.name)) {
                        self.judge_dataset(source, place, entity, dataset, at, &mut checks);
                    }
                }
            }
        }
        for series in series {
            for place in 0..self.definitions.len() {
                if self.definitions[place].reading.as_ref() == Some(&series.reading) {
                    checks.extend(self.judge_series(source, place, series, at));
                }
            }
        }
        checks
    }

    fn judge_dataset(
        &mut self,
        source: &SourceName,
        place: usize,
        entity: &Entity,
        dataset: &Dataset,
        at: Timestamp,
        checks: &mut Vec<Entity>,
    ) {
        let definition = self.definitions[place].clone();
        let key = format!("{QUALITY}{}/{}", definition.name, entity.id.key());
        let room = self.learnt.len() < MAX_LEARNT;
        let id = EntityId::new(source, Kind::Check, &key);
        let learnt = match self.learnt.get_mut(&id) {
            Some(learnt) => learnt,
            None if room => self.learnt.entry(id).or_default(),
            None => return,
        };
        let mut findings = Vec::new();
        findings.extend(definition.freshness.map(|freshness| fresh(freshness, dataset, &mut learnt.cadence, at)));
        findings.extend(within(&definition, dataset));
        if definition.volume {
            // a table is judged when its content is renewed; where nobody knows when that is, at every answer
            let when = dataset.freshness_at.unwrap_or(at);
            if let Some(rows) = dataset.rows
                && learnt.last != Some(when)
            {
                learnt.take(when, rows as f64);
            }
            findings.push(learnt.volume(dataset.rows.map(|rows| rows as f64)));
        }
        for finding in findings {
            let key = format!("{key}/{}", finding.test);
            let mut check = check(source, &key, &definition, &entity.name, finding, at);
            check.since = Some(self.since(&check, at));
            check.eye = Eye::DataOps;
            check.env.clone_from(&entity.env);
            check.owner = definition.owner.clone().or_else(|| entity.owner.clone());
            check.labels.clone_from(&entity.labels);
            check.links = vec![Link { rel: Text::from("dataset"), to: LinkTarget::Id(entity.id.clone()) }];
            checks.push(check);
        }
    }

    fn judge_series(&mut self, source: &SourceName, place: usize, series: &Series, at: Timestamp) -> Option<Entity> {
        let definition = self.definitions[place].clone();
        let labels: Vec<String> = series.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let key = format!("{QUALITY}{}/{}", definition.name, labels.join(","));
        let id = EntityId::new(source, Kind::Check, &key);
        if self.learnt.len() >= MAX_LEARNT && !self.learnt.contains_key(&id) {
            return None;
        }
        let learnt = self.learnt.entry(id).or_default();
        for point in &series.points {
            if learnt.last.is_none_or(|last| point.at > last) {
                learnt.take(point.at, point.value);
            }
        }
        let finding = learnt.volume(series.points.last().map(|point| point.value));
        let subject = if labels.is_empty() { series.reading.clone() } else { format!("{} ({})", series.reading, labels.join(", ")).into() };
        let mut check = check(source, &key, &definition, &subject, finding, at);
        check.since = Some(self.since(&check, at));
        check.eye = Eye::DataOps;
        check.owner = definition.owner;
        check.labels.clone_from(&series.labels);
        Some(check)
    }

    /// Since when a check is in its state, as far as it was watched.
    fn since(&mut self, check: &Entity, at: Timestamp) -> Timestamp {
        let known = self.learnt.entry(check.id.clone()).or_default();
        let since = known.shown.filter(|(state, _)| *state == check.state).map_or(at, |(_, since)| since);
        known.shown = Some((check.state, since));
        since
    }
}

impl Learnt {
    fn take(&mut self, at: Timestamp, value: f64) {
        let Opinion { score, expected } = self.detector.step(at.seconds(), value);
        self.last = Some(at);
        self.verdict = expected.map(|expected| {
            let state = match score {
                score if score >= ODD.1 => State::Failed,
                score if score >= ODD.0 => State::Warning,
                _ => State::Ok,
            };
            let season_s = self.detector.season().zip(self.detector.every_s()).map(|(steps, every)| steps as f64 * every);
            (state, words::range(expected.low, expected.high, at, season_s), score)
        });
    }

    fn volume(&self, value: Option<f64>) -> Finding {
        let observed = value.map_or_else(|| "no value".to_owned(), words::amount);
        match (&self.verdict, value) {
            (Some((state, expected, score)), Some(_)) => {
                Finding { test: "volume", state: *state, observed, expected: expected.clone(), score: Some(*score) }
            }
            (_, None) => Finding { test: "volume", state: State::Unknown, observed, expected: String::new(), score: None },
            (None, _) => Finding { test: "volume", state: State::Pending, observed, expected: "still learning".to_owned(), score: None },
        }
    }
}

fn fresh(freshness: Freshness, dataset: &Dataset, cadence: &mut Cadence, at: Timestamp) -> Finding {
    let Some(renewed) = dataset.freshness_at else {
        let observed = "nobody says when it was renewed".to_owned();
        return Finding { test: "freshness", state: State::Unknown, observed, expected: String::new(), score: None };
    };
    cadence.learn(renewed);
    let age = at.since(renewed).max(0.0);
    let limit = match freshness {
        Freshness::Within(limit) => Some(limit),
        Freshness::Learnt => cadence.limit_s(),
    };
    let observed = format!("{} old", words::span(age));
    let Some(limit) = limit else {
        return Finding { test: "freshness", state: State::Pending, observed, expected: "still learning".to_owned(), score: None };
    };
    let state = match age {
        age if age > 2.0 * limit => State::Failed,
        age if age > limit => State::Warning,
        _ => State::Ok,
    };
    Finding { test: "freshness", state, observed, expected: format!("at most {} old", words::span(limit)), score: None }
}

fn within(definition: &Definition, dataset: &Dataset) -> Option<Finding> {
    let expected = match (definition.min_rows, definition.max_rows) {
        (Some(min), Some(max)) => format!("{min} to {max} rows"),
        (Some(min), None) => format!("at least {min} rows"),
        (None, Some(max)) => format!("at most {max} rows"),
        (None, None) => return None,
    };
    let (state, observed) = match dataset.rows {
        None => (State::Unknown, "nobody counts its rows".to_owned()),
        Some(rows) => {
            let good = definition.min_rows.is_none_or(|min| rows >= min) && definition.max_rows.is_none_or(|max| rows <= max);
            (if good { State::Ok } else { State::Failed }, format!("{rows} rows"))
        }
    };
    Some(Finding { test: "rows", state, observed, expected, score: None })
}

fn check(source: &SourceName, key: &str, definition: &Definition, subject: &Text, finding: Finding, at: Timestamp) -> Entity {
    let Finding { test, state, observed, expected, score } = finding;
    let reason = if expected.is_empty() { observed.clone() } else { format!("expected {expected}, got {observed}") };
    let detail = Check {
        subject: Some(subject.clone()),
        test: Some(test.into()),
        observed: Some(observed.into()),
        expected: Some(expected.into()).filter(|expected: &Text| !expected.is_empty()),
        evaluated_at: Some(at),
        numbers: score.map(|score| ("score".into(), score)).into_iter().collect(),
        ..Check::default()
    };
    let mut entity = Entity::new(source, key, &format!("{} {test}", definition.name), state, detail.into(), at);
    entity.reason = Some(reason.into());
    entity
}

fn matches(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == name, |start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Point;

    fn orders(renewed_s: i64, rows: u64) -> Entity {
        let detail = Dataset { freshness_at: Some(Timestamp::from_ms(renewed_s * 1000)), rows: Some(rows), ..Dataset::default() };
        Entity::new(&SourceName::from("s"), "db/orders", "orders", State::Ok, detail.into(), Timestamp::default())
    }

    fn told(checks: &[Entity]) -> Vec<String> {
        checks.iter().map(|check| format!("{} {} {}", check.name, check.state, check.reason.as_deref().unwrap_or_default())).collect()
    }

    #[test]
    fn a_dataset_is_checked_for_age_and_rows_and_says_what_was_expected() {
        let definition = Definition {
            name: "orders".into(),
            dataset: Some("ord*".into()),
            freshness: Some(Freshness::Within(3600.0)),
            min_rows: Some(10),
            ..Definition::default()
        };
        let mut quality = Quality::new(vec![definition]);
        let source = SourceName::from("s");
        let at = |seconds: i64| Timestamp::from_ms(seconds * 1000);
        let good = quality.judge(&source, &[orders(1000, 50)], &[], at(2000));
        assert_eq!(
            told(&good),
            ["orders freshness ok expected at most 1 h old, got 16 min old", "orders rows ok expected at least 10 rows, got 50 rows"]
        );
        let bad = quality.judge(&source, &[orders(1000, 3)], &[], at(9000));
        assert_eq!(
            told(&bad),
            ["orders freshness failed expected at most 1 h old, got 2 h old", "orders rows failed expected at least 10 rows, got 3 rows"]
        );
        assert_eq!((bad[0].since, bad[0].links.len()), (Some(at(9000)), 1));
        assert!(quality.judge(&source, &[], &[], at(9001)).is_empty());
    }

    #[test]
    fn a_cadence_is_learnt_and_a_number_that_is_odd_for_its_hour_is_told() {
        let named = |name: &str| Definition { name: name.into(), volume: true, ..Definition::default() };
        let table = Definition { dataset: Some("orders".into()), freshness: Some(Freshness::Learnt), ..named("orders") };
        let mut quality = Quality::new(vec![table, Definition { reading: Some("clicks".into()), ..named("clicks") }]);
        let source = SourceName::from("s");
        let hour = |n: i64| Timestamp::from_ms(n * 3_600_000);
        let clicks =
            |n: i64, value: f64| Series { reading: "clicks".into(), points: vec![Point { at: hour(n), value }], ..Series::default() };
        let usual = |n: i64| 1e6 + 4e5 * ((n % 24) as f64 / 24.0 * std::f64::consts::TAU).sin() + (n * 7919 % 101) as f64 * 100.0;
        let mut checks = Vec::new();
        for n in 0..300 {
            checks = quality.judge(&source, &[orders(n * 3600, 1000 + (n % 7) as u64)], &[clicks(n, usual(n))], hour(n));
        }
        assert!(checks.iter().all(|check| check.state == State::Ok), "{:?}", told(&checks));
        let late = quality.judge(&source, &[orders(299 * 3600, 1002)], &[clicks(300, usual(312) * 0.5)], hour(303));
        assert_eq!(told(&late)[0], "orders freshness failed expected at most 90 min old, got 4 h old");
        let odd = &late[2];
        assert!(odd.state != State::Ok && odd.reason.as_ref().unwrap().contains(" on a Tuesday 12:00 UTC, got "), "{:?}", told(&late));
    }
}
