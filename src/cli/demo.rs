//! `triops demo`: a simulated company in this process, and the cockpit on it; or the company alone, for other programs.
//! Not for: the company (see `demo`), the cockpit (see `cockpit`).

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;

use crate::config::{self, Paths, Span};
use crate::demo::chaos::Chaos;
use crate::demo::clock::Clock;
use crate::demo::host::{Host, Now, Shared};
use crate::demo::settings;
use crate::demo::story::{STORIES, Story};
use crate::demo::truth;
use crate::demo::world::Spec;
use crate::domain::Timestamp;
use crate::source::registry::Registry;

use super::problem::Problem;
use super::{Exit, Globals, cockpit, output, seat};

/// Most markets: each has some 120 entities.
const MAX_SCALE: usize = 1000;

/// What the world is like.
#[derive(Debug, Clone, Args)]
pub struct Demo {
    /// What goes wrong: a story's name, or `list`
    #[arg(long, value_name = "NAME", default_value = "bad-load")]
    story: String,
    /// Another seed gives other noise, ids and commits
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// How many times as fast as the clock the story goes
    #[arg(long, value_name = "X", default_value_t = 2.0)]
    speed: f64,
    /// How many markets the company has; 100 give more than 10,000 entities
    #[arg(long, value_name = "N", default_value_t = 1)]
    scale: usize,
    /// Begin this far into the story
    #[arg(long, value_name = "TIME")]
    skip: Option<Span>,
    /// Make the systems slow, rate-limited, erroring and dead at random, by seed
    #[arg(long)]
    chaos: bool,
    /// Serve the world alone and print a settings file for it; ends with ctrl-c
    #[arg(long)]
    serve: bool,
    /// Print what really happens in the story, as JSON, and end
    #[arg(long)]
    truth: bool,
}

/// A folder that goes when this value does.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        // what cannot be removed stays in the folder of temporary files
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Demo {
    /// Does it.
    pub fn run(&self, globals: &Globals) -> Result<ExitCode, Problem> {
        if self.story == "list" {
            let rows: Vec<[String; 2]> = STORIES.iter().map(|story| [story.name.to_owned(), story.summary.to_owned()]).collect();
            output::print(&output::table(["STORY", "WHAT HAPPENS"], &rows))?;
            return Ok(Exit::Ok.into());
        }
        let spec = self.spec()?;
        if self.truth {
            output::print_json(&truth::of(spec.story, &spec.clock))?;
            return Ok(Exit::Ok.into());
        }
        let chaos = self.chaos.then_some(Chaos { seed: self.seed });
        let folder = own_folder()?;
        let tokio = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(|error| Problem::failed(format!("no threads to run on: {error}"), ""))?;
        let now: Now = Arc::new(|| Timestamp::from_ms(jiff::Timestamp::now().as_millisecond()));
        let shared = Arc::new(Shared::new(spec, now));
        let host = tokio.block_on(Host::start(shared, &folder.0, chaos)).map_err(|error| {
            Problem::failed(format!("listening on loopback: {error}"), "is the loopback interface up, and are there sockets left?")
        })?;
        let settings = settings::of(&host.served);
        if self.serve {
            output::print(&settings)?;
            output::complain("the world is served until ctrl-c; the settings above point at it");
            tokio.block_on(ended()).map_err(|error| Problem::failed(format!("waiting for a signal: {error}"), ""))?;
            return Ok(Exit::Ok.into());
        }
        let file = folder.0.join("triops.toml");
        write_private(&file, &settings).map_err(|error| Problem::failed(format!("writing {}: {error}", file.display()), ""))?;
        // nothing of the user's own is read or written but flags and the environment
        let paths = Paths::under(&folder.0);
        let registry = Registry::load(&paths)?;
        let flags = config::Flags { config: Some(file), ..globals.flags() };
        let config = config::load(&flags, &seat::environment(), &paths, &registry.names())?;
        let code = cockpit::open(&config, &registry);
        drop(host);
        tokio.shutdown_background();
        code
    }

    fn spec(&self) -> Result<Spec, Problem> {
        let story = Story::named(&self.story).ok_or_else(|| {
            let near = Story::names().min_by_key(|name| strsim::levenshtein(name, &self.story)).unwrap_or_default();
            Problem::usage(format!("there is no story `{}`", self.story), format!("did you mean `{near}`? `--story list` lists them"))
        })?;
        if !(self.speed.is_finite() && (0.01..=1000.0).contains(&self.speed)) {
            return Err(Problem::usage(format!("a speed of {} cannot be", self.speed), "from 0.01 to 1000"));
        }
        if !(1..=MAX_SCALE).contains(&self.scale) {
            return Err(Problem::usage(format!("a scale of {} cannot be", self.scale), format!("from 1 to {MAX_SCALE}")));
        }
        let now = Timestamp::from_ms(jiff::Timestamp::now().as_millisecond());
        let skipped_s = self.skip.map_or(0.0, Span::seconds);
        // `--skip` is in story time, as the truth is
        let zero = now.plus(-skipped_s / self.speed);
        Ok(Spec { seed: self.seed, story, scale: self.scale, clock: Clock::new(zero, self.speed) })
    }
}

/// A new folder for the sockets, settings and whatever the cockpit writes, readable by its owner alone.
fn own_folder() -> Result<Folder, Problem> {
    let place = std::env::temp_dir().join(format!("triops-demo-{}", std::process::id()));
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(&place)
        .map(|()| Folder(place.clone()))
        .map_err(|error| Problem::failed(format!("making {}: {error}", place.display()), "set TMPDIR to a folder that can be written"))
}

fn write_private(file: &Path, text: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)?.write_all(text.as_bytes())
}

/// Waits for ctrl-c, or for the signal that asks a service to end.
async fn ended() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        let mut asked = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            outcome = tokio::signal::ctrl_c() => outcome,
            _ = asked.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}
