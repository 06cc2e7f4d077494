//! From what is known of a container to entities: the workload, and the change of its having been made.
//! Not for: knowing (see `ledger`), judging (see `state`).

use std::collections::BTreeMap;

use crate::config::SourceConfig;
use crate::domain::{Change, ChangeKind, Detail, Entity, EntityId, Kind, Link, LinkTarget, SourceName, State, Text, Timestamp, Workload};

use super::ledger::Known;
use super::makings::{Making, Version};
use super::state::Verdict;

/// Characters of a digest that tell two images apart, as the command line shows them.
const SHORT_DIGEST: usize = 12;

/// What every entity of a source has in common.
#[derive(Debug, Clone)]
pub struct Stamp {
    /// The source.
    pub source: SourceName,
    env: Option<Text>,
    owner: Option<Text>,
    labels: BTreeMap<Text, Text>,
}

impl Stamp {
    /// As configured.
    pub fn new(config: &SourceConfig) -> Self {
        Self {
            source: SourceName::from(config.name.as_str()),
            env: config.env.as_deref().map(Text::from),
            owner: config.owner.as_deref().map(Text::from),
            labels: config.labels.iter().map(|(name, value)| (Text::from(name.as_str()), Text::from(value.as_str()))).collect(),
        }
    }

    /// A container as a workload. `runtime`: `docker` or `podman`.
    pub fn workload(&self, id: &str, known: &Known, verdict: Verdict, runtime: &Text, now: Timestamp) -> Entity {
        let (facts, usage) = (&known.facts, &known.usage);
        let detail = Workload {
            runtime: Some(runtime.clone()),
            image: Some(facts.image.clone()).filter(|image| !image.is_empty()),
            restarts: facts.restarts,
            cpu_cores: usage.cpu_cores,
            memory_bytes: usage.memory_bytes,
            memory_limit_bytes: usage.memory_limit_bytes,
            net_rx_bps: usage.net_rx_bps,
            net_tx_bps: usage.net_tx_bps,
            namespace: facts.namespace(),
            exit_code: facts.exit_code,
            oom_killed: facts.oom_killed,
            health: facts.health.clone(),
            health_output: facts.health_output.clone(),
            started_at: facts.started_at,
            finished_at: facts.finished_at,
            ..Workload::default()
        };
        let mut entity = Entity::new(&self.source, id, &facts.name, verdict.state, detail.into(), now);
        entity.reason = Some(verdict.reason);
        entity.since = verdict.since;
        entity.links = compose_links(&facts.labels);
        self.stamped(entity, &facts.labels)
    }

    /// That a container was made, as a change.
    pub fn change(&self, id: &str, making: &Making, now: Timestamp) -> Entity {
        let (before, after) = versions(making.before.as_ref(), &making.after);
        let reason = match &before {
            Some(before) => format!("image {before} → {after}"),
            None => format!("container created from {after}"),
        };
        let detail = Change {
            what: Some(making.name.clone()),
            at: Some(making.at),
            before: before.map(Text::from),
            after: Some(after.into()),
            change: Some(ChangeKind::Deploy),
            ..Change::default()
        };
        let mut entity = Entity::new(&self.source, id, &making.name, State::Ok, Detail::from(detail), now);
        entity.reason = Some(reason.into());
        entity.since = Some(making.at);
        let workload = EntityId::new(&self.source, Kind::Workload, id);
        entity.links = vec![Link { rel: "workload".into(), to: LinkTarget::Id(workload) }];
        self.stamped(entity, &making.labels)
    }

    fn stamped(&self, mut entity: Entity, labels: &BTreeMap<Text, Text>) -> Entity {
        entity.labels.clone_from(labels);
        entity.labels.extend(self.labels.iter().map(|(name, value)| (name.clone(), value.clone())));
        (entity.env, entity.owner) = (self.env.clone(), self.owner.clone());
        entity
    }
}

/// Names of both images; digests beside them where the names are the same.
fn versions(before: Option<&Version>, after: &Version) -> (Option<String>, String) {
    let Some(before) = before else { return (None, after.image.to_string()) };
    if before.image != after.image {
        return (Some(before.image.to_string()), after.image.to_string());
    }
    (Some(with_digest(before)), with_digest(after))
}

fn with_digest(version: &Version) -> String {
    let digest = version.digest.strip_prefix("sha256:").unwrap_or(&version.digest);
    format!("{} ({})", version.image, digest.chars().take(SHORT_DIGEST).collect::<String>())
}

/// Compose writes what a service waits for as `db:service_healthy:false,cache:service_started:false`.
fn compose_links(labels: &BTreeMap<Text, Text>) -> Vec<Link> {
    let (Some(project), Some(services)) = (labels.get("com.docker.compose.project"), labels.get("com.docker.compose.depends_on")) else {
        return Vec::new();
    };
    let services = services.split(',').filter_map(|service| service.split(':').next()).map(str::trim).filter(|name| !name.is_empty());
    let link = |service: &str| {
        let labels = [("com.docker.compose.project", project.clone()), ("com.docker.compose.service", Text::from(service))];
        let to = LinkTarget::Labels(labels.into_iter().map(|(name, value)| (Text::from(name), value)).collect());
        Link { rel: "depends on".into(), to }
    };
    services.map(link).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(image: &str, digest: &str) -> Version {
        Version { image: image.into(), digest: digest.into() }
    }

    #[test]
    fn a_change_names_the_images_and_their_digests_only_where_the_names_are_the_same() {
        let at = Timestamp::from_ms(1_800_000_000_000);
        let stamp = Stamp::new(&SourceConfig { name: "d".to_owned(), ..SourceConfig::default() });
        for (before, after, reason) in [
            (None, version("web:2", "sha256:b"), "container created from web:2"),
            (Some(version("web:1", "sha256:a")), version("web:2", "sha256:b"), "image web:1 → web:2"),
            (Some(version("web", "sha256:0123456789abcdef")), version("web", "sha256:b"), "image web (0123456789ab) → web (b)"),
        ] {
            let making = Making { name: "web".into(), at, before, after, labels: BTreeMap::new() };
            let entity = stamp.change("id", &making, at);
            assert_eq!((entity.reason.as_deref(), entity.since, entity.id.as_str()), (Some(reason), Some(at), "d/change/id"));
        }
    }

    #[test]
    fn a_compose_service_links_to_what_it_waits_for() {
        let labels = |pairs: &[(&str, &str)]| pairs.iter().map(|(name, value)| (Text::from(*name), Text::from(*value))).collect();
        let links = compose_links(&labels(&[
            ("com.docker.compose.project", "shop"),
            ("com.docker.compose.depends_on", "db:service_healthy:false,cache:service_started:false"),
        ]));
        let wanted = |service| labels(&[("com.docker.compose.project", "shop"), ("com.docker.compose.service", service)]);
        assert_eq!(
            links.iter().map(|link| &link.to).collect::<Vec<_>>(),
            [&LinkTarget::Labels(wanted("db")), &LinkTarget::Labels(wanted("cache"))]
        );
        assert!(compose_links(&labels(&[("com.docker.compose.project", "shop"), ("com.docker.compose.depends_on", "")])).is_empty());
    }
}
