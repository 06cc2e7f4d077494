//! What keys, pasted text and the wheel do to what lies over the screen.
//! Not for: what each box makes of a key (see its own file).

use std::sync::Arc;

use super::confirm::{Confirm, Word};
use super::fill::Filled;
use super::menu::{Choice, Menu, Picked};
use super::{Dialog, around, close, leave, orders, proceed, question, refuse, screen, send, words};
use crate::app::{Model, act};
use crate::domain::{Declined, Entity, Order, Pace};
use crate::msg::{Effect, Key, KeyCode, Mode, Notice};

/// A key was pressed while something lies over the screen.
pub fn press(model: &mut Model, key: Key) -> Vec<Effect> {
    let Some(dialog) = model.desk.dialog.take() else {
        model.mode = Mode::Normal;
        return Vec::new();
    };
    match dialog {
        Dialog::Gather(..) | Dialog::Asking(..) => {
            let leaves = key.code == KeyCode::Esc || (key.ctrl && key.code == KeyCode::Char('c'));
            if leaves && !model.desk.guard.repeats(key) {
                close(model);
            } else {
                // typed ahead: it must not answer what is not on the screen yet
                model.desk.guard.arm(key);
                model.desk.dialog = Some(dialog);
            }
            Vec::new()
        }
        Dialog::Menu(menu) => pick(model, menu, key),
        Dialog::Fill(mut fill) => match fill.press(key) {
            Filled::Going => keep(model, Dialog::Fill(fill)),
            Filled::Cancelled => {
                close(model);
                model.say(Notice { good: true, text: "cancelled: nothing was sent".to_owned() });
                Vec::new()
            }
            Filled::Whole(values) => question(model, fill.chosen, &values),
        },
        Dialog::Confirm(mut confirm) => {
            let word = confirm.press(key, &mut model.desk.guard, model.now, &model.store);
            answer(model, confirm, word)
        }
        Dialog::Progress(mut progress) => {
            let mut effects = Vec::new();
            let by = match key.code {
                KeyCode::Char('x') => {
                    let halted = progress.halt();
                    effects.extend((!halted.is_empty()).then_some(Effect::Halt(halted)));
                    0
                }
                KeyCode::Esc | KeyCode::Enter | KeyCode::Char('q') if !model.desk.guard.repeats(key) => {
                    close(model);
                    return Vec::new();
                }
                _ => rows(key),
            };
            progress.top = progress.scrolled(&model.settings.look, screen(model.size), by);
            model.desk.dialog = Some(Dialog::Progress(progress));
            effects
        }
        Dialog::Leave(leave) => {
            if model.desk.guard.repeats(key) {
                return keep(model, Dialog::Leave(leave));
            }
            if leave::leaves(key) {
                return vec![Effect::Quit];
            }
            close(model);
            Vec::new()
        }
    }
}

fn keep(model: &mut Model, dialog: Dialog) -> Vec<Effect> {
    model.desk.dialog = Some(dialog);
    Vec::new()
}

fn rows(key: Key) -> isize {
    match key.code {
        KeyCode::Up | KeyCode::Char('k') => -1,
        KeyCode::Down | KeyCode::Char('j') => 1,
        KeyCode::PageUp => -10,
        KeyCode::PageDown => 10,
        _ => 0,
    }
}

fn pick(model: &mut Model, mut menu: Menu, key: Key) -> Vec<Effect> {
    let moves = rows(key) != 0;
    if model.desk.guard.repeats(key) && !moves {
        return keep(model, Dialog::Menu(menu));
    }
    match menu.press(key, model) {
        Picked::Nothing => return keep(model, Dialog::Menu(menu)),
        Picked::Closed => close(model),
        Picked::Refused(Choice::Offer(id), why) => {
            close(model);
            if let Some(chosen) = menu.targets.choose(&id, &model.settings.rules, &model.store) {
                return refuse(model, &chosen);
            }
            model.say(Notice { good: false, text: why });
        }
        Picked::Refused(Choice::View(_), why) => {
            close(model);
            model.say(Notice { good: false, text: why });
        }
        Picked::Choice(Choice::View(action)) => {
            close(model);
            return act::perform(model, action);
        }
        Picked::Choice(Choice::Offer(id)) => {
            if let Some(chosen) = menu.targets.choose(&id, &model.settings.rules, &model.store) {
                return proceed(model, chosen);
            }
            close(model);
        }
    }
    Vec::new()
}

