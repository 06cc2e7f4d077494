//! Series as they are in the world, with the places where something is wrong with them: eight kinds of series, eight kinds of trouble.
//! Not for: measuring who finds them (see `measure`).

use std::f64::consts::TAU;

/// A series with its odd values marked.
pub struct Labelled {
    /// `season / shift`.
    pub kind: String,
    /// Steps of its season, where it has one.
    pub season: usize,
    /// Its values.
    pub values: Vec<f64>,
    /// Which of them are odd.
    pub odd: Vec<bool>,
}

/// Numbers that are the same on every machine (xorshift64*).
struct Dice(u64);

impl Dice {
    fn share(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * (self.share() + 1e-300).ln()).sqrt() * (TAU * self.share()).cos()
    }

    fn from(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.share()
    }

    fn of(&mut self, low: usize, high: usize) -> usize {
        low + (self.share() * (high - low) as f64) as usize
    }

    fn sign(&mut self) -> f64 {
        if self.share() < 0.5 { -1.0 } else { 1.0 }
    }
}

/// Kinds of series.
pub const KINDS: [&str; 8] =
    ["noise", "season", "season on a trend", "random walk", "autoregressive", "counts", "restless by day", "batch"];
/// Kinds of trouble; the last three need a season.
pub const TROUBLES: [&str; 8] = ["spike", "small spike", "shift", "burst", "stuck", "amplitude", "season missing", "out of phase"];

/// One series of that kind with that trouble at one to four places.
pub fn series(kind: usize, trouble: usize, seed: u64) -> Labelled {
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    (0..20).for_each(|_| {
        dice.share();
    });
    let length = dice.of(1200, 3000);
    let season = [24, 48, 96, 168, dice.of(20, 160)][dice.of(0, 5)];
    let noise = dice.from(0.05, 0.4);
    let waves: Vec<(f64, f64)> = (1..5).map(|k| (dice.from(0.2, 1.0) / f64::from(k), dice.from(0.0, TAU))).collect();
    let slope = dice.from(-4.0, 4.0) / length as f64;
    let (mut pulled, mut walked) = (0.0, 0.0);
    let mut values: Vec<f64> = (0..length)
        .map(|at| {
            let e = dice.normal();
            pulled = 0.9 * pulled + e;
            walked += e;
            let turn = at as f64 / season as f64;
            let shape: f64 = waves.iter().enumerate().map(|(k, (size, phase))| size * ((k + 1) as f64 * TAU * turn + phase).sin()).sum();
            match kind {
                0 => e,
                1 => shape + noise * e,
                2 => shape + noise * e + slope * at as f64,
                3 => walked,
                4 => pulled,
                5 => {
                    let mean = (2.0 + 1.2 * shape).exp().min(300.0);
                    (mean + mean.sqrt() * e).max(0.0).round()
                }
                6 => shape + noise * e * (1.0 + shape.abs()),
                _ => (if turn.fract() < 0.06 { 4.0 } else { 0.0 }) + 0.5 * shape + noise * e,
            }
        })
        .collect();
    let mean = values.iter().sum::<f64>() / length as f64;
    let spread = if kind == 3 { 1.5 } else { (values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / length as f64).sqrt() };
    let grain = match kind {
        0 | 3 | 4 => 1.0,
        5 => spread * 0.4,
        _ => noise.max(0.15),
    };
    let seasonal = !matches!(kind, 0 | 3 | 4);
    let trouble = if seasonal || trouble < 5 { trouble } else { trouble - 5 };
    let mut odd = vec![false; length];
    let places = dice.of(1, 5);
    let gap = (length - length / 4) / (places + 1);
    for place in 0..places {
        let at = length / 4 + place * gap + dice.of(0, gap / 2);
        let long = match trouble {
            0 | 1 => 1,
            2 => dice.of(5, 30),
            3 => dice.of(10, 50),
            4 => dice.of(15, 50),
            6 => dice.of(season / 3, season),
            _ => dice.of(season / 2, season),
        };
        let until = (at + long).min(length);
        odd[at..until].fill(true);
        let (sign, size) = (dice.sign(), dice.share());
        let (stuck, before) = (values[at], values.clone());
        let so_far = before[..at].iter().sum::<f64>() / at as f64;
        let shifted = if trouble == 2 { at..length } else { at..until };
        for here in shifted {
            values[here] = match trouble {
                0 => before[here] + sign * (6.0 + 6.0 * size) * grain.max(spread * 0.3),
                1 => before[here] + sign * (4.0 + 2.5 * size) * grain,
                2 => before[here] + sign * (5.0 + 4.0 * size) * grain.max(0.25 * spread),
                3 => before[here] + dice.normal() * grain * 3.5,
                4 => stuck,
                5 => before[here] * if size < 0.5 { 0.3 } else { 1.8 },
                6 => so_far + dice.normal() * noise,
                _ => before[(here + season / 3).min(length - 1)],
            };
        }
    }
    let (offset, unit) = (if kind == 5 { 0.0 } else { dice.from(-5.0, 50.0) }, 10.0_f64.powf(dice.from(-2.0, 4.0)));
    values.iter_mut().for_each(|x| *x = (*x + offset) * unit);
    Labelled { kind: format!("{} / {}", KINDS[kind], TROUBLES[trouble]), season, values, odd }
}
