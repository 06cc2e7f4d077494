//! `triops check`: one status line, performance data, a list, and the exit code of a monitoring plugin.
//! Not for: saying all that is there (see `once`).
//!
//! Critical: something failed. Warning: something is a warning. Unknown: a source does not answer, or nothing is configured, and
//! nothing worse is known. What is silenced, inhibited or acknowledged is counted beside and changes nothing.
//! The format is that of <https://www.monitoring-plugins.org/doc/guidelines.html>.

use std::sync::Arc;

use clap::Args;

use crate::domain::{Entity, Filter, State};
use crate::insight::triage;

use super::age::age;
use super::gather::{Gathered, Status, gather};
use super::problem::Problem;
use super::{Exit, Globals, output, seat};

/// Arguments of `check`. Exits with 0 ok, 1 warning, 2 critical, 3 unknown.
#[derive(Debug, Args)]
pub struct Check {
    /// Only entities that this filter keeps, as after `/`: `team=fraud kind=alert`
    #[arg(long, value_name = "FILTER", default_value = "", hide_default_value = true)]
    filter: String,
    #[command(flatten)]
    limit: seat::Limit,
}

impl Check {
    /// Asks, judges and prints.
    pub fn run(&self, globals: &Globals) -> Result<Exit, Problem> {
        let gathered = seat::load(globals).and_then(|(config, registry)| {
            seat::block_on(async {
                let seats = seat::take(&config, &registry).await;
                Ok(gather(&seats, &config, self.limit.duration()).await)
            })
        });
        let (exit, text) = match gathered {
            Ok(gathered) => Verdict::of(&gathered, &Filter::parse(&self.filter)).written(),
            Err(problem) => (Exit::Unknown, format!("TRIOPS UNKNOWN - {}\n", one_line(&problem.line()))),
        };
        output::print(&text)?;
        Ok(exit)
    }
}

struct Verdict<'a> {
    gathered: &'a Gathered,
    troubled: Vec<Arc<Entity>>,
    muted: usize,
}

impl<'a> Verdict<'a> {
    fn of(gathered: &'a Gathered, filter: &Filter) -> Self {
        let kept = gathered.entities.iter().filter(|entity| filter.keeps(entity));
        let (muted, troubled): (Vec<_>, Vec<_>) =
            triage::needs_you(kept, gathered.at).into_iter().partition(|entity| triage::is_muted(entity));
        Self { gathered, troubled, muted: muted.len() }
    }

    fn written(&self) -> (Exit, String) {
        let count = |state| self.troubled.iter().filter(|entity| entity.state == state).count();
        let (failed, warnings) = (count(State::Failed), count(State::Warning));
        let sources = &self.gathered.sources;
        let silent = sources.iter().filter(|source| matches!(source.status, Status::Failed | Status::Degraded)).count();
        let (exit, word) = match (failed, warnings) {
            (1.., _) => (Exit::Critical, "CRITICAL"),
            (0, 1..) => (Exit::Warning, "WARNING"),
            (0, 0) if silent > 0 || sources.is_empty() => (Exit::Unknown, "UNKNOWN"),
            (0, 0) => (Exit::Ok, "OK"),
        };
        let mut told = Vec::new();
        if failed > 0 {
            told.push(format!("{failed} failed"));
        }
        if warnings > 0 {
            told.push(format!("{warnings} {}", if warnings == 1 { "warning" } else { "warnings" }));
        }
        if silent > 0 {
            told.push(format!("{silent} of {} sources {}", sources.len(), if silent == 1 { "does not answer" } else { "do not answer" }));
        }
        if sources.is_empty() {
            told.push("no source is configured, and nothing answers on this machine".to_owned());
        }
        if told.is_empty() {
            told.push(format!("nothing needs you; {} of {} sources answer", sources.len(), sources.len()));
        }
        if self.muted > 0 {
            told.push(format!("{} muted", self.muted));
        }
        let numbers = format!(
            "failed={failed};;0;0 warnings={warnings};0;;0 muted={};;;0 silent_sources={silent};;;0;{} entities={};;;0",
            self.muted,
            sources.len(),
            self.gathered.entities.len()
        );
        let mut out = format!("TRIOPS {word} - {} | {numbers}\n", told.join(", "));
        for line in self.list() {
            out.push_str(&one_line(&line));
            out.push('\n');
        }
        (exit, out)
    }

    /// What is in trouble, worst first, then the sources that do not answer.
    fn list(&self) -> impl Iterator<Item = String> {
        let troubled = self.troubled.iter().map(|entity| {
            let reason = entity.reason.as_ref().map(|reason| format!(": {}", reason.first_line())).unwrap_or_default();
            let since = age(entity.since, self.gathered.at);
            format!("{} {since} {} {} ({}){reason}", entity.state, entity.kind(), entity.name.first_line(), entity.id.source())
        });
        let silent = self.gathered.sources.iter().filter_map(|source| {
            let error = source.error.as_ref()?;
            Some(format!("{} source {}: {}", source.status.word(), source.name, error.message))
        });
        troubled.chain(silent)
    }
}

/// A bar would begin performance data, a new line another part of the answer.
fn one_line(text: &str) -> String {
    text.replace('\n', " ").replace('|', "/")
}
