//! Configured readings: a name, an expression, bounds; and the checks that bounds make of their series.
//! Not for: evaluating the expression, which each source does its own way.

use crate::config::ReadingConfig;
use crate::domain::{Check, Entity, Eye, Failure, FailureKind, Link, LinkTarget, RowProblem, Series, State, Text, Timestamp, number};

use super::fingerprint::Fingerprint;
use super::origin::Origin;
use super::threshold::Threshold;

/// Keys of the checks of readings begin so.
pub const READING: &str = "reading/";
/// A reading with more series than this is a mistake: nobody can read so many lines in one chart.
pub const MAX_SERIES: usize = 200;

/// Labels that say what a series is about, and of which discipline that is.
const ABOUT: [(&str, Eye); 2] = [("model", Eye::MlOps), ("dataset", Eye::DataOps)];

/// A number to draw.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Unique within its source.
    pub name: Text,
    /// `PromQL`, or a selector where a page is read directly.
    pub query: String,
    /// Unit of its values.
    pub unit: Text,
    /// What is expected of its newest value.
    pub threshold: Option<Threshold>,
    /// Seconds between the values that a check learns from; what they were before is wanted once.
    pub learn_s: Option<f64>,
}

impl Reading {
    /// Those that are configured. Fails on one without a name or expression, and on two of one name.
    pub fn all(configs: &[ReadingConfig]) -> Result<Vec<Self>, Failure> {
        let mut readings: Vec<Self> = Vec::with_capacity(configs.len());
        for (at, config) in configs.iter().enumerate() {
            let wrong = |what: String| {
                let doing = format!("read [[source.reading]] number {}", at + 1);
                Failure::new(FailureKind::Config, doing, what).hint("a reading needs a `name` of its own and a `query`")
            };
            let name = config.name.trim();
            if name.is_empty() || config.query.trim().is_empty() {
                return Err(wrong(format!("`{}` is empty", if name.is_empty() { "name" } else { "query" })));
            }
            if readings.iter().any(|other| *other.name == *name) {
                return Err(wrong(format!("two readings are named `{name}`")));
            }
            readings.push(Self {
                name: name.into(),
                query: config.query.clone(),
                unit: config.unit.as_str().into(),
                threshold: Threshold::of(config),
                learn_s: config.learn.map(crate::config::Span::seconds),
            });
        }
        Ok(readings)
    }

    /// Leaves out what is beyond `MAX_SERIES`, and says so.
    pub fn bound(&self, series: &mut Vec<Series>, problems: &mut Vec<RowProblem>) {
        if series.len() > MAX_SERIES {
            let message = format!("{} series; the first {MAX_SERIES} are shown: aggregate, or use topk()", series.len());
            problems.push(RowProblem { path: self.name.clone(), message: message.into() });
            series.truncate(MAX_SERIES);
        }
    }

    /// One check per series if the reading has bounds. No series at all is not a good sign but an unknown one.
    pub fn checks(&self, series: &[Series], origin: &Origin, now: Timestamp) -> Vec<Entity> {
        let Some(threshold) = self.threshold else { return Vec::new() };
        if series.iter().all(|series| series.points.is_empty()) {
            return self.unanswered("no data", origin, now).into_iter().collect();
        }
        series.iter().filter_map(|series| self.check(series, threshold, origin, now)).collect()
    }

    /// The check of a reading that has bounds and could not be read.
    pub fn unanswered(&self, why: &str, origin: &Origin, now: Timestamp) -> Option<Entity> {
        let threshold = self.threshold?;
        let detail = Check {
            subject: Some(self.query.as_str().into()),
            test: Some("reading".into()),
            expected: Some(threshold.expected(State::Ok).into()),
            unit: self.unit(),
            ..Check::default()
        };
        let mut entity = origin.entity(&format!("{READING}{}", self.name), &self.name, State::Unknown, [].into(), detail.into(), now);
        entity.reason = Some(why.into());
        Some(entity)
    }

    /// The key of a series' check.
    pub fn key(&self, series: &Series) -> String {
        if series.labels.is_empty() {
            format!("{READING}{}", self.name)
        } else {
            format!("{READING}{}/{}", self.name, Fingerprint::of(&series.labels))
        }
    }

    fn check(&self, series: &Series, threshold: Threshold, origin: &Origin, now: Timestamp) -> Option<Entity> {
        let point = series.points.last()?;
        let state = threshold.judge(point.value);
        let (observed, expected) = (number(point.value), threshold.expected(state));
        let detail = Check {
            subject: Some(self.query.as_str().into()),
            test: Some("reading".into()),
            observed: Some(observed.as_str().into()),
            expected: Some(expected.as_str().into()),
            unit: self.unit(),
            evaluated_at: Some(point.at),
            ..Check::default()
        };
        let name = self.name_of(series);
        let mut entity = origin.entity(&self.key(series), &name, state, series.labels.clone(), detail.into(), now);
        let unit = if self.unit.is_empty() { String::new() } else { format!(" {}", self.unit) };
        entity.reason = Some(format!("{observed}{unit}, expected {expected}{unit}").into());
        // rows of a dataset and scores of a model are theirs, wherever they are measured
        for (label, eye) in ABOUT {
            if let Some((label, value)) = series.labels.get_key_value(label) {
                entity.eye = eye;
                entity.links.push(Link { rel: label.clone(), to: LinkTarget::Labels([(label.clone(), value.clone())].into()) });
            }
        }
        Some(entity)
    }

