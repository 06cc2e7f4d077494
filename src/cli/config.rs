//! `triops config init|check|paths|schema`: write, check and explain the configuration.
//! Not for: reading it (see `crate::config`).

use std::fs::{DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::Path;

use clap::{Args, Subcommand};
use serde::Serialize;

use crate::config::{ConfigError, Settings, layer, theme};

use super::output::{self, Format};
use super::problem::Problem;
use super::{Exit, Globals, seat};

/// What to do with the configuration.
#[derive(Debug, Subcommand)]
pub enum Config {
    /// Write a settings file that explains every key, readable by you alone; never over an existing one
    Init,
    /// Read everything and tell every mistake with file, line and column; exits with 2 if there is one
    Check,
    /// Say where settings, keys, connectors, themes, logs and caches are
    Paths(ConfigPaths),
    /// Print the JSON schema of the settings file
    Schema,
}

/// Arguments of `config paths`.
#[derive(Debug, Args)]
pub struct ConfigPaths {
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Config {
    /// Does it.
    pub fn run(&self, globals: &Globals) -> Result<Exit, Problem> {
        match self {
            Self::Init => init(globals),
            Self::Check => check(globals),
            Self::Paths(paths) => show_paths(globals, paths.format),
            Self::Schema => {
                output::print_json(&schemars::schema_for!(Settings))?;
                Ok(Exit::Ok)
            }
        }
    }
}

fn init(globals: &Globals) -> Result<Exit, Problem> {
    let file = seat::settings_file(globals)?;
    let refused = |error: std::io::Error| match error.kind() {
        ErrorKind::AlreadyExists => Problem::failed(
            format!("{} is there already; nothing was written", file.display()),
            "`triops config check` tells whether it is right",
        ),
        _ => Problem::failed(format!("writing {}: {error}", file.display()), "name another place: `triops --config FILE config init`"),
    };
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        private_folder(folder).map_err(refused)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&file).and_then(|mut open| open.write_all(layer::EMBEDDED.as_bytes())).map_err(refused)?;
    output::print(&format!("{}\n", file.display()))?;
    Ok(Exit::Ok)
}

fn private_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn check(globals: &Globals) -> Result<Exit, Problem> {
    let (config, registry) = seat::load(globals)?;
    let mut mistakes = registry.mistakes();
    mistakes.extend(
        theme::load(&config.ui.theme, Some(&config.paths.themes_dir()))
            .err()
            .map(|error| ConfigError { position: error.position, ..ConfigError::whole(error.file, error.message) }),
    );
    if !mistakes.is_empty() {
        return Err(mistakes.into());
    }
    let mut out = String::new();
    for file in &config.files {
        out.extend(["ok  ", &file.display().to_string(), "\n"]);
    }
    let keymap = config.paths.keymap_file();
    if keymap.exists() {
        out.extend(["ok  ", &keymap.display().to_string(), "\n"]);
    }
    for hidden in config.keymap.hidden() {
        output::complain(&hidden.to_string());
    }
    match config.sources.len() {
        0 => out.push_str("no source is configured: triops looks for what answers on this machine\n"),
        1 => out.push_str("1 source; `triops doctor` tells whether it answers\n"),
        count => out.extend([&count.to_string(), " sources; `triops doctor` tells whether they answer\n"]),
    }
    output::print(&out)?;
    Ok(Exit::Ok)
}

#[derive(Serialize)]
struct PathRow {
    what: &'static str,
    path: String,
    exists: bool,
}

fn show_paths(globals: &Globals, format: Format) -> Result<Exit, Problem> {
    let paths = seat::paths()?;
    let settings = seat::settings_file(globals)?;
    let rows = [
        ("settings", settings),
        ("system settings", paths.system_file.clone()),
        ("keys", paths.keymap_file()),
        ("connectors", paths.connectors_dir()),
        ("themes", paths.themes_dir()),
        ("state", paths.state_dir.clone()),
        ("cache", paths.cache_dir.clone()),
    ]
    .map(|(what, path)| PathRow { what, exists: path.exists(), path: path.display().to_string() });
    match format {
        Format::Json => output::print_json(&serde_json::json!({ "paths": rows }))?,
        Format::Table => {
            let rows = rows.map(|row| [row.what.to_owned(), if row.exists { "yes" } else { "no" }.to_owned(), row.path]);
            output::print(&output::table(["WHAT", "THERE", "PATH"], &rows))?;
        }
    }
    Ok(Exit::Ok)
}
