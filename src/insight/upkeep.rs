//! Keeping acknowledgements up: when a short silence in somebody's name is extended, and when it is ended.
//! Not for: making or listing them, sending (the application orders `extend` and `expire` of the silence).
//!
//! A connector that has acknowledgements gives their silences three labels: `ack` (the alert's key), `until`, `extend_at`.

use crate::domain::{ChangeKind, Detail, Entity, EntityId, Kind, SourceName, Timestamp};

/// Seconds after which an acknowledgement whose alert is not there is ended: the poll that brings alerts may be older than it.
const GRACE_S: f64 = 20.0;

/// What an acknowledgement needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Care {
    /// Its alert still fires.
    Extend,
    /// Its alert has resolved.
    End,
}

impl Care {
    /// The action that gives it.
    pub fn action(self) -> &'static str {
        match self {
            Self::Extend => "extend",
            Self::End => "expire",
        }
    }
}

/// The alert that a silence acknowledges in this person's name; `None` for any other entity.
pub fn acknowledged(silence: &Entity, actor: &str) -> Option<EntityId> {
    let Detail::Change(change) = &silence.detail else { return None };
    let own = change.change == Some(ChangeKind::Silence) && change.actor.as_deref() == Some(actor);
    let alert = silence.labels.get("ack").filter(|_| own)?;
    Some(EntityId::new(&SourceName::from(silence.id.source()), Kind::Alert, alert))
}

/// What it needs now. `fires`: its alert is known. `answered_at`: when the source last told of alerts, and well.
pub fn care(silence: &Entity, fires: bool, answered_at: Option<Timestamp>, now: Timestamp) -> Option<Care> {
    let time = |label: &str| silence.labels.get(label).and_then(|text| Timestamp::parse(text));
    if time("until").is_some_and(|until| now >= until) {
        return None; // it has ended by itself
    }
    if fires {
        return time("extend_at").is_some_and(|at| now >= at).then_some(Care::Extend);
    }
    let told = silence.since.zip(answered_at).is_some_and(|(since, answered)| answered.since(since) >= GRACE_S);
    told.then_some(Care::End)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Change, State, Text};

    fn silence(actor: &str) -> Entity {
        let detail = Change { actor: Some(Text::from(actor)), change: Some(ChangeKind::Silence), ..Change::default() };
        let mut silence = Entity::new(&SourceName::from("am"), "s1", "silence", State::Ok, detail.into(), Timestamp::default());
        silence.since = Some(Timestamp::from_ms(0));
        for (label, value) in [("ack", "abc"), ("until", "1970-01-01T00:15:00Z"), ("extend_at", "1970-01-01T00:10:00Z")] {
            silence.labels.insert(Text::from(label), Text::from(value));
        }
        silence
    }

    #[test]
    fn an_acknowledgement_is_extended_while_its_alert_fires_and_ended_when_it_has_resolved() {
        let at = |seconds: i64| Timestamp::from_ms(seconds * 1000);
        for (fires, answered, now, expected) in [
            (true, Some(at(590)), at(599), None),
            (true, Some(at(590)), at(600), Some(Care::Extend)),
            (true, None, at(700), Some(Care::Extend)),
            (true, Some(at(890)), at(900), None),
            (false, Some(at(19)), at(30), None),
            (false, Some(at(21)), at(30), Some(Care::End)),
            (false, None, at(600), None),
        ] {
            assert_eq!(care(&silence("me"), fires, answered, now), expected, "{fires} {answered:?} {now}");
        }
    }

    #[test]
    fn only_what_is_in_this_persons_name_is_kept_up() {
        let alert = EntityId::new(&SourceName::from("am"), Kind::Alert, "abc");
        assert_eq!(acknowledged(&silence("me"), "me"), Some(alert));
        assert_eq!(acknowledged(&silence("you"), "me"), None);
        let mut plain = silence("me");
        plain.labels.remove("ack");
        assert_eq!(acknowledged(&plain, "me"), None);
    }
}
