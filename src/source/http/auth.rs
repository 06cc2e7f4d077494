//! Credentials of requests: basic, bearer, header and query, keys and identities to sign with; fetched when first needed and once more
//! after a refusal. Not for: signing in by a login request (see `source::manifest::session`), signatures themselves (see `sign`).

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::HeaderValue;
use ring::signature::RsaKeyPair;
use tokio::sync::{Mutex, OnceCell};
use url::Url;

use crate::config::{AuthConfig, Secret, SecretRef, SourceConfig};
use crate::domain::{Failure, FailureKind};

use super::aws::{Chain, SharedChain, is_expired};
use super::client::Setup;
use super::failure::Redactor;
use super::place::Place;
use super::sign::{Signer, rsa_key};

/// A private key is read up to here.
const MAX_KEY_BYTES: u64 = 64 * 1024;

/// How requests are signed, and the secret that was fetched last.
pub(super) struct Credentials {
    scheme: Scheme,
    secret: Option<SecretRef>,
    fetched: Mutex<Option<Arc<Secret>>>,
    key: OnceCell<Arc<RsaKeyPair>>,
}

#[derive(Clone)]
enum Scheme {
    None,
    Basic(String),
    /// User and password stood in the address.
    Given(String, Secret),
    Bearer,
    Header(String),
    Query(String),
    /// AWS: identity, service.
    Sigv4 {
        chain: SharedChain,
        region: String,
        service: String,
    },
    /// Chef: user, key file and what was read of it.
    Chef {
        user: String,
        file: PathBuf,
    },
}

/// What is added to one request.
#[derive(Clone)]
pub(super) struct Signed {
    scheme: Scheme,
    secret: Option<Arc<Secret>>,
    signer: Option<Signer>,
}

impl Credentials {
    /// Checks that the table is complete; fetches nothing.
    pub fn new(source: &SourceConfig, place: &Place) -> Result<Self, Failure> {
        let Some(config) = source.auth.as_ref() else {
            let scheme = place.user_info().map_or(Scheme::None, |(user, password)| Scheme::Given(user, password));
            return Ok(Self { scheme, secret: None, fetched: Mutex::new(None), key: OnceCell::new() });
        };
        let missing = |what: &str| {
            Failure::new(FailureKind::Config, format!("sign in at {place}"), format!("scheme `{}` needs `{what}`", config.scheme))
                .hint("see `auth` in the source's table")
        };
        let (scheme, secret) = match config.scheme.as_str() {
            "none" => (Scheme::None, None),
            "basic" => (
                Scheme::Basic(config.user.clone().ok_or_else(|| missing("user"))?),
                Some(config.password.clone().ok_or_else(|| missing("password"))?),
            ),
            "bearer" => (Scheme::Bearer, Some(config.token.clone().ok_or_else(|| missing("token"))?)),
            "header" | "query" => {
                let name = config.name.clone().ok_or_else(|| missing("name"))?;
                let token = config.token.clone().ok_or_else(|| missing("token"))?;
                (if config.scheme == "query" { Scheme::Query(name) } else { Scheme::Header(name) }, Some(token))
            }
            "sigv4" => (aws(source, place, config)?, None),
            "chef" => {
                let user = config.user.clone().ok_or_else(|| missing("user"))?;
                (Scheme::Chef { user, file: config.key.clone().ok_or_else(|| missing("key"))? }, None)
            }
            other => {
                let what = if other.is_empty() { "`auth` has no `scheme`".to_owned() } else { format!("no such scheme: `{other}`") };
                return Err(Failure::new(FailureKind::Config, format!("sign in at {place}"), what)
                    .hint("one of none, basic, bearer, header, query, sigv4, chef, or what the connector defines"));
            }
        };
        Ok(Self { scheme, secret, fetched: Mutex::new(None), key: OnceCell::new() })
    }

