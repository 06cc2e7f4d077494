//! Runs of the pipelines: by the clock, after another pipeline's run, and by hand; with their tasks.
//! Not for: what a run does to datasets (see `data`).

use std::sync::{Arc, PoisonError};

use super::World;
use crate::demo::chance;
use crate::demo::company::{In, PIPELINES, Pipeline, Start};
use crate::demo::deed::Act;
use crate::demo::story::Bend;
use crate::domain::Timestamp;

/// Scheduled runs kept of one pipeline.
const MAX_RUNS: i64 = 24;
/// Seconds between what starts a run and its begin.
const WAIT_S: f64 = 2.0;

/// One run.
#[derive(Debug, Clone, PartialEq)]
pub struct DagRun {
    /// The DAG, by its full name.
    pub dag: String,
    /// As Airflow writes it: `scheduled__2026-11-27T02:15:00+00:00`.
    pub run_id: String,
    /// What started it.
    pub kind: RunKind,
    /// How it is.
    pub state: RunState,
    /// The instant it is for; absent for manual and asset-triggered runs.
    pub logical_at: Option<Timestamp>,
    /// When it was made.
    pub queued_at: Timestamp,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Its tasks in order; each waits for the one before.
    pub tasks: Vec<Task>,
    /// How often it was begun, from 1.
    pub attempt: u32,
    /// Who triggered it by hand.
    pub by: Option<String>,
}

/// What started a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunKind {
    /// The clock.
    Scheduled,
    /// A renewed dataset.
    AssetTriggered,
    /// A person.
    Manual,
}

/// How a run or a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunState {
    /// Waits (a task: not yet reached).
    Queued,
    /// Under way.
    Running,
    /// Ended well.
    Success,
    /// Ended badly.
    Failed,
    /// A task that was not reached because one before it failed.
    UpstreamFailed,
}

/// One task of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// Its id in the DAG.
    pub id: &'static str,
    /// How it is.
    pub state: RunState,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Which attempt this is, from 1.
    pub attempt: u32,
}

/// A run without its words: story seconds.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    kind: RunKind,
    /// What it is for, and its identity.
    due_s: f64,
    begin_s: Option<f64>,
    takes_s: f64,
    fails: bool,
    attempt: u32,
    by: Option<String>,
    marked: Option<(f64, bool)>,
}

impl Plan {
    /// When it ends, be that in the future.
    pub(super) fn end_s(&self) -> Option<f64> {
        let end = self.begin_s.map(|begin| begin + if self.fails { self.takes_s * 0.6 } else { self.takes_s });
        match self.marked {
            Some((at, _)) if end.is_none_or(|end| at < end) => Some(at),
            _ => end,
        }
    }

    /// Whether it ends well.
    pub(super) fn is_good(&self) -> bool {
        self.marked.map_or(!self.fails, |(_, good)| good)
    }
}

impl World {
    /// The runs of a pipeline made up to now, newest first.
    pub fn runs(&self, pipeline: In<Pipeline>) -> Vec<DagRun> {
        let mut runs: Vec<DagRun> = self.run_plans(pipeline).iter().map(|plan| self.dag_run(pipeline, plan)).collect();
        runs.reverse();
        runs
    }

    /// When the clock starts it next; absent where another pipeline does.
    pub fn next_run_at(&self, pipeline: In<Pipeline>) -> Option<Timestamp> {
        match pipeline.start {
            Start::Every { every_s, at_s } => {
                let step = ((self.now_s() - at_s) / every_s).floor() + 1.0;
                Some(self.clock().at(step.mul_add(every_s, at_s)))
            }
            Start::After(_) => None,
        }
    }

    /// How long the oldest run that waits at a story second has waited, in story seconds; 0 if none does.
    pub(super) fn queued_s(&self, pipeline: In<Pipeline>, s: f64) -> f64 {
        let waits = |plan: &&Plan| plan.due_s + WAIT_S * 2.0 < s && plan.begin_s.is_none_or(|begin| begin > s);
        self.run_plans(pipeline).iter().find(waits).map_or(0.0, |plan| s - plan.due_s)
    }

