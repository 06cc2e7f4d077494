//! Reading a log: whole, or followed by asking again for what is new.
//! Not for: logs that systems stream (see `source::docker`).

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream;
use jaq_json::Val;
use serde_json::{Value, json};

use super::Inner;
use super::answer::{About, no_file};
use super::jq::{Filter, Variables, to_json};
use super::pages::Turn;
use super::plan::Plan;
use super::row;
use crate::config::Span;
use crate::config::connector::{Logs, Offset};
use crate::domain::{Failure, FailureKind, Kind, LogLine, LogPart, LogRequest, State, Step};
use crate::source::Flow;
use crate::source::local::tail::Tail;

/// Pages of one reading: an unfinished log may go on for ever.
const MAX_PAGES: usize = 50;
/// Between two askings while following, where the connector says nothing.
const EVERY: Duration = Duration::from_secs(3);

/// Where logs of some kinds are read.
pub struct LogPlan {
    on: Vec<Kind>,
    bind: Option<Filter>,
    plan: Plan,
    map: Filter,
    rest: Rest,
    every: Duration,
    /// It is the log of a step, not of the whole run.
    of_step: bool,
}

/// How the rest of a log is asked for; each but the first names the query parameter that carries it.
enum Rest {
    /// Every answer holds the whole log.
    Whole,
    /// By what the answer names.
    Next(Filter, String),
    /// By how much was read.
    Offset(Offset, String),
}

impl LogPlan {
    /// `None` where the connector's file was not checked.
    pub fn new(logs: &Logs) -> Option<Self> {
        Some(Self {
            on: logs.on.clone(),
            bind: logs.bind.as_ref().map(|jq| Filter::new("let of logs", jq)),
            plan: Plan::new("logs", logs.call()?).elsewhere(logs.elsewhere),
            map: Filter::new("map of logs", &logs.map),
            rest: match (&logs.next, logs.offset, &logs.param) {
                (Some(jq), _, Some(param)) => Rest::Next(Filter::new("next of logs", jq), param.clone()),
                (_, Some(offset), Some(param)) => Rest::Offset(offset, param.clone()),
                _ => Rest::Whole,
            },
            every: logs.every.map_or(EVERY, Span::duration),
            of_step: ["step", "attempt"].iter().any(|name| {
                logs.call().is_some_and(|call| call.names(name))
                    || logs.bind.as_ref().is_some_and(|jq| jq.code.contains(&format!(".{name}")))
            }),
        })
    }
}

/// A log being read.
struct Reader {
    source: Arc<Inner>,
    request: LogRequest,
    /// Filled in by the first asking.
    values: Option<Value>,
    token: Option<String>,
    /// Read so far, for systems that are asked by it.
    offset: usize,
    /// The file and the place in it, for logs that are files.
    tail: Option<Tail>,
    /// What was read begins where the log does.
    from_start: bool,
    /// Lines handed on, for systems whose every answer holds the whole log.
    handed: usize,
    at: Stage,
}

#[derive(PartialEq)]
enum Stage {
    First,
    Following,
    Over,
}

/// Lines as they come; ends with the log, after a failure, or (if it is not followed) after the first part.
pub fn read(source: Arc<Inner>, request: LogRequest) -> Flow<LogPart> {
    let (values, token, tail) = (None, None, None);
    let reader = Reader { source, request, values, token, offset: 0, tail, from_start: true, handed: 0, at: Stage::First };
    Box::pin(stream::unfold(reader, |mut reader| async {
        loop {
            match reader.at {
                Stage::Over => return None,
                Stage::First => {
                    let part = reader.first().await;
                    return Some((reader.over_if_failed(part), reader));
                }
                Stage::Following => {
                    let part = reader.more().await;
                    match part {
                        Ok(part) if part.lines.is_empty() && !part.ended => {}
                        part => return Some((reader.over_if_failed(part), reader)),
                    }
                }
            }
        }
    }))
}

impl Reader {
    fn over_if_failed(&mut self, part: Result<LogPart, Failure>) -> Result<LogPart, Failure> {
        if part.is_err() {
            self.at = Stage::Over;
        }
        part
    }

