//! Beside `prometheus-parse`: the same samples from all that it can read, and a pinned list of what it misreads.
//!
//! The list pins both sides, so a change of either parser is seen.

use prometheus_parse::{Scrape, Value};
use triops::source::exposition::{Exposition, Format, Line, Sample};

use super::captures::CAPTURES;
use super::{pairs, read, series};

/// When a line has no time, that crate gives it the one it was asked with.
const NOW: i64 = 1_700_000_000_000;

/// All samples of a body as that crate reads them, histograms and summaries taken apart again.
pub fn theirs(body: &str) -> Vec<String> {
    let lines = body.lines().map(|line| Ok(line.to_owned()));
    let now = std::time::UNIX_EPOCH + std::time::Duration::from_millis(NOW as u64);
    let mut read = Vec::new();
    for sample in Scrape::parse_at(lines, now.into()).unwrap().samples {
        let labels: Vec<_> = sample.labels.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        let time = Some(sample.timestamp.timestamp_millis());
        let mut push = |suffix: &str, bound: Option<(&str, f64)>, value| {
            let bound = bound.map(|(name, bound)| (name.to_owned(), bound.to_string()));
            let labels: Vec<_> = labels.iter().cloned().chain(bound).collect();
            read.push(series(&format!("{}{suffix}", sample.metric), &labels, value, time));
        };
        match &sample.value {
            Value::Counter(value) | Value::Gauge(value) | Value::Untyped(value) => {
                push("", None, *value);
            }
            Value::Histogram(buckets) => {
                for bucket in buckets {
                    push("_bucket", Some(("le", bucket.less_than)), bucket.count);
                }
            }
            Value::Summary(quantiles) => {
                for quantile in quantiles {
                    push("", Some(("quantile", quantile.quantile)), quantile.count);
                }
            }
        }
    }
    read.sort();
    read
}

/// Whether that crate can read a sample: plain names, and label values without what its patterns trip over.
fn readable(sample: &Sample<'_>) -> bool {
    !sample.name.contains(':') && sample.labels.iter().all(|(_, value)| !value.contains(['}', ',', '=', '"', '\\', '\n']))
}

/// The samples of a body that the other crate can read, in its terms.
pub fn ours(body: &str) -> (Vec<String>, usize) {
    let (mut read, mut beyond) = (Vec::new(), 0);
    for line in Exposition::parse(body, Format::Text) {
        match line.unwrap() {
            Line::Sample(sample) if readable(&sample) => {
                let mut labels = pairs(sample.labels);
                for (name, value) in &mut labels {
                    if name == "le" || name == "quantile" {
                        *value = value.parse::<f64>().unwrap().to_string();
                    }
                }
                let timestamp = sample.timestamp.or(Some(NOW));
                read.push(series(&sample.name, &labels, sample.value, timestamp));
            }
            Line::Sample(_) => beyond += 1,
            _ => {}
        }
    }
    read.sort();
    (read, beyond)
}

#[test]
fn both_parsers_agree_on_every_real_sample_that_the_other_can_read() {
    let mut agreed = 0;
    for (name, body, format, samples, _) in CAPTURES {
        if *format == Format::OpenMetrics {
            continue;
        }
        let (ours, beyond) = ours(body);
        assert_eq!(ours.len() + beyond, *samples, "{name}");
        // what it cannot read it may still give in part, so those lines are not shown to it
        let plain: Vec<&str> = body
            .lines()
            .filter(|line| match Exposition::parse(*line, Format::Text).next() {
                Some(Ok(Line::Sample(sample))) => readable(&sample),
                _ => true,
            })
            .collect();
        assert_eq!(ours, theirs(&plain.join("\n")), "{name}");
        agreed += ours.len();
    }
    assert!(agreed > 1500, "only {agreed} samples were compared");
}

/// What a body means, how the other crate reads it, and how we do.
struct Misread {
    why: &'static str,
    body: &'static str,
    theirs: &'static [&'static str],
    ours: &'static [&'static str],
}

