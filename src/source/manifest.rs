//! A source described by a connector file: polls, steps, logs and raw answers over HTTP, mapped by jq.
//! Not for: systems that need more than jq (see `source::prometheus`, `source::docker`), the file's schema (see `config::connector`).

mod act;
pub mod check;
mod compile;
mod decode;
mod fetch;
mod jq;
mod logs;
mod native;
mod pages;
mod plan;
mod poll;
mod row;
mod session;

pub use check::{check, try_map};
pub(super) use jq::{Filter, Variables, to_json};
pub(super) use row::entity_json;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use jaq_json::Val;
use serde_json::{Map, Value, json};

use crate::config::connector::Connector;
use crate::config::error::nearest;
use crate::config::{AuthConfig, SourceConfig};
use crate::domain::{
    Answer, Ask, Batch, Cost, Entity, Failure, FailureKind, Field, Kind, LogPart, LogRequest, Offer, Order, PollId, PollInfo, Scope,
    SourceInfo, SourceName, Text, Timestamp,
};
use crate::source::aliases::Aliases;
use crate::source::http::Http;
use crate::source::{Deed, Flow, Pending, Probe, Source};

use fetch::{Asker, Beside, Paging};
use plan::Plan;
use poll::PollPlan;
use row::Additions;
use session::Session;

/// A source on a connector.
#[derive(Clone)]
pub struct Manifest(Arc<Inner>);

struct Inner {
    info: Arc<SourceInfo>,
    asker: Asker,
    additions: Additions,
    with: Value,
    base: String,
    probe: Option<(Plan, Filter)>,
    polls: Vec<PollPlan>,
    steps: Vec<StepsPlan>,
    logs: Vec<logs::LogPlan>,
    raw: Vec<RawPlan>,
    actions: Vec<act::ActPlan>,
    /// Where the aliases of models have pointed.
    aliases: Aliases,
    /// What the system has not permitted of late.
    denied: act::Denied,
    /// What polls brought last that other polls ask about.
    polled: Mutex<BTreeMap<String, Arc<Vec<Entity>>>>,
}

struct StepsPlan {
    on: Vec<Kind>,
    plan: Plan,
    paging: Option<Paging>,
    beside: Vec<Beside>,
    map: Filter,
}

struct RawPlan {
    on: Vec<Kind>,
    plan: Plan,
    map: Option<Filter>,
}

impl Manifest {
    /// Puts a connector and a source's configuration together. Asks nothing, compiles nothing. The history of aliases lasts as long as
    /// the program.
    pub fn new(config: &SourceConfig, connector: &Connector) -> Result<Self, Failure> {
        Self::keeping(config, connector, None)
    }

    /// The same, with a folder where the history of aliases is kept.
    pub fn keeping(config: &SourceConfig, connector: &Connector, state_dir: Option<&Path>) -> Result<Self, Failure> {
        let wrong = |what: String| Failure::new(FailureKind::Config, format!("set up source {}", config.name), what);
        let default_url = connector.connector.url.as_deref().unwrap_or_default();
        if config.url.is_none() && default_url.is_empty() {
            return Err(wrong("`url` is missing, and the connector has no default".to_owned()));
        }
        let login = config.auth.as_ref().and_then(|auth| Some((auth, connector.auth.get(&auth.scheme)?)));
        let session = login.and_then(|(auth, login)| Session::new(&auth.scheme, login, auth));
        let http = if session.is_some() {
            let none = Some(AuthConfig { scheme: "none".to_owned(), ..AuthConfig::default() });
            Http::new(&SourceConfig { auth: none, ..config.clone() }, default_url)?
        } else {
            Http::new(config, default_url)?
        };
        let with = parameters(config, connector).map_err(wrong)?;
        let base = http.place().to_string();
        let info = Arc::new(info(config, connector, &base));
        let additions = Additions {
            source: info.name.clone(),
            eye: connector.connector.eye,
            env: config.env.as_deref().map(Text::from),
            owner: config.owner.as_deref().map(Text::from),
            labels: config.labels.iter().map(|(name, value)| (Text::from(name.as_str()), Text::from(value.as_str()))).collect(),
        };
        let unchecked = || wrong("the connector's file was not checked".to_owned());
        let probe = connector
            .probe
            .as_ref()
            .and_then(|probe| Some((Plan::new("probe", probe.call()?), Filter::new("expect of the probe", &probe.expect))));
        let polls = connector.poll.iter().map(|poll| PollPlan::new(poll, connector)).collect::<Option<_>>().ok_or_else(unchecked)?;
        let steps = connector.steps.iter().map(StepsPlan::new).collect::<Option<_>>().ok_or_else(unchecked)?;
        let logs = connector.logs.iter().map(logs::LogPlan::new).collect::<Option<_>>().ok_or_else(unchecked)?;
        let raw = connector.raw.iter().map(RawPlan::new).collect::<Option<_>>().ok_or_else(unchecked)?;
        let actions = connector.action.iter().map(act::ActPlan::new).collect::<Option<_>>().ok_or_else(unchecked)?;
        let asker = Asker::new(http, session);
        let aliases = Aliases::new(state_dir, info.name.clone());
        let (polled, denied) = (Mutex::default(), act::Denied::default());
        Ok(Self(Arc::new(Inner { info, asker, additions, with, base, probe, polls, steps, logs, raw, actions, aliases, denied, polled })))
    }
}

