//! Builds (pipelines of a CI) of each service's project, and the deploys that come of them.
//! Not for: what a deployed version does (see `story`, `containers`).

use super::World;
use crate::demo::chance;
use crate::demo::company::{In, Service};
use crate::demo::deed::Act;
use crate::demo::story::Event;
use crate::domain::Timestamp;

/// How far back builds go, in story seconds.
const PAST_S: f64 = 24.0 * 3600.0;
/// Nothing is deployed by the everyday routine so shortly before a story's zero, nor until so long after it.
const CALM_S: (f64, f64) = (-1500.0, 5400.0);
/// Seconds between the start of a build and the end of its stages: build, test, deploy.
const STAGES: [(&str, f64); 3] = [("build", 27.0), ("test", 63.0), ("deploy", 75.0)];
/// Seconds that a repeated deploy job takes.
const REDEPLOY_S: f64 = 12.0;
/// Seconds after which a broken build is followed by a good one.
const FIXED_S: f64 = 1100.0;
/// Titles of everyday commits.
const TITLES: [&str; 10] = [
    "Raise the timeout of the outer client",
    "Drop an unused index",
    "Log the request id",
    "Update dependencies",
    "Answer 404 instead of 500 for unknown ids",
    "Split the settings page",
    "Read limits from the environment",
    "Fix a typo in the help",
    "Measure the queue's length",
    "Use the new date library",
];

/// One build.
#[derive(Debug, Clone, PartialEq)]
pub struct Build {
    /// Full name of the service, which is the project's too.
    pub project: String,
    /// Number in the project, from 1.
    pub number: i64,
    /// Number among all builds.
    pub id: i64,
    /// Commit, 40 hexadecimal digits.
    pub sha: String,
    /// Title of the commit.
    pub title: String,
    /// Who made the commit.
    pub author: String,
    /// `main`, or a branch's name.
    pub branch: String,
    /// Version that it makes: `2.14.47`.
    pub version: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its first job began.
    pub started_at: Option<Timestamp>,
    /// When its last job ended.
    pub ended_at: Option<Timestamp>,
    /// How it is.
    pub state: BuildState,
    /// Its jobs, in order.
    pub jobs: Vec<Job>,
}

/// One job of a build.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Number among all jobs.
    pub id: i64,
    /// Its name and stage.
    pub stage: Stage,
    /// How it is.
    pub state: BuildState,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

/// Name of a stage, and of its one job: `build`, `test`, `deploy`.
pub type Stage = &'static str;

/// How a build or a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BuildState {
    /// Waits for the one before.
    Created,
    /// Under way.
    Running,
    /// Ended well.
    Success,
    /// Ended badly.
    Failed,
    /// Ended by somebody.
    Canceled,
    /// Not reached.
    Skipped,
}

/// A version that was put into service.
#[derive(Debug, Clone, PartialEq)]
pub struct Deploy {
    /// Full name of the service.
    pub service: String,
    /// Build that did it.
    pub number: i64,
    /// Version.
    pub version: String,
    /// Commit.
    pub sha: String,
    /// Title of the commit.
    pub title: String,
    /// Who made the commit, or repeated the deploy.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// The version before.
    pub before: Option<String>,
}

/// A build without its words.
#[derive(Debug, Clone)]
struct Plan {
    created_s: f64,
    main: bool,
    /// Fails in its tests.
    broken: bool,
    /// Commits of main so far, this one included: the third number of its version.
    patch: u32,
    title: Option<&'static str>,
    by: Option<&'static str>,
    /// Deployed again at these story seconds, by whom.
    again: Vec<(f64, String)>,
    cancelled_s: Option<f64>,
}

impl Plan {
    /// When its version goes into service for the first time.
    fn deploy_s(&self) -> Option<f64> {
        let at = self.created_s + STAGES[2].1;
        (self.main && !self.broken && self.cancelled_s.is_none_or(|cancelled| cancelled >= at)).then_some(at)
    }
}

