//! Every source as a check of its own, "this source answers", so that a silent source is a trouble like any other.
//! Not for: how each poll did (see `sources`).

use std::sync::Arc;

use super::{SourceState, Standing};
use crate::domain::{Check, Entity, Eye, PollId, State, Text, Timestamp};

/// The poll that these checks belong to; no source has one of that name.
pub(super) fn poll() -> PollId {
    PollId::from("(standing)")
}

/// The key of such a check in its source.
pub(super) const KEY: &str = "source answers";

/// Whether an entity is the check of a source rather than of something a source told.
pub fn is_standing(entity: &Entity) -> bool {
    entity.id.key() == KEY
}

/// The check of a source; `before` is the one it replaces.
pub(super) fn of(source: &SourceState, before: Option<&Arc<Entity>>, at: Timestamp) -> Entity {
    let standing = source.standing();
    let state = match standing {
        Standing::Answers => State::Ok,
        Standing::Waiting => State::Pending,
        Standing::Partly | Standing::Degraded => State::Warning,
        Standing::Fails => State::Failed,
    };
    let problem = source.polls.values().flat_map(|poll| &poll.problems).next();
    let failing: Vec<&str> = source.polls.iter().filter(|(_, poll)| poll.failure.is_some()).map(|(id, _)| id.as_str()).collect();
    let reason = match (standing, source.failure(), problem) {
        (Standing::Degraded, Some(failure), _) => format!("{} fails: {}", failing.join(", "), failure.detail),
        (_, Some(failure), _) => format!("{}: {}", failure.kind.word(), failure.detail),
        (_, None, Some(problem)) => format!("{}: {}", problem.path, problem.message),
        _ => standing.word().to_owned(),
    };
    let detail = Check {
        subject: source.info.as_ref().map(|info| info.url.clone()),
        test: Some(Text::from(KEY)),
        observed: Some(Text::from(standing.word())),
        expected: Some(Text::from(Standing::Answers.word())),
        evaluated_at: Some(at),
        ..Check::default()
    };
    let mut entity = Entity::new(&source.name, KEY, source.name.as_str(), state, detail.into(), at);
    entity.eye = Eye::DevOps;
    entity.reason = Some(Text::from(reason));
    entity.since = before.filter(|before| before.state == state).map_or(Some(at), |before| before.since);
    entity.env = source.info.as_ref().and_then(|info| info.env.clone());
    entity
}
