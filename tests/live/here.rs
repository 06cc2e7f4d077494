//! Git, Mercurial, Subversion and Terraform as their real commands answer, through their connector files.
//! Not for: recorded outputs and files (see `tests/here.rs`).

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use futures_util::StreamExt;
use triops::config::{Paths, SourceConfig};
use triops::domain::{Answer, Ask, Batch, Detail, Entity, FailureKind, LogRequest, PollId, State};
use triops::source::Source;
use triops::source::registry::Registry;

use super::support::{addresses, named, now, told};

fn source(connector: &str, path: Option<&str>, with: &[(&str, &str)]) -> Arc<dyn Source> {
    let config = SourceConfig {
        name: connector.into(),
        connector: connector.into(),
        path: path.map(str::to_owned).into_iter().collect(),
        timeout: Some("60s".parse().unwrap()),
        with: with.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect::<BTreeMap<_, _>>(),
        ..SourceConfig::default()
    };
    Registry::load(&Paths::under(Path::new("/nonexistent"))).unwrap().build(&config).unwrap()
}

async fn poll(source: &dyn Source, id: &str) -> Batch {
    match source.poll(&PollId::from(id), now()).await {
        Ok(batch) if batch.problems.is_empty() => batch,
        Ok(batch) => panic!("poll {id}:\n{}", told(&batch)),
        Err(failure) => panic!("poll {id}: {failure} ({})", failure.hint),
    }
}

async fn log(source: &dyn Source, entity: &Entity) -> String {
    let entity = Arc::new(entity.clone());
    let request = LogRequest { entity, step: None, attempt: None, since: None, until: None, tail: 10_000, follow: false };
    let parts: Vec<_> = source.logs(request).collect().await;
    parts[0].as_ref().unwrap().lines.iter().map(|line| format!("{}\n", line.text)).collect()
}

fn actor(entity: &Entity) -> &str {
    let Detail::Change(change) = &entity.detail else { panic!("{entity:?}") };
    change.actor.as_deref().unwrap_or_default()
}

#[tokio::test]
async fn git_tells_commits_tags_and_branches_that_are_behind() {
    let Some([path]) = addresses("git", ["TRIOPS_LIVE_GIT"]) else { return };
    let source = source("git", Some(&path), &[("web", "https://git.example/{repository}/commit/{commit}")]);
    assert!(source.probe().await.unwrap().product.starts_with("Git 2."));
    let commits = poll(&*source, "commits").await;
    let first = named(&commits, "Open the shop");
    assert!(actor(first) == "Alice" && first.since.unwrap().to_string() == "2026-11-23T21:40:00.000Z", "{first:?}");
    assert!(first.url.as_deref().unwrap().starts_with("https://git.example/shop/commit/"), "{first:?}");
    assert!(log(&*source, first).await.contains("+one"));
    let raw = source.ask(&Ask::Raw { entity: Arc::new(first.clone()) }).await.unwrap();
    assert!(matches!(raw, Answer::Raw(text) if text.starts_with("commit ") && text.contains("Author:     Alice")));
    let tags = poll(&*source, "tags").await;
    let tag = named(&tags, "shop v1.0.0");
    assert!(tag.reason.as_deref() == Some("First release") && tag.links.len() == 1, "{tag:?}");
    let branches = poll(&*source, "branches").await;
    let main = named(&branches, "shop main");
    assert_eq!((main.state, main.reason.as_deref()), (State::Warning, Some("behind 1 of origin/main")));
    let all = self::source("git", Some(&path), &[("branch", "origin/main")]);
    let commits = poll(&*all, "commits").await;
    assert_eq!(actor(named(&commits, "Ship the new checkout; rm -rf $HOME")), "Bob O'Brien");
    let nowhere = self::source("git", Some("/"), &[]).poll(&PollId::from("commits"), now()).await.unwrap_err();
    assert!(nowhere.kind == FailureKind::Server && nowhere.detail.contains("not a git repository"), "{nowhere}");
}

#[tokio::test]
async fn mercurial_tells_changesets_and_tags() {
    let Some([path]) = addresses("mercurial", ["TRIOPS_LIVE_HG"]) else { return };
    let source = source("mercurial", Some(&path), &[]);
    assert!(source.probe().await.unwrap().product.starts_with("Mercurial "));
    let changesets = poll(&*source, "changesets").await;
    let shipped = named(&changesets, "Ship the new checkout");
    assert!(actor(shipped) == "Bob" && shipped.since.unwrap().to_string() == "2026-11-23T23:23:07.000Z", "{shipped:?}");
    assert!(log(&*source, shipped).await.contains("+two"));
    let tags = poll(&*source, "tags").await;
    assert_eq!(named(&tags, "shop 1.0").links.len(), 1);
    let failure = self::source("mercurial", Some("/"), &[]).poll(&PollId::from("changesets"), now()).await.unwrap_err();
    assert!(failure.detail.contains("repository / not found"), "{failure}");
}

#[tokio::test]
async fn subversion_tells_revisions_and_tags_over_its_own_protocol() {
    let Some([url]) = addresses("subversion", ["TRIOPS_LIVE_SVN"]) else { return };
    let source = source("subversion", None, &[("repository", &url)]);
    assert!(source.probe().await.unwrap().product.starts_with("Subversion 1."));
    let revisions = poll(&*source, "revisions").await;
    let tag = named(&revisions, "Release 1.0");
    assert!(tag.labels["tag"] == "1.0" && tag.reason.as_deref().unwrap().contains("A /tags/1.0"), "{tag:?}");
    assert_eq!(revisions.entities.len(), 3);
    let dead = self::source("subversion", None, &[("repository", "svn://127.0.0.1:9/")]);
    let failure = dead.poll(&PollId::from("revisions"), now()).await.unwrap_err();
    assert!(failure.kind == FailureKind::Server && failure.detail.contains("E"), "{failure}");
}

#[tokio::test]
async fn terraform_tells_state_plan_and_runs_with_their_steps() {
    let Some([path]) = addresses("terraform", ["TRIOPS_LIVE_TERRAFORM"]) else { return };
    let source = source("terraform", Some(&path), &[]);
    assert!(source.probe().await.unwrap().product.starts_with("Terraform 1."));
    let state = poll(&*source, "state").await;
    let Detail::Stack(stack) = &named(&state, "shop").detail else { panic!("{}", told(&state)) };
    assert_eq!(stack.resources, Some(3));
    let plan = poll(&*source, "plan").await;
    assert_eq!((named(&plan, "shop plan").state, named(&plan, "terraform_data.queue").state), (State::Pending, State::Pending));
    let runs = poll(&*source, "runs").await;
    let run = named(&runs, "shop apply");
    assert_eq!((run.state, run.reason.as_deref()), (State::Ok, Some("3 added, 0 changed, 0 removed")));
    let Ok(Answer::Steps(steps)) = source.ask(&Ask::Steps { run: Arc::new(run.clone()) }).await else { panic!("no steps") };
    assert!(steps.len() == 3 && steps.iter().all(|step| step.state == State::Ok), "{steps:?}");
    assert!(log(&*source, run).await.contains("Apply complete!"));
    assert!(poll(&*source, "lock").await.entities.is_empty());
}
