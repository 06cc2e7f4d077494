//! A page of metrics read directly, without a Prometheus in between: readings by selector, and whether the page can be read.
//! Not for: history (there is none before we came), rates and aggregations (ask a Prometheus).

mod page;
mod selector;

use std::sync::Arc;

use crate::config::{ReadingConfig, SourceConfig, Span};
use crate::domain::{Answer, Ask, Batch, Cost, Eye, Failure, FailureKind, Kind, PollId, PollInfo, SourceInfo, Timestamp};

use super::exposition::{ACCEPT, Format};
use super::http::{Http, Request, Response};
use super::origin::Origin;
use super::reading::Reading;
use super::{Pending, Probe, Source};

use page::Page;
use selector::Expression;

/// Name of the connector.
pub const CONNECTOR: &str = "scrape";
/// Where a node exporter listens if nobody says otherwise.
pub const DEFAULT_URL: &str = "http://localhost:9100/metrics";

/// The only poll.
const POLL: &str = "scrape";
const EVERY_S: f64 = 15.0;

/// A target.
#[derive(Debug)]
pub struct Scrape {
    info: Arc<SourceInfo>,
    origin: Origin,
    http: Http,
    path: String,
    readings: Vec<Taken>,
}

/// A reading and what it takes from the page.
#[derive(Debug)]
struct Taken {
    reading: Reading,
    expression: Expression,
    /// Ours, not configured: says nothing where the page has no such metric.
    offered: bool,
}

impl Scrape {
    /// From its configuration. `url` names the page; without a path it is `/metrics`. Without any `[[source.reading]]` it offers those
    /// of `OFFERED` whose metrics the page has.
    pub fn new(config: &SourceConfig) -> Result<Self, Failure> {
        if let Some(key) = config.with.keys().next() {
            let failure = Failure::new(FailureKind::Config, "read `with` of the source", format!("unknown key `{key}`"));
            return Err(failure.hint("this connector has no parameters; the page is named by `url`"));
        }
        let (address, path) = split(config.url.as_deref().unwrap_or(DEFAULT_URL));
        let config = SourceConfig { url: Some(address), ..config.clone() };
        let http = Http::new(&config, DEFAULT_URL)?;
        let readings = if config.readings.is_empty() { taken(&offered(), true)? } else { taken(&config.readings, false)? };
        let origin = Origin::new(&config, Eye::DevOps);
        let every_s = config.every.map_or(EVERY_S, Span::seconds);
        let info = SourceInfo {
            name: origin.name.clone(),
            connector: CONNECTOR.into(),
            title: "Page of metrics".into(),
            url: http.place().shown(&path).into(),
            env: origin.env.clone(),
            eye: origin.eye,
            read_only: config.read_only,
            polls: vec![PollInfo { id: PollId::from(POLL), every_s, kinds: vec![Kind::Check], numbers: false }],
            logs: Vec::new(),
            readings: readings.iter().map(|taken| taken.reading.name.clone()).collect(),
            discovered: false,
        };
        Ok(Self { info: Arc::new(info), origin, http, path, readings })
    }

    async fn fetch(&self) -> Result<(Response, Format), Failure> {
        let mut request = Request::get(self.path.clone());
        request.accept = Some(ACCEPT.to_owned());
        let response = self.http.send(request).await?;
        // Prometheus 2 read a page without a type as text, and so do many exporters expect
        let kind = response.headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or("text/plain");
        match Format::from_content_type(kind) {
            Some(format) => Ok((response, format)),
            None => Err(response
                .bad_shape(&format!("its content type is `{kind}`, neither Prometheus text nor OpenMetrics"))
                .hint("is `url` the page of metrics, often /metrics?")),
        }
    }

    async fn scrape(&self, poll: &PollId, now: Timestamp) -> Result<Batch, Failure> {
        if poll.as_str() != POLL {
            return Err(self.unsupported(&format!("poll `{poll}`")));
        }
        let (response, format) = self.fetch().await?;
        Ok(Page::read(&response.body, format, &self.readings, now).batch(&self.readings, &self.info, &self.origin, now))
    }

