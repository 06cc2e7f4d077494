//! Two windows of histograms or counters, added up by the server: `increase` over each, so that resets and instances are its business.
//! Not for: what a difference means (see `drift`).

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::config::DriftConfig;
use crate::domain::{Failure, FailureKind, RowProblem, Text, Timestamp, number};
use crate::insight::drift::verdict::{self, Window};
use crate::insight::drift::{Aligned, Distances, Doubt, Histogram, Layout, Limits, Smoothing, Thresholds, align, compare};

use super::Prometheus;
use super::wire::{Labels, QueryData, Row, Sample};

/// What is asked for one `[[source.drift]]` table.
pub(super) struct Asked<'a> {
    table: &'a DriftConfig,
    now: Timestamp,
    reference_end: Timestamp,
}

/// One window of one feature, as the server told it.
#[derive(Debug, Clone)]
enum Told {
    Classic(Vec<(f64, f64)>),
    Native(Vec<(f64, f64, f64)>),
    Categories(BTreeMap<Text, f64>),
}

/// Both windows of one feature; a missing one had no series.
#[derive(Debug, Default)]
pub(super) struct Both {
    reference: Option<Told>,
    current: Option<Told>,
    lowest: Option<f64>,
}

/// Both windows on one layout.
#[derive(Debug)]
pub(super) enum Pair {
    Ordered(Aligned),
    Categories { names: Vec<Text>, reference: Vec<f64>, current: Vec<f64> },
}

/// A series of a `vector`, also where it is a native histogram.
#[derive(Debug, Deserialize)]
struct WindowSeries {
    #[serde(default)]
    metric: Labels,
    value: Option<Sample>,
    histogram: Option<(f64, NativeHistogram)>,
}

/// A native histogram as the API writes it: rule, left, right and count of each bucket that is not empty.
#[derive(Debug, Deserialize)]
struct NativeHistogram {
    #[serde(default)]
    buckets: Vec<(u8, String, String, String)>,
}

impl<'a> Asked<'a> {
    pub(super) fn of(table: &'a DriftConfig, now: Timestamp, reference_end: Timestamp) -> Self {
        Self { table, now, reference_end }
    }

    /// `sum by (…) (increase(metric{…}[window] offset …))`. The sum stands outside: instances restart one by one.
    fn query(&self, metric: &str, window: Window, more: Option<&str>) -> String {
        let by: Vec<&str> = self.table.feature.as_deref().into_iter().chain(more).collect();
        let length = (self.table.window.seconds() * 1000.0).round();
        let offset = match window {
            Window::Current => String::new(),
            Window::Reference => format!(" offset {}ms", (self.now.since(self.reference_end) * 1000.0).round().max(0.0)),
        };
        format!("sum by ({}) (increase({metric}{{{}}}[{length}ms]{offset}))", by.join(", "), self.table.matchers)
    }

    fn feature(&self, labels: &Labels, metric: &str) -> Text {
        match &self.table.feature {
            Some(label) => labels.get(label.as_str()).cloned().unwrap_or_else(|| Text::from("(none)")),
            None => Text::from(metric),
        }
    }
}

impl Prometheus {
    /// Both windows of every feature of a table.
    pub(super) async fn windows(&self, asked: &Asked<'_>, problems: &mut Vec<RowProblem>) -> Result<BTreeMap<Text, Both>, Failure> {
        let table = asked.table;
        let mut features: BTreeMap<Text, Both> = BTreeMap::new();
        for window in [Window::Reference, Window::Current] {
            let told = match (&table.histogram, &table.counter) {
                (Some(histogram), _) => {
                    let classic = self.told(asked, &format!("{histogram}_bucket"), histogram, window, Some("le"), problems).await?;
                    if classic.is_empty() { self.told(asked, histogram, histogram, window, None, problems).await? } else { classic }
                }
                (None, Some(counter)) => self.told(asked, counter, counter, window, table.category.as_deref(), problems).await?,
                (None, None) => BTreeMap::new(),
            };
            for (feature, told) in told {
                let both = features.entry(feature).or_insert_with(|| Both { lowest: table.lowest, ..Both::default() });
                *(if window == Window::Reference { &mut both.reference } else { &mut both.current }) = Some(told);
            }
        }
        Ok(features)
    }

    /// Missing values of both windows, by feature.
    pub(super) async fn missing(&self, asked: &Asked<'_>) -> Result<BTreeMap<Text, (f64, f64)>, Failure> {
        let mut missing: BTreeMap<Text, (f64, f64)> = BTreeMap::new();
        let Some(metric) = &asked.table.missing else { return Ok(missing) };
        let name = asked.table.histogram.as_ref().or(asked.table.counter.as_ref()).unwrap_or(metric);
        for window in [Window::Reference, Window::Current] {
            for series in self.vector(&asked.query(metric, window, None), &mut Vec::new()).await? {
                let Some(count) = series.value.as_ref().and_then(count) else { continue };
                let slot = missing.entry(asked.feature(&series.metric, name)).or_default();
                *(if window == Window::Reference { &mut slot.0 } else { &mut slot.1 }) += count;
            }
        }
        Ok(missing)
    }

