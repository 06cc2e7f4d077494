//! Functions of ours inside jq: counting steps, times, and JSON inside strings; and jq's values as JSON.
//! Not for: which of the library's functions are allowed (see `compile`).

use std::cell::Cell;
use std::time::{Duration, Instant};

use jaq_core::box_iter::box_once;
use jaq_core::native::{Fun, bome, run, v};
use jaq_core::{Error, Exn, Native};
use jaq_json::{Num, Val};
use serde_json::Value;

use super::jq::Data;
use crate::domain::Timestamp;

/// Steps of one run: a loop that collects as it goes holds at most this many values.
const MAX_STEPS: u32 = 1_000_000;

thread_local! {
    static BUDGET: Cell<(u32, Option<Instant>)> = const { Cell::new((0, None)) };
}

/// Begins a run on this thread.
pub(super) fn start(time: Duration) {
    BUDGET.set((MAX_STEPS, Instant::now().checked_add(time)));
}

/// The run on this thread has used up its steps or its time.
pub(super) fn exhausted() -> bool {
    let (steps, until) = BUDGET.get();
    steps == 0 || until.is_some_and(|until| Instant::now() >= until)
}

fn step() -> Result<(), Error<Val>> {
    let (steps, until) = BUDGET.get();
    // the clock is looked at now and then: it costs more than a step
    if steps == 0 || steps.is_multiple_of(1024) && exhausted() {
        BUDGET.set((0, until));
        return Err(Error::str("the filter does not end"));
    }
    BUDGET.set((steps - 1, until));
    Ok(())
}

/// `step` counts; `ms` and `epoch` turn numbers into times, `time` reads one and `seconds` turns it back; `fromjson` reads JSON of bounded depth.
pub(super) fn funs() -> impl Iterator<Item = Fun<Data>> {
    let counting = Native::new(|cv| bome(step().map(|()| cv.1))).with_paths(|cv| box_once(step().map(|()| cv.1).map_err(Exn::from)));
    let step: Fun<Data> = ("step", v(0), counting);
    let others = [
        run(("ms", v(0), |cv| bome(instant(&cv.1, 0.001)))),
        run(("epoch", v(0), |cv| bome(instant(&cv.1, 1.0)))),
        run(("time", v(0), |cv| bome(time(&cv.1)))),
        run(("seconds", v(0), |cv| bome(seconds(&cv.1)))),
        run(("fromjson", v(0), |cv| bome(from_json(&cv.1)))),
    ];
    others.into_iter().chain([step])
}

/// A number (or a text that is one) of `unit` seconds since the epoch, as RFC 3339. Zero and null are null: "never".
fn instant(value: &Val, unit: f64) -> Result<Val, Error<Val>> {
    let number = match value {
        Val::Null => return Ok(Val::Null),
        Val::Num(_) | Val::TStr(_) => value.to_string().trim_matches('"').parse::<f64>().ok(),
        _ => None,
    };
    match number {
        Some(number) if number <= 0.0 => Ok(Val::Null),
        Some(number) => match Timestamp::from_seconds(number * unit) {
            Some(at) => Ok(Val::from(at.to_string())),
            None => Err(Error::typ(value.clone(), "time")),
        },
        None => Err(Error::typ(value.clone(), "time")),
    }
}

/// RFC 3339 with our three decimals. Null, nothing, and the year 1 of Go's zero time are null: "never".
fn time(value: &Val) -> Result<Val, Error<Val>> {
    let text = match value {
        Val::Null => return Ok(Val::Null),
        Val::TStr(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        _ => return Err(Error::typ(value.clone(), "time")),
    };
    match Timestamp::parse(&text) {
        Some(at) => Ok(Val::from(at.to_string())),
        None if text.is_empty() || text.starts_with("0001-01-01") => Ok(Val::Null),
        None => Err(Error::typ(value.clone(), "time")),
    }
}

/// RFC 3339 to seconds since the epoch.
fn seconds(value: &Val) -> Result<Val, Error<Val>> {
    let at = match time(value)? {
        Val::TStr(bytes) => Timestamp::parse(&String::from_utf8_lossy(&bytes)),
        _ => None,
    };
    Ok(at.map_or(Val::Null, |at| Val::from(at.seconds())))
}

fn from_json(value: &Val) -> Result<Val, Error<Val>> {
    let Val::TStr(bytes) = value else { return Err(Error::typ(value.clone(), "string")) };
    serde_json::from_slice(bytes).map_err(Error::str)
}

/// A jq value as JSON; what JSON cannot hold (NaN, infinities) is null, bytes that are no UTF-8 are replaced.
pub fn to_json(value: &Val) -> Value {
    match value {
        Val::Null => Value::Null,
        Val::Bool(switch) => Value::Bool(*switch),
        Val::Num(Num::Int(number)) => Value::from(*number),
        Val::Num(Num::Float(number)) => Value::from(*number),
        Val::Num(number) => serde_json::from_str(&number.to_string()).unwrap_or(Value::Null),
        Val::TStr(bytes) | Val::BStr(bytes) => Value::String(String::from_utf8_lossy(bytes).into_owned()),
        Val::Arr(items) => Value::Array(items.iter().map(to_json).collect()),
        Val::Obj(pairs) => Value::Object(pairs.iter().map(|(key, value)| (key_text(key), to_json(value))).collect()),
    }
}

fn key_text(key: &Val) -> String {
    match key {
        Val::TStr(bytes) | Val::BStr(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        other => other.to_string(),
    }
}
