//! Great Expectations, dbt and Evidently as they really write their results, through their connector files.
//! Not for: recorded files (see `tests/here.rs`).

use std::path::Path;
use std::sync::Arc;

use triops::config::{Paths, SourceConfig};
use triops::domain::{Batch, Check, Detail, Entity, PollId, State};
use triops::insight::findings::Findings;
use triops::source::Source;
use triops::source::registry::Registry;

use super::support::{addresses, named, now, told};

fn source(connector: &str, path: &str) -> Arc<dyn Source> {
    let config = SourceConfig { name: connector.into(), connector: connector.into(), path: vec![path.into()], ..SourceConfig::default() };
    Registry::load(&Paths::under(Path::new("/nonexistent"))).unwrap().build(&config).unwrap()
}

async fn poll(source: &dyn Source, id: &str) -> Batch {
    match source.poll(&PollId::from(id), now()).await {
        Ok(batch) if batch.problems.is_empty() => batch,
        Ok(batch) => panic!("poll {id}:\n{}", told(&batch)),
        Err(failure) => panic!("poll {id}: {failure} ({})", failure.hint),
    }
}

fn check(entity: &Entity) -> &Check {
    let Detail::Check(check) = &entity.detail else { panic!("{entity:?}") };
    check
}

/// Expected, observed and rows that failed.
fn found(entity: &Entity) -> (State, &str, &str, Option<f64>) {
    let check = check(entity);
    let [expected, observed] = [&check.expected, &check.observed].map(|text| text.as_ref().map_or("", |text| text.as_str()));
    (entity.state, expected, observed, check.numbers.get("failed_rows").copied())
}

/// The checks of data, by the name of their dataset.
fn grouped(batches: &[&Batch]) -> Vec<(String, usize)> {
    let all: Vec<Arc<Entity>> = batches.iter().flat_map(|batch| &batch.entities).cloned().map(Arc::new).collect();
    let of = |kind: &str| all.iter().filter(|entity| entity.kind().word() == kind).collect::<Vec<_>>();
    let findings = Findings::of(of("dataset").into_iter(), of("check").into_iter());
    assert!(findings.others().is_empty(), "{:?}", findings.others());
    let mut groups: Vec<_> =
        of("dataset").iter().map(|dataset| (dataset.name.to_string(), findings.of_dataset(&dataset.id).len())).collect();
    groups.sort();
    groups
}

#[tokio::test]
async fn great_expectations_tells_what_was_expected_and_how_many_rows_are_not_so_and_never_the_rows() {
    let Some([path]) = addresses("great-expectations", ["TRIOPS_LIVE_GREAT_EXPECTATIONS"]) else { return };
    let source = source("great-expectations", &path);
    assert_eq!(source.probe().await.unwrap().product, "Great Expectations 1.24.1");
    let batch = poll(&*source, "validations").await;
    assert_eq!(grouped(&[&batch]), [("orders".to_owned(), 6)]);
    let missing = named(&batch, "orders.amount: column values to not be null");
    assert_eq!(found(missing), (State::Failed, "not be null", "20.0 % unexpected", Some(1.0)));
    let double = named(&batch, "orders.id: column values to be unique");
    assert_eq!((double.state, found(double).3), (State::Warning, Some(2.0)));
    let mean = named(&batch, "orders.amount: column mean to be between");
    assert_eq!((found(mean).0, found(mean).1), (State::Failed, "min_value 0.0, max_value 100.0"));
    assert!(found(mean).2.starts_with("25008."), "{mean:?}");
    let broken = named(&batch, "orders.no_such_column: column values to be between");
    assert!(broken.reason.as_deref().is_some_and(|reason| reason.contains("no_such_column")), "{broken:?}");
    assert_eq!(named(&batch, "orders: table row count to be between").state, State::Ok);
    let all = format!("{batch:?}");
    assert!(!all.contains("4111-secret-row"), "a row's content was taken: {all}");
}

#[tokio::test]
async fn dbt_tells_tests_beside_the_models_they_are_about_with_owner_and_classification() {
    let Some([path]) = addresses("dbt", ["TRIOPS_LIVE_DBT"]) else { return };
    let source = source("dbt", &path);
    assert_eq!(source.probe().await.unwrap().product, "dbt 1.11.16");
    let (results, freshness) = (poll(&*source, "results").await, poll(&*source, "freshness").await);
    let run = named(&results, "shop dbt build");
    assert_eq!(run.state, State::Failed);
    let orders = results.entities.iter().find(|entity| entity.kind().word() == "dataset" && entity.name == "orders").unwrap();
    let Detail::Dataset(dataset) = &orders.detail else { panic!("{orders:?}") };
    assert_eq!((orders.owner.as_deref(), dataset.classifications.as_slice()), (Some("team-data"), ["pii".into()].as_slice()));
    let broken = results.entities.iter().find(|entity| entity.kind().word() == "dataset" && entity.name == "broken").unwrap();
    assert!(broken.state == State::Failed && broken.reason.as_deref().unwrap().contains("models/broken.sql"), "{broken:?}");
    let double = named(&results, "unique_orders_id");
    assert_eq!(found(double), (State::Failed, "0 rows", "1 rows", Some(1.0)));
    assert_eq!((check(double).subject.as_deref(), check(double).test.as_deref()), (Some("orders.id"), Some("unique")));
    assert_eq!(double.owner.as_deref(), Some("team-data"));
    let country = named(&results, "accepted_values_orders_country__DE__FR__US");
    assert_eq!(found(country).0, State::Warning);
    assert!(found(country).1.contains("DE"), "{country:?}");
    assert_eq!(named(&results, "no_negative_amounts").links.len(), 1);
    let old = named(&freshness, "raw.raw_orders freshness");
    assert_eq!((old.state, found(old).1), (State::Failed, "warn after 1 day, fail after 30 days"));
    let groups = grouped(&[&results, &freshness]);
    for expected in [("orders", 4), ("revenue", 2), ("raw.raw_orders", 1), ("behind", 0)] {
        assert!(groups.contains(&(expected.0.to_owned(), expected.1)), "{expected:?} in {groups:?}");
    }
}

#[tokio::test]
async fn evidently_tells_which_columns_moved_whichever_way_its_test_was_named() {
    let Some([path]) = addresses("evidently", ["TRIOPS_LIVE_EVIDENTLY"]) else { return };
    let source = source("evidently", &path);
    let batch = poll(&*source, "reports").await;
    let state = |name: &str| named(&batch, name).state;
    assert_eq!(state("moved.age drift"), State::Warning, "a p-value near zero");
    assert_eq!(state("moved.income drift"), State::Ok, "a p-value far above its threshold");
    assert_eq!(state("moved.country drift"), State::Warning);
    assert_eq!(state("moved drifted columns"), State::Failed);
    assert_eq!(found(named(&batch, "moved.age drift")).1, "at least 0.05");
    assert_eq!((state("same.age drift"), state("same drifted columns")), (State::Ok, State::Ok));
}
