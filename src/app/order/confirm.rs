//! The question before anything leaves: which orders, what each would send, and what must be pressed or typed for it.
//! Not for: how it reads (see `order::words`), sending (see `order`).

use std::sync::Arc;

use super::guard::Guard;
use super::targets::Chosen;
use crate::domain::{self, Declined, Entity, Failure, Order, Outcome, Pace, Phrase, Preview, Text, Timestamp};
use crate::msg::{Key, KeyCode};
use crate::store::Store;
use crate::ui::input;
use crate::ui::text::Top;

/// Seconds in which the key of a delayed confirmation does nothing.
pub const DELAY_S: f64 = 2.0;
/// Seconds that typing a name takes at least: what is there at once was put there by something else than fingers.
const TYPING_S: f64 = 0.2;

/// Orders that wait for a person's word.
#[derive(Debug)]
pub struct Confirm {
    /// What was chosen for whom.
    pub chosen: Chosen,
    /// One for each target.
    pub drafts: Vec<Draft>,
    /// The key that says yes.
    pub yes: Key,
    /// Send no more after a failure.
    pub stop_at_failure: bool,
    /// What is at the top of the text.
    pub top: Top,
    /// What has been typed, where a name must be.
    pub typed: String,
    /// What is wrong with it.
    pub complaint: Option<&'static str>,
    /// What must be typed.
    pub phrase: Phrase,
    /// The first tick since which something has been typed.
    typed_since: Option<Timestamp>,
    /// How the targets were when last looked at; when that changes the question is a new one.
    seen: Vec<Standing>,
    /// The first tick since which the question has stood as it is.
    since: Option<Timestamp>,
}

/// An order, and what is known of it before it is sent.
#[derive(Debug)]
pub struct Draft {
    /// The order.
    pub order: Order,
    /// What it would do; `None` while that is asked.
    pub preview: Option<Result<Preview, Failure>>,
    /// A dry run of it: its attempt, and how it ended.
    pub dry: Option<(u64, Option<Outcome>)>,
}

/// How a target is, compared with when the key was pressed.
#[derive(Debug, Clone, PartialEq)]
pub enum Standing {
    /// As it was.
    Same,
    /// In another state, now this one.
    Changed(Arc<Entity>),
    /// Not there any more.
    Vanished,
}

/// What a key did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// Nothing yet.
    Waits,
    /// Send them.
    Yes,
    /// Send nothing.
    No,
    /// Say what would happen, and change nothing.
    DryRun,
    /// Copy the requests.
    Copy,
    /// Move the text by so many rows.
    Scroll(isize),
}

impl Confirm {
    /// A question about these orders. `opened_by`: the key that led here, which cannot also say yes.
    pub fn new(chosen: Chosen, orders: Vec<Order>, opened_by: Option<Key>) -> Self {
        let yes = Key::plain(KeyCode::Char('y'));
        let yes = if opened_by == Some(yes) { Key::plain(KeyCode::Char('Y')) } else { yes };
        let phrase = phrase(&orders);
        let drafts = orders.into_iter().map(|order| Draft { order, preview: None, dry: None });
        Self {
            chosen,
            drafts: drafts.collect(),
            yes,
            stop_at_failure: true,
            top: Top::default(),
            typed: String::new(),
            complaint: None,
            phrase,
            typed_since: None,
            seen: Vec::new(),
            since: None,
        }
    }

    /// Whether a name must be typed.
    pub fn types(&self) -> bool {
        self.chosen.confirm == domain::Confirm::TypeName
    }

    /// Takes what an order would do.
    pub fn take_preview(&mut self, attempt: u64, outcome: Result<Preview, Failure>) {
        if let Some(draft) = self.drafts.iter_mut().find(|draft| draft.order.attempt == attempt) {
            draft.preview = Some(outcome);
        }
    }

    /// Takes how a dry run ended; whether it was one of these.
    pub fn take_dry(&mut self, attempt: u64, outcome: &Outcome) -> bool {
        let dry = self.drafts.iter_mut().filter_map(|draft| draft.dry.as_mut()).find(|dry| dry.0 == attempt);
        dry.map(|dry| dry.1 = Some(outcome.clone())).is_some()
    }

    /// How each target is now.
    pub fn standings(&self, store: &Store) -> Vec<Standing> {
        self.drafts.iter().map(|draft| standing(&draft.order.target, store)).collect()
    }

    /// Whether all is known that there is to know.
    pub fn is_asked(&self) -> bool {
        self.drafts.iter().all(|draft| draft.preview.is_some())
    }

    /// How many could be sent as things stand.
    pub fn sendable(&self, store: &Store) -> usize {
        self.drafts.iter().filter(|draft| draft.refused(store).is_none()).count()
    }

    /// Time passed: the moment begins anew when what is asked about has changed.
    pub fn tick(&mut self, now: Timestamp, store: &Store) {
        let standings = self.standings(store);
        if standings != self.seen || !self.is_asked() {
            self.seen = standings;
            self.since = None;
        }
        if self.is_asked() {
            self.since.get_or_insert(now);
        }
        if self.typed.is_empty() {
            self.typed_since = None;
        } else {
            self.typed_since.get_or_insert(now);
        }
    }

