//! What is particular to each kind of entity. Absent is absent, never zero: every field that a system may not tell is optional.
//! Not for: identity, state and relations (see `entity`). Units: seconds, bytes, cores, shares in 0–1.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{State, Text, Timestamp};

/// A named number or word per key.
pub type Table<V> = BTreeMap<Text, V>;

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $word:literal / $plural:literal),+ $(,)?) => {
        /// The eleven nouns.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
        #[serde(rename_all = "lowercase")]
        pub enum Kind { $($(#[$doc])* $kind),+ }

        impl Kind {
            /// All of them, in the order of the design.
            pub const ALL: &'static [Self] = &[$(Self::$kind),+];

            /// The word in ids and files.
            pub fn word(self) -> &'static str {
                match self { $(Self::$kind => $word),+ }
            }

            /// The word for several.
            pub fn plural(self) -> &'static str {
                match self { $(Self::$kind => $plural),+ }
            }
        }

        /// The particulars, tagged by kind.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "kind", content = "detail", rename_all = "lowercase")]
        pub enum Detail { $($(#[$doc])* $kind(Box<$kind>)),+ }

        impl Detail {
            /// Which noun this is.
            pub fn kind(&self) -> Kind {
                match self { $(Self::$kind(_) => Kind::$kind),+ }
            }

            /// Nothing known but the kind.
            pub fn empty(kind: Kind) -> Self {
                match kind { $(Kind::$kind => Self::$kind(Box::default())),+ }
            }
        }

        $(impl From<$kind> for Detail {
            fn from(detail: $kind) -> Self { Self::$kind(Box::new(detail)) }
        })+
    };
}

kinds! {
    /// Something firing.
    Alert = "alert" / "alerts",
    /// One execution of a pipeline.
    Run = "run" / "runs",
    /// What runs execute.
    Pipeline = "pipeline" / "pipelines",
    /// Container, pod, deployment, service, task.
    Workload = "workload" / "workloads",
    /// Machine or agent under configuration management.
    Host = "host" / "hosts",
    /// A registered model version.
    Model = "model" / "models",
    /// A served model.
    Endpoint = "endpoint" / "endpoints",
    /// Table, topic, file set, feature group.
    Dataset = "dataset" / "datasets",
    /// One test of data, a model or a target.
    Check = "check" / "checks",
    /// Something somebody or something changed.
    Change = "change" / "changes",
    /// Infrastructure as code: state, workspace, stack.
    Stack = "stack" / "stacks",
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

macro_rules! details {
    ($($(#[$doc:meta])* $name:ident { $($(#[$fdoc:meta])* $field:ident: $type:ty),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $name { $($(#[$fdoc])* pub $field: $type),+ }
    )+};
}

details! {
    /// Something firing.
    Alert {
        /// The `severity` label, as written.
        severity: Option<Text>,
        /// When it began to be true.
        starts_at: Option<Timestamp>,
        /// The expression that fires it.
        expr: Option<Text>,
        /// What the expression last evaluated to.
        value: Option<f64>,
        /// One sentence for people.
        summary: Option<Text>,
        /// The long form.
        description: Option<Text>,
        /// What to do about it.
        runbook_url: Option<Text>,
        /// Ids of the silences that mute it.
        silenced_by: Vec<Text>,
        /// Fingerprints of the alerts that inhibit it.
        inhibited_by: Vec<Text>,
        /// Who has taken it.
        acked_by: Option<Text>,
        /// Where notifications go.
        receivers: Vec<Text>,
    }
    /// One execution of a pipeline: CI build, DAG run, job, playbook, plan or apply, training.
    Run {
        /// The pipeline's name.
        pipeline: Option<Text>,
        /// The system's number or id of the run.
        number: Option<Text>,
        /// `scheduled`, `manual`, `push`, …
        trigger: Option<Text>,
        /// Who started it.
        actor: Option<Text>,
        /// Revision it ran on.
        commit: Option<Text>,
        /// Branch it ran on.
        branch: Option<Text>,
        /// When it began.
        started_at: Option<Timestamp>,
        /// When it ended.
        ended_at: Option<Timestamp>,
        /// Seconds it waited before it began.
        queued_s: Option<f64>,
        /// Its parts, where the poll brings them.
        steps: Vec<Step>,
        /// Numbers it logged (training runs).
        metrics: Table<f64>,
        /// Parameters it was given.
        params: Table<Text>,
    }
    /// What runs execute.
    Pipeline {
        /// Cron expression or the system's words for it.
        schedule: Option<Text>,
        /// Does not start by itself at present.
        paused: Option<bool>,
        /// When it starts next.
        next_at: Option<Timestamp>,
        /// Share of the known finished runs that ended well; derived from runs.
        success_rate: Option<f64>,
        /// Seconds each known finished run took, oldest first; derived from runs.
        durations_s: Vec<f64>,
        /// What it is for.
        description: Option<Text>,
    }
    /// Container, pod, deployment, service, task.
    Workload {
        /// `docker`, `podman`, `kubernetes`, `ecs`.
        runtime: Option<Text>,
        /// Image with tag.
        image: Option<Text>,
        /// Parts that are ready.
        ready: Option<u32>,
        /// Parts that should be.
        desired: Option<u32>,
        /// How often the runtime restarted it.
        restarts: Option<u64>,
        /// Cores in use.
        cpu_cores: Option<f64>,
        /// Memory in use, as the runtime's own tool counts it.
        memory_bytes: Option<u64>,
        /// Memory it may use.
        memory_limit_bytes: Option<u64>,
        /// Bytes per second received.
        net_rx_bps: Option<f64>,
        /// Bytes per second sent.
        net_tx_bps: Option<f64>,
        /// Machine it runs on.
        node: Option<Text>,
        /// Namespace, compose project or pod.
        namespace: Option<Text>,
        /// Code its process ended with.
        exit_code: Option<i64>,
        /// The kernel killed it for memory.
        oom_killed: Option<bool>,
        /// `healthy`, `unhealthy`, `starting`.
        health: Option<Text>,
        /// Last output of its health check.
        health_output: Option<Text>,
        /// When its process began.
        started_at: Option<Timestamp>,
        /// When its process ended.
        finished_at: Option<Timestamp>,
    }
    /// Machine or agent under configuration management.
    Host {
        /// When it last reported.
        last_report_at: Option<Timestamp>,
        /// Resources changed by the last report.
        changed: Option<u64>,
        /// Resources failed in the last report.
        failed: Option<u64>,
        /// Differs from what is described.
        drifted: Option<bool>,
    }
    /// A registered model version.
    Model {
        /// Version as written.
        version: Option<Text>,
        /// Aliases that point to it.
        aliases: Vec<Text>,
        /// The older stage word.
        stage: Option<Text>,
        /// `sklearn`, `pytorch`, `tensorflow`, …
        framework: Option<Text>,
        /// Version of the framework.
        framework_version: Option<Text>,
        /// Training run it came from.
        run_id: Option<Text>,
        /// Numbers of that run.
        metrics: Table<f64>,
        /// Tags.
        tags: Table<Text>,
        /// What it is for.
        description: Option<Text>,
    }
    /// A served model.
    Endpoint {
        /// Model's name.
        model: Option<Text>,
        /// Model's version.
        version: Option<Text>,
        /// Share of traffic, 0–1.
        traffic_share: Option<f64>,
        /// Answers.
        ready: Option<bool>,
        /// Median latency, seconds.
        latency_p50_s: Option<f64>,
        /// 99th percentile latency, seconds.
        latency_p99_s: Option<f64>,
        /// Requests per second.
        requests_per_s: Option<f64>,
        /// Failed requests per second.
        errors_per_s: Option<f64>,
    }
    /// Table, topic, file set, feature group.
    Dataset {
        /// `snowflake`, `kafka`, `airflow`, …
        platform: Option<Text>,
        /// `PII`, `confidential`, …
        classifications: Vec<Text>,
        /// When its content was last renewed.
        freshness_at: Option<Timestamp>,
        /// Rows.
        rows: Option<u64>,
        /// Bytes.
        bytes: Option<u64>,
        /// Records not yet read by its slowest reader.
        lag: Option<u64>,
        /// Types of its columns, by name; empty where they are not known.
        #[serde(skip_serializing_if = "Table::is_empty")]
        columns: Table<Text>,
        /// Share of values that are missing, 0–1, by column; empty where nobody counts them.
        #[serde(skip_serializing_if = "Table::is_empty")]
        nulls: Table<f64>,
    }
    /// One test of data, a model or a target: expectation, freshness, volume, schema, drift, scrape, rule evaluation.
    Check {
        /// What is tested.
        subject: Option<Text>,
        /// Which test.
        test: Option<Text>,
        /// What was seen.
        observed: Option<Text>,
        /// What should have been.
        expected: Option<Text>,
        /// Unit of both.
        unit: Option<Text>,
        /// When it was tested.
        evaluated_at: Option<Timestamp>,
        /// Numbers behind the verdict: `psi`, `ks`, `failed_rows`, …
        #[serde(skip_serializing_if = "Table::is_empty")]
        numbers: Table<f64>,
        /// The two distributions that were compared.
        #[serde(skip_serializing_if = "Option::is_none")]
        windows: Option<Windows>,
    }
    /// Two distributions over the same cells.
    Windows {
        /// What each cell holds: `≤ 0.5`, `FR`.
        cells: Vec<Text>,
        /// Shares of the reference, 0–1.
        reference: Vec<f64>,
        /// Shares of the current window, 0–1.
        current: Vec<f64>,
    }
    /// Something somebody or something changed.
    Change {
        /// What was changed.
        what: Option<Text>,
        /// By whom.
        actor: Option<Text>,
        /// When.
        at: Option<Timestamp>,
        /// Value before.
        before: Option<Text>,
        /// Value after.
        after: Option<Text>,
        /// Revision.
        commit: Option<Text>,
        /// Which kind of change.
        change: Option<ChangeKind>,
    }
    /// Infrastructure as code: state, workspace, stack.
    Stack {
        /// Resources it holds.
        resources: Option<u64>,
        /// Resources that differ from what is described.
        drifted: Option<u64>,
        /// When it was last applied.
        last_apply_at: Option<Timestamp>,
    }
    /// One part of a run: task instance, job, stage.
    Step {
        /// The system's id of it, as its log is asked for.
        key: Text,
        /// What people call it.
        name: Text,
        /// How it is.
        state: State,
        /// The system's own word.
        reason: Option<Text>,
        /// When it began.
        started_at: Option<Timestamp>,
        /// When it ended.
        ended_at: Option<Timestamp>,
        /// Which attempt this is, from 1.
        attempt: Option<u32>,
        /// Steps it waits for, by key.
        after: Vec<Text>,
    }
}

/// What was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the words explain themselves")]
pub enum ChangeKind {
    Deploy,
    Commit,
    Config,
    Alias,
    Silence,
    Schema,
    Apply,
}

impl ChangeKind {
    /// The word shown and written.
    pub fn word(self) -> &'static str {
        match self {
            Self::Deploy => "deploy",
            Self::Commit => "commit",
            Self::Config => "config",
            Self::Alias => "alias",
            Self::Silence => "silence",
            Self::Schema => "schema",
            Self::Apply => "apply",
        }
    }
}
