//! Acting as a connector file declares it: what is offered, what is read before, the request, and what is made of the answer.
//! Not for: whether it may be done (see `runtime::act`), the tables' schema (see `config::connector::action`).

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use jaq_json::Val;
use serde_json::{Value, json};

use super::Inner;
use super::decode::decode;
use super::fetch::Beside;
use super::form::{field, fields, filled};
use super::jq::{Filter, Output, Variables, to_json};
use super::pages::Turn;
use super::plan::Plan;
use crate::config::connector::{ActionCall, Encoding, Template};
use crate::domain::{
    ActionId, Applies, Awaited, Entity, EntityId, Failure, FailureKind, Field, Inverse, Kind, Offer, Order, OwnDryRun, Receipt, Step, Text,
};
use crate::source::Deed;
use crate::source::http::Request;
use crate::source::local::exec::Job;
use crate::source::own::quoted;

/// Seconds to wait for what an action brings about, where the connector says nothing.
const PATIENCE_S: f64 = 60.0;
/// How long a refusal for want of a right is remembered, so that the menu can say why.
const DENIED_FOR: Duration = Duration::from_secs(300);
/// Lines told before and after, at most.
const LINES_MAX: usize = 50;

/// An action that can be done.
pub struct ActPlan {
    pub(super) call: ActionCall,
    plan: Plan,
    when: Option<Filter>,
    /// Choices and preset of each field.
    pub(super) fields: Vec<(Option<Filter>, Option<Filter>)>,
    schema: Option<(Plan, Filter)>,
    bind: Option<Filter>,
    also: Vec<Beside>,
    check: Option<Filter>,
    given: Option<Filter>,
    notes: Option<Filter>,
    dry_run: Option<(Plan, Filter)>,
    refused: Option<Filter>,
    said: Option<Filter>,
    made: Option<Filter>,
}

/// What the system has not permitted of late: the action, the target, its words, when.
#[derive(Default)]
pub struct Denied(Mutex<BTreeMap<(ActionId, EntityId), (Text, Instant)>>);

/// An action with every place filled.
enum Filled {
    Request(Request),
    Command(Job),
}

/// An order's target and values as templates and filters see them.
struct Scene {
    values: Value,
    variables: Variables,
    notes: Vec<Text>,
}

impl ActPlan {
    /// `None` where the connector's file was not checked.
    pub fn new(call: &ActionCall) -> Option<Self> {
        let what = format!("action {}", call.id);
        let filter = |name: &str, jq: &Option<_>| jq.as_ref().map(|jq| Filter::new(format!("{name} of {what}"), jq));
        let schema = match &call.schema {
            Some(schema) => Some((Plan::new(&format!("schema of {what}"), schema.call()?), filter("schema", &Some(schema.map.clone()))?)),
            None => None,
        };
        let dry_run = match &call.dry_run {
            Some(dry) => Some((Plan::new(&format!("dry run of {what}"), dry.call()?), filter("dry run", &Some(dry.map.clone()))?)),
            None => None,
        };
        Some(Self {
            plan: Plan::new(&what, call.call()?),
            when: filter("when", &call.when),
            fields: call.field.iter().map(|field| (filter("choices", &field.choices), filter("preset", &field.preset))).collect(),
            schema,
            bind: filter("let", &call.bind),
            also: call.also.iter().map(|(name, also)| Beside::new(&what, name, also)).collect::<Option<_>>()?,
            check: filter("check", &call.check),
            given: filter("given", &call.given),
            notes: filter("notes", &call.notes),
            dry_run,
            refused: filter("refused", &call.refused),
            said: filter("said", &call.said),
            made: filter("made", &call.made),
            call: call.clone(),
        })
    }
}

impl ActPlan {
    /// The system's own dry run, and when it is asked.
    fn own_dry_run(&self) -> OwnDryRun {
        match &self.call.dry_run {
            None => OwnDryRun::None,
            Some(dry_run) if dry_run.on_request => OwnDryRun::OnRequest,
            Some(_) => OwnDryRun::Always,
        }
    }
}

