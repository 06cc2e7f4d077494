//! Data: datasets with their freshness and volume, and the checks upon data and models.
//! Not for: computing checks.

use super::column::{Cell, Column, number, time, word};
use super::columns::{AGE, ENV, NAME, OWNER, REASON, SOURCE, STATE, TRAIL};
use super::sections::{Empty, Section, Spec, by_trouble};
use crate::domain::{Check, Dataset, Detail, Entity, Eye, Kind};
use crate::ui::table::{Column as Head, Width};
use crate::ui::theme::Role;
use crate::ui::words;

/// The tab.
pub const SPEC: Spec = Spec { title: "Data", sections: &[DATASETS, CHECKS] };

const DATASETS: Section = Section {
    title: "Datasets",
    note: "",
    kinds: &[Kind::Dataset],
    columns: &[STATE, FRESHNESS, NAME, CLASSES, ROWS, LAG, REASON, PLATFORM, SOURCE, ENV, OWNER],
    weight: 1,
    min_rows: 2,
    pick: |look, _| by_trouble(look.store.entities.of(Kind::Dataset)),
    empty: Empty::Says("no datasets"),
    follows: false,
};

const CHECKS: Section = Section {
    title: "Checks",
    note: "",
    kinds: &[Kind::Check],
    columns: &[STATE, AGE, TEST, NAME, OBSERVED, EXPECTED, TRAIL, REASON, SOURCE, ENV],
    weight: 1,
    min_rows: 2,
    pick: |look, _| by_trouble(look.store.entities.of(Kind::Check).filter(|check| check.eye != Eye::DevOps)),
    empty: Empty::Says("no checks"),
    follows: false,
};

fn dataset(entity: &Entity) -> Option<&Dataset> {
    match &entity.detail {
        Detail::Dataset(dataset) => Some(dataset),
        _ => None,
    }
}

fn check(entity: &Entity) -> Option<&Check> {
    match &entity.detail {
        Detail::Check(check) => Some(check),
        _ => None,
    }
}

const FRESHNESS: Column = Column {
    head: Head::new("fresh", Width::Fixed(5)).right(),
    descending: false,
    cell: |entity, look| {
        dataset(entity).and_then(|dataset| dataset.freshness_at).map_or_else(Cell::absent, |at| Cell::plain(words::age(look.age_s(at))))
    },
    key: |entity, _| time(dataset(entity).and_then(|dataset| dataset.freshness_at)),
};

const CLASSES: Column = Column {
    head: Head::new("class", Width::Fixed(10)).fold(2),
    descending: false,
    cell: |entity, _| Cell::with(classes(entity), Role::Warning),
    key: |entity, _| word(Some(classes(entity).as_str()).filter(|classes| !classes.is_empty())),
};

fn classes(entity: &Entity) -> String {
    dataset(entity).map(|dataset| dataset.classifications.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(" ")).unwrap_or_default()
}

const ROWS: Column = Column {
    head: Head::new("rows", Width::Fixed(7)).right().fold(2),
    descending: true,
    cell: |entity, _| dataset(entity).and_then(|d| d.rows).map_or_else(Cell::absent, |rows| Cell::plain(words::count(rows as f64))),
    key: |entity, _| number(dataset(entity).and_then(|dataset| dataset.rows).map(|rows| rows as f64)),
};

const LAG: Column = Column {
    head: Head::new("lag", Width::Fixed(7)).right().fold(3),
    descending: true,
    cell: |entity, _| dataset(entity).and_then(|d| d.lag).map_or_else(Cell::absent, |lag| Cell::plain(words::count(lag as f64))),
    key: |entity, _| number(dataset(entity).and_then(|dataset| dataset.lag).map(|lag| lag as f64)),
};

const PLATFORM: Column = Column {
    head: Head::new("platform", Width::Fixed(10)).fold(4),
    descending: false,
    cell: |entity, _| {
        dataset(entity).and_then(|d| d.platform.as_ref()).map_or_else(Cell::absent, |platform| Cell::muted(platform.to_string()))
    },
    key: |entity, _| word(dataset(entity).and_then(|dataset| dataset.platform.as_deref())),
};

/// Which test a check is.
pub const TEST: Column = Column {
    head: Head::new("test", Width::Fixed(12)).fold(2),
    descending: false,
    cell: |entity, _| check(entity).and_then(|check| check.test.as_ref()).map_or_else(Cell::absent, |test| Cell::muted(test.to_string())),
    key: |entity, _| word(check(entity).and_then(|check| check.test.as_deref())),
};

/// What a check saw.
pub const OBSERVED: Column = Column {
    head: Head::new("observed", Width::Fixed(12)).right().fold(3),
    descending: true,
    cell: |entity, _| Cell::text(check(entity).and_then(|check| check.observed.as_ref())),
    key: |entity, _| number(check(entity).and_then(|check| check.observed.as_ref()?.trim().parse().ok())),
};

const EXPECTED: Column = Column {
    head: Head::new("expected", Width::Fixed(14)).right().fold(3),
    descending: false,
    cell: |entity, _| Cell::text(check(entity).and_then(|check| check.expected.as_ref())),
    key: |entity, _| word(check(entity).and_then(|check| check.expected.as_deref())),
};
