//! The layers of the settings: embedded < system < user < environment < flags, and what comes out of them.
//! Not for: what one key may hold (see `config::settings`, `config::validate`).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::{Table, Value};

use super::error::suggest;
use super::load::Document;
use super::validate::{self, Readers};
use super::{
    ActionConfig, CheckConfig, Color, ConfigError, Keymap, LogFile, LogSettings, ModelConfig, Paths, SafetySettings, SecretRef, Settings,
    SourceConfig, UiSettings,
};

/// The embedded settings file: every setting with its default, explained.
pub const EMBEDDED: &str = include_str!("../../config/triops.toml");

/// Variables of the environment, as they were when the program started.
pub type Environment = BTreeMap<String, String>;

/// What the command line sets.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Flags {
    /// Read instead of the system's and the user's file.
    pub config: Option<PathBuf>,
    /// Change nothing.
    pub read_only: bool,
    /// A theme's name.
    pub theme: Option<String>,
    /// How many colours.
    pub color: Option<Color>,
    /// Where the log goes.
    pub log_file: Option<LogFile>,
}

/// All that was configured.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// How it looks.
    pub ui: UiSettings,
    /// What it may do.
    pub safety: SafetySettings,
    /// What it writes about itself.
    pub log: LogSettings,
    /// What it looks at; empty means: look for what answers on this machine.
    pub sources: Vec<SourceConfig>,
    /// What else can be done, of the user's own.
    pub actions: Vec<ActionConfig>,
    /// What it expects of datasets and readings.
    pub checks: Vec<CheckConfig>,
    /// How it judges registered models.
    pub models: Vec<ModelConfig>,
    /// Which key does what.
    pub keymap: Keymap,
    /// Where files are.
    pub paths: Paths,
    /// The settings files that were read, the strongest last.
    pub files: Vec<PathBuf>,
}

impl Config {
    /// The embedded settings and keys alone, for files under these paths.
    pub fn embedded(paths: Paths) -> Self {
        let Settings { ui, safety, log, sources, actions, checks, models } = Settings::default();
        Self { ui, safety, log, sources, actions, checks, models, keymap: Keymap::embedded(), paths, files: Vec::new() }
    }

    /// Where the log goes, if anywhere.
    pub fn log_path(&self) -> Option<PathBuf> {
        match &self.log.file {
            LogFile::Auto => Some(self.paths.state_dir.join("triops.log")),
            LogFile::None => None,
            LogFile::Path(path) => Some(path.clone()),
        }
    }
}

/// Reads every layer. `connectors` are the names a source may use. All mistakes of all files are told.
pub fn load(flags: &Flags, environment: &Environment, paths: &Paths, connectors: &[String]) -> Result<Config, Vec<ConfigError>> {
    let mut layers = Layers {
        paths,
        connectors,
        settings: Table::new(),
        sources: Vec::new(),
        actions: Vec::new(),
        checks: Vec::new(),
        named: Vec::new(),
        models: Vec::new(),
        files: Vec::new(),
        errors: Vec::new(),
    };
    let named = flags.config.clone().or_else(|| environment.get("TRIOPS_CONFIG").filter(|path| !path.is_empty()).map(PathBuf::from));
    if let Some(file) = named {
        layers.file(&file, Presence::Required);
    } else {
        layers.file(&paths.system_file, Presence::Optional);
        layers.file(&paths.user_file(), Presence::Optional);
    }
    layers.environment(environment);
    let keymap = layers.keymap();
    layers.seek_sources();
    let Layers { settings, mut sources, actions, checks, models, files, mut errors, .. } = layers;
    for check in &checks {
        check.provide(&mut sources);
    }
    let Settings { mut ui, mut safety, mut log, .. } = match Settings::deserialize(settings) {
        Ok(settings) if errors.is_empty() => settings,
        Ok(_) => return Err(errors),
        // each layer was read by itself before, so this is a mistake of ours
        Err(error) => {
            errors.push(ConfigError::whole("settings", error.message()));
            return Err(errors);
        }
    };
    safety.read_only |= flags.read_only;
    ui.theme = flags.theme.clone().unwrap_or(ui.theme);
    ui.color = flags.color.unwrap_or(ui.color);
    log.file = flags.log_file.clone().unwrap_or(log.file);
    Ok(Config { ui, safety, log, sources, actions, checks, models, keymap, paths: paths.clone(), files })
}

/// Every setting that is one value or a list of words, as table and key, in the order of the embedded file's tables.
pub fn scalars() -> Vec<(String, String)> {
    let defaults: Table = EMBEDDED.parse().unwrap_or_default();
    let tables = defaults.into_iter().filter_map(|(table, value)| Some((table, value.as_table()?.clone())));
    tables.flat_map(|(table, keys)| keys.into_iter().map(move |(key, _)| (table.clone(), key))).collect()
}

