//! What turns the outside world into batches: the trait every system implements and the registry that builds them.
//! Not for: deciding when to poll (see `runtime::poll`), keeping what came (see `store`).

pub mod aliases;
pub mod deed;
pub mod discover;
pub mod docker;
pub mod exposition;
pub mod fingerprint;
pub mod http;
pub mod local;
pub mod manifest;
pub mod origin;
pub mod own;
pub mod prometheus;
pub mod reading;
pub mod recast;
pub mod registry;
pub mod scrape;
pub mod threshold;

use std::pin::Pin;
use std::sync::Arc;

use futures_util::stream::{self, Stream};

use crate::domain::{
    Answer, Ask, Batch, Cost, Entity, Failure, FailureKind, Field, LogPart, LogRequest, Offer, Order, PollId, SourceInfo, Step, Text,
    Timestamp,
};
pub use deed::{Deed, ShellStream};

/// A result on its way.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + Send + 'a>>;
/// Results as they come; ends when the system closes it or after the first failure.
pub type Flow<T> = Pin<Box<dyn Stream<Item = Result<T, Failure>> + Send>>;

/// One configured system. Cheap to share; all state that a connection needs (tokens, validators, samples) lives inside.
/// Every call ends within the source's timeout, reads bounded bodies, and can be dropped at any await.
pub trait Source: Send + Sync {
    /// What is known about it before it answers.
    fn info(&self) -> &Arc<SourceInfo>;

    /// Asks one of its polls. `now` becomes `seen_at`.
    fn poll<'a>(&'a self, poll: &'a PollId, now: Timestamp) -> Pending<'a, Batch>;

    /// What it tells unasked; reconnecting is the caller's business. Batches are `Scope::Part`.
    fn events(&self) -> Option<Flow<Batch>> {
        None
    }

    /// Answers a question.
    fn ask<'a>(&'a self, ask: &'a Ask) -> Pending<'a, Answer> {
        let _ = ask;
        Box::pin(async { Err(self.unsupported("ask for more")) })
    }

    /// Reads a log.
    fn logs(&self, request: LogRequest) -> Flow<LogPart> {
        let _ = request;
        let failure = self.unsupported("read a log");
        Box::pin(stream::once(async { Err(failure) }))
    }

    /// What can be done to an entity, whether or not it applies now. Needs nothing but the entity: no request is sent.
    fn offers<'a>(&'a self, entity: &'a Entity) -> Pending<'a, Vec<Offer>> {
        let _ = entity;
        Box::pin(async { Ok(Vec::new()) })
    }

    /// What can be done to one step of a run.
    fn step_offers<'a>(&'a self, run: &'a Entity, step: &'a Step) -> Pending<'a, Vec<Offer>> {
        let _ = (run, step);
        Box::pin(async { Ok(Vec::new()) })
    }

    /// What must be filled before an order can be sent, where the system says so (`Offer::asks_form`). Reads only.
    fn form<'a>(&'a self, order: &'a Order) -> Pending<'a, Vec<Field>> {
        let _ = order;
        Box::pin(async { Ok(Vec::new()) })
    }

    /// Makes an order ready: the exact requests, what they touch, and how to send them. Reads only, and only what it needs to say
    /// whether the order still makes sense; a change under us is a failure of kind `Conflict`.
    /// What it gives is sent by `runtime::act` alone, behind the gate and the audit log.
    fn prepare<'a>(&'a self, order: &'a Order) -> Pending<'a, Deed<'a>> {
        Box::pin(async move { Err(self.unsupported(&format!("`{}`", order.action))) })
    }

    /// What the system's own dry run says, a line each (`Offer::own_dry_run`). Changes nothing.
    fn rehearse<'a>(&'a self, order: &'a Order) -> Pending<'a, Vec<Text>> {
        Box::pin(async move { Err(self.unsupported(&format!("a dry run of `{}`", order.action))) })
    }

    /// Opens what takes the terminal (`Offer::terminal`), in so many columns and rows. Sent by `runtime::act` alone.
    fn shell<'a>(&'a self, order: &'a Order, size: (u16, u16)) -> Pending<'a, ShellStream> {
        let _ = size;
        Box::pin(async move { Err(self.unsupported(&format!("`{}`", order.action))) })
    }

    /// Is it there, and is it what it should be? For `doctor` and discovery; must not need to sign in where the system allows.
    fn probe(&self) -> Pending<'_, Probe>;

    /// Network spent until now.
    fn spent(&self) -> Cost;

    /// The failure of a source that cannot do what it was asked.
    fn unsupported(&self, what: &str) -> Failure {
        let info = self.info();
        Failure::new(FailureKind::Unsupported, format!("{what} of {}", info.name), format!("{} has no such thing", info.title))
    }
}

/// What a system says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// `Prometheus 2.42.0`.
    pub product: String,
}