    /// All there is now: the newest `tail` lines of it.
    async fn first(&mut self) -> Result<LogPart, Failure> {
        let (mut lines, unfinished) = self.pages().await?;
        self.handed = lines.len();
        let goes_on = self.request.follow && unfinished;
        self.at = if goes_on { Stage::Following } else { Stage::Over };
        let cut = lines.len().saturating_sub(self.request.tail as usize);
        lines.drain(..cut);
        Ok(LogPart { lines: self.window(lines), from_start: self.from_start && cut == 0 && self.request.since.is_none(), ended: !goes_on })
    }

    /// What is new.
    async fn more(&mut self) -> Result<LogPart, Failure> {
        let source = Arc::clone(&self.source);
        tokio::time::sleep(self.plan(&source)?.every).await;
        let continues = self.token.is_some() || self.tail.is_some();
        let (mut lines, unfinished) = self.pages().await?;
        if !continues {
            lines.drain(..self.handed.min(lines.len()));
        }
        self.handed += lines.len();
        if !unfinished {
            self.at = Stage::Over;
        }
        Ok(LogPart { lines: self.window(lines), from_start: false, ended: !unfinished })
    }

    /// The lines from the token on, and whether there may be more later.
    async fn pages(&mut self) -> Result<(Vec<LogLine>, bool), Failure> {
        let source = Arc::clone(&self.source);
        let plan = self.plan(&source)?;
        let (_, variables) = source.about(&self.request.entity);
        let values = match &self.values {
            Some(values) => values.clone(),
            None => self.fill(&source, plan, &variables).await?,
        };
        self.values = Some(values.clone());
        if plan.plan.files().is_some() {
            return self.appended(&source, plan, &values, &variables).await;
        }
        let alive = self.is_alive();
        let mut lines = Vec::new();
        for _ in 0..MAX_PAGES {
            if matches!(plan.rest, Rest::Offset(..)) {
                self.token = Some(self.offset.to_string());
            }
            let query = match (&plan.rest, &self.token) {
                (Rest::Next(_, param) | Rest::Offset(_, param), Some(token)) => vec![(param.clone(), token.clone())],
                _ => Vec::new(),
            };
            let turn = Turn { query, token: self.token.clone(), address: None };
            // `next` may count on from the token that asked
            let variables = Variables { token: self.token.clone().map_or(Val::Null, Val::from), ..variables.clone() };
            let answer = source.asker.ask(&plan.plan, &values, &values, &variables, &turn, false).await?;
            let variables = answer.about.added_to(variables);
            let mut new =
                if answer.nothing { Vec::new() } else { plan.map.run_then(answer.page.clone(), variables.clone(), row::lines).await? };
            let came = !new.is_empty();
            lines.append(&mut new);
            match &plan.rest {
                Rest::Whole => return Ok((lines, alive)),
                Rest::Offset(unit, _) => {
                    self.offset += if *unit == Offset::Bytes { answer.size.0 } else { answer.size.1 };
                    if !came {
                        return Ok((lines, alive));
                    }
                }
                Rest::Next(next, _) => {
                    let next = match to_json(&next.first(answer.page, variables).await?) {
                        Value::String(token) if !token.is_empty() => Some(token),
                        Value::Number(token) => Some(token.to_string()),
                        _ => None,
                    };
                    let same = next == self.token;
                    match next {
                        None => return Ok((lines, false)),
                        Some(next) => self.token = Some(next),
                    }
                    // a token though nothing came: there is nothing more now, but there may be later
                    if same || !came {
                        return Ok((lines, true));
                    }
                }
            }
        }
        Ok((lines, true))
    }

