//! What every entity of one source has in common: the source's name, environment, owner and configured labels.
//! Not for: the particulars of any system.

use std::collections::BTreeMap;

use crate::config::SourceConfig;
use crate::domain::{Detail, Entity, EntityId, Eye, Kind, SourceName, State, Text, Timestamp};

/// Where entities come from.
#[derive(Debug, Clone, PartialEq)]
pub struct Origin {
    /// The source's name.
    pub name: SourceName,
    /// Its discipline.
    pub eye: Eye,
    /// Its environment.
    pub env: Option<Text>,
    /// Who answers for it.
    pub owner: Option<Text>,
    /// Labels configured at the source.
    pub labels: BTreeMap<Text, Text>,
}

impl Origin {
    /// As configured.
    pub fn new(config: &SourceConfig, eye: Eye) -> Self {
        Self {
            name: SourceName::from(config.name.as_str()),
            eye,
            env: config.env.as_deref().map(Text::from),
            owner: config.owner.as_deref().map(Text::from),
            labels: config.labels.iter().map(|(name, value)| (Text::from(name.as_str()), Text::from(value.as_str()))).collect(),
        }
    }

    /// An entity of this source. Configured labels are added where the system has none of that name: what it says itself wins,
    /// as with the external labels of Prometheus.
    pub fn entity(&self, key: &str, name: &str, state: State, labels: BTreeMap<Text, Text>, detail: Detail, seen_at: Timestamp) -> Entity {
        let mut entity = Entity::new(&self.name, key, name, state, detail, seen_at);
        entity.eye = self.eye;
        entity.env.clone_from(&self.env);
        entity.owner.clone_from(&self.owner);
        entity.labels = labels;
        for (name, value) in &self.labels {
            entity.labels.entry(name.clone()).or_insert_with(|| value.clone());
        }
        entity
    }

    /// The id of an entity of this source.
    pub fn id(&self, kind: Kind, key: &str) -> EntityId {
        EntityId::new(&self.name, kind, key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Alert;

    #[test]
    fn a_label_of_the_system_is_not_overwritten_by_a_configured_one() {
        let config = SourceConfig {
            name: "prom".into(),
            env: Some("prod".into()),
            owner: Some("sre".into()),
            labels: [("team".into(), "sre".into()), ("site".into(), "ams".into())].into(),
            ..SourceConfig::default()
        };
        let own = BTreeMap::from([(Text::from("team"), Text::from("fraud"))]);
        let entity = Origin::new(&config, Eye::MlOps).entity("k", "n", State::Ok, own, Alert::default().into(), Timestamp::default());
        let labels: Vec<_> = entity.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(labels, ["site=ams", "team=fraud"]);
        assert_eq!((entity.env.as_deref(), entity.owner.as_deref(), entity.eye), (Some("prod"), Some("sre"), Eye::MlOps));
        assert_eq!(entity.id.as_str(), "prom/alert/k");
    }
}
