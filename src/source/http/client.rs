//! Building the client of the HTTP library: trust, our certificate, proxy, socket. Done with the first request, and only what the
//! address needs: a source on plain http or a socket never loads the system's certificates.
//! Not for: requests (see `source::http`).

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Certificate, ClientBuilder, Identity, Proxy};
use rustls::crypto::{CryptoProvider, ring};
use url::Url;

use crate::config::{Secret, SourceConfig, TlsConfig};
use crate::domain::{Failure, FailureKind};

use super::Place;
use super::auth::basic;
use super::place::decoded;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Shorter than the idle timeout of usual servers and proxies (60 s and more), so that we seldom send into a closing connection.
const POOL_IDLE: Duration = Duration::from_secs(50);

/// What the client is built from.
#[derive(Clone)]
pub(super) struct Setup {
    tls: Option<TlsConfig>,
    proxy: ProxyChoice,
    socket: Option<PathBuf>,
}

#[derive(Clone)]
enum ProxyChoice {
    Environment,
    None,
    Url(Url),
}

impl Setup {
    /// Checks what can be checked without reading files.
    pub fn new(config: &SourceConfig, place: &Place) -> Result<Self, Failure> {
        let proxy = match config.proxy.as_deref() {
            None => ProxyChoice::Environment,
            Some("none") => ProxyChoice::None,
            Some(address) => ProxyChoice::Url(parse_proxy(address)?),
        };
        if config.tls.cert.is_some() != config.tls.key.is_some() {
            return Err(Failure::new(FailureKind::Config, format!("set up TLS for {place}"), "`tls.cert` and `tls.key` go together"));
        }
        let through_tls = matches!(&proxy, ProxyChoice::Url(url) if url.scheme() == "https")
            || matches!(proxy, ProxyChoice::Environment) && environment_proxies().any(|value| value.starts_with("https:"));
        let tls = (place.is_tls() || through_tls).then(|| config.tls.clone());
        Ok(Self { tls, proxy, socket: place.socket().map(Path::to_path_buf) })
    }

    /// For addresses other than the source's own, with and without TLS: services that hand out credentials.
    pub fn anywhere(config: &SourceConfig, place: &Place) -> Result<Self, Failure> {
        Ok(Self { tls: Some(config.tls.clone()), socket: None, ..Self::new(config, place)? })
    }

    /// The proxies' passwords, also as they are sent.
    pub fn secrets(&self) -> Vec<Secret> {
        match &self.proxy {
            ProxyChoice::None => Vec::new(),
            ProxyChoice::Url(url) => secrets_of(url),
            ProxyChoice::Environment => {
                environment_proxies().filter_map(|value| Url::parse(&value).ok()).flat_map(|url| secrets_of(&url)).collect()
            }
        }
    }

    /// Builds the client; reads certificate files aside, for they may lie on a slow disk.
    pub async fn client(&self, doing: &str) -> Result<reqwest::Client, Failure> {
        let (setup, doing) = (self.clone(), doing.to_owned());
        if setup.tls.is_none() {
            return setup.build(&doing);
        }
        let failed = doing.clone();
        tokio::task::spawn_blocking(move || setup.build(&doing))
            .await
            .unwrap_or_else(|e| Err(Failure::new(FailureKind::Tls, failed, format!("setting up TLS broke: {e}"))))
    }

    fn build(&self, doing: &str) -> Result<reqwest::Client, Failure> {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("triops/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(POOL_IDLE)
            .pool_max_idle_per_host(4);
        builder = match &self.proxy {
            ProxyChoice::Environment => builder,
            ProxyChoice::None => builder.no_proxy(),
            ProxyChoice::Url(url) => builder.proxy(Proxy::all(url.clone()).map_err(|_| proxy_failure("it cannot be used"))?),
        };
        #[cfg(unix)]
        if let Some(socket) = &self.socket {
            builder = builder.unix_socket(socket.clone());
        }
        builder = match &self.tls {
            Some(tls) => trusting(builder, tls, doing)?,
            None => builder.tls_backend_preconfigured(trusting_nobody(doing)?),
        };
        builder.build().map_err(|e| {
            let reason = super::failure::root_cause(&e);
            Failure::new(FailureKind::Tls, doing, format!("cannot set up the client: {reason}"))
                .hint("are the system's CA certificates installed (package ca-certificates)? `tls.ca` of the source names one to trust")
        })
    }
}

/// Loads the system's roots (the library does), the configured authority beside them, and our certificate.
fn trusting(mut builder: ClientBuilder, tls: &TlsConfig, doing: &str) -> Result<ClientBuilder, Failure> {
    // the first install in the process wins, and all of them are the same
    let _ = ring::default_provider().install_default();
    if let Some(ca) = &tls.ca {
        let roots = Certificate::from_pem_bundle(&read(ca, doing)?).map_err(|e| unusable(ca, &e, doing))?;
        if roots.is_empty() {
            return Err(Failure::new(FailureKind::Config, doing, format!("{} holds no certificate", ca.display())));
        }
        builder = builder.tls_certs_merge(roots);
    }
    if let (Some(cert), Some(key)) = (&tls.cert, &tls.key) {
        let mut pem = read(cert, doing)?;
        pem.push(b'\n');
        pem.extend(read(key, doing)?);
        builder = builder.identity(Identity::from_pem(&pem).map_err(|e| unusable(cert, &e, doing))?);
    }
    Ok(builder)
}

/// TLS that is never used: without it the library would load the system's roots for a plain connection too.
fn trusting_nobody(doing: &str) -> Result<rustls::ClientConfig, Failure> {
    let provider: Arc<CryptoProvider> = Arc::new(ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| Failure::new(FailureKind::Tls, doing, e.to_string()))?;
    Ok(config.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth())
}

fn read(path: &Path, doing: &str) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|e| {
        Failure::new(FailureKind::Config, doing, format!("cannot read {}: {e}", path.display())).hint("see `tls` in the source's table")
    })
}

fn unusable(path: &Path, error: &reqwest::Error, doing: &str) -> Failure {
    let reason = super::failure::root_cause(error);
    Failure::new(FailureKind::Config, doing, format!("{} is not usable PEM: {reason}", path.display()))
}

fn parse_proxy(address: &str) -> Result<Url, Failure> {
    let url = Url::parse(address).map_err(|e| proxy_failure(&e.to_string()))?;
    if !matches!(url.scheme(), "http" | "https" | "socks4" | "socks4a" | "socks5" | "socks5h") || url.host_str().is_none() {
        return Err(proxy_failure(&format!("`{}:` is no proxy's scheme", url.scheme())));
    }
    Ok(url)
}

fn proxy_failure(why: &str) -> Failure {
    Failure::new(FailureKind::Config, "read `proxy` of the source", why).hint("write it as http://host:port, socks5://host:port, or none")
}

fn secrets_of(proxy: &Url) -> Vec<Secret> {
    let Some(password) = proxy.password().filter(|password| !password.is_empty()) else { return Vec::new() };
    let (user, password) = (decoded(proxy.username()), Secret::new(decoded(password)));
    vec![basic(&user, &password), password]
}

fn environment_proxies() -> impl Iterator<Item = String> {
    ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
        .into_iter()
        .filter_map(|name| std::env::var(name).ok())
}
