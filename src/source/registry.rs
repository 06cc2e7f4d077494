//! Every connector there is: the native ones, one line each, and those that are files; builds sources from them.
//! Not for: what a connector file holds (see `config::connector`).

use std::path::PathBuf;
use std::sync::Arc;

use crate::config::connector::{Connector, Connectors, proven};
use crate::config::{ActionConfig, ConfigError, Paths, SourceConfig};
use crate::domain::{Eye, Failure, FailureKind, Support};

use super::Source;
use super::docker::Docker;
use super::manifest::{self, Manifest};
use super::own::Own;
use super::prometheus::{self, Prometheus};
use super::scrape::{self, Scrape};

/// Makes a source; reaches nothing.
pub type Build = fn(&SourceConfig) -> Result<Arc<dyn Source>, Failure>;

/// A connector written in Rust.
pub struct Native {
    /// What `connector = "…"` of a source names.
    pub name: &'static str,
    /// The system's full name.
    pub title: &'static str,
    /// Discipline of what it brings.
    pub eye: Eye,
    /// What it brings, in a few words.
    pub brings: &'static str,
    /// Where it is looked for on this machine.
    pub url: Option<&'static str>,
    /// Makes one.
    pub build: Build,
}

/// The native connectors.
pub const NATIVE: &[Native] = &[
    native("docker", "Docker", CONTAINERS, None, |config| Ok(Arc::new(Docker::new(config, false)?))),
    native("podman", "Podman", CONTAINERS, None, |config| Ok(Arc::new(Docker::new(config, false)?))),
    native("prometheus", "Prometheus", "alerts, checks, readings", Some(prometheus::DEFAULT_URL), |config| {
        Ok(Arc::new(Prometheus::new(config)?))
    }),
    native("scrape", "Prometheus metrics page", "checks, readings", Some(scrape::DEFAULT_URL), |config| Ok(Arc::new(Scrape::new(config)?))),
];

const CONTAINERS: &str = "workloads, logs, events";

const fn native(name: &'static str, title: &'static str, brings: &'static str, url: Option<&'static str>, build: Build) -> Native {
    Native { name, title, eye: Eye::DevOps, brings, url, build }
}

/// A connector as `triops sources` lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// What `connector = "…"` of a source names.
    pub name: String,
    /// The system's full name.
    pub title: String,
    /// Discipline of what it brings.
    pub eye: Eye,
    /// How far it has been proven.
    pub support: Support,
    /// What it brings, in a few words.
    pub brings: String,
    /// Where it comes from.
    pub origin: Origin,
    /// Where it is where a source says nothing.
    pub url: Option<String>,
    /// It can say whether a system is the right one, so that it can be looked for.
    pub has_probe: bool,
}

/// Where a connector comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Written in Rust.
    Native,
    /// A file inside the program.
    Embedded,
    /// A file of the user.
    User,
}

/// All connectors: the native ones, those inside the program, and the user's.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    connectors: Connectors,
    user_dir: PathBuf,
    /// Where sources may keep what they have learned.
    state_dir: Option<PathBuf>,
    /// What can be done beside what connectors offer.
    actions: Vec<ActionConfig>,
}

impl Registry {
    /// Lists the files; reads none of them yet.
    pub fn load(paths: &Paths) -> Result<Self, ConfigError> {
        let user_dir = paths.connectors_dir();
        Ok(Self { connectors: Connectors::load(Some(&user_dir))?, user_dir, state_dir: Some(paths.state_dir.clone()), actions: Vec::new() })
    }

    /// The same, with actions of the user's own.
    #[must_use]
    pub fn with_actions(self, actions: &[ActionConfig]) -> Self {
        Self { actions: actions.to_vec(), ..self }
    }

