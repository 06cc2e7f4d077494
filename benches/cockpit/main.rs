//! What the whole program costs at work and at rest, seen from the other end of its terminal, beside others at the same work.
//! Not for: the speed of its parts (see `screen`, `exposition`).
//!
//! `TRIOPS_BENCH_DOCKER=unix:///path.sock cargo bench --bench cockpit`; the engine should run 100 containers that each log once
//! a second (`tests/servers/load100.sh`). `benches/run` starts all of it. Variables: `TRIOPS_BENCH_PROMETHEUS` (a quiet one, to
//! rest beside), `TRIOPS_BENCH_SECONDS` (how long each is watched), `TRIOPS_BENCH_SCREENS` (a folder for the last screens).

#![allow(clippy::print_stdout, clippy::expect_used, reason = "a benchmark prints its table and ends where it cannot measure")]

mod seat;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use seat::{Cost, SIZE, Seat};

/// A first screen that takes longer than this is none.
const PATIENCE: Duration = Duration::from_secs(20);
/// What happens in the beginning is not the steady state.
const SETTLE: Duration = Duration::from_secs(15);
/// How often a start is timed.
const STARTS: usize = 9;

/// One row of the table.
struct Case {
    title: &'static str,
    program: PathBuf,
    args: Vec<String>,
    /// The key for the list of containers, pressed as soon as the program has drawn anything.
    list: &'static str,
    /// What stands on the screen once there is something to work with.
    useful: String,
    /// Keys that lead to what is measured.
    keys: &'static [&'static str],
    target: &'static str,
}

fn main() {
    let Ok(docker) = std::env::var("TRIOPS_BENCH_DOCKER") else {
        println!("cockpit: TRIOPS_BENCH_DOCKER names no engine; `benches/run` starts one");
        return;
    };
    let home = Home::new();
    let seconds = std::env::var("TRIOPS_BENCH_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(30);
    let time = Duration::from_secs(seconds);
    println!("{} columns × {} rows, {seconds} s each after {} s; starts: median of {STARTS}", SIZE.0, SIZE.1, SETTLE.as_secs());
    println!("{:<54}{:>10}{:>10}{:>10}{:>10}  target", "", "first ms", "CPU ms/s", "bytes/s", "MiB");
    for case in cases(&docker, &home.0) {
        let first = first_screen(&case, &home.0, &docker);
        let cost = work(&case, &home.0, &docker, time);
        let cell = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.1}"));
        let of = |part: fn(Cost) -> f64| cell(cost.map(part));
        println!(
            "{:<54}{:>10}{:>10}{:>10}{:>10}  {}",
            case.title,
            cell(first),
            of(|cost| cost.cpu_ms_per_s),
            of(|cost| cost.bytes_per_s),
            of(|cost| cost.resident_mib),
            case.target
        );
    }
}

/// Ours at work and at rest, and the others that are on `PATH`.
fn cases(docker: &str, home: &Path) -> Vec<Case> {
    let name = first_container(docker);
    let ours = |title, url: &str, connector: &str, useful: &str, list, keys, target| {
        let file = home.join(format!("{connector}.toml"));
        let text = format!("[[source]]\nname = \"here\"\nconnector = \"{connector}\"\nurl = \"{url}\"\n");
        std::fs::write(&file, text).expect("a configuration is written");
        let args = vec!["--config".to_owned(), file.display().to_string()];
        Case { title, program: PathBuf::from(env!("CARGO_BIN_EXE_triops")), args, list, useful: useful.to_owned(), keys, target }
    };
    let mut cases = vec![
        ours("triops, workloads with the first one's log open", docker, "docker", &name, "4", &["l"], "≤60 ≤10 ≤700 ≤25"),
        ours("triops, workloads", docker, "docker", &name, "4", &[], ""),
        ours("triops, idle on triage, that engine", docker, "docker", "1/1 source", "", &[], "<3 CPU, ≤60 bytes"),
    ];
    if let Ok(prometheus) = std::env::var("TRIOPS_BENCH_PROMETHEUS") {
        cases.push(ours("triops, idle on triage, Prometheus", &prometheus, "prometheus", "1/1 source", "", &[], "<3 CPU, ≤60 bytes"));
    }
    cases.push(ours("triops, held still with ctrl-f", docker, "docker", "1/1 source", "", &["\x06"], "0 bytes"));
    for (program, keys) in [("oxker", &[] as &'static [&'static str]), ("lazydocker", &[])] {
        if let Some(path) = on_path(program) {
            let args = if program == "oxker" { vec!["--host".to_owned(), docker.trim_start_matches("unix://").to_owned()] } else { vec![] };
            cases.push(Case { title: program, program: path, args, list: "", useful: name.clone(), keys, target: "" });
        }
    }
    cases
}

/// Milliseconds until it shows something to work with; the median of some starts.
fn first_screen(case: &Case, home: &Path, docker: &str) -> Option<f64> {
    let mut times: Vec<f64> = (0..STARTS).filter_map(|_| reach(&mut start(case, home, docker), case)).collect();
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied()
}

fn work(case: &Case, home: &Path, docker: &str, time: Duration) -> Option<Cost> {
    let mut seat = start(case, home, docker);
    reach(&mut seat, case)?;
    seat.wait(Duration::from_secs(2));
    seat.press(case.keys);
    seat.wait(SETTLE);
    let cost = seat.cost(time);
    if let Some(folder) = std::env::var_os("TRIOPS_BENCH_SCREENS") {
        let _ = std::fs::write(Path::new(&folder).join(format!("{}.txt", case.title)), seat.contents());
    }
    cost
}

fn start(case: &Case, home: &Path, docker: &str) -> Seat {
    let args: Vec<&OsStr> = case.args.iter().map(OsStr::new).collect();
    Seat::open(&case.program, &args, home, docker)
}

fn reach(seat: &mut Seat, case: &Case) -> Option<f64> {
    if !case.list.is_empty() {
        seat.until(PATIENCE, |screen| !screen.trim().is_empty())?;
        seat.type_now(case.list);
    }
    seat.until(PATIENCE, |screen| screen.contains(&case.useful))
}

/// The name at the top of the list: ours sorts by name, and a screen that shows it shows the list.
fn first_container(docker: &str) -> String {
    let listed = std::process::Command::new("docker")
        .args(["--host", docker, "ps", "--format", "{{.Names}}"])
        .output()
        .expect("`docker` is on PATH");
    let names = String::from_utf8_lossy(&listed.stdout);
    names.lines().min().expect("the engine runs containers").to_owned()
}

fn on_path(program: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?).map(|folder| folder.join(program)).find(|path| path.is_file())
}

/// An empty folder that is gone afterwards.
struct Home(PathBuf);

impl Home {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("triops-bench-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder is made");
        Self(path)
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
