//! What is typed to confirm: the whole name of the target, or words that stand for it where a keyboard may not have its signs.
//! Not for: when something must be typed (see `rules`), the keys (see `app::order::confirm`).

use crate::domain::{Entity, Kind};

/// Longest name that is typed, in characters: one that is longer would be copied, and copied text confirms nothing.
const LONGEST: usize = 64;
/// Longest own id that stands for a name.
const LONGEST_KEY: usize = 24;

/// What must be typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phrase {
    wanted: String,
    /// The name itself, where `wanted` stands for it: whoever has the keys for it may type it.
    name: Option<String>,
}

impl Phrase {
    /// For one target.
    pub fn of(target: &Entity) -> Self {
        let name = target.name.first_line().trim();
        if is_typeable(name, LONGEST) {
            return Self { wanted: name.to_owned(), name: None };
        }
        let key = target.id.key();
        let stand_in = if is_typeable(key, LONGEST_KEY) && !key.starts_with(char::is_whitespace) && !key.ends_with(char::is_whitespace) {
            key.to_owned()
        } else {
            format!("{}-{:06x}", target.kind(), code(target.id.as_str()))
        };
        Self { wanted: stand_in, name: (!name.is_empty() && name.chars().count() <= LONGEST).then(|| name.to_owned()) }
    }

    /// For several: how many there are of what, if they are all the same.
    pub fn of_several(count: usize, kind: Option<Kind>) -> Self {
        Self { wanted: format!("{count} {}", kind.map_or("targets", Kind::plural)), name: None }
    }

    /// What the person is asked to type.
    pub fn wanted(&self) -> &str {
        &self.wanted
    }

    /// Whether it is not the name that is asked for.
    pub fn stands_in(&self, target: &Entity) -> bool {
        self.wanted != target.name.first_line().trim()
    }

    /// Whether what was typed is that: all of it, nothing more.
    pub fn is(&self, typed: &str) -> bool {
        let typed = typed.trim();
        !typed.is_empty() && (typed == self.wanted || self.name.as_deref() == Some(typed))
    }
}

/// Every keyboard has its signs.
fn is_typeable(text: &str, longest: usize) -> bool {
    !text.is_empty() && text.len() <= longest && text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

/// Twenty-four bits that tell ids apart: FNV-1a, folded.
fn code(text: &str) -> u32 {
    let hash = text.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    (hash ^ (hash >> 24)) & 0x00ff_ffff
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{SourceName, State, Timestamp, Workload};

    fn phrase(key: &str, name: &str) -> Phrase {
        Phrase::of(&Entity::new(&SourceName::from("s"), key, name, State::Ok, Workload::default().into(), Timestamp::default()))
    }

    #[test]
    fn the_whole_of_a_name_is_typed_and_nothing_less() {
        let phrase = phrase("k", "orders-api prod");
        assert_eq!(phrase.wanted(), "orders-api prod");
        assert!(phrase.is("orders-api prod ") && !phrase.is("orders-api") && !phrase.is("") && !phrase.is("orders-api prod-2"));
    }

    #[test]
    fn a_name_that_a_keyboard_may_not_have_is_typed_itself_or_by_what_stands_for_it() {
        let by_key = phrase("shop/42", "lumen/orders-api → prod");
        assert_eq!(by_key.wanted(), "shop/42");
        assert!(
            by_key.is("shop/42") && by_key.is("lumen/orders-api → prod") && !by_key.is("lumen/orders-api"),
            "a beginning is not enough"
        );
        let by_code = phrase("заказы", "заказы");
        assert!(by_code.wanted().starts_with("workload-") && by_code.wanted().len() == 15, "{by_code:?}");
        assert!(by_code.is(by_code.wanted()) && by_code.is("заказы"));
        assert_ne!(by_code.wanted(), phrase("платежи", "платежи").wanted());
        let long = phrase("k", &"x".repeat(65));
        assert!(long.wanted() == "k" && !long.is(&"x".repeat(65)));
        assert!(!phrase("k", "").is(""));
    }
}
