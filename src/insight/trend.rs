//! How a pipeline has been doing, from its runs: share that ended well, duration of each.
//! Not for: forecasts.

use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::{Detail, Entity, State, Text};

/// Runs looked at, the newest ones.
pub const MAX_RUNS: usize = 30;

/// What the runs of one pipeline say.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Trend {
    /// The newest runs, oldest first.
    pub runs: Vec<Arc<Entity>>,
}

impl Trend {
    /// Share of the finished runs that ended well, 0–1; absent when none has finished. Cancelled runs do not count.
    pub fn success_rate(&self) -> Option<f64> {
        let (good, bad) = self.runs.iter().fold((0_u32, 0_u32), |(good, bad), run| match run.state {
            State::Ok => (good + 1, bad),
            State::Failed => (good, bad + 1),
            _ => (good, bad),
        });
        (good + bad > 0).then(|| f64::from(good) / f64::from(good + bad))
    }

    /// Seconds each run took, with how it ended, oldest first; absent while it runs.
    pub fn durations(&self) -> impl Iterator<Item = (State, Option<f64>)> {
        self.runs.iter().map(|run| (run.state, duration_s(run)))
    }

    /// The newest run.
    pub fn newest(&self) -> Option<&Arc<Entity>> {
        self.runs.last()
    }
}

/// Seconds a finished run took.
pub fn duration_s(run: &Entity) -> Option<f64> {
    match &run.detail {
        Detail::Run(run) => Some(run.ended_at?.since(run.started_at?)).filter(|seconds| *seconds >= 0.0),
        _ => None,
    }
}

/// A pipeline's name within its source.
pub type PipelineKey = (Text, Text);

/// Trends of all pipelines, by source and pipeline name.
pub fn of<'a>(runs: impl Iterator<Item = &'a Arc<Entity>>) -> HashMap<PipelineKey, Trend> {
    // keyed by what is there already: there are many more runs than pipelines
    let mut pipelines: HashMap<(&str, &Text), Vec<&Arc<Entity>>> = HashMap::new();
    for entity in runs {
        if let Detail::Run(run) = &entity.detail {
            pipelines.entry((entity.id.source(), run.pipeline.as_ref().unwrap_or(&entity.name))).or_default().push(entity);
        }
    }
    let trend = |((source, pipeline), mut runs): ((&str, &Text), Vec<&Arc<Entity>>)| {
        runs.sort_by_key(|entity| match &entity.detail {
            Detail::Run(run) => (run.started_at.or(entity.since), &entity.id),
            _ => (None, &entity.id),
        });
        let excess = runs.len().saturating_sub(MAX_RUNS);
        ((Text::from(source), pipeline.clone()), Trend { runs: runs.into_iter().skip(excess).cloned().collect() })
    };
    pipelines.into_iter().map(trend).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Run, SourceName, Timestamp};

    #[test]
    fn cancelled_and_running_runs_do_not_count_for_the_success_rate() {
        let runs: Vec<_> = [State::Ok, State::Failed, State::Cancelled, State::Running, State::Ok, State::Ok]
            .into_iter()
            .enumerate()
            .map(|(n, state)| {
                let n = i64::try_from(n).unwrap();
                let detail = Run {
                    pipeline: Some(Text::from("p")),
                    started_at: Some(Timestamp::from_ms(n * 1000)),
                    ended_at: (state != State::Running).then(|| Timestamp::from_ms(n * 1000 + 500)),
                    ..Run::default()
                };
                Arc::new(Entity::new(&SourceName::from("s"), &n.to_string(), "p", state, detail.into(), Timestamp::default()))
            })
            .collect();
        let trends = of(runs.iter());
        let trend = &trends[&(Text::from("s"), Text::from("p"))];
        assert_eq!(trend.success_rate(), Some(0.75));
        assert_eq!(trend.durations().map(|(_, seconds)| seconds).collect::<Vec<_>>()[2..4], [Some(0.5), None]);
    }
}
