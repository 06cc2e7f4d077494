//! Workloads: containers, pods and services with what they use, and hosts.
//! Not for: their logs (see `logs`).

use super::column::{Cell, Column, number, word};
use super::columns::{AGE, ENV, NAME, OWNER, REASON, SOURCE, STATE, TRAIL};
use super::sections::{Empty, Section, Spec, by_trouble};
use crate::domain::{Detail, Entity, Kind, Workload};
use crate::ui::table::{Column as Head, Width};
use crate::ui::theme::Role;
use crate::ui::words;

/// The tab.
pub const SPEC: Spec = Spec { title: "Workloads", sections: &[WORKLOADS, HOSTS], numbers: true };

const WORKLOADS: Section = Section {
    title: "Workloads",
    note: "",
    kinds: &[Kind::Workload],
    columns: &[STATE, AGE, NAME, CPU, MEMORY, MEMORY_SHARE, TRAIL, RX, TX, RESTARTS, REASON, IMAGE, NAMESPACE, SOURCE, ENV, OWNER],
    weight: 3,
    min_rows: 4,
    pick: |look, _| by_trouble(look.store.entities.of(Kind::Workload)),
    empty: Empty::Says("no workloads"),
    follows: false,
};

const HOSTS: Section = Section {
    title: "Hosts",
    note: "",
    kinds: &[Kind::Host],
    columns: &[STATE, AGE, NAME, REASON, SOURCE, ENV, OWNER],
    weight: 1,
    min_rows: 0,
    pick: |look, _| by_trouble(look.store.entities.of(Kind::Host)),
    empty: Empty::Hidden,
    follows: false,
};

fn workload(entity: &Entity) -> Option<&Workload> {
    match &entity.detail {
        Detail::Workload(workload) => Some(workload),
        _ => None,
    }
}

const fn usage(
    title: &'static str,
    width: u16,
    fold: u8,
    cell: fn(&Entity, &super::Look<'_>) -> Cell,
    key: fn(&Entity, &super::Look<'_>) -> super::column::SortKey,
) -> Column {
    Column { head: Head::new(title, Width::Fixed(width)).right().fold(fold), descending: true, cell, key }
}

const CPU: Column = usage(
    "cpu",
    5,
    1,
    |entity, _| workload(entity).and_then(|w| w.cpu_cores).map_or_else(Cell::absent, |cores| Cell::plain(words::cores(cores))),
    |entity, _| number(workload(entity).and_then(|w| w.cpu_cores)),
);

const MEMORY: Column = usage(
    "mem",
    6,
    1,
    |entity, _| {
        workload(entity).and_then(|w| w.memory_bytes).map_or_else(Cell::absent, |bytes| Cell::plain(words::bytes_short(bytes as f64)))
    },
    |entity, _| number(workload(entity).and_then(|w| w.memory_bytes).map(|bytes| bytes as f64)),
);

const MEMORY_SHARE: Column = usage(
    "mem%",
    4,
    2,
    |entity, _| match memory_share(entity) {
        Some(share) if share >= 0.95 => Cell::with(format!("{:.0}", share * 100.0), Role::Failed),
        Some(share) if share >= 0.8 => Cell::with(format!("{:.0}", share * 100.0), Role::Warning),
        Some(share) => Cell::plain(format!("{:.0}", share * 100.0)),
        None => Cell::absent(),
    },
    |entity, _| number(memory_share(entity)),
);

fn memory_share(entity: &Entity) -> Option<f64> {
    let workload = workload(entity)?;
    let limit = workload.memory_limit_bytes.filter(|limit| *limit > 0)?;
    Some(workload.memory_bytes? as f64 / limit as f64)
}

const RX: Column = usage(
    "rx/s",
    6,
    4,
    |entity, _| workload(entity).and_then(|w| w.net_rx_bps).map_or_else(Cell::absent, |bytes| Cell::plain(words::bytes_short(bytes))),
    |entity, _| number(workload(entity).and_then(|w| w.net_rx_bps)),
);

const TX: Column = usage(
    "tx/s",
    6,
    4,
    |entity, _| workload(entity).and_then(|w| w.net_tx_bps).map_or_else(Cell::absent, |bytes| Cell::plain(words::bytes_short(bytes))),
    |entity, _| number(workload(entity).and_then(|w| w.net_tx_bps)),
);

const RESTARTS: Column = usage(
    "restarts",
    8,
    3,
    |entity, _| match workload(entity).and_then(|w| w.restarts) {
        Some(0) => Cell::muted("0"),
        Some(restarts) => Cell::with(restarts.to_string(), Role::Warning),
        None => Cell::absent(),
    },
    |entity, _| number(workload(entity).and_then(|w| w.restarts).map(|restarts| restarts as f64)),
);

const IMAGE: Column = Column {
    head: Head::new("image", Width::Share { min: 12, weight: 1 }).fold(4),
    descending: false,
    cell: |entity, _| {
        workload(entity).and_then(|w| w.image.as_ref()).map_or_else(Cell::absent, |image| Cell::muted(short(image).to_owned()))
    },
    key: |entity, _| word(workload(entity).and_then(|w| w.image.as_deref())),
};

/// An image's name and tag without its registry; the whole stands in the detail.
fn short(image: &str) -> &str {
    image.rsplit('/').next().unwrap_or(image)
}

const NAMESPACE: Column = Column {
    head: Head::new("namespace", Width::Fixed(10)).fold(6),
    descending: false,
    cell: |entity, _| workload(entity).and_then(|w| w.namespace.as_ref()).map_or_else(Cell::absent, |name| Cell::muted(name.to_string())),
    key: |entity, _| word(workload(entity).and_then(|w| w.namespace.as_deref())),
};
