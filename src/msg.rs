//! The whole vocabulary between keyboard, sources, application and runtime: `Msg` in, `Effect` out, `Action` between.
//! Not for: doing anything. All of it is plain data that can be compared, recorded and replayed.

mod action;
mod key;

pub use action::{ACTIONS, Action, ActionRow, Context, Needs};
pub use key::{Key, KeyCode, KeyError};

use std::sync::Arc;

use crate::domain::{
    Answer, Ask, AuditLine, Batch, Cost, Declined, Entity, Failure, Field, Filter, LogPart, LogRequest, Offer, Order, Outcome, Pace,
    PollId, Preview, Shown, SourceInfo, SourceName, Step, Timestamp,
};

/// What happened. Past tense.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the fields are the nouns their types name")]
pub enum Msg {
    /// Time passed; the only clock that `update` has.
    Ticked(Timestamp),
    /// A key was pressed.
    Pressed(Key),
    /// Text was pasted in one piece.
    Pasted(String),
    /// The terminal has this many columns and rows.
    Resized(u16, u16),
    /// The mouse wheel moved: rows down (negative: up) over this column and row.
    Scrolled { down: i16, column: u16, row: u16 },
    /// The left button was pressed over this column and row.
    Clicked { column: u16, row: u16 },
    /// These are the sources; said once before any of them answers, and again when one more is found.
    Configured(Vec<Arc<SourceInfo>>),
    /// A source could not even be made: its name and why.
    Misconfigured { source: SourceName, failure: Failure },
    /// A poll was sent.
    Asked { source: SourceName, poll: PollId },
    /// A poll came back.
    Fetched(Box<Fetched>),
    /// A question came back.
    Answered { ask: Ask, outcome: Result<Answer, Failure> },
    /// Lines of the log followed under `view`.
    Logged { view: LogView, outcome: Result<LogPart, Failure> },
    /// Looking for systems on this machine is over; what was looked for and not found.
    Discovered { missing: Vec<String> },
    /// What can be done to an entity, or to a step of it.
    Offered { entity: Arc<Entity>, step: Option<Arc<Step>>, outcome: Result<Vec<Offer>, Failure> },
    /// What must be filled before an order can be sent.
    Formed { order: Box<Order>, outcome: Result<Vec<Field>, Failure> },
    /// What an order would do. An error is why it cannot be done: a rule, a change under us, the system.
    Previewed { order: Box<Order>, outcome: Result<Preview, Failure> },
    /// An order's request leaves the program now.
    Acting { attempt: u64 },
    /// An order has ended; said once for each.
    Acted { attempt: u64, outcome: Outcome },
    /// The audit log's newest lines, oldest first.
    Audited(Result<Vec<AuditLine>, Failure>),
    /// An effect is done (or not), for a toast.
    Noted(Notice),
}

/// How a poll came back.
#[derive(Debug, Clone, PartialEq)]
pub struct Fetched {
    /// Whose.
    pub source: SourceName,
    /// Which.
    pub poll: PollId,
    /// When the answer was complete.
    pub at: Timestamp,
    /// Milliseconds from request to answer.
    pub latency_ms: u32,
    /// When the poll is asked again.
    pub next_at: Timestamp,
    /// What the source has spent in all until now.
    pub spent: Cost,
    /// What it brought.
    pub outcome: Result<Batch, Failure>,
}

/// Tells the logs that are open apart; grows by one with each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct LogView(pub u32);

/// A short word to the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Good or bad.
    pub good: bool,
    /// One line.
    pub text: String,
}

/// What the runtime should do. Imperative.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the fields are the nouns their types name")]
pub enum Effect {
    /// Ask a source's polls (all sources if none is named) now.
    Refresh(Option<SourceName>),
    /// What is on screen: polls that bring none of it may slow down.
    Show(Shown),
    /// Put a question.
    Ask(Ask),
    /// Read a log; lines come as `Msg::Logged` with this view.
    Follow { view: LogView, request: LogRequest },
    /// Stop reading a log.
    Unfollow(LogView),
    /// Say what can be done to an entity, or to a step of it; comes as `Msg::Offered`.
    Offers(Arc<Entity>, Option<Arc<Step>>),
    /// Ask what must be filled before this can be sent; comes as `Msg::Formed`.
    Form(Box<Order>),
    /// Say what these would do, and change nothing; each comes as `Msg::Previewed`.
    Preview(Vec<Order>),
    /// Do these, at this pace; each ends in one `Msg::Acted`. The only effect, with `Shell`, that changes a system.
    Act(Vec<Order>, Pace),
    /// Of the orders being done, send no more of these.
    Halt(Vec<u64>),
    /// Do not do these, and write down that they were not done.
    Decline(Vec<Order>, Declined),
    /// Do one that takes the terminal, and give the terminal back when it ends; ends in one `Msg::Acted`.
    Shell(Box<Order>),
    /// Read the audit log's newest lines; comes as `Msg::Audited`.
    Audit,
    /// Hand text to the terminal's clipboard (OSC 52).
    Copy(String),
    /// Open a page in a browser, or copy its address where there is none.
    Open(String),
    /// Write text to a new file in the user's state folder.
    Save { name: String, text: String },
    /// Turn mouse reporting on or off.
    Mouse(bool),
    /// Give the terminal back until the shell resumes us.
    Suspend,
    /// Free these, away from the screen: giving the memory of thousands back takes longer than a frame may.
    Discard(Vec<Arc<Entity>>),
    /// Draw everything anew.
    Redraw,
    /// Leave.
    Quit,
}

/// What keys mean at the moment. One at a time, the newest on top of a stack.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the fields are the nouns their types name")]
pub enum Mode {
    /// Keys are actions.
    Normal,
    /// Keys edit the filter (tables) or the search (logs, detail).
    Filter { before: Filter },
    /// Keys edit the palette's query.
    Palette,
    /// A menu, a form or a question lies over the screen and has the keys.
    Dialog,
    /// The keymap.
    Help,
}
