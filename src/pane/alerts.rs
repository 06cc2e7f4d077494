//! Alerts: all that fires or is about to, and the health of what watches (targets, rules, thresholds).
//! Not for: silencing.

use super::column::{Cell, Column, number, word};
use super::columns::{AGE, ENV, NAME, OWNER, REASON, SOURCE, STATE, TRAIL};
use super::sections::{Empty, Section, Spec, by_trouble};
use crate::domain::{Alert, Detail, Entity, Eye, Kind};
use crate::insight::triage;
use crate::store::is_standing;
use crate::ui::table::{Column as Head, Width};
use crate::ui::words;

/// The tab.
pub const SPEC: Spec = Spec { title: "Alerts", sections: &[ALERTS, WATCHERS], numbers: false };

const ALERTS: Section = Section {
    title: "Alerts",
    note: "",
    kinds: &[Kind::Alert],
    columns: &[STATE, AGE, SEVERITY, NAME, REASON, VALUE, TRAIL, MUTED, RECEIVERS, SOURCE, ENV, OWNER],
    weight: 3,
    min_rows: 4,
    pick: |look, _| {
        let mut rows = by_trouble(triage::distinct(look.store.entities.of(Kind::Alert)).into_iter());
        // what somebody has muted stands under what nobody has, among those that are as bad
        rows.sort_by_key(|alert| (std::cmp::Reverse(alert.state.severity()), triage::is_muted(alert)));
        rows
    },
    empty: Empty::AllWell,
    follows: false,
};

const WATCHERS: Section = Section {
    title: "Targets, rules and readings",
    note: "",
    kinds: &[Kind::Check],
    columns: &[STATE, AGE, super::data::TEST, NAME, REASON, super::data::OBSERVED, TRAIL, SOURCE],
    weight: 2,
    min_rows: 2,
    pick: |look, _| by_trouble(look.store.entities.of(Kind::Check).filter(|check| check.eye == Eye::DevOps && !is_standing(check))),
    empty: Empty::Says("no target or rule is known"),
    follows: false,
};

fn alert(entity: &Entity) -> Option<&Alert> {
    match &entity.detail {
        Detail::Alert(alert) => Some(alert),
        _ => None,
    }
}

const SEVERITY: Column = Column {
    head: Head::new("severity", Width::Fixed(8)).fold(3),
    descending: false,
    cell: |entity, _| Cell::text(alert(entity).and_then(|alert| alert.severity.as_ref())),
    key: |entity, _| word(alert(entity).and_then(|alert| alert.severity.as_deref())),
};

const VALUE: Column = Column {
    head: Head::new("value", Width::Fixed(8)).right().fold(2),
    descending: true,
    cell: |entity, look| value(entity, look).map_or_else(Cell::absent, |value| Cell::plain(words::number(value))),
    key: |entity, look| number(value(entity, look)),
};

/// An Alertmanager does not know it; the Prometheus that evaluates the rule does.
fn value(entity: &Entity, look: &super::Look<'_>) -> Option<f64> {
    alert(entity)?.value.or_else(|| alert(look.derived.twin(entity)?)?.value)
}

const MUTED: Column = Column {
    head: Head::new("muted by", Width::Fixed(12)).fold(4),
    descending: false,
    cell: |entity, _| muted_by(entity).map_or_else(Cell::absent, Cell::muted),
    key: |entity, _| word(muted_by(entity).as_deref()),
};

fn muted_by(entity: &Entity) -> Option<String> {
    let alert = alert(entity)?;
    if let Some(who) = &alert.acked_by {
        Some(format!("ack {who}"))
    } else if !alert.silenced_by.is_empty() {
        Some(several(alert.silenced_by.len(), "silence"))
    } else if !alert.inhibited_by.is_empty() {
        Some(several(alert.inhibited_by.len(), "inhibitor"))
    } else {
        None
    }
}

fn several(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

const RECEIVERS: Column = Column {
    head: Head::new("receivers", Width::Fixed(12)).fold(5),
    descending: false,
    cell: |entity, _| receivers(entity).map_or_else(Cell::absent, Cell::muted),
    key: |entity, _| word(receivers(entity).as_deref()),
};

fn receivers(entity: &Entity) -> Option<String> {
    let alert = alert(entity)?;
    (!alert.receivers.is_empty()).then(|| alert.receivers.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(" "))
}
