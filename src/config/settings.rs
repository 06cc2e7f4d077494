//! The settings file as types. `config/triops.toml` explains each key and holds its default; a test keeps the two alike.
//! Not for: `[[source]]` tables (see `config::source`), where the file is found (see `config::paths`).

use std::fmt;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::{ActionConfig, CheckConfig, ModelConfig, SourceConfig};

/// A settings file.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How it looks.
    pub ui: UiSettings,
    /// What it may do.
    pub safety: SafetySettings,
    /// What it writes about itself.
    pub log: LogSettings,
    /// What it looks at.
    #[serde(rename = "source")]
    pub sources: Vec<SourceConfig>,
    /// What else can be done, of the user's own.
    #[serde(rename = "action")]
    pub actions: Vec<ActionConfig>,
    /// What it expects of datasets and readings.
    #[serde(rename = "check")]
    pub checks: Vec<CheckConfig>,
    /// How it judges registered models.
    #[serde(rename = "model")]
    pub models: Vec<ModelConfig>,
}

/// How it looks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct UiSettings {
    /// A file in `themes/`.
    pub theme: String,
    /// How many colours.
    pub color: Color,
    /// Which characters.
    pub glyphs: Glyphs,
    /// Times in UTC instead of the local zone.
    pub utc: bool,
    /// Take mouse clicks and the wheel.
    pub mouse: bool,
    /// Most pictures drawn in a second, 1 to 60.
    #[schemars(range(min = 1, max = 60))]
    pub max_fps: u16,
    /// The same over SSH.
    #[schemars(range(min = 1, max = 60))]
    pub max_fps_ssh: u16,
    /// Hold the picture back until it is complete (DEC mode 2026).
    pub synchronized_output: bool,
    /// Ask a quarter as often.
    pub low_data: bool,
}

impl Default for UiSettings {
    fn default() -> Self {
        Self {
            theme: "ansi".to_owned(),
            color: Color::Auto,
            glyphs: Glyphs::Auto,
            utc: false,
            mouse: false,
            max_fps: 10,
            max_fps_ssh: 4,
            synchronized_output: true,
            low_data: false,
        }
    }
}

/// What it may do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SafetySettings {
    /// Change nothing, anywhere.
    pub read_only: bool,
    /// Values of a source's `env` in which nothing may be changed.
    pub read_only_env: Vec<String>,
    /// Values of a source's `env` whose targets' names must be typed before anything is changed.
    pub typed_confirm_env: Vec<String>,
}

impl Default for SafetySettings {
    fn default() -> Self {
        Self { read_only: false, read_only_env: Vec::new(), typed_confirm_env: vec!["prod".to_owned()] }
    }
}

/// What it writes about itself.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LogSettings {
    /// Where to.
    pub file: LogFile,
    /// How much.
    pub level: LogLevel,
}

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$default:meta])? $variant:ident = $word:literal),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
        #[expect(missing_docs, reason = "the words explain themselves")]
        pub enum $name { $($(#[$default])? #[serde(rename = $word)] #[value(name = $word)] $variant),+ }

        impl $name {
            /// The word in files, flags and variables.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }
    )+};
}

words! {
    /// How many colours to use.
    Color { #[default] Auto = "auto", Always = "always", Never = "never", Ansi16 = "16", Ansi256 = "256", TrueColor = "truecolor" }
    /// Which characters to draw with.
    Glyphs { #[default] Auto = "auto", Unicode = "unicode", Ascii = "ascii" }
    /// How much to log.
    LogLevel { Error = "error", Warn = "warn", #[default] Info = "info", Debug = "debug", Trace = "trace" }
}

/// Where the log goes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum LogFile {
    /// `triops.log` in the state folder.
    #[default]
    Auto,
    /// Nowhere.
    None,
    /// Here.
    Path(PathBuf),
}

impl From<&str> for LogFile {
    fn from(word: &str) -> Self {
        match word {
            "auto" => Self::Auto,
            "none" => Self::None,
            path => Self::Path(path.into()),
        }
    }
}

impl fmt::Display for LogFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::None => f.write_str("none"),
            Self::Path(path) => path.display().fmt(f),
        }
    }
}

impl Serialize for LogFile {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for LogFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|word| Self::from(word.as_str()))
    }
}

impl JsonSchema for LogFile {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "LogFile".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "description": "auto, none or a path" })
    }
}
