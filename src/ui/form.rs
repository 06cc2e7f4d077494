//! A form: one field a row, its value beside its name, help or what is wrong below the one being filled.
//! Not for: which keys fill it and what is right (see `app::order::form`).

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::draw::{self, Piece};
use super::input::Input;
use super::{Look, Role};

/// Widest column of names.
const NAMES_MAX: usize = 22;

/// What stands beside a field's name.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// Text being written, with the cursor's place in bytes.
    Typed(Cow<'a, str>, usize),
    /// Yes or no.
    Switch(bool),
    /// One of several, with its place and how many there are.
    Choice(Cow<'a, str>, usize, usize),
}

/// One field.
#[derive(Debug, Clone, PartialEq)]
pub struct Field<'a> {
    /// Its name.
    pub name: Cow<'a, str>,
    /// It must be filled.
    pub required: bool,
    /// What stands in it.
    pub value: Value<'a>,
    /// What it is for.
    pub help: Cow<'a, str>,
    /// What is wrong with it.
    pub error: Option<Cow<'a, str>>,
}

/// The form.
#[derive(Debug, Clone, Copy)]
pub struct Form<'a> {
    /// How to draw.
    pub look: &'a Look,
    /// Its fields.
    pub fields: &'a [Field<'a>],
    /// The one that is being filled.
    pub at: usize,
}

impl Form<'_> {
    /// Rows it wants: one a field, one more below those in trouble and below the one being filled.
    pub fn rows(&self) -> usize {
        (0..self.fields.len()).map(|place| 1 + usize::from(self.below(place).is_some())).sum()
    }

    fn below(&self, place: usize) -> Option<(&str, Role)> {
        let field = &self.fields[place];
        let help = (place == self.at && !field.help.is_empty()).then_some((field.help.as_ref(), Role::Muted));
        field.error.as_ref().map(|error| (error.as_ref(), Role::Failed)).or(help)
    }

    fn names(&self) -> usize {
        self.fields.iter().map(|field| draw::width(&field.name)).max().unwrap_or(0).min(NAMES_MAX)
    }

    /// The first field drawn, so that the one being filled is seen whole.
    fn first(&self, height: u16) -> usize {
        let tall = |from: usize| (from..=self.at).map(|place| 1 + usize::from(self.below(place).is_some())).sum::<usize>();
        (0..=self.at).find(|from| tall(*from) <= usize::from(height)).unwrap_or(self.at)
    }

    /// Each field that is seen, with its row and the area of its value.
    fn places(&self, area: Rect) -> Vec<(usize, u16, Rect)> {
        if self.fields.is_empty() || area.is_empty() {
            return Vec::new();
        }
        // sign, name, star, two blanks
        let indent = (self.names() as u16 + 6).min(area.width);
        let mut y = area.y;
        let mut places = Vec::new();
        for place in self.first(area.height)..self.fields.len() {
            if y >= area.bottom() {
                break;
            }
            places.push((place, y, Rect { x: area.x + indent, y, width: area.width - indent, height: 1 }));
            y = y.saturating_add(1 + u16::from(self.below(place).is_some()));
        }
        places
    }

    fn input<'b>(&'b self, text: &'b str, cursor: usize) -> Input<'b> {
        Input { look: self.look, prompt: "", text, cursor, placeholder: "" }
    }

    /// Where the terminal's own cursor belongs, if text is being written.
    pub fn cursor_at(&self, area: Rect) -> Option<Position> {
        let (_, _, value) = self.places(area).into_iter().find(|(place, ..)| *place == self.at)?;
        match &self.fields.get(self.at)?.value {
            Value::Typed(text, cursor) => self.input(text, *cursor).cursor_at(value),
            Value::Switch(_) | Value::Choice(..) => None,
        }
    }
}

impl Widget for &Form<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        let names = self.names();
        for (place, y, at) in self.places(area) {
            let field = &self.fields[place];
            let here = place == self.at;
            let sign = if here { self.look.glyphs.selected() } else { " " };
            let name = draw::cut(&field.name, names, self.look.glyphs);
            let blanks = names.saturating_sub(draw::width(&name));
            let role = if field.error.is_some() { Role::Failed } else { Role::Text };
            let pieces = [
                Piece::new(format!(" {sign} "), Role::Accent),
                Piece::new(name, role),
                Piece::new(if field.required { "*" } else { " " }, Role::Warning),
                Piece::new(" ".repeat(blanks), Role::Text),
            ];
            draw::put_pieces(buf, area.x, y, area.width, &pieces, self.look, Style::default());
            self.value(&field.value, here, at, buf);
            if let Some((text, role)) = self.below(place).filter(|_| y + 1 < area.bottom()) {
                draw::put_pieces(buf, at.x, y + 1, at.width, &[Piece::new(text, role)], self.look, Style::default());
            }
        }
    }
}

impl Form<'_> {
    fn value(&self, value: &Value<'_>, here: bool, at: Rect, buf: &mut Buffer) {
        let role = if here { Role::Accent } else { Role::Text };
        let pieces = match value {
            Value::Typed(text, cursor) if here => return self.input(text, *cursor).render(at, buf),
            Value::Typed(text, _) => vec![Piece::new(text.as_ref(), Role::Text)],
            Value::Switch(on) => vec![Piece::new(if *on { "[x] yes" } else { "[ ] no" }, role)],
            Value::Choice(text, place, of) => {
                let (left, right) = self.look.glyphs.more();
                vec![
                    Piece::new(format!("{left} "), Role::Muted),
                    Piece::new(text.as_ref(), role),
                    Piece::new(format!(" {right} {}/{of}", place + 1), Role::Muted),
                ]
            }
        };
        draw::put_pieces(buf, at.x, at.y, at.width, &pieces, self.look, Style::default());
    }
}
