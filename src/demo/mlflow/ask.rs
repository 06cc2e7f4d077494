//! A request's parameters, from its query or its JSON body, and the server's complaints about them; paging, order and filters.
//! Not for: what is asked for (see `runs`, `registry`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::demo::system::{Reply, Request};

/// Parameters by name; those of the query are text.
#[derive(Debug)]
pub struct Ask(Map<String, Value>);

/// An error as the server words it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    status: u16,
    code: &'static str,
    class: &'static str,
    message: String,
}

impl Complaint {
    /// Something that was asked for wrongly.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self { status: 400, code: "INVALID_PARAMETER_VALUE", class: "INVALID_PARAMETER_VALUE", message: message.into() }
    }

    /// Something that is not there.
    pub fn missing(message: impl Into<String>) -> Self {
        Self { status: 404, code: "RESOURCE_DOES_NOT_EXIST", class: "RESOURCE_NOT_FOUND", message: message.into() }
    }

    /// As it is sent.
    pub fn reply(&self) -> Reply {
        let body = json!({"error_code": self.code, "message": self.message, "sqlstate": "KAM00", "error_class": self.class});
        Reply::json(self.status, &body)
    }
}

/// A column that rows are ordered by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Without `attributes.` before it.
    pub key: String,
    /// The greatest first.
    pub descending: bool,
}

/// One clause of a filter: a key, how it is compared, and with what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    key: String,
    comparison: String,
    value: String,
}

impl Ask {
    /// Reads a request; a body that is no JSON object is refused.
    pub fn new(request: &Request) -> Result<Self, Complaint> {
        let mut fields = Map::new();
        for (name, value) in &request.query {
            fields.entry(name.clone()).or_insert_with(|| Value::String(value.clone()));
        }
        if !request.body.is_empty() {
            match request.json() {
                Some(Value::Object(body)) => fields.extend(body),
                _ => return Err(Complaint::invalid("Malformed JSON in request body")),
            }
        }
        Ok(Self(fields))
    }

    /// A parameter as text, be it a number on the wire.
    pub fn text(&self, name: &str) -> Option<String> {
        match self.0.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
        .filter(|text| !text.is_empty())
    }

    /// The same where it must be there.
    pub fn required(&self, name: &str) -> Result<String, Complaint> {
        let words = "See the API docs for more information about request parameters.";
        self.text(name).ok_or_else(|| Complaint::invalid(format!("Missing value for required parameter '{name}'. {words}")))
    }

    /// A list of texts, or one of them.
    pub fn list(&self, name: &str) -> Vec<String> {
        match self.0.get(name) {
            Some(Value::Array(values)) => values.iter().filter_map(|value| value.as_str().map(str::to_owned)).collect(),
            Some(Value::String(text)) => vec![text.clone()],
            _ => Vec::new(),
        }
    }

    /// How many rows a page has. `usual` where nothing is said; without it, something must be said.
    fn page_size(&self, usual: Option<usize>) -> Result<usize, Complaint> {
        let said = self.text("max_results");
        let wrong = |said: &str| {
            Complaint::invalid(format!("Invalid value {said} for parameter 'max_results' supplied. It must be a positive integer"))
        };
        match (&said, usual) {
            (None, Some(usual)) => Ok(usual),
            (None, None) => Err(wrong("0")),
            (Some(said), _) => said.parse::<usize>().ok().filter(|size| *size > 0).ok_or_else(|| wrong(said)),
        }
    }

    /// One page of rows under a name, with a token where there are more.
    pub fn page(&self, name: &str, rows: Vec<Value>, usual: Option<usize>) -> Result<Value, Complaint> {
        let size = self.page_size(usual)?;
        let first = match self.text("page_token") {
            None => 0,
            Some(token) => offset(&token).ok_or_else(|| Complaint::invalid("Invalid page token, could not base64-decode"))?,
        };
        let more = rows.len() > first.saturating_add(size);
        let page: Vec<Value> = rows.into_iter().skip(first).take(size).collect();
        let mut body = Map::new();
        if !page.is_empty() {
            body.insert(name.to_owned(), Value::Array(page));
        }
        if more {
            body.insert("next_page_token".to_owned(), Value::String(STANDARD.encode(format!("{{\"offset\": {}}}", first + size))));
        }
        Ok(Value::Object(body))
    }

    /// What rows are ordered by.
    pub fn order(&self) -> Vec<Order> {
        let read = |text: String| {
            let mut words = text.split_whitespace();
            let key = words.next().unwrap_or_default().trim_matches('`');
            let key = key.strip_prefix("attributes.").or_else(|| key.strip_prefix("attribute.")).unwrap_or(key);
            Order { key: key.to_owned(), descending: words.next().is_some_and(|word| word.eq_ignore_ascii_case("desc")) }
        };
        self.list("order_by").into_iter().map(read).collect()
    }

