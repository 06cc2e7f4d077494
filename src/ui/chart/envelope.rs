//! A series as the lowest and highest value in each column of a chart, with gaps kept: one pass over the points, whatever their number.
//! Not for: drawing.

use crate::domain::{Point, Timestamp};

/// Two points further apart than so many usual distances have a gap between them.
const GAP: f64 = 2.5;

/// The values a column reaches over.
pub type Reach = Option<(f64, f64)>;

/// Lowest and highest value in each of `columns` equal parts of the window; absent where the series has a gap. Neighbouring points are
/// joined by a straight line, also to those just outside the window.
pub fn envelope(points: &[Point], from: Timestamp, to: Timestamp, columns: usize) -> Vec<Reach> {
    let mut reach = vec![None; columns];
    let window = to.since(from);
    if window <= 0.0 || columns == 0 {
        return reach;
    }
    let place = |at: Timestamp| at.since(from) / window * columns as f64 - 0.5;
    let gap = usual_distance(points).map_or(f64::INFINITY, |distance| distance * GAP);
    let first = points.partition_point(|point| point.at < from).saturating_sub(1);
    let last = (points.partition_point(|point| point.at <= to) + 1).min(points.len());
    let shown = points.get(first..last).unwrap_or_default();
    for point in shown.iter().filter(|point| (from..=to).contains(&point.at)) {
        mark(&mut reach, (place(point.at) + 0.5).floor().min(columns as f64 - 1.0), point.value);
    }
    for pair in shown.windows(2) {
        let joined = pair[1].at.since(pair[0].at) <= gap && pair[0].value.is_finite() && pair[1].value.is_finite();
        if joined {
            join(&mut reach, (place(pair[0].at), pair[0].value), (place(pair[1].at), pair[1].value));
        }
    }
    reach
}

/// The median distance of neighbouring points, in seconds.
fn usual_distance(points: &[Point]) -> Option<f64> {
    let mut distances: Vec<f64> = points.windows(2).map(|pair| pair[1].at.since(pair[0].at)).collect();
    let middle = distances.len() / 2;
    (!distances.is_empty()).then(|| *distances.select_nth_unstable_by(middle, f64::total_cmp).1)
}

fn mark(reach: &mut [Reach], column: f64, value: f64) {
    if !value.is_finite() || column < 0.0 {
        return;
    }
    if let Some(reach) = reach.get_mut(column as usize) {
        let (low, high) = reach.unwrap_or((value, value));
        *reach = Some((low.min(value), high.max(value)));
    }
}

/// Marks each column between two points up to half way to the next, so that a steep line has no holes.
fn join(reach: &mut [Reach], (x0, y0): (f64, f64), (x1, y1): (f64, f64)) {
    if x1 - x0 <= 0.0 {
        return;
    }
    let value = |x: f64| y0 + (y1 - y0) * ((x - x0) / (x1 - x0)).clamp(0.0, 1.0);
    let last = reach.len() as f64 - 1.0;
    let (start, end) = (x0.round().max(0.0), x1.round().min(last));
    let mut column = start;
    while column <= end {
        let (left, right) = ((column - 0.5).max(x0), (column + 0.5).min(x1));
        mark(reach, column, value(left));
        mark(reach, column, value(right));
        column += 1.0;
    }
}

/// The value nearest to an instant, if there is one within the usual distance.
pub fn value_at(points: &[Point], at: Timestamp) -> Option<f64> {
    let after = points.partition_point(|point| point.at < at);
    let around = [after.checked_sub(1), Some(after)];
    let nearest =
        around.into_iter().flatten().filter_map(|place| points.get(place)).min_by(|a, b| distance(a, at).total_cmp(&distance(b, at)))?;
    let reach = usual_distance(points).unwrap_or(0.0) * GAP / 2.0;
    (distance(nearest, at) <= reach || nearest.at == at).then_some(nearest.value)
}

fn distance(point: &Point, at: Timestamp) -> f64 {
    point.at.since(at).abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(values: &[(i64, f64)]) -> Vec<Point> {
        values.iter().map(|(s, value)| Point { at: Timestamp::from_ms(s * 1000), value: *value }).collect()
    }

    fn window(values: &[(i64, f64)], columns: usize) -> Vec<Reach> {
        envelope(&points(values), Timestamp::from_ms(0), Timestamp::from_ms(10_000), columns)
    }

    #[test]
    fn a_missing_stretch_stays_empty_and_neighbours_are_joined() {
        let reach = window(&[(0, 1.0), (1, 1.0), (2, 1.0), (7, 3.0), (8, 3.0)], 10);
        let known: Vec<bool> = reach.iter().map(Option::is_some).collect();
        assert_eq!(known, [true, true, true, false, false, false, false, true, true, false]);
        let reach = window(&[(0, 0.0), (10, 10.0)], 10);
        assert!(reach.iter().all(Option::is_some));
        for pair in reach.windows(2) {
            assert!(pair[0].unwrap().1 >= pair[1].unwrap().0, "no hole between two columns: {pair:?}");
        }
    }

    #[test]
    fn what_is_no_number_breaks_the_line_and_a_spike_is_never_lost() {
        let reach = window(&[(0, 1.0), (2, f64::NAN), (4, 1.0), (6, f64::INFINITY)], 5);
        assert_eq!(reach, [Some((1.0, 1.0)), None, Some((1.0, 1.0)), None, None]);
        let mut many: Vec<(i64, f64)> = (0..10).map(|s| (s, 0.0)).collect();
        many[4].1 = 9.0;
        assert_eq!(window(&many, 2)[0], Some((0.0, 9.0)));
    }

    #[test]
    fn a_line_from_outside_enters_at_the_edge() {
        let reach = window(&[(-10, 0.0), (20, 30.0)], 4);
        assert!(reach.iter().all(Option::is_some));
    }

    #[test]
    fn the_cursor_reads_the_nearest_value_but_not_across_a_gap() {
        let points = points(&[(0, 1.0), (1, 2.0), (2, 3.0), (9, 4.0)]);
        let read = |ms: i64| value_at(&points, Timestamp::from_ms(ms));
        assert_eq!((read(400), read(600), read(2000), read(5000), read(9000)), (Some(1.0), Some(2.0), Some(3.0), None, Some(4.0)));
        assert_eq!(value_at(&[], Timestamp::default()), None);
    }
}
