//! Luigi's scheduler as it really answers. Not for: recorded answers (see `tests/contracts.rs`).

use std::path::Path;
use std::sync::Arc;

use futures_util::StreamExt;
use triops::config::{Paths, SourceConfig};
use triops::domain::{Answer, Ask, Entity, LogRequest, PollId, State};
use triops::source::Source;
use triops::source::registry::Registry;

use super::support::{addresses, now, told, until};

fn source(url: &str) -> Arc<dyn Source> {
    let config = SourceConfig {
        name: "luigi".into(),
        connector: "luigi".into(),
        url: Some(url.into()),
        proxy: Some("none".into()),
        ..SourceConfig::default()
    };
    Registry::load(&Paths::under(Path::new("/nonexistent"))).unwrap().build(&config).unwrap()
}

async fn task(source: &dyn Source, family: &str, state: State) -> Entity {
    until(&format!("{family} is {state}"), async || {
        let batch = source.poll(&PollId::from("tasks"), now()).await.unwrap();
        let found = batch.entities.iter().find(|run| run.name.starts_with(family) && run.state == state).cloned();
        found.filter(|_| batch.problems.is_empty()).ok_or_else(|| told(&batch))
    })
    .await
}

#[tokio::test]
async fn luigi_tells_what_is_done_failed_running_and_what_each_waits_for() {
    let Some([url]) = addresses("luigi", ["TRIOPS_LIVE_LUIGI"]) else { return };
    let source = source(&url);
    assert!(source.probe().await.unwrap().product.starts_with("Luigi"));
    let failed = task(&*source, "Charge", State::Failed).await;
    task(&*source, "Extract", State::Ok).await;
    task(&*source, "Train", State::Running).await;
    let waiting = task(&*source, "Load", State::Warning).await;
    assert!(waiting.reason.as_deref().is_some_and(|reason| reason.contains("UPSTREAM_FAILED")), "{waiting:?}");
    let missing = task(&*source, "Import", State::Warning).await;
    assert!(missing.reason.as_deref().is_some_and(|reason| reason.contains("UPSTREAM_MISSING_INPUT")), "{missing:?}");

    let Answer::Steps(steps) = source.ask(&Ask::Steps { run: Arc::new(waiting) }).await.unwrap() else { panic!("no steps") };
    assert!(steps.iter().any(|step| step.key == failed.id.key() && step.state == State::Failed), "{steps:?}");
    assert!(steps.iter().any(|step| step.name.starts_with("Load") && step.after.len() == 2), "{steps:?}");

    let request = LogRequest { entity: Arc::new(failed), step: None, attempt: None, since: None, until: None, tail: 100, follow: false };
    let parts: Vec<_> = source.logs(request).map(Result::unwrap).collect().await;
    assert!(parts[0].lines.iter().any(|line| line.text.contains("card gateway returned 503")), "{parts:?}");

    let workers = source.poll(&PollId::from("workers"), now()).await.unwrap();
    assert!(workers.entities.iter().any(|entity| entity.name == "luigi scheduler" && entity.state == State::Ok), "{}", told(&workers));
    assert!(workers.entities.iter().any(|entity| entity.kind().word() == "workload"), "{}", told(&workers));
}
