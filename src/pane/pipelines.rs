//! Pipelines: what runs, when next, how it has been doing; and the runs themselves.
//! Not for: the steps of one run (see `detail`).

use super::column::{Cell, Column, number, time, word};
use super::columns::{AGE, DURATION, ENV, NAME, OWNER, REASON, REASON_BRIEF, SOURCE, STATE, spark};
use super::sections::{Empty, Section, Spec, by_trouble, newest_first};
use crate::domain::{Detail, Entity, Kind, Pipeline, Run, State, Text};
use crate::ui::strip::strip;
use crate::ui::table::{Column as Head, Width};
use crate::ui::theme::Role;
use crate::ui::words;

/// The tab.
pub const SPEC: Spec = Spec { title: "Pipelines", sections: &[PIPELINES, RUNS], numbers: true };

const PIPELINES: Section = Section {
    title: "Pipelines",
    note: "",
    kinds: &[Kind::Pipeline],
    columns: &[STATE, NAME, LAST, HISTORY, RATE, TREND, NEXT, SCHEDULE, REASON_BRIEF, SOURCE, ENV, OWNER],
    weight: 1,
    min_rows: 3,
    pick: |look, _| {
        // a pipeline is as its newest run is, for the order; its own state says whether it can run at all
        let mut rows = by_trouble(look.store.entities.of(Kind::Pipeline));
        let newest = |entity: &Entity| look.derived.trend(entity).and_then(|trend| trend.newest()).map_or(0, |run| run.state.severity());
        rows.sort_by_key(|entity| std::cmp::Reverse(entity.state.severity().max(newest(entity))));
        rows
    },
    empty: Empty::Says("no pipelines"),
    follows: false,
};

const RUNS: Section = Section {
    title: "Runs",
    note: "newest first",
    kinds: &[Kind::Run],
    columns: &[STATE, AGE, NAME, DURATION, REASON, TRIGGER, ACTOR, COMMIT, SOURCE, ENV],
    weight: 2,
    min_rows: 3,
    pick: |look, _| newest_first(look.store.entities.of(Kind::Run)),
    empty: Empty::Says("no runs"),
    follows: false,
};

/// The runs, for the Models tab also.
pub const RUN_COLUMNS: &[Column] = &[STATE, AGE, NAME, DURATION, REASON, ACTOR, SOURCE];

fn pipeline(entity: &Entity) -> Option<&Pipeline> {
    match &entity.detail {
        Detail::Pipeline(pipeline) => Some(pipeline),
        _ => None,
    }
}

fn run(entity: &Entity) -> Option<&Run> {
    match &entity.detail {
        Detail::Run(run) => Some(run),
        _ => None,
    }
}

const LAST: Column = Column {
    head: Head::new("last", Width::Fixed(4)).right().fold(1),
    descending: true,
    cell: |entity, look| {
        let newest = look.derived.trend(entity).and_then(|trend| trend.newest());
        newest.and_then(|run| run.since).map_or_else(Cell::absent, |since| Cell::plain(words::age(look.age_s(since))))
    },
    key: |entity, look| time(look.derived.trend(entity).and_then(|trend| trend.newest()?.since)),
};

const HISTORY: Column = Column {
    head: Head::new("runs", Width::Fixed(8)).fold(1).unsortable(),
    descending: false,
    cell: |entity, look| {
        let Some(trend) = look.derived.trend(entity) else { return Cell::absent() };
        let states: Vec<Option<State>> = trend.runs.iter().map(|run| Some(run.state)).collect();
        Cell::pieces(strip(&states, 8, look.ui).into_iter().map(|piece| (piece.text, piece.role)).collect())
    },
    key: |_, _| number(None),
};

const RATE: Column = Column {
    head: Head::new("ok %", Width::Fixed(4)).right().fold(2),
    descending: false,
    cell: |entity, look| rate(entity, look).map_or_else(Cell::absent, |rate| Cell::plain(format!("{:.0}", rate * 100.0))),
    key: |entity, look| number(rate(entity, look)),
};

fn rate(entity: &Entity, look: &super::Look<'_>) -> Option<f64> {
    pipeline(entity)?.success_rate.or_else(|| look.derived.trend(entity)?.success_rate())
}

const TREND: Column = Column {
    head: Head::new("took", Width::Fixed(10)).fold(4).unsortable(),
    descending: false,
    cell: |entity, look| {
        let values: Vec<Option<f64>> =
            look.derived.trend(entity).map(|trend| trend.durations().map(|(_, seconds)| seconds).collect::<Vec<_>>()).unwrap_or_default();
        let newest = &values[values.len().saturating_sub(10)..];
        if newest.len() < 2 { Cell::absent() } else { Cell::with(spark(newest, look), Role::Graph) }
    },
    key: |_, _| number(None),
};

const NEXT: Column = Column {
    head: Head::new("next", Width::Fixed(7)).right().fold(3),
    descending: false,
    cell: |entity, look| match pipeline(entity) {
        Some(Pipeline { paused: Some(true), .. }) => Cell::with("paused", Role::Warning),
        Some(Pipeline { next_at: Some(at), .. }) if at.since(look.now) > 0.0 => {
            Cell::plain(format!("in {}", words::age(at.since(look.now))))
        }
        Some(Pipeline { next_at: Some(_), .. }) => Cell::with("due", Role::Pending),
        _ => Cell::absent(),
    },
    key: |entity, _| time(pipeline(entity).and_then(|pipeline| pipeline.next_at)),
};

const SCHEDULE: Column = Column {
    head: Head::new("schedule", Width::Fixed(12)).fold(5),
    descending: false,
    cell: |entity, _| Cell::text(pipeline(entity).and_then(|pipeline| pipeline.schedule.as_ref())),
    key: |entity, _| word(pipeline(entity).and_then(|pipeline| pipeline.schedule.as_deref())),
};

macro_rules! run_column {
    ($name:ident, $title:literal, $width:literal, $fold:literal, $field:ident) => {
        const $name: Column = Column {
            head: Head::new($title, Width::Fixed($width)).fold($fold),
            descending: false,
            cell: |entity, _| Cell::text(run(entity).and_then(|run| run.$field.as_ref())),
            key: |entity, _| word(run(entity).and_then(|run| run.$field.as_ref().map(Text::as_str))),
        };
    };
}

run_column!(TRIGGER, "trigger", 10, 4, trigger);
run_column!(ACTOR, "by", 10, 5, actor);
run_column!(COMMIT, "commit", 8, 6, commit);
