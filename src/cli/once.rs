//! `triops once`: asks every source once and prints what it says.
//! Not for: judging it (see `check`).

use std::sync::Arc;

use clap::Args;

use crate::domain::{Entity, Filter};

use super::age::age;
use super::gather::{Gathered, Status, gather};
use super::output::{self, Format};
use super::problem::Problem;
use super::{Exit, Globals, seat};

/// Arguments of `once`. Exits with 1 if a source does not answer, or if there is none.
#[derive(Debug, Args)]
pub struct Once {
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Only entities that this filter keeps, as after `/`: `team=fraud !ok`
    #[arg(long, value_name = "FILTER", default_value = "", hide_default_value = true)]
    filter: String,
    #[command(flatten)]
    limit: seat::Limit,
}

impl Once {
    /// Asks and prints.
    pub fn run(&self, globals: &Globals) -> Result<Exit, Problem> {
        let (config, registry) = seat::load(globals)?;
        let mut gathered = seat::block_on(async {
            let seats = seat::take(&config, &registry).await;
            Ok(gather(&seats, &config, self.limit.duration()).await)
        })?;
        let filter = Filter::parse(&self.filter);
        gathered.entities.retain(|entity| filter.keeps(entity));
        match self.format {
            Format::Json => output::print_json(&gathered)?,
            Format::Table => output::print(&tables(&gathered))?,
        }
        let failed = gathered.sources.iter().any(|source| matches!(source.status, Status::Failed | Status::Degraded));
        Ok(if failed || gathered.sources.is_empty() { Exit::Failed } else { Exit::Ok })
    }
}

fn tables(gathered: &Gathered) -> String {
    let sources: Vec<[String; 5]> = gathered
        .sources
        .iter()
        .map(|source| {
            let latency = source.latency_ms.map_or("-".to_owned(), |ms| format!("{ms} ms"));
            let error = source.error.as_ref().map(|error| error.message.clone()).unwrap_or_default();
            [source.name.clone(), source.connector.clone(), source.status.word().to_owned(), latency, error]
        })
        .collect();
    let mut worst: Vec<&Arc<Entity>> = gathered.entities.iter().collect();
    worst.sort_by_key(|entity| std::cmp::Reverse(entity.state.severity()));
    let entities: Vec<[String; 6]> = worst
        .into_iter()
        .map(|entity| {
            [
                entity.state.word().to_owned(),
                age(entity.since, gathered.at),
                entity.kind().word().to_owned(),
                entity.name.first_line().to_owned(),
                entity.id.source().to_owned(),
                entity.reason.as_ref().map(|reason| reason.first_line().to_owned()).unwrap_or_default(),
            ]
        })
        .collect();
    let mut out = output::table(["SOURCE", "CONNECTOR", "STATUS", "LATENCY", "ERROR"], &sources);
    out.push('\n');
    out.push_str(&output::table(["STATE", "SINCE", "KIND", "NAME", "SOURCE", "REASON"], &entities));
    out
}
