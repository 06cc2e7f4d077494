//! Where an error points, what it says, and that it costs its line alone.

use triops::source::exposition::Format;

use super::read;

/// A line of text, the column of its fault, and words of the message.
const TEXT: &[(&str, usize, &str)] = &[
    ("9a 1", 1, "expected a metric name, found \"9\""),
    ("é 1", 1, "expected a metric name, found \"é\""),
    ("\u{feff}a 1", 1, "found \"\\u{feff}\""),
    ("a-b 1", 2, "the value \"-b\" is not a number"),
    ("a", 2, "expected the value, found the end of the line"),
    ("a ", 3, "expected the value"),
    ("a one", 3, "the value \"one\" is not a number"),
    ("a 1e999", 3, "out of the range"),
    ("a\u{a0}1", 2, "\"\\u{a0}1\" is not a number"),
    ("a 1 2.5", 5, "the timestamp \"2.5\" is not a whole number of milliseconds"),
    ("a 1 99999999999999999999", 5, "whole number"),
    ("a 1 2 3", 7, "expected the end of the line after the timestamp, found \"3\""),
    ("a 1 # {x=\"y\"} 1", 5, "not in the text format"),
    ("a{b=\"c\" 1", 9, "expected `,` or `}` after the label, found \"1\""),
    ("a{b=\"c\"", 8, "found the end of the line"),
    ("a{", 3, "expected a label name, found the end of the line"),
    ("a{b=\"c} 1", 5, "the label value that opens here is never closed"),
    ("a{b=\"c\\\"} 1", 5, "never closed"),
    ("a{b=\"ü\",b=\"d\"} 1", 9, "the label \"b\" is there twice"),
    ("a{b=\"ü\",\"b\"=\"d\"} 1", 9, "there twice"),
    ("a{b=c} 1", 5, "expected a quoted label value, found \"c\""),
    ("a{b} 1", 4, "expected `=` after the label name, found \"}\""),
    ("a{b:c=\"d\"} 1", 4, "expected `=`"),
    ("a{,} 1", 3, "expected a label name, found \",\""),
    ("a{b=\"c\",,} 1", 9, "expected a label name"),
    ("a{b=\"c\"}} 1", 9, "\"}\" is not a number"),
    ("a{\"b\"} 1", 3, "no name is free here"),
    ("{\"a\",\"b\"} 1", 6, "no name is free here"),
    ("{b=\"c\"} 1", 1, "no metric name"),
    ("{} 1", 1, "no metric name"),
    ("{\"\"} 1", 2, "the name is empty"),
    ("{\"a\\x\"} 1", 4, "escapes"),
    ("a{__name__=\"b\"} 1", 3, "reserved"),
    ("# TYPE", 7, "expected a metric name"),
    ("# TYPE a", 9, "the type \"\" is not one of counter"),
    ("# TYPE a info", 10, "the type \"info\" is not one of counter"),
    ("# TYPE a counter x", 18, "expected the end of the line after the type"),
    ("# HELP é", 8, "expected a metric name"),
    ("# HELP a-b c", 9, "expected a blank after the metric name"),
    ("a 1\u{1b}[31m", 3, "\"1\\u{1b}[31m\""),
];

/// The same for `OpenMetrics`.
const OPENMETRICS: &[(&str, usize, &str)] = &[
    ("", 1, "no blank lines"),
    (" a 1", 1, "expected a metric name, found \" \""),
    ("a  1", 3, "exactly one space"),
    ("a\t1", 2, "expected a space before the value"),
    ("a 1 ", 5, "expected the timestamp, found the end of the line"),
    ("a 1\r", 4, "line feed alone"),
    ("a {b=\"c\"} 1", 3, "is not a number"),
    ("a{ b=\"c\"} 1", 3, "expected a label name"),
    ("a{b=\"c\",} 1", 9, "no comma after the last label"),
    ("a{b=\"c\"}1", 9, "expected a space before the value"),
    ("a 0x1p1", 3, "is not a number"),
    ("a 1_0", 3, "is not a number"),
    ("a 1 nan", 5, "\"nan\" is not a time in seconds"),
    ("a 1 1e300", 5, "is not a time in seconds"),
    ("a 1 2 3", 7, "expected an exemplar"),
    ("a 1 #", 6, "expected a space before the exemplar's labels"),
    ("a 1 # 5", 7, "expected the exemplar's labels in braces"),
    ("a 1 # {b=\"c\"}", 14, "expected a space before the exemplar's value"),
    ("a 1 # {\"b\"} 1", 8, "no name is free here"),
    ("a 1 # {} 1 2 3", 13, "after the exemplar"),
    ("# a comment", 3, "OpenMetrics has no comments"),
    ("#EOF", 2, "expected a space"),
    ("# EOF ", 3, "found \"EOF\""),
    ("# TYPE a untyped", 10, "the type \"untyped\" is not one of counter"),
    ("# TYPE  a gauge", 8, "exactly one space"),
    ("# HELP a", 9, "expected a space after the metric name"),
    ("# UNIT a m/s", 11, "a unit holds letters"),
];

