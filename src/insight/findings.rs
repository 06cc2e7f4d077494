//! Which dataset a check is about, and what all checks of a dataset say together.
//! Not for: making checks (see `quality`), drawing them.

use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::{Dataset, Detail, Entity, EntityId, Eye, LinkTarget, State, Text};

/// Words in a classification that say that people are in the data.
const SENSITIVE: [&str; 10] = ["pii", "phi", "pci", "gdpr", "personal", "sensitive", "confidential", "restricted", "secret", "health"];
/// Words that take it back: catalogs also tag what was looked at and found harmless.
const HARMLESS: [&str; 4] = ["none", "non-", "nonsensitive", "public"];

/// Checks of data by the dataset they are about.
#[derive(Debug, Default)]
pub struct Findings {
    by_dataset: HashMap<EntityId, Vec<Arc<Entity>>>,
    dataset_of: HashMap<EntityId, EntityId>,
    others: Vec<Arc<Entity>>,
}

/// How many checks of a dataset are how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Broken.
    pub failed: usize,
    /// Suspicious.
    pub warning: usize,
    /// As expected.
    pub passed: usize,
    /// Without a verdict.
    pub unsure: usize,
}

impl Findings {
    /// Puts every check of data beside its dataset: the one it links to, or the one that its label or its subject names.
    pub fn of<'a>(datasets: impl Iterator<Item = &'a Arc<Entity>>, checks: impl Iterator<Item = &'a Arc<Entity>>) -> Self {
        let mut names: HashMap<&str, Vec<&Arc<Entity>>> = HashMap::new();
        let mut known: HashMap<&EntityId, &Arc<Entity>> = HashMap::new();
        for dataset in datasets {
            known.insert(&dataset.id, dataset);
            let labels = ["dataset", "table"].iter().filter_map(|label| dataset.labels.get(*label).map(Text::as_str));
            for name in std::iter::once(dataset.name.as_str()).chain(labels) {
                let named = names.entry(name).or_default();
                if !named.iter().any(|other| other.id == dataset.id) {
                    named.push(dataset);
                }
            }
        }
        let mut found = Self::default();
        for check in checks.filter(|check| is_of_data(check)) {
            if let Some(dataset) = dataset_of(check, &known, &names) {
                found.dataset_of.insert(check.id.clone(), dataset.clone());
                found.by_dataset.entry(dataset).or_default().push(Arc::clone(check));
            } else {
                found.others.push(Arc::clone(check));
            }
        }
        for checks in found.by_dataset.values_mut() {
            checks.sort_by(|a, b| {
                b.state.severity().cmp(&a.state.severity()).then_with(|| a.name.cmp(&b.name)).then_with(|| a.id.cmp(&b.id))
            });
        }
        found.sort_others();
        found
    }

    /// The checks of a dataset, worst first.
    pub fn of_dataset(&self, id: &EntityId) -> &[Arc<Entity>] {
        self.by_dataset.get(id).map_or(&[], Vec::as_slice)
    }

    /// The dataset that a check is about.
    pub fn dataset_of(&self, check: &EntityId) -> Option<&EntityId> {
        self.dataset_of.get(check)
    }

    /// Checks about no dataset that is known, those of one subject together, the worst subject first.
    pub fn others(&self) -> &[Arc<Entity>] {
        &self.others
    }

    /// What the checks of a dataset say.
    pub fn tally(&self, id: &EntityId) -> Tally {
        let mut tally = Tally::default();
        for check in self.of_dataset(id) {
            match check.state {
                State::Failed => tally.failed += 1,
                State::Warning => tally.warning += 1,
                State::Ok => tally.passed += 1,
                _ => tally.unsure += 1,
            }
        }
        tally
    }

    /// The worst of a dataset's own state and those of its checks.
    pub fn worst(&self, dataset: &Entity) -> State {
        let first = self.of_dataset(&dataset.id).first().map(|check| check.state);
        first.filter(|state| is_trouble(*state) && state.severity() > dataset.state.severity()).unwrap_or(dataset.state)
    }

    fn sort_others(&mut self) {
        let mut worst: HashMap<Text, u8> = HashMap::new();
        for check in &self.others {
            let entry = worst.entry(table_of(check)).or_default();
            *entry = (*entry).max(check.state.severity());
        }
        self.others.sort_by_cached_key(|check| {
            let table = table_of(check);
            let group = std::cmp::Reverse(worst.get(&table).copied().unwrap_or_default());
            (group, table, std::cmp::Reverse(check.state.severity()), check.name.clone(), check.id.clone())
        });
    }
}

fn is_trouble(state: State) -> bool {
    matches!(state, State::Failed | State::Warning)
}

/// What is about a model, or one of its features, is told with the model.
fn is_of_data(check: &Entity) -> bool {
    let Detail::Check(detail) = &check.detail else { return false };
    let of_model = check.links.iter().any(|link| link.rel == "model" || link.rel == "part");
    !of_model && check.eye != Eye::DevOps && !matches!(detail.test.as_deref(), Some("drift" | "model drift"))
}

/// What a check is about, without the column: the label that says so, or its subject up to the last dot.
pub fn table_of(check: &Entity) -> Text {
    if let Some(label) = ["dataset", "table"].iter().find_map(|label| check.labels.get(*label)) {
        return label.clone();
    }
    match &check.detail {
        Detail::Check(detail) => detail.subject.clone().unwrap_or_default(),
        _ => Text::default(),
    }
}

