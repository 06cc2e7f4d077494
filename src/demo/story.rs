//! Stories: what goes wrong in the world, what it bends, what really is the cause, and what repairs it.
//! Not for: the stories themselves (see `stories`), how curves look (see `world`).

mod stories;

use crate::domain::Kind;

use super::deed::Act;

pub use stories::STORIES;

/// One story. Times are story seconds after the world's zero.
#[derive(Debug, PartialEq)]
pub struct Story {
    /// As it is asked for.
    pub name: &'static str,
    /// One line for `--story list`.
    pub summary: &'static str,
    /// What really is the cause, in a sentence.
    pub cause: &'static str,
    /// The thing that the cause is about: kind and name; absent where nothing is wrong.
    pub root: Option<(Kind, &'static str)>,
    /// When the cause happens.
    pub cause_s: f64,
    /// Names of everything that suffers from it.
    pub affected: &'static [&'static str],
    /// What shows when.
    pub timeline: &'static [Moment],
    /// What somebody changed around that time.
    pub happenings: &'static [Happening],
    /// Names of changes near the cause that have nothing to do with it.
    pub innocent: &'static [&'static str],
    /// How curves are bent.
    pub symptoms: &'static [Symptom],
    /// Deeds that end it; any one of them.
    pub cures: &'static [Cure],
    /// What to do, in a sentence.
    pub remedy: &'static str,
}

/// Something that shows on the cockpit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moment {
    /// The earliest it can show.
    pub from_s: f64,
    /// It shows by then, polls of a minute included.
    pub by_s: f64,
    /// Kind of the entity.
    pub kind: Kind,
    /// Its name, or how its name begins.
    pub name: &'static str,
    /// What it says.
    pub says: &'static str,
}

/// Something that somebody changed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Happening {
    /// When.
    pub at_s: f64,
    /// By whom.
    pub by: &'static str,
    /// What.
    pub what: Event,
}

/// A change that a story brings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Event {
    /// A commit of a service is deployed: its third version number goes up by one.
    Deploy {
        /// The service.
        service: &'static str,
        /// Title of the commit.
        title: &'static str,
    },
    /// An alias of a model is moved.
    Alias {
        /// The model.
        model: &'static str,
        /// `champion`, …
        alias: &'static str,
        /// The version.
        version: u32,
    },
    /// A version of a model is registered: one more than before.
    Register {
        /// The model.
        model: &'static str,
    },
    /// A silence is made, for so many seconds.
    Silence {
        /// The label.
        label: &'static str,
        /// Its value.
        value: &'static str,
        /// How long.
        for_s: f64,
        /// Why.
        comment: &'static str,
    },
}

/// What a symptom bends. The number is how far at full strength.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bend {
    /// Service: share of requests that take the slow way (see `world::metrics`).
    Slow(f64),
    /// Service: share of requests that fail beyond the usual.
    Errors(f64),
    /// Service: its container is killed for memory again and again, after so many seconds of life.
    OutOfMemory(f64),
    /// Service: its container has ended with this code and is not started again.
    Down(i64),
    /// Service: slow for a while, well for a while, over so many seconds.
    Flap(f64),
    /// Dataset: share of its rows that is missing.
    Missing(f64),
    /// Dataset: it is not renewed any more.
    Stale,
    /// Dataset: columns that should not be empty and are, as a share of rows.
    Nulls(f64),
    /// Stream: records that its reader falls behind per second.
    Lag(f64),
    /// Pipeline: runs fail in their tested task.
    Fail,
    /// Pipeline: runs wait and do not begin.
    Queue,
    /// Model: share of its inputs that come from the shifted distribution.
    Drift(f64),
    /// Model: share of its score that is lost.
    Score(f64),
}

/// A bent curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Symptom {
    /// Whose: a name of the home market.
    pub on: &'static str,
    /// What and how far.
    pub bend: Bend,
    /// When it begins.
    pub from_s: f64,
    /// Seconds until its full strength.
    pub rise_s: f64,
    /// Seconds after the cure before it begins to ebb.
    pub linger_s: f64,
    /// Seconds it then takes to be gone.
    pub fall_s: f64,
}

