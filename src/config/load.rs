//! TOML text into a typed value, with file, line, column, key and the nearest right spelling in every complaint.
//! Not for: where files are found and how they lie over each other (see `config::layer`), what a setting means.

use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{ConfigError, suggest};

/// Reads a whole file; the first mistake ends it.
pub fn parse<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, ConfigError> {
    Document::read(file, text)?.decode()
}

/// A file whose syntax is right; what its keys mean is still open.
pub struct Document<'a> {
    file: &'a str,
    text: &'a str,
    root: Spanned<DeTable<'a>>,
}

/// More mistakes than this in one file are not worth reading.
const MAX_ERRORS: usize = 50;

impl<'a> Document<'a> {
    /// Checks the syntax. The first mistake ends it: what stands behind it may be anything.
    pub fn read(file: &'a str, text: &'a str) -> Result<Self, ConfigError> {
        match DeTable::parse(text) {
            Ok(root) => Ok(Self { file, text, root }),
            Err(error) => {
                let position = Some(position(text, error.span().map_or(text.len(), |span| span.start)));
                Err(ConfigError { position, ..ConfigError::whole(file, error.message()) })
            }
        }
    }

    /// The typed value, or the first mistake.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, ConfigError> {
        T::deserialize(toml::Deserializer::from(self.root.clone())).map_err(|error| self.explain(&error))
    }

    /// The typed value of all that is right, and every mistake in the order of the file. A wrong key is left out and the rest
    /// read again, so `None` means that something needed is missing.
    pub fn decode_all<T: DeserializeOwned>(&self) -> (Option<T>, Vec<ConfigError>) {
        let mut root = self.root.clone();
        let mut errors = Vec::new();
        let value = loop {
            let error = match T::deserialize(toml::Deserializer::from(root.clone())) {
                Ok(value) => break Some(value),
                Err(error) => error,
            };
            let told = self.explain(&error);
            if let Some(missing) = error.message().strip_prefix("missing field ") {
                // what is there under a wrong name is not missing as well
                let misspelt = format!("did you mean {missing}?");
                errors.extend(Some(told).filter(|_| !errors.iter().any(|error: &ConfigError| error.hint == misspelt)));
                break None;
            }
            errors.push(told);
            let place = error.span().and_then(|span| locate(root.get_ref(), &span));
            if errors.len() >= MAX_ERRORS || !place.is_some_and(|path| remove(root.get_mut(), &path)) {
                break None;
            }
        };
        errors.sort_by_key(|error| error.position);
        (value, errors)
    }

    /// A mistake in what the value at `path` (`source[1].url`) means; stands at the nearest key that is in the file.
    pub fn error(&self, path: &str, message: impl Into<String>) -> ConfigError {
        self.error_at(&steps(path).collect::<Vec<_>>(), message.into())
    }

    /// The same for keys that may hold dots and brackets themselves.
    pub fn error_under(&self, keys: &[&str], message: impl Into<String>) -> ConfigError {
        self.error_at(&keys.iter().map(|key| Step::Key((*key).to_owned())).collect::<Vec<_>>(), message.into())
    }

    fn error_at(&self, path: &[Step], message: String) -> ConfigError {
        let mut span = 0..0;
        let mut here: Option<&DeValue<'_>> = None;
        for step in path {
            let found = match (step, here) {
                (Step::Key(key), None) => entry(self.root.get_ref(), key),
                (Step::Key(key), Some(DeValue::Table(table))) => entry(table, key),
                (Step::Index(index), Some(DeValue::Array(array))) => array.get(*index).map(|value| (value.span(), value.get_ref())),
                _ => None,
            };
            let Some((at, value)) = found else { break };
            (span, here) = (at, Some(value));
        }
        let position = Some(position(self.text, span.start));
        ConfigError { position, key: written(path), ..ConfigError::whole(self.file, message) }
    }

    fn explain(&self, error: &toml::de::Error) -> ConfigError {
        let span = error.span().unwrap_or(0..0);
        let path = locate(self.root.get_ref(), &span).unwrap_or_default();
        let (message, hint) = reword(error.message(), &path);
        ConfigError { file: self.file.to_owned(), position: Some(position(self.text, span.start)), key: written(&path), message, hint }
    }
}

/// One step of a key path.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
}

fn steps(path: &str) -> impl Iterator<Item = Step> {
    path.split(['.', '[', ']'])
        .filter(|part| !part.is_empty())
        .map(|part| part.parse().map_or_else(|_| Step::Key(part.to_owned()), Step::Index))
}