    /// Whether it is paused now.
    pub fn is_paused(&self, pipeline: In<Pipeline>) -> bool {
        self.was_paused(&pipeline.full_name(), self.now_s())
    }

    fn was_paused(&self, name: &str, s: f64) -> bool {
        let pauses = self.acts().filter(|(at, _)| *at <= s).filter_map(|(_, deed)| match &deed.act {
            Act::PauseDag { dag, paused } if dag == name => Some(*paused),
            _ => None,
        });
        pauses.last().unwrap_or(false)
    }

    /// Its runs' id as Airflow writes it.
    fn run_id(&self, kind: RunKind, due_s: f64) -> String {
        let prefix = match kind {
            RunKind::Scheduled => "scheduled",
            RunKind::AssetTriggered => "asset_triggered",
            RunKind::Manual => "manual",
        };
        let due = self.clock().at(due_s).to_string();
        format!("{prefix}__{}", due.replace('Z', "+00:00"))
    }

    /// Runs made up to now, oldest first.
    pub(super) fn run_plans(&self, pipeline: In<Pipeline>) -> Arc<Vec<Plan>> {
        let key = (pipeline.name, pipeline.market);
        let known = || self.known.plans.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(plans) = known().get(&key) {
            return Arc::clone(plans);
        }
        // not while the lock is held: one pipeline's runs follow from another's
        let plans = Arc::new(self.make_plans(pipeline));
        known().insert(key, Arc::clone(&plans));
        plans
    }

    fn make_plans(&self, pipeline: In<Pipeline>) -> Vec<Plan> {
        let (name, now_s) = (pipeline.full_name(), self.now_s());
        let mut dues: Vec<(RunKind, f64, Option<String>)> = match pipeline.start {
            Start::Every { every_s, at_s } => {
                let newest = ((now_s - at_s) / every_s).floor();
                let due = |back: i64| (newest - back as f64).mul_add(every_s, at_s);
                (0..MAX_RUNS).map(due).filter(|s| *s >= -super::PAST_S).map(|s| (RunKind::Scheduled, s, None)).collect()
            }
            Start::After(before) => PIPELINES
                .iter()
                .find(|other| other.name == before)
                .map(|of| self.run_plans(In { of, market: pipeline.market }))
                .unwrap_or_default()
                .iter()
                .filter(|plan| plan.is_good())
                .filter_map(Plan::end_s)
                .filter(|end| *end <= now_s)
                .map(|end| (RunKind::AssetTriggered, end, None))
                .collect(),
        };
        dues.retain(|(_, s, _)| !self.was_paused(&name, *s));
        dues.extend(self.acts().filter_map(|(s, deed)| match &deed.act {
            Act::TriggerDag(dag) if *dag == name => Some((RunKind::Manual, s, Some(deed.by.clone()))),
            _ => None,
        }));
        dues.sort_by(|a, b| a.1.total_cmp(&b.1));
        dues.into_iter().map(|(kind, due_s, by)| self.plan(pipeline, &name, kind, due_s, by)).collect()
    }

