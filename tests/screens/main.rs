//! What the screens show: every tab and view, in every state and at every size people use.

mod world;

use ratatui::buffer::Buffer;
use world::{Night, draw, model, press};

/// Sizes people use: a split over SSH, a laptop, a wide screen.
const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 50)];

fn text(buffer: &Buffer) -> String {
    let area = buffer.area;
    let row = |y| {
        let mut skip = 0;
        let mut line = String::new();
        for x in 0..area.width {
            let symbol = buffer[(x, y)].symbol();
            if skip > 0 {
                skip -= 1;
                continue;
            }
            skip = unicode_width::UnicodeWidthStr::width(symbol).saturating_sub(1);
            line.push_str(symbol);
        }
        line.trim_end().to_owned()
    };
    (0..area.height).map(row).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_tab_in_the_incident_at_every_size() {
    for size in SIZES {
        let mut model = model(Night::Full);
        for tab in 1..=8 {
            press(&mut model, &tab.to_string());
            insta::assert_snapshot!(format!("tab-{tab}-full-{}x{}", size.0, size.1), text(&draw(&mut model, size)));
        }
    }
}

#[test]
fn triage_says_how_sure_it_is_in_every_state_of_the_sources() {
    for night in [Night::Empty, Night::Loading, Night::Quiet, Night::Stale, Night::Failed] {
        let mut model = model(night);
        insta::assert_snapshot!(format!("triage-{night:?}-80x24").to_lowercase(), text(&draw(&mut model, SIZES[0])));
    }
}

#[test]
fn detail_of_each_kind_shows_what_is_known() {
    for (name, keys) in [
        ("alert", "2 enter"),
        ("pipeline", "3 enter"),
        ("workload", "4 enter"),
        ("model", "5 enter"),
        ("dataset", "6 enter"),
        ("change", "7 enter"),
        ("source", "8 enter"),
        ("raw", "2 y"),
    ] {
        let mut model = model(Night::Full);
        draw(&mut model, SIZES[1]);
        press(&mut model, keys);
        insta::assert_snapshot!(format!("detail-{name}-120x40"), text(&draw(&mut model, SIZES[1])));
    }
}

#[test]
fn boxes_lie_over_the_screen() {
    for (name, keys) in [("help", "?"), ("palette", ": l o"), ("menu", "m"), ("filter", "/ a p i")] {
        let mut model = model(Night::Full);
        draw(&mut model, SIZES[0]);
        press(&mut model, keys);
        insta::assert_snapshot!(format!("box-{name}-80x24"), text(&draw(&mut model, SIZES[0])));
    }
}

#[test]
fn no_size_of_terminal_breaks_any_screen() {
    let mut model = model(Night::Full);
    for keys in ["1", "2", "3", "4", "5", "6", "7", "8", "enter", "esc 2 y", "esc ?", "esc :", "esc m", "esc /", "esc 4 l", "esc esc 2 v"] {
        press(&mut model, keys);
        for width in [0, 1, 2, 3, 5, 10, 19, 20, 40, 79, 80, 300] {
            for height in [0, 1, 2, 3, 4, 5, 8, 10, 24, 100] {
                draw(&mut model, (width, height));
            }
        }
    }
}

#[test]
fn the_picture_in_the_readme_is_what_the_program_draws() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/triage.svg");
    assert!(std::fs::read_to_string(path).unwrap() == world::picture(), "draw it anew: cargo run --example picture");
}
