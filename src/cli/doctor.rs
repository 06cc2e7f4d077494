//! `triops doctor`: source by source what was tried, what answered, and what to do. Stops at the first step that fails, since
//! what stands behind it cannot be known.
//! Not for: judging what a source brings (see `check`).

use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use serde::Serialize;

use crate::config::SourceConfig;
use crate::domain::{Failure, FailureKind};
use crate::source::Source;

use super::age::now;
use super::output::{self, Format};
use super::problem::Problem;
use super::reach;
use super::seat::{self, Seat};
use super::{Exit, Globals};

/// Arguments of `doctor`. Exits with 1 if a source does not answer.
#[derive(Debug, Args)]
pub struct Doctor {
    /// Only this source
    #[arg(value_name = "SOURCE")]
    source: Option<String>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    limit: seat::Limit,
}

/// What was tried of one source.
#[derive(Debug, Serialize)]
struct Diagnosis {
    name: String,
    connector: String,
    url: String,
    ok: bool,
    steps: Vec<Step>,
}

/// One thing that was tried.
#[derive(Debug, Serialize)]
pub struct Step {
    /// `make`, `resolve`, `connect`, `probe`, `poll alerts`.
    pub tried: String,
    /// It worked.
    pub ok: bool,
    /// What answered, or what happened instead.
    pub answer: String,
    /// What to do; empty if it worked.
    pub hint: String,
}

impl Step {
    /// It worked.
    pub fn good(tried: impl Into<String>, answer: impl Into<String>) -> Self {
        Self { tried: tried.into(), ok: true, answer: answer.into(), hint: String::new() }
    }

    /// It did not.
    pub fn bad(tried: impl Into<String>, answer: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { tried: tried.into(), ok: false, answer: answer.into(), hint: hint.into() }
    }

    /// It did not, and the failure tells how far it came.
    fn failure(tried: &str, failure: &Failure) -> Self {
        let tried = match failure.kind {
            FailureKind::Tls => "tls".to_owned(),
            FailureKind::Auth => format!("sign in ({tried})"),
            FailureKind::Denied => format!("permission ({tried})"),
            _ => tried.to_owned(),
        };
        let hint = if failure.hint.is_empty() { advice(failure.kind) } else { failure.hint.as_str() };
        Self::bad(tried, failure.to_string(), hint)
    }
}

impl Doctor {
    /// Tries and tells.
    pub fn run(&self, globals: &Globals) -> Result<Exit, Problem> {
        let (config, registry) = seat::load(globals)?;
        let diagnoses = seat::block_on(async {
            let mut seats = seat::take(&config, &registry).await;
            if let Some(name) = &self.source {
                let names: Vec<String> = seats.iter().map(|seat| seat.name().to_owned()).collect();
                seats.retain(|seat| seat.name() == name);
                if seats.is_empty() {
                    return Err(Problem::usage(format!("there is no source `{name}`"), format!("sources: {}", names.join(", "))));
                }
            }
            let work = seats.iter().map(|seat| {
                let settings = config.sources.iter().find(|settings| settings.name == seat.name());
                diagnose(seat, settings, self.limit.duration())
            });
            Ok(futures_util::future::join_all(work).await)
        })?;
        match self.format {
            Format::Json => output::print_json(&serde_json::json!({ "sources": diagnoses }))?,
            Format::Table => output::print(&written(&diagnoses))?,
        }
        let well = !diagnoses.is_empty() && diagnoses.iter().all(|diagnosis| diagnosis.ok);
        Ok(if well { Exit::Ok } else { Exit::Failed })
    }
}

async fn diagnose(seat: &Seat, settings: Option<&SourceConfig>, limit: Duration) -> Diagnosis {
    let mut steps = Vec::new();
    let mut url = settings.and_then(|settings| settings.url.clone()).unwrap_or_default();
    match &seat.source {
        Err(failure) => steps.push(Step::failure("make", failure)),
        Ok(source) => {
            url = source.info().url.as_str().to_owned();
            let proxy = settings.and_then(|settings| settings.proxy.as_deref());
            steps.extend(reach::reach(&url, proxy, limit).await);
            if steps.iter().all(|step| step.ok) {
                ask(source, limit, &mut steps).await;
            }
        }
    }
    let ok = steps.iter().all(|step| step.ok);
    Diagnosis { name: seat.name().to_owned(), connector: seat.connector().to_owned(), url, ok, steps }
}

