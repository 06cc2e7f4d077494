//! What a source remembers of its engine between polls and events: facts, what happened, samples, images by name.
//! Not for: asking the engine (see `poll`, `events`), judging (see `state`), entities (see `shape`).

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::domain::{Text, Timestamp};

use super::answers::EngineEvent;
use super::facts::{Facts, Row};
use super::state::{EndedBy, Past, Verdict, verdict};
use super::usage::{Memory, Sample, Usage};

/// A request to end a container that is older than this when it ends was about something else.
const KILL_WINDOW_S: f64 = 60.0;
/// A container younger than this is a change worth showing.
const CHANGE_WINDOW_S: f64 = 24.0 * 3600.0;
/// Changes kept, the newest ones.
const MAX_CHANGES: usize = 200;
/// Names whose image is remembered, and ends whose container is gone.
const MAX_REMEMBERED: usize = 4096;

/// Of one engine.
#[derive(Debug, Default)]
pub struct Ledger {
    /// Grows with every event, to tell what a list that was asked before does not know.
    tick: u64,
    known: BTreeMap<String, Known>,
    destroyed: HashMap<String, u64>,
    /// Name of a container to its newest image and the container that brought it.
    images: HashMap<Text, (Version, String)>,
    makings: BTreeMap<String, Making>,
}

/// One container.
#[derive(Debug, Default)]
pub struct Known {
    /// What the engine last said.
    pub facts: Facts,
    /// What it uses.
    pub usage: Usage,
    past: Past,
    killed_at: Option<Timestamp>,
    mark: String,
    sample: Option<Sample>,
    told_at_tick: u64,
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

impl Ledger {
    /// To be taken before the list is asked for.
    pub fn tick(&self) -> u64 {
        self.tick
    }

    /// Nothing has been read yet.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Of these rows, the containers that an inspection would tell something new about.
    pub fn stale(&self, rows: &[Row]) -> Vec<String> {
        let stale = rows.iter().filter(|row| {
            let Some(known) = self.known.get(&row.id) else { return true };
            // probes go on under the same status, restarts count on under the same words
            let moving = matches!(known.facts.health.as_deref(), Some("unhealthy" | "starting")) && known.facts.runs();
            row.fresh || moving || known.mark != row.mark || row.facts.status == "restarting" || !known.facts.inspected()
        });
        stale.map(|row| row.id.clone()).collect()
    }

    /// Takes a whole list, asked for at `tick`, and what was inspected because of it. A container whose inspection failed is
    /// known by its row alone. What events told since then is newer and stays.
    pub fn listed(&mut self, tick: u64, rows: Vec<Row>, mut inspected: HashMap<String, Facts>, now: Timestamp) {
        let mut listed: HashSet<String> = HashSet::with_capacity(rows.len());
        for row in rows {
            if self.destroyed.get(&row.id).is_some_and(|at| *at > tick) {
                continue;
            }
            listed.insert(row.id.clone());
            if self.known.get(&row.id).is_some_and(|known| known.told_at_tick > tick) {
                continue;
            }
            let pod = row.facts.pod.clone();
            let facts = match inspected.remove(&row.id) {
                Some(facts) => Some(Facts { pod, ..facts }),
                None if self.known.get(&row.id).is_some_and(|known| known.mark == row.mark) => None,
                None => Some(row.facts),
            };
            if let Some(facts) = facts {
                self.learn(&row.id, facts);
            }
            if let Some(known) = self.known.get_mut(&row.id) {
                known.mark = row.mark;
            }
        }
        self.known.retain(|id, known| listed.contains(id) || known.told_at_tick > tick);
        self.destroyed.retain(|_, at| *at > tick);
        self.forget_old_makings(now);
    }

    /// Takes an inspection that followed an event.
    pub fn told(&mut self, id: &str, facts: Facts) {
        self.tick += 1;
        let pod = self.known.get(id).and_then(|known| known.facts.pod.clone());
        self.learn(id, Facts { pod, ..facts });
        if let Some(known) = self.known.get_mut(id) {
            known.told_at_tick = self.tick;
            known.mark.clear();
        }
    }

    /// Takes an event as such; the facts come by [`Ledger::told`].
    pub fn heard(&mut self, event: &EngineEvent) {
        let (at, attributes) = (event.at(), &event.actor.attributes);
        let Some(known) = self.known.get_mut(&event.actor.id) else { return };
        match event.action.as_str() {
            "start" => {
                let (last_exit, trouble) = (known.past.last_exit, known.past.trouble);
                known.past = Past { last_exit, trouble, ..Past::default() };
                known.killed_at = None;
            }
            "kill" if attributes.get("signal").is_none_or(|signal| ends(signal)) => known.killed_at = Some(at),
            "stop" => known.past.ended_by_user = Some(EndedBy::Stop),
            "die" | "died" => {
                known.past.watched = true;
                let asked = known.killed_at.is_some_and(|killed| at.since(killed) <= KILL_WINDOW_S);
                if asked && known.past.ended_by_user.is_none() {
                    known.past.ended_by_user = Some(EndedBy::Kill);
                }
                let code = attributes.get("exitCode").or_else(|| attributes.get("containerExitCode"));
                known.past.last_exit = code.and_then(|code| code.parse().ok()).or(known.past.last_exit);
            }
            "pause" => known.past.paused_at = Some(at),
            "unpause" => known.past.paused_at = None,
            _ => {}
        }
    }

