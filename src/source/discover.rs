//! Looking for what answers on this machine, when nothing is configured: sockets of Docker and Podman, and the default loopback
//! addresses of the connectors. All of it beside each other.
//! Not for: other machines, ports that nobody declares, anything that needs a password.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, Stream};

use crate::config::{Environment, Paths, SourceConfig};

use super::recast::recast;
use super::registry::{Listing, Registry};
use super::{Source, docker};

/// Longest wait for an address.
const PATIENCE: Duration = Duration::from_millis(500);
/// Longest wait for a socket: one that is there has an engine behind it, and Podman's starts when it is asked.
const SOCKET_PATIENCE: Duration = Duration::from_secs(3);

/// What came of looking at one place.
pub enum Finding {
    /// It answers.
    Found(Arc<dyn Source>),
    /// It does not, and why: `Prometheus at http://localhost:9090`.
    Missing(String),
}

/// One place to look at.
#[derive(Debug, Clone, PartialEq)]
pub enum Candidate {
    /// A source that may answer; `what` is for people.
    Source {
        /// What it would be.
        config: Box<SourceConfig>,
        /// The system and its place.
        what: String,
    },
    /// Known to be in vain, and why.
    Vain(String),
}

/// Places to look at on this machine: sockets first, then the addresses that connectors declare.
pub fn candidates(environment: &Environment, paths: &Paths, listings: &[Listing]) -> Vec<Candidate> {
    let mut places = engines(environment);
    places.extend(listings.iter().filter_map(|listing| {
        let url = listing.url.clone().filter(|url| listing.has_probe && is_loopback(url))?;
        let what = format!("{} at {url}", listing.title);
        let config =
            SourceConfig { name: listing.name.clone(), connector: listing.name.clone(), url: Some(url), ..SourceConfig::default() };
        Some(Candidate::Source { config: Box::new(config), what })
    }));
    places.extend(kubeconfig(environment, paths));
    places
}

/// Looks at all places beside each other; findings come as they are made.
pub fn discover(places: Vec<Candidate>, registry: &Registry) -> impl Stream<Item = Finding> + Send + use<> {
    places
        .into_iter()
        .map(|place| -> Pin<Box<dyn Future<Output = Finding> + Send>> {
            match place {
                Candidate::Vain(why) => Box::pin(async { Finding::Missing(why) }),
                Candidate::Source { config, what } => {
                    let source = registry.build(&config);
                    Box::pin(async move {
                        match source {
                            Ok(source) => probe(source, what).await,
                            Err(failure) => Finding::Missing(format!("{what}: {}", failure.detail)),
                        }
                    })
                }
            }
        })
        .collect::<FuturesUnordered<_>>()
}

async fn probe(source: Arc<dyn Source>, what: String) -> Finding {
    let patience = if source.info().url.starts_with("unix:") { SOCKET_PATIENCE } else { PATIENCE };
    match tokio::time::timeout(patience, source.probe()).await {
        Ok(Ok(_)) => Finding::Found(recast(source, |info| info.discovered = true)),
        Ok(Err(failure)) => Finding::Missing(format!("{what}: {}", failure.detail.first_line())),
        Err(_) => Finding::Missing(format!("{what}: no answer within {} ms", patience.as_millis())),
    }
}

/// Container engines, where their own commands would look.
fn engines(environment: &Environment) -> Vec<Candidate> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let hosts = docker::default_urls(&|name| environment.get(name).cloned());
    hosts
        .into_iter()
        .map(|host| {
            let what = format!("{} at {}", host.title, host.url);
            if host.url.strip_prefix("unix://").is_some_and(|socket| !Path::new(socket).exists()) {
                return Candidate::Vain(format!("{what}: no such socket"));
            }
            let connector = host.title.to_lowercase();
            let count = counts.entry(host.title).or_default();
            *count += 1;
            let name = if *count == 1 { connector.clone() } else { format!("{connector}-{count}") };
            let config = SourceConfig { name, connector, url: Some(host.url), tls: host.tls, ..SourceConfig::default() };
            Candidate::Source { config: Box::new(config), what }
        })
        .collect()
}

