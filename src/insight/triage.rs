//! Which entities need a person, worst first.
//! Not for: why (see `timeline`), what they reach (see `lineage`).

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::domain::{Detail, Entity, EntityId, Kind, LinkTarget, State, Text};

/// Seconds after which a failed run of the past no longer asks for a person at night.
const OLD_RUN_S: f64 = 24.0 * 3600.0;

/// Alerts of one name past which none is left out: comparing all with all would take too long, and two sources are then the least worry.
const MAX_SAME: usize = 100;

/// Everything that needs a person, worst first: failed before warning, unmuted before muted, then by how near to people's pain
/// its kind is, then the newest first. A failed run counts only while it is its pipeline's newest.
pub fn needs_you<'a>(entities: impl Iterator<Item = &'a Arc<Entity>>, now: crate::domain::Timestamp) -> Vec<Arc<Entity>> {
    let mut newest: HashMap<(&str, Option<&Text>), &Arc<Entity>> = HashMap::new();
    let mut rows: Vec<&Arc<Entity>> = Vec::new();
    let mut alerts: Vec<&Arc<Entity>> = Vec::new();
    for entity in entities {
        match &entity.detail {
            Detail::Run(run) => {
                let slot = newest.entry((entity.id.source(), run.pipeline.as_ref().or(Some(&entity.name)))).or_insert(entity);
                if began(entity) > began(slot) {
                    *slot = entity;
                }
            }
            // what changed is told beside, never as a trouble of its own
            Detail::Change(_) => {}
            Detail::Alert(_) if is_trouble(entity.state) => alerts.push(entity),
            _ if is_trouble(entity.state) => rows.push(entity),
            _ => {}
        }
    }
    // a feature of a model that as a whole is at least as bad is told there
    let states: HashMap<&EntityId, State> = rows.iter().map(|row| (&row.id, row.state)).collect();
    let told_whole: Vec<bool> = rows
        .iter()
        .map(|row| whole_of(row).is_some_and(|whole| states.get(whole).is_some_and(|state| state.severity() >= row.state.severity())))
        .collect();
    let mut told_whole = told_whole.into_iter();
    rows.retain(|_| !told_whole.next().unwrap_or(false));
    rows.extend(distinct(alerts.into_iter()));
    rows.extend(newest.into_values().filter(|run| is_trouble(run.state) && run.since.is_none_or(|since| now.since(since) < OLD_RUN_S)));
    rows.sort_by_cached_key(|row| (rank(row), &row.id));
    rows.into_iter().cloned().collect()
}

/// Alerts without those that a second source tells better: where a Prometheus and its Alertmanager both list an alert, the one with
/// more labels stays (Alertmanager's, which knows silences and receivers; external labels are added on the way to it).
pub fn distinct<'a>(alerts: impl Iterator<Item = &'a Arc<Entity>>) -> Vec<&'a Arc<Entity>> {
    let by_name = by_name(alerts);
    let alone = |same: &Vec<&'a Arc<Entity>>| -> Vec<&'a Arc<Entity>> {
        same.iter().copied().filter(|alert| !same.iter().any(|other| told_better(alert, other))).collect()
    };
    by_name.values().flat_map(|same| if can_double(same) { alone(same) } else { same.clone() }).collect()
}

/// For each alert that `distinct` keeps, the one it was kept instead of: it knows the expression's value and its history.
pub fn twins<'a>(alerts: impl Iterator<Item = &'a Arc<Entity>>) -> HashMap<EntityId, Arc<Entity>> {
    let mut twins = HashMap::new();
    for same in by_name(alerts).values().filter(|same| can_double(same)) {
        for alert in same {
            if let Some(better) = same.iter().find(|other| told_better(alert, other)) {
                twins.insert(better.id.clone(), Arc::clone(alert));
            }
        }
    }
    twins
}

fn by_name<'a>(alerts: impl Iterator<Item = &'a Arc<Entity>>) -> BTreeMap<&'a Text, Vec<&'a Arc<Entity>>> {
    let mut by_name: BTreeMap<&Text, Vec<&Arc<Entity>>> = BTreeMap::new();
    for alert in alerts {
        by_name.entry(&alert.name).or_default().push(alert);
    }
    by_name
}

/// Whether alerts of one name come from several sources, and are few enough to compare all with all.
fn can_double(same: &[&Arc<Entity>]) -> bool {
    same.len() <= MAX_SAME && same.iter().any(|alert| alert.id.source() != same[0].id.source())
}

/// Whether `other`, of another source, is the same alert and knows more of it.
fn told_better(alert: &Entity, other: &Entity) -> bool {
    let covers = alert.labels.iter().all(|(name, value)| other.labels.get(name) == Some(value));
    let more =
        other.labels.len().cmp(&alert.labels.len()).then_with(|| knows(other).cmp(&knows(alert))).then_with(|| alert.id.cmp(&other.id));
    covers && alert.id.source() != other.id.source() && more.is_gt()
}

/// How much an alert's source knows of where it goes.
fn knows(alert: &Entity) -> usize {
    match &alert.detail {
        Detail::Alert(alert) => alert.receivers.len() + alert.silenced_by.len() + alert.inhibited_by.len(),
        _ => 0,
    }
}

