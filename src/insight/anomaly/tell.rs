//! What gives an anomaly away, five signs of it, each brought to how rare it is in this series, a sixth that is rare in every series, and
//! all of them to one number.
//! Not for: predicting (see `expert`).

use super::expert::tails;

/// One value and what was thought of it.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    /// The value, in the detector's unit.
    pub x: f64,
    /// The one before.
    pub before: f64,
    /// How surprising it was to the experts, `−ln p`.
    pub surprise: f64,
    /// What is usual at this point of the season.
    pub usual: Option<f64>,
    /// The season, steps.
    pub season: Option<usize>,
}

/// The signs: a surprise, a stretch of surprises, far from everything, stuck, astray in the season.
const SIGNS: usize = 5;
/// What each of them weighs. Chosen on generated series (`tests/detect`), checked on the Numenta benchmark, not tuned on it.
const WEIGHTS: [f64; SIGNS] = [1.0, 1.0, 1.0, 0.9, 1.0];
/// Over how many values surprises are taken together, as rates: some 6, 25 and 100.
const MOODS: [f64; 3] = [0.16, 0.04, 0.01];
/// How much a mood counts, in its own deviations.
const MOOD: f64 = 2.0;

/// All signs of one series.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tells {
    moods: [Mood; MOODS.len()],
    range: Range,
    stuck: Stuck,
    season: Astray,
    beyond: Beyond,
    tails: [Tail; SIGNS],
}

impl Tells {
    /// Takes a value; returns how rare what is seen is in this series, about `−ln` of its share.
    pub fn rarity(&mut self, seen: &Seen) -> f64 {
        let mood = self.moods.iter_mut().zip(MOODS).map(|(mood, rate)| mood.learn(seen.surprise.min(20.0), rate)).fold(0.0, f64::max);
        let signs = [
            seen.surprise,
            surprise(mood * MOOD),
            self.range.learn(seen.x),
            self.stuck.learn((seen.x - seen.before).abs() <= 0.0),
            match (seen.usual, seen.season) {
                (Some(usual), Some(season)) => self.season.learn(seen.x - usual, season as f64),
                _ => 0.0,
            },
        ];
        // between the largest and the sum: signs that agree add up a little
        let cubes: f64 =
            signs.into_iter().zip(WEIGHTS).zip(&mut self.tails).map(|((sign, weight), tail)| (weight * tail.rarity(sign)).powi(3)).sum();
        (cubes + self.beyond.learn(seen.x).powi(3)).cbrt()
    }

    /// Takes one of the first values, about which nothing can be said yet.
    pub fn warm(&mut self, x: f64) {
        self.range.learn(x);
        self.beyond.learn(x);
    }

    /// Takes another unit.
    pub fn scale(&mut self, by: f64) {
        self.range.middle *= by;
        self.range.width *= by;
        self.beyond.low *= by;
        self.beyond.high *= by;
    }

    /// The season is another one.
    pub fn forget_season(&mut self) {
        self.season = Astray::default();
        // what surprised before the season was known is no measure of what surprises now
        self.tails[0] = Tail::default();
        self.tails[1] = Tail::default();
    }
}

fn surprise(z: f64) -> f64 {
    -tails(z.max(0.0)).ln()
}

/// How surprising the last values were together, against how surprising they usually are.
#[derive(Debug, Clone, Copy, Default)]
struct Mood {
    now: f64,
    mean: f64,
    spread: f64,
    seen: f64,
}

impl Mood {
    /// Returns how unusual the mood is, in its own deviations.
    fn learn(&mut self, surprise: f64, rate: f64) -> f64 {
        let rate = rate.max(1.0 / (self.seen + 1.0));
        self.now += rate * (surprise - self.now);
        self.seen += 1.0;
        let apart = self.now - self.mean;
        let z = if self.seen * rate > 3.0 && self.spread > 0.0 { apart / self.spread } else { 0.0 };
        let slow = 0.002_f64.max(1.0 / self.seen);
        let most = 4.0 * self.spread.max(0.05);
        self.mean += slow * apart.min(most);
        self.spread += slow * (1.25 * apart.abs().min(most) - self.spread);
        z
    }
}

/// How far from everything the last values are.
#[derive(Debug, Clone, Copy, Default)]
struct Range {
    middle: f64,
    width: f64,
    now: f64,
    seen: f64,
}

impl Range {
    /// Values from which the range is learnt before it is used.
    const FIRST: f64 = 30.0;

    fn learn(&mut self, x: f64) -> f64 {
        let early = self.seen < Self::FIRST;
        let apart = x - self.middle;
        let z = if !early && self.width > 0.0 { apart / self.width } else { 0.0 };
        self.now += 0.1 * (z - self.now);
        let rate = 0.001_f64.max(1.0 / (self.seen + 1.0));
        let held = if early { apart } else { apart.clamp(-4.0 * self.width, 4.0 * self.width) };
        self.middle += rate * held;
        self.width += rate * (1.25 * held.abs() - self.width);
        self.seen += 1.0;
        surprise(self.now.abs() * 1.5)
    }
}

