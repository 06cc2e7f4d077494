//! A support level is earned: `config/support.toml` and the table of the README are written from the tests that there are, and nothing else
//! can claim one. *live* is a connector whose part of `tests/live` asks a server that `tests/servers` starts, *emulator* one whose part asks
//! an emulator; *contract* one with recorded or
//! specified answers whose origin is noted. `UPDATE_SUPPORT=1 cargo test --test support` writes both files anew.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

use triops::config::{Connectors, Paths};
use triops::domain::Support;
use triops::source::registry::{Listing, NATIVE, Registry};

/// Connectors whose live test asks a server of another name.
const SERVER: &[(&str, &str)] = &[("scrape", "NODE_EXPORTER"), ("subversion", "SVN"), ("mercurial", "HG")];
const BEGIN: &str = "<!-- connectors -->\n";
const END: &str = "<!-- /connectors -->\n";

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The parts of a folder as text: `docker.rs` and all of `docker/` are one.
fn texts(folder: &Path) -> Vec<String> {
    let mut parts: BTreeMap<_, String> = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        // what is not text proves nothing
        let text = if path.is_dir() { texts(&path).concat() } else { std::fs::read_to_string(&path).unwrap_or_default() };
        parts.entry(path.file_stem().unwrap().to_owned()).or_default().push_str(&text);
    }
    parts.into_values().collect()
}

/// A part of `tests/live` names the connector and the variable of its server, and `tests/servers` publishes that variable.
fn is_live(name: &str, tests: &[String], servers: &[String]) -> bool {
    let server = SERVER.iter().find(|(connector, _)| *connector == name);
    let server = server.map_or_else(|| name.to_uppercase().replace('-', "_"), |(_, server)| (*server).to_owned());
    let variable = format!("TRIOPS_LIVE_{server}");
    let (quoted, connector) = (format!("\"{variable}\""), format!("\"{name}\""));
    let publishes = |text: &String| text.contains(&format!("publish {variable} ")) || text.contains(&format!("publish \"{variable}\" "));
    // what one script starts for several names is published by a loop over them
    let starts = |text: &String| publishes(text) || text.contains("publish ") && text.contains(&server.to_lowercase().replace('_', "-"));
    tests.iter().any(|text| text.contains(&quoted) && text.contains(&connector)) && servers.iter().any(starts)
}

/// The variable of the emulator of AWS.
const EMULATOR: &str = "\"TRIOPS_LIVE_MOTO\"";

/// A part of `tests/live` names the connector and the emulator.
fn is_emulated(name: &str, tests: &[String]) -> bool {
    tests.iter().any(|text| text.contains(EMULATOR) && text.contains(&format!("\"{name}\"")))
}

/// `contract.toml` or `recorded.toml` of its fixtures: every answer says where it comes from.
fn has_contract(name: &str) -> bool {
    ["contract.toml", "recorded.toml"].iter().any(|file| {
        let path = root("tests/fixtures").join(name).join(file);
        let Ok(text) = std::fs::read_to_string(path) else { return false };
        let table: toml::Table = text.parse().unwrap_or_else(|e| panic!("{name}/{file}: {e}"));
        let answers = ["answer", "file", "output"].iter().filter_map(|kind| table.get(*kind)?.as_array()).flatten();
        let origins: Vec<bool> =
            answers.map(|answer| answer.get("origin").and_then(|o| o.as_str()).is_some_and(|o| !o.is_empty())).collect();
        !origins.is_empty() && origins.iter().all(|noted| *noted)
    })
}

fn earned() -> BTreeMap<String, Support> {
    let (tests, servers) = (texts(&root("tests/live")), texts(&root("tests/servers")));
    let connectors = Connectors::load(None).unwrap();
    let names: BTreeSet<&str> = NATIVE.iter().map(|native| native.name).chain(connectors.names()).collect();
    let level = |name: &str| match () {
        () if is_live(name, &tests, &servers) => Support::Live,
        () if is_emulated(name, &tests) => Support::Emulator,
        () if has_contract(name) => Support::Contract,
        () => Support::Unproven,
    };
    names.into_iter().map(|name| (name.to_owned(), level(name))).collect()
}

fn file(earned: &BTreeMap<String, Support>) -> String {
    let mut text = "# Written by `UPDATE_SUPPORT=1 cargo test --test support` from the tests there are.\n".to_owned();
    for level in [Support::Live, Support::Emulator, Support::Contract] {
        writeln!(text, "{} = [", level.word()).unwrap();
        earned.iter().filter(|(_, earned)| **earned == level).for_each(|(name, _)| writeln!(text, "  \"{name}\",").unwrap());
        text += "]\n";
    }
    text
}

fn table(listings: &[Listing], earned: &BTreeMap<String, Support>) -> String {
    let mut text = "| connector | system | brings | support |\n|---|---|---|---|\n".to_owned();
    for listing in listings {
        let level = earned[&listing.name].word();
        writeln!(text, "| `{}` | {} | {} | {level} |", listing.name, listing.title, listing.brings).unwrap();
    }
    text
}

#[test]
fn a_support_level_is_what_the_tests_prove() {
    let earned = earned();
    let unproven: Vec<&String> = earned.iter().filter(|(_, level)| **level == Support::Unproven).map(|(name, _)| name).collect();
    assert!(unproven.is_empty(), "neither a live test nor answers with an origin: {unproven:?}");
    let (levels, readme) = (root("config/support.toml"), root("README.md"));
    let (listings, mistakes) = Registry::load(&Paths::under(Path::new("/nonexistent"))).unwrap().listings();
    assert_eq!(mistakes, []);
    let page = std::fs::read_to_string(&readme).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap_or_else(|| panic!("README.md has no {BEGIN}"));
    let (old, after) = rest.split_once(END).unwrap_or_else(|| panic!("README.md has no {END}"));
    let new = table(&listings, &earned);
    if std::env::var_os("UPDATE_SUPPORT").is_some() {
        std::fs::write(&levels, file(&earned)).unwrap();
        std::fs::write(&readme, format!("{before}{BEGIN}{new}{END}{after}")).unwrap();
        return;
    }
    let hint = "run UPDATE_SUPPORT=1 cargo test --test support";
    assert_eq!(std::fs::read_to_string(&levels).unwrap(), file(&earned), "{hint}");
    assert_eq!(old, new, "{hint}");
    for listing in &listings {
        assert_eq!(listing.support, earned[&listing.name], "{}: {hint}", listing.name);
    }
}

#[test]
fn no_connector_can_claim_a_level() {
    let text = "[connector]\ntitle = \"X\"\neye = \"devops\"\nsupport = \"live\"\n";
    let mistakes = triops::config::Connector::parse("x", "x.toml", text).unwrap_err();
    assert!(mistakes[0].message.contains("unknown key `support`"), "{mistakes:?}");
    assert_eq!(triops::config::connector::proven("x"), Support::Unproven);
}
