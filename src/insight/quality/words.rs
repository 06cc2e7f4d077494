//! Amounts, spans and expected ranges in words.
//! Not for: amounts on the screen (see `ui::words`).

use crate::domain::Timestamp;

const DAY_S: f64 = 86_400.0;
const WEEKDAYS: [&str; 7] = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];

/// `1.2 M`, `612 k`, `7.5`.
pub fn amount(value: f64) -> String {
    let (scaled, unit) = match value.abs() {
        size if size >= 1e9 => (value / 1e9, " G"),
        size if size >= 1e6 => (value / 1e6, " M"),
        size if size >= 1e4 => (value / 1e3, " k"),
        _ => (value, ""),
    };
    let digits = if scaled.abs() >= 100.0 || (unit.is_empty() && scaled.fract() == 0.0) { 0 } else { 2 };
    let text = format!("{scaled:.digits$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text}{unit}")
}

/// `45 s`, `16 min`, `4 h`, `3 d`: rounded down, at least two of the smaller unit.
pub fn span(seconds: f64) -> String {
    match seconds {
        s if s < 120.0 => format!("{s:.0} s"),
        s if s < 7200.0 && s % 3600.0 != 0.0 => format!("{:.0} min", (s / 60.0).floor()),
        s if s < 2.0 * DAY_S => format!("{:.0} h", (s / 3600.0).floor()),
        s => format!("{:.0} d", (s / DAY_S).floor()),
    }
}

/// `1.2 M to 1.4 M on a Monday 06:00 UTC`; the day where the season is a week or so long, the hour where it is days.
pub fn range(low: f64, high: f64, at: Timestamp, season_s: Option<f64>) -> String {
    let days = season_s.map(|season| season / DAY_S).filter(|days| *days > 0.5 && (days - days.round()).abs() < 0.05 * days);
    let when = if days.is_some() {
        let seconds = at.ms().div_euclid(1000);
        let day = WEEKDAYS[seconds.div_euclid(86_400).rem_euclid(7) as usize];
        format!(" on a {day} {:02}:{:02} UTC", seconds.rem_euclid(86_400) / 3600, seconds.rem_euclid(3600) / 60)
    } else {
        String::new()
    };
    format!("{} to {}{when}", amount(low), amount(high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_told_with_the_hour_it_is_usual_at() {
        let monday = Timestamp::parse("2026-11-23T06:00:00Z").unwrap();
        assert_eq!(range(1.2e6, 1.4e6, monday, Some(7.0 * DAY_S)), "1.2 M to 1.4 M on a Monday 06:00 UTC");
        assert_eq!(range(3.0, 4.25, monday, Some(7200.0)), "3 to 4.25");
        assert_eq!([amount(612_345.0), amount(-7.5), amount(1000.0)], ["612 k", "-7.5", "1000"]);
        assert_eq!([span(45.0), span(1000.0), span(3600.0), span(5400.0), span(15_000.0)], ["45 s", "16 min", "1 h", "90 min", "4 h"]);
    }
}
