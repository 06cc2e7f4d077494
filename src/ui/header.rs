//! The top line: the program, the environment (a production one is loud), how many sources answer and how old the oldest answer is,
//! the clock, and the badges FROZEN and READ-ONLY.
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
        for (shown, badge, role) in [(self.frozen, " FROZEN ", Role::Match), (self.read_only, " READ-ONLY ", Role::Warning)] {
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
        let noun = match form {
            Form::Words if self.sources == 1 => " source answers",
            Form::Words => " sources answer",
            Form::Signs => "",
        };
        let mut pieces = vec![Piece::new(format!("{}/{}{noun}", self.answering, self.sources), role)];
        if let Some(oldest) = self.oldest_s.filter(|_| self.answering > 0) {
            let label = if form == Form::Words { "oldest " } else { "" };
            pieces.push(Piece::new(format!(" {} {label}{}", self.look.glyphs.dot(), words::age(oldest)), Role::Muted));
        }
        pieces
    }

    fn right(&self, form: Form) -> Vec<Piece<'a>> {
        let mut clock = words::time_of_day(self.now, &self.look.zone);
        if form == Form::Words {
            clock = format!("{clock} {}", words::zone_name(self.now, &self.look.zone));
        }
        vec![Piece::new(clock, Role::Text)]
    }
}

/// How much room there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Words,
    Signs,
}

/// Columns between two groups.
const GAP: usize = 2;

impl Widget for &Header<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        let room = usize::from(area.width.saturating_sub(1));
        let forms = [
            (true, Form::Words, Form::Words),
            (false, Form::Words, Form::Words),
            (false, Form::Words, Form::Signs),
            (false, Form::Signs, Form::Signs),
        ];
        let whole = |(note, middle, right)| (self.left(note), self.middle(middle), self.right(right));
        let width = |(left, middle, right): &(Vec<_>, Vec<_>, Vec<_>)| {
            draw::pieces_width(left) + draw::pieces_width(middle) + draw::pieces_width(right) + 2 * GAP
        };
        let mut groups = whole(forms[3]);
        for form in forms {
            groups = whole(form);
            if width(&groups) <= room {
                break;
            }
        }
        let (left, middle, right) = groups;
        let put = |x: usize, pieces: &[Piece<'_>], buf: &mut Buffer| {
            let x = x.min(usize::from(area.width)) as u16;
            draw::put_pieces(buf, area.x + x, area.y, area.width - x, pieces, self.look, Style::default());
        };
        let (left_wide, middle_wide, right_wide) = (draw::pieces_width(&left), draw::pieces_width(&middle), draw::pieces_width(&right));
        put(0, &left, buf);
        let clock = left_wide + GAP + right_wide <= room;
        let end = if clock { room - right_wide } else { room };
        if clock {
            put(end, &right, buf);
        }
        let free = end.saturating_sub(left_wide + middle_wide + if clock { GAP } else { 0 });
        if free >= GAP {
            put(left_wide + free.div_ceil(2).max(GAP), &middle, buf);
        }
    }
}
