//! The fetched lines of a log, bounded in number and bytes, and the search over all of them.
//! Not for: which part is on screen (see `logs`).

use std::collections::{HashSet, VecDeque};
use std::fmt::Write as _;
use std::ops::Range;

use regex::{Regex, RegexBuilder};

use crate::domain::{LogLine, LogPart, Text, Timestamp};

/// Lines kept; the oldest go first.
pub const MAX_LINES: usize = 20_000;
/// Bytes of text kept.
const MAX_BYTES: usize = 8 * 1024 * 1024;

/// Words that make a line look like an error, where the system tells no level.
const ERROR_WORDS: &str = r"(?i)\b(error|err|fatal|panic|panicked|exception|critical|traceback|failed|failure|oomkilled)\b";

/// The lines.
#[derive(Debug, Default)]
pub struct Lines {
    kept: VecDeque<LogLine>,
    bytes: usize,
    dropped: u64,
    starts_log: bool,
    query: String,
    pattern: Option<Regex>,
    matches: VecDeque<u64>,
    first: u64,
    errors: Option<Regex>,
}

impl Lines {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// A line.
    pub fn get(&self, place: usize) -> Option<&LogLine> {
        self.kept.get(place)
    }

    /// How many were dropped because there were too many.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The first line here is the first there is.
    pub fn is_whole(&self) -> bool {
        self.starts_log && self.dropped == 0
    }

    /// It turned out that there is nothing older.
    pub fn set_whole(&mut self) {
        self.starts_log = true;
    }

    /// No more fit.
    pub fn is_full(&self) -> bool {
        self.kept.len() >= MAX_LINES || self.bytes >= MAX_BYTES
    }

    /// When the oldest line with a time was written.
    pub fn first_time(&self) -> Option<Timestamp> {
        self.kept.iter().find_map(|line| line.at)
    }

    /// Removes all; the search stays.
    pub fn clear(&mut self) {
        let query = std::mem::take(&mut self.query);
        *self = Self::default();
        self.search(&query);
    }

    /// Adds newer lines. What is too much goes at the front, or is left out at the end if `keep_front`. Returns how many went.
    pub fn append(&mut self, part: &LogPart, keep_front: bool) -> usize {
        if self.kept.is_empty() {
            self.starts_log = part.from_start;
        }
        for line in &part.lines {
            if keep_front && self.is_full() {
                break;
            }
            if self.pattern.as_ref().is_some_and(|pattern| pattern.is_match(&line.text)) {
                self.matches.push_back(self.first + self.kept.len() as u64);
            }
            self.bytes += line.text.len();
            self.kept.push_back(line.clone());
        }
        let mut dropped = 0;
        while self.kept.len() > MAX_LINES || (self.bytes > MAX_BYTES && self.kept.len() > 1) {
            if let Some(line) = self.kept.pop_front() {
                self.bytes -= line.text.len();
                self.first += 1;
                dropped += 1;
            }
        }
        while self.matches.front().is_some_and(|at| *at < self.first) {
            self.matches.pop_front();
        }
        self.dropped += dropped as u64;
        dropped
    }

    /// Adds older lines in front, as many as fit; lines that are here already are left out. Returns how many were added.
    pub fn prepend(&mut self, part: &LogPart) -> usize {
        let before = self.first_time();
        // several lines may carry the oldest instant, and only some of them may be here
        let here: HashSet<&Text> = self.kept.iter().take_while(|line| line.at <= before).map(|line| &line.text).collect();
        let is_new = |line: &&LogLine| match before {
            None => true,
            Some(before) => line.at.is_some_and(|at| at < before || (at == before && !here.contains(&line.text))),
        };
        let new: Vec<LogLine> = part.lines.iter().filter(is_new).cloned().collect();
        let mut added = 0;
        let brought = new.len();
        for line in new.into_iter().rev() {
            if self.is_full() {
                break;
            }
            self.bytes += line.text.len();
            self.kept.push_front(line);
            added += 1;
        }
        if added == brought && part.from_start {
            self.starts_log = true;
        }
        self.dropped = 0;
        self.rescan();
        added
    }

    /// What is searched for.
    pub fn query(&self) -> &str {
        &self.query
    }

    /// Searches for a regular expression, or for the text itself where it is none. Case matters only if the query has capitals.
    pub fn search(&mut self, query: &str) {
        query.clone_into(&mut self.query);
        let build =
            |text: &str| RegexBuilder::new(text).case_insensitive(!query.chars().any(char::is_uppercase)).size_limit(1 << 20).build().ok();
        self.pattern = if query.is_empty() { None } else { build(query).or_else(|| build(&regex::escape(query))) };
        self.rescan();
    }

    fn rescan(&mut self) {
        self.first = 0;
        self.matches.clear();
        if let Some(pattern) = &self.pattern {
            let found = self.kept.iter().enumerate().filter(|(_, line)| pattern.is_match(&line.text));
            self.matches.extend(found.map(|(place, _)| place as u64));
        }
    }

    /// How many lines match, and which of them `line` is, from 1.
    pub fn matches(&self, line: Option<usize>) -> (usize, Option<usize>) {
        let place = line.and_then(|line| self.matches.binary_search(&(self.first + line as u64)).ok());
        (self.matches.len(), place.map(|place| place + 1))
    }

