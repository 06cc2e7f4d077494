//! Datasets: rows, nulls, freshness, and how far readers of a stream are behind.
//! Not for: the pipelines that write them (see `runs`).

use super::World;
use crate::demo::company::{Dataset, In, PIPELINES};
use crate::demo::story::Bend;
use crate::domain::Timestamp;

/// How a dataset is at an instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Health {
    /// Rows.
    pub rows: f64,
    /// Share of values that are null in columns that should have none.
    pub nulls: f64,
    /// When it was last renewed.
    pub renewed_at: Timestamp,
    /// Records that its reader is behind; streams only.
    pub lag: Option<f64>,
}

/// One renewal of a dataset.
#[derive(Debug, Clone, PartialEq)]
pub struct Renewal {
    /// When.
    pub at: Timestamp,
    /// The pipeline that did it, with its run's id; streams have none.
    pub by: Option<(String, String)>,
}

impl World {
    /// How a dataset is now.
    pub fn dataset_health(&self, dataset: In<Dataset>) -> Health {
        self.dataset_health_at(dataset, self.now_s())
    }

    /// How a dataset was at a story second.
    pub fn dataset_health_at(&self, dataset: In<Dataset>, s: f64) -> Health {
        Health {
            rows: self.rows(dataset, s),
            nulls: self.nulls(dataset, s),
            renewed_at: self.clock().at(self.renewed_s(dataset, s)),
            lag: (dataset.group == "stream").then(|| self.lag(dataset, s)),
        }
    }

    /// Rows at a story second.
    pub(super) fn rows(&self, dataset: In<Dataset>, s: f64) -> f64 {
        let (name, market) = (dataset.name, dataset.market);
        let missing = self.bent(name, market, s, |bend| if let Bend::Missing(share) = bend { Some(share) } else { None });
        // renewals change the rows, not the passing of time
        let step = (s / dataset.renewed_s).floor() * dataset.renewed_s;
        let usual = dataset.rows * (1.0 + 0.04 * self.noise(&["rows", name], market, step, 7200.0));
        (usual * (1.0 - missing.min(1.0))).floor()
    }

    /// Share of nulls at a story second.
    pub(super) fn nulls(&self, dataset: In<Dataset>, s: f64) -> f64 {
        let (name, market) = (dataset.name, dataset.market);
        let step = (s / dataset.renewed_s).floor() * dataset.renewed_s;
        let more = self.bent(name, market, s, |bend| if let Bend::Nulls(share) = bend { Some(share) } else { None });
        0.001 * (1.0 + 0.5 * self.noise(&["nulls", name], market, step, 7200.0)) + more
    }

    /// Records that a stream's reader is behind at a story second.
    pub(super) fn lag(&self, dataset: In<Dataset>, s: f64) -> f64 {
        let (name, market) = (dataset.name, dataset.market);
        40.0 * (1.0 + self.noise(&["lag", name], market, s, 45.0)) + self.backlog(name, market, s)
    }

    /// The story second at which it was last renewed before `s`.
    pub(super) fn renewed_s(&self, dataset: In<Dataset>, s: f64) -> f64 {
        let writer = PIPELINES.iter().find(|pipeline| pipeline.writes.contains(&dataset.name));
        let renewed = writer.and_then(|of| {
            let plans = self.run_plans(In { of, market: dataset.market });
            plans.iter().filter(|plan| plan.is_good()).filter_map(|plan| plan.end_s()).filter(|end| *end <= s).reduce(f64::max)
        });
        if let Some(renewed) = renewed {
            return renewed;
        }
        let every = dataset.renewed_s;
        let usual = (s / every).floor() * every;
        let cured = self.cured_s();
        let stale =
            self.symptoms(dataset.name, dataset.market).find(|symptom| symptom.bend == Bend::Stale && symptom.strength(s, cured) > 0.5);
        stale.map_or(usual, |symptom| usual.min((symptom.from_s / every).floor() * every))
    }

    /// The last renewals of a dataset that a pipeline writes, oldest first.
    pub fn renewals(&self, dataset: In<Dataset>) -> Vec<Renewal> {
        let Some(pipeline) = PIPELINES.iter().find(|pipeline| pipeline.writes.contains(&dataset.name)) else { return Vec::new() };
        let pipeline = In { of: pipeline, market: dataset.market };
        let mut renewals: Vec<Renewal> = self
            .runs(pipeline)
            .into_iter()
            .filter_map(|run| {
                let at = run.ended_at.filter(|_| run.state == super::RunState::Success)?;
                Some(Renewal { at, by: Some((run.dag, run.run_id)) })
            })
            .collect();
        renewals.sort_by_key(|renewal| renewal.at);
        renewals
    }

    /// Records that pile up while a reader is behind; they are read within a minute after it is well again.
    fn backlog(&self, name: &str, market: usize, s: f64) -> f64 {
        let cured = self.cured_s();
        let per_second = |bend: Bend| if let Bend::Lag(rate) = bend { Some(rate) } else { None };
        self.symptoms(name, market)
            .filter_map(|symptom| Some((symptom, per_second(symptom.bend)?)))
            .map(|(symptom, rate)| {
                let ebb = cured.map_or(f64::INFINITY, |cured| cured + symptom.linger_s);
                rate * symptom.total(s.min(ebb), None) * (1.0 - (s - ebb).max(0.0) / 60.0).max(0.0)
            })
            .sum()
    }
}