    fn plan(&self, pipeline: In<Pipeline>, name: &str, kind: RunKind, due_s: f64, by: Option<String>) -> Plan {
        // most runs are touched by nobody
        let touched = self.acts().any(|(_, deed)| matches!(&deed.act, Act::ClearRun { dag, .. } | Act::MarkRun { dag, .. } if dag == name));
        let run_id = if touched { self.run_id(kind, due_s) } else { String::new() };
        let mut begin_s = Some(due_s + WAIT_S);
        let mut attempt = 1;
        let mut marked = None;
        for (s, deed) in self.acts() {
            match &deed.act {
                Act::ClearRun { dag, run_id: id, .. } if dag == name && *id == run_id => {
                    begin_s = Some(s + WAIT_S);
                    attempt += 1;
                    marked = None;
                }
                Act::MarkRun { dag, run_id: id, success } if dag == name && *id == run_id => marked = Some((s, *success)),
                _ => {}
            }
        }
        let cured = self.cured_s();
        let symptom = |bend: Bend, s: f64| {
            self.symptoms(pipeline.name, pipeline.market).find(|symptom| symptom.bend == bend && symptom.strength(s, cured) > 0.5)
        };
        let waits = begin_s.and_then(|begin| symptom(Bend::Queue, begin));
        if let Some(symptom) = waits {
            begin_s = cured.map(|cured| cured + symptom.linger_s + WAIT_S);
        }
        let fails = begin_s.is_some_and(|begin| symptom(Bend::Fail, begin).is_some());
        let dice = chance::share_of(self.seed(), &["run", name], self.clock().at(due_s).since(self.clock().zero()) as i64);
        let takes_s = pipeline.takes_s * (0.9 + 0.2 * dice);
        Plan { kind, due_s, begin_s, takes_s, fails, attempt, by, marked }
    }

    fn dag_run(&self, pipeline: In<Pipeline>, plan: &Plan) -> DagRun {
        let (now_s, at) = (self.now_s(), |s: f64| self.clock().at(s));
        let begun = plan.begin_s.filter(|begin| *begin <= now_s);
        let ended = plan.end_s().filter(|end| *end <= now_s);
        let state = match (begun, ended) {
            (_, Some(_)) if plan.is_good() => RunState::Success,
            (_, Some(_)) => RunState::Failed,
            (Some(_), None) => RunState::Running,
            (None, None) => RunState::Queued,
        };
        DagRun {
            dag: pipeline.full_name(),
            run_id: self.run_id(plan.kind, plan.due_s),
            kind: plan.kind,
            state,
            logical_at: (plan.kind == RunKind::Scheduled).then(|| at(plan.due_s)),
            queued_at: at(plan.due_s),
            started_at: begun.map(at),
            ended_at: ended.map(at),
            tasks: self.tasks(pipeline, plan, state),
            attempt: plan.attempt,
            by: plan.by.clone(),
        }
    }

    /// The tasks share the run's time evenly up to the one that fails, which ends with the run.
    fn tasks(&self, pipeline: In<Pipeline>, plan: &Plan, state: RunState) -> Vec<Task> {
        let (now_s, at) = (self.now_s(), |s: f64| self.clock().at(s));
        let bad = pipeline.tasks.iter().position(|task| *task == pipeline.tested).unwrap_or_default();
        let reached = if plan.fails { bad + 1 } else { pipeline.tasks.len() };
        let mut tasks = Vec::with_capacity(pipeline.tasks.len());
        for (place, id) in pipeline.tasks.iter().copied().enumerate() {
            let span = plan.begin_s.zip(plan.end_s()).filter(|_| place < reached).map(|(begin, end)| {
                let each = (end - begin) / reached as f64;
                (each.mul_add(place as f64, begin), each.mul_add(place as f64 + 1.0, begin))
            });
            let began = span.map(|(begin, _)| begin).filter(|begin| *begin <= now_s);
            let ended = span.map(|(_, end)| end).filter(|end| *end <= now_s);
            let marked_good = plan.marked.is_some_and(|(_, good)| good);
            let task_state = match (began, ended) {
                (_, Some(_)) if plan.fails && place == bad && !marked_good => RunState::Failed,
                (_, Some(_)) => RunState::Success,
                (Some(_), None) => RunState::Running,
                (None, None) if state == RunState::Failed => RunState::UpstreamFailed,
                (None, None) if state == RunState::Success => RunState::Success,
                (None, None) => RunState::Queued,
            };
            tasks.push(Task { id, state: task_state, started_at: began.map(at), ended_at: ended.map(at), attempt: plan.attempt });
        }
        tasks
    }
}
