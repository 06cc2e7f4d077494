//! Ways to predict the next value, each with its own idea of how far off it usually is; the better one has the say.
//! Not for: the regression itself (see `regression`), what is an anomaly (see `anomaly`).

/// Degrees of freedom of the distribution of errors: with four, one error in a thousand is nine deviations away, as real series have it.
const FREEDOM: f64 = 4.0;
/// What counts of an expert's record after each further value: it looks back over some fifty.
const RECORD: f64 = 0.98;
/// An error counts for the usual one up to this many times it.
const HELD: f64 = 4.0;
/// Mean distance of that distribution in its scale: a scale is the mean error over this.
const MEAN_ERROR: f64 = 1.0;

/// One way to predict.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Expert {
    error: f64,
    record: f64,
    seen: u32,
}

impl Expert {
    /// How far off it usually is, at least `least`. Before it has seen much it trusts itself less.
    pub fn scale(&self, least: f64) -> f64 {
        (self.error / MEAN_ERROR * (1.0 + 8.0 / (f64::from(self.seen) + 1.0))).max(least)
    }

    /// Its record, the logarithm of how likely it found what came.
    pub fn record(&self) -> f64 {
        if self.seen < 4 { f64::NEG_INFINITY } else { self.record }
    }

    /// The same in another unit.
    #[must_use]
    pub fn rescaled(self, by: f64) -> Self {
        Self { error: self.error * by, record: 0.0, ..self }
    }

    /// Takes how far off it was, in the unit of its scale.
    pub fn learn(&mut self, error: f64, least: f64, rate: f64) {
        let scale = self.scale(least);
        let z = error / scale;
        let likely = -scale.ln() - f64::midpoint(FREEDOM, 1.0) * (z * z / FREEDOM).ln_1p();
        self.record = RECORD * self.record + likely;
        let held = if self.seen < 8 { error.abs() } else { error.abs().min(HELD * self.error.max(least)) };
        let rate = rate.max(1.0 / (f64::from(self.seen) + 1.0));
        self.error += rate * (held - self.error);
        self.seen = self.seen.saturating_add(1);
    }
}

/// How likely an error at least as large as `z` deviations is: the two tails of Student's distribution with four degrees of
/// freedom, in a form that does not cancel (Abramowitz & Stegun 26.7.3).
pub fn tails(z: f64) -> f64 {
    let y = FREEDOM / (z * z).max(1e-300);
    let v = 2.0 * y / ((1.0 + y) + (1.0 + y).sqrt());
    let v = if v.is_finite() { v.min(2.0) } else { 2.0 };
    (0.375 * v * v - v * v * v / 16.0).max(f64::MIN_POSITIVE)
}

/// Shares in the say, from the experts' records; they sum to 1. Equal where nobody has one.
pub fn say<const N: usize>(records: [f64; N]) -> [f64; N] {
    let best = records.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if !best.is_finite() {
        return [1.0 / N as f64; N];
    }
    let mut shares = records.map(|record| (record - best).exp());
    let sum: f64 = shares.iter().sum();
    for share in &mut shares {
        *share /= sum;
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_are_those_of_student_and_stay_exact_far_out() {
        for (z, p) in [(0.0, 1.0), (1.0, 0.373_900_966_300_059_1), (2.776_445_105_197_798, 0.05), (1e6, 6e-24)] {
            assert!((tails(z) / p - 1.0_f64).abs() < 1e-6, "{z}: {}", tails(z));
        }
    }

    #[test]
    fn the_expert_that_is_less_off_gets_the_say() {
        let (mut good, mut bad) = (Expert::default(), Expert::default());
        for at in 0..100 {
            let sign = if at % 2 == 0 { 1.0 } else { -1.0 };
            good.learn(sign, 1e-9, 0.01);
            bad.learn(sign * 3.0, 1e-9, 0.01);
        }
        assert!(say([good.record(), bad.record()])[0] > 0.99);
        assert!((good.scale(0.0) - 1.08).abs() < 0.05, "{}", good.scale(0.0));
    }
}
