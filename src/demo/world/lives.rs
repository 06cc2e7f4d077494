//! What happens to a container from its making to its end: by deeds, by the story, by the engine.
//! Not for: how it is at an instant (see `containers`).

use super::World;
use super::containers::{HEALTHY_S, Health, Life};
use crate::demo::company::{In, Service};
use crate::demo::deed::Act;
use crate::demo::story::Bend;

/// Seconds that the engine waits before it starts a container again that was killed.
const AGAIN_S: f64 = 7.0;
/// Seconds that a container takes to stop when asked.
const STOP_S: f64 = 1.0;
/// Longest history of one container that is told, in moments.
const MAX_MOMENTS: usize = 400;

impl World {
    /// What happens to a container that is made at `created_s`, up to now or until it is replaced.
    pub(super) fn moments(&self, service: In<Service>, name: &str, created_s: f64, replaced_s: Option<f64>) -> Vec<(f64, Life)> {
        let until = replaced_s.map_or(self.now_s(), |replaced| replaced - 1.5);
        let cured = self.cured_s();
        let mut fates = self.symptoms(service.name, service.market).filter(|symptom| symptom.from_s < until);
        let (mut leak, mut down) = (None, None);
        for symptom in fates.by_ref() {
            match symptom.bend {
                Bend::OutOfMemory(life_s) => leak = Some((symptom, life_s)),
                Bend::Down(code) => down = Some((symptom.from_s, code)),
                _ => {}
            }
        }
        let mut acts = self.acts().filter(|(s, deed)| *s > created_s && *s <= until && named(&deed.act) == Some(name)).peekable();
        let mut moments = vec![(created_s - 0.3, Life::Created), (created_s, Life::Started)];
        let mut began = Some(created_s);
        while moments.len() < MAX_MOMENTS {
            // what comes by itself: a kill for memory, the story's end of it, a healthy word
            let killed = began.zip(leak).and_then(|(began, (symptom, life_s))| {
                let at = began.max(symptom.from_s) + life_s;
                (symptom.strength(at, cured) > 0.5).then_some((at, 137))
            });
            let ended = began.and_then(|began| down.filter(|(at, _)| *at >= began));
            let fate = [killed, ended].into_iter().flatten().min_by(|a, b| a.0.total_cmp(&b.0)).filter(|(at, _)| *at <= until);
            match (fate, acts.peek().map(|(s, _)| *s)) {
                (Some((at, code)), act) if act.is_none_or(|act| at < act) => {
                    let again = code == 137;
                    if again {
                        moments.push((at - 0.1, Life::OutOfMemory));
                    }
                    moments.push((at, Life::Died(code)));
                    began = None;
                    if again && acts.peek().is_none_or(|(act, _)| *act > at + AGAIN_S) && at + AGAIN_S <= until {
                        moments.push((at + AGAIN_S, Life::Started));
                        began = Some(at + AGAIN_S);
                    }
                    if !again {
                        down = None;
                    }
                }
                _ => {
                    let Some((s, deed)) = acts.next() else { break };
                    began = done(&deed.act, s, began, &mut moments);
                }
            }
        }
        if let Some(replaced) = replaced_s {
            moments.extend([(replaced - 1.4, Life::Signalled(15)), (replaced - 0.9, Life::Died(0)), (replaced - 0.6, Life::Destroyed)]);
        }
        let healthy: Vec<(f64, Life)> = moments
            .iter()
            .filter(|(_, what)| *what == Life::Started)
            .map(|(s, _)| (s + HEALTHY_S, Life::Checked(Health::Healthy)))
            .filter(|(s, _)| *s <= until)
            .collect();
        moments.extend(healthy);
        moments.retain(|(s, _)| *s <= self.now_s());
        moments.sort_by(|a, b| a.0.total_cmp(&b.0));
        moments
    }
}

/// The container that an act is about.
pub(super) fn named(act: &Act) -> Option<&str> {
    match act {
        Act::Restart(name)
        | Act::Start(name)
        | Act::Stop(name)
        | Act::Kill(name)
        | Act::Pause(name)
        | Act::Unpause(name)
        | Act::Remove(name) => Some(name),
        _ => None,
    }
}

/// What follows from an act at `s`; gives when the process began that runs afterwards.
fn done(act: &Act, s: f64, began: Option<f64>, moments: &mut Vec<(f64, Life)>) -> Option<f64> {
    let mut end = |signal: u8, code: i64| {
        if began.is_some() {
            moments.extend([(s, Life::Signalled(signal)), (s + STOP_S, Life::Died(code))]);
        }
    };
    match act {
        Act::Restart(_) => {
            end(15, 0);
            moments.extend([(s + STOP_S + 0.3, Life::Started), (s + STOP_S + 0.3, Life::Restarted)]);
            Some(s + STOP_S + 0.3)
        }
        Act::Start(_) => {
            if began.is_some() {
                return began;
            }
            moments.push((s + 0.3, Life::Started));
            Some(s + 0.3)
        }
        Act::Stop(_) => {
            end(15, 0);
            moments.push((s + STOP_S, Life::Stopped));
            None
        }
        Act::Kill(_) => {
            end(9, 137);
            None
        }
        Act::Remove(_) => {
            end(9, 137);
            moments.push((s + STOP_S + 0.1, Life::Destroyed));
            None
        }
        Act::Pause(_) => {
            moments.push((s, Life::Paused));
            began
        }
        Act::Unpause(_) => {
            moments.push((s, Life::Unpaused));
            began
        }
        _ => began,
    }
}
