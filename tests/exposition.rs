//! What is promised of metrics read from targets: nothing is lost silently, a bad line costs itself alone,
//! and real bodies come out whole. Not for how fast (see `benches/exposition.rs`).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed test may end at once")]

#[path = "exposition/captures.rs"]
mod captures;
#[path = "exposition/families.rs"]
mod families;
#[path = "exposition/faults.rs"]
mod faults;
#[path = "exposition/lines.rs"]
mod lines;
#[path = "exposition/misread.rs"]
mod misread;
#[path = "exposition/properties.rs"]
mod properties;

use std::fmt::Write as _;

use triops::source::exposition::{Exposition, Format, Labels, Line, Sample};

/// One line in a form to compare: labels sorted, escapes and timestamps visible.
fn series(name: &str, labels: &[(String, String)], value: f64, timestamp: Option<i64>) -> String {
    let mut labels = labels.to_vec();
    labels.sort();
    let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    let mut text = format!("{name}{{{}}} {value:?}", labels.join(","));
    if let Some(timestamp) = timestamp {
        write!(text, " @{timestamp}").unwrap();
    }
    text
}

fn pairs(labels: Labels<'_>) -> Vec<(String, String)> {
    labels.iter().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

fn sample(sample: &Sample<'_>) -> String {
    let mut text = series(&sample.name, &pairs(sample.labels), sample.value, sample.timestamp);
    if let Some(exemplar) = &sample.exemplar {
        let exemplar = series("", &pairs(exemplar.labels), exemplar.value, exemplar.timestamp);
        write!(text, " # {exemplar}").unwrap();
    }
    text
}

/// Every line of a body, errors as `line:column message`.
fn read(body: impl AsRef<[u8]>, format: Format) -> Vec<String> {
    Exposition::parse(body.as_ref(), format)
        .map(|line| match line {
            Ok(Line::Sample(read)) => sample(&read),
            Ok(other) => format!("{other:?}"),
            Err(error) => format!("{}:{} {}", error.line, error.column, error.message),
        })
        .collect()
}
