//! What happened before something broke: changes, finished runs and troubles upstream in a window, what belongs together in one line,
//! the likeliest first. Not for: proving that one caused the other.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use super::lineage::Graph;
use crate::domain::{ChangeKind, Detail, Entity, EntityId, Kind, LinkTarget, State, Text, Timestamp};

/// Seconds looked back from the moment it broke.
pub const WINDOW_S: f64 = 3600.0;
/// Seconds looked past it: systems tell of a change a little late.
const SLACK_S: f64 = 60.0;
/// What belongs together happens within so many seconds of each other: a commit, its build, the deploy, the container.
const TOGETHER_S: f64 = 600.0;
/// Seconds before it broke past which a happening is less likely its cause.
const NEAR_S: f64 = 900.0;

/// The most relevance there is.
pub const MOST: u8 = 5;

/// One line: something that happened.
#[derive(Debug, Clone)]
pub struct Happening {
    /// What stands for it.
    pub entity: Arc<Entity>,
    /// When.
    pub at: Timestamp,
    /// How likely it is to matter, 0 to [`MOST`].
    pub relevance: u8,
    /// What else tells of the same: the run and the commit of a deploy, earlier runs of a pipeline. Those that say most first.
    pub also: Vec<Arc<Entity>>,
}

/// When a change was made, a run ended, or anything else became as it is.
pub fn happened_at(entity: &Entity) -> Option<Timestamp> {
    match &entity.detail {
        Detail::Change(change) => change.at.or(entity.since),
        Detail::Run(run) => run.ended_at,
        _ => entity.since,
    }
}

/// What happened in the hour before `at` to `about` (which is left out: a thing is not its own cause) or anything else. Of
/// `happened`, changes and finished runs; beside them whatever stands upstream and is in trouble, found by `get`. The most relevant
/// come first:
///
/// | relevance | is |
/// |---|---|
/// | 5 | a change, a failed run or a trouble of the very thing; its checks are left out: they tell of the same |
/// | 4 | the same of something upstream of it |
/// | 3 | a run upstream that ended well |
/// | 1 | a change or a failed run with no link to it |
/// | 0 | a run that ended well with no link to it, a silence |
///
/// What is linked and was more than a quarter of an hour before loses one. Among equals what changed comes before what broke, then
/// the nearest in time.
pub fn before<'a>(
    happened: impl Iterator<Item = &'a Arc<Entity>>,
    at: Timestamp,
    about: Option<&Entity>,
    graph: &Graph,
    get: impl Fn(&EntityId) -> Option<&'a Arc<Entity>>,
) -> Vec<Happening> {
    let in_window = |when: Timestamp| (-SLACK_S..=WINDOW_S).contains(&at.since(when));
    let found = |entity: &'a Arc<Entity>| Some((happened_at(entity).filter(|when| in_window(*when))?, entity));
    let upstream: HashMap<EntityId, usize> = about.map(|about| graph.upstream(about)).unwrap_or_default().into_iter().collect();
    let mut events: Vec<(Timestamp, &Arc<Entity>)> =
        happened.filter(|entity| about.is_none_or(|about| about.id != entity.id)).filter_map(found).collect();
    events.sort_by(|(a, first), (b, second)| b.cmp(a).then_with(|| first.id.cmp(&second.id)));
    let is_trouble = |entity: &Entity| {
        matches!(entity.state, State::Failed | State::Warning) && !matches!(entity.kind(), Kind::Change | Kind::Run | Kind::Alert)
    };
    // a check of the very thing that broke tells of it once more, and of no cause
    let is_echo = |entity: &Entity, steps: usize| entity.kind() == Kind::Check && steps == 0;
    let troubles =
        upstream.iter().filter_map(|(id, steps)| get(id).filter(|entity| is_trouble(entity) && !is_echo(entity, *steps))).filter_map(found);
    let mut lines: Vec<Vec<(Timestamp, &Arc<Entity>)>> = folded(events);
    lines.extend(troubles.map(|trouble| vec![trouble]));
    let mut happenings: Vec<Happening> = lines.into_iter().filter_map(|line| happening(line, at, &upstream)).collect();
    happenings.sort_by(|a, b| rank(a).cmp(&rank(b)));
    happenings
}

fn rank(line: &Happening) -> (Reverse<u8>, bool, Reverse<Timestamp>, &EntityId) {
    let broke = !matches!(line.entity.kind(), Kind::Change | Kind::Run);
    (Reverse(line.relevance), broke, Reverse(line.at), &line.entity.id)
}

/// The line of what belongs together.
fn happening(mut line: Vec<(Timestamp, &Arc<Entity>)>, at: Timestamp, upstream: &HashMap<EntityId, usize>) -> Option<Happening> {
    let relevance = line.iter().map(|(when, entity)| relevance(entity, at.since(*when), upstream.get(&entity.id).copied())).max()?;
    line.sort_by_key(|(when, entity)| (telling(entity), Reverse(*when), &entity.id));
    let mut members = line.into_iter();
    let (when, entity) = members.next()?;
    Some(Happening { entity: Arc::clone(entity), at: when, relevance, also: members.map(|(_, entity)| Arc::clone(entity)).collect() })
}