impl Inner {
    /// What can be done to an entity, or to one step of it.
    pub async fn offers(&self, entity: &Entity, step: Option<&Step>) -> Result<Vec<Offer>, Failure> {
        let (values, variables) = self.seen(entity, step);
        let mut offers = Vec::new();
        for plan in self.actions.iter().filter(|plan| plan.call.is_for(entity.kind(), step)) {
            let words = |template: &Option<Template>| {
                template.as_ref().and_then(|template| template.fill(&values, Encoding::Plain).ok()).map(Text::from)
            };
            let id = ActionId::from(plan.call.id.as_str());
            let mut applies = applies(plan, entity, &values, &variables).await?;
            if let (Applies::Yes, Some(why)) = (&applies, self.denied.said(&id, &entity.id)) {
                applies = Applies::No(why);
            }
            offers.push(Offer {
                undo: words(&plan.call.undo).or_else(|| plan.call.inverse.as_ref().map(|inverse| Text::from(inverse.action.as_str()))),
                touches: words(&plan.call.touches),
                form: fields(plan, &values, &variables).await?,
                asks_form: plan.schema.is_some(),
                own_dry_run: plan.own_dry_run(),
                bulk: plan.call.bulk,
                applies,
                ..Offer::new(&plan.call.id, &plan.call.title, plan.call.danger)
            });
        }
        Ok(offers)
    }

    /// What must be filled in, as the system says.
    pub async fn form(&self, order: &Order) -> Result<Vec<Field>, Failure> {
        let plan = self.action(order)?;
        let (values, variables) = self.seen(&order.target, order.step.as_deref());
        self.fields(plan, &values, &variables).await
    }

