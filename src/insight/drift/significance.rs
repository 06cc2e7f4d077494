//! How likely a difference is by chance: Kolmogorov-Smirnov, chi-square and proportions, and the correction for many tests at once.
//! Not for: how large a difference is (see `distance`).

/// Fewest samples of each window for which the formula of [`ks_p`] is used; below it its error is larger than the level.
pub const KS_MIN_SAMPLES: f64 = 8.0;

/// p of the two-sample Kolmogorov-Smirnov statistic `d` (0 to 1) of samples of `n` and `m`; `None` below [`KS_MIN_SAMPLES`].
/// Limit law with the small-sample correction of M. A. Stephens, "Use of the Kolmogorov-Smirnov, Cramér-von Mises and related
/// statistics without extensive tables", JRSS B 32 (1970): `λ = (√e + 0.12 + 0.11/√e)·d`, `e = nm/(n+m)`.
/// Of binned data `d` is a lower bound, so p is an upper one.
pub fn ks_p(d: f64, n: f64, m: f64) -> Option<f64> {
    if n < KS_MIN_SAMPLES || m < KS_MIN_SAMPLES || !d.is_finite() {
        return None;
    }
    let root = (n * m / (n + m)).sqrt();
    Some(kolmogorov_sf((root + 0.12 + 0.11 / root) * d))
}

/// Upper tail of the Kolmogorov distribution, `2 Σ (−1)^(k−1) exp(−2k²λ²)`; for small λ by its theta-function twin
/// `1 − √(2π)/λ Σ exp(−(2k−1)²π²/(8λ²))`, where the first form would cancel (W. Feller, Ann. Math. Stat. 19, 1948).
pub fn kolmogorov_sf(lambda: f64) -> f64 {
    use std::f64::consts::PI;
    if lambda <= 0.0 {
        return 1.0;
    }
    if lambda < 1.0 {
        let step = -(PI * PI) / (8.0 * lambda * lambda);
        let sum: f64 = [1.0_f64, 9.0, 25.0, 49.0].iter().map(|odd| (odd * step).exp()).sum();
        return (1.0 - (2.0 * PI).sqrt() / lambda * sum).clamp(0.0, 1.0);
    }
    let step = -2.0 * lambda * lambda;
    let terms = [(1.0, 1.0_f64), (-1.0, 4.0), (1.0, 9.0), (-1.0, 16.0), (1.0, 25.0)];
    (2.0 * terms.iter().map(|(sign, square)| sign * (square * step).exp()).sum::<f64>()).clamp(0.0, 1.0)
}

/// Upper tail of the chi-square distribution with `dof` degrees of freedom: the regularised upper incomplete gamma function
/// Q(dof/2, x/2) (Abramowitz & Stegun 26.4.19).
pub fn chi2_sf(x: f64, dof: f64) -> f64 {
    if dof <= 0.0 || x <= 0.0 { 1.0 } else { gamma_q(dof / 2.0, x / 2.0) }
}

/// The x that a chi-square variable with `dof` degrees of freedom exceeds with probability `alpha`: Newton's steps from the
/// approximation of E. B. Wilson and M. M. Hilferty, PNAS 17 (1931).
pub fn chi2_upper(alpha: f64, dof: f64) -> f64 {
    if dof <= 0.0 {
        return 0.0;
    }
    let spread = 2.0 / (9.0 * dof);
    let mut x = dof * (1.0 - spread + normal_upper(alpha) * spread.sqrt()).powi(3).max(1e-3);
    let half = dof / 2.0;
    for _ in 0..60 {
        let density = ((half - 1.0) * (x / 2.0).ln() - x / 2.0 - ln_gamma(half)).exp() / 2.0;
        let next = (x + (chi2_sf(x, dof) - alpha) / density).max(x / 4.0);
        let done = (next - x).abs() <= 1e-14 * x;
        x = next;
        if done {
            break;
        }
    }
    x
}

