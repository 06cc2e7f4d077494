//! Whether two windows of one feature come from the same distribution: histograms made comparable, distances, p-values, verdicts.
//! Not for: fetching the windows (see `source::prometheus`), drawing them.
//!
//! Notation in the docstrings: `r` are counts of the reference, `c` of the current window, `n` and `m` their sums, `p = r/n`,
//! `q = c/m`, `P` and `Q` the running sums of `p` and `q`. Logarithms are natural.

pub mod distance;
pub mod histogram;
pub mod significance;
pub mod verdict;

pub use distance::{Along, Distances, Layout, Smoothing, compare};
pub use histogram::{Aligned, Histogram, align};
pub use significance::{Limits, Proportions, adjusted, proportions};
pub use verdict::{Doubt, Judged, Steady, Thresholds, Verdict};

#[cfg(test)]
mod golden;
