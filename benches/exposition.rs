//! How fast metrics are read, and how many are lost, beside `prometheus-parse` on the same bodies in the same run.
//! Not a test: `tests/exposition.rs` pins what each parser reads.
//!
//! `cargo bench --bench exposition` prints the fastest and the median of eleven runs on one thread.

#![allow(clippy::print_stdout, reason = "a benchmark prints its table")]

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

use triops::source::exposition::{Exposition, Format, Line, Scrape};

const SAMPLES: usize = 100_000;
const RUNS: usize = 11;

/// One body and what is known of it.
struct Body {
    title: &'static str,
    format: Format,
    text: String,
    samples: usize,
}

/// One way to read a body; gives how many samples came out.
type Reader = (&'static str, fn(&Body) -> usize);

const READERS: [Reader; 4] = [
    ("ours: samples", samples),
    ("ours: samples and every label", labels),
    ("ours: families", families),
    ("prometheus-parse", prometheus_parse),
];

fn main() {
    let bodies = [
        body("counters, 7 labels", Format::Text, plain),
        body("1 in 5 a recording rule", Format::Text, recording_rules),
        body("1 in 5 with `}` `,` `=` in a value", Format::Text, braces),
        body("OpenMetrics with exemplars", Format::OpenMetrics, exemplars),
    ];
    println!("  {:<32}{:>10}{:>10}{:>10}{:>8}", "parser", "best MB/s", "median", "read", "lost");
    for body in &bodies {
        let megabytes = body.text.len() as f64 / 1e6;
        println!("{} ({megabytes:.1} MB, {} samples)", body.title, body.samples);
        // it has no OpenMetrics
        let readers = if body.format == Format::OpenMetrics { &READERS[..3] } else { &READERS[..] };
        let mut measured = vec![([Duration::ZERO; RUNS], 0); readers.len()];
        // in turns, so that whatever else the machine does slows all of them alike
        for run in 0..RUNS {
            for ((times, count), (_, read)) in measured.iter_mut().zip(readers) {
                let start = Instant::now();
                *count = read(black_box(body));
                times[run] = start.elapsed();
            }
        }
        for ((mut times, count), (name, _)) in measured.into_iter().zip(readers) {
            times.sort_unstable();
            let rate = |time: Duration| megabytes / time.as_secs_f64();
            let (best, median) = (rate(times[0]), rate(times[RUNS / 2]));
            let lost = body.samples - count;
            println!("  {name:<32}{best:>10.0}{median:>10.0}{count:>10}{lost:>8}");
        }
    }
}

fn body(title: &'static str, format: Format, line: fn(usize, &mut String)) -> Body {
    let mut text = String::new();
    for at in 0..SAMPLES {
        line(at, &mut text);
    }
    if format == Format::OpenMetrics {
        text.push_str("# EOF\n");
    }
    Body { title, format, text, samples: SAMPLES }
}

fn plain(at: usize, text: &mut String) {
    named("http_server_requests_total", "/api/v1/orders", at, text);
}

fn recording_rules(at: usize, text: &mut String) {
    let name = if at.is_multiple_of(5) { "job:http_server_requests:rate5m" } else { "http_server_requests_total" };
    named(name, "/api/v1/orders", at, text);
}

fn braces(at: usize, text: &mut String) {
    let path = if at.is_multiple_of(5) { "/api/v1/orders/{id},sort=asc" } else { "/api/v1/orders" };
    named("http_server_requests_total", path, at, text);
}

fn named(name: &str, path: &str, at: usize, text: &mut String) {
    let (instance, code, value) = (at % 250, 200 + at % 5, at * 7919 % 1_000_000);
    let _ = writeln!(
        text,
        "{name}{{cluster=\"eu-west-1\",instance=\"10.4.{instance}.17:9090\",job=\"checkout\",method=\"GET\",\
         path=\"{path}\",code=\"{code}\",pod=\"{at}\"}} {value}.{}",
        at % 100,
    );
}

fn exemplars(at: usize, text: &mut String) {
    let _ = writeln!(
        text,
        "http_server_requests_total{{cluster=\"eu-west-1\",instance=\"10.4.0.17:9090\",job=\"checkout\",method=\"GET\",\
         code=\"200\",pod=\"{at}\"}} {at} 1700000000.{:03} # {{trace_id=\"{at:032x}\"}} 0.25",
        at % 1000,
    );
}

fn samples(body: &Body) -> usize {
    Exposition::parse(&body.text, body.format).filter(|line| matches!(black_box(line), Ok(Line::Sample(_)))).count()
}

fn labels(body: &Body) -> usize {
    let mut count = 0;
    for line in Exposition::parse(&body.text, body.format) {
        if let Ok(Line::Sample(sample)) = line {
            count += 1;
            for label in sample.labels {
                black_box(label);
            }
        }
    }
    count
}

fn families(body: &Body) -> usize {
    black_box(Scrape::read(&body.text, body.format)).samples
}

/// As its documentation reads a body: line by line, each line owned.
fn prometheus_parse(body: &Body) -> usize {
    let lines = body.text.lines().map(|line| Ok(line.to_owned()));
    prometheus_parse::Scrape::parse(lines).map_or(0, |scrape| black_box(scrape).samples.len())
}
