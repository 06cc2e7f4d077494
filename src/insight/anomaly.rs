//! How odd each value of a series is, from what came before it alone: several predictions compete, and what none of them expected is
//! odd, as is a stretch that together is like nothing before it. Seasons are discovered on the way, level shifts are taken after a
//! few values, gaps and missing values cost nothing, and there is no training step.
//! Not for: deciding what to do about it (see `quality`).

pub mod clock;
pub mod expert;
mod memory;
pub mod period;
pub mod regression;
pub mod tell;

use clock::Clock;
use expert::{Expert, say, tails};
use memory::Memory;
use regression::{INPUTS, Regression};
use tell::{Seen, Tells};

/// Values before which nothing is called odd.
const LEARN_FIRST: u64 = 10;
/// Values remembered of one series by default: 4 KiB.
pub const MEMORY: usize = 1024;
/// Values before the newest that the regression sees.
const LAGS: usize = 6;
/// Ways to predict: as the last value; as the level; as usual in the season at today's offset; as usual after the last value; by
/// regression on all of these.
const EXPERTS: usize = 5;
/// How fast the level follows: over some ten values.
const LEVEL: f64 = 0.1;
/// The same of the slow level that the regression sees.
const SLOW: f64 = 0.01;
/// The same of the offset from the season.
const OFFSET: f64 = 0.15;
/// The same of the experts' usual errors.
const ERROR: f64 = 0.01;
/// A value counts for memory up to this many usual errors from what was expected: one spike is not learnt as usual.
const HELD: f64 = 4.0;
/// Rarity at which the score is one half: one value in twenty thousand reaches it in series without trouble.
pub const HALF: f64 = 9.0;
/// How steeply the score rises there: half as rare again is 0.77, twice as rare 0.89.
const STEEP: i32 = 3;
/// The least say of what was usual in the season, for it is right about what comes once in it when all others are surprised; and that
/// of the others, for a season that was just found may be none.
const HEARD: (f64, f64) = (0.005, 1e-5);
/// The experts that know the season.
const SEASONAL: std::ops::Range<usize> = 2..4;
/// The usual errors within which nineteen of twenty values lie (Student's distribution with four degrees of freedom).
const NINETEEN_OF_TWENTY: f64 = 2.776;

/// What is thought of one value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Opinion {
    /// How odd it is, 0 to 1, and 0 where there is no value or too little is known.
    pub score: f64,
    /// What was expected instead; `None` while too little is known.
    pub expected: Option<Expected>,
}

/// A range that nineteen of twenty values fall into.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Expected {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// A streaming detector of one series.
#[derive(Debug, Clone)]
pub struct Detector {
    clock: Clock,
    memory: Memory,
    /// Values inside are `(value − origin) / unit`: memory has single precision.
    origin: f64,
    unit: f64,
    seen: u64,
    raw: [f64; LAGS],
    clean: [f64; LAGS],
    level: f64,
    slow: f64,
    season: Option<usize>,
    search_at: u64,
    offset: f64,
    usual_before: f64,
    least_step: f64,
    experts: [Expert; EXPERTS],
    regression: Regression,
    tells: Tells,
}

impl Default for Detector {
    fn default() -> Self {
        Self::with_memory(MEMORY)
    }
}

impl Detector {
    /// One that remembers that many values (at least 64): seasons up to half of it can be found.
    pub fn with_memory(values: usize) -> Self {
        Self {
            clock: Clock::default(),
            memory: Memory::of(values.max(64)),
            origin: 0.0,
            unit: 1.0,
            seen: 0,
            raw: [0.0; LAGS],
            clean: [0.0; LAGS],
            level: 0.0,
            slow: 0.0,
            season: None,
            search_at: 32,
            offset: 0.0,
            usual_before: 0.0,
            least_step: f64::INFINITY,
            experts: [Expert::default(); EXPERTS],
            regression: Regression::default(),
            tells: Tells::default(),
        }
    }

    /// The season found, in steps.
    pub fn season(&self) -> Option<usize> {
        self.season
    }

    /// Seconds between two values, as usual; `None` before the second value.
    pub fn every_s(&self) -> Option<f64> {
        self.clock.every_s()
    }

