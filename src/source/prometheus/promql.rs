//! `PromQL` on the way out (selectors with every value escaped) and on the way back (vectors and matrices as series).
//! Not for: parsing expressions, which is the server's business.

use crate::domain::{Point, RowProblem, Series, Text, Timestamp};

use super::wire::{Labels, QueryData, ResultSeries, Row, Sample};

/// The server refuses more points per series (`web/api/v1/api.go`).
pub const MAX_POINTS: f64 = 11_000.0;
/// `http` servers and proxies commonly refuse longer request lines; a longer query goes into a form.
pub const MAX_GET_BYTES: usize = 1500;

/// Seconds between points, at least `step_s`, such that the window stays within `MAX_POINTS`; whole milliseconds.
pub fn step(from: Timestamp, to: Timestamp, step_s: f64) -> f64 {
    let least = to.since(from).max(0.0) / (MAX_POINTS - 1.0);
    let step = if step_s.is_finite() { step_s.max(least) } else { least };
    ((step * 1000.0).ceil() / 1000.0).max(0.001)
}

/// A selector such as `ALERTS{alertname="A",job="api"}`. A label that may as well come from the source's configuration is asked
/// for as `team=~"fraud|"`: with that value, or absent.
pub fn selector(metric: &str, labels: &Labels, configured: &Labels) -> String {
    let matchers: Vec<String> = labels
        .iter()
        .map(|(name, value)| {
            let name = label_name(name);
            if configured.iter().any(|(own, of)| *own == *name && of == value) {
                format!("{name}=~{}", quoted(&format!("{}|", regex::escape(value))))
            } else {
                format!("{name}={}", quoted(value))
            }
        })
        .collect();
    format!("{metric}{{{}}}", matchers.join(","))
}

/// As it is where it is a classic name, quoted where it needs the UTF-8 names of 3.0.
fn label_name(name: &str) -> String {
    let classic =
        name.bytes().enumerate().all(|(at, byte)| byte == b'_' || byte.is_ascii_alphabetic() || (at > 0 && byte.is_ascii_digit()));
    if classic && !name.is_empty() { name.to_owned() } else { quoted(name) }
}

/// A string literal of `PromQL`, which escapes as Go does.
fn quoted(value: &str) -> String {
    let mut out = String::with_capacity(value.len() + 2);
    out.push('"');
    for c in value.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// The series of an answer, oldest point first. A series without float values (a native histogram) is left out with a problem.
pub fn series(data: &QueryData<'_>, reading: &Text, unit: &Text, keep_name: bool) -> (Vec<Series>, Vec<RowProblem>) {
    let mut problems = Vec::new();
    let make = |labels: Labels, points: Vec<Point>| Series { reading: reading.clone(), labels, unit: unit.clone(), points };
    let series = match &*data.result_type {
        "vector" | "matrix" => match serde_json::from_str::<Vec<Row<ResultSeries>>>(data.result.get()) {
            Ok(rows) => rows
                .into_iter()
                .enumerate()
                .filter_map(|(at, row)| {
                    let path = || format!("{reading}: result[{at}]");
                    let row = row.read(&mut problems, path)?;
                    let points = points(&row, &mut problems, path)?;
                    Some(make(without_name(row.metric, keep_name), points))
                })
                .collect(),
            Err(error) => {
                problems.push(RowProblem { path: format!("{reading}: result").into(), message: error.to_string().into() });
                Vec::new()
            }
        },
        "scalar" => match serde_json::from_str::<Sample>(data.result.get()).map_err(|error| error.to_string()).and_then(|s| point(&s)) {
            Ok(point) => vec![make(Labels::new(), vec![point])],
            Err(message) => {
                problems.push(RowProblem { path: format!("{reading}: result").into(), message: message.into() });
                Vec::new()
            }
        },
        other => {
            let message = format!("the expression gives a {other}, not numbers");
            problems.push(RowProblem { path: format!("{reading}: resultType").into(), message: message.into() });
            Vec::new()
        }
    };
    (series, problems)
}

fn points(row: &ResultSeries, problems: &mut Vec<RowProblem>, path: impl Fn() -> String) -> Option<Vec<Point>> {
    let samples = match (&row.value, &row.values) {
        (Some(sample), _) => std::slice::from_ref(sample),
        (None, Some(samples)) => samples.as_slice(),
        (None, None) => {
            let message = "a native histogram, which has no single value; wrap it in histogram_quantile() or histogram_count()";
            problems.push(RowProblem { path: path().into(), message: message.into() });
            return None;
        }
    };
    let mut points = Vec::with_capacity(samples.len());
    for (at, sample) in samples.iter().enumerate() {
        match point(sample) {
            Ok(point) => points.push(point),
            Err(message) => problems.push(RowProblem { path: format!("{}.values[{at}]", path()).into(), message: message.into() }),
        }
    }
    Some(points)
}

/// NaN stays NaN and infinities stay infinite: the server says so.
fn point((at, value): &Sample) -> Result<Point, String> {
    let at = Timestamp::from_seconds(*at).ok_or_else(|| format!("`{at}` is no time"))?;
    let value = value.parse().map_err(|_| format!("`{value}` is no number"))?;
    Ok(Point { at, value })
}

fn without_name(mut labels: Labels, keep_name: bool) -> Labels {
    if !keep_name {
        labels.remove("__name__");
    }
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        pairs.iter().map(|(name, value)| (Text::from(*name), Text::from(*value))).collect()
    }

    #[test]
    fn no_value_of_a_label_can_leave_its_quotes() {
        let own = labels(&[("alertname", "A\"} or vector(1) #"), ("path", "C:\\x\ny"), ("service.name", "api"), ("team", "a.b")]);
        assert_eq!(
            selector("ALERTS", &own, &labels(&[("team", "a.b"), ("site", "ams")])),
            r#"ALERTS{alertname="A\"} or vector(1) #",path="C:\\x\ny","service.name"="api",team=~"a\\.b|"}"#
        );
        assert_eq!(selector("up", &Labels::new(), &Labels::new()), "up{}");
    }

    #[test]
    fn no_window_asks_for_more_points_than_the_server_gives() {
        let at = |seconds: f64| Timestamp::default().plus(seconds);
        for (window, wanted, got) in
            [(3600.0, 15.0, 15.0), (109_990.0, 1.0, 10.0), (604_800.0, 15.0, 54.987), (60.0, 0.0, 0.006), (0.0, 0.0, 0.001)]
        {
            let step = step(at(0.0), at(window), wanted);
            assert!((step - got).abs() < 1e-9, "{window}: {step}");
            assert!(window / step + 1.0 <= MAX_POINTS, "{window}");
        }
        assert!(step(at(0.0), at(60.0), f64::NAN) > 0.0);
    }
}
