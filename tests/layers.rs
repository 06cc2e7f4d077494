//! The house keeps its shape: who may import whom, who may name the terminal, HTTP and channels, and how long a file may be.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails loudly")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Longest file, in lines, tests inside it included.
const MAX_LINES: usize = 400;

/// Each module and the modules of this crate that it may name.
const ALLOWED: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("msg", &["domain"]),
    ("config", &["domain", "msg"]),
    ("demo", &["domain"]),
    ("source", &["domain", "msg", "config", "insight"]),
    ("insight", &["domain"]),
    ("store", &["domain", "msg", "insight"]),
    ("ui", &["domain", "msg", "config", "insight"]),
    ("pane", &["domain", "msg", "config", "insight", "store", "ui"]),
    ("app", &["domain", "msg", "config", "insight", "store", "ui", "pane"]),
    ("runtime", &["domain", "msg", "config", "insight", "store", "ui", "pane", "app", "source"]),
    ("cli", &["domain", "msg", "config", "insight", "store", "ui", "pane", "app", "source", "runtime", "demo"]),
    ("main", &["cli", "triops"]),
    ("lib", &[]),
];

/// A word that only some modules may name, and which.
const RESERVED: &[(&str, &[&str])] = &[
    ("crossterm", &["runtime"]),
    ("tokio::sync", &["runtime", "source", "demo"]),
    ("reqwest", &["source"]),
    ("hyper::", &["source", "demo"]),
    ("tokio::net", &["source", "demo", "cli"]),
    ("bollard", &["source"]),
    ("ratatui", &["ui", "pane", "app", "runtime", "cli"]),
    ("std::time::SystemTime", &["runtime", "source", "cli"]),
    ("Instant::now", &["runtime", "source", "cli"]),
    ("jiff::Timestamp::now", &["runtime", "cli"]),
];

#[test]
fn every_module_names_only_modules_to_its_left() {
    let mut wrong = Vec::new();
    for (path, module, text) in sources() {
        let allowed = ALLOWED
            .iter()
            .find(|(name, _)| *name == module)
            .unwrap_or_else(|| panic!("{}: a module without a place in ALLOWED", path.display()))
            .1;
        for (number, line) in code(&text) {
            for named in crate_names(line) {
                let known = ALLOWED.iter().any(|(name, _)| *name == named);
                if known && named != module && !allowed.contains(&named) {
                    wrong.push(format!("{}:{number}: {module} must not name {named}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn terminal_http_channels_and_clocks_are_named_only_where_they_live() {
    let mut wrong = Vec::new();
    for (path, module, text) in sources() {
        for (number, line) in code(&text) {
            for (word, places) in RESERVED {
                if line.contains(word) && !places.contains(&module.as_str()) {
                    wrong.push(format!("{}:{number}: {module} must not name {word}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_file_is_longer_than_a_person_reads_and_each_says_what_it_is_for() {
    let mut wrong = Vec::new();
    for (path, _, text) in sources() {
        let lines = text.lines().count();
        if lines > MAX_LINES {
            wrong.push(format!("{}: {lines} lines, {MAX_LINES} at most", path.display()));
        }
        if !text.starts_with("//!") {
            wrong.push(format!("{}: does not say what it is for", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_room_is_without_a_name_and_none_is_deeper_than_three_levels() {
    const NAMELESS: [&str; 8] = ["utils", "util", "helpers", "common", "manager", "handler", "processor", "mod"];
    for (path, _, _) in sources() {
        let inside = path.strip_prefix(src()).unwrap();
        assert!(inside.components().count() <= 3, "{} is too deep", inside.display());
        let stem = inside.file_stem().unwrap().to_str().unwrap();
        assert!(!NAMELESS.contains(&stem), "{} has no name", inside.display());
    }
}

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Path, top-level module and text of every source file.
fn sources() -> Vec<(PathBuf, String, String)> {
    let mut found = BTreeMap::new();
    let mut folders = vec![src()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                found.insert(path, text);
            }
        }
    }
    assert!(found.len() > 20, "the tree was not found");
    let module = |path: &Path| {
        let inside = path.strip_prefix(src()).unwrap();
        let first = inside.components().next().unwrap().as_os_str().to_str().unwrap();
        first.trim_end_matches(".rs").to_owned()
    };
    found.into_iter().map(|(path, text)| (path.clone(), module(&path), text)).collect()
}

/// Lines that are code: no comments, nothing behind `#[cfg(test)]`.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .take_while(|(_, line)| !line.starts_with("#[cfg(test)]"))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .map(|(number, line)| (number + 1, line))
}

/// Modules named after `crate::` in a line, also inside `crate::{a, b}`.
fn crate_names(line: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for (at, _) in line.match_indices("crate::") {
        let rest = &line[at + "crate::".len()..];
        let list = rest.strip_prefix('{').map_or(rest, |list| list.split('}').next().unwrap_or(list));
        let several = rest.starts_with('{');
        for part in list.split(',').take(if several { usize::MAX } else { 1 }) {
            let name = part.trim().split(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or("");
            names.push(name);
        }
    }
    names
}
