//! What tasks of a DAG run and jobs of a build write.
//! Not for: what services write (see `logs`), how a system frames a line.
//!
//! A line's instant follows from when the task will end, not from how far it is: what was written once stays as it was.

use super::{Build, BuildState, DagRun, Entry, Job, Level, RunState, Task, World};
use crate::demo::chance;
use crate::demo::company::{DATASETS, DOMAIN, In, Pipeline};

/// Fewer rows than this are not a whole vendor's file.
const WHOLE_FILE: f64 = 700_000.0;
/// Story seconds after which every job of a build has ended.
const LONGEST_JOB_S: f64 = 120.0;
/// Boosting rounds between two lines of a training.
const ROUNDS: u32 = 50;

/// A line before its instant is known: which part of the task's time has passed.
type Said = (f64, Level, String);

impl World {
    /// What a task of a run wrote, oldest first.
    pub fn task_log(&self, run: &DagRun, task: &Task) -> Vec<Entry> {
        let (Some(start), Some(pipeline)) = (task.started_at, self.pipeline(&run.dag)) else { return Vec::new() };
        let fate = self.fate_of_task(pipeline, run, task);
        let span = fate.ended_at.unwrap_or(self.now()).since(start).max(0.0);
        let mut said = vec![(0.0, Level::Info, format!("Running {}.{} of {}, attempt {}", run.dag, task.id, run.run_id, task.attempt))];
        self.say(pipeline, &fate, self.clock().story_s(start), &mut said);
        match fate.state {
            RunState::Success => said.push((1.0, Level::Info, "Task succeeded".to_owned())),
            RunState::Failed => said.push((1.0, Level::Error, "Task failed".to_owned())),
            _ => {}
        }
        let lines = said.into_iter().map(|(part, level, text)| Entry { at: start.plus(span * part), level, text });
        lines.filter(|line| line.at <= self.now()).collect()
    }

    /// A task as it will be when it has ended, if nobody interferes.
    fn fate_of_task(&self, pipeline: In<Pipeline>, run: &DagRun, task: &Task) -> Task {
        if task.ended_at.is_some() {
            return task.clone();
        }
        let later = self.at(self.now().plus(self.clock().wall_s(pipeline.takes_s * 1.5)));
        let runs = later.runs(pipeline).into_iter().filter(|other| other.run_id == run.run_id && other.attempt == run.attempt);
        let fate = runs.flat_map(|run| run.tasks).find(|other| other.id == task.id);
        fate.unwrap_or_else(|| task.clone())
    }

    fn say(&self, pipeline: In<Pipeline>, task: &Task, s: f64, said: &mut Vec<Said>) {
        let rows = |name: &str| {
            let dataset = DATASETS.iter().find(|dataset| dataset.name == name);
            dataset.map_or(0.0, |of| self.dataset_health_at(In { of, market: pipeline.market }, s + 60.0).rows)
        };
        let mut say = |part: f64, text: String| said.push((part, Level::Info, text));
        match (pipeline.name, task.id) {
            (_, "wait_for_file") => {
                say(0.1, "poking for sftp://vendor.example/out/orders.csv".to_owned());
                say(0.8, "the file is there".to_owned());
            }
            (_, "fetch") => {
                let rows = rows("vendor_orders_file");
                say(0.4, format!("sftp://vendor.example/out/orders.csv: {} bytes", (rows * 164.0) as u64));
                say(0.8, format!("fetched {rows} rows"));
                if rows < WHOLE_FILE {
                    said.insert(2, (0.5, Level::Warning, "the file's time is 3 s ago: it may still be written".to_owned()));
                }
            }
            (_, "unpack") => {
                let rows = rows("vendor_orders_file");
                say(0.7, format!("wrote s3://landing/vendor/orders.parquet: {rows} rows in {} row groups", (rows / 65_536.0).ceil()));
            }
            (_, "stage") => {
                say(0.1, "COPY raw.orders FROM 's3://landing/vendor/orders.parquet'".to_owned());
                say(0.9, format!("COPY {}", rows("raw_orders")));
            }
            (_, "merge") => {
                say(0.1, "MERGE INTO core.orders USING raw.orders ON order_id".to_owned());
                say(0.7, format!("merged {} rows into core.orders", rows("raw_orders")));
            }
            (_, "publish") => say(0.6, "ANALYZE core.orders; asset orders is renewed".to_owned()),
            (_, "volume") => {
                let rows = rows("orders");
                if task.state == RunState::Failed {
                    say(0.6, format!("core.orders has {rows} rows"));
                    let wrong = |part: f64, text: &str| (part, Level::Error, text.to_owned());
                    said.push(wrong(0.9, "expected 1,100,000 to 1,400,000 rows: volume test failed"));
                    said.push(wrong(0.95, "expected column customer_id to have no nulls: 18 % are null: schema test failed"));
                } else {
                    say(0.6, format!("core.orders has {rows} rows: as expected"));
                }
            }
            (_, "schema") => say(0.6, "core.orders: 14 columns, names and types as expected".to_owned()),
            (_, "freshness") => say(0.6, "core.orders: the newest order is younger than 20 minutes".to_owned()),
            (_, "wait_for_events") => say(0.5, "payments_events is read up to now".to_owned()),
            (_, "join") => {
                say(0.1, format!("reading {}", pipeline.reads.join(", ")));
                say(0.9, format!("joined {} orders with {} customers", rows("orders"), rows("customers")));
            }
            (_, "push_online") => {
                say(0.8, format!("HSET: {} keys of features_fraud, {} of features_search", rows("features_fraud"), rows("features_search")))
            }
            (_, "sample") => say(0.6, format!("sampled {} rows of features_fraud, 2.1 % of them fraud", rows("features_fraud"))),
            (_, "train") => {
                for step in 1..=8_u32 {
                    let auc = 0.88 + 0.06 * (1.0 - 0.6_f64.powf(f64::from(step)));
                    let wobble = 0.002 * chance::share_of(self.seed(), &["round", pipeline.name], s as i64 * 10 + i64::from(step));
                    say(f64::from(step) / 9.0, format!("[{}] validation_0-auc:{:.5}", step * ROUNDS, auc + wobble));
                }
            }
            (_, "evaluate") => say(0.6, "auc 0.9391 on the last 7 days; the champion has 0.9430".to_owned()),
            (_, "register") => say(0.6, "the candidate is not better than the champion: not registered".to_owned()),
            (_, "send") => say(0.7, format!("sent revenue.csv to finance@{DOMAIN}")),
            (_, id) => say(0.6, format!("{id} done")),
        }
    }

