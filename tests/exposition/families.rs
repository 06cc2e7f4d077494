//! How samples become counters, histograms and summaries, and what is said when they contradict each other.

use triops::source::exposition::{Format, Histogram, Kind, Scrape, Series, Value};

use super::captures::kept;

fn flaws(scrape: &Scrape<'_>) -> Vec<String> {
    scrape.flaws.iter().map(ToString::to_string).collect()
}

fn histogram<'s>(series: &'s Series<'_>) -> &'s Histogram<'s> {
    match &series.value {
        Value::Histogram(histogram) => histogram,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_histogram_is_put_together_per_label_set() {
    let body = "\
# HELP h What it takes.
# TYPE h histogram
h_bucket{a=\"1\",le=\"0.5\"} 1
h_bucket{le=\"0.5\",a=\"2\"} 10
h_bucket{a=\"1\",le=\"+Inf\"} 3
h_bucket{a=\"2\",le=\"+Inf\"} 30
h_sum{a=\"1\"} 4.5
h_count{a=\"1\"} 3
h_sum{a=\"2\"} 45
h_count{a=\"2\"} 30
";
    let scrape = Scrape::read(body, Format::Text);
    assert_eq!(flaws(&scrape), [""; 0]);
    assert_eq!(scrape.families.len(), 1);
    let family = &scrape.families[0];
    assert_eq!((family.kind, family.help.as_deref()), (Kind::Histogram, Some("What it takes.")));
    let read: Vec<_> = family.series.iter().map(|series| (series.label("a"), series.label("le"), series.line)).collect();
    assert_eq!(read, [(Some("1"), None, 3), (Some("2"), None, 4)]);
    let second = histogram(&family.series[1]);
    let buckets: Vec<_> = second.buckets.iter().map(|bucket| (bucket.le, bucket.count)).collect();
    assert_eq!(buckets, [(0.5, 10.0), (f64::INFINITY, 30.0)]);
    assert_eq!((second.sum, second.count, second.total()), (Some(45.0), Some(30.0), Some(30.0)));
}

#[test]
fn a_summary_is_put_together() {
    let body = "\
# TYPE s summary
s{quantile=\"0.99\"} NaN
s{quantile=\"0.5\"} 2
s_sum 7
s_count 3
s_created 1.5
";
    let scrape = Scrape::read(body, Format::Text);
    assert_eq!(flaws(&scrape), [""; 0]);
    let series = &scrape.family("s").unwrap().series;
    assert_eq!((series.len(), series[0].created), (1, Some(1.5)));
    let Value::Summary(summary) = &series[0].value else { panic!("{series:?}") };
    assert_eq!((summary.sum, summary.count), (Some(7.0), Some(3.0)));
    let quantiles: Vec<f64> = summary.quantiles.iter().map(|each| each.quantile).collect();
    assert_eq!(quantiles, [0.5, 0.99]);
    assert!(summary.quantiles[1].value.is_nan());
}

#[test]
fn openmetrics_families_own_their_suffixes() {
    let body = "\
# TYPE c counter
c_total{a=\"1\"} 5 # {t=\"x\"} 1
c_created{a=\"1\"} 1.5
# TYPE g gaugehistogram
g_bucket{le=\"+Inf\"} 4
g_gcount 4
g_gsum -2
# TYPE i info
i_info{version=\"1\"} 1
# TYPE s stateset
s{s=\"on\"} 1
s{s=\"off\"} 0
# EOF
";
    let scrape = Scrape::read(body, Format::OpenMetrics);
    assert_eq!((flaws(&scrape), scrape.error_count), (Vec::new(), 0));
    let names: Vec<_> = scrape.families.iter().map(|family| (family.name.as_ref(), family.series.len())).collect();
    assert_eq!(names, [("c", 1), ("g", 1), ("i", 1), ("s", 2)]);
    let counter = &scrape.families[0].series[0];
    assert_eq!((counter.name.as_ref(), &counter.value, counter.created), ("c_total", &Value::Number(5.0), Some(1.5)));
    assert_eq!(counter.exemplar.as_ref().and_then(|exemplar| exemplar.labels.get("t")).as_deref(), Some("x"));
    let gauge = histogram(&scrape.families[1].series[0]);
    assert_eq!((gauge.sum, gauge.count), (Some(-2.0), Some(4.0)));
}

#[test]
fn a_family_of_exactly_the_name_comes_before_one_whose_suffix_fits() {
    // as the Python client writes text 0.0.4
    let body = "# TYPE s summary\ns_count 1\ns_sum 2\n# TYPE s_created gauge\ns_created 1.5\n";
    let scrape = Scrape::read(body, Format::Text);
    assert_eq!(flaws(&scrape), [""; 0]);
    assert_eq!(scrape.family("s").unwrap().series[0].created, None);
    assert_eq!(scrape.family("s_created").unwrap().series[0].value, Value::Number(1.5));
}

#[test]
fn two_points_of_one_series_are_two_entries() {
    let scrape = Scrape::read("# TYPE g gauge\ng 1 1\ng 2 2\n# EOF\n", Format::OpenMetrics);
    assert_eq!(flaws(&scrape), [""; 0]);
    let points: Vec<_> = scrape.families[0].series.iter().map(|series| (series.timestamp, &series.value)).collect();
    assert_eq!(points, [(Some(1000), &Value::Number(1.0)), (Some(2000), &Value::Number(2.0))]);
}

/// A body, its format, and every flaw of it. Each body's samples are all kept.
const FLAWED: &[(&str, Format, &[&str])] = &[
    (
        "# TYPE h histogram\nh_bucket{le=\"2\"} 1\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 1\n",
        Format::Text,
        &["line 2, h: its buckets are not in ascending order of `le`"],
    ),
    (
        "# TYPE h histogram\nh_bucket{le=\"1\"} 5\nh_bucket{le=\"+Inf\"} 4\nh_count 4\n",
        Format::Text,
        &["line 2, h: its bucket counts are not cumulative"],
    ),
    (
        "# TYPE h histogram\nh_bucket{le=\"1\"} NaN\nh_bucket{le=\"+Inf\"} 4\n",
        Format::Text,
        &["line 2, h: its bucket counts are not cumulative"],
    ),
    (
        "# TYPE h histogram\nh_bucket{le=\"1\"} 4\nh_bucket{le=\"1.0\"} 4\nh_bucket{le=\"+Inf\"} 4\n",
        Format::Text,
        &["line 2, h: it has two buckets of one `le`"],
    ),
    ("# TYPE h histogram\nh_bucket{le=\"+Inf\"} 4\nh_count 5\n", Format::Text, &["line 2, h: its `+Inf` bucket and its count differ"]),
    ("# TYPE h histogram\nh_sum 4\nh_count 5\n", Format::Text, &["line 2, h: it has no bucket with `le=\"+Inf\"`"]),
    (
        "# TYPE h histogram\nh_bucket 4\nh_bucket{le=\"x\"} 4\nh 3\n",
        Format::Text,
        &[
            "line 2, h: a sample without its label `le`",
            "line 3, h: its label `le` is \"x\", which is not a number",
            "line 4, h: a family of this type has no sample of this name",
        ],
    ),
    ("# TYPE s summary\ns{quantile=\"1.5\"} 4\n", Format::Text, &["line 2, s: a quantile is not between 0 and 1"]),
    ("a 1\na 2\n", Format::Text, &["line 2, a: the same sample is there twice"]),
    ("# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_sum 2\n", Format::Text, &["line 4, h: the same sample is there twice"]),
    (
        "a 1\nb 1\na{c=\"d\"} 1\nb{c=\"d\"} 1\n",
        Format::Text,
        &["line 3, a: its lines do not stand together", "line 4, b: its lines do not stand together"],
    ),
    ("a 1\n# TYPE a gauge\n", Format::Text, &["line 2, a: its `# TYPE` comes after its first sample and is not used"]),
    (
        "# TYPE a gauge\n# TYPE a counter\n# HELP a x\n# HELP a y\na 1\n",
        Format::Text,
        &["line 2, a: a second `# TYPE`; the first one holds", "line 4, a: a second `# HELP`; the first one holds"],
    ),
    (
        "# TYPE a gauge\n# UNIT a seconds\n# UNIT a \na 1\n# EOF\n",
        Format::OpenMetrics,
        &["line 2, a: its name does not end with its unit", "line 3, a: a second `# UNIT`; the first one holds"],
    ),
    ("# TYPE c counter\nc_created 5\n# EOF\n", Format::OpenMetrics, &["line 2, c: it was created but has no value"]),
    ("# TYPE c counter\nc 5\n# EOF\n", Format::OpenMetrics, &["line 2, c: a family of this type has no sample of this name"]),
    ("# TYPE s summary\ns_sum 5 # {} 1\n# EOF\n", Format::OpenMetrics, &["line 2, s: an exemplar belongs to a counter or a bucket"]),
];

#[test]
fn a_contradiction_is_said_and_no_sample_is_lost_for_it() {
    for (body, format, expected) in FLAWED {
        let scrape = Scrape::read(*body, *format);
        assert_eq!(flaws(&scrape), *expected, "{body}");
        assert_eq!(scrape.flaw_count, expected.len(), "{body}");
        let samples = body.lines().filter(|line| !line.starts_with('#')).count();
        let series = scrape.families.iter().flat_map(|family| &family.series);
        for summary in series.filter_map(|series| match &series.value {
            Value::Summary(summary) => Some(summary),
            _ => None,
        }) {
            assert!(!summary.quantiles.is_empty() || summary.sum.is_some(), "empty: {body}");
        }
        assert_eq!((scrape.samples, kept(&scrape), scrape.error_count), (samples, samples, 0), "{body}");
    }
}

#[test]
fn a_histogram_sent_out_of_order_is_sorted_for_its_reader() {
    let (body, format, _) = FLAWED[0];
    let scrape = Scrape::read(body, format);
    let bounds: Vec<f64> = histogram(&scrape.families[0].series[0]).buckets.iter().map(|bucket| bucket.le).collect();
    assert_eq!(bounds, [1.0, 2.0, f64::INFINITY]);
}

#[test]
fn a_partial_body_keeps_its_families_and_says_so() {
    let scrape = Scrape::read("# TYPE g gauge\ng 1\n", Format::OpenMetrics);
    assert_eq!(scrape.families[0].series[0].value, Value::Number(1.0));
    assert_eq!((scrape.error_count, scrape.errors[0].line), (1, 3));
}

#[test]
fn the_lists_of_a_hostile_body_stay_bounded_and_are_counted_in_full() {
    let body = "a 1\n!\n".repeat(3000);
    let scrape = Scrape::read(&body, Format::Text);
    assert_eq!((scrape.errors.len(), scrape.error_count), (Scrape::LISTED, 3000));
    assert_eq!((scrape.flaws.len(), scrape.flaw_count), (Scrape::LISTED, 2999));
}
