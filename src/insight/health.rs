//! How good a registered model is: its champion against the version before it, its challenger and a bound, by the numbers of training
//! runs and of readings; and the check that this makes.
//! Not for: drift of what it sees (see `drift`), drawing the comparison.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::domain::detail::Table;
use crate::domain::{ChangeKind, Check, Detail, Entity, Eye, Link, LinkTarget, Model, SourceName, State, Text, Timestamp, number, percent};

/// Keys of these checks begin so.
pub const HEALTH: &str = "health/";

/// How models of a name are judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Expectation {
    /// Models of that name; `*` at the end stands for any rest.
    pub model: Text,
    /// Alias of the version that serves.
    pub champion: Text,
    /// Alias of the version that is to follow it.
    pub challenger: Text,
    /// Part of a number that may be lost against the previous version.
    pub regression: f64,
    /// Who answers for it.
    pub owner: Option<Text>,
    /// Numbers that are judged; none: those of the run whose name says which way is better.
    pub metrics: Vec<Metric>,
}

impl Default for Expectation {
    fn default() -> Self {
        Self {
            model: "*".into(),
            champion: "champion".into(),
            challenger: "challenger".into(),
            regression: 0.05,
            owner: None,
            metrics: Vec::new(),
        }
    }
}

/// A number that says how good a model is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Metric {
    /// Its name in the training run, or for people.
    pub name: Text,
    /// The reading it is, if not the training run's.
    pub reading: Option<Text>,
    /// Which way is better; `None`: nobody knows, it is shown only.
    pub better: Option<Better>,
    /// The worst value that is put up with.
    pub bound: Option<f64>,
}

/// Which way is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// As of an accuracy.
    Higher,
    /// As of an error.
    Lower,
}

/// Words in the names of metrics, as scikit-learn, Keras, XGBoost and MLflow's evaluation write them. What stands first wins.
const WORDS: &[(Better, &[&str])] = &[
    (
        Better::Lower,
        &[
            "loss",
            "logloss",
            "error",
            "err",
            "mae",
            "mse",
            "rmse",
            "mape",
            "smape",
            "wape",
            "rmsle",
            "brier",
            "perplexity",
            "wer",
            "cer",
            "fpr",
            "fnr",
            "latency",
            "deviance",
        ],
    ),
    (
        Better::Higher,
        &[
            "accuracy",
            "acc",
            "auc",
            "roc",
            "prauc",
            "f1",
            "precision",
            "recall",
            "r2",
            "ndcg",
            "mrr",
            "map",
            "bleu",
            "rouge",
            "kappa",
            "mcc",
            "gini",
            "tpr",
            "tnr",
            "sensitivity",
            "specificity",
            "score",
        ],
    ),
];

impl Better {
    /// What a metric's name says: `val_log_loss` is better lower, `test.auc` higher. `None` where it says nothing, or where it is of
    /// the data that the model was trained on.
    pub fn by_name(name: &str) -> Option<Self> {
        let lower = name.to_lowercase();
        let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).collect();
        if words.iter().any(|word| matches!(*word, "train" | "training")) {
            return None;
        }
        WORDS.iter().find(|(_, known)| words.iter().any(|word| known.contains(word))).map(|(better, _)| *better)
    }

    /// The part of `before` that `now` has lost; negative if it has gained. `None` where there is no part of it.
    pub fn lost(self, before: f64, now: f64) -> Option<f64> {
        let lost = match self {
            Self::Higher => before - now,
            Self::Lower => now - before,
        };
        (before != 0.0 && lost.is_finite()).then(|| lost / before.abs())
    }

    fn breaks(self, value: f64, bound: f64) -> bool {
        match self {
            Self::Higher => value < bound,
            Self::Lower => value > bound,
        }
    }
}

/// The versions of one model that are compared.
#[derive(Debug, Clone, Copy)]
pub struct Sides<'a> {
    /// The champion, or the newest version where nobody is champion.
    pub judged: &'a Arc<Entity>,
    /// Whether it is the champion.
    pub is_champion: bool,
    /// What was champion before it, as far as that was seen; else the version below it.
    pub previous: Option<&'a Arc<Entity>>,
    /// The challenger.
    pub challenger: Option<&'a Arc<Entity>>,
}

/// One number of all of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its name.
    pub metric: Text,
    /// Which way is better.
    pub better: Option<Better>,
    /// The worst value that is put up with.
    pub bound: Option<f64>,
    /// Of the version that is judged.
    pub judged: Option<f64>,
    /// Of the version before it.
    pub previous: Option<f64>,
    /// Of the challenger.
    pub challenger: Option<f64>,
    /// What that is.
    pub state: State,
}

/// The value of a reading for a model and one of its versions.
pub trait Live {
    /// `None` where no series has it, or none that is fresh.
    fn value(&self, reading: &str, model: &str, version: Option<&str>) -> Option<f64>;
}

