//! Actions of the user's own (`[[action]]` of the settings), offered beside those of a source: a command or a request over an entity.
//! Not for: what connectors declare (see `manifest::act`), the rules (they are the same; see `runtime::act`).

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::io::AsyncReadExt;
use tokio::process::Command;

use super::http::{Http, Method, Request};
use super::manifest::{Filter, Variables, entity_json, to_json};
use super::{Deed, Flow, Pending, Probe, ShellStream, Source};
use crate::config::connector::{Encoding, Jq, Template};
use crate::config::{ActionConfig, SourceConfig, Span};
use crate::domain::{
    Answer, Applies, Ask, Batch, Cost, Danger, Entity, Failure, FailureKind, Field, Kind, LogPart, LogRequest, Offer, Order, PollId,
    Receipt, SourceInfo, Step, Text, Timestamp,
};

/// Longest wait for a command or a request where nothing is said.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes of a command's output that are read.
const OUTPUT_MAX: u64 = 64 * 1024;

/// A source with actions of the user's own.
pub struct Own {
    inner: Arc<dyn Source>,
    plans: Vec<Plan>,
}

struct Plan {
    offer: Offer,
    on: Vec<Kind>,
    when: Option<Filter>,
    how: How,
    timeout: Duration,
}

enum How {
    Command(Vec<Template>),
    Request { http: Http, method: Method, path: Template, json: Option<Filter> },
}

impl Own {
    /// The source with those of the actions that are for it; the source itself if none is. Fails on an action that cannot be.
    pub fn around(inner: Arc<dyn Source>, actions: &[ActionConfig]) -> Result<Arc<dyn Source>, Failure> {
        let name = inner.info().name.clone();
        let of_this = |action: &&ActionConfig| action.source.is_empty() || action.source.iter().any(|source| *source == name.to_string());
        let plans = actions.iter().filter(of_this).map(Plan::new).collect::<Result<Vec<_>, _>>()?;
        Ok(if plans.is_empty() { inner } else { Arc::new(Self { inner, plans }) })
    }

    fn plan(&self, order: &Order) -> Option<&Plan> {
        let kind = order.target.kind();
        if order.step.is_some() {
            return None;
        }
        self.plans.iter().find(|plan| plan.offer.id == order.action && plan.on.contains(&kind))
    }
}

impl Plan {
    fn new(action: &ActionConfig) -> Result<Self, Failure> {
        let wrong = |what: String| {
            Failure::new(FailureKind::Config, format!("make the action `{}`", action.id), what).hint("see [[action]] of the settings")
        };
        let named = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if action.id.is_empty() || !action.id.chars().all(named) || action.title.is_empty() {
            return Err(wrong("it needs an `id` of letters, digits and dashes, and a `title`".to_owned()));
        }
        let word = |word: &str| serde_json::from_value::<Kind>(Value::from(word)).map_err(|error| wrong(format!("`on`: {error}")));
        let on = action.on.iter().map(|kind| word(kind)).collect::<Result<Vec<_>, _>>()?;
        if on.is_empty() {
            return Err(wrong("`on` names no kind".to_owned()));
        }
        let danger: Danger = serde_json::from_value(Value::from(action.danger.as_str()))
            .map_err(|_| wrong(format!("`danger` is `{}`; write safe, reversible, disruptive or destructive", action.danger)))?;
        let filter = |name: &str, code: &Option<String>| match code {
            None => Ok(None),
            Some(code) => {
                let filter = Filter::new(format!("{name} of action {}", action.id), &Jq { code: code.clone(), span: 0..0 });
                filter.check().map_err(|mistake| wrong(format!("`{name}` is no jq: {}", mistake.message)))?;
                Ok(Some(filter))
            }
        };
        let template = |text: &str| Template::parse(text).map_err(|error| wrong(error.to_string()));
        let how = match (&action.url, action.command.is_empty()) {
            (None, false) => How::Command(action.command.iter().map(|word| template(word)).collect::<Result<_, _>>()?),
            (Some(url), true) => {
                let begun = url.find("://").map_or(0, |at| at + 3);
                let (origin, path) = url.split_at(url[begun..].find('/').map_or(url.len(), |at| begun + at));
                if origin.contains('{') {
                    return Err(wrong("`url` may hold places in its path only".to_owned()));
                }
                let config = SourceConfig {
                    name: action.id.clone(),
                    url: Some(origin.to_owned()),
                    auth: action.auth.clone(),
                    tls: action.tls.clone(),
                    headers: action.headers.clone(),
                    timeout: action.timeout.or(Some(Span::HALF_MINUTE)),
                    ..SourceConfig::default()
                };
                let method = match action.method.as_str() {
                    "" | "POST" => Method::POST,
                    "GET" => Method::GET,
                    "PUT" => Method::PUT,
                    "PATCH" => Method::PATCH,
                    "DELETE" => Method::DELETE,
                    other => return Err(wrong(format!("`method` is `{other}`; write GET, POST, PUT, PATCH or DELETE"))),
                };
                let path = template(if path.is_empty() { "/" } else { path })?;
                How::Request { http: Http::new(&config, "")?, method, path, json: filter("json", &action.json)? }
            }
            _ => return Err(wrong("it needs either `command` or `url`".to_owned())),
        };
        let offer = Offer {
            undo: action.undo.as_deref().map(Text::from),
            touches: action.touches.as_deref().map(Text::from),
            ..Offer::new(&action.id, &action.title, danger)
        };
        Ok(Self { offer, on, when: filter("when", &action.when)?, how, timeout: action.timeout.map_or(PATIENCE, Span::duration) })
    }

