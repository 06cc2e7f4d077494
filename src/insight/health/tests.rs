//! What is said of versions side by side.

use super::*;
use crate::domain::Change;

struct Series(Vec<(&'static str, Option<&'static str>, f64)>);

impl Live for Series {
    fn value(&self, reading: &str, model: &str, version: Option<&str>) -> Option<f64> {
        let found = self.0.iter().find(|(name, of, _)| *name == reading && *of == version);
        found.filter(|_| model == "fraud").map(|(.., value)| *value)
    }
}

fn version(version: &str, aliases: &[&str], metrics: &[(&str, f64)]) -> Arc<Entity> {
    let detail = Model {
        version: Some(version.into()),
        aliases: aliases.iter().map(|alias| Text::from(*alias)).collect(),
        metrics: metrics.iter().map(|(name, value)| (Text::from(*name), *value)).collect(),
        ..Model::default()
    };
    let mut entity =
        Entity::new(&SourceName::from("mlflow"), &format!("fraud/{version}"), "fraud", State::Ok, detail.into(), Timestamp::default());
    entity.labels.insert("model".into(), "fraud".into());
    Arc::new(entity)
}

fn judged(
    expectation: &Expectation,
    versions: &[Arc<Entity>],
    before: Option<&str>,
    live: &[(&'static str, Option<&'static str>, f64)],
) -> String {
    let versions: Vec<&Arc<Entity>> = versions.iter().collect();
    let Some(sides) = expectation.sides(&versions, before) else { return "nothing".to_owned() };
    let rows = expectation.rows(&sides, &Series(live.to_vec()));
    let check = expectation.check(&sides, &rows, Timestamp::default());
    check.map_or_else(|| "no check".to_owned(), |check| format!("{} {}: {}", check.name, check.state, check.reason.unwrap_or_default()))
}

#[test]
fn a_name_tells_which_way_is_better_or_nothing() {
    for (name, better) in [
        ("auc", Some(Better::Higher)),
        ("val_roc_auc", Some(Better::Higher)),
        ("test.log_loss", Some(Better::Lower)),
        ("eval/RMSE", Some(Better::Lower)),
        ("f1_score", Some(Better::Higher)),
        ("r2", Some(Better::Higher)),
        ("training_accuracy_score", None),
        ("rows", None),
        ("lossless", None),
    ] {
        assert_eq!(Better::by_name(name), better, "{name}");
    }
}

#[test]
fn a_champion_is_compared_with_what_was_champion_before_it_and_with_its_challenger() {
    let good = [("auc", 0.93), ("log_loss", 0.2), ("rows", 400.0)];
    let versions = |champion: &str| {
        let aliased = |of: &str| if of == champion { vec!["champion"] } else { Vec::new() };
        vec![
            version("10", &["challenger"], &[("auc", 0.94), ("log_loss", 0.19)]),
            version("9", &aliased("9"), &good),
            version("4", &aliased("4"), &[("auc", 0.81), ("log_loss", 0.21)]),
            version("3", &aliased("3"), &[("auc", 0.80), ("log_loss", 0.2)]),
        ]
    };
    let usual = Expectation::default();
    assert_eq!(
        judged(&usual, &versions("9"), None, &[]),
        "fraud quality ok: v9 log_loss 0.2, 4.8 % better than v4 (0.21); challenger v10 has 0.19"
    );
    assert_eq!(
        judged(&usual, &versions("4"), Some("9"), &[]),
        "fraud quality warning: v4 auc 0.81, 12.9 % worse than v9 (0.93); challenger v10 has 0.94"
    );
    assert_eq!(judged(&usual, &versions("4"), Some("gone"), &[]), judged(&usual, &versions("4"), None, &[]), "the version below it");
    assert_eq!(judged(&usual, &versions("none")[1..], None, &[]), "fraud quality ok: v9 log_loss 0.2, 4.8 % better than v4 (0.21)");
    assert_eq!(judged(&usual, &[version("1", &[], &good)], None, &[]), "no check", "nothing to compare it with");
    assert_eq!(judged(&usual, &[], None, &[]), "nothing");
}

#[test]
fn a_floor_fails_what_is_missing_is_unknown_and_readings_count_by_version() {
    let metric = |name: &str, bound: Option<f64>| Metric { name: name.into(), better: Some(Better::Higher), bound, ..Metric::default() };
    let of = |metrics: Vec<Metric>| Expectation { model: "fra*".into(), metrics, ..Expectation::default() };
    let versions = [version("7", &["champion"], &[("auc", 0.81)]), version("6", &[], &[("auc", 0.82)])];
    assert_eq!(
        judged(&of(vec![metric("auc", Some(0.85))]), &versions, None, &[]),
        "fraud quality failed: v7 auc 0.81, below its floor of 0.85"
    );
    assert_eq!(judged(&of(vec![metric("f1", Some(0.5))]), &versions, None, &[]), "fraud quality unknown: v7 has no f1");
    let live = of(vec![Metric { reading: Some("live auc".into()), ..metric("auc", Some(0.7)) }]);
    assert_eq!(judged(&live, &versions, None, &[]), "fraud quality unknown: v7 has no auc");
    assert_eq!(judged(&live, &versions, None, &[("live auc", None, 0.6)]), "fraud quality failed: v7 auc 0.6, below its floor of 0.7");
    let both = [("live auc", Some("7"), 0.75), ("live auc", Some("6"), 0.9)];
    assert_eq!(judged(&live, &versions, None, &both), "fraud quality warning: v7 auc 0.75, 16.7 % worse than v6 (0.9)");
    let lower = of(vec![Metric { name: "mae".into(), better: Some(Better::Lower), bound: Some(3.0), ..Metric::default() }]);
    let errors = [version("2", &[], &[("mae", 3.2)])];
    assert_eq!(judged(&lower, &errors, None, &[]), "fraud quality failed: v2 mae 3.2, above its ceiling of 3");
    assert!(!of(Vec::new()).fits("churn") && of(Vec::new()).fits("fraud") && Expectation::default().fits("any"));
}

#[test]
fn where_an_alias_pointed_before_is_what_the_newest_change_to_it_says() {
    let change = |alias: &str, before: Option<&str>, after: &str, at: i64| {
        let detail = Change {
            at: Some(Timestamp::from_ms(at)),
            before: before.map(Text::from),
            after: Some(after.into()),
            change: Some(ChangeKind::Alias),
            ..Change::default()
        };
        let name = format!("fraud {alias}");
        Arc::new(Entity::new(&SourceName::from("mlflow"), &format!("{alias}/{at}"), &name, State::Ok, detail.into(), Timestamp::default()))
    };
    let changes = [change("champion", Some("6"), "7", 1), change("champion", Some("8"), "7", 3), change("challenger", Some("1"), "7", 5)];
    assert_eq!(pointed_before(changes.iter(), "fraud", "champion", "7").as_deref(), Some("8"));
    assert_eq!(pointed_before(changes.iter(), "fraud", "champion", "8"), None);
    assert_eq!(pointed_before(changes.iter(), "churn", "champion", "7"), None);
}