    /// The request, and what is read before it.
    pub async fn prepare<'a>(&'a self, order: &'a Order) -> Result<Deed<'a>, Failure> {
        let plan = self.action(order)?;
        let Scene { values, variables, mut notes } = self.scene(plan, order).await?;
        let given = lines(plan.given.as_ref(), &values, &variables).await?;
        notes.extend(lines(plan.notes.as_ref(), &values, &variables).await?);
        let (shown, ready) = self.filled(plan, &values, &variables).await?;
        let requests = vec![Text::from(shown)];
        // without words of its own, those of the offer hold
        let undo = plan.call.undo.as_ref().and_then(|undo| undo.fill(&values, Encoding::Plain).ok()).map(Text::from);
        let send = Box::new(move || -> crate::source::Pending<'a, Receipt> {
            Box::pin(async move { self.sent(plan, order, ready, variables).await })
        });
        Ok(Deed { requests, given, notes, undo, send })
    }

    /// What the system's own dry run says.
    pub async fn rehearse(&self, order: &Order) -> Result<Vec<Text>, Failure> {
        let plan = self.action(order)?;
        let Some((dry_run, map)) = &plan.dry_run else { return Err(self.unsupported("a dry run")) };
        let Scene { values, variables, .. } = self.scene(plan, order).await?;
        let answer = self.asker.ask(dry_run, &values, &values, &variables, &Turn::default(), false).await?;
        Ok(texts(map.run(answer.page, variables).await?))
    }

    /// The request or command with every place filled, and how a person is shown it.
    async fn filled(&self, plan: &ActPlan, values: &Value, variables: &Variables) -> Result<(String, Filled), Failure> {
        if plan.plan.is_http() {
            let request = plan.plan.fill(values, values, variables, &Turn::default()).await?;
            return Ok((self.asker.http.shown(&request)?, Filled::Request(request)));
        }
        let job = plan.plan.job(values, &self.asker.local)?;
        let folder = job.cwd.as_ref().map(|folder| format!(" (in {folder})")).unwrap_or_default();
        let shown = format!("{}{folder}", job.argv.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" "));
        Ok((self.asker.http.redact(&shown), Filled::Command(job)))
    }

    async fn sent(&self, plan: &ActPlan, order: &Order, ready: Filled, variables: Variables) -> Result<Receipt, Failure> {
        let (body, status) = match ready {
            Filled::Request(request) => {
                let response = self.asker.send(request).await.inspect_err(|failure| {
                    if failure.kind == FailureKind::Denied {
                        self.denied.note(&order.action, &order.target.id, &failure.detail);
                    }
                })?;
                (response.body, response.status.to_string())
            }
            Filled::Command(job) => {
                let output = self.asker.local.run(&job).await?;
                (output.body, format!("exit code {}", output.code))
            }
        };
        let page = answered(plan, &body);
        if let Some(refused) = &plan.refused
            && let Some(why) = first_text(refused, &page, &variables).await
        {
            return Err(Failure::new(FailureKind::Server, format!("do `{}`", plan.call.id), why));
        }
        // it is done, whatever else can be read of the answer
        let said = match &plan.said {
            Some(said) => first_text(said, &page, &variables).await,
            None => None,
        };
        let filled = to_json(&variables.values);
        let made = match &plan.made {
            Some(made) => made.first(page, variables).await.ok().and_then(|made| self.made(&to_json(&made))),
            None => None,
        };
        let awaited = plan.call.awaits.as_ref().and_then(|awaits| {
            let of = if awaits.made { made.clone()? } else { order.target.id.clone() };
            let timeout_s = awaits.timeout.map_or(PATIENCE_S, crate::config::Span::seconds);
            Some(Awaited { of, word: Text::from(awaits.word.as_str()), until: awaits.until.clone(), timeout_s })
        });
        let said = said.unwrap_or_else(|| Text::from(status));
        let inverse = plan.call.inverse.as_ref().and_then(|inverse| {
            let target = if inverse.made { made.clone()? } else { order.target.id.clone() };
            let kept = inverse.keep.iter().filter_map(|name| Some((Text::from(name.as_str()), as_text(filled.get(name)?))));
            Some(Inverse { action: ActionId::from(inverse.action.as_str()), target, values: kept.collect() })
        });
        Ok(Receipt { said, undo: None, inverse, made, awaited, copy: None })
    }

    fn made(&self, made: &Value) -> Option<EntityId> {
        let kind: Kind = serde_json::from_value(made.get("kind")?.clone()).ok()?;
        let key = match made.get("key")? {
            Value::String(key) => key.clone(),
            Value::Number(key) => key.to_string(),
            _ => return None,
        };
        Some(EntityId::new(&self.info.name, kind, &key))
    }

    fn action(&self, order: &Order) -> Result<&ActPlan, Failure> {
        let kind = order.target.kind();
        let step = order.step.as_deref();
        let found = self.actions.iter().find(|plan| plan.call.id == order.action.as_str() && plan.call.is_for(kind, step));
        found.ok_or_else(|| self.unsupported(&format!("`{}`", order.action)))
    }

    /// An entity as the filters of actions see it: without the labels that the source's configuration added, which the system does not
    /// know.
    fn seen(&self, entity: &Entity, step: Option<&Step>) -> (Value, Variables) {
        let (mut values, variables) = self.about(entity);
        if let Some(step) = step {
            put(&mut values, "step", serde_json::to_value(step).unwrap_or_default());
        }
        if let Some(Value::Object(labels)) = values.get_mut("labels") {
            labels.retain(|name, _| !self.additions.labels.contains_key(name.as_str()));
        }
        let history = serde_json::from_value(self.aliases.of(entity)).unwrap_or_default();
        (values, Variables { history, ..variables })
    }

    async fn scene(&self, plan: &ActPlan, order: &Order) -> Result<Scene, Failure> {
        let (mut values, variables) = self.seen(&order.target, order.step.as_deref());
        let mut variables = Variables { now: Val::from(order.at.seconds()), user: Val::from(order.by.to_string()), ..variables };
        let fields = self.fields(plan, &values, &variables).await?;
        let filled = filled(&fields, order).map_err(|why| Failure::new(FailureKind::Refused, "fill the form", why))?;
        variables.values = serde_json::from_value(filled.clone()).unwrap_or_default();
        put(&mut values, "values", filled);
        if let Some(bind) = &plan.bind {
            let bound = bind.first(val(&values), variables.clone()).await?;
            put(&mut values, "let", to_json(&bound));
        }
        let mut problems = Vec::new();
        variables.also = self.asker.beside(&plan.also, &val(&values), &values, &variables, &mut problems).await?;
        if let Some(check) = &plan.check {
            match to_json(&check.first(val(&values), variables.clone()).await?) {
                Value::Null | Value::Bool(true) => {}
                Value::String(why) => return Err(Failure::new(FailureKind::Conflict, "nothing is sent", why)),
                _ => return Err(Failure::new(FailureKind::Conflict, "nothing is sent", "it has changed since")),
            }
        }
        let notes = problems.into_iter().map(|problem| problem.message).collect();
        Ok(Scene { values, variables, notes })
    }

    async fn fields(&self, plan: &ActPlan, values: &Value, variables: &Variables) -> Result<Vec<Field>, Failure> {
        let mut all = fields(plan, values, variables).await?;
        if let Some((schema, map)) = &plan.schema {
            let answer = self.asker.ask(schema, values, values, variables, &Turn::default(), false).await?;
            for row in map.run(answer.page, variables.clone()).await? {
                let wrong = |what: String| Failure::new(FailureKind::BadShape, format!("read the form of `{}`", plan.call.id), what);
                all.push(row.and_then(|row| field(&to_json(&row))).map_err(wrong)?);
            }
        }
        Ok(all)
    }
}

