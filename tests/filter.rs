//! What holds for every filter and every entity, whatever is typed and whatever a system calls its things.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use proptest::prelude::*;
use triops::domain::{Detail, Entity, Filter, Kind, SourceName, State, Text, Timestamp};

/// Letters with and without case, digits, and every sign that means something in a filter.
const WORD: &str = "[a-cA-CäÄжЖ日0-2!~=._-]{1,6}";
/// What labels are called and hold.
const LABEL: &str = "[a-bA-BäÄжЖ日]{1,2}";

fn state() -> impl Strategy<Value = State> {
    use State as S;
    prop::sample::select(vec![S::Ok, S::Running, S::Pending, S::Warning, S::Failed, S::Cancelled, S::Unknown])
}

fn entity() -> impl Strategy<Value = Entity> {
    let texts = (WORD, prop::option::of("[a-c 日]{0,8}"), prop::option::of(WORD), prop::option::of("prod|test"));
    let labels = prop::collection::btree_map(LABEL, LABEL, 0..4);
    (texts, labels, state(), prop::sample::select(Kind::ALL)).prop_map(|((name, reason, owner, env), labels, state, kind)| {
        let source = SourceName::from("s");
        let mut entity = Entity::new(&source, "k", &name, state, Detail::empty(kind), Timestamp::default());
        entity.reason = reason.map(Text::from);
        entity.owner = owner.map(Text::from);
        entity.env = env.map(Text::from);
        entity.labels = labels.into_iter().map(|(name, value)| (Text::from(name), Text::from(value))).collect::<BTreeMap<_, _>>();
        entity
    })
}

/// One term as a person means it: not empty, not itself a denial.
fn term() -> impl Strategy<Value = String> {
    let field = prop::sample::select(vec!["state", "kind", "env", "owner", "source", "eye", "name"]);
    prop_oneof![
        WORD.prop_filter("a denial, or no term yet", |word| !word.starts_with('!') && word != "~"),
        (LABEL, "!?=", LABEL).prop_map(|(name, sign, value)| format!("{name}{sign}{value}")),
        (field, "!?=", "ok|failed|alert|run|prod|s|DEV").prop_map(|(name, sign, value)| format!("{name}{sign}{value}")),
        "~[a-c]{1,3}",
    ]
}

fn keeps(filter: &str, entity: &Entity) -> bool {
    Filter::parse(filter).keeps(entity)
}

/// The other case of every letter that has one of one letter.
fn swapped(text: &str) -> String {
    let swap = |c: char| if c.is_uppercase() { c.to_lowercase().next().unwrap_or(c) } else { c.to_uppercase().next().unwrap_or(c) };
    text.chars().map(swap).collect()
}

proptest! {
    #[test]
    fn any_text_is_a_filter_and_is_kept_as_typed(text in any::<String>(), entity in entity()) {
        let filter = Filter::parse(&text);
        prop_assert_eq!(filter.text(), &text);
        filter.keeps(&entity);
    }

    #[test]
    fn a_filter_without_terms_keeps_all(text in "[ \t!~\u{3000}]{0,1}", blanks in "[ \t]{0,3}", entity in entity()) {
        let text = format!("{blanks}{text}{blanks}");
        prop_assert!(Filter::parse(&text).is_empty(), "{:?}", text);
        prop_assert!(keeps(&text, &entity));
    }

    #[test]
    fn a_denied_term_keeps_exactly_what_the_term_drops(term in term(), entity in entity()) {
        prop_assert_ne!(keeps(&term, &entity), keeps(&format!("!{term}"), &entity), "{}", term);
    }

    #[test]
    fn one_more_term_never_keeps_more(terms in prop::collection::vec(term(), 0..4), more in term(), entity in entity()) {
        let fewer = terms.join(" ");
        for longer in [format!("{fewer} {more}"), format!("{more} {fewer}")] {
            prop_assert!(!keeps(&longer, &entity) || keeps(&fewer, &entity), "{:?} keeps what {:?} drops", longer, fewer);
            prop_assert_eq!(keeps(&longer, &entity), keeps(&fewer, &entity) && keeps(&more, &entity));
        }
    }

    #[test]
    fn label_and_value_agree_with_the_labels(name in LABEL, value in LABEL, entity in entity()) {
        let same = |a: &str, b: &str| a.to_lowercase() == b.to_lowercase();
        let has = entity.labels.iter().any(|(label, held)| same(label, &name) && same(held, &value));
        prop_assert_eq!(keeps(&format!("{name}={value}"), &entity), has);
        prop_assert_eq!(keeps(&format!("{name}!={value}"), &entity), !has);
    }

    #[test]
    fn every_label_an_entity_has_finds_it(entity in entity()) {
        for (name, value) in &entity.labels {
            for term in [format!("{name}={value}"), value.to_string()] {
                prop_assert!(keeps(&term, &entity), "{}", term);
            }
        }
        let own = format!("state={} kind={}", entity.state, entity.kind());
        prop_assert!(keeps(&own, &entity), "{}", own);
    }

    #[test]
    fn case_never_matters(term in term(), entity in entity()) {
        prop_assert_eq!(keeps(&term, &entity), keeps(&swapped(&term), &entity), "{}", term);
        let mut shouted = entity.clone();
        shouted.name = Text::from(swapped(&entity.name));
        shouted.labels = entity.labels.iter().map(|(name, value)| (Text::from(swapped(name)), Text::from(swapped(value)))).collect();
        shouted.owner = entity.owner.as_ref().map(|owner| Text::from(swapped(owner)));
        prop_assert_eq!(keeps(&term, &entity), keeps(&term, &shouted), "{}", term);
    }
}