fn written(path: &[Step]) -> String {
    let mut out = String::new();
    for step in path {
        match step {
            Step::Key(key) if out.is_empty() => out.push_str(key),
            Step::Key(key) => out.extend([".", key]),
            Step::Index(index) => out.extend(["[", &index.to_string(), "]"]),
        }
    }
    out
}

fn entry<'t, 'a>(table: &'t DeTable<'a>, key: &str) -> Option<(Range<usize>, &'t DeValue<'a>)> {
    table.iter().find(|(name, _)| name.get_ref() == key).map(|(name, value)| (name.span(), value.get_ref()))
}

/// The path of the smallest key or value that holds the span.
fn locate(root: &DeTable<'_>, span: &Range<usize>) -> Option<Vec<Step>> {
    let mut best: Option<(usize, Vec<Step>)> = None;
    let mut open: Vec<(Vec<Step>, &DeTable<'_>)> = vec![(Vec::new(), root)];
    while let Some((path, table)) = open.pop() {
        for (key, value) in table {
            let mut here = path.clone();
            here.push(Step::Key(key.get_ref().to_string()));
            offer(&mut best, &here, &key.span(), span);
            offer(&mut best, &here, &value.span(), span);
            let mut values = vec![(here, value)];
            while let Some((path, value)) = values.pop() {
                match value.get_ref() {
                    DeValue::Table(table) => open.push((path, table)),
                    DeValue::Array(array) => values.extend(array.iter().enumerate().map(|(index, value)| {
                        let here = [path.as_slice(), &[Step::Index(index)]].concat();
                        offer(&mut best, &here, &value.span(), span);
                        (here, value)
                    })),
                    _ => {}
                }
            }
        }
    }
    best.map(|(_, path)| path)
}

fn offer(best: &mut Option<(usize, Vec<Step>)>, path: &[Step], candidate: &Range<usize>, span: &Range<usize>) {
    let holds = candidate.start <= span.start && span.end <= candidate.end && !candidate.is_empty();
    if holds && best.as_ref().is_none_or(|(length, _)| candidate.len() < *length) {
        *best = Some((candidate.len(), path.to_vec()));
    }
}

/// Takes the innermost table entry on the path out; list places stay as they are, so that paths keep their meaning.
fn remove(root: &mut DeTable<'_>, path: &[Step]) -> bool {
    let Some(last) = path.iter().rposition(|step| matches!(step, Step::Key(_))) else { return false };
    let (Some(Step::Key(name)), before) = (path.get(last), &path[..last]) else { return false };
    let mut table = root;
    let mut before = before.iter();
    while let Some(Step::Key(key)) = before.next() {
        let Some((_, value)) = table.iter_mut().find(|(name, _)| name.get_ref() == key) else { return false };
        let mut value = value.get_mut();
        while let Some(Step::Index(index)) = before.as_slice().first() {
            before.next();
            let DeValue::Array(array) = value else { return false };
            let Some(element) = array.get_mut(*index) else { return false };
            value = element.get_mut();
        }
        let DeValue::Table(inner) = value else { return false };
        table = inner;
    }
    let Some(key) = table.keys().find(|key| key.get_ref() == name).cloned() else { return false };
    table.remove(&key).is_some()
}

/// Line and column of a byte, both from 1, in characters.
fn position(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// The decoder's words in ours: keys instead of fields, and never the text of a wrong value, which may be a secret.
fn reword(message: &str, path: &[Step]) -> (String, String) {
    let key = written(path);
    let parent = || match path.split_last() {
        Some((_, parent)) if !parent.is_empty() => format!(" in `{}`", written(parent)),
        _ => String::new(),
    };
    if let Some(rest) = message.strip_prefix("unknown field ") {
        let mut words = quoted(rest);
        let word = if words.is_empty() { "" } else { words.remove(0) };
        return (format!("unknown key `{word}`{}", parent()), suggest(word, "known keys", &words));
    }
    if let Some(rest) = message.strip_prefix("unknown variant ") {
        let mut words = quoted(rest);
        let word = if words.is_empty() { "" } else { words.remove(0) };
        return (format!("`{word}` is not a value of `{key}`"), suggest(word, "known values", &words));
    }
    if let Some(rest) = message.strip_prefix("missing field ") {
        let word = quoted(rest).first().copied().unwrap_or_default();
        return (if key.is_empty() { format!("`{word}` is missing") } else { format!("`{word}` is missing in `{key}`") }, String::new());
    }
    let mismatch = message.strip_prefix("invalid type: ").or_else(|| message.strip_prefix("invalid value: "));
    if let Some((found, expected)) = mismatch.and_then(|rest| rest.rsplit_once(", expected ")) {
        return (format!("`{key}` must be {}, not {}", wanted(expected), given(found)), String::new());
    }
    let (message, hint) = message.split_once("; ").unwrap_or((message, ""));
    (if key.is_empty() { message.to_owned() } else { format!("`{key}`: {message}") }, hint.to_owned())
}

/// The words between backticks.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

fn wanted(expected: &str) -> &str {
    match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, zero or more",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a string" | "string" => "a text in quotes",
        "path string" => "a path in quotes",
        "a sequence" => "a list",
        "a map" => "a table",
        _ if expected.starts_with("struct ") => "a table",
        _ => expected,
    }
}

fn given(found: &str) -> &str {
    match found.split_whitespace().next() {
        Some("string") => "a text",
        Some("integer") => "this whole number",
        Some("floating") => "a number with a fraction",
        Some("boolean") => "true or false",
        Some("sequence") => "a list",
        Some("map") => "a table",
        _ => "this",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;
    use crate::config::SourceConfig;

    #[derive(Debug, Default, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Sample {
        source: Vec<SourceConfig>,
        fps: u16,
        by_name: BTreeMap<String, bool>,
    }

    fn first(text: &str) -> String {
        parse::<Sample>("t.toml", text).unwrap_err().to_string()
    }

    #[test]
    fn a_mistake_is_told_with_its_place_and_what_to_do() {
        for (text, expected) in [
            ("fps = \n", "t.toml:1:7: string values must be quoted, expected literal string"),
            ("\n fpz = 3", "t.toml:2:2: unknown key `fpz`\n  hint: did you mean `fps`?"),
            ("fps = 'é'", "t.toml:1:7: `fps` must be a whole number, zero or more, not a text"),
            ("fps = -1", "t.toml:1:7: `fps` must be a whole number, zero or more, not this whole number"),
            ("[[source]]\n[[source]]\nurrl = ''", "t.toml:3:1: unknown key `urrl` in `source[1]`\n  hint: did you mean `url`?"),
            (
                "[[source]]\nevery = '15'",
                "t.toml:2:9: `source[0].every`: `15` is not a length of time\n  hint: write it as `15s`, `1m30s`, `500ms`, `2h` or `7d`",
            ),
            ("[by_name]\na = 1", "t.toml:2:5: `by_name.a` must be true or false, not this whole number"),
        ] {
            assert_eq!(first(text), expected, "{text}");
        }
    }

    #[test]
    fn a_wrong_value_is_never_repeated_where_it_may_be_a_secret() {
        for text in [
            "[[source]]\nauth = 'hunter22'",
            "[[source]]\nauth = { scheme = 'basic', password = [ 'hunter22' ] }",
            "[[source]]\nauth = { password = { evn = 'hunter22' } }",
        ] {
            assert!(!first(text).contains("hunter22"), "{}", first(text));
        }
    }

    #[test]
    fn every_mistake_of_a_file_is_told_and_the_rest_is_kept() {
        let text = "fps = 'x'\nnope = 1\n[[source]]\nname = 'a'\nevery = 3\n[[source]]\nname = 'b'\ntls = { caa = 1, ca = 'x' }\n";
        let (value, errors) = Document::read("t.toml", text).unwrap().decode_all::<Sample>();
        let value = value.unwrap();
        assert_eq!(
            errors.iter().map(|error| (error.position.unwrap().0, error.key.as_str())).collect::<Vec<_>>(),
            [(1, "fps"), (2, "nope"), (5, "source[0].every"), (8, "source[1].tls.caa"),]
        );
        assert_eq!(value.source.len(), 2);
        assert_eq!(value.source[1].tls.ca.as_deref(), Some(std::path::Path::new("x")));
        assert_eq!((value.fps, value.by_name.len()), (0, 0));
    }

    #[test]
    fn a_mistake_of_meaning_stands_at_the_nearest_key_there_is() {
        let text = "[[source]]\nname = 'a'\n[[source]]\n  name = 'b'\n";
        let document = Document::read("t.toml", text).unwrap();
        assert_eq!(document.error("source[1].name", "twice").position, Some((4, 3)));
        assert_eq!(document.error("source[1].url", "missing").position, Some((3, 1)));
        assert_eq!(document.error("other", "missing").position, Some((1, 1)));
    }
}
