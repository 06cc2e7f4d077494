//! A theme as the terminal at hand can show it: one ratatui style per role.
//! Not for: files and inheritance (see `config::theme`), which role a widget uses.

use std::path::Path;

use ratatui::style::{Color, Modifier, Style};

use super::color::{self, ColorDepth};
use crate::config::ConfigError;
use crate::config::theme::{self, Emphasis, RoleStyle, ThemeColor, ThemeConfig};
use crate::domain::State;

pub use crate::config::theme::Role;

/// The theme of a program that was told nothing.
pub const DEFAULT: &str = "ansi";

/// One style per role, downgraded to what the terminal shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Theme {
    name: String,
    styles: Vec<Style>,
}

impl Theme {
    /// Reads a theme by name; a file in `folder` wins over ours. A theme that cannot be read is told beside the one used instead.
    /// Where no colour can be shown, `mono` is used: it says with bold, dim, underlined and reversed what others say with colour.
    pub fn load(name: &str, folder: Option<&Path>, depth: ColorDepth) -> (Self, Option<ConfigError>) {
        let checked = theme::load(name, folder);
        let wanted = if depth == ColorDepth::None { checked.and_then(|_| theme::load("mono", folder)) } else { checked };
        match wanted {
            Ok(config) => (Self::new(&config, depth), None),
            Err(error) => {
                let fallback = if depth == ColorDepth::None { "mono" } else { DEFAULT };
                (theme::load(fallback, None).map_or_else(|_| Self::bare(), |config| Self::new(&config, depth)), Some(error))
            }
        }
    }

    /// Downgrades a theme to `depth`. A role that is not set looks like text.
    pub fn new(config: &ThemeConfig, depth: ColorDepth) -> Self {
        let ground = config.roles.get(&Role::Text).and_then(|text| text.bg).map_or(Color::Reset, |bg| depth.nearest(terminal(bg)));
        let style = |role: Role| config.roles.get(&role).map_or_else(Style::default, |style| shown(style, ground, depth));
        let text = style(Role::Text);
        let styles = Role::ALL.iter().map(|role| {
            if overlay(*role) { style(*role) } else { Style { fg: text.fg, bg: text.bg, ..Style::default() }.patch(style(*role)) }
        });
        Self { name: config.name.clone(), styles: styles.collect() }
    }

    /// No colours, and a selection that can be seen.
    pub fn bare() -> Self {
        let styles = Role::ALL.iter().map(|role| match role {
            Role::Selection | Role::Match | Role::Prod => Style::new().add_modifier(Modifier::REVERSED),
            _ => Style::default(),
        });
        Self { name: "bare".to_owned(), styles: styles.collect() }
    }

    /// The name it was asked for by.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How a role looks: both colours, the text's own where the theme sets none. Only `Selection` and `Match` may leave colours
    /// open: they are laid over others.
    pub fn style(&self, role: Role) -> Style {
        self.styles.get(role as usize).copied().unwrap_or_default()
    }

    /// How a state looks. Never the only sign of it: its glyph or word stands beside.
    pub fn state(&self, state: State) -> Style {
        self.style(role_of(state))
    }
}

fn overlay(role: Role) -> bool {
    matches!(role, Role::Selection | Role::Match)
}

/// The role that shows a state.
pub fn role_of(state: State) -> Role {
    match state {
        State::Ok => Role::Ok,
        State::Running => Role::Running,
        State::Pending => Role::Pending,
        State::Warning => Role::Warning,
        State::Failed => Role::Failed,
        State::Cancelled => Role::Cancelled,
        State::Unknown => Role::Unknown,
    }
}

fn shown(style: &RoleStyle, ground: Color, depth: ColorDepth) -> Style {
    let mut out = Style::default();
    if let Some(bg) = style.bg {
        // what is laid over any text must keep all of it readable, which one of sixteen colours seldom does
        if depth == ColorDepth::Ansi16 && style.fg.is_none() {
            out = out.add_modifier(Modifier::REVERSED);
        } else {
            out = out.bg(depth.nearest(terminal(bg)));
        }
    }
    if let Some(fg) = style.fg {
        out = out.fg(depth.nearest_on(terminal(fg), out.bg.unwrap_or(ground)));
    }
    for emphasis in &style.emphasis {
        out = out.add_modifier(match emphasis {
            Emphasis::Bold => Modifier::BOLD,
            Emphasis::Dim => Modifier::DIM,
            Emphasis::Italic => Modifier::ITALIC,
            Emphasis::Underline => Modifier::UNDERLINED,
            Emphasis::Reverse => Modifier::REVERSED,
        });
    }
    out
}

fn terminal(color: ThemeColor) -> Color {
    match color {
        ThemeColor::Own => Color::Reset,
        ThemeColor::Ansi(place) => color::ansi(place),
        ThemeColor::Indexed(place) => Color::Indexed(place),
        ThemeColor::Rgb(r, g, b) => Color::Rgb(r, g, b),
    }
}
