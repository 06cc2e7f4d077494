//! Where a source is: its address taken apart, how paths are joined to it, and which redirects stay there.
//! Not for: connecting (see `client`).

use std::fmt;
use std::path::PathBuf;

use reqwest::header::{HeaderMap, LOCATION};
use reqwest::{Method, StatusCode};
use url::Url;

use crate::config::Secret;
use crate::domain::{Failure, FailureKind};

use super::Request;

/// A source's address, `http://`, `https://` or `unix:///path.sock`. Displays without credentials and query.
pub struct Place {
    base: Url,
    socket: Option<PathBuf>,
    user: Option<(String, Secret)>,
}

/// Where a redirect leads.
#[derive(Debug)]
pub(super) struct Next {
    pub url: Url,
    pub method: Method,
}

impl Place {
    /// Takes an address apart.
    pub fn parse(address: &str) -> Result<Self, Failure> {
        let wrong = |what: String| {
            Failure::new(FailureKind::Config, "read `url` of the source", what)
                .hint("write it as http://host:port, https://host or unix:///run/some.sock")
        };
        if let Some(path) = address.strip_prefix("unix:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if !path.starts_with('/') {
                return Err(wrong("a unix socket needs an absolute path".to_owned()));
            }
            let base = Url::parse("http://localhost").map_err(|e| wrong(e.to_string()))?;
            return Ok(Self { base, socket: Some(PathBuf::from(path)), user: None });
        }
        // the address itself stays out of the message: it may hold a password that could not be parsed
        let mut base = Url::parse(address).map_err(|e| wrong(format!("not an address: {e}")))?;
        if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() {
            return Err(wrong(format!("`{}:` is not http, https or unix", base.scheme())));
        }
        let user =
            (!base.username().is_empty()).then(|| (decoded(base.username()), Secret::new(decoded(base.password().unwrap_or_default()))));
        // cannot fail for http and https
        let _ = base.set_username("");
        let _ = base.set_password(None);
        base.set_fragment(None);
        Ok(Self { base, socket: None, user })
    }

    /// The socket's path, if it is one.
    pub fn socket(&self) -> Option<&std::path::Path> {
        self.socket.as_deref()
    }

    /// Needs TLS.
    pub fn is_tls(&self) -> bool {
        self.base.scheme() == "https"
    }

    /// User and password written into the address.
    pub(super) fn user_info(&self) -> Option<(String, Secret)> {
        self.user.clone()
    }

    /// What of the address must never be shown.
    pub(super) fn secrets(&self) -> impl Iterator<Item = Secret> {
        let query = self.base.query_pairs().map(|(_, value)| Secret::new(value.into_owned()));
        self.user.iter().map(|(_, password)| password.clone()).chain(query.collect::<Vec<_>>())
    }

    /// The address of `path`, for people: no credentials, no query.
    pub fn shown(&self, path: &str) -> String {
        let path = path.split(['?', '#']).next().unwrap_or_default();
        match &self.socket {
            Some(socket) => format!("unix://{}{path}", socket.display()),
            None => format!("{}{}{path}", self.origin(), self.prefix()),
        }
    }

    /// The whole address of a request.
    pub(super) fn join(&self, request: &Request, doing: &str) -> Result<Url, Failure> {
        let mut url = if request.path.contains("://") { self.absolute(&request.path, doing)? } else { self.relative(&request.path) };
        let own: Vec<(String, String)> = self.base.query_pairs().into_owned().collect();
        if !own.is_empty() || !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(own).extend_pairs(&request.query);
        }
        Ok(url)
    }

    fn relative(&self, path: &str) -> Url {
        let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
        let mut url = self.base.clone();
        let slash = if path.starts_with('/') { "" } else { "/" };
        url.set_path(&format!("{}{slash}{path}", self.prefix()));
        url.set_query(query);
        url
    }

    fn absolute(&self, address: &str, doing: &str) -> Result<Url, Failure> {
        let url = Url::parse(address).map_err(|e| Failure::new(FailureKind::BadShape, doing, format!("its next address is wrong: {e}")))?;
        if self.same_origin(&url) {
            return Ok(url);
        }
        Err(Failure::new(FailureKind::Denied, doing, format!("its next page lies on another host, {}", origin(&url)))
            .hint("credentials are not sent there; set `url` of the source to that host if it is the right one"))
    }

    /// Where to go on, or `None` if this is no redirect. Only to the same scheme, host and port: what we send may hold credentials.
    pub(super) fn redirect(
        &self,
        from: &Url,
        status: StatusCode,
        headers: &HeaderMap,
        method: &Method,
        doing: &str,
    ) -> Result<Option<Next>, Failure> {
        if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
            return Ok(None);
        }
        let location = headers.get(LOCATION).and_then(|v| v.to_str().ok());
        let Some(url) = location.and_then(|location| from.join(location).ok()) else {
            return Err(Failure::new(FailureKind::BadShape, doing, format!("{status} that does not say where to go")));
        };
        let refused =
            |why: &str, hint: &str| Failure::new(FailureKind::Denied, doing, format!("redirected to {}, {why}", origin(&url))).hint(hint);
        if !self.same_origin(&url) {
            return Err(match (from.scheme(), url.scheme()) {
                ("https", "http") => refused("which is not encrypted", "refused, for credentials would be sent in the open"),
                ("http", "https") if from.host_str() == url.host_str() => {
                    refused("the encrypted address of the same host", "set `url` of the source to it")
                }
                _ => refused(
                    "another host",
                    "a login page? If the system lives there, set `url` of the source to it; credentials are never sent along",
                ),
            });
        }
        let keeps_method = matches!(status.as_u16(), 307 | 308) || matches!(*method, Method::GET | Method::HEAD);
        if keeps_method {
            return Ok(Some(Next { url, method: method.clone() }));
        }
        if status == StatusCode::SEE_OTHER {
            return Ok(Some(Next { url, method: Method::GET }));
        }
        Err(refused("which would turn the request into another", "set `url` of the source to the address it redirects to"))
    }

    /// Where a redirect to another host leads; never from an encrypted address to one that is not.
    pub(super) fn elsewhere(&self, from: &Url, status: StatusCode, headers: &HeaderMap) -> Option<Url> {
        if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
            return None;
        }
        let url = from.join(headers.get(LOCATION)?.to_str().ok()?).ok()?;
        let encrypted = url.scheme() == "https" || url.scheme() == "http" && from.scheme() == "http";
        (encrypted && !self.same_origin(&url)).then_some(url)
    }

    fn same_origin(&self, url: &Url) -> bool {
        self.base.origin() == url.origin()
    }

    fn prefix(&self) -> &str {
        self.base.path().trim_end_matches('/')
    }

    fn origin(&self) -> String {
        origin(&self.base)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown(""))
    }
}

fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

pub(super) fn decoded(part: &str) -> String {
    // url keeps user and password percent-encoded; form decoding would also turn `+` into a blank
    let escaped = part.replace('+', "%2B");
    url::form_urlencoded::parse(escaped.as_bytes()).next().map(|(name, _)| name.into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_behind_the_path_of_the_address() {
        for (base, path, whole) in [
            ("http://h:9093", "/api/v2/alerts", "http://h:9093/api/v2/alerts"),
            ("http://h:9093/", "/api/v2/alerts", "http://h:9093/api/v2/alerts"),
            ("https://h/am/", "/api?x=1", "https://h/am/api?x=1"),
            ("https://h/am?tenant=a", "/api?x=1", "https://h/am/api?x=1&tenant=a"),
            ("http://h/am", "api", "http://h/am/api"),
            ("http://h", "/dags/manual__2026%2B00%3A00", "http://h/dags/manual__2026%2B00%3A00"),
            ("http://h/prefix", "http://h/other?page=2", "http://h/other?page=2"),
            ("unix:///run/docker.sock", "/version", "http://localhost/version"),
        ] {
            let url = Place::parse(base).unwrap().join(&Request::get(path), "").unwrap();
            assert_eq!(url.as_str(), whole, "{base} {path}");
        }
    }

    #[test]
    fn an_address_shows_neither_password_nor_query() {
        let place = Place::parse("https://me:p%40ss+word@h/am?token=s3cret").unwrap();
        assert_eq!(place.to_string(), "https://h/am");
        assert_eq!(place.shown("/api?key=1"), "https://h/am/api");
        let (user, password) = place.user_info().unwrap();
        assert_eq!((user.as_str(), password.expose()), ("me", "p@ss+word"));
        assert!(place.secrets().any(|secret| secret.expose() == "s3cret"));
    }

    #[test]
    fn addresses_that_are_none_say_what_to_write_and_never_repeat_themselves() {
        for address in ["", "localhost:9090", "ftp://h", "http://", "unix:docker.sock", "http://me:s3cret@:bad"] {
            let failure = Place::parse(address).err().unwrap();
            assert_eq!(failure.kind, FailureKind::Config);
            assert!(failure.hint.contains("http://host:port") && !failure.to_string().contains("s3cret"), "{failure}");
        }
    }

    #[test]
    fn a_redirect_stays_on_the_same_scheme_host_and_port() {
        let place = Place::parse("https://h/am").unwrap();
        let from = Url::parse("https://h/am/api").unwrap();
        let go = |location: &str, status: StatusCode, method: Method| {
            let headers = HeaderMap::from_iter([(LOCATION, location.parse().unwrap())]);
            place.redirect(&from, status, &headers, &method, "GET x")
        };
        let ok = go("/am/api/", StatusCode::FOUND, Method::GET).unwrap().unwrap();
        assert_eq!(ok.url.as_str(), "https://h/am/api/");
        assert_eq!(go("https://h:443/x", StatusCode::FOUND, Method::GET).unwrap().unwrap().url.path(), "/x");
        for (location, said) in [
            ("https://evil/x", "another host"),
            ("https://h:8443/x", "another host"),
            ("//evil/x", "another host"),
            ("http://h/am/api", "not encrypted"),
        ] {
            let failure = go(location, StatusCode::FOUND, Method::GET).unwrap_err();
            assert!(failure.detail.contains(said), "{failure}");
        }
        assert_eq!(go("/y", StatusCode::SEE_OTHER, Method::POST).unwrap().unwrap().method, Method::GET);
        assert_eq!(go("/y", StatusCode::TEMPORARY_REDIRECT, Method::POST).unwrap().unwrap().method, Method::POST);
        assert!(go("/y", StatusCode::FOUND, Method::POST).is_err());
        assert!(go("/y", StatusCode::OK, Method::POST).unwrap().is_none());
    }
}
