//! Text with places to fill: `/dags/{detail.pipeline}/dagRuns/{key}`; `/{+labels.path}/stop` takes a value of several segments.
//! Not for: bodies (they are built by jq).

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Text with places to fill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    /// Keys of a path into the values.
    Place(Vec<String>),
    /// The same, `{+name}` as in RFC 6570 3.2.3: in a path its slashes stay slashes.
    Path(Vec<String>),
}

/// How inserted values are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// As one segment of a path.
    Segment,
    /// As they are.
    Plain,
    /// As literal text in a glob; parameters of the source as they are.
    Glob,
}

/// A place that cannot be filled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    #[error("`{{` without `}}` in `{0}`")]
    Unclosed(String),
    #[error("`{{{0}}}` names nothing; write letters, digits, `_` and `-`, with dots between")]
    BadName(String),
    #[error("there is no `{0}`")]
    Missing(String),
    #[error("`{0}` is neither text nor number")]
    NotText(String),
    #[error("`{0}` is `{1}`, which would name another path")]
    OtherPath(String, String),
}

impl Template {
    /// Reads a template.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').ok_or_else(|| TemplateError::Unclosed(text.to_owned()))?;
            let (plain, part): (&str, fn(Vec<String>) -> Part) = match name.strip_prefix('+') {
                Some(plain) => (plain, Part::Path),
                None => (name, Part::Place),
            };
            let keys: Vec<String> = plain.split('.').map(str::to_owned).collect();
            let named = |key: &String| !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
            if !keys.iter().all(named) {
                return Err(TemplateError::BadName(name.to_owned()));
            }
            parts.push(Part::Text(before.to_owned()));
            parts.push(part(keys));
            rest = after;
        }
        parts.push(Part::Text(rest.to_owned()));
        Ok(Self(parts))
    }

    /// The text with every place filled from `values`.
    pub fn fill(&self, values: &Value, encoding: Encoding) -> Result<String, TemplateError> {
        let mut out = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Place(keys) | Part::Path(keys) => {
                    let name = keys.join(".");
                    let value = text_at(values, keys, &name)?;
                    let encoded = match (encoding, part) {
                        // what the person configured may itself be a glob
                        (Encoding::Glob, _) if keys[0] == "with" => Some(value.clone()),
                        (Encoding::Glob, _) => Some(glob::Pattern::escape(&value)),
                        (Encoding::Plain, _) => Some(value.clone()),
                        (Encoding::Segment, Part::Path(_)) => {
                            value.split('/').map(encode_segment).collect::<Option<Vec<_>>>().map(|segments| segments.join("/"))
                        }
                        (Encoding::Segment, _) => encode_segment(&value),
                    };
                    out.push_str(&encoded.ok_or(TemplateError::OtherPath(name, value))?);
                }
            }
        }
        Ok(out)
    }

    /// The same, or `None` if a place has no value: a query parameter that is then left out.
    pub fn fill_if_there(&self, values: &Value) -> Result<Option<String>, TemplateError> {
        match self.fill(values, Encoding::Plain) {
            Ok(text) => Ok(Some(text)),
            Err(TemplateError::Missing(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The same, as often as there are values: a template that is one place with a list in it gives each of its texts.
    pub fn fill_each(&self, values: &Value) -> Result<Vec<String>, TemplateError> {
        let sole = match self.0.as_slice() {
            [Part::Text(before), Part::Place(keys), Part::Text(after)] if before.is_empty() && after.is_empty() => Some(keys),
            _ => None,
        };
        let place = sole.and_then(|keys| keys.iter().try_fold(values, |here, key| here.get(key)));
        match place {
            Some(Value::Array(items)) => {
                items.iter().map(|item| item.as_str().map(str::to_owned).ok_or_else(|| TemplateError::NotText(item.to_string()))).collect()
            }
            _ => Ok(self.fill_if_there(values)?.into_iter().collect()),
        }
    }

    /// It begins with a place: what is filled in decides how it begins.
    pub fn begins_with_a_place(&self) -> bool {
        !matches!(self.0.first(), Some(Part::Text(text)) if !text.is_empty())
    }

    /// Its own text begins so, whatever is filled in.
    pub fn begins_with(&self, text: &str) -> bool {
        matches!(self.0.first(), Some(Part::Text(first)) if first.starts_with(text))
    }

    /// The first keys of its places: `detail`, `each`, `with`, …
    pub fn roots(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Place(keys) | Part::Path(keys) => keys.first().map(String::as_str),
            Part::Text(_) => None,
        })
    }
}

fn text_at(values: &Value, keys: &[String], name: &str) -> Result<String, TemplateError> {
    let mut here = values;
    for key in keys {
        here = here.get(key).ok_or_else(|| TemplateError::Missing(name.to_owned()))?;
    }
    match here {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(switch) => Ok(switch.to_string()),
        Value::Null => Err(TemplateError::Missing(name.to_owned())),
        Value::Array(_) | Value::Object(_) => Err(TemplateError::NotText(name.to_owned())),
    }
}

/// A value as one segment of a path: everything but the unreserved characters of RFC 3986 2.3 is percent-encoded. `None` for the
/// segments `.` and `..`, which would name another path, and for nothing at all.
pub fn encode_segment(value: &str) -> Option<String> {
    if matches!(value, "" | "." | "..") {
        return None;
    }
    let mut out = String::with_capacity(value.len() + 8);
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.extend([byte >> 4, byte & 15].map(|digit| char::from(b"0123456789ABCDEF"[usize::from(digit)])));
        }
    }
    Some(out)
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fill(text: &str, encoding: Encoding) -> Result<String, TemplateError> {
        let values =
            json!({"key": "a/b", "detail": {"run": "manual__2026-11-27T00:00:00+00:00", "n": 3}, "up": "..", "gone": null, "list": []});
        Template::parse(text)?.fill(&values, encoding)
    }

    #[test]
    fn places_are_filled_and_values_cannot_leave_their_segment() {
        for (text, filled) in [
            ("/api", Ok("/api")),
            ("/dags/{key}/{detail.n}", Ok("/dags/a%2Fb/3")),
            ("/{detail.run}", Ok("/manual__2026-11-27T00%3A00%3A00%2B00%3A00")),
            ("/{+key}", Ok("/a/b")),
            ("/{+detail.run}", Ok("/manual__2026-11-27T00%3A00%3A00%2B00%3A00")),
            ("/{+up}/x", Err(TemplateError::OtherPath("up".into(), "..".into()))),
            ("/{nothing.here}", Err(TemplateError::Missing("nothing.here".into()))),
            ("/{gone}", Err(TemplateError::Missing("gone".into()))),
            ("/{list}", Err(TemplateError::NotText("list".into()))),
            ("/{up}/x", Err(TemplateError::OtherPath("up".into(), "..".into()))),
            ("/{open", Err(TemplateError::Unclosed("/{open".into()))),
            ("/{}", Err(TemplateError::BadName(String::new()))),
            ("/{a b}", Err(TemplateError::BadName("a b".into()))),
        ] {
            assert_eq!(fill(text, Encoding::Segment), filled.map(str::to_owned), "{text}");
        }
        assert_eq!(fill("{key}", Encoding::Plain).unwrap(), "a/b");
        assert_eq!(fill("{+key}", Encoding::Plain).unwrap(), "a/b");
    }

    #[test]
    fn a_segment_of_a_path_cannot_become_another_path() {
        assert_eq!(encode_segment("a/../b?x#y é").as_deref(), Some("a%2F..%2Fb%3Fx%23y%20%C3%A9"));
        for value in ["", ".", ".."] {
            assert_eq!(encode_segment(value), None);
        }
    }
}
