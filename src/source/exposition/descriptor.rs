//! The `#` lines: what a metric is (`TYPE`), means (`HELP`) and is measured in (`UNIT`), comments, and the end.
//! Not for samples, nor for checking a description against them.

use std::borrow::Cow;

use super::cursor::{Cursor, unescaped};
use super::fault::{Fault, shown};
use super::{Format, Line};

/// What a metric measures, by the words of both formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Kind {
    /// Only goes up, except when its process starts anew.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Cumulative buckets, sum and count of observations.
    Histogram,
    /// Buckets of a present distribution, which can shrink (`OpenMetrics`).
    GaugeHistogram,
    /// Quantiles computed by the target, sum and count.
    Summary,
    /// Facts as labels, value 1 (`OpenMetrics`).
    Info,
    /// One sample per possible state, 1 for those that hold (`OpenMetrics`).
    StateSet,
    /// Not said: `untyped` in text, `unknown` in `OpenMetrics`.
    #[default]
    Unknown,
}

impl Kind {
    /// The word of `OpenMetrics`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
            Self::GaugeHistogram => "gaugehistogram",
            Self::Summary => "summary",
            Self::Info => "info",
            Self::StateSet => "stateset",
            Self::Unknown => "unknown",
        }
    }

    /// The word of one format, or `None` if that format has no such word.
    pub fn from_word(word: &str, format: Format) -> Option<Self> {
        match (word, format) {
            ("counter", _) => Some(Self::Counter),
            ("gauge", _) => Some(Self::Gauge),
            ("histogram", _) => Some(Self::Histogram),
            ("summary", _) => Some(Self::Summary),
            ("untyped", Format::Text) | ("unknown", Format::OpenMetrics) => Some(Self::Unknown),
            ("gaugehistogram", Format::OpenMetrics) => Some(Self::GaugeHistogram),
            ("info", Format::OpenMetrics) => Some(Self::Info),
            ("stateset", Format::OpenMetrics) => Some(Self::StateSet),
            _ => None,
        }
    }
}

/// Reads a line whose first character (after blanks, in text) is `#`.
pub(super) fn parse(line: &str, format: Format) -> Result<Line<'_>, Fault> {
    match format {
        Format::Text => text(line),
        Format::OpenMetrics => openmetrics(line),
    }
}

/// In text every `#` line is a comment unless its first word is `HELP` or `TYPE`.
fn text(line: &str) -> Result<Line<'_>, Fault> {
    let mut cursor = Cursor::new(line, Format::Text);
    cursor.blanks();
    cursor.take(b'#');
    let comment = cursor.rest();
    cursor.blanks();
    let word = cursor.word();
    if !matches!(word, "HELP" | "TYPE") {
        return Ok(Line::Comment(comment));
    }
    cursor.blanks();
    let name = name(&mut cursor)?;
    let after_name = cursor.at;
    cursor.blanks();
    if cursor.at == after_name && cursor.peek().is_some() {
        return Err(cursor.unexpected("a blank after the metric name"));
    }
    if word == "HELP" {
        return Ok(Line::Help { name, text: unescaped(cursor.rest(), false) });
    }
    let kind = kind(&mut cursor)?;
    cursor.blanks();
    match cursor.peek() {
        None => Ok(Line::Type { name, kind }),
        Some(_) => Err(cursor.unexpected("the end of the line after the type")),
    }
}

/// In `OpenMetrics` a `#` line is `HELP`, `TYPE`, `UNIT` or `# EOF`; there are no comments.
fn openmetrics(line: &str) -> Result<Line<'_>, Fault> {
    if line == "# EOF" {
        return Ok(Line::Eof);
    }
    let mut cursor = Cursor::new(line, Format::OpenMetrics);
    cursor.take(b'#');
    cursor.gap("HELP, TYPE, UNIT or EOF")?;
    let at = cursor.at;
    let word = cursor.word();
    if !matches!(word, "HELP" | "TYPE" | "UNIT") {
        let found = shown(word);
        return Err(Fault::new(at, format!("expected HELP, TYPE, UNIT or EOF, found {found}; OpenMetrics has no comments")));
    }
    cursor.gap("the metric name")?;
    let name = name(&mut cursor)?;
    if word == "TYPE" {
        cursor.gap("the type")?;
        let kind = kind(&mut cursor)?;
        return match cursor.peek() {
            None => Ok(Line::Type { name, kind }),
            Some(_) => Err(cursor.unexpected("the end of the line after the type")),
        };
    }
    // a help text may begin with spaces of its own, and both may be empty
    if !cursor.take(b' ') {
        return Err(cursor.unexpected("a space after the metric name"));
    }
    if word == "HELP" {
        return Ok(Line::Help { name, text: unescaped(cursor.rest(), true) });
    }
    let unit = cursor.rest();
    match unit.bytes().position(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':'))) {
        None => Ok(Line::Unit { name, unit }),
        Some(at) => Err(Fault::new(cursor.at + at, "a unit holds letters, digits, `_` and `:` alone")),
    }
}

fn name<'a>(cursor: &mut Cursor<'a>) -> Result<Cow<'a, str>, Fault> {
    if cursor.peek() == Some(b'"') {
        return Ok(cursor.quoted_name("metric name")?.text());
    }
    match cursor.metric_name() {
        Some(name) => Ok(Cow::Borrowed(name)),
        None => Err(cursor.unexpected("a metric name")),
    }
}

fn kind(cursor: &mut Cursor<'_>) -> Result<Kind, Fault> {
    let at = cursor.at;
    let word = cursor.word();
    Kind::from_word(word, cursor.format).ok_or_else(|| {
        let words = match cursor.format {
            Format::Text => "counter, gauge, histogram, summary or untyped",
            Format::OpenMetrics => "counter, gauge, histogram, gaugehistogram, summary, info, stateset or unknown",
        };
        Fault::new(at, format!("the type {} is not one of {words}", shown(word)))
    })
}
