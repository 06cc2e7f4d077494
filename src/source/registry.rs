//! Every connector there is: the native ones, one line each, and those that are files; builds sources from them.
//! Not for: what a connector file holds (see `config::connector`).

use std::sync::Arc;

use crate::config::{Paths, SourceConfig};
use crate::domain::{Eye, Failure, FailureKind, Support};

use super::Source;
use super::docker::Docker;
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
    /// How far it has been proven.
    pub support: Support,
    /// Where it is looked for on this machine.
    pub url: Option<&'static str>,
    /// Makes one.
    pub build: Build,
}

/// The native connectors.
pub const NATIVE: &[Native] = &[
    native("docker", "Docker", Support::Live, None, |config| Ok(Arc::new(Docker::new(config, false)?))),
    native("podman", "Podman", Support::Live, None, |config| Ok(Arc::new(Docker::new(config, false)?))),
    native("prometheus", "Prometheus", Support::Live, Some(prometheus::DEFAULT_URL), |config| Ok(Arc::new(Prometheus::new(config)?))),
    native("scrape", "Prometheus metrics page", Support::Live, Some(scrape::DEFAULT_URL), |config| Ok(Arc::new(Scrape::new(config)?))),
];

const fn native(name: &'static str, title: &'static str, support: Support, url: Option<&'static str>, build: Build) -> Native {
    Native { name, title, eye: Eye::DevOps, support, url, build }
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
    /// Where it comes from.
    pub origin: Origin,
    /// Where it is looked for on this machine.
    pub url: Option<String>,
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

/// Names a source may use.
pub fn connectors(_paths: &Paths) -> Vec<String> {
    NATIVE.iter().map(|native| native.name.to_owned()).collect()
}

/// Every connector, by name; those whose file is wrong are told beside.
pub fn listings(_paths: &Paths) -> Vec<Listing> {
    let native = NATIVE.iter().map(|native| Listing {
        name: native.name.to_owned(),
        title: native.title.to_owned(),
        eye: native.eye,
        support: native.support,
        origin: Origin::Native,
        url: native.url.map(str::to_owned),
    });
    native.collect()
}

/// Makes a source; reaches nothing. Fails on what cannot be: an unknown connector, a wrong parameter, an unusable address.
pub fn build(config: &SourceConfig, _paths: &Paths) -> Result<Arc<dyn Source>, Failure> {
    if let Some(native) = NATIVE.iter().find(|native| native.name == config.connector) {
        return (native.build)(config);
    }
    let doing = format!("make source {}", config.name);
    Err(Failure::new(FailureKind::Config, doing, format!("there is no connector `{}`", config.connector))
        .hint("`triops sources` lists them"))
}
