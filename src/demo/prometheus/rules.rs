//! The company's alerting rules, as a rule file would have them.
//! Not for: evaluating them (see `ruler`).

use crate::demo::clock::Clock;
use crate::demo::world::Labels;

/// One alerting rule. In `expr` a number of story seconds in angle brackets, `[<120>]`, stands for a range, which is shorter on a
/// faster world.
#[derive(Debug, PartialEq)]
pub struct Rule {
    /// Group it stands in.
    pub group: &'static str,
    /// The alert's name.
    pub name: &'static str,
    /// Expression, with ranges in story seconds.
    pub expr: &'static str,
    /// Story seconds it must hold.
    pub for_s: f64,
    /// Its `severity` label.
    pub severity: &'static str,
    /// Its `summary` annotation, with templates.
    pub summary: &'static str,
}

macro_rules! rules {
    ($($group:literal $name:literal for $for_s:literal $severity:literal: $expr:literal => $summary:literal;)+) => {
        /// All of them, by group.
        pub const RULES: &[Rule] = &[$(Rule {
            group: $group, name: $name, expr: $expr, for_s: $for_s, severity: $severity, summary: $summary,
        }),+];
    };
}

rules! {
    "services" "Watchdog" for 0.0 "none": "vector(1)" => "always fires: alerting works";
    "services" "TargetDown" for 20.0 "critical": "up == 0" => "{{ $labels.service }} does not answer its scrapes";
    "services" "ErrorsHigh" for 30.0 "critical":
        "sum by (job, instance, service, team) (rate(http_requests_total{code=~\"5..\"}[<120>])) / sum by (job, instance, service, team) (rate(http_requests_total[<120>])) > 0.03"
        => "{{ $labels.service }}: {{ $value | humanizePercentage }} of requests fail, 3% allowed";
    "services" "LatencyHigh" for 30.0 "warning":
        "histogram_quantile(0.99, sum by (job, instance, service, team, le) (rate(http_request_duration_seconds_bucket[<120>]))) > 1"
        => "{{ $labels.service }}: p99 {{ $value | humanize }} s, 1 s allowed";
    "services" "ContainerOutOfMemory" for 0.0 "critical": "increase(container_oom_events_total[<600>]) >= 2"
        => "{{ $labels.service }}: killed for memory {{ $value }} times in a short while";
    "data" "DatasetVolumeLow" for 0.0 "warning": "dataset_rows{layer=\"core\"} / dataset_usual_rows{layer=\"core\"} < 0.7"
        => "{{ $labels.dataset }}: {{ $value | humanizePercentage }} of its usual rows";
    "data" "DatasetNulls" for 0.0 "warning": "dataset_null_share > 0.05"
        => "{{ $labels.dataset }}: {{ $value | humanizePercentage }} of customer_id is null, none expected";
    "data" "DatasetStale" for 0.0 "warning": "time() - dataset_renewed_timestamp_seconds > dataset_age_limit_seconds"
        => "{{ $labels.dataset }}: not renewed for {{ $value | humanizeDuration }}";
    "data" "ConsumerLagHigh" for 20.0 "warning": "topic_lag > 5000" => "{{ $labels.dataset }}: readers are {{ $value | humanize }} records behind";
    "data" "PipelineQueued" for 0.0 "warning": "pipeline_queued_seconds > <60>" => "{{ $labels.dag }}: a run waits since {{ $value | humanizeDuration }}";
    "models" "FeatureDrift" for 0.0 "warning": "max by (job, instance, model, team) (model_feature_psi) > 0.25"
        => "{{ $labels.model }}: PSI {{ $value | humanize }} of its worst feature, 0.25 allowed";
    "models" "ModelScoreLow" for 15.0 "critical": "model_score / model_reference_score < 0.95"
        => "{{ $labels.model }}: scores {{ $value | humanizePercentage }} of what its evaluation promised";
}