    /// `orders rows`, `lag (queue=a)`: what it is about stands first, for names are cut at their end.
    fn name_of(&self, series: &Series) -> String {
        let about = |label: &Text| ABOUT.iter().any(|(about, _)| *label == *about);
        let subjects = series.labels.iter().filter(|(label, _)| about(label)).map(|(_, value)| format!("{value} "));
        let rest: Vec<String> =
            series.labels.iter().filter(|(label, _)| !about(label)).map(|(name, value)| format!("{name}={value}")).collect();
        let rest = if rest.is_empty() { String::new() } else { format!(" ({})", rest.join(", ")) };
        format!("{}{}{rest}", subjects.collect::<String>(), self.name)
    }

    fn unit(&self) -> Option<Text> {
        (!self.unit.is_empty()).then(|| self.unit.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SourceConfig;
    use crate::domain::Point;

    fn reading() -> Reading {
        let config = ReadingConfig {
            name: "lag".into(),
            query: "sum by (queue) (lag)".into(),
            unit: "s".into(),
            fail_above: Some(10.0),
            ..ReadingConfig::default()
        };
        Reading::all(&[config]).unwrap().remove(0)
    }

    fn series(queue: &str, value: f64) -> Series {
        Series {
            reading: "lag".into(),
            labels: [("queue".into(), queue.into())].into(),
            unit: "s".into(),
            points: vec![Point { at: Timestamp::from_ms(1000), value }],
        }
    }

    #[test]
    fn each_series_is_checked_by_itself_and_none_at_all_is_unknown() {
        let origin = Origin::new(&SourceConfig { name: "prom".into(), ..SourceConfig::default() }, Eye::DevOps);
        let told = |series: &[Series]| -> Vec<String> {
            let checks = reading().checks(series, &origin, Timestamp::default());
            checks.iter().map(|e| format!("{} {} {} {}", e.id, e.name, e.state, e.reason.as_ref().unwrap())).collect()
        };
        assert_eq!(
            told(&[series("a", 12.5), series("b", 1.0)]),
            [
                format!(
                    "prom/check/reading/lag/{} lag (queue=a) failed 12.5 s, expected <= 10 s",
                    Fingerprint::of(&series("a", 0.0).labels)
                ),
                format!("prom/check/reading/lag/{} lag (queue=b) ok 1 s, expected <= 10 s", Fingerprint::of(&series("b", 0.0).labels)),
            ]
        );
        assert_eq!(told(&[]), ["prom/check/reading/lag lag unknown no data"]);
        let about = |label: &str| {
            let series = Series { labels: [(label.into(), "orders".into())].into(), ..series("a", 12.5) };
            let check = reading().checks(&[series], &origin, Timestamp::default()).remove(0);
            (check.eye, check.name.to_string(), check.links.first().map(|link| link.to.clone()))
        };
        let there = |label: &str| Some(LinkTarget::Labels([(label.into(), "orders".into())].into()));
        assert_eq!(about("queue"), (Eye::DevOps, "lag (queue=orders)".to_owned(), None));
        assert_eq!(about("model"), (Eye::MlOps, "orders lag".to_owned(), there("model")));
        assert_eq!(about("dataset"), (Eye::DataOps, "orders lag".to_owned(), there("dataset")));
    }

    #[test]
    fn a_reading_that_cannot_be_is_refused_by_its_number() {
        let good = ReadingConfig { name: "a".into(), query: "up".into(), ..ReadingConfig::default() };
        let nameless = ReadingConfig { name: " ".into(), ..good.clone() };
        let empty = ReadingConfig { query: String::new(), ..good.clone() };
        for (configs, said) in [
            (vec![nameless], "read [[source.reading]] number 1: `name` is empty"),
            (vec![empty], "read [[source.reading]] number 1: `query` is empty"),
            (vec![good.clone(), good], "read [[source.reading]] number 2: two readings are named `a`"),
        ] {
            assert_eq!(Reading::all(&configs).unwrap_err().to_string(), said);
        }
    }

    #[test]
    fn series_beyond_the_bound_are_left_out_and_counted() {
        let mut all: Vec<Series> = (0..MAX_SERIES + 5).map(|at| series(&at.to_string(), 0.0)).collect();
        let mut problems = Vec::new();
        reading().bound(&mut all, &mut problems);
        assert_eq!(all.len(), MAX_SERIES);
        assert!(problems[0].message.starts_with("205 series"), "{}", problems[0].message);
    }
}
