//! What the cockpit costs on a large company: `triops demo --serve` in a process of its own at scale 1, 10 and 100, the cockpit on it in
//! a terminal, and a thousand sources. `cargo bench --bench demo`; it needs nothing else.
//! Not for: real servers (see `cockpit`).
//!
//! `TRIOPS_BENCH_SECONDS`: how long each is watched.

#![allow(clippy::print_stdout, clippy::expect_used, reason = "a benchmark prints its table and ends where it cannot measure")]

#[path = "cockpit/seat.rs"]
#[allow(dead_code, reason = "the other benchmark asks it for more")]
mod seat;

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use seat::{SIZE, Seat};

/// Key presses that are timed.
const PRESSES: usize = 400;
/// Sources of the last row.
const SOURCES: usize = 1000;
/// All sources of the largest world have answered by then.
const SETTLE: Duration = Duration::from_secs(45);

fn main() {
    let seconds = std::env::var("TRIOPS_BENCH_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(30);
    let time = Duration::from_secs(seconds);
    println!("{} columns × {} rows, {seconds} s each after {} s; keys: {PRESSES} presses", SIZE.0, SIZE.1, SETTLE.as_secs());
    println!("{:<34}{:>10}{:>10}{:>10}{:>10}{:>10}{:>10}  target", "", "sources", "key p50", "key p99", "CPU ms/s", "bytes/s", "MiB");
    for scale in [1, 10, 100] {
        let world = Served::new(scale);
        let target = if scale == 100 { "p99 ≤16 ms, ≤60 CPU, ≤120 MiB" } else { "" };
        row(&format!("triops, demo at scale {scale}"), &world, &world.settings, time, target);
    }
    // many systems of an ordinary size, not many large ones
    let world = Served::new(1);
    row(&format!("triops, {SOURCES} sources each 15 s"), &world, &many(&world.settings), time, "≤150 CPU");
}

fn row(title: &str, world: &Served, settings: &str, time: Duration, target: &str) {
    let file = world.home.join("cockpit.toml");
    write_private(&file, settings);
    let args = [OsStr::new("--config"), file.as_os_str(), OsStr::new("--log-file"), OsStr::new("none")];
    let mut seat = Seat::open(env!("CARGO_BIN_EXE_triops"), &args, &world.home, "");
    seat.wait(SETTLE);
    let cost = seat.cost(time);
    // up and down a full table, so that every press moves the selection
    seat.press(&["4"]);
    let mut times: Vec<f64> = (0..PRESSES)
        .filter_map(|press| {
            let took = seat.painted(if press / 20 % 2 == 0 { "j" } else { "k" }, Duration::from_secs(2));
            seat.wait(Duration::from_millis(30));
            took
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times.get((times.len() as f64 * share) as usize).copied();
    let cell = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.1}"));
    println!(
        "{title:<34}{:>10}{:>10}{:>10}{:>10}{:>10}{:>10}  {target}",
        settings.matches("[[source]]").count(),
        cell(at(0.5)),
        cell(at(0.99)),
        cell(cost.map(|cost| cost.cpu_ms_per_s)),
        cell(cost.map(|cost| cost.bytes_per_s)),
        cell(cost.map(|cost| cost.resident_mib)),
    );
}

/// The same systems again and again under other names, asked each 15 s.
fn many(settings: &str) -> String {
    let sources: Vec<&str> = settings.split("\n[[source]]\n").skip(1).collect();
    let one = |(place, source): (usize, &&str)| {
        let lines = source.lines().map(|line| match line.split_once(" = ") {
            // readings have names of their own further down
            Some(("name", _)) if source.starts_with(line) => format!("name = \"source-{place}\""),
            Some(("every", _)) => "every = \"15s\"".to_owned(),
            _ => line.to_owned(),
        });
        format!("\n[[source]]\n{}\n", lines.collect::<Vec<_>>().join("\n"))
    };
    sources.iter().cycle().take(SOURCES).enumerate().map(one).collect()
}

/// A world in a process of its own.
struct Served {
    child: Child,
    home: PathBuf,
    settings: String,
}

impl Served {
    fn new(scale: usize) -> Self {
        let home = std::env::temp_dir().join(format!("triops-bench-demo-{}-{scale}", std::process::id()));
        std::fs::create_dir_all(&home).expect("a folder is made");
        let scale = scale.to_string();
        let mut child = Command::new(env!("CARGO_BIN_EXE_triops"))
            .args(["demo", "--serve", "--skip", "8m", "--scale", &scale])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .env("HOME", &home)
            .spawn()
            .expect("the world is served");
        // what it says on standard error comes when all of the settings are out
        let out = BufReader::new(child.stdout.take().expect("its output"));
        let reader = std::thread::spawn(move || {
            let mut text = String::new();
            let mut quiet = out;
            while quiet.read_line(&mut text).is_ok_and(|read| read > 0) && !text.ends_with("# end\n") {}
            text
        });
        let settings = reader.join().expect("its settings");
        Self { child, home, settings }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.home);
    }
}

fn write_private(file: &Path, text: &str) {
    std::fs::write(file, text).expect("a configuration is written");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(file, mode).expect("it is made private");
}
