//! What a system can do to an entity (an offer), the wish that it does (an order), and what comes of it.
//! Not for: keys (see `msg::Action`), doing it (see `source::Source::prepare` and `runtime::act`).

mod audit;
mod field;
mod phrase;
mod rules;
mod waiting;

pub use audit::{AuditLine, Phase, Verdict};
pub use field::{Field, FieldKind};
pub use phrase::Phrase;
pub use rules::{Confirm, Rules, confirm};
pub use waiting::{Awaited, Awaiting, Condition, Settling, Until, UntilError};

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Entity, EntityId, Failure, Step, Text, Timestamp};

/// How bad it is if it was a mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Danger {
    /// Changes nothing in the system.
    Safe,
    /// Can be undone.
    Reversible,
    /// Interrupts or starts work.
    Disruptive,
    /// Cannot be undone.
    Destructive,
}

impl Danger {
    /// All of them, mildest first.
    pub const ALL: [Self; 4] = [Self::Safe, Self::Reversible, Self::Disruptive, Self::Destructive];

    /// The word shown and written.
    pub fn word(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Reversible => "reversible",
            Self::Disruptive => "disruptive",
            Self::Destructive => "destructive",
        }
    }
}

impl fmt::Display for Danger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// Names what can be done: `restart`, `acknowledge`, `clear-failed`. One word means one thing whatever the system.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ActionId(Text);

impl ActionId {
    /// The id as a slice.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for ActionId {
    fn from(id: &str) -> Self {
        Self(Text::from(id))
    }
}

impl fmt::Display for ActionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Something that can be done to one entity, as its source declares it.
#[derive(Debug, Clone, PartialEq)]
pub struct Offer {
    /// Its name.
    pub id: ActionId,
    /// In a few words: `Run the failed tasks again`.
    pub title: Text,
    /// How bad a mistake would be.
    pub danger: Danger,
    /// How it is undone, in words; `None` if it cannot be.
    pub undo: Option<Text>,
    /// What else it touches, in words.
    pub touches: Option<Text>,
    /// What must be known before it can be done; empty if nothing.
    pub form: Vec<Field>,
    /// The system says what the form is: ask with `Effect::Form` instead of showing `form`.
    pub asks_form: bool,
    /// Whether the system itself can say what would happen (`Source::rehearse`).
    pub own_dry_run: OwnDryRun,
    /// It takes the terminal: done with `Effect::Shell`, one at a time.
    pub terminal: bool,
    /// It can be done to many at once.
    pub bulk: bool,
    /// Whether it can be done to this entity now.
    pub applies: Applies,
}

impl Offer {
    /// An offer that applies, with nothing to fill and nothing said about undoing.
    pub fn new(id: &str, title: &str, danger: Danger) -> Self {
        Self {
            id: ActionId::from(id),
            title: Text::from(title),
            danger,
            undo: None,
            touches: None,
            form: Vec::new(),
            asks_form: false,
            own_dry_run: OwnDryRun::None,
            terminal: false,
            bulk: true,
            applies: Applies::Yes,
        }
    }

    /// Something must be filled before it can be done.
    pub fn has_form(&self) -> bool {
        self.asks_form || !self.form.is_empty()
    }
}

/// Whether a system can say itself what would happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnDryRun {
    /// It cannot.
    None,
    /// It can, and is asked with every preview.
    Always,
    /// It can, but works for it: it is asked when a person asks for a dry run.
    OnRequest,
}

/// Whether something can be done to an entity as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applies {
    /// It can.
    Yes,
    /// It cannot, and why: `it is not failed`.
    No(Text),
}

impl Applies {
    /// Why not.
    pub fn why_not(&self) -> Option<&Text> {
        match self {
            Self::Yes => None,
            Self::No(why) => Some(why),
        }
    }
}

/// The wish that something is done. Whoever makes one says who and when, so that what is shown and what is sent are the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// Tells the orders of one run of the program apart.
    pub attempt: u64,
    /// What.
    pub action: ActionId,
    /// To what, as it was when the key was pressed.
    pub target: Arc<Entity>,
    /// To this step of the run alone.
    pub step: Option<Arc<Step>>,
    /// What was filled in, by field.
    pub values: Vec<(Text, Text)>,
    /// Only say what would be done.
    pub dry_run: bool,
    /// When the key was pressed; the clock that requests see.
    pub at: Timestamp,
    /// Who wishes it.
    pub by: Text,
    /// Digest of the requests that the person saw and confirmed. If what would be sent has another one, nothing is sent.
    pub confirmed: Option<Text>,
    /// Nobody pressed a key: triops keeps up something that a person began (an acknowledgement).
    pub automatic: bool,
}

