//! How things look: themes, words, glyphs, and one widget per file. Everything here is drawn from plain values into a ratatui
//! buffer; nothing here knows a source, an entity's meaning, or the application. Widgets draw inside their area whatever its size.
//!
//! | file | what it is |
//! |---|---|
//! | [`theme`], [`color`] | one style per role, downgraded to what the terminal shows |
//! | [`words`] | ages, durations, bytes, counts, times as people read them |
//! | [`glyphs`] | every sign drawn, in Unicode and in ASCII |
//! | [`draw`] | putting and cutting text, by columns on the screen |
//! | [`frame`] | bordered sections, stacked with shared lines |
//! | [`table`] | columns, rows on demand, selection, marks, sort arrow, folding |
//! | [`scrollbar`] | where in a long list we are |
//! | [`header`], [`tabs`], [`hints`], [`toast`] | the lines around every screen |
//! | [`modal`], [`input`] | a box over the screen, a line of text being written |
//! | [`dialog`], [`form`] | a box that asks, fields to fill |
//! | [`text`] | long texts, with search hits |
//! | [`chart`] | series over a window |
//! | [`svg`] | a drawn buffer as a picture |
//! | [`sparkline`], [`strip`] | a history in a row: numbers, states |
//!
//! Not for: deciding what to show (see `pane`), keys (see `app`), writing to a terminal (see `runtime`).

pub mod chart;
pub mod color;
pub mod dialog;
pub mod draw;
pub mod form;
pub mod frame;
pub mod glyphs;
pub mod header;
pub mod hints;
pub mod input;
pub mod modal;
pub mod scrollbar;
pub mod sparkline;
pub mod strip;
pub mod svg;
pub mod table;
pub mod tabs;
pub mod text;
pub mod theme;
pub mod toast;
pub mod words;

use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

pub use glyphs::Glyphs;
pub use theme::{Role, Theme};

use crate::domain::{State, Timestamp};

/// How this reader wants things to look; every widget borrows it.
#[derive(Debug, Clone)]
pub struct Look {
    /// Styles.
    pub theme: Theme,
    /// Signs.
    pub glyphs: Glyphs,
    /// The reader's time zone, or UTC. Looked up once: finding the system's zone reads files.
    pub zone: TimeZone,
}

impl Default for Look {
    /// No colours, Unicode, UTC.
    fn default() -> Self {
        Self { theme: Theme::bare(), glyphs: Glyphs::Unicode, zone: TimeZone::UTC }
    }
}

impl Look {
    /// The style of a role.
    pub fn style(&self, role: Role) -> Style {
        self.theme.style(role)
    }

    /// A state's sign and the role of its colour.
    pub fn state(&self, state: State) -> (&'static str, Role) {
        (self.glyphs.state(state), theme::role_of(state))
    }

    /// `03:12:45` in the reader's zone.
    pub fn time(&self, at: Timestamp) -> String {
        words::time_of_day(at, &self.zone)
    }

    /// `2026-11-27 03:12:45` in the reader's zone.
    pub fn date_time(&self, at: Timestamp) -> String {
        words::date_time(at, &self.zone)
    }

    /// Blanks an area and lays the ground of the theme; whatever was drawn there before is gone.
    pub fn clear(&self, area: Rect, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        let style = self.style(Role::Text);
        for y in area.top()..area.bottom() {
            for x in area.left()..area.right() {
                if let Some(cell) = buf.cell_mut((x, y)) {
                    cell.reset();
                    cell.set_style(style);
                }
            }
        }
    }
}