    /// The clauses of its filter; all of them must hold.
    pub fn filter(&self) -> Result<Vec<Clause>, Complaint> {
        let text = self.text("filter").unwrap_or_default();
        let words = tokens(&text);
        let mut clauses = Vec::new();
        for part in words.split(|word| word.eq_ignore_ascii_case("and")) {
            match part {
                [] if words.is_empty() => {}
                [key, comparison, value] if COMPARISONS.contains(&comparison.to_uppercase().as_str()) && value.starts_with(['\'', '"']) => {
                    let key = key.strip_prefix("attributes.").or_else(|| key.strip_prefix("attribute.")).unwrap_or(key).to_owned();
                    let value = value.trim_matches(['\'', '"']).to_owned();
                    clauses.push(Clause { key, comparison: comparison.to_uppercase(), value });
                }
                wrong => {
                    let quoted: Vec<String> = wrong.iter().map(|word| format!("'{word}'")).collect();
                    return Err(Complaint::invalid(format!("Invalid clause(s) in filter string: {}", quoted.join(", "))));
                }
            }
        }
        Ok(clauses)
    }
}

const COMPARISONS: [&str; 4] = ["=", "!=", "LIKE", "ILIKE"];

impl Clause {
    /// Whether it holds for something whose value of a key `value_of` tells.
    pub fn holds(&self, value_of: &impl Fn(&str) -> Option<String>) -> bool {
        let Some(its) = value_of(&self.key) else { return false };
        match self.comparison.as_str() {
            "=" => its == self.value,
            "!=" => its != self.value,
            "ILIKE" => like(&its.to_lowercase(), &self.value.to_lowercase()),
            _ => like(&its, &self.value),
        }
    }
}

/// SQL's LIKE with `%` alone.
fn like(text: &str, pattern: &str) -> bool {
    let mut rest = text;
    let parts: Vec<&str> = pattern.split('%').collect();
    for (place, part) in parts.iter().enumerate() {
        let (first, last) = (place == 0, place + 1 == parts.len());
        match (first, last) {
            (true, true) => return rest == *part,
            (true, false) => match rest.strip_prefix(part) {
                Some(after) => rest = after,
                None => return false,
            },
            (false, true) => return rest.ends_with(part),
            (false, false) => match rest.find(part) {
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            },
        }
    }
    true
}

/// Words, and texts in quotes as one word each.
fn tokens(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
    for letter in text.chars() {
        match quote {
            Some(mark) => {
                word.push(letter);
                if letter == mark {
                    quote = None;
                }
            }
            None if letter.is_whitespace() => words.push(std::mem::take(&mut word)),
            None => {
                let joins = |letter: char| "=!<>".contains(letter);
                if !word.is_empty() && word.chars().all(joins) != joins(letter) {
                    words.push(std::mem::take(&mut word));
                }
                quote = ['\'', '"'].contains(&letter).then_some(letter);
                word.push(letter);
            }
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

fn offset(token: &str) -> Option<usize> {
    let bytes = STANDARD.decode(token).ok()?;
    serde_json::from_slice::<Value>(&bytes).ok()?.get("offset")?.as_u64().and_then(|offset| usize::try_from(offset).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(query: &str) -> Ask {
        Ask::new(&Request::get(&format!("/x?{query}"))).unwrap()
    }

    #[test]
    fn pages_follow_each_other_by_token_and_the_last_has_none() {
        let rows = || (0..5).map(Value::from).collect::<Vec<_>>();
        let first = ask("max_results=3").page("rows", rows(), None).unwrap();
        let token = first["next_page_token"].as_str().unwrap();
        let second = ask(&format!("max_results=3&page_token={}", token.replace('=', "%3D"))).page("rows", rows(), None).unwrap();
        assert_eq!((&first["rows"], &second["rows"]), (&json!([0, 1, 2]), &json!([3, 4])));
        assert_eq!(second.get("next_page_token"), None);
        assert!(ask("").page("rows", rows(), None).is_err() && ask("max_results=3&page_token=x").page("rows", rows(), None).is_err());
        assert_eq!(ask("").page("rows", Vec::new(), Some(9)).unwrap(), json!({}));
    }

    #[test]
    fn a_filter_holds_where_all_its_clauses_do_and_a_wrong_one_is_quoted() {
        let value =
            |key: &str| [("name", "fraud-score"), ("status", "FINISHED")].iter().find(|(own, _)| *own == key).map(|(_, v)| (*v).to_owned());
        for (filter, holds) in [
            ("", true),
            ("name='fraud-score'", true),
            ("name = 'fraud-score' AND attributes.status != 'FAILED'", true),
            ("name LIKE 'fraud%' and status = 'FAILED'", false),
            ("name ilike '%SCORE'", true),
            ("name LIKE '%au%sc%'", true),
            ("nothing = 'x'", false),
        ] {
            let ask = ask(&format!("filter={}", filter.replace('%', "%25").replace(' ', "%20").replace('=', "%3D")));
            assert_eq!(ask.filter().unwrap().iter().all(|clause| clause.holds(&value)), holds, "{filter}");
        }
        let wrong = ask("filter=bogus%20%3D%3D%3D").filter().unwrap_err();
        assert_eq!(wrong, Complaint::invalid("Invalid clause(s) in filter string: 'bogus', '==='"));
    }
}
