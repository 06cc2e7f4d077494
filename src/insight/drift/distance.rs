//! How far two windows are apart, every measure in one pass over their cells: nothing is allocated, so that ten thousand features
//! cost milliseconds.
//! Not for: making layouts comparable (see `histogram`), how likely a distance is by chance alone (see `significance`).

use super::significance::{Limits, chi2_sf, ks_p};

/// What to do about cells that only one window has: PSI is infinite there without a rule, and the rule decides its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Smoothing {
    /// Half a sample is added to every used cell of both windows (Jeffreys' prior) as soon as one such cell exists.
    #[default]
    Half,
    /// An empty cell's share becomes 0.0001, or a millionth of the smallest share where that is smaller, and nothing is renormalised:
    /// Evidently's rule, for the same number as there.
    Evidently,
}

/// Where the cells lie.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Layout<'a> {
    /// Between neighbours of these edges, one more than cells, rising. The first may be −∞ and the last +∞: what lies in such a
    /// cell has no place but its finite edge.
    Edges(&'a [f64]),
    /// The same, exponential: within a cell of positive edges values spread evenly in their logarithm (native histograms).
    Exponential(&'a [f64]),
    /// Nowhere: categories have no order.
    Unordered,
}

/// Quantiles that are compared.
pub const QUANTILES: [f64; 3] = [0.1, 0.5, 0.9];

/// What can be said of an ordered scale only.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Along {
    /// Kolmogorov-Smirnov statistic `max |P − Q|` at the edges, a lower bound of that of the samples (N. Smirnov, 1939).
    pub ks: f64,
    /// Its p, an upper bound; `None` with too few samples (see [`ks_p`]).
    pub ks_p: Option<f64>,
    /// Wasserstein-1 distance `∫ |P − Q| dx` in the feature's unit, values spread evenly within cells and at the finite edge of an
    /// infinite one, which makes it a lower bound there (L. N. Vaserstein, 1969).
    pub wasserstein: f64,
    /// The same in standard deviations of the reference, grouped data, no correction; `None` if that is zero. Evidently's
    /// `wasserstein_normed`.
    pub wasserstein_normed: Option<f64>,
    /// Quantiles of the reference by Prometheus' rule (`histogram_quantile`), in the order of [`QUANTILES`].
    pub reference: [f64; 3],
    /// The same of the current window.
    pub current: [f64; 3],
    /// Share of the current window in the cell without an upper end; quantiles there are "at least".
    pub overflow: f64,
}

/// What is left of a PSI where nothing differs is rounding, and contributes nothing to a model's drift.
const ROUNDING: f64 = 1e-12;

/// How far two windows are apart.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Distances {
    /// Samples of the reference. Counts that a server extrapolated are not whole.
    pub n: f64,
    /// Samples of the current window.
    pub m: f64,
    /// Cells that either window uses.
    pub cells: usize,
    /// Population stability index `Σ (q−p)·ln(q/p)`, symmetric, 0 and up (Jeffreys 1946; as PSI: Yurdakul and Naranjo 2020).
    pub psi: f64,
    /// What it reaches by chance in one of twenty comparisons without drift (see [`Limits::psi`]).
    pub psi_limit: f64,
    /// Jensen-Shannon distance, the root of the divergence in bits: 0 to 1 (J. Lin, IEEE Trans. Inf. Theory 37, 1991; a metric by
    /// Endres and Schindelin 2003). As in `NannyML`; Evidently and `scipy` give it in nats, which is `√(ln 2)` times this.
    pub jensen_shannon: f64,
    /// Hellinger distance `√(½ Σ (√p − √q)²)`, 0 to 1 (E. Hellinger, 1909).
    pub hellinger: f64,
    /// Total variation distance `½ Σ |p − q|`, 0 to 1.
    pub total_variation: f64,
    /// Largest difference of one cell's share, 0 to 1; Vertex AI's and `SageMaker`'s distance of categories.
    pub chebyshev: f64,
    /// Chi-square statistic of homogeneity of the two rows of counts (K. Pearson 1900; scipy's `chi2_contingency` without correction).
    pub chi2: f64,
    /// Its p with `cells − 1` degrees of freedom.
    pub chi2_p: f64,
    /// On an ordered scale.
    pub along: Option<Along>,
}

