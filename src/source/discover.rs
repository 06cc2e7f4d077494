//! Looking for what answers on this machine, when nothing is configured: sockets of Docker and Podman, and the default loopback
//! addresses of the connectors. All of it beside each other, each within half a second.
//! Not for: other machines, ports that nobody declares, anything that needs a password.

use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, Stream};

use crate::config::{Environment, Paths, SourceConfig};
use crate::domain::{Answer, Ask, Batch, Cost, LogPart, LogRequest, PollId, SourceInfo, Timestamp};

use super::registry::{self, Listing};
use super::{Flow, Pending, Probe, Source};

/// Longest wait for one place.
const PATIENCE: Duration = Duration::from_millis(500);

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
    let mut places = sockets(environment, paths);
    places.extend(listings.iter().filter_map(|listing| {
        let url = listing.url.clone().filter(|url| is_loopback(url))?;
        let what = format!("{} at {url}", listing.title);
        let config = SourceConfig { name: listing.name.clone(), connector: listing.name.clone(), url: Some(url), ..SourceConfig::default() };
        Some(Candidate::Source { config: Box::new(config), what })
    }));
    places.extend(kubeconfig(environment, paths));
    places
}

/// Looks at all places beside each other; findings come as they are made.
pub fn discover(places: Vec<Candidate>, paths: &Paths) -> impl Stream<Item = Finding> + Send + use<> {
    places
        .into_iter()
        .map(|place| -> Pin<Box<dyn Future<Output = Finding> + Send>> {
            match place {
                Candidate::Vain(why) => Box::pin(async { Finding::Missing(why) }),
                Candidate::Source { config, what } => {
                    let source = registry::build(&config, paths);
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
    let outcome = tokio::time::timeout(PATIENCE, source.probe()).await;
    match outcome {
        Ok(Ok(_)) => Finding::Found(Arc::new(Discovered::new(source))),
        Ok(Err(failure)) => Finding::Missing(format!("{what}: {}", failure.detail.first_line())),
        Err(_) => Finding::Missing(format!("{what}: no answer within {} ms", PATIENCE.as_millis())),
    }
}

/// Sockets of container engines, each once however many names it has.
fn sockets(environment: &Environment, paths: &Paths) -> Vec<Candidate> {
    let runtime = environment.get("XDG_RUNTIME_DIR").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let named = environment.get("DOCKER_HOST").and_then(|host| host.strip_prefix("unix://")).map(PathBuf::from);
    let under = |folder: &Option<PathBuf>, name: &str| folder.as_ref().map(|folder| folder.join(name));
    let docker = [
        ("docker", named),
        ("docker", Some("/var/run/docker.sock".into())),
        ("docker-rootless", under(&runtime, "docker.sock")),
        ("docker-desktop", Some(paths.home.join(".docker/run/docker.sock"))),
    ];
    let podman = [("podman", Some("/run/podman/podman.sock".into())), ("podman-rootless", under(&runtime, "podman/podman.sock"))];
    let mut seen: Vec<PathBuf> = Vec::new();
    let mut places = Vec::new();
    // Podman first: its package can put a link to its socket where Docker's is looked for
    for (title, candidates) in [("Podman", &podman[..]), ("Docker", &docker[..])] {
        let tried: Vec<&Path> = candidates.iter().filter_map(|(_, path)| path.as_deref()).collect();
        let there = candidates.iter().filter_map(|(name, path)| Some((*name, path.as_deref()?, path.as_deref()?.canonicalize().ok()?)));
        let mut found = false;
        for (name, path, real) in there {
            found = true;
            if seen.contains(&real) {
                continue;
            }
            seen.push(real);
            let url = format!("unix://{}", path.display());
            let what = format!("{title} at {url}");
            let config = SourceConfig { name: name.to_owned(), connector: "docker".to_owned(), url: Some(url), ..SourceConfig::default() };
            places.push(Candidate::Source { config: Box::new(config), what });
        }
        if !found {
            let tried: Vec<String> = tried.iter().map(|path| path.display().to_string()).collect();
            places.push(Candidate::Vain(format!("{title}: no socket at {}", tried.join(", "))));
        }
    }
    places
}

/// A kubeconfig is said to be seen, so that nobody waits for pods that will not come.
fn kubeconfig(environment: &Environment, paths: &Paths) -> Option<Candidate> {
    let named = environment.get("KUBECONFIG").and_then(|list| list.split(':').find(|path| !path.is_empty())).map(PathBuf::from);
    let path = named.unwrap_or_else(|| paths.home.join(".kube/config"));
    path.exists().then(|| Candidate::Vain(format!("Kubernetes: {} is there, but this version does not read Kubernetes yet", path.display())))
}

fn is_loopback(url: &str) -> bool {
    let host = url.split_once("://").map_or("", |(_, rest)| rest);
    ["localhost", "127.0.0.1", "[::1]"].iter().any(|loopback| {
        host.strip_prefix(loopback).is_some_and(|rest| rest.is_empty() || rest.starts_with(':') || rest.starts_with('/'))
    })
}

/// A source that says of itself that it was found rather than configured.
struct Discovered {
    source: Arc<dyn Source>,
    info: Arc<SourceInfo>,
}

impl Discovered {
    fn new(source: Arc<dyn Source>) -> Self {
        let info = SourceInfo { discovered: true, ..SourceInfo::clone(source.info()) };
        Self { source, info: Arc::new(info) }
    }
}

impl Source for Discovered {
    fn info(&self) -> &Arc<SourceInfo> {
        &self.info
    }

    fn poll<'a>(&'a self, poll: &'a PollId, now: Timestamp) -> Pending<'a, Batch> {
        self.source.poll(poll, now)
    }

    fn events(&self) -> Option<Flow<Batch>> {
        self.source.events()
    }

    fn ask<'a>(&'a self, ask: &'a Ask) -> Pending<'a, Answer> {
        self.source.ask(ask)
    }

    fn logs(&self, request: LogRequest) -> Flow<LogPart> {
        self.source.logs(request)
    }

    fn probe(&self) -> Pending<'_, Probe> {
        self.source.probe()
    }

    fn spent(&self) -> Cost {
        self.source.spent()
    }
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
            origin: Origin::Embedded,
            url: url.map(str::to_owned),
        };
        let listings = [
            listing("a", Some("http://localhost:1")),
            listing("b", None),
            listing("c", Some("https://example.com")),
            listing("d", Some("http://localhost.example.com")),
            listing("e", Some("http://127.0.0.1:2/x")),
        ];
        let home = folder("listings");
        let places = candidates(&Environment::new(), &Paths::under(&home.0), &listings);
        let found: Vec<_> = whats(&places).into_iter().filter(|what| !what.contains("Docker") && !what.contains("Podman")).collect();
        assert_eq!(found, ["A at http://localhost:1", "E at http://127.0.0.1:2/x"]);
    }

    #[test]
    fn a_socket_with_two_names_is_looked_at_once() {
        let home = folder("sockets");
        std::fs::create_dir_all(home.0.join("run/podman")).unwrap();
        std::fs::write(home.0.join("run/podman/podman.sock"), "").unwrap();
        std::os::unix::fs::symlink(home.0.join("run/podman/podman.sock"), home.0.join("run/docker.sock")).unwrap();
        let environment = Environment::from([("XDG_RUNTIME_DIR".to_owned(), home.0.join("run").display().to_string())]);
        let places = sockets(&environment, &Paths::under(&home.0));
        let here: Vec<_> = whats(&places).into_iter().filter(|what| what.contains("run/podman/podman.sock") && what.contains("unix://")).collect();
        assert_eq!(here, [format!("Podman at unix://{}", home.0.join("run/podman/podman.sock").display())]);
        assert!(!whats(&places).iter().any(|what| what.contains(&format!("unix://{}", home.0.join("run/docker.sock").display()))));
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
