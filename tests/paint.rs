//! What the painter saves, a terminal must not miss: any frames, one after the other, give the picture they describe.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may fail loudly")]

use std::cell::RefCell;
use std::io::{self, Write};
use std::num::NonZeroU16;

use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::buffer::Buffer;
use ratatui::layout::Size;
use ratatui::style::{Color, Modifier, Style};
use triops::runtime::screen::{Canvas, Device};

/// A terminal that keeps what is written.
struct Paper {
    size: Size,
    written: RefCell<Vec<u8>>,
}

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.written.get_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Device for Paper {
    fn size(&self) -> io::Result<Size> {
        Ok(self.size)
    }

    fn take(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn give_back(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn terminal(width: u16, height: u16) -> Terminal<Canvas<Paper>> {
    let paper = Paper { size: Size { width, height }, written: RefCell::default() };
    Terminal::new(Canvas::new(paper, true)).unwrap()
}

/// The bytes since this was last asked.
fn written(terminal: &Terminal<Canvas<Paper>>) -> Vec<u8> {
    terminal.backend().device().written.take()
}

#[test]
fn no_control_character_reaches_the_terminal_from_a_cell() {
    let mut terminal = terminal(10, 2);
    terminal
        .draw(|frame| {
            let cell = &mut frame.buffer_mut()[(0, 0)];
            cell.set_symbol("\u{1b}]0;owned\u{7}");
            frame.buffer_mut()[(0, 1)].set_symbol("\u{9b}");
        })
        .unwrap();
    let written = String::from_utf8(written(&terminal)).unwrap();
    assert_eq!(written.matches('?').count(), 2, "{written:?}");
    assert!(!written.contains("owned") && !written.contains('\u{9b}'));
}

#[derive(Debug, Clone)]
struct Dab {
    x: u16,
    y: u16,
    symbol: &'static str,
    style: Style,
}

fn colors() -> impl Strategy<Value = Color> {
    prop_oneof![
        Just(Color::Reset),
        prop::sample::select(vec![Color::Red, Color::Gray, Color::DarkGray, Color::LightCyan, Color::White]),
        any::<u8>().prop_map(Color::Indexed),
        any::<(u8, u8, u8)>().prop_map(|(r, g, b)| Color::Rgb(r, g, b)),
    ]
}

const NARROW: &[&str] = &[" ", "a", "Z", "9", "│", "é", "▁", "⣿", "✖"];
const WIDE: &[&str] = &[" ", "a", "│", "漢", "字"];

fn dabs(width: u16, height: u16, symbols: &'static [&'static str]) -> impl Strategy<Value = Vec<Dab>> {
    let symbol = prop::sample::select(symbols);
    let modifiers = prop::sample::select(vec![
        Modifier::empty(),
        Modifier::BOLD,
        Modifier::DIM,
        Modifier::UNDERLINED,
        Modifier::REVERSED,
        Modifier::BOLD.union(Modifier::ITALIC).union(Modifier::REVERSED),
    ]);
    let dab = (0..width, 0..height, symbol, colors(), colors(), modifiers).prop_map(|(x, y, symbol, fg, bg, modifier)| {
        let style = Style::reset().fg(fg).bg(bg).add_modifier(modifier);
        Dab { x, y, symbol, style }
    });
    prop::collection::vec(dab, 0..40)
}

fn seen(color: Color) -> vt100::Color {
    match color {
        Color::Red => vt100::Color::Idx(1),
        Color::Gray => vt100::Color::Idx(7),
        Color::DarkGray => vt100::Color::Idx(8),
        Color::LightCyan => vt100::Color::Idx(14),
        Color::White => vt100::Color::Idx(15),
        Color::Indexed(index) => vt100::Color::Idx(index),
        Color::Rgb(r, g, b) => vt100::Color::Rgb(r, g, b),
        _ => vt100::Color::Default,
    }
}

fn assert_shows(screen: &vt100::Screen, buffer: &Buffer) {
    let mut covered = false;
    for (at, cell) in buffer.content().iter().enumerate() {
        let (x, y) = buffer.pos_of(at);
        let shown = screen.cell(y, x).unwrap();
        if std::mem::take(&mut covered) && x > 0 {
            continue; // the right half of a wide character
        }
        covered = unicode_width::UnicodeWidthStr::width(cell.symbol()) == 2;
        let symbol = if shown.has_contents() { shown.contents() } else { " " };
        assert_eq!(symbol, cell.symbol(), "at {x},{y}");
        assert_eq!(shown.bgcolor(), seen(cell.bg), "background at {x},{y}");
        let looks = (shown.underline(), shown.inverse());
        assert_eq!(looks, (cell.modifier.contains(Modifier::UNDERLINED), cell.modifier.contains(Modifier::REVERSED)), "at {x},{y}");
        if symbol != " " || looks.0 || looks.1 {
            assert_eq!(shown.fgcolor(), seen(cell.fg), "colour at {x},{y}");
            assert_eq!((shown.bold(), shown.dim()), (cell.modifier.contains(Modifier::BOLD), cell.modifier.contains(Modifier::DIM)));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_terminal_shows_what_was_drawn_frame_after_frame(frames in prop::collection::vec(dabs(24, 6, NARROW), 1..6)) {
        assert_frames_show(&frames);
    }

    /// One frame only: what a terminal makes of half a wide character that is painted over is its own business.
    #[test]
    fn a_terminal_shows_wide_characters_where_they_were_drawn(frame in dabs(24, 6, WIDE)) {
        assert_frames_show(&[frame]);
    }
}

/// A line of a log: what stands in it and how it looks.
fn lines(symbols: &'static [&'static str]) -> impl Strategy<Value = Vec<(Vec<&'static str>, Style)>> {
    let style = (colors(), prop_oneof![4 => Just(Color::Reset), 1 => colors()]).prop_map(|(fg, bg)| Style::reset().fg(fg).bg(bg));
    prop::collection::vec((prop::collection::vec(prop::sample::select(symbols), 24), style), 30..40)
}

/// Frames between a border that stays and a clock that ticks, in which the lines have moved by so many rows.
fn assert_moves_show(lines: &[(Vec<&str>, Style)], tops: &[usize], clock: bool) -> usize {
    let mut terminal = terminal(26, 14);
    let mut parser = vt100::Parser::new(NonZeroU16::new(14).unwrap(), NonZeroU16::new(26).unwrap(), 0);
    let mut longest = 0;
    for (n, top) in tops.iter().enumerate() {
        let mut drawn = Buffer::default();
        terminal
            .draw(|frame| {
                let buffer = frame.buffer_mut();
                for y in 0..14 {
                    buffer.set_string(0, y, "│", Style::new());
                    buffer.set_string(25, y, "│", Style::new().fg(Color::Gray));
                }
                if clock {
                    buffer.set_string(3, 0, format!("{n}"), Style::new());
                }
                for (y, (symbols, style)) in (1..13).zip(lines.iter().skip(*top)) {
                    buffer.set_stringn(1, y, symbols.concat(), 24, *style);
                }
                drawn = buffer.clone();
            })
            .unwrap();
        let bytes = written(&terminal);
        if n > 0 {
            longest = longest.max(bytes.len());
        }
        parser.process(&bytes);
        assert_shows(parser.screen(), &drawn);
    }
    longest
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_terminal_shows_what_moved_up_or_down(lines in lines(NARROW), tops in prop::collection::vec(0..30_usize, 2..8), clock: bool) {
        assert_moves_show(&lines, &tops, clock);
    }

    #[test]
    fn a_terminal_shows_what_moved_by_a_few_rows(lines in lines(NARROW), steps in prop::collection::vec(-6..7_i64, 1..8), clock: bool) {
        let mut top = 12_i64;
        let tops: Vec<usize> = steps.iter().map(|step| { top = (top + step).clamp(0, 28); top as usize }).collect();
        assert_moves_show(&lines, &tops, clock);
    }
}

#[test]
fn a_log_that_goes_on_by_a_line_costs_about_that_line() {
    let words = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m"];
    let line = |n: usize| ((0..24).map(|x| words[(n * 7 + x * 5 + n * x) % words.len()]).collect(), Style::new());
    let lines: Vec<(Vec<&str>, Style)> = (0..40).map(line).collect();
    let longest = assert_moves_show(&lines, &[0, 1, 2, 3, 4, 3, 2, 4], true);
    assert!(longest < 120, "{longest} bytes for at most two lines of 24");
}

fn assert_frames_show(frames: &[Vec<Dab>]) {
    let mut terminal = terminal(24, 6);
    let mut parser = vt100::Parser::new(NonZeroU16::new(6).unwrap(), NonZeroU16::new(24).unwrap(), 0);
    for dabs in frames {
        let mut drawn = Buffer::default();
        terminal
            .draw(|frame| {
                for Dab { x, y, symbol, style } in dabs {
                    frame.buffer_mut().set_string(*x, *y, symbol, *style);
                }
                drawn = frame.buffer_mut().clone();
            })
            .unwrap();
        parser.process(&written(&terminal));
        assert_shows(parser.screen(), &drawn);
    }
}