    /// What was appended to a log that is a file, and whether more may come: what is no run writes for as long as it lives.
    async fn appended(
        &mut self,
        source: &Inner,
        plan: &LogPlan,
        values: &Value,
        variables: &Variables,
    ) -> Result<(Vec<LogLine>, bool), Failure> {
        let local = &source.asker.local;
        let awaited = self.request.follow && (self.request.entity.kind() != Kind::Run || self.is_alive());
        let piece = if let Some(tail) = &mut self.tail {
            tail.more(local, awaited).await?
        } else {
            let place = values.get("path").and_then(Value::as_str).map(str::to_owned);
            let globs = plan.plan.globs(values)?;
            let shown = globs.join(", ");
            let newest = local.files(globs, place, 1).await?.into_iter().next().ok_or_else(|| no_file(&shown))?;
            source.asker.refuse_strange(&plan.plan, &newest).await?;
            let mut tail = Tail::of(newest.path);
            let piece = tail.end(local, awaited).await?;
            self.from_start = piece.from_start;
            self.tail = Some(tail);
            piece
        };
        if piece.body.is_empty() {
            return Ok((Vec::new(), awaited));
        }
        let answer = source.asker.decoded(&plan.plan, piece.body, About::default(), "read the log").await?;
        let mut lines = plan.map.run_then(answer.page, variables.clone(), row::lines).await?;
        lines.extend(answer.problems.into_iter().map(|problem| row::said_by_us(format!("({}: {})", problem.path, problem.message))));
        Ok((lines, awaited))
    }

    fn is_alive(&self) -> bool {
        matches!(self.request.entity.state, State::Running | State::Pending)
    }

    fn plan<'a>(&self, source: &'a Inner) -> Result<&'a LogPlan, Failure> {
        let kind = self.request.entity.kind();
        source.logs.iter().find(|plan| plan.on.contains(&kind)).ok_or_else(|| source.unsupported("read a log"))
    }

    /// What templates see: the entity, the step, the attempt, and what `let` adds. Where no step is named, the one to look at.
    async fn fill(&self, source: &Inner, plan: &LogPlan, variables: &Variables) -> Result<Value, Failure> {
        let entity = &self.request.entity;
        let (mut values, _) = source.about(entity);
        let has_steps = plan.of_step && source.steps.iter().any(|plan| plan.on.contains(&entity.kind()));
        let step = match (&self.request.step, has_steps) {
            (None, false) => None,
            (Some(key), _) if self.request.attempt.is_some() || !has_steps => Some((key.to_string(), None)),
            (wanted, _) => {
                let steps = source.steps(entity).await?;
                let step = match wanted {
                    Some(key) => steps.iter().find(|step| step.key == *key),
                    None => worth_reading(&steps),
                };
                let none =
                    || Failure::new(FailureKind::NotFound, format!("read the log of {}", entity.name), "it has no step that wrote one yet");
                let step = step.ok_or_else(none)?;
                Some((step.key.to_string(), step.attempt))
            }
        };
        if let (Value::Object(map), Some((key, attempt))) = (&mut values, step) {
            map.insert("step".to_owned(), json!({ "key": key }));
            map.insert("attempt".to_owned(), json!(self.request.attempt.or(attempt).unwrap_or(1).max(1)));
        }
        if let Some(bind) = &plan.bind {
            let input: Val = serde_json::from_value(values.clone()).unwrap_or_default();
            let bound = to_json(&bind.first(input, variables.clone()).await?);
            if let Value::Object(map) = &mut values {
                map.insert("let".to_owned(), bound);
            }
        }
        Ok(values)
    }

    fn window(&self, mut lines: Vec<LogLine>) -> Vec<LogLine> {
        let (since, until) = (self.request.since, self.request.until);
        // a line without a time belongs to where it stands: it is not left out
        lines.retain(|line| line.at.is_none_or(|at| since.is_none_or(|since| at >= since) && until.is_none_or(|until| at < until)));
        lines
    }
}

/// The step whose log answers "what happened": one that failed by itself, else one under way, else the last that began.
fn worth_reading(steps: &[Step]) -> Option<&Step> {
    // systems that count attempts give times also to steps that never ran, for what they wait for failed
    let counted = steps.iter().any(|step| step.attempt.is_some());
    let begun = || steps.iter().filter(|step| step.started_at.is_some() && (step.attempt.is_some() || !counted));
    begun()
        .find(|step| step.state == State::Failed)
        .or_else(|| begun().find(|step| matches!(step.state, State::Running | State::Warning)))
        .or_else(|| begun().max_by_key(|step| step.started_at))
}
