//! What native checks say of datasets and readings as they change.

use super::*;
use crate::domain::detail::Table;
use crate::domain::{Comparison, Point};

const HOUR_S: i64 = 3600;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_ms(seconds * 1000)
}

fn table(dataset: Dataset) -> Entity {
    Entity::new(&SourceName::from("s"), "db/orders", "orders", State::Ok, dataset.into(), Timestamp::default())
}

fn orders(renewed_s: i64, rows: u64) -> Entity {
    table(Dataset { freshness_at: Some(at(renewed_s)), rows: Some(rows), ..Dataset::default() })
}

fn columns(columns: &[(&str, &str)]) -> Table<Text> {
    columns.iter().map(|(name, kind)| (Text::from(*name), Text::from(*kind))).collect()
}

fn line(points: &[(i64, f64)]) -> Series {
    let points = points.iter().map(|(seconds, value)| Point { at: at(*seconds), value: *value }).collect();
    Series { reading: "clicks".into(), points, ..Series::default() }
}

fn of_table() -> Definition {
    Definition { name: "orders".into(), dataset: Some("ord*".into()), ..Definition::default() }
}

fn of_reading() -> Definition {
    Definition { name: "clicks".into(), reading: Some("clicks".into()), ..Definition::default() }
}

fn judge(quality: &mut Quality, entities: &[Entity], series: &[Series], seconds: i64) -> Vec<Entity> {
    let source = SourceName::from("s");
    let asked = [Text::from("clicks")];
    quality.judge(&Brought { source: &source, entities, series, past: &[], asked: &asked, problems: &[] }, at(seconds))
}

fn told(checks: &[Entity]) -> Vec<String> {
    checks.iter().map(|check| format!("{} {} {}", check.name, check.state, check.reason.as_deref().unwrap_or_default())).collect()
}

#[test]
fn a_dataset_is_checked_for_age_and_rows_and_says_what_was_expected() {
    let definition = Definition { freshness: Some(Freshness::Within(3600.0)), min_rows: Some(10), ..of_table() };
    let mut quality = Quality::new(vec![definition]);
    let good = judge(&mut quality, &[orders(1000, 50)], &[], 2000);
    assert_eq!(
        told(&good),
        ["orders freshness ok expected at most 1 h old, got 16 min old", "orders rows ok expected at least 10 rows, got 50 rows"]
    );
    let bad = judge(&mut quality, &[orders(1000, 3)], &[], 9000);
    assert_eq!(
        told(&bad),
        ["orders freshness failed expected at most 1 h old, got 2 h old", "orders rows failed expected at least 10 rows, got 3 rows"]
    );
    assert_eq!((bad[0].since, bad[0].links.len()), (Some(at(9000)), 1));
    let still = judge(&mut quality, &[orders(1000, 3)], &[], 9900);
    assert_eq!(still[0].since, Some(at(9000)), "it failed then");
    assert!(judge(&mut quality, &[], &[], 9901).is_empty());
}

#[test]
fn columns_that_go_or_change_their_type_fail_new_ones_warn_and_after_a_day_they_are_usual() {
    let mut quality = Quality::new(vec![Definition { columns: Some(Columns::Learnt), ..of_table() }]);
    let with = |named: &[(&str, &str)]| [table(Dataset { columns: columns(named), ..Dataset::default() })];
    let first = with(&[("id", "int"), ("email", "text")]);
    let told_at = |quality: &mut Quality, dataset: &[Entity], seconds| told(&judge(quality, dataset, &[], seconds)).remove(0);
    assert_eq!(told_at(&mut quality, &first, 0), "orders columns ok expected the columns it had, got 2 columns");
    let more = with(&[("id", "int"), ("email", "text"), ("vat", "int")]);
    assert_eq!(told_at(&mut quality, &more, 60), "orders columns warning expected the columns it had, got +vat int");
    let other = with(&[("id", "text"), ("vat", "int")]);
    assert_eq!(
        told_at(&mut quality, &other, 120),
        "orders columns failed expected the columns it had, got −email, id int → text, +vat int"
    );
    assert!(told_at(&mut quality, &first, 180).contains(" ok "), "it came back");
    assert!(told_at(&mut quality, &other, 240).contains(" failed "));
    assert!(told_at(&mut quality, &other, 240 + 26 * HOUR_S).contains(" failed "));
    assert!(told_at(&mut quality, &other, 241 + 26 * HOUR_S).contains(" ok "), "told for a day");
    assert_eq!(told_at(&mut quality, &with(&[]), 300 + 26 * HOUR_S), "orders columns unknown nobody tells its columns");
}

