//! The one door through which anything is changed: the rules are asked, the attempt is written down and on the disk, and only then
//! does the request leave. The cockpit and `triops act` both come through here.
//! Not for: what may be done (see `domain::act`), how it is done (see `source::Source::prepare`), the pace of many (see `orders`).

use std::sync::Arc;

use super::audit::{Attempt, Audit};
use super::guard::guarded;
use crate::domain::{Danger, Declined, Entity, Failure, FailureKind, Field, Offer, Order, Outcome, OwnDryRun, Preview, Rules, Step, Text};
use crate::source::{Deed, Source};

/// Longest wait for what one order asks of its source, in seconds; each single request has the source's own, shorter one.
const PATIENCE_S: u64 = 1800;

/// The door.
#[derive(Debug, Clone)]
pub struct Gate(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    rules: Rules,
    audit: Audit,
}

/// An order that the rules let through, made ready.
struct Ready<'a> {
    offer: Offer,
    deed: Deed<'a>,
    preview: Preview,
}

/// Why an order is not made ready.
enum Stopped {
    /// A rule, a state or a change under us.
    Refused(Text),
    /// It went wrong.
    Failed(Failure),
}

impl Gate {
    /// With these rules, writing down here.
    pub fn new(rules: Rules, audit: Audit) -> Self {
        Self(Arc::new(Inner { rules, audit }))
    }

    /// What can be done to an entity or to a step of it, each refused offer with the reason: also what only the rules are against.
    pub async fn offers(&self, source: &dyn Source, entity: &Entity, step: Option<&Step>) -> Result<Vec<Offer>, Failure> {
        let mut offers = offered(source, entity, step).await?;
        for offer in &mut offers {
            if let Some(why) = self.0.rules.refuse(source.info(), entity, offer) {
                offer.applies = crate::domain::Applies::No(why);
            }
        }
        Ok(offers)
    }

    /// What must be filled before this can be sent.
    pub async fn form(&self, source: &dyn Source, order: &Order) -> Result<Vec<Field>, Failure> {
        let offer = self.offer(source, order).await.map_err(failure)?;
        if offer.asks_form { bounded("ask for the form", source.form(order)).await } else { Ok(offer.form) }
    }

    /// What an order would do: the exact requests, what they touch, and the system's own dry run where it has one. Changes nothing,
    /// and does not even ask where the rules are against it.
    pub async fn preview(&self, source: &dyn Source, order: &Order) -> Result<Preview, Failure> {
        let mut ready = self.ready(source, order).await.map_err(failure)?;
        match rehearsed(source, order, &ready.offer, ready.preview.clone()).await {
            Err(failure) if !order.dry_run => {
                // it is for the person to weigh: the request itself may still be right
                ready.preview.notes.push(Text::from(format!("the system's own dry run failed: {failure}")));
                Ok(ready.preview)
            }
            outcome => outcome,
        }
    }

    /// Does it. `leaving` is called when the request leaves. One start and one end line are written whatever happens.
    pub async fn act(&self, source: &dyn Source, order: &Order, leaving: impl FnOnce()) -> Outcome {
        let ready = match self.ready(source, order).await {
            Ok(ready) => ready,
            Err(Stopped::Refused(why)) => return self.written(source, order, Outcome::Refused(why)).await,
            Err(Stopped::Failed(failure)) => return self.written(source, order, Outcome::Failed(failure)).await,
        };
        if let Some(why) = differs(order, &ready.preview) {
            return self.written(source, order, Outcome::Refused(why)).await;
        }
        let attempt = match self.begin(order, Some(ready.offer.danger), Some(ready.preview.digest.clone())).await {
            Ok(attempt) => attempt,
            Err(failure) => return Outcome::Failed(failure),
        };
        let outcome = if order.dry_run {
            match rehearsed(source, order, &ready.offer, ready.preview).await {
                Ok(preview) => Outcome::DryRun(preview),
                Err(failure) => Outcome::Failed(failure),
            }
        } else {
            leaving();
            match bounded(&format!("{} {}", order.action, order.target.name), (ready.deed.send)()).await {
                Ok(receipt) => Outcome::Done(receipt),
                Err(failure) => Outcome::Failed(failure),
            }
        };
        end(attempt, &outcome).await;
        outcome
    }

    /// Lets through what takes the terminal: the rules are asked and the start line is written. The caller ends the attempt.
    pub async fn open(&self, source: &dyn Source, order: &Order) -> Result<Attempt, Outcome> {
        match self.ready(source, order).await {
            Ok(ready) => match differs(order, &ready.preview) {
                Some(why) => Err(self.written(source, order, Outcome::Refused(why)).await),
                None => self.begin(order, Some(ready.offer.danger), Some(ready.preview.digest)).await.map_err(Outcome::Failed),
            },
            Err(Stopped::Refused(why)) => Err(self.written(source, order, Outcome::Refused(why)).await),
            Err(Stopped::Failed(failure)) => Err(self.written(source, order, Outcome::Failed(failure)).await),
        }
    }

    /// Writes down how what took the terminal ended.
    pub async fn close(&self, attempt: Attempt, outcome: &Outcome) {
        end(attempt, outcome).await;
    }

    /// Writes down an order that is not sent.
    pub async fn decline(&self, source: Option<&dyn Source>, order: &Order, declined: Declined) -> Outcome {
        let outcome = match declined {
            Declined::Cancelled => Outcome::Cancelled(Text::from("not confirmed")),
            Declined::Refused(why) => Outcome::Refused(why),
        };
        match source {
            Some(source) => self.written(source, order, outcome).await,
            None => self.write(order, None, outcome).await,
        }
    }

    /// The same for one that is not sent because of another.
    pub async fn skip(&self, source: &dyn Source, order: &Order, why: &str) -> Outcome {
        self.written(source, order, Outcome::Cancelled(Text::from(why))).await
    }

