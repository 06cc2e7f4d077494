//! What went wrong on the wire, as a failure a person can act on and without any secret.
//! Not for: answers that were read but not understood (see `request::Response::bad_shape`).

use std::error::Error;
use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use serde_json::Value;

use crate::config::Secret;
use crate::domain::{Failure, FailureKind, text};

use super::Place;

/// What of an error body is read, in bytes.
const MAX_ERROR_BODY: usize = 16 * 1024;
/// What of it is shown, in characters.
const MAX_SHOWN: usize = 200;
/// Nobody means to be waited for longer than this; a date far ahead is a wrong clock.
const MAX_RETRY_AFTER_S: f64 = 3600.0;

/// Takes a source's secrets out of texts.
#[derive(Clone, Default)]
pub(super) struct Redactor(Arc<Mutex<Vec<Secret>>>);

impl Redactor {
    /// From now on `secret` is replaced, as it is and as addresses encode it.
    pub fn hide(&self, secret: Secret) {
        let encoded: String = url::form_urlencoded::byte_serialize(secret.expose().as_bytes()).collect();
        let mut hidden = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for secret in [Secret::new(encoded), secret] {
            if !hidden.contains(&secret) {
                // sessions are renewed for as long as we run: keep the newest, in which the old one cannot occur
                if hidden.len() >= 64 {
                    hidden.remove(0);
                }
                hidden.push(secret);
            }
        }
    }

    /// `text` without any of them.
    pub fn redact(&self, text: &str) -> String {
        let hidden = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        hidden.iter().fold(text.to_owned(), |text, secret| secret.redact(&text))
    }
}

