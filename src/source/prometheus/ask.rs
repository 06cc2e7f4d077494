//! Questions about one entity: how an alert, a target or a reading was over a window, and all that the server says about it.
//! Not for: polls.

use serde_json::Value;

use crate::domain::{Answer, Ask, Entity, Failure, FailureKind, Kind, Point, Series, Text, Timestamp};
use crate::source::Source;
use crate::source::fingerprint::Fingerprint;
use crate::source::reading::READING;

use super::checks::{self, RULE, SCRAPE};
use super::wire::{Labels, Rule};
use super::{Prometheus, promql};

/// A window and the seconds between its points.
#[derive(Clone, Copy)]
struct Window {
    from: Timestamp,
    to: Timestamp,
    step: f64,
}

impl Prometheus {
    pub(super) async fn answer(&self, ask: &Ask) -> Result<Answer, Failure> {
        match ask {
            Ask::Range { reading, from, to, step_s, .. } => {
                let found = self.reading(reading).ok_or_else(|| self.unknown(format!("no reading is named `{reading}`")))?;
                self.range(found, *from, *to, *step_s).await.map(Answer::Series)
            }
            Ask::History { entity, from, to, step_s } => {
                let window = Window { from: *from, to: *to, step: promql::step(*from, *to, *step_s) };
                self.history(entity, window).await.map(Answer::Series)
            }
            Ask::Raw { entity } => self.raw(entity).await.map(|raw| Answer::Raw(self.http.redact(&raw).into())),
            Ask::Steps { .. } => Err(self.unsupported("list the steps of a run")),
        }
    }

    async fn history(&self, entity: &Entity, window: Window) -> Result<Vec<Series>, Failure> {
        if entity.kind() == Kind::Alert {
            return self.alert_history(entity, window).await;
        }
        if let Some(reading) = self.reading_of(entity) {
            let all = self.range(reading, window.from, window.to, window.step).await?;
            let key = entity.id.key();
            return Ok(all
                .into_iter()
                .filter(|series| key == format!("{READING}{}", reading.name) || reading.key(series) == key)
                .collect());
        }
        if entity.id.key().starts_with(SCRAPE) {
            let labels: Labels = ["job", "instance"].iter().filter_map(|name| entity.labels.get_key_value(*name)).map(owned).collect();
            let query = promql::selector("up", &labels, &self.origin.labels);
            return self.query_range(&query, &"up".into(), &Text::default(), window.from, window.to, window.step).await;
        }
        Err(self.unsupported("ask for the history of this"))
    }

    /// Two series, `alertstate` pending and firing: 1 where the alert was in that state at any time since the point before, 0 where
    /// it was not although the server was recording, and a gap where nobody knows.
    async fn alert_history(&self, entity: &Entity, window: Window) -> Result<Vec<Series>, Failure> {
        let Window { from, to, step } = window;
        let alerts = promql::selector("ALERTS", &entity.labels, &self.origin.labels);
        // long steps would jump over short firings, and short ones fall between two evaluations: look back, then at the instant
        let query = format!("max by (alertstate) (max_over_time({alerts}[{}ms]) or {alerts})", (step * 1000.0).round());
        let name = Text::from("ALERTS");
        let states = self.query_range(&query, &name, &Text::default(), from, to, step).await?;
        // `up` exists while anything is scraped; without it, as in a ruler without scraping, absence cannot be told from not knowing
        let recorded = self.query_range("0 * max(up)", &name, &Text::default(), from, to, step).await.unwrap_or_default();
        let zeros = recorded.into_iter().next().map(|series| series.points).unwrap_or_default();
        Ok(["pending", "firing"].iter().map(|state| filled(state, &states, &zeros, &name)).collect())
    }

    /// The rule with this one alert, the target, or the unhealthy rule, as the server tells it.
    async fn raw(&self, entity: &Entity) -> Result<String, Failure> {
        let key = entity.id.key();
        let found = if entity.kind() == Kind::Alert {
            self.each_rule(&[("type", "alert")], |_, rule| rule_with_alert(rule, key)).await?
        } else if key.starts_with(RULE) {
            self.each_rule(&[], |group, rule| {
                let parsed: Rule = serde_json::from_value(rule.clone()).ok()?;
                let place = |name: &str| group.get(name).and_then(Value::as_str).unwrap_or_default();
                (checks::rule_key(place("file"), place("name"), &parsed) == key).then(|| rule.clone())
            })
            .await?
        } else if key.starts_with(SCRAPE) {
            let response = self.get("/targets", &[("state", "active")]).await?;
            let data: Value = self.read(&response)?.data;
            list(&data, "activeTargets").find(|target| target_key(target).is_some_and(|own| own == key)).cloned()
        } else if let Some(reading) = self.reading_of(entity) {
            let response = self.get("/query", &[("query", &reading.query)]).await?;
            Some(self.read(&response)?.data)
        } else if key.starts_with("server/") {
            let response = self.get("/status/runtimeinfo", &[]).await?;
            Some(self.read(&response)?.data)
        } else {
            return Err(self.unsupported("ask for more about this"));
        };
        let found = found.ok_or_else(|| self.unknown("the server does not tell it any more".to_owned()))?;
        serde_json::to_string_pretty(&found)
            .map_err(|error| Failure::new(FailureKind::BadShape, format!("read {}", entity.id), error.to_string()))
    }

    async fn each_rule(&self, query: &[(&str, &str)], take: impl Fn(&Value, &Value) -> Option<Value>) -> Result<Option<Value>, Failure> {
        let response = self.get("/rules", query).await?;
        let data: Value = self.read(&response)?.data;
        Ok(list(&data, "groups").find_map(|group| list(group, "rules").find_map(|rule| take(group, rule))))
    }

    fn unknown(&self, what: String) -> Failure {
        Failure::new(FailureKind::NotFound, format!("ask {}", self.info.name), what)
    }
}

fn filled(state: &str, states: &[Series], zeros: &[Point], name: &Text) -> Series {
    let own = states.iter().find(|series| series.labels.get("alertstate").is_some_and(|own| &**own == state));
    let mut points: Vec<Point> = own.map(|series| series.points.clone()).unwrap_or_default();
    let known: std::collections::HashSet<Timestamp> = points.iter().map(|point| point.at).collect();
    points.extend(zeros.iter().filter(|zero| !known.contains(&zero.at)));
    points.sort_by_key(|point| point.at);
    Series { reading: name.clone(), labels: [("alertstate".into(), state.into())].into(), unit: Text::default(), points }
}

fn rule_with_alert(rule: &Value, key: &str) -> Option<Value> {
    let alert = list(rule, "alerts").find(|alert| labels(alert).is_some_and(|labels| Fingerprint::of(&labels).to_string() == key))?;
    let mut only = rule.clone();
    *only.get_mut("alerts")? = Value::Array(vec![alert.clone()]);
    Some(only)
}

fn target_key(target: &Value) -> Option<String> {
    let labels = labels(target)?;
    let pool = target.get("scrapePool").and_then(Value::as_str).filter(|pool| !pool.is_empty());
    let pool = pool.or_else(|| labels.get("job").map(Text::as_str)).unwrap_or_default();
    Some(checks::scrape_key(pool, &labels))
}

fn labels(value: &Value) -> Option<Labels> {
    serde_json::from_value(value.get("labels")?.clone()).ok()
}

fn list<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn owned((name, value): (&Text, &Text)) -> (Text, Text) {
    (name.clone(), value.clone())
}