/// `steps` to it upstream; absent where it is not upstream.
fn relevance(entity: &Entity, before_s: f64, steps: Option<usize>) -> u8 {
    let routine = matches!(entity.kind(), Kind::Run) && !matches!(entity.state, State::Failed | State::Warning);
    let silence = matches!(change(entity), Some(ChangeKind::Silence));
    let linked = match steps {
        _ if silence => return 0,
        None => return u8::from(!routine),
        Some(_) if routine => 3,
        Some(0) => MOST,
        Some(_) => MOST - 1,
    };
    linked - u8::from(before_s > NEAR_S)
}

/// Which of several that tell of the same says most: least first.
fn telling(entity: &Entity) -> (u8, bool) {
    let anonymous = !matches!(&entity.detail, Detail::Change(change) if change.actor.is_some());
    let word = match (&entity.detail, change(entity)) {
        (_, Some(ChangeKind::Commit)) => 1,
        (Detail::Change(_), _) => 0,
        (Detail::Run(_), _) => 2,
        _ => 3,
    };
    (word, anonymous)
}

fn change(entity: &Entity) -> Option<ChangeKind> {
    match &entity.detail {
        Detail::Change(change) => change.change,
        _ => None,
    }
}

/// What two events have in common when they tell of the same.
#[derive(PartialEq, Eq, Hash)]
enum Mark<'a> {
    Id(&'a EntityId),
    Commit(&'a str),
    /// Runs of a pipeline that ended well.
    Routine(&'a str, &'a str),
}

/// Puts together what shares a commit, a run or a workload at about the same time, and the routine runs of each pipeline. Newest first.
fn folded<'a>(events: Vec<(Timestamp, &'a Arc<Entity>)>) -> Vec<Vec<(Timestamp, &'a Arc<Entity>)>> {
    let mut groups = Groups((0..events.len()).collect());
    let mut last: HashMap<Mark<'_>, (usize, Timestamp)> = HashMap::new();
    for (place, (when, entity)) in events.iter().enumerate() {
        for mark in marks(entity) {
            if let Some((other, then)) = last.insert(mark, (place, *when))
                && then.since(*when) <= TOGETHER_S
            {
                groups.join(place, other);
            }
        }
    }
    let mut alone: Vec<bool> = vec![true; events.len()];
    for (place, (_, entity)) in events.iter().enumerate() {
        let first = groups.first(place);
        alone[first] &= entity.kind() == Kind::Run && entity.state == State::Ok;
    }
    let mut routine: HashMap<Mark<'_>, usize> = HashMap::new();
    for (place, (_, entity)) in events.iter().enumerate() {
        if let Detail::Run(run) = &entity.detail
            && alone[groups.first(place)]
        {
            let mark = Mark::Routine(entity.id.source(), run.pipeline.as_ref().unwrap_or(&entity.name));
            groups.join(place, *routine.entry(mark).or_insert(place));
        }
    }
    let mut lines: Vec<Vec<(Timestamp, &Arc<Entity>)>> = vec![Vec::new(); events.len()];
    for (place, event) in events.into_iter().enumerate() {
        lines[groups.first(place)].push(event);
    }
    lines.retain(|line| !line.is_empty());
    lines
}

fn marks(entity: &Entity) -> Vec<Mark<'_>> {
    let commit: Option<&Text> = match &entity.detail {
        Detail::Change(change) => change.commit.as_ref(),
        Detail::Run(run) => run.commit.as_ref(),
        _ => None,
    };
    let named = || ["commit", "org.opencontainers.image.revision"].iter().find_map(|name| entity.labels.get(*name));
    let mut marks = vec![Mark::Id(&entity.id)];
    marks.extend(commit.or_else(named).filter(|commit| !commit.is_empty()).map(|commit| Mark::Commit(commit)));
    marks.extend(entity.links.iter().filter_map(|link| match &link.to {
        LinkTarget::Id(id) if matches!(super::lineage::kind(id), Some(Kind::Change | Kind::Run | Kind::Workload)) => Some(Mark::Id(id)),
        _ => None,
    }));
    marks
}

/// Places joined into groups; each group is known by its first place.
struct Groups(Vec<usize>);

impl Groups {
    fn first(&mut self, place: usize) -> usize {
        let mut first = place;
        while self.0[first] != first {
            self.0[first] = self.0[self.0[first]];
            first = self.0[first];
        }
        first
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.first(a), self.first(b));
        self.0[a.max(b)] = a.min(b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Change, Link, Run, SourceName};

    const AT_S: i64 = 10_000;

    fn at(s: i64) -> Timestamp {
        Timestamp::from_ms(s * 1000)
    }

    fn entity(key: &str, state: State, detail: Detail) -> Entity {
        Entity::new(&SourceName::from("s"), key, key, state, detail, Timestamp::default())
    }

    fn change(key: &str, kind: ChangeKind, s: i64) -> Entity {
        entity(key, State::Ok, Change { at: Some(at(s)), change: Some(kind), ..Change::default() }.into())
    }

