//! Instants as the simulated systems write them: Go's nanoseconds, Python's microseconds, Ruby's milliseconds.
//! Not for: reading them back (see `domain::time`).
//!
//! The world counts milliseconds. What a real clock shows below them is made up from a salt, so that it is always the same.

use crate::demo::chance;
use crate::domain::Timestamp;

/// What Go writes for "never".
pub const NEVER: &str = "0001-01-01T00:00:00Z";

/// As Docker writes it: `2026-11-27T12:36:02.691714652Z`.
pub fn nanos(at: Timestamp, salt: &str) -> String {
    below_millis(at, salt, 1_000_000, 6)
}

/// Nanoseconds since the epoch of the same instant as [`nanos`].
pub fn epoch_nanos(at: Timestamp, salt: &str) -> i64 {
    at.ms() * 1_000_000 + part(at, salt, 1_000_000)
}

/// As Airflow writes it: `2026-11-23T22:22:34.677005Z`.
pub fn micros(at: Timestamp, salt: &str) -> String {
    below_millis(at, salt, 1_000, 3)
}

/// As GitLab writes it: `2022-09-21T01:05:07.200Z`.
pub fn millis(at: Timestamp) -> String {
    at.to_string()
}

fn below_millis(at: Timestamp, salt: &str, range: i64, digits: usize) -> String {
    let text = at.to_string();
    let whole = text.strip_suffix('Z').unwrap_or(&text);
    format!("{whole}{:0digits$}Z", part(at, salt, range))
}

fn part(at: Timestamp, salt: &str, range: i64) -> i64 {
    (chance::mix(chance::hash(at.ms().cast_unsigned(), &[salt])) % range.cast_unsigned()).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_the_same_millisecond_and_the_same_digits_below_it() {
        let at = Timestamp::from_ms(1_795_812_586_113);
        assert_eq!(millis(at), "2026-11-27T20:49:46.113Z");
        let (short, long) = (micros(at, "a"), nanos(at, "a"));
        assert_eq!((short.len(), long.len()), (27, 30));
        for text in [&short, &long] {
            assert!(text.starts_with("2026-11-27T20:49:46.113"), "{text}");
            assert_eq!(Timestamp::parse(text), Some(at));
        }
        assert!(long.contains(&format!("{}Z", epoch_nanos(at, "a") % 1_000_000)) && nanos(at, "b") != long);
    }
}
