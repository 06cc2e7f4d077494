//! Writing to standard output and error: tables, JSON, and quiet when the reader has gone.
//! Not for: what is written.

use std::io::{self, Write};

use clap::ValueEnum;
use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use super::problem::Problem;

/// How data is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// Columns, for people.
    #[default]
    Table,
    /// One JSON object; its shape is stable.
    Json,
}

/// Writes data. A reader that has gone (`triops once | head`) is no failure.
pub fn print(text: &str) -> Result<(), Problem> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Problem::failed(format!("writing to standard output: {error}"), "is the disk full?"))
        }
        _ => Ok(()),
    }
}

/// Writes one JSON object.
pub fn print_json(value: &impl Serialize) -> Result<(), Problem> {
    match serde_json::to_string_pretty(value) {
        Ok(text) => print(&(text + "\n")),
        Err(error) => Err(Problem::failed(format!("writing JSON: {error}"), "")),
    }
}

/// Writes what is no data.
pub fn complain(text: &str) {
    // nobody is left to tell if this fails
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Rows under a header, in columns as wide as they need; the last one is not padded.
pub fn table<const N: usize>(header: [&str; N], rows: &[[String; N]]) -> String {
    let mut widths = header.map(UnicodeWidthStr::width);
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    let line = |cells: [&str; N]| {
        let mut out = String::new();
        for (place, cell) in cells.iter().enumerate() {
            out.push_str(cell);
            if place + 1 < N {
                out.extend(std::iter::repeat_n(' ', widths[place] - cell.width() + 2));
            }
        }
        out.trim_end().to_owned() + "\n"
    };
    let mut out = line(header);
    for row in rows {
        out.push_str(&line(std::array::from_fn(|place| row[place].as_str())));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_each_other_also_with_wide_characters() {
        let rows = [["日本".to_owned(), "x".to_owned()], ["a".to_owned(), String::new()]];
        assert_eq!(table(["N", "V"], &rows), "N     V\n日本  x\na\n");
    }
}
