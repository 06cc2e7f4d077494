//! The rules of acting, as pure functions: what read-only refuses, and how much must be confirmed.
//! Not for: asking for the confirmation (see `app`), keeping the rules when sending (see `runtime::act`).

use super::{Applies, Danger, Offer};
use crate::domain::{Entity, SourceInfo, Text};

/// What must be pressed or typed before an order is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confirm {
    /// Nothing.
    None,
    /// One key.
    Key,
    /// One key, which counts only after a moment: nothing is confirmed by a key that was already on its way.
    DelayedKey,
    /// The target's name.
    TypeName,
}

/// How much must be confirmed: the more danger the more, and one level more in environments where names are typed.
pub fn confirm(danger: Danger, typed_env: bool) -> Confirm {
    match (danger, typed_env) {
        (Danger::Safe, false) => Confirm::None,
        (Danger::Safe, true) | (Danger::Reversible, false) => Confirm::Key,
        (Danger::Reversible, true) | (Danger::Disruptive, false) => Confirm::DelayedKey,
        (Danger::Disruptive, true) | (Danger::Destructive, _) => Confirm::TypeName,
    }
}

/// What the person at the keyboard has configured.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rules {
    /// Change nothing, anywhere.
    pub read_only: bool,
    /// Change nothing in these environments.
    pub read_only_env: Vec<Text>,
    /// One level more of confirmation in these.
    pub typed_confirm_env: Vec<Text>,
}

impl Rules {
    /// **The gate.** Why this may not be done to the target; `None` if it may. What is safe may always be done: it changes nothing.
    pub fn refuse(&self, info: &SourceInfo, target: &Entity, offer: &Offer) -> Option<Text> {
        if offer.danger > Danger::Safe
            && let Some(why) = self.read_only(info, Some(target))
        {
            return Some(why);
        }
        match &offer.applies {
            Applies::Yes => None,
            Applies::No(why) => Some(why.clone()),
        }
    }

    /// Why nothing may be changed through this source (or in this entity); `None` if it may.
    pub fn read_only(&self, info: &SourceInfo, target: Option<&Entity>) -> Option<Text> {
        if self.read_only {
            return Some(Text::from("triops is read-only"));
        }
        if info.read_only {
            return Some(Text::from(format!("the source {} is read-only", info.name)));
        }
        let env = envs(info, target).find(|env| self.read_only_env.contains(env))?;
        Some(Text::from(format!("the environment {env} is read-only")))
    }

    /// How much must be confirmed for this target.
    pub fn confirm(&self, info: &SourceInfo, target: &Entity, danger: Danger) -> Confirm {
        confirm(danger, envs(info, Some(target)).any(|env| self.typed_confirm_env.contains(env)))
    }
}

/// The environments a target is in: its own and its source's.
fn envs<'a>(info: &'a SourceInfo, target: Option<&'a Entity>) -> impl Iterator<Item = &'a Text> {
    info.env.iter().chain(target.and_then(|target| target.env.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Eye, SourceName, State, Timestamp, Workload};

    fn info(env: Option<&str>, read_only: bool) -> SourceInfo {
        SourceInfo {
            name: SourceName::from("docker"),
            connector: Text::from("docker"),
            title: Text::from("Docker"),
            url: Text::default(),
            env: env.map(Text::from),
            eye: Eye::DevOps,
            read_only,
            polls: Vec::new(),
            logs: Vec::new(),
            readings: Vec::new(),
            discovered: false,
        }
    }

    fn target() -> Entity {
        Entity::new(&SourceName::from("docker"), "k", "web", State::Ok, Workload::default().into(), Timestamp::default())
    }

    #[test]
    fn the_confirmation_grows_with_the_danger_and_by_one_level_where_names_are_typed() {
        for danger in Danger::ALL {
            assert!(confirm(danger, true) >= confirm(danger, false), "{danger}");
        }
        assert_eq!(Danger::ALL.map(|danger| confirm(danger, false)), [Confirm::None, Confirm::Key, Confirm::DelayedKey, Confirm::TypeName]);
        assert_eq!(
            Danger::ALL.map(|danger| confirm(danger, true)),
            [Confirm::Key, Confirm::DelayedKey, Confirm::TypeName, Confirm::TypeName]
        );
        let rules = Rules { typed_confirm_env: vec![Text::from("prod")], ..Rules::default() };
        assert_eq!(rules.confirm(&info(Some("prod"), false), &target(), Danger::Disruptive), Confirm::TypeName);
        assert_eq!(rules.confirm(&info(Some("test"), false), &target(), Danger::Disruptive), Confirm::DelayedKey);
    }

    #[test]
    fn every_kind_of_read_only_refuses_all_that_is_not_safe_and_says_which_it_was() {
        let prod = Rules { read_only_env: vec![Text::from("prod")], ..Rules::default() };
        let all = Rules { read_only: true, ..Rules::default() };
        for (rules, info, why) in [
            (&all, info(None, false), Some("triops is read-only")),
            (&Rules::default(), info(None, true), Some("the source docker is read-only")),
            (&prod, info(Some("prod"), false), Some("the environment prod is read-only")),
            (&prod, info(Some("test"), false), None),
            (&Rules::default(), info(None, false), None),
        ] {
            for danger in Danger::ALL {
                let said = rules.refuse(&info, &target(), &Offer::new("x", "X", danger));
                let expected = why.filter(|_| danger > Danger::Safe);
                assert_eq!(said.as_ref().map(Text::as_str), expected, "{danger}");
            }
        }
        let idle = Offer { applies: Applies::No(Text::from("it is not running")), ..Offer::new("stop", "Stop", Danger::Disruptive) };
        let said = Rules::default().refuse(&info(None, false), &target(), &idle);
        assert_eq!(said, Some(Text::from("it is not running")));
    }
}
