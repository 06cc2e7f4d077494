//! Alertmanager, `MLflow` and Airflow as they really answer, through their connector files.
//! Not for: recorded answers (see `tests/connectors.rs`).

use std::time::Duration;

use futures_util::StreamExt;
use triops::domain::{Batch, Detail, FailureKind, Kind, PollId, State};

use super::reader::{Reader, log_of};
use super::support::{addresses, named, now, sign_in, told};

#[tokio::test]
async fn alertmanager_tells_alerts_with_their_state_and_itself() {
    let Some([url]) = addresses("alertmanager", ["TRIOPS_LIVE_ALERTMANAGER"]) else { return };
    let source = Reader::new("alertmanager", &url, None);
    assert!(source.product().await.starts_with("Alertmanager 0."));
    let alert = source.until("alerts", "an alert fires", |batch| batch.entities.first().cloned()).await;
    let Detail::Alert(detail) = &alert.detail else { panic!("{alert:?}") };
    assert!(detail.starts_at.is_some() && alert.since == detail.starts_at && !detail.receivers.is_empty(), "{alert:?}");
    source.poll("silences").await;
    let status = source.poll("status").await;
    assert_eq!(named(&status, "alertmanager cluster").state, State::Ok);
}

#[tokio::test]
async fn mlflow_tells_models_with_alias_framework_and_metrics_and_runs_without_nan() {
    let Some([url]) = addresses("mlflow", ["TRIOPS_LIVE_MLFLOW"]) else { return };
    let source = Reader::new("mlflow", &url, None);
    assert!(source.product().await.starts_with("MLflow 3."));
    let models = source.poll("models").await;
    let aliased = models.entities.iter().find(|entity| matches!(&entity.detail, Detail::Model(model) if !model.aliases.is_empty()));
    let Some(Detail::Model(model)) = aliased.map(|entity| &entity.detail) else { panic!("no alias in:\n{}", told(&models)) };
    assert_eq!(model.framework.as_deref(), Some("sklearn"));
    assert!(model.framework_version.as_deref().is_some_and(|version| version.starts_with("1.")), "{model:?}");
    assert!(model.run_id.is_some() && !model.metrics.is_empty(), "{model:?}");
    let runs = source.poll("runs").await;
    let states: Vec<State> = runs.entities.iter().map(|run| run.state).collect();
    for state in [State::Ok, State::Failed, State::Running, State::Cancelled] {
        assert!(states.contains(&state), "no run is {state} in:\n{}", told(&runs));
    }
    for run in &runs.entities {
        let Detail::Run(detail) = &run.detail else { panic!("{run:?}") };
        assert!(detail.metrics.values().all(|value| value.is_finite() && *value < 1.7e308), "{run:?}");
        assert!(run.links.iter().any(|link| &*link.rel == "pipeline"), "{run:?}");
    }
    assert!(source.poll("experiments").await.entities.iter().all(|entity| entity.kind() == Kind::Pipeline));
}

#[tokio::test]
async fn mlflow_behind_a_password_says_that_it_needs_one_and_opens_with_it() {
    let Some([url, _]) = addresses("mlflow with a password", ["TRIOPS_LIVE_MLFLOW_AUTH", "TRIOPS_LIVE_MLFLOW_PASSWORD"]) else { return };
    let failure = Reader::new("mlflow", &url, None).source.poll(&PollId::from("experiments"), now()).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Auth, "{failure}");
    let open = Reader::new("mlflow", &url, Some(sign_in("basic", "admin", "TRIOPS_LIVE_MLFLOW_PASSWORD")));
    open.poll("experiments").await;
}

#[tokio::test]
async fn airflow_tells_dags_runs_steps_and_import_errors() {
    let Some([url, _]) = addresses("airflow", ["TRIOPS_LIVE_AIRFLOW", "TRIOPS_LIVE_AIRFLOW_PASSWORD"]) else { return };
    let source = Reader::new("airflow", &url, Some(sign_in("login", "admin", "TRIOPS_LIVE_AIRFLOW_PASSWORD")));
    assert!(source.product().await.starts_with("Apache Airflow 3 3."));
    assert!(named(&source.poll("dags").await, "fails_always").url.is_some());
    let failed = source.find("runs", "fails_always", State::Failed).await;
    let steps = source.steps(&failed).await;
    let step = |key: &str| steps.iter().find(|step| step.key == key).unwrap_or_else(|| panic!("no {key} in {steps:?}"));
    assert_eq!((step("prepare").state, step("charge").state), (State::Ok, State::Failed));
    assert_eq!(step("charge").after, ["prepare"]);
    assert!(step("charge").started_at.is_some() && step("charge").ended_at.is_some());
    let broken = source.until("import-errors", "a file cannot be imported", |batch| batch.entities.first().cloned()).await;
    assert!(broken.reason.as_deref().is_some_and(|reason| reason.contains("Error")), "{broken:?}");
    assert_eq!(named(&source.poll("health").await, "scheduler").kind(), Kind::Check);
    source.poll("assets").await;
}

#[tokio::test]
async fn airflow_gives_the_log_of_the_step_that_failed_and_follows_one_that_runs() {
    let Some([url, _]) = addresses("airflow logs", ["TRIOPS_LIVE_AIRFLOW", "TRIOPS_LIVE_AIRFLOW_PASSWORD"]) else { return };
    let source = Reader::new("airflow", &url, Some(sign_in("login", "admin", "TRIOPS_LIVE_AIRFLOW_PASSWORD")));
    let find = |state: State, name: &'static str| {
        move |batch: &Batch| batch.entities.iter().find(|run| run.state == state && run.name == name).cloned()
    };
    let failed = source.until("runs", "a run fails", find(State::Failed, "fails_always")).await;
    let parts: Vec<_> = source.source.logs(log_of(&failed, None, false)).collect().await;
    let part = parts[0].as_ref().unwrap();
    assert!(parts.len() == 1 && part.ended && part.from_start);
    assert!(part.lines.iter().any(|line| line.text.contains("card gateway")), "{:?}", part.lines);

    let running = source.until("runs", "a run is under way", find(State::Running, "long_running")).await;
    let mut log = source.source.logs(log_of(&running, Some("train"), true));
    let first = log.next().await.unwrap().unwrap();
    assert!(!first.ended, "{first:?}");
    // the task itself writes little, and whether the worker serves its file is the server's business: nothing may come twice
    if let Ok(more) = tokio::time::timeout(Duration::from_secs(5), log.next()).await {
        let more = more.unwrap().unwrap();
        let repeated = more.lines.iter().filter(|line| first.lines.contains(line)).count();
        assert!(repeated == 0, "only what is new comes: {more:?}");
    }
}