impl Rule {
    /// Its expression on a world's clock.
    pub fn expr_on(&self, clock: &Clock) -> String {
        let mut out = String::new();
        let mut rest = self.expr;
        while let Some((before, after)) = rest.split_once('<') {
            match after.split_once('>').and_then(|(number, tail)| Some((number.parse::<f64>().ok()?, tail))) {
                Some((story_s, tail)) => {
                    let wall_s = clock.wall_s(story_s);
                    let in_range = before.ends_with('[');
                    out.push_str(before);
                    out.push_str(&if in_range { duration(wall_s) } else { format!("{wall_s}") });
                    rest = tail;
                }
                // a comparison
                None => {
                    out.push_str(before);
                    out.push('<');
                    rest = after;
                }
            }
        }
        out + rest
    }
}

/// A span of `PromQL`: whole milliseconds, in the largest unit that fits.
pub fn duration(seconds: f64) -> String {
    let ms = (seconds * 1000.0).round().max(1.0) as u64;
    match ms {
        ms if ms.is_multiple_of(60_000) => format!("{}m", ms / 60_000),
        ms if ms.is_multiple_of(1000) => format!("{}s", ms / 1000),
        ms => format!("{ms}ms"),
    }
}

/// Fills `{{ $labels.name }}` and `{{ $value | function }}` in, as the real server's templates do.
pub fn filled(template: &str, labels: &Labels, value: f64) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((inside, tail)) = after.split_once("}}") else { break };
        out.push_str(before);
        let (what, function) = inside.split_once('|').map_or((inside.trim(), ""), |(what, function)| (what.trim(), function.trim()));
        match what.strip_prefix("$labels.") {
            Some(name) => out.push_str(labels.get(name).map_or("", String::as_str)),
            None => out.push_str(&number(value, function)),
        }
        rest = tail;
    }
    out + rest
}

fn number(value: f64, function: &str) -> String {
    match function {
        "humanizePercentage" => format!("{}%", significant(value * 100.0)),
        "humanizeDuration" => {
            let seconds = value.max(0.0).floor() as u64;
            match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
                (0, 0, s) => format!("{s}s"),
                (0, m, s) => format!("{m}m {s}s"),
                (h, m, s) => format!("{h}h {m}m {s}s"),
            }
        }
        "humanize" if value.abs() >= 1e6 => format!("{}M", significant(value / 1e6)),
        "humanize" if value.abs() >= 1e3 => format!("{}k", significant(value / 1e3)),
        _ => significant(value),
    }
}

/// Four significant digits, as `%.4g` writes them.
fn significant(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    let digits = (3.0 - value.abs().log10().floor()).clamp(0.0, 8.0) as usize;
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;

    #[test]
    fn every_rule_is_an_expression_at_every_speed_and_its_ranges_shrink_with_it() {
        for speed in [0.5, 1.0, 7.0, 60.0] {
            for rule in RULES {
                let expr = rule.expr_on(&Clock::new(Timestamp::default(), speed));
                crate::demo::prometheus::parse::parse(&expr).unwrap_or_else(|error| panic!("{}: {expr}: {error}", rule.name));
                assert!(!expr.contains("[<"), "{expr}");
            }
        }
        let errors = RULES.iter().find(|rule| rule.name == "ErrorsHigh").unwrap();
        assert!(errors.expr_on(&Clock::new(Timestamp::default(), 4.0)).contains("[30s]"));
    }

    #[test]
    fn a_template_is_filled_with_labels_and_the_value() {
        let labels = Labels::from([("service".to_owned(), "api".to_owned())]);
        assert_eq!(filled("{{ $labels.service }}: {{ $value | humanizePercentage }}", &labels, 0.12345), "api: 12.35%");
        assert_eq!(filled("{{ $value | humanize }} and {{ $value | humanizeDuration }}", &labels, 3725.0), "3.725k and 1h 2m 5s");
    }
}
