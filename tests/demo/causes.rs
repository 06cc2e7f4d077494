//! The stories as an evaluation: when the first alert of a story fires, its true cause is among the first two lines of what happened
//! before, whatever the seed.

use triops::demo::story::Story;
use triops::domain::{Detail, Entity, Kind, State};
use triops::insight::lineage::Graph;
use triops::insight::timeline::{self, Happening};

use crate::stage::{Stage, spec, told, zero};

/// Seconds between two looks at the world.
const STEP_S: f64 = 20.0;

/// Whether an entity is what a story says is the cause: the thing itself, or the change that made it so.
fn is_cause(story: &Story, entity: &Entity) -> bool {
    let (kind, name) = story.root.unwrap();
    let named = entity.name.contains(name) && (entity.kind() == kind || entity.kind() == Kind::Change);
    let from = zero().plus(story.cause_s - STEP_S);
    named && timeline::happened_at(entity).is_some_and(|at| at >= from)
}

fn line(happening: &Happening) -> String {
    let also: Vec<&str> = happening.also.iter().map(|entity| entity.name.as_str()).collect();
    format!("{} {} {} {} with {also:?}", happening.relevance, happening.at, happening.entity.kind(), happening.entity.name)
}

async fn found(name: &str) {
    for seed in 1..=3 {
        let story = Story::named(name).unwrap();
        let mut stage = Stage::new(spec(name, seed, 1)).await;
        let mut s = story.cause_s - STEP_S;
        let first = loop {
            assert!(s < 400.0, "{name} {seed}: no alert fires");
            stage.go(s);
            stage.look().await;
            let fires = |entity: &Entity| {
                matches!(entity.detail, Detail::Alert(_))
                    && matches!(entity.state, State::Failed | State::Warning)
                    && entity.since.is_some()
            };
            let mut alerts: Vec<_> = stage.needs_you().into_iter().filter(|entity| fires(entity)).collect();
            alerts.sort_by_key(|alert| (alert.since, alert.id.clone()));
            if let Some(first) = alerts.into_iter().next() {
                break first;
            }
            s += STEP_S;
        };
        let all = stage.all();
        let graph = Graph::build(all.iter());
        let happened = all.iter().filter(|entity| matches!(entity.kind(), Kind::Change | Kind::Run));
        let before = timeline::before(happened, first.since.unwrap(), Some(&first), &graph, |id| stage.store.get(id));
        let place = before.iter().position(|line| std::iter::once(&line.entity).chain(&line.also).any(|entity| is_cause(story, entity)));
        let lines: Vec<String> = before.iter().take(8).map(line).collect();
        assert!(
            place.is_some_and(|place| place < 2),
            "{name}, seed {seed}: before {} the cause is at {place:?}:\n{}",
            told(std::slice::from_ref(&first)),
            lines.join("\n")
        );
        // what has nothing to do with it says so
        for innocent in before.iter().filter(|line| story.innocent.iter().any(|name| line.entity.name.contains(name))) {
            let is_near =
                graph.upstream(&first).iter().any(|(id, _)| std::iter::once(&innocent.entity).chain(&innocent.also).any(|e| e.id == *id));
            assert!(is_near || innocent.relevance <= 1, "{name}, seed {seed}: {}", line(innocent));
        }
    }
}

#[tokio::test]
async fn the_run_behind_a_bad_load_is_found() {
    found("bad-load").await;
}

#[tokio::test]
async fn the_deploy_behind_killed_containers_is_found() {
    found("bad-deploy").await;
}

#[tokio::test]
async fn the_alias_behind_a_model_that_decides_worse_is_found() {
    found("alias-mistake").await;
}

#[tokio::test]
async fn the_broker_behind_stale_data_is_found() {
    found("upstream-down").await;
}
