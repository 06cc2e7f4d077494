//! Where the aliases of models have pointed: an append-only history of our own, since registries keep none.
//! `aliases.jsonl` in the state folder holds a line for each move that a poll has seen, whoever made it.
//! Not for: moving aliases (see the connectors' actions), drawing.

use std::collections::BTreeMap;
use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::domain::{Detail, Entity, SourceName, Timestamp};

/// The file.
const FILE: &str = "aliases.jsonl";
/// Largest file that is read; a line is about 150 bytes.
const MAX_BYTES: u64 = 16 * 1024 * 1024;
/// Places an alias has pointed to that actions see, newest last.
const TOLD: usize = 20;

/// A move that was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Move {
    at: Timestamp,
    source: SourceName,
    model: String,
    alias: String,
    /// `null`: it was taken away.
    version: Option<String>,
}

/// The history of one source.
pub struct Aliases {
    file: Option<PathBuf>,
    source: SourceName,
    known: Mutex<Option<Known>>,
}

/// Each alias of each model, and where it has pointed, oldest first.
type Known = BTreeMap<(String, String), Vec<(Timestamp, Option<String>)>>;

impl Aliases {
    /// Reads nothing yet. Without a folder the history lasts as long as the program.
    pub fn new(folder: Option<&Path>, source: SourceName) -> Self {
        Self { file: folder.map(|folder| folder.join(FILE)), source, known: Mutex::default() }
    }

    /// Takes note of what a poll brought: all models of the source. What has moved is appended to the file.
    pub fn observe(&self, entities: &[Entity], now: Timestamp) {
        let mut seen: BTreeMap<(String, String), String> = BTreeMap::new();
        for entity in entities {
            let Some((model, version, aliases)) = parts(entity) else { continue };
            seen.extend(aliases.into_iter().map(|alias| ((model.clone(), alias), version.clone())));
        }
        let mut kept = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kept.get_or_insert_with(|| self.read());
        let mut moves = moves(known, &seen, &self.source, now);
        if moves.is_empty() {
            return;
        }
        // another cockpit may have noted the same since
        *known = merged(self.read(), std::mem::take(known));
        moves = self::moves(known, &seen, &self.source, now);
        for moved in &moves {
            known.entry((moved.model.clone(), moved.alias.clone())).or_default().push((moved.at, moved.version.clone()));
        }
        if let Err(error) = self.append(&moves) {
            tracing::warn!(%error, "the history of aliases cannot be written");
        }
    }

    /// Where the aliases of an entity's model have pointed: `{champion: [{at, version}, …]}`, the newest last. Empty for what is no
    /// model.
    pub fn of(&self, entity: &Entity) -> Value {
        let Some((model, _, _)) = parts(entity) else { return json!({}) };
        let mut kept = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kept.get_or_insert_with(|| self.read());
        let own = known.iter().filter(|((of, _), _)| *of == model);
        own.map(|((_, alias), moves)| {
            let newest = &moves[moves.len().saturating_sub(TOLD)..];
            (alias.clone(), newest.iter().map(|(at, version)| json!({ "at": at, "version": version })).collect::<Value>())
        })
        .collect::<serde_json::Map<_, _>>()
        .into()
    }

    fn read(&self) -> Known {
        let mut known = Known::new();
        let Some(file) = &self.file else { return known };
        let text = match std::fs::metadata(file).map(|file| file.len()) {
            Ok(size) if size > MAX_BYTES => {
                tracing::warn!(file = %file.display(), "the history of aliases is too large to be read; move it away");
                return known;
            }
            Ok(_) => std::fs::read_to_string(file).unwrap_or_default(),
            Err(_) => return known,
        };
        // a line that cannot be read was cut short by the end of a program
        for moved in text.lines().filter_map(|line| serde_json::from_str::<Move>(line).ok()).filter(|moved| moved.source == self.source) {
            note(known.entry((moved.model, moved.alias)).or_default(), moved.at, moved.version);
        }
        known
    }

    fn append(&self, moves: &[Move]) -> io::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        if let Some(folder) = file.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let mut lines = String::new();
        for moved in moves {
            lines.push_str(&serde_json::to_string(moved).map_err(io::Error::other)?);
            lines.push('\n');
        }
        let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(file)?;
        file.write_all(lines.as_bytes())?;
        file.sync_data()
    }
}

