//! Waiting for what an order brings about: when it has settled, and when to ask the source again meanwhile.
//! Not for: asking (see `Effect::Refresh`).

use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::domain::{Entity, EntityId, Text, Timestamp};

/// Seconds until the source is asked the first time; each further time takes twice as long.
const FIRST_S: f64 = 1.0;
/// Longest time between two questions.
const LONGEST_S: f64 = 8.0;

/// What an order will bring about, if all goes well.
#[derive(Debug, Clone, PartialEq)]
pub struct Awaited {
    /// Of which entity: the order's target, or what it made.
    pub of: EntityId,
    /// What the row says meanwhile: `restarting`.
    pub word: Text,
    /// When it has settled.
    pub until: Until,
    /// Seconds after which it is no longer waited for.
    pub timeout_s: f64,
}

/// When something has settled: all of these hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Until(pub Vec<Condition>);

/// One thing that must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// `gone`: it is not there.
    Gone,
    /// `there`: it is there.
    There,
    /// `newer`: its `since` is later than it was.
    Newer,
    /// `path=value` or `path!=value`: a field of the entity as `triops once` prints it; nothing stands for null, "" and [].
    Is {
        /// Keys with dots between: `detail.paused`.
        path: String,
        /// It must not be.
        inverse: bool,
        /// As text.
        value: String,
    },
}

/// A condition that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no condition; write gone, there, newer, path=value or path!=value, with blanks between")]
pub struct UntilError(pub String);

impl FromStr for Until {
    type Err = UntilError;

    fn from_str(text: &str) -> Result<Self, UntilError> {
        let conditions = text.split_whitespace().map(Condition::parse).collect::<Result<Vec<_>, _>>()?;
        if conditions.is_empty() { Err(UntilError(text.to_owned())) } else { Ok(Self(conditions)) }
    }
}

impl<'de> Deserialize<'de> for Until {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Condition {
    fn parse(word: &str) -> Result<Self, UntilError> {
        match word {
            "gone" => return Ok(Self::Gone),
            "there" => return Ok(Self::There),
            "newer" => return Ok(Self::Newer),
            _ => {}
        }
        let (path, value) = word.split_once('=').ok_or_else(|| UntilError(word.to_owned()))?;
        let (path, inverse) = path.strip_suffix('!').map_or((path, false), |path| (path, true));
        if path.is_empty() || path.split('.').any(str::is_empty) {
            return Err(UntilError(word.to_owned()));
        }
        Ok(Self::Is { path: path.to_owned(), inverse, value: value.to_owned() })
    }

    fn holds(&self, entity: Option<&Entity>, since: Option<Timestamp>) -> bool {
        match (self, entity) {
            (Self::Gone, entity) => entity.is_none(),
            (_, None) => false,
            (Self::There, Some(_)) => true,
            (Self::Newer, Some(entity)) => entity.since > since,
            (Self::Is { path, inverse, value }, Some(entity)) => (field(entity, path) == *value) != *inverse,
        }
    }
}

/// A field of the entity as text; nothing for null, "" and [].
fn field(entity: &Entity, path: &str) -> String {
    let whole = serde_json::to_value(entity).unwrap_or_default();
    let found = path.split('.').try_fold(&whole, |here, key| here.get(key));
    match found {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(items)) if items.is_empty() => String::new(),
        Some(other) => other.to_string(),
    }
}

/// Something awaited, as the application keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct Awaiting {
    /// What.
    pub awaited: Awaited,
    /// Which order it comes of.
    pub attempt: u64,
    /// Since when.
    pub begun: Timestamp,
    /// The target's `since` when the key was pressed.
    since: Option<Timestamp>,
    ask_at: Timestamp,
    pause_s: f64,
}

/// How what is awaited stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settling {
    /// Not yet; `ask` says that its source should be asked now.
    Waits {
        /// Ask its source now.
        ask: bool,
    },
    /// It has come about.
    Settled,
    /// It has not come about in time.
    TimedOut,
}

impl Awaiting {
    /// From now on.
    pub fn new(awaited: Awaited, attempt: u64, target: &Arc<Entity>, now: Timestamp) -> Self {
        let since = if awaited.of == target.id { target.since } else { None };
        Self { awaited, attempt, begun: now, since, ask_at: now.plus(FIRST_S), pause_s: FIRST_S }
    }

    /// Looks at the entity as it is known now. What was seen before the order went out settles nothing, unless it is gone.
    pub fn look(&mut self, entity: Option<&Entity>, now: Timestamp) -> Settling {
        let fresh = entity.is_none_or(|entity| entity.seen_at >= self.begun);
        if fresh && self.awaited.until.0.iter().all(|condition| condition.holds(entity, self.since)) {
            return Settling::Settled;
        }
        if now.since(self.begun) >= self.awaited.timeout_s {
            return Settling::TimedOut;
        }
        let ask = now >= self.ask_at;
        if ask {
            self.pause_s = (self.pause_s * 2.0).min(LONGEST_S);
            self.ask_at = now.plus(self.pause_s);
        }
        Settling::Waits { ask }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Pipeline, SourceName, State};

    fn pipeline(paused: bool, seen_at: i64) -> Entity {
        let detail = Pipeline { paused: Some(paused), ..Pipeline::default() };
        Entity::new(&SourceName::from("airflow"), "etl", "etl", State::Ok, detail.into(), Timestamp::from_ms(seen_at))
    }

    fn awaiting(until: &str) -> Awaiting {
        let target = pipeline(false, 0).shared();
        let awaited = Awaited { of: target.id.clone(), word: Text::from("pausing"), until: until.parse().unwrap(), timeout_s: 30.0 };
        Awaiting::new(awaited, 1, &target, Timestamp::from_ms(10_000))
    }

    #[test]
    fn it_settles_when_all_conditions_hold_of_what_was_seen_since() {
        for (until, entity, settled) in [
            ("detail.paused=true", Some(pipeline(true, 11_000)), true),
            ("detail.paused=true", Some(pipeline(true, 9_000)), false),
            ("detail.paused=true", Some(pipeline(false, 11_000)), false),
            ("detail.paused=true state=failed", Some(pipeline(true, 11_000)), false),
            ("state!=failed", Some(pipeline(true, 11_000)), true),
            ("owner=", Some(pipeline(true, 11_000)), true),
            ("owner!=", Some(pipeline(true, 11_000)), false),
            ("there", Some(pipeline(true, 11_000)), true),
            ("there", None, false),
            ("gone", None, true),
            ("newer", Some(pipeline(true, 11_000)), false),
        ] {
            let now = Timestamp::from_ms(10_500);
            let settling = awaiting(until).look(entity.as_ref(), now);
            assert_eq!(settling == Settling::Settled, settled, "{until} {entity:?}");
        }
    }

    #[test]
    fn meanwhile_the_source_is_asked_less_and_less_often_until_time_is_up() {
        let mut awaiting = awaiting("detail.paused=true");
        let mut asked = Vec::new();
        for second in 10..40 {
            if awaiting.look(Some(&pipeline(false, 20_000)), Timestamp::from_ms(second * 1000)) == (Settling::Waits { ask: true }) {
                asked.push(second);
            }
        }
        assert_eq!(asked, [11, 13, 17, 25, 33]);
        assert_eq!(awaiting.look(Some(&pipeline(false, 20_000)), Timestamp::from_ms(40_000)), Settling::TimedOut);
    }

    #[test]
    fn what_is_no_condition_is_refused() {
        for text in ["", "paused", "=true", "detail..paused=true"] {
            assert!(text.parse::<Until>().is_err(), "{text:?}");
        }
    }
}