    /// It is no more. That it was made stays worth knowing.
    pub fn gone(&mut self, id: &str) {
        self.tick += 1;
        self.known.remove(id);
        if self.destroyed.len() < MAX_REMEMBERED {
            self.destroyed.insert(id.to_owned(), self.tick);
        }
    }

    /// Containers that have a process, by id.
    pub fn running(&self) -> Vec<String> {
        self.known.iter().filter(|(_, known)| known.facts.runs()).map(|(id, _)| id.clone()).collect()
    }

    /// Takes a sample. `before`: one that came along with it.
    pub fn sampled(&mut self, id: &str, sample: Sample, before: Option<Sample>, memory: Memory) {
        let Some(known) = self.known.get_mut(id).filter(|known| known.facts.runs()) else { return };
        let before = known.sample.or(before);
        if before.is_some_and(|before| sample.at_s >= before.at_s && !sample.is_after(&before)) {
            return;
        }
        known.usage = Usage::new(memory, before.as_ref(), &sample);
        known.sample = Some(sample);
    }

    /// Judges one container.
    pub fn judge(&mut self, id: &str, now: Timestamp) -> Option<(&Known, Verdict)> {
        let known = self.known.get_mut(id)?;
        let verdict = verdict(&known.facts, &known.past, now);
        known.past.trouble = verdict.trouble.map(|trouble| (trouble, verdict.since));
        Some((known, verdict))
    }

    /// All containers, by id.
    pub fn ids(&self) -> Vec<String> {
        self.known.keys().cloned().collect()
    }

    /// What is known of one.
    pub fn known(&self, id: &str) -> Option<&Known> {
        self.known.get(id)
    }

    /// What was made lately, by id of the container.
    pub fn makings(&self) -> impl Iterator<Item = (&str, &Making)> {
        self.makings.iter().map(|(id, making)| (id.as_str(), making))
    }

    /// That this container was made, if it was made lately.
    pub fn making(&self, id: &str) -> Option<&Making> {
        self.makings.get(id)
    }

    fn learn(&mut self, id: &str, facts: Facts) {
        self.note_making(id, &facts);
        let known = self.known.entry(id.to_owned()).or_default();
        if !facts.runs() || known.facts.started_at != facts.started_at {
            (known.usage, known.sample) = (Usage::default(), None);
        }
        known.past.last_exit = facts.exit_code.or(known.past.last_exit);
        known.facts = facts;
    }

    /// The name decides what came before: tools that replace a container give the new one the old one's name, at once or by a rename.
    fn note_making(&mut self, id: &str, facts: &Facts) {
        let after = Version { image: facts.image.clone(), digest: facts.image_id.clone() };
        let newest = self.images.get(&facts.name).filter(|(_, brought)| brought != id);
        let before = newest.map(|(version, _)| version.clone()).filter(|version| version.differs(&after));
        let Some(at) = facts.created_at.filter(|_| facts.inspected()) else { return };
        if self.images.len() < MAX_REMEMBERED || self.images.contains_key(&facts.name) {
            self.images.insert(facts.name.clone(), (after.clone(), id.to_owned()));
        }
        let before = before.or_else(|| self.makings.get(id).and_then(|making| making.before.clone()));
        let making = Making { name: facts.name.clone(), at, before, after, labels: facts.labels.clone() };
        self.makings.insert(id.to_owned(), making);
        if self.makings.len() > MAX_CHANGES
            && let Some(oldest) = self.makings.iter().min_by_key(|(_, making)| making.at).map(|(id, _)| id.clone())
        {
            self.makings.remove(&oldest);
        }
    }

    fn forget_old_makings(&mut self, now: Timestamp) {
        self.makings.retain(|_, making| now.since(making.at) < CHANGE_WINDOW_S);
    }
}

impl Version {
    /// Another image: another name, or the same name with another digest.
    fn differs(&self, other: &Self) -> bool {
        self.image != other.image || (!self.digest.is_empty() && !other.digest.is_empty() && self.digest != other.digest)
    }
}

/// Reloading, resizing and user signals are no request to end.
fn ends(signal: &str) -> bool {
    !matches!(signal, "1" | "10" | "12" | "17" | "18" | "28" | "SIGHUP" | "SIGUSR1" | "SIGUSR2" | "SIGCHLD" | "SIGCONT" | "SIGWINCH")
}

#[cfg(test)]
#[path = "ledger_tests.rs"]
mod tests;
