//! Metric families: samples put together as the counters, histograms and summaries they are part of.
//! Not for the lines themselves, nor for rates and quantiles over time, which need two scrapes.

use std::borrow::Cow;

use super::{Exemplar, Format, Kind, ParseError, grouping};

/// A whole body as families, in the order their names first appear.
///
/// Every sample that was read is in exactly one place below, also when it fits nowhere: then it is a
/// [`Value::Number`] under its own name, with a flaw that says why.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scrape<'a> {
    /// The families, each name once.
    pub families: Vec<Family<'a>>,
    /// How many sample lines were read.
    pub samples: usize,
    /// Lines that could not be read, the first [`Scrape::LISTED`] of them.
    pub errors: Vec<ParseError>,
    /// How many lines could not be read in all.
    pub error_count: usize,
    /// What was read but contradicts the format, the first [`Scrape::LISTED`] of it.
    pub flaws: Vec<Flaw>,
    /// How many flaws there are in all.
    pub flaw_count: usize,
}

impl<'a> Scrape<'a> {
    /// How many errors, and how many flaws, are kept: a hostile body must not grow into a larger list.
    pub const LISTED: usize = 1000;

    /// Reads a whole body. It is the caller's to bound the body; what is kept grows with it.
    pub fn read(body: &'a (impl AsRef<[u8]> + ?Sized), format: Format) -> Self {
        grouping::read(body.as_ref(), format)
    }

    /// The family of a name, as in `# TYPE`: a counter of `OpenMetrics` without its `_total`.
    pub fn family(&self, name: &str) -> Option<&Family<'a>> {
        self.families.iter().find(|family| family.name == name)
    }
}

/// Something read whose meaning is in doubt. Nothing is dropped for it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, {family}: {message}")]
pub struct Flaw {
    /// Counted from 1; of a histogram, its first line.
    pub line: usize,
    /// The family's name, without control characters.
    pub family: String,
    /// What contradicts what.
    pub message: Cow<'static, str>,
}

/// All series of one metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Family<'a> {
    /// As in `# TYPE`, or the sample's own name if it has none.
    pub name: Cow<'a, str>,
    /// [`Kind::Unknown`] unless a `# TYPE` before the first sample says more.
    pub kind: Kind,
    /// What it means, for people.
    pub help: Option<Cow<'a, str>>,
    /// The base unit, only in `OpenMetrics`.
    pub unit: Option<&'a str>,
    /// In the order their first samples were sent.
    pub series: Vec<Series<'a>>,
}

/// One point of one series: a number, or a histogram or summary with all its parts.
#[derive(Debug, Clone, PartialEq)]
pub struct Series<'a> {
    /// The sample's name (`x_total` of a counter `x`); of a histogram or summary, the family's.
    pub name: Cow<'a, str>,
    /// Sorted by name, without the `le` of a bucket and the `quantile` of a summary.
    pub labels: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// What was measured.
    pub value: Value<'a>,
    /// Milliseconds since the epoch, if given. Two points of one series are two entries.
    pub timestamp: Option<i64>,
    /// When counting began, in seconds since the epoch: `_created`.
    pub created: Option<f64>,
    /// One observation of a number; those of a histogram are with its buckets.
    pub exemplar: Option<Exemplar<'a>>,
    /// The first line it was read from, counted from 1.
    pub line: usize,
}

impl Series<'_> {
    /// The value of one label.
    pub fn label(&self, name: &str) -> Option<&str> {
        self.labels.iter().find(|(label, _)| label == name).map(|(_, value)| value.as_ref())
    }
}

/// What a series measured.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// A counter, gauge, info, state or anything unknown.
    Number(f64),
    /// A histogram or gauge histogram.
    Histogram(Histogram<'a>),
    /// Quantiles computed by the target.
    Summary(Summary),
}

/// Observations counted in buckets.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Histogram<'a> {
    /// By ascending bound, whatever the order sent. Counts are cumulative.
    pub buckets: Vec<Bucket<'a>>,
    /// `_sum`, or `_gsum` of a gauge histogram.
    pub sum: Option<f64>,
    /// `_count`, or `_gcount` of a gauge histogram.
    pub count: Option<f64>,
}

/// Observations up to a bound.
#[derive(Debug, Clone, PartialEq)]
pub struct Bucket<'a> {
    /// The inclusive upper bound: `le`.
    pub le: f64,
    /// Observations at or below it, so also those of all buckets before.
    pub count: f64,
    /// One observation of this bucket.
    pub exemplar: Option<Exemplar<'a>>,
}

/// Quantiles over a window that the target chose.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Summary {
    /// By ascending quantile.
    pub quantiles: Vec<Quantile>,
    /// `_sum`: of all observations since counting began.
    pub sum: Option<f64>,
    /// `_count`: since counting began.
    pub count: Option<f64>,
}

/// One quantile of a summary.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantile {
    /// 0 to 1.
    pub quantile: f64,
    /// NaN when nothing was observed in the window.
    pub value: f64,
}

impl Histogram<'_> {
    /// All observations: `_count`, or else the bucket without bound.
    pub fn total(&self) -> Option<f64> {
        self.count.or_else(|| self.unbounded())
    }

    fn unbounded(&self) -> Option<f64> {
        self.buckets.last().filter(|bucket| bucket.le == f64::INFINITY).map(|bucket| bucket.count)
    }

    /// Sorts the buckets and says what is wrong with them.
    pub(super) fn settle(&mut self) -> Vec<&'static str> {
        let mut flaws = Vec::new();
        let mut flaw = |wrong: bool, message| flaws.extend(wrong.then_some(message));
        flaw(!self.buckets.is_sorted_by(|a, b| a.le <= b.le), "its buckets are not in ascending order of `le`");
        self.buckets.sort_by(|a, b| a.le.total_cmp(&b.le));
        let pairs = || self.buckets.iter().zip(self.buckets.iter().skip(1));
        flaw(pairs().any(|(a, b)| a.le.total_cmp(&b.le).is_eq()), "it has two buckets of one `le`");
        // not `>`: a count of NaN is as wrong as one that falls
        flaw(!self.buckets.is_sorted_by(|a, b| a.count <= b.count), "its bucket counts are not cumulative");
        match (self.unbounded(), self.count) {
            (None, _) => flaw(true, "it has no bucket with `le=\"+Inf\"`"),
            (Some(unbounded), Some(count)) => {
                flaw(unbounded.total_cmp(&count).is_ne(), "its `+Inf` bucket and its count differ");
            }
            (Some(_), None) => {}
        }
        flaws
    }
}

impl Summary {
    /// Sorts the quantiles and says what is wrong with them.
    pub(super) fn settle(&mut self) -> Vec<&'static str> {
        self.quantiles.sort_by(|a, b| a.quantile.total_cmp(&b.quantile));
        if self.quantiles.iter().all(|quantile| (0.0..=1.0).contains(&quantile.quantile)) {
            Vec::new()
        } else {
            vec!["a quantile is not between 0 and 1"]
        }
    }
}
