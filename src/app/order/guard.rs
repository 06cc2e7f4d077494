//! Tells a key that is pressed from one that is held or was typed ahead: what confirms must be pressed anew, after a rest.
//! Not for: what keys do (see `order`). A terminal reports a held key as presses; only the time between them tells.

use crate::domain::Timestamp;
use crate::msg::Key;

/// Seconds of rest after which the same key counts as pressed anew: longer than any keyboard waits before it repeats
/// (X11 660 ms, Linux console 250 ms, macOS up to 1.8 s at its slowest, which the delayed confirmations cover).
pub const REST_S: f64 = 0.8;

/// The key that must rest before it counts again.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Guard {
    key: Option<Key>,
    /// The first tick after its last press: ticks are the only clock, and the last one before a press may be a second old.
    since: Option<Timestamp>,
}

impl Guard {
    /// This key must rest from now on.
    pub fn arm(&mut self, key: Key) {
        *self = Self { key: Some(key), since: None };
    }

    /// Whether this press is only a repeat. Another key ends the watch; a repeat prolongs it.
    pub fn repeats(&mut self, key: Key) -> bool {
        let same = self.key == Some(key);
        if same {
            self.since = None;
        } else {
            self.key = None;
        }
        same
    }

    /// Time passed.
    pub fn tick(&mut self, now: Timestamp) {
        if self.key.is_some() && now.since(*self.since.get_or_insert(now)) >= REST_S {
            self.key = None;
        }
    }

    /// Whether a key is being watched, so that time must be told often.
    pub fn is_armed(&self) -> bool {
        self.key.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Key {
        text.parse().unwrap()
    }

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(ms)
    }

    #[test]
    fn a_held_key_never_counts_and_one_pressed_after_a_rest_does() {
        let mut guard = Guard::default();
        guard.arm(key("r"));
        for ms in (0..5000).step_by(100) {
            guard.tick(at(ms));
            assert!(guard.repeats(key("r")), "still held after {ms} ms");
        }
        guard.tick(at(5000));
        guard.tick(at(5700));
        assert!(guard.repeats(key("r")));
        guard.tick(at(6000));
        guard.tick(at(6800));
        assert!(!guard.repeats(key("r")));
    }

    #[test]
    fn another_key_counts_at_once_and_ends_the_watch() {
        let mut guard = Guard::default();
        guard.arm(key("r"));
        assert!(!guard.repeats(key("y")));
        assert!(!guard.repeats(key("r")));
    }

    #[test]
    fn a_tick_that_is_old_when_the_key_is_pressed_does_not_count_as_rest() {
        let mut guard = Guard::default();
        guard.tick(at(0));
        guard.arm(key("y"));
        guard.tick(at(1000));
        assert!(guard.repeats(key("y")), "the press may have been a moment ago");
    }
}
