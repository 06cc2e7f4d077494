//! Distributions of models compared with a reference: the windows are added up by the server, the verdicts are made here.
//! Not for: the measures (see `insight::drift`), reading the windows (see `windows`).

use std::collections::BTreeMap;
use std::sync::Mutex;

use crate::config::{DriftConfig, SmoothingConfig, SourceConfig};
use crate::domain::detail::Table;
use crate::domain::{
    Batch, Check, Entity, Failure, FailureKind, Link, LinkTarget, RowProblem, Scope, State, Text, Timestamp, Windows, number,
};
use crate::insight::drift::verdict::{self, Window};
use crate::insight::drift::{Along, Distances, Doubt, Judged, Limits, Proportions, Smoothing, Steady, Thresholds, Verdict, proportions};

use super::Prometheus;
use super::windows::{Asked, Pair};

/// Keys of the checks of drift begin so.
pub const DRIFT: &str = "drift/";
/// Features of one model; more are a mistake in `feature`.
const MAX_FEATURES: usize = 10_000;
/// Rise of the share of missing values that is a warning, beside being more than chance.
const MISSING_RISE: f64 = 0.05;

/// One model: what is compared, when it counts, and the verdicts that stand.
#[derive(Debug)]
pub struct Model {
    name: Text,
    tables: Vec<DriftConfig>,
    thresholds: Thresholds,
    standing: Mutex<Standing>,
}

/// The verdicts that stand, by feature, and since when the model drifts.
#[derive(Debug, Default)]
struct Standing {
    features: BTreeMap<Text, (Steady, Timestamp)>,
    whole: Option<(State, Timestamp)>,
    since: Option<Timestamp>,
}

/// A feature's windows, what was measured and what became of it.
struct Feature {
    name: Text,
    pair: Option<Pair>,
    distances: Result<Distances, Doubt>,
    missing: Option<Proportions>,
}

impl Model {
    /// The models of a source, by name, as configured.
    pub fn all(config: &SourceConfig) -> Result<Vec<Self>, Failure> {
        let mut models: Vec<Self> = Vec::new();
        for (at, drift) in config.drifts.iter().enumerate() {
            if let Some((key, message)) = drift.mistake() {
                return Err(Failure::new(FailureKind::Config, format!("read [[source.drift]] number {}, `{key}`", at + 1), message));
            }
            match models.iter_mut().find(|model| *model.name == *drift.model) {
                Some(model) => model.tables.push(drift.clone()),
                None => models.push(Self {
                    name: drift.model.as_str().into(),
                    tables: vec![drift.clone()],
                    thresholds: thresholds(drift),
                    standing: Mutex::default(),
                }),
            }
        }
        Ok(models)
    }

    /// When the reference ends. While the model drifts it stays where it was when that was found: a reference that holds the incident
    /// would end it by comparing it with itself, or go on telling of it when all is well again.
    fn reference_end(&self, table: &DriftConfig, now: Timestamp) -> Timestamp {
        if let Some(fixed) = table.reference_at.as_deref().and_then(Timestamp::parse) {
            return fixed;
        }
        let usual = now.plus(-table.offset.seconds());
        let since = self.standing.lock().ok().and_then(|standing| standing.since);
        since.map_or(usual, |since| usual.min(since.plus(-table.offset.seconds())))
    }
}

fn thresholds(drift: &DriftConfig) -> Thresholds {
    let DriftConfig { warn, fail, alpha, min_samples, share, smoothing, .. } = *drift;
    let smoothing = match smoothing {
        SmoothingConfig::Half => Smoothing::Half,
        SmoothingConfig::Evidently => Smoothing::Evidently,
    };
    Thresholds { warn, fail, alpha, min_samples, share, smoothing }
}

impl Prometheus {
    /// A check per feature and one per model. A model whose windows cannot be asked costs itself: its check becomes unknown.
    pub(super) async fn fetch_drift(&self, now: Timestamp) -> Result<Batch, Failure> {
        let mut batch = Batch { scope: Scope::Whole, ..Batch::default() };
        let mut failures = Vec::new();
        for model in &self.models {
            match self.features(model, now, &mut batch.problems).await {
                Ok(features) => self.judge(model, &features, now, &mut batch.entities),
                Err(failure) => {
                    batch.entities.push(self.unanswered(model, &failure.detail, now));
                    batch.problems.push(RowProblem { path: model.name.clone(), message: failure.detail.clone() });
                    failures.push(failure);
                }
            }
        }
        let all_failed = failures.len() == self.models.len();
        match failures.into_iter().next() {
            Some(failure) if all_failed => Err(failure),
            _ => Ok(batch),
        }
    }

