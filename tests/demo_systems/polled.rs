//! The cockpit's own sources read the simulated systems: entities of every kind, no failed poll, no problem, logs, steps, events.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use triops::domain::{Answer, Ask, Batch, Detail, Entity, Kind, LogPart, LogRequest, LogStream, PollId, State, Step};
use triops::source::{Flow, Source};

use crate::stage::{AIRFLOW, DOCKER, GITLAB, MLFLOW, SYSTEMS, Stage};

async fn poll(stage: &Stage, source: &dyn Source, id: &str) -> Batch {
    match source.poll(&PollId::from(id), stage.now()).await {
        Ok(batch) => {
            assert!(batch.problems.is_empty(), "{} {id}: {:?}", source.info().name, batch.problems);
            batch
        }
        Err(failure) => panic!("{} {id}: {failure} ({})", source.info().name, failure.hint),
    }
}

fn log(entity: &Entity, step: Option<&str>, follow: bool) -> LogRequest {
    let entity = Arc::new(entity.clone());
    LogRequest { entity, step: step.map(Into::into), attempt: None, since: None, until: None, tail: 500, follow }
}

async fn whole(source: &dyn Source, request: LogRequest) -> Vec<LogPart> {
    source.logs(request).map(|part| part.unwrap_or_else(|failure| panic!("{failure}"))).collect().await
}

async fn steps(source: &dyn Source, run: &Entity) -> Vec<Step> {
    match source.ask(&Ask::Steps { run: Arc::new(run.clone()) }).await {
        Ok(Answer::Steps(steps)) => steps,
        other => panic!("no steps: {other:?}"),
    }
}

async fn soon<T>(flow: &mut Flow<T>) -> T {
    let next = tokio::time::timeout(Duration::from_secs(10), flow.next()).await.expect("something comes");
    next.expect("it goes on").unwrap_or_else(|failure| panic!("{failure}"))
}

#[tokio::test]
async fn every_poll_of_every_source_succeeds_in_every_story() {
    for story in triops::demo::story::Story::names() {
        let stage = Stage::new(story, 290.0);
        for system in SYSTEMS {
            let server = stage.serve(system).await;
            let source = stage.source(system, &server);
            let product = source.probe().await.unwrap_or_else(|failure| panic!("{}: {failure}", system.name())).product;
            assert!(!product.is_empty());
            for info in source.info().polls.clone() {
                let batch = poll(&stage, &*source, info.id.as_str()).await;
                for entity in &batch.entities {
                    assert!(info.kinds.contains(&entity.kind()), "{story} {}: {} is not announced", system.name(), entity.id);
                    assert_ne!(entity.state, State::Unknown, "{story} {}: {entity:?}", system.name());
                }
                let empty = ["import-errors", "schedules"].contains(&info.id.as_str());
                assert_eq!(batch.entities.is_empty(), empty, "{story} {} {}", system.name(), info.id);
            }
        }
    }
}

