//! Asking: one request, command or file to a decoded page, pages to rows, fan-outs, and requests beside a request.
//! Not for: what is asked when (see `manifest`), turning rows into entities (see `row`), reading many files (see `here`).

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};

use futures_util::stream::{self, StreamExt};
use jaq_json::Val;
use serde_json::{Value, json};

use super::answer::{About, Answer, headers, no_file};
use super::decode::decode;
use super::jq::{self, DEADLINE, Filter, Variables, to_json};
use super::pages::{After, Page, Pager, Turn, hash, next_link};
use super::plan::Plan;
use super::session::Session;
use crate::config::connector::{Also, Pages};
use crate::domain::{Failure, FailureKind, RowProblem};
use crate::source::http::{Http, Request, Response};
use crate::source::local::{Local, files::Found};

/// Requests of one fan-out under way at the same time.
const ABREAST: usize = 4;
/// Answers kept for requests whose answer never changes.
const MAX_KEPT: usize = 512;

/// A source's way of asking: its client, its session, this machine, and the answers that never change.
pub struct Asker {
    /// The client.
    pub http: Http,
    /// Commands and files.
    pub local: Local,
    /// Signing in, if by request.
    pub session: Option<Session>,
    kept: Mutex<BTreeMap<String, Val>>,
}

/// An answer on its way.
pub type Future<'a, T> = Pin<Box<dyn std::future::Future<Output = Result<T, Failure>> + Send + 'a>>;

/// The pages of a request, one after the other.
pub struct PageReader<'a> {
    plan: &'a Plan,
    paging: Option<&'a Paging>,
    pager: Pager<'a>,
    turn: Option<Turn>,
}

/// How pages go on, with the filter that finds what is needed for it.
pub struct Paging {
    pages: Pages,
    find: Option<Filter>,
}

/// A request beside another.
pub struct Beside {
    name: String,
    plan: Plan,
    for_each: Option<Filter>,
    key: Option<Filter>,
    max: usize,
    keep: bool,
    settled: Option<Filter>,
    optional: bool,
}

impl Paging {
    /// Compiles nothing yet.
    pub fn new(what: &str, pages: &Pages) -> Self {
        let find = match pages {
            Pages::Offset { items, .. } | Pages::Page { items, .. } => Some(Filter::new(format!("items of {what}"), items)),
            Pages::Token { next, .. } | Pages::NextUrl { next, .. } => Some(Filter::new(format!("next of {what}"), next)),
            Pages::LinkHeader { .. } => None,
        };
        Self { pages: pages.clone(), find }
    }

    /// What the pager needs to know of a page.
    async fn facts(&self, answer: &Answer, variables: &Variables) -> Result<Page, Failure> {
        let found = match &self.find {
            Some(filter) => filter.first(answer.page.clone(), answer.about.added_to(variables.clone())).await?,
            None => Val::Null,
        };
        let items = if let Val::Arr(list) = &found { list.len() } else { 0 };
        let next = match to_json(&found) {
            Value::String(text) => Some(text),
            Value::Number(number) => Some(number.to_string()),
            _ => answer.link.clone(),
        };
        Ok(Page { items, next, hash: answer.hash })
    }
}

impl<'a> PageReader<'a> {
    /// Before the first page.
    pub fn new(plan: &'a Plan, paging: Option<&'a Paging>) -> Self {
        let pager = Pager::new(paging.map(|paging| &paging.pages));
        let turn = Some(pager.first());
        Self { plan, paging, pager, turn }
    }

    /// The next page; `None` behind the last one, and where the system repeats itself.
    pub async fn next(
        &mut self,
        asker: &Asker,
        values: &Value,
        variables: &Variables,
        conditional: bool,
    ) -> Result<Option<Answer>, Failure> {
        let Some(turn) = self.turn.take() else { return Ok(None) };
        let mut answer = asker.ask(self.plan, values, values, variables, &turn, conditional).await?;
        if let Some(paging) = self.paging {
            let facts = paging.facts(&answer, variables).await?;
            match self.pager.after(&facts) {
                After::Done => {}
                After::Go(next) => self.turn = Some(next),
                After::Repeats => {
                    let message = "the system gives the same page again; stopped there";
                    answer.problems.push(RowProblem { path: "pages".into(), message: message.into() });
                }
            }
        }
        Ok(Some(answer))
    }
}

impl Beside {
    /// `None` where the connector's file was not checked.
    pub fn new(what: &str, name: &str, also: &Also) -> Option<Self> {
        let what = format!("`{name}` beside {what}");
        Some(Self {
            name: name.to_owned(),
            plan: Plan::new(&what, also.call()?),
            for_each: also.for_each.as_ref().map(|jq| Filter::new(format!("for-each of {what}"), jq)),
            key: also.key.as_ref().map(|jq| Filter::new(format!("key of {what}"), jq)),
            max: also.max as usize,
            keep: also.keep,
            settled: also.settled.as_ref().map(|jq| Filter::new(format!("settled of {what}"), jq)),
            optional: also.optional,
        })
    }
}

