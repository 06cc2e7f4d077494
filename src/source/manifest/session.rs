//! Signing in by a request whose answer holds a token (`[auth.name]` of a connector): once, and again when the token is refused.
//! Not for: credentials that every request carries (see `source::http::auth`).

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::decode::decode;
use super::jq::{Filter, Variables, to_json};
use super::pages::Turn;
use super::plan::Plan;
use crate::config::connector::{Encoding, Login, Template};
use crate::config::{AuthConfig, Secret};
use crate::domain::{Failure, FailureKind};
use crate::source::http::{Http, Request, Response};

/// A token this young is not the reason of a refusal: the right is missing, and signing in anew at every poll would not help.
const YOUNG: Duration = Duration::from_secs(30);

/// A way of signing in, and the token it gave last.
pub struct Session {
    plan: Plan,
    take: Filter,
    header: Template,
    renew_on: Vec<u16>,
    config: AuthConfig,
    with: Value,
    token: Mutex<Option<(Arc<Secret>, Instant)>>,
}

impl Session {
    /// Asks nothing yet. `None` where the connector's file was not checked.
    pub fn new(name: &str, login: &Login, config: &AuthConfig, with: &Value) -> Option<Self> {
        Some(Self {
            plan: Plan::new(&format!("sign-in `{name}`"), login.call()?),
            take: Filter::new(format!("take of sign-in `{name}`"), &login.take),
            header: login.header.clone(),
            renew_on: login.renew_on.clone(),
            config: config.clone(),
            with: with.clone(),
            token: Mutex::new(None),
        })
    }

    /// Sends a request with the token; signs in first if nobody has, and once more if the token is refused.
    pub async fn send(&self, http: &Http, request: Request) -> Result<Response, Failure> {
        let token = self.token(http, None).await?;
        let outcome = http.send(self.signed(request.clone(), &token)?).await;
        let Err(failure) = outcome else { return outcome };
        let refused = match failure.kind {
            FailureKind::Auth => self.renew_on.contains(&401),
            FailureKind::Denied => self.renew_on.contains(&403),
            _ => false,
        };
        if !refused {
            return Err(failure);
        }
        let fresh = self.token(http, Some(&token)).await?;
        if Arc::ptr_eq(&fresh, &token) {
            return Err(failure);
        }
        http.send(self.signed(request, &fresh)?).await
    }

    /// The token; a new one if it is `refused` and not a young one.
    async fn token(&self, http: &Http, refused: Option<&Arc<Secret>>) -> Result<Arc<Secret>, Failure> {
        let mut kept = self.token.lock().await;
        if let Some((token, since)) = kept.as_ref() {
            let is_other = refused.is_none_or(|refused| !Arc::ptr_eq(refused, token));
            if is_other || since.elapsed() < YOUNG {
                return Ok(Arc::clone(token));
            }
        }
        let token = Arc::new(self.sign_in(http).await?);
        *kept = Some((Arc::clone(&token), Instant::now()));
        Ok(token)
    }

    async fn sign_in(&self, http: &Http) -> Result<Secret, Failure> {
        let doing = format!("sign in at {}", http.place());
        let missing = |what: &str| {
            Failure::new(FailureKind::Config, doing.as_str(), format!("scheme `{}` needs `{what}`", self.config.scheme))
                .hint("see `auth` in the source's table")
        };
        let user = self.config.user.clone().ok_or_else(|| missing("user"))?;
        let reference = self.config.password.clone().ok_or_else(|| missing("password"))?;
        let password = tokio::task::spawn_blocking(move || reference.resolve()).await.map_err(|e| e.to_string());
        let password = password.and_then(|password| password.map_err(|e| e.to_string())).map_err(|e| {
            Failure::new(FailureKind::Auth, doing.as_str(), format!("no secret to sign in with: {e}"))
                .hint("see `auth` in the source's table")
        })?;
        http.hide(password.clone());
        let with = serde_json::from_value(self.with.clone()).unwrap_or_default();
        let variables = Variables { user: user.into(), password: password.expose().to_owned().into(), with, ..Variables::default() };
        let request = self.plan.fill(&json!({ "with": self.with }), &Value::Null, &variables, &Turn::default()).await?;
        let response = http.send(request).await.map_err(|failure| Failure {
            hint: if failure.kind == FailureKind::Auth {
                "user or password is wrong: check `auth` of the source".into()
            } else {
                failure.hint
            },
            ..failure
        })?;
        let (body, _) = decode(self.plan.decode, &response.body).map_err(|e| response.bad_shape(&e))?;
        match to_json(&self.take.first(body, variables).await?) {
            Value::String(token) if !token.is_empty() => {
                http.hide(Secret::new(token.clone()));
                Ok(Secret::new(token))
            }
            _ => Err(Failure::new(FailureKind::BadShape, doing, "the answer holds no token")
                .hint("is it the system and version that the connector is for?")),
        }
    }

    fn signed(&self, mut request: Request, token: &Secret) -> Result<Request, Failure> {
        let wrong = |e: String| Failure::new(FailureKind::Config, "build the header that carries the token", e);
        let line = self.header.fill(&json!({ "token": token.expose() }), Encoding::Plain).map_err(|e| wrong(e.to_string()))?;
        let (name, value) = line.split_once(':').ok_or_else(|| wrong("write `header` as `Name: value {token}`".to_owned()))?;
        request.secret_headers.push((name.trim().to_owned(), Secret::new(value.trim())));
        Ok(request)
    }
}