    /// Seconds until yes counts; `None` while it is not known what would be sent.
    pub fn wait_s(&self, now: Timestamp) -> Option<f64> {
        let delay = if self.chosen.confirm == domain::Confirm::DelayedKey { DELAY_S } else { 0.0 };
        Some((delay - now.since(self.since?)).max(0.0))
    }

    /// Takes a key. Only the named key says yes, and only when it is pressed anew on a question that has stood long enough.
    pub fn press(&mut self, key: Key, guard: &mut Guard, now: Timestamp, store: &Store) -> Word {
        let held = guard.repeats(key);
        let ripe = !held && self.wait_s(now) == Some(0.0) && self.seen == self.standings(store) && self.sendable(store) > 0;
        match (key.code, key.ctrl) {
            (KeyCode::Tab, _) if self.is_asked() => return Word::DryRun,
            (KeyCode::BackTab, _) => {
                self.stop_at_failure = !self.stop_at_failure;
                return Word::Waits;
            }
            (KeyCode::Char('y'), true) => return Word::Copy,
            (KeyCode::Up, _) => return Word::Scroll(-1),
            (KeyCode::Down, _) => return Word::Scroll(1),
            (KeyCode::PageUp, _) => return Word::Scroll(-10),
            (KeyCode::PageDown, _) => return Word::Scroll(10),
            _ => {}
        }
        if self.types() {
            return self.type_name(key, ripe, held, now);
        }
        if key != self.yes {
            return if held { Word::Waits } else { Word::No };
        }
        if ripe {
            return Word::Yes;
        }
        // it was on its way before there was anything to say yes to: it must rest before it counts
        guard.arm(key);
        if self.is_asked() && self.sendable(store) == 0 { Word::No } else { Word::Waits }
    }

    fn type_name(&mut self, key: Key, ripe: bool, held: bool, now: Timestamp) -> Word {
        if key.code == KeyCode::Enter {
            if held {
                return Word::Waits;
            }
            if self.typed.trim().is_empty() {
                return Word::No;
            }
            if !self.phrase.is(&self.typed) {
                self.complaint = Some("that is another name: nothing was sent");
                return Word::Waits;
            }
            if self.typed_since.is_none_or(|since| now.since(since) < TYPING_S) {
                self.typed.clear();
                self.complaint = Some("faster than anybody types: type it by hand");
                return Word::Waits;
            }
            return if ripe { Word::Yes } else { Word::Waits };
        }
        if key.code == KeyCode::Esc || (key.ctrl && matches!(key.code, KeyCode::Char('c' | 'g'))) {
            return if held { Word::Waits } else { Word::No };
        }
        if let Some((text, _)) = input::edit(&self.typed, self.typed.len(), key).filter(|_| !held || self.types_on(key)) {
            if text.is_empty() {
                self.typed_since = None;
            }
            self.typed = text;
            self.complaint = None;
        }
        Word::Waits
    }

    /// A letter that is held while a name is typed is a letter twice, as in `aa`; the key that opened the box is none yet.
    fn types_on(&self, key: Key) -> bool {
        !self.typed.is_empty() || !matches!(key.code, KeyCode::Char(_))
    }

    /// The orders to send, confirmed as they were seen, and those not to, with the reason.
    pub fn split(self, store: &Store) -> (Vec<Order>, Vec<(Order, Declined)>, Pace) {
        let pace = Pace { stop_at_failure: self.stop_at_failure, ..Pace::default() };
        let (mut send, mut leave) = (Vec::new(), Vec::new());
        for draft in self.drafts {
            match draft.refused(store) {
                Some(why) => leave.push((draft.order, Declined::Refused(why))),
                None => {
                    let confirmed = draft.preview.and_then(Result::ok).map(|preview| preview.digest);
                    send.push(Order { confirmed, ..draft.order });
                }
            }
        }
        (send, leave, pace)
    }

    /// Every request, a line each.
    pub fn requests(&self) -> String {
        let previews = self.drafts.iter().filter_map(|draft| draft.preview.as_ref()?.as_ref().ok());
        previews.flat_map(|preview| &preview.requests).map(Text::as_str).collect::<Vec<_>>().join("\n")
    }
}

/// What is typed for these.
fn phrase(orders: &[Order]) -> Phrase {
    match orders {
        [one] => Phrase::of(&one.target),
        several => {
            let kind = several.first().map(|order| order.target.kind());
            Phrase::of_several(several.len(), kind.filter(|kind| several.iter().all(|order| order.target.kind() == *kind)))
        }
    }
}

impl Draft {
    /// Why it cannot be sent; `None` if it can.
    pub fn refused(&self, store: &Store) -> Option<Text> {
        if standing(&self.order.target, store) == Standing::Vanished {
            return Some(Text::from("it is not there any more"));
        }
        match &self.preview {
            Some(Ok(_)) => None,
            Some(Err(failure)) => Some(failure.detail.clone()),
            None => Some(Text::from("it is not known yet what would be sent")),
        }
    }
}

fn standing(target: &Arc<Entity>, store: &Store) -> Standing {
    match store.get(&target.id) {
        None => Standing::Vanished,
        Some(now) if now.state != target.state => Standing::Changed(Arc::clone(now)),
        Some(_) => Standing::Same,
    }
}
