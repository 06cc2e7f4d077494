//! Containers that were made lately, and which image stood under the same name before: deployments, as an engine shows them.
//! Not for: the change's words (see `shape`).

use std::collections::{BTreeMap, HashMap};

use crate::domain::{Text, Timestamp};

use super::facts::Facts;

/// A container younger than this is a change worth showing.
const WINDOW_S: f64 = 24.0 * 3600.0;
/// Changes kept, the newest ones.
const MAX_MADE: usize = 200;
/// Names whose image is remembered.
const MAX_NAMES: usize = 4096;

/// Of one engine.
#[derive(Debug, Default)]
pub struct Makings {
    /// Name of a container to its newest image and the container that brought it.
    images: HashMap<Text, (Version, String)>,
    made: BTreeMap<String, Making>,
}

/// An image at a time: the same name may stand for another digest later.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Version {
    /// As it was named.
    pub image: Text,
    /// Digest.
    pub digest: Text,
}

/// That a container was made.
#[derive(Debug, Clone, PartialEq)]
pub struct Making {
    /// The container's name.
    pub name: Text,
    /// When.
    pub at: Timestamp,
    /// What ran under that name before, if it was another image.
    pub before: Option<Version>,
    /// What runs now.
    pub after: Version,
    /// Labels of the container.
    pub labels: BTreeMap<Text, Text>,
}

impl Makings {
    /// By id of the container.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Making)> {
        self.made.iter().map(|(id, making)| (id.as_str(), making))
    }

    /// That this container was made, if it was made lately.
    pub fn get(&self, id: &str) -> Option<&Making> {
        self.made.get(id)
    }

    /// The name decides what came before: tools that replace a container give the new one the old one's name, at once or by a rename.
    pub fn note(&mut self, id: &str, facts: &Facts) {
        let after = Version { image: facts.image.clone(), digest: facts.image_id.clone() };
        let newest = self.images.get(&facts.name).filter(|(_, brought)| brought != id);
        let before = newest.map(|(version, _)| version.clone()).filter(|version| version.differs(&after));
        let Some(at) = facts.created_at.filter(|_| facts.inspected()) else { return };
        if self.images.len() < MAX_NAMES || self.images.contains_key(&facts.name) {
            self.images.insert(facts.name.clone(), (after.clone(), id.to_owned()));
        }
        let before = before.or_else(|| self.made.get(id).and_then(|making| making.before.clone()));
        let making = Making { name: facts.name.clone(), at, before, after, labels: facts.labels.clone() };
        self.made.insert(id.to_owned(), making);
        if self.made.len() > MAX_MADE
            && let Some(oldest) = self.made.iter().min_by_key(|(_, making)| making.at).map(|(id, _)| id.clone())
        {
            self.made.remove(&oldest);
        }
    }

    /// What lies a day back explains nothing any more.
    pub fn forget_old(&mut self, now: Timestamp) {
        self.made.retain(|_, making| now.since(making.at) < WINDOW_S);
    }
}

impl Version {
    /// Another image: another name, or the same name with another digest.
    fn differs(&self, other: &Self) -> bool {
        self.image != other.image || (!self.digest.is_empty() && !other.digest.is_empty() && self.digest != other.digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_ms(1_800_000_000_000)
    }

    fn facts(name: &str, image: &str, digest: &str) -> Facts {
        let created_at = Some(now().plus(-3600.0));
        Facts { name: name.into(), image: image.into(), image_id: digest.into(), tty: Some(false), created_at, ..Facts::default() }
    }

    #[test]
    fn another_image_under_the_same_name_is_a_change_from_the_one_to_the_other() {
        let mut makings = Makings::default();
        makings.note("old", &facts("web", "img:1", "a"));
        // compose makes the new one under another name first
        for name in ["tmp_web", "web", "web"] {
            makings.note("new", &facts(name, "img:2", "b"));
        }
        let making = makings.get("new").unwrap();
        let before = making.before.as_ref().unwrap();
        assert_eq!((making.name.as_str(), before.image.as_str(), making.after.image.as_str()), ("web", "img:1", "img:2"));
        assert_eq!(makings.get("old").unwrap().before, None);
        makings.forget_old(now().plus(WINDOW_S));
        assert_eq!(makings.iter().count(), 0);
    }

    #[test]
    fn the_same_name_of_an_image_with_another_digest_is_another_image() {
        let mut makings = Makings::default();
        makings.note("old", &facts("web", "img:latest", "a"));
        makings.note("same", &facts("web", "img:latest", "a"));
        makings.note("new", &facts("web", "img:latest", "b"));
        assert_eq!(makings.get("same").unwrap().before, None);
        assert_eq!(makings.get("new").unwrap().before.as_ref().unwrap().digest, "a");
    }

    #[test]
    fn only_the_newest_are_kept() {
        let mut makings = Makings::default();
        for n in 0..=MAX_MADE {
            let created_at = Some(now().plus(n as f64));
            makings.note(&format!("c{n}"), &Facts { created_at, ..facts(&format!("n{n}"), "img", "a") });
        }
        assert_eq!((makings.iter().count(), makings.get("c0")), (MAX_MADE, None));
    }
}
