//! Every story's truth is visible where it says, when it says, and goes when its remedy is done.

use std::sync::Arc;

use triops::demo::deed::Act;
use triops::demo::story::{Cure, Moment, STORIES, Story};
use triops::demo::system::System;
use triops::demo::world::PAST_S;
use triops::demo::{Request, World, docker};
use triops::domain::{Detail, Entity, Kind, State};
use triops::insight::lineage::Graph;
use triops::insight::timeline;

use crate::stage::{Stage, spec, told, zero};

/// Whether an entity is what a moment speaks of: of its kind and name, and, but for alerts, not from before it.
fn is(moment: &Moment, entity: &Entity) -> bool {
    let from = zero().plus(moment.from_s - 8.0);
    let named = entity.kind() == moment.kind && entity.name.contains(moment.name);
    named
        && match &entity.detail {
            Detail::Alert(_) => matches!(entity.state, State::Failed | State::Warning),
            Detail::Workload(workload) => entity.state == State::Failed || workload.restarts.is_some_and(|restarts| restarts > 0),
            Detail::Run(_) if moment.says.starts_with("fails") && entity.state != State::Failed => false,
            Detail::Run(run) => run.ended_at.or(run.started_at).is_some_and(|at| at >= from),
            _ => timeline::happened_at(entity).is_some_and(|at| at >= from),
        }
}

async fn plays(story: &Story) {
    let mut stage = Stage::new(spec(story.name, 1, 1)).await;
    let mut times: Vec<f64> = story.timeline.iter().flat_map(|moment| [moment.from_s - 1.0, moment.by_s]).collect();
    times.extend([0.0, story.cause_s - 2.0]);
    times.sort_by(f64::total_cmp);
    times.dedup();
    let mut seen = vec![false; story.timeline.len()];
    for s in times {
        stage.go(s);
        stage.look().await;
        let all = stage.all();
        let needs = stage.needs_you();
        if s < story.cause_s {
            assert!(needs.is_empty(), "{}: calm at {s}, but:\n{}", story.name, told(&needs));
        }
        for (place, moment) in story.timeline.iter().enumerate() {
            let shown: Vec<&Arc<Entity>> = all.iter().filter(|entity| is(moment, entity)).collect();
            if s < moment.from_s {
                assert!(
                    shown.is_empty(),
                    "{}: {} shows at {s} already: {}",
                    story.name,
                    moment.name,
                    shown[0].reason.as_deref().unwrap_or("")
                );
            }
            seen[place] |= !shown.is_empty();
            if s >= moment.by_s {
                assert!(seen[place], "{}: {} {} is not there by {s}; there is:\n{}", story.name, moment.kind, moment.name, told(&needs));
            }
            // what asks for a person is on Triage
            let asks = shown.iter().find(|entity| matches!(entity.state, State::Failed | State::Warning));
            if let Some(entity) = asks.filter(|entity| entity.kind() == Kind::Alert && entity.id.source() == "alertmanager") {
                assert!(needs.iter().any(|row| row.id == entity.id), "{}: {} is not on Triage", story.name, entity.id);
            }
        }
    }
    if let Some(first) = stage.needs_you().iter().rev().find(|entity| entity.kind() == Kind::Alert) {
        // what changed before it: the innocent beside the cause
        let happened = stage.store.entities.of(Kind::Change).chain(stage.store.entities.of(Kind::Run));
        let graph = Graph::build(stage.all().iter());
        let lines = timeline::before(happened, first.since.unwrap(), Some(first), &graph, |id| stage.store.get(id));
        let before: Vec<Arc<Entity>> = lines.into_iter().flat_map(|line| std::iter::once(line.entity).chain(line.also)).collect();
        let innocent = story.innocent.iter().filter(|name| before.iter().any(|entity| entity.name.contains(**name))).count();
        assert!(innocent >= 3, "{}: only {innocent} innocent changes before {}:\n{}", story.name, first.name, told(&before));
    }
}

macro_rules! each_story {
    ($($test:ident $name:literal),+ $(,)?) => {
        $(#[tokio::test]
        async fn $test() {
            plays(Story::named($name).unwrap()).await;
        })+

        #[test]
        fn every_story_is_played() {
            assert_eq!(Story::names().collect::<Vec<_>>(), [$($name),+]);
        }
    };
}

each_story! {
    the_truth_of_a_bad_load_shows "bad-load",
    the_truth_of_a_bad_deploy_shows "bad-deploy",
    the_truth_of_an_alias_mistake_shows "alias-mistake",
    the_truth_of_a_broker_that_is_down_shows "upstream-down",
    the_truth_of_a_flapping_alert_shows "flapping",
    a_quiet_night_is_quiet "quiet",
}

/// What somebody does who has understood: the deed of a cure, found in the world itself.
fn deed(cure: &Cure, world: &World) -> Act {
    match cure {
        Cure::Restart(name) => Act::Restart((*name).to_owned()),
        Cure::Rerun(dag) => Act::TriggerDag((*dag).to_owned()),
        Cure::Alias { model, alias, version } => {
            Act::SetAlias { model: (*model).to_owned(), alias: (*alias).to_owned(), version: *version }
        }
        Cure::RollBack(name) => {
            let service = world.service(name).unwrap();
            let deploys = world.deploys(service);
            let cause = world.clock().at(world.story().cause_s);
            let good = deploys.iter().rev().find(|deploy| deploy.at < cause).unwrap();
            Act::RetryPipeline { project: (*name).to_owned(), number: good.number }
        }
    }
}