/// Puts each bad line between two good ones: the error points into the second line, the others are kept.
fn costs_itself_alone(cases: &[(&str, usize, &str)], format: Format, end: &[&str]) {
    for (line, column, words) in cases {
        let body = format!("first 1\n{line}\nlast{{b=\"c\"}} 2\n{}", if end.is_empty() { "" } else { "# EOF\n" });
        let read = read(&body, format);
        let [first, error, rest @ ..] = read.as_slice() else { panic!("{line:?}: {read:?}") };
        assert_eq!(first, "first{} 1.0", "{line:?}");
        assert!(error.starts_with(&format!("2:{column} ")) && error.contains(words), "{line:?}: {error}");
        assert!(!error.chars().any(char::is_control), "{line:?}: {error:?}");
        assert_eq!(rest, [&["last{b=\"c\"} 2.0"], end].concat(), "{line:?}");
    }
}

#[test]
fn an_error_in_text_names_its_place_and_costs_its_line_alone() {
    costs_itself_alone(TEXT, Format::Text, &[]);
}

#[test]
fn an_error_in_openmetrics_names_its_place_and_costs_its_line_alone() {
    costs_itself_alone(OPENMETRICS, Format::OpenMetrics, &["Eof"]);
}

#[test]
fn a_line_that_is_not_utf8_costs_itself_alone() {
    let body = b"a 1\nb{c=\"\xc3\xbc\xff\"} 2\nd 3\n\xc3";
    let expected = ["a{} 1.0", "2:7 the line is not UTF-8", "d{} 3.0", "4:1 the line is not UTF-8"];
    assert_eq!(read(body, Format::Text), expected);
}

#[test]
fn a_missing_end_is_an_error_that_costs_nothing_read() {
    let partial = "3:1 the body ends without `# EOF`: it is partial";
    assert_eq!(read("a 1\nb 2\n", Format::OpenMetrics), ["a{} 1.0", "b{} 2.0", partial]);
    assert_eq!(read("", Format::OpenMetrics), ["1:1 the body ends without `# EOF`: it is partial"]);
}

#[test]
fn a_number_that_may_be_cut_short_is_not_taken_for_whole() {
    let cut = "2:5 the body ends inside this line, which may be cut short";
    let partial = "3:1 the body ends without `# EOF`: it is partial";
    assert_eq!(read("a 1\nb 12", Format::OpenMetrics), ["a{} 1.0", cut, partial]);
    // text has no end to miss, and many targets leave out the last line feed
    assert_eq!(read("a 1\nb 12", Format::Text), ["a{} 1.0", "b{} 12.0"]);
}

#[test]
fn text_after_the_end_is_one_error_and_is_not_read() {
    let after = "3:1 text after `# EOF`: it is not read";
    assert_eq!(read("a 1\n# EOF\nb 2\nc 3\n", Format::OpenMetrics), ["a{} 1.0", "Eof", after]);
    assert_eq!(read("a 1\n# EOF\n\n", Format::OpenMetrics), ["a{} 1.0", "Eof", after]);
}

#[test]
fn a_long_token_is_cut_in_the_message() {
    let read = read(format!("a {}\n", "ß".repeat(10_000)), Format::Text);
    assert!(read.len() == 1 && read[0].chars().count() < 100, "{read:?}");
}

#[test]
fn many_labels_are_compared_in_good_time_and_the_second_of_two_is_named() {
    let labels: Vec<String> = (0..200_000).map(|at| format!("l{at}=\"\",")).collect();
    let line = format!("a{{{}", labels.concat());
    assert_eq!(read(format!("{line}}} 1\n"), Format::Text).len(), 1);
    let column = line.len() + 1;
    let read = read(format!("{line}l7=\"\"}} 1\n"), Format::Text);
    assert_eq!(read, [format!("1:{column} the label \"l7\" is there twice")]);
}
