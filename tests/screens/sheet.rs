//! A screen as a page of text that people can read and compare: symbols first, then the styles.
//! Not for: making screens (see `world`).

use std::fmt::Write as _;

use ratatui::buffer::Buffer;

use crate::print::row;

/// What is written of a screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    Symbols,
    SymbolsAndStyles,
}

/// One screen under a line that says how large it is. Rows like the one above are counted, not repeated.
pub fn sheet(buffer: &Buffer, of: Of) -> String {
    let rows: Vec<(String, String)> = (buffer.area.top()..buffer.area.bottom()).map(|y| row(buffer, y)).collect();
    let symbols: Vec<&str> = rows.iter().map(|(symbols, _)| symbols.trim_end()).collect();
    let mut out = format!("== {}x{}\n", buffer.area.width, buffer.area.height);
    for (_, symbols, same) in runs(&symbols) {
        out.push_str(symbols);
        out.push('\n');
        if same > 1 {
            let _ = writeln!(out, "~ {} more like it", same - 1);
        }
    }
    if of == Of::SymbolsAndStyles {
        let styles: Vec<&str> = rows.iter().map(|(_, styles)| styles.as_str()).collect();
        out.push_str("-- styles: row, then columns\n");
        for (place, styles, same) in runs(&styles).into_iter().filter(|(_, styles, _)| !styles.is_empty()) {
            let to = if same > 1 { format!("-{}", place + same - 1) } else { String::new() };
            let _ = writeln!(out, "{place}{to}: {styles}");
        }
    }
    out
}

/// Signs that are neither ASCII nor words of the systems themselves (those of the night hold letters, a dash and an arrow).
pub fn strange(buffer: &Buffer) -> Vec<String> {
    let foreign = |c: char| c.is_ascii() || c.is_alphabetic() || "–→".contains(c);
    buffer.content().iter().map(|cell| cell.symbol().to_owned()).filter(|symbol| !symbol.chars().all(foreign)).collect()
}

/// Neighbours that are equal as one: the first's place, what it is, how many.
fn runs<'a>(rows: &[&'a str]) -> Vec<(usize, &'a str, usize)> {
    let mut runs: Vec<(usize, &'a str, usize)> = Vec::new();
    for (place, row) in rows.iter().enumerate() {
        match runs.last_mut().filter(|run| run.1 == *row) {
            Some(run) => run.2 += 1,
            None => runs.push((place, row, 1)),
        }
    }
    runs
}