/// Whether a build of a project had been deployed before the story's cause.
pub(super) fn is_before_the_story(world: &World, project: &str, number: i64) -> bool {
    let Some(service) = world.all_services().find(|service| service.full_name() == project) else { return false };
    usize::try_from(number - 1)
        .ok()
        .and_then(|place| plans(world, service).into_iter().nth(place))
        .and_then(|plan| plan.deploy_s())
        .is_some_and(|at| at < world.story().cause_s)
}

/// All builds of a service's project up to now, oldest first; a build's number is its place, from 1.
fn plans(world: &World, service: In<Service>) -> Vec<Plan> {
    let (name, now_s) = (service.full_name(), world.now_s());
    let bits = world.hash(&["builds", service.name], service.market);
    let every = 4200.0 + 9000.0 * chance::share(bits);
    let first = chance::share(chance::mix(bits)) * every - PAST_S;
    let told = service.market == 0 && world.story().affected.contains(&service.name);
    let mut plans: Vec<Plan> = Vec::new();
    let mut at = first;
    while at <= now_s {
        let calm = (CALM_S.0..CALM_S.1).contains(&at) || (told && at > CALM_S.0);
        if !calm {
            let dice = chance::share_of(world.seed(), &["build", &name], plans.len() as i64);
            let broken = dice > 0.9 && at + FIXED_S < CALM_S.0;
            plans.push(plain(at, dice > 0.2, broken));
            if broken {
                // nobody leaves a build red for long
                plans.push(plain(at + FIXED_S, true, false));
            }
        }
        at += every;
    }
    if service.market == 0 {
        for happening in world.spec.story.happenings {
            if let Event::Deploy { service: of, title } = happening.what
                && of == service.name
                && happening.at_s - STAGES[2].1 <= now_s
            {
                plans.push(Plan { title: Some(title), by: Some(happening.by), ..plain(happening.at_s - STAGES[2].1, true, false) });
            }
        }
    }
    for (s, deed) in world.acts() {
        if matches!(&deed.act, Act::RunPipeline { project } if *project == name) {
            plans.push(plain(s, true, false));
        }
    }
    plans.sort_by(|a, b| a.created_s.total_cmp(&b.created_s));
    let mut patch = 20 + (bits % 60) as u32;
    for plan in &mut plans {
        patch += u32::from(plan.main);
        plan.patch = patch;
    }
    for (s, deed) in world.acts() {
        let (number, cancels) = match &deed.act {
            Act::RetryPipeline { project, number } if *project == name => (*number, false),
            Act::CancelPipeline { project, number } if *project == name => (*number, true),
            _ => continue,
        };
        let Some(plan) = usize::try_from(number - 1).ok().and_then(|place| plans.get_mut(place)) else { continue };
        if !cancels {
            plan.again.push((s, deed.by.clone()));
        } else if s < plan.created_s + STAGES[2].1 {
            plan.cancelled_s = Some(s);
        }
    }
    plans
}

fn plain(created_s: f64, main: bool, broken: bool) -> Plan {
    Plan { created_s, main, broken, patch: 0, title: None, by: None, again: Vec::new(), cancelled_s: None }
}

impl World {
    /// The builds of a service's project up to now, newest first.
    pub fn builds(&self, service: In<Service>) -> Vec<Build> {
        let mut builds: Vec<Build> =
            plans(self, service).into_iter().enumerate().map(|(place, plan)| self.build(service, place as i64 + 1, &plan)).collect();
        builds.reverse();
        builds
    }

