//! The connectors there are: those inside the program, overlaid by those of the user's folder. Each is parsed when it is named.
//! Not for: what a connector holds (see `config::connector`).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};

use super::super::ConfigError;
use super::super::error::nearest;
use super::Connector;
use crate::domain::Support;

static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/config/connectors");

/// How far each connector inside the program has been proven: written by `tests/support.rs` from the tests there are, never by hand.
static SUPPORT: &str = include_str!("../../../config/support.toml");

/// What the tests prove of a connector inside the program, by its name.
pub fn proven(name: &str) -> Support {
    let levels: Result<BTreeMap<String, Vec<String>>, _> = toml::from_str(SUPPORT);
    let levels = levels.unwrap_or_default();
    let has = |level: &str| levels.get(level).is_some_and(|names| names.iter().any(|known| known == name));
    match () {
        () if has("live") => Support::Live,
        () if has("emulator") => Support::Emulator,
        () if has("contract") => Support::Contract,
        () => Support::Unproven,
    }
}

/// Connector files by name.
#[derive(Debug, Clone, Default)]
pub struct Connectors(BTreeMap<String, Place>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Embedded(&'static str),
    File(PathBuf),
}

impl Connectors {
    /// Lists what there is; opens no connector file. A folder that is not there is an empty one.
    pub fn load(user_dir: Option<&Path>) -> Result<Self, ConfigError> {
        let mut places = BTreeMap::new();
        for file in EMBEDDED.files() {
            if let (Some(name), Some(text)) = (connector_name(file.path()), file.contents_utf8()) {
                places.insert(name, Place::Embedded(text));
            }
        }
        let Some(folder) = user_dir else { return Ok(Self(places)) };
        let entries = match std::fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self(places)),
            Err(error) => return Err(ConfigError::whole(folder.display().to_string(), format!("cannot read the folder: {error}"))),
        };
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            if let Some(name) = connector_name(&path) {
                places.insert(name, Place::File(path));
            }
        }
        Ok(Self(places))
    }

    /// Their names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The connector of that name, or every mistake in its file. `None` if there is none.
    pub fn get(&self, name: &str) -> Option<Result<Connector, Vec<ConfigError>>> {
        let (file, text) = match self.0.get(name)? {
            Place::Embedded(text) => (format!("{name}.toml (built in)"), Cow::Borrowed(*text)),
            Place::File(path) => {
                let file = path.display().to_string();
                match std::fs::read_to_string(path) {
                    Ok(text) => (file, Cow::Owned(text)),
                    Err(error) => return Some(Err(vec![ConfigError::whole(file, format!("cannot read it: {error}"))])),
                }
            }
        };
        Some(Connector::parse(name, &file, &text))
    }

    /// The name nearest to one that is not there.
    pub fn nearest(&self, name: &str) -> Option<&str> {
        nearest(name, self.names())
    }
}

fn connector_name(path: &Path) -> Option<String> {
    (path.extension()? == "toml").then(|| path.file_stem()?.to_str().map(str::to_owned))?
}
