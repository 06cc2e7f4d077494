//! A source through its connector file, read as the cockpit reads it: polls without a problem, steps, logs.
//! Not for: acting (see `seat`), anything about one system.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use futures_util::StreamExt;
use triops::config::{AuthConfig, SourceConfig};
use triops::domain::{Answer, Ask, Batch, Entity, LinkTarget, LogRequest, PollId, State, Step};
use triops::source::Source;

use super::support::{built, config, now, told, until};

/// The lines of a run that a log is asked for.
pub fn log_of(run: &Entity, step: Option<&str>, follow: bool) -> LogRequest {
    let entity = Arc::new(run.clone());
    LogRequest { entity, step: step.map(Into::into), attempt: None, since: None, until: None, tail: 10_000, follow }
}

/// A source of one connector.
pub struct Reader {
    pub source: Arc<dyn Source>,
}

impl Reader {
    pub fn new(connector: &str, url: &str, auth: Option<AuthConfig>) -> Self {
        Self::of(&config(connector, url, auth))
    }

    /// Of files or folders, with the connector's own parameters.
    pub fn files(connector: &str, path: Option<&str>, with: &[(&str, &str)]) -> Self {
        let with = with.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect::<BTreeMap<_, _>>();
        Self::of(&SourceConfig { url: None, path: path.map(str::to_owned).into_iter().collect(), with, ..config(connector, "", None) })
    }

    fn of(config: &SourceConfig) -> Self {
        Self { source: built(config, Path::new("/nonexistent")) }
    }

    pub async fn product(&self) -> String {
        self.source.probe().await.unwrap_or_else(|failure| panic!("probe: {failure} ({})", failure.hint)).product.to_string()
    }

    /// What the poll brings, without a problem.
    pub async fn poll(&self, id: &str) -> Batch {
        match self.source.poll(&PollId::from(id), now()).await {
            Ok(batch) if batch.problems.is_empty() => batch,
            Ok(batch) => panic!("poll {id}:\n{}", told(&batch)),
            Err(failure) => panic!("poll {id}: {failure} ({})", failure.hint),
        }
    }

    /// Polls until `wanted` finds what it looks for.
    pub async fn until<T>(&self, id: &str, what: &str, wanted: impl Fn(&Batch) -> Option<T>) -> T {
        until(what, async || {
            let batch = self.poll(id).await;
            wanted(&batch).ok_or_else(|| told(&batch))
        })
        .await
    }

    /// The entity of that name, once it is in that state.
    pub async fn find(&self, id: &str, name: &str, state: State) -> Entity {
        let is_it = |entity: &&Entity| entity.name == name && entity.state == state;
        self.until(id, &format!("{name} is {state}"), |batch| batch.entities.iter().find(is_it).cloned()).await
    }

    pub async fn steps(&self, run: &Entity) -> Vec<Step> {
        match self.source.ask(&Ask::Steps { run: Arc::new(run.clone()) }).await {
            Ok(Answer::Steps(steps)) => steps,
            other => panic!("no steps: {other:?}"),
        }
    }

    /// What is there of the log, a line each.
    pub async fn log(&self, run: &Entity, step: Option<&str>) -> String {
        let parts: Vec<_> = self.source.logs(log_of(run, step, false)).collect().await;
        let lines = parts.iter().flat_map(|part| &part.as_ref().unwrap_or_else(|failure| panic!("log: {failure}")).lines);
        lines.map(|line| format!("{}\n", line.text)).collect()
    }
}

/// The step of that name.
pub fn step<'a>(steps: &'a [Step], name: &str) -> &'a Step {
    steps.iter().find(|step| step.name == name).unwrap_or_else(|| panic!("no {name} in {steps:#?}"))
}

/// Whether the entity's reason holds that text.
pub fn says(entity: &Entity, text: &str) -> bool {
    entity.reason.as_deref().is_some_and(|reason| reason.contains(text))
}

/// Whether one of its links names the other.
pub fn leads_to(entity: &Entity, other: &Entity) -> bool {
    entity.links.iter().any(|link| matches!(&link.to, LinkTarget::Id(id) if *id == other.id))
}
