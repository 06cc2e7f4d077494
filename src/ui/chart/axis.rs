//! Round numbers and times for the axes of a chart.
//! Not for: drawing them.

use jiff::tz::TimeZone;

use crate::domain::Timestamp;
use crate::ui::words;

/// Rows between two ticks, at least.
const ROWS: u16 = 3;
/// Columns between two times, at least.
const COLUMNS: f64 = 12.0;

/// What the y axis reaches over: all values, zero if it is near, thresholds if they are near. `None` without a finite value.
pub fn value_range(values: impl Iterator<Item = f64>, thresholds: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let known = values.filter(|value| value.is_finite());
    let (low, high) = known.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    if low > high {
        return None;
    }
    let (mut low, mut high) = (low, high);
    // a line that changes little is drawn large; else the ground is zero, so that heights can be compared
    if low > 0.0 && low < high * 0.7 {
        low = 0.0;
    } else if high < 0.0 && high > low * 0.7 {
        high = 0.0;
    }
    if high - low <= high.abs().max(low.abs()) * 1e-9 {
        let around = if high == 0.0 { 1.0 } else { high.abs() * 0.1 };
        (low, high) = if high == 0.0 { (0.0, 1.0) } else { (low - around, high + around) };
    }
    let (near_low, near_high) = (low - (high - low), high + (high - low));
    for threshold in thresholds.filter(|value| (near_low..=near_high).contains(value)) {
        (low, high) = (low.min(threshold), high.max(threshold));
    }
    Some((low, high)).filter(|(low, high)| (high - low).is_finite())
}

/// Round values inside the range, about one in three rows.
pub fn value_ticks((low, high): (f64, f64), rows: u16, unit: &str) -> Vec<f64> {
    let wanted = f64::from((rows / ROWS).max(1));
    let step = round_step((high - low) / wanted, unit);
    if !step.is_finite() || step <= 0.0 {
        return Vec::new();
    }
    let first = (low / step - 1e-9).ceil();
    let last = (high / step + 1e-9).floor();
    // a step that is lost in rounding against large values gives no ticks but no endless loop either
    (0..=64).map(|n| first + f64::from(n)).take_while(|n| *n <= last).map(|n| if n == 0.0 { 0.0 } else { n * step }).collect()
}

/// The next round step: 1, 2, 5, 10 …; powers of two for bytes; parts of minutes and hours for seconds.
fn round_step(least: f64, unit: &str) -> f64 {
    if unit == "bytes" && least >= 1.0 {
        return least.log2().ceil().exp2();
    }
    if matches!(unit, "s" | "seconds") && least > 1.0 {
        return seconds_step(least);
    }
    let power = 10_f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|n| n * power).find(|step| *step >= least * (1.0 - 1e-9)).unwrap_or(power * 10.0)
}

const SECONDS: [f64; 26] = [
    1.0,
    2.0,
    5.0,
    10.0,
    15.0,
    30.0,
    60.0,
    120.0,
    300.0,
    600.0,
    900.0,
    1800.0,
    3600.0,
    7200.0,
    10_800.0,
    21_600.0,
    43_200.0,
    DAY,
    2.0 * DAY,
    5.0 * DAY,
    7.0 * DAY,
    14.0 * DAY,
    30.0 * DAY,
    60.0 * DAY,
    90.0 * DAY,
    365.0 * DAY,
];
const DAY: f64 = 86_400.0;

fn seconds_step(least: f64) -> f64 {
    let far = (least / (365.0 * DAY)).ceil() * 365.0 * DAY;
    SECONDS.into_iter().find(|step| *step >= least).unwrap_or(far)
}

