//! Numbers, sizes and times as people read them, in as few columns as tell enough.
//! Not for: files and the wire (see `domain`), where numbers stay whole.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::domain::Timestamp;

/// What stands where nothing is known. Never a zero.
pub const ABSENT: &str = "-";

/// A value's words, or `-` where there is no value.
pub fn or_absent<T>(value: Option<T>, words: impl FnOnce(T) -> String) -> String {
    value.map_or_else(|| ABSENT.to_owned(), words)
}

const MINUTE: f64 = 60.0;
const HOUR: f64 = 3600.0;
const DAY: f64 = 86_400.0;

/// `4s`, `12m`, `3h`, `2d`, `4y`: at most four columns, always rounded down. Less than none (a clock that runs ahead) is `0s`.
pub fn age(seconds: f64) -> String {
    let whole = |unit: f64| (seconds / unit).floor();
    match seconds {
        s if s.is_nan() => ABSENT.to_owned(),
        s if s < MINUTE => format!("{}s", s.max(0.0).floor()),
        s if s < HOUR => format!("{}m", whole(MINUTE)),
        s if s < DAY => format!("{}h", whole(HOUR)),
        s if s < 1000.0 * DAY => format!("{}d", whole(DAY)),
        _ => format!("{}y", whole(365.25 * DAY).min(999.0)),
    }
}

/// `12ms`, `2.4s`, `42s`, `1m 03s`, `2h 07m`, `3d 04h`.
pub fn duration(seconds: f64) -> String {
    let pair = |unit: f64, small: f64, names: (char, char)| {
        let parts = (seconds / small).floor();
        let per = unit / small;
        format!("{}{} {:02}{}", (parts / per).floor(), names.0, parts % per, names.1)
    };
    match seconds {
        s if !s.is_finite() => ABSENT.to_owned(),
        s if s < 0.0 => format!("-{}", duration(-s)),
        0.0 => "0s".to_owned(),
        s if s < 0.000_999_5 => format!("{}µs", significant(s * 1e6, 2)),
        s if s < 0.9995 => format!("{}ms", significant(s * 1e3, if s < 0.01 { 2 } else { 3 })),
        s if s < 9.95 => format!("{}s", significant(s, 2)),
        s if s < MINUTE => format!("{}s", s.floor()),
        s if s < HOUR => pair(MINUTE, 1.0, ('m', 's')),
        s if s < DAY => pair(HOUR, MINUTE, ('h', 'm')),
        _ => pair(DAY, HOUR, ('d', 'h')),
    }
}