impl Asker {
    /// Has asked nothing yet.
    pub fn new(http: Http, session: Option<Session>, local: Local) -> Self {
        Self { http, session, local, kept: Mutex::default() }
    }

    /// Fills a request, a command or a glob and reads the answer; of files, the newest.
    pub async fn ask(
        &self,
        plan: &Plan,
        values: &Value,
        input: &Value,
        variables: &Variables,
        turn: &Turn,
        conditional: bool,
    ) -> Result<Answer, Failure> {
        if plan.is_http() {
            let mut request = plan.fill(values, input, variables, turn).await?;
            request.conditional = conditional;
            return self.answer(plan, request).await;
        }
        let Some(file) = plan.files() else {
            let output = self.local.run(&plan.job(values, &self.local)?).await?;
            let about = About { exit: Val::from(output.code as isize), ..About::default() };
            if output.nothing {
                return Ok(Answer::nothing(about));
            }
            return self.decoded(plan, output.body, about, &output.doing).await;
        };
        let place = values.get("path").and_then(Value::as_str).map(str::to_owned);
        let globs = plan.globs(values)?;
        let shown = globs.join(", ");
        let found = self.local.files(globs, place, 1).await?;
        let newest = match found.first() {
            Some(newest) => {
                self.refuse_strange(plan, newest).await?;
                self.local.read(newest).await?.map(|body| (newest, body))
            }
            None => None,
        };
        match newest {
            Some((found, body)) => self.decoded(plan, body, About::file(found), &format!("read {}", found.path.display())).await,
            None if file.missing_ok => Ok(Answer::nothing(About::default())),
            None => Err(no_file(&shown)),
        }
    }

    /// A file that the system led to must be one of the source's own.
    pub async fn refuse_strange(&self, plan: &Plan, found: &Found) -> Result<(), Failure> {
        if !plan.is_led() || self.local.holds(&found.path).await? {
            return Ok(());
        }
        let failure = Failure::new(FailureKind::Denied, format!("read {}", found.path.display()), "it lies outside `path` of the source");
        Err(failure.hint("add its folder to `path` if it is of this source"))
    }

    /// What a command or a file holds.
    pub async fn decoded(&self, plan: &Plan, body: Vec<u8>, about: About, doing: &str) -> Result<Answer, Failure> {
        let (format, bytes) = (plan.decode, body.len());
        let bad_shape = |detail: String| Failure::new(FailureKind::BadShape, doing, detail);
        let read = jq::aside(DEADLINE, move || {
            let lines = memchr::memchr_iter(b'\n', &body).count();
            decode(format, &body).map(|decoded| (decoded, hash(&body), lines))
        });
        let read = read.await.ok_or_else(|| bad_shape("decoding it did not end".to_owned()))?;
        let ((page, bad), hash, lines) = read.map_err(bad_shape)?;
        let problems = bad.into_iter().map(|message| RowProblem { path: "body".into(), message: message.into() }).collect();
        Ok(Answer { page, problems, not_modified: false, hash, link: None, about, size: (bytes, lines), nothing: false })
    }

    /// Sends a request, signed in if need be.
    pub async fn send(&self, request: Request) -> Result<Response, Failure> {
        match &self.session {
            Some(session) => session.send(&self.http, request).await,
            None => self.http.send(request).await,
        }
    }

    /// Sends a request and decodes its answer.
    pub async fn answer(&self, plan: &Plan, request: Request) -> Result<Answer, Failure> {
        let response = self.send(request.clone()).await?;
        // a system may send several `Link` headers (RFC 8288 3)
        let link = response.headers.get_all("link").iter().filter_map(|v| v.to_str().ok()).find_map(next_link);
        let about = About { headers: headers(&response), ..About::default() };
        if response.not_modified {
            return Ok(Answer { not_modified: true, nothing: false, link, ..Answer::nothing(about) });
        }
        let answer = self.decoded(plan, response.body.clone(), about, &response.doing).await;
        let answer = answer.map_err(|failure| {
            self.http.forget(&request);
            response.bad_shape(&failure.detail)
        })?;
        Ok(Answer { link, ..answer })
    }

    /// Tells the files that are read beside something from what they were; 0 where none is.
    pub async fn stamps(&self, besides: &[Beside], values: &Value) -> Result<u64, Failure> {
        let mut stamps = Vec::new();
        for beside in besides.iter().filter(|beside| beside.plan.files().is_some() && beside.for_each.is_none()) {
            let place = values.get("path").and_then(Value::as_str).map(str::to_owned);
            stamps.extend(self.local.files(beside.plan.globs(values)?, place, 1).await?.into_iter().map(|found| (found.path, found.stamp)));
        }
        Ok(if stamps.is_empty() { 0 } else { hash(format!("{stamps:?}")) })
    }

