//! The nouns: what every system is turned into at the door, as plain serde types.
//! Not for: I/O, clocks, drawing, or anything that knows one particular system.

pub mod act;
pub mod ask;
pub mod batch;
pub mod comparison;
pub mod detail;
pub mod entity;
pub mod failure;
pub mod filter;
pub mod log;
pub mod number;
pub mod reading;
pub mod source;
pub mod text;
pub mod time;

pub use act::{
    ActionId, Applies, AuditLine, Awaited, Awaiting, Confirm, Danger, Declined, Field, FieldKind, Inverse, Offer, Order, Outcome,
    OwnDryRun, Pace, Phase, Phrase, Preview, Receipt, Rules, Settling, Until, Verdict,
};
pub use ask::{Answer, Ask};
pub use batch::{Batch, Cost, RowProblem, Scope};
pub use comparison::Comparison;
pub use detail::{
    Alert, Change, ChangeKind, Check, Dataset, Detail, Endpoint, Host, Kind, Model, Pipeline, Run, Stack, Step, Windows, Workload,
};
pub use entity::{Entity, EntityId, Eye, Link, LinkTarget, State};
pub use failure::{Failure, FailureKind};
pub use filter::Filter;
pub use log::{LogLine, LogPart, LogRequest, LogStream};
pub use number::{number, percent};
pub use reading::{Point, Series};
pub use source::{PollId, PollInfo, Shown, SourceInfo, SourceName, Support};
pub use text::Text;
pub use time::Timestamp;
