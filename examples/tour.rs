//! Draws what the README shows of the demo: `docs/tour.svg`, an incident from the first alert to its repair by keys alone, and
//! `docs/triage.svg`. `cargo run --example tour`. The world is served in this process and its clock is moved, so both are the same
//! bytes each time; `cargo test --test demo` fails when those in `docs` are not what the program shows.

#[path = "../tests/demo/seat.rs"]
mod seat;
#[path = "../tests/demo/stage.rs"]
mod stage;
#[path = "../tests/demo/tour.rs"]
mod tour;

fn main() -> std::io::Result<()> {
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    std::fs::write(docs.join("tour.svg"), tokio.block_on(tour::film()))?;
    std::fs::write(docs.join("triage.svg"), tokio.block_on(tour::triage()))
}
