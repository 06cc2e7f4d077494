//! The few environment variables that say what terminal and desktop we have, read once.
//! Not for: configuration by environment (see `config`), secrets (see `config::secret`).

use std::collections::BTreeMap;

/// Variables that are looked at; no other is kept.
const NAMES: [&str; 16] = [
    "TERM",
    "COLORTERM",
    "NO_COLOR",
    "CLICOLOR",
    "CLICOLOR_FORCE",
    "FORCE_COLOR",
    "TERM_PROGRAM",
    "TMUX",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "SSH_CONNECTION",
    "SSH_TTY",
    "DISPLAY",
    "WAYLAND_DISPLAY",
];

/// A snapshot of the terminal's side of the environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Env(BTreeMap<String, String>);

impl Env {
    /// As it is now.
    pub fn read() -> Self {
        Self(NAMES.iter().filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?))).collect())
    }

    /// As a test wants it.
    pub fn of(pairs: &[(&str, &str)]) -> Self {
        Self(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    /// A variable's value, empty ones included.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Whether the person sits at the other end of an SSH connection.
    pub fn is_remote(&self) -> bool {
        self.is_set("SSH_CONNECTION") || self.is_set("SSH_TTY")
    }

    /// Whether a browser started here would show where the person sits.
    pub fn has_desktop(&self) -> bool {
        !self.is_remote() && (cfg!(target_os = "macos") || self.is_set("DISPLAY") || self.is_set("WAYLAND_DISPLAY"))
    }

    fn is_set(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| !value.is_empty())
    }
}
