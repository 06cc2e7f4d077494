//! Which part of a series a sample is, by its name and its family's type, and how it is put there.
//! Not for finding the family or the series (see `grouping`).

use super::family::{Bucket, Histogram, Quantile, Series, Summary, Value};
use super::{Format, Kind, Sample};

/// What part of its series a sample is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Number,
    Bucket,
    Quantile,
    Sum,
    Count,
    Created,
    /// Its name is the family's, but such a family has no sample of that name.
    Stray,
}

/// The part that a sample is of a family, or `None` if its name is not the family's.
pub(super) fn part(kind: Kind, format: Format, family: &str, sample: &str) -> Option<Part> {
    let suffix = sample.strip_prefix(family)?;
    match (kind, suffix) {
        (Kind::Counter, "_total") if format == Format::OpenMetrics => Some(Part::Number),
        (Kind::Counter, "") if format == Format::Text => Some(Part::Number),
        (Kind::Info, "_info") | (Kind::Gauge | Kind::StateSet | Kind::Unknown, "") => Some(Part::Number),
        (Kind::Histogram | Kind::GaugeHistogram, "_bucket") => Some(Part::Bucket),
        (Kind::Summary, "") => Some(Part::Quantile),
        (Kind::Histogram | Kind::Summary, "_sum") | (Kind::GaugeHistogram, "_gsum") => Some(Part::Sum),
        (Kind::Histogram | Kind::Summary, "_count") | (Kind::GaugeHistogram, "_gcount") => Some(Part::Count),
        (Kind::Counter | Kind::Histogram | Kind::Summary, "_created") => Some(Part::Created),
        (_, "") => Some(Part::Stray),
        _ => None,
    }
}

/// A series being put together.
#[derive(Debug)]
pub(super) struct Draft<'a> {
    pub series: Series<'a>,
    /// Whether `series.value` was read, where it is a number.
    pub has_number: bool,
}

/// Puts a sample into its series, or gives it back with the reason why it cannot.
pub(super) fn fill<'a>(draft: &mut Draft<'a>, sample: Sample<'a>, part: Part, bound: Option<f64>) -> Option<(Sample<'a>, &'static str)> {
    const TWICE: &str = "the same sample is there twice";
    let value = sample.value;
    let slot = match (&mut draft.series.value, part) {
        (Value::Number(number), Part::Number) => {
            if draft.has_number {
                return Some((sample, TWICE));
            }
            draft.has_number = true;
            *number = value;
            draft.series.exemplar = sample.exemplar;
            draft.series.name = sample.name;
            return None;
        }
        (Value::Histogram(histogram), Part::Bucket) => {
            let (le, exemplar) = (bound.unwrap_or(f64::NAN), sample.exemplar);
            histogram.buckets.push(Bucket { le, count: value, exemplar });
            return None;
        }
        (Value::Summary(summary), Part::Quantile) => {
            summary.quantiles.push(Quantile { quantile: bound.unwrap_or(f64::NAN), value });
            return None;
        }
        (Value::Histogram(Histogram { sum, .. }) | Value::Summary(Summary { sum, .. }), Part::Sum) => sum,
        (Value::Histogram(Histogram { count, .. }) | Value::Summary(Summary { count, .. }), Part::Count) => count,
        (_, Part::Created) => &mut draft.series.created,
        _ => return Some((sample, "a family of this type has no sample of this name")),
    };
    if slot.is_some() {
        return Some((sample, TWICE));
    }
    *slot = Some(value);
    None
}
