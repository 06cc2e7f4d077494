//! Git, Mercurial, Subversion and Terraform as their real commands answer, through their connector files.
//! Not for: recorded outputs and files (see `tests/here.rs`).

use std::sync::Arc;

use triops::domain::{Answer, Ask, Detail, Entity, Failure, FailureKind, PollId, State};

use super::reader::Reader;
use super::support::{addresses, named, now, told};

async fn refusal(source: &Reader, poll: &str) -> Failure {
    source.source.poll(&PollId::from(poll), now()).await.unwrap_err()
}

fn actor(entity: &Entity) -> &str {
    let Detail::Change(change) = &entity.detail else { panic!("{entity:?}") };
    change.actor.as_deref().unwrap_or_default()
}

#[tokio::test]
async fn git_tells_commits_tags_and_branches_that_are_behind() {
    let Some([path]) = addresses("git", ["TRIOPS_LIVE_GIT"]) else { return };
    let source = Reader::files("git", Some(&path), &[("web", "https://git.example/{repository}/commit/{commit}")]);
    assert!(source.product().await.starts_with("Git 2."));
    let commits = source.poll("commits").await;
    let first = named(&commits, "Open the shop");
    assert!(actor(first) == "Alice" && first.since.unwrap().to_string() == "2026-11-23T21:40:00.000Z", "{first:?}");
    assert!(first.url.as_deref().unwrap().starts_with("https://git.example/shop/commit/"), "{first:?}");
    assert!(source.log(first, None).await.contains("+one"));
    let raw = source.source.ask(&Ask::Raw { entity: Arc::new(first.clone()) }).await.unwrap();
    assert!(matches!(raw, Answer::Raw(text) if text.starts_with("commit ") && text.contains("Author:     Alice")));
    let tags = source.poll("tags").await;
    let tag = named(&tags, "shop v1.0.0");
    assert!(tag.reason.as_deref() == Some("First release") && tag.links.len() == 1, "{tag:?}");
    let branches = source.poll("branches").await;
    let main = named(&branches, "shop main");
    assert_eq!((main.state, main.reason.as_deref()), (State::Warning, Some("behind 1 of origin/main")));
    let commits = Reader::files("git", Some(&path), &[("branch", "origin/main")]).poll("commits").await;
    assert_eq!(actor(named(&commits, "Ship the new checkout; rm -rf $HOME")), "Bob O'Brien");
    let nowhere = refusal(&Reader::files("git", Some("/"), &[]), "commits").await;
    assert!(nowhere.kind == FailureKind::Server && nowhere.detail.contains("not a git repository"), "{nowhere}");
}

#[tokio::test]
async fn mercurial_tells_changesets_and_tags() {
    let Some([path]) = addresses("mercurial", ["TRIOPS_LIVE_HG"]) else { return };
    let source = Reader::files("mercurial", Some(&path), &[]);
    assert!(source.product().await.starts_with("Mercurial "));
    let changesets = source.poll("changesets").await;
    let shipped = named(&changesets, "Ship the new checkout");
    assert!(actor(shipped) == "Bob" && shipped.since.unwrap().to_string() == "2026-11-23T23:23:07.000Z", "{shipped:?}");
    assert!(source.log(shipped, None).await.contains("+two"));
    let tags = source.poll("tags").await;
    assert_eq!(named(&tags, "shop 1.0").links.len(), 1);
    let failure = refusal(&Reader::files("mercurial", Some("/"), &[]), "changesets").await;
    assert!(failure.detail.contains("repository / not found"), "{failure}");
}

#[tokio::test]
async fn subversion_tells_revisions_and_tags_over_its_own_protocol() {
    let Some([url]) = addresses("subversion", ["TRIOPS_LIVE_SVN"]) else { return };
    let source = Reader::files("subversion", None, &[("repository", &url)]);
    assert!(source.product().await.starts_with("Subversion 1."));
    let revisions = source.poll("revisions").await;
    let tag = named(&revisions, "Release 1.0");
    assert!(tag.labels["tag"] == "1.0" && tag.reason.as_deref().unwrap().contains("A /tags/1.0"), "{tag:?}");
    assert_eq!(revisions.entities.len(), 3);
    let failure = refusal(&Reader::files("subversion", None, &[("repository", "svn://127.0.0.1:9/")]), "revisions").await;
    assert!(failure.kind == FailureKind::Server && failure.detail.contains("E"), "{failure}");
}

#[tokio::test]
async fn terraform_tells_state_plan_and_runs_with_their_steps() {
    let Some([path]) = addresses("terraform", ["TRIOPS_LIVE_TERRAFORM"]) else { return };
    let source = Reader::files("terraform", Some(&path), &[]);
    assert!(source.product().await.starts_with("Terraform 1."));
    let state = source.poll("state").await;
    let Detail::Stack(stack) = &named(&state, "shop").detail else { panic!("{}", told(&state)) };
    assert_eq!(stack.resources, Some(3));
    let plan = source.poll("plan").await;
    assert_eq!((named(&plan, "shop plan").state, named(&plan, "terraform_data.queue").state), (State::Pending, State::Pending));
    let runs = source.poll("runs").await;
    let run = named(&runs, "shop apply");
    assert_eq!((run.state, run.reason.as_deref()), (State::Ok, Some("3 added, 0 changed, 0 removed")));
    let steps = source.steps(run).await;
    assert!(steps.len() == 3 && steps.iter().all(|step| step.state == State::Ok), "{steps:?}");
    assert!(source.log(run, None).await.contains("Apply complete!"));
    assert!(source.poll("lock").await.entities.is_empty());
}
