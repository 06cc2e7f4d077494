//! Sources: who answers, since when not and why, and what asking costs. Each row is the check "this source answers".
//! Not for: what they bring.

use super::column::{Cell, Column, number, time, word};
use super::columns::{AGE, ENV, STATE, reason};
use super::sections::{Empty, Section, Spec, by_trouble};
use crate::domain::{Entity, Kind};
use crate::store::SourceState;
use crate::ui::table::{Column as Head, Width};
use crate::ui::words;

/// The tab.
pub const SPEC: Spec = Spec { title: "Sources", sections: &[SOURCES], numbers: true };

const SOURCES: Section = Section {
    title: "Sources",
    note: "",
    kinds: &[],
    columns: &[STATE, AGE, NAME, CONNECTOR, ANSWERED, LATENCY, REQUESTS, BYTES, ENTITIES, WHY, URL, ENV],
    weight: 1,
    min_rows: 4,
    pick: |look, _| by_trouble(look.store.entities.of(Kind::Check).filter(|check| crate::store::is_standing(check))),
    empty: Empty::NoSource,
    follows: false,
};

fn state<'a>(entity: &Entity, look: &super::Look<'a>) -> Option<&'a SourceState> {
    look.store.sources.get(entity.id.source())
}

const WHY: Column = reason(24, 2);

const NAME: Column = Column {
    head: Head::new("source", Width::Share { min: 12, weight: 1 }),
    descending: false,
    cell: |entity, _| Cell::plain(entity.id.source().to_owned()),
    key: |entity, _| word(Some(entity.id.source())),
};

const CONNECTOR: Column = Column {
    head: Head::new("connector", Width::Fixed(12)).fold(5),
    descending: false,
    cell: |entity, look| Cell::text(state(entity, look).and_then(|state| state.info.as_ref()).map(|info| &info.connector)),
    key: |entity, look| word(state(entity, look).and_then(|state| state.info.as_ref()).map(|info| info.connector.as_str())),
};

const ANSWERED: Column = Column {
    head: Head::new("data", Width::Fixed(4)).right().fold(1),
    descending: false,
    cell: |entity, look| {
        let oldest = state(entity, look).and_then(SourceState::oldest_answer);
        oldest.map_or_else(Cell::absent, |at| Cell::plain(words::age(look.age_s(at))))
    },
    key: |entity, look| time(state(entity, look).and_then(SourceState::oldest_answer)),
};

const LATENCY: Column = Column {
    head: Head::new("latency", Width::Fixed(8)).right().fold(3),
    descending: true,
    cell: |entity, look| latency(entity, look).map_or_else(Cell::absent, |ms| Cell::plain(format!("{ms:.0} ms"))),
    key: |entity, look| number(latency(entity, look)),
};

fn latency(entity: &Entity, look: &super::Look<'_>) -> Option<f64> {
    state(entity, look)?.polls.values().filter_map(|poll| poll.latency_ms).max().map(f64::from)
}

const REQUESTS: Column = Column {
    head: Head::new("req/s", Width::Fixed(6)).right().fold(2),
    descending: true,
    cell: |entity, look| {
        let spending = state(entity, look).and_then(SourceState::spending);
        spending.map_or_else(Cell::absent, |(requests, _)| Cell::plain(format!("{requests:.2}")))
    },
    key: |entity, look| number(state(entity, look).and_then(SourceState::spending).map(|(requests, _)| requests)),
};

const BYTES: Column = Column {
    head: Head::new("bytes/s", Width::Fixed(8)).right().fold(2),
    descending: true,
    cell: |entity, look| {
        let spending = state(entity, look).and_then(SourceState::spending);
        spending.map_or_else(Cell::absent, |(_, bytes)| Cell::plain(words::bytes_short(bytes)))
    },
    key: |entity, look| number(state(entity, look).and_then(SourceState::spending).map(|(_, bytes)| bytes)),
};

const ENTITIES: Column = Column {
    head: Head::new("entities", Width::Fixed(8)).right().fold(3),
    descending: true,
    cell: |entity, look| Cell::plain(look.store.entities.count_of(entity.id.source()).to_string()),
    key: |entity, look| number(Some(look.store.entities.count_of(entity.id.source()) as f64)),
};

const URL: Column = Column {
    head: Head::new("where", Width::Share { min: 12, weight: 2 }).fold(4),
    descending: false,
    cell: |entity, look| {
        let url = state(entity, look).and_then(|state| state.info.as_ref()).map(|info| info.url.to_string());
        url.map_or_else(Cell::absent, Cell::muted)
    },
    key: |entity, look| word(state(entity, look).and_then(|state| state.info.as_ref()).map(|info| info.url.as_str())),
};