/// Compares two windows cell by cell; `None` if either holds nothing. Cells empty in both count for nothing.
/// `reference` and `current` are as long as the layout has cells.
pub fn compare(layout: Layout<'_>, reference: &[f64], current: &[f64], smoothing: Smoothing, limits: &mut Limits) -> Option<Distances> {
    let counts = Counts::of(reference, current);
    let Counts { n, m, cells, one_sided } = counts;
    if !(n > 0.0 && m > 0.0 && n.is_finite() && m.is_finite()) {
        return None;
    }
    let sums = Sums::of(reference, current, n, m);
    let psi = if one_sided { Filled::new(smoothing, &counts, reference, current).psi(reference, current) } else { sums.psi };
    let chi2 = sums.chi2 / (n * m);
    Some(Distances {
        n,
        m,
        cells,
        psi: if psi > ROUNDING { psi } else { 0.0 },
        psi_limit: limits.psi(cells, n, m),
        jensen_shannon: (sums.divergence.max(0.0) / (2.0 * std::f64::consts::LN_2)).sqrt().min(1.0),
        hellinger: (sums.affinity.max(0.0) / 2.0).sqrt().min(1.0),
        total_variation: (sums.variation / 2.0).min(1.0),
        chebyshev: sums.widest.min(1.0),
        chi2,
        chi2_p: chi2_sf(chi2, cells.saturating_sub(1) as f64),
        along: match layout {
            Layout::Edges(edges) => Some(along(edges, false, reference, current, n, m)),
            Layout::Exponential(edges) => Some(along(edges, true, reference, current, n, m)),
            Layout::Unordered => None,
        },
    })
}

struct Counts {
    n: f64,
    m: f64,
    cells: usize,
    one_sided: bool,
}

impl Counts {
    fn of(reference: &[f64], current: &[f64]) -> Self {
        let mut counts = Self { n: 0.0, m: 0.0, cells: 0, one_sided: false };
        for (r, c) in reference.iter().zip(current) {
            counts.n += r;
            counts.m += c;
            counts.cells += usize::from(*r > 0.0 || *c > 0.0);
            counts.one_sided |= (*r > 0.0) != (*c > 0.0);
        }
        counts
    }
}

/// Cells taken at a time, on the stack: loops over arrays of a fixed size become vector code.
const BLOCK: usize = 8;
/// Numbers of one block.
type Block = [f64; BLOCK];
/// Less than any share or count, so that an empty cell divides nothing by zero; its square is still a normal number.
const TINY: f64 = 1e-100;

/// What is added up over cells, whatever their order. Empty cells add nothing: `ln 0` is finite here (see [`ln`]) and times zero.
#[derive(Default)]
struct Sums {
    psi: f64,
    divergence: f64,
    affinity: f64,
    variation: f64,
    widest: f64,
    chi2: f64,
}

impl Sums {
    /// With `u = 2p/(p+q)` and `v = 2q/(p+q)`, PSI is `Σ (q−p)(ln v − ln u)` and the divergence `½ Σ (p ln u + q ln v)`: two logarithms a
    /// cell, not three, and what is divided by shares one division.
    fn of(reference: &[f64], current: &[f64], n: f64, m: f64) -> Self {
        let (per_n, per_m) = (1.0 / n, 1.0 / m);
        let mut lanes = [[0.0_f64; BLOCK]; 6];
        each(reference, current, |r, c| {
            let [psi, divergence, affinity, variation, widest, chi2] = &mut lanes;
            let (mut p, mut q, mut ln_u, mut ln_v): (Block, Block, Block, Block) = Default::default();
            for i in 0..BLOCK {
                (p[i], q[i]) = (r[i] * per_n, c[i] * per_m);
                let (both, counts) = (p[i] + q[i] + TINY, r[i] + c[i] + TINY);
                let inverse = 1.0 / (both * counts);
                let per_both = 2.0 * inverse * counts;
                let tilt = r[i] * m - c[i] * n;
                chi2[i] += tilt * tilt * inverse * both;
                (ln_u[i], ln_v[i]) = (p[i] * per_both, q[i] * per_both);
            }
            for i in 0..BLOCK {
                (ln_u[i], ln_v[i]) = logarithms(ln_u[i], ln_v[i]);
            }
            for i in 0..BLOCK {
                psi[i] += (q[i] - p[i]) * (ln_v[i] - ln_u[i]);
                divergence[i] += p[i] * ln_u[i] + q[i] * ln_v[i];
                affinity[i] += p[i] + q[i] - 2.0 * (p[i] * q[i]).sqrt();
            }
            for i in 0..BLOCK {
                let apart = (q[i] - p[i]).abs();
                variation[i] += apart;
                widest[i] = if apart > widest[i] { apart } else { widest[i] };
            }
        });
        let sum = |of: usize| lanes[of].iter().sum();
        let widest = lanes[4].iter().fold(0.0_f64, |widest, apart| widest.max(*apart));
        Self { psi: sum(0), divergence: sum(1), affinity: sum(2), variation: sum(3), widest, chi2: sum(5) }
    }
}