/// The innermost reason of an error, which is the one that says something.
pub(super) fn root_cause(error: &(dyn Error + 'static)) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}

/// The request could not be sent, or no headers came back.
pub(super) fn transport(error: &reqwest::Error, redactor: &Redactor, place: &Place, doing: &str) -> Failure {
    let reason = redactor.redact(&root_cause(error));
    if error.is_builder() {
        return Failure::new(FailureKind::Config, doing, format!("the request cannot be built: {reason}"))
            .hint("see `headers` of the source");
    }
    if let Some(tls) = chain(error).find_map(tls_error) {
        return tls_failure(&tls, doing);
    }
    if error.is_timeout() {
        return Failure::new(FailureKind::Timeout, doing, "no connection within 5 s").hint("is a firewall in between?");
    }
    let failure = Failure::new(FailureKind::Unreachable, doing, reason);
    match (chain(error).find_map(io_kind), place.socket()) {
        (Some(io::ErrorKind::PermissionDenied), Some(_)) => {
            Failure { kind: FailureKind::Denied, ..failure }.hint("may you open the socket? (membership in its group)")
        }
        (_, Some(socket)) => failure.hint(format!("does its daemon run, and listen at {}?", socket.display())),
        (Some(io::ErrorKind::ConnectionRefused), None) => failure.hint("does it run, and listen on that host and port?"),
        _ => failure.hint("check `url` of the source, name resolution and proxy"),
    }
}

/// The connection ended in the midst of a body.
pub(super) fn cut(error: &reqwest::Error, redactor: &Redactor, doing: &str) -> Failure {
    Failure::new(FailureKind::Unreachable, doing, format!("the connection was cut: {}", redactor.redact(&root_cause(error))))
}

/// The status says no. Reads a little of the body to say why.
pub(super) async fn refused(response: reqwest::Response, spent: &AtomicU64, redactor: &Redactor, doing: &str) -> Failure {
    let (status, headers) = (response.status(), response.headers().clone());
    let body = beginning(response, spent).await;
    let kind = headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let said = shown(&redactor.redact(&first_words(kind, &body)));
    let detail = if said.is_empty() { status.to_string() } else { format!("{status}: {said}") };
    let (kind, hint) = named(&detail).unwrap_or_else(|| meaning(status));
    let mut failure = Failure::new(kind, doing, detail).hint(hint);
    if matches!(status.as_u16(), 429 | 503) {
        failure.retry_after_s = retry_after(&headers, SystemTime::now());
    }
    failure
}

/// A refusal that is JSON, and that nobody but the source understands better: neither of the sign-in nor a request to wait.
pub(super) fn explains(response: &reqwest::Response) -> bool {
    let headers = response.headers();
    let is_json = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(|kind| kind.starts_with("application/json"));
    let (status, waits) = (response.status(), headers.contains_key(RETRY_AFTER));
    is_json && !waits && (status.is_client_error() || status.is_server_error()) && !matches!(status.as_u16(), 401 | 407 | 429)
}

/// A page rather than data.
pub(super) fn looks_like_html(content_type: &str, body: &[u8]) -> bool {
    let start = body.iter().position(|b| !b.is_ascii_whitespace()).unwrap_or(0);
    content_type.starts_with("text/html")
        || body.get(start) == Some(&b'<') && {
            let head = String::from_utf8_lossy(&body[start..body.len().min(start + 32)]).to_ascii_lowercase();
            head.starts_with("<!doctype html") || head.starts_with("<html")
        }
}

/// What a body says first: the message of an error object, the title of a page, or the first line.
pub(super) fn first_words(content_type: &str, body: &[u8]) -> String {
    // some send it as if it were a page
    if let Some(said) = said_in_xml(&String::from_utf8_lossy(body)) {
        return said;
    }
    if looks_like_html(content_type, body) {
        return title(&String::from_utf8_lossy(body)).unwrap_or_else(|| "a page of HTML".to_owned());
    }
    if let Ok(value) = serde_json::from_slice::<Value>(body)
        && let Some(message) = message(&value)
    {
        // AWS names what went wrong beside the message, behind a namespace
        let code = value.get("__type").and_then(Value::as_str).map(|code| code.rsplit('#').next().unwrap_or(code));
        return code.map_or(message.clone(), |code| format!("{code}: {message}"));
    }
    let text = String::from_utf8_lossy(body);
    text::clean(&text).lines().map(str::trim).find(|line| !line.is_empty()).map(shown).unwrap_or_default()
}

/// Systems name it differently: `error` (Prometheus), `message` (Docker, MLflow, Alertmanager), `detail` (RFC 9457).
fn message(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Object(map) => ["message", "Message", "error", "detail", "msg", "title", "errors", "error_description"]
            .iter()
            .find_map(|key| message(map.get(*key)?)),
        Value::Array(items) => items.iter().find_map(message),
        _ => None,
    }
    .filter(|text| !text.trim().is_empty())
}

/// `<Error><Code>…</Code><Message>…</Message></Error>`, as the older services of AWS refuse.
fn said_in_xml(body: &str) -> Option<String> {
    let inside = |tag: &str| {
        let (_, rest) = body.split_once(&format!("<{tag}>"))?;
        Some(rest.split_once('<')?.0.trim().to_owned()).filter(|text| !text.is_empty())
    };
    let message = inside("Message")?;
    Some(inside("Code").map_or(message.clone(), |code| format!("{code}: {message}")))
}

fn title(page: &str) -> Option<String> {
    let lower = page.to_ascii_lowercase();
    let start = lower.find("<title")?;
    let start = start + lower[start..].find('>')? + 1;
    let end = start + lower[start..].find('<')?;
    let title = page[start..end].split_whitespace().collect::<Vec<_>>().join(" ");
    (!title.is_empty()).then_some(title)
}

fn shown(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    if line.chars().count() <= MAX_SHOWN { line.to_owned() } else { line.chars().take(MAX_SHOWN - 1).chain(['…']).collect() }
}

async fn beginning(mut response: reqwest::Response, spent: &AtomicU64) -> Vec<u8> {
    let mut body = Vec::new();
    let encoding = response.headers().get("content-encoding").and_then(|v| v.to_str().ok()).unwrap_or("identity").to_owned();
    while matches!(encoding.as_str(), "identity" | "gzip") && body.len() < MAX_ERROR_BODY {
        let Ok(Some(chunk)) = response.chunk().await else { break };
        spent.fetch_add(chunk.len() as u64, Ordering::Relaxed);
        body.extend_from_slice(&chunk[..chunk.len().min(MAX_ERROR_BODY - body.len())]);
    }
    if encoding == "gzip" { inflated(&body) } else { body }
}

/// What can be read of the beginning of a gzip body, for some compress even their refusals (`VictoriaMetrics` does).
fn inflated(compressed: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    // cut short or damaged: what came before is what there is to show
    let _ = flate2::read::MultiGzDecoder::new(compressed).take(MAX_ERROR_BODY as u64).read_to_end(&mut body);
    body
}

/// AWS answers 400 to many things, and names each (common errors of its APIs).
fn named(detail: &str) -> Option<(FailureKind, &'static str)> {
    let code = detail.split(": ").nth(1)?;
    match code {
        "ThrottlingException" | "Throttling" | "RequestLimitExceeded" | "TooManyRequestsException" => {
            Some((FailureKind::RateLimited, "asked too often: raise `every` of the source"))
        }
        "AccessDeniedException" | "AccessDenied" | "UnauthorizedOperation" => {
            Some((FailureKind::Denied, "signed in, but not allowed: ask for the right, or use another account"))
        }
        "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "SignatureDoesNotMatch"
        | "InvalidSignatureException"
        | "ExpiredTokenException"
        | "ExpiredToken"
        | "RequestExpired"
        | "MissingAuthenticationToken" => Some((FailureKind::Auth, "check the credentials, `with.region`, and the clock of this machine")),
        _ => None,
    }
}

fn meaning(status: StatusCode) -> (FailureKind, &'static str) {
    match status.as_u16() {
        401 => (FailureKind::Auth, "check `auth` of the source"),
        407 => (FailureKind::Auth, "the proxy wants to be signed in to: check `proxy`"),
        403 => (FailureKind::Denied, "signed in, but not allowed: ask for the right, or use another account"),
        404 | 410 => {
            (FailureKind::NotFound, "check `url` of the source: is a path missing before /api? Some systems hide what you may not see")
        }
        405 | 501 => (FailureKind::Unsupported, "is it the system and version that the connector is for?"),
        408 | 504 => (FailureKind::Timeout, "it, or a proxy before it, gave up waiting"),
        409 | 412 => (FailureKind::Conflict, "it has changed meanwhile, or something of that name is there: look at it again"),
        429 => (FailureKind::RateLimited, "asked too often: raise `every` of the source"),
        502 | 503 => (FailureKind::Server, "it is starting, overloaded, or its proxy does not reach it"),
        500..=599 => (FailureKind::Server, "see its own log"),
        _ => (FailureKind::Config, "it does not accept the request: check `with` and the connector"),
    }
}

/// Seconds to wait: `Retry-After` as seconds or date, else the rate-limit headers (epoch seconds, or seconds left where the number
/// is too small to be an epoch).
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<f64> {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).map(str::trim);
    let epoch = now.duration_since(SystemTime::UNIX_EPOCH).map_or(0.0, |d| d.as_secs_f64());
    let asked = text(RETRY_AFTER.as_str()).and_then(|value| {
        value.parse::<f64>().ok().or_else(|| {
            let date = httpdate::parse_http_date(value).ok()?;
            Some(date.duration_since(now).map_or(0.0, |d| d.as_secs_f64()))
        })
    });
    let reset = || {
        ["x-ratelimit-reset", "ratelimit-reset", "x-rate-limit-reset"].iter().find_map(|name| {
            let value = text(name)?.parse::<f64>().ok()?;
            Some(if value > 1e9 { value - epoch } else { value })
        })
    };
    asked.or_else(reset).filter(|s| s.is_finite()).map(|s| s.clamp(0.0, MAX_RETRY_AFTER_S))
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| inner(*error))
}

