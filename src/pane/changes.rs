//! Changes: what somebody or something changed, newest first, and stacks that differ from what is described.
//! Not for: which change broke what (see Triage).

use super::column::{Cell, Column, time, word};
use super::columns::{ENV, EYE, NAME, OWNER, REASON, SOURCE, STATE};
use super::sections::{Empty, Section, Spec, by_trouble, newest_first};
use crate::domain::{Change, Detail, Entity, Kind};
use crate::insight::timeline;
use crate::ui::table::{Column as Head, Width};
use crate::ui::words;

/// The tab.
pub const SPEC: Spec = Spec { title: "Changes", sections: &[CHANGES, STACKS], numbers: false };

const CHANGES: Section = Section {
    title: "Changes",
    note: "newest first",
    kinds: &[Kind::Change],
    columns: &[AT, AGO, EYE, CHANGE, NAME, REASON, ACTOR, SOURCE, ENV, OWNER],
    weight: 3,
    min_rows: 4,
    pick: |look, _| newest_first(look.store.entities.of(Kind::Change)),
    empty: Empty::Says("no changes known"),
    follows: false,
};

const STACKS: Section = Section {
    title: "Stacks",
    note: "",
    kinds: &[Kind::Stack],
    columns: &[STATE, NAME, REASON, SOURCE, ENV, OWNER],
    weight: 1,
    min_rows: 0,
    pick: |look, _| by_trouble(look.store.entities.of(Kind::Stack)),
    empty: Empty::Hidden,
    follows: false,
};

fn change(entity: &Entity) -> Option<&Change> {
    match &entity.detail {
        Detail::Change(change) => Some(change),
        _ => None,
    }
}

const AT: Column = Column {
    head: Head::new("at", Width::Fixed(8)).fold(3),
    descending: true,
    cell: |entity, look| timeline::happened_at(entity).map_or_else(Cell::absent, |at| Cell::muted(words::time_of_day(at, &look.ui.zone))),
    key: |entity, _| time(timeline::happened_at(entity)),
};

const AGO: Column = Column {
    head: Head::new("ago", Width::Fixed(4)).right(),
    descending: true,
    cell: |entity, look| timeline::happened_at(entity).map_or_else(Cell::absent, |at| Cell::plain(words::age(look.age_s(at)))),
    key: |entity, _| time(timeline::happened_at(entity)),
};

const CHANGE: Column = Column {
    head: Head::new("change", Width::Fixed(7)).fold(1),
    descending: false,
    cell: |entity, _| change(entity).and_then(|change| change.change).map_or_else(Cell::absent, |kind| Cell::muted(kind.word())),
    key: |entity, _| word(change(entity).and_then(|change| change.change).map(crate::domain::ChangeKind::word)),
};

const ACTOR: Column = Column {
    head: Head::new("by", Width::Fixed(12)).fold(2),
    descending: false,
    cell: |entity, _| {
        change(entity).and_then(|change| change.actor.as_ref()).map_or_else(Cell::absent, |actor| Cell::muted(actor.to_string()))
    },
    key: |entity, _| word(change(entity).and_then(|change| change.actor.as_deref())),
};
