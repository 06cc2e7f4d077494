//! One sample line: `name{label="value",…} value [timestamp] [# exemplar]`, borrowed from the body.
//! Not for `#` lines, nor for what several samples mean together.

use std::borrow::Cow;

use super::cursor::{Cursor, Quoted};
use super::fault::{Fault, shown};
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

/// The labels between two braces, in the order sent: checked once, split when iterated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Labels<'a> {
    inside: &'a str,
    count: usize,
}

impl<'a> Labels<'a> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Names and values, each borrowed unless something in it is escaped.
    pub fn iter(&self) -> LabelIter<'a> {
        LabelIter { cursor: Cursor::new(self.inside, Format::Text) }
    }

    /// The value of one label. An absent label is not an empty one here, though Prometheus holds them equal.
    pub fn get(&self, name: &str) -> Option<Cow<'a, str>> {
        self.iter().find(|(label, _)| label == name).map(|(_, value)| value)
    }
}

impl<'a> IntoIterator for Labels<'a> {
    type Item = (Cow<'a, str>, Cow<'a, str>);
    type IntoIter = LabelIter<'a>;

    fn into_iter(self) -> LabelIter<'a> {
        self.iter()
    }
}

/// Iterates over [`Labels`].
#[derive(Debug, Clone)]
pub struct LabelIter<'a> {
    cursor: Cursor<'a>,
}

impl<'a> Iterator for LabelIter<'a> {
    type Item = (Cow<'a, str>, Cow<'a, str>);

    fn next(&mut self) -> Option<Self::Item> {
        let cursor = &mut self.cursor;
        loop {
            cursor.blanks();
            let name = match cursor.label_name() {
                Some(name) => Quoted { raw: name, escaped: false },
                None => cursor.quoted("label name").ok()?,
            };
            cursor.blanks();
            // a quoted string without a value is the metric's name
            if cursor.take(b'=') {
                cursor.blanks();
                let value = cursor.quoted("label value").ok()?;
                cursor.blanks();
                cursor.take(b',');
                return Some((name.text(), value.text()));
            }
            cursor.take(b',');
        }
    }
}

/// The raw names of a line's labels and where they stand, kept between lines so that a line allocates nothing.
pub(super) type Names<'a> = Vec<(&'a str, usize)>;

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
    let (labels, quoted) = if cursor.peek() == Some(b'{') {
        labels(&mut cursor, names, bare.is_none())?
    } else {
        (Labels { inside: "", count: 0 }, None)
    };
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
        Some(b'#') => return Err(Fault::new(cursor.at, "an exemplar or comment after a sample is not in the text format")),
        Some(_) => numeral(cursor, "the timestamp", number::millis)?,
    };
    cursor.blanks();
    if cursor.peek().is_some() {
        return Err(cursor.unexpected("the end of the line after the timestamp"));
    }
    Ok(Some(timestamp))
}

/// What may follow a value in `OpenMetrics`: a timestamp, an exemplar, or both in this order.
fn openmetrics_tail<'a>(
    cursor: &mut Cursor<'a>,
    names: &mut Names<'a>,
) -> Result<(Option<i64>, Option<Exemplar<'a>>), Fault> {
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
    let (labels, _) = labels(cursor, names, false)?;
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

fn numeral<T>(
    cursor: &mut Cursor<'_>,
    what: &'static str,
    read: impl Fn(&str) -> Result<T, &'static str>,
) -> Result<T, Fault> {
    let start = cursor.at;
    let token = cursor.word();
    if token.is_empty() {
        return Err(cursor.unexpected(what));
    }
    read(token).map_err(|wrong| Fault::new(start, format!("{what} {} {wrong}", shown(token))))
}

/// Checks the labels from `{` to `}`, and finds the metric's name among them where one may be.
fn labels<'a>(
    cursor: &mut Cursor<'a>,
    names: &mut Names<'a>,
    may_name: bool,
) -> Result<(Labels<'a>, Option<Quoted<'a>>), Fault> {
    cursor.take(b'{');
    let start = cursor.at;
    names.clear();
    let mut metric = None;
    cursor.blanks();
    let mut after_comma = false;
    loop {
        if cursor.peek() == Some(b'}') {
            if after_comma && cursor.format == Format::OpenMetrics {
                return Err(Fault::new(cursor.at, "OpenMetrics allows no comma after the last label"));
            }
            break;
        }
        let at = cursor.at;
        let (name, is_quoted) = match cursor.label_name() {
            Some(name) => (Quoted { raw: name, escaped: false }, false),
            None if cursor.peek() == Some(b'"') => (cursor.quoted_name("name")?, true),
            None => return Err(cursor.unexpected("a label name")),
        };
        cursor.blanks();
        if cursor.take(b'=') {
            cursor.blanks();
            cursor.quoted("label value")?;
            names.push((name.raw, at));
        } else if !is_quoted {
            return Err(cursor.unexpected("`=` after the label name"));
        } else if !may_name || metric.replace(name).is_some() {
            return Err(Fault::new(at, "a quoted string without `=` names a metric, and no name is free here"));
        }
        cursor.blanks();
        after_comma = cursor.take(b',');
        cursor.blanks();
        if !after_comma && cursor.peek() != Some(b'}') {
            return Err(cursor.unexpected("`,` or `}` after the label"));
        }
    }
    let inside = cursor.since(start);
    cursor.take(b'}');
    unique(names)?;
    Ok((Labels { inside, count: names.len() }, metric))
}

/// Two labels of one name make a series ambiguous; `__name__` would name the metric twice.
fn unique(names: &mut Names<'_>) -> Result<(), Fault> {
    const FEW: usize = 16;
    let twice = if names.len() <= FEW {
        names.iter().enumerate().find_map(|(seen, (name, at))| {
            names.get(..seen)?.iter().any(|(before, _)| before == name).then_some((*name, *at))
        })
    } else {
        // a hostile line of a million labels must not cost a million million comparisons
        names.sort_unstable();
        names.windows(2).find_map(|pair| match pair {
            [(first, _), (second, at)] if first == second => Some((*second, *at)),
            _ => None,
        })
    };
    if let Some((name, at)) = twice {
        return Err(Fault::new(at, format!("the label {} is there twice", shown(name))));
    }
    match names.iter().find(|(name, _)| *name == "__name__") {
        Some((_, at)) => Err(Fault::new(*at, "the label __name__ is reserved for the metric's name")),
        None => Ok(()),
    }
}