/// Two-sided p of a standard normal `z`: `erfc(|z|/√2) = Q(1/2, z²/2)`.
pub fn normal_p(z: f64) -> f64 {
    if z == 0.0 { 1.0 } else { gamma_q(0.5, z * z / 2.0) }
}

/// The z that a standard normal variable exceeds with probability `alpha` (0 to 0.5), to 5e-4: Abramowitz & Stegun 26.2.23.
fn normal_upper(alpha: f64) -> f64 {
    let t = (-2.0 * alpha.clamp(1e-300, 0.5).ln()).sqrt();
    t - (2.515_517 + 0.802_853 * t + 0.010_328 * t * t) / (1.0 + 1.432_788 * t + 0.189_269 * t * t + 0.001_308 * t * t * t)
}

/// Two shares compared, such as missing values of all values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Proportions {
    /// Share in the reference, 0 to 1.
    pub reference: f64,
    /// Share in the current window, 0 to 1.
    pub current: f64,
    /// Standard normal statistic.
    pub z: f64,
    /// Two-sided p.
    pub p: f64,
}

/// The pooled two-proportion z-test (as in Evidently): `x1` of `n1` against `x2` of `n2`. `None` without samples on either side.
pub fn proportions(x1: f64, n1: f64, x2: f64, n2: f64) -> Option<Proportions> {
    if !(n1 > 0.0 && n2 > 0.0) {
        return None;
    }
    let (reference, current) = (x1 / n1, x2 / n2);
    let pooled = (x1 + x2) / (n1 + n2);
    let spread = (pooled * (1.0 - pooled) * (1.0 / n1 + 1.0 / n2)).sqrt();
    let z = if spread > 0.0 { (reference - current) / spread } else { 0.0 };
    Some(Proportions { reference, current, z, p: normal_p(z) })
}

/// p-values adjusted for being many, in the order given: Y. Benjamini and Y. Hochberg, JRSS B 57 (1995). To reject those below q
/// keeps the expected share of false rejections below q.
pub fn adjusted(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*b].total_cmp(&p[*a]));
    let mut out = vec![1.0; p.len()];
    let mut least = 1.0_f64;
    for (from_worst, at) in order.into_iter().enumerate() {
        let rank = (p.len() - from_worst) as f64;
        least = least.min(p[at] * p.len() as f64 / rank);
        out[at] = least;
    }
    out
}

/// What PSI reaches by chance alone, per number of cells; looked up, since ten thousand features share a few layouts.
#[derive(Debug, Clone, Default)]
pub struct Limits {
    upper: Vec<f64>,
}

/// Level at which a PSI counts as more than chance.
pub const CHANCE: f64 = 0.05;

impl Limits {
    /// The 95 % limit of PSI without drift: `χ²(0.95, cells − 1)·(1/n + 1/m)` (B. Yurdakul and J. Naranjo, "Statistical properties
    /// of the population stability index", J. Risk Model Validation 14, 2020).
    pub fn psi(&mut self, cells: usize, n: f64, m: f64) -> f64 {
        if self.upper.len() <= cells {
            let known = self.upper.len();
            self.upper.extend((known..=cells).map(|cells| chi2_upper(CHANCE, cells.saturating_sub(1) as f64)));
        }
        self.upper[cells] * (1.0 / n + 1.0 / m)
    }
}

/// Natural logarithm of the gamma function for `x > 0`: Stirling's series (Abramowitz & Stegun 6.1.41) after shifting x past 10.
fn ln_gamma(x: f64) -> f64 {
    let mut shift = 0.0;
    let mut x = x;
    while x < 10.0 {
        shift -= x.ln();
        x += 1.0;
    }
    let inverse = 1.0 / x;
    let square = inverse * inverse;
    let series =
        inverse * (1.0 / 12.0 - square * (1.0 / 360.0 - square * (1.0 / 1260.0 - square * (1.0 / 1680.0 - square * (1.0 / 1188.0)))));
    shift + (x - 0.5) * x.ln() - x + 0.5 * (2.0 * std::f64::consts::PI).ln() + series
}

