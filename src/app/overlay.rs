//! Boxes over the screen: the palette, the help made from the live keymap.
//! Not for: what their keys do (see `act`), boxes of orders (see `order`).

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::{Model, contexts};
use crate::msg::{ACTIONS, Action, Context};
use crate::ui::draw::{self, Piece};
use crate::ui::frame::Frame;
use crate::ui::input::Input;
use crate::ui::modal::Modal;
use crate::ui::theme::{Role, role_of};

/// Columns of a box, if the screen has them.
const WIDTH: u16 = 76;

/// Draws the palette; tells where the cursor blinks.
pub fn palette(model: &Model, screen: Rect, buf: &mut Buffer) -> Option<Position> {
    let rows = model.palette.rows();
    let wanted = (screen.height / 2).max(8);
    let inner = open_box(model, "Find an action, a tab or an entity", "", wanted, screen, buf);
    let input = Input {
        look: &model.settings.look,
        prompt: ": ",
        text: model.input.text(),
        cursor: model.input.cursor(),
        placeholder: "a few letters",
    };
    input.render(draw::row(inner, 0), buf);
    let height = usize::from(inner.height.saturating_sub(1));
    let first = (model.palette.cursor() + 1).saturating_sub(height);
    for (place, row) in rows.iter().enumerate().skip(first).take(height) {
        let glyphs = model.settings.look.glyphs;
        let sign = row.state.map_or(Piece::new("  ", Role::Muted), |state| Piece::new(format!("{} ", glyphs.state(state)), role_of(state)));
        let pieces = [sign, Piece::new(row.title.as_str(), Role::Text), Piece::new(format!("  {}", row.note), Role::Muted)];
        line(model, &pieces, place == model.palette.cursor(), draw::row(inner, (place - first + 1) as u16), buf);
    }
    if rows.is_empty() {
        line(model, &[Piece::new("  nothing found", Role::Muted)], false, draw::row(inner, 1), buf);
    }
    input.cursor_at(draw::row(inner, 0))
}

/// The help's lines: for each context that has keys here, its actions; then the other contexts.
fn help_lines(model: &Model) -> Vec<Vec<Piece<'static>>> {
    let here = contexts(model);
    let mut order: Vec<Context> = here.to_vec();
    order.extend(Context::ALL.iter().filter(|context| !here.contains(context)));
    let mut lines = Vec::new();
    for context in order {
        let title = match context {
            Context::Global => "Everywhere",
            Context::Entity => "With the selection",
            Context::List => "In tables",
            Context::Detail => "In the detail view",
            Context::Log => "In logs",
            Context::Chart => "In charts",
        };
        lines.push(vec![Piece::new(title, Role::Title)]);
        for row in ACTIONS.iter().filter(|row| row.context == context) {
            let keys = keys(model, row.action);
            let keys = if keys.is_empty() { "(palette)".to_owned() } else { keys };
            lines.push(vec![Piece::new(format!("  {keys:<18}"), Role::Accent), Piece::new(row.title, Role::Text)]);
        }
        lines.push(Vec::new());
    }
    lines.pop();
    lines
}

/// Lines of the help.
pub fn help_height(model: &Model) -> usize {
    help_lines(model).len()
}

/// Draws the help.
pub fn help(model: &Model, screen: Rect, buf: &mut Buffer) {
    let lines = help_lines(model);
    let wanted = screen.height.saturating_sub(4).max(8);
    let inner = open_box(model, "Keys", "esc closes", wanted, screen, buf);
    let first = model.scroll.min(lines.len().saturating_sub(usize::from(inner.height)));
    for (place, pieces) in lines.iter().skip(first).take(usize::from(inner.height)).enumerate() {
        line(model, pieces, false, draw::row(inner, place as u16), buf);
    }
}

fn keys(model: &Model, action: Action) -> String {
    model.settings.keymap.keys(action).iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

fn open_box(model: &Model, title: &str, note: &str, rows: u16, screen: Rect, buf: &mut Buffer) -> Rect {
    let frame = Frame::new(&model.settings.look, title.to_owned()).right(note.to_owned()).focused(true);
    let modal = Modal { frame, columns: WIDTH, rows };
    modal.render(screen, buf);
    modal.inner(screen)
}

fn line(model: &Model, pieces: &[Piece<'_>], selected: bool, at: Rect, buf: &mut Buffer) {
    draw::put_pieces(buf, at.x, at.y, at.width, pieces, &model.settings.look, Style::default());
    if selected {
        buf.set_style(at.intersection(buf.area), model.settings.look.style(Role::Selection));
    }
}