fn firing(world: &World) -> Vec<String> {
    let prometheus = triops::demo::prometheus::Prometheus::default();
    let reply = prometheus.answer(world, &Request::get("/api/v1/alerts"));
    let body: serde_json::Value = serde_json::from_slice(reply.whole().unwrap()).unwrap();
    let alerts = body["data"]["alerts"].as_array().unwrap();
    alerts.iter().map(|alert| alert["labels"]["alertname"].as_str().unwrap().to_owned()).filter(|name| name != "Watchdog").collect()
}

#[test]
fn the_remedy_ends_a_story_and_any_other_deed_does_not() {
    for story in STORIES.iter().filter(|story| !story.cures.is_empty()) {
        let spec = Arc::new(spec(story.name, 1, 1));
        let at = |s: f64| World::new(Arc::clone(&spec), Arc::default(), spec.clock.at(s));
        let sick = at(420.0);
        let other = sick.after("oncall", Act::Restart("search-api".to_owned()));
        assert!(sick.cured_s().is_none() && other.cured_s().is_none(), "{}", story.name);
        for cure in story.cures {
            let cured = sick.after("oncall", deed(cure, &sick)).at(spec.clock.at(420.0 + 900.0));
            assert_eq!(cured.cured_s(), Some(420.0), "{}: {cure:?}", story.name);
            assert_eq!(firing(&cured), Vec::<String>::new(), "{}: after {cure:?}", story.name);
        }
        if story.name != "flapping" {
            assert!(!firing(&other.at(spec.clock.at(420.0 + 600.0))).is_empty(), "{}", story.name);
        }
    }
}

#[tokio::test]
async fn a_container_that_is_started_through_its_engine_repairs_what_waits_for_it() {
    let mut stage = Stage::new(spec("upstream-down", 1, 1)).await;
    stage.go(400.0);
    stage.look().await;
    assert!(stage.needs_you().iter().any(|entity| entity.name.as_str() == "events-broker"), "{}", told(&stage.needs_you()));
    let request = Request::new(hyper::Method::POST, "/v1.41/containers/events-broker/start", bytes::Bytes::new());
    assert_eq!(stage.shared.ask(&docker::Docker, 0, &request).status, 204);
    stage.go(1000.0);
    stage.look().await;
    let needs = stage.needs_you();
    assert!(needs.is_empty(), "{}", told(&needs));
}

#[test]
fn the_same_seed_tells_the_same_at_the_same_time_and_another_seed_tells_other_things() {
    let bodies = |seed: u64, story: &str| -> Vec<bytes::Bytes> {
        let spec = Arc::new(spec(story, seed, 2));
        let world = World::new(Arc::clone(&spec), Arc::default(), spec.clock.at(300.0));
        let asks: [(usize, &str); 7] = [
            (0, "/api/v1/rules"),
            (0, "/api/v1/targets"),
            (0, "/api/v1/query?query=http_requests_total"),
            (0, "/api/v1/query_range?query=max(topic_lag)&start=1795748000&end=1795748700&step=30"),
            (1, "/api/v2/alerts"),
            (1, "/api/v2/silences"),
            (6, "/metrics"),
        ];
        let systems = triops::demo::systems();
        asks.iter()
            .map(|(system, target)| {
                let reply = systems[*system].answer(&world, &Request::get(target));
                assert_eq!(reply.status, 200, "{target}");
                reply.whole().unwrap().clone()
            })
            .collect()
    };
    for story in Story::names() {
        assert_eq!(bodies(1, story), bodies(1, story), "{story}");
    }
    let (one, two) = (bodies(1, "bad-load"), bodies(2, "bad-load"));
    assert_ne!(one[2], two[2]);
    assert_ne!(one[6], two[6]);
}

#[test]
fn nothing_fires_in_the_hours_before_a_story() {
    for story in STORIES {
        let spec = Arc::new(spec(story.name, 3, 1));
        let world = World::new(Arc::clone(&spec), Arc::default(), spec.clock.at(0.0));
        let rules: Vec<_> = triops::demo::prometheus::rules::RULES
            .iter()
            .filter(|rule| rule.name != "Watchdog")
            .map(|rule| (rule.name, triops::demo::prometheus::parse::parse(&rule.expr_on(world.clock())).unwrap()))
            .collect();
        let ground = triops::demo::prometheus::eval::Ground::new(&world, &[]);
        for (name, expr) in &rules {
            for back in 1..12 {
                let at = spec.clock.at(-PAST_S / 12.0 * f64::from(back));
                let outcome = ground.eval(expr, at).unwrap();
                assert_eq!(outcome, triops::demo::prometheus::eval::Value::Vector(Vec::new()), "{} {name} at {at}", story.name);
            }
        }
    }
}
