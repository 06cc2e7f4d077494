//! From the command line to sources that can be asked: loads the configuration, builds or finds the sources, runs what is async.
//! Not for: asking them (see `gather`).

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use futures_util::StreamExt;

use crate::config::{
    self, BetterConfig, CheckConfig, ColumnsConfig, Config, Environment, FreshnessConfig, MetricConfig, ModelConfig, Paths, SeverityConfig,
    Span,
};
use crate::domain::{Failure, Rules, State, Text};
use crate::insight::health::{Better, Expectation, Metric};
use crate::insight::quality::{Columns, Definition, Freshness};
use crate::source::Source;
use crate::source::discover::{self, Finding};
use crate::source::registry::Registry;

use super::problem::Problem;
use super::{Globals, output};

/// One configured or found source: what can be asked, or why it could not be made.
pub struct Seat {
    name: String,
    connector: String,
    /// What can be asked.
    pub source: Result<Arc<dyn Source>, Failure>,
}

impl Seat {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is.
    pub fn connector(&self) -> &str {
        &self.connector
    }
}

/// How long a source may take in all.
#[derive(Debug, Clone, Args)]
pub struct Limit {
    /// Longest time any one source may take in all
    #[arg(long, value_name = "TIME", default_value = "30s")]
    timeout: Span,
}

impl Limit {
    /// As the standard library has it.
    pub fn duration(&self) -> Duration {
        self.timeout.duration()
    }
}

/// The environment as it is now. What is not Unicode cannot be a setting.
pub fn environment() -> Environment {
    std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect()
}

/// Where files are.
pub fn paths() -> Result<Paths, Problem> {
    Paths::of_user().ok_or_else(|| Problem::usage("this user has no home folder", "set HOME"))
}

/// Every layer of the configuration, and the connectors.
pub fn load(globals: &Globals) -> Result<(Config, Registry), Problem> {
    let paths = paths()?;
    let registry = Registry::load(&paths)?;
    let config = config::load(&globals.flags(), &environment(), &paths, &registry.names())?;
    let registry = registry.with_actions(&config.actions);
    Ok((config, registry))
}

/// The configured sources; with none, those that answer on this machine. Says on standard error what was looked for in vain.
pub async fn take(config: &Config, registry: &Registry) -> Vec<Seat> {
    if !config.sources.is_empty() {
        return configured(config, registry);
    }
    let places = discover::candidates(&environment(), &config.paths, &registry.listings().0);
    let mut findings = discover::discover(places, registry);
    let mut seats = Vec::new();
    let mut missing = Vec::new();
    while let Some(finding) = findings.next().await {
        match finding {
            Finding::Found(source) => {
                let (name, connector) = (source.info().name.to_string(), source.info().connector.to_string());
                output::complain(&format!("found {} at {}", source.info().title, source.info().url));
                seats.push(Seat { name, connector, source: Ok(source) });
            }
            Finding::Missing(what) => missing.push(what),
        }
    }
    missing.sort();
    for what in &missing {
        output::complain(&format!("not found: {what}"));
    }
    if seats.is_empty() {
        output::complain(
            "no source is configured, and nothing answers on this machine\n  hint: `triops demo` shows the cockpit on a \
             simulated company; `triops config init` writes a commented settings file",
        );
    }
    seats.sort_by(|a, b| a.name.cmp(&b.name));
    seats
}

/// The configured sources.
pub fn configured(config: &Config, registry: &Registry) -> Vec<Seat> {
    config.sources.iter().map(|settings| seat(registry, settings)).collect()
}

fn seat(registry: &Registry, settings: &config::SourceConfig) -> Seat {
    Seat { name: settings.name.clone(), connector: settings.connector.clone(), source: registry.build(settings) }
}

/// What may be changed, and how much is confirmed.
pub fn rules(config: &Config) -> Rules {
    let texts = |words: &[String]| words.iter().map(|word| Text::from(word.as_str())).collect();
    Rules {
        read_only: config.safety.read_only,
        read_only_env: texts(&config.safety.read_only_env),
        typed_confirm_env: texts(&config.safety.typed_confirm_env),
    }
}

/// What is expected of datasets and readings, as configured.
pub fn expected(config: &Config) -> Vec<Definition> {
    let text = |text: &Option<String>| text.as_deref().map(Text::from);
    let definition = |check: &CheckConfig| Definition {
        name: check.name.as_str().into(),
        source: text(&check.source),
        dataset: text(&check.dataset),
        reading: check.reading().map(Text::from),
        freshness: check.freshness.map(|freshness| match freshness {
            FreshnessConfig::Within(span) => Freshness::Within(span.seconds()),
            FreshnessConfig::Learned => Freshness::Learnt,
        }),
        min_rows: check.min_rows,
        max_rows: check.max_rows,
        volume: check.volume,
        max_null_share: check.max_null_share,
        columns: check.columns.as_ref().map(|columns| match columns {
            ColumnsConfig::Learned => Columns::Learnt,
            ColumnsConfig::Named(named) => {
                Columns::Named(named.iter().map(|(name, kind)| (name.as_str().into(), kind.as_str().into())).collect())
            }
        }),
        distribution_s: check.distribution.map(Span::seconds),
        assert: check.assertion().map(|(_, comparison)| comparison),
        every_s: check.every().seconds(),
        severity: match check.severity {
            SeverityConfig::Warning => State::Warning,
            SeverityConfig::Failed => State::Failed,
        },
        owner: text(&check.owner),
    };
    config.checks.iter().map(definition).collect()
}

/// How models are judged, as configured.
pub fn expected_of_models(config: &Config) -> Vec<Expectation> {
    let metric = |metric: &MetricConfig| Metric {
        name: metric.name.as_str().into(),
        reading: metric.reading.as_deref().map(Text::from),
        better: match (metric.better, metric.floor, metric.ceiling) {
            (Some(BetterConfig::Higher), ..) | (None, Some(_), _) => Some(Better::Higher),
            (Some(BetterConfig::Lower), ..) | (None, None, Some(_)) => Some(Better::Lower),
            (None, None, None) => Better::by_name(&metric.name),
        },
        bound: metric.floor.or(metric.ceiling),
    };
    let expectation = |model: &ModelConfig| Expectation {
        model: model.name.as_str().into(),
        champion: model.champion.as_str().into(),
        challenger: model.challenger.as_str().into(),
        regression: model.regression,
        owner: model.owner.as_deref().map(Text::from),
        metrics: model.metrics.iter().map(metric).collect(),
    };
    config.models.iter().map(expectation).collect()
}

/// Runs what is async to its end.
pub fn block_on<T>(work: impl Future<Output = Result<T, Problem>>) -> Result<T, Problem> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Problem::failed(format!("starting the runtime: {error}"), ""))?;
    runtime.block_on(work)
}

/// The file that `config init` and `config check` mean.
pub fn settings_file(globals: &Globals) -> Result<PathBuf, Problem> {
    let named = globals.config.clone().or_else(|| environment().get("TRIOPS_CONFIG").filter(|path| !path.is_empty()).map(PathBuf::from));
    match named {
        Some(file) => Ok(file),
        None => Ok(paths()?.user_file()),
    }
}
