//! The top line: the program, the environment (a production one is loud), how many sources answer and how old the oldest answer is,
//! the clock, and the badges FROZEN, READ-ONLY and DRY RUN.
//! Not for: details of sources (they have a tab).

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::draw::{self, Piece};
use super::{Look, Role, words};
use crate::domain::Timestamp;

/// What the top line tells.
#[derive(Debug, Clone)]
pub struct Header<'a> {
    /// How to draw.
    pub look: &'a Look,
    /// `prod`, or several.
    pub env: Option<Cow<'a, str>>,
    /// Whether a mistake here is expensive.
    pub prod: bool,
    /// Behind the environment, when there is room: `2 contexts`.
    pub note: Cow<'a, str>,
    /// Sources that answered when last asked.
    pub answering: usize,
    /// Sources there are.
    pub sources: usize,
    /// Seconds since the oldest of the newest answers.
    pub oldest_s: Option<f64>,
    /// Now.
    pub now: Timestamp,
    /// The picture is held still.
    pub frozen: bool,
    /// Nothing can be changed.
    pub read_only: bool,
    /// Nothing is sent: orders only say what they would do.
    pub dry_run: bool,
}

impl<'a> Header<'a> {
    fn left(&self, with_note: bool) -> Vec<Piece<'a>> {
        let mut pieces = vec![Piece::new(" triops", Role::Title), Piece::new("  ", Role::Text)];
        if let Some(env) = &self.env {
            pieces.push(Piece::new("env ", Role::Muted));
            pieces.push(if self.prod { Piece::new(format!(" {env} "), Role::Prod) } else { Piece::new(env.clone(), Role::Accent) });
        }
        if with_note && !self.note.is_empty() {
            let dot = if self.env.is_some() { format!(" {} ", self.look.glyphs.dot()) } else { String::new() };
            pieces.push(Piece::new(format!("{dot}{}", self.note), Role::Muted));
        }
        let dry_run = (self.dry_run, " DRY RUN ", Role::Match);
        for (shown, badge, role) in [(self.frozen, " FROZEN ", Role::Match), (self.read_only, " READ-ONLY ", Role::Warning), dry_run] {
            if shown {
                pieces.extend([Piece::new(" ", Role::Text), Piece::new(badge, role)]);
            }
        }
        pieces
    }

    fn middle(&self, form: Form) -> Vec<Piece<'a>> {
        let role = match (self.answering, self.sources) {
            (answering, sources) if answering == sources => Role::Text,
            (0, _) => Role::Failed,
            _ => Role::Warning,
        };
        let noun = match (form, self.sources) {
            (Form::Words, 1) => " source answers",
            (Form::Words, _) => " sources answer",
            _ => "",
        };
        let mut pieces = vec![Piece::new(format!("{}/{}{noun}", self.answering, self.sources), role)];
        if let Some(oldest) = self.oldest_s.filter(|_| self.answering > 0 && form != Form::Bare) {
            let label = if form == Form::Words { "oldest " } else { "" };
            pieces.push(Piece::new(format!(" {} {label}{}", self.look.glyphs.dot(), words::age(oldest)), Role::Muted));
        }
        pieces
    }

    fn right(&self, form: Form) -> Vec<Piece<'a>> {
        let clock = words::time_of_day(self.now, &self.look.zone);
        match form {
            Form::Words => vec![Piece::new(format!("{clock} {}", words::zone_name(self.now, &self.look.zone)), Role::Text)],
            Form::Signs => vec![Piece::new(clock, Role::Text)],
            Form::Bare => Vec::new(),
        }
    }
}

/// How much room there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Words,
    Signs,
    Bare,
}

/// With the note or without, the sources, the clock: what is shown as it gets narrower.
const FORMS: [(bool, Form, Form); 6] = [
    (true, Form::Words, Form::Words),
    (false, Form::Words, Form::Words),
    (false, Form::Words, Form::Signs),
    (false, Form::Signs, Form::Signs),
    (false, Form::Bare, Form::Signs),
    (false, Form::Bare, Form::Bare),
];

/// Columns between two groups.
const GAP: usize = 2;

impl Widget for &Header<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        let room = usize::from(area.width - 1);
        let mut put = |x: usize, pieces: &[Piece<'_>]| {
            let x = x.min(usize::from(area.width)) as u16;
            draw::put_pieces(buf, area.x + x, area.y, area.width - x, pieces, self.look, Style::default());
        };
        for (note, middle, right) in FORMS {
            let (left, middle, right) = (self.left(note), self.middle(middle), self.right(right));
            let [left_wide, middle_wide, right_wide] = [&left, &middle, &right].map(|pieces| draw::pieces_width(pieces));
            let gaps = if right_wide > 0 { 2 * GAP } else { GAP };
            if let Some(spare) = room.checked_sub(left_wide + middle_wide + right_wide + gaps) {
                put(0, &left);
                put(left_wide + GAP + spare.div_ceil(2), &middle);
                put(room - right_wide, &right);
                return;
            }
        }
        put(0, &self.left(false));
    }
}
