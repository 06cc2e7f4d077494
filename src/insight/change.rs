//! Changes that no system reports but that show between two of its answers: an alias moved, a workload runs another image, a dataset
//! has other columns.
//! Not for: changes that systems report themselves (connectors bring those).

use std::collections::BTreeMap;

use crate::domain::{Change, ChangeKind, Detail, Entity, EntityId, Link, LinkTarget, SourceName, State, Text, Timestamp};

/// Collects what moved between one answer and the next.
#[derive(Debug)]
pub struct Moves {
    at: Timestamp,
    aliases: BTreeMap<(Text, Text), (Option<Text>, Option<Text>)>,
    images: Vec<(EntityId, Text, Text, Text)>,
    schemas: Vec<(EntityId, Text, String)>,
}

impl Moves {
    /// Nothing moved yet; `at` is when the newer answer came.
    pub fn new(at: Timestamp) -> Self {
        Self { at, aliases: BTreeMap::new(), images: Vec::new(), schemas: Vec::new() }
    }

    /// Compares one entity with what it was before.
    pub fn note(&mut self, before: Option<&Entity>, after: &Entity) {
        match (before.map(|entity| &entity.detail), &after.detail) {
            (before, Detail::Model(now)) => {
                let none = Vec::new();
                let was = match before {
                    Some(Detail::Model(was)) => &was.aliases,
                    _ => &none,
                };
                let model = model_name(after);
                for alias in now.aliases.iter().filter(|alias| !was.contains(alias)) {
                    self.aliases.entry((model.clone(), alias.clone())).or_default().1.clone_from(&now.version);
                }
                for alias in was.iter().filter(|alias| !now.aliases.contains(alias)) {
                    self.aliases.entry((model.clone(), alias.clone())).or_default().0.clone_from(&now.version);
                }
            }
            (Some(Detail::Workload(was)), Detail::Workload(now)) => {
                if let (Some(was), Some(now)) = (&was.image, &now.image)
                    && was != now
                {
                    self.images.push((after.id.clone(), after.name.clone(), was.clone(), now.clone()));
                }
            }
            // no columns at all is not knowing them
            (Some(Detail::Dataset(was)), Detail::Dataset(now))
                if !was.columns.is_empty() && !now.columns.is_empty() && was.columns != now.columns =>
            {
                self.schemas.push((after.id.clone(), after.name.clone(), columns_moved(&was.columns, &now.columns)));
            }
            _ => {}
        }
    }

    /// An entity is no more.
    pub fn note_gone(&mut self, before: &Entity) {
        if let Detail::Model(was) = &before.detail {
            for alias in &was.aliases {
                self.aliases.entry((model_name(before), alias.clone())).or_default().0.clone_from(&was.version);
            }
        }
    }

    /// The changes, as entities of their own.
    pub fn finish(self, source: &SourceName) -> Vec<Entity> {
        let at = self.at;
        let aliases = self.aliases.into_iter().map(|((model, alias), (before, after))| {
            let detail = Change {
                what: Some(Text::from(format!("{model} alias {alias}"))),
                at: Some(at),
                before: before.clone(),
                after: after.clone(),
                change: Some(ChangeKind::Alias),
                ..Change::default()
            };
            let name = format!("{model} {alias}");
            let mut entity = observed(source, &format!("alias/{model}/{alias}/{}", at.ms()), &name, detail, at);
            entity.eye = crate::domain::Eye::MlOps;
            entity.reason = Some(Text::from(format!("alias {alias}: {} → {}", version(before.as_deref()), version(after.as_deref()))));
            entity.links.extend(after.iter().map(|version| Link {
                rel: Text::from("model"),
                to: LinkTarget::Id(EntityId::new(source, crate::domain::Kind::Model, &format!("{model}/{version}"))),
            }));
            entity
        });
        let images = self.images.into_iter().map(|(id, name, before, after)| {
            let detail = Change {
                what: Some(Text::from(format!("{name} image"))),
                at: Some(at),
                before: Some(before.clone()),
                after: Some(after.clone()),
                change: Some(ChangeKind::Deploy),
                ..Change::default()
            };
            let mut entity = observed(source, &format!("image/{}/{}", id.key(), at.ms()), &name, detail, at);
            entity.reason = Some(Text::from(format!("image {before} → {after}")));
            entity.links.push(Link { rel: Text::from("workload"), to: LinkTarget::Id(id) });
            entity
        });
        let schemas = self.schemas.into_iter().map(|(id, name, moved)| {
            let detail = Change {
                what: Some(Text::from(format!("{name} columns"))),
                at: Some(at),
                after: Some(Text::from(moved.as_str())),
                change: Some(ChangeKind::Schema),
                ..Change::default()
            };
            let mut entity = observed(source, &format!("schema/{}/{}", id.key(), at.ms()), &name, detail, at);
            entity.eye = crate::domain::Eye::DataOps;
            entity.reason = Some(Text::from(format!("columns {moved}")));
            entity.links.push(Link { rel: Text::from("dataset"), to: LinkTarget::Id(id) });
            entity
        });
        aliases.chain(images).chain(schemas).collect()
    }
}

