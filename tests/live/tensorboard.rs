//! TensorBoard as it really answers. Not for: recorded answers (see `tests/contracts.rs`).

use std::path::Path;

use triops::config::{Paths, SourceConfig};
use triops::domain::{Detail, PollId, State};
use triops::source::registry::Registry;

use super::support::{addresses, named, now, told, until};

#[tokio::test]
async fn tensorboard_tells_which_training_goes_on_which_diverged_and_which_fell_silent() {
    let Some([url]) = addresses("tensorboard", ["TRIOPS_LIVE_TENSORBOARD"]) else { return };
    let config = SourceConfig {
        name: "tensorboard".into(),
        connector: "tensorboard".into(),
        url: Some(url),
        proxy: Some("none".into()),
        ..SourceConfig::default()
    };
    let source = Registry::load(&Paths::under(Path::new("/nonexistent"))).unwrap().build(&config).unwrap();
    assert_eq!(source.probe().await.unwrap().product, "TensorBoard 2.21.0");
    let batch = until("three runs with curves", async || {
        let batch = source.poll(&PollId::from("runs"), now()).await.unwrap();
        let begun = batch.entities.iter().filter(|run| run.since.is_some()).count();
        if begun == 3 && batch.problems.is_empty() { Ok(batch) } else { Err(told(&batch)) }
    })
    .await;
    assert_eq!(named(&batch, "running").state, State::Running);
    assert_eq!(named(&batch, "ended").state, State::Unknown, "TensorBoard does not know how a training ended");
    let diverged = named(&batch, "diverged");
    assert!(diverged.state == State::Failed && diverged.reason.as_deref().is_some_and(|reason| reason.contains("NaN since step 8")));
    let Detail::Run(run) = &diverged.detail else { panic!("{diverged:?}") };
    assert_eq!(run.metrics.get("loss").copied(), Some(128.0), "the last finite value, never NaN");
}
