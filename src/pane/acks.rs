//! The alerts this person has acknowledged, with their ages, ends and what they mute now; and every other silence.
//! Not for: acknowledging (see `app::order`).

use super::column::{Cell, Column, number, time, word};
use super::columns::{AGE, ENV, NAME, SOURCE, STATE, reason};
use super::look::Look;
use super::sections::{Empty, Section, Spec};
use crate::domain::{ChangeKind, Detail, Entity, Kind};
use crate::insight::ack;
use crate::ui::table::{Column as Head, Width};
use crate::ui::theme::Role;
use crate::ui::words;

/// The view.
pub const SPEC: Spec = Spec { title: "Acknowledged", sections: &[MINE, OTHERS], numbers: false };

const MINE: Section = Section {
    title: "Acknowledged by you",
    note: "oldest first",
    kinds: &[Kind::Change, Kind::Alert],
    columns: &[STATE, AGE, NAME, MUTES, ENDS, reason(14, 1), SOURCE, ENV],
    weight: 2,
    min_rows: 3,
    pick: |look, _| ack::own(look.store.entities.of(Kind::Change), look.actor),
    empty: Empty::Says("you have acknowledged nothing"),
    follows: false,
};

const OTHERS: Section = Section {
    title: "Other silences",
    note: "",
    kinds: &[Kind::Change],
    columns: &[STATE, AGE, NAME, MUTES, ENDS, BY, reason(14, 1), SOURCE, ENV],
    weight: 1,
    min_rows: 2,
    pick: |look, _| {
        let silences = look.store.entities.of(Kind::Change).filter(|entity| {
            let silence = matches!(&entity.detail, Detail::Change(change) if change.change == Some(ChangeKind::Silence));
            silence && !ack::is_own(entity, look.actor)
        });
        let mut rows: Vec<_> = silences.cloned().collect();
        rows.sort_by(|a, b| a.since.cmp(&b.since).then_with(|| a.id.cmp(&b.id)));
        rows
    },
    empty: Empty::Says("no silence of anybody else is known"),
    follows: false,
};

/// How many alerts it mutes now: one that mutes none is left over.
const MUTES: Column = Column {
    head: Head::new("mutes", Width::Fixed(5)).right(),
    descending: true,
    cell: |entity, look| match muted(entity, look) {
        0 => Cell::with("none", Role::Warning),
        count => Cell::plain(count.to_string()),
    },
    key: |entity, look| number(Some(muted(entity, look) as f64)),
};

fn muted(entity: &Entity, look: &Look<'_>) -> usize {
    ack::muted_by(look.store.entities.of(Kind::Alert), entity).len()
}

/// How long it still holds.
const ENDS: Column = Column {
    head: Head::new("ends in", Width::Fixed(7)).right(),
    descending: false,
    cell: |entity, look| ack::ends_at(entity).map_or_else(Cell::absent, |at| Cell::plain(words::age(at.since(look.now).max(0.0)))),
    key: |entity, _| time(ack::ends_at(entity)),
};

const BY: Column = Column {
    head: Head::new("by", Width::Fixed(12)).fold(1),
    descending: false,
    cell: |entity, _| by(entity).map_or_else(Cell::absent, |by| Cell::muted(by.to_owned())),
    key: |entity, _| word(by(entity)),
};

fn by(entity: &Entity) -> Option<&str> {
    match &entity.detail {
        Detail::Change(change) => change.actor.as_deref(),
        _ => None,
    }
}
