//! What holds for every body: no panic, what is printed is read back, a bad line costs itself alone.

use proptest::prelude::*;
use triops::source::exposition::{Exposition, Format, Line, Scrape};

use super::captures::kept;
use super::lines::one_value;
use super::misread::{ours, theirs};
use super::{read, series};

/// One sample as its printer knows it.
#[derive(Debug, Clone)]
struct Known {
    name: String,
    labels: Vec<(String, String)>,
    value: f64,
    timestamp: Option<i64>,
}

fn bare(name: &str, colon: bool) -> bool {
    let part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || colon && byte == b':';
    name.bytes().all(part) && !name.starts_with(|first: char| first.is_ascii_digit())
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('\n', "\\n").replace('"', "\\\""))
}

fn print(known: &Known, format: Format) -> String {
    let label = |(name, value): &(String, String)| {
        let name = if bare(name, false) { name.clone() } else { quoted(name) };
        format!("{name}={}", quoted(value))
    };
    let labels: Vec<String> = known.labels.iter().map(label).collect();
    let line = if bare(&known.name, true) {
        format!("{}{{{}}}", known.name, labels.join(","))
    } else {
        format!("{{{}}}", [vec![quoted(&known.name)], labels].concat().join(","))
    };
    let timestamp = match (known.timestamp, format) {
        (Some(millis), Format::Text) => format!(" {millis}"),
        (Some(millis), Format::OpenMetrics) => format!(" {:?}", millis as f64 / 1000.0),
        (None, _) => String::new(),
    };
    format!("{line} {:?}{timestamp}", known.value)
}

fn name(colon: bool) -> BoxedStrategy<String> {
    let bare = if colon { "[a-zA-Z_:][a-zA-Z0-9_:]{0,12}" } else { "[a-zA-Z_][a-zA-Z0-9_]{0,12}" };
    prop_oneof![3 => bare, 1 => "\\PC{1,8}", 1 => "[\\\\\"\n}{,= a]{1,8}"]
        .prop_filter("`__name__` is not a label", |name| name != "__name__")
        .boxed()
}

fn known() -> impl Strategy<Value = Known> {
    let value = prop_oneof![".{0,12}", "[\\\\\"\n}{,= #a]{0,12}"].prop_map(|value| value);
    let labels = prop::collection::btree_map(name(false), value, 0..5);
    let number = prop_oneof![any::<f64>(), any::<i32>().prop_map(f64::from), (-1e6..1e6f64).prop_map(|n| n.trunc() / 100.0)];
    let timestamp = prop::option::of(-4_000_000_000_000i64..4_000_000_000_000);
    (name(true), labels, number, timestamp).prop_map(|(name, labels, value, timestamp)| Known {
        name,
        labels: labels.into_iter().collect(),
        value,
        timestamp,
    })
}

fn says(known: &Known) -> String {
    series(&known.name, &known.labels, known.value, known.timestamp)
}

