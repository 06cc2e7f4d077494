//! A buffer as text: each row, and the styles in it that are not the ground's, as `from-to style`.
//! Not for: deciding what is right.
#![allow(dead_code, reason = "widgets and screens each use a part")]

use std::fmt::Write as _;

use ratatui::buffer::{Buffer, CellWidth};
use ratatui::style::{Color, Modifier, Style};

/// Rows between `│`, each followed by its styles.
pub fn printed(buf: &Buffer) -> String {
    let mut out = String::new();
    for y in buf.area.top()..buf.area.bottom() {
        let (symbols, styles) = row(buf, y);
        let _ = writeln!(out, "|{symbols}|");
        if !styles.is_empty() {
            let _ = writeln!(out, "    {styles}");
        }
    }
    out
}

/// A row's symbols, and its styles.
pub fn row(buf: &Buffer, y: u16) -> (String, String) {
    let (mut row, mut runs): (String, Vec<(u16, u16, Style)>) = (String::new(), Vec::new());
    let mut x = buf.area.left();
    while x < buf.area.right() {
        let cell = &buf[(x, y)];
        let wide = cell.symbol().cell_width().max(1);
        row.push_str(cell.symbol());
        match runs.last_mut().filter(|run| run.2 == cell.style()) {
            Some(run) => run.1 = x + wide - 1,
            None => runs.push((x, x + wide - 1, cell.style())),
        }
        x += wide;
    }
    let styles: Vec<String> = runs.iter().filter_map(|(from, to, style)| Some(format!("{from}-{to} {}", words(*style)?))).collect();
    (row, styles.join(", "))
}

fn words(style: Style) -> Option<String> {
    let mut words = Vec::new();
    if let Some(fg) = style.fg.filter(|fg| *fg != Color::Reset) {
        words.push(fg.to_string().to_lowercase());
    }
    if let Some(bg) = style.bg.filter(|bg| *bg != Color::Reset) {
        words.push(format!("on {}", bg.to_string().to_lowercase()));
    }
    words.extend(Modifier::all().iter_names().filter(|(_, one)| style.add_modifier.contains(*one)).map(|(name, _)| name.to_lowercase()));
    (!words.is_empty()).then(|| words.join(" "))
}