/// Is it what it should be, and does every poll answer?
async fn ask(source: &Arc<dyn Source>, limit: Duration, steps: &mut Vec<Step>) {
    let begun = Instant::now();
    let probed = tokio::time::timeout(limit, source.probe()).await;
    if source.info().url.starts_with("https://") && past_tls(&probed) {
        steps.push(Step::good("tls", "the certificate is trusted"));
    }
    match probed {
        Ok(Ok(probe)) => steps.push(Step::good("probe", format!("{} in {} ms", probe.product, begun.elapsed().as_millis()))),
        Ok(Err(failure)) => return steps.push(Step::failure("probe", &failure)),
        Err(_) => return steps.push(Step::bad("probe", "no answer in time", advice(FailureKind::Timeout))),
    }
    for poll in &source.info().polls {
        let tried = format!("poll {}", poll.id);
        let left = limit.saturating_sub(begun.elapsed());
        let begun = Instant::now();
        steps.push(match tokio::time::timeout(left, source.poll(&poll.id, now())).await {
            Ok(Ok(batch)) if batch.problems.is_empty() => {
                let many = batch.entities.len();
                let noun = if many == 1 { "entity" } else { "entities" };
                Step::good(tried, format!("{many} {noun} in {} ms", begun.elapsed().as_millis()))
            }
            Ok(Ok(batch)) => {
                let first = batch.problems.first().map(|problem| format!("{}: {}", problem.path, problem.message)).unwrap_or_default();
                let answer = format!("{} of its rows could not be read; the first: {first}", batch.problems.len());
                Step::bad(tried, answer, advice(FailureKind::BadShape))
            }
            Ok(Err(failure)) => Step::failure(&tried, &failure),
            Err(_) => Step::bad(tried, "no answer in time", advice(FailureKind::Timeout)),
        });
    }
}

/// Whether what came back, good or bad, was said through a trusted connection.
fn past_tls<T>(outcome: &Result<Result<T, Failure>, tokio::time::error::Elapsed>) -> bool {
    match outcome {
        Ok(Ok(_)) => true,
        Ok(Err(failure)) => !matches!(failure.kind, FailureKind::Tls | FailureKind::Unreachable | FailureKind::Timeout),
        Err(_) => false,
    }
}

/// What to do where the failure itself says nothing.
fn advice(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::Unreachable => "is it running, and is `url` right? Try it with curl from this machine",
        FailureKind::Timeout => "is it overloaded, or does a firewall drop packets? `timeout` of the source may be raised",
        FailureKind::Tls => "name the authority's PEM file in `tls.ca` of the source",
        FailureKind::Auth => "check `auth` of the source: its scheme, its user, and where its secret comes from",
        FailureKind::Denied => "the user of `auth` is known but may not read this: ask for a role that may",
        FailureKind::NotFound => "something answers, but not this system: is `url` right, and its path prefix?",
        FailureKind::RateLimited => "raise `every` of the source, or ask for a higher limit",
        FailureKind::Server => "look into the system's own log",
        FailureKind::BadShape => "is it the system that `connector` names, in a version that `triops sources` lists?",
        FailureKind::TooLarge => "raise `max_body_bytes` of the source, or narrow what it asks for in `with`",
        FailureKind::Conflict => "look at it again: it has changed since",
        FailureKind::Refused => "see [safety] of the settings",
        FailureKind::Config => "`triops config check` and `triops connector check FILE` tell what is wrong",
        FailureKind::Unsupported => "this version of the system cannot do it",
    }
}

fn written(diagnoses: &[Diagnosis]) -> String {
    let mut lines = Vec::new();
    for diagnosis in diagnoses {
        lines.push(format!("{}  {}  {}", diagnosis.name, diagnosis.connector, diagnosis.url));
        let width = diagnosis.steps.iter().map(|step| step.tried.len()).max().unwrap_or_default();
        for step in &diagnosis.steps {
            let word = if step.ok { "ok    " } else { "failed" };
            lines.push(format!("  {word}  {:width$}  {}", step.tried, step.answer.replace('\n', " ")));
            if !step.hint.is_empty() {
                lines.push(format!("          {:width$}  hint: {}", "", step.hint));
            }
        }
        lines.push(String::new());
    }
    let well = diagnoses.iter().filter(|diagnosis| diagnosis.ok).count();
    lines.push(format!("{well} of {} sources answer\n", diagnoses.len()));
    lines.join("\n")
}
