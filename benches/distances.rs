//! How fast drift and anomalies are judged, on one core: 10,000 features of 50 cells with every measure, and one step of 10,000
//! series. `benches/distances.py` does the same of drift with scipy, feature by feature.
#![allow(clippy::print_stdout, reason = "a bench prints its numbers")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use triops::insight::anomaly::Detector;
use triops::insight::drift::{Layout, Limits, Smoothing, compare};

const FEATURES: usize = 10_000;
const CELLS: usize = 50;
const SERIES: usize = 10_000;
/// Values every series has seen before it is measured: two seasons of a day, four times an hour.
const SEEN: usize = 192;
const ROUNDS: usize = 15;

fn main() {
    let edges: Vec<f64> = (0..CELLS).map(|edge| edge as f64).chain([f64::INFINITY]).collect();
    let mut state = 1_u64;
    let mut count = |least: f64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        least + (state >> 54) as f64
    };
    for (what, least) in [("no empty cells", 1.0), ("empty cells", -100.0)] {
        let mut window = || (0..FEATURES * CELLS).map(|_| count(least).max(0.0)).collect::<Vec<f64>>();
        let (reference, current) = (window(), window());
        let mut limits = Limits::default();
        let took = best(|| {
            for (r, c) in reference.chunks_exact(CELLS).zip(current.chunks_exact(CELLS)) {
                black_box(compare(Layout::Edges(&edges), r, c, Smoothing::Half, &mut limits));
            }
        });
        println!("drift     {FEATURES} features x {CELLS} cells, {what:<14} {:>8.2} ms", took.as_secs_f64() * 1e3);
    }
    let mut detectors = vec![Detector::with_memory(256); SERIES];
    let value = |series: usize, at: usize| {
        let turn = (at + series) as f64 / 96.0;
        100.0 + 30.0 * (turn * std::f64::consts::TAU).sin() + ((at * 7919 + series * 104_729) % 1000) as f64 / 100.0
    };
    let mut at = 0;
    let mut step = || {
        for (series, detector) in detectors.iter_mut().enumerate() {
            black_box(detector.step(at as f64 * 900.0, value(series, at)));
        }
        at += 1;
    };
    (0..SEEN).for_each(|_| step());
    let took = best(step);
    println!("anomalies {SERIES} series, one step                 {:>8.2} ms", took.as_secs_f64() * 1e3);
}

/// The shortest of some rounds: what the work takes when nothing else does.
fn best(mut work: impl FnMut()) -> Duration {
    let times = (0..ROUNDS).map(|_| {
        let began = Instant::now();
        work();
        began.elapsed()
    });
    times.min().unwrap_or_default()
}
