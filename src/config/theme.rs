//! Theme files: a palette, a style for each role, and the theme they build on; found among our own and the user's, resolved
//! into one style per role. Not for: what a terminal can show of it (see `ui::theme`), drawing.

mod file;

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::error::{ConfigError, suggest};
use file::{EMBEDDED, StyleBody, ThemeFile};

/// Longest chain of `inherits`.
const MAX_DEPTH: usize = 8;

macro_rules! roles {
    ($($(#[$doc:meta])* $role:ident = $word:literal),+ $(,)?) => {
        /// What a piece of the screen means; a theme gives each a style.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Role { $($(#[$doc])* $role),+ }

        impl Role {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$role),+];

            /// Its key in `[roles]`.
            pub fn word(self) -> &'static str {
                match self { $(Self::$role => $word),+ }
            }
        }
    };
}

roles! {
    /// Everything that has no other role, and the ground of the whole screen.
    Text = "text",
    /// Stale or secondary.
    Muted = "muted",
    /// Titles and column heads.
    Title = "title",
    /// Borders.
    Border = "border",
    /// The border of what has the focus.
    BorderFocus = "border_focus",
    /// The selected row, tab or button; laid over what is there.
    Selection = "selection",
    /// Marked rows.
    Marked = "marked",
    /// Works, or ended well.
    Ok = "ok",
    /// Under way.
    Running = "running",
    /// Waits.
    Pending = "pending",
    /// Degraded.
    Warning = "warning",
    /// Broken.
    Failed = "failed",
    /// Ended by somebody.
    Cancelled = "cancelled",
    /// Not known.
    Unknown = "unknown",
    /// Keys in hints, links, what can be pressed.
    Accent = "accent",
    /// Where a search hit; laid over what is there.
    Match = "match",
    /// Lines and bars.
    Graph = "graph",
    /// The second line of a chart.
    GraphAlt = "graph_alt",
    /// The environment that must not be mistaken.
    Prod = "prod",
}

/// A colour as the file writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThemeColor {
    /// `none`: the terminal's own.
    Own,
    /// One of the 16 that the terminal's user chose: 0–15.
    Ansi(u8),
    /// 0–255 of the xterm table.
    Indexed(u8),
    /// `#rrggbb`.
    Rgb(u8, u8, u8),
}

/// The names of the 16, in the order of their numbers.
pub const COLOR_NAMES: [&str; 16] = [
    "black",
    "red",
    "green",
    "yellow",
    "blue",
    "magenta",
    "cyan",
    "white",
    "bright_black",
    "bright_red",
    "bright_green",
    "bright_yellow",
    "bright_blue",
    "bright_magenta",
    "bright_cyan",
    "bright_white",
];

impl ThemeColor {
    /// A name of the 16, `#rrggbb`, 0–255, or `none`.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "none" {
            return Some(Self::Own);
        }
        if let Some(place) = COLOR_NAMES.iter().position(|name| *name == text) {
            return u8::try_from(place).ok().map(Self::Ansi);
        }
        if let Some(hex) = text.strip_prefix('#').filter(|hex| hex.len() == 6 && hex.bytes().all(|b| b.is_ascii_hexdigit())) {
            let [_, r, g, b] = u32::from_str_radix(hex, 16).ok()?.to_be_bytes();
            return Some(Self::Rgb(r, g, b));
        }
        text.parse().ok().map(Self::Indexed)
    }
}

/// How text is set, beside its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are those of typography")]
pub enum Emphasis {
    Bold,
    Dim,
    Italic,
    Underline,
    Reverse,
}

/// A role's style. An absent colour leaves what is there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RoleStyle {
    /// Colour of the text.
    pub fg: Option<ThemeColor>,
    /// Colour behind it.
    pub bg: Option<ThemeColor>,
    /// Beside the colour.
    pub emphasis: Vec<Emphasis>,
}

/// A theme with everything it inherits; roles that no file of the chain sets are absent.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ThemeConfig {
    /// Its file's name without `.toml`.
    pub name: String,
    /// One line about it.
    pub about: String,
    /// What it sets.
    pub roles: BTreeMap<Role, RoleStyle>,
}

/// The names of all themes, ours and those in `folder`, sorted.
pub fn names(folder: Option<&Path>) -> Vec<String> {
    let own = EMBEDDED.files().map(|file| file.path().to_path_buf());
    let theirs = folder.and_then(|folder| folder.read_dir().ok()).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let mut names: Vec<String> = own
        .chain(theirs)
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    names.dedup();
    names
}

/// Reads the theme `name` and all it inherits. A file `name.toml` in `folder` wins over ours of the same name; where it inherits
/// its own name, ours is meant.
pub fn load(name: &str, folder: Option<&Path>) -> Result<ThemeConfig, ConfigError> {
    let mut chain: Vec<ThemeFile> = Vec::new();
    let mut next = Some(name.to_owned());
    while let Some(name) = next.take() {
        let child = chain.last();
        let own_only = child.is_some_and(|child| child.name == name);
        let missing = |hint| match child {
            Some(child) => child.error("inherits", format!("there is no theme `{name}`")).hint(hint),
            None => ConfigError::whole(format!("{name}.toml"), format!("there is no theme `{name}`")).hint(hint),
        };
        let Some(file) = ThemeFile::read(&name, folder.filter(|_| !own_only))? else {
            let names = names(folder);
            return Err(missing(suggest(&name, "known themes", &names.iter().map(String::as_str).collect::<Vec<_>>())));
        };
        if chain.len() == MAX_DEPTH || chain.iter().any(|other| other.path == file.path) {
            return Err(file.error("inherits", format!("`{name}` inherits itself")).hint("break the circle of `inherits`"));
        }
        next.clone_from(&file.body.inherits);
        chain.push(file);
    }
    resolve(&chain)
}

/// The nearest file of the chain that sets a role decides it whole; its colours are looked up in the palettes of all, nearest first,
/// so that a theme can change a palette and inherit the roles.
fn resolve(chain: &[ThemeFile]) -> Result<ThemeConfig, ConfigError> {
    let mut theme = ThemeConfig::default();
    if let Some(first) = chain.first() {
        theme.name.clone_from(&first.name);
        theme.about.clone_from(&first.body.about);
    }
    for file in chain {
        for (name, color) in &file.body.palette {
            file.color(&format!("palette.{name}"), color, &[])?;
        }
        for (role, body) in &file.body.roles {
            if theme.roles.contains_key(role) {
                continue;
            }
            let key = format!("roles.{}", role.word());
            let style = match body {
                StyleBody::Fg(fg) => RoleStyle { fg: Some(file.color(&key, fg, chain)?), ..RoleStyle::default() },
                StyleBody::Whole(whole) => {
                    let color = |part: &str, word: &Option<String>| {
                        word.as_ref().map(|word| file.color(&format!("{key}.{part}"), word, chain)).transpose()
                    };
                    RoleStyle { fg: color("fg", &whole.fg)?, bg: color("bg", &whole.bg)?, emphasis: whole.emphasis.clone() }
                }
            };
            theme.roles.insert(*role, style);
        }
    }
    Ok(theme)
}
