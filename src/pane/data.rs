//! Data: datasets with their freshness, volume, classifications and checks, and the findings grouped by dataset.
//! Not for: computing checks, putting them beside their datasets (see `insight::findings`).

use std::cmp::Reverse;
use std::sync::Arc;

use super::column::{Cell, Column, number, time, word};
use super::columns::{AGE, ENV, NAME, OWNER, REASON, SOURCE, TRAIL};
use super::look::Look;
use super::sections::{Empty, Section, Spec};
use crate::domain::{Check, Dataset, Detail, Entity, Kind};
use crate::insight::findings::{self, Tally};
use crate::ui::table::{Column as Head, Width};
use crate::ui::theme::{Role, role_of};
use crate::ui::words;

/// The tab.
pub const SPEC: Spec = Spec { title: "Data", sections: &[DATASETS, CHECKS, OTHERS], numbers: true };

const DATASETS: Section = Section {
    title: "Datasets",
    note: "worst first",
    kinds: &[Kind::Dataset],
    columns: &[WORST, FRESHNESS, NAME, CLASSES, CHECKED, ROWS, LAG, WHY, PLATFORM, SOURCE, ENV, OWNER],
    weight: 1,
    min_rows: 3,
    pick: |look, _| datasets(look),
    empty: Empty::Says("no datasets"),
    follows: false,
};

const CHECKS: Section = Section {
    title: "Checks of it",
    note: "",
    kinds: &[Kind::Check],
    columns: CHECK_COLUMNS,
    weight: 1,
    min_rows: 2,
    pick: |look, dataset| dataset.map(|dataset| look.derived.findings.of_dataset(&dataset.id).to_vec()).unwrap_or_default(),
    empty: Empty::Says("no checks of this dataset"),
    follows: true,
};

const OTHERS: Section = Section {
    title: "Checks of other data",
    note: "",
    kinds: &[Kind::Check],
    columns: CHECK_COLUMNS,
    weight: 1,
    min_rows: 2,
    pick: |look, _| look.derived.findings.others().to_vec(),
    empty: Empty::Hidden,
    follows: false,
};

const CHECK_COLUMNS: &[Column] = &[WORST, AGE, TEST, NAME, OBSERVED, EXPECTED, FAILING, TRAIL, REASON, SOURCE, ENV, OWNER];

/// Those with the worst checks first; they are what somebody looks for.
fn datasets(look: &Look<'_>) -> Vec<Arc<Entity>> {
    let mut rows: Vec<Arc<Entity>> = look.store.entities.of(Kind::Dataset).cloned().collect();
    let findings = &look.derived.findings;
    rows.sort_by_cached_key(|dataset| {
        let tally = findings.tally(&dataset.id);
        let worst = findings.worst(dataset).severity();
        (Reverse((worst, tally.failed, tally.warning)), dataset.name.clone(), dataset.id.clone())
    });
    rows
}

/// The state of a dataset and its checks together, or of a check.
const WORST: Column = Column {
    head: Head::new("", Width::Fixed(1)),
    descending: true,
    cell: |entity, look| {
        let state = look.derived.findings.worst(entity);
        Cell::with(look.ui.glyphs.state(state), role_of(state))
    },
    key: |entity, look| number(Some(f64::from(look.derived.findings.worst(entity).severity()))),
};

/// What is wrong with it: in its own words, or in those of its worst check.
const WHY: Column = Column {
    head: Head::new("why", Width::Share { min: 34, weight: 3 }),
    descending: false,
    cell: |entity, look| {
        let worst = look.derived.findings.of_dataset(&entity.id).first();
        match worst.filter(|check| check.state.severity() > entity.state.severity()) {
            Some(check) => Cell::plain(check.reason.as_ref().map_or(check.name.to_string(), |why| format!("{}: {why}", check.name))),
            None => (REASON.cell)(entity, look),
        }
    },
    key: |entity, look| (REASON.key)(entity, look),
};

/// How many checks failed, warn and passed.
const CHECKED: Column = Column {
    head: Head::new("checks", Width::Fixed(11)).fold(3),
    descending: true,
    cell: |entity, look| {
        let Tally { failed, warning, passed, unsure } = look.derived.findings.tally(&entity.id);
        let counts = [
            (failed, crate::domain::State::Failed),
            (warning, crate::domain::State::Warning),
            (passed, crate::domain::State::Ok),
            (unsure, crate::domain::State::Unknown),
        ];
        let pieces = counts.into_iter().filter(|(count, _)| *count > 0);
        Cell::pieces(pieces.map(|(count, state)| (format!("{}{count} ", look.ui.glyphs.state(state)).into(), role_of(state))).collect())
    },
    key: |entity, look| {
        let tally = look.derived.findings.tally(&entity.id);
        number(Some(tally.failed as f64 * 1e6 + tally.warning as f64))
    },
};

/// Rows that a check found bad.
const FAILING: Column = Column {
    head: Head::new("bad rows", Width::Fixed(8)).right().fold(4),
    descending: true,
    cell: |entity, _| failing(entity).map_or_else(Cell::absent, |rows| Cell::plain(words::count(rows))),
    key: |entity, _| number(failing(entity)),
};

fn failing(entity: &Entity) -> Option<f64> {
    check(entity)?.numbers.get("failed_rows").copied()
}

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
    cell: |entity, _| {
        let words = dataset(entity).map(findings::classifications).unwrap_or_default();
        let role = |sensitive| if sensitive { Role::Prod } else { Role::Muted };
        Cell::pieces(words.into_iter().map(|(word, sensitive)| (format!("{word} ").into(), role(sensitive))).collect())
    },
    key: |entity, _| word(Some(classes(entity).as_str()).filter(|classes| !classes.is_empty())),
};

fn classes(entity: &Entity) -> String {
    dataset(entity)
        .map(|dataset| findings::classifications(dataset).iter().map(|(word, _)| *word).collect::<Vec<&str>>().join(" "))
        .unwrap_or_default()
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