/// Regularised upper incomplete gamma function: by its series below the mean, by its continued fraction above
/// (Abramowitz & Stegun 6.5.29 and 6.5.31, the fraction by Lentz's method).
#[expect(clippy::many_single_char_names, reason = "the letters of the formula")]
fn gamma_q(a: f64, x: f64) -> f64 {
    const ENOUGH: f64 = 1e-16;
    let front = (a * x.ln() - x - ln_gamma(a)).exp();
    if x < a + 1.0 {
        let (mut term, mut sum, mut k) = (1.0 / a, 1.0 / a, a);
        while term > sum * ENOUGH {
            k += 1.0;
            term *= x / k;
            sum += term;
        }
        return (1.0 - front * sum).clamp(0.0, 1.0);
    }
    if front == 0.0 {
        return 0.0;
    }
    let mut b = x + 1.0 - a;
    let mut c = 1e300;
    let mut d = 1.0 / b;
    let mut h = d;
    for i in 1..500 {
        let k = f64::from(i);
        let a_k = -k * (k - a);
        b += 2.0;
        d = 1.0 / (a_k * d + b);
        c = b + a_k / c;
        let step = d * c;
        h *= step;
        if (step - 1.0).abs() < ENOUGH * 10.0 {
            break;
        }
    }
    (front * h).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(got: f64, expected: f64) {
        assert!((got / expected - 1.0).abs() < 1e-9, "{got} is not {expected}");
    }

    #[test]
    fn tails_are_those_of_scipy() {
        for (lambda, p) in [
            (0.5, 0.963_945_243_664_875_1),
            (1.0, 0.269_999_671_677_354_56),
            (1.167_748_416_242_284_4, 0.130_758_224_118_881_33),
            (1.36, 0.049_485_876_755_377_876),
            (1.63, 0.009_846_364_888_486_527),
            (2.0, 0.000_670_925_255_779_695_3),
            (7.348_469_228_349_535, 2.495_892_925_825_831_6e-47),
        ] {
            close(kolmogorov_sf(lambda), p);
        }
        close(ks_p(0.5, 10.0, 12.0).unwrap(), 0.087_297_852_021_569_62);
        close(ks_p(0.3, 1200.0, 1200.0).unwrap(), 8.303_378_214_616_692e-48);
        close(chi2_sf(265.142_857_142_857_1, 4.0), 3.553_642_083_093_910_5e-56);
        close(chi2_sf(56.797_889_610_389_62, 3.0), 2.838_278_766_555_964_6e-12);
        close(chi2_sf(870.0, 4.0), 5.264_860_414_325_737e-187);
        let missing = proportions(120.0, 500.0, 130.0, 400.0).unwrap();
        close(missing.z, -2.828_971_000_748_669_3);
        close(missing.p, 0.004_669_793_015_266_079);
    }

    #[test]
    fn what_psi_reaches_by_chance_is_what_is_known_of_it() {
        let mut limits = Limits::default();
        for (cells, n, m, limit) in [
            (10, 200.0, 200.0, 0.169_189_776_046_204_47),
            (10, 100.0, 1000.0, 0.186_108_753_650_824_9),
            (5, 1200.0, 1200.0, 0.015_812_881_727_968_593),
            (20, 1000.0, 1000.0, 0.060_287_054_411_292_32),
        ] {
            close(limits.psi(cells, n, m), limit);
        }
        assert!(limits.psi(1, 10.0, 10.0).abs() < 1e-12, "one cell cannot drift");
    }

    #[test]
    fn many_p_values_are_adjusted_as_scipy_does_and_keep_their_order() {
        let adjusted = adjusted(&[0.3, 0.001, 0.049, 0.021, 0.012]);
        for (got, expected) in adjusted.iter().zip([0.3, 0.005, 0.06125, 0.035, 0.03]) {
            close(*got, expected);
        }
    }
}