/// What an error wraps; io errors do not tell by `source()`.
fn inner<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(wrapped) => Some(wrapped as &(dyn Error + 'static)),
        None => error.source(),
    }
}

fn tls_error(error: &(dyn Error + 'static)) -> Option<rustls::Error> {
    error.downcast_ref::<rustls::Error>().cloned()
}

fn io_kind(error: &(dyn Error + 'static)) -> Option<io::ErrorKind> {
    error.downcast_ref::<io::Error>().map(io::Error::kind)
}

fn tls_failure(error: &rustls::Error, doing: &str) -> Failure {
    let hint = match error {
        rustls::Error::InvalidCertificate(_) => "trust its authority with `tls.ca`, or ask for a certificate that names this host",
        rustls::Error::InvalidMessage(_) => "is it plain http? Write `url` with http://",
        rustls::Error::AlertReceived(_) => "it may want a certificate of yours: `tls.cert` and `tls.key`",
        _ => "check `tls` of the source",
    };
    Failure::new(FailureKind::Tls, doing, error.to_string()).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_first_words_of_an_error_are_found_in_every_shape() {
        for (kind, body, words) in [
            ("application/json", r#"{"status":"error","errorType":"bad_data","error":"parse error"}"#, "parse error"),
            ("application/json", r#"{"code":601,"message":"must be of type uuid"}"#, "must be of type uuid"),
            ("application/json", r#""bad matcher format""#, "bad matcher format"),
            ("application/json", r#"{"detail":[{"type":"missing","loc":["body"],"msg":"Field required"}]}"#, "Field required"),
            ("application/json", r#"{"error":{"code":3,"message":"deep"}}"#, "deep"),
            (
                "application/x-amz-json-1.1",
                r#"{"__type":"com.amazonaws#ClusterNotFoundException","Message":"Cluster not found."}"#,
                "ClusterNotFoundException: Cluster not found.",
            ),
            (
                "text/html; charset=utf-8",
                "<?xml version=\"1.0\"?>\n<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>",
                "Throttling: Rate exceeded",
            ),
            ("text/html", "<html><head><title> Sign \n in </title>", "Sign in"),
            ("", "\n <!DOCTYPE html><body>x", "a page of HTML"),
            ("text/plain", "\n  upstream gone\nmore", "upstream gone"),
            ("text/plain", "\u{1b}[31mred", "red"),
            ("", "", ""),
        ] {
            assert_eq!(first_words(kind, body.as_bytes()), words, "{body}");
        }
        assert_eq!(shown(&"x".repeat(500)).chars().count(), MAX_SHOWN);
    }

    #[test]
    fn what_aws_names_is_understood_whatever_its_status() {
        for (detail, kind) in [
            ("400 Bad Request: ThrottlingException: Rate exceeded", Some(FailureKind::RateLimited)),
            ("400 Bad Request: AccessDeniedException: no", Some(FailureKind::Denied)),
            ("403 Forbidden: SignatureDoesNotMatch: no", Some(FailureKind::Auth)),
            ("400 Bad Request: ClusterNotFoundException: no", None),
            ("404 Not Found", None),
        ] {
            assert_eq!(named(detail).map(|(kind, _)| kind), kind, "{detail}");
        }
    }

    #[test]
    fn the_wait_that_a_system_asks_for_is_understood_in_every_spelling() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        for (name, value, seconds) in [
            ("retry-after", "7", Some(7.0)),
            ("retry-after", "Fri, 15 Jan 2027 08:01:00 GMT", Some(60.0)),
            ("retry-after", "Fri, 15 Jan 2027 07:00:00 GMT", Some(0.0)),
            ("retry-after", "soon", None),
            ("retry-after", "-5", Some(0.0)),
            ("retry-after", "99999999", Some(3600.0)),
            ("x-ratelimit-reset", "1800000030", Some(30.0)),
            ("ratelimit-reset", "12", Some(12.0)),
            ("x-other", "12", None),
        ] {
            let headers = HeaderMap::from_iter([(name.parse().unwrap(), value.parse().unwrap())]);
            assert_eq!(retry_after(&headers, now), seconds, "{name}: {value}");
        }
    }

    #[test]
    fn a_compressed_refusal_is_read_as_far_as_it_came() {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
        std::io::Write::write_all(&mut gzip, "unsupported path requested\n".repeat(2000).as_bytes()).unwrap();
        let whole = gzip.finish().unwrap();
        for body in [&whole[..], &whole[..200]] {
            assert_eq!(first_words("text/plain", &inflated(body)), "unsupported path requested");
            assert!(inflated(body).len() <= MAX_ERROR_BODY);
        }
        assert_eq!(inflated(b"no gzip"), b"");
    }

    #[test]
    fn a_secret_is_taken_out_as_it_is_and_as_addresses_encode_it() {
        let redactor = Redactor::default();
        redactor.hide(Secret::new("p@ss word"));
        assert_eq!(redactor.redact("a p@ss word b p%40ss+word c"), "a *** b *** c");
    }
}
