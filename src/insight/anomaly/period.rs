//! The season of a series, found in what was seen of it: the lag at which it is most like itself.
//! Not for: deciding whether the season helps to predict (see `expert`).

/// Shortest season looked for, steps.
pub const SHORTEST: usize = 4;
/// Least autocorrelation that counts as a season.
const LEAST: f64 = 0.25;
/// A shorter season is taken where it is nearly as good as the best.
const NEARLY: f64 = 0.9;

/// The season of `values` (oldest first, on an even grid) in steps: the first peak of the autocorrelation, after it has once fallen,
/// that comes near the highest one. Values are held within three median deviations of the median, so that one spike is no season.
/// `None` where nothing repeats at least twice within them.
pub fn find(values: &[f32]) -> Option<usize> {
    let n = values.len();
    if n < 4 * SHORTEST {
        return None;
    }
    let mut work: Vec<f64> = values.iter().map(|value| f64::from(*value)).collect();
    let mut sorted = work.clone();
    let median = median(&mut sorted);
    for value in &mut sorted {
        *value = (*value - median).abs();
    }
    let spread = self::median(&mut sorted) * 1.4826;
    if spread > 0.0 {
        for value in &mut work {
            *value = ((*value - median) / spread).clamp(-3.0, 3.0);
        }
    } else {
        for value in &mut work {
            *value = (*value - median).signum() * f64::from(u8::from((*value - median).abs() > 0.0));
        }
    }
    // a slow trend is like itself at every lag: its line is taken away
    let (mut sum, mut tilt, mut square) = (0.0, 0.0, 0.0);
    let middle = (n - 1) as f64 / 2.0;
    for (at, value) in work.iter().enumerate() {
        let x = at as f64 - middle;
        sum += value;
        tilt += x * value;
        square += x * x;
    }
    let (mean, slope) = (sum / n as f64, tilt / square);
    for (at, value) in work.iter_mut().enumerate() {
        *value -= mean + slope * (at as f64 - middle);
    }
    let energy: f64 = work.iter().map(|value| value * value).sum();
    if energy <= 1e-9 {
        return None;
    }
    let longest = n / 2;
    let correlation: Vec<f64> = (0..=longest)
        .map(|lag| {
            let (early, late) = (&work[..n - lag], &work[lag..]);
            let product: f64 = early.iter().zip(late).map(|(a, b)| a * b).sum();
            product / energy * n as f64 / (n - lag) as f64
        })
        .collect();
    let fallen = (1..=longest).find(|lag| correlation[*lag] < 0.5 * LEAST)?;
    let peaks = (fallen.max(SHORTEST)..longest).filter(|lag| {
        let here = correlation[*lag];
        here >= LEAST && here >= correlation[lag - 1] && here >= correlation[lag + 1]
    });
    let peaks: Vec<usize> = peaks.collect();
    let best = peaks.iter().map(|lag| correlation[*lag]).fold(0.0, f64::max);
    peaks.into_iter().find(|lag| correlation[*lag] >= NEARLY * best)
}

fn median(values: &mut [f64]) -> f64 {
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f64::total_cmp).1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_season_is_found_under_noise_trend_and_spikes_and_none_where_there_is_none() {
        let mut state = 7_u64;
        let mut noise = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as f64 / f64::from(1_u32 << 31) - 0.5
        };
        let wave: Vec<f32> = (0..600)
            .map(|at| {
                let phase = f64::from(at) * std::f64::consts::TAU / 24.0;
                let spike = if at % 97 == 0 { 30.0 } else { 0.0 };
                (3.0 * phase.sin() + f64::from(at) * 0.01 + 2.0 * noise() + spike) as f32
            })
            .collect();
        assert_eq!(find(&wave), Some(24));
        let only_noise: Vec<f32> = (0..600).map(|_| noise() as f32).collect();
        assert_eq!(find(&only_noise), None);
        assert_eq!(find(&[1.0; 100]), None);
    }
}
