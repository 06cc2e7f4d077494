//! A request as a connector writes it: `get = "/path/{detail.x}"` and what goes with it.
//! Not for: sending it (see `source::manifest::fetch`).

use std::collections::BTreeMap;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

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
    /// One string.
    Text,
}

/// A request, whichever table it stands in.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
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
    /// What the answer is read as.
    pub decode: Decode,
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
            #[serde(default)]
            decode: Decode,
        }

        impl $name {
            /// The request; absent only where the file was not checked.
            pub fn call(&self) -> Option<Call<'_>> {
                let paths = [
                    (Method::Get, &self.get), (Method::Post, &self.post), (Method::Put, &self.put),
                    (Method::Patch, &self.patch), (Method::Delete, &self.delete),
                ];
                let (method, path) = paths.into_iter().find_map(|(method, path)| Some((method, path.as_ref()?)))?;
                Some(Call {
                    method, path, query: &self.query, headers: &self.headers, accept: self.accept.as_deref(),
                    json: self.json.as_ref(), form: self.form.as_ref(), decode: self.decode,
                })
            }

            pub(in crate::config::connector) fn methods(&self) -> usize {
                [&self.get, &self.post, &self.put, &self.patch, &self.delete].into_iter().flatten().count()
            }
        }
    )+};
}

pub(super) use calls;
