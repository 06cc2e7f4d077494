//! What a server tests by itself as check entities: targets it scrapes, rules it cannot evaluate, its own configuration.
//! Not for: alerts (see `alerts`), readings with bounds (see `readings`).

use std::collections::HashSet;

use crate::domain::{Check, Entity, RowProblem, State, Text, Timestamp};
use crate::source::origin::Origin;

use super::pages::Pages;
use super::wire::{Labels, Rule, Rules, RuntimeInfo, Target, Targets};
use crate::source::fingerprint::Fingerprint;

/// Keys of the checks of targets begin so.
pub const SCRAPE: &str = "scrape/";
/// Keys of the checks of rules begin so.
pub const RULE: &str = "rule/";

/// One check per scraped target.
pub fn targets(targets: Targets, origin: &Origin, pages: &Pages, now: Timestamp, problems: &mut Vec<RowProblem>) -> Vec<Entity> {
    let mut seen = HashSet::new();
    let mut entities = Vec::with_capacity(targets.active_targets.len());
    for (at, target) in targets.active_targets.into_iter().enumerate() {
        let Some(target) = target.read(problems, || format!("activeTargets[{at}]")) else { continue };
        let entity = scrape(target, origin, pages, now);
        if seen.insert(entity.id.clone()) {
            entities.push(entity);
        } else {
            let message = "two targets of one pool have exactly the same labels; the first is shown";
            problems.push(RowProblem { path: format!("activeTargets[{at}] {}", entity.name).into(), message: message.into() });
        }
    }
    entities
}

/// The key of a target's check.
pub fn scrape_key(pool: &str, labels: &Labels) -> String {
    format!("{SCRAPE}{pool}/{}", Fingerprint::of(labels))
}

fn scrape(target: Target, origin: &Origin, pages: &Pages, now: Timestamp) -> Entity {
    let instance = target.labels.get("instance").map_or(target.scrape_url.as_str(), |instance| instance).to_owned();
    let pool = match (target.scrape_pool.as_str(), target.labels.get("job")) {
        ("", Some(job)) => job.to_string(),
        (pool, _) => pool.to_owned(),
    };
    let error = Text::from(target.last_error.as_str());
    let (state, word) = match &*target.health {
        "up" => (State::Ok, "up"),
        "down" => (State::Failed, "down"),
        "unknown" => (State::Pending, "not scraped yet"),
        other => (State::Unknown, other),
    };
    let observed = if error.is_empty() { Text::from(word) } else { error };
    let detail = Check {
        subject: Some(format!("{pool}/{instance}").into()),
        test: Some("scrape".into()),
        observed: Some(observed.clone()),
        expected: Some("up".into()),
        unit: None,
        evaluated_at: Timestamp::parse(&target.last_scrape),
        ..Check::default()
    };
    let key = scrape_key(&pool, &target.labels);
    let mut entity = origin.entity(&key, &instance, state, target.labels, detail.into(), now);
    entity.reason = Some(if &*observed == word { observed } else { format!("{word}: {}", observed.first_line()).into() });
    entity.url = pages.targets(&instance);
    entity
}

/// One check per rule that is not healthy, alerting and recording ones alike. Healthy rules give nothing: there may be thousands, and
/// they say nothing beyond "as usual". A rule that recovers leaves the batch and so is gone.
pub fn unhealthy_rules(rules: Rules, origin: &Origin, pages: &Pages, now: Timestamp, problems: &mut Vec<RowProblem>) -> Vec<Entity> {
    let mut seen = HashSet::new();
    let mut entities = Vec::new();
    for (g, group) in rules.groups.into_iter().enumerate() {
        let Some(mut group) = group.read(problems, || format!("groups[{g}]")) else { continue };
        for (r, rule) in std::mem::take(&mut group.rules).into_iter().enumerate() {
            let Some(rule) = rule.read(problems, || format!("groups[{g}].rules[{r}] of {}", group.name)) else { continue };
            if rule.health == "ok" {
                continue;
            }
            let entity = evaluation(rule, &group.file, &group.name, origin, pages, now);
            // rules alike in name, expression and labels fail alike
            if seen.insert(entity.id.clone()) {
                entities.push(entity);
            }
        }
    }
    entities
}

/// The key of a rule's check.
pub fn rule_key(file: &str, group: &str, rule: &Rule) -> String {
    let place = format!("{file}\n{}", rule.query);
    format!("{RULE}{group}/{}/{}", rule.name, Fingerprint::within(&place, &rule.labels))
}

fn evaluation(rule: Rule, file: &str, group: &str, origin: &Origin, pages: &Pages, now: Timestamp) -> Entity {
    let error = Text::from(rule.last_error.as_str());
    let (state, reason) = match rule.health.as_str() {
        "err" if error.is_empty() => (State::Failed, "err".to_owned()),
        "err" => (State::Failed, error.first_line().to_owned()),
        "unknown" | "" => (State::Pending, "not evaluated yet".to_owned()),
        other => (State::Unknown, format!("{other} {}", error.first_line()).trim_end().to_owned()),
    };
    let key = rule_key(file, group, &rule);
    let detail = Check {
        subject: Some(format!("{} rule {} of group {group}", rule.kind, rule.name).trim_start().into()),
        test: Some("rule evaluation".into()),
        observed: Some(if error.is_empty() { Text::from(reason.as_str()) } else { error }),
        expected: Some("ok".into()),
        unit: None,
        evaluated_at: Timestamp::parse(&rule.last_evaluation),
        ..Check::default()
    };
    let mut entity = origin.entity(&key, &rule.name, state, rule.labels, detail.into(), now);
    entity.reason = Some(reason.into());
    entity.url = pages.rules();
    entity
}

/// The server's own condition: is the configuration on disk in use, has its log been damaged.
pub fn server(info: &RuntimeInfo, origin: &Origin, pages: &Pages, now: Timestamp) -> Vec<Entity> {
    let check = |key: &str, name: &str, state: State, test: &str, observed: String, expected: &str| {
        let detail = Check {
            subject: Some(Text::from(origin.name.as_str())),
            test: Some(test.into()),
            observed: Some(Text::from(observed.as_str())),
            expected: Some(expected.into()),
            unit: None,
            evaluated_at: Some(now),
            ..Check::default()
        };
        let mut entity = origin.entity(key, name, state, Labels::new(), detail.into(), now);
        entity.reason = Some(observed.into());
        entity.url = pages.config();
        entity
    };
    let reload = info.reload_config_success.map(|good| {
        let (state, observed) = match (good, Timestamp::parse(&info.last_config_time)) {
            (true, _) => (State::Ok, "reloaded".to_owned()),
            (false, Some(at)) => (State::Failed, format!("the last reload failed; the configuration of {at} is in use")),
            (false, None) => (State::Failed, "the last reload failed; an older configuration is in use".to_owned()),
        };
        check("server/config", "configuration", state, "config reload", observed, "reloaded")
    });
    let log = info.corruption_count.map(|count| {
        let state = if count == 0 { State::Ok } else { State::Warning };
        check("server/log", "write-ahead log", state, "log corruption", format!("{count} corruptions repaired since the start"), "0")
    });
    reload.into_iter().chain(log).collect()
}
