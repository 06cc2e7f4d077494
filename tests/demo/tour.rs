//! The tour that the README shows: an incident from the first alert to its repair, by keys alone, as a film; and the picture of Triage.
#![allow(dead_code, missing_docs, clippy::unwrap_used, clippy::panic, reason = "the test and the example each use a part")]

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use triops::ui::svg::{self, Palette};

use crate::seat::Seat;
use crate::stage::spec;

/// The size of a pane at night.
const SIZE: (u16, u16) = (80, 24);
/// Rows under it for what is pressed.
const CAPTION_ROWS: u16 = 2;

/// What is done before a picture.
enum Do {
    /// Nothing: time has gone on to this story second.
    Until(f64),
    /// These keys are pressed.
    Press(&'static str),
    /// This is typed.
    Type(&'static str),
}

use Do::{Press, Type, Until};

/// What is done, what stands under the picture after it, for how many seconds, and what must then be on the screen.
const TOUR: &[(Do, &str, f64, &str)] = &[
    (Until(58.0), "A quiet night: nothing fires, and everything answers", 3.0, "0 firing"),
    (Until(190.0), "Something fires. What, since when, what changed before, what it reaches", 5.0, "ErrorsHigh"),
    (Press("w"), "what happened before it broke: the likeliest cause first", 4.0, "●●●●●"),
    (Press("enter"), "all about it", 4.0, "orders-api"),
    (Press("esc"), "back", 1.0, "Needs you"),
    (Press("7"), "Changes", 2.0, "Changes"),
    (Press("/"), "filter", 1.0, ""),
    (Type("lumen/orders-api environment=prod"), "the deployments of the service", 2.0, ""),
    (Press("enter"), "the filter stays", 2.0, "lumen/orders-api → pr"),
    (Press("j"), "the deployment before it", 2.0, ""),
    (Press("R"), "roll back to it: what is sent, what it touches, how it is undone", 5.0, "Deploy this commit again"),
    (Type("deployment"), "in production, what stands for it is typed", 0.6, "deployment"),
    (Type("/18"), "in production, what stands for it is typed", 0.6, "deployment/18"),
    (Type("/180008"), "in production, what stands for it is typed", 1.5, "deployment/18/180008"),
    (Press("enter"), "done, and written to the audit log", 3.0, ""),
    (Press("1"), "Triage again", 2.0, "Needs you"),
    (Until(300.0), "The container runs; alerts look back over a while", 3.0, ""),
    (Until(1200.0), "Over: nothing fires", 5.0, "0 firing; all 7 sources answered"),
];

/// A picture with what was done under it.
fn captioned(screen: &Buffer, keys: &str, words: &str) -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, SIZE.0, SIZE.1 + CAPTION_ROWS));
    buffer.content[..screen.content.len()].clone_from_slice(&screen.content);
    let y = SIZE.1 + CAPTION_ROWS - 1;
    let mut x = 1;
    if !keys.is_empty() {
        let style = Style::default().fg(Color::Yellow).add_modifier(Modifier::BOLD | Modifier::REVERSED);
        x = buffer.set_stringn(x, y, format!(" {keys} "), usize::from(SIZE.0 - x), style).0 + 1;
    }
    buffer.set_stringn(x, y, words, usize::from(SIZE.0 - x), Style::default().fg(Color::White));
    buffer
}

/// The tour as an SVG that moves. The same bytes each time.
pub async fn film() -> String {
    let mut seat = Seat::new(spec("bad-deploy", 1, 1), SIZE).await;
    let mut frames = Vec::new();
    for (what, words, seconds, sees) in TOUR {
        let keys = match what {
            Until(s) => {
                seat.skip_until(s - 10.0);
                seat.wait_until(*s).await;
                ""
            }
            Press(keys) => {
                seat.press(keys).await;
                *keys
            }
            Type(text) => {
                seat.write(text).await;
                *text
            }
        };
        seat.see(sees);
        frames.push((captioned(&seat.picture(), keys, words), *seconds));
        seat.wait(*seconds).await;
    }
    svg::film(&frames, &Palette::default(), "triops: an incident from the first alert to its repair, by keys")
}

/// Triage when the first alerts of the same incident fire.
pub async fn triage() -> String {
    let mut seat = Seat::new(spec("bad-deploy", 1, 1), (100, 30)).await;
    seat.skip_until(48.0);
    seat.wait_until(58.0).await;
    seat.skip_until(180.0);
    seat.wait_until(190.0).await;
    seat.see("ErrorsHigh");
    seat.see("●●●●●");
    svg::picture(&seat.picture(), &Palette::default(), "triops: Triage in an incident of the demo")
}

/// Fails unless a picture is the one in `docs`; the other is kept for a look at what differs.
fn is_committed(file: &str, drawn: &str) {
    let committed = std::fs::read_to_string(format!("{}/docs/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap_or_default();
    if drawn != committed {
        let other = std::env::temp_dir().join(file);
        std::fs::write(&other, drawn).unwrap();
        panic!("docs/{file} is not what the program shows, which is {}; draw it anew: cargo run --example tour", other.display());
    }
}

#[tokio::test]
async fn the_tour_in_the_readme_is_what_the_program_shows() {
    let film = film().await;
    assert!(film.len() < 400_000, "{} bytes", film.len());
    is_committed("tour.svg", &film);
}

#[tokio::test]
async fn the_picture_in_the_readme_is_what_the_program_shows() {
    is_committed("triage.svg", &triage().await);
}