/// Whether anybody was told to be quiet about it: silenced, inhibited or acknowledged.
pub fn is_muted(entity: &Entity) -> bool {
    match &entity.detail {
        Detail::Alert(alert) => !alert.silenced_by.is_empty() || !alert.inhibited_by.is_empty() || alert.acked_by.is_some(),
        _ => false,
    }
}

/// What a check is a part of.
fn whole_of(entity: &Entity) -> Option<&EntityId> {
    entity.links.iter().find_map(|link| match &link.to {
        LinkTarget::Id(id) if *link.rel == *"part" => Some(id),
        _ => None,
    })
}

fn is_trouble(state: State) -> bool {
    matches!(state, State::Failed | State::Warning)
}

fn rank(entity: &Entity) -> (Reverse<u8>, bool, u8, Reverse<i64>) {
    let nearness = match entity.kind() {
        Kind::Alert => 0,
        Kind::Endpoint | Kind::Model => 1,
        Kind::Workload | Kind::Host | Kind::Stack => 2,
        Kind::Check | Kind::Dataset => 3,
        Kind::Run | Kind::Pipeline | Kind::Change => 4,
    };
    (Reverse(entity.state.severity()), is_muted(entity), nearness, Reverse(entity.since.map_or(0, crate::domain::Timestamp::ms)))
}

fn began(entity: &Entity) -> Option<crate::domain::Timestamp> {
    match &entity.detail {
        Detail::Run(run) => run.started_at.or(entity.since),
        _ => entity.since,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Alert, Run, SourceName, Timestamp, Workload};

    fn entity(key: &str, state: State, at: i64, detail: Detail) -> Arc<Entity> {
        let mut entity = Entity::new(&SourceName::from("s"), key, key, state, detail, Timestamp::from_ms(at));
        entity.since = Some(Timestamp::from_ms(at));
        Arc::new(entity)
    }

    #[test]
    fn parts_of_what_is_as_bad_itself_are_told_with_it() {
        let check = |key: &str, state: State, part: bool| {
            let mut check =
                Entity::new(&SourceName::from("s"), key, key, state, crate::domain::Check::default().into(), Timestamp::default());
            let whole = LinkTarget::Id(EntityId::from("s/check/whole"));
            check.links.extend(part.then(|| crate::domain::Link { rel: Text::from("part"), to: whole }));
            Arc::new(check)
        };
        let mut all = vec![check("whole", State::Warning, false), check("mild", State::Warning, true), check("bad", State::Failed, true)];
        let names =
            |all: &[Arc<Entity>]| needs_you(all.iter(), Timestamp::default()).iter().map(|e| e.name.to_string()).collect::<Vec<_>>();
        assert_eq!(names(&all), ["bad", "whole"]);
        all[0] = check("whole", State::Ok, false);
        assert_eq!(names(&all), ["bad", "mild"]);
    }

    fn run(key: &str, pipeline: &str, state: State, at: i64) -> Arc<Entity> {
        let detail = Run { pipeline: Some(Text::from(pipeline)), started_at: Some(Timestamp::from_ms(at)), ..Run::default() };
        entity(key, state, at, detail.into())
    }

    #[test]
    fn an_alert_that_two_sources_list_is_one_row_the_one_that_knows_more() {
        let alert = |source: &str, labels: &[(&str, &str)], receivers: &[&str]| {
            let detail = Alert { receivers: receivers.iter().map(|name| Text::from(*name)).collect(), ..Alert::default() };
            let mut entity =
                Entity::new(&SourceName::from(source), &format!("{labels:?}"), "Down", State::Failed, detail.into(), Timestamp::default());
            entity.labels = labels.iter().map(|(name, value)| (Text::from(*name), Text::from(*value))).collect();
            Arc::new(entity)
        };
        let all = [
            alert("am", &[("job", "a"), ("cluster", "x")], &["oncall"]),
            alert("prom", &[("job", "a")], &[]),
            alert("am", &[("job", "b")], &["oncall"]),
            alert("prom", &[("job", "b")], &[]),
            alert("prom", &[("job", "only here")], &[]),
        ];
        let twins = twins(all.iter());
        assert_eq!(twins.len(), 2);
        assert_eq!(twins[&all[0].id].id.source(), "prom");
        let kept = distinct(all.iter());
        assert_eq!(kept.iter().map(|e| e.id.source()).collect::<Vec<_>>(), ["am", "am", "prom"]);
    }

    #[test]
    fn the_worst_comes_first_and_what_is_well_stays_away() {
        let muted = Alert { silenced_by: vec![Text::from("id")], ..Alert::default() };
        let all = [
            entity("ok", State::Ok, 1, Alert::default().into()),
            entity("warning", State::Warning, 9, Alert::default().into()),
            entity("muted", State::Failed, 9, muted.into()),
            entity("old-alert", State::Failed, 3, Alert::default().into()),
            entity("new-alert", State::Failed, 5, Alert::default().into()),
            entity("workload", State::Failed, 8, Workload::default().into()),
            run("red-then-green-1", "a", State::Failed, 1),
            run("red-then-green-2", "a", State::Ok, 2),
            run("red", "b", State::Failed, 2),
        ];
        let names: Vec<_> = needs_you(all.iter(), Timestamp::from_ms(10)).iter().map(|e| e.name.to_string()).collect();
        assert_eq!(names, ["new-alert", "old-alert", "workload", "red", "muted", "warning"]);
    }
}