/// How long the value has not moved, against how often it does not.
#[derive(Debug, Clone, Copy, Default)]
struct Stuck {
    share: f64,
    run: f64,
    seen: f64,
}

impl Stuck {
    fn learn(&mut self, same: bool) -> f64 {
        self.run = if same { self.run + 1.0 } else { 0.0 };
        self.seen += 1.0;
        let often = (self.share + 0.01).min(0.999);
        self.share += 0.002_f64.max(1.0 / (self.seen + 10.0)) * (f64::from(u8::from(same)) - self.share);
        // a long run says more than a short one, but not without end
        -often.ln() * 2.0 * (2.0 * self.run).sqrt().min(self.run)
    }
}

/// How far the last values together are from what is usual in the season, whatever the values just before them say.
#[derive(Debug, Clone, Copy, Default)]
struct Astray {
    base: f64,
    width: f64,
    now: f64,
    seen: f64,
}

impl Astray {
    fn learn(&mut self, apart: f64, season: f64) -> f64 {
        let apart = apart - self.base;
        // over an eighth of the season, or two to some thirty values
        let over = (8.0 / season).clamp(0.03, 0.5);
        let z = if self.width > 0.0 { (apart / self.width).clamp(-8.0, 8.0) } else { 0.0 };
        self.now += over * (z - self.now);
        let held = if self.seen > 20.0 { apart.clamp(-4.0 * self.width, 4.0 * self.width) } else { apart };
        let rate = 0.005_f64.max(1.0 / (self.seen + 1.0));
        self.base += rate * held;
        self.width += rate * (1.25 * held.abs() - self.width);
        self.seen += 1.0;
        if self.seen < season { 0.0 } else { surprise(self.now.abs() * (2.0 / over).sqrt() * 0.7) }
    }
}

/// How far a value is beyond all that there was, in widths of what there was. Noise reaches a tenth of it, whatever its distribution.
#[derive(Debug, Clone, Copy, Default)]
struct Beyond {
    low: f64,
    high: f64,
    seen: f64,
}

impl Beyond {
    /// Values from which the extremes are learnt before they are used.
    const FIRST: f64 = 30.0;
    /// How much of the way an extreme goes to a value beyond it: a new level is taken after a few values, one spike is not.
    const TAKES: f64 = 0.3;
    /// How much of the way an extreme comes back with every value within.
    const FORGETS: f64 = 0.0005;
    /// Rarity of a value that is beyond by a whole width, and the power with which it grows.
    const RARITY: (f64, f64) = (9.0, 0.6);

    fn learn(&mut self, x: f64) -> f64 {
        if self.seen < 1.0 {
            (self.low, self.high) = (x, x);
        }
        self.seen += 1.0;
        let early = self.seen < Self::FIRST;
        let width = self.high - self.low;
        let over = (x - self.high).max(self.low - x).max(0.0);
        let takes = if early { 1.0 } else { Self::TAKES };
        self.high += (x - self.high) * if x > self.high { takes } else { Self::FORGETS };
        self.low += (x - self.low) * if x < self.low { takes } else { Self::FORGETS };
        if early || width <= 0.0 { 0.0 } else { Self::RARITY.0 * (over / width).min(50.0).powf(Self::RARITY.1) }
    }
}

/// What the largest surprises of this series are usually like: those above a high quantile fall off exponentially (peaks over
/// threshold, J. Pickands, Ann. Stat. 3, 1975), whatever the series is like, so that scores of different series can be compared.
#[derive(Debug, Clone, Copy)]
struct Tail {
    above: f64,
    excess: f64,
    weight: f64,
    seen: f64,
}

impl Default for Tail {
    fn default() -> Self {
        // of a series that is as the experts think: two in a hundred are above −ln 0.02, by one on average. It takes some two thousand
        // values to think otherwise: a few surprises of a young series are not what is usual in it
        Self { above: 4.0, excess: 1.2, weight: 40.0, seen: 0.0 }
    }
}

impl Tail {
    /// Share of the values that are above.
    const PART: f64 = 0.02;

    /// Takes a surprise; returns how rare its size is in this series, `−ln` of its share.
    fn rarity(&mut self, surprise: f64) -> f64 {
        let over = surprise - self.above;
        let usual = -Self::PART.ln();
        let rarity = if over > 0.0 { usual + over / self.excess } else { usual * (surprise / self.above).max(0.0) };
        self.seen += 1.0;
        let rate = 2.0 * self.excess * 0.003_f64.max(1.0 / (self.seen + 20.0));
        if over > 0.0 {
            self.weight = (self.weight + 1.0).min(200.0);
            self.excess += (over.min(self.excess * 5.0) - self.excess) / self.weight;
            self.above += rate * (1.0 - Self::PART);
        } else {
            self.above = (self.above - rate * Self::PART).max(0.5);
        }
        rarity
    }
}