impl Source for Manifest {
    fn info(&self) -> &Arc<SourceInfo> {
        &self.0.info
    }

    fn poll<'a>(&'a self, poll: &'a PollId, now: Timestamp) -> Pending<'a, Batch> {
        Box::pin(async move {
            let plan = self.0.polls.iter().find(|plan| plan.id == poll.as_str());
            let plan = plan.ok_or_else(|| self.unsupported(&format!("poll `{poll}`")))?;
            let batch = self.0.poll(plan, now).await?;
            if batch.scope == Scope::Whole && batch.problems.is_empty() && batch.entities.iter().any(|entity| entity.kind() == Kind::Model)
            {
                self.0.aliases.observe(&batch.entities, now);
            }
            Ok(batch)
        })
    }

    fn ask<'a>(&'a self, ask: &'a Ask) -> Pending<'a, Answer> {
        Box::pin(async move {
            match ask {
                Ask::Steps { run } => self.0.steps(run).await.map(Answer::Steps),
                Ask::Raw { entity } => self.0.raw(entity).await.map(Answer::Raw),
                Ask::Range { .. } | Ask::History { .. } => Err(self.unsupported("ask for numbers")),
            }
        })
    }

    fn logs(&self, request: LogRequest) -> Flow<LogPart> {
        logs::read(Arc::clone(&self.0), request)
    }

    fn offers<'a>(&'a self, entity: &'a Entity) -> Pending<'a, Vec<Offer>> {
        Box::pin(self.0.offers(entity))
    }

    fn form<'a>(&'a self, order: &'a Order) -> Pending<'a, Vec<Field>> {
        Box::pin(self.0.form(order))
    }

    fn prepare<'a>(&'a self, order: &'a Order) -> Pending<'a, Deed<'a>> {
        Box::pin(self.0.prepare(order))
    }

    fn rehearse<'a>(&'a self, order: &'a Order) -> Pending<'a, Vec<Text>> {
        Box::pin(self.0.rehearse(order))
    }

    fn probe(&self) -> Pending<'_, Probe> {
        Box::pin(async move {
            let title = &self.0.info.title;
            let Some((plan, expect)) = &self.0.probe else { return Err(self.unsupported("probe")) };
            let variables = self.0.variables(Timestamp::default());
            let request = plan.fill(&json!({ "with": self.0.with }), &Value::Null, &variables, &pages::Turn::default()).await?;
            // without signing in: a probe is sent to whatever answers there
            let response = self.0.asker.http.send(request).await?;
            let (body, _) = decode::decode(plan.decode, &response.body).map_err(|e| response.bad_shape(&e))?;
            match to_json(&expect.first(body, variables).await?) {
                Value::String(version) => Ok(Probe { product: format!("{title} {version}") }),
                Value::Number(version) => Ok(Probe { product: format!("{title} {version}") }),
                Value::Bool(true) => Ok(Probe { product: title.to_string() }),
                _ => Err(Failure::new(FailureKind::BadShape, response.doing.as_str(), format!("it answers, but is not {title}"))
                    .hint("check `url` and `connector` of the source")),
            }
        })
    }

    fn spent(&self) -> Cost {
        self.0.asker.http.spent()
    }
}

impl Inner {
    fn variables(&self, now: Timestamp) -> Variables {
        Variables {
            now: Val::from(now.seconds()),
            with: serde_json::from_value(self.with.clone()).unwrap_or_default(),
            base: if self.base.starts_with("http") { Val::from(self.base.clone()) } else { Val::Null },
            ..Variables::default()
        }
    }

    fn unsupported(&self, what: &str) -> Failure {
        Failure::new(FailureKind::Unsupported, format!("{what} of {}", self.info.name), format!("{} has no such thing", self.info.title))
    }

    /// An entity as templates see it, with the source's parameters; filters see it as `$each`.
    fn about(&self, entity: &Entity) -> (Value, Variables) {
        let mut values = entity_json(entity);
        if let Value::Object(map) = &mut values {
            map.insert("with".to_owned(), self.with.clone());
        }
        let each = serde_json::from_value(values.clone()).unwrap_or_default();
        (values, Variables { each, ..self.variables(entity.seen_at) })
    }