/// A model's name, version and aliases. Versions of one model share the label `model`.
fn parts(entity: &Entity) -> Option<(String, String, Vec<String>)> {
    let Detail::Model(model) = &entity.detail else { return None };
    let name = entity.labels.get("model")?.to_string();
    Some((name, model.version.as_ref()?.to_string(), model.aliases.iter().map(ToString::to_string).collect()))
}

fn moves(known: &Known, seen: &BTreeMap<(String, String), String>, source: &SourceName, now: Timestamp) -> Vec<Move> {
    let last = |key| known.get(key).and_then(|moves| moves.last()).and_then(|(_, version)| version.clone());
    let moved = |(model, alias): &(String, String), version| Move {
        at: now,
        source: source.clone(),
        model: model.clone(),
        alias: alias.clone(),
        version,
    };
    let set =
        seen.iter().filter(|(key, version)| last(key).as_ref() != Some(version)).map(|(key, version)| moved(key, Some(version.clone())));
    let gone = known.keys().filter(|key| !seen.contains_key(*key) && last(key).is_some()).map(|key| moved(key, None));
    set.chain(gone).collect()
}

/// Two cockpits may have noted one move twice.
fn note(moves: &mut Vec<(Timestamp, Option<String>)>, at: Timestamp, version: Option<String>) {
    if moves.last().is_none_or(|(_, last)| *last != version) {
        moves.push((at, version));
    }
}

/// What the file says now; what only we know (there is no file, or it could not be written) stays.
fn merged(file: Known, own: Known) -> Known {
    let mut all = file;
    for (key, moves) in own {
        all.entry(key).or_insert(moves);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Model, State, Text};

    fn model(version: &str, aliases: &[&str]) -> Entity {
        let aliases = aliases.iter().map(|alias| Text::from(*alias)).collect();
        let detail = Model { version: Some(Text::from(version)), aliases, ..Model::default() };
        let key = format!("fraud/{version}");
        let mut entity = Entity::new(&SourceName::from("mlflow"), &key, "fraud", State::Ok, detail.into(), Timestamp::default());
        entity.labels.insert(Text::from("model"), Text::from("fraud"));
        entity
    }

    fn versions(aliases: &Aliases, alias: &str) -> Vec<Option<String>> {
        let told = aliases.of(&model("1", &[]));
        let moves = told[alias].as_array().cloned().unwrap_or_default();
        moves.iter().map(|moved| moved["version"].as_str().map(str::to_owned)).collect()
    }

    #[test]
    fn moves_are_remembered_over_runs_and_two_cockpits_note_one_move_once() {
        let folder = std::env::temp_dir().join(format!("triops-aliases-{}-{}", std::process::id(), fastrand::u64(..)));
        let at = |ms| Timestamp::from_ms(ms);
        let (one, two) = (Aliases::new(Some(&folder), SourceName::from("mlflow")), Aliases::new(Some(&folder), SourceName::from("mlflow")));
        one.observe(&[model("6", &["champion"]), model("7", &[])], at(1));
        two.observe(&[model("6", &["champion"]), model("7", &[])], at(2));
        for _ in 0..2 {
            one.observe(&[model("6", &[]), model("7", &["champion"])], at(3));
            two.observe(&[model("6", &[]), model("7", &["champion"])], at(4));
        }
        assert_eq!(std::fs::read_to_string(folder.join(FILE)).unwrap().lines().count(), 2);
        let later = Aliases::new(Some(&folder), SourceName::from("mlflow"));
        assert_eq!(versions(&later, "champion"), [Some("6".to_owned()), Some("7".to_owned())]);
        later.observe(&[model("6", &[]), model("7", &[])], at(5));
        assert_eq!(versions(&later, "champion"), [Some("6".to_owned()), Some("7".to_owned()), None]);
        let other = Aliases::new(Some(&folder), SourceName::from("another"));
        assert_eq!(versions(&other, "champion"), [] as [Option<String>; 0]);
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn without_a_folder_the_history_lasts_as_long_as_the_program() {
        let aliases = Aliases::new(None, SourceName::from("mlflow"));
        for (version, ms) in [("1", 1), ("2", 2), ("1", 3)] {
            aliases.observe(&[model(version, &["champion"])], Timestamp::from_ms(ms));
        }
        assert_eq!(versions(&aliases, "champion"), ["1", "2", "1"].map(|version| Some(version.to_owned())));
    }
}
