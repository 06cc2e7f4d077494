//! A panic in a source's code becomes a failure of that source instead of the end of the program.
//! Not for: panics of our own loop (see `runtime::terminal`). Only builds that unwind can do this; a release build aborts,
//! so a source must not panic.

use std::any::Any;
use std::cell::Cell;
use std::panic::AssertUnwindSafe;
use std::pin::pin;

use futures_util::FutureExt;

use crate::domain::{Failure, FailureKind};

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is inside [`guarded`] in a build where a panic there is caught; asked by the panic hook, which must
/// leave the terminal alone then.
pub fn is_guarded() -> bool {
    cfg!(panic = "unwind") && GUARDED.get()
}

/// Runs a source's future; a panic in it comes back as a failure of what was being done.
pub async fn guarded<T>(doing: &str, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let mut work = pin!(AssertUnwindSafe(work).catch_unwind());
    let outcome = std::future::poll_fn(|context| {
        let before = GUARDED.replace(true);
        let polled = work.as_mut().poll(context);
        GUARDED.set(before);
        polled
    })
    .await;
    outcome.unwrap_or_else(|panic| Err(failure(doing, panic.as_ref())))
}

/// Calls a source's function that is no future; a panic in it yields `None`.
pub fn guarded_call<T>(call: impl FnOnce() -> T) -> Option<T> {
    let before = GUARDED.replace(true);
    let outcome = std::panic::catch_unwind(AssertUnwindSafe(call));
    GUARDED.set(before);
    outcome.ok()
}

fn failure(doing: &str, panic: &(dyn Any + Send)) -> Failure {
    let said = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let detail = format!("the source's own code failed: {}", said.unwrap_or("no message"));
    Failure::new(FailureKind::BadShape, doing, detail).hint("this is a bug of triops; please report it with the log file")
}