/// The environment's name of a setting: `TRIOPS_UI_THEME`.
pub fn variable(table: &str, key: &str) -> String {
    format!("TRIOPS_{table}_{key}").to_uppercase()
}

/// Whether a file must be there.
#[derive(Clone, Copy)]
enum Presence {
    Required,
    Optional,
}

struct Layers<'a> {
    paths: &'a Paths,
    connectors: &'a [String],
    settings: Table,
    sources: Vec<SourceConfig>,
    actions: Vec<ActionConfig>,
    checks: Vec<CheckConfig>,
    /// Where checks name a source that may stand in another file.
    named: Vec<(String, ConfigError)>,
    models: Vec<ModelConfig>,
    files: Vec<PathBuf>,
    errors: Vec<ConfigError>,
}

impl Layers<'_> {
    /// Complains of checks upon a source that no file has.
    fn seek_sources(&mut self) {
        let known: Vec<&str> = self.sources.iter().map(|source| source.name.as_str()).collect();
        let lost = self.named.drain(..).filter(|(name, _)| !known.contains(&name.as_str()));
        self.errors.extend(lost.map(|(name, error)| error.hint(suggest(&name, "sources", &known))));
    }

    fn file(&mut self, path: &Path, presence: Presence) {
        let name = path.display().to_string();
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                if matches!(presence, Presence::Required) {
                    let hint = "`triops config init` writes a commented file where triops looks for one";
                    self.errors.push(ConfigError::whole(name, "there is no such file").hint(hint));
                }
                return;
            }
            Err(error) => return self.errors.push(ConfigError::whole(name, format!("cannot be read: {error}"))),
        };
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let folder = absolute.parent().unwrap_or(Path::new("/")).to_owned();
        match read(&name, &text, Readers::of(path), self.connectors) {
            Ok(settings) => {
                if let Ok(document) = Document::read(&name, &text) {
                    let named = settings.checks.iter().enumerate().filter_map(|(at, check)| Some((at, check.source.clone()?)));
                    self.named.extend(named.map(|(at, source)| {
                        let error = document.error(&format!("check[{at}].source"), format!("there is no source `{source}`"));
                        (source, error)
                    }));
                }
                self.lay(&text, settings, &folder);
            }
            Err(errors) => self.errors.extend(errors),
        }
        self.files.push(path.to_owned());
    }

    /// Lays a right file over what is there. Tables merge key by key, sources by name, actions by id.
    fn lay(&mut self, text: &str, settings: Settings, folder: &Path) {
        let mut table: Table = text.parse().unwrap_or_default();
        table.remove("source");
        table.remove("action");
        table.remove("check");
        table.remove("model");
        if let (LogFile::Path(path), Some(Value::Table(log))) = (&settings.log.file, table.get_mut("log")) {
            log.insert("file".to_owned(), Value::String(self.paths.resolve(folder, path).display().to_string()));
        }
        merge(&mut self.settings, table);
        for mut source in settings.sources {
            anchor(&mut source, &|path| self.paths.resolve(folder, path));
            self.sources.retain(|other| other.name != source.name);
            self.sources.push(source);
        }
        for action in settings.actions {
            self.actions.retain(|other| other.id != action.id);
            self.actions.push(action);
        }
        for check in settings.checks {
            self.checks.retain(|other| other.name != check.name);
            self.checks.push(check);
        }
        for model in settings.models {
            self.models.retain(|other| other.name != model.name);
            self.models.push(model);
        }
    }

    fn environment(&mut self, environment: &Environment) {
        for (table, key) in scalars() {
            let name = variable(&table, &key);
            let Some(word) = environment.get(&name).filter(|word| !word.is_empty()) else { continue };
            match in_settings(&table, &key, word) {
                Ok(value) => merge(&mut self.settings, value),
                Err(error) => self.errors.push(ConfigError { file: name, position: None, ..error }),
            }
        }
    }

    fn keymap(&mut self) -> Keymap {
        let mut keymap = Keymap::embedded();
        let path = self.paths.keymap_file();
        let name = path.display().to_string();
        match std::fs::read_to_string(&path) {
            Ok(text) => self.errors.extend(keymap.lay(&name, &text).err().unwrap_or_default()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => self.errors.push(ConfigError::whole(name, format!("cannot be read: {error}"))),
        }
        keymap
    }
}

/// One settings file by itself: its syntax, its keys, and what they mean.
pub fn read(file: &str, text: &str, readers: Readers, connectors: &[String]) -> Result<Settings, Vec<ConfigError>> {
    let document = Document::read(file, text).map_err(|error| vec![error])?;
    let (settings, mut errors) = document.decode_all::<Settings>();
    if let Some(settings) = &settings {
        let known: Vec<String> = errors.iter().map(|error| error.key.clone()).collect();
        let meant = validate::settings(&document, settings, readers, connectors);
        // a key whose value was wrong is absent: do not say so a second time
        errors.extend(meant.into_iter().filter(|error| !known.contains(&error.key)));
        errors.sort_by_key(|error| error.position);
    }
    match settings {
        Some(settings) if errors.is_empty() => Ok(settings),
        _ => Err(errors),
    }
}

