//! A request of a connector, ready to be filled: its templates, and its filters compiled when first used.
//! Not for: sending, running or reading it (see `fetch`).

use std::collections::BTreeMap;

use jaq_json::Val;
use serde_json::Value;

use super::jq::{Filter, Variables, to_json};
use super::pages::Turn;
use crate::config::Span;
use crate::config::connector::{Call, Decode, Encoding, Exec, Exit, Method, Template, Values, Way};
use crate::domain::{Failure, FailureKind};
use crate::source::exposition;
use crate::source::http::{self, Request};
use crate::source::local::{Local, exec::Job};

/// Files read of one glob where the connector says nothing.
const NEWEST: usize = 50;

/// A request that can be filled.
#[derive(Debug, Clone)]
pub struct Plan {
    what: String,
    way: Reach,
    /// What its answer is read as.
    pub decode: Decode,
}

#[derive(Debug, Clone)]
enum Reach {
    Http(Box<HttpPlan>),
    Exec(Box<ExecPlan>),
    File(FilePlan),
}

#[derive(Debug, Clone)]
struct HttpPlan {
    method: Method,
    path: Template,
    query: BTreeMap<String, Values>,
    headers: BTreeMap<String, Template>,
    accept: Option<String>,
    json: Option<Filter>,
    form: Option<Filter>,
    /// A redirect to another host is followed, without credentials.
    elsewhere: bool,
}

#[derive(Debug, Clone)]
struct ExecPlan {
    argv: Vec<Template>,
    env: BTreeMap<String, Template>,
    pass_env: Vec<String>,
    cwd: Option<Template>,
    exit: Exit,
    timeout: Option<Span>,
}

/// Which files are read.
#[derive(Debug, Clone)]
pub struct FilePlan {
    globs: Vec<Template>,
    /// At most so many.
    pub newest: usize,
    /// None at all is no failure.
    pub missing_ok: bool,
}

impl Plan {
    /// `what` names it in failures: `poll alerts`.
    pub fn new(what: &str, call: Call<'_>) -> Self {
        let way = match call.way {
            Way::Http(http) => {
                let accept = match call.decode {
                    Decode::Json => "application/json",
                    Decode::Ndjson => "application/x-ndjson, application/json",
                    Decode::Xml => "application/xml, text/xml",
                    Decode::Prometheus => exposition::ACCEPT,
                    Decode::Yaml | Decode::Csv | Decode::Text => "*/*",
                };
                Reach::Http(Box::new(HttpPlan {
                    method: http.method,
                    path: http.path.clone(),
                    query: http.query.clone(),
                    headers: http.headers.clone(),
                    accept: Some(http.accept.unwrap_or(accept).to_owned()),
                    json: http.json.map(|jq| Filter::new(format!("json of {what}"), jq)),
                    form: http.form.map(|jq| Filter::new(format!("form of {what}"), jq)),
                    elsewhere: false,
                }))
            }
            Way::Exec(Exec { argv, env, pass_env, cwd, exit, timeout }) => Reach::Exec(Box::new(ExecPlan {
                argv: argv.to_vec(),
                env: env.clone(),
                pass_env: pass_env.to_vec(),
                cwd: cwd.cloned(),
                exit: exit.clone(),
                timeout,
            })),
            Way::File(file) => Reach::File(FilePlan {
                globs: file.globs.0.clone(),
                newest: file.newest.map_or(NEWEST, |newest| newest as usize),
                missing_ok: file.missing_ok,
            }),
        };
        Self { what: what.to_owned(), way, decode: call.decode }
    }

    /// A redirect to another host is followed, without credentials.
    #[must_use]
    pub fn elsewhere(mut self, elsewhere: bool) -> Self {
        if let Reach::Http(plan) = &mut self.way {
            plan.elsewhere = elsewhere;
        }
        self
    }

    /// Only reads, going by its method.
    pub fn is_get(&self) -> bool {
        matches!(&self.way, Reach::Http(http) if http.method == Method::Get)
    }

    /// A request over HTTP, which has pages, sign-in and validators.
    pub fn is_http(&self) -> bool {
        matches!(self.way, Reach::Http(_))
    }

    /// The files it reads, if it does.
    pub fn files(&self) -> Option<&FilePlan> {
        if let Reach::File(file) = &self.way { Some(file) } else { None }
    }

    /// Some place of it is the source's `path`: it is asked once for each.
    pub fn names_path(&self) -> bool {
        let named = |template: &Template| template.roots().any(|root| root == "path");
        match &self.way {
            Reach::Http(_) => false,
            Reach::Exec(exec) => exec.argv.iter().chain(&exec.cwd).chain(exec.env.values()).any(named),
            Reach::File(file) => file.globs.iter().any(named),
        }
    }

    /// What the system tells decides which file it reads.
    pub fn is_led(&self) -> bool {
        let led = |template: &Template| template.roots().any(|root| root != "path" && root != "with");
        self.files().is_some_and(|file| file.globs.iter().any(led))
    }