    async fn features(&self, model: &Model, now: Timestamp, problems: &mut Vec<RowProblem>) -> Result<Vec<Feature>, Failure> {
        let mut features = Vec::new();
        let mut limits = Limits::default();
        for table in &model.tables {
            let asked = Asked::of(table, now, model.reference_end(table, now));
            let mut missing = self.missing(&asked).await?;
            for (name, windows) in self.windows(&asked, problems).await? {
                let (distances, pair) = match windows.pair(&model.thresholds) {
                    Ok(pair) => (pair.compare(model.thresholds.smoothing, &mut limits).ok_or(Doubt::Nothing(Window::Current)), Some(pair)),
                    Err(doubt) => (Err(doubt), None),
                };
                let missing = missing.remove(&name).and_then(|(reference, current)| {
                    let (n, m) = distances.as_ref().map_or((0.0, 0.0), |distances| (distances.n, distances.m));
                    proportions(reference, n + reference, current, m + current)
                });
                features.push(Feature { name, pair, distances, missing });
            }
        }
        if features.len() > MAX_FEATURES {
            let message =
                format!("{} features; the first {MAX_FEATURES} are compared: does `feature` name the right label?", features.len());
            problems.push(RowProblem { path: model.name.clone(), message: message.into() });
            features.truncate(MAX_FEATURES);
        }
        Ok(features)
    }

    fn judge(&self, model: &Model, features: &[Feature], now: Timestamp, entities: &mut Vec<Entity>) {
        // poisoned only if a thread panicked while it held it: nothing in here panics
        let Ok(mut standing) = model.standing.lock() else { return };
        let shown: Vec<State> = features
            .iter()
            .map(|feature| standing.features.get(&feature.name).and_then(|(steady, _)| steady.shown()).unwrap_or(State::Ok))
            .collect();
        let mut sinces = Vec::with_capacity(features.len());
        let distances: Vec<_> = features.iter().map(|feature| feature.distances.clone()).collect();
        let (mut verdicts, _) = verdict::judge(&distances, &shown, &model.thresholds);
        standing.features.retain(|name, _| features.iter().any(|feature| feature.name == *name));
        for (feature, verdict) in features.iter().zip(&mut verdicts) {
            let lacking = feature.missing.is_some_and(|m| m.current - m.reference >= MISSING_RISE && m.p < model.thresholds.alpha);
            if lacking && verdict.state == State::Ok {
                verdict.state = State::Warning;
            }
            let (steady, since) = standing.features.entry(feature.name.clone()).or_insert((Steady::default(), now));
            let before = steady.shown();
            verdict.state = steady.settle(verdict.state);
            if before != Some(verdict.state) {
                *since = now;
            }
            sinces.push(*since);
        }
        let overall = verdict::overall(&verdicts, &model.thresholds);
        standing.since = match (overall.drifted, standing.since) {
            (0, _) => None,
            (_, Some(since)) => Some(since),
            (_, None) => Some(now),
        };
        let whole_since = standing.whole.filter(|(state, _)| *state == overall.state).map_or(now, |(_, since)| since);
        standing.whole = Some((overall.state, whole_since));
        drop(standing);
        let mut whole = self.model_check(model, features, overall, now);
        whole.since = Some(whole_since);
        entities.push(whole);
        entities.extend(features.iter().zip(&verdicts).zip(sinces).map(|((feature, verdict), since)| {
            let mut check = self.feature_check(model, feature, verdict, now);
            check.since = Some(since);
            check
        }));
    }

    fn feature_check(&self, model: &Model, feature: &Feature, verdict: &Verdict, now: Timestamp) -> Entity {
        let (observed, reason, mut numbers) = match &feature.distances {
            Ok(distances) => (format!("PSI {}", number(distances.psi)), reason(distances, verdict), numbers(distances)),
            Err(doubt) => ("no verdict".to_owned(), doubt.to_string(), Table::new()),
        };
        let mut reason = reason;
        if let Some(missing) = feature.missing {
            reason = format!("{reason}, missing {} → {} %", number(missing.reference * 100.0), number(missing.current * 100.0));
            numbers.extend([("missing_reference".into(), missing.reference), ("missing_current".into(), missing.current)]);
        }
        numbers.extend(verdict.p.map(|p| ("p_adjusted".into(), p)));
        numbers.insert("contribution".into(), verdict.contribution);
        let detail = Check {
            subject: Some(model.name.clone()),
            test: Some("drift".into()),
            observed: Some(observed.into()),
            expected: Some(format!("PSI < {}", number(model.thresholds.warn)).into()),
            evaluated_at: Some(now),
            numbers,
            windows: feature.pair.as_ref().map(Pair::shares),
            ..Check::default()
        };
        let labels = [("model".into(), model.name.clone()), ("feature".into(), feature.name.clone())].into();
        let key = format!("{DRIFT}{}/{}", model.name, feature.name);
        let mut entity = self.origin.entity(&key, &format!("{} {}", model.name, feature.name), verdict.state, labels, detail.into(), now);
        entity.eye = crate::domain::Eye::MlOps;
        entity.reason = Some(reason.into());
        let part = LinkTarget::Id(self.origin.id(crate::domain::Kind::Check, &format!("{DRIFT}{}", model.name)));
        entity.links = vec![Link { rel: Text::from("part"), to: part }];
        entity
    }

