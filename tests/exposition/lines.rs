//! What well-formed lines mean, in both formats.

use triops::source::exposition::{ACCEPT, Exposition, Format, Line, Sample};

use super::read;

/// A line of text and what it says.
const TEXT: &[(&str, &str)] = &[
    ("a 1", "a{} 1.0"),
    ("a{} 1", "a{} 1.0"),
    ("  a\t1\t ", "a{} 1.0"),
    ("a 1 1395066363000", "a{} 1.0 @1395066363000"),
    ("a 1 -5 ", "a{} 1.0 @-5"),
    ("a 1 +5", "a{} 1.0 @5"),
    ("a 1\r", "a{} 1.0"),
    ("job:up:sum{job=\"x\"} 0", "job:up:sum{job=\"x\"} 0.0"),
    (":a 1", ":a{} 1.0"),
    ("a{b=\"c\",d=\"e\"} 1", "a{b=\"c\",d=\"e\"} 1.0"),
    ("a {\tb = \"c\" , d\t=\t\"e\" , } 1", "a{b=\"c\",d=\"e\"} 1.0"),
    ("a{b=\"c\"}1", "a{b=\"c\"} 1.0"),
    ("a{b=\"\"} 1", "a{b=\"\"} 1.0"),
    (r#"a{path="/x/{id}",q="a,b=c # \"d\""} 1"#, r#"a{path="/x/{id}",q="a,b=c # \"d\""} 1.0"#),
    (r#"a{b="\\n\n\\"} 1"#, r#"a{b="\\n\n\\"} 1.0"#),
    (r#"a{b="C:\dir\x"} 1"#, r#"a{b="C:\\dir\\x"} 1.0"#),
    ("a{b=\"grüße 你好\"} 1", "a{b=\"grüße 你好\"} 1.0"),
    (r#"{"my.metric"} 1"#, "my.metric{} 1.0"),
    (r#"{"my.metric","a.b"="x",c="d",} 1"#, r#"my.metric{a.b="x",c="d"} 1.0"#),
    (r#"{c="d","my \"metric\""} 1"#, r#"my "metric"{c="d"} 1.0"#),
    (r#"a{"b.c"="d"} 1"#, r#"a{b.c="d"} 1.0"#),
    ("# HELP a text  with \\\\ and \\n and \\\" ", r#"Help { name: "a", text: "text  with \\ and \n and \\\" " }"#),
    ("# HELP a", r#"Help { name: "a", text: "" }"#),
    ("#HELP a b", r#"Help { name: "a", text: "b" }"#),
    (" #\tHELP\ta\tb", r#"Help { name: "a", text: "b" }"#),
    ("# HELP \"a.b\" c", r#"Help { name: "a.b", text: "c" }"#),
    ("# TYPE a histogram", r#"Type { name: "a", kind: Histogram }"#),
    ("# TYPE a untyped ", r#"Type { name: "a", kind: Unknown }"#),
    ("# UNIT a seconds", r#"Comment(" UNIT a seconds")"#),
    ("# EOF", r#"Comment(" EOF")"#),
    ("#", r#"Comment("")"#),
    ("# HELPFUL words", r#"Comment(" HELPFUL words")"#),
];

#[test]
fn each_line_of_text_says_what_the_format_says() {
    for (line, says) in TEXT {
        assert_eq!(read(format!("{line}\n"), Format::Text), [*says], "{line}");
        assert_eq!(read(line, Format::Text), [*says], "without a line feed: {line}");
    }
}

#[test]
fn blank_lines_of_text_say_nothing() {
    assert_eq!(read("", Format::Text), [""; 0]);
    assert_eq!(read("\n \t\n\r\n\n", Format::Text), [""; 0]);
}

/// A line of `OpenMetrics` and what it says.
const OPENMETRICS: &[(&str, &str)] = &[
    ("a 1", "a{} 1.0"),
    ("a{} 1", "a{} 1.0"),
    ("a 1 1520879607.789", "a{} 1.0 @1520879607789"),
    ("a 1 1520879607.7894", "a{} 1.0 @1520879607789"),
    ("a 1 1520879607.78951", "a{} 1.0 @1520879607790"),
    ("a 1 -1e3", "a{} 1.0 @-1000000"),
    ("a 1 1.5e9", "a{} 1.0 @1500000000000"),
    ("a_total 1 # {} 0.5", "a_total{} 1.0 # {} 0.5"),
    (
        r#"a_bucket{le="1"} 3 1.5 # {trace_id="a # b",span="\"}"} 0.25 2.5"#,
        r#"a_bucket{le="1"} 3.0 @1500 # {span="\"}",trace_id="a # b"} 0.25 @2500"#,
    ),
    (r#"{"a.b","c.d"="e"} 1"#, r#"a.b{c.d="e"} 1.0"#),
    (r#"a{b="\x"} 1"#, r#"a{b="\\x"} 1.0"#),
    ("# HELP a \\\"b\\\"\\n ", r#"Help { name: "a", text: "\"b\"\n " }"#),
    ("# HELP a ", r#"Help { name: "a", text: "" }"#),
    ("# HELP a  b", r#"Help { name: "a", text: " b" }"#),
    ("# TYPE a gaugehistogram", r#"Type { name: "a", kind: GaugeHistogram }"#),
    ("# TYPE a unknown", r#"Type { name: "a", kind: Unknown }"#),
    ("# TYPE a info", r#"Type { name: "a", kind: Info }"#),
    ("# TYPE a stateset", r#"Type { name: "a", kind: StateSet }"#),
    ("# UNIT a_seconds seconds", r#"Unit { name: "a_seconds", unit: "seconds" }"#),
    ("# UNIT a ", r#"Unit { name: "a", unit: "" }"#),
];

#[test]
fn each_line_of_openmetrics_says_what_the_format_says() {
    for (line, says) in OPENMETRICS {
        assert_eq!(read(format!("{line}\n# EOF\n"), Format::OpenMetrics), [*says, "Eof"], "{line}");
        assert_eq!(read(format!("{line}\n# EOF"), Format::OpenMetrics), [*says, "Eof"], "{line}");
    }
}

/// A number as written, its value, and whether `OpenMetrics` takes it too.
const NUMBERS: &[(&str, f64, bool)] = &[
    ("0", 0.0, true),
    ("-0", -0.0, true),
    ("+1", 1.0, true),
    ("1.", 1.0, true),
    (".5", 0.5, true),
    ("-.5e1", -5.0, true),
    ("1e5", 1e5, true),
    ("1E+05", 1e5, true),
    ("1.055105024e+09", 1_055_105_024.0, true),
    ("9007199254740993", 9_007_199_254_740_992.0, true),
    ("9007199254740993.0000000000000000001", 9_007_199_254_740_994.0, true),
    ("0.1", 0.1, true),
    ("123456789.123456789", 123_456_789.123_456_79, true),
    ("1e22", 1e22, true),
    ("1e23", 1e23, true),
    ("5e-324", 5e-324, true),
    ("2e-324", 0.0, true),
    ("1.7976931348623157e308", f64::MAX, true),
    ("0000000000000000000000000000001", 1.0, true),
    ("inf", f64::INFINITY, true),
    ("+Inf", f64::INFINITY, true),
    ("-INFINITY", f64::NEG_INFINITY, true),
    ("NaN", f64::NAN, true),
    ("nan", f64::NAN, true),
    ("1_000", 1000.0, false),
    ("1_23.50_0_0e+1_2", 123.5e12, false),
    ("0x1p-2", 0.25, false),
    ("-0X1.8P1", -3.0, false),
    ("0x_1_0p0", 16.0, false),
    ("0x.8p1", 1.0, false),
    ("0x1.fffffffffffffp1023", f64::MAX, false),
    ("0x1p-1074", 5e-324, false),
    ("0x1p-1075", 0.0, false),
    ("0x1.8p-1075", 5e-324, false),
    ("0x1p-99999999999", 0.0, false),
    ("0x1.00000000000008p0", 1.0, false),
    ("0x1.00000000000008000000000001p0", 1.000_000_000_000_000_2, false),
    ("0x1.00000000000018p0", 1.000_000_000_000_000_4, false),
    ("0x0p5", 0.0, false),
];

/// What neither format takes as a number, though Rust or C might.
const NOT_NUMBERS: &[&str] = &[
    "+nan", "-NaN", "1e999", "-1e400", ".", "+", "-", "e5", "1e", "1e+", "--1", "1,5", "1f", "0x", "0x1", "0xp1", "0x1p", "0x1p+",
    "0x1.p1.", "0x1p1024", "0xgp1", "_1", "1_", "1__0", "1_.5", "1._5", "1e_5", "0_x1p1", "infinit", "NaN1", "½", "１",
];

/// The value of a sample, or `None` if its line is an error.
pub fn one_value(token: &str, format: Format) -> Option<f64> {
    let body = format!("a {token}\n# EOF\n");
    let first = Exposition::parse(&body, format).next();
    match first {
        Some(Ok(Line::Sample(Sample { value, .. }))) => Some(value),
        _ => None,
    }
}

#[test]
fn numbers_are_read_to_the_nearest_float() {
    for (token, value, in_openmetrics) in NUMBERS {
        let same = |read: f64| read.to_bits() == value.to_bits() || read.is_nan() && value.is_nan();
        assert!(one_value(token, Format::Text).is_some_and(same), "text: {token}");
        let openmetrics = one_value(token, Format::OpenMetrics);
        assert_eq!(openmetrics.is_some_and(same), *in_openmetrics, "OpenMetrics: {token} is {openmetrics:?}");
    }
}

#[test]
fn what_is_not_a_number_is_an_error() {
    for token in NOT_NUMBERS {
        assert_eq!(one_value(token, Format::Text), None, "text: {token}");
        assert_eq!(one_value(token, Format::OpenMetrics), None, "OpenMetrics: {token}");
    }
}

#[test]
fn the_content_type_names_the_format() {
    let cases = [
        ("text/plain; version=0.0.4; charset=utf-8", Some(Format::Text)),
        ("text/plain; version=1.0.0; charset=utf-8; escaping=allow-utf-8", Some(Format::Text)),
        ("Text/Plain;Version=\"0.0.4\"", Some(Format::Text)),
        ("text/plain", Some(Format::Text)),
        ("application/openmetrics-text; version=1.0.0; charset=utf-8", Some(Format::OpenMetrics)),
        ("application/openmetrics-text;charset=utf-8;version=0.0.1", Some(Format::OpenMetrics)),
        ("application/openmetrics-text; version=2.0.0", None),
        ("text/plain; version=2", None),
        ("application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited", None),
        ("text/html", None),
        ("", None),
    ];
    for (content_type, format) in cases {
        assert_eq!(Format::from_content_type(content_type), format, "{content_type}");
    }
    for offered in ACCEPT.split(',').filter(|offer| !offer.starts_with("*/*")) {
        assert!(Format::from_content_type(offered).is_some(), "asked for but not read: {offered}");
    }
}

#[test]
fn a_sample_without_escapes_borrows_everything() {
    use std::borrow::Cow;
    let body = "a{b=\"c\",\"d.e\"=\"f\"} 1\n{\"g.h\"} 2\n";
    for line in Exposition::parse(body, Format::Text) {
        let Ok(Line::Sample(sample)) = line else { panic!("{line:?}") };
        assert!(matches!(sample.name, Cow::Borrowed(_)));
        for (name, value) in sample.labels {
            assert!(matches!((name, value), (Cow::Borrowed(_), Cow::Borrowed(_))));
        }
    }
}

#[test]
fn labels_are_found_by_name_and_counted() {
    let body = r#"{"a.b",c="d","e.f"="g\"h"} 1"#;
    let Some(Ok(Line::Sample(sample))) = Exposition::parse(body, Format::Text).next() else { panic!() };
    assert_eq!(sample.labels.len(), 2);
    assert!(!sample.labels.is_empty());
    assert_eq!(sample.labels.get("e.f").as_deref(), Some("g\"h"));
    assert_eq!(sample.labels.get("a.b"), None);
}
