//! Rules with their alerts (`/api/v1/rules?type=alert`) as alert entities: what is pending and firing, with the expression behind it.
//! Not for: silences, inhibitions and receivers, which Alertmanager knows; rule health (see `checks`).

use std::collections::HashMap;

use crate::config::Span;
use crate::domain::{Alert, Entity, EntityId, Link, LinkTarget, RowProblem, State, Text, Timestamp, number};
use crate::source::origin::Origin;

use super::pages::Pages;
use super::wire::{Labels, Rule, RuleAlert, Rules};
use crate::source::fingerprint::Fingerprint;

/// All pending and firing alerts. An alert's key is the fingerprint of its labels, as in Alertmanager (which adds the server's
/// `external_labels` before it computes its own).
pub fn alerts(rules: Rules, origin: &Origin, pages: &Pages, now: Timestamp, problems: &mut Vec<RowProblem>) -> Vec<Entity> {
    let mut found = Found::default();
    for (g, group) in rules.groups.into_iter().enumerate() {
        let Some(mut group) = group.read(problems, || format!("groups[{g}]")) else { continue };
        for (r, rule) in std::mem::take(&mut group.rules).into_iter().enumerate() {
            let Some(mut rule) = rule.read(problems, || format!("groups[{g}].rules[{r}] of {}", group.name)) else { continue };
            for (a, alert) in std::mem::take(&mut rule.alerts).into_iter().enumerate() {
                let Some(alert) = alert.read(problems, || format!("groups[{g}].rules[{r}].alerts[{a}] of {}", rule.name)) else { continue };
                if &*alert.state == "inactive" {
                    continue;
                }
                found.keep(entity(alert, &rule, origin, pages, now), problems);
            }
        }
    }
    found.entities
}

/// What a `severity` label means while the alert fires. A word that is none of these is a warning and stays in the reason.
pub fn state_of_severity(severity: Option<&str>) -> State {
    match severity.unwrap_or_default().to_ascii_lowercase().as_str() {
        "critical" | "error" | "page" => State::Failed,
        "info" | "none" => State::Ok,
        _ => State::Warning,
    }
}

#[derive(Default)]
struct Found {
    entities: Vec<Entity>,
    at: HashMap<EntityId, usize>,
}

impl Found {
    /// Two rules may give alerts with the same labels, which are one alert to everyone downstream: the worse one stays.
    fn keep(&mut self, entity: Entity, problems: &mut Vec<RowProblem>) {
        let Some(&at) = self.at.get(&entity.id) else {
            self.at.insert(entity.id.clone(), self.entities.len());
            self.entities.push(entity);
            return;
        };
        let message = "two rules give an alert with exactly these labels; the worse one is shown";
        problems.push(RowProblem { path: entity.name.clone(), message: message.into() });
        if let Some(kept) = self.entities.get_mut(at)
            && entity.state.severity() > kept.state.severity()
        {
            *kept = entity;
        }
    }
}

fn entity(alert: RuleAlert, rule: &Rule, origin: &Origin, pages: &Pages, now: Timestamp) -> Entity {
    let key = Fingerprint::of(&alert.labels).to_string();
    let name = alert.labels.get("alertname").map_or(rule.name.as_str(), |name| name).to_owned();
    let starts_at = Timestamp::parse(&alert.active_at);
    let severity = alert.labels.get("severity").cloned();
    let (state, reason) = state_and_reason(&alert, rule, severity.as_deref(), starts_at, now);
    let note = |name: &str| alert.annotations.get(name).cloned();
    let detail = Alert {
        severity,
        starts_at,
        expr: Some(Text::from(rule.query.as_str())).filter(|expr| !expr.is_empty()),
        value: alert.value.parse().ok(),
        summary: note("summary"),
        description: note("description").or_else(|| note("message")),
        runbook_url: note("runbook_url").or_else(|| note("runbook")),
        ..Alert::default()
    };
    let links = about(&alert.labels);
    let mut entity = origin.entity(&key, &name, state, alert.labels, detail.into(), now);
    entity.reason = Some(reason.into());
    entity.since = starts_at;
    entity.url = pages.graph(&rule.query);
    entity.links = links;
    entity
}

