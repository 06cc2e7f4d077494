//! What a source remembers of its engine between polls and events: facts, what happened, samples.
//! Not for: asking the engine (see `poll`, `events`), judging (see `state`), entities (see `shape`).

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::domain::Timestamp;

use super::answers::EngineEvent;
use super::facts::{Facts, Row};
use super::makings::Makings;
use super::state::{EndedBy, Past, Verdict, verdict};
use super::usage::{Memory, Sample, Usage};

/// A request to end a container that is older than this when it ends was about something else.
const KILL_WINDOW_S: f64 = 60.0;
/// Removals remembered between two lists.
const MAX_REMOVALS: usize = 4096;

/// Of one engine.
#[derive(Debug, Default)]
pub struct Ledger {
    /// Grows with every event, to tell what a list that was asked before does not know.
    tick: u64,
    known: BTreeMap<String, Known>,
    destroyed: HashMap<String, u64>,
    makings: Makings,
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
        self.makings.forget_old(now);
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
        if self.destroyed.len() < MAX_REMOVALS {
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

    /// What was made lately.
    pub fn makings(&self) -> &Makings {
        &self.makings
    }

    fn learn(&mut self, id: &str, facts: Facts) {
        self.makings.note(id, &facts);
        let known = self.known.entry(id.to_owned()).or_default();
        if !facts.runs() || known.facts.started_at != facts.started_at {
            (known.usage, known.sample) = (Usage::default(), None);
        }
        known.past.last_exit = facts.exit_code.or(known.past.last_exit);
        known.facts = facts;
    }
}

/// Reloading, resizing and user signals are no request to end.
fn ends(signal: &str) -> bool {
    !matches!(signal, "1" | "10" | "12" | "17" | "18" | "28" | "SIGHUP" | "SIGUSR1" | "SIGUSR2" | "SIGCHLD" | "SIGCONT" | "SIGWINCH")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::State;
    use crate::source::docker::answers::DockerRow;

    fn now() -> Timestamp {
        Timestamp::from_ms(1_800_000_000_000)
    }

    fn row(id: &str, status: &str, line: &str) -> Row {
        let json = serde_json::json!({ "Id": id, "Names": [format!("/{id}")], "Image": "img:1", "State": status, "Status": line });
        Row::from(serde_json::from_value::<DockerRow>(json).unwrap())
    }

    fn facts(name: &str, status: &str) -> Facts {
        let created_at = Some(now().plus(-3600.0));
        Facts { name: name.into(), status: status.into(), image: "img:1".into(), tty: Some(false), created_at, ..Facts::default() }
    }

    fn event(id: &str, action: &str, attributes: &[(&str, &str)]) -> EngineEvent {
        let attributes: BTreeMap<_, _> = attributes.iter().copied().collect();
        let json = serde_json::json!({ "Type": "container", "Action": action, "timeNano": now().ms() * 1_000_000, "Actor": { "ID": id, "Attributes": attributes } });
        serde_json::from_value(json).unwrap()
    }

    fn ledger(ids: &[&str]) -> Ledger {
        let mut ledger = Ledger::default();
        let rows = ids.iter().map(|id| row(id, "running", "Up 9 minutes")).collect();
        ledger.listed(0, rows, ids.iter().map(|id| ((*id).to_owned(), facts(id, "running"))).collect(), now());
        ledger
    }

    fn said(ledger: &mut Ledger, id: &str) -> (State, String) {
        let (_, verdict) = ledger.judge(id, now()).unwrap();
        (verdict.state, verdict.reason.to_string())
    }

    #[test]
    fn only_what_may_have_changed_is_inspected_again() {
        let mut ledger = ledger(&["calm", "sick", "loops"]);
        ledger.told("sick", Facts { health: Some("unhealthy".into()), ..facts("sick", "running") });
        let steady = row("calm", "running", "Up 3 weeks");
        ledger.listed(1, vec![steady.clone(), row("sick", "running", "Up 9 minutes (unhealthy)")], HashMap::new(), now());
        for (row, stale) in [
            (steady, false),
            (row("calm", "running", "Up 5 seconds"), true),
            (row("calm", "running", "Up 3 weeks (unhealthy)"), true),
            (row("calm", "exited", "Exited (1) 2 minutes ago"), true),
            (row("sick", "running", "Up 9 minutes (unhealthy)"), true),
            (row("loops", "restarting", "Restarting (3) 1 minute ago"), true),
            (row("new", "running", "Up 9 minutes"), true),
        ] {
            assert_eq!(!ledger.stale(std::slice::from_ref(&row)).is_empty(), stale, "{row:?}");
        }
    }

    #[test]
    fn a_list_asked_before_an_event_neither_hides_nor_revives_what_the_event_told() {
        let mut ledger = ledger(&["old", "dying"]);
        let asked = ledger.tick();
        ledger.told("new", facts("new", "running"));
        ledger.gone("dying");
        ledger.told("old", facts("old", "paused"));
        let rows = vec![row("old", "running", "Up 9 minutes"), row("dying", "running", "Up 9 minutes")];
        ledger.listed(asked, rows, HashMap::from([("old".to_owned(), facts("old", "running"))]), now());
        assert_eq!(ledger.ids(), ["new", "old"]);
        assert_eq!(ledger.known("old").unwrap().facts.status, "paused");
        ledger.listed(ledger.tick(), vec![row("old", "running", "Up 9 minutes")], HashMap::new(), now());
        assert_eq!(ledger.ids(), ["old"]);
    }

    #[test]
    fn events_tell_who_ended_a_container() {
        let exit = |code: &'static str| [("exitCode", code)];
        let stop = [("signal", "15")];
        for (what, events, code, state, reason) in [
            (
                "killed",
                vec![event("c", "kill", &[("signal", "9")]), event("c", "die", &exit("137"))],
                137,
                State::Cancelled,
                "exited 137, killed by a user",
            ),
            (
                "stopped",
                vec![event("c", "kill", &stop), event("c", "die", &exit("143")), event("c", "stop", &[])],
                143,
                State::Cancelled,
                "exited 143, stopped by a user",
            ),
            (
                "reloaded, then crashed",
                vec![event("c", "kill", &[("signal", "1")]), event("c", "die", &exit("1"))],
                1,
                State::Failed,
                "exited 1",
            ),
            (
                "killed from outside",
                vec![event("c", "die", &exit("137"))],
                137,
                State::Failed,
                "exited 137, SIGKILL from outside of the engine",
            ),
            (
                "stopped, started, crashed",
                vec![
                    event("c", "kill", &stop),
                    event("c", "die", &exit("143")),
                    event("c", "stop", &[]),
                    event("c", "start", &[]),
                    event("c", "die", &exit("1")),
                ],
                1,
                State::Failed,
                "exited 1",
            ),
        ] {
            let mut ledger = ledger(&["c"]);
            for event in &events {
                ledger.heard(event);
            }
            ledger.told("c", Facts { exit_code: Some(code), ..facts("c", "exited") });
            assert_eq!(said(&mut ledger, "c"), (state, reason.to_owned()), "{what}");
        }
    }

    #[test]
    fn the_exit_before_a_restart_is_remembered_while_the_container_runs_again() {
        let mut ledger = ledger(&["c"]);
        ledger.heard(&event("c", "die", &[("exitCode", "3")]));
        ledger.heard(&event("c", "start", &[]));
        ledger.told("c", Facts { restarts: Some(4), started_at: Some(now()), ..facts("c", "running") });
        assert_eq!(said(&mut ledger, "c").1, "crash loop: 4 restarts, last exit 3");
    }

    #[test]
    fn numbers_of_a_container_that_was_restarted_or_stopped_are_absent_until_measured_anew() {
        let sample = |at_s, cpu_ns| Sample { at_s, cpu_ns, machine_ns: (at_s * 1e9) as u64, cores: 1, rx_bytes: None, tx_bytes: None };
        let mut ledger = ledger(&["c"]);
        ledger.sampled("c", sample(10.0, 0), None, Memory::default());
        assert_eq!(ledger.known("c").unwrap().usage.cpu_cores, None);
        ledger.sampled("c", sample(12.0, 1_000_000_000), None, Memory::default());
        ledger.sampled("c", sample(12.1, 1_100_000_000), None, Memory::default());
        assert_eq!(ledger.known("c").unwrap().usage.cpu_cores, Some(0.5), "a window of 0.1 s says nothing");
        ledger.told("c", Facts { started_at: Some(now()), ..facts("c", "running") });
        assert_eq!(ledger.known("c").unwrap().usage, Usage::default());
        ledger.sampled("c", sample(20.0, 5), None, Memory::default());
        ledger.told("c", facts("c", "exited"));
        ledger.sampled("c", sample(22.0, 9), None, Memory::default());
        assert_eq!(ledger.known("c").unwrap().usage, Usage::default());
    }
}
