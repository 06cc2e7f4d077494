//! One HTTP client per source: base address, credentials, trust, limits and cost, so that a source only says what it wants to read.
//! Not for: what the answers mean (each source), when to ask (see `runtime::poll`).
//!
//! Every call ends within the source's timeout, reads at most its largest body (counted after decompression), follows at most
//! five redirects on the same host and none to another (but for what needs no credentials and says so), and never puts a secret into a failure.

mod auth;
mod aws;
mod body;
mod client;
mod failure;
mod place;
mod request;
mod sign;
mod stream;
mod validators;

pub use place::Place;
pub use request::{Request, Response};
pub use reqwest::header::HeaderMap;
pub use reqwest::{Method, Upgraded};
pub use stream::{ByteStream, StreamLimits};

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::StatusCode;
use tokio::sync::OnceCell;

use crate::config::{Secret, SourceConfig, Span};
use crate::domain::{Cost, Failure, FailureKind};

use auth::Credentials;
use failure::Redactor;
use validators::Validators;

/// Longest wait for one answer where the source says nothing.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
/// Largest body read where the source says nothing, in bytes.
pub const DEFAULT_MAX_BODY_BYTES: u64 = 16 * 1024 * 1024;
const MAX_REDIRECTS: usize = 5;

/// A source's way to its system. Clones share connections, credentials, validators and cost.
#[derive(Clone)]
pub struct Http(Arc<Inner>);

struct Inner {
    place: Place,
    setup: client::Setup,
    client: OnceCell<reqwest::Client>,
    credentials: Credentials,
    headers: Vec<(String, String)>,
    timeout: Duration,
    max_body_bytes: u64,
    validators: Validators,
    redactor: Redactor,
    requests: AtomicU64,
    bytes: Arc<AtomicU64>,
}

impl Http {
    /// A client for the source's own address, or `default_url` where it has none. Reads no file and opens no connection; that
    /// happens with the first request. Fails on an address, scheme of signing in, or header that cannot be.
    pub fn new(config: &SourceConfig, default_url: &str) -> Result<Self, Failure> {
        let address = config.url.as_deref().unwrap_or(default_url);
        let place = Place::parse(address)?;
        let redactor = Redactor::default();
        let credentials = Credentials::new(config, &place)?;
        for secret in place.secrets().chain(credentials.secrets()) {
            redactor.hide(secret);
        }
        for (name, value) in &config.headers {
            if auth::names_a_secret(name) {
                redactor.hide(Secret::new(value.clone()));
            }
        }
        let setup = client::Setup::new(config, &place)?;
        for secret in setup.secrets() {
            redactor.hide(secret);
        }
        Ok(Self(Arc::new(Inner {
            setup,
            client: OnceCell::new(),
            credentials,
            headers: config.headers.clone().into_iter().collect(),
            timeout: config.timeout.map_or(DEFAULT_TIMEOUT, Span::duration),
            max_body_bytes: config.max_body_bytes.unwrap_or(DEFAULT_MAX_BODY_BYTES),
            validators: Validators::default(),
            redactor,
            requests: AtomicU64::new(0),
            bytes: Arc::default(),
            place,
        })))
    }

    /// Sends a request and reads the whole answer. An answer of 400 or more is a failure, unless the request wants it
    /// explained; 304 is `not_modified`.
    pub async fn send(&self, request: Request) -> Result<Response, Failure> {
        let doing = self.doing(&request);
        match tokio::time::timeout(self.0.timeout, self.answer(&request, &doing)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(self.too_slow(&doing)),
        }
    }

    /// Sends a request and hands on the body as it arrives. The timeout of the source holds until the headers are there; the limits
    /// hold for the body.
    pub async fn stream(&self, request: Request, limits: StreamLimits) -> Result<ByteStream, Failure> {
        let doing = self.doing(&request);
        let response = match tokio::time::timeout(self.0.timeout, self.open(&request, &doing, "identity")).await {
            Ok(outcome) => outcome?,
            Err(_) => return Err(self.too_slow(&doing)),
        };
        Ok(stream::open(response, limits, Arc::clone(&self.0.bytes), self.0.redactor.clone(), doing))
    }

