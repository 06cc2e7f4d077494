//! Triage, the first screen: what is firing, since when, what changed just before, what it reaches.
//! Not for: ranking (see `insight::triage`).

use super::column::{Cell, Column, number, time, word};
use super::columns::{AGE, ENV, EYE, KIND, NAME, OWNER, REASON, SOURCE, STATE};
use super::sections::{Empty, Section, Spec};
use crate::domain::{ChangeKind, Detail, Entity, Kind};
use crate::insight::timeline;
use crate::ui::table::{Column as Head, Width};
use crate::ui::theme::Role;
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
    note: "likeliest first",
    kinds: &[Kind::Change, Kind::Run],
    columns: &[STATE, AGO, EYE, KIND, NAME, TOLD, RELEVANCE, SOURCE],
    weight: 2,
    min_rows: 2,
    pick: |look, above| look.derived.before(above.map(AsRef::as_ref), look.store, look.now),
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

/// What it says, and what else tells of the same: a deploy's commit, how many more.
const TOLD: Column = Column {
    head: Head::new("why", Width::Share { min: 28, weight: 3 }),
    descending: false,
    cell: |entity, look| {
        let mut cell = (REASON.cell)(entity, look);
        let line = look.derived.happening(&entity.id);
        let Some(line) = line.filter(|line| !line.also.is_empty()) else { return cell };
        let commit = line.also.iter().find(|other| is_commit(other) && !is_commit(entity)).and_then(|commit| commit.reason.as_ref());
        let (dot, more) = (look.ui.glyphs.dot(), line.also.len());
        if let Some(commit) = commit {
            cell = Cell::plain(commit.first_line().to_owned());
        }
        let role = if line.relevance > 0 { Role::Muted } else { cell.role };
        cell.more.push((format!(" {dot} {more} more").into(), role));
        cell
    },
    key: |entity, _| word(entity.reason.as_deref()),
};

fn is_commit(entity: &Entity) -> bool {
    matches!(&entity.detail, Detail::Change(change) if change.change == Some(ChangeKind::Commit))
}

/// How likely it matters, as points.
const RELEVANCE: Column = Column {
    head: Head::new("near", Width::Fixed(5)).fold(1),
    descending: true,
    cell: |entity, look| {
        let Some(line) = look.derived.happening(&entity.id) else { return Cell::absent() };
        let points = |count: u8, there: bool| look.ui.glyphs.point(there).repeat(usize::from(count));
        let role = if line.relevance >= timeline::MOST - 2 { Role::Accent } else { Role::Muted };
        Cell::pieces(vec![
            (points(line.relevance, true).into(), role),
            (points(timeline::MOST - line.relevance, false).into(), Role::Muted),
        ])
    },
    key: |entity, look| number(look.derived.happening(&entity.id).map(|line| f64::from(line.relevance))),
};