    /// Takes the value at an instant (seconds, rising); the opinion comes from what came before it alone. A value that is not finite
    /// is a gap.
    pub fn step(&mut self, at: f64, value: f64) -> Opinion {
        let steps = self.clock.step(at);
        for _ in 1..steps.min(self.memory.capacity() as u64) {
            self.skip();
        }
        if !value.is_finite() {
            self.skip();
            return Opinion { score: 0.0, expected: None };
        }
        if self.seen == 0 {
            self.origin = value;
            // fleets begin together; what they do now and then should not fall on one step
            self.search_at += (value.to_bits() ^ at.to_bits()).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 60;
        }
        // memory has single precision; what is further away than any scale is merely far
        let far = if self.seen < LEARN_FIRST { 1e30 } else { 1e12 };
        let opinion = self.judge(((value - self.origin) / self.unit).clamp(-far, far));
        self.seen += 1;
        if self.seen == LEARN_FIRST {
            self.set_unit();
        }
        if self.seen >= self.search_at {
            self.search();
        }
        opinion
    }

    /// A step without a value: memory stays on its grid.
    fn skip(&mut self) {
        if self.seen > 0 {
            let filled = self.usual().map_or(self.level, |usual| usual + self.offset);
            self.memory.push(filled);
        }
    }

    fn usual(&self) -> Option<f64> {
        self.memory.usual(self.season?)
    }

    fn judge(&mut self, x: f64) -> Opinion {
        let sure = self.seen >= LEARN_FIRST;
        let usual = self.usual();
        let (inputs, by_regression) = self.regress(x, usual);
        let means = [
            self.raw[0],
            self.level,
            usual.map_or(f64::NAN, |usual| usual + self.offset),
            usual.map_or(f64::NAN, |usual| usual + self.raw[0] - self.usual_before),
            by_regression,
        ];
        let least = self.least();
        let has_say = |i: usize| means[i].is_finite();
        let records: [f64; EXPERTS] = std::array::from_fn(|i| if has_say(i) { self.experts[i].record() } else { f64::NEG_INFINITY });
        let mut shares = say(records);
        for (expert, _) in records.iter().enumerate().filter(|(_, record)| record.is_finite()) {
            shares[expert] = shares[expert].max(if SEASONAL.contains(&expert) { HEARD.0 } else { HEARD.1 });
        }
        let (mut likely, mut middle, mut width) = (0.0, 0.0, 0.0);
        for i in (0..EXPERTS).filter(|i| has_say(*i) && shares[*i] > 0.0) {
            let scale = self.experts[i].scale(least);
            likely += shares[i] * tails((x - means[i]) / scale);
            middle += shares[i] * means[i];
            width += shares[i] * scale;
        }
        let rarity = if sure {
            let surprise = -likely.max(f64::MIN_POSITIVE).ln();
            self.tells.rarity(&Seen { x, before: self.raw[0], surprise, usual, season: self.season })
        } else {
            self.tells.warm(x);
            0.0
        };
        if self.seen > 0 {
            for i in (0..EXPERTS).filter(|i| has_say(*i)) {
                self.experts[i].learn(x - means[i], least, ERROR);
            }
            let held = HELD * self.experts[EXPERTS - 1].scale(least);
            self.regression.learn(&inputs, (x - by_regression).clamp(-held, held));
            let step = (x - self.raw[0]).abs();
            if step > 0.0 {
                self.least_step = self.least_step.min(step);
            }
        }
        let clean = if sure { middle + (x - middle).clamp(-HELD * width, HELD * width) } else { x };
        self.shift(x, clean, usual);
        let place = |deviations: f64| self.origin + (middle + deviations * width) * self.unit;
        let expected = sure.then(|| Expected { low: place(-NINETEEN_OF_TWENTY), high: place(NINETEEN_OF_TWENTY) });
        Opinion { score: score(rarity), expected }
    }

    /// The regression's inputs and what they lead to: from values as they came, or held near what was expected, whichever explains
    /// this one. So neither the return from a spike nor the values after a shift are odd again.
    fn regress(&self, x: f64, usual: Option<f64>) -> ([f64; INPUTS], f64) {
        let (now, before) = usual.map_or((0.0, 0.0), |usual| (usual, self.usual_before));
        let inputs = |lags: &[f64; LAGS]| [lags[0], lags[1], lags[2], lags[3], lags[4], lags[5], now, before, self.slow, 1.0];
        let [clean, raw] = [inputs(&self.clean), inputs(&self.raw)].map(|inputs| (inputs, self.regression.predict(&inputs)));
        if (x - raw.1).abs() < (x - clean.1).abs() { raw } else { clean }
    }

