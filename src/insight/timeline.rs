//! What changed before something broke: changes and finished runs in a window, newest first.
//! Not for: proving that one caused the other.

use std::sync::Arc;

use crate::domain::{Detail, Entity, Timestamp};

/// Seconds looked back from the moment it broke.
pub const WINDOW_S: f64 = 3600.0;
/// Seconds looked past it: systems tell of a change a little late.
const SLACK_S: f64 = 60.0;

/// When a change was made, a run ended, or a container began.
pub fn happened_at(entity: &Entity) -> Option<Timestamp> {
    match &entity.detail {
        Detail::Change(change) => change.at.or(entity.since),
        Detail::Run(run) => run.ended_at,
        _ => None,
    }
}

/// Changes and finished runs in the hour before `at`, newest first; `except` is left out (a thing is not its own cause).
pub fn before<'a>(entities: impl Iterator<Item = &'a Arc<Entity>>, at: Timestamp, except: Option<&Entity>) -> Vec<Arc<Entity>> {
    let mut found: Vec<(Timestamp, &Arc<Entity>)> = entities
        .filter(|entity| except.is_none_or(|except| except.id != entity.id))
        .filter_map(|entity| Some((happened_at(entity)?, entity)))
        .filter(|(when, _)| (-SLACK_S..=WINDOW_S).contains(&at.since(*when)))
        .collect();
    found.sort_by(|(a, first), (b, second)| b.cmp(a).then_with(|| first.id.cmp(&second.id)));
    found.into_iter().map(|(_, entity)| Arc::clone(entity)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Change, Run, SourceName, State};

    fn change(key: &str, at_s: i64) -> Arc<Entity> {
        let detail = Change { at: Some(Timestamp::from_ms(at_s * 1000)), ..Change::default() };
        Arc::new(Entity::new(&SourceName::from("s"), key, key, State::Ok, detail.into(), Timestamp::default()))
    }

    #[test]
    fn only_what_happened_in_the_hour_before_is_listed_newest_first() {
        let running = Run { started_at: Some(Timestamp::from_ms(9_000_000)), ..Run::default() };
        let all = [
            change("too old", 5_000),
            change("older", 7_000),
            change("newer", 9_000),
            change("a little late", 10_030),
            change("after", 10_100),
            Arc::new(Entity::new(&SourceName::from("s"), "r", "unfinished", State::Running, running.into(), Timestamp::default())),
        ];
        let names: Vec<_> = before(all.iter(), Timestamp::from_ms(10_000_000), None).iter().map(|e| e.name.to_string()).collect();
        assert_eq!(names, ["a little late", "newer", "older"]);
    }
}
