//! A place in one line and the tokens found from there: blanks, names, quoted strings, words.
//! Not for what tokens mean together: that is `sample` and `descriptor`.

use std::borrow::Cow;

use memchr::memchr2;

use super::Format;
use super::fault::{Fault, shown};

/// What bytes may start and continue an unquoted name.
const LABEL_START: u8 = 1;
const LABEL_PART: u8 = 2;
const METRIC_START: u8 = 4;
const METRIC_PART: u8 = 8;

/// The classes of each byte: letters and `_` anywhere, digits not first, `:` in metric names alone.
const CLASSES: [u8; 256] = {
    let mut table = [0u8; 256];
    let mut byte = 0usize;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => LABEL_START | LABEL_PART | METRIC_START | METRIC_PART,
            b'0'..=b'9' => LABEL_PART | METRIC_PART,
            b':' => METRIC_START | METRIC_PART,
            _ => 0,
        };
        byte += 1;
    }
    table
};

/// The inside of a quoted string, as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Quoted<'a> {
    pub raw: &'a str,
    /// Whether `raw` holds a backslash.
    pub escaped: bool,
}

impl<'a> Quoted<'a> {
    /// The string meant: borrowed unless something is escaped.
    pub fn text(self) -> Cow<'a, str> {
        if self.escaped { unescaped(self.raw, true) } else { Cow::Borrowed(self.raw) }
    }
}

/// `\\` and `\n`, and `\"` where quotes are escaped, become what they stand for. Any other escape is kept as
/// written, backslash and all, as Prometheus keeps it when it scrapes.
pub(super) fn unescaped(raw: &str, quotes: bool) -> Cow<'_, str> {
    if memchr::memchr(b'\\', raw.as_bytes()).is_none() {
        return Cow::Borrowed(raw);
    }
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once('\\') {
        text.push_str(before);
        let meant = match after.as_bytes().first() {
            Some(b'\\') => Some('\\'),
            Some(b'n') => Some('\n'),
            Some(b'"') if quotes => Some('"'),
            _ => None,
        };
        text.push(meant.unwrap_or('\\'));
        rest = if meant.is_some() { after.get(1..).unwrap_or("") } else { after };
    }
    text.push_str(rest);
    Cow::Owned(text)
}

#[derive(Debug, Clone)]
pub(super) struct Cursor<'a> {
    line: &'a str,
    pub at: usize,
    pub format: Format,
}

impl<'a> Cursor<'a> {
    pub fn new(line: &'a str, format: Format) -> Self {
        Self { line, at: 0, format }
    }

    pub fn peek(&self) -> Option<u8> {
        self.line.as_bytes().get(self.at).copied()
    }

    pub fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// From `start` to here. Both are always the places of ASCII bytes or the line's end.
    pub fn since(&self, start: usize) -> &'a str {
        self.line.get(start..self.at).unwrap_or("")
    }

    pub fn rest(&self) -> &'a str {
        self.line.get(self.at..).unwrap_or("")
    }

    /// Skips the blanks that text allows around tokens; `OpenMetrics` allows none.
    pub fn blanks(&mut self) {
        if self.format == Format::Text {
            while matches!(self.peek(), Some(b' ' | b'\t')) {
                self.at += 1;
            }
        }
    }

    /// The space between two tokens: blanks and tabs in text, exactly one space in `OpenMetrics`.
    pub fn gap(&mut self, before: &'static str) -> Result<(), Fault> {
        let start = self.at;
        match self.format {
            Format::Text => self.blanks(),
            Format::OpenMetrics => self.at += usize::from(self.peek() == Some(b' ')),
        }
        if self.at == start {
            return Err(self.unexpected(&format!("a space before {before}")));
        }
        if self.format == Format::OpenMetrics && matches!(self.peek(), Some(b' ' | b'\t')) {
            return Err(Fault::new(self.at, "OpenMetrics separates with exactly one space"));
        }
        Ok(())
    }

    /// An unquoted metric name, or nothing if none starts here.
    pub fn metric_name(&mut self) -> Option<&'a str> {
        self.name(METRIC_START, METRIC_PART)
    }

    /// An unquoted label name, or nothing if none starts here.
    pub fn label_name(&mut self) -> Option<&'a str> {
        self.name(LABEL_START, LABEL_PART)
    }

    fn name(&mut self, start_class: u8, class: u8) -> Option<&'a str> {
        let rest = self.line.as_bytes().get(self.at..)?;
        if CLASSES[usize::from(*rest.first()?)] & start_class == 0 {
            return None;
        }
        let length = rest.iter().position(|byte| CLASSES[usize::from(*byte)] & class == 0).unwrap_or(rest.len());
        let start = self.at;
        self.at += length;
        Some(self.since(start))
    }

    /// A string whose opening quote is here; moves past the closing one.
    pub fn quoted(&mut self, what: &'static str) -> Result<Quoted<'a>, Fault> {
        let opening = self.at;
        if !self.take(b'"') {
            return Err(self.unexpected(&format!("a quoted {what}")));
        }
        let start = self.at;
        let bytes = self.line.as_bytes();
        let mut escaped = false;
        loop {
            let ahead = bytes.get(self.at..).unwrap_or_default();
            match memchr2(b'"', b'\\', ahead) {
                Some(step) if ahead.get(step) == Some(&b'"') => {
                    self.at += step;
                    let raw = self.since(start);
                    self.at += 1;
                    return Ok(Quoted { raw, escaped });
                }
                // the byte after a backslash never ends the string; a multi-byte character has no quote inside
                Some(step) => {
                    escaped = true;
                    self.at += step + 2;
                }
                None => {
                    return Err(Fault::new(opening, format!("the {what} that opens here is never closed")));
                }
            }
        }
    }

    /// A quoted name. Names take the three known escapes only, so that two spellings are never one name.
    pub fn quoted_name(&mut self, what: &'static str) -> Result<Quoted<'a>, Fault> {
        let opening = self.at;
        let name = self.quoted(what)?;
        if name.raw.is_empty() {
            return Err(Fault::new(opening, format!("the {what} is empty")));
        }
        if name.escaped {
            let mut bytes = name.raw.bytes().enumerate();
            while let Some((at, byte)) = bytes.next() {
                if byte == b'\\' && !matches!(bytes.next(), Some((_, b'\\' | b'"' | b'n'))) {
                    return Err(Fault::new(opening + 1 + at, format!("the {what} knows only the escapes \\\\ \\\" \\n")));
                }
            }
        }
        Ok(name)
    }

    /// Everything up to the next blank.
    pub fn word(&mut self) -> &'a str {
        let start = self.at;
        let rest = self.line.as_bytes().get(start..).unwrap_or_default();
        self.at += rest.iter().position(|byte| matches!(byte, b' ' | b'\t')).unwrap_or(rest.len());
        self.since(start)
    }

    /// The fault of finding something else here.
    #[cold]
    pub fn unexpected(&self, wanted: &str) -> Fault {
        let found = self.rest().chars().next();
        let message = match found {
            Some(found) => format!("expected {wanted}, found {}", shown(found.encode_utf8(&mut [0; 4]))),
            None => format!("expected {wanted}, found the end of the line"),
        };
        Fault::new(self.at, message)
    }
}
