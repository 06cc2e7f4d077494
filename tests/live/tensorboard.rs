//! TensorBoard as it really answers. Not for: recorded answers (see `tests/contracts.rs`).

use triops::domain::{Detail, State};

use super::reader::{Reader, says};
use super::support::{addresses, named};

#[tokio::test]
async fn tensorboard_tells_which_training_goes_on_which_diverged_and_which_fell_silent() {
    let Some([url]) = addresses("tensorboard", ["TRIOPS_LIVE_TENSORBOARD"]) else { return };
    let source = Reader::new("tensorboard", &url, None);
    assert_eq!(source.product().await, "TensorBoard 2.21.0");
    let batch = source
        .until("runs", "three runs with curves", |batch| {
            let begun = batch.entities.iter().filter(|run| run.since.is_some()).count();
            (begun == 3).then(|| batch.clone())
        })
        .await;
    assert_eq!(named(&batch, "running").state, State::Running);
    assert_eq!(named(&batch, "ended").state, State::Unknown, "TensorBoard does not know how a training ended");
    let diverged = named(&batch, "diverged");
    assert!(diverged.state == State::Failed && says(diverged, "NaN since step 8"));
    let Detail::Run(run) = &diverged.detail else { panic!("{diverged:?}") };
    assert_eq!(run.metrics.get("loss").copied(), Some(128.0), "the last finite value, never NaN");
}