    fn run(key: &str, pipeline: &str, state: State, s: i64) -> Entity {
        entity(key, state, Run { pipeline: Some(Text::from(pipeline)), ended_at: Some(at(s)), ..Run::default() }.into())
    }

    fn linked(mut entity: Entity, rel: &str, kind: Kind, key: &str) -> Entity {
        let to = LinkTarget::Id(EntityId::new(&SourceName::from("s"), kind, key));
        entity.links.push(Link { rel: Text::from(rel), to });
        entity
    }

    /// Names with relevance and how many more are in the line, for what happened before an alert on the workload `api`.
    fn told(all: Vec<Entity>) -> Vec<String> {
        let alert = linked(entity("alert", State::Failed, Detail::empty(Kind::Alert)), "service", Kind::Workload, "api");
        let mut all: Vec<Arc<Entity>> = all.into_iter().map(Arc::new).collect();
        all.push(Arc::new(alert.clone()));
        let graph = Graph::build(all.iter());
        let get = |id: &EntityId| all.iter().find(|entity| entity.id == *id);
        let happened = all.iter().filter(|entity| matches!(entity.kind(), Kind::Change | Kind::Run));
        let lines = before(happened, at(AT_S), Some(&alert), &graph, get);
        lines.iter().map(|line| format!("{} {} +{}", line.entity.name, line.relevance, line.also.len())).collect()
    }

    #[test]
    fn only_what_happened_in_the_hour_before_is_listed_newest_first() {
        let deploy = |key, s| change(key, ChangeKind::Deploy, s);
        let running = entity("unfinished", State::Running, Run { started_at: Some(at(9_000)), ..Run::default() }.into());
        let all = vec![
            deploy("too old", 5_000),
            deploy("older", 7_000),
            deploy("newer", 9_000),
            deploy("a little late", 10_030),
            deploy("after", 10_100),
            running,
        ];
        assert_eq!(told(all), ["a little late 1 +0", "newer 1 +0", "older 1 +0"]);
    }

    #[test]
    fn what_is_linked_comes_first_and_routine_last() {
        let api = linked(entity("api", State::Ok, Detail::empty(Kind::Workload)), "depends on", Kind::Workload, "broker");
        let mut broker = entity("broker", State::Failed, Detail::empty(Kind::Workload));
        broker.since = Some(at(9_950));
        let mut echo = linked(entity("probe", State::Failed, Detail::empty(Kind::Check)), "workload", Kind::Workload, "api");
        echo.since = Some(at(9_960));
        let all = vec![
            run("nightly", "nightly", State::Ok, 9_990),
            change("silence", ChangeKind::Silence, 9_980),
            change("another deploy", ChangeKind::Deploy, 9_970),
            linked(change("old deploy", ChangeKind::Deploy, 7_000), "workload", Kind::Workload, "api"),
            linked(change("deploy", ChangeKind::Deploy, 9_600), "workload", Kind::Workload, "api"),
            linked(change("broker's deploy", ChangeKind::Deploy, 9_700), "workload", Kind::Workload, "broker"),
            api,
            broker,
            echo,
        ];
        let expected = [
            "deploy 5 +0",
            "broker's deploy 4 +0",
            "old deploy 4 +0",
            "broker 4 +0",
            "another deploy 1 +0",
            "nightly 0 +0",
            "silence 0 +0",
        ];
        assert_eq!(told(all), expected);
    }

    #[test]
    fn a_deploy_is_one_line_with_its_commit_run_and_container() {
        let of = |mut entity: Entity, commit: &str| {
            entity.labels.insert(Text::from("commit"), Text::from(commit));
            entity
        };
        let mut deploy = linked(of(change("deploy", ChangeKind::Deploy, 9_700), "aaa"), "run", Kind::Run, "build 7");
        if let Detail::Change(change) = &mut deploy.detail {
            change.actor = Some(Text::from("ravi"));
        }
        let all = vec![
            of(change("commit", ChangeKind::Commit, 9_600), "aaa"),
            run("build 7", "build", State::Ok, 9_690),
            deploy,
            linked(of(change("container", ChangeKind::Deploy, 9_695), "aaa"), "workload", Kind::Workload, "api"),
            of(change("another commit", ChangeKind::Commit, 9_650), "bbb"),
            of(change("the same commit long before", ChangeKind::Deploy, 7_000), "aaa"),
            entity("api", State::Ok, Detail::empty(Kind::Workload)),
        ];
        assert_eq!(told(all), ["deploy 5 +3", "another commit 1 +0", "the same commit long before 1 +0"]);
    }

    #[test]
    fn runs_that_ended_well_are_one_line_for_each_pipeline_and_failed_ones_stand_out() {
        let all = vec![
            run("load 1", "load", State::Ok, 9_000),
            run("load 2", "load", State::Failed, 9_300),
            run("load 3", "load", State::Ok, 9_600),
            run("load 4", "load", State::Ok, 9_900),
            run("report 1", "report", State::Ok, 9_800),
        ];
        assert_eq!(told(all), ["load 2 1 +0", "load 4 0 +2", "report 1 0 +0"]);
    }
}