fn answer(model: &mut Model, mut confirm: Box<Confirm>, word: Word) -> Vec<Effect> {
    match word {
        Word::Waits => keep(model, Dialog::Confirm(confirm)),
        Word::Scroll(by) => {
            confirm.top = words::scrolled(&confirm, around(model), screen(model.size), by);
            keep(model, Dialog::Confirm(confirm))
        }
        Word::Copy => {
            let text = confirm.requests();
            model.desk.dialog = Some(Dialog::Confirm(confirm));
            if text.is_empty() { Vec::new() } else { vec![Effect::Copy(text)] }
        }
        Word::DryRun => {
            let effects = dry_run(model, &mut confirm);
            model.desk.dialog = Some(Dialog::Confirm(confirm));
            effects
        }
        Word::No => {
            close(model);
            model.say(Notice { good: true, text: "cancelled: nothing was sent".to_owned() });
            let orders = confirm.drafts.into_iter().map(|draft| draft.order).collect();
            vec![Effect::Decline(orders, Declined::Cancelled)]
        }
        Word::Yes => {
            close(model);
            let chosen = confirm.chosen.clone();
            let (orders, declined, pace) = confirm.split(&model.store);
            let mut effects: Vec<Effect> = declined.into_iter().map(|(order, why)| Effect::Decline(vec![order], why)).collect();
            effects.extend(send(model, &chosen, orders, pace));
            effects
        }
    }
}

/// Orders beside those that are asked about, which only say what would happen.
fn dry_run(model: &mut Model, confirm: &mut Confirm) -> Vec<Effect> {
    let mut dry = Vec::new();
    for draft in &mut confirm.drafts {
        let under_way = matches!(draft.dry, Some((_, None)));
        if !under_way && draft.refused(&model.store).is_none() {
            let entity: [Arc<Entity>; 1] = [Arc::clone(&draft.order.target)];
            let values = draft.order.values.clone();
            for order in orders(model, &confirm.chosen, &entity, &values) {
                draft.dry = Some((order.attempt, None));
                dry.push(Order { dry_run: true, ..order });
            }
        }
    }
    if dry.is_empty() { Vec::new() } else { vec![Effect::Act(dry, Pace { stop_at_failure: false, ..Pace::default() })] }
}

/// Text was pasted: it fills a form, and confirms nothing, not even by the letter that would.
pub fn paste(model: &mut Model, text: &str) {
    match &mut model.desk.dialog {
        Some(Dialog::Fill(fill)) => fill.paste(text),
        Some(Dialog::Confirm(confirm)) if confirm.types() => {
            model.say(Notice { good: false, text: "the name is typed, not pasted".to_owned() });
        }
        _ => model.say(Notice { good: false, text: "pasted text confirms nothing".to_owned() }),
    }
}

/// The wheel turned.
pub fn scroll(model: &mut Model, by: isize) {
    let look = &model.settings.look;
    match model.desk.dialog.take() {
        Some(Dialog::Confirm(mut confirm)) => {
            confirm.top = words::scrolled(&confirm, around(model), screen(model.size), by);
            model.desk.dialog = Some(Dialog::Confirm(confirm));
        }
        Some(Dialog::Progress(mut progress)) => {
            progress.top = progress.scrolled(look, screen(model.size), by);
            model.desk.dialog = Some(Dialog::Progress(progress));
        }
        other => model.desk.dialog = other,
    }
}
