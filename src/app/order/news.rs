//! What comes back to the desk: offers, forms, previews, how orders ended, and time.
//! Not for: what keys do (see `order::keys`).

use std::collections::BTreeMap;

use super::fill::Fill;
use super::{Dialog, Sent, close, question, resolve, undo};
use crate::app::Model;
use crate::domain::{Outcome, SourceName, Timestamp};
use crate::msg::{Effect, Msg, Notice};

/// Seconds that a word on something that went wrong stays.
const BAD_NEWS_S: f64 = 15.0;

/// Something came in.
pub fn hear(model: &mut Model, msg: &Msg) -> Vec<Effect> {
    match msg {
        Msg::Offered { entity, step, outcome } => {
            if let Some((here, offers)) = &mut model.desk.here
                && here.id == entity.id
                && step.is_none()
            {
                *offers = Some(outcome.clone());
            }
            if let Some(Dialog::Gather(targets, _)) = &mut model.desk.dialog {
                targets.take(&entity.id, step.as_ref(), outcome.clone());
                return resolve(model, Vec::new());
            }
        }
        Msg::Formed { order, outcome } => {
            let Some(Dialog::Asking(_, attempt)) = &model.desk.dialog else { return Vec::new() };
            if *attempt != order.attempt {
                return Vec::new();
            }
            let Some(Dialog::Asking(chosen, _)) = model.desk.dialog.take() else { return Vec::new() };
            match outcome {
                Ok(fields) if fields.is_empty() => return question(model, *chosen, &[]),
                Ok(fields) => model.desk.dialog = Some(Dialog::Fill(Box::new(Fill::new(*chosen, fields.clone())))),
                Err(failure) => {
                    close(model);
                    model.say_for(Notice { good: false, text: failure.to_string() }, BAD_NEWS_S);
                }
            }
        }
        Msg::Previewed { order, outcome } => {
            if let Some(Dialog::Confirm(confirm)) = &mut model.desk.dialog {
                confirm.take_preview(order.attempt, outcome.clone());
            }
        }
        Msg::Acting { attempt } => {
            if let Some(Dialog::Progress(progress)) = &mut model.desk.dialog {
                progress.going(*attempt);
            }
        }
        Msg::Acted { attempt, outcome } => return ended(model, *attempt, outcome),
        _ => {}
    }
    Vec::new()
}

fn ended(model: &mut Model, attempt: u64, outcome: &Outcome) -> Vec<Effect> {
    match &mut model.desk.dialog {
        Some(Dialog::Confirm(confirm)) => {
            if confirm.take_dry(attempt, outcome) {
                return Vec::new();
            }
        }
        Some(Dialog::Progress(progress)) => progress.ended(attempt, outcome),
        _ => {}
    }
    let Some(sent) = model.desk.sent.remove(&attempt) else { return Vec::new() };
    let mut effects = Vec::new();
    match outcome {
        Outcome::Done(receipt) => {
            effects.extend(receipt.copy.as_ref().map(|text| Effect::Copy(text.to_string())));
            model.desk.can_undo(sent.wish, receipt.inverse.as_ref());
            match &receipt.awaited {
                Some(awaited) => model.store.waiting.begin(awaited.clone(), attempt, &sent.target, model.now),
                None => effects.push(Effect::Refresh(Some(SourceName::from(sent.target.id.source())))),
            }
        }
        Outcome::Failed(_) | Outcome::Refused(_) => {
            model.store.waiting.note(&sent.target, format!("{}: {}", sent.title.first_line(), outcome.line()), model.now);
        }
        Outcome::DryRun(_) | Outcome::Cancelled(_) => {}
    }
    tell(model, &sent, outcome);
    effects
}

fn tell(model: &mut Model, sent: &Sent, outcome: &Outcome) {
    if sent.several && matches!(&model.desk.dialog, Some(Dialog::Progress(_))) {
        return;
    }
    let name = sent.name();
    let (good, text, seconds) = match outcome {
        // what was copied says so itself
        Outcome::Done(receipt) if receipt.copy.is_some() => return,
        Outcome::Done(receipt) => {
            let undo = undo::words(model, receipt);
            (true, format!("{name}: {}{undo}", receipt.said.first_line()), 8.0)
        }
        Outcome::DryRun(_) => (true, format!("dry run, nothing was sent: {}", outcome.line()), BAD_NEWS_S),
        Outcome::Failed(failure) if !failure.hint.is_empty() => (false, format!("{name}: {failure}; {}", failure.hint), BAD_NEWS_S),
        _ => (false, format!("{name}: {}", outcome.line()), BAD_NEWS_S),
    };
    model.say_for(Notice { good, text }, seconds);
}

/// Time passed: the question grows riper, and what is awaited is looked at.
pub fn tick(model: &mut Model, now: Timestamp) -> Vec<Effect> {
    model.desk.guard.tick(now);
    if let Some(Dialog::Confirm(confirm)) = &mut model.desk.dialog {
        confirm.tick(now, &model.store);
    }
    let asked: BTreeMap<SourceName, ()> = model.store.look_after(now).into_iter().map(|source| (source, ())).collect();
    asked.into_keys().map(|source| Effect::Refresh(Some(source))).collect()
}