fn dataset_of(check: &Entity, known: &HashMap<&EntityId, &Arc<Entity>>, names: &HashMap<&str, Vec<&Arc<Entity>>>) -> Option<EntityId> {
    for link in check.links.iter().filter(|link| link.rel == "dataset") {
        match &link.to {
            LinkTarget::Id(id) if known.contains_key(id) => return Some(id.clone()),
            LinkTarget::Id(_) => {}
            LinkTarget::Labels(labels) if labels.is_empty() => {}
            LinkTarget::Labels(labels) => {
                let fits = |dataset: &&&Arc<Entity>| labels.iter().all(|(name, value)| dataset.labels.get(name) == Some(value));
                if let Some(dataset) = known.values().filter(fits).min_by(|a, b| a.id.cmp(&b.id)) {
                    return Some(dataset.id.clone());
                }
            }
        }
    }
    let table = table_of(check);
    let mut name = table.as_str();
    loop {
        if let Some(named) = names.get(name) {
            // a table of the same system before one that another system calls so
            return named
                .iter()
                .find(|dataset| dataset.id.source() == check.id.source())
                .or(named.first())
                .map(|dataset| dataset.id.clone());
        }
        // the last part may be a column
        name = name.rsplit_once('.')?.0;
    }
}

/// Whether a classification says that people, or secrets, are in the data.
pub fn is_sensitive(classification: &str) -> bool {
    let word = classification.to_lowercase();
    SENSITIVE.iter().any(|sensitive| word.contains(sensitive)) && !HARMLESS.iter().any(|harmless| word.contains(harmless))
}

/// Classifications of a dataset, the sensitive ones first.
pub fn classifications(dataset: &Dataset) -> Vec<(&str, bool)> {
    let mut all: Vec<(&str, bool)> = dataset.classifications.iter().map(|word| (word.as_str(), is_sensitive(word))).collect();
    all.sort_by_key(|(_, sensitive)| !sensitive);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Check, Link, SourceName, Timestamp};

    fn dataset(source: &str, name: &str) -> Arc<Entity> {
        Entity::new(&SourceName::from(source), name, name, State::Ok, Dataset::default().into(), Timestamp::default()).shared()
    }

    fn check(source: &str, key: &str, subject: &str, state: State) -> Entity {
        let detail = Check { subject: Some(subject.into()), ..Check::default() };
        let mut entity = Entity::new(&SourceName::from(source), key, key, state, detail.into(), Timestamp::default());
        entity.eye = Eye::DataOps;
        entity
    }

    #[test]
    fn a_check_stands_beside_its_dataset_by_link_by_label_and_by_subject() {
        let datasets = [dataset("dbt", "orders"), dataset("cat", "orders"), dataset("cat", "shop.users")];
        let mut linked = check("gx", "linked", "whatever", State::Ok);
        linked.links = vec![Link { rel: "dataset".into(), to: LinkTarget::Id(datasets[1].id.clone()) }];
        let mut labelled = check("soda", "labelled", "x", State::Failed);
        labelled.labels.insert("dataset".into(), "shop.users".into());
        let checks = [
            linked,
            labelled,
            check("dbt", "column", "orders.id", State::Warning),
            check("dbt", "none", "refunds", State::Ok),
            check("soda", "worse", "baskets", State::Failed),
        ]
        .map(Arc::new);
        let found = Findings::of(datasets.iter(), checks.iter());
        let names = |checks: &[Arc<Entity>]| checks.iter().map(|check| check.name.to_string()).collect::<Vec<_>>();
        assert_eq!(names(found.of_dataset(&datasets[0].id)), ["column"], "the one of the same source");
        assert_eq!(names(found.of_dataset(&datasets[1].id)), ["linked"]);
        assert_eq!(found.dataset_of(&checks[1].id), Some(&datasets[2].id));
        assert_eq!(names(found.others()), ["worse", "none"]);
        assert_eq!((found.worst(&datasets[0]), found.worst(&datasets[1])), (State::Warning, State::Ok));
        assert_eq!(found.tally(&datasets[2].id), Tally { failed: 1, ..Tally::default() });
    }

    #[test]
    fn drift_of_models_and_checks_of_services_are_not_of_data() {
        let mut drift = check("prom", "drift", "fraud", State::Failed);
        if let Detail::Check(detail) = &mut drift.detail {
            detail.test = Some("model drift".into());
        }
        let service = Entity { eye: Eye::DevOps, ..check("prom", "up", "api", State::Failed) };
        let found = Findings::of(std::iter::empty(), [Arc::new(drift), Arc::new(service)].iter());
        assert!(found.others().is_empty());
    }

    #[test]
    fn what_people_are_in_is_sensitive_and_what_was_found_harmless_is_not() {
        for word in ["PII", "PII.Sensitive", "contains_pii", "PersonalData.Personal", "GDPR", "Confidential"] {
            assert!(is_sensitive(word), "{word}");
        }
        for word in ["PII.None", "Tier.Tier1", "NonSensitive", "nightly", ""] {
            assert!(!is_sensitive(word), "{word}");
        }
    }
}