    /// The command with every place filled.
    pub fn job(&self, values: &Value, local: &Local) -> Result<Job, Failure> {
        let Reach::Exec(exec) = &self.way else { return Err(self.wrong("it is no command".to_owned())) };
        let filled = |template: &Template| template.fill(values, Encoding::Plain).map_err(|e| self.wrong(e.to_string()));
        let mut argv = Vec::with_capacity(exec.argv.len());
        for template in &exec.argv {
            let Some(word) = template.fill_if_there(values).map_err(|e| self.wrong(e.to_string()))? else {
                // an option without its value is left out; a word that is missing would make another command of the rest
                if template.begins_with("-") {
                    continue;
                }
                return Err(filled(template).err().unwrap_or_else(|| self.wrong("a word of the command is missing".to_owned())));
            };
            if template.begins_with_a_place() && word.starts_with('-') {
                return Err(self.wrong(format!("`{word}` would be read as an option")));
            }
            argv.push(word);
        }
        let passed = exec.pass_env.iter().filter_map(|name| Some((name.clone(), std::env::var(name).ok()?)));
        let mut env: Vec<(String, String)> = passed.collect();
        for (name, template) in &exec.env {
            if let Some(value) = template.fill_if_there(values).map_err(|e| self.wrong(e.to_string()))? {
                env.push((name.clone(), value));
            }
        }
        Ok(Job {
            argv,
            env,
            cwd: exec.cwd.as_ref().map(filled).transpose()?,
            answer: exec.exit.answer.clone(),
            nothing: exec.exit.nothing.clone(),
            timeout: local.timeout(exec.timeout),
        })
    }

    /// The globs with every place filled, values taken literally.
    pub fn globs(&self, values: &Value) -> Result<Vec<String>, Failure> {
        let Reach::File(file) = &self.way else { return Err(self.wrong("it reads no file".to_owned())) };
        file.globs.iter().map(|template| template.fill(values, Encoding::Glob).map_err(|e| self.wrong(e.to_string()))).collect()
    }

    /// The request with every place filled from `values`, its body built by jq from `input`, and what the page adds.
    pub async fn fill(&self, values: &Value, input: &Value, variables: &Variables, turn: &Turn) -> Result<Request, Failure> {
        let Reach::Http(plan) = &self.way else { return Err(self.wrong("it is no request over HTTP".to_owned())) };
        let wrong = |what: String| self.wrong(what);
        let mut request =
            Request { method: method(plan.method), accept: plan.accept.clone(), elsewhere: plan.elsewhere, ..Request::default() };
        for (name, template) in &plan.headers {
            if let Some(value) = template.fill_if_there(values).map_err(|e| wrong(e.to_string()))? {
                request.headers.push((name.clone(), value));
            }
        }
        if let Some(address) = &turn.address {
            request.path.clone_from(address);
        } else {
            request.path = plan.path.fill(values, Encoding::Segment).map_err(|e| wrong(e.to_string()))?;
            for (name, Values(templates)) in &plan.query {
                if turn.query.iter().any(|(paged, _)| paged == name) {
                    continue;
                }
                for template in templates {
                    let filled = template.fill_each(values).map_err(|e| wrong(e.to_string()))?;
                    request.query.extend(filled.into_iter().map(|value| (name.clone(), value)));
                }
            }
            request.query.extend(turn.query.iter().cloned());
        }
        let input: Val = serde_json::from_value(input.clone()).unwrap_or_default();
        let variables = Variables { token: turn.token.clone().map_or(Val::Null, Val::from), ..variables.clone() };
        if let Some(filter) = &plan.json {
            let body = to_json(&filter.first(input, variables).await?);
            request.body = Some(("application/json", body.to_string().into_bytes()));
        } else if let Some(filter) = &plan.form {
            let body =
                form(&to_json(&filter.first(input, variables).await?)).ok_or_else(|| wrong("`form` gave no object of texts".to_owned()))?;
            request.body = Some(("application/x-www-form-urlencoded", body.into_bytes()));
        }
        Ok(request)
    }

    fn wrong(&self, what: String) -> Failure {
        Failure::new(FailureKind::Config, format!("fill the request of the {}", self.what), what)
    }
}

fn form(value: &Value) -> Option<String> {
    let mut out = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in value.as_object()? {
        match value {
            Value::String(text) => out.append_pair(name, text),
            Value::Number(_) | Value::Bool(_) => out.append_pair(name, &value.to_string()),
            Value::Null => &mut out,
            Value::Array(_) | Value::Object(_) => return None,
        };
    }
    Some(out.finish())
}

fn method(method: Method) -> http::Method {
    match method {
        Method::Get => http::Method::GET,
        Method::Post => http::Method::POST,
        Method::Put => http::Method::PUT,
        Method::Patch => http::Method::PATCH,
        Method::Delete => http::Method::DELETE,
    }
}