    async fn offer(&self, entity: &Entity) -> Result<Offer, Failure> {
        let mut offer = self.offer.clone();
        if let Some(when) = &self.when {
            let input = serde_json::from_value(entity_json(entity)).unwrap_or_default();
            offer.applies = match to_json(&when.first(input, Variables::default()).await?) {
                Value::Bool(true) => Applies::Yes,
                Value::String(why) => Applies::No(Text::from(why)),
                _ => Applies::No(Text::from(format!("not while it is {}", entity.state))),
            };
        }
        Ok(offer)
    }

    async fn prepare<'a>(&'a self, order: &'a Order) -> Result<Deed<'a>, Failure> {
        let values = entity_json(&order.target);
        let wrong = |what: String| Failure::new(FailureKind::Refused, format!("fill the action `{}`", order.action), what);
        let (shown, send): (String, Box<dyn FnOnce() -> Pending<'a, Receipt> + Send + 'a>) = match &self.how {
            How::Command(words) => {
                let mut argv = Vec::new();
                for word in words {
                    let filled = word.fill(&values, Encoding::Plain).map_err(|error| wrong(error.to_string()))?;
                    // what comes from a system must not become an option of the program
                    if filled.starts_with('-') && word.begins_with_a_place() {
                        return Err(wrong(format!(
                            "`{filled}` would be read as an option; write `--` before it, or text before the place"
                        )));
                    }
                    argv.push(filled);
                }
                let shown = argv.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ");
                (shown, Box::new(move || Box::pin(run(argv, self.timeout))))
            }
            How::Request { http, method, path, json } => {
                let path = path.fill(&values, Encoding::Segment).map_err(|error| wrong(error.to_string()))?;
                let mut request = Request { method: method.clone(), path, ..Request::default() };
                if let Some(json) = json {
                    let variables = Variables { now: order.at.seconds().into(), user: order.by.to_string().into(), ..Variables::default() };
                    let body = json.first(serde_json::from_value(values).unwrap_or_default(), variables).await?;
                    request.body = Some(("application/json", to_json(&body).to_string().into_bytes()));
                }
                let shown = http.shown(&request)?;
                let sent = async move { Ok(Receipt::said(http.send(request).await?.status.to_string())) };
                (shown, Box::new(move || Box::pin(sent)))
            }
        };
        Ok(Deed { requests: vec![Text::from(shown)], given: Vec::new(), notes: Vec::new(), undo: self.offer.undo.clone(), send })
    }
}

