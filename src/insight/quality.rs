//! Checks that need no tool beside the system that brings a dataset or a reading: age, rows, columns, missing values, assertions, and
//! whether an amount or a distribution is odd after what came before. They keep what they learnt, and give check entities.
//! Not for: checks that systems make themselves (connectors bring those), distributions of models (see `drift`).

mod cadence;
pub mod definition;
mod finding;
mod oddness;
mod stream;
mod table;
mod words;

use std::collections::{BTreeSet, HashMap};

use crate::domain::{Dataset, Detail, Entity, EntityId, Kind, Link, LinkTarget, RowProblem, Series, SourceName, State, Text, Timestamp};

pub use definition::{Columns, Definition, Freshness};
use finding::Finding;

/// Keys of these checks begin so.
pub const QUALITY: &str = "quality/";
/// Things that are learnt about at most; the others get no verdict, and say so.
const MAX_LEARNT: usize = 20_000;

/// What a poll of a source brought, and what it was asked.
#[derive(Debug, Clone, Copy)]
pub struct Brought<'a> {
    /// The source.
    pub source: &'a SourceName,
    /// What it brought.
    pub entities: &'a [Entity],
    /// Lines of readings.
    pub series: &'a [Series],
    /// The same before they were watched.
    pub past: &'a [Series],
    /// Readings that this poll asked for.
    pub asked: &'a [Text],
    /// What could not be read of it.
    pub problems: &'a [RowProblem],
}

/// Definitions, and what was learnt.
#[derive(Debug, Clone, Default)]
pub struct Quality {
    definitions: Vec<Definition>,
    met: BTreeSet<usize>,
    tables: HashMap<EntityId, table::Watched>,
    streams: HashMap<EntityId, stream::Watched>,
    shown: HashMap<EntityId, (State, Timestamp)>,
}

impl Quality {
    /// From what is configured.
    pub fn new(definitions: Vec<Definition>) -> Self {
        Self { definitions, ..Self::default() }
    }

    /// Whether nothing is expected of anything.
    pub fn is_empty(&self) -> bool {
        self.definitions.is_empty()
    }

    /// Definitions that nothing was brought for so far: their dataset or reading is not known.
    pub fn unmet(&self) -> impl Iterator<Item = &Definition> {
        self.definitions.iter().enumerate().filter(|(place, _)| !self.met.contains(place)).map(|(_, definition)| definition)
    }

    /// The checks upon what a source brought.
    pub fn judge(&mut self, brought: &Brought<'_>, at: Timestamp) -> Vec<Entity> {
        let mut checks = Vec::new();
        for place in 0..self.definitions.len() {
            let definition = self.definitions[place].clone();
            if !definition.is_about(brought.source) {
                continue;
            }
            let before = checks.len();
            for entity in brought.entities {
                if let Detail::Dataset(dataset) = &entity.detail
                    && definition.is_about_dataset(&entity.name)
                {
                    self.judge_dataset(brought.source, &definition, entity, dataset, at, &mut checks);
                }
            }
            for series in brought.series.iter().filter(|series| definition.is_about_series(series)) {
                let past = brought.past.iter().find(|past| past.reading == series.reading && past.labels == series.labels);
                self.judge_series(brought.source, &definition, series, past, at, &mut checks);
            }
            if checks.len() == before
                && let Some(reading) = definition.reading.as_ref().filter(|reading| brought.asked.contains(reading))
            {
                let told = brought.problems.iter().find(|problem| problem.path == *reading);
                let why = told.map_or_else(|| "no data".to_owned(), |problem| problem.message.first_line().to_owned());
                let expected = definition.assert.map(|assert| assert.to_string()).unwrap_or_default();
                let test = if definition.assert.is_some() { "assertion" } else { "reading" };
                let key = format!("{QUALITY}{}", definition.name);
                let finding = Finding::unknown(test, why, expected);
                let check = finding.check(brought.source, &key, &definition, reading, at);
                checks.push(self.since(check, at));
            }
            if checks.len() > before {
                self.met.insert(place);
            }
        }
        checks
    }

    fn judge_dataset(
        &mut self,
        source: &SourceName,
        definition: &Definition,
        entity: &Entity,
        dataset: &Dataset,
        at: Timestamp,
        checks: &mut Vec<Entity>,
    ) {
        let key = format!("{QUALITY}{}/{}", definition.name, entity.id.key());
        let id = EntityId::new(source, Kind::Check, &key);
        let room = self.tables.len() + self.streams.len() < MAX_LEARNT;
        let findings = match self.tables.get_mut(&id) {
            Some(watched) => watched.judge(definition, dataset, at),
            None if room => self.tables.entry(id).or_default().judge(definition, dataset, at),
            None => vec![Finding::unknown("quality", format!("more than {MAX_LEARNT} things are watched"), "")],
        };
        for finding in findings {
            let key = format!("{key}/{}", finding.test);
            let mut check = finding.check(source, &key, definition, &entity.name, at);
            check.env.clone_from(&entity.env);
            check.owner = definition.owner.clone().or_else(|| entity.owner.clone());
            check.labels.clone_from(&entity.labels);
            check.links = vec![Link { rel: Text::from("dataset"), to: LinkTarget::Id(entity.id.clone()) }];
            checks.push(self.since(check, at));
        }
    }

    fn judge_series(
        &mut self,
        source: &SourceName,
        definition: &Definition,
        series: &Series,
        past: Option<&Series>,
        at: Timestamp,
        checks: &mut Vec<Entity>,
    ) {
        let labels: Vec<String> = series.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let labels = labels.join(", ");
        let key = format!("{QUALITY}{}/{labels}", definition.name);
        let id = EntityId::new(source, Kind::Check, &key);
        let room = self.tables.len() + self.streams.len() < MAX_LEARNT;
        let findings = match self.streams.get_mut(&id) {
            Some(watched) => watched.judge(definition, series, past),
            None if room => self.streams.entry(id).or_default().judge(definition, series, past),
            None => vec![Finding::unknown("quality", format!("more than {MAX_LEARNT} things are watched"), "")],
        };
        let subject = if labels.is_empty() { series.reading.clone() } else { format!("{} ({labels})", series.reading).into() };
        for finding in findings {
            let key = format!("{key}/{}", finding.test);
            let mut check = finding.check(source, &key, definition, &subject, at);
            if !labels.is_empty() {
                check.name = format!("{} ({labels})", check.name).into();
            }
            check.labels.clone_from(&series.labels);
            checks.push(self.since(check, at));
        }
    }

    /// The check with the instant since which it is in its state, as far as it was watched.
    fn since(&mut self, mut check: Entity, at: Timestamp) -> Entity {
        let known = self.shown.get(&check.id).filter(|(state, _)| *state == check.state).map_or(at, |(_, since)| *since);
        if self.shown.contains_key(&check.id) || self.shown.len() < MAX_LEARNT * 4 {
            self.shown.insert(check.id.clone(), (check.state, known));
        }
        check.since = Some(known);
        check
    }
}

#[cfg(test)]
mod tests;
