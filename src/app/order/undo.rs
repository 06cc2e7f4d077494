//! Taking back what was done: the order that does it is one like any other, with its own offers, question and lines in the audit log.
//! Not for: which action takes which back (its source says so with the receipt).

use std::sync::Arc;

use super::fill::Fill;
use super::targets::Targets;
use super::{Desk, Dialog, Sought, close, gather, proceed, question, refuse};
use crate::app::{Model, View};
use crate::domain::{Entity, Inverse, Receipt, Text};
use crate::msg::{Action, Effect, Notice};

impl Desk {
    /// Something was done that can be taken back, or cannot: the newest wish alone is remembered.
    pub(super) fn can_undo(&mut self, wish: u64, inverse: Option<&Inverse>) {
        if self.undo.0 != wish {
            self.undo = (wish, Vec::new());
        }
        self.undo.1.extend(inverse.cloned());
    }
}

/// How what was done is undone: by which key, or in words.
pub(super) fn words(model: &Model, receipt: &Receipt) -> String {
    let key = model.settings.keymap.keys(Action::Undo).first();
    match (&receipt.inverse, key, &receipt.undo) {
        (Some(inverse), Some(key), _) => format!("; {key} takes it back ({})", inverse.action),
        (_, _, Some(undo)) => format!("; undo: {}", undo.first_line()),
        _ => String::new(),
    }
}

/// Begins to take back: the attempt that is selected in the audit log, else what was done last.
pub fn begin(model: &mut Model) -> Vec<Effect> {
    let in_log = matches!(model.views.last(), Some(View::Audit(_)));
    let wished: Vec<Inverse> = if in_log { model.pane().inverse().cloned().into_iter().collect() } else { model.desk.undo.1.clone() };
    let Some(first) = wished.first().cloned() else {
        let text = if in_log { "no key takes this attempt back" } else { "nothing was done last that a key takes back; see the audit log" };
        model.say(Notice { good: false, text: text.to_owned() });
        return Vec::new();
    };
    // those of one wish are alike but for their targets
    let alike = wished.iter().filter(|inverse| inverse.action == first.action && inverse.values == first.values);
    let entities: Vec<Arc<Entity>> = alike.filter_map(|inverse| model.store.get(&inverse.target).cloned()).collect();
    if entities.is_empty() {
        let text = format!("`{}`: {} is not known now", first.action, first.target);
        model.say(Notice { good: false, text });
        return vec![Effect::Refresh(Some(first.target.source().into()))];
    }
    gather(model, Targets::new(entities), Sought::Inverse(first))
}

/// Goes on when it is known what is offered: to the question, or to the form where what was filled in then does not fit now.
pub(super) fn resolve(model: &mut Model, targets: &Targets, inverse: &Inverse) -> Vec<Effect> {
    let Some(mut chosen) = targets.choose(&inverse.action, &model.settings.rules, &model.store) else {
        let why = targets.failure().map(ToString::to_string);
        close(model);
        let text = why.unwrap_or_else(|| format!("`{}` is not offered for it now", inverse.action));
        model.say(Notice { good: false, text });
        return Vec::new();
    };
    if chosen.entities.is_empty() {
        close(model);
        return refuse(model, &chosen);
    }
    for field in &mut chosen.offer.form {
        if let Some(value) = inverse.values.get(&field.name) {
            field.preset = Some(value.clone());
        }
    }
    if chosen.offer.asks_form {
        return proceed(model, chosen);
    }
    let form = &chosen.offer.form;
    if form.iter().all(|field| field.complaint(field.preset.as_ref().map_or("", Text::as_str)).is_none()) {
        let values: Vec<(Text, Text)> =
            form.iter().filter_map(|field| Some((field.name.clone(), field.preset.clone().filter(|value| !value.is_empty())?))).collect();
        return question(model, chosen, &values);
    }
    let fields = chosen.offer.form.clone();
    model.desk.dialog = Some(Dialog::Fill(Box::new(Fill::new(chosen, fields))));
    Vec::new()
}