/// `512 B`, `1.2 GiB`, `612 MiB`.
pub fn bytes(n: f64) -> String {
    let (number, unit) = scaled(n, 1024.0, &["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]);
    format!("{number} {unit}")
}

/// `512B`, `1.2G`, `612M`: the same in at most five columns.
pub fn bytes_short(n: f64) -> String {
    let (number, unit) = scaled(n, 1024.0, &["B", "K", "M", "G", "T", "P", "E"]);
    format!("{number}{unit}")
}

/// `340`, `18 k`, `1.4 M`.
pub fn count(n: f64) -> String {
    match scaled(n, 1000.0, &["", "k", "M", "G", "T", "P"]) {
        (number, "") => number,
        (number, unit) => format!("{number} {unit}"),
    }
}

/// Bytes per second: `0 B/s`, `12 kB/s`, `1.4 MB/s`.
pub fn rate(bytes_per_second: f64) -> String {
    let (number, unit) = scaled(bytes_per_second, 1000.0, &["B", "kB", "MB", "GB", "TB", "PB"]);
    format!("{number} {unit}/s")
}

/// Cores in use: `0.42`, `1.50`, `12.3`, `128`.
pub fn cores(n: f64) -> String {
    match n {
        n if !n.is_finite() => ABSENT.to_owned(),
        n if n < 9.995 => format!("{n:.2}"),
        n if n < 99.95 => format!("{n:.1}"),
        n => format!("{n:.0}"),
    }
}

/// A share of 0–1: `0%`, `0.4%`, `41%`, `100%`. What is almost all or almost nothing never reads as all or nothing.
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    match percent {
        p if !p.is_finite() => ABSENT.to_owned(),
        p if p > 0.0 && p < 0.1 => "<0.1%".to_owned(),
        p if p > 0.0 && p < 0.95 => format!("{p:.1}%"),
        p if p > 99.0 && p < 100.0 => format!("{:.1}%", (p * 10.0).floor() / 10.0),
        p => format!("{p:.0}%"),
    }
}

/// Any number in about three digits: `2.4`, `0.41`, `1200`, `18 k`, `1e-9`; `NaN`, `+Inf`, `-Inf` as Prometheus writes them.
pub fn number(n: f64) -> String {
    let size = n.abs();
    match n {
        n if n.is_nan() => "NaN".to_owned(),
        n if n.is_infinite() => if n > 0.0 { "+Inf" } else { "-Inf" }.to_owned(),
        0.0 => "0".to_owned(),
        n if !(0.001..1e15).contains(&size) => exponent(n),
        n if size >= 9_999.5 => count(n),
        n if size >= 100.0 || n.fract() == 0.0 => format!("{n:.0}"),
        n => significant(n, 3),
    }
}

/// A number with its unit as series carry it: `s`, `bytes`, `share`, `1/s`, `cores`, or whatever is written.
pub fn quantity(n: f64, unit: &str) -> String {
    if !n.is_finite() {
        return number(n);
    }
    match unit {
        "" => number(n),
        "s" | "seconds" => duration(n),
        "bytes" | "B" => bytes(n),
        "bytes/s" | "B/s" => rate(n),
        "share" => percent(n),
        "1/s" => format!("{}/s", number(n)),
        "cores" => cores(n),
        "%" => format!("{}%", number(n)),
        other => format!("{} {other}", number(n)),
    }
}

/// How many of how many: `340` when all are shown, else `12/340`.
pub fn of_total(shown: usize, total: usize) -> String {
    if shown == total { total.to_string() } else { format!("{shown}/{total}") }
}

/// `n` digits that mean something, without trailing zeros.
fn significant(n: f64, digits: i32) -> String {
    if n == 0.0 || !n.is_finite() {
        return "0".to_owned();
    }
    let decimals = (digits - 1 - n.abs().log10().floor() as i32).clamp(0, 12) as usize;
    let text = format!("{n:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

fn exponent(n: f64) -> String {
    let text = format!("{n:.1e}");
    text.replacen(".0e", "e", 1)
}

/// The number in the largest unit that leaves at least one before the point: one decimal below ten, none above.
fn scaled<'u>(n: f64, base: f64, units: &[&'u str]) -> (String, &'u str) {
    if !n.is_finite() {
        return (number(n), units.first().copied().unwrap_or(""));
    }
    let (mut value, mut place) = (n, 0);
    // rounded to what is shown, so that 1023.7 KiB becomes 1.0 MiB and not 1024 KiB
    while value.abs().round() >= base && place + 1 < units.len() {
        value /= base;
        place += 1;
    }
    let unit = units.get(place).copied().unwrap_or("");
    let small = value.abs() < 9.95 && (place > 0 || value.fract() != 0.0);
    (if small { format!("{value:.1}") } else { format!("{value:.0}") }, unit)
}

fn civil(at: Timestamp, zone: &TimeZone) -> Option<DateTime> {
    jiff::Timestamp::from_millisecond(at.ms()).ok().map(|at| zone.to_datetime(at))
}

fn clock(at: Timestamp, zone: &TimeZone, words: impl FnOnce(DateTime) -> String) -> String {
    or_absent(civil(at, zone), words)
}

/// `03:12`.
pub fn hour_minute(at: Timestamp, zone: &TimeZone) -> String {
    clock(at, zone, |t| format!("{:02}:{:02}", t.hour(), t.minute()))
}

/// `03:12:45`.
pub fn time_of_day(at: Timestamp, zone: &TimeZone) -> String {
    clock(at, zone, |t| format!("{:02}:{:02}:{:02}", t.hour(), t.minute(), t.second()))
}

/// `03:12:45.250`.
pub fn time_of_day_ms(at: Timestamp, zone: &TimeZone) -> String {
    clock(at, zone, |t| format!("{:02}:{:02}:{:02}.{:03}", t.hour(), t.minute(), t.second(), t.millisecond()))
}

/// `2026-11-27`.
pub fn date(at: Timestamp, zone: &TimeZone) -> String {
    clock(at, zone, |t| t.date().to_string())
}

/// `11-27`: a day on an axis.
pub fn month_day(at: Timestamp, zone: &TimeZone) -> String {
    clock(at, zone, |t| format!("{:02}-{:02}", t.month(), t.day()))
}

/// `2026-11-27 03:12:45`.
pub fn date_time(at: Timestamp, zone: &TimeZone) -> String {
    clock(at, zone, |t| format!("{} {:02}:{:02}:{:02}", t.date(), t.hour(), t.minute(), t.second()))
}

/// What the zone is called at that instant: `UTC`, `CET`, `-03`.
pub fn zone_name(at: Timestamp, zone: &TimeZone) -> String {
    let at = jiff::Timestamp::from_millisecond(at.ms()).unwrap_or_default();
    zone.to_offset_info(at).abbreviation().to_owned()
}

/// The system's zone, or UTC where it has none. Reads files: ask once.
pub fn system_zone() -> TimeZone {
    TimeZone::try_system().unwrap_or(TimeZone::UTC)
}

#[cfg(test)]
mod tests {
    use super::*;
    use unicode_width::UnicodeWidthStr;

    fn check(words: impl Fn(f64) -> String, cases: &[(f64, &str)]) {
        for (n, expected) in cases {
            assert_eq!(words(*n), *expected, "{n}");
        }
    }

    #[test]
    fn an_age_takes_four_columns_at_most_and_is_rounded_down() {
        check(age, &[(0.0, "0s"), (4.9, "4s"), (59.99, "59s"), (60.0, "1m"), (3599.0, "59m"), (3600.0, "1h"), (86_399.0, "23h")]);
        check(
            age,
            &[(2.5 * DAY, "2d"), (999.9 * DAY, "999d"), (1500.0 * DAY, "4y"), (-5.0, "0s"), (f64::NAN, "-"), (f64::INFINITY, "999y")],
        );
        let mut seconds = 0.1;
        while seconds < 1e13 {
            assert!(age(seconds).width() <= 4, "{seconds}");
            seconds *= 1.1;
        }
    }

    #[test]
    fn a_duration_shows_two_units() {
        check(duration, &[(0.0, "0s"), (2e-6, "2µs"), (0.0024, "2.4ms"), (0.412, "412ms"), (0.9999, "1s"), (2.4, "2.4s"), (42.9, "42s")]);
        check(
            duration,
            &[(63.0, "1m 03s"), (3599.9, "59m 59s"), (7620.0, "2h 07m"), (3.2 * DAY, "3d 04h"), (-63.0, "-1m 03s"), (f64::NAN, "-")],
        );
    }

    #[test]
    fn sizes_are_binary_and_never_read_1024() {
        check(
            bytes,
            &[(0.0, "0 B"), (512.0, "512 B"), (1024.0, "1.0 KiB"), (1023.7 * 1024.0, "1.0 MiB"), (612.0 * 1_048_576.0, "612 MiB")],
        );
        check(bytes, &[(1.2 * 1_073_741_824.0, "1.2 GiB"), (9.97 * 1024.0, "10 KiB"), (-2048.0, "-2.0 KiB"), (f64::NAN, "NaN B")]);
        check(bytes_short, &[(612.0 * 1_048_576.0, "612M"), (1.2 * 1_073_741_824.0, "1.2G"), (512.0, "512B")]);
    }

    #[test]
    fn counts_and_rates_are_decimal() {
        check(
            count,
            &[(0.0, "0"), (7.0, "7"), (340.0, "340"), (999.6, "1.0 k"), (18_000.0, "18 k"), (612_000.0, "612 k"), (1.4e6, "1.4 M")],
        );
        check(rate, &[(0.0, "0 B/s"), (12_000.0, "12 kB/s"), (1.4e6, "1.4 MB/s"), (0.5, "0.5 B/s")]);
        check(cores, &[(0.4166, "0.42"), (0.0, "0.00"), (1.5, "1.50"), (12.34, "12.3"), (128.0, "128"), (f64::NAN, "-")]);
    }

    #[test]
    fn a_share_that_is_not_whole_never_reads_as_whole() {
        check(percent, &[(0.0, "0%"), (0.0001, "<0.1%"), (0.004, "0.4%"), (0.41, "41%"), (0.9996, "99.9%"), (1.0, "100%"), (2.5, "250%")]);
    }

    #[test]
    fn any_number_reads_in_about_three_digits() {
        check(number, &[(0.0, "0"), (2.4, "2.4"), (0.41, "0.41"), (1e-9, "1e-9"), (1.24e-5, "1.2e-5"), (3.456, "3.46"), (100.0, "100")]);
        check(
            number,
            &[(1200.0, "1200"), (18_000.0, "18 k"), (1e18, "1e18"), (-0.5, "-0.5"), (f64::NAN, "NaN"), (f64::NEG_INFINITY, "-Inf")],
        );
        for (n, unit, expected) in
            [(0.25, "share", "25%"), (2.4, "s", "2.4s"), (2048.0, "bytes", "2.0 KiB"), (3.0, "1/s", "3/s"), (5.0, "rows", "5 rows")]
        {
            assert_eq!(quantity(n, unit), expected);
        }
    }

    #[test]
    fn an_instant_is_told_in_the_readers_zone() {
        let at = Timestamp::parse("2026-11-27T03:12:45.250Z").unwrap();
        let west = TimeZone::fixed(jiff::tz::offset(-5));
        assert_eq!(time_of_day(at, &TimeZone::UTC), "03:12:45");
        assert_eq!(time_of_day_ms(at, &TimeZone::UTC), "03:12:45.250");
        assert_eq!(date_time(at, &west), "2026-11-26 22:12:45");
        assert_eq!((hour_minute(at, &west), month_day(at, &west)), ("22:12".to_owned(), "11-26".to_owned()));
        assert_eq!(zone_name(at, &TimeZone::UTC), "UTC");
        assert_eq!(date_time(Timestamp::from_ms(i64::MAX), &west), "-", "past what a zone can be applied to");
    }
}
