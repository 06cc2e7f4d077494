//! One sample line: `name{label="value",…} value [timestamp] [# exemplar]`, borrowed from the body.
//! Not for `#` lines, nor for what several samples mean together.

use std::borrow::Cow;

use super::cursor::Cursor;
use super::fault::{Fault, shown};
use super::labels::{self, Labels, Names};
use super::{Format, number};

/// One value of one series. Nothing is allocated unless a name is escaped.
///
/// Text of the body is handed on as sent: control characters in it are the caller's to strip.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample<'a> {
    /// The metric's name, unescaped.
    pub name: Cow<'a, str>,
    /// Checked, and read when asked for.
    pub labels: Labels<'a>,
    /// May be NaN or infinite, as written.
    pub value: f64,
    /// Milliseconds since the epoch, if the line has one.
    pub timestamp: Option<i64>,
    /// Only in `OpenMetrics`.
    pub exemplar: Option<Exemplar<'a>>,
}

/// One observation, usually with a trace id, that went into a sample. Its length is not limited here: a value
/// is not given up for a decoration that is too long.
#[derive(Debug, Clone, PartialEq)]
pub struct Exemplar<'a> {
    /// Often `trace_id` and `span_id`.
    pub labels: Labels<'a>,
    /// The value observed.
    pub value: f64,
    /// Milliseconds since the epoch, if the exemplar has one.
    pub timestamp: Option<i64>,
}

/// Reads a line that is neither blank nor a `#` line.
pub(super) fn parse<'a>(line: &'a str, format: Format, names: &mut Names<'a>) -> Result<Sample<'a>, Fault> {
    let mut cursor = Cursor::new(line, format);
    cursor.blanks();
    let bare = cursor.metric_name();
    if bare.is_none() && cursor.peek() != Some(b'{') {
        return Err(cursor.unexpected("a metric name"));
    }
    if bare.is_some() {
        cursor.blanks();
    }
    let (labels, quoted) =
        if cursor.peek() == Some(b'{') { labels::parse(&mut cursor, names, bare.is_none())? } else { (Labels::default(), None) };
    let name = match (bare, quoted) {
        (Some(bare), _) => Cow::Borrowed(bare),
        (None, Some(quoted)) => quoted.text(),
        (None, None) => return Err(Fault::new(0, "no metric name before or inside the braces")),
    };
    // only text may close a brace, or pad a name, right before the value
    if format == Format::OpenMetrics {
        cursor.gap("the value")?;
    } else {
        cursor.blanks();
    }
    let value = numeral(&mut cursor, "the value", |token| number::value(token, format))?;
    let (timestamp, exemplar) = match format {
        Format::Text => (text_tail(&mut cursor)?, None),
        Format::OpenMetrics => openmetrics_tail(&mut cursor, names)?,
    };
    Ok(Sample { name, labels, value, timestamp, exemplar })
}

/// What may follow a value in text: blanks, a timestamp, blanks.
fn text_tail(cursor: &mut Cursor<'_>) -> Result<Option<i64>, Fault> {
    cursor.blanks();
    let timestamp = match cursor.peek() {
        None => return Ok(None),
        Some(b'#') => {
            return Err(Fault::new(cursor.at, "an exemplar or comment after a sample is not in the text format"));
        }
        Some(_) => numeral(cursor, "the timestamp", number::millis)?,
    };
    cursor.blanks();
    if cursor.peek().is_some() {
        return Err(cursor.unexpected("the end of the line after the timestamp"));
    }
    Ok(Some(timestamp))
}

/// What may follow a value in `OpenMetrics`: a timestamp, an exemplar, or both in this order.
fn openmetrics_tail<'a>(cursor: &mut Cursor<'a>, names: &mut Names<'a>) -> Result<(Option<i64>, Option<Exemplar<'a>>), Fault> {
    let timestamp = optional_seconds(cursor)?;
    if cursor.peek().is_none() {
        return Ok((timestamp, None));
    }
    cursor.gap("the exemplar")?;
    if !cursor.take(b'#') {
        return Err(cursor.unexpected("an exemplar or the end of the line"));
    }
    cursor.gap("the exemplar's labels")?;
    if cursor.peek() != Some(b'{') {
        return Err(cursor.unexpected("the exemplar's labels in braces"));
    }
    let (labels, _) = labels::parse(cursor, names, false)?;
    cursor.gap("the exemplar's value")?;
    let value = numeral(cursor, "the exemplar's value", |token| number::value(token, Format::OpenMetrics))?;
    let exemplar = Exemplar { labels, value, timestamp: optional_seconds(cursor)? };
    if cursor.peek().is_some() {
        return Err(cursor.unexpected("the end of the line after the exemplar"));
    }
    Ok((timestamp, Some(exemplar)))
}

fn optional_seconds(cursor: &mut Cursor<'_>) -> Result<Option<i64>, Fault> {
    let start = cursor.at;
    if cursor.peek().is_none() {
        return Ok(None);
    }
    cursor.gap("the timestamp")?;
    if cursor.peek() == Some(b'#') {
        cursor.at = start;
        return Ok(None);
    }
    numeral(cursor, "the timestamp", number::seconds).map(Some)
}

fn numeral<T>(cursor: &mut Cursor<'_>, what: &'static str, read: impl Fn(&str) -> Result<T, &'static str>) -> Result<T, Fault> {
    let start = cursor.at;
    let token = cursor.word();
    if token.is_empty() {
        return Err(cursor.unexpected(what));
    }
    read(token).map_err(|wrong| Fault::new(start, format!("{what} {} {wrong}", shown(token))))
}