fn state_and_reason(
    alert: &RuleAlert,
    rule: &Rule,
    severity: Option<&str>,
    starts_at: Option<Timestamp>,
    now: Timestamp,
) -> (State, String) {
    let what = headline(alert, rule);
    match &*alert.state {
        "pending" => {
            // both instants are the server's, so that a wrong clock here does not matter
            let at = Timestamp::parse(&rule.last_evaluation).unwrap_or(now);
            let held = starts_at.map_or_else(|| "?".to_owned(), |start| length(at.since(start)));
            (State::Pending, format!("pending for {held} of {}: {what}", length(rule.duration)))
        }
        "firing" => {
            let state = state_of_severity(severity);
            if Timestamp::parse(&alert.keep_firing_since).is_some() {
                return (state, format!("not true any more, kept firing: {what}"));
            }
            match severity {
                Some(word) if state == State::Warning && !word.eq_ignore_ascii_case("warning") => {
                    (state, format!("severity {word}: {what}"))
                }
                _ => (state, what),
            }
        }
        other => (State::Unknown, format!("{other}: {what}")),
    }
}

/// The first annotation that says something in one line, else the value beside the expression.
fn headline(alert: &RuleAlert, rule: &Rule) -> String {
    let notes = ["summary", "message", "description", "title"].into_iter().filter_map(|name| alert.annotations.get(name));
    if let Some(line) = notes.map(Text::first_line).find(|line| !line.is_empty()) {
        return line.to_owned();
    }
    let expr = Text::from(rule.query.as_str());
    match alert.value.parse() {
        Ok(value) => format!("{} from {}", number(value), expr.first_line()),
        Err(_) => expr.first_line().to_owned(),
    }
}

/// Labels by which alerts, and what they are about, are known to several systems; see docs/links.md.
const SHARED: [&str; 7] = ["service", "model", "dataset", "dag_id", "topic", "pod", "container"];

/// What the alert is about: the scraped page, by the labels that every target has, and whatever carries the same shared label.
fn about(labels: &Labels) -> Vec<Link> {
    let both: Labels =
        ["job", "instance"].iter().filter_map(|name| labels.get_key_value(*name)).map(|(n, v)| (n.clone(), v.clone())).collect();
    let target = (both.len() == 2).then(|| Link { rel: "target".into(), to: LinkTarget::Labels(both) });
    let shared = SHARED.iter().filter_map(|name| labels.get_key_value(*name)).filter(|(_, value)| !value.is_empty());
    let shared = shared
        .map(|(name, value)| Link { rel: name.clone(), to: LinkTarget::Labels([(name.clone(), value.clone())].into_iter().collect()) });
    target.into_iter().chain(shared).collect()
}

/// `2s`, `1h`; whole seconds.
fn length(seconds: f64) -> String {
    let seconds = seconds.max(0.0).floor();
    format!("{seconds}s").parse::<Span>().map_or_else(|_| "0s".to_owned(), |span| span.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_firing_alert_is_as_bad_as_its_severity_says() {
        for (severity, state) in [
            (Some("critical"), State::Failed),
            (Some("CRITICAL"), State::Failed),
            (Some("error"), State::Failed),
            (Some("page"), State::Failed),
            (Some("warning"), State::Warning),
            (Some("info"), State::Ok),
            (Some("none"), State::Ok),
            (Some("ticket"), State::Warning),
            (Some(""), State::Warning),
            (None, State::Warning),
        ] {
            assert_eq!(state_of_severity(severity), state, "{severity:?}");
        }
    }

    #[test]
    fn a_length_of_time_is_told_in_whole_seconds() {
        for (seconds, text) in [(2.9, "2s"), (0.0, "0s"), (-5.0, "0s"), (3600.0, "1h"), (f64::NAN, "0s"), (3900.0, "1h5m")] {
            assert_eq!(length(seconds), text, "{seconds}");
        }
    }
}
