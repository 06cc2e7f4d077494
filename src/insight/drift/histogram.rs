//! Histograms as servers tell them, classic and native, and two of them brought onto one layout.
//! Not for: comparing what is then in the cells (see `distance`).

/// Bounds closer than this, relative to their size, are the same: they were printed and read by different programs.
const SAME: f64 = 1e-12;
/// Fewest common cells with a verdict.
pub const MIN_CELLS: usize = 3;

/// Samples between two bounds.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Bucket {
    lower: f64,
    upper: f64,
    count: f64,
}

/// One window of one feature: buckets that do not overlap, in rising order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Histogram {
    buckets: Vec<Bucket>,
    exponential: bool,
}

/// Why a histogram cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// The count of all samples stands there.
    #[error("it has no +Inf bucket, so nobody knows how many samples there are")]
    NoInfinity,
    /// An exposition that is no histogram.
    #[error("its buckets overlap")]
    Overlaps,
}

impl Histogram {
    /// From cumulative counts by upper bound (`le`), in any order. Bounds that are equal as numbers (`1` and `1.0`: servers changed
    /// how they write them) are added up, and a count below the one before it is raised to it, as `histogram_quantile` does.
    /// `lowest` is where the first bucket begins; without it that is 0 for a positive first bound, as in Prometheus, and else unknown.
    pub fn classic(cumulative: impl IntoIterator<Item = (f64, f64)>, lowest: Option<f64>) -> Result<Self, Unreadable> {
        let mut bounds: Vec<(f64, f64)> = cumulative.into_iter().filter(|(le, count)| !le.is_nan() && count.is_finite()).collect();
        bounds.sort_by(|a, b| a.0.total_cmp(&b.0));
        bounds.dedup_by(|after, before| {
            let same = same(before.0, after.0);
            if same {
                before.1 += after.1;
            }
            same
        });
        if bounds.last().is_none_or(|(le, _)| *le != f64::INFINITY) {
            return Err(Unreadable::NoInfinity);
        }
        let first = bounds[0].0;
        let mut lower =
            lowest.filter(|lowest| *lowest < first).unwrap_or(if first > 0.0 && first.is_finite() { 0.0 } else { f64::NEG_INFINITY });
        let mut below = 0.0_f64;
        let mut buckets = Vec::with_capacity(bounds.len());
        for (upper, cumulative) in bounds {
            let upto = below.max(cumulative);
            buckets.push(Bucket { lower, upper, count: upto - below });
            (lower, below) = (upper, upto);
        }
        Ok(Self { buckets, exponential: false })
    }

    /// From the buckets of a native histogram, `(lower, upper, count)` in any order; empty ones may be missing. Which of its bounds a
    /// bucket holds does not matter to continuous values.
    pub fn native(buckets: impl IntoIterator<Item = (f64, f64, f64)>) -> Result<Self, Unreadable> {
        let mut buckets: Vec<Bucket> = buckets
            .into_iter()
            .filter(|(lower, upper, count)| lower <= upper && count.is_finite())
            .map(|(lower, upper, count)| Bucket { lower, upper, count: count.max(0.0) })
            .collect();
        buckets.sort_by(|a, b| a.lower.total_cmp(&b.lower));
        let overlaps = buckets.windows(2).any(|pair| pair[0].upper > pair[1].lower && !same(pair[0].upper, pair[1].lower));
        if overlaps { Err(Unreadable::Overlaps) } else { Ok(Self { buckets, exponential: true }) }
    }

    /// All samples.
    pub fn total(&self) -> f64 {
        self.buckets.iter().map(|bucket| bucket.count).sum()
    }

    fn bounds(&self) -> impl Iterator<Item = f64> {
        self.buckets.iter().flat_map(|bucket| [bucket.lower, bucket.upper])
    }

    /// Whether no bucket reaches across `bound`: what lies below it is then known exactly.
    fn splits_at(&self, bound: f64) -> bool {
        // buckets that end at or before the bound stand before the one that could reach across
        let at = self.buckets.partition_point(|bucket| bucket.upper < bound && !same(bucket.upper, bound));
        self.buckets.get(at).is_none_or(|bucket| same(bucket.lower, bound) || same(bucket.upper, bound) || bucket.lower > bound)
    }

    fn counts(&self, edges: &[f64], out: &mut Vec<f64>) {
        out.clear();
        out.resize(edges.len().saturating_sub(1), 0.0);
        let mut cell = 0;
        for bucket in &self.buckets {
            while cell + 1 < out.len() && (bucket.upper > edges[cell + 1] && !same(bucket.upper, edges[cell + 1])) {
                cell += 1;
            }
            if let Some(slot) = out.get_mut(cell) {
                *slot += bucket.count;
            }
        }
    }
}

/// Two windows on one layout.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Aligned {
    /// One more than cells, rising; the ends may be infinite.
    pub edges: Vec<f64>,
    /// Counts of the reference.
    pub reference: Vec<f64>,
    /// Counts of the current window.
    pub current: Vec<f64>,
    /// Values spread evenly in their logarithm within a cell.
    pub exponential: bool,
    /// Bounds that only one window has; what they told apart is lost.
    pub lost: usize,
}

