//! A seat at the gate: acting on a real system as the cockpit does, and asking the system afterwards with curl.
//! Not for: what is done to which system (see `act` and `act_systems`).

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use triops::config::{AuthConfig, Paths, SourceConfig};
use triops::domain::{ActionId, Awaiting, Entity, Kind, Order, Outcome, Preview, Receipt, Rules, Settling, Text};
use triops::runtime::act::Gate;
use triops::runtime::audit::Audit;
use triops::runtime::clock::Clock;
use triops::source::Source;

use super::support::{built, config, now, until};

/// A source, and the gate to act on it through.
pub struct Seat {
    pub source: Arc<dyn Source>,
    pub gate: Gate,
    pub folder: PathBuf,
}

/// Where a test keeps what the program remembers.
pub fn folder() -> PathBuf {
    std::env::temp_dir().join(format!("triops-live-{}-{}", std::process::id(), fastrand::u64(..)))
}

impl Drop for Seat {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Seat {
    pub fn new(connector: &str, url: &str, auth: Option<AuthConfig>) -> Self {
        Self::of(&config(connector, url, auth), folder())
    }

    pub fn of(config: &SourceConfig, folder: PathBuf) -> Self {
        let source = built(config, &folder);
        let paths = Paths::under(&folder);
        let gate = Gate::new(Rules::default(), Audit::new(Some(paths.state_dir), Clock::system()));
        Self { source, gate, folder }
    }

    pub async fn entities(&self, kind: Kind) -> Vec<Entity> {
        let mut all = Vec::new();
        for poll in self.source.info().polls.iter().filter(|poll| poll.kinds.contains(&kind)) {
            match self.source.poll(&poll.id, now()).await {
                Ok(batch) => all.extend(batch.entities.into_iter().filter(|entity| entity.kind() == kind)),
                Err(failure) => panic!("poll {}: {failure}", poll.id),
            }
        }
        all
    }

    pub async fn find(&self, kind: Kind, what: &str, wanted: impl Fn(&Entity) -> bool) -> Arc<Entity> {
        until(what, async || {
            let entities = self.entities(kind).await;
            let found = entities.iter().find(|entity| wanted(entity)).cloned().map(Arc::new);
            found.ok_or_else(|| entities.iter().map(|e| format!("{} {} {:?}", e.id, e.state, e.reason)).collect::<Vec<_>>().join("\n"))
        })
        .await
    }

    pub fn order(target: &Arc<Entity>, action: &str, values: &[(&str, &str)]) -> Order {
        let mut order = Order::new(1, ActionId::from(action), Arc::clone(target), Text::from("alice"), now());
        order.values = values.iter().map(|(name, value)| (Text::from(*name), Text::from(*value))).collect();
        order
    }

    pub async fn preview(&self, order: &Order) -> Preview {
        self.gate.preview(self.source.as_ref(), order).await.unwrap_or_else(|failure| panic!("{}: {failure}", order.action))
    }

    /// Looks, confirms what was seen, does it, and waits for what it brings about.
    pub async fn act(&self, target: &Arc<Entity>, action: &str, values: &[(&str, &str)]) -> Receipt {
        let mut order = Self::order(target, action, values);
        order.confirmed = Some(self.preview(&order).await.digest);
        let outcome = self.gate.act(self.source.as_ref(), &order, || {}).await;
        let Outcome::Done(receipt) = outcome else { panic!("{action}: {outcome:?}") };
        if let Some(awaited) = receipt.awaited.clone() {
            let kind: Kind = serde_json::from_value(awaited.of.as_str().split('/').nth(1).unwrap().into()).unwrap();
            let mut awaiting = Awaiting::new(awaited.clone(), 1, target, now());
            loop {
                let entities = self.entities(kind).await;
                let entity = entities.iter().find(|entity| entity.id == awaited.of);
                match awaiting.look(entity, now()) {
                    Settling::Settled => break,
                    Settling::TimedOut => panic!("{action}: {} did not settle; it is {entity:?}", awaited.word),
                    Settling::Waits { .. } => tokio::time::sleep(Duration::from_millis(300)).await,
                }
            }
        }
        receipt
    }

    pub async fn refused(&self, target: &Arc<Entity>, action: &str, values: &[(&str, &str)]) -> Text {
        match self.gate.act(self.source.as_ref(), &Self::order(target, action, values), || {}).await {
            Outcome::Refused(why) => why,
            outcome => panic!("{action}: {outcome:?}"),
        }
    }
}

/// What curl reads there.
pub fn curl(url: &str, more: &[&str]) -> Value {
    let output = Command::new("curl").args(["--silent", "--show-error", "--noproxy", "*"]).args(more).arg(url).output().expect("curl");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{url}: {error}: {}", String::from_utf8_lossy(&output.stdout)))
}
