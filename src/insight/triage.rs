//! Which entities need a person, worst first.
//! Not for: why (see `timeline`), what they reach (see `lineage`).

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::{Detail, Entity, Kind, State, Text};

/// Seconds after which a failed run of the past no longer asks for a person at night.
const OLD_RUN_S: f64 = 24.0 * 3600.0;

/// Everything that needs a person, worst first: failed before warning, unmuted before muted, then by how near to people's pain
/// its kind is, then the newest first. A failed run counts only while it is its pipeline's newest.
pub fn needs_you<'a>(entities: impl Iterator<Item = &'a Arc<Entity>>, now: crate::domain::Timestamp) -> Vec<Arc<Entity>> {
    let mut newest: HashMap<(&str, Option<&Text>), &Arc<Entity>> = HashMap::new();
    let mut rows: Vec<&Arc<Entity>> = Vec::new();
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
            _ if is_trouble(entity.state) => rows.push(entity),
            _ => {}
        }
    }
    rows.extend(newest.into_values().filter(|run| is_trouble(run.state) && run.since.is_none_or(|since| now.since(since) < OLD_RUN_S)));
    rows.sort_by(|a, b| rank(a).cmp(&rank(b)).then_with(|| a.id.cmp(&b.id)));
    rows.into_iter().cloned().collect()
}

/// Whether anybody was told to be quiet about it: silenced, inhibited or acknowledged.
pub fn is_muted(entity: &Entity) -> bool {
    match &entity.detail {
        Detail::Alert(alert) => !alert.silenced_by.is_empty() || !alert.inhibited_by.is_empty() || alert.acked_by.is_some(),
        _ => false,
    }
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

    fn run(key: &str, pipeline: &str, state: State, at: i64) -> Arc<Entity> {
        let detail = Run { pipeline: Some(Text::from(pipeline)), started_at: Some(Timestamp::from_ms(at)), ..Run::default() };
        entity(key, state, at, detail.into())
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