/// A deed that ends a story.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cure {
    /// The container is started again.
    Restart(&'static str),
    /// A run of the DAG is triggered, or one of its runs is cleared, whatever ended it.
    Rerun(&'static str),
    /// The alias is pointed to this version.
    Alias {
        /// The model.
        model: &'static str,
        /// `champion`, …
        alias: &'static str,
        /// The version.
        version: u32,
    },
    /// A version from before the story is deployed again.
    RollBack(&'static str),
}

impl Story {
    /// The story of that name.
    pub fn named(name: &str) -> Option<&'static Self> {
        STORIES.iter().find(|story| story.name == name)
    }

    /// Names of all stories.
    pub fn names() -> impl Iterator<Item = &'static str> {
        STORIES.iter().map(|story| story.name)
    }
}

impl Symptom {
    /// Its strength at a story second, 0–1, if it was cured at `cured_s`.
    pub fn strength(&self, s: f64, cured_s: Option<f64>) -> f64 {
        let risen = |s: f64| ramp(s - self.from_s, self.rise_s);
        match cured_s.map(|cured| cured + self.linger_s) {
            Some(ebb) if s > ebb => risen(ebb) * (1.0 - ramp(s - ebb, self.fall_s)),
            _ => risen(s),
        }
    }

    /// The integral of its strength from the beginning up to a story second: seconds at full strength.
    pub fn total(&self, s: f64, cured_s: Option<f64>) -> f64 {
        let risen = |s: f64| ramp_total(s - self.from_s, self.rise_s);
        match cured_s.map(|cured| cured + self.linger_s) {
            Some(ebb) if s > ebb => {
                let after = s - ebb;
                risen(ebb) + ramp(ebb - self.from_s, self.rise_s) * (after - ramp_total(after, self.fall_s))
            }
            _ => risen(s),
        }
    }
}

impl Cure {
    /// Whether a deed, done after the cause, is this cure. `is_old` tells whether a build of a project (by number) is from before
    /// the story.
    pub fn is(&self, act: &Act, is_old: impl Fn(&str, i64) -> bool) -> bool {
        match (self, act) {
            (Self::Restart(name), Act::Restart(done) | Act::Start(done)) => name == done,
            (Self::Rerun(dag), Act::TriggerDag(done) | Act::ClearRun { dag: done, .. }) => dag == done,
            (Self::Alias { model, alias, version }, Act::SetAlias { model: of, alias: named, version: to }) => {
                model == of && alias == named && version == to
            }
            (Self::RollBack(service), Act::RetryPipeline { project, number }) => service == project && is_old(project, *number),
            _ => false,
        }
    }
}

/// 0 before, 1 after, straight between.
fn ramp(seconds: f64, length: f64) -> f64 {
    if length <= 0.0 { f64::from(u8::from(seconds >= 0.0)) } else { (seconds / length).clamp(0.0, 1.0) }
}

/// The integral of [`ramp`] up to `seconds`.
fn ramp_total(seconds: f64, length: f64) -> f64 {
    let length = length.max(0.0);
    if seconds <= 0.0 {
        0.0
    } else if seconds < length {
        seconds * seconds / (2.0 * length)
    } else {
        seconds - length / 2.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_symptom_rises_stays_and_ebbs_after_the_cure() {
        let symptom = Symptom { on: "x", bend: Bend::Stale, from_s: 100.0, rise_s: 50.0, linger_s: 20.0, fall_s: 40.0 };
        for (s, cured, strength, total) in [
            (90.0, None, 0.0, 0.0),
            (125.0, None, 0.5, 6.25),
            (150.0, None, 1.0, 25.0),
            (200.0, Some(190.0), 1.0, 75.0),
            (230.0, Some(190.0), 0.5, 100.0),
            (300.0, Some(190.0), 0.0, 105.0),
            (300.0, Some(50.0), 0.0, 0.0),
        ] {
            assert!((symptom.strength(s, cured) - strength).abs() < 1e-9, "{s} {cured:?}");
            assert!((symptom.total(s, cured) - total).abs() < 1e-9, "{s} {cured:?}: {}", symptom.total(s, cured));
        }
    }
}
