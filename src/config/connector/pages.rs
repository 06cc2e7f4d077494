//! How an answer goes on over further pages: `pages = { style = "offset", size = 100, items = ".rows" }`.
//! Not for: asking for them (see `source::manifest::pages`).

use serde::Deserialize;

use super::Jq;

/// How to go on to further pages; at most `max` of them are read (10 if nothing is said).
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "PagesTable")]
pub enum Pages {
    /// Skip what has been read.
    Offset {
        /// Query parameter of how many to skip: `offset`.
        param: String,
        /// Query parameter of the page's size: `limit`.
        size_param: String,
        /// Rows in a page.
        size: u32,
        /// Pages at most.
        max: u32,
        /// Finds the list of rows in a page.
        items: Jq,
    },
    /// Count pages.
    Page {
        /// Query parameter of the page's number: `page`.
        param: String,
        /// Query parameter of the page's size: `per_page`.
        size_param: String,
        /// Rows in a page.
        size: u32,
        /// The first page's number: 1.
        first: u32,
        /// Pages at most.
        max: u32,
        /// Finds the list of rows in a page.
        items: Jq,
    },
    /// Hand back a token. A body sees it as `$token`.
    Token {
        /// Query parameter that carries it; absent if the body does.
        param: Option<String>,
        /// Finds it in a page; null or empty at the end.
        next: Jq,
        /// Pages at most.
        max: u32,
    },
    /// Follow `Link: <…>; rel="next"` (RFC 8288).
    LinkHeader {
        /// Pages at most.
        max: u32,
    },
    /// Follow an address in the page.
    NextUrl {
        /// Finds it in a page; null or empty at the end.
        next: Jq,
        /// Pages at most.
        max: u32,
    },
}

impl Pages {
    /// Pages at most.
    pub fn max(&self) -> u32 {
        match self {
            Self::Offset { max, .. }
            | Self::Page { max, .. }
            | Self::Token { max, .. }
            | Self::LinkHeader { max }
            | Self::NextUrl { max, .. } => *max,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Style {
    None,
    Offset,
    Page,
    Token,
    LinkHeader,
    NextUrl,
}

/// The table as it is written: one shape for all styles, so that serde keeps the places of the filters.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct PagesTable {
    style: Style,
    param: Option<String>,
    size_param: Option<String>,
    size: Option<u32>,
    first: Option<u32>,
    max: Option<u32>,
    items: Option<Jq>,
    next: Option<Jq>,
}

impl TryFrom<PagesTable> for Pages {
    type Error = String;

    fn try_from(table: PagesTable) -> Result<Self, String> {
        let PagesTable { style, param, size_param, size, first, max, items, next } = table;
        let counts = matches!(style, Style::Offset | Style::Page);
        let names_next = matches!(style, Style::Token | Style::NextUrl);
        let unused = [
            ("param", param.is_some() && !counts && !matches!(style, Style::Token)),
            ("size-param", size_param.is_some() && !counts),
            ("size", size.is_some() && !counts),
            ("first", first.is_some() && !matches!(style, Style::Page)),
            ("items", items.is_some() && !counts),
            ("next", next.is_some() && !names_next),
        ];
        if let Some((name, _)) = unused.into_iter().find(|(_, unused)| *unused) {
            return Err(format!("this style of pages has no `{name}`"));
        }
        if max == Some(0) || size == Some(0) {
            return Err("`max` and `size` are at least 1".to_owned());
        }
        let needs = |name: &str| format!("this style of pages needs `{name}`");
        let max = max.unwrap_or(10);
        Ok(match style {
            Style::None => Self::LinkHeader { max: 1 },
            Style::LinkHeader => Self::LinkHeader { max },
            Style::Token => Self::Token { param, next: next.ok_or_else(|| needs("next"))?, max },
            Style::NextUrl => Self::NextUrl { next: next.ok_or_else(|| needs("next"))?, max },
            Style::Offset => Self::Offset {
                param: param.unwrap_or_else(|| "offset".to_owned()),
                size_param: size_param.unwrap_or_else(|| "limit".to_owned()),
                size: size.ok_or_else(|| needs("size"))?,
                max,
                items: items.ok_or_else(|| needs("items"))?,
            },
            Style::Page => Self::Page {
                param: param.unwrap_or_else(|| "page".to_owned()),
                size_param: size_param.unwrap_or_else(|| "per_page".to_owned()),
                size: size.ok_or_else(|| needs("size"))?,
                first: first.unwrap_or(1),
                max,
                items: items.ok_or_else(|| needs("items"))?,
            },
        })
    }
}
