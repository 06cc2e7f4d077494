//! What it costs to have every connector there is configured, and many of them twice: time and memory until all sources are made. Fails
//! over 40 ms or 20 MiB. Not for: asking them.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a bench prints what it measures")]

use std::path::Path;
use std::time::Instant;

use triops::config::{Connectors, Paths, SourceConfig};
use triops::source::registry::Registry;

const SOURCES: usize = 55;
const MAX_MS: f64 = 40.0;
const MAX_MIB: f64 = 20.0;

fn main() {
    let configs = configs();
    let before = resident_mib();
    let begun = Instant::now();
    let registry = Registry::load(&Paths::under(Path::new("/nonexistent"))).unwrap();
    let sources: Vec<_> = configs.iter().map(|config| registry.build(config).unwrap()).collect();
    let (ms, mib) = (begun.elapsed().as_secs_f64() * 1000.0, resident_mib() - before);
    println!("{} sources: {ms:.1} ms, {mib:.1} MiB", sources.len());
    if ms > MAX_MS || mib > MAX_MIB {
        println!("more than {MAX_MS} ms or {MAX_MIB} MiB");
        std::process::exit(1);
    }
}

/// Every connector that can be made with any address, path and parameters, again until there are enough.
fn configs() -> Vec<SourceConfig> {
    let connectors = Connectors::load(None).unwrap();
    let registry = Registry::load(&Paths::under(Path::new("/nonexistent"))).unwrap();
    let mut good = Vec::new();
    for name in connectors.names() {
        let connector = connectors.get(name).unwrap().unwrap();
        let with: std::collections::BTreeMap<_, _> = connector.with.keys().map(|key| (key.clone(), "x".into())).collect();
        let base = SourceConfig { connector: name.to_owned(), with, ..SourceConfig::default() };
        let url = SourceConfig { url: Some("http://127.0.0.1:1".to_owned()), ..base.clone() };
        let path = SourceConfig { path: vec!["/nonexistent".to_owned()], ..base.clone() };
        good.extend([url, path, base].into_iter().find(|config| registry.build(config).is_ok()));
    }
    let named = |(index, config): (usize, &SourceConfig)| SourceConfig { name: format!("s{index}"), ..config.clone() };
    good.iter().cycle().take(SOURCES).enumerate().map(named).collect()
}

/// Memory of this process, where the system tells.
fn resident_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<f64>().map_or(0.0, |kib| kib / 1024.0)
}