    /// What is known to be secret before anything is fetched.
    pub fn secrets(&self) -> impl Iterator<Item = Secret> {
        match &self.scheme {
            Scheme::Given(user, password) => Some(basic(user, password)),
            _ => None,
        }
        .into_iter()
    }

    /// What to sign with now; fetches the secret if nobody has yet.
    pub async fn current(&self, redactor: &Redactor, doing: &str) -> Result<Signed, Failure> {
        let Some(reference) = &self.secret else {
            return Ok(Signed { scheme: self.scheme.clone(), secret: None, signer: self.signer(doing).await? });
        };
        let mut fetched = self.fetched.lock().await;
        let secret = if let Some(secret) = fetched.as_ref() {
            Arc::clone(secret)
        } else {
            let secret = self.fetch(reference, redactor, doing).await?;
            *fetched = Some(Arc::clone(&secret));
            secret
        };
        Ok(Signed { scheme: self.scheme.clone(), secret: Some(secret), signer: None })
    }

    /// After `refused` was refused: the secret fetched anew, or `None` if it is the same and there is no use in trying again.
    pub async fn renewed(&self, refused: &Signed, redactor: &Redactor, doing: &str) -> Result<Option<Signed>, Failure> {
        if let (Scheme::Sigv4 { chain, region, service }, Some(Signer::Aws { identity, .. })) = (&self.scheme, &refused.signer) {
            let fresh = chain.renewed(identity, doing).await?;
            let signer = fresh.map(|identity| Signer::Aws { identity, region: region.clone(), service: service.clone() });
            return Ok(signer.map(|signer| Signed { scheme: self.scheme.clone(), secret: None, signer: Some(signer) }));
        }
        let (Some(reference), Some(old)) = (&self.secret, &refused.secret) else { return Ok(None) };
        let mut fetched = self.fetched.lock().await;
        let newest = match fetched.as_ref() {
            Some(other) if other != old => Arc::clone(other),
            _ => self.fetch(reference, redactor, doing).await?,
        };
        *fetched = Some(Arc::clone(&newest));
        Ok((newest != *old).then(|| Signed { scheme: self.scheme.clone(), secret: Some(newest), signer: None }))
    }

    /// What signs whole requests, for schemes that do.
    async fn signer(&self, doing: &str) -> Result<Option<Signer>, Failure> {
        match &self.scheme {
            Scheme::Sigv4 { chain, region, service } => {
                let identity = chain.current(doing).await?;
                Ok(Some(Signer::Aws { identity, region: region.clone(), service: service.clone() }))
            }
            Scheme::Chef { user, file } => {
                let key = self.key.get_or_try_init(|| read_key(file.clone(), doing)).await?;
                Ok(Some(Signer::Chef { user: user.clone(), key: Arc::clone(key) }))
            }
            _ => Ok(None),
        }
    }

    async fn fetch(&self, reference: &SecretRef, redactor: &Redactor, doing: &str) -> Result<Arc<Secret>, Failure> {
        let (reference, redactor, scheme, doing) = (reference.clone(), redactor.clone(), self.scheme.clone(), doing.to_owned());
        let failed = doing.clone();
        // files on a dead network mount and programs block: not on the loop's threads
        let fetched = tokio::task::spawn_blocking(move || {
            let secret = reference.resolve().map_err(|e| {
                Failure::new(FailureKind::Auth, doing, format!("no secret to sign in with: {e}")).hint("see `auth` in the source's table")
            })?;
            redactor.hide(secret.clone());
            if let Scheme::Basic(user) = &scheme {
                redactor.hide(basic(user, &secret));
            }
            Ok(Arc::new(secret))
        });
        fetched.await.unwrap_or_else(|e| Err(Failure::new(FailureKind::Auth, failed, format!("fetching the secret broke: {e}"))))
    }
}