    /// Errors below this are none: a quarter of the smallest step the series ever made, and what its numbers can tell apart.
    fn least(&self) -> f64 {
        let step = if self.least_step.is_finite() { self.least_step * 0.25 } else { 0.0 };
        let size = (self.raw[0].abs() + self.origin.abs() / self.unit) * 1e-9;
        step.min(self.experts[0].scale(0.0)).max(size).max(1e-12)
    }

    fn shift(&mut self, x: f64, clean: f64, usual: Option<f64>) {
        self.raw.rotate_right(1);
        self.clean.rotate_right(1);
        if self.seen == 0 {
            (self.raw, self.clean) = ([x; LAGS], [x; LAGS]);
            (self.level, self.slow) = (x, x);
        }
        (self.raw[0], self.clean[0]) = (x, clean);
        let early = 1.0 / (self.seen as f64 + 1.0);
        self.level += early.max(LEVEL) * (clean - self.level);
        self.slow += early.max(SLOW) * (clean - self.slow);
        if let Some(usual) = usual {
            self.offset += OFFSET * (clean - usual - self.offset);
            self.usual_before = usual;
        }
        // as it came: what is abrupt once a day is usual tomorrow, and what happened once is outvoted by two other seasons
        self.memory.push(x);
    }

    /// From the first values: what the unit of everything inside is.
    fn set_unit(&mut self) {
        let spread = self.memory.spread();
        let unit = match (spread > 0.0, self.origin == 0.0) {
            (true, _) => spread,
            (false, true) => 1.0,
            (false, false) => self.origin.abs() * 0.01,
        };
        let by = 1.0 / unit;
        self.unit *= unit;
        self.memory.scale(by);
        for x in self.raw.iter_mut().chain(&mut self.clean).chain([&mut self.level, &mut self.slow, &mut self.least_step]) {
            *x *= by;
        }
        self.experts = self.experts.map(|expert| expert.rescaled(by));
        self.tells.scale(by);
        self.regression = Regression::default();
    }

    /// Looks for the season: whenever half as much again is known as the last time, and when memory is full now and then.
    fn search(&mut self) {
        let len = self.memory.len() as u64;
        let pause = if self.memory.is_full() { len * 4 } else { (len / 2).max(16) };
        self.search_at = self.seen + pause;
        let found = period::find(&self.memory.ordered());
        if found.is_none() || found == self.season {
            return;
        }
        // a new level hides a short season for a while: what predicts the steps of the series better is kept
        if let (Some(found), Some(season)) = (found, self.season)
            && self.misses(season) <= self.misses(found)
        {
            return;
        }
        self.season = found;
        self.experts[2] = Expert::default();
        self.experts[3] = Expert::default();
        self.tells.forget_season();
        self.rehearse();
    }

    /// How far off the step from one value to the next is from that of a season before, the mean of the newest.
    fn misses(&self, season: usize) -> f64 {
        const LOOKED_AT: usize = 200;
        let step = |back: usize| Some(self.memory.back(back)? - self.memory.back(back + 1)?);
        let looked_at = LOOKED_AT.min(self.memory.len().saturating_sub(season + 1));
        let missed: Vec<f64> = (1..=looked_at).filter_map(|back| Some((step(back)? - step(back + season)?).abs())).collect();
        if missed.is_empty() { f64::INFINITY } else { missed.iter().sum::<f64>() / missed.len() as f64 }
    }

    /// Lets the seasonal experts catch up on what is remembered, so that they need no further season to earn a say.
    fn rehearse(&mut self) {
        const REHEARSED: usize = 200;
        let Some(season) = self.season else { return };
        let least = self.least();
        let mut offset = None;
        for back in (1..=REHEARSED.min(self.memory.len().saturating_sub(season + 1))).rev() {
            let before = |steps: usize| self.memory.back(steps);
            let (Some(x), Some(usual), Some(last), Some(then)) =
                (before(back), before(back + season), before(back + 1), before(back + 1 + season))
            else {
                continue;
            };
            let known = offset.unwrap_or(last - then);
            self.experts[2].learn(x - usual - known, least, ERROR);
            self.experts[3].learn(x - usual - (last - then), least, ERROR);
            offset = Some(known + OFFSET * (x - usual - known));
            self.usual_before = usual;
        }
        self.offset = offset.unwrap_or(0.0);
    }
}

/// Rarity as a number from 0 to 1.
fn score(rarity: f64) -> f64 {
    let rare = rarity.min(1e6).powi(STEEP);
    rare / (rare + HALF.powi(STEEP))
}

#[cfg(test)]
mod tests;
