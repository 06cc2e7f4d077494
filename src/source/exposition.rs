//! Metrics as targets expose them: Prometheus text 0.0.4 and `OpenMetrics` 1.0, read without copying.
//! Not for Prometheus' query API, nor for fetching: a body comes in whole and bounded, lines go out.
//!
//! [`Exposition`] gives every line as it is, [`Scrape`] gives families with histograms and summaries assembled.
//! Nothing is lost silently: a line that cannot be read is an error with its line and column, and costs
//! that line alone. Where the formats and their readers differ, this parser holds:
//!
//! - lines end with `\n`; text tolerates `\r\n`, `OpenMetrics` reports it;
//! - text tolerates a last line without `\n`, as Prometheus does. In `OpenMetrics` only `# EOF` may end so: any other
//!   last line may be cut short, and a cut number is a wrong number, so it is an error;
//! - a missing `# EOF` is an error after the last line (the body is partial) and costs nothing that was read;
//! - text after `# EOF` is one error, and is not read;
//! - an unknown escape in a label value is kept as written, as Prometheus does.

mod cursor;
mod descriptor;
mod family;
mod fault;
mod format;
mod grouping;
mod labels;
mod number;
mod part;
mod sample;

use std::borrow::Cow;

use memchr::memchr;

pub use descriptor::Kind;
pub use family::{Bucket, Family, Flaw, Histogram, Quantile, Scrape, Series, Summary, Value};
pub use fault::ParseError;
pub use format::{ACCEPT, Format};
pub use labels::{LabelIter, Labels};
pub use sample::{Exemplar, Sample};

use fault::Fault;
use labels::Names;

/// One line that says something.
#[derive(Debug, Clone, PartialEq)]
pub enum Line<'a> {
    /// `# HELP name text`, unescaped; the text may be empty.
    Help {
        /// The metric family.
        name: Cow<'a, str>,
        /// What it means, for people.
        text: Cow<'a, str>,
    },
    /// `# TYPE name kind`.
    Type {
        /// The metric family.
        name: Cow<'a, str>,
        /// What it measures.
        kind: Kind,
    },
    /// `# UNIT name unit`, only in `OpenMetrics`; the unit may be empty.
    Unit {
        /// The metric family.
        name: Cow<'a, str>,
        /// The base unit, for example `seconds`.
        unit: &'a str,
    },
    /// One value of one series.
    Sample(Sample<'a>),
    /// Any other `#` line of text, without its `#`.
    Comment(&'a str),
    /// `# EOF`: an `OpenMetrics` body is whole.
    Eof,
}

/// A body of metrics, read line by line. Blank lines of text give nothing.
#[derive(Debug, Clone)]
pub struct Exposition<'a> {
    rest: &'a [u8],
    format: Format,
    line: usize,
    end: End,
    names: Names<'a>,
}

/// How far a body is from its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Lines may follow.
    Ahead,
    /// `# EOF` was read: only a fault may follow.
    Marked,
    /// All that there is to say has been said.
    Passed,
}

impl<'a> Exposition<'a> {
    /// Reads `body`, which need not be UTF-8: a line that is not is an error of that line.
    pub fn parse(body: &'a (impl AsRef<[u8]> + ?Sized), format: Format) -> Self {
        Self { rest: body.as_ref(), format, line: 0, end: End::Ahead, names: Vec::new() }
    }

    /// The number of the line given last, counted from 1; 0 before the first.
    pub fn line(&self) -> usize {
        self.line
    }

    /// The next line and whether a line feed ended it.
    fn next_line(&mut self) -> (&'a [u8], bool) {
        self.line += 1;
        let rest = self.rest;
        if let Some(end) = memchr(b'\n', rest) {
            self.rest = rest.get(end + 1..).unwrap_or_default();
            (rest.get(..end).unwrap_or_default(), true)
        } else {
            self.rest = &[];
            (rest, false)
        }
    }

    /// The body has no more bytes, or none that count.
    fn finish(&mut self) -> Option<Result<Line<'a>, ParseError>> {
        let end = std::mem::replace(&mut self.end, End::Passed);
        let message = match (self.format, end) {
            (Format::OpenMetrics, End::Ahead) => "the body ends without `# EOF`: it is partial",
            (Format::OpenMetrics, End::Marked) if !self.rest.is_empty() => "text after `# EOF`: it is not read",
            _ => return None,
        };
        self.rest = &[];
        self.line += 1;
        Some(Err(ParseError { line: self.line, column: 1, message: message.into() }))
    }

    fn read(&mut self, bytes: &'a [u8], ended: bool) -> Result<Option<Line<'a>>, Fault> {
        let line = str::from_utf8(bytes).map_err(|error| Fault::new(error.valid_up_to(), "the line is not UTF-8"))?;
        match self.format {
            Format::Text => self.read_text(line.strip_suffix('\r').unwrap_or(line)),
            Format::OpenMetrics => self.read_openmetrics(line, ended),
        }
    }

    fn read_text(&mut self, line: &'a str) -> Result<Option<Line<'a>>, Fault> {
        match line.bytes().find(|byte| !matches!(byte, b' ' | b'\t')) {
            None => Ok(None),
            Some(b'#') => descriptor::parse(line, Format::Text).map(Some),
            Some(_) => sample::parse(line, Format::Text, &mut self.names).map(Line::Sample).map(Some),
        }
    }

    fn read_openmetrics(&mut self, line: &'a str, ended: bool) -> Result<Option<Line<'a>>, Fault> {
        if line.ends_with('\r') {
            return Err(Fault::new(line.len() - 1, "OpenMetrics ends lines with a line feed alone, found \"\\r\""));
        }
        let read = match line.as_bytes().first() {
            None => return Err(Fault::new(0, "OpenMetrics has no blank lines")),
            Some(b'#') => descriptor::parse(line, Format::OpenMetrics)?,
            Some(_) => Line::Sample(sample::parse(line, Format::OpenMetrics, &mut self.names)?),
        };
        if matches!(read, Line::Eof) {
            self.end = End::Marked;
        } else if !ended {
            return Err(Fault::new(line.len(), "the body ends inside this line, which may be cut short"));
        }
        Ok(Some(read))
    }
}

impl<'a> Iterator for Exposition<'a> {
    type Item = Result<Line<'a>, ParseError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if self.end != End::Ahead || self.rest.is_empty() {
                return self.finish();
            }
            let (bytes, ended) = self.next_line();
            match self.read(bytes, ended) {
                Ok(Some(line)) => return Some(Ok(line)),
                Ok(None) => {}
                Err(fault) => return Some(Err(fault.on_line(self.line, bytes))),
            }
        }
    }
}

impl std::iter::FusedIterator for Exposition<'_> {}
