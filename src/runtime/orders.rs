//! The effects of acting, on the current tokio runtime: many orders at their pace, previews, offers, the audit log's lines.
//! Not for: what one order goes through (see `runtime::act`), the terminal of a shell (see `runtime::shell`).

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::act::Gate;
use super::audit;
use crate::domain::{Declined, Entity, Failure, FailureKind, Order, Outcome, Pace, Step, Text};
use crate::msg::Msg;
use crate::source::Source;

/// Most orders under way at once, whatever is asked for.
const ABREAST_MAX: usize = 8;
/// Least time between the beginnings of two orders of one wish to one source, whatever is asked for.
const PAUSE_MIN: Duration = Duration::from_millis(50);
/// Previews asked for at once.
const PREVIEWS_ABREAST: usize = 4;
/// Lines of the audit log that the cockpit shows at most.
const LINES_MAX: usize = 2000;

/// Sends orders and tells how they end.
#[derive(Clone)]
pub struct Orders {
    gate: Gate,
    out: mpsc::Sender<Msg>,
    state_dir: Option<PathBuf>,
    halted: Arc<Mutex<BTreeSet<u64>>>,
    under_way: Arc<Mutex<Vec<JoinHandle<()>>>>,
    /// When the next order to a source may begin.
    turns: Arc<Mutex<BTreeMap<String, Instant>>>,
}

/// Work on its way.
type Task<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// An order with its source, if that is configured.
pub type Addressed = (Order, Option<Arc<dyn Source>>);

impl Orders {
    /// Nothing under way.
    pub fn new(gate: Gate, out: mpsc::Sender<Msg>, state_dir: Option<PathBuf>) -> Self {
        Self { gate, out, state_dir, halted: Arc::default(), under_way: Arc::default(), turns: Arc::default() }
    }

    /// The door they go through.
    pub fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Says what can be done to an entity, or to a step of it.
    pub fn offers(&self, entity: Arc<Entity>, step: Option<Arc<Step>>, source: Option<Arc<dyn Source>>) {
        let (gate, out) = (self.gate.clone(), self.out.clone());
        tokio::spawn(async move {
            let outcome = match source {
                Some(source) => gate.offers(source.as_ref(), &entity, step.as_deref()).await,
                None => Ok(Vec::new()),
            };
            let _ = out.send(Msg::Offered { entity, step, outcome }).await;
        });
    }

    /// Asks what must be filled.
    pub fn form(&self, (order, source): Addressed) {
        let (gate, out) = (self.gate.clone(), self.out.clone());
        tokio::spawn(async move {
            let outcome = match source {
                Some(source) => gate.form(source.as_ref(), &order).await,
                None => Err(unknown(&order)),
            };
            let _ = out.send(Msg::Formed { order: Box::new(order), outcome }).await;
        });
    }

    /// Says what these would do.
    pub fn preview(&self, orders: Vec<Addressed>) {
        let (gate, out) = (self.gate.clone(), self.out.clone());
        tokio::spawn(async move {
            let previews = orders.into_iter().map(|(order, source)| -> Task<Msg> {
                let gate = gate.clone();
                Box::pin(async move {
                    let outcome = match source {
                        Some(source) => gate.preview(source.as_ref(), &order).await,
                        None => Err(unknown(&order)),
                    };
                    Msg::Previewed { order: Box::new(order), outcome }
                })
            });
            let mut previews = stream::iter(previews.collect::<Vec<_>>()).buffered(PREVIEWS_ABREAST);
            while let Some(msg) = previews.next().await {
                let _ = out.send(msg).await;
            }
        });
    }

    /// Does these, in their order, at their pace.
    pub fn act(&self, orders: Vec<Addressed>, pace: Pace) {
        let own = self.clone();
        self.keep(tokio::spawn(async move {
            let failed = Arc::new(AtomicBool::new(false));
            let many = orders.len() > 1;
            let each = orders.into_iter().map(|(order, source)| -> Task<()> {
                let (own, failed) = (own.clone(), Arc::clone(&failed));
                Box::pin(async move { own.one(order, source, pace, many, &failed).await })
            });
            stream::iter(each.collect::<Vec<_>>()).buffer_unordered(pace.abreast.clamp(1, ABREAST_MAX)).collect::<Vec<()>>().await;
        }));
    }