    async fn told(
        &self,
        asked: &Asked<'_>,
        metric: &str,
        name: &str,
        window: Window,
        more: Option<&str>,
        problems: &mut Vec<RowProblem>,
    ) -> Result<BTreeMap<Text, Told>, Failure> {
        let mut features: BTreeMap<Text, Told> = BTreeMap::new();
        for series in self.vector(&asked.query(metric, window, more), problems).await? {
            let feature = asked.feature(&series.metric, name);
            if let Some((_, native)) = series.histogram {
                let number = |text: &str| text.parse::<f64>().ok();
                let buckets =
                    native.buckets.iter().filter_map(|(_, left, right, count)| Some((number(left)?, number(right)?, number(count)?)));
                features.insert(feature, Told::Native(buckets.collect()));
            } else if let (Some(more), Some(count)) = (more, series.value.as_ref().and_then(count)) {
                let label = series.metric.get(more).cloned().unwrap_or_default();
                if asked.table.histogram.is_some() {
                    let Ok(bound) = label.parse() else { continue };
                    if let Told::Classic(bounds) = features.entry(feature).or_insert_with(|| Told::Classic(Vec::new())) {
                        bounds.push((bound, count));
                    }
                } else if let Told::Categories(counts) = features.entry(feature).or_insert_with(|| Told::Categories(BTreeMap::new())) {
                    *counts.entry(label).or_default() += count;
                }
            }
        }
        Ok(features)
    }

    async fn vector(&self, query: &str, problems: &mut Vec<RowProblem>) -> Result<Vec<WindowSeries>, Failure> {
        let response = self.get("/query", &[("query", query)]).await?;
        let told = self.read::<QueryData<'_>>(&response)?;
        problems.extend(told.remarks);
        let rows: Vec<Row<WindowSeries>> = serde_json::from_str(told.data.result.get())
            .map_err(|error| Failure::new(FailureKind::BadShape, response.doing.as_str(), error.to_string()))?;
        Ok(rows.into_iter().enumerate().filter_map(|(at, row)| row.read(problems, || format!("result[{at}]"))).collect())
    }
}

/// A count; what is no number or below zero is none.
fn count((_, value): &Sample) -> Option<f64> {
    value.parse::<f64>().ok().filter(|count| count.is_finite()).map(|count| count.max(0.0))
}

impl Told {
    fn histogram(&self, lowest: Option<f64>, window: Window) -> Result<Histogram, Doubt> {
        let read = match self {
            Self::Classic(bounds) => Histogram::classic(bounds.iter().copied(), lowest),
            Self::Native(buckets) => Histogram::native(buckets.iter().copied()),
            Self::Categories(_) => Ok(Histogram::default()),
        };
        read.map_err(|error| Doubt::Unreadable(window, error))
    }
}

impl Both {
    /// Both windows on one layout, if each holds enough.
    pub(super) fn pair(&self, thresholds: &Thresholds) -> Result<Pair, Doubt> {
        let current = self.current.as_ref().ok_or(Doubt::Nothing(Window::Current))?;
        let reference = self.reference.as_ref().ok_or(Doubt::Nothing(Window::Reference))?;
        if let (Told::Categories(reference), Told::Categories(current)) = (reference, current) {
            verdict::enough(reference.values().sum(), current.values().sum(), thresholds)?;
            let names: BTreeSet<&Text> = reference.keys().chain(current.keys()).collect();
            let counts = |of: &BTreeMap<Text, f64>| names.iter().map(|name| of.get(*name).copied().unwrap_or(0.0)).collect();
            let (reference, current) = (counts(reference), counts(current));
            return Ok(Pair::Categories { names: names.into_iter().cloned().collect(), reference, current });
        }
        let (reference, current) = (reference.histogram(self.lowest, Window::Reference)?, current.histogram(self.lowest, Window::Current)?);
        verdict::enough(reference.total(), current.total(), thresholds)?;
        align(&reference, &current).map(Pair::Ordered).ok_or(Doubt::Layouts)
    }
}

impl Pair {
    pub(super) fn compare(&self, smoothing: Smoothing, limits: &mut Limits) -> Option<Distances> {
        let layout = match self {
            Self::Ordered(aligned) if aligned.exponential => Layout::Exponential(&aligned.edges),
            Self::Ordered(aligned) => Layout::Edges(&aligned.edges),
            Self::Categories { .. } => Layout::Unordered,
        };
        compare(layout, self.reference(), self.current(), smoothing, limits)
    }

    pub(super) fn reference(&self) -> &[f64] {
        match self {
            Self::Ordered(aligned) => &aligned.reference,
            Self::Categories { reference, .. } => reference,
        }
    }

    pub(super) fn current(&self) -> &[f64] {
        match self {
            Self::Ordered(aligned) => &aligned.current,
            Self::Categories { current, .. } => current,
        }
    }

    pub(super) fn cells(&self) -> Vec<Text> {
        match self {
            Self::Ordered(aligned) => aligned
                .edges
                .windows(2)
                .map(|edge| if edge[1].is_finite() { format!("≤ {}", number(edge[1])) } else { format!("> {}", number(edge[0])) }.into())
                .collect(),
            Self::Categories { names, .. } => names.clone(),
        }
    }
}
