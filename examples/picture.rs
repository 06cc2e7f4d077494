//! Draws Triage of a known night into `docs/triage.svg`: `cargo run --example picture`. `cargo test --test screens` fails when
//! the picture there is not what the program draws.

#[path = "../tests/screens/world.rs"]
mod world;

fn main() -> std::io::Result<()> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/triage.svg");
    std::fs::write(path, world::picture())
}
