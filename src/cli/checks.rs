//! `triops checks` and `triops drift`: asks every source once and prints the checks of data, by dataset, and of models, and exits as
//! `check` does.
//! Not for: what else is wrong (see `check`).

use std::sync::Arc;

use clap::Args;
use serde::Serialize;

use crate::domain::{Check, Detail, Entity, EntityId, Eye, Filter, Kind, State, Text, Timestamp};
use crate::insight::findings::{self, Findings, Tally};

use super::age::age;
use super::gather::{Gathered, SourceReport, Status, gather_some};
use super::output::{self, Format};
use super::problem::Problem;
use super::{Exit, Globals, seat};

/// Arguments of `checks`. Exits with 0 ok, 1 warning, 2 critical, 3 unknown.
#[derive(Debug, Args)]
pub struct Checks {
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Only checks that this filter keeps, as after `/`: `orders !ok`
    #[arg(long, value_name = "FILTER", default_value = "", hide_default_value = true)]
    filter: String,
    #[command(flatten)]
    limit: seat::Limit,
}

/// Arguments of `drift`. Exits with 0 ok, 1 warning, 2 critical, 3 unknown.
#[derive(Debug, Args)]
pub struct Drift {
    /// Only this source
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Only this model
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    limit: seat::Limit,
}

/// What is printed as JSON.
#[derive(Debug, Serialize)]
struct Told<'a> {
    at: Timestamp,
    state: State,
    sources: &'a [SourceReport],
    /// Datasets with checks, the worst first.
    datasets: Vec<TableReport<'a>>,
    /// Configured checks whose dataset or reading no source brought.
    unmet: &'a [String],
    checks: Vec<&'a Arc<Entity>>,
}

/// What the checks of one dataset say together.
#[derive(Debug, Serialize)]
struct TableReport<'a> {
    /// `null` where no source lists the dataset: its checks name it.
    id: Option<&'a EntityId>,
    name: Text,
    /// The worst of its own state and those of its checks.
    state: State,
    owner: Option<&'a Text>,
    classifications: Vec<&'a str>,
    failed: usize,
    warning: usize,
    passed: usize,
    unsure: usize,
    checks: Vec<&'a EntityId>,
}

impl Checks {
    /// Asks, judges and prints.
    pub fn run(&self, globals: &Globals) -> Result<Exit, Problem> {
        let gathered = ask(globals, &self.limit, None, "")?;
        let filter = Filter::parse(&self.filter);
        let keeps = |entity: &Entity, _: &Check| entity.eye != Eye::DevOps && filter.keeps(entity);
        let unmet = if self.filter.trim().is_empty() { gathered.unmet.as_slice() } else { &[] };
        print(&gathered, unmet, self.format, keeps)
    }
}

impl Drift {
    /// Asks, judges and prints.
    pub fn run(&self, globals: &Globals) -> Result<Exit, Problem> {
        let gathered = ask(globals, &self.limit, self.source.as_deref(), "drift")?;
        let model = self.model.as_deref();
        let keeps = |_: &Entity, check: &Check| {
            let is_drift = matches!(check.test.as_deref(), Some("drift" | "model drift"));
            is_drift && model.is_none_or(|model| check.subject.as_deref() == Some(model))
        };
        print(&gathered, &[], self.format, keeps)
    }
}

/// What the sources say, or one of them; of its polls those of that name, or all.
fn ask(globals: &Globals, limit: &seat::Limit, source: Option<&str>, poll: &str) -> Result<Gathered, Problem> {
    let (config, registry) = seat::load(globals)?;
    seat::block_on(async {
        let mut seats = seat::take(&config, &registry).await;
        if let Some(source) = source {
            let known: Vec<String> = seats.iter().map(|seat| seat.name().to_owned()).collect();
            seats.retain(|seat| seat.name() == source);
            if seats.is_empty() {
                return Err(Problem::usage(format!("no source is named `{source}`"), format!("there are: {}", known.join(", "))));
            }
        }
        Ok(gather_some(&seats, &config, limit.duration(), |id| poll.is_empty() || id == poll).await)
    })
}

