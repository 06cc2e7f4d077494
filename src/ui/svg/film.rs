//! Pictures after each other as one SVG that moves by itself, in a browser and without a script.
//! Not for: how a row looks (see `svg`).

use std::collections::HashMap;
use std::fmt::Write as _;

use ratatui::buffer::Buffer;

use super::{CELL, LETTERS, MARGIN, Palette, extent, opened, row, short};

/// A film of buffers of one size, each shown for so many seconds, again and again. Rows that are the same are written once: most
/// of a terminal stays as it is from one picture to the next. The same frames and palette always give the same text.
pub fn film(frames: &[(Buffer, f64)], palette: &Palette, title: &str) -> String {
    let Some((first, _)) = frames.first() else { return String::new() };
    let (wide, high) = extent(first);
    let mut out = opened(first, palette, title);
    let mut rows: HashMap<String, usize> = HashMap::new();
    let mut strip = String::new();
    let mut drawn = String::new();
    for (place, (buffer, _)) in frames.iter().enumerate() {
        let _ = writeln!(strip, "<g transform=\"translate({} 0)\">", short(wide * place as f64));
        for y in 0..buffer.area.height {
            let mut text = String::new();
            row(&mut text, buffer, palette, y, 0.0);
            if text.is_empty() {
                continue;
            }
            let next = rows.len();
            let number = *rows.entry(text).or_insert_with_key(|text| {
                let _ = writeln!(drawn, "<g id=\"r{next}\">\n{text}</g>");
                next
            });
            let _ = write!(strip, "<use href=\"#r{number}\" y=\"{}\"/>", short(f64::from(y) * CELL.1));
        }
        strip.push_str("\n</g>\n");
    }
    let all_s: f64 = frames.iter().map(|(_, seconds)| seconds).sum();
    let _ = write!(out, "<style>.film{{animation:film {}s step-end infinite}}@keyframes film{{", short(all_s));
    let mut at_s = 0.0;
    for (place, (_, seconds)) in frames.iter().enumerate() {
        let _ = write!(out, "{:.3}%{{transform:translateX({}px)}}", 100.0 * at_s / all_s, short(0.0 - wide * place as f64));
        at_s += seconds;
    }
    out.push_str("}</style>\n");
    let _ = writeln!(out, "<defs {LETTERS}>\n{drawn}</defs>");
    // the inner picture shows one frame of the strip
    let (wide, high) = (short(wide), short(high));
    let _ = writeln!(out, "<svg x=\"{MARGIN}\" y=\"{MARGIN}\" width=\"{wide}\" height=\"{high}\" viewBox=\"0 0 {wide} {high}\">");
    let _ = writeln!(out, "<g class=\"film\" {LETTERS}>\n{strip}</g>\n</svg>\n</svg>");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    #[test]
    fn each_frame_has_its_time_and_a_row_that_stays_is_written_once() {
        let frame = |words: &str| {
            let mut buffer = Buffer::empty(Rect::new(0, 0, 8, 2));
            buffer.set_string(0, 0, "stays", Style::default());
            buffer.set_string(0, 1, words, Style::default());
            buffer
        };
        let text = film(&[(frame("one"), 3.0), (frame("two"), 1.0)], &Palette::default(), "a film");
        for (part, count) in [(">stays<", 1), (">one<", 1), (">two<", 1), ("href=\"#r0\"", 2)] {
            assert_eq!(text.matches(part).count(), count, "{part} in {text}");
        }
        assert!(text.contains("animation:film 4s step-end infinite"), "{text}");
        assert!(text.contains("0.000%{transform:translateX(0px)}75.000%{transform:translateX(-67.2px)}"), "{text}");
    }
}
