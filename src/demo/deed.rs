//! What somebody did to the world through one of its systems: the only thing that changes it.
//! Not for: what follows from it (see `story` for cures, `world` for the rest).

use crate::domain::Timestamp;

/// One deed.
#[derive(Debug, Clone, PartialEq)]
pub struct Deed {
    /// When, on the wall clock: the instant of the request.
    pub at: Timestamp,
    /// By whom, as the system knows it: `triops`, `root`, `oncall`.
    pub by: String,
    /// What.
    pub act: Act,
}

/// What can be done. Names are those of the world: a container's, a DAG's, a model's, a project's.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// Docker: stop and start.
    Restart(String),
    /// Docker: start.
    Start(String),
    /// Docker: stop, by SIGTERM, exit code 0.
    Stop(String),
    /// Docker: kill, exit code 137.
    Kill(String),
    /// Docker: freeze.
    Pause(String),
    /// Docker: thaw.
    Unpause(String),
    /// Docker: remove.
    Remove(String),
    /// Airflow: a new manual run of a DAG.
    TriggerDag(String),
    /// Airflow: run the tasks of a run again; by number of the run (see `world::runs`).
    ClearRun {
        /// The DAG.
        dag: String,
        /// The run's id as Airflow writes it.
        run_id: String,
        /// Only tasks that failed or were not reached.
        only_failed: bool,
    },
    /// Airflow: say how a run ended.
    MarkRun {
        /// The DAG.
        dag: String,
        /// The run's id as Airflow writes it.
        run_id: String,
        /// Well, or not.
        success: bool,
    },
    /// Airflow: pause a DAG, or not any more.
    PauseDag {
        /// The DAG.
        dag: String,
        /// Paused from now on.
        paused: bool,
    },
    /// `MLflow`: point an alias of a model to a version.
    SetAlias {
        /// The model.
        model: String,
        /// `champion`, …
        alias: String,
        /// The version.
        version: u32,
    },
    /// `MLflow`: remove an alias.
    DeleteAlias {
        /// The model.
        model: String,
        /// `champion`, …
        alias: String,
    },
    /// `MLflow`: set the status of a training run.
    MarkTraining {
        /// The run.
        run_id: String,
        /// `KILLED`, `FINISHED`, …
        status: String,
    },
    /// `MLflow`: delete a training run.
    DeleteTraining {
        /// The run.
        run_id: String,
    },
    /// GitLab: a new pipeline of a project's default branch, which deploys its newest commit.
    RunPipeline {
        /// The project, by the service's name.
        project: String,
    },
    /// GitLab: retry a pipeline or a job of it; a deploy job deploys its commit again, which is how one rolls back.
    RetryPipeline {
        /// The project, by the service's name.
        project: String,
        /// The pipeline's number in the project (see `world::builds`).
        number: i64,
    },
    /// GitLab: cancel a pipeline.
    CancelPipeline {
        /// The project, by the service's name.
        project: String,
        /// The pipeline's number in the project.
        number: i64,
    },
    /// Alertmanager: be quiet about what matches.
    Silence {
        /// Given by the server.
        id: String,
        /// Which alerts.
        matchers: Vec<Matcher>,
        /// From when on.
        starts_at: Timestamp,
        /// Until when.
        ends_at: Timestamp,
        /// By whom.
        created_by: String,
        /// Why.
        comment: String,
    },
    /// Alertmanager: end a silence.
    ExpireSilence {
        /// Which.
        id: String,
    },
}

/// One condition of a silence on a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matcher {
    /// The label.
    pub name: String,
    /// Its value, or an anchored regular expression.
    pub value: String,
    /// `value` is a regular expression.
    pub is_regex: bool,
    /// It must match rather than must not.
    pub is_equal: bool,
}
