//! Signing requests: basic, bearer, header and query credentials, fetched when first needed and once more after a refusal.
//! Not for: signing in by a login request (see `source::manifest::session`).

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::HeaderValue;
use tokio::sync::Mutex;
use url::Url;

use crate::config::{AuthConfig, Secret, SecretRef};
use crate::domain::{Failure, FailureKind};

use super::failure::Redactor;

/// How requests are signed, and the secret that was fetched last.
pub(super) struct Credentials {
    scheme: Scheme,
    secret: Option<SecretRef>,
    fetched: Mutex<Option<Arc<Secret>>>,
}

#[derive(Debug, Clone)]
enum Scheme {
    None,
    Basic(String),
    /// User and password stood in the address.
    Given(String, Secret),
    Bearer,
    Header(String),
    Query(String),
}

/// What is added to one request.
#[derive(Clone)]
pub(super) struct Signed {
    scheme: Scheme,
    secret: Option<Arc<Secret>>,
}

impl Credentials {
    /// Checks that the table is complete; fetches nothing.
    pub fn new(config: Option<&AuthConfig>, user_info: Option<(String, Secret)>, place: &str) -> Result<Self, Failure> {
        let Some(config) = config else {
            let scheme = user_info.map_or(Scheme::None, |(user, password)| Scheme::Given(user, password));
            return Ok(Self { scheme, secret: None, fetched: Mutex::new(None) });
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
            other => {
                let what = if other.is_empty() { "`auth` has no `scheme`".to_owned() } else { format!("no such scheme: `{other}`") };
                return Err(Failure::new(FailureKind::Config, format!("sign in at {place}"), what)
                    .hint("one of none, basic, bearer, header, query, or what the connector defines"));
            }
        };
        Ok(Self { scheme, secret, fetched: Mutex::new(None) })
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
            return Ok(Signed { scheme: self.scheme.clone(), secret: None });
        };
        let mut fetched = self.fetched.lock().await;
        let secret = if let Some(secret) = fetched.as_ref() {
            Arc::clone(secret)
        } else {
            let secret = self.fetch(reference, redactor, doing).await?;
            *fetched = Some(Arc::clone(&secret));
            secret
        };
        Ok(Signed { scheme: self.scheme.clone(), secret: Some(secret) })
    }

    /// After `refused` was refused: the secret fetched anew, or `None` if it is the same and there is no use in trying again.
    pub async fn renewed(&self, refused: &Signed, redactor: &Redactor, doing: &str) -> Result<Option<Signed>, Failure> {
        let (Some(reference), Some(old)) = (&self.secret, &refused.secret) else { return Ok(None) };
        let mut fetched = self.fetched.lock().await;
        let newest = match fetched.as_ref() {
            Some(other) if other != old => Arc::clone(other),
            _ => self.fetch(reference, redactor, doing).await?,
        };
        *fetched = Some(Arc::clone(&newest));
        Ok((newest != *old).then(|| Signed { scheme: self.scheme.clone(), secret: Some(newest) }))
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

impl Signed {
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
