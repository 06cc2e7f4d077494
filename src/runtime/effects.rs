//! Does what `update` asked for. What concerns the terminal goes back to the loop as [`Wanted`], since only the loop may write.
//! Not for: polling (see `runtime::poll`), the terminal (see `runtime::screen`).

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::StreamExt;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use super::act::Gate;
use super::env::Env;
use super::guard::{guarded, guarded_call};
use super::orders::{Addressed, Orders};
use super::poll::Wishes;
use super::{browse, save};
use crate::domain::{Ask, Failure, FailureKind, LogPart, LogRequest, Order};
use crate::msg::{Effect, LogView, Msg, Notice};
use crate::source::Source;

/// Largest text handed to the terminal's clipboard; terminals drop an OSC 52 sequence over 100,000 bytes, and base64 takes 4/3.
pub const COPY_MAX: usize = 74_000;
/// Questions in flight over all sources.
const ASKS_MAX: usize = 32;
/// Logs read at the same time.
const LOGS_MAX: usize = 16;
/// Parts of a log joined into one message when they wait already.
const PARTS_JOINED: usize = 64;

/// What only the loop can do.
#[derive(Debug, Clone, PartialEq)]
pub enum Wanted {
    /// Hand this to the terminal's clipboard.
    Copy(String),
    /// Turn mouse reporting on or off.
    Mouse(bool),
    /// Give the terminal back until resumed.
    Suspend,
    /// Give the terminal to this until it ends.
    Shell(Box<Order>),
    /// Draw everything anew.
    Redraw,
    /// Tell `update`.
    Tell(Msg),
    /// Leave.
    Quit,
}

/// Runs effects on the current tokio runtime; answers come through `out`.
pub struct Effects {
    sources: Vec<Arc<dyn Source>>,
    out: mpsc::Sender<Msg>,
    wishes: Wishes,
    env: Env,
    state_dir: Option<PathBuf>,
    orders: Orders,
    asks: Arc<Mutex<Vec<Ask>>>,
    logs: HashMap<LogView, AbortHandle>,
}

impl Effects {
    /// Nothing under way.
    pub fn new(out: mpsc::Sender<Msg>, wishes: Wishes, env: Env, gate: Gate, state_dir: Option<PathBuf>) -> Self {
        let orders = Orders::new(gate, out.clone(), state_dir.clone());
        Self { sources: Vec::new(), out, wishes, env, state_dir, orders, asks: Arc::default(), logs: HashMap::new() }
    }

    /// Knows, polls and hears these as well.
    pub fn add(&mut self, sources: Vec<Arc<dyn Source>>) {
        self.wishes.add(sources.iter().cloned());
        self.sources.extend(sources);
    }

    /// All sources.
    pub fn sources(&self) -> &[Arc<dyn Source>] {
        &self.sources
    }

    /// Does it, or says what the loop must do.
    pub fn run(&mut self, effect: Effect) -> Vec<Wanted> {
        match effect {
            Effect::Refresh(source) => self.wishes.refresh(source),
            Effect::Show(shown) => self.wishes.show(shown),
            Effect::Ask(ask) => return self.ask(ask).into_iter().collect(),
            Effect::Follow { view, request } => return self.follow(view, request).into_iter().collect(),
            Effect::Unfollow(view) => drop(self.logs.remove(&view).map(|log| log.abort())),
            Effect::Copy(text) => {
                // "sent", not "copied": no terminal ever acknowledges OSC 52.
                let said = noted(true, format!("{} characters sent to the terminal's clipboard", text.chars().count()));
                let wanted = copy(text);
                return if matches!(wanted, Wanted::Copy(_)) { vec![wanted, said] } else { vec![wanted] };
            }
            Effect::Open(url) => return self.open(url),
            Effect::Save { name, text } => return self.save(name, text).into_iter().collect(),
            Effect::Offers(entity, step) => {
                let source = self.named(entity.id.source()).cloned();
                self.orders.offers(entity, step, source);
            }
            Effect::Form(order) => self.orders.form(self.addressed(*order)),
            Effect::Preview(orders) => self.orders.preview(self.all_addressed(orders)),
            Effect::Act(orders, pace) => self.orders.act(self.all_addressed(orders), pace),
            Effect::Halt(attempts) => self.orders.halt(attempts),
            Effect::Decline(orders, declined) => self.orders.decline(self.all_addressed(orders), declined),
            Effect::Audit => self.orders.audit(),
            Effect::Shell(order) => return vec![Wanted::Shell(order)],
            Effect::Mouse(on) => return vec![Wanted::Mouse(on)],
            Effect::Suspend => return vec![Wanted::Suspend],
            Effect::Discard(replaced) => drop(tokio::task::spawn_blocking(move || drop(replaced))),
            Effect::Redraw => return vec![Wanted::Redraw],
            Effect::Quit => return vec![Wanted::Quit],
        }
        Vec::new()
    }

    fn ask(&mut self, ask: Ask) -> Option<Wanted> {
        let mut asks = self.asks.lock().unwrap_or_else(PoisonError::into_inner);
        if asks.contains(&ask) {
            return None; // its answer is on the way
        }
        let refused = |failure| Some(Wanted::Tell(Msg::Answered { ask: ask.clone(), outcome: Err(failure) }));
        if asks.len() >= ASKS_MAX {
            let detail = format!("{ASKS_MAX} questions wait for an answer already");
            return refused(Failure::new(FailureKind::RateLimited, "ask for more", detail).hint("try again in a moment"));
        }
        let Some(source) = self.asked(&ask).cloned() else {
            return refused(Failure::new(FailureKind::NotFound, "ask for more", "its source is not configured"));
        };
        asks.push(ask.clone());
        drop(asks);
        let (out, asks) = (self.out.clone(), self.asks.clone());
        tokio::spawn(async move {
            let doing = format!("a question to {}", source.info().name);
            let outcome = guarded(&doing, async { source.ask(&ask).await }).await;
            asks.lock().unwrap_or_else(PoisonError::into_inner).retain(|open| *open != ask);
            let _ = out.send(Msg::Answered { ask, outcome }).await;
        });
        None
    }

