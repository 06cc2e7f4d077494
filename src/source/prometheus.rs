//! Prometheus and what speaks its HTTP API (Thanos, Mimir, Cortex, `VictoriaMetrics`): alerts with their rules, targets, rule health,
//! configured `PromQL` readings, ranges, the history of alerts, and distributions compared with a reference.
//! Not for: silences and receivers (the alertmanager connector), scraping a target directly (see `scrape`).

mod alerts;
mod api;
mod ask;
mod checks;
mod drift;
mod pages;
mod promql;
mod readings;
mod windows;
mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use serde::Deserialize;
use serde_json::Value;

use crate::config::SourceConfig;
use crate::domain::{
    Answer, Ask, Batch, Cost, Entity, Eye, Failure, FailureKind, Kind, PollId, PollInfo, RowProblem, Scope, SourceInfo, Text, Timestamp,
};

use super::http::{Http, Method, Request, Response};
use super::origin::Origin;
use super::reading::Reading;
use super::{Pending, Probe, Source};

use api::Told;
use pages::Pages;

/// Name of the connector.
pub const CONNECTOR: &str = "prometheus";
/// Where a Prometheus listens if nobody says otherwise.
pub const DEFAULT_URL: &str = "http://localhost:9090";

/// Polls, seconds between two of them, and what they bring. `every` of a source sets the first and keeps the proportions: the others
/// cost the server more and change less.
const POLLS: [(&str, f64, Kind); 6] = [
    ("alerts", 15.0, Kind::Alert),
    ("readings", 15.0, Kind::Check),
    ("targets", 30.0, Kind::Check),
    ("rules", 60.0, Kind::Check),
    ("server", 60.0, Kind::Check),
    ("drift", 120.0, Kind::Check),
];
/// Parameters that a source may set in `with`.
const PARAMETERS: [&str; 2] = ["tenant", "prefix"];

/// One server, or one tenant of one.
#[derive(Debug)]
pub struct Prometheus {
    info: Arc<SourceInfo>,
    origin: Origin,
    http: Http,
    pages: Pages,
    prefix: String,
    readings: Vec<Reading>,
    models: Vec<drift::Model>,
    /// Readings whose past was brought.
    learnt: Mutex<BTreeSet<Text>>,
}

impl Prometheus {
    /// From its configuration. `with.tenant` is sent as `X-Scope-OrgID`; `with.prefix` stands before `/api/v1` (`/prometheus` for Mimir).
    pub fn new(config: &SourceConfig) -> Result<Self, Failure> {
        let with = parameters(&config.with)?;
        let mut config = config.clone();
        if let Some(tenant) = with.get("tenant") {
            config.headers.insert("X-Scope-OrgID".to_owned(), tenant.clone());
        }
        let prefix = with.get("prefix").map(|prefix| format!("/{}", prefix.trim_matches('/'))).filter(|p| p != "/").unwrap_or_default();
        let http = Http::new(&config, DEFAULT_URL)?;
        let readings = Reading::all(&config.readings)?;
        let models = drift::Model::all(&config)?;
        let origin = Origin::new(&config, Eye::DevOps);
        let shown = http.place().to_string();
        let info = SourceInfo {
            name: origin.name.clone(),
            connector: CONNECTOR.into(),
            title: "Prometheus".into(),
            url: shown.as_str().into(),
            env: origin.env.clone(),
            eye: origin.eye,
            read_only: config.read_only,
            polls: polls(&config),
            logs: Vec::new(),
            readings: readings.iter().map(|reading| reading.name.clone()).collect(),
            discovered: false,
        };
        Ok(Self {
            info: Arc::new(info),
            pages: Pages::under(&shown, &prefix),
            origin,
            http,
            prefix,
            readings,
            models,
            learnt: Mutex::default(),
        })
    }

    async fn fetch(&self, poll: &str, now: Timestamp) -> Result<Batch, Failure> {
        match poll {
            "alerts" => {
                let rules = self.get("/rules", &[("type", "alert")]).await?;
                self.batch(&rules, |rules, problems| alerts::alerts(rules, &self.origin, &self.pages, now, problems))
            }
            "targets" => {
                let targets = self.get("/targets", &[("state", "active")]).await?;
                self.batch(&targets, |targets, problems| checks::targets(targets, &self.origin, &self.pages, now, problems))
            }
            "rules" => {
                // older servers ignore the parameter and send the alerts as well
                let rules = self.get("/rules", &[("exclude_alerts", "true")]).await?;
                self.batch(&rules, |rules, problems| checks::unhealthy_rules(rules, &self.origin, &self.pages, now, problems))
            }
            "server" => match self.get("/status/runtimeinfo", &[]).await {
                Ok(info) => self.batch(&info, |info, _| checks::server(&info, &self.origin, &self.pages, now)),
                // compatible servers have no configuration to reload: nothing is missing
                Err(failure) if matches!(failure.kind, FailureKind::Unsupported) => Ok(Batch::default()),
                Err(failure) => Err(failure),
            },
            "readings" => self.fetch_readings(now).await,
            "drift" => self.fetch_drift(now).await,
            other => Err(self.unsupported(&format!("poll `{other}`"))),
        }
    }

