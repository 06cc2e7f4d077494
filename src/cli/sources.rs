//! `triops sources`: every connector with its support level.
//! Not for: the configured sources (see `doctor`).

use clap::Args;
use serde::Serialize;

use crate::domain::{Eye, Support};
use crate::source::registry::{Origin, Registry};

use super::output::{self, Format};
use super::problem::Problem;
use super::{Exit, Globals, seat};

/// Arguments of `sources`.
#[derive(Debug, Args)]
pub struct Sources {
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Serialize)]
struct Row {
    name: String,
    title: String,
    eye: Eye,
    support: Support,
    origin: &'static str,
    url: Option<String>,
}

impl Sources {
    /// Prints the list.
    pub fn run(&self, _globals: &Globals) -> Result<Exit, Problem> {
        let (listings, mistakes) = Registry::load(&seat::paths()?)?.listings();
        for mistake in &mistakes {
            output::complain(&mistake.to_string());
        }
        let rows: Vec<Row> = listings
            .into_iter()
            .map(|listing| Row {
                name: listing.name,
                title: listing.title,
                eye: listing.eye,
                support: listing.support,
                origin: origin(listing.origin),
                url: listing.url,
            })
            .collect();
        match self.format {
            Format::Json => output::print_json(&serde_json::json!({ "connectors": rows }))?,
            Format::Table => output::print(&table(&rows))?,
        }
        Ok(if mistakes.is_empty() { Exit::Ok } else { Exit::Usage })
    }
}

fn table(rows: &[Row]) -> String {
    let cells: Vec<[String; 6]> = rows
        .iter()
        .map(|row| {
            let url = row.url.clone().unwrap_or_else(|| "-".to_owned());
            [row.name.clone(), row.support.word().to_owned(), row.eye.short().to_owned(), row.origin.to_owned(), url, row.title.clone()]
        })
        .collect();
    output::table(["CONNECTOR", "SUPPORT", "EYE", "ORIGIN", "DEFAULT URL", "SYSTEM"], &cells)
        + "\nlive: a test starts the real server and asserts on what it brings; emulator: the same against an emulator of the service; contract: tested against documented or recorded answers only; unproven: your own\n"
}

fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Native => "native",
        Origin::Embedded => "file",
        Origin::User => "own file",
    }
}
