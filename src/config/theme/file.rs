//! One theme file as it is written, and what to say about it when it is wrong.
//! Not for: what it inherits, what it means (see `config::theme`).

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use include_dir::{Dir, include_dir};
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::{COLOR_NAMES, Emphasis, Role, ThemeColor};
use crate::config::error::{ConfigError, suggest};
use crate::config::load::Document;

/// The themes that come with the program.
pub static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/themes");

/// What it holds.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Body {
    pub about: String,
    pub inherits: Option<String>,
    pub palette: BTreeMap<String, String>,
    pub roles: BTreeMap<Role, StyleBody>,
}

/// `"red"` or `{ fg = "red", … }`. Read by hand: serde's untagged enums lose the place of a mistake.
#[derive(Debug, Clone)]
pub enum StyleBody {
    Fg(String),
    Whole(WholeStyle),
}

impl<'de> Deserialize<'de> for StyleBody {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = StyleBody;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a colour or a table of `fg`, `bg` and `emphasis`")
            }

            fn visit_str<E: de::Error>(self, color: &str) -> Result<StyleBody, E> {
                Ok(StyleBody::Fg(color.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<StyleBody, A::Error> {
                WholeStyle::deserialize(MapAccessDeserializer::new(map)).map(StyleBody::Whole)
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// Each of its keys may be absent.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WholeStyle {
    pub fg: Option<String>,
    pub bg: Option<String>,
    pub emphasis: Vec<Emphasis>,
}

/// A theme file and where it was found.
pub struct ThemeFile {
    pub name: String,
    pub path: String,
    text: String,
    pub body: Body,
}

impl ThemeFile {
    /// `None` if there is no such theme.
    pub fn read(name: &str, folder: Option<&Path>) -> Result<Option<Self>, ConfigError> {
        let file_name = format!("{name}.toml");
        let safe = !name.is_empty() && !name.contains(['/', '\\', '\0']) && !name.starts_with('.');
        let theirs = folder.filter(|_| safe).map(|folder| folder.join(&file_name)).filter(|path| path.exists());
        let (path, text) = if let Some(path) = theirs {
            let shown = path.display().to_string();
            let text = std::fs::read_to_string(&path).map_err(|error| ConfigError::whole(&shown, format!("cannot be read: {error}")))?;
            (shown, text)
        } else if let Some(text) = EMBEDDED.get_file(&file_name).and_then(include_dir::File::contents_utf8) {
            (format!("themes/{file_name}"), text.to_owned())
        } else {
            return Ok(None);
        };
        let body = Document::read(&path, &text)?.decode()?;
        Ok(Some(Self { name: name.to_owned(), path, text, body }))
    }

    /// A mistake in what the value at `key` means.
    pub fn error(&self, key: &str, message: impl Into<String>) -> ConfigError {
        match Document::read(&self.path, &self.text) {
            Ok(document) => document.error(key, message),
            Err(error) => error,
        }
    }

    /// The colour of a word at `key`, which is a name of one of the palettes or a colour itself.
    pub fn color(&self, key: &str, word: &str, palettes: &[Self]) -> Result<ThemeColor, ConfigError> {
        let named = palettes.iter().find_map(|file| file.body.palette.get(word));
        ThemeColor::parse(named.map_or(word, String::as_str)).ok_or_else(|| {
            let theirs = palettes.iter().flat_map(|file| file.body.palette.keys().map(String::as_str));
            let known: Vec<&str> = theirs.chain(COLOR_NAMES).chain(["none"]).collect();
            let hint = format!("write #rrggbb, 0–255 or a name; {}", suggest(word, "known names", &known));
            self.error(key, format!("`{word}` is no colour")).hint(hint)
        })
    }
}
