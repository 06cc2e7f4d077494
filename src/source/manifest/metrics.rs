//! A page of metrics as jq values: a list of families with their series.
//! Not for: reading the formats (see `source::exposition`), numbers over time (see `source::scrape`).

use jaq_json::Val;
use serde_json::{Map, Value as Json, json};

use super::decode::Decoded;
use crate::source::exposition::{Family, Format, Scrape, Series, Value};

/// Lines that are told one by one; the rest is counted.
const MAX_TOLD: usize = 20;

/// `[{name, type, help, unit, series: [{name, labels, at, value | buckets, sum, count | quantiles, sum, count}]}]`, and the lines that
/// could not be read. A page that ends with `# EOF` is `OpenMetrics`. Times are RFC 3339; NaN and infinities are null, for JSON has none.
pub(super) fn metrics(body: &[u8]) -> Decoded {
    let end = body.trim_ascii_end();
    let format = if end.ends_with(b"# EOF") { Format::OpenMetrics } else { Format::Text };
    let scrape = Scrape::read(body, format);
    let families: Vec<Json> = scrape.families.iter().map(family).collect();
    let mut bad: Vec<String> =
        scrape.errors.iter().take(MAX_TOLD).map(|e| format!("line {}:{}: {}", e.line, e.column, e.message)).collect();
    if scrape.error_count > MAX_TOLD {
        bad.push(format!("{} lines cannot be read; the first {MAX_TOLD} are told", scrape.error_count));
    }
    let page: Val = serde_json::from_value(Json::Array(families)).unwrap_or_default();
    (page, bad)
}

fn family(family: &Family<'_>) -> Json {
    let series: Vec<Json> = family.series.iter().map(series).collect();
    json!({ "name": family.name, "type": family.kind.word(), "help": family.help, "unit": family.unit, "series": series })
}

fn series(series: &Series<'_>) -> Json {
    let labels: Map<String, Json> = series.labels.iter().map(|(name, value)| (name.to_string(), Json::from(value.as_ref()))).collect();
    let at = series.timestamp.map(|ms| crate::domain::Timestamp::from_ms(ms).to_string());
    let mut row = json!({ "name": series.name, "labels": labels, "at": at });
    match &series.value {
        Value::Number(value) => row["value"] = json!(value),
        Value::Histogram(histogram) => {
            let bound = |le: f64| if le.is_finite() { json!(le) } else { json!("+Inf") };
            row["buckets"] = histogram.buckets.iter().map(|bucket| json!({ "le": bound(bucket.le), "count": bucket.count })).collect();
            row["sum"] = json!(histogram.sum);
            row["count"] = json!(histogram.total());
        }
        Value::Summary(summary) => {
            row["quantiles"] = summary.quantiles.iter().map(|q| json!({ "quantile": q.quantile, "value": q.value })).collect();
            row["sum"] = json!(summary.sum);
            row["count"] = json!(summary.count);
        }
    }
    row
}

#[cfg(test)]
mod tests {
    use super::super::jq::to_json;
    use super::*;

    #[test]
    fn families_keep_labels_histograms_and_summaries_and_a_bad_line_costs_itself_alone() {
        let page = "# HELP up Whether it is.\n# TYPE up gauge\nup{job=\"a\\\"b\"} 1\nup{job=\"c\"} NaN\nbad line here\n\
            # TYPE d histogram\nd_bucket{le=\"0.1\"} 1\nd_bucket{le=\"+Inf\"} 3\nd_sum 2.5\nd_count 3\n\
            # TYPE q summary\nq{quantile=\"0.5\"} 4\nq_sum 8\nq_count 2\nlast 7 1795472140856\n";
        let (value, bad) = metrics(page.as_bytes());
        assert_eq!(bad.len(), 1, "{bad:?}");
        let value = to_json(&value);
        let names: Vec<&str> = value.as_array().unwrap().iter().map(|family| family["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["up", "d", "q", "last"]);
        assert_eq!((&value[0]["type"], &value[0]["help"]), (&json!("gauge"), &json!("Whether it is.")));
        assert_eq!(value[0]["series"][0], json!({ "name": "up", "labels": { "job": "a\"b" }, "at": null, "value": 1.0 }));
        assert_eq!(value[0]["series"][1]["value"], Json::Null);
        assert_eq!(value[1]["series"][0]["buckets"], json!([{ "le": 0.1, "count": 1.0 }, { "le": "+Inf", "count": 3.0 }]));
        assert_eq!((&value[1]["series"][0]["sum"], &value[1]["series"][0]["count"]), (&json!(2.5), &json!(3.0)));
        assert_eq!(value[2]["series"][0]["quantiles"], json!([{ "quantile": 0.5, "value": 4.0 }]));
        assert_eq!(value[3]["series"][0]["at"], json!("2026-11-23T22:15:40.856Z"));
    }

    #[test]
    fn open_metrics_is_told_by_its_end() {
        let (value, bad) = metrics(b"# TYPE a counter\na_total 3\n# EOF\n");
        assert_eq!(bad, Vec::<String>::new());
        assert_eq!(to_json(&value)[0]["series"][0]["name"], json!("a_total"));
    }
}