    /// Sends a request after which both ends talk bytes: it asks for the upgrade, the answer must be `101`. The timeout of the source
    /// holds until then.
    pub async fn upgrade(&self, request: Request) -> Result<Upgraded, Failure> {
        let doing = self.doing(&request);
        let work = async {
            let response = self.open(&request, &doing, "identity").await?;
            if response.status() != StatusCode::SWITCHING_PROTOCOLS {
                let what = format!("answered {} in place of 101", response.status());
                return Err(Failure::new(FailureKind::BadShape, doing.as_str(), what).hint("is there a proxy that takes no upgrades?"));
            }
            response.upgrade().await.map_err(|e| failure::transport(&e, &self.0.redactor, &self.0.place, &doing))
        };
        tokio::time::timeout(self.0.timeout, work).await.unwrap_or_else(|_| Err(self.too_slow(&doing)))
    }

    /// Requests and body bytes until now.
    pub fn spent(&self) -> Cost {
        Cost { requests: self.0.requests.load(Ordering::Relaxed), bytes: self.0.bytes.load(Ordering::Relaxed) }
    }

    /// Where it goes, without credentials.
    pub fn place(&self) -> &Place {
        &self.0.place
    }

    /// Never to be shown in a failure of this source: a session's token, for one.
    pub fn hide(&self, secret: Secret) {
        self.0.redactor.hide(secret);
    }

    /// `text` without any secret of this source.
    pub fn redact(&self, text: &str) -> String {
        self.0.redactor.redact(text)
    }

    /// The next conditional request like this one asks anew: what its answer brought could not be used.
    pub fn forget(&self, request: &Request) {
        self.0.validators.forget(&request.key());
    }

    /// A request as a person is shown it before it is sent: method, whole address, body; without any secret.
    pub fn shown(&self, request: &Request) -> Result<String, Failure> {
        let url = self.0.place.join(request, &self.doing(request))?;
        let body = request.body.as_ref().map(|(_, body)| format!(" {}", String::from_utf8_lossy(body))).unwrap_or_default();
        let origin = self.0.place.to_string();
        // a socket's requests have a host of their own that says nothing
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let address = if origin.starts_with("unix:") { format!("{origin} {}{query}", url.path()) } else { url.to_string() };
        Ok(self.0.redactor.redact(&format!("{} {address}{body}", request.method)))
    }

    fn doing(&self, request: &Request) -> String {
        let path = if request.path.contains("://") { "(next page)" } else { request.path.as_str() };
        format!("{} {}", request.method, self.0.redactor.redact(&self.0.place.shown(path)))
    }

    fn too_slow(&self, doing: &str) -> Failure {
        Failure::new(FailureKind::Timeout, doing, format!("no complete answer within {} s", self.0.timeout.as_secs_f64()))
            .hint("is it overloaded? `timeout` of the source may be raised")
    }

    async fn answer(&self, request: &Request, doing: &str) -> Result<Response, Failure> {
        let response = self.open(request, doing, "gzip").await?;
        let (status, headers) = (response.status(), response.headers().clone());
        if status == StatusCode::NOT_MODIFIED {
            return Ok(Response { status, headers, body: Vec::new(), not_modified: true, doing: doing.to_owned() });
        }
        let body = body::read(response, self.0.max_body_bytes, &self.0.bytes, &self.0.redactor, doing).await?;
        if request.conditional {
            self.0.validators.keep(request.key(), &headers);
        }
        Ok(Response { status, headers, body, not_modified: false, doing: doing.to_owned() })
    }

