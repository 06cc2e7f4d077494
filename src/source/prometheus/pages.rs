//! Addresses of the server's own pages, for a browser.
//! Not for: its API.

use crate::domain::Text;

/// Where those pages lie: the source's address without credentials and query. A unix socket has none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pages {
    base: Option<String>,
}

impl Pages {
    /// Pages under `shown`, an address without secrets, and `prefix`.
    pub fn under(shown: &str, prefix: &str) -> Self {
        let http = shown.starts_with("http://") || shown.starts_with("https://");
        Self { base: http.then(|| format!("{}{prefix}", shown.trim_end_matches('/'))) }
    }

    /// The expression as a table. `/graph` is redirected to `/query` by Prometheus 3 and to its own page by `VictoriaMetrics`.
    pub fn graph(&self, expr: &str) -> Option<Text> {
        self.with_query("/graph", &[("g0.expr", expr), ("g0.tab", "1")])
    }

    /// Targets whose labels hold `word`.
    pub fn targets(&self, word: &str) -> Option<Text> {
        self.with_query("/targets", &[("search", word)])
    }

    /// All rules.
    pub fn rules(&self) -> Option<Text> {
        self.page("/rules")
    }

    /// The configuration in use.
    pub fn config(&self) -> Option<Text> {
        self.page("/config")
    }

    fn page(&self, path: &str) -> Option<Text> {
        self.base.as_ref().map(|base| format!("{base}{path}").into())
    }

    fn with_query(&self, path: &str, query: &[(&str, &str)]) -> Option<Text> {
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
        self.page(&format!("{path}?{query}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_keeps_the_path_of_the_address_and_a_socket_has_none() {
        let pages = Pages::under("https://h/prom/", "/tenant");
        assert_eq!(pages.graph("up == 0").unwrap(), "https://h/prom/tenant/graph?g0.expr=up+%3D%3D+0&g0.tab=1");
        assert_eq!(Pages::under("unix:///run/prom.sock", "").rules(), None);
    }
}
