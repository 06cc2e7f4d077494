//! A request as a connector writes it: `get = "/path/{detail.x}"`, `exec = ["git", "log"]` or `file = "{path}/*.json"`, and what
//! goes with it. Not for: sending it (see `source::manifest::fetch`), running and reading it (see `source::local`).

use std::collections::BTreeMap;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::super::Span;
use super::{Jq, Template};

/// HTTP methods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "RFC 9110 9.3")]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

/// What a body is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decode {
    /// One JSON value.
    #[default]
    Json,
    /// A JSON value per line: a list.
    Ndjson,
    /// One YAML document, or a list of several.
    Yaml,
    /// `{t: tag, a: {attributes}, c: [children]}`.
    Xml,
    /// A list of objects, keyed by the first row.
    Csv,
    /// Metric families of Prometheus text or `OpenMetrics`: `[{name, type, help, unit, series: [{name, labels, value, …}]}]`.
    Prometheus,
    /// One string.
    Text,
}

/// A request, whichever table it stands in.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// How the system is reached.
    pub way: Way<'a>,
    /// What the answer is read as.
    pub decode: Decode,
}

/// How a system is reached.
#[derive(Debug, Clone, Copy)]
pub enum Way<'a> {
    /// A request over HTTP.
    Http(Http<'a>),
    /// A command whose output is the answer.
    Exec(Exec<'a>),
    /// Files that are the answer.
    File(File<'a>),
}

/// A request over HTTP.
#[derive(Debug, Clone, Copy)]
pub struct Http<'a> {
    /// Method.
    pub method: Method,
    /// Path; each inserted value is one percent-encoded segment.
    pub path: &'a Template,
    /// Query parameters.
    pub query: &'a BTreeMap<String, Values>,
    /// Headers.
    pub headers: &'a BTreeMap<String, Template>,
    /// `Accept`.
    pub accept: Option<&'a str>,
    /// JSON body.
    pub json: Option<&'a Jq>,
    /// Form body: an object of strings.
    pub form: Option<&'a Jq>,
}

/// A command. It gets its argv as it stands here, never through a shell, and only those variables that are named.
#[derive(Debug, Clone, Copy)]
pub struct Exec<'a> {
    /// Program and arguments.
    pub argv: &'a [Template],
    /// Environment beside the little that every command gets.
    pub env: &'a BTreeMap<String, Template>,
    /// Variables of our own environment that it gets too.
    pub pass_env: &'a [String],
    /// Folder it runs in.
    pub cwd: Option<&'a Template>,
    /// What its exit codes say.
    pub exit: &'a Exit,
    /// Longest wait for its end, where the source says nothing.
    pub timeout: Option<Span>,
}

/// Files.
#[derive(Debug, Clone, Copy)]
pub struct File<'a> {
    /// Globs; inserted values are taken literally.
    pub globs: &'a Values,
    /// At most so many, the newest first.
    pub newest: Option<u32>,
    /// No file at all is an empty answer rather than a failure.
    pub missing_ok: bool,
}

/// `exit = { answer = [0, 2], nothing = [1] }`: every other code is a failure.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Exit {
    /// The output is the answer.
    pub answer: Vec<i32>,
    /// There is nothing to tell.
    pub nothing: Vec<i32>,
}

impl Default for Exit {
    fn default() -> Self {
        Self { answer: vec![0], nothing: Vec::new() }
    }
}

impl Call<'_> {
    /// A place of it begins with this name: `{step.key}` with `step`.
    pub fn names(&self, root: &str) -> bool {
        let names = |template: &Template| template.roots().any(|name| name == root);
        match self.way {
            Way::Http(http) => {
                names(http.path) || http.query.values().flat_map(|values| &values.0).any(names) || http.headers.values().any(names)
            }
            Way::Exec(exec) => exec.argv.iter().any(names) || exec.env.values().any(names) || exec.cwd.is_some_and(names),
            Way::File(file) => file.globs.0.iter().any(names),
        }
    }
}

/// The values of a query parameter: text, number, switch, or a list of texts.
#[derive(Debug, Clone, PartialEq)]
pub struct Values(pub Vec<Template>);

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValuesVisitor)
    }
}

struct ValuesVisitor;

