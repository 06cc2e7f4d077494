//! Paging by number, and parameters that must be one of some words.
//! Not for: what is paged.

use std::str::FromStr;

use serde_json::{Value, json};

use crate::demo::system::{Reply, Request};
use crate::domain::Timestamp;

/// Rows of a page where nothing is said.
const USUAL: usize = 20;
/// Most rows of a page; more are silently cut.
const MOST: usize = 100;

/// Which rows are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    page: usize,
    per_page: usize,
    /// Path and query of the request without its page.
    target: String,
}

impl Page {
    /// From `page` and `per_page`.
    pub fn new(request: &Request) -> Result<Self, Reply> {
        let page = number(request, "page")?.unwrap_or(1);
        let per_page = number(request, "per_page")?.unwrap_or(USUAL).min(MOST);
        if per_page == 0 {
            return Err(wrong("per_page", "does not have a valid value"));
        }
        let mut rest = url::form_urlencoded::Serializer::new(String::new());
        rest.extend_pairs(request.query.iter().filter(|(name, _)| name != "page"));
        Ok(Self { page: page.max(1), per_page, target: format!("{}?{}", request.path, rest.finish()) })
    }

    /// That page of all rows, with where it stands among them.
    pub fn reply(&self, rows: Vec<Value>) -> Reply {
        let total = rows.len();
        let pages = total.div_ceil(self.per_page).max(1);
        let page: Vec<Value> = rows.into_iter().skip((self.page - 1) * self.per_page).take(self.per_page).collect();
        let next = (self.page < pages).then(|| self.page + 1);
        let before = (self.page > 1).then(|| self.page - 1);
        let text = |number: Option<usize>| number.map(|number| number.to_string()).unwrap_or_default();
        let link = |rel: &str, page: usize| format!("<{}&page={page}>; rel=\"{rel}\"", self.target);
        let mut links: Vec<String> = before.map(|page| link("prev", page)).into_iter().collect();
        links.extend(next.map(|page| link("next", page)));
        links.extend([link("first", 1), link("last", pages)]);
        Reply::json(200, &Value::Array(page))
            .header("link", links.join(", "))
            .header("x-next-page", text(next))
            .header("x-page", self.page.to_string())
            .header("x-per-page", self.per_page.to_string())
            .header("x-prev-page", text(before))
            .header("x-total", total.to_string())
            .header("x-total-pages", pages.to_string())
    }
}

fn wrong(name: &str, words: &str) -> Reply {
    Reply::json(400, &json!({"error": format!("{name} {words}")}))
}

/// A parameter that is a whole number.
pub fn number<T: FromStr>(request: &Request, name: &str) -> Result<Option<T>, Reply> {
    match request.param(name) {
        None => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| wrong(name, "is invalid")),
    }
}

/// A parameter that is one of some words.
pub fn one_of<'a>(request: &'a Request, name: &str, words: &[&str]) -> Result<Option<&'a str>, Reply> {
    match request.param(name) {
        Some(word) if !words.contains(&word) => Err(wrong(name, "does not have a valid value")),
        word => Ok(word),
    }
}

/// A parameter that is an instant.
pub fn instant(request: &Request, name: &str) -> Result<Option<Timestamp>, Reply> {
    match request.param(name) {
        None => Ok(None),
        Some(text) => Timestamp::parse(text).map(Some).ok_or_else(|| wrong(name, "is invalid")),
    }
}