/// Region and service come from the source's parameters, identities from AWS's own chain.
fn aws(source: &SourceConfig, place: &Place, auth: &AuthConfig) -> Result<Scheme, Failure> {
    let parameter = |name: &str| source.with.get(name).and_then(serde_json::Value::as_str).filter(|value| !value.is_empty());
    let needed = |name: &str| {
        parameter(name).map(str::to_owned).ok_or_else(|| {
            Failure::new(FailureKind::Config, format!("sign in at {place}"), format!("scheme `{}` needs `with.{name}`", auth.scheme))
                .hint("see `with` in the source's table")
        })
    };
    let (region, service) = (needed("region")?, needed("service")?);
    let chain = Arc::new(Chain::new(Setup::anywhere(source, place)?, parameter("profile").map(str::to_owned), region.clone()));
    Ok(Scheme::Sigv4 { chain, region, service })
}

async fn read_key(file: PathBuf, doing: &str) -> Result<Arc<RsaKeyPair>, Failure> {
    let shown = file.display().to_string();
    let read = tokio::task::spawn_blocking(move || {
        let mut pem = String::new();
        File::open(file)?.take(MAX_KEY_BYTES).read_to_string(&mut pem)?;
        Ok::<_, std::io::Error>(pem)
    });
    let pem = read.await.map_err(|e| e.to_string()).and_then(|pem| pem.map_err(|e| e.to_string()));
    let key = pem.and_then(|pem| rsa_key(&pem));
    key.map(Arc::new).map_err(|reason| {
        Failure::new(FailureKind::Auth, doing, format!("cannot sign with {shown}: {reason}")).hint("see `auth.key` in the source's table")
    })
}

impl Signed {
    /// Signs the whole request, for schemes that do.
    pub fn sign(&self, request: &mut reqwest::Request, doing: &str) -> Result<(), Failure> {
        let Some(signer) = &self.signer else { return Ok(()) };
        signer
            .sign(request, SystemTime::now())
            .map_err(|reason| Failure::new(FailureKind::Config, doing, format!("the request cannot be signed: {reason}")))
    }

    /// The refusal may come from an identity that is no longer good.
    pub fn may_be_expired(&self, failure: &Failure) -> bool {
        matches!(self.signer, Some(Signer::Aws { .. })) && is_expired(failure)
    }

    /// The header to add.
    pub fn header(&self) -> Option<(String, HeaderValue)> {
        let (name, secret) = match (&self.scheme, self.secret.as_deref()) {
            (Scheme::Given(user, password), _) => ("authorization", Secret::new(format!("Basic {}", basic(user, password).expose()))),
            (Scheme::Basic(user), Some(secret)) => ("authorization", Secret::new(format!("Basic {}", basic(user, secret).expose()))),
            (Scheme::Bearer, Some(secret)) => ("authorization", Secret::new(format!("Bearer {}", secret.expose()))),
            (Scheme::Header(name), Some(secret)) => (name.as_str(), secret.clone()),
            _ => return None,
        };
        Some((name.to_owned(), sensitive(&secret)))
    }

    /// The query parameter to add.
    pub fn query(&self, url: &mut Url) {
        if let (Scheme::Query(name), Some(secret)) = (&self.scheme, &self.secret) {
            url.query_pairs_mut().append_pair(name, secret.expose());
        }
    }
}

/// Headers whose value is a secret, going by their name.
pub(super) fn names_a_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["auth", "token", "key", "secret", "cookie", "password"].iter().any(|word| name.contains(word))
}

/// A header's value that HTTP/2 does not index and nothing prints. What no header can hold becomes an empty value.
pub(super) fn sensitive(secret: &Secret) -> HeaderValue {
    let mut value = HeaderValue::from_str(secret.expose()).unwrap_or_else(|_| HeaderValue::from_static(""));
    value.set_sensitive(true);
    value
}

/// User and password as basic authentication sends them.
pub(super) fn basic(user: &str, password: &Secret) -> Secret {
    Secret::new(STANDARD.encode(format!("{user}:{}", password.expose())))
}
