//! Numbers over time, bounded: the readings that sources bring, and a short trail of every entity's state and main number.
//! Not for: long ranges (those are asked from the system when a chart is opened).

use std::collections::{BTreeMap, HashMap, VecDeque};

use crate::domain::{Entity, EntityId, Point, Series, SourceName, State, Text, Timestamp};
use crate::insight::measure;

/// Points kept of one series.
const MAX_POINTS: usize = 240;
/// Points kept of an entity's main number: a sparkline's width.
const MAX_TRAIL: usize = 60;
/// State changes kept of an entity.
const MAX_STATES: usize = 20;

/// One line of a reading is known by its labels.
type Labels = BTreeMap<Text, Text>;

/// Numbers over time.
#[derive(Debug, Default, Clone)]
pub struct Readings {
    series: BTreeMap<(SourceName, Text), BTreeMap<Labels, Series>>,
    trails: HashMap<EntityId, Trail>,
}

/// How one entity has been lately.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Trail {
    /// State changes, oldest first, each with the instant it was first seen.
    pub states: VecDeque<(Timestamp, State)>,
    /// Its main number, oldest first.
    pub points: VecDeque<Point>,
}

impl Readings {
    /// The lines of a reading.
    pub fn of(&self, source: &SourceName, reading: &str) -> impl Iterator<Item = &Series> {
        self.series.get(&(source.clone(), Text::from(reading))).into_iter().flat_map(BTreeMap::values)
    }

    /// The lines about a model: those with its name as label `model`, each with its source.
    pub fn of_model(&self, model: &str) -> impl Iterator<Item = (&SourceName, &Series)> {
        let lines = self.series.iter().flat_map(|((source, _), lines)| lines.values().map(move |series| (source, series)));
        lines.filter(move |(_, series)| series.labels.get("model").is_some_and(|of| **of == *model))
    }

    /// How an entity has been.
    pub fn trail(&self, id: &EntityId) -> Option<&Trail> {
        self.trails.get(id)
    }

    /// Appends what a poll brought.
    pub fn merge(&mut self, source: &SourceName, brought: &[Series]) {
        for series in brought {
            let lines = self.series.entry((source.clone(), series.reading.clone())).or_default();
            let line = lines.entry(series.labels.clone()).or_insert_with(|| Series { points: Vec::new(), ..series.clone() });
            let last = line.points.last().map(|point| point.at);
            line.points.extend(series.points.iter().filter(|point| last.is_none_or(|last| point.at > last)));
            let excess = line.points.len().saturating_sub(MAX_POINTS);
            line.points.drain(..excess);
        }
    }

    /// Appends an entity's state and main number.
    pub fn note(&mut self, entity: &Entity, at: Timestamp) {
        let number = measure::of(entity).map(|measure| measure.value);
        let trail = match self.trails.get_mut(&entity.id) {
            Some(trail) => trail,
            None => self.trails.entry(entity.id.clone()).or_default(),
        };
        if trail.states.back().map(|(_, state)| *state) != Some(entity.state) {
            trail.states.push_back((at, entity.state));
            if trail.states.len() > MAX_STATES {
                trail.states.pop_front();
            }
        }
        if let Some(value) = number
            && trail.points.back().is_none_or(|point| point.at < at)
        {
            trail.points.push_back(Point { at, value });
            if trail.points.len() > MAX_TRAIL {
                trail.points.pop_front();
            }
        }
    }

    /// Drops an entity's trail.
    pub fn forget(&mut self, id: &EntityId) {
        self.trails.remove(id);
    }
}