    /// What a job of a build wrote, oldest first.
    pub fn job_log(&self, build: &Build, job: &Job) -> Vec<Entry> {
        let Some(start) = job.started_at else { return Vec::new() };
        let fate = self.fate_of_job(build, job);
        let span = fate.ended_at.unwrap_or(self.now()).since(start).max(0.0);
        let name = &build.project;
        let image = format!("registry.{DOMAIN}/{name}:{}", build.version);
        let mut told: Vec<String> = match job.stage {
            "build" => vec![
                format!("$ docker build --tag {image} ."),
                "#1 [internal] load build definition from Dockerfile".to_owned(),
                "#7 [builder 5/6] RUN make release".to_owned(),
                "#9 exporting to image".to_owned(),
                format!("$ docker push {image}"),
                format!("{}: digest: sha256:{} size: 2413", build.version, chance::hex(self.seed(), &["image", &image], 64)),
            ],
            "test" => vec!["$ make test".to_owned(), "running 418 tests".to_owned(), "test result: ok. 418 passed; 0 failed".to_owned()],
            _ => vec![
                format!("$ docker compose up --detach {name}"),
                format!(" Container {name}  Recreate"),
                format!(" Container {name}  Started"),
                format!(" Container {name}  Healthy"),
            ],
        };
        if fate.state == BuildState::Failed {
            told.pop();
        }
        let first = format!("Checking out {} as detached HEAD (ref is {})...", &build.sha[..8], build.branch);
        let mut lines = vec![Entry { at: start, level: Level::Info, text: first }];
        let parts = told.len() as f64 + 1.0;
        for (place, text) in told.into_iter().enumerate() {
            lines.push(Entry { at: start.plus(span * (place as f64 + 1.0) / parts), level: Level::Info, text });
        }
        let end = start.plus(span);
        let mut last = |level, text: &str| lines.push(Entry { at: end, level, text: text.to_owned() });
        match fate.state {
            BuildState::Failed => {
                last(Level::Error, "3 of 418 failed: orders::totals, orders::taxes, orders::refund");
                last(Level::Error, "ERROR: Job failed: exit code 1");
            }
            BuildState::Canceled => last(Level::Error, "ERROR: Job failed: canceled"),
            BuildState::Success => last(Level::Info, "Job succeeded"),
            _ => {}
        }
        lines.retain(|line| line.at <= self.now());
        lines
    }

    /// A job as it will be when it has ended, if nobody interferes.
    fn fate_of_job(&self, build: &Build, job: &Job) -> Job {
        let Some(service) = self.service(&build.project).filter(|_| job.ended_at.is_none()) else { return job.clone() };
        let later = self.at(self.now().plus(self.clock().wall_s(LONGEST_JOB_S)));
        let jobs = later.builds(service).into_iter().filter(|other| other.id == build.id).flat_map(|build| build.jobs);
        jobs.into_iter().find(|other| other.id == job.id).unwrap_or_else(|| job.clone())
    }
}
