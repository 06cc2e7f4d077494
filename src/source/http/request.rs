//! What is asked and what came back.
//! Not for: sending (see `source::http`).

use std::fmt;

use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use serde::de::DeserializeOwned;

use crate::config::Secret;
use crate::domain::{Failure, FailureKind};

use super::failure;

/// A request relative to the source's address.
#[derive(Clone, Default)]
pub struct Request {
    /// `GET` by default.
    pub method: Method,
    /// `/api/v2/alerts`, percent-encoded where needed, behind the path of the source's address; or a whole address on the same host
    /// (as systems give it for a next page), taken as it is.
    pub path: String,
    /// Query parameters, not yet encoded.
    pub query: Vec<(String, String)>,
    /// Headers beside those of the source.
    pub headers: Vec<(String, String)>,
    /// Headers that hold a secret.
    pub secret_headers: Vec<(String, Secret)>,
    /// Content type and body.
    pub body: Option<(&'static str, Vec<u8>)>,
    /// `Accept`; `application/json` if absent.
    pub accept: Option<String>,
    /// A refusal in JSON (other than of the sign-in or for asking too often) comes back as an answer, for its words to be read.
    pub explained: bool,
    /// A redirect to another host is followed, without headers or credentials: systems keep logs in stores of objects, whose addresses
    /// carry their own signature.
    pub elsewhere: bool,
    /// Send the validators (`ETag`, `Last-Modified`) of the last answer to the same request.
    pub conditional: bool,
}

impl Request {
    /// `GET path`.
    pub fn get(path: impl Into<String>) -> Self {
        Self { path: path.into(), ..Self::default() }
    }

    /// `POST path` with a JSON body.
    pub fn post(path: impl Into<String>, json: &serde_json::Value) -> Self {
        let body = Some(("application/json", json.to_string().into_bytes()));
        Self { method: Method::POST, path: path.into(), body, ..Self::default() }
    }

    /// The same with one more query parameter.
    #[must_use]
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// Tells requests apart that may have different answers.
    pub(super) fn key(&self) -> String {
        format!("{} {} {:?} {:?}", self.method, self.path, self.query, self.accept)
    }
}

/// Shows neither headers nor body: both may hold secrets.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path.split('?').next().unwrap_or_default())
    }
}

/// A whole answer.
#[derive(Clone)]
pub struct Response {
    /// 2xx, 304, or a refusal where the request wants it explained.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// The decompressed body, at most as large as the source allows.
    pub body: Vec<u8>,
    /// The answer is what it was; `body` is empty.
    pub not_modified: bool,
    /// What was being done to whom, for failures.
    pub doing: String,
}

impl Response {
    /// The body as JSON of that shape. HTML in place of JSON, which is how login pages and proxies answer, is told as such.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_slice(&self.body).map_err(|e| self.bad_shape(&e.to_string()))
    }

    /// The failure of a body that is not what was expected.
    pub fn bad_shape(&self, expected: &str) -> Failure {
        let kind = self.headers.get("content-type").and_then(|v| v.to_str().ok()).unwrap_or_default();
        if failure::looks_like_html(kind, &self.body) {
            let title = failure::first_words(kind, &self.body);
            return Failure::new(FailureKind::BadShape, self.doing.as_str(), format!("answered with a page of HTML: {title}"))
                .hint("a login page or a proxy? check `url` and `auth` of the source");
        }
        if self.body.is_empty() {
            return Failure::new(FailureKind::BadShape, self.doing.as_str(), "the answer is empty").hint("check `url` of the source");
        }
        Failure::new(FailureKind::BadShape, self.doing.as_str(), format!("cannot read the answer: {expected}"))
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Response({}, {} bytes)", self.status, self.body.len())
    }
}