    /// Names a source may use.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = NATIVE.iter().map(|native| native.name).chain(self.connectors.names()).map(str::to_owned).collect();
        names.sort();
        names.dedup();
        names
    }

    /// Every connector, by name, and every mistake in those files that cannot be read.
    pub fn listings(&self) -> (Vec<Listing>, Vec<ConfigError>) {
        let mut listings = Vec::new();
        let mut errors = Vec::new();
        for name in self.names() {
            match (self.connectors.get(&name), NATIVE.iter().find(|native| native.name == name)) {
                (Some(Ok(connector)), _) => listings.push(self.listing(&connector)),
                (Some(Err(mistakes)), _) => errors.extend(mistakes),
                (None, Some(native)) => listings.push(native.listing()),
                (None, None) => {}
            }
        }
        (listings, errors)
    }

    /// Makes a source; reaches nothing. Fails on what cannot be: an unknown connector, a wrong parameter, an unusable address. A file
    /// of the user wins over a native connector of the same name.
    pub fn build(&self, config: &SourceConfig) -> Result<Arc<dyn Source>, Failure> {
        Own::around(self.bare(config)?, &self.actions)
    }

    fn bare(&self, config: &SourceConfig) -> Result<Arc<dyn Source>, Failure> {
        match (self.connectors.get(&config.connector), NATIVE.iter().find(|native| native.name == config.connector)) {
            (Some(Ok(connector)), _) => Ok(Arc::new(Manifest::keeping(config, &connector, self.state_dir.as_deref())?)),
            (Some(Err(mistakes)), _) => Err(wrong_file(config, &mistakes)),
            (None, Some(native)) => (native.build)(config),
            (None, None) => {
                let failure = wrong(config, format!("there is no connector `{}`", config.connector));
                Err(failure.hint("`triops sources` lists them"))
            }
        }
    }

    /// Every mistake in the user's connector files, filters and templates included.
    pub fn mistakes(&self) -> Vec<ConfigError> {
        let own = self.connectors.names().filter(|name| self.is_own(name));
        own.filter_map(|name| self.connectors.get(name))
            .flat_map(|connector| match connector {
                Ok(connector) => manifest::check(&connector),
                Err(mistakes) => mistakes,
            })
            .collect()
    }

    fn listing(&self, connector: &Connector) -> Listing {
        let origin = if self.is_own(&connector.name) { Origin::User } else { Origin::Embedded };
        let mut kinds: Vec<&str> = connector.poll.iter().flat_map(|poll| &poll.emits).map(|kind| kind.plural()).collect();
        kinds.extend((!connector.logs.is_empty()).then_some("logs"));
        let mut seen = std::collections::BTreeSet::new();
        kinds.retain(|kind| seen.insert(*kind));
        Listing {
            name: connector.name.clone(),
            title: connector.connector.title.clone(),
            eye: connector.connector.eye,
            // a file of the user is not what was tested, whatever its name
            support: if origin == Origin::User { Support::Unproven } else { proven(&connector.name) },
            brings: kinds.join(", "),
            origin,
            url: connector.connector.url.clone(),
            has_probe: connector.probe.is_some(),
        }
    }

    fn is_own(&self, name: &str) -> bool {
        self.user_dir.join(format!("{name}.toml")).exists()
    }
}

impl Native {
    fn listing(&self) -> Listing {
        Listing {
            name: self.name.to_owned(),
            title: self.title.to_owned(),
            eye: self.eye,
            support: proven(self.name),
            brings: self.brings.to_owned(),
            origin: Origin::Native,
            url: self.url.map(str::to_owned),
            has_probe: true,
        }
    }
}

fn wrong(config: &SourceConfig, detail: String) -> Failure {
    Failure::new(FailureKind::Config, format!("make source {}", config.name), detail)
}

fn wrong_file(config: &SourceConfig, mistakes: &[ConfigError]) -> Failure {
    let Some(first) = mistakes.first() else { return wrong(config, "its connector's file is wrong".to_owned()) };
    let place = first.position.map_or_else(String::new, |(line, column)| format!(":{line}:{column}"));
    let hint = if first.hint.is_empty() { "`triops connector check FILE` tells every mistake" } else { first.hint.as_str() };
    wrong(config, format!("{}{place}: {}", first.file, first.message)).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_embedded_connector_is_right_and_none_hides_a_native_one() {
        let folder = std::env::temp_dir().join("triops-no-such-folder");
        let registry = Registry::load(&Paths::under(&folder)).unwrap();
        let (listings, errors) = registry.listings();
        assert_eq!(errors, []);
        for native in NATIVE {
            let listed = listings.iter().filter(|listing| listing.name == native.name).map(|listing| listing.origin);
            assert_eq!(listed.collect::<Vec<_>>(), [Origin::Native], "{}", native.name);
        }
        for name in registry.connectors.names() {
            let connector = registry.connectors.get(name).unwrap().unwrap();
            assert_eq!(manifest::check(&connector), [], "{name}");
        }
    }

    #[test]
    fn making_every_source_there_is_compiles_no_filter_and_reaches_nothing() {
        let registry = Registry { connectors: Connectors::load(None).unwrap(), ..Registry::default() };
        let before = manifest::COMPILED.get();
        for name in registry.connectors.names() {
            let mut config = SourceConfig { name: name.to_owned(), connector: name.to_owned(), ..SourceConfig::default() };
            let connector = registry.connectors.get(name).unwrap().unwrap();
            config.with = connector.with.keys().map(|name| (name.clone(), "x".into())).collect();
            if let Err(failure) = registry.build(&config) {
                config.path = vec!["/nonexistent".to_owned()];
                config.url = failure.detail.contains("url").then(|| "http://127.0.0.1:1".to_owned());
                config.path.retain(|_| failure.detail.contains("path"));
                let source = registry.build(&config).unwrap_or_else(|failure| panic!("{name}: {failure}"));
                assert_eq!(source.spent().requests, 0);
            }
        }
        assert_eq!(manifest::COMPILED.get(), before, "filters are compiled when they are first used");
    }

    #[test]
    fn what_cannot_be_made_says_why() {
        let registry = Registry::default();
        let config = SourceConfig { name: "a".to_owned(), connector: "nope".to_owned(), ..SourceConfig::default() };
        let Err(failure) = registry.build(&config) else { panic!("it was made") };
        assert_eq!((failure.kind, failure.detail.as_str()), (FailureKind::Config, "there is no connector `nope`"));
    }
}
