//! The detector ranks what is odd far better than simple baselines, on eight kinds of series with eight kinds of trouble, and
//! `triops detect` says the same line by line.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails loudly")]

mod measure;
mod series;

use std::io::Write;
use std::process::{Command, Stdio};

use measure::{rolling_z, seasonal_naive, volume};
use triops::insight::anomaly::Detector;

/// Series per kind and trouble; others than those the weights were chosen on.
const SEEDS: std::ops::Range<u64> = 9_000..9_002;

fn scores(values: &[f64]) -> Vec<f64> {
    let mut detector = Detector::with_memory(4096);
    values.iter().enumerate().map(|(at, value)| detector.step(at as f64 * 300.0, *value).score).collect()
}

#[test]
fn what_is_odd_is_ranked_far_better_than_by_simple_rules_in_every_kind_of_series() {
    let mut by_kind = [[0.0; 3]; series::KINDS.len()];
    for (kind, sums) in by_kind.iter_mut().enumerate() {
        for trouble in 0..series::TROUBLES.len() {
            for seed in SEEDS {
                let labelled = series::series(kind, trouble, seed * 64 + trouble as u64);
                assert!(!labelled.kind.is_empty());
                sums[0] += volume(&scores(&labelled.values), &labelled.odd);
                sums[1] += volume(&rolling_z(&labelled.values), &labelled.odd);
                sums[2] += volume(&seasonal_naive(&labelled.values, labelled.season), &labelled.odd);
            }
        }
    }
    let count = (SEEDS.end - SEEDS.start) as f64 * series::TROUBLES.len() as f64;
    let told: Vec<String> =
        series::KINDS.iter().zip(by_kind).map(|(kind, sums)| format!("{kind}: {:.3?}", sums.map(|sum| sum / count))).collect();
    for sums in by_kind {
        assert!(sums[0] > sums[1].max(sums[2]), "{}", told.join("\n"));
    }
    let mean = |of: usize| by_kind.iter().map(|sums| sums[of]).sum::<f64>() / count / by_kind.len() as f64;
    assert!(mean(0) > 0.38 && mean(0) > 2.0 * mean(1).max(mean(2)), "{:?}\n{}", [mean(0), mean(1), mean(2)], told.join("\n"));
}

#[test]
fn a_series_without_trouble_rarely_scores_above_a_half() {
    let mut above = 0;
    let mut all = 0;
    for seed in 0..8 {
        let labelled = series::series(1, 0, 77_000 + seed);
        let until = labelled.odd.iter().position(|odd| *odd).unwrap();
        above += scores(&labelled.values[..until]).iter().filter(|score| **score > 0.5).count();
        all += until;
    }
    assert!(above * 500 <= all, "{above} of {all}");
}

#[test]
fn the_command_scores_line_by_line_and_keeps_what_it_read() {
    let mut input = String::from("timestamp,value\n");
    let mut values = Vec::new();
    for at in 0..400_i64 {
        let value = if at == 350 { 900 } else { 100 + (at % 24) * 5 };
        values.push(value as f64);
        let shown = if at == 200 { String::new() } else { value.to_string() };
        input.push_str(&format!("2026-03-{:02} {:02}:00:00,{shown}\n", 1 + at / 24, at % 24));
    }
    let run = |input: &str, format: &str| {
        let mut child = Command::new(env!("CARGO_BIN_EXE_triops"))
            .args(["detect", "--input", "-", "--format", format])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, out, _) = run(&input, "csv");
    let rows: Vec<&str> = out.lines().collect();
    assert_eq!((code, rows.len(), rows[0]), (Some(0), 401, "timestamp,value,score"));
    let score = |at: usize| rows[at + 1].rsplit(',').next().unwrap().parse::<f64>().unwrap();
    assert!(rows[1].starts_with("2026-03-01 00:00:00,100,"));
    assert_eq!(rows[201], "2026-03-09 08:00:00,,0.000000000");
    // in its first days every evening is new to it
    assert!((200..400).all(|at| at == 350 || score(at) < score(350)), "{}", score(350));
    let (_, json, _) = run(&input, "json");
    let last: serde_json::Value = serde_json::from_str(json.lines().last().unwrap()).unwrap();
    let expected: Vec<f64> = serde_json::from_value(last["expected"].clone()).unwrap();
    assert!(expected[0] <= values[399] && values[399] <= expected[1], "{last}");

    let (code, _, said) = run("timestamp,value\n1,2\n2,much\n", "csv");
    assert_eq!((code, said.lines().next()), (Some(1), Some("triops: -:3: `much` is no number")));
}