    fn model_check(&self, model: &Model, features: &[Feature], overall: Judged, now: Timestamp) -> Entity {
        let Judged { state, drifted, judged, features: all, worst } = overall;
        let reason = match worst.map(|at| (&features[at], &features[at].distances)) {
            Some((worst, Ok(distances))) if drifted > 0 => {
                format!("drift {drifted}/{judged} features, most {}: PSI {}", worst.name, number(distances.psi))
            }
            _ if judged == 0 => features
                .iter()
                .find_map(|feature| feature.distances.as_ref().err())
                .map_or_else(|| "no such series".to_owned(), ToString::to_string),
            _ => format!("no drift in {judged} features"),
        };
        let unsure = all - judged;
        let reason = if unsure > 0 && judged > 0 { format!("{reason}; {unsure} without a verdict") } else { reason };
        let most = features.iter().filter_map(|feature| Some(feature.distances.as_ref().ok()?.psi)).fold(0.0, f64::max);
        let share = if judged > 0 { drifted as f64 / judged as f64 } else { 0.0 };
        let numbers =
            [("drifted", drifted as f64), ("judged", judged as f64), ("features", all as f64), ("share", share), ("psi_max", most)];
        let detail = Check {
            subject: Some(model.name.clone()),
            test: Some("model drift".into()),
            observed: Some(format!("{drifted}/{judged} features").into()),
            expected: Some(format!("< {} %", number(model.thresholds.share * 100.0)).into()),
            evaluated_at: Some(now),
            numbers: numbers.into_iter().map(|(name, number)| (name.into(), number)).collect(),
            ..Check::default()
        };
        self.whole(model, state, reason, detail, now)
    }

    fn unanswered(&self, model: &Model, why: &str, now: Timestamp) -> Entity {
        let detail = Check { subject: Some(model.name.clone()), test: Some("model drift".into()), ..Check::default() };
        self.whole(model, State::Unknown, why.to_owned(), detail, now)
    }

    /// The check of a whole model, linked to the versions that a registry has of it.
    fn whole(&self, model: &Model, state: State, reason: String, detail: Check, now: Timestamp) -> Entity {
        let labels: BTreeMap<Text, Text> = [("model".into(), model.name.clone())].into();
        let key = format!("{DRIFT}{}", model.name);
        let mut entity = self.origin.entity(&key, &format!("{} drift", model.name), state, labels.clone(), detail.into(), now);
        entity.eye = crate::domain::Eye::MlOps;
        entity.reason = Some(reason.into());
        entity.links = vec![Link { rel: Text::from("model"), to: LinkTarget::Labels(labels) }];
        entity
    }
}

fn reason(distances: &Distances, verdict: &Verdict) -> String {
    let p = verdict.p.map(|p| format!(" p {p:.1e}")).unwrap_or_default();
    let told = format!("PSI {} (chance below {})", number(distances.psi), number(distances.psi_limit));
    match &distances.along {
        Some(along) => format!("{told}, KS {}{p}, p50 {} → {}", number(along.ks), number(along.reference[1]), number(along.current[1])),
        None => format!("{told}, chi²{p}"),
    }
}

fn numbers(distances: &Distances) -> Table<f64> {
    let Distances { n, m, psi, psi_limit, jensen_shannon, hellinger, total_variation, chebyshev, chi2, chi2_p, along, .. } = *distances;
    let mut numbers: Table<f64> = [
        ("n_reference", n),
        ("n_current", m),
        ("psi", psi),
        ("psi_limit", psi_limit),
        ("jensen_shannon", jensen_shannon),
        ("hellinger", hellinger),
        ("total_variation", total_variation),
        ("chebyshev", chebyshev),
        ("chi2", chi2),
        ("chi2_p", chi2_p),
    ]
    .into_iter()
    .map(|(name, number)| (name.into(), number))
    .collect();
    if let Some(Along { ks, ks_p, wasserstein, wasserstein_normed, reference, current, overflow }) = along {
        let known = [("ks", Some(ks)), ("ks_p", ks_p), ("wasserstein", Some(wasserstein)), ("wasserstein_normed", wasserstein_normed)];
        numbers.extend(known.into_iter().filter_map(|(name, number)| Some((name.into(), number?))));
        numbers.insert("overflow".into(), overflow);
        for (side, quantiles) in [("reference", reference), ("current", current)] {
            numbers.extend(["p10", "p50", "p90"].iter().zip(quantiles).map(|(name, q)| (format!("{name}_{side}").into(), q)));
        }
    }
    numbers
}