fn print(gathered: &Gathered, unmet: &[String], format: Format, keeps: impl Fn(&Entity, &Check) -> bool) -> Result<Exit, Problem> {
    let mut checks: Vec<(&Arc<Entity>, &Check)> = gathered
        .entities
        .iter()
        .filter_map(|entity| match &entity.detail {
            Detail::Check(check) if keeps(entity, check) => Some((entity, check.as_ref())),
            _ => None,
        })
        .collect();
    let weight = |check: &Check| check.numbers.get("contribution").copied().unwrap_or(1.0);
    checks.sort_by(|(a, first), (b, second)| {
        b.state.severity().cmp(&a.state.severity()).then(weight(second).total_cmp(&weight(first))).then_with(|| a.id.cmp(&b.id))
    });
    let datasets: Vec<&Arc<Entity>> = gathered.entities.iter().filter(|entity| entity.kind() == Kind::Dataset).collect();
    let found = Findings::of(datasets.iter().copied(), checks.iter().map(|(entity, _)| *entity));
    let groups = groups(&checks, &datasets, &found);
    let silent = gathered.sources.iter().any(|source| matches!(source.status, Status::Failed | Status::Degraded));
    let worst = checks.iter().map(|(entity, _)| entity.state).max_by_key(|state| state.severity());
    let (exit, state) = match worst {
        Some(State::Failed) => (Exit::Critical, State::Failed),
        Some(State::Warning) => (Exit::Warning, State::Warning),
        Some(State::Ok | State::Running | State::Pending | State::Cancelled) if !silent && unmet.is_empty() => (Exit::Ok, State::Ok),
        _ => (Exit::Unknown, State::Unknown),
    };
    match format {
        Format::Json => {
            let checks = checks.iter().map(|(entity, _)| *entity).collect();
            output::print_json(&Told { at: gathered.at, state, sources: &gathered.sources, datasets: groups, unmet, checks })?;
        }
        Format::Table => {
            let place: std::collections::HashMap<&EntityId, (usize, &Text)> = groups
                .iter()
                .enumerate()
                .flat_map(|(place, group)| group.checks.iter().map(move |check| (*check, (place, &group.name))))
                .collect();
            // by dataset, the worst first; what is about none comes last
            checks.sort_by_key(|(entity, _)| place.get(&entity.id).map_or(usize::MAX, |(place, _)| *place));
            let mut before = None;
            let rows: Vec<[String; 7]> = checks
                .iter()
                .map(|(entity, check)| {
                    let (group, name) = place.get(&entity.id).map_or((usize::MAX, ""), |(place, name)| (*place, name.first_line()));
                    let told = if before.replace(group) == Some(group) { "" } else { name };
                    row(told, entity, check, gathered.at)
                })
                .collect();
            output::print(&output::table(["DATASET", "STATE", "SINCE", "TEST", "NAME", "SOURCE", "REASON"], &rows))?;
            if checks.is_empty() {
                output::complain("no check");
            }
        }
    }
    for name in unmet {
        output::complain(&format!("check `{name}`: no source brings what it is about"));
    }
    for source in &gathered.sources {
        if let Some(error) = &source.error {
            output::complain(&format!("{}: {}", source.name, error.message));
        }
    }
    Ok(exit)
}

/// Datasets with their checks, the worst first; those that only their checks name behind them.
fn groups<'a>(checks: &[(&'a Arc<Entity>, &Check)], datasets: &[&'a Arc<Entity>], found: &Findings) -> Vec<TableReport<'a>> {
    let ids: std::collections::HashMap<&EntityId, &'a EntityId> = checks.iter().map(|(entity, _)| (&entity.id, &entity.id)).collect();
    let of = |entities: &[Arc<Entity>]| -> Vec<&'a EntityId> { entities.iter().filter_map(|check| ids.get(&check.id).copied()).collect() };
    let mut groups: Vec<TableReport<'a>> = datasets
        .iter()
        .filter(|dataset| !found.of_dataset(&dataset.id).is_empty())
        .map(|dataset| {
            let Tally { failed, warning, passed, unsure } = found.tally(&dataset.id);
            let classifications = match &dataset.detail {
                Detail::Dataset(detail) => findings::classifications(detail).into_iter().map(|(word, _)| word).collect(),
                _ => Vec::new(),
            };
            TableReport {
                id: Some(&dataset.id),
                name: dataset.name.clone(),
                state: found.worst(dataset),
                owner: dataset.owner.as_ref(),
                classifications,
                failed,
                warning,
                passed,
                unsure,
                checks: of(found.of_dataset(&dataset.id)),
            }
        })
        .collect();
    groups.sort_by(|a, b| b.state.severity().cmp(&a.state.severity()).then(b.failed.cmp(&a.failed)).then_with(|| a.name.cmp(&b.name)));
    for same in found.others().chunk_by(|a, b| findings::table_of(a) == findings::table_of(b)) {
        let count = |states: &[State]| same.iter().filter(|check| states.contains(&check.state)).count();
        let (failed, warning, passed) = (count(&[State::Failed]), count(&[State::Warning]), count(&[State::Ok]));
        groups.push(TableReport {
            id: None,
            name: findings::table_of(&same[0]),
            state: same[0].state,
            owner: None,
            classifications: Vec::new(),
            failed,
            warning,
            passed,
            unsure: same.len() - failed - warning - passed,
            checks: of(same),
        });
    }
    groups
}

fn row(group: &str, entity: &Entity, check: &Check, at: Timestamp) -> [String; 7] {
    let first = |text: Option<&Text>| text.map(|text| text.first_line().to_owned()).unwrap_or_default();
    [
        group.to_owned(),
        entity.state.word().to_owned(),
        age(entity.since, at),
        first(check.test.as_ref()),
        entity.name.first_line().to_owned(),
        entity.id.source().to_owned(),
        first(entity.reason.as_ref()),
    ]
}