#[tokio::test]
async fn docker_gives_twelve_containers_with_their_use_logs_of_both_streams_and_what_was_there_before() {
    let stage = Stage::new("bad-load", 400.0);
    let server = stage.serve(DOCKER).await;
    let source = stage.source(DOCKER, &server);
    let workloads = |batch: &Batch| batch.entities.iter().filter(|entity| entity.kind() == Kind::Workload).cloned().collect::<Vec<_>>();
    let all = workloads(&poll(&stage, &*source, "containers").await);
    assert_eq!((all.len(), all.iter().filter(|one| one.state == State::Ok).count()), (12, 12), "{all:?}");
    poll(&stage, &*source, "stats").await;
    stage.go(5.0);
    let used = poll(&stage, &*source, "stats").await;
    for entity in workloads(&used) {
        let Detail::Workload(use_of) = &entity.detail else { panic!("{entity:?}") };
        let cores = use_of.cpu_cores.unwrap_or_default();
        assert!(cores > 0.01 && cores < 4.0, "{}: {cores} cores", entity.name);
        assert!(use_of.memory_bytes > Some(10 << 20) && use_of.memory_bytes < use_of.memory_limit_bytes, "{entity:?}");
        assert!(use_of.net_rx_bps.is_some_and(|bytes| bytes > 0.0), "{entity:?}");
    }
    let refunds = all.iter().find(|entity| entity.name == "refunds-api").unwrap();
    let parts = whole(&*source, log(refunds, None, false)).await;
    let lines = &parts[0].lines;
    assert!(lines.len() > 100 && lines.iter().all(|line| line.at.is_some()), "{}", lines.len());
    let streams = |stream: LogStream| lines.iter().filter(|line| line.stream == stream).count();
    assert!(streams(LogStream::Out) > 0 && streams(LogStream::Err) > 0, "{lines:?}");
    assert!(lines.iter().any(|line| line.text.contains("review queue full")), "{lines:?}");
    let oldest = lines[0].at;
    let older = whole(&*source, LogRequest { until: oldest, ..log(refunds, None, false) }).await;
    assert_eq!(older[0].lines.len(), 500);
    assert!(older[0].lines.iter().all(|line| line.at < oldest));
    match source.ask(&Ask::Raw { entity: Arc::new(refunds.clone()) }).await {
        Ok(Answer::Raw(text)) => assert!(text.contains("RestartPolicy")),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn docker_tells_a_restart_within_a_moment_and_a_followed_log_goes_on_until_it_ends() {
    let stage = Stage::new("quiet", 60.0);
    let server = stage.serve(DOCKER).await;
    let source = stage.source(DOCKER, &server);
    let mut events = source.events().expect("an engine tells events");
    let first = soon(&mut events).await;
    let search = first.entities.iter().find(|entity| entity.name == "search-api").expect("a first sight of all").clone();
    let mut lines = source.logs(log(&search, None, true));
    assert!(!soon(&mut lines).await.lines.is_empty());
    stage.go(8.0);
    assert!(!soon(&mut lines).await.lines.is_empty(), "new lines come");

    stage.post(DOCKER, "/v1.41/containers/search-api/stop", serde_json::Value::Null);
    stage.go(3.0);
    let stopped = soon(&mut events).await;
    let told = stopped.entities.iter().find(|entity| entity.name == "search-api" && entity.kind() == Kind::Workload).expect("its end");
    assert_eq!(told.reason.as_deref(), Some("exited 0"));
    let last = loop {
        let part = soon(&mut lines).await;
        if part.ended {
            break part;
        }
    };
    assert!(last.lines.iter().any(|line| line.text.contains("asked to stop")), "{last:?}");
}

#[tokio::test]
async fn a_new_deploy_is_told_as_a_change_from_one_image_to_the_next() {
    let stage = Stage::new("bad-deploy", 57.0);
    let server = stage.serve(DOCKER).await;
    let source = stage.source(DOCKER, &server);
    poll(&stage, &*source, "containers").await;
    let mut events = source.events().unwrap();
    let told = async {
        loop {
            let batch = soon(&mut events).await;
            if let Some(change) = batch.entities.iter().find(|entity| entity.kind() == Kind::Change && entity.name == "orders-api") {
                break change.clone();
            }
        }
    };
    let time = async {
        loop {
            tokio::time::sleep(Duration::from_millis(200)).await;
            stage.go(0.5);
        }
    };
    let change = tokio::select! { change = told => change, () = time => unreachable!() };
    let reason = change.reason.as_deref().unwrap_or_default();
    assert!(reason.starts_with("image registry.lumen.example/orders-api:2.14.") && reason.contains(" → "), "{reason}");
}

#[tokio::test]
async fn airflow_gives_the_log_of_the_task_that_failed_with_what_was_raised_and_follows_one_that_runs() {
    let stage = Stage::new("bad-load", 300.0);
    let server = stage.serve(AIRFLOW).await;
    let source = stage.source(AIRFLOW, &server);
    let runs = poll(&stage, &*source, "runs").await;
    let failed = runs.entities.iter().find(|run| run.state == State::Failed && run.name == "orders_quality").expect("a failed run");
    let all = steps(&*source, failed).await;
    let told: Vec<(&str, State)> = all.iter().map(|step| (step.key.as_str(), step.state)).collect();
    assert_eq!(
        told,
        [("volume", State::Failed), ("schema", State::Failed), ("freshness", State::Failed), ("publish_report", State::Failed)]
    );
    assert_eq!(all[1].after, ["volume"]);
    let parts = whole(&*source, log(failed, Some("volume"), false)).await;
    let text: Vec<&str> = parts.iter().flat_map(|part| &part.lines).map(|line| line.text.as_str()).collect();
    let text = text.join("\n");
    for words in ["core.orders has ", "expected 1,100,000 to 1,400,000 rows", "ValueError: expected column customer_id", "in volume"] {
        assert!(text.contains(words), "no `{words}` in:\n{text}");
    }

    stage.post(AIRFLOW, "/api/v2/dags/train_fraud_score/dagRuns", serde_json::json!({"logical_date": null}));
    stage.go(160.0);
    let runs = poll(&stage, &*source, "runs").await;
    let running = runs.entities.iter().find(|run| run.state == State::Running && run.name == "train_fraud_score").expect("a running run");
    let mut lines = source.logs(log(running, Some("train"), true));
    let first = soon(&mut lines).await;
    assert!(!first.ended && !first.lines.is_empty());
    stage.go(120.0);
    let mut more = Vec::new();
    loop {
        let part = soon(&mut lines).await;
        more.extend(part.lines);
        if part.ended {
            break;
        }
    }
    assert!(more.iter().any(|line| line.text == "Task succeeded") && more.iter().all(|line| !first.lines.contains(line)), "{more:?}");
}

#[tokio::test]
async fn mlflow_gives_versions_with_alias_framework_and_metrics() {
    let stage = Stage::new("quiet", 60.0);
    let server = stage.serve(MLFLOW).await;
    let source = stage.source(MLFLOW, &server);
    poll(&stage, &*source, "experiments").await;
    let models = poll(&stage, &*source, "models").await;
    assert_eq!(models.entities.len(), 21);
    let champion = models.entities.iter().find(|entity| entity.name == "fraud-score v7").unwrap();
    let Detail::Model(model) = &champion.detail else { panic!("{champion:?}") };
    assert_eq!((model.framework.as_deref(), model.framework_version.as_deref()), (Some("xgboost"), Some("2.1.4")));
    assert_eq!(model.aliases.iter().map(|alias| alias.as_str()).collect::<Vec<_>>(), ["champion"]);
    assert!(model.metrics.contains_key("auc") && champion.owner.as_deref() == Some("fraud"), "{champion:?}");
    for entity in &models.entities {
        let Detail::Model(model) = &entity.detail else { panic!("{entity:?}") };
        assert!(model.framework_version.is_some(), "{entity:?}");
    }
    let runs = poll(&stage, &*source, "runs").await;
    assert!(runs.entities.iter().all(|run| run.links.iter().any(|link| &*link.rel == "pipeline")));
}

#[tokio::test]
async fn gitlab_gives_pipelines_with_jobs_and_traces_deployments_and_commits() {
    let stage = Stage::new("bad-deploy", 200.0);
    let server = stage.serve(GITLAB).await;
    let source = stage.source(GITLAB, &server);
    assert_eq!(poll(&stage, &*source, "projects").await.entities.len(), 12);
    let runs = poll(&stage, &*source, "runs").await;
    let run = runs.entities.iter().find(|run| run.name.contains("Keep recent orders in memory")).expect("the bad deploy's pipeline");
    let Detail::Run(detail) = &run.detail else { panic!("{run:?}") };
    assert_eq!((detail.actor.as_deref(), detail.branch.as_deref()), (Some("ravi"), Some("main")));
    assert!(detail.ended_at > detail.started_at);
    let jobs = steps(&*source, run).await;
    assert_eq!(jobs.iter().map(|job| job.name.as_str()).collect::<Vec<_>>(), ["build", "test", "deploy"]);
    let parts = whole(&*source, log(run, Some(jobs[2].key.as_str()), false)).await;
    let lines: Vec<_> = parts.iter().flat_map(|part| &part.lines).collect();
    assert!(lines.iter().any(|line| line.text.contains("Job succeeded") && line.at.is_some()), "{lines:?}");
    assert!(lines.iter().all(|line| !line.text.contains("section_")), "{lines:?}");
    let changes = poll(&stage, &*source, "deployments").await;
    let newest = changes.entities.iter().filter(|change| change.name.contains("orders-api")).max_by_key(|change| change.since).unwrap();
    let Detail::Change(change) = &newest.detail else { panic!("{newest:?}") };
    assert_eq!((change.commit.as_deref(), change.actor.as_deref()), (detail.commit.as_deref(), Some("ravi")));
    assert!(change.before.is_some() && change.before != change.after, "{newest:?}");
    let commits = poll(&stage, &*source, "commits").await;
    assert!(commits.entities.iter().any(|commit| commit.reason.as_deref().is_some_and(|reason| reason.contains("Keep recent orders"))));
}
