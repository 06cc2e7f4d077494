//! Registered models of a real MLflow, their versions compared.
//! Not for: what the connector reads (see `connectors`), drift (see `drift`).

use super::support::{addresses, triops};

#[tokio::test]
async fn versions_of_a_real_registry_are_compared_and_a_floor_fails_the_champion() {
    let test = "versions_of_a_real_registry_are_compared_and_a_floor_fails_the_champion";
    let Some([url]) = addresses(test, ["TRIOPS_LIVE_MLFLOW"]) else { return };
    let source = format!("[[source]]\nname = \"mlflow\"\nconnector = \"mlflow\"\nurl = \"{url}\"\n");
    let arguments = ["checks", "--format", "json", "--filter", "churn-clf quality"];
    // champion v2 with an area of 0.8, challenger v3 with 0.85, and v1 before them with 0.75
    let (code, told) = triops(&source, &arguments);
    let check = &told["checks"][0];
    assert_eq!((code, check["state"].as_str(), check["name"].as_str()), (0, Some("ok"), Some("churn-clf quality")), "{told}");
    let reason = check["reason"].as_str().unwrap();
    assert!(reason.starts_with("v2 ") && reason.contains(" better than v1 (") && reason.contains("; challenger v3 has "), "{reason}");

    let floor = "\n[[model]]\nname = \"churn-*\"\n[[model.metric]]\nname = \"auc\"\nfloor = 0.82\n";
    let (code, told) = triops(&format!("{source}{floor}"), &arguments);
    let check = &told["checks"][0];
    assert_eq!((code, told["state"].as_str()), (2, Some("failed")), "{told}");
    assert_eq!(check["reason"].as_str(), Some("v2 auc 0.8, below its floor of 0.82; challenger v3 has 0.85"));
    assert_eq!(check["detail"]["expected"].as_str(), Some("auc >= 0.82"));
    let numbers = &check["detail"]["numbers"];
    for (name, value) in [("auc", 0.8), ("auc_previous", 0.75), ("auc_challenger", 0.85), ("auc_bound", 0.82)] {
        assert!((numbers[name].as_f64().unwrap() - value).abs() < 1e-9, "{name}: {numbers}");
    }
    assert_eq!(check["links"][0]["id"].as_str(), Some("mlflow/model/churn-clf/2"));
}

#[tokio::test]
async fn a_reading_of_a_real_prometheus_says_how_good_a_registered_model_is() {
    let test = "a_reading_of_a_real_prometheus_says_how_good_a_registered_model_is";
    let Some([registry, metrics]) = addresses(test, ["TRIOPS_LIVE_MLFLOW", "TRIOPS_LIVE_PROMETHEUS"]) else { return };
    let settings = |value: &str| {
        format!(
            r#"
            [[source]]
            name = "mlflow"
            connector = "mlflow"
            url = "{registry}"
            [[source]]
            name = "prom"
            connector = "prometheus"
            url = "{metrics}"
            [[source.reading]]
            name = "live auc"
            query = 'label_replace({value}, "model", "churn-clf", "", "")'
            [[model]]
            name = "churn-clf"
            metric = [{{ name = "auc", reading = "live auc", floor = 0.75 }}]
            "#
        )
    };
    let arguments = ["checks", "--format", "json", "--filter", "churn-clf quality"];
    for (value, code, reason) in
        [("vector(0.7)", 2, "v2 auc 0.7, below its floor of 0.75"), ("vector(0.8)", 0, "v2 auc 0.8"), ("absent(up)", 3, "v2 has no auc")]
    {
        let (exit, told) = triops(&settings(value), &arguments);
        assert_eq!((exit, told["checks"][0]["reason"].as_str()), (code, Some(reason)), "{value}: {told}");
    }
}
