//! Luigi's scheduler as it really answers. Not for: recorded answers (see `tests/contracts.rs`).

use triops::domain::{Entity, State};

use super::reader::{Reader, says};
use super::support::{addresses, named, told};

async fn task(source: &Reader, family: &str, state: State) -> Entity {
    let is_it = |run: &&Entity| run.name.starts_with(family) && run.state == state;
    source.until("tasks", &format!("{family} is {state}"), |batch| batch.entities.iter().find(is_it).cloned()).await
}

#[tokio::test]
async fn luigi_tells_what_is_done_failed_running_and_what_each_waits_for() {
    let Some([url]) = addresses("luigi", ["TRIOPS_LIVE_LUIGI"]) else { return };
    let source = Reader::new("luigi", &url, None);
    assert!(source.product().await.starts_with("Luigi"));
    let failed = task(&source, "Charge", State::Failed).await;
    task(&source, "Extract", State::Ok).await;
    task(&source, "Train", State::Running).await;
    let waiting = task(&source, "Load", State::Warning).await;
    assert!(says(&waiting, "UPSTREAM_FAILED"), "{waiting:?}");
    let missing = task(&source, "Import", State::Warning).await;
    assert!(says(&missing, "UPSTREAM_MISSING_INPUT"), "{missing:?}");

    let steps = source.steps(&waiting).await;
    assert!(steps.iter().any(|step| step.key == failed.id.key() && step.state == State::Failed), "{steps:?}");
    assert!(steps.iter().any(|step| step.name.starts_with("Load") && step.after.len() == 2), "{steps:?}");

    let log = source.log(&failed, None).await;
    assert!(log.contains("card gateway returned 503"), "{log}");

    let workers = source.poll("workers").await;
    assert_eq!(named(&workers, "luigi scheduler").state, State::Ok);
    assert!(workers.entities.iter().any(|entity| entity.kind().word() == "workload"), "{}", told(&workers));
}
