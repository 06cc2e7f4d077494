//! Spark and Flink as they really answer: applications and jobs, what runs them, and why they failed.
//! Not for: recorded answers (see `tests/contracts.rs`), acting (see `act_systems`).

use triops::domain::{Detail, Kind, State};

use super::reader::{Reader, leads_to, says};
use super::support::{addresses, named, told};

#[tokio::test]
async fn spark_tells_that_a_completed_application_failed_and_why() {
    let Some([history, driver]) = addresses("spark", ["TRIOPS_LIVE_SPARK", "TRIOPS_LIVE_SPARK_DRIVER"]) else { return };
    let source = Reader::new("spark", &history, None);
    assert!(source.product().await.contains("4.3.0"));
    source.find("applications", "ok-app", State::Ok).await;
    let failed = source.find("applications", "bad-app", State::Failed).await;
    assert!(says(&failed, "completed, 1 of 1 jobs FAILED"), "{failed:?}");
    let Detail::Run(run) = &failed.detail else { panic!("{failed:?}") };
    assert!(run.started_at < run.ended_at && run.metrics["jobs_failed"] == 1.0, "{run:?}");
    let steps = source.steps(&failed).await;
    assert!(steps[0].state == State::Failed && steps[0].reason.as_deref().unwrap().contains("FAILED"), "{steps:?}");
    assert!(source.log(&failed, None).await.contains("ValueError: card gateway answered 503"));

    let driver = Reader::new("spark", &driver, None);
    let running = driver.find("applications", "slow-app", State::Running).await;
    assert!(says(&running, "job 0: 0/4 tasks"), "{running:?}");
    let executors =
        driver.until("executors", "an executor works", |batch| batch.entities.iter().find(|e| says(e, "1 tasks active")).cloned()).await;
    assert!(executors.name.starts_with("executor ") && leads_to(&executors, &running), "{executors:?}");
}

#[tokio::test]
async fn a_spark_master_tells_its_workers_and_applications() {
    let Some([url]) = addresses("spark-master", ["TRIOPS_LIVE_SPARK_MASTER"]) else { return };
    let source = Reader::new("spark-master", &url, None);
    source.product().await;
    let batch = source.poll("master").await;
    assert_eq!((named(&batch, "slow-app").state, named(&batch, "ok-app").state), (State::Running, State::Ok));
    let worker = batch.entities.iter().find(|entity| entity.kind() == Kind::Workload).unwrap_or_else(|| panic!("{}", told(&batch)));
    let Detail::Workload(workload) = &worker.detail else { panic!("{worker:?}") };
    assert!(
        worker.state == State::Ok && says(worker, "ALIVE, 1/2 cores used") && workload.memory_limit_bytes == Some(2 << 30),
        "{worker:?}"
    );
    let master = batch.entities.iter().find(|entity| entity.kind() == Kind::Check).unwrap();
    assert!(master.state == State::Ok && says(master, "1 workers"), "{master:?}");
}

#[tokio::test]
async fn flink_tells_jobs_with_the_first_cause_of_their_failure_and_their_checkpoints() {
    let Some([url]) = addresses("flink", ["TRIOPS_LIVE_FLINK"]) else { return };
    let source = Reader::new("flink", &url, None);
    assert!(source.product().await.contains("2.3.0"));
    source.find("jobs", "orders-import", State::Ok).await;
    let failed = source.find("jobs", "charges", State::Failed).await;
    assert!(says(&failed, "IllegalStateException: card gateway answered 503"), "{failed:?}");
    let steps = source.steps(&failed).await;
    assert!(steps.iter().any(|step| step.state == State::Failed && step.name.contains("charge")), "{steps:?}");
    assert!(source.log(&failed, None).await.contains("card gateway answered 503"));

    let running = source.find("jobs", "clicks", State::Running).await;
    assert!(says(&running, "1/1 tasks running"), "{running:?}");
    let checkpoints = source.find("checkpoints", "checkpoints of clicks", State::Ok).await;
    assert!(says(&checkpoints, "last completed") && leads_to(&checkpoints, &running), "{checkpoints:?}");
    let cluster = source.poll("cluster").await;
    assert!(
        named(&cluster, "task slots").state == State::Ok && says(named(&cluster, "task slots"), "1 task managers"),
        "{}",
        told(&cluster)
    );
    assert!(cluster.entities.iter().any(|entity| entity.kind() == Kind::Workload && entity.state == State::Ok), "{}", told(&cluster));
}