    async fn identify(&self) -> Result<Probe, Failure> {
        let (response, format) = self.fetch().await?;
        Ok(Probe { product: page::product(&response.body, format) })
    }
}

impl Source for Scrape {
    fn info(&self) -> &Arc<SourceInfo> {
        &self.info
    }

    fn poll<'a>(&'a self, poll: &'a PollId, now: Timestamp) -> Pending<'a, Batch> {
        Box::pin(self.scrape(poll, now))
    }

    fn ask<'a>(&'a self, _: &'a Ask) -> Pending<'a, Answer> {
        let failure =
            self.unsupported("ask for a range").hint("a page tells the present only; what is drawn has been collected since the start");
        Box::pin(async { Err(failure) })
    }

    fn probe(&self) -> Pending<'_, Probe> {
        Box::pin(self.identify())
    }

    fn spent(&self) -> Cost {
        self.http.spent()
    }
}

/// What a page is likely to have that a person wants to see: node exporter's, and those of every process with a client library.
fn offered() -> Vec<ReadingConfig> {
    let share = |name: &str, query: &str| ReadingConfig {
        name: name.into(),
        query: query.into(),
        unit: "share".into(),
        ..ReadingConfig::default()
    };
    let rare = |reading: ReadingConfig| ReadingConfig { warn_below: Some(0.1), fail_below: Some(0.05), ..reading };
    vec![
        ReadingConfig { name: "load (1 m)".into(), query: "node_load1".into(), ..ReadingConfig::default() },
        rare(share("memory available", "node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes")),
        rare(share(
            "filesystem free",
            "node_filesystem_avail_bytes{fstype!~\"(dev)?tmpfs|ramfs|overlay|squashfs|iso9660|autofs|rootfs|nsfs|proc|sysfs|fuse.*\"} \
             / node_filesystem_size_bytes",
        )),
        ReadingConfig { warn_above: Some(0.8), fail_above: Some(0.95), ..share("open files", "process_open_fds / process_max_fds") },
        ReadingConfig {
            name: "resident memory".into(),
            query: "process_resident_memory_bytes".into(),
            unit: "bytes".into(),
            ..ReadingConfig::default()
        },
    ]
}

fn taken(configs: &[ReadingConfig], offered: bool) -> Result<Vec<Taken>, Failure> {
    let readings = Reading::all(configs)?;
    readings
        .into_iter()
        .map(|reading| {
            let expression = Expression::parse(&reading.query).map_err(|error| {
                Failure::new(FailureKind::Config, format!("read the query of `{}`", reading.name), error)
                    .hint("write `metric{label=\"value\"}`, or two of them with `/` in between")
            })?;
            Ok(Taken { reading, expression, offered })
        })
        .collect()
}

/// The address of the server and the path of the page. Query and credentials stay with the address, which is where secrets are hidden.
fn split(address: &str) -> (String, String) {
    match url::Url::parse(address) {
        Ok(mut url) if url.has_host() => {
            let path = Some(url.path().to_owned()).filter(|path| path != "/" && !path.is_empty());
            url.set_path("");
            (url.into(), path.unwrap_or_else(|| "/metrics".to_owned()))
        }
        _ => (address.to_owned(), "/metrics".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_what_stands_behind_the_host() {
        for (address, server, path) in [
            ("http://h:9100/metrics", "http://h:9100/", "/metrics"),
            ("http://h:9100", "http://h:9100/", "/metrics"),
            ("https://u:p@h/a/b?token=x", "https://u:p@h/?token=x", "/a/b"),
            ("unix:///run/x.sock", "unix:///run/x.sock", "/metrics"),
            ("nonsense", "nonsense", "/metrics"),
        ] {
            assert_eq!(split(address), (server.to_owned(), path.to_owned()), "{address}");
        }
    }

    #[test]
    fn all_that_we_offer_can_be_read_and_has_a_name_of_its_own() {
        assert_eq!(taken(&offered(), true).unwrap().len(), offered().len());
    }
}