/// Gives all cells, a block at a time; the last one is filled up with empty cells.
#[inline]
fn each(reference: &[f64], current: &[f64], mut add: impl FnMut(&Block, &Block)) {
    let ((r, rest_r), (c, rest_c)) = (reference.as_chunks(), current.as_chunks());
    r.iter().zip(c).for_each(|(r, c)| add(r, c));
    if !rest_r.is_empty() {
        let (mut r, mut c) = ([0.0; BLOCK], [0.0; BLOCK]);
        r[..rest_r.len()].copy_from_slice(rest_r);
        c[..rest_c.len()].copy_from_slice(rest_c);
        add(&r, &c);
    }
}

/// Natural logarithm of a positive normal number, to one unit in the last place or two, without a call or a branch; of 0 some finite
/// number. `ln x = k·ln 2 + 2 artanh((z−1)/(z+1))` with `x = z·2^k`, `z` between `√½` and `√2` (Abramowitz & Stegun 4.1.27).
#[inline]
fn ln(x: f64) -> f64 {
    let (k, z) = parts(x);
    sum(k, (z - 1.0) / (z + 1.0))
}

/// Both logarithms with one division.
#[inline]
fn logarithms(x: f64, y: f64) -> (f64, f64) {
    let ((k, z), (j, w)) = (parts(x), parts(y));
    let inverse = 1.0 / ((z + 1.0) * (w + 1.0));
    (sum(k, (z - 1.0) * (w + 1.0) * inverse), sum(j, (w - 1.0) * (z + 1.0) * inverse))
}

/// `k` and `z` of `x`.
#[inline]
fn parts(x: f64) -> (f64, f64) {
    const ROOT_HALF: u64 = 0x3fe6_a09e_667f_3bcd;
    const OFFSET: u64 = 1024 << 52;
    const MAGIC: u64 = 0x4330_0000_0000_0000; // 2^52: a small whole number in the low bits becomes that number above it
    let bits = x.to_bits();
    let k = bits.wrapping_add(OFFSET).wrapping_sub(ROOT_HALF) >> 52;
    let z = f64::from_bits(bits.wrapping_sub(k << 52).wrapping_add(OFFSET));
    (f64::from_bits(k | MAGIC) - (4_503_599_627_370_496.0 + 1024.0), z)
}

/// `k·ln 2 + 2 artanh f`.
#[inline]
fn sum(k: f64, f: f64) -> f64 {
    let s = f * f;
    let tail = 1.0 / 3.0
        + s * (1.0 / 5.0
            + s * (1.0 / 7.0
                + s * (1.0 / 9.0 + s * (1.0 / 11.0 + s * (1.0 / 13.0 + s * (1.0 / 15.0 + s * (1.0 / 17.0 + s * (1.0 / 19.0))))))));
    k * std::f64::consts::LN_2 + 2.0 * (f + f * s * tail)
}

/// PSI where cells are empty on one side: what each rule adds, and the least share it lets stand.
struct Filled {
    add: f64,
    per_n: f64,
    per_m: f64,
    p_floor: f64,
    q_floor: f64,
}

impl Filled {
    fn new(smoothing: Smoothing, counts: &Counts, reference: &[f64], current: &[f64]) -> Self {
        let Counts { n, m, cells, .. } = *counts;
        let floor = |counts: &[f64], total: f64| {
            let least = counts.iter().filter(|count| **count > 0.0).fold(f64::INFINITY, |least, count| least.min(*count)) / total;
            if least <= 1e-4 { least / 1e6 } else { 1e-4 }
        };
        match smoothing {
            Smoothing::Half => {
                let added = 0.5 * cells as f64;
                Self { add: 0.5, per_n: 1.0 / (n + added), per_m: 1.0 / (m + added), p_floor: 0.0, q_floor: 0.0 }
            }
            Smoothing::Evidently => {
                Self { add: 0.0, per_n: 1.0 / n, per_m: 1.0 / m, p_floor: floor(reference, n), q_floor: floor(current, m) }
            }
        }
    }

    fn psi(&self, reference: &[f64], current: &[f64]) -> f64 {
        let mut lanes = [0.0; BLOCK];
        each(reference, current, |r, c| {
            for i in 0..BLOCK {
                let p = ((r[i] + self.add) * self.per_n).max(self.p_floor);
                let q = ((c[i] + self.add) * self.per_m).max(self.q_floor);
                let used = if r[i] + c[i] > 0.0 { 1.0 } else { 0.0 };
                lanes[i] += used * (q - p) * ln(q / p);
            }
        });
        lanes.iter().sum()
    }
}