    /// Before the program ends: waits a while for what is under way, then gives it up; each attempt has its end line then.
    pub async fn finish(&self, patience: Duration) {
        let until = Instant::now() + patience;
        let tasks = std::mem::take(&mut *self.under_way.lock().unwrap_or_else(PoisonError::into_inner));
        for mut task in tasks {
            if tokio::time::timeout_at(until, &mut task).await.is_err() {
                task.abort();
                let _ = task.await;
            }
        }
    }

    fn keep(&self, task: JoinHandle<()>) {
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        under_way.retain(|task| !task.is_finished());
        under_way.push(task);
    }

    /// Of the orders under way, send no more of these.
    pub fn halt(&self, attempts: Vec<u64>) {
        self.halted.lock().unwrap_or_else(PoisonError::into_inner).extend(attempts);
    }

    /// Writes down that these are not done.
    pub fn decline(&self, orders: Vec<Addressed>, declined: Declined) {
        let own = self.clone();
        self.keep(tokio::spawn(async move {
            for (order, source) in orders {
                let outcome = own.gate.decline(source.as_deref(), &order, declined.clone()).await;
                own.tell(order.attempt, outcome).await;
            }
        }));
    }

    /// Reads the audit log.
    pub fn audit(&self) {
        let (out, folder) = (self.out.clone(), self.state_dir.clone());
        tokio::task::spawn_blocking(move || {
            let failed = |error: String| Failure::new(FailureKind::NotFound, "read the audit log", error);
            let read = match folder {
                Some(folder) => audit::read(&folder, LINES_MAX).map_err(|error| failed(error.to_string())),
                None => Err(failed("no state folder is known".to_owned())),
            };
            let _ = out.blocking_send(Msg::Audited(read.map(|(lines, _)| lines)));
        });
    }

    async fn one(&self, order: Order, source: Option<Arc<dyn Source>>, pace: Pace, many: bool, failed: &AtomicBool) {
        let attempt = order.attempt;
        let outcome = match source {
            None => {
                let why = Text::from("its source is not configured");
                self.gate.decline(None, &order, Declined::Refused(why)).await
            }
            Some(source) => {
                if many {
                    self.turn(source.info().name.as_str(), pace).await;
                }
                if pace.stop_at_failure && failed.load(Ordering::SeqCst) {
                    self.gate.skip(source.as_ref(), &order, "an order before it failed").await
                } else if self.halted.lock().unwrap_or_else(PoisonError::into_inner).remove(&attempt) {
                    self.gate.skip(source.as_ref(), &order, "stopped by hand").await
                } else {
                    let out = self.out.clone();
                    // a full channel is no reason to wait with the request; that it has ended is told in any case
                    let leaving = move || drop(out.try_send(Msg::Acting { attempt }));
                    self.gate.act(source.as_ref(), &order, leaving).await
                }
            }
        };
        if !matches!(outcome, Outcome::Done(_) | Outcome::DryRun(_) | Outcome::Cancelled(_)) {
            failed.store(true, Ordering::SeqCst);
        }
        self.tell(attempt, outcome).await;
    }

    /// Waits until an order may begin at this source.
    async fn turn(&self, source: &str, pace: Pace) {
        let pause = Duration::try_from_secs_f64(pace.pause_s).unwrap_or_default().max(PAUSE_MIN);
        let at = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            let now = Instant::now();
            let at = turns.get(source).copied().unwrap_or(now).max(now);
            turns.insert(source.to_owned(), at + pause);
            at
        };
        tokio::time::sleep_until(at).await;
    }

    async fn tell(&self, attempt: u64, outcome: Outcome) {
        let _ = self.out.send(Msg::Acted { attempt, outcome }).await;
    }
}

fn unknown(order: &Order) -> Failure {
    Failure::new(FailureKind::NotFound, format!("{} {}", order.action, order.target.name), "its source is not configured")
}