impl Expectation {
    /// Whether it is about that model.
    pub fn fits(&self, model: &str) -> bool {
        self.model.strip_suffix('*').map_or(*self.model == *model, |start| model.starts_with(start))
    }

    /// Which versions of a model are compared. `versions` are all of it, in any order; `before` is where the champion's alias pointed
    /// before, if that was seen.
    pub fn sides<'a>(&self, versions: &[&'a Arc<Entity>], before: Option<&str>) -> Option<Sides<'a>> {
        let mut versions = versions.to_vec();
        versions.sort_by(|a, b| by_version(a, b));
        let with = |alias: &Text| versions.iter().copied().rfind(|version| model_of(version).is_some_and(|m| m.aliases.contains(alias)));
        let champion = with(&self.champion);
        let judged = champion.or(versions.last().copied())?;
        let named = before.and_then(|before| versions.iter().copied().find(|v| version_of(v) == Some(before)));
        let below = versions.iter().copied().rfind(|version| by_version(version, judged) == Ordering::Less);
        let previous = named.or(below).filter(|previous| previous.id != judged.id);
        let challenger = with(&self.challenger).filter(|challenger| challenger.id != judged.id);
        Some(Sides { judged, is_champion: champion.is_some(), previous, challenger })
    }

    /// The numbers side by side: those that are configured, or all that the runs of the versions have.
    pub fn rows(&self, sides: &Sides<'_>, live: &dyn Live) -> Vec<Row> {
        let name = name_of(sides.judged);
        if !self.metrics.is_empty() {
            return self
                .metrics
                .iter()
                .map(|metric| {
                    let value = |version: &Entity, only: bool| match &metric.reading {
                        Some(reading) => {
                            live.value(reading, name, version_of(version)).or_else(|| live.value(reading, name, None).filter(|_| only))
                        }
                        None => model_of(version).and_then(|model| model.metrics.get(&metric.name).copied()),
                    };
                    self.row(metric, sides, value, State::Unknown)
                })
                .collect();
        }
        let Some(model) = model_of(sides.judged) else { return Vec::new() };
        model
            .metrics
            .keys()
            .map(|name| {
                let metric = Metric { name: name.clone(), better: Better::by_name(name), ..Metric::default() };
                self.row(&metric, sides, |version, _| model_of(version)?.metrics.get(name).copied(), State::Unknown)
            })
            .collect()
    }

    fn row(&self, metric: &Metric, sides: &Sides<'_>, value: impl Fn(&Entity, bool) -> Option<f64>, absent: State) -> Row {
        let judged = value(sides.judged, true);
        let previous = sides.previous.and_then(|version| value(version, false));
        let challenger = sides.challenger.and_then(|version| value(version, false));
        let state = match (judged, metric.better) {
            (None, _) => absent,
            (Some(now), _) if now.is_nan() => State::Unknown,
            (Some(_), None) => State::Ok,
            (Some(now), Some(better)) => {
                if metric.bound.is_some_and(|bound| better.breaks(now, bound)) {
                    State::Failed
                } else if previous.and_then(|before| better.lost(before, now)).is_some_and(|lost| lost > self.regression) {
                    State::Warning
                } else {
                    State::Ok
                }
            }
        };
        Row { metric: metric.name.clone(), better: metric.better, bound: metric.bound, judged, previous, challenger, state }
    }

    /// The check that the numbers make; `None` where there is nothing to judge by.
    pub fn check(&self, sides: &Sides<'_>, rows: &[Row], at: Timestamp) -> Option<Entity> {
        let can_be_judged =
            |row: &&Row| row.bound.is_some() || (row.better.is_some() && (row.previous.is_some() || row.challenger.is_some()));
        let mut judged: Vec<&Row> = rows.iter().filter(can_be_judged).collect();
        judged.sort_by(|a, b| b.state.severity().cmp(&a.state.severity()).then_with(|| weight(b).total_cmp(&weight(a))));
        let worst = *judged.first()?;
        let version = |entity: &Entity| version_of(entity).map(|version| format!("v{version}")).unwrap_or_default();
        let bad = judged.iter().filter(|row| matches!(row.state, State::Warning | State::Failed)).count();
        let mut reason = format!("{} {}", version(sides.judged), told(worst, sides.previous.map(|previous| version(previous)).as_deref()));
        if bad > 1 {
            reason = format!("{reason}, and {} more", bad - 1);
        }
        if let (Some(challenger), Some(value)) = (sides.challenger, worst.challenger) {
            reason = format!("{reason}; challenger {} has {}", version(challenger), number(value));
        }
        let mut numbers: Table<f64> = Table::new();
        for row in &judged {
            for (of, value) in [("", row.judged), ("_previous", row.previous), ("_challenger", row.challenger), ("_bound", row.bound)] {
                numbers.extend(value.map(|value| (Text::from(format!("{}{of}", row.metric)), value)));
            }
        }
        let name = name_of(sides.judged);
        let detail = Check {
            subject: Some(name.into()),
            test: Some("model quality".into()),
            observed: worst.judged.map(|value| format!("{} {}", worst.metric, number(value)).into()),
            expected: expected(worst, self.regression).map(Text::from),
            evaluated_at: Some(at),
            numbers,
            ..Check::default()
        };
        let source = SourceName::from(sides.judged.id.source());
        let mut entity = Entity::new(&source, &format!("{HEALTH}{name}"), &format!("{name} quality"), worst.state, detail.into(), at);
        entity.reason = Some(reason.into());
        entity.eye = Eye::MlOps;
        entity.env.clone_from(&sides.judged.env);
        entity.owner = self.owner.clone().or_else(|| sides.judged.owner.clone());
        entity.labels = [("model".into(), name.into())].into();
        entity.links = vec![Link { rel: Text::from("model"), to: LinkTarget::Id(sides.judged.id.clone()) }];
        Some(entity)
    }
}

