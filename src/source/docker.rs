//! Docker and Podman: containers as workloads with what they use, their events within a moment, their logs, and what was made lately.
//! Not for: Kubernetes and other schedulers, which keep containers of their own.
//!
//! Podman is known by its answer, whatever the connector is called. Wire facts: moby `api/swagger.yaml` and `docs/CHANGELOG`,
//! Podman's libpod documentation; both seen with Docker 20.10 and Podman 4.3.

mod act;
mod answers;
mod engine;
mod events;
mod facts;
mod frames;
mod hosts;
mod ledger;
mod logs;
mod makings;
mod poll;
mod redact;
mod shape;
mod shell;
mod state;
mod usage;

pub use hosts::{Host, default_urls};

use std::sync::Arc;

use crate::config::{SourceConfig, Span, TlsConfig};
use crate::domain::{
    Answer, Ask, Batch, Cost, Entity, Eye, Failure, FailureKind, Kind, LogPart, LogRequest, Offer, Order, PollId, PollInfo, SourceInfo,
    Text, Timestamp,
};
use crate::source::http::{DEFAULT_TIMEOUT, Http, Request};
use crate::source::{Deed, Flow, Pending, Probe, ShellStream, Source};

use engine::Engine;
use shape::Stamp;

/// Seconds between two lists. Between them, events tell.
const LIST_EVERY_S: f64 = 15.0;
/// Seconds between two samples of what containers use.
const STATS_EVERY_S: f64 = 5.0;

/// Where an engine is looked for if nothing else is said.
const DEFAULT_SOCKET: &str = "unix:///var/run/docker.sock";

/// One engine.
pub struct Docker {
    info: Arc<SourceInfo>,
    engine: Arc<Engine>,
    /// The same engine, with the patience that stopping a container takes.
    acting: Http,
}

impl Docker {
    /// As configured; without `url`, where the docker command (or Podman, for a connector of that name) would look. Nothing is sent
    /// yet. `discovered`: found on this machine rather than configured.
    pub fn new(config: &SourceConfig, discovered: bool) -> Result<Self, Failure> {
        let podman = config.connector == "podman";
        let config = addressed(config, if podman { "Podman" } else { "Docker" })?;
        let http = Http::new(&config, DEFAULT_SOCKET)?;
        let patient = config.timeout.filter(|timeout| *timeout > Span::MINUTE).unwrap_or(Span::MINUTE);
        let acting = Http::new(&SourceConfig { timeout: Some(patient), ..config.clone() }, DEFAULT_SOCKET)?;
        let every = |default: f64| config.every.map_or(default, Span::seconds);
        let poll = |id: &str, every_s, kinds: &[Kind], numbers| PollInfo { id: PollId::from(id), every_s, kinds: kinds.to_vec(), numbers };
        let stamp = Stamp::new(&config);
        let timeout = config.timeout.map_or(DEFAULT_TIMEOUT, Span::duration);
        let info = SourceInfo {
            name: stamp.source.clone(),
            connector: Text::from(config.connector.as_str()),
            title: Text::from(if podman { "Podman" } else { "Docker" }),
            url: Text::from(http.place().to_string()),
            env: config.env.as_deref().map(Text::from),
            eye: Eye::DevOps,
            read_only: config.read_only,
            polls: vec![
                poll("containers", every(LIST_EVERY_S), &[Kind::Workload, Kind::Change], false),
                poll("stats", every(STATS_EVERY_S), &[Kind::Workload], true),
            ],
            logs: vec![Kind::Workload],
            readings: Vec::new(),
            discovered,
        };
        Ok(Self { info: Arc::new(info), engine: Arc::new(Engine::new(http, stamp, timeout)), acting })
    }

    async fn raw(&self, entity: &Entity) -> Result<Answer, Failure> {
        let path = self.engine.dialect().await?.container(entity.id.key(), "json");
        let answer = self.engine.get(Request::get(path)).await?;
        let mut value: serde_json::Value = answer.json()?;
        redact::redact(&mut value);
        let pretty = serde_json::to_string_pretty(&value).map_err(|error| answer.bad_shape(&error.to_string()))?;
        Ok(Answer::Raw(Text::from(pretty)))
    }
}

impl Source for Docker {
    fn info(&self) -> &Arc<SourceInfo> {
        &self.info
    }

