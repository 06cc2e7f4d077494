//! The envelope of every Prometheus answer: data with warnings, or an error by its documented type.
//! Not for: sending (see `source::http`), what the data says (see `wire`).

use serde::Deserialize;

use crate::domain::{Failure, FailureKind, RowProblem};
use crate::source::http::Response;

use super::wire::Envelope;

/// Data and what is to be said beside it.
#[derive(Debug)]
pub struct Told<T> {
    /// What was asked for.
    pub data: T,
    /// Warnings (the answer is partial) and infos (remarks about the query) of the server: a badge, no loss of data.
    pub remarks: Vec<RowProblem>,
}

/// Every documented `errorType` (`web/api/v1/api.go`; the last three are Mimir's), what it is here, and what to do about it.
pub const ERROR_TYPES: &[(&str, FailureKind, &str)] = &[
    ("bad_data", FailureKind::Config, "correct the expression or parameter it names"),
    ("execution", FailureKind::Config, "try the expression on the server's own page; it cannot be evaluated as written"),
    ("timeout", FailureKind::Timeout, "narrow the query or its window, or record it by a rule"),
    ("canceled", FailureKind::Server, "the server gave the query up; is it shutting down or overloaded?"),
    ("internal", FailureKind::Server, "see the server's log"),
    ("unavailable", FailureKind::Server, "the server is not ready; while it replays its log this passes by itself"),
    ("not_found", FailureKind::NotFound, ""),
    ("not_acceptable", FailureKind::BadShape, "is there a proxy that changes the Accept header?"),
    ("too_many_requests", FailureKind::RateLimited, "poll less often (`every`), or raise the tenant's limit"),
    ("too_large_entry", FailureKind::TooLarge, "narrow the query or its window"),
    ("none", FailureKind::Server, ""),
];

/// Said by a server in agent mode about everything that needs its own storage.
const AGENT: &str = "unavailable with Prometheus Agent";

/// Takes an answer apart: data, or the failure that it tells.
pub fn read<'a, T: Deserialize<'a>>(response: &'a Response) -> Result<Told<T>, Failure> {
    let doing = response.doing.as_str();
    let text = std::str::from_utf8(&response.body).map_err(|error| response.bad_shape(&error.to_string()))?;
    let envelope: Envelope<'a> = serde_json::from_str(text).map_err(|error| response.bad_shape(&error.to_string()))?;
    if envelope.status != "success" {
        let kind = envelope.error_type.as_deref().unwrap_or_default();
        let error = envelope.error.as_deref().unwrap_or("an error without a text");
        return Err(refusal(response.status.as_u16(), kind, error, doing));
    }
    let raw = envelope.data.map_or("null", serde_json::value::RawValue::get);
    let data = serde_json::from_str(raw)
        .map_err(|error| Failure::new(FailureKind::BadShape, doing, format!("`data` is not what the API documents: {error}")))?;
    let remark = |path: &str, message: String| RowProblem { path: path.into(), message: message.into() };
    let warnings = envelope.warnings.into_iter().map(|message| remark("warnings", message));
    let remarks = warnings.chain(envelope.infos.into_iter().map(|message| remark("infos", message))).collect();
    Ok(Told { data, remarks })
}

/// A refusal without the API's envelope. A page that is not there is no fault of the whole source: `404 page not found` of Go's
/// router, or a 400 of `VictoriaMetrics` that names the path.
pub fn explain(mut failure: Failure) -> Failure {
    if failure.kind == FailureKind::NotFound || failure.detail.contains("unsupported path requested") {
        failure.kind = FailureKind::Unsupported;
        failure.hint =
            "some compatible servers leave this page out; if all of them are missing, the API lies under a path: add it to `url`, \
                        or set `with.prefix`"
                .into();
    }
    failure
}

/// A refusal in the API's own words.
fn refusal(status: u16, error_type: &str, error: &str, doing: &str) -> Failure {
    if error.contains(AGENT) {
        return Failure::new(FailureKind::Unsupported, doing, error).hint("an agent keeps no data; point `url` at the server it writes to");
    }
    let known = ERROR_TYPES.iter().find(|(word, ..)| *word == error_type);
    let (kind, hint) = known.map_or_else(|| by_status(error_type.parse().unwrap_or(status)), |(_, kind, hint)| (*kind, *hint));
    let word = if error_type.is_empty() { status.to_string() } else { error_type.to_owned() };
    Failure::new(kind, doing, format!("{word}: {error}")).hint(hint)
}

/// What an HTTP status says where no known `errorType` does.
fn by_status(status: u16) -> (FailureKind, &'static str) {
    match status {
        401 => (FailureKind::Auth, "check `auth` of the source"),
        403 => (FailureKind::Denied, "check `auth` and `with.tenant` of the source"),
        404 => (FailureKind::NotFound, ""),
        429 => (FailureKind::RateLimited, "poll less often (`every`), or raise the tenant's limit"),
        408 | 504 => (FailureKind::Timeout, "narrow the query or its window"),
        400..=499 => (FailureKind::Config, "correct the expression or parameter it names"),
        _ => (FailureKind::Server, "see the server's log"),
    }
}