/// A kubeconfig is said to be seen, so that nobody waits for pods that will not come.
fn kubeconfig(environment: &Environment, paths: &Paths) -> Option<Candidate> {
    let named = environment.get("KUBECONFIG").and_then(|list| list.split(':').find(|path| !path.is_empty())).map(PathBuf::from);
    let path = named.unwrap_or_else(|| paths.home.join(".kube/config"));
    path.exists()
        .then(|| Candidate::Vain(format!("Kubernetes: {} is there, but this version does not read Kubernetes yet", path.display())))
}

fn is_loopback(url: &str) -> bool {
    let host = url.split_once("://").map_or("", |(_, rest)| rest);
    ["localhost", "127.0.0.1", "[::1]"]
        .iter()
        .any(|loopback| host.strip_prefix(loopback).is_some_and(|rest| rest.is_empty() || rest.starts_with(':') || rest.starts_with('/')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Eye, Support};
    use crate::source::registry::Origin;

    fn whats(places: &[Candidate]) -> Vec<&str> {
        places
            .iter()
            .map(|place| match place {
                Candidate::Source { what, .. } => what.as_str(),
                Candidate::Vain(why) => why.as_str(),
            })
            .collect()
    }

    struct Folder(PathBuf);

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn folder(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("triops-discover-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    #[test]
    fn only_connectors_that_declare_a_loopback_address_are_looked_for() {
        let listing = |name: &str, url: Option<&str>| Listing {
            name: name.to_owned(),
            title: name.to_uppercase(),
            eye: Eye::DevOps,
            support: Support::Contract,
            brings: String::new(),
            origin: Origin::Embedded,
            url: url.map(str::to_owned),
            has_probe: name != "f",
        };
        let listings = [
            listing("a", Some("http://localhost:1")),
            listing("b", None),
            listing("c", Some("https://example.com")),
            listing("d", Some("http://localhost.example.com")),
            listing("e", Some("http://127.0.0.1:2/x")),
            listing("f", Some("http://127.0.0.1:3")),
        ];
        let home = folder("listings");
        let places = candidates(&Environment::new(), &Paths::under(&home.0), &listings);
        let found: Vec<_> = whats(&places).into_iter().filter(|what| !what.contains("Docker") && !what.contains("Podman")).collect();
        assert_eq!(found, ["A at http://localhost:1", "E at http://127.0.0.1:2/x"]);
    }

    #[test]
    fn an_engine_is_looked_for_only_where_its_socket_is() {
        let home = folder("sockets");
        std::fs::create_dir_all(home.0.join("podman")).unwrap();
        std::fs::write(home.0.join("podman/podman.sock"), "").unwrap();
        let environment = Environment::from([("XDG_RUNTIME_DIR".to_owned(), home.0.display().to_string())]);
        let places = engines(&environment);
        let podman = home.0.join("podman/podman.sock").display().to_string();
        let found = places.iter().find_map(|place| match place {
            Candidate::Source { config, .. } if config.url.as_ref().is_some_and(|url| url.ends_with(&podman)) => {
                Some(config.connector.as_str())
            }
            _ => None,
        });
        assert_eq!(found, Some("podman"));
        let docker = format!("Docker at unix://{}: no such socket", home.0.join("docker.sock").display());
        assert!(whats(&places).contains(&docker.as_str()), "{places:?}");
    }

    #[test]
    fn a_kubeconfig_is_said_to_be_seen_and_not_read() {
        let home = folder("kube");
        let paths = Paths::under(&home.0);
        assert_eq!(kubeconfig(&Environment::new(), &paths), None);
        std::fs::create_dir_all(home.0.join(".kube")).unwrap();
        std::fs::write(home.0.join(".kube/config"), "").unwrap();
        let Some(Candidate::Vain(why)) = kubeconfig(&Environment::new(), &paths) else { panic!("not seen") };
        assert!(why.ends_with("is there, but this version does not read Kubernetes yet"), "{why}");
    }
}
