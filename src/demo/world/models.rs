//! Registered models: their versions, aliases, and the training runs they came from.
//! Not for: how a served model decides (see `metrics`).

use super::World;
use crate::demo::chance;
use crate::demo::company::{In, MODELS, Model, PIPELINES};
use crate::demo::deed::Act;
use crate::demo::story::Event;
use crate::domain::Timestamp;

/// Seconds between two versions before the story.
const VERSION_S: f64 = 5.0 * 86_400.0;
/// Seconds that a training takes.
const TRAINING_S: f64 = 400.0;

/// One version of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    /// Full name of the model.
    pub model: String,
    /// From 1.
    pub version: u32,
    /// Training run it came from.
    pub run_id: String,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it was last changed: registered.
    pub updated_at: Timestamp,
    /// Aliases that point to it now.
    pub aliases: Vec<String>,
    /// Area under the curve in its evaluation.
    pub auc: f64,
    /// Who registered it.
    pub by: String,
}

/// Where an alias points to since when.
#[derive(Debug, Clone, PartialEq)]
pub struct Aliased {
    /// `champion`, …
    pub alias: String,
    /// The version.
    pub version: u32,
    /// Since when.
    pub since: Timestamp,
    /// By whom.
    pub by: String,
}

/// One training run.
#[derive(Debug, Clone, PartialEq)]
pub struct Training {
    /// 32 hexadecimal digits.
    pub run_id: String,
    /// Number of its experiment: there is one for each model.
    pub experiment: i64,
    /// Full name of the model it trains.
    pub model: String,
    /// Its name: `bold-heron-418`.
    pub name: String,
    /// Who started it.
    pub by: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// `RUNNING`, `FINISHED`, `FAILED`, `KILLED`.
    pub status: String,
    /// Numbers it logged.
    pub metrics: Vec<(&'static str, f64)>,
    /// Parameters it was given.
    pub params: Vec<(&'static str, String)>,
    /// Commit it ran on.
    pub commit: String,
}

impl World {
    /// The versions of a model up to now, newest first.
    pub fn versions(&self, model: In<Model>) -> Vec<Version> {
        let aliases = self.aliases(model);
        let registered = self.registrations(model);
        let mut versions: Vec<Version> = (1..)
            .zip(registered)
            .map(|(version, (s, by))| Version {
                model: model.full_name(),
                version,
                run_id: self.training_id(model, version),
                created_at: self.clock().at(s),
                updated_at: self.clock().at(s),
                aliases: aliases.iter().filter(|aliased| aliased.version == version).map(|aliased| aliased.alias.clone()).collect(),
                auc: self.auc_of(model, version),
                by,
            })
            .collect();
        versions.reverse();
        versions
    }

    /// When each version was registered, and by whom; the first is version 1.
    fn registrations(&self, model: In<Model>) -> Vec<(f64, String)> {
        let before = (1..=model.versions).map(|version| {
            let late = chance::share_of(self.seed(), &["version", model.name], i64::from(version)) * 40_000.0;
            (-f64::from(model.versions - version + 1) * VERSION_S + late, "train-bot".to_owned())
        });
        let told = self.events(move |event| match event {
            Event::Register { model: of } if *of == model.name && model.market == 0 => Some(()),
            _ => None,
        });
        before.chain(told.map(|(happening, ())| (happening.at_s, happening.by.to_owned()))).collect()
    }

    /// Where a model's aliases point to now.
    pub fn aliases(&self, model: In<Model>) -> Vec<Aliased> {
        self.aliases_at(model, self.now_s())
    }

    fn aliases_at(&self, model: In<Model>, s: f64) -> Vec<Aliased> {
        let name = model.full_name();
        let long_ago = self.clock().at(-VERSION_S);
        let aliased =
            |alias: &str, version: u32, since: Timestamp, by: &str| Aliased { alias: alias.to_owned(), version, since, by: by.to_owned() };
        let mut aliases = vec![aliased("champion", model.champion, long_ago, "train-bot")];
        if model.versions != model.champion {
            aliases.push(aliased("challenger", model.versions, long_ago, "train-bot"));
        }
        let mut moves: Vec<(f64, String, Option<u32>, String)> = Vec::new();
        for happening in self.happenings() {
            if let Event::Alias { model: of, alias, version } = happening.what
                && of == model.name
                && model.market == 0
            {
                moves.push((happening.at_s, alias.to_owned(), Some(version), happening.by.to_owned()));
            }
        }
        for (at, deed) in self.acts() {
            match &deed.act {
                Act::SetAlias { model, alias, version } if *model == name => {
                    moves.push((at, alias.clone(), Some(*version), deed.by.clone()));
                }
                Act::DeleteAlias { model, alias } if *model == name => moves.push((at, alias.clone(), None, deed.by.clone())),
                _ => {}
            }
        }
        moves.retain(|(at, ..)| *at <= s);
        moves.sort_by(|a, b| a.0.total_cmp(&b.0));
        for (at, alias, version, by) in moves {
            aliases.retain(|other| other.alias != alias);
            aliases.extend(version.map(|version| aliased(&alias, version, self.clock().at(at), &by)));
        }
        aliases
    }

    /// The version that a service serves at a story second: the champion.
    pub fn served_version(&self, model: In<Model>, s: f64) -> Option<u32> {
        self.aliases_at(model, s).into_iter().find(|aliased| aliased.alias == "champion").map(|aliased| aliased.version)
    }

    /// Area under the curve of a version: the champion's, and a little less the older it is.
    fn auc_of(&self, model: In<Model>, version: u32) -> f64 {
        let age = f64::from(model.champion) - f64::from(version);
        let luck = 0.004 * chance::share_of(self.seed(), &["auc", model.name], i64::from(version));
        let auc = if age == 0.0 { model.auc } else { model.auc - 0.006 * age.abs().min(5.0) - luck };
        (auc * 10_000.0).round() / 10_000.0
    }

    /// Number of a model's experiment.
    pub fn experiment(&self, model: In<Model>) -> i64 {
        let place = MODELS.iter().position(|other| other.name == model.name).unwrap_or_default();
        (model.market * MODELS.len() + place + 1) as i64
    }

    fn training_id(&self, model: In<Model>, version: u32) -> String {
        chance::hex(self.seed(), &["training", &model.full_name(), &version.to_string()], 32)
    }

    /// The training runs of a model up to now, newest first: one for each version, and candidates that were not registered.
    pub fn trainings(&self, model: In<Model>) -> Vec<Training> {
        let registered = self.registrations(model);
        let of_versions = (1..)
            .zip(registered)
            .map(|(version, (s, by))| (self.training_id(model, version), s - 30.0 - TRAINING_S, s - 30.0, self.auc_of(model, version), by));
        let mut runs: Vec<_> = of_versions.collect();
        let trainer = PIPELINES.iter().find(|pipeline| pipeline.name == "train_fraud_score").filter(|_| model.name == "fraud-score");
        if let Some(of) = trainer {
            for (place, plan) in self.run_plans(In { of, market: model.market }).iter().enumerate() {
                let Some(end) = plan.end_s() else { continue };
                let start = end - TRAINING_S;
                let id = chance::hex(self.seed(), &["candidate", &model.full_name(), &(start as i64).to_string()], 32);
                let auc = model.auc - 0.004 - 0.006 * chance::share_of(self.seed(), &["candidate"], place as i64);
                runs.push((id, start, end, auc, "airflow".to_owned()));
            }
        }
        let now_s = self.now_s();
        runs.retain(|(_, start, ..)| *start <= now_s);
        runs.sort_by(|a, b| b.1.total_cmp(&a.1));
        runs.into_iter().filter_map(|(id, start, end, auc, by)| self.training(model, id, (start, end), auc, by)).collect()
    }

    fn training(&self, model: In<Model>, run_id: String, (start, end): (f64, f64), auc: f64, by: String) -> Option<Training> {
        let mut ended = (end <= self.now_s()).then_some(end);
        let mut status = if ended.is_some() { "FINISHED".to_owned() } else { "RUNNING".to_owned() };
        for (s, deed) in self.acts() {
            match &deed.act {
                Act::DeleteTraining { run_id: id } if *id == run_id => return None,
                Act::MarkTraining { run_id: id, status: to } if *id == run_id => {
                    status.clone_from(to);
                    ended = Some(s);
                }
                _ => {}
            }
        }
        let bits = chance::hash(self.seed(), &["training", &run_id]);
        let rounded = |value: f64| (value * 10_000.0).round() / 10_000.0;
        Some(Training {
            experiment: self.experiment(model),
            model: model.full_name(),
            name: chance_name(bits),
            by,
            started_at: self.clock().at(start),
            ended_at: ended.map(|s| self.clock().at(s)),
            metrics: if status == "RUNNING" {
                vec![("train_loss", rounded(0.2 + 0.2 * chance::share(bits)))]
            } else {
                vec![("auc", rounded(auc)), ("log_loss", rounded(0.62 - auc / 2.0)), ("rows", 412_000.0)]
            },
            params: vec![
                ("learning_rate", format!("0.0{}", 3 + bits % 5)),
                ("max_depth", (5 + bits % 4).to_string()),
                ("rounds", (300 + 50 * (bits % 7)).to_string()),
            ],
            commit: chance::hex(self.seed(), &["training commit", model.name], 40),
            status,
            run_id,
        })
    }
}

/// A name as people remember it.
fn chance_name(bits: u64) -> String {
    const ADJECTIVES: [&str; 8] = ["bold", "calm", "eager", "fair", "keen", "mild", "proud", "swift"];
    const BIRDS: [&str; 8] = ["heron", "wren", "finch", "crane", "lark", "owl", "swan", "tern"];
    format!("{}-{}-{}", ADJECTIVES[(bits % 8) as usize], BIRDS[(bits / 8 % 8) as usize], bits / 64 % 900 + 100)
}
