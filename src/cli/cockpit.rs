//! `triops` without a subcommand, and `triops demo`: the cockpit, on configured sources or on those that are found while it runs.
//! Not for: the screen itself (see `app`), the loop (see `runtime`).

use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;

use futures_util::stream::{self, Stream, StreamExt};
use jiff::tz::TimeZone;
use tracing::Level;

use crate::app::{Model, Settings};
use crate::config::{Config, LogLevel};
use crate::domain::{SourceName, Text};
use crate::msg::{Msg, Notice};
use crate::runtime::env::Env;
use crate::runtime::poll::Bounds;
use crate::runtime::{self, Arrival, Arrivals, Ending, Options, logging};
use crate::source::Source;
use crate::source::discover::{self, Finding};
use crate::source::registry::Registry;
use crate::ui::color::ColorDepth;
use crate::ui::{self, Theme};

use super::problem::Problem;
use super::{Globals, seat};

/// Opens it, and returns when the person leaves or a signal ends it.
pub fn run(globals: &Globals) -> Result<ExitCode, Problem> {
    let (config, registry) = seat::load(globals)?;
    open(&config, &registry, globals.dry_run)
}

/// Opens it on a configuration; `dry_run`: actions are shown and not sent.
pub fn open(config: &Config, registry: &Registry, dry_run: bool) -> Result<ExitCode, Problem> {
    let env = Env::read();
    start_log(config)?;
    let tokio = tokio::runtime::Builder::new_multi_thread()
        // The screen has the main thread and jq one of its own; each further one costs a megabyte of the allocator's.
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| Problem::failed(format!("no threads to run on: {error}"), ""))?;
    let (look, notice) = look(config, &env);
    let (sources, told) = sources(config, registry);
    let hidden = config.keymap.hidden().first().map(|hidden| {
        let more = config.keymap.hidden().len() - 1;
        let more = if more == 0 { String::new() } else { format!("; and {more} more: see `triops config check`") };
        Msg::Noted(Notice { good: false, text: format!("{hidden}{more}") })
    });
    let told = told.into_iter().chain(hidden).chain(notice).map(Arrival::Told);
    let arrivals: Arrivals = Box::pin(stream::iter(told.collect::<Vec<_>>()).chain(found(config, registry)));
    let mut model = Model::new(Settings {
        keymap: config.keymap.clone(),
        look,
        utc: config.ui.utc,
        mouse: config.ui.mouse,
        rules: seat::rules(config),
        dry_run,
        actor: Text::from(crate::runtime::actor::user()),
    });
    model.store.expect(seat::expected(&config));
    model.store.expect_of_models(seat::expected_of_models(&config));
    let frames = if env.is_remote() { config.ui.max_fps_ssh } else { config.ui.max_fps };
    let options = Options {
        frames_per_s: Some(f64::from(frames)),
        synchronized: config.ui.synchronized_output,
        mouse: config.ui.mouse,
        state_dir: Some(config.paths.state_dir.clone()),
        rules: seat::rules(config),
        bounds: Bounds { low_data: config.ui.low_data, ..Bounds::default() },
        ..Options::new(env)
    };
    let ended = tokio.block_on(runtime::run_here(&mut model, sources, arrivals, options));
    tokio.shutdown_background();
    match ended {
        Ok(Ending::Quit) => Ok(ExitCode::SUCCESS),
        // as shells count a program that a signal ended
        Ok(Ending::Signal(signal)) => Ok(ExitCode::from(u8::try_from(128 + signal).unwrap_or(u8::MAX))),
        Err(error) => Err(Problem::usage(error.to_string(), "without a terminal `triops once` prints what the sources say")),
    }
}

fn start_log(config: &Config) -> Result<(), Problem> {
    let Some(path) = config.log_path() else { return Ok(()) };
    let level = match config.log.level {
        LogLevel::Error => Level::ERROR,
        LogLevel::Warn => Level::WARN,
        LogLevel::Info => Level::INFO,
        LogLevel::Debug => Level::DEBUG,
        LogLevel::Trace => Level::TRACE,
    };
    logging::start(&path, level).map_err(|error| {
        Problem::usage(
            format!("the log {} cannot be written: {error}", path.display()),
            "name another with --log-file, or `--log-file none`",
        )
    })
}

/// Theme and signs as this terminal can show them; a theme that cannot be read is told and another taken, since nothing should keep
/// a person from the cockpit.
fn look(config: &Config, env: &Env) -> (ui::Look, Option<Msg>) {
    let variable = |name: &str| env.get(name).map(str::to_owned);
    let depth = ColorDepth::detect(config.ui.color, variable);
    let glyphs = ui::Glyphs::detect(config.ui.glyphs, variable);
    let (theme, error) = Theme::load(&config.ui.theme, Some(&config.paths.themes_dir()), depth);
    let notice = error.map(|error| Msg::Noted(Notice { good: false, text: error.to_string() }));
    (ui::Look { theme, glyphs, zone: TimeZone::system() }, notice)
}

/// The configured sources, and why others could not be made.
fn sources(config: &Config, registry: &Registry) -> (Vec<Arc<dyn Source>>, Vec<Msg>) {
    let mut sources = Vec::new();
    let mut told = Vec::new();
    for seat in seat::configured(config, registry) {
        match seat.source {
            Ok(source) => sources.push(source),
            Err(ref failure) => told.push(Msg::Misconfigured { source: SourceName::from(seat.name()), failure: failure.clone() }),
        }
    }
    (sources, told)
}

/// With nothing configured: what answers on this machine, as it is found, and at the end what was looked for in vain.
fn found(config: &Config, registry: &Registry) -> Pin<Box<dyn Stream<Item = Arrival> + Send>> {
    if !config.sources.is_empty() {
        return Box::pin(stream::empty());
    }
    let (config, registry) = (config.clone(), registry.clone());
    let looking = stream::once(async move {
        // reading folders and asking for sockets may wait for a disk: not before the first screen
        let places = tokio::task::spawn_blocking({
            let (paths, registry) = (config.paths.clone(), registry.clone());
            move || discover::candidates(&seat::environment(), &paths, &registry.listings().0)
        });
        let findings = discover::discover(places.await.unwrap_or_default(), &registry);
        arrivals(findings)
    });
    Box::pin(looking.flatten())
}

fn arrivals(findings: impl Stream<Item = Finding> + Send + 'static) -> impl Stream<Item = Arrival> + Send {
    let mut missing = Some(Vec::new());
    let findings = findings.map(Some).chain(stream::once(async { None }));
    findings.filter_map(move |finding| {
        let arrival = match finding {
            Some(Finding::Found(source)) => Some(Arrival::Found(source)),
            Some(Finding::Missing(what)) => {
                if let Some(missing) = &mut missing {
                    missing.push(what);
                }
                None
            }
            None => missing.take().map(|mut missing| {
                missing.sort();
                Arrival::Told(Msg::Discovered { missing })
            }),
        };
        async move { arrival }
    })
}