impl Order {
    /// An order of a person, with nothing filled in and nothing confirmed yet.
    pub fn new(attempt: u64, action: ActionId, target: Arc<Entity>, by: Text, at: Timestamp) -> Self {
        Self { attempt, action, target, step: None, values: Vec::new(), dry_run: false, at, by, confirmed: None, automatic: false }
    }

    /// What it is about, for people: the target, and which step of it.
    pub fn title(&self) -> String {
        let target = self.target.title();
        self.step.as_ref().map_or(target.clone(), |step| format!("{target} / {}", step.name.first_line()))
    }

    /// What was filled in under this name.
    pub fn value(&self, name: &str) -> Option<&Text> {
        self.values.iter().find(|(field, _)| field.as_str() == name).map(|(_, value)| value)
    }

    /// What stands in a field: what was filled in, else what stands there first.
    pub fn filled<'a>(&'a self, field: &'a Field) -> &'a str {
        self.value(&field.name).or(field.preset.as_ref()).map_or("", |value| value.as_str())
    }
}

/// What an order would do.
#[derive(Debug, Clone, PartialEq)]
pub struct Preview {
    /// Every request or argv that would be sent, secrets hidden: `POST https://am/api/v2/silences {…}`.
    pub requests: Vec<Text>,
    /// What else it touches and what the system's own dry run says, a line each.
    pub notes: Vec<Text>,
    /// How it is undone.
    pub undo: Option<Text>,
    /// SHA-256 of the requests, for `Order::confirmed`.
    pub digest: Text,
}

/// What a system said to an order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Receipt {
    /// What it answered, in one line.
    pub said: Text,
    /// How it is undone, now that it is done.
    pub undo: Option<Text>,
    /// What takes it back, where an action does.
    pub inverse: Option<Inverse>,
    /// What it made: a silence, a run.
    pub made: Option<EntityId>,
    /// What to wait for.
    pub awaited: Option<Awaited>,
    /// For the clipboard: a debug command.
    pub copy: Option<Text>,
}

impl Receipt {
    /// Only what was said.
    pub fn said(said: impl Into<Text>) -> Self {
        Self { said: said.into(), ..Self::default() }
    }
}

/// The order that takes another back. It goes its own way: offers, question, audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inverse {
    /// What.
    pub action: ActionId,
    /// To what: the same target, or what was made.
    pub target: EntityId,
    /// What is filled in, by field.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<Text, Text>,
}

/// How an order ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The system did it, or has begun to.
    Done(Receipt),
    /// Nothing was sent, as wished; this would have been.
    DryRun(Preview),
    /// It was sent, or should have been, and went wrong.
    Failed(Failure),
    /// Nothing was sent: a rule, a state, or a change under us is against it.
    Refused(Text),
    /// Nothing was sent: the person said no, or an order before it failed.
    Cancelled(Text),
}

impl Outcome {
    /// In one line.
    pub fn line(&self) -> String {
        match self {
            Self::Done(receipt) => receipt.said.first_line().to_owned(),
            Self::DryRun(preview) => preview.requests.first().map_or("nothing would be sent", Text::first_line).to_owned(),
            Self::Failed(failure) => failure.to_string(),
            Self::Refused(why) => format!("refused: {}", why.first_line()),
            Self::Cancelled(why) => format!("not sent: {}", why.first_line()),
        }
    }

    /// As the audit log has it.
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::Done(_) => Verdict::Done,
            Self::DryRun(_) => Verdict::DryRun,
            Self::Failed(_) => Verdict::Failed,
            Self::Refused(_) => Verdict::Refused,
            Self::Cancelled(_) => Verdict::Cancelled,
        }
    }
}

/// Why an order is not sent though it could have been.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Declined {
    /// The person said no.
    Cancelled,
    /// It may not be, and why: the target has vanished, the rules are against it.
    Refused(Text),
}

/// How fast the orders of one wish are sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// At most so many under way at once, over all sources.
    pub abreast: usize,
    /// Seconds between the beginnings of two orders to one source.
    pub pause_s: f64,
    /// After a failure, send no more.
    pub stop_at_failure: bool,
}

impl Default for Pace {
    /// One after the other, two a second, and no more after a failure.
    fn default() -> Self {
        Self { abreast: 1, pause_s: 0.5, stop_at_failure: true }
    }
}