/// Round times of the reader's clock inside the window, with their labels: `03:12:30`, `03:15` or `11-27`.
pub fn time_ticks(from: Timestamp, to: Timestamp, columns: u16, zone: &TimeZone) -> Vec<(Timestamp, String)> {
    let window = to.since(from);
    if window <= 0.0 || columns == 0 {
        return Vec::new();
    }
    let step = seconds_step((window * COLUMNS / f64::from(columns)).max(1.0));
    // round on the reader's clock, not on UTC's: a zone may be half an hour off
    let offset = jiff::Timestamp::from_millisecond(from.ms()).map_or(0, |at| zone.to_offset(at).seconds());
    let offset = f64::from(offset);
    let first = ((from.seconds() + offset) / step).ceil() * step - offset;
    let instants = (0..=u16::MAX).map_while(|n| Timestamp::from_seconds(first + f64::from(n) * step)).take_while(|at| *at <= to);
    let label = |at: Timestamp| match step {
        step if step >= DAY => words::month_day(at, zone),
        step if step >= 60.0 => words::hour_minute(at, zone),
        _ => words::time_of_day(at, zone),
    };
    instants.map(|at| (at, label(at))).take(usize::from(columns)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside_the_range() {
        for (range, rows, unit, expected) in [
            ((0.0, 10.0), 6, "", vec![0.0, 5.0, 10.0]),
            ((0.0, 1.0), 15, "share", vec![0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
            ((0.0, 3.0 * 1024.0), 9, "bytes", vec![0.0, 1024.0, 2048.0, 3072.0]),
            ((0.0, 100.0), 9, "s", vec![0.0, 60.0]),
            ((-1.0, 1.0), 6, "", vec![-1.0, 0.0, 1.0]),
            ((100.4, 100.6), 3, "", vec![100.4, 100.6]),
        ] {
            let ticks = value_ticks(range, rows, unit);
            let same = ticks.len() == expected.len() && ticks.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-9);
            assert!(same, "{range:?}: {ticks:?}");
        }
        for range in [(0.0, f64::MIN_POSITIVE), (1e300, 1.1e300), (1e16, 1e16 + 2.0), (-1e308, 1e308)] {
            assert!(value_ticks(range, 10, "").len() <= 65);
        }
    }

    #[test]
    fn the_range_has_zero_when_it_is_near_and_is_never_empty() {
        let range = |values: &[f64], thresholds: &[f64]| value_range(values.iter().copied(), thresholds.iter().copied());
        assert_eq!(range(&[2.0, 8.0], &[]), Some((0.0, 8.0)));
        assert_eq!(range(&[98.0, 99.0], &[]), Some((98.0, 99.0)));
        assert_eq!(range(&[0.0, 0.0], &[]), Some((0.0, 1.0)));
        assert_eq!(range(&[10.0], &[]), Some((9.0, 11.0)));
        assert_eq!(range(&[1.0, 8.0], &[10.0, 1000.0]), Some((0.0, 10.0)), "a far threshold would flatten the line");
        assert_eq!(range(&[f64::NAN, f64::INFINITY], &[1.0]), None);
        assert_eq!(range(&[f64::MIN, f64::MAX], &[]), None, "a range that is no number cannot be drawn");
    }

    #[test]
    fn times_are_round_on_the_readers_clock() {
        let from = Timestamp::parse("2026-11-27T03:12:00Z").unwrap();
        let labels = |seconds: f64, zone: &TimeZone| {
            time_ticks(from, from.plus(seconds), 60, zone).into_iter().map(|(_, label)| label).collect::<Vec<_>>()
        };
        assert_eq!(labels(3600.0, &TimeZone::UTC), ["03:15", "03:30", "03:45", "04:00"]);
        assert_eq!(labels(60.0, &TimeZone::UTC), ["03:12:00", "03:12:15", "03:12:30", "03:12:45", "03:13:00"]);
        let india = TimeZone::fixed(jiff::tz::Offset::from_seconds(19_800).unwrap());
        assert_eq!(labels(6.0 * 3600.0, &india), ["10:00", "12:00", "14:00"]);
        assert_eq!(labels(4.0 * DAY, &TimeZone::UTC), ["11-28", "11-29", "11-30", "12-01"]);
        assert!(time_ticks(from, from, 60, &TimeZone::UTC).is_empty());
    }
}
