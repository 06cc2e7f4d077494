//! Bodies that real systems sent: every sample is read, and families come out without a flaw of our making.

use triops::source::exposition::{Exposition, Format, Kind, Line, Scrape, Value};

/// File, format, samples (counted by `grep -vc '^#'`), and series once histograms and summaries are put together
/// (counted with the parser of the Python client).
pub const CAPTURES: &[(&str, &str, Format, usize, usize)] = &[
    ("bentoml", include_str!("../fixtures/exposition/bentoml.txt"), Format::Text, 62, 11),
    ("etcd", include_str!("../fixtures/exposition/etcd.txt"), Format::Text, 1246, 943),
    ("mlserver", include_str!("../fixtures/exposition/mlserver.txt"), Format::Text, 225, 64),
    ("node-exporter", include_str!("../fixtures/exposition/node-exporter.txt"), Format::Text, 147, 141),
    ("prometheus", include_str!("../fixtures/exposition/prometheus.txt"), Format::Text, 380, 224),
    ("federate", include_str!("../fixtures/exposition/prometheus-federate.txt"), Format::Text, 21, 21),
    ("prometheus-client", include_str!("../fixtures/exposition/prometheus-client.openmetrics.txt"), Format::OpenMetrics, 86, 23),
];

fn capture(wanted: &str) -> Scrape<'static> {
    let (_, body, format, ..) = CAPTURES.iter().find(|(name, ..)| *name == wanted).unwrap();
    Scrape::read(*body, *format)
}

/// Every sample that was read, counted again where the families keep it.
pub fn kept(scrape: &Scrape<'_>) -> usize {
    let parts = |sum: Option<f64>, count: Option<f64>| usize::from(sum.is_some()) + usize::from(count.is_some());
    let series = scrape.families.iter().flat_map(|family| &family.series);
    series
        .map(|series| {
            usize::from(series.created.is_some())
                + match &series.value {
                    Value::Number(_) => 1,
                    Value::Histogram(histogram) => histogram.buckets.len() + parts(histogram.sum, histogram.count),
                    Value::Summary(summary) => summary.quantiles.len() + parts(summary.sum, summary.count),
                }
        })
        .sum()
}

#[test]
fn every_sample_of_a_real_body_is_read() {
    for (name, body, format, samples, _) in CAPTURES {
        let independent = body.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).count();
        assert_eq!(independent, *samples, "{name}");
        let mut read = 0;
        for line in Exposition::parse(*body, *format) {
            match line {
                Ok(Line::Sample(_)) => read += 1,
                Ok(_) => {}
                Err(error) => panic!("{name}: {error}"),
            }
        }
        assert_eq!(read, *samples, "{name}");
    }
}

#[test]
fn every_sample_of_a_real_body_is_in_one_family() {
    for (name, body, format, samples, series) in CAPTURES {
        let scrape = Scrape::read(*body, *format);
        assert_eq!((scrape.samples, kept(&scrape)), (*samples, *samples), "{name}");
        assert_eq!((scrape.error_count, &scrape.flaws), (0, &Vec::new()), "{name}");
        let found: usize = scrape.families.iter().map(|family| family.series.len()).sum();
        assert_eq!(found, *series, "{name}");
    }
}

#[test]
fn recording_rules_and_braces_come_through_federation() {
    let scrape = capture("federate");
    let rule = scrape.family("job:up:sum").unwrap();
    assert_eq!(rule.series.len(), 3);
    assert_eq!(rule.series[0].label("cluster"), Some("a{b}"));
    assert_eq!(rule.series[0].label("note"), Some("x=1,y=2"));
}

#[test]
fn a_histogram_of_a_real_body_is_ready_to_use() {
    let scrape = capture("etcd");
    let family = scrape.family("etcd_disk_wal_fsync_duration_seconds").unwrap();
    assert_eq!((family.kind, family.series.len()), (Kind::Histogram, 1));
    let Value::Histogram(histogram) = &family.series[0].value else { panic!("{family:?}") };
    assert_eq!(histogram.buckets.first().map(|bucket| bucket.le), Some(0.001));
    assert_eq!(histogram.buckets.last().map(|bucket| bucket.le), Some(f64::INFINITY));
    assert_eq!(histogram.total(), histogram.count);
    assert!(histogram.sum.is_some_and(|sum| sum > 0.0));
}

#[test]
fn exemplars_units_and_creation_times_of_a_real_body_are_kept() {
    let scrape = capture("prometheus-client");
    let counter = scrape.family("payments").unwrap();
    assert_eq!(counter.kind, Kind::Counter);
    assert_eq!(counter.help.as_deref(), Some("Payments taken, by outcome \"ok\" or \\ \"refused\".\nSecond line."));
    for series in &counter.series {
        assert_eq!(series.name, "payments_total");
        assert!(series.created.is_some() && series.exemplar.is_some(), "{series:?}");
    }
    let latency = scrape.family("payment_latency_seconds").unwrap();
    assert_eq!((latency.unit, latency.series.len()), (Some("seconds"), 3));
    let build = &scrape.family("payments_build").unwrap().series[0];
    assert_eq!((build.name.as_ref(), build.label("note")), ("payments_build_info", Some("a{b},c=\"d\"\\e\nf")));
}