impl<'de> Visitor<'de> for ValuesVisitor {
    type Value = Values;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a string, a number, a boolean or a list of strings")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Values, E> {
        Ok(Values(vec![Template::parse(text).map_err(E::custom)?]))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Values, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_bool<E: Error>(self, switch: bool) -> Result<Values, E> {
        self.visit_str(&switch.to_string())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Values, A::Error> {
        let mut templates = Vec::new();
        while let Some(template) = list.next_element()? {
            templates.push(template);
        }
        Ok(Values(templates))
    }
}

/// Declares tables that are requests with something more: serde cannot flatten and still refuse unknown keys.
macro_rules! calls {
    ($($(#[$meta:meta])* $name:ident { $($(#[$fmeta:meta])* pub $field:ident: $type:ty),* $(,)? })+) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Deserialize)]
        #[serde(rename_all = "kebab-case", deny_unknown_fields)]
        pub struct $name {
            $($(#[$fmeta])* pub $field: $type,)*
            get: Option<Template>,
            post: Option<Template>,
            put: Option<Template>,
            patch: Option<Template>,
            delete: Option<Template>,
            #[serde(default)]
            query: BTreeMap<String, Values>,
            #[serde(default)]
            headers: BTreeMap<String, Template>,
            accept: Option<String>,
            json: Option<Jq>,
            form: Option<Jq>,
            exec: Option<Vec<Template>>,
            #[serde(default)]
            env: BTreeMap<String, Template>,
            #[serde(default)]
            pass_env: Vec<String>,
            cwd: Option<Template>,
            exit: Option<Exit>,
            timeout: Option<Span>,
            file: Option<Values>,
            newest: Option<u32>,
            #[serde(default)]
            missing_ok: bool,
            #[serde(default)]
            decode: Decode,
        }

        impl $name {
            /// The request; absent only where the file was not checked.
            pub fn call(&self) -> Option<Call<'_>> {
                Some(Call { way: self.way()?, decode: self.decode })
            }

            fn way(&self) -> Option<Way<'_>> {
                if let Some(argv) = &self.exec {
                    let exit = self.exit.as_ref().unwrap_or_else(|| usual_exit());
                    let (env, pass_env, cwd, timeout) = (&self.env, &self.pass_env[..], self.cwd.as_ref(), self.timeout);
                    return Some(Way::Exec(Exec { argv, env, pass_env, cwd, exit, timeout }));
                }
                if let Some(globs) = &self.file {
                    return Some(Way::File(File { globs, newest: self.newest, missing_ok: self.missing_ok }));
                }
                let paths = [
                    (Method::Get, &self.get), (Method::Post, &self.post), (Method::Put, &self.put),
                    (Method::Patch, &self.patch), (Method::Delete, &self.delete),
                ];
                let (method, path) = paths.into_iter().find_map(|(method, path)| Some((method, path.as_ref()?)))?;
                Some(Way::Http(Http {
                    method, path, query: &self.query, headers: &self.headers, accept: self.accept.as_deref(),
                    json: self.json.as_ref(), form: self.form.as_ref(),
                }))
            }

            /// What is wrong with how it says to reach the system.
            pub(in crate::config::connector) fn mistake(&self) -> Option<String> {
                let methods = [&self.get, &self.post, &self.put, &self.patch, &self.delete].into_iter().flatten().count();
                let (exec, file) = (self.exec.is_some(), self.file.is_some());
                let ways = methods + usize::from(exec) + usize::from(file);
                let body = self.json.is_some() || self.form.is_some();
                let keys = [
                    ("query", !self.query.is_empty(), methods > 0), ("headers", !self.headers.is_empty(), methods > 0),
                    ("accept", self.accept.is_some(), methods > 0), ("json` or `form", body, methods > 0),
                    ("env", !self.env.is_empty(), exec), ("pass-env", !self.pass_env.is_empty(), exec),
                    ("cwd", self.cwd.is_some(), exec), ("exit", self.exit.is_some(), exec), ("timeout", self.timeout.is_some(), exec),
                    ("newest", self.newest.is_some(), file), ("missing-ok", self.missing_ok, file),
                ];
                mistake(ways, self.exec.as_deref(), &keys)
            }
        }
    )+};
}

/// Only success is an answer.
pub(super) fn usual_exit() -> &'static Exit {
    static USUAL: std::sync::LazyLock<Exit> = std::sync::LazyLock::new(Exit::default);
    &USUAL
}

/// `keys`: name, whether it is there, whether it may be.
pub(super) fn mistake(ways: usize, argv: Option<&[Template]>, keys: &[(&str, bool, bool)]) -> Option<String> {
    if ways != 1 {
        return Some("needs exactly one of get, post, put, patch, delete, exec, file".to_owned());
    }
    if argv.is_some_and(|argv| argv.first().is_none_or(|program| program.roots().next().is_some())) {
        return Some("`exec` begins with the program's own name, which holds no places".to_owned());
    }
    let stray = keys.iter().find(|(_, is_there, may_be)| *is_there && !may_be)?;
    Some(format!("`{}` says nothing for this way of reaching the system", stray.0))
}

pub(super) use calls;
