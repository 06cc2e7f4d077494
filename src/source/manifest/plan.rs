//! A request of a connector, ready to be filled: its templates, and its filters compiled when first used.
//! Not for: sending it (see `fetch`).

use std::collections::BTreeMap;

use jaq_json::Val;
use serde_json::Value;

use super::jq::{Filter, Variables, to_json};
use super::pages::Turn;
use crate::config::connector::{Call, Decode, Encoding, Method, Template, Values};
use crate::domain::{Failure, FailureKind};
use crate::source::http::{self, Request};

/// A request that can be filled.
#[derive(Debug, Clone)]
pub struct Plan {
    what: String,
    method: Method,
    path: Template,
    query: BTreeMap<String, Values>,
    headers: BTreeMap<String, Template>,
    accept: Option<String>,
    json: Option<Filter>,
    form: Option<Filter>,
    /// What its answer is read as.
    pub decode: Decode,
}

impl Plan {
    /// `what` names it in failures: `poll alerts`.
    pub fn new(what: &str, call: Call<'_>) -> Self {
        let accept = match call.decode {
            Decode::Json => "application/json",
            Decode::Ndjson => "application/x-ndjson, application/json",
            Decode::Xml => "application/xml, text/xml",
            Decode::Yaml | Decode::Csv | Decode::Text => "*/*",
        };
        Self {
            what: what.to_owned(),
            method: call.method,
            path: call.path.clone(),
            query: call.query.clone(),
            headers: call.headers.clone(),
            accept: Some(call.accept.unwrap_or(accept).to_owned()),
            json: call.json.map(|jq| Filter::new(format!("json of {what}"), jq)),
            form: call.form.map(|jq| Filter::new(format!("form of {what}"), jq)),
            decode: call.decode,
        }
    }

    /// Only reads, going by its method.
    pub fn is_get(&self) -> bool {
        self.method == Method::Get
    }

    /// The request with every place filled from `values`, its body built by jq from `input`, and what the page adds.
    pub async fn fill(&self, values: &Value, input: &Value, variables: &Variables, turn: &Turn) -> Result<Request, Failure> {
        let wrong = |what: String| Failure::new(FailureKind::Config, format!("fill the request of the {}", self.what), what);
        let mut request = Request { method: method(self.method), accept: self.accept.clone(), ..Request::default() };
        for (name, template) in &self.headers {
            if let Some(value) = template.fill_if_there(values).map_err(|e| wrong(e.to_string()))? {
                request.headers.push((name.clone(), value));
            }
        }
        if let Some(address) = &turn.address {
            request.path.clone_from(address);
        } else {
            request.path = self.path.fill(values, Encoding::Segment).map_err(|e| wrong(e.to_string()))?;
            for (name, Values(templates)) in &self.query {
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
        if let Some(filter) = &self.json {
            let body = to_json(&filter.first(input, variables).await?);
            request.body = Some(("application/json", body.to_string().into_bytes()));
        } else if let Some(filter) = &self.form {
            let body =
                form(&to_json(&filter.first(input, variables).await?)).ok_or_else(|| wrong("`form` gave no object of texts".to_owned()))?;
            request.body = Some(("application/x-www-form-urlencoded", body.into_bytes()));
        }
        Ok(request)
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