    /// The answers of all requests beside one, as `$also`.
    pub async fn beside(
        &self,
        besides: &[Beside],
        page: &Val,
        values: &Value,
        variables: &Variables,
        problems: &mut Vec<RowProblem>,
    ) -> Result<Val, Failure> {
        let mut answers: Vec<(Val, Val)> = Vec::new();
        for beside in besides {
            let answer = match &beside.for_each {
                None => self.one(beside, values, variables).await?,
                Some(items) => {
                    let items = items.run(page.clone(), variables.clone()).await?;
                    self.each(beside, items, values, variables, problems).await?
                }
            };
            answers.push((Val::from(beside.name.clone()), answer));
        }
        Ok(if answers.is_empty() { Val::Null } else { Val::obj(answers.into_iter().collect()) })
    }

    async fn each(
        &self,
        beside: &Beside,
        items: Vec<jq::Output>,
        values: &Value,
        variables: &Variables,
        problems: &mut Vec<RowProblem>,
    ) -> Result<Val, Failure> {
        let asked = items.len().min(beside.max);
        if items.len() > asked {
            let message = format!("only the first {asked} of {} were asked", items.len());
            problems.push(RowProblem { path: beside.name.as_str().into(), message: message.into() });
        }
        let items = items.into_iter().take(asked).filter_map(Result::ok);
        let requests =
            items.map(|item| -> Future<'_, (Val, Val)> { Box::pin(self.keyed(beside, item, values.clone(), variables.clone())) });
        let answers: Vec<_> = stream::iter(requests).buffered(ABREAST).collect().await;
        Ok(Val::obj(answers.into_iter().collect::<Result<_, _>>()?))
    }

    async fn keyed(&self, beside: &Beside, item: Val, mut values: Value, variables: Variables) -> Result<(Val, Val), Failure> {
        let variables = Variables { each: item.clone(), ..variables };
        if let Value::Object(map) = &mut values {
            map.insert("each".to_owned(), to_json(&item));
        }
        let key = match &beside.key {
            Some(key) => key.first(item, variables.clone()).await?,
            None => item,
        };
        let key = match to_json(&key) {
            Value::String(text) => text,
            other => other.to_string(),
        };
        Ok((Val::from(key), self.one(beside, &values, &variables).await?))
    }

    async fn one(&self, beside: &Beside, values: &Value, variables: &Variables) -> Result<Val, Failure> {
        let key = match (beside.keep, self.key(&beside.plan, values, variables)) {
            (false, _) => None,
            (true, key) => match key.await {
                Ok(key) => Some(key),
                // an item that cannot be asked about: what it is of says so itself
                Err(_) if beside.optional => return Ok(Val::Null),
                Err(failure) => return Err(failure),
            },
        };
        if let Some(known) = key.as_ref().and_then(|key| self.locked().get(key).cloned()) {
            return Ok(known);
        }
        match self.ask(&beside.plan, values, values, variables, &Turn::default(), false).await {
            Ok(answer) => {
                let settled = match (&key, &beside.settled) {
                    (Some(_), Some(settled)) => to_json(&settled.first(answer.page.clone(), variables.clone()).await?) == Value::Bool(true),
                    _ => true,
                };
                let mut kept = self.locked();
                if let Some(key) = key.filter(|_| settled && kept.len() < MAX_KEPT) {
                    kept.insert(key, answer.page.clone());
                }
                Ok(answer.page)
            }
            Err(failure) if beside.optional && is_refusal(failure.kind) => Ok(Val::Null),
            Err(failure) => Err(failure),
        }
    }

    /// Tells requests apart whose answers never change.
    async fn key(&self, plan: &Plan, values: &Value, variables: &Variables) -> Result<String, Failure> {
        if plan.is_http() {
            let request = plan.fill(values, values, variables, &Turn::default()).await?;
            let body = request.body.as_ref().map(|(_, body)| hash(body));
            return Ok(format!("{request:?} {:?} {:?} {body:?}", request.query, request.headers));
        }
        plan.job(values, &self.local).map(|job| format!("{job:?}"))
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Val>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The system answers, but not with this.
fn is_refusal(kind: FailureKind) -> bool {
    use FailureKind::{BadShape, Config, Denied, NotFound, Server, TooLarge, Unsupported};
    matches!(kind, BadShape | Config | Denied | NotFound | Server | TooLarge | Unsupported)
}

/// Awaits a few at a time, in order. The futures are boxed: the compiler cannot see that unboxed ones may change threads.
pub async fn abreast<T>(asked: Vec<Future<'_, T>>) -> Vec<Result<T, Failure>> {
    stream::iter(asked).buffered(ABREAST).collect().await
}

/// Values for templates: `{with.…}` and `{each.…}`.
pub fn values(with: &Value, each: &Val) -> Value {
    json!({ "with": with, "each": to_json(each) })
}
