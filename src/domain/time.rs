//! Instants in UTC with millisecond precision, as they stand in files and on the wire.
//! Not for: reading a clock (only `runtime` does), time zones of the reader (see `ui::words`).

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Milliseconds since 1970-01-01T00:00:00Z. In files: RFC 3339 with three decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

/// The last millisecond of the year 9999, past which RFC 3339 cannot write.
const MAX_MS: i64 = 253_402_300_799_999;

impl Timestamp {
    /// From milliseconds since the epoch; clamped to what RFC 3339 can write (years 0000–9999).
    pub fn from_ms(ms: i64) -> Self {
        Self(ms.clamp(-62_167_219_200_000, MAX_MS))
    }

    /// From (fractional) seconds since the epoch; `None` for NaN and infinities.
    pub fn from_seconds(seconds: f64) -> Option<Self> {
        seconds.is_finite().then(|| Self::from_ms((seconds * 1000.0).round() as i64))
    }

    /// Milliseconds since the epoch.
    pub fn ms(self) -> i64 {
        self.0
    }

    /// Seconds since the epoch.
    pub fn seconds(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// Seconds from `earlier` to `self`; negative if it is later.
    pub fn since(self, earlier: Self) -> f64 {
        (self.0 - earlier.0) as f64 / 1000.0
    }

    /// This instant moved by `seconds`.
    #[must_use]
    pub fn plus(self, seconds: f64) -> Self {
        Self::from_ms(self.0.saturating_add((seconds * 1000.0) as i64))
    }

    /// Reads RFC 3339, also without a zone (taken as UTC) or with a blank for `T`. A year before 1970 is what systems write
    /// for "never" (Go's zero time is `0001-01-01T00:00:00Z`) and reads as `None`, as does anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let instant = text
            .parse::<jiff::Timestamp>()
            .ok()
            .or_else(|| jiff::tz::TimeZone::UTC.to_timestamp(text.parse::<jiff::civil::DateTime>().ok()?).ok())?;
        let ms = instant.as_millisecond();
        (ms >= 0).then_some(Self(ms))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(instant) => write!(f, "{instant:.3}"),
            Err(_) => f.write_str("9999-12-31T23:59:59.999Z"),
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom(format_args!("`{text}` is not an RFC 3339 time")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_that_systems_use_reads_as_the_same_instant() {
        for text in [
            "2026-11-27T03:12:45.250Z",
            "2026-11-27T03:12:45.250000Z",
            "2026-11-27T04:12:45.25+01:00",
            "2026-11-27 03:12:45.250",
            "2026-11-27T03:12:45.250999999Z",
        ] {
            assert_eq!(Timestamp::parse(text).unwrap().to_string(), "2026-11-27T03:12:45.250Z", "{text}");
        }
    }

    #[test]
    fn never_is_absent_not_an_instant_in_the_year_one() {
        assert_eq!(Timestamp::parse("0001-01-01T00:00:00Z"), None);
        assert_eq!(Timestamp::parse(""), None);
        assert_eq!(Timestamp::from_seconds(f64::NAN), None);
    }
}