const MISREAD: &[Misread] = &[
    Misread { why: "recording rules are dropped", body: "job:up:sum 1", theirs: &[], ours: &["job:up:sum{} 1.0"] },
    Misread { why: "`}` in a value drops the sample", body: "a{p=\"/x/{id}\"} 1", theirs: &[], ours: &["a{p=\"/x/{id}\"} 1.0"] },
    Misread {
        why: "`}` in a value can even give another number",
        body: "a{p=\"} 5 \"} 1",
        theirs: &["a{p=\"\"} 5.0"],
        ours: &["a{p=\"} 5 \"} 1.0"],
    },
    Misread { why: "a value is cut at its comma", body: "a{p=\"x,y\"} 1", theirs: &["a{p=\"x\"} 1.0"], ours: &["a{p=\"x,y\"} 1.0"] },
    Misread { why: "a label with `=` in its value is dropped", body: "a{p=\"x=y\"} 1", theirs: &["a{} 1.0"], ours: &["a{p=\"x=y\"} 1.0"] },
    Misread { why: "escapes stay", body: r#"a{p="C:\\x\n"} 1"#, theirs: &[r#"a{p="C:\\\\x\\n"} 1.0"#], ours: &[r#"a{p="C:\\x\n"} 1.0"#] },
    Misread {
        why: "quotes at the end of a value are eaten",
        body: r#"a{p="\"x\""} 1"#,
        theirs: &[r#"a{p="\\\"x\\"} 1.0"#],
        ours: &[r#"a{p="\"x\""} 1.0"#],
    },
    Misread {
        why: "blanks become part of names and values",
        body: "a{ p = \"x\" } 1",
        theirs: &["a{ p =\" \\\"x\\\" \"} 1.0"],
        ours: &["a{p=\"x\"} 1.0"],
    },
    Misread { why: "empty braces drop the sample", body: "a{} 1", theirs: &[], ours: &["a{} 1.0"] },
    Misread { why: "no blank after the braces drops the sample", body: "a{b=\"c\"}1", theirs: &[], ours: &["a{b=\"c\"} 1.0"] },
    Misread { why: "a blank before the braces drops the sample", body: "a {b=\"c\"} 1", theirs: &[], ours: &["a{b=\"c\"} 1.0"] },
    Misread { why: "quoted names are dropped", body: "{\"a.b\"} 1", theirs: &[], ours: &["a.b{} 1.0"] },
    Misread {
        why: "quoted label names keep their quotes",
        body: "a{\"b.c\"=\"d\"} 1",
        theirs: &["a{\"b.c\"=\"d\"} 1.0"],
        ours: &["a{b.c=\"d\"} 1.0"],
    },
    Misread { why: "hexadecimal values are dropped", body: "a 0x1p4", theirs: &[], ours: &["a{} 16.0"] },
    Misread { why: "a bad value is dropped without a word", body: "a one", theirs: &[], ours: &["1:3 the value \"one\" is not a number"] },
    Misread {
        why: "a value out of range becomes infinity",
        body: "a 1e999",
        theirs: &["a{} inf"],
        ours: &["1:3 the value \"1e999\" is out of the range of a 64-bit float"],
    },
    Misread {
        why: "a bad timestamp becomes now",
        body: "a 1 yesterday",
        theirs: &["a{} 1.0"],
        ours: &["1:5 the timestamp \"yesterday\" is not a whole number of milliseconds"],
    },
    Misread {
        why: "more after the timestamp goes unseen",
        body: "a 1 5 6",
        theirs: &["a{} 1.0 @5"],
        ours: &["1:7 expected the end of the line after the timestamp, found \"6\""],
    },
    Misread {
        why: "a name may start with a digit",
        body: "9a 1",
        theirs: &["9a{} 1.0"],
        ours: &["1:1 expected a metric name, found \"9\""],
    },
    Misread {
        why: "an unclosed value is closed",
        body: "a{b=\"c} 1",
        theirs: &["a{b=\"c\"} 1.0"],
        ours: &["1:5 the label value that opens here is never closed"],
    },
    Misread {
        why: "a value needs no quotes",
        body: "a{b=c} 1",
        theirs: &["a{b=\"c\"} 1.0"],
        ours: &["1:5 expected a quoted label value, found \"c\""],
    },
    Misread {
        why: "of two labels of one name the first is lost",
        body: "a{b=\"c\",b=\"d\"} 1",
        theirs: &["a{b=\"d\"} 1.0"],
        ours: &["1:9 the label \"b\" is there twice"],
    },
];

#[test]
fn what_the_other_parser_misreads_is_known_and_is_read_here() {
    let now = format!(" @{NOW}");
    for Misread { why, body, theirs: known, ours } in MISREAD {
        let theirs: Vec<String> = theirs(body).iter().map(|line| line.trim_end_matches(&now).to_owned()).collect();
        assert_eq!(theirs, *known, "prometheus-parse: {why}: {body}");
        assert_eq!(read(body, Format::Text), *ours, "ours: {why}: {body}");
        assert_ne!(theirs, *ours, "no misreading: {why}");
    }
}

#[test]
fn seconds_of_openmetrics_are_not_milliseconds() {
    assert_eq!(theirs("a 1 1700000000"), ["a{} 1.0 @1700000000"]);
    assert_eq!(theirs("a 1 1500000000.5"), [format!("a{{}} 1.0 @{NOW}")]);
    let body = "a 1 1700000000\na 1 1500000000.5\n# EOF\n";
    assert_eq!(read(body, Format::OpenMetrics), ["a{} 1.0 @1700000000000", "a{} 1.0 @1500000000500", "Eof"]);
}