    /// The matching line after (or before) `from`, round at the ends.
    pub fn next_match(&self, from: usize, forward: bool) -> Option<usize> {
        // one before the first line is written as the number before zero
        let at = if from == usize::MAX { None } else { Some(self.first + from as u64) };
        let place = if forward {
            let next = at.map_or(0, |at| self.matches.partition_point(|found| *found <= at));
            if next < self.matches.len() { next } else { 0 }
        } else {
            let next = at.map_or(0, |at| self.matches.partition_point(|found| *found < at));
            next.checked_sub(1).unwrap_or(self.matches.len().saturating_sub(1))
        };
        self.matches.get(place).map(|at| (at - self.first) as usize)
    }

    /// Where the search matches in a line's text.
    pub fn spans(&self, text: &str) -> Vec<Range<usize>> {
        self.pattern
            .iter()
            .flat_map(|pattern| pattern.find_iter(text))
            .map(|found| found.range())
            .filter(|range| !range.is_empty())
            .collect()
    }

    /// The next line after `from` that looks like an error, round at the end.
    pub fn next_error(&mut self, from: usize) -> Option<usize> {
        if self.errors.is_none() {
            self.errors = Regex::new(ERROR_WORDS).ok();
        }
        let count = self.kept.len();
        let start = from.wrapping_add(1);
        (0..count).map(|step| (start + step) % count).find(|place| self.looks_wrong(*place))
    }

    fn looks_wrong(&self, place: usize) -> bool {
        self.kept.get(place).is_some_and(|line| match line.level.as_deref() {
            Some(level) => is_bad_level(level),
            None => self.errors.as_ref().is_some_and(|errors| errors.is_match(&line.text)),
        })
    }

    /// Lines as text, with their times or without.
    pub fn text(&self, from: usize, to: usize, times: bool) -> String {
        let mut text = String::new();
        for line in self.kept.iter().take(to).skip(from) {
            if let Some(at) = line.at.filter(|_| times) {
                let _ = write!(text, "{at} ");
            }
            text.push_str(&line.text);
            text.push('\n');
        }
        text
    }
}

/// Levels that mean that something is wrong.
pub fn is_bad_level(level: &str) -> bool {
    ["error", "critical", "fatal", "panic", "emergency", "alert", "err", "crit"].iter().any(|bad| level.eq_ignore_ascii_case(bad))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::LogStream;

    fn part(from: i64, texts: &[&str]) -> LogPart {
        let lines = texts
            .iter()
            .zip(from..)
            .map(|(text, at)| LogLine { at: Some(Timestamp::from_ms(at)), stream: LogStream::Out, level: None, text: Text::from(*text) })
            .collect();
        LogPart { lines, from_start: false, ended: false }
    }

    #[test]
    fn a_search_walks_over_all_lines_and_round_at_the_ends() {
        let mut lines = Lines::default();
        lines.append(&part(0, &["alpha", "Beta", "gamma beta", "delta"]), false);
        lines.search("beta");
        assert_eq!(lines.matches(Some(2)), (2, Some(2)));
        assert_eq!(lines.next_match(usize::MAX, true), Some(1));
        assert_eq!(lines.next_match(1, true), Some(2));
        assert_eq!(lines.next_match(2, true), Some(1), "round");
        assert_eq!(lines.next_match(1, false), Some(2), "round backwards");
        lines.append(&part(4, &["more beta"]), false);
        assert_eq!(lines.matches(None).0, 3, "new lines are searched as they come");
        lines.search("Beta");
        assert_eq!(lines.matches(None).0, 1, "a capital makes case matter");
        lines.search("(");
        assert_eq!(lines.matches(None).0, 0, "no regular expression: searched as it stands");
    }

    #[test]
    fn too_many_lines_drop_the_oldest_and_say_how_many() {
        let mut lines = Lines::default();
        lines.search("x");
        for n in (0..).take(MAX_LINES + 5) {
            lines.append(&part(n, &["x"]), false);
        }
        assert_eq!((lines.len(), lines.dropped()), (MAX_LINES, 5));
        assert_eq!(lines.matches(None).0, MAX_LINES);
        assert_eq!(lines.next_match(usize::MAX, true), Some(0));
    }

    #[test]
    fn older_lines_go_in_front_once() {
        let mut lines = Lines::default();
        lines.append(&part(10, &["c", "d"]), false);
        assert_eq!(lines.prepend(&part(8, &["a", "b", "c"])), 2, "c is here already");
        assert_eq!(lines.text(0, 9, false), "a\nb\nc\nd\n");
        assert_eq!(lines.prepend(&part(8, &["of the same instant as a"])), 1, "only some of an instant's lines were here");
    }

    #[test]
    fn an_error_is_found_by_level_where_there_is_one_and_by_words_otherwise() {
        let mut lines = Lines::default();
        let mut told = part(0, &["ok", "ValueError: card", "all errors handled", "java.lang.Exception: x", "INFO no error"]);
        told.lines[4].level = Some(Text::from("info"));
        lines.append(&told, false);
        assert_eq!(lines.next_error(usize::MAX), Some(3));
        assert_eq!(lines.next_error(3), Some(3), "the only one");
    }
}