    fn poll<'a>(&'a self, poll: &'a PollId, now: Timestamp) -> Pending<'a, Batch> {
        Box::pin(async move {
            match poll.as_str() {
                "containers" => poll::containers(&self.engine, now).await,
                "stats" => poll::stats(&self.engine, now).await,
                other => Err(self.unsupported(&format!("poll `{other}`"))),
            }
        })
    }

    fn events(&self) -> Option<Flow<Batch>> {
        Some(events::follow(Arc::clone(&self.engine)))
    }

    fn ask<'a>(&'a self, ask: &'a Ask) -> Pending<'a, Answer> {
        Box::pin(async move {
            match ask {
                // the change of a container having been made has the container's own id
                Ask::Raw { entity } => self.raw(entity).await,
                Ask::History { .. } => Err(self.unsupported("read the history")),
                Ask::Steps { .. } => Err(self.unsupported("read the steps")),
                Ask::Range { .. } => Err(self.unsupported("draw a reading")),
            }
        })
    }

    fn logs(&self, request: LogRequest) -> Flow<LogPart> {
        logs::read(Arc::clone(&self.engine), request)
    }

    fn offers<'a>(&'a self, entity: &'a Entity) -> Pending<'a, Vec<Offer>> {
        Box::pin(async { Ok(self.offered(entity)) })
    }

    fn prepare<'a>(&'a self, order: &'a Order) -> Pending<'a, Deed<'a>> {
        Box::pin(self.prepared(order))
    }

    fn shell<'a>(&'a self, order: &'a Order, size: (u16, u16)) -> Pending<'a, ShellStream> {
        Box::pin(self.opened(order, size))
    }

    fn probe(&self) -> Pending<'_, Probe> {
        Box::pin(async { Ok(Probe { product: self.engine.product().await? }) })
    }

    fn spent(&self) -> Cost {
        self.engine.http.spent()
    }
}

/// The configuration with an address that can be reached: the default one where none is given, `http` for Docker's `tcp`.
fn addressed(config: &SourceConfig, title: &str) -> Result<SourceConfig, Failure> {
    let mut config = config.clone();
    match &config.url {
        Some(url) => config.url = Some(hosts::http(url, &config.tls)),
        None => {
            if let Some(host) = default_urls(&|name| std::env::var(name).ok()).into_iter().find(|host| host.title == title) {
                config.url = Some(host.url);
                if config.tls == TlsConfig::default() {
                    config.tls = host.tls;
                }
            }
        }
    }
    let scheme = config.url.as_deref().and_then(|url| url.split_once("://")).map_or("", |(scheme, _)| scheme);
    let hint = match scheme {
        "ssh" => "forward its socket: ssh -NL /tmp/engine.sock:/var/run/docker.sock HOST, and write url = \"unix:///tmp/engine.sock\"",
        "npipe" | "fd" => "write unix:///path.sock, http://host:2375, or https://host:2376 with `tls`",
        _ => return Ok(config),
    };
    let doing = format!("reach the engine of source {}", config.name);
    Err(Failure::new(FailureKind::Config, doing, format!("{scheme}:// is not spoken")).hint(hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(url: &str) -> SourceConfig {
        SourceConfig { name: "d".to_owned(), connector: "docker".to_owned(), url: Some(url.to_owned()), ..SourceConfig::default() }
    }

    #[test]
    fn dockers_tcp_is_http_and_what_is_not_spoken_says_what_to_do() {
        for (url, shown) in [("tcp://10.0.0.1:2375", "http://10.0.0.1:2375"), ("unix:///run/docker.sock", "unix:///run/docker.sock")] {
            assert_eq!(Docker::new(&config(url), false).unwrap().info().url.as_str().trim_end_matches('/'), shown);
        }
        for url in ["ssh://me@host", "npipe:////./pipe/docker_engine"] {
            let failure = Docker::new(&config(url), false).err().unwrap();
            assert!(failure.kind == FailureKind::Config && failure.hint.contains("unix:///"), "{failure}");
        }
    }

    #[test]
    fn certificates_make_tcp_an_encrypted_address() {
        let tls = TlsConfig { ca: Some("ca.pem".into()), ..TlsConfig::default() };
        let docker = Docker::new(&SourceConfig { tls, ..config("tcp://10.0.0.1:2376") }, false).unwrap();
        assert!(docker.info().url.starts_with("https://10.0.0.1:2376"));
    }
}
