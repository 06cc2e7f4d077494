//! Several orders on their way: which waits, which is under way, how each ended.
//! Not for: sending them (see `runtime`), keeping what is awaited (see `store`).

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;

use crate::domain::{Entity, Order, Outcome, State, Text, Verdict};
use crate::ui::Look;
use crate::ui::dialog::Dialog;
use crate::ui::draw::Piece;
use crate::ui::text::{Line, Top};
use crate::ui::theme::Role;

/// Columns of the box.
const WIDTH: u16 = 96;
/// Columns of a name at most.
const NAMES_MAX: usize = 40;

/// The orders of one wish.
#[derive(Debug)]
pub struct Progress {
    title: Text,
    rows: Vec<Row>,
    /// What is at the top of the text.
    pub top: Top,
    halted: bool,
}

#[derive(Debug)]
struct Row {
    attempt: u64,
    target: Arc<Entity>,
    at: Step,
}

#[derive(Debug)]
enum Step {
    Waits,
    Going,
    Ended(Outcome),
}

impl Progress {
    /// These are to be sent.
    pub fn new(title: Text, orders: &[Order]) -> Self {
        let rows = orders.iter().map(|order| Row { attempt: order.attempt, target: Arc::clone(&order.target), at: Step::Waits });
        Self { title, rows: rows.collect(), top: Top::default(), halted: false }
    }

    /// One is on its way.
    pub fn going(&mut self, attempt: u64) {
        if let Some(row) = self.rows.iter_mut().find(|row| row.attempt == attempt) {
            row.at = Step::Going;
        }
    }

    /// One has ended.
    pub fn ended(&mut self, attempt: u64, outcome: &Outcome) {
        if let Some(row) = self.rows.iter_mut().find(|row| row.attempt == attempt) {
            row.at = Step::Ended(outcome.clone());
        }
    }

    /// Those that have not been sent yet, to be halted; nothing the second time.
    pub fn halt(&mut self) -> Vec<u64> {
        if std::mem::replace(&mut self.halted, true) {
            return Vec::new();
        }
        self.rows.iter().filter(|row| matches!(row.at, Step::Waits)).map(|row| row.attempt).collect()
    }

    /// Whether all have ended.
    pub fn is_over(&self) -> bool {
        self.rows.iter().all(|row| matches!(row.at, Step::Ended(_)))
    }

    /// Draws it.
    pub fn draw(&self, look: &Look, screen: Rect, buf: &mut Buffer) {
        let (body, foot) = (self.body(look), self.foot());
        (&self.dialog(look, &body, &foot)).render(screen, buf);
    }

    /// The top of its text after moving by so many rows.
    pub fn scrolled(&self, look: &Look, screen: Rect, by: isize) -> Top {
        let (body, foot) = (self.body(look), self.foot());
        self.dialog(look, &body, &foot).scrolled(screen, by)
    }

    fn dialog<'a>(&'a self, look: &'a Look, body: &'a [Line<'a>], foot: &'a [Line<'a>]) -> Dialog<'a> {
        let ended = self.rows.iter().filter(|row| matches!(row.at, Step::Ended(_))).count();
        let title = vec![
            Piece::new(self.title.as_str(), Role::Title),
            Piece::new(format!(" {} {ended} of {} ended", look.glyphs.dot(), self.rows.len()), Role::Muted),
        ];
        Dialog { look, title, note: "", body, top: self.top, foot, columns: WIDTH }
    }

    fn body(&self, look: &Look) -> Vec<Line<'_>> {
        let widest = self.rows.iter().map(|row| row.target.title().chars().count()).max().unwrap_or(0).min(NAMES_MAX);
        self.rows
            .iter()
            .map(|row| {
                let (state, words, role) = match &row.at {
                    Step::Waits => (State::Pending, "waits".to_owned(), Role::Muted),
                    Step::Going => (State::Running, "under way".to_owned(), Role::Running),
                    Step::Ended(outcome) => {
                        let (state, role) = match outcome.verdict() {
                            Verdict::Done => (State::Ok, Role::Text),
                            Verdict::DryRun => (State::Ok, Role::Muted),
                            Verdict::Failed => (State::Failed, Role::Failed),
                            Verdict::Refused => (State::Warning, Role::Warning),
                            Verdict::Cancelled => (State::Cancelled, Role::Muted),
                        };
                        (state, outcome.line(), role)
                    }
                };
                let (sign, colour) = look.state(state);
                let pieces = vec![
                    Piece::new(format!("{sign} "), colour),
                    Piece::new(format!("{:<widest$}  ", row.target.title()), Role::Text),
                    Piece::new(words, role),
                ];
                Line { pieces, hits: Vec::new() }
            })
            .collect()
    }

    fn foot(&self) -> Vec<Line<'_>> {
        let count =
            |wanted: Verdict| self.rows.iter().filter(|row| matches!(&row.at, Step::Ended(outcome) if outcome.verdict() == wanted)).count();
        let mut pieces = Vec::new();
        for (verdict, word, role) in [
            (Verdict::Done, "done", Role::Ok),
            (Verdict::DryRun, "only said", Role::Muted),
            (Verdict::Failed, "failed", Role::Failed),
            (Verdict::Refused, "refused", Role::Warning),
            (Verdict::Cancelled, "not sent", Role::Muted),
        ] {
            let count = count(verdict);
            if count > 0 {
                pieces.push(Piece::new(format!(" {count} {word} "), role));
            }
        }
        let keys = if self.is_over() {
            vec![Piece::new(" esc ", Role::Accent), Piece::new("closes", Role::Text)]
        } else {
            let x = if self.halted { " stopping: what is under way still ends" } else { " stops the rest" };
            vec![
                Piece::new(" x", Role::Accent),
                Piece::new(format!("{x}  "), Role::Text),
                Piece::new("esc ", Role::Accent),
                Piece::new("closes this; they go on", Role::Text),
            ]
        };
        pieces.extend(keys);
        vec![Line { pieces, hits: Vec::new() }]
    }
}
