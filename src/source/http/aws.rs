//! Where AWS credentials come from: the official chain (environment, profiles, SSO, web identity, container, instance), which speaks
//! through the house's own HTTP client. Not for: signing with them (see `sign`).

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_config::Region;
use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::Credentials as AwsCredentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use tokio::sync::{Mutex, OnceCell};

use crate::domain::{Failure, FailureKind};

use super::client::Setup;

/// Renewed so long before they expire: requests under way still count.
const EARLY: Duration = Duration::from_secs(300);
/// Largest answer of a credentials service; theirs have a few KiB.
const MAX_ANSWER: usize = 256 * 1024;
/// Longest wait for one of them: the one of an instance is not there elsewhere.
const PATIENCE: Duration = Duration::from_secs(5);

/// The credentials of one source.
pub(super) struct Chain {
    setup: Setup,
    profile: Option<String>,
    region: String,
    chain: OnceCell<DefaultCredentialsChain>,
    held: Mutex<Option<AwsCredentials>>,
}

impl Chain {
    /// Reaches nothing yet. `profile` as in the files of AWS; theirs if absent.
    pub fn new(setup: Setup, profile: Option<String>, region: String) -> Self {
        Self { setup, profile, region, chain: OnceCell::new(), held: Mutex::new(None) }
    }

    /// Credentials that are good for a while; fetched anew when they are about to expire.
    pub async fn current(&self, doing: &str) -> Result<AwsCredentials, Failure> {
        let mut held = self.held.lock().await;
        let good = |held: &AwsCredentials| held.expiry().is_none_or(|at| at > SystemTime::now() + EARLY);
        if let Some(held) = held.as_ref().filter(|held| good(held)) {
            return Ok(held.clone());
        }
        let fresh = self.fetch(doing).await?;
        *held = Some(fresh.clone());
        Ok(fresh)
    }

    /// After `refused` was refused: others, or `None` if there are none.
    pub async fn renewed(&self, refused: &AwsCredentials, doing: &str) -> Result<Option<AwsCredentials>, Failure> {
        let mut held = self.held.lock().await;
        let same = |one: &AwsCredentials| {
            (one.access_key_id(), one.secret_access_key(), one.session_token())
                == (refused.access_key_id(), refused.secret_access_key(), refused.session_token())
        };
        let newest = match held.as_ref().filter(|held| !same(held)) {
            Some(held) => held.clone(),
            None => self.fetch(doing).await?,
        };
        *held = Some(newest.clone());
        Ok((!same(&newest)).then_some(newest))
    }

    async fn fetch(&self, doing: &str) -> Result<AwsCredentials, Failure> {
        let chain = self.chain.get_or_try_init(|| self.chain(doing)).await?;
        chain.provide_credentials().await.map_err(|error| {
            let mut reason = error.to_string();
            let mut inner: Option<&dyn std::error::Error> = std::error::Error::source(&error);
            while let Some(error) = inner {
                reason = error.to_string();
                inner = error.source();
            }
            Failure::new(FailureKind::Auth, doing, format!("no AWS credentials: {reason}"))
                .hint("set AWS_PROFILE or `with.profile`, sign in with `aws sso login`, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
        })
    }

    async fn chain(&self, doing: &str) -> Result<DefaultCredentialsChain, Failure> {
        let client = self.setup.client(doing).await?;
        let house = http_client_fn(move |_, _| SharedHttpConnector::new(House(client.clone())));
        let region = Region::new(self.region.clone());
        let config = ProviderConfig::default().with_http_client(house).with_region(Some(region.clone()));
        let mut builder = DefaultCredentialsChain::builder().configure(config).region(region);
        if let Some(profile) = &self.profile {
            builder = builder.profile_name(profile);
        }
        Ok(builder.build().await)
    }
}

/// The house's client as AWS's libraries want it.
#[derive(Debug, Clone)]
struct House(reqwest::Client);

impl HttpConnector for House {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.0.clone();
        HttpConnectorFuture::new(async move { send(&client, &request).await })
    }
}

async fn send(client: &reqwest::Client, request: &HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let method = request.method().parse::<reqwest::Method>().map_err(|e| ConnectorError::user(e.into()))?;
    let mut built = client.request(method, request.uri()).timeout(PATIENCE);
    for (name, value) in request.headers() {
        built = built.header(name, value);
    }
    if let Some(body) = request.body().bytes() {
        built = built.body(body.to_vec());
    }
    let failed = |error: reqwest::Error| {
        let error = error.without_url();
        if error.is_timeout() { ConnectorError::timeout(error.into()) } else { ConnectorError::io(error.into()) }
    };
    let mut response = built.send().await.map_err(failed)?;
    let status = response.status().as_u16();
    let headers = response.headers().clone();
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(failed)? {
        if body.len() + piece.len() > MAX_ANSWER {
            return Err(ConnectorError::other(format!("the answer is larger than {MAX_ANSWER} bytes").into(), None));
        }
        body.extend_from_slice(&piece);
    }
    let status = status.try_into().map_err(|_| ConnectorError::other("no status of HTTP".into(), None))?;
    let mut answer = HttpResponse::new(status, body.into());
    for (name, value) in &headers {
        if let Ok(value) = value.to_str() {
            answer.headers_mut().append(name.as_str().to_owned(), value.to_owned());
        }
    }
    Ok(answer)
}

/// What a refusal says of credentials that were good before.
pub(super) fn is_expired(failure: &Failure) -> bool {
    ["ExpiredToken", "RequestExpired", "security token included in the request is expired", "InvalidClientTokenId", "UnrecognizedClient"]
        .iter()
        .any(|word| failure.detail.contains(word))
}

/// A shared handle.
pub(super) type SharedChain = Arc<Chain>;