/// Brings two windows onto the bounds at which both are known exactly: those that no bucket of either reaches across. For equal
/// layouts that is all of them, for classic layouts that changed the common ones, for native histograms of two resolutions those of
/// the coarser one. `None` with fewer than [`MIN_CELLS`] cells in common.
pub fn align(reference: &Histogram, current: &Histogram) -> Option<Aligned> {
    let mut all: Vec<f64> = reference.bounds().chain(current.bounds()).collect();
    all.sort_by(f64::total_cmp);
    all.dedup_by(|after, before| same(*before, *after));
    let known = all.len();
    let (lowest, highest) = (*all.first()?, *all.last()?);
    let edges: Vec<f64> = all
        .into_iter()
        .filter(|bound| same(*bound, lowest) || same(*bound, highest) || (reference.splits_at(*bound) && current.splits_at(*bound)))
        .collect();
    if edges.len() <= MIN_CELLS {
        return None;
    }
    let mut aligned =
        Aligned { lost: known - edges.len(), exponential: reference.exponential && current.exponential, ..Aligned::default() };
    reference.counts(&edges, &mut aligned.reference);
    current.counts(&edges, &mut aligned.current);
    aligned.edges = edges;
    Some(aligned)
}

fn same(a: f64, b: f64) -> bool {
    a.total_cmp(&b).is_eq() || (a.is_finite() && b.is_finite() && (a - b).abs() <= SAME * a.abs().max(b.abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const INF: f64 = f64::INFINITY;

    fn classic(bounds: &[f64], cumulative: &[f64]) -> Histogram {
        Histogram::classic(bounds.iter().copied().zip(cumulative.iter().copied()), None).unwrap()
    }

    #[test]
    fn a_layout_that_changed_is_compared_on_its_common_bounds() {
        let reference = classic(&[0.1, 0.2, 0.5, 1.0, INF], &[10.0, 30.0, 70.0, 95.0, 100.0]);
        let current = classic(&[0.2, 0.5, 1.0, 2.5, INF], &[40.0, 100.0, 170.0, 190.0, 200.0]);
        let aligned = align(&reference, &current).unwrap();
        assert_eq!(aligned.edges, [0.0, 0.2, 0.5, 1.0, INF]);
        assert_eq!(aligned.reference, [30.0, 40.0, 25.0, 5.0]);
        assert_eq!(aligned.current, [40.0, 60.0, 70.0, 30.0]);
        assert_eq!(aligned.lost, 2);
        let other = classic(&[0.3, 0.7, INF], &[1.0, 2.0, 3.0]);
        assert_eq!(align(&reference, &other), None, "nothing but the ends is common");
    }

    #[test]
    fn bounds_written_in_two_ways_are_one_and_a_falling_count_is_repaired() {
        let bounds = [(INF, 12.0), (1.0, 2.0), (1.0 + 1e-15, 3.0), (2.0, 4.0), (f64::NAN, 9.0)];
        let histogram = Histogram::classic(bounds, None).unwrap();
        let counts: Vec<f64> = histogram.buckets.iter().map(|bucket| bucket.count).collect();
        assert_eq!(counts, [5.0, 0.0, 7.0]);
        assert_eq!(histogram.buckets[0].lower.to_bits(), 0.0_f64.to_bits());
        assert_eq!(Histogram::classic([(1.0, 2.0)], None), Err(Unreadable::NoInfinity));
        let negative = Histogram::classic([(-1.0, 2.0), (INF, 2.0)], None).unwrap();
        assert_eq!(negative.buckets[0].lower, f64::NEG_INFINITY, "nobody knows where it begins");
        let told = Histogram::classic([(-1.0, 2.0), (INF, 2.0)], Some(-5.0)).unwrap();
        assert_eq!(told.buckets[0].lower.to_bits(), (-5.0_f64).to_bits());
    }

    #[test]
    fn native_histograms_of_two_resolutions_meet_at_the_coarser_one() {
        let base = 2.0_f64.powf(0.25);
        let bucket = |index: i32, count: f64| (base.powi(index - 1), base.powi(index), count);
        let fine: Vec<_> = (1..=8).map(|index| bucket(index, 1.0)).collect();
        let coarse = [(1.0, 2.0_f64.sqrt(), 3.0), (2.0_f64.sqrt(), 2.0, 5.0), (2.0, 2.0 * 2.0_f64.sqrt(), 7.0)];
        let aligned = align(&Histogram::native(fine).unwrap(), &Histogram::native(coarse).unwrap()).unwrap();
        assert_eq!(aligned.reference, [2.0, 2.0, 2.0, 1.0, 1.0]);
        assert_eq!(aligned.current, [3.0, 5.0, 7.0, 0.0, 0.0], "where a window has no bucket it has no samples, exactly");
        assert!(aligned.exponential);
        let overlapping = Histogram::native([(0.0, 2.0, 1.0), (1.0, 3.0, 1.0)]);
        assert_eq!(overlapping, Err(Unreadable::Overlaps));
    }
}