/// Runs a program to its end; it has no input and dies with us.
async fn run(argv: Vec<String>, patience: Duration) -> Result<Receipt, Failure> {
    let program = argv.first().cloned().unwrap_or_default();
    let failed = |kind, what: String| Failure::new(kind, format!("run {program}"), what);
    let mut command = Command::new(&program);
    command.args(&argv[1..]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().map_err(|error| failed(FailureKind::NotFound, error.to_string()))?;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let work = async {
        let (out, err) = tokio::join!(read(out), read(err));
        (child.wait().await, out, err)
    };
    let (status, out, err) = tokio::time::timeout(patience, work)
        .await
        .map_err(|_| failed(FailureKind::Timeout, format!("not done within {} s; it was killed", patience.as_secs_f64())))?;
    let status = status.map_err(|error| failed(FailureKind::Server, error.to_string()))?;
    let first = |text: &str| text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default().to_owned();
    if status.success() {
        let said = first(&out);
        return Ok(Receipt::said(if said.is_empty() { status.to_string() } else { said }));
    }
    let said = [first(&err), first(&out)].into_iter().find(|said| !said.is_empty()).unwrap_or_default();
    Err(failed(FailureKind::Server, format!("{status}: {said}")))
}

/// The beginning of what a program prints; the rest is read and dropped, so that it does not wait for a reader.
async fn read(from: Option<impl tokio::io::AsyncRead + Unpin>) -> String {
    let Some(mut from) = from else { return String::new() };
    let mut bytes = Vec::new();
    let _ = (&mut from).take(OUTPUT_MAX).read_to_end(&mut bytes).await;
    let _ = tokio::io::copy(&mut from, &mut tokio::io::sink()).await;
    String::from_utf8_lossy(&bytes).into_owned()
}

/// As a POSIX shell takes it for one word: what is shown may be pasted into one, and names come from outside.
pub(super) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@=+,%".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

impl Source for Own {
    fn info(&self) -> &Arc<SourceInfo> {
        self.inner.info()
    }

    fn poll<'a>(&'a self, poll: &'a PollId, now: Timestamp) -> Pending<'a, Batch> {
        self.inner.poll(poll, now)
    }

    fn events(&self) -> Option<Flow<Batch>> {
        self.inner.events()
    }

    fn ask<'a>(&'a self, ask: &'a Ask) -> Pending<'a, Answer> {
        self.inner.ask(ask)
    }

    fn logs(&self, request: LogRequest) -> Flow<LogPart> {
        self.inner.logs(request)
    }

    fn offers<'a>(&'a self, entity: &'a Entity) -> Pending<'a, Vec<Offer>> {
        Box::pin(async move {
            let mut offers = self.inner.offers(entity).await?;
            for plan in self.plans.iter().filter(|plan| plan.on.contains(&entity.kind())) {
                // the user's own wins over a connector's of the same name
                offers.retain(|offer| offer.id != plan.offer.id);
                offers.push(plan.offer(entity).await?);
            }
            Ok(offers)
        })
    }

    fn step_offers<'a>(&'a self, run: &'a Entity, step: &'a Step) -> Pending<'a, Vec<Offer>> {
        self.inner.step_offers(run, step)
    }

    fn form<'a>(&'a self, order: &'a Order) -> Pending<'a, Vec<Field>> {
        self.inner.form(order)
    }

    fn prepare<'a>(&'a self, order: &'a Order) -> Pending<'a, Deed<'a>> {
        match self.plan(order) {
            Some(plan) => Box::pin(plan.prepare(order)),
            None => self.inner.prepare(order),
        }
    }

    fn rehearse<'a>(&'a self, order: &'a Order) -> Pending<'a, Vec<Text>> {
        self.inner.rehearse(order)
    }

    fn shell<'a>(&'a self, order: &'a Order, size: (u16, u16)) -> Pending<'a, ShellStream> {
        self.inner.shell(order, size)
    }

    fn probe(&self) -> Pending<'_, Probe> {
        self.inner.probe()
    }

    fn spent(&self) -> Cost {
        self.inner.spent()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_from_outside_stays_one_word_of_the_copied_command() {
        for (name, word) in [("web-1", "web-1"), ("a b", "'a b'"), ("$(reboot)", "'$(reboot)'"), ("it's", "'it'\\''s'"), ("", "''")] {
            assert_eq!(quoted(name), word);
        }
    }
}
