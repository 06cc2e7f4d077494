//! A source described by a connector file: polls, steps, logs and raw answers over HTTP, from commands or files, mapped by jq.
//! Not for: systems that need more than jq (see `source::prometheus`, `source::docker`), the file's schema (see `config::connector`).

mod act;
mod answer;
pub mod check;
mod compile;
mod decode;
mod fetch;
mod form;
mod here;
mod jq;
mod logs;
mod metrics;
mod native;
mod pages;
mod plan;
mod poll;
mod row;
mod session;
mod setup;

pub use check::{check, try_map};
#[cfg(test)]
pub(crate) use compile::COMPILED;
pub(super) use jq::{Filter, Variables, to_json};
pub(super) use row::entity_json;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use jaq_json::Val;
use serde_json::{Value, json};

use crate::config::connector::Connector;
use crate::config::{AuthConfig, SourceConfig};
use crate::domain::{
    Answer, Ask, Batch, Cost, Entity, Failure, FailureKind, Field, Kind, LogPart, LogRequest, Offer, Order, PollId, Scope, SourceInfo,
    Step, Text, Timestamp,
};
use crate::source::aliases::Aliases;
use crate::source::http::Http;
use crate::source::local::Local;
use crate::source::{Deed, Flow, Pending, Probe, Source};

use fetch::{Asker, Beside, Paging};
use plan::Plan;
use poll::PollPlan;
use row::Additions;
use session::Session;
use setup::Reach;

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
        let with = setup::parameters(config, connector).map_err(wrong)?;
        let reach = Reach::of(config, connector, &with).map_err(wrong)?;
        // credentials may need a parameter: the region of a signature
        let config = &SourceConfig { with: with.clone().into_iter().collect(), ..config.clone() };
        let with = Value::Object(with);
        let login = config.auth.as_ref().and_then(|auth| Some((auth, connector.auth.get(&auth.scheme)?)));
        let session = login.and_then(|(auth, login)| Session::new(&auth.scheme, login, auth, &with));
        let http = if session.is_some() {
            let none = Some(AuthConfig { scheme: "none".to_owned(), ..AuthConfig::default() });
            Http::new(&SourceConfig { auth: none, ..config.clone() }, &reach.url)?
        } else {
            Http::new(config, &reach.url)?
        };
        let local = Local::new(config);
        let base = if reach.is_local { local.shown() } else { http.place().to_string() };
        let info = Arc::new(setup::info(config, connector, &base));
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
        let asker = Asker::new(http, session, local);
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
        Box::pin(self.0.offers(entity, None))
    }

    fn step_offers<'a>(&'a self, run: &'a Entity, step: &'a Step) -> Pending<'a, Vec<Offer>> {
        Box::pin(self.0.offers(run, Some(step)))
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
            let mut values = json!({ "with": self.0.with });
            let (answer, doing) = if plan.is_http() {
                // without signing in: a probe is sent to whatever answers there
                let request = plan.fill(&values, &Value::Null, &variables, &pages::Turn::default()).await?;
                let response = self.0.asker.http.send(request).await?;
                let (body, _) = decode::decode(plan.decode, &response.body).map_err(|e| response.bad_shape(&e))?;
                (body, response.doing)
            } else {
                if plan.names_path() {
                    let first = self.0.asker.local.places().await?.into_iter().next();
                    values["path"] = Value::from(first);
                }
                let answer = self.0.asker.ask(plan, &values, &Value::Null, &variables, &pages::Turn::default(), false).await?;
                (answer.page, format!("look at {}", self.0.base))
            };
            match to_json(&expect.first(answer, variables).await?) {
                Value::String(version) => Ok(Probe { product: format!("{title} {version}") }),
                Value::Number(version) => Ok(Probe { product: format!("{title} {version}") }),
                Value::Bool(true) => Ok(Probe { product: title.to_string() }),
                _ => Err(Failure::new(FailureKind::BadShape, doing, format!("it answers, but is not {title}"))
                    .hint("check `url` and `connector` of the source")),
            }
        })
    }

    fn spent(&self) -> Cost {
        let (http, local) = (self.0.asker.http.spent(), self.0.asker.local.spent());
        Cost { requests: http.requests + local.requests, bytes: http.bytes + local.bytes }
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

    /// An entity as templates see it, with the source's parameters; filters see it as `$each`. `{path}` is the path of the source that its
    /// label `path` names, or the only one.
    fn about(&self, entity: &Entity) -> (Value, Variables) {
        let mut values = entity_json(entity);
        let path = self.asker.local.place_of(entity.labels.get("path").map(|path| path.as_str()));
        if let Value::Object(map) = &mut values {
            map.insert("with".to_owned(), self.with.clone());
            map.insert("path".to_owned(), Value::from(path.clone()));
        }
        let each = serde_json::from_value(values.clone()).unwrap_or_default();
        (values, Variables { each, path: path.map_or(Val::Null, Val::from), ..self.variables(entity.seen_at) })
    }

    async fn steps(&self, run: &Entity) -> Result<Vec<crate::domain::Step>, Failure> {
        let plan = self.steps.iter().find(|plan| plan.on.contains(&run.kind())).ok_or_else(|| self.unsupported("ask for the steps"))?;
        let (values, variables) = self.about(run);
        let also = self.asker.beside(&plan.beside, &Val::Null, &values, &variables, &mut Vec::new()).await?;
        let variables = Variables { also, ..variables };
        let mut outputs = Vec::new();
        let mut pages = fetch::PageReader::new(&plan.plan, plan.paging.as_ref());
        while let Some(answer) = pages.next(&self.asker, &values, &variables, false).await? {
            let variables = answer.about.added_to(variables.clone());
            outputs.extend(plan.map.run(answer.page, variables).await?);
        }
        row::steps(outputs).map_err(|e| Failure::new(FailureKind::BadShape, format!("read the steps of {}", run.name), e))
    }

    async fn raw(&self, entity: &Entity) -> Result<Text, Failure> {
        let plan = self.raw.iter().find(|plan| plan.on.contains(&entity.kind())).ok_or_else(|| self.unsupported("ask for all"))?;
        let (values, variables) = self.about(entity);
        let mut page = self.asker.ask(&plan.plan, &values, &values, &variables, &pages::Turn::default(), false).await?.page;
        if let Some(map) = &plan.map {
            page = map.first(page, variables).await?;
        }
        let mut value = to_json(&page);
        if let Value::String(text) = &value {
            return Ok(Text::from(self.asker.http.redact(text)));
        }
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
