//! `triops checks` and `triops drift`: asks every source once and prints the checks of data and models, and exits as `check` does.
//! Not for: what else is wrong (see `check`).

use std::sync::Arc;

use clap::Args;
use serde::Serialize;

use crate::domain::{Check, Detail, Entity, Eye, Filter, State, Timestamp};

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
    checks: Vec<&'a Arc<Entity>>,
}

impl Checks {
    /// Asks, judges and prints.
    pub fn run(&self, globals: &Globals) -> Result<Exit, Problem> {
        let gathered = ask(globals, &self.limit, None, "")?;
        let filter = Filter::parse(&self.filter);
        let keeps = |entity: &Entity, _: &Check| entity.eye != Eye::DevOps && filter.keeps(entity);
        print(&gathered, self.format, keeps)
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
        print(&gathered, self.format, keeps)
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

fn print(gathered: &Gathered, format: Format, keeps: impl Fn(&Entity, &Check) -> bool) -> Result<Exit, Problem> {
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
    let silent = gathered.sources.iter().any(|source| matches!(source.status, Status::Failed | Status::Degraded));
    let worst = checks.iter().map(|(entity, _)| entity.state).max_by_key(|state| state.severity());
    let (exit, state) = match worst {
        Some(State::Failed) => (Exit::Critical, State::Failed),
        Some(State::Warning) => (Exit::Warning, State::Warning),
        Some(State::Ok | State::Running | State::Pending | State::Cancelled) if !silent => (Exit::Ok, State::Ok),
        _ => (Exit::Unknown, State::Unknown),
    };
    match format {
        Format::Json => {
            let checks = checks.iter().map(|(entity, _)| *entity).collect();
            output::print_json(&Told { at: gathered.at, state, sources: &gathered.sources, checks })?;
        }
        Format::Table => {
            let rows: Vec<[String; 6]> = checks.iter().map(|(entity, check)| row(entity, check, gathered.at)).collect();
            output::print(&output::table(["STATE", "SINCE", "TEST", "NAME", "SOURCE", "REASON"], &rows))?;
            if checks.is_empty() {
                output::complain("no check");
            }
        }
    }
    for source in &gathered.sources {
        if let Some(error) = &source.error {
            output::complain(&format!("{}: {}", source.name, error.message));
        }
    }
    Ok(exit)
}

fn row(entity: &Entity, check: &Check, at: Timestamp) -> [String; 6] {
    let first = |text: Option<&crate::domain::Text>| text.map(|text| text.first_line().to_owned()).unwrap_or_default();
    [
        entity.state.word().to_owned(),
        age(entity.since, at),
        first(check.test.as_ref()),
        entity.name.first_line().to_owned(),
        entity.id.source().to_owned(),
        first(entity.reason.as_ref()),
    ]
}