    async fn steps(&self, run: &Entity) -> Result<Vec<crate::domain::Step>, Failure> {
        let plan = self.steps.iter().find(|plan| plan.on.contains(&run.kind())).ok_or_else(|| self.unsupported("ask for the steps"))?;
        let (values, variables) = self.about(run);
        let also = self.asker.beside(&plan.beside, &Val::Null, &values, &variables, &mut Vec::new()).await?;
        let variables = Variables { also, ..variables };
        let mut outputs = Vec::new();
        let mut pages = fetch::PageReader::new(&plan.plan, plan.paging.as_ref());
        while let Some(answer) = pages.next(&self.asker, &values, &variables, false).await? {
            outputs.extend(plan.map.run(answer.page, variables.clone()).await?);
        }
        row::steps(outputs).map_err(|e| Failure::new(FailureKind::BadShape, format!("read the steps of {}", run.name), e))
    }

    async fn raw(&self, entity: &Entity) -> Result<Text, Failure> {
        let plan = self.raw.iter().find(|plan| plan.on.contains(&entity.kind())).ok_or_else(|| self.unsupported("ask for all"))?;
        let (values, variables) = self.about(entity);
        let request = plan.plan.fill(&values, &values, &variables, &pages::Turn::default()).await?;
        let mut page = self.asker.answer(&plan.plan, request).await?.page;
        if let Some(map) = &plan.map {
            page = map.first(page, variables).await?;
        }
        let mut value = to_json(&page);
        hide_secrets(&mut value);
        Ok(Text::from(self.asker.http.redact(&serde_json::to_string_pretty(&value).unwrap_or_default())))
    }

    fn remembered(&self, poll: &str) -> Option<Arc<Vec<Entity>>> {
        self.polled.lock().unwrap_or_else(PoisonError::into_inner).get(poll).cloned()
    }
}

impl StepsPlan {
    fn new(steps: &crate::config::connector::Steps) -> Option<Self> {
        let beside = steps.also.iter().map(|(name, also)| Beside::new("steps", name, also)).collect::<Option<_>>()?;
        Some(Self {
            on: steps.on.clone(),
            plan: Plan::new("steps", steps.call()?),
            paging: steps.pages.as_ref().map(|pages| Paging::new("steps", pages)),
            beside,
            map: Filter::new("map of steps", &steps.map),
        })
    }
}

impl RawPlan {
    fn new(raw: &crate::config::connector::Raw) -> Option<Self> {
        let map = raw.map.as_ref().map(|jq| Filter::new("map of raw", jq));
        Some(Self { on: raw.on.clone(), plan: Plan::new("raw", raw.call()?), map })
    }
}

/// What the system says about itself may hold what nobody should see over a shoulder.
fn hide_secrets(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let key = key.to_ascii_lowercase();
                let is_secret =
                    ["password", "passwd", "secret", "token", "api_key", "apikey", "private_key"].iter().any(|word| key.contains(word));
                if is_secret && value.is_string() {
                    *value = Value::from("***");
                } else {
                    hide_secrets(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(hide_secrets),
        _ => {}
    }
}

/// The source's parameters over the connector's defaults.
fn parameters(config: &SourceConfig, connector: &Connector) -> Result<Value, String> {
    if let Some(unknown) = config.with.keys().find(|name| !connector.with.contains_key(*name)) {
        let meant = nearest(unknown, connector.with.keys().map(String::as_str))
            .map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
        return Err(format!("`with.{unknown}`: the connector {} has no such parameter{meant}", connector.name));
    }
    let defaults = connector.with.iter().filter_map(|(name, parameter)| Some((name.clone(), parameter.default.clone()?)));
    let mut with: Map<String, Value> = defaults.collect();
    with.extend(config.with.clone());
    Ok(Value::Object(with))
}

fn info(config: &SourceConfig, connector: &Connector, base: &str) -> SourceInfo {
    // `every` of the source is the time of the fastest poll; the others keep their proportion to it
    let fastest = connector.poll.iter().map(|poll| poll.every.seconds()).fold(f64::INFINITY, f64::min);
    let factor = config.every.map_or(1.0, |every| every.seconds() / fastest);
    let polls = connector.poll.iter().map(|poll| PollInfo {
        id: PollId::from(poll.id.as_str()),
        every_s: poll.every.seconds() * factor,
        kinds: poll.emits.clone(),
    });
    let mut logs: Vec<Kind> = connector.logs.iter().flat_map(|logs| logs.on.clone()).collect();
    logs.sort_unstable();
    logs.dedup();
    SourceInfo {
        name: SourceName::from(config.name.as_str()),
        connector: Text::from(connector.name.as_str()),
        title: Text::from(connector.connector.title.as_str()),
        url: Text::from(base),
        env: config.env.as_deref().map(Text::from),
        eye: connector.connector.eye,
        read_only: config.read_only,
        polls: polls.collect(),
        logs,
        readings: Vec::new(),
        discovered: false,
    }
}
