//! Paging, order and the API's complaints.
//! Not for: what is paged.

use std::cmp::Ordering;

use serde_json::{Value, json};

use crate::demo::system::{Reply, Request};

/// Rows of a page where nothing is said.
const USUAL: usize = 50;
/// Most rows of a page; more are silently cut.
const MOST: usize = 100;

/// An error: a sentence, or what is wrong with each field.
#[derive(Debug, Clone, PartialEq)]
pub struct Complaint {
    status: u16,
    detail: Value,
}

impl Complaint {
    /// With a sentence.
    pub fn new(status: u16, detail: &str) -> Self {
        Self { status, detail: Value::from(detail) }
    }

    /// 404.
    pub fn not_found(detail: &str) -> Self {
        Self::new(404, detail)
    }

    /// 409 of the database.
    pub fn duplicate() -> Self {
        let words =
            "Serious error when handling your request. Check logs for more details - you will find it in api server when you look for ID";
        let detail = json!({
            "reason": "Unique constraint violation", "statement": "hidden", "orig_error": "hidden", "message": format!("{words} oNFDwOpf")
        });
        Self { status: 409, detail }
    }

    /// 422: a field of the body is not there.
    pub fn missing_field(name: &str, body: &Value) -> Self {
        let input = if body.is_object() { body.clone() } else { json!({}) };
        Self { status: 422, detail: json!([{"type": "missing", "loc": ["body", name], "msg": "Field required", "input": input}]) }
    }

    /// 422: a field or parameter has a value that is none of the expected ones.
    pub fn not_one_of(place: &str, name: &str, expected: &str, input: &Value) -> Self {
        let msg = format!("Input should be {expected}");
        Self {
            status: 422,
            detail: json!([{"type": "enum", "loc": [place, name], "msg": msg, "input": input, "ctx": {"expected": expected}}]),
        }
    }

    /// 422: a parameter is no number.
    fn not_a_number(name: &str, input: &str) -> Self {
        let msg = "Input should be a valid integer, unable to parse string as an integer";
        Self { status: 422, detail: json!([{"type": "int_parsing", "loc": ["query", name], "msg": msg, "input": input}]) }
    }

    /// 422: the body's field is no boolean.
    pub fn not_a_boolean(name: &str, input: &Value) -> Self {
        let msg = "Input should be a valid boolean";
        Self { status: 422, detail: json!([{"type": "bool_type", "loc": ["body", name], "msg": msg, "input": input}]) }
    }

    /// As it is sent.
    pub fn reply(&self) -> Reply {
        Reply::json(self.status, &json!({"detail": self.detail}))
    }
}

/// Which rows are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    limit: usize,
    offset: usize,
}

impl Page {
    /// From `limit` and `offset`.
    pub fn new(request: &Request) -> Result<Self, Complaint> {
        let number = |name: &str, usual: usize| match request.param(name) {
            None => Ok(usual),
            Some(text) => text.parse::<usize>().map_err(|_| Complaint::not_a_number(name, text)),
        };
        Ok(Self { limit: number("limit", USUAL)?.min(MOST), offset: number("offset", 0)? })
    }

    /// Those rows of all.
    pub fn of(self, rows: Vec<Value>) -> Vec<Value> {
        rows.into_iter().skip(self.offset).take(self.limit).collect()
    }
}

/// Sorts by the columns of `order_by` (`-run_after`), of which only those in `columns` are known.
pub fn sort<T>(rows: &mut [T], request: &Request, columns: &[(&str, fn(&T, &T) -> Ordering)]) -> Result<(), Complaint> {
    let mut wanted = Vec::new();
    for (name, text) in &request.query {
        if name != "order_by" {
            continue;
        }
        for key in text.split(',') {
            let (descending, key) = key.strip_prefix('-').map_or((false, key), |key| (true, key));
            let Some((_, compare)) = columns.iter().find(|(own, _)| *own == key) else {
                let words = format!("Ordering with '{key}' is disallowed or the attribute does not exist on the model");
                return Err(Complaint::new(400, &words));
            };
            wanted.push((*compare, descending));
        }
    }
    rows.sort_by(|a, b| {
        let by = |(compare, descending): &(fn(&T, &T) -> Ordering, bool)| if *descending { compare(b, a) } else { compare(a, b) };
        wanted.iter().map(by).find(|ordering| ordering.is_ne()).unwrap_or(Ordering::Equal)
    });
    Ok(())
}

/// The parameters of that name, or all where there are none.
pub fn is_wanted(request: &Request, name: &str, value: Option<&str>) -> bool {
    let mut wanted = request.query.iter().filter(|(own, _)| own == name).map(|(_, wanted)| wanted.as_str()).peekable();
    wanted.peek().is_none() || wanted.any(|wanted| Some(wanted) == value)
}
