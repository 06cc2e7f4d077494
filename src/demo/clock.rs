//! Story time and wall time. Everything that is served is in wall time, so that ages are right on the clock of whoever asks.
//! Not for: reading a clock (the host does that once per request).
//!
//! The world's zero is an instant of the wall clock. Story second `s` happens at `zero + s / speed`, before the zero as well as
//! after it. At speed 10 a story of an hour takes six minutes, an hourly pipeline runs every six minutes, and a check "for 5m"
//! waits 30 s; a rate per second stays what it is, since counters count in wall time (see `world::metrics`).

use crate::domain::Timestamp;

/// How story seconds lie on the wall clock.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Clock {
    zero: Timestamp,
    speed: f64,
}

impl Clock {
    /// A story that begins at `zero` and goes `speed` times as fast as the wall clock; a speed that is not positive is 1.
    pub fn new(zero: Timestamp, speed: f64) -> Self {
        Self { zero, speed: if speed.is_finite() && speed > 0.0 { speed } else { 1.0 } }
    }

    /// When story second `s` happens.
    pub fn at(&self, s: f64) -> Timestamp {
        self.zero.plus(s / self.speed)
    }

    /// The story second of an instant.
    pub fn story_s(&self, at: Timestamp) -> f64 {
        at.since(self.zero) * self.speed
    }

    /// Wall seconds that so many story seconds take.
    pub fn wall_s(&self, story_s: f64) -> f64 {
        story_s / self.speed
    }

    /// How many times as fast as the wall clock.
    pub fn speed(&self) -> f64 {
        self.speed
    }

    /// The world's zero.
    pub fn zero(&self) -> Timestamp {
        self.zero
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_faster_story_lies_closer_on_the_wall_clock() {
        let clock = Clock::new(Timestamp::from_ms(1_000_000), 10.0);
        assert_eq!(clock.at(600.0), Timestamp::from_ms(1_060_000));
        assert_eq!(clock.at(-600.0), Timestamp::from_ms(940_000));
        assert!((clock.story_s(Timestamp::from_ms(1_060_000)) - 600.0).abs() < 1e-9);
    }
}