    fn asked(&self, ask: &Ask) -> Option<&Arc<dyn Source>> {
        self.named(ask.source())
    }

    fn named(&self, name: &str) -> Option<&Arc<dyn Source>> {
        self.sources.iter().find(|source| source.info().name.as_str() == name)
    }

    /// What sends orders.
    pub fn orders(&self) -> &Orders {
        &self.orders
    }

    /// An order with the source it goes to.
    pub fn addressed(&self, order: Order) -> Addressed {
        let source = self.named(order.target.id.source()).cloned();
        (order, source)
    }

    fn all_addressed(&self, orders: Vec<Order>) -> Vec<Addressed> {
        orders.into_iter().map(|order| self.addressed(order)).collect()
    }

    fn follow(&mut self, view: LogView, request: LogRequest) -> Option<Wanted> {
        self.logs.retain(|_, log| !log.is_finished());
        let refused = |failure| Some(Wanted::Tell(Msg::Logged { view, outcome: Err(failure) }));
        if self.logs.len() >= LOGS_MAX {
            return refused(Failure::new(FailureKind::TooLarge, "read a log", format!("{LOGS_MAX} logs are open already")));
        }
        let Some(source) = self.named(request.entity.id.source()).cloned() else {
            return refused(Failure::new(FailureKind::NotFound, "read a log", "its source is not configured"));
        };
        let task = tokio::spawn(read_log(source, view, request, self.out.clone()));
        if let Some(before) = self.logs.insert(view, task.abort_handle()) {
            before.abort();
        }
        None
    }

    fn open(&self, url: String) -> Vec<Wanted> {
        if !browse::is_page(&url) {
            return vec![noted(false, format!("{} is not a web page", crate::domain::text::clean(&url)))];
        }
        let why = if self.env.has_desktop() {
            match browse::open(&url, self.out.clone()) {
                Ok(()) => return vec![noted(true, format!("opening {url}"))],
                Err(error) => format!("no browser could be started ({error})"),
            }
        } else {
            "no desktop here".to_owned()
        };
        vec![copy(url), noted(true, format!("{why}: link sent to the terminal's clipboard"))]
    }

    fn save(&self, name: String, text: String) -> Option<Wanted> {
        let Some(folder) = self.state_dir.as_ref().map(|state| state.join("saved")) else {
            return Some(noted(false, "not saved: no folder for it is known; set XDG_STATE_HOME or HOME".to_owned()));
        };
        let out = self.out.clone();
        tokio::task::spawn_blocking(move || {
            let notice = match save::save(&folder, &name, &text) {
                Ok(path) => Notice { good: true, text: format!("saved {}", path.display()) },
                Err(error) => Notice { good: false, text: format!("not saved in {}: {error}", folder.display()) },
            };
            let _ = out.blocking_send(Msg::Noted(notice));
        });
        None
    }
}

impl Drop for Effects {
    fn drop(&mut self) {
        self.logs.values().for_each(AbortHandle::abort);
    }
}

fn copy(text: String) -> Wanted {
    if text.len() > COPY_MAX {
        return noted(false, format!("too large for the terminal's clipboard: {} bytes, {COPY_MAX} at most; save it instead", text.len()));
    }
    Wanted::Copy(text)
}

fn noted(good: bool, text: String) -> Wanted {
    Wanted::Tell(Msg::Noted(Notice { good, text }))
}

async fn read_log(source: Arc<dyn Source>, view: LogView, request: LogRequest, out: mpsc::Sender<Msg>) {
    let doing = format!("read the log of {}", request.entity.name);
    let Some(flow) = guarded_call(|| source.logs(request)) else {
        let failure = Failure::new(FailureKind::BadShape, doing, "the source's own code failed");
        let _ = out.send(Msg::Logged { view, outcome: Err(failure) }).await;
        return;
    };
    let mut chunks = flow.ready_chunks(PARTS_JOINED);
    let mut ended = false;
    while !ended {
        let chunk = guarded(&doing, async { Ok(chunks.next().await) }).await;
        let parts = match chunk {
            Ok(Some(parts)) => parts,
            Ok(None) => vec![Ok(LogPart { ended: true, ..LogPart::default() })],
            Err(failure) => vec![Err(failure)],
        };
        for outcome in join(parts) {
            ended |= outcome.as_ref().map_or(true, |part| part.ended);
            if out.send(Msg::Logged { view, outcome }).await.is_err() {
                return;
            }
        }
    }
}

/// Neighbouring parts as one; a failure stays where it was.
fn join(parts: Vec<Result<LogPart, Failure>>) -> Vec<Result<LogPart, Failure>> {
    let mut joined: Vec<Result<LogPart, Failure>> = Vec::new();
    for part in parts {
        match (joined.last_mut(), part) {
            (Some(Ok(last)), Ok(part)) => {
                last.from_start |= part.from_start && last.lines.is_empty();
                last.lines.extend(part.lines);
                last.ended |= part.ended;
            }
            (_, part) => joined.push(part),
        }
    }
    joined
}