fn along(edges: &[f64], exponential: bool, reference: &[f64], current: &[f64], n: f64, m: f64) -> Along {
    let mut out = Along::default();
    let last = reference.len() - 1;
    // an infinite cell lies at its finite edge
    let lowest = if edges[0].is_finite() { edges[0] } else { edges[1] };
    let highest = if edges[last + 1].is_finite() { edges[last + 1] } else { edges[last].max(lowest) };
    let (per_n, per_m) = (1.0 / n, 1.0 / m);
    let (mut below_r, mut below_c) = (0.0, 0.0);
    let (mut gap, mut twice_area, mut ks) = (0.0_f64, 0.0, 0.0_f64);
    let (mut twice_moment, mut thrice_square) = (0.0, 0.0);
    let (mut next_r, mut next_c) = (0, 0);
    let (mut want_r, mut want_c) = (QUANTILES[0] * n, QUANTILES[0] * m);
    // places are told from a finite edge: squares about zero would cancel where values are large and close together
    let mut low = 0.0;
    for (at, ((r, c), upper)) in reference.iter().zip(current).zip(&edges[1..]).enumerate() {
        let (to_r, to_c) = (below_r + r, below_c + c);
        if to_r >= want_r || to_c >= want_c || at == last {
            let cell = Cell { lower: edges[at], upper: *upper, exponential };
            next_r = cell.quantiles(&mut out.reference, next_r, n, below_r, *r, at == last);
            next_c = cell.quantiles(&mut out.current, next_c, m, below_c, *c, at == last);
            let want = |next: usize, total: f64| QUANTILES.get(next).map_or(f64::INFINITY, |share| share * total);
            (want_r, want_c) = (want(next_r, n), want(next_c, m));
        }
        let high = if at == last { highest } else { *upper } - lowest;
        let after = if at == last { 0.0 } else { to_r * per_n - to_c * per_m };
        // both ends on one side of zero: the mean of them; else the two triangles
        let ends = gap.abs() + after.abs();
        twice_area += (high - low) * if gap * after >= 0.0 { ends } else { (gap * gap + after * after) / ends };
        twice_moment += r * (low + high);
        thrice_square += r * (low * low + low * high + high * high);
        ks = ks.max(after.abs());
        (gap, low, below_r, below_c) = (after, high, to_r, to_c);
    }
    let (moment, square) = (twice_moment / 2.0 * per_n, thrice_square / 3.0 * per_n);
    let variance = square - moment * moment;
    out.wasserstein = twice_area / 2.0;
    out.wasserstein_normed = (variance > 0.0).then(|| out.wasserstein / variance.sqrt());
    out.ks = ks.min(1.0);
    out.ks_p = ks_p(out.ks, n, m);
    out.overflow = if edges[last + 1].is_finite() { 0.0 } else { current[last] * per_m };
    out
}

struct Cell {
    lower: f64,
    upper: f64,
    exponential: bool,
}

impl Cell {
    /// Sets the quantiles that fall into this cell; returns the next one to look for. Prometheus' rule: in the last cell without an
    /// end it is the last finite edge, in a first cell without a beginning its upper edge.
    fn quantiles(&self, out: &mut [f64; 3], mut next: usize, total: f64, below: f64, count: f64, last: bool) -> usize {
        while next < QUANTILES.len() && (below + count >= QUANTILES[next] * total || last) {
            let within = if count > 0.0 { ((QUANTILES[next] * total - below) / count).clamp(0.0, 1.0) } else { 1.0 };
            out[next] = self.at(within);
            next += 1;
        }
        next
    }

    fn at(&self, share: f64) -> f64 {
        let Self { lower, upper, exponential } = *self;
        if !upper.is_finite() {
            lower
        } else if !lower.is_finite() {
            upper
        } else if exponential && lower * upper > 0.0 {
            lower * (upper / lower).powf(share)
        } else {
            lower + (upper - lower) * share
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_of_a_native_histogram_is_divided_geometrically() {
        let base = 2.0_f64.powf(0.25);
        let cell = Cell { lower: base.powi(6), upper: base.powi(7), exponential: true };
        assert!((cell.at(0.25) - 2.953_652_291_878_998_2).abs() < 1e-12, "{}", cell.at(0.25));
    }

    #[test]
    fn the_logarithm_is_the_one_of_the_standard_library() {
        for x in (1..2000).map(|at| f64::from(at) * 0.000_731).chain([1e-300, 1e300, 0.999_999_999, 1.0, 1.000_000_001]) {
            let (one, other) = logarithms(x, 2.0);
            assert!((ln(x) - x.ln()).abs() <= 4.0 * f64::EPSILON * x.ln().abs(), "{x}: {} is not {}", ln(x), x.ln());
            assert!((one - x.ln()).abs() <= 8.0 * f64::EPSILON * x.ln().abs(), "{x}: {one} is not {}", x.ln());
            assert!((other - std::f64::consts::LN_2).abs() <= f64::EPSILON, "{other}");
        }
    }
}