#[test]
fn named_columns_and_missing_values_are_told_one_by_one() {
    let definition = Definition {
        columns: Some(Columns::Named(columns(&[("id", "INT"), ("email", ""), ("paid", "date")]))),
        max_null_share: Some(0.05),
        severity: State::Warning,
        ..of_table()
    };
    let mut quality = Quality::new(vec![definition]);
    let nulls: Table<f64> = [("id".into(), 0.0), ("email".into(), 0.125), ("paid".into(), 0.4)].into();
    let bad = table(Dataset { columns: columns(&[("id", "int"), ("paid", "text")]), nulls, ..Dataset::default() });
    assert_eq!(
        told(&judge(&mut quality, &[bad], &[], 0)),
        [
            "orders columns warning expected 3 columns, got no email, paid text instead of date",
            "orders nulls warning expected at most 5 % missing, got paid 40 %, email 12.5 %",
        ]
    );
    let good_columns = columns(&[("id", "int"), ("email", "text"), ("paid", "DATE"), ("more", "x")]);
    let good = table(Dataset { columns: good_columns, nulls: [("id".into(), 0.002)].into(), ..Dataset::default() });
    assert_eq!(
        told(&judge(&mut quality, &[good], &[], 1)),
        ["orders columns ok expected 3 columns, got all of them among 4", "orders nulls ok expected at most 5 % missing, got id 0.2 %"]
    );
    let silent = judge(&mut quality, &[table(Dataset::default())], &[], 2);
    assert!(silent.iter().all(|check| check.state == State::Unknown), "{:?}", told(&silent));
}

#[test]
fn an_assertion_says_what_it_saw_and_no_data_is_not_well() {
    let assert = Comparison::split("< 0.05").map(|(_, comparison)| comparison);
    let mut quality = Quality::new(vec![Definition { assert, max_null_share: Some(0.5), ..of_reading() }]);
    let good = judge(&mut quality, &[], &[line(&[(0, 0.01)])], 0);
    assert_eq!(told(&good), ["clicks assertion ok expected < 0.05, got 0.01", "clicks nulls ok expected at most 50 % missing, got 1 %"]);
    let bad = judge(&mut quality, &[], &[line(&[(60, 0.75)])], 60);
    assert_eq!(
        told(&bad),
        ["clicks assertion failed expected < 0.05, got 0.75", "clicks nulls failed expected at most 50 % missing, got 75 %"]
    );
    assert_eq!(bad[0].since, Some(at(60)));
    assert_eq!(told(&judge(&mut quality, &[], &[line(&[(90, f64::NAN)])], 90))[0], "clicks assertion unknown expected < 0.05, got NaN");
    assert_eq!(told(&judge(&mut quality, &[], &[], 120)), ["clicks assertion unknown expected < 0.05, got no data"]);
    let source = SourceName::from("s");
    let asked = [Text::from("clicks")];
    let problems = [RowProblem { path: "clicks".into(), message: "parse error".into() }];
    let failed =
        quality.judge(&Brought { source: &source, entities: &[], series: &[], past: &[], asked: &asked, problems: &problems }, at(130));
    assert_eq!(told(&failed), ["clicks assertion unknown expected < 0.05, got parse error"]);
    let elsewhere = SourceName::from("t");
    let other = Quality::new(vec![Definition { source: Some("s".into()), assert, ..of_reading() }])
        .judge(&Brought { source: &elsewhere, entities: &[], series: &[], past: &[], asked: &asked, problems: &[] }, at(0));
    assert_eq!(told(&other), Vec::<String>::new());
}

