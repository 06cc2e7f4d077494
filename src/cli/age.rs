//! The time of day, and how long ago something was, in one short word: `4s`, `12m`, `3h`, `2d`.
//! Not for: the screen's words (see `ui`).

use crate::domain::Timestamp;

/// The time of day.
pub fn now() -> Timestamp {
    Timestamp::from_ms(jiff::Timestamp::now().as_millisecond())
}

/// `since` as seen from `now`; `-` if it is not known.
pub fn age(since: Option<Timestamp>, now: Timestamp) -> String {
    let Some(since) = since else { return "-".to_owned() };
    let seconds = now.since(since).max(0.0) as u64;
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..172_800 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_one_word() {
        let now = Timestamp::from_ms(1_000_000_000);
        for (seconds, word) in [(0.0, "0s"), (59.9, "59s"), (60.0, "1m"), (7200.0, "2h"), (200_000.0, "2d"), (-5.0, "0s")] {
            assert_eq!(age(Some(now.plus(-seconds)), now), word);
        }
        assert_eq!(age(None, now), "-");
    }
}
