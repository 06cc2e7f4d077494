//! Configured readings of a server: instant queries for the poll, range queries for a chart.
//! Not for: what bounds make of them (see `source::reading`).

use futures_util::stream::{self, StreamExt};

use crate::domain::{Batch, Entity, Failure, FailureKind, RowProblem, Scope, Series, Text, Timestamp};
use crate::source::reading::Reading;

use super::wire::QueryData;
use super::{Prometheus, promql};

/// Queries in flight at once: a server has 20 slots by default (`--query.max-concurrency`), and others want some.
const CONCURRENCY: usize = 4;
/// Values before now that a check learns from: as many as its detector remembers, and servers refuse more than 11,000.
const LEARNT_POINTS: f64 = 1023.0;

impl Prometheus {
    /// One point per series of every reading. A reading that fails costs itself: the others are kept, and its check, if it has one,
    /// becomes unknown. If all of them fail, so does the poll.
    pub(super) async fn fetch_readings(&self, now: Timestamp) -> Result<Batch, Failure> {
        let asked: Vec<_> = self.readings.iter().map(|reading| self.instant(reading)).collect();
        let answers: Vec<_> = stream::iter(asked).buffered(CONCURRENCY).collect().await;
        let mut batch = Batch { scope: Scope::Whole, ..Batch::default() };
        let mut failures = Vec::new();
        for (reading, answer) in self.readings.iter().zip(answers) {
            match answer {
                Ok((mut series, problems)) => {
                    batch.problems.extend(problems);
                    reading.bound(&mut series, &mut batch.problems);
                    batch.entities.extend(reading.checks(&series, &self.origin, now));
                    batch.series.extend(series);
                    batch.past.extend(self.past(reading, now, &mut batch.problems).await);
                }
                Err(failure) => {
                    batch.entities.extend(reading.unanswered(&failure.detail, &self.origin, now));
                    batch.problems.push(RowProblem { path: reading.name.clone(), message: failure.detail.clone() });
                    failures.push(failure);
                }
            }
        }
        let all_failed = failures.len() == self.readings.len();
        match failures.into_iter().next() {
            Some(failure) if all_failed => Err(failure),
            _ => Ok(batch),
        }
    }

    /// How a reading was that a check learns from, once: what does not come is asked for again at the next poll.
    async fn past(&self, reading: &Reading, now: Timestamp, problems: &mut Vec<RowProblem>) -> Vec<Series> {
        let Some(step_s) = reading.learn_s.filter(|_| !self.is_learnt(&reading.name)) else { return Vec::new() };
        let from = now.plus(-step_s * LEARNT_POINTS);
        match self.query_range(&reading.query, &reading.name, &reading.unit, from, now.plus(-step_s), step_s).await {
            Ok(mut series) => {
                self.note_learnt(&reading.name);
                reading.bound(&mut series, problems);
                series
            }
            Err(failure) => {
                problems.push(RowProblem { path: format!("{}: its past", reading.name).into(), message: failure.detail });
                Vec::new()
            }
        }
    }

    // poisoned only if a thread panicked while it held it: nothing in here panics
    fn is_learnt(&self, reading: &Text) -> bool {
        self.learnt.lock().is_ok_and(|learnt| learnt.contains(reading))
    }

    fn note_learnt(&self, reading: &Text) {
        if let Ok(mut learnt) = self.learnt.lock() {
            learnt.insert(reading.clone());
        }
    }

    async fn instant(&self, reading: &Reading) -> Result<(Vec<Series>, Vec<RowProblem>), Failure> {
        let response = self.get("/query", &[("query", &reading.query)]).await?;
        let told = self.read::<QueryData<'_>>(&response)?;
        let (series, mut problems) = promql::series(&told.data, &reading.name, &reading.unit, keeps_name(&reading.query));
        problems.extend(
            told.remarks.into_iter().map(|remark| RowProblem { path: format!("{}: {}", reading.name, remark.path).into(), ..remark }),
        );
        Ok((series, problems))
    }

    /// A reading over a window; steps grow where the server would refuse so many points.
    pub(super) async fn range(&self, reading: &Reading, from: Timestamp, to: Timestamp, step_s: f64) -> Result<Vec<Series>, Failure> {
        self.query_range(&reading.query, &reading.name, &reading.unit, from, to, promql::step(from, to, step_s)).await
    }

    pub(super) async fn query_range(
        &self,
        query: &str,
        name: &Text,
        unit: &Text,
        from: Timestamp,
        to: Timestamp,
        step: f64,
    ) -> Result<Vec<Series>, Failure> {
        let [start, end] = [from, to].map(|at| at.seconds().to_string());
        let parameters = [("query", query), ("start", &start), ("end", &end), ("step", &step.to_string())];
        let response = self.get("/query_range", &parameters).await?;
        let told = self.read::<QueryData<'_>>(&response)?;
        let (series, problems) = promql::series(&told.data, name, unit, keeps_name(query));
        match problems.into_iter().next() {
            // some of it can be drawn; a chart has no place for the rest, and the poll of the same reading tells it
            Some(problem) if series.is_empty() => {
                Err(Failure::new(FailureKind::BadShape, response.doing.as_str(), format!("{}: {}", problem.path, problem.message)))
            }
            _ => Ok(series),
        }
    }

    pub(super) fn reading(&self, name: &str) -> Option<&Reading> {
        self.readings.iter().find(|reading| &*reading.name == name)
    }

    /// The reading and series whose check `entity` is, by its key.
    pub(super) fn reading_of(&self, entity: &Entity) -> Option<&Reading> {
        let key = entity.id.key().strip_prefix(crate::source::reading::READING)?;
        self.reading(key).or_else(|| self.reading(key.rsplit_once('/')?.0))
    }
}

/// Series of one metric do not repeat its name in every legend; where the expression matches several metrics by `__name__`, they do.
fn keeps_name(query: &str) -> bool {
    query.contains("__name__")
}