/// A sample that the other crate can read too.
fn plain() -> impl Strategy<Value = Known> {
    let labels = prop::collection::btree_map("[a-km-pr-z_][a-zA-Z0-9_]{0,8}", "[a-zA-Z0-9 /.:{_-]{0,12}", 0..5);
    let number = prop_oneof![any::<f64>(), any::<i32>().prop_map(f64::from)];
    let timestamp = prop::option::of(0..4_000_000_000_000i64);
    ("[a-zA-Z_][a-zA-Z0-9_]{0,12}", labels, number, timestamp).prop_map(|(name, labels, value, timestamp)| Known {
        name,
        labels: labels.into_iter().collect(),
        value,
        timestamp,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn what_is_printed_is_read_back(all in prop::collection::vec(known(), 0..8)) {
        for format in [Format::Text, Format::OpenMetrics] {
            let mut body: String = all.iter().map(|known| print(known, format) + "\n").collect();
            let mut expected: Vec<String> = all.iter().map(says).collect();
            if format == Format::OpenMetrics {
                body.push_str("# EOF\n");
                expected.push("Eof".to_owned());
            }
            prop_assert_eq!(read(&body, format), expected, "{}", body);
        }
    }

    #[test]
    fn a_bad_line_costs_itself_alone(
        mut all in prop::collection::vec(known(), 1..8),
        at in any::<prop::sample::Index>(),
        bad in prop::sample::select(vec!["a{b=\"", "1a 2", "a b", "a{b=\"c\"} 1 x", "{} 1", "a{b=\"c\",b=\"d\"} 1", "a{b=\"\u{0}"]),
    ) {
        let at = at.index(all.len());
        let mut lines: Vec<String> = all.iter().map(|known| print(known, Format::Text)).collect();
        lines.insert(at, bad.to_owned());
        let read = read(lines.join("\n"), Format::Text);
        prop_assert!(read[at].starts_with(&format!("{}:", at + 1)), "{}", read[at]);
        let rest = all.split_off(at);
        prop_assert_eq!(&read[..at], all.iter().map(says).collect::<Vec<_>>());
        prop_assert_eq!(&read[at + 1..], rest.iter().map(says).collect::<Vec<_>>());
    }

    #[test]
    fn no_bytes_make_it_panic_and_every_line_is_accounted_for(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        accounted(&bytes)?;
    }

    #[test]
    fn no_text_near_the_grammar_makes_it_panic(text in "([a{}=\"\\\\,# \t\r\n1.eE+_xpNaInfTYPEHLUO:é-]|# TYPE |# HELP |# EOF\n|le=\"|_bucket| histogram\n){0,120}") {
        accounted(text.as_bytes())?;
    }

    #[test]
    fn decimals_are_read_to_the_same_bits_as_the_standard_library_reads_them(
        token in "[+-]?[0-9]{0,20}(\\.[0-9]{0,20})?([eE][+-]?[0-9]{1,3})?",
    ) {
        let standard = token.parse::<f64>().ok().filter(|value| value.is_finite()).map(f64::to_bits);
        for format in [Format::Text, Format::OpenMetrics] {
            prop_assert_eq!(one_value(&token, format).map(f64::to_bits), standard, "{}", token);
        }
    }

    #[test]
    fn hexadecimal_floats_are_read_to_the_same_bits(bits in any::<u64>().prop_filter("finite", |bits| f64::from_bits(*bits).is_finite())) {
        let (sign, exponent, fraction) = (bits >> 63, bits >> 52 & 0x7FF, bits & ((1 << 52) - 1));
        let (lead, power) = if exponent == 0 { (0, -1022) } else { (1, exponent.cast_signed() - 1023) };
        let token = format!("{}0x{lead}.{fraction:013x}p{power}", if sign == 1 { "-" } else { "" });
        prop_assert_eq!(one_value(&token, Format::Text).map(f64::to_bits), Some(bits), "{}", token);
    }

    #[test]
    fn both_parsers_agree_on_what_the_other_can_read(all in prop::collection::vec(plain(), 0..20)) {
        let body: String = all.iter().map(|known| print(known, Format::Text).replace("{}", "") + "\n").collect();
        let (ours, beyond) = ours(&body);
        prop_assert_eq!(beyond, 0);
        prop_assert_eq!(ours.len(), all.len());
        prop_assert_eq!(ours, theirs(&body), "{}", body);
    }
}

/// A line that is not blank gives exactly one item, and each sample is kept in exactly one family.
fn accounted(bytes: &[u8]) -> Result<(), TestCaseError> {
    for format in [Format::Text, Format::OpenMetrics] {
        let mut items = 0;
        let mut ended = false;
        for line in Exposition::parse(bytes, format) {
            items += 1;
            match line {
                Ok(Line::Sample(sample)) => {
                    prop_assert_eq!(sample.labels.iter().count(), sample.labels.len());
                }
                Ok(Line::Eof) => ended = true,
                Ok(_) => {}
                Err(error) => prop_assert!(error.line >= 1 && error.column >= 1),
            }
        }
        if format == Format::Text {
            let blank = |line: &[u8]| line.strip_suffix(b"\r").unwrap_or(line).iter().all(|b| matches!(b, b' ' | b'\t'));
            prop_assert_eq!(items, bytes.split(|byte| *byte == b'\n').filter(|line| !blank(line)).count());
        } else if !ended {
            let lines = bytes.split_inclusive(|byte| *byte == b'\n').count();
            prop_assert_eq!(items, lines + 1, "each line, and the missing end");
        }
        let scrape = Scrape::read(bytes, format);
        prop_assert_eq!(kept(&scrape), scrape.samples);
    }
    Ok(())
}
