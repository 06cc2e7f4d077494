//! What a person types after `/`: which entities stay in the table.
//! Not for: searching inside logs (see `pane::logs`).
//!
//! Terms stand apart by blanks and all must hold: `api` (part of name, reason, state, source, owner or a label's value),
//! `!api` (must not be), `~apgw` (letters in this order), `team=fraud` and `team!=fraud` (label, or one of `state`, `kind`, `env`,
//! `owner`, `source`, `eye`, `name`). Case does not matter.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::Entity;

/// A parsed filter. The empty one keeps all.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    text: String,
    terms: Vec<Term>,
}

#[derive(Debug, Clone)]
struct Term {
    inverse: bool,
    test: Test,
}

#[derive(Debug, Clone)]
enum Test {
    Part(String),
    Fuzzy(Pattern),
    Field(String, String),
}

impl PartialEq for Filter {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Filter {
    /// Parses what was typed; every text is a filter.
    pub fn parse(text: &str) -> Self {
        let terms = text.split_whitespace().filter_map(Term::parse).collect();
        Self { text: text.to_owned(), terms }
    }

    /// As it was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Keeps everything.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether the entity stays.
    pub fn keeps(&self, entity: &Entity) -> bool {
        self.terms.iter().all(|term| term.test.holds(entity) != term.inverse)
    }
}

impl Term {
    fn parse(word: &str) -> Option<Self> {
        let (mut inverse, word) = match word.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, word),
        };
        let test = if let Some(letters) = word.strip_prefix('~') {
            if letters.is_empty() {
                return None;
            }
            Test::Fuzzy(Pattern::parse(&letters.replace(['^', '$', '\'', '!'], ""), CaseMatching::Ignore, Normalization::Smart))
        } else if let Some((field, value)) = word.split_once('=').filter(|(field, _)| !field.trim_end_matches('!').is_empty()) {
            let field = match field.strip_suffix('!') {
                Some(field) => {
                    inverse = !inverse;
                    field
                }
                None => field,
            };
            Test::Field(field.to_lowercase(), value.to_lowercase())
        } else if word.is_empty() {
            return None;
        } else {
            Test::Part(word.to_lowercase())
        };
        Some(Self { inverse, test })
    }
}

impl Test {
    fn holds(&self, entity: &Entity) -> bool {
        match self {
            Self::Part(part) => texts(entity).any(|text| contains_ignoring_case(text, part)),
            Self::Fuzzy(pattern) => {
                let mut matcher = Matcher::new(Config::DEFAULT);
                let mut buffer = Vec::new();
                pattern.score(Utf32Str::new(&entity.name, &mut buffer), &mut matcher).is_some()
            }
            Self::Field(field, value) => {
                fields(entity, field).any(|found| found.eq_ignore_ascii_case(value) || found.to_lowercase() == *value)
            }
        }
    }
}

fn texts(entity: &Entity) -> impl Iterator<Item = &str> {
    [entity.name.as_str(), entity.state.word(), entity.id.source(), entity.kind().word()]
        .into_iter()
        .chain(entity.reason.as_deref())
        .chain(entity.owner.as_deref())
        .chain(entity.labels.values().map(AsRef::as_ref))
}

fn fields<'a>(entity: &'a Entity, field: &'a str) -> impl Iterator<Item = &'a str> {
    let own = match field {
        "state" => Some(entity.state.word()),
        "kind" => Some(entity.kind().word()),
        "source" => Some(entity.id.source()),
        "name" => Some(entity.name.as_str()),
        "eye" => Some(entity.eye.short()),
        "env" => entity.env.as_deref(),
        "owner" => entity.owner.as_deref(),
        _ => None,
    };
    let named = move |name: &str| name.eq_ignore_ascii_case(field) || name.to_lowercase() == field;
    let labels = entity.labels.iter().filter(move |(name, _)| named(name)).map(|(_, value)| value.as_str());
    own.into_iter().chain(labels)
}

fn contains_ignoring_case(text: &str, lower: &str) -> bool {
    if text.is_ascii() && lower.is_ascii() {
        let (text, lower) = (text.as_bytes(), lower.as_bytes());
        text.len() >= lower.len() && text.windows(lower.len()).any(|window| window.eq_ignore_ascii_case(lower))
    } else {
        text.to_lowercase().contains(lower)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Alert, SourceName, State, Text, Timestamp};

    fn entity() -> Entity {
        let mut entity =
            Entity::new(&SourceName::from("prom"), "k", "RefundLatencyHigh", State::Failed, Alert::default().into(), Timestamp::default());
        entity.reason = Some(Text::from("p99 2.4 s > 1 s"));
        entity.labels.insert(Text::from("team"), Text::from("Fraud"));
        entity.env = Some(Text::from("prod"));
        entity
    }

    #[test]
    fn every_form_of_term_keeps_and_drops_what_it_says() {
        for (filter, kept) in [
            ("", true),
            ("   ", true),
            ("refund", true),
            ("REFUND latency", true),
            ("refund nothere", false),
            ("2.4", true),
            ("failed", true),
            ("!refund", false),
            ("!nothere", true),
            ("~rflh", true),
            ("~hlfr", false),
            ("!~rflh", false),
            ("team=fraud", true),
            ("Team=FRAUD", true),
            ("team=ops", false),
            ("team!=ops", true),
            ("!team=fraud", false),
            ("env=prod state=failed kind=alert source=prom", true),
            ("nolabel=x", false),
            ("nolabel!=x", true),
            ("!", true),
            ("~", true),
            ("=", false),
        ] {
            assert_eq!(Filter::parse(filter).keeps(&entity()), kept, "{filter:?}");
        }
    }
}