impl Pair {
    /// For people: what the cells hold, and the share of each window in them.
    fn shares(&self) -> Windows {
        let share = |counts: &[f64]| {
            let total: f64 = counts.iter().sum();
            counts.iter().map(|count| count / total).collect()
        };
        Windows { cells: self.cells(), reference: share(self.reference()), current: share(self.current()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insight::drift::{Layout, compare};

    const HOUR: f64 = 3600.0;

    fn source(change: impl FnOnce(&mut DriftConfig)) -> Prometheus {
        let mut drift = DriftConfig { model: "fraud".into(), histogram: Some("value".into()), ..DriftConfig::default() };
        change(&mut drift);
        Prometheus::new(&SourceConfig { name: "prom".into(), drifts: vec![drift], ..SourceConfig::default() }).unwrap()
    }

    fn at(seconds: f64) -> Timestamp {
        Timestamp::from_ms(1_750_000_000_000).plus(seconds)
    }

    /// The states of the model and of its feature after another poll in which the feature has moved, or has not.
    fn polled(prom: &Prometheus, moved: bool, seconds: f64) -> (State, State) {
        let current = if moved { [10.0, 40.0, 150.0, 800.0] } else { [250.0; 4] };
        let edges = [0.0, 1.0, 2.0, 3.0, 4.0];
        let distances = compare(Layout::Edges(&edges), &[250.0; 4], &current, Smoothing::Half, &mut Limits::default());
        let feature = Feature { name: "amount".into(), pair: None, distances: distances.ok_or(Doubt::Layouts), missing: None };
        let mut entities = Vec::new();
        prom.judge(&prom.models[0], &[feature], at(seconds), &mut entities);
        (entities[0].state, entities[1].state)
    }

    #[test]
    fn one_poll_that_differs_changes_no_verdict_and_two_do() {
        let prom = source(|_| {});
        let told = [false, true, false, true, true, false, true, false, false];
        let states: Vec<State> = (0..).zip(told).map(|(poll, moved)| polled(&prom, moved, f64::from(poll) * 120.0).1).collect();
        let (ok, failed) = (State::Ok, State::Failed);
        assert_eq!(states, [ok, ok, ok, ok, failed, failed, failed, failed, ok]);
    }

    #[test]
    fn while_a_model_drifts_its_reference_stays_before_the_drift_began() {
        let prom = source(|drift| drift.offset = "2h".parse().unwrap());
        let model = &prom.models[0];
        let end = |seconds: f64| model.reference_end(&model.tables[0], at(seconds)).since(at(0.0)) / HOUR;
        polled(&prom, false, 0.0);
        assert_eq!(end(0.0).to_bits(), (-2.0_f64).to_bits());
        polled(&prom, true, HOUR);
        assert_eq!(polled(&prom, true, HOUR + 120.0), (State::Failed, State::Failed));
        let began = 1.0 + 120.0 / HOUR;
        for hours in [1.5, 3.0, 30.0] {
            assert!(
                (end(hours * HOUR) - (began - 2.0).min(hours - 2.0)).abs() < 1e-9,
                "{hours}: a reference that held the incident would end it"
            );
        }
        polled(&prom, false, 31.0 * HOUR);
        assert_eq!(polled(&prom, false, 31.0 * HOUR + 120.0), (State::Ok, State::Ok));
        assert!((end(40.0 * HOUR) - 38.0).abs() < 1e-9, "it is over");
        let fixed = source(|drift| drift.reference_at = Some("2025-06-01T00:00:00Z".into()));
        let ends = |seconds: f64| fixed.models[0].reference_end(&fixed.models[0].tables[0], at(seconds));
        assert_eq!((ends(0.0), ends(40.0 * HOUR)), (ends(1.0), ends(2.0)));
    }

    #[test]
    fn tables_of_one_model_are_judged_together_and_a_mistake_is_told_by_its_number() {
        let table =
            |model: &str, histogram: &str| DriftConfig { model: model.into(), histogram: Some(histogram.into()), ..DriftConfig::default() };
        let config = |drifts: Vec<DriftConfig>| SourceConfig { name: "prom".into(), drifts, ..SourceConfig::default() };
        let models = Model::all(&config(vec![table("a", "x"), table("b", "y"), table("a", "z")])).unwrap();
        assert_eq!(
            models.iter().map(|model| (model.name.to_string(), model.tables.len())).collect::<Vec<_>>(),
            [("a".to_owned(), 2), ("b".to_owned(), 1)]
        );
        let short = DriftConfig { offset: "1m".parse().unwrap(), ..table("b", "y") };
        let said = Model::all(&config(vec![table("a", "x"), short])).unwrap_err().to_string();
        assert!(said.starts_with("read [[source.drift]] number 2, `offset`: `offset` is shorter than `window`"), "{said}");
    }
}