    fn build(&self, service: In<Service>, number: i64, plan: &Plan) -> Build {
        let project = service.full_name();
        let (now_s, at) = (self.now_s(), |s: f64| self.clock().at(s));
        let place = SERVICE_IDS + self.service_place(service);
        let id = place * 1000 + number;
        let broken_at = if plan.broken { Some(STAGES[1].0) } else { None };
        let repeated = plan.again.last().map(|(s, _)| *s);
        let mut jobs = Vec::new();
        let mut begin = plan.created_s + 3.0;
        let mut over = false;
        for (stage_no, (stage, until)) in STAGES.into_iter().enumerate() {
            if stage == "deploy" && !plan.main {
                continue;
            }
            let mut end = plan.created_s + until;
            if let Some(repeated) = repeated.filter(|_| stage == "deploy") {
                (begin, end) = (repeated + 1.0, repeated + REDEPLOY_S);
            }
            let cancelled = plan.cancelled_s.filter(|cancelled| *cancelled < end);
            let state = if over {
                BuildState::Skipped
            } else if let Some(cancelled) = cancelled {
                over = true;
                end = cancelled;
                BuildState::Canceled
            } else if now_s < begin {
                BuildState::Created
            } else if now_s < end {
                BuildState::Running
            } else if broken_at == Some(stage) {
                over = true;
                BuildState::Failed
            } else {
                BuildState::Success
            };
            let began = !matches!(state, BuildState::Created | BuildState::Skipped);
            let ended = began && state != BuildState::Running;
            jobs.push(Job {
                id: id * 10 + stage_no as i64,
                stage,
                state,
                started_at: began.then(|| at(begin)),
                ended_at: ended.then(|| at(end)),
            });
            begin = end + 1.0;
        }
        let state = state_of(&jobs);
        let ended = !matches!(state, BuildState::Running | BuildState::Created);
        let dice = chance::hash(self.seed(), &["title", &project, &number.to_string()]);
        let title = plan.title.unwrap_or(TITLES[(dice % TITLES.len() as u64) as usize]);
        Build {
            number,
            id,
            sha: chance::hex(self.seed(), &["commit", &project, &plan.patch.to_string(), if plan.main { "main" } else { &title }], 40),
            title: title.to_owned(),
            author: plan.by.unwrap_or(service.author).to_owned(),
            branch: if plan.main { "main".to_owned() } else { title.to_lowercase().replace(' ', "-") },
            version: version(service, plan.patch),
            created_at: at(plan.created_s),
            started_at: jobs.first().and_then(|job| job.started_at),
            ended_at: if ended { jobs.iter().filter_map(|job| job.ended_at).max() } else { None },
            state,
            jobs,
            project,
        }
    }

    /// The deploys of a service up to now, oldest first.
    pub fn deploys(&self, service: In<Service>) -> Vec<Deploy> {
        let now_s = self.now_s();
        let name = service.full_name();
        let mut deploys: Vec<(f64, Deploy)> = Vec::new();
        for (place, plan) in plans(self, service).into_iter().enumerate() {
            let Some(first) = plan.deploy_s() else { continue };
            let build = self.build(service, place as i64 + 1, &plan);
            let again = plan.again.iter().map(|(s, by)| (s + REDEPLOY_S, by.clone()));
            for (s, by) in std::iter::once((first, build.author.clone())).chain(again).filter(|(s, _)| *s <= now_s) {
                let deploy = Deploy {
                    service: name.clone(),
                    number: build.number,
                    version: build.version.clone(),
                    sha: build.sha.clone(),
                    title: build.title.clone(),
                    by,
                    at: self.clock().at(s),
                    before: None,
                };
                deploys.push((s, deploy));
            }
        }
        deploys.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut before = None;
        let link = |(_, mut deploy): (f64, Deploy)| {
            deploy.before = before.replace(deploy.version.clone());
            deploy
        };
        deploys.into_iter().map(link).collect()
    }

    /// Place of a service among all, markets included.
    pub fn service_place(&self, service: In<Service>) -> i64 {
        let all = crate::demo::company::SERVICES;
        let inside = all.iter().position(|other| other.name == service.name).unwrap_or_default();
        (service.market * all.len() + inside) as i64
    }
}

/// Numbers of projects begin here.
const SERVICE_IDS: i64 = 11;

/// The version that a commit makes.
pub(super) fn version(service: In<Service>, patch: u32) -> String {
    format!("{}.{}.{patch}", service.version.0, service.version.1)
}

fn state_of(jobs: &[Job]) -> BuildState {
    let any = |state: BuildState| jobs.iter().any(|job| job.state == state);
    if any(BuildState::Failed) {
        BuildState::Failed
    } else if any(BuildState::Canceled) {
        BuildState::Canceled
    } else if jobs.iter().all(|job| job.state == BuildState::Success) {
        BuildState::Success
    } else if any(BuildState::Running) || any(BuildState::Success) {
        BuildState::Running
    } else {
        BuildState::Created
    }
}