/// Where an alias of a model pointed before it points to `now`, by the changes that were seen.
pub fn pointed_before<'a>(changes: impl Iterator<Item = &'a Arc<Entity>>, model: &str, alias: &str, now: &str) -> Option<Text> {
    let name = format!("{model} {alias}");
    changes
        .filter(|entity| entity.name == *name)
        .filter_map(|entity| match &entity.detail {
            Detail::Change(change) if change.change == Some(ChangeKind::Alias) && change.after.as_deref() == Some(now) => {
                Some((change.at, change.before.clone()?))
            }
            _ => None,
        })
        .max_by_key(|(at, _)| *at)
        .map(|(_, before)| before)
}

/// Oldest first: versions are numbers nearly everywhere, and words are told apart by when they were made.
pub fn by_version(a: &Entity, b: &Entity) -> Ordering {
    let number = |entity: &Entity| version_of(entity).and_then(|version| version.trim_start_matches('v').parse::<u64>().ok());
    number(a).cmp(&number(b)).then_with(|| a.since.cmp(&b.since)).then_with(|| a.id.cmp(&b.id))
}

/// The model an entity is a version of: what all versions share.
pub fn name_of(entity: &Entity) -> &str {
    match entity.labels.get("model") {
        Some(name) => name.as_str(),
        None => entity.id.key().rsplit_once('/').map_or(entity.id.key(), |(name, _)| name),
    }
}

/// Its version.
pub fn version_of(entity: &Entity) -> Option<&str> {
    model_of(entity)?.version.as_deref()
}

/// What is particular to a model version.
pub fn model_of(entity: &Entity) -> Option<&Model> {
    match &entity.detail {
        Detail::Model(model) => Some(model),
        _ => None,
    }
}

/// How much was lost, to order rows of one state.
fn weight(row: &Row) -> f64 {
    let lost = row.better.zip(row.previous.zip(row.judged)).and_then(|(better, (before, now))| better.lost(before, now));
    lost.unwrap_or(f64::NEG_INFINITY)
}

/// `auc 0.81, below its floor of 0.85`, `auc 0.81, 13 % worse than v6 (0.93)`.
fn told(row: &Row, previous: Option<&str>) -> String {
    let Some(now) = row.judged else { return format!("has no {}", row.metric) };
    let head = format!("{} {}", row.metric, number(now));
    match (row.state, row.better, row.bound, row.previous.zip(previous)) {
        (State::Failed, Some(Better::Higher), Some(bound), _) => format!("{head}, below its floor of {}", number(bound)),
        (State::Failed, Some(Better::Lower), Some(bound), _) => format!("{head}, above its ceiling of {}", number(bound)),
        (_, Some(better), _, Some((before, name))) => match better.lost(before, now) {
            Some(lost) if lost >= 5e-4 => format!("{head}, {} worse than {name} ({})", percent(lost), number(before)),
            Some(lost) if lost <= -5e-4 => format!("{head}, {} better than {name} ({})", percent(-lost), number(before)),
            _ => format!("{head}, as {name}"),
        },
        _ => head,
    }
}

fn expected(row: &Row, regression: f64) -> Option<String> {
    let bound = row.bound.zip(row.better).map(|(bound, better)| {
        let sign = if better == Better::Higher { ">=" } else { "<=" };
        format!("{} {sign} {}", row.metric, number(bound))
    });
    let before = row.previous.map(|before| format!("at most {} worse than {}", percent(regression), number(before)));
    match (bound, before) {
        (Some(bound), Some(before)) if row.state != State::Failed => Some(format!("{bound}, {before}")),
        (bound, before) => bound.or(before),
    }
}

#[cfg(test)]
mod tests;