    /// `GET /api/v1{path}`; a query too long for a request line goes as a form, which only the query endpoints take.
    async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Response, Failure> {
        let mut request = Request::get(format!("{}/api/v1{path}", self.prefix));
        request.explained = true;
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
        if form.len() > promql::MAX_GET_BYTES {
            request.method = Method::POST;
            request.body = Some(("application/x-www-form-urlencoded", form.into()));
        } else {
            request.query = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        }
        self.http.send(request).await.map_err(api::explain)
    }

    /// Takes an answer apart; what a server says in a refusal may repeat what we sent.
    fn read<'a, T: Deserialize<'a>>(&self, response: &'a Response) -> Result<Told<T>, Failure> {
        api::read(response).map_err(|failure| Failure { detail: self.http.redact(&failure.detail).into(), ..failure })
    }

    /// All that a poll knows, from an answer. Remarks of the server are shown beside the data, which is kept.
    fn batch<'a, T: Deserialize<'a>>(
        &self,
        response: &'a Response,
        map: impl FnOnce(T, &mut Vec<RowProblem>) -> Vec<Entity>,
    ) -> Result<Batch, Failure> {
        let Told { data, remarks: mut problems } = self.read(response)?;
        let entities = map(data, &mut problems);
        Ok(Batch { entities, problems, scope: Scope::Whole, ..Batch::default() })
    }

    async fn ask_build(&self) -> Result<Probe, Failure> {
        let response = self.get("/status/buildinfo", &[]).await?;
        let build: Option<wire::BuildInfo> = self.read(&response)?.data;
        let build = build.unwrap_or_default();
        // sent by every page of VictoriaMetrics, whose build info is empty or names a Prometheus version
        let is_victoria = response.headers.contains_key("x-server-hostname");
        let product = match (build.application, build.version) {
            (Some(application), Some(version)) => format!("{application} {version}"),
            _ if is_victoria => "VictoriaMetrics".to_owned(),
            // Thanos, which has not left 0.x, answers like Prometheus, which has
            (None, Some(version)) if !version.starts_with("0.") => format!("Prometheus {}", version.split('+').next().unwrap_or_default()),
            (_, version) => format!("Prometheus-compatible {}", version.unwrap_or_default()).trim_end().to_owned(),
        };
        Ok(Probe { product: Text::from(product).to_string() })
    }
}

impl Source for Prometheus {
    fn info(&self) -> &Arc<SourceInfo> {
        &self.info
    }

    fn poll<'a>(&'a self, poll: &'a PollId, now: Timestamp) -> Pending<'a, Batch> {
        Box::pin(self.fetch(poll.as_str(), now))
    }

    fn ask<'a>(&'a self, ask: &'a Ask) -> Pending<'a, Answer> {
        Box::pin(self.answer(ask))
    }

    fn probe(&self) -> Pending<'_, Probe> {
        Box::pin(self.ask_build())
    }

    fn spent(&self) -> Cost {
        self.http.spent()
    }
}

fn polls(config: &SourceConfig) -> Vec<PollInfo> {
    let factor = config.every.map_or(1.0, |every| every.seconds() / POLLS[0].1);
    let wanted = POLLS.iter().filter(|(id, ..)| match *id {
        "readings" => !config.readings.is_empty(),
        "drift" => !config.drifts.is_empty(),
        _ => true,
    });
    wanted
        .map(|(id, every_s, kind)| PollInfo { id: PollId::from(*id), every_s: every_s * factor, kinds: vec![*kind], numbers: false })
        .collect()
}

/// `with` as strings; an unknown key or a value of another type is told with what could be meant.
fn parameters(with: &BTreeMap<String, Value>) -> Result<BTreeMap<&str, String>, Failure> {
    let wrong = |what: String| Failure::new(FailureKind::Config, "read `with` of the source", what);
    with.iter()
        .map(|(key, value)| {
            if !PARAMETERS.contains(&key.as_str()) {
                let near = PARAMETERS.iter().min_by_key(|known| strsim::levenshtein(known, key)).copied().unwrap_or_default();
                return Err(
                    wrong(format!("unknown key `{key}`")).hint(format!("did you mean `{near}`? There are: {}", PARAMETERS.join(", ")))
                );
            }
            match value {
                Value::String(text) => Ok((key.as_str(), text.clone())),
                Value::Number(number) => Ok((key.as_str(), number.to_string())),
                _ => Err(wrong(format!("`{key}` is not a string")).hint("write it in quotes")),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests;