/// A word of the environment as the setting it stands for: first as TOML has it, then as text, then as a list of words.
fn in_settings(table: &str, key: &str, word: &str) -> Result<Table, ConfigError> {
    let list = word.split(',').map(|word| Value::String(word.trim().to_owned())).collect();
    let candidates = [word.to_owned(), Value::String(word.to_owned()).to_string(), Value::Array(list).to_string()];
    let mut told = None;
    for (place, candidate) in candidates.iter().enumerate().filter(|(_, candidate)| !candidate.contains('\n')) {
        let text = format!("[{table}]\n{key} = {candidate}\n");
        match read("", &text, Readers::OwnerOnly, &[]) {
            Ok(_) => return Ok(text.parse().unwrap_or_default()),
            // what it says of the text is what a person understands
            Err(errors) if place == 1 => told = errors.into_iter().next(),
            Err(_) => {}
        }
    }
    Err(told.unwrap_or_else(|| ConfigError::whole("", format!("`{table}.{key}` cannot be that"))))
}

fn merge(under: &mut Table, over: Table) {
    for (key, value) in over {
        match (under.get_mut(&key), value) {
            (Some(Value::Table(under)), Value::Table(over)) => merge(under, over),
            (_, value) => drop(under.insert(key, value)),
        }
    }
}

/// Every relative path of a source is meant from the folder of its file.
fn anchor(source: &mut SourceConfig, resolve: &dyn Fn(&Path) -> PathBuf) {
    for path in [&mut source.tls.ca, &mut source.tls.cert, &mut source.tls.key].into_iter().flatten() {
        *path = resolve(path);
    }
    for path in &mut source.path {
        *path = resolve(Path::new(path)).display().to_string();
    }
    if let Some(key) = source.auth.as_mut().and_then(|auth| auth.key.as_mut()) {
        *key = resolve(key);
    }
    let secrets = source.auth.iter_mut().flat_map(|auth| [&mut auth.password, &mut auth.token]).flatten();
    for secret in secrets {
        if let SecretRef::File { file } = secret {
            *file = resolve(file);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_file_holds_every_setting_with_its_default() {
        let settings = read("triops.toml", EMBEDDED, Readers::Others, &[]).unwrap();
        assert_eq!(settings, Settings::default());
        let defaults = Table::try_from(Settings::default()).unwrap();
        let mut keys: Vec<(String, String)> = Vec::new();
        for (table, value) in defaults.iter().filter(|(table, _)| !["source", "action", "check", "model"].contains(&table.as_str())) {
            keys.extend(value.as_table().unwrap().keys().map(|key| (table.clone(), key.clone())));
        }
        assert_eq!(scalars(), keys);
    }

    #[test]
    fn every_key_of_a_source_stands_commented_in_the_embedded_file() {
        let schema = serde_json::to_value(schemars::schema_for!(Settings)).unwrap();
        let definitions = [
            "SourceConfig",
            "AuthConfig",
            "TlsConfig",
            "ReadingConfig",
            "ActionConfig",
            "DriftConfig",
            "CheckConfig",
            "ModelConfig",
            "MetricConfig",
        ];
        for definition in definitions {
            for key in schema["$defs"][definition]["properties"].as_object().unwrap().keys() {
                let word = |line: &str| line.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|word| word == key);
                assert!(EMBEDDED.lines().filter(|line| line.starts_with('#')).any(word), "{definition}.{key}");
            }
        }
    }

    #[test]
    fn a_word_of_the_environment_reads_as_the_kind_its_setting_has() {
        for (table, key, word, expected) in [
            ("ui", "theme", "true", Value::String("true".to_owned())),
            ("ui", "utc", "true", Value::Boolean(true)),
            ("ui", "color", "16", Value::String("16".to_owned())),
            ("ui", "max_fps", "30", Value::Integer(30)),
            ("log", "file", "/a b/c", Value::String("/a b/c".to_owned())),
        ] {
            assert_eq!(in_settings(table, key, word).unwrap()[table][key], expected);
        }
        let list = in_settings("safety", "typed_confirm_env", "prod, live").unwrap();
        assert_eq!(list["safety"]["typed_confirm_env"].as_array().map(Vec::len), Some(2));
        let error = in_settings("ui", "glyphs", "ascci").unwrap_err();
        assert_eq!((error.message.as_str(), error.hint.as_str()), ("`ascci` is not a value of `ui.glyphs`", "did you mean `ascii`?"));
        assert!(in_settings("ui", "max_fps", "5\n[log]\nlevel = 'trace'").is_err());
    }
}
