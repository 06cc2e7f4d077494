//! Breaks lines of a detail view that are wider than the screen: a reason is there to be read to its end.
//! Not for: which lines there are (see `fields`).

use super::fields::{KEY_WIDTH, Line};
use crate::ui::draw;
use crate::ui::text::{Wrap, rows};

/// Columns below which breaking helps nobody.
const NARROW: usize = 16;

/// The lines; what is too long goes on below, and leads where its line leads.
pub fn wrapped(lines: Vec<Line>, columns: usize) -> Vec<Line> {
    lines.into_iter().flat_map(|line| broken(line, columns)).collect()
}

fn broken(mut line: Line, columns: usize) -> Vec<Line> {
    let values = columns.saturating_sub(KEY_WIDTH + 1);
    if values < NARROW || line.heading {
        return vec![line];
    }
    let Some((text, role)) = line.value.pop() else {
        let parts = rows(&line.key, columns, Wrap::Anywhere);
        return parts.into_iter().map(|part| Line { key: line.key[part].to_owned(), ..line.clone() }).collect();
    };
    let before = draw::width(&line.key).max(KEY_WIDTH) + 1 + line.value.iter().map(|(text, _)| draw::width(text)).sum::<usize>();
    let room = columns.saturating_sub(before);
    // beside a bar there may be no room for a sentence: all of it goes below
    let first = if draw::width(&text) <= room {
        text.len()
    } else if room < NARROW {
        0
    } else {
        rows(&text, room, Wrap::Words).first().map_or(text.len(), |first| first.end)
    };
    let rest = text[first..].trim_start();
    let below: Vec<Line> = rows(rest, values, Wrap::Words)
        .into_iter()
        .filter(|part| !part.is_empty())
        .map(|part| Line { key: String::new(), value: vec![(rest[part].to_owned(), role)], ..line.clone() })
        .collect();
    line.value.push((text[..first].to_owned(), role));
    std::iter::once(line).chain(below).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::theme::Role;

    fn line(key: &str, value: &[&str]) -> Line {
        let value = value.iter().map(|text| ((*text).to_owned(), Role::Text)).collect();
        Line { key: key.to_owned(), value, target: None, heading: false }
    }

    #[test]
    fn a_line_is_broken_at_blanks_into_what_the_screen_has() {
        for (given, columns, shown) in [
            (line("why", &["short"]), 60, vec![line("why", &["short"])]),
            (line("why", &["one two three four five"]), 34, vec![line("why", &["one two three"]), line("", &["four five"])]),
            (line("step", &["12345678901234567890 ", "late"]), 40, vec![line("step", &["12345678901234567890 ", ""]), line("", &["late"])]),
            (line(&"x".repeat(40), &[]), 36, vec![line(&"x".repeat(36), &[]), line("xxxx", &[])]),
            (line("why", &["one two three four five"]), 20, vec![line("why", &["one two three four five"])]),
        ] {
            assert_eq!(wrapped(vec![given], columns), shown, "{columns}");
        }
    }
}