impl Denied {
    fn note(&self, action: &ActionId, target: &EntityId, words: &Text) {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        noted.retain(|_, (_, at)| at.elapsed() < DENIED_FOR);
        noted.insert((action.clone(), target.clone()), (words.clone(), Instant::now()));
    }

    fn said(&self, action: &ActionId, target: &EntityId) -> Option<Text> {
        let noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (words, _) = noted.get(&(action.clone(), target.clone())).filter(|(_, at)| at.elapsed() < DENIED_FOR)?;
        Some(Text::from(format!("not permitted a moment ago: {}", words.first_line())))
    }
}

async fn applies(plan: &ActPlan, entity: &Entity, values: &Value, variables: &Variables) -> Result<Applies, Failure> {
    let Some(when) = &plan.when else { return Ok(Applies::Yes) };
    Ok(match to_json(&when.first(val(values), variables.clone()).await?) {
        Value::Bool(true) => Applies::Yes,
        Value::String(why) => Applies::No(Text::from(why)),
        _ => Applies::No(Text::from(match &entity.reason {
            Some(reason) => format!("not while it is {} ({})", entity.state, reason.first_line()),
            None => format!("not while it is {}", entity.state),
        })),
    })
}

/// What can be read of the answer; null where it is empty or not what the connector expects.
fn answered(plan: &ActPlan, body: &[u8]) -> Val {
    if body.is_empty() {
        return Val::Null;
    }
    decode(plan.plan.decode, body).map(|(page, _)| page).unwrap_or_default()
}

async fn first_text(filter: &Filter, page: &Val, variables: &Variables) -> Option<Text> {
    match to_json(&filter.first(page.clone(), variables.clone()).await.ok()?) {
        Value::Null => None,
        value => Some(as_text(&value)),
    }
}

async fn lines(filter: Option<&Filter>, values: &Value, variables: &Variables) -> Result<Vec<Text>, Failure> {
    let Some(filter) = filter else { return Ok(Vec::new()) };
    Ok(texts(filter.run(val(values), variables.clone()).await?))
}

/// Outputs as lines; one that is an error says so, nulls are left out, and what is too much is counted.
pub(super) fn texts(outputs: Vec<Output>) -> Vec<Text> {
    let line = |output: Output| match output.map(|value| to_json(&value)) {
        Ok(Value::Null) => None,
        Ok(value) => Some(as_text(&value)),
        Err(error) => Some(Text::from(format!("(cannot be told: {error})"))),
    };
    let mut lines: Vec<Text> = outputs.into_iter().filter_map(line).collect();
    if lines.len() > LINES_MAX {
        let more = lines.len() - LINES_MAX;
        lines.truncate(LINES_MAX);
        lines.push(Text::from(format!("… and {more} more")));
    }
    lines
}

pub(super) fn as_text(value: &Value) -> Text {
    match value {
        Value::String(text) => Text::from(text.as_str()),
        other => Text::from(other.to_string()),
    }
}

pub(super) fn val(values: &Value) -> Val {
    serde_json::from_value(values.clone()).unwrap_or_default()
}

fn put(values: &mut Value, name: &str, value: Value) {
    if let Value::Object(map) = values {
        map.insert(name.to_owned(), value);
    } else {
        *values = json!({ name: value });
    }
}
