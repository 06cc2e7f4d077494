//! `MLServer` and `TorchServe` as they really answer: which models are served, and which are not.
//! Not for: recorded answers (see `tests/contracts.rs`), acting (see `act_systems`).

use triops::domain::{Detail, State};

use super::reader::{Reader, says};
use super::support::{addresses, named};

#[tokio::test]
async fn mlserver_tells_the_models_it_serves_and_those_it_could_not_load() {
    let Some([url]) = addresses("open-inference", ["TRIOPS_LIVE_OPEN_INFERENCE"]) else { return };
    let source = Reader::new("open-inference", &url, None);
    assert!(source.product().await.contains("1.7.1"));
    let models = source.poll("models").await;
    let fraud = named(&models, "fraud vv7");
    let Detail::Endpoint(endpoint) = &fraud.detail else { panic!("{fraud:?}") };
    assert_eq!((fraud.state, endpoint.ready, endpoint.version.as_deref()), (State::Ok, Some(true), Some("v7")));
    assert!(fraud.links.iter().any(|link| &*link.rel == "model"), "{fraud:?}");
    let broken = named(&models, "broken");
    // it says that it does not serve it, and not why
    assert_eq!((broken.state, broken.reason.as_deref()), (State::Cancelled, Some("UNAVAILABLE")));
    assert_eq!(named(&source.poll("server").await, "mlserver").state, State::Ok);
}

#[tokio::test]
async fn torchserve_tells_a_model_whose_worker_does_not_start_from_one_that_has_none() {
    let Some([url]) = addresses("torchserve", ["TRIOPS_LIVE_TORCHSERVE"]) else { return };
    let source = Reader::new("torchserve", &url, None);
    source.product().await;
    let models = source.poll("models").await;
    let (churn, refunds) = (named(&models, "churn v1.0"), named(&models, "refunds v1.0"));
    assert!(churn.state == State::Cancelled && says(churn, "0 of 0 workers ready, 0 wanted"), "{churn:?}");
    assert!(refunds.state == State::Failed && says(refunds, "0 of 1 workers ready, 1 wanted"), "{refunds:?}");
    let Detail::Endpoint(endpoint) = &refunds.detail else { panic!("{refunds:?}") };
    assert_eq!((endpoint.model.as_deref(), endpoint.ready), (Some("refunds"), Some(false)));
}