    /// Until the headers of an answer that is neither a redirect nor a refusal; a refused secret is fetched anew once.
    async fn open(&self, request: &Request, doing: &str, encoding: &str) -> Result<reqwest::Response, Failure> {
        let signed = self.0.credentials.current(&self.0.redactor, doing).await?;
        let first = self.follow(request, &signed, doing, encoding).await?;
        let is_refused = first.status() == StatusCode::UNAUTHORIZED;
        let outcome = self.accepted(request, first, doing).await;
        let worth_renewing = match &outcome {
            Err(failure) => is_refused || signed.may_be_expired(failure),
            Ok(_) => false,
        };
        if !worth_renewing {
            return outcome;
        }
        match self.0.credentials.renewed(&signed, &self.0.redactor, doing).await? {
            Some(fresh) => {
                let second = self.follow(request, &fresh, doing, encoding).await?;
                self.accepted(request, second, doing).await
            }
            None => outcome,
        }
    }

    async fn accepted(&self, request: &Request, response: reqwest::Response, doing: &str) -> Result<reqwest::Response, Failure> {
        let status = response.status();
        if status.as_u16() < 400 && !status.is_redirection() || status == StatusCode::NOT_MODIFIED {
            return Ok(response);
        }
        if request.explained && failure::explains(&response) {
            return Ok(response);
        }
        Err(failure::refused(response, &self.0.bytes, &self.0.redactor, doing).await)
    }

    async fn follow(&self, request: &Request, signed: &auth::Signed, doing: &str, encoding: &str) -> Result<reqwest::Response, Failure> {
        let client = self.0.client.get_or_try_init(|| self.0.setup.client(doing)).await?;
        let mut url = self.0.place.join(request, doing)?;
        let mut method = request.method.clone();
        for _ in 0..=MAX_REDIRECTS {
            let failed = |e: reqwest::Error| failure::transport(&e, &self.0.redactor, &self.0.place, doing);
            let mut built = self.build(client, &method, &url, request, signed, encoding).build().map_err(failed)?;
            signed.sign(&mut built, doing)?;
            self.0.requests.fetch_add(1, Ordering::Relaxed);
            let response = client.execute(built).await.map_err(failed)?;
            if request.elsewhere
                && let Some(other) = self.0.place.elsewhere(&url, response.status(), response.headers())
            {
                let accept = request.accept.as_deref().unwrap_or("*/*");
                let built = client.get(other).header("accept-encoding", encoding).header("accept", accept);
                self.0.requests.fetch_add(1, Ordering::Relaxed);
                return built.send().await.map_err(|e| failed(e.without_url()));
            }
            match self.0.place.redirect(&url, response.status(), response.headers(), &method, doing)? {
                None => return Ok(response),
                Some(next) => {
                    url = next.url;
                    method = next.method;
                }
            }
        }
        Err(Failure::new(FailureKind::BadShape, doing, format!("redirected more than {MAX_REDIRECTS} times"))
            .hint("is `url` the address the system is served under?"))
    }

    fn build(
        &self,
        client: &reqwest::Client,
        method: &Method,
        url: &url::Url,
        request: &Request,
        signed: &auth::Signed,
        encoding: &str,
    ) -> reqwest::RequestBuilder {
        let mut url = url.clone();
        signed.query(&mut url);
        let mut built = client.request(method.clone(), url).header("accept-encoding", encoding);
        built = built.header("accept", request.accept.as_deref().unwrap_or("application/json"));
        for (name, value) in &self.0.headers {
            built = built.header(name, value);
        }
        for (name, value) in &request.headers {
            built = built.header(name, value);
        }
        for (name, secret) in &request.secret_headers {
            built = built.header(name, auth::sensitive(secret));
        }
        if let Some((name, value)) = signed.header() {
            built = built.header(name, value);
        }
        if request.conditional {
            built = built.headers(self.0.validators.headers(&request.key()));
        }
        match &request.body {
            Some((kind, body)) if method == request.method => {
                // systems that read JSON under a name of their own are told it by the connector
                let is_named = request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
                let built = if is_named { built } else { built.header("content-type", *kind) };
                built.body(body.clone())
            }
            _ => built,
        }
    }
}

impl std::fmt::Debug for Http {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Http({})", self.0.place)
    }
}
