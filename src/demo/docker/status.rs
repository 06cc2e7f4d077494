//! The words of `docker ps`: `Up 5 minutes (healthy)`, `Exited (137) 2 hours ago`.
//! Not for: judging them (the cockpit does).
//!
//! Thresholds: `units.HumanDuration` (docker/go-units), `State.String` (moby `container/state.go`).

/// A length of time in words.
pub fn length(seconds: f64) -> String {
    let seconds = seconds.max(0.0);
    let (whole, minutes, hours) = (seconds as u64, (seconds / 60.0) as u64, (seconds / 3600.0).round() as u64);
    match (whole, minutes, hours) {
        (0, ..) => "Less than a second".to_owned(),
        (1, ..) => "1 second".to_owned(),
        (2..60, ..) => format!("{whole} seconds"),
        (_, 1, _) => "About a minute".to_owned(),
        (_, 2..60, _) => format!("{minutes} minutes"),
        (.., 1) => "About an hour".to_owned(),
        (.., 2..48) => format!("{hours} hours"),
        (.., 48..336) => format!("{} days", hours / 24),
        (.., 336..1440) => format!("{} weeks", hours / 24 / 7),
        (.., 1440..17_520) => format!("{} months", hours / 24 / 30),
        _ => format!("{} years", hours / 24 / 365),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_worded_as_the_engine_words_them() {
        for (seconds, words) in [
            (0.4, "Less than a second"),
            (1.9, "1 second"),
            (59.9, "59 seconds"),
            (61.0, "About a minute"),
            (185.0, "3 minutes"),
            (3599.0, "59 minutes"),
            (3600.0, "About an hour"),
            (5399.0, "About an hour"),
            (5401.0, "2 hours"),
            (47.0 * 3600.0, "47 hours"),
            (50.0 * 3600.0, "2 days"),
            (20.0 * 86_400.0, "2 weeks"),
            (70.0 * 86_400.0, "2 months"),
            (800.0 * 86_400.0, "2 years"),
        ] {
            assert_eq!(length(seconds), words, "{seconds}");
        }
    }
}
