//! The columns that several tabs share. Those of one tab alone stand in its file.
//! Not for: drawing.

use super::column::{Cell, Column, number, time, word};
use crate::domain::{Detail, Entity};
use crate::insight::triage;
use crate::store::Word;
use crate::ui::sparkline::sparkline;
use crate::ui::table::{Column as Head, Width};
use crate::ui::theme::{Role, role_of};
use crate::ui::words;

/// The sign of the state, in its colour.
pub const STATE: Column = Column {
    head: Head::new("", Width::Fixed(1)),
    descending: true,
    cell: |entity, look| Cell::with(look.ui.glyphs.state(entity.state), role_of(entity.state)),
    key: |entity, _| number(Some(f64::from(entity.state.severity()))),
};

/// The word of the state.
pub const WORD: Column = Column {
    head: Head::new("state", Width::Fixed(9)).fold(4),
    descending: true,
    cell: |entity, _| Cell::with(entity.state.word(), role_of(entity.state)),
    key: |entity, _| number(Some(f64::from(entity.state.severity()))),
};

/// How long it has been so.
pub const AGE: Column = Column {
    head: Head::new("for", Width::Fixed(4)).right(),
    descending: true,
    cell: |entity, look| entity.since.map_or_else(Cell::absent, |since| Cell::plain(words::age(look.age_s(since)))),
    key: |entity, _| time(entity.since),
};

/// The discipline.
pub const EYE: Column = Column {
    head: Head::new("eye", Width::Fixed(4)).fold(3),
    descending: false,
    cell: |entity, _| Cell::muted(entity.eye.short()),
    key: |entity, _| word(Some(entity.eye.short())),
};

/// The noun.
pub const KIND: Column = Column {
    head: Head::new("kind", Width::Fixed(8)).fold(2),
    descending: false,
    cell: |entity, _| Cell::muted(entity.kind().word()),
    key: |entity, _| word(Some(entity.kind().word())),
};

/// The name.
pub const NAME: Column = Column {
    head: Head::new("name", Width::Share { min: 18, weight: 2 }),
    descending: false,
    cell: |entity, _| Cell::plain(entity.title()),
    key: |entity, _| word(Some(&entity.title())),
};

/// Why it is so.
pub const REASON: Column = reason(34, 3);

/// Why it is so, where other columns say more.
pub const REASON_BRIEF: Column = reason(14, 1);

/// Why it is so, in at least so many columns.
pub const fn reason(min: u16, weight: u16) -> Column {
    Column {
        head: Head::new("why", Width::Share { min, weight }),
        descending: false,
        cell: |entity, look| {
            let why = entity.reason.as_ref().map_or("", |reason| reason.first_line());
            if let Some(word) = look.store.waiting.word(&entity.id) {
                awaited(&word, why, look)
            } else if triage::is_muted(entity) {
                Cell::muted(format!("muted {} {why}", look.ui.glyphs.dot()))
            } else {
                Cell::plain(why.to_owned())
            }
        },
        key: |entity, _| word(entity.reason.as_deref()),
    }
}

/// What an order is to bring about, before why it was wanted.
fn awaited(word: &Word, why: &str, look: &super::Look<'_>) -> Cell {
    let (text, role) = match word {
        Word::Waits(what, since) => (format!("{what}, {} so far", words::age(look.age_s(*since))), Role::Running),
        Word::Late(what, seconds) => (format!("{what}: not seen within {}", words::duration(*seconds)), Role::Warning),
        Word::Wrong(text) => (text.clone(), Role::Failed),
    };
    Cell::pieces(vec![(text.into(), role), (format!(" {} {why}", look.ui.glyphs.dot()).into(), Role::Muted)])
}

/// The source it comes from.
pub const SOURCE: Column = Column {
    head: Head::new("source", Width::Fixed(12)).fold(6),
    descending: false,
    cell: |entity, _| Cell::muted(entity.id.source().to_owned()),
    key: |entity, _| word(Some(entity.id.source())),
};

/// The environment; production is loud.
pub const ENV: Column = Column {
    head: Head::new("env", Width::Fixed(7)).fold(7),
    descending: false,
    cell: |entity, _| match entity.env.as_deref() {
        Some(env) if env.starts_with("prod") => Cell::with(env.to_owned(), Role::Prod),
        Some(env) => Cell::muted(env.to_owned()),
        None => Cell::absent(),
    },
    key: |entity, _| word(entity.env.as_deref()),
};

/// Who answers for it.
pub const OWNER: Column = Column {
    head: Head::new("owner", Width::Fixed(10)).fold(8),
    descending: false,
    cell: |entity, _| entity.owner.as_ref().map_or_else(Cell::absent, |owner| Cell::muted(owner.to_string())),
    key: |entity, _| word(entity.owner.as_deref()),
};

/// The main number over the last polls.
pub const TRAIL: Column = Column {
    head: Head::new("trail", Width::Fixed(12)).fold(5).unsortable(),
    descending: false,
    cell: |entity, look| {
        let values: Vec<Option<f64>> = look
            .store
            .readings
            .trail(look.derived.twin(entity).map_or(&entity.id, |twin| &twin.id))
            .map(|trail| trail.points.iter().rev().take(12).rev().map(|point| Some(point.value)).collect())
            .unwrap_or_default();
        if values.len() < 2 { Cell::absent() } else { Cell::with(spark(&values, look), Role::Graph) }
    },
    key: |_, _| number(None),
};

/// How long a run took, or has been running.
pub const DURATION: Column = Column {
    head: Head::new("took", Width::Fixed(8)).right().fold(1),
    descending: true,
    cell: |entity, look| run_seconds(entity, look).map_or_else(Cell::absent, |seconds| Cell::plain(words::duration(seconds))),
    key: |entity, look| number(run_seconds(entity, look)),
};

fn run_seconds(entity: &Entity, look: &super::Look<'_>) -> Option<f64> {
    match &entity.detail {
        Detail::Run(run) => Some(run.ended_at.unwrap_or(look.now).since(run.started_at?).max(0.0)),
        _ => None,
    }
}

/// Values as a row of levels, one column each.
pub fn spark(values: &[Option<f64>], look: &super::Look<'_>) -> String {
    sparkline(values, values.len(), None, look.ui.glyphs)
}