/// `+added text, −removed, retyped int → text`, at most a dozen.
pub(super) fn columns_moved(was: &BTreeMap<Text, Text>, now: &BTreeMap<Text, Text>) -> String {
    const TOLD: usize = 12;
    let added = now.iter().filter(|(name, _)| !was.contains_key(*name)).map(|(name, kind)| format!("+{name} {kind}"));
    let removed = was.keys().filter(|name| !now.contains_key(*name)).map(|name| format!("−{name}"));
    let retyped = now.iter().filter_map(|(name, kind)| {
        let before = was.get(name).filter(|before| *before != kind)?;
        Some(format!("{name} {before} → {kind}"))
    });
    let all: Vec<String> = removed.chain(retyped).chain(added).collect();
    let more = all.len().saturating_sub(TOLD);
    let told = all.into_iter().take(TOLD).collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{told} and {more} more") } else { told }
}

/// Model versions are named `name vN` and keyed `name/N`.
fn model_name(entity: &Entity) -> Text {
    let key = entity.id.key();
    Text::from(key.rsplit_once('/').map_or(key, |(name, _)| name))
}

fn version(version: Option<&str>) -> String {
    version.map_or_else(|| "none".to_owned(), |version| format!("v{version}"))
}

fn observed(source: &SourceName, key: &str, name: &str, detail: Change, at: Timestamp) -> Entity {
    let mut entity = Entity::new(source, key, name, State::Ok, detail.into(), at);
    entity.since = Some(at);
    entity
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Model;

    fn model(version: &str, aliases: &[&str]) -> Entity {
        let detail =
            Model { version: Some(Text::from(version)), aliases: aliases.iter().map(|a| Text::from(*a)).collect(), ..Model::default() };
        Entity::new(&SourceName::from("reg"), &format!("fraud/{version}"), "fraud", State::Ok, detail.into(), Timestamp::default())
    }

    #[test]
    fn an_alias_that_moves_is_one_change_with_both_its_versions() {
        let mut moves = Moves::new(Timestamp::from_ms(5000));
        moves.note(Some(&model("6", &["champion"])), &model("6", &[]));
        moves.note(Some(&model("7", &[])), &model("7", &["champion"]));
        let changes = moves.finish(&SourceName::from("reg"));
        assert_eq!(changes.len(), 1);
        assert_eq!(changes[0].reason.as_deref(), Some("alias champion: v6 → v7"));
    }

    #[test]
    fn columns_that_came_went_or_changed_their_type_are_one_change() {
        let table = |columns: &[(&str, &str)]| {
            let columns = columns.iter().map(|(name, kind)| (Text::from(*name), Text::from(*kind))).collect();
            let detail = crate::domain::Dataset { columns, ..Default::default() };
            Entity::new(&SourceName::from("db"), "orders", "orders", State::Ok, detail.into(), Timestamp::default())
        };
        let mut moves = Moves::new(Timestamp::from_ms(5000));
        let before = table(&[("id", "int"), ("note", "text"), ("paid", "int")]);
        moves.note(Some(&before), &table(&[("id", "int"), ("paid", "text"), ("vat", "int")]));
        moves.note(Some(&before), &table(&[]));
        let changes = moves.finish(&SourceName::from("db"));
        assert_eq!(changes.len(), 1, "columns that are not known have not changed");
        assert_eq!(changes[0].reason.as_deref(), Some("columns −note, paid int → text, +vat int"));
    }

    #[test]
    fn nothing_that_stayed_is_a_change() {
        let mut moves = Moves::new(Timestamp::default());
        moves.note(Some(&model("6", &["champion"])), &model("6", &["champion"]));
        assert!(moves.finish(&SourceName::from("reg")).is_empty());
    }
}
