//! Triage, the first screen: what is firing, since when, what changed just before, what it reaches.
//! Not for: ranking (see `insight::triage`).

use super::column::{Cell, Column, time};
use super::columns::{AGE, ENV, EYE, KIND, NAME, OWNER, REASON, SOURCE, STATE};
use super::sections::{Empty, Section, Spec};
use crate::domain::{Detail, Kind};
use crate::insight::timeline;
use crate::ui::table::{Column as Head, Width};
use crate::ui::words;

/// The tab.
pub const SPEC: Spec = Spec { title: "Triage", sections: &[NEEDS_YOU, BEFORE, REACHES], numbers: false };

const NEEDS_YOU: Section = Section {
    title: "Needs you",
    note: "worst first",
    kinds: Kind::ALL,
    columns: &[STATE, AGE, EYE, KIND, NAME, REASON, SOURCE, ENV, OWNER],
    weight: 3,
    min_rows: 3,
    pick: |look, _| look.derived.needs_you.clone(),
    empty: Empty::AllWell,
    follows: false,
};

const BEFORE: Section = Section {
    title: "Before it broke",
    note: "newest first",
    kinds: &[Kind::Change, Kind::Run],
    columns: &[STATE, AGO, EYE, KIND, NAME, REASON, SOURCE],
    weight: 2,
    min_rows: 2,
    pick: |look, above| {
        let at = above.and_then(|entity| entity.since).unwrap_or(look.now);
        let happened = look.store.entities.of(Kind::Change).chain(look.store.entities.of(Kind::Run));
        timeline::before(happened, at, above.map(AsRef::as_ref))
    },
    empty: Empty::Says("nothing known changed in the hour before"),
    follows: true,
};

const REACHES: Section = Section {
    title: "Reaches",
    note: "data to service",
    kinds: &[],
    columns: &[STATE, AGE, EYE, KIND, NAME, REASON, SOURCE, OWNER],
    weight: 1,
    min_rows: 1,
    pick: |look, above| above.map(|entity| look.derived.touched(entity, look.store)).unwrap_or_default(),
    empty: Empty::Says("no links known"),
    follows: true,
};

/// How long ago it happened.
const AGO: Column = Column {
    head: Head::new("ago", Width::Fixed(4)).right(),
    descending: true,
    cell: |entity, look| {
        timeline::happened_at(entity).map_or_else(Cell::absent, |at| {
            let unfinished = matches!(&entity.detail, Detail::Run(run) if run.ended_at.is_none());
            if unfinished { Cell::absent() } else { Cell::plain(words::age(look.age_s(at))) }
        })
    },
    key: |entity, _| time(timeline::happened_at(entity)),
};
