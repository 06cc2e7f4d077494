//! What the screens show: every tab and view, in every state and at every size people use, symbols and styles both.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod models;
mod orders;
#[path = "../widgets/print.rs"]
mod print;
mod sheet;
mod views;
mod world;

use sheet::{Of, sheet, strange};
use triops::pane::Tab;
use triops::ui::Glyphs;
use triops::ui::color::ColorDepth;
use world::{Night, draw, model, model_with, press, settings};

/// Sizes people use: a split over SSH, a laptop, a wide screen.
const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 50)];

/// How the sources can be doing.
const NIGHTS: [Night; 6] = [Night::Empty, Night::Loading, Night::Quiet, Night::Full, Night::Stale, Night::Failed];

#[test]
fn every_tab_in_every_state_at_every_size() {
    for night in NIGHTS {
        for (place, tab) in Tab::ALL.iter().enumerate() {
            let mut pages = String::new();
            for size in SIZES {
                let mut model = model(night);
                draw(&mut model, size);
                press(&mut model, &(place + 1).to_string());
                let of = if night == Night::Full || size == SIZES[0] { Of::SymbolsAndStyles } else { Of::Symbols };
                pages.push_str(&sheet(&draw(&mut model, size), of));
            }
            insta::assert_snapshot!(format!("tab-{}-{night:?}", tab.title()).to_lowercase(), pages);
        }
    }
}

#[test]
fn a_terminal_without_colours_or_unicode_shows_the_same_in_other_signs() {
    for (name, keys) in [("triage", "1"), ("pipelines", "3"), ("workloads", "4"), ("help", "?"), ("detail", "3 enter"), ("raw", "2 y")] {
        let mut model = model_with(Night::Full, settings("mono", ColorDepth::None, Glyphs::Ascii));
        draw(&mut model, SIZES[0]);
        press(&mut model, keys);
        let buffer = draw(&mut model, SIZES[0]);
        assert_eq!(strange(&buffer), Vec::<String>::new(), "{name}");
        insta::assert_snapshot!(format!("ascii-mono-{name}"), sheet(&buffer, Of::SymbolsAndStyles));
    }
}

#[test]
fn no_size_of_terminal_breaks_any_screen() {
    let mut model = model(Night::Full);
    for keys in [
        "1",
        "2",
        "3",
        "4",
        "5",
        "6",
        "7",
        "8",
        "enter",
        "esc 2 y",
        "esc ?",
        "esc :",
        "esc m",
        "esc A",
        "esc L",
        "esc /",
        "esc 4 l",
        "esc esc 2 v",
    ] {
        press(&mut model, keys);
        for width in [0, 1, 2, 3, 5, 10, 19, 20, 40, 79, 80, 300] {
            for height in [0, 1, 2, 3, 4, 5, 8, 10, 24, 100] {
                draw(&mut model, (width, height));
            }
        }
    }
}
