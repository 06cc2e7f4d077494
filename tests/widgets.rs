//! Every widget as it looks, symbols and styles both, at several sizes; and that none ever leaves its area or panics.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test says no by panicking")]

mod widgets {
    pub mod cases;
    pub mod print;
}

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;

use triops::ui::color::ColorDepth;
use triops::ui::svg::{Palette, picture};
use triops::ui::{Glyphs, Look, Theme};

use widgets::cases::{CASES, Case};
use widgets::print::printed;

fn look(theme: &str, glyphs: Glyphs) -> Look {
    Look { theme: Theme::load(theme, None, ColorDepth::TrueColor).0, glyphs, zone: jiff::tz::TimeZone::UTC }
}

fn drawn(case: &Case, look: &Look, width: u16, height: u16) -> Buffer {
    let mut buf = Buffer::empty(Rect::new(0, 0, width, height));
    look.clear(buf.area, &mut buf);
    (case.draw)(look, buf.area, &mut buf);
    buf
}

#[test]
fn every_widget_looks_as_before() {
    let (unicode, ascii) = (look("ansi", Glyphs::Unicode), look("ansi", Glyphs::Ascii));
    for case in CASES {
        let mut out = String::new();
        for (width, height) in case.sizes {
            out.push_str(&format!("{width}x{height}\n{}\n", printed(&drawn(case, &unicode, *width, *height))));
        }
        let (width, height) = case.sizes[0];
        out.push_str(&format!("{width}x{height} ascii\n{}", printed(&drawn(case, &ascii, width, height))));
        insta::assert_snapshot!(case.name, out);
    }
}

#[test]
fn ascii_is_ascii() {
    let look = look("ansi", Glyphs::Ascii);
    for case in CASES {
        for (width, height) in case.sizes {
            let buf = drawn(case, &look, *width, *height);
            let strange: Vec<&str> =
                buf.content().iter().map(Cell::symbol).filter(|symbol| !symbol.is_ascii() && !case.foreign.contains(symbol)).collect();
            assert!(strange.is_empty(), "{}: {strange:?}", case.name);
        }
    }
}

/// A widget is given an area inside a larger buffer, and one that reaches out of it: what lies around must stay as it was.
#[test]
fn no_widget_leaves_its_area_or_panics_at_any_size() {
    let look = look("dark", Glyphs::Unicode);
    let sizes = (0..=40).flat_map(|width| (0..=20).map(move |height| (width, height))).chain([(80, 24), (200, 50), (500, 3), (3, 300)]);
    for (width, height) in sizes {
        for case in CASES {
            let mut around = Cell::EMPTY;
            around.set_symbol("~");
            let mut buf = Buffer::filled(Rect::new(5, 3, width + 4, height + 4), around.clone());
            let area = Rect::new(7, 5, width, height);
            (case.draw)(&look, area, &mut buf);
            for y in buf.area.top()..buf.area.bottom() {
                for x in buf.area.left()..buf.area.right() {
                    assert!(area.contains((x, y).into()) || buf[(x, y)] == around, "{} at {width}x{height} drew at {x},{y}", case.name);
                }
            }
            let mut small = Buffer::empty(Rect::new(2, 1, width / 2, height / 2));
            (case.draw)(&look, Rect::new(0, 0, width, height), &mut small);
            (case.draw)(&look, Rect::new(width, height, u16::MAX - width, u16::MAX - height), &mut small);
        }
    }
}

#[test]
fn a_picture_is_escaped_and_always_the_same() {
    let look = look("ansi", Glyphs::Unicode);
    let mut out = String::new();
    for case in CASES.iter().filter(|case| matches!(case.name, "table" | "chart")) {
        let buf = drawn(case, &look, 60, 10);
        let svg = picture(&buf, &Palette::default(), "a <b> & \"c\"");
        assert_eq!(svg, picture(&buf, &Palette::default(), "a <b> & \"c\""));
        assert!(svg.contains("<title>a &lt;b&gt; &amp; &quot;c&quot;</title>"));
        let opened = svg.matches("<text").count();
        assert_eq!(opened, svg.matches("</text>").count());
        out.push_str(&svg);
    }
    assert!(out.contains("p99 &gt; 1 s"), "what is drawn is escaped");
    insta::assert_snapshot!("picture", out);
}
