//! Theme files: a palette, a style for each role, and the theme they build on; found among our own and the user's, resolved
//! into one style per role. Not for: what a terminal can show of it (see `ui::theme`), drawing.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use include_dir::{Dir, include_dir};
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/themes");

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

/// What is wrong with a theme, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ThemeError {
    /// The file.
    pub file: String,
    /// Line and column, from 1.
    pub position: Option<(usize, usize)>,
    /// What is wrong and what would be right.
    pub message: String,
}

impl fmt::Display for ThemeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.position {
            Some((line, column)) => write!(f, "{}:{line}:{column}: {}", self.file, self.message),
            None => write!(f, "{}: {}", self.file, self.message),
        }
    }
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
pub fn load(name: &str, folder: Option<&Path>) -> Result<ThemeConfig, ThemeError> {
    let mut chain: Vec<ThemeFile> = Vec::new();
    let mut next = Some((name.to_owned(), None::<ThemeError>));
    while let Some((name, missing)) = next {
        let own_only = chain.last().is_some_and(|file| file.name == name);
        let file = ThemeFile::read(&name, folder.filter(|_| !own_only)).map_err(|error| match missing {
            Some(missing) if error.position.is_none() => ThemeError { message: error.message, ..missing },
            _ => error,
        })?;
        if chain.len() == MAX_DEPTH || chain.iter().any(|other| other.path == file.path) {
            let message = format!("`{name}` inherits itself; break the circle of `inherits`");
            return Err(ThemeError { file: file.path, position: None, message });
        }
        next = file.body.inherits.as_ref().map(|parent| (parent.get_ref().clone(), Some(file.error(parent, ""))));
        chain.push(file);
    }
    resolve(&chain)
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Body {
    about: String,
    inherits: Option<Spanned<String>>,
    palette: BTreeMap<String, Spanned<String>>,
    roles: BTreeMap<Role, Spanned<StyleBody>>,
}

/// `"red"` or `{ fg = "red", … }`. Read by hand: serde's untagged enums lose the place of a mistake.
#[derive(Debug, Clone)]
enum StyleBody {
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

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct WholeStyle {
    fg: Option<Spanned<String>>,
    bg: Option<Spanned<String>>,
    emphasis: Vec<Emphasis>,
}

struct ThemeFile {
    name: String,
    path: String,
    text: String,
    body: Body,
}

impl ThemeFile {
    fn read(name: &str, folder: Option<&Path>) -> Result<Self, ThemeError> {
        let file_name = format!("{name}.toml");
        let safe = !name.is_empty() && !name.contains(['/', '\\', '\0']) && !name.starts_with('.');
        let theirs = folder.filter(|_| safe).map(|folder| folder.join(&file_name)).filter(|path| path.exists());
        let (path, text) = if let Some(path) = theirs {
            let shown = path.display().to_string();
            let text = std::fs::read_to_string(&path).map_err(|error| ThemeError {
                file: shown.clone(),
                position: None,
                message: format!("cannot read the theme: {error}"),
            })?;
            (shown, text)
        } else if let Some(text) = EMBEDDED.get_file(&file_name).and_then(include_dir::File::contents_utf8) {
            (format!("themes/{file_name}"), text.to_owned())
        } else {
            let message = format!("there is no theme `{name}`; there are {}", names(folder).join(", "));
            return Err(ThemeError { file: file_name, position: None, message });
        };
        let body = toml::from_str(&text).map_err(|error| ThemeError {
            position: Some(position(&text, error.span().map_or(0, |span| span.start))),
            message: error.message().to_owned(),
            file: path.clone(),
        })?;
        Ok(Self { name: name.to_owned(), path, text, body })
    }

    fn error<T>(&self, at: &Spanned<T>, message: impl Into<String>) -> ThemeError {
        ThemeError { file: self.path.clone(), position: Some(position(&self.text, at.span().start)), message: message.into() }
    }
}

/// Line and column of a byte, both from 1, in characters.
fn position(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// The nearest file of the chain that sets a role decides it whole; its colours are looked up in the palettes of all, nearest first,
/// so that a theme can change a palette and inherit the roles.
fn resolve(chain: &[ThemeFile]) -> Result<ThemeConfig, ThemeError> {
    let mut theme = ThemeConfig::default();
    if let Some(first) = chain.first() {
        theme.name.clone_from(&first.name);
        theme.about.clone_from(&first.body.about);
    }
    for file in chain {
        for color in file.body.palette.values() {
            look_up(color.get_ref(), &[]).map_err(|message| file.error(color, message))?;
        }
        for (role, body) in &file.body.roles {
            if theme.roles.contains_key(role) {
                continue;
            }
            let color = |color: &Option<Spanned<String>>| {
                let found = color.as_ref().map(|color| look_up(color.get_ref(), chain).map_err(|message| file.error(color, message)));
                found.transpose()
            };
            let style = match body.get_ref() {
                StyleBody::Fg(fg) => {
                    let fg = look_up(fg, chain).map_err(|message| file.error(body, message))?;
                    RoleStyle { fg: Some(fg), ..RoleStyle::default() }
                }
                StyleBody::Whole(whole) => RoleStyle { fg: color(&whole.fg)?, bg: color(&whole.bg)?, emphasis: whole.emphasis.clone() },
            };
            theme.roles.insert(*role, style);
        }
    }
    Ok(theme)
}

/// The colour of a word, which is a name of one of the palettes or a colour itself.
fn look_up(word: &str, palettes: &[ThemeFile]) -> Result<ThemeColor, String> {
    let named = palettes.iter().find_map(|file| file.body.palette.get(word));
    let text = named.map_or(word, |color| color.get_ref());
    ThemeColor::parse(text)
        .ok_or_else(|| format!("`{text}` is no colour; write a name of the palette, {}, #rrggbb, 0–255 or none", COLOR_NAMES.join(", ")))
}