#[test]
fn a_definition_that_nothing_was_brought_for_is_told() {
    let mut quality = Quality::new(vec![Definition { min_rows: Some(1), ..of_table() }, of_reading()]);
    judge(&mut quality, &[orders(0, 1)], &[], 0);
    assert_eq!(quality.unmet().map(|definition| definition.name.to_string()).collect::<Vec<_>>(), Vec::<String>::new());
    let mut quality = Quality::new(vec![Definition { dataset: Some("refunds".into()), min_rows: Some(1), ..of_table() }]);
    judge(&mut quality, &[orders(0, 1)], &[], 0);
    assert_eq!(quality.unmet().count(), 1);
}

/// Numbers that are the same on every machine, 0 to 1.
fn noise(at: i64) -> f64 {
    let mixed = (at as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    ((mixed ^ (mixed >> 31)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 11) as f64 / (1_u64 << 53) as f64
}

#[test]
fn another_distribution_of_a_reading_is_found_and_the_same_one_is_not() {
    let definition = Definition { distribution_s: Some(100.0 * 60.0), every_s: 60.0, ..of_reading() };
    let mut wrong = 0;
    for seed in 0..20 {
        let mut quality = Quality::new(vec![definition.clone()]);
        let mut worst = State::Ok;
        for minute in 0..800 {
            let checks = judge(&mut quality, &[], &[line(&[(minute * 60, 10.0 + noise(minute + seed * 100_000))])], minute * 60);
            if checks[0].state.severity() > State::Pending.severity() {
                worst = checks[0].state;
            }
        }
        wrong += usize::from(worst != State::Ok);
        if seed > 0 {
            continue;
        }
        let mut checks = Vec::new();
        for minute in 800..900 {
            checks = judge(&mut quality, &[], &[line(&[(minute * 60, 10.4 + noise(minute))])], minute * 60);
        }
        assert_eq!((checks[0].state, checks[0].name.as_str()), (State::Failed, "clicks distribution"), "{:?}", told(&checks));
        assert!(checks[0].reason.as_deref().unwrap().contains(", median 10."), "{:?}", told(&checks));
    }
    assert!(wrong <= 1, "{wrong} of 20");
}

#[test]
fn a_cadence_is_learnt_and_a_number_that_is_odd_for_its_hour_is_told() {
    let definitions = vec![
        Definition { freshness: Some(Freshness::Learnt), volume: true, ..of_table() },
        Definition { volume: true, every_s: 3600.0, ..of_reading() },
    ];
    let mut quality = Quality::new(definitions);
    let usual = |n: i64| 1e6 + 4e5 * ((n % 24) as f64 / 24.0 * std::f64::consts::TAU).sin() + (n * 7919 % 101) as f64 * 100.0;
    let mut checks = Vec::new();
    for n in 0..300 {
        let clicks = line(&[(n * HOUR_S, usual(n)), (n * HOUR_S + 15, 0.0)]);
        checks = judge(&mut quality, &[orders(n * HOUR_S, 1000 + (n % 7) as u64)], &[clicks], n * HOUR_S);
    }
    assert!(checks.iter().all(|check| check.state == State::Ok), "{:?}", told(&checks));
    let late = judge(&mut quality, &[orders(299 * HOUR_S, 1002)], &[line(&[(300 * HOUR_S, usual(312) * 0.5)])], 303 * HOUR_S);
    assert_eq!(told(&late)[0], "orders freshness failed expected at most 90 min old, renewed every 1 h, got 4 h old");
    let odd = &late[2];
    assert!(odd.state != State::Ok && odd.reason.as_ref().unwrap().contains(" on a Tuesday 12:00 UTC, got "), "{:?}", told(&late));
}

#[test]
fn what_a_reading_was_before_it_was_watched_is_learnt_at_once() {
    let mut quality = Quality::new(vec![Definition { volume: true, ..of_reading() }]);
    let usual = |n: i64| 100.0 + 40.0 * ((n % 144) as f64 / 144.0 * std::f64::consts::TAU).sin() + noise(n);
    let past = line(&(0..1000).map(|n| (n * 600, usual(n))).collect::<Vec<_>>());
    let source = SourceName::from("s");
    let now = line(&[(1000 * 600, usual(1000) * 0.3)]);
    let brought = Brought { source: &source, entities: &[], series: &[now], past: &[past], asked: &[], problems: &[] };
    let checks = quality.judge(&brought, at(1000 * 600));
    assert_eq!(checks[0].state, State::Failed, "{:?}", told(&checks));
}
