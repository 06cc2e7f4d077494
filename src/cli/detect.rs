//! `triops detect`: scores each value of a series by how odd it is after those before it, line by line as they come.
//! Not for: series of configured sources (see `[[check]]` and `triops checks`).

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::domain::Timestamp;
use crate::insight::anomaly::{Detector, Opinion};

use super::problem::Problem;
use super::{Exit, output};

/// Values remembered: one series alone may have a long season.
const MEMORY: usize = 8192;
/// A line longer than this is not one of a series.
const MAX_LINE: u64 = 64 * 1024;
/// Text written at once where nobody waits for single lines.
const CHUNK: usize = 64 * 1024;
/// Words for a value that is not there.
const MISSING: [&str; 6] = ["", "nan", "null", "none", "na", "n/a"];

/// How scores are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Format {
    /// `timestamp,value,score`, one row per row read.
    #[default]
    Csv,
    /// One JSON object per row, with the range that was expected.
    Json,
}

/// Arguments of `detect`. Reads CSV with the columns timestamp and value; a score uses only what came before it.
#[derive(Debug, Args)]
pub struct Detect {
    /// CSV with `timestamp,value` (further columns are left out); `-` for standard input. Times are RFC 3339 or numbers: seconds,
    /// or milliseconds, microseconds or nanoseconds where they are that large. A missing value is empty or NaN and scores 0
    #[arg(long, value_name = "FILE")]
    input: PathBuf,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// One scored row.
#[derive(Debug, Serialize)]
struct Scored<'a> {
    timestamp: &'a str,
    value: Option<f64>,
    score: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<[f64; 2]>,
}

impl Detect {
    /// Reads, scores and prints.
    pub fn run(&self) -> Result<Exit, Problem> {
        if self.input.as_os_str() == "-" {
            self.score(io::stdin().lock(), 0)?;
        } else {
            let file = File::open(&self.input).map_err(|error| {
                Problem::failed(format!("opening {}: {error}", self.input.display()), "--input names a CSV file with `timestamp,value`")
            })?;
            self.score(BufReader::new(file), CHUNK)?;
        }
        Ok(Exit::Ok)
    }

    fn score(&self, mut input: impl BufRead, chunk: usize) -> Result<(), Problem> {
        let mut detector = Detector::with_memory(MEMORY);
        let mut out = if self.format == Format::Csv { "timestamp,value,score\n".to_owned() } else { String::new() };
        let mut line = String::new();
        for number in 1_u64.. {
            line.clear();
            let read = (&mut input).take(MAX_LINE).read_line(&mut line).map_err(|error| self.wrong(number, &error.to_string()))?;
            if read == 0 {
                break;
            }
            if read as u64 == MAX_LINE {
                return Err(self.wrong(number, "a line of more than 64 KiB is not one of a series"));
            }
            let row = line.trim_end_matches(['\r', '\n']).trim_start_matches('\u{feff}');
            if row.trim().is_empty() {
                continue;
            }
            let mut cells = row.split(',').map(|cell| cell.trim().trim_matches('"').trim());
            let (time, value) = (cells.next().unwrap_or_default(), cells.next());
            let (at, read) = (instant(time), value.and_then(number_of));
            let (Some(at), Some(read), Some(value)) = (at, read, value) else {
                // the first line may name the columns
                if number == 1 && at.is_none() {
                    continue;
                }
                let what = match (at, value) {
                    (None, _) => format!("`{time}` is no time"),
                    (_, None) => "there is no second column".to_owned(),
                    (_, Some(value)) => format!("`{value}` is no number"),
                };
                return Err(self.wrong(number, &what));
            };
            self.write(&mut out, time, value, read, detector.step(at, read))?;
            if out.len() >= chunk {
                output::print(&out)?;
                out.clear();
            }
        }
        output::print(&out)
    }

    fn write(&self, out: &mut String, time: &str, value: &str, read: f64, opinion: Opinion) -> Result<(), Problem> {
        let Opinion { score, expected } = opinion;
        let row = match self.format {
            Format::Csv => format!("{time},{value},{score:.9}"),
            Format::Json => {
                let expected = expected.map(|expected| [expected.low, expected.high]);
                let scored = Scored { timestamp: time, value: read.is_finite().then_some(read), score, expected };
                serde_json::to_string(&scored).map_err(|error| Problem::failed(format!("writing JSON: {error}"), ""))?
            }
        };
        out.push_str(&row);
        out.push('\n');
        Ok(())
    }

    fn wrong(&self, line: u64, what: &str) -> Problem {
        let hint = "rows are `timestamp,value`; times RFC 3339 or numbers, a missing value empty or NaN";
        Problem::failed(format!("{}:{line}: {what}", self.input.display()), hint)
    }
}

/// Seconds since the epoch, or of any count that rises.
fn instant(text: &str) -> Option<f64> {
    let Ok(number) = text.parse::<f64>() else { return Timestamp::parse(text).map(Timestamp::seconds) };
    let unit = match number.abs() {
        size if size < 1e11 => 1.0,
        size if size < 1e14 => 1e3,
        size if size < 1e17 => 1e6,
        _ => 1e9,
    };
    number.is_finite().then_some(number / unit)
}

/// The number, NaN where it says that there is none, `None` where it is no number.
fn number_of(text: &str) -> Option<f64> {
    if MISSING.contains(&text.to_ascii_lowercase().as_str()) { Some(f64::NAN) } else { text.parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_in_every_unit_that_files_have() {
        for text in
            ["1430438399", "1430438399000", "1430438399000000", "1430438399000000000", "2015-04-30 23:59:59", "2015-04-30T23:59:59Z"]
        {
            assert_eq!(instant(text), Some(1_430_438_399.0), "{text}");
        }
        assert_eq!((instant("7"), instant("yesterday"), instant("nan")), (Some(7.0), None, None));
        assert!(number_of("NaN").unwrap().is_nan() && number_of("").unwrap().is_nan());
        assert_eq!((number_of("1e3"), number_of("much")), (Some(1000.0), None));
    }
}
