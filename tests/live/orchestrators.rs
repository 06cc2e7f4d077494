//! Airflow 2, Prefect and Dagster as they really answer. Not for: recorded answers (see `tests/contracts.rs`), acting (see `act_systems`).

use triops::domain::{Detail, FailureKind, PollId, State};

use super::reader::{Reader, says, step};
use super::support::{addresses, named, now, sign_in};

#[tokio::test]
async fn airflow_2_tells_dags_runs_steps_datasets_and_what_cannot_be_imported() {
    let Some([url, _]) = addresses("airflow2", ["TRIOPS_LIVE_AIRFLOW2", "TRIOPS_LIVE_AIRFLOW2_PASSWORD"]) else { return };
    let failure = Reader::new("airflow2", &url, None).source.poll(&PollId::from("dags"), now()).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Auth, "{failure}");
    let source = Reader::new("airflow2", &url, Some(sign_in("basic", "admin", "TRIOPS_LIVE_AIRFLOW2_PASSWORD")));
    assert!(source.product().await.contains("2.10.5"));
    let dags = source.poll("dags").await;
    let daily = named(&dags, "ok_daily");
    let Detail::Pipeline(pipeline) = &daily.detail else { panic!("{daily:?}") };
    assert_eq!((daily.owner.as_deref(), pipeline.paused, pipeline.schedule.as_deref()), (Some("team-data"), Some(false), Some("@yearly")));

    source.find("runs", "ok_daily", State::Ok).await;
    source.find("runs", "long_running", State::Running).await;
    let failed = source.find("runs", "fails_always", State::Failed).await;
    let Detail::Run(run) = &failed.detail else { panic!("{failed:?}") };
    assert!(run.trigger.as_deref() == Some("manual") && run.params["why"] == "a test" && run.started_at < run.ended_at, "{run:?}");
    let steps = source.steps(&failed).await;
    let state = |name: &str| step(&steps, name).state;
    assert_eq!((state("prepare"), state("charge"), state("notify")), (State::Ok, State::Failed, State::Failed));
    assert!(
        step(&steps, "charge").after == ["prepare"] && step(&steps, "notify").reason.as_deref() == Some("upstream_failed"),
        "{steps:?}"
    );
    let log = source.log(&failed, Some("charge")).await;
    assert!(log.contains("ValueError: card gateway answered 503") && log.lines().count() > 3, "{log}");

    let broken = source.until("import-errors", "a file cannot be imported", |batch| batch.entities.first().cloned()).await;
    assert!(broken.state == State::Failed && says(&broken, "a_module_that_does_not_exist"), "{broken:?}");
    let orders = source.find("datasets", "s3://lake/orders", State::Ok).await;
    let Detail::Dataset(dataset) = &orders.detail else { panic!("{orders:?}") };
    assert!(dataset.freshness_at.is_some() && dataset.platform.as_deref() == Some("s3") && orders.links.len() == 2, "{orders:?}");
    assert_eq!(named(&source.poll("health").await, "scheduler").state, State::Ok);
    let changes = source.poll("changes").await;
    assert!(changes.entities.iter().any(|change| change.name.contains("fails_always") && change.owner.as_deref() == Some("admin")));
}

#[tokio::test]
async fn prefect_tells_runs_with_tasks_and_logs_and_a_deployment_that_nobody_works_for() {
    let Some([url]) = addresses("prefect", ["TRIOPS_LIVE_PREFECT"]) else { return };
    let source = Reader::new("prefect", &url, None);
    assert!(source.product().await.contains("3.8.8"));
    source.poll("flows").await;
    source.find("runs", "ok-flow", State::Ok).await;
    source.find("runs", "slow-flow", State::Running).await;
    let failed = source.find("runs", "bad-flow", State::Failed).await;
    assert!(says(&failed, "card gateway answered 503"), "{failed:?}");
    let steps = source.steps(&failed).await;
    let charge = steps.iter().find(|step| step.name.starts_with("charge")).unwrap();
    let extract = steps.iter().find(|step| step.name.starts_with("extract")).unwrap();
    assert_eq!((charge.state, charge.attempt, extract.state), (State::Failed, Some(2), State::Ok));
    let log = source.log(&failed, None).await;
    assert!(log.contains("extracted 42 rows") && log.contains("card gateway answered 503"), "{log}");

    let deployments = source.poll("deployments").await;
    let nightly = named(&deployments, "nightly");
    let Detail::Pipeline(pipeline) = &nightly.detail else { panic!("{nightly:?}") };
    assert!(nightly.state == State::Warning && says(nightly, "no worker polls for it"), "{nightly:?}");
    assert_eq!(pipeline.schedule.as_deref(), Some("30 2 1 1 *"));
    assert_eq!(named(&source.poll("work-pools").await, "work pool cluster").state, State::Failed);
}

#[tokio::test]
async fn dagster_tells_runs_with_steps_and_logs_assets_their_checks_and_its_daemons() {
    let Some([url]) = addresses("dagster", ["TRIOPS_LIVE_DAGSTER"]) else { return };
    let source = Reader::new("dagster", &url, None);
    assert!(source.product().await.contains("1.13.27"));
    let jobs = source.poll("jobs").await;
    let daily = named(&jobs, "ok_job");
    let Detail::Pipeline(pipeline) = &daily.detail else { panic!("{daily:?}") };
    assert_eq!((pipeline.schedule.as_deref(), pipeline.paused), (Some("0 1 * * *"), Some(true)));
    source.find("runs", "ok_job", State::Ok).await;
    source.find("runs", "slow_job", State::Running).await;
    let failed = source.find("runs", "bad_job", State::Failed).await;
    assert!(failed.owner.as_deref() == Some("payments") && failed.links.iter().any(|link| &*link.rel == "pipeline"), "{failed:?}");
    let steps = source.steps(&failed).await;
    assert_eq!((step(&steps, "extract").state, step(&steps, "charge").state), (State::Ok, State::Failed));
    assert_eq!(step(&steps, "charge").after, ["extract"]);
    let log = source.log(&failed, None).await;
    assert!(log.contains("retrying is of no use") && log.contains("card gateway answered 503"), "{log}");

    let assets = source.poll("assets").await;
    let orders = named(&assets, "orders");
    let Detail::Dataset(dataset) = &orders.detail else { panic!("{orders:?}") };
    assert!(dataset.freshness_at.is_some() && dataset.classifications == ["pii"], "{orders:?}");
    let nulls = named(&assets, "orders.no_nulls");
    assert!(nulls.state == State::Warning && says(nulls, "3 nulls"), "{nulls:?}");
    source.find("daemons", "daemon scheduler", State::Ok).await;
}