    async fn written(&self, source: &dyn Source, order: &Order, outcome: Outcome) -> Outcome {
        let danger = offered(source, &order.target, order.step.as_deref()).await.ok();
        let danger = danger.and_then(|offers| offers.into_iter().find(|offer| offer.id == order.action)).map(|offer| offer.danger);
        self.write(order, danger, outcome).await
    }

    async fn write(&self, order: &Order, danger: Option<Danger>, outcome: Outcome) -> Outcome {
        match self.begin(order, danger, None).await {
            Ok(attempt) => end(attempt, &outcome).await,
            // nothing is sent either way; the reason that came first is the one to tell
            Err(failure) => tracing::error!(%failure, "an attempt is missing in the audit log"),
        }
        outcome
    }

    async fn begin(&self, order: &Order, danger: Option<Danger>, digest: Option<Text>) -> Result<Attempt, Failure> {
        let (audit, order) = (self.0.audit.clone(), order.clone());
        let begun = tokio::task::spawn_blocking(move || audit.begin(&order, danger, digest)).await;
        begun.unwrap_or_else(|error| Err(Failure::new(FailureKind::Refused, "write the audit log", error.to_string())))
    }

    /// The offer of an order, if the rules and the state are for it and all that is needed is filled in.
    async fn offer(&self, source: &dyn Source, order: &Order) -> Result<Offer, Stopped> {
        let offers = offered(source, &order.target, order.step.as_deref()).await.map_err(Stopped::Failed)?;
        let offer = offers.into_iter().find(|offer| offer.id == order.action).ok_or_else(|| {
            let what = if order.step.is_some() { "step" } else { order.target.kind().word() };
            Stopped::Refused(Text::from(format!("{} offers no `{}` for this {what}", source.info().title, order.action)))
        })?;
        match self.0.rules.refuse(source.info(), &order.target, &offer) {
            Some(why) => Err(Stopped::Refused(why)),
            None => Ok(offer),
        }
    }

    async fn ready<'a>(&self, source: &'a dyn Source, order: &'a Order) -> Result<Ready<'a>, Stopped> {
        let offer = self.offer(source, order).await?;
        if let Some(complaint) = offer.form.iter().find_map(|field| field.complaint(order.filled(field))) {
            return Err(Stopped::Refused(complaint));
        }
        let deed = bounded(&format!("make `{}` ready", order.action), source.prepare(order)).await.map_err(|failure| {
            if matches!(failure.kind, FailureKind::Conflict | FailureKind::Refused) {
                Stopped::Refused(failure.detail)
            } else {
                Stopped::Failed(failure)
            }
        })?;
        let digest = digest(deed.requests.iter().chain(&deed.given));
        let undo = deed.undo.clone().or_else(|| offer.undo.clone());
        let notes = offer.touches.iter().cloned().chain(deed.notes.iter().cloned()).collect();
        let preview = Preview { requests: deed.requests.clone(), notes, undo, digest };
        Ok(Ready { offer, deed, preview })
    }
}

/// What a source offers for an entity, or for a step of it.
async fn offered(source: &dyn Source, entity: &Entity, step: Option<&Step>) -> Result<Vec<Offer>, Failure> {
    let doing = format!("ask what can be done to {}", entity.name);
    match step {
        Some(step) => guarded(&doing, source.step_offers(entity, step)).await,
        None => guarded(&doing, source.offers(entity)).await,
    }
}

/// With what the system's own dry run says; one that the system works for is asked only if a dry run is what is wished.
async fn rehearsed(source: &dyn Source, order: &Order, offer: &Offer, mut preview: Preview) -> Result<Preview, Failure> {
    match offer.own_dry_run {
        OwnDryRun::None => {}
        OwnDryRun::OnRequest if !order.dry_run => preview.notes.push(Text::from("a dry run makes the system check it: tab asks for one")),
        OwnDryRun::Always | OwnDryRun::OnRequest => {
            preview.notes.extend(bounded("ask for a dry run", source.rehearse(order)).await?);
        }
    }
    Ok(preview)
}

/// Why it may not be sent after all, if it is no longer what was confirmed.
fn differs(order: &Order, preview: &Preview) -> Option<Text> {
    let confirmed = order.confirmed.as_ref().filter(|digest| **digest != preview.digest)?;
    tracing::debug!(%confirmed, now = %preview.digest, "what would be sent has changed");
    Some(Text::from("what would be sent is no longer what was confirmed: something has changed since; look again"))
}

async fn end(attempt: Attempt, outcome: &Outcome) {
    let outcome = outcome.clone();
    let written = tokio::task::spawn_blocking(move || attempt.end(&outcome)).await;
    if let Ok(Err(failure)) = written {
        tracing::error!(%failure, "the end of an attempt is missing in the audit log");
    }
}

async fn bounded<T>(doing: &str, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let patience = std::time::Duration::from_secs(PATIENCE_S);
    let late = || Failure::new(FailureKind::Timeout, doing, format!("not done within {PATIENCE_S} s")).hint("look there how it ended");
    tokio::time::timeout(patience, guarded(doing, work)).await.unwrap_or_else(|_| Err(late()))
}

fn failure(stopped: Stopped) -> Failure {
    match stopped {
        Stopped::Refused(why) => Failure::new(FailureKind::Refused, "nothing is sent", why),
        Stopped::Failed(failure) => failure,
    }
}

/// SHA-256 of the requests and of what was given, in hex, each ended by a newline.
fn digest<'a>(requests: impl Iterator<Item = &'a Text>) -> Text {
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    for request in requests {
        context.update(request.as_bytes());
        context.update(b"\n");
    }
    let bytes = context.finish();
    Text::from(bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}
