//! Going on from page to page: which request comes next, and when to stop.
//! Not for: sending (see `fetch`).

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::config::connector::Pages;

/// What a page adds to the request of its poll.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Turn {
    /// Query parameters.
    pub query: Vec<(String, String)>,
    /// What the body sees as `$token`.
    pub token: Option<String>,
    /// The whole address, in place of path and query.
    pub address: Option<String>,
}

/// What is known of a page that was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// Rows in it, for styles that count.
    pub items: usize,
    /// The token or address it names; empty is none.
    pub next: Option<String>,
    /// Tells its body from others.
    pub hash: u64,
}

/// What comes after a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum After {
    /// Nothing: all has been read, or as much as may be.
    Done,
    /// Another page.
    Go(Turn),
    /// The system repeats itself.
    Repeats,
}

/// The way through the pages of one poll. Asks at most `max` pages, whatever the system answers.
#[derive(Debug)]
pub struct Pager<'a> {
    pages: Option<&'a Pages>,
    asked: u32,
    read: usize,
    seen: HashSet<u64>,
}

impl<'a> Pager<'a> {
    /// At the first page.
    pub fn new(pages: Option<&'a Pages>) -> Self {
        Self { pages, asked: 1, read: 0, seen: HashSet::new() }
    }

    /// The first page.
    pub fn first(&self) -> Turn {
        let query = match self.pages {
            Some(Pages::Offset { size_param, size, .. }) => vec![(size_param.clone(), size.to_string())],
            Some(Pages::Page { param, size_param, size, first, .. }) => {
                vec![(param.clone(), first.to_string()), (size_param.clone(), size.to_string())]
            }
            _ => Vec::new(),
        };
        Turn { query, ..Turn::default() }
    }

    /// Goes on from a page.
    pub fn after(&mut self, page: &Page) -> After {
        let Some(pages) = self.pages else { return After::Done };
        self.read += page.items;
        let marker = match pages {
            Pages::Offset { size, .. } | Pages::Page { size, .. } => {
                if page.items < *size as usize || page.items == 0 {
                    return After::Done;
                }
                page.hash
            }
            Pages::Token { .. } | Pages::LinkHeader { .. } | Pages::NextUrl { .. } => {
                let Some(next) = page.next.as_deref().filter(|next| !next.is_empty()) else { return After::Done };
                hash(next)
            }
        };
        if !self.seen.insert(marker) {
            return After::Repeats;
        }
        if self.asked >= pages.max() {
            return After::Done;
        }
        self.asked += 1;
        After::Go(self.turn(pages, page.next.clone()))
    }

    fn turn(&self, pages: &Pages, next: Option<String>) -> Turn {
        match pages {
            Pages::Offset { param, size_param, size, .. } => {
                Turn { query: vec![(param.clone(), self.read.to_string()), (size_param.clone(), size.to_string())], ..Turn::default() }
            }
            Pages::Page { param, size_param, size, first, .. } => Turn {
                query: vec![(param.clone(), (first + self.asked - 1).to_string()), (size_param.clone(), size.to_string())],
                ..Turn::default()
            },
            Pages::Token { param, .. } => {
                let query = param.iter().zip(&next).map(|(param, token)| (param.clone(), token.clone())).collect();
                Turn { query, token: next, address: None }
            }
            Pages::LinkHeader { .. } | Pages::NextUrl { .. } => Turn { address: next, ..Turn::default() },
        }
    }
}

/// Tells bodies, tokens and addresses apart.
pub fn hash(bytes: impl AsRef<[u8]>) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.as_ref().hash(&mut hasher);
    hasher.finish()
}

/// The address of `rel="next"` in a `Link` header (RFC 8288 3).
pub fn next_link(header: &str) -> Option<String> {
    header.split('<').skip(1).find_map(|link| {
        let (address, parameters) = link.split_once('>')?;
        let next = parameters.split(';').skip(1).any(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let value = value.trim().trim_end_matches(',').trim().trim_matches('"');
            name.trim().eq_ignore_ascii_case("rel") && value.split_whitespace().any(|word| word.eq_ignore_ascii_case("next"))
        });
        next.then(|| address.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::connector::Jq;
    use proptest::prelude::*;

    fn jq() -> Jq {
        Jq { code: ".".into(), span: 0..0 }
    }

    fn number(turn: &Turn, name: &str) -> usize {
        turn.query.iter().find(|(key, _)| key == name).map_or(0, |(_, value)| value.parse().unwrap())
    }

    /// A system with `total` rows, asked until it is done: the rows in order, and how many requests.
    fn read(pages: &Pages, total: usize, size: usize) -> (Vec<usize>, u32) {
        let mut way = Pager::new(Some(pages));
        let (mut turn, mut rows, mut requests) = (way.first(), Vec::new(), 0);
        loop {
            requests += 1;
            let from = match pages {
                Pages::Offset { .. } => number(&turn, "offset"),
                Pages::Page { first, .. } => (number(&turn, "page") - *first as usize) * size,
                _ => turn.token.as_ref().or(turn.address.as_ref()).map_or(0, |at| at.trim_start_matches("/at/").parse().unwrap()),
            };
            let answer: Vec<usize> = (from..total.min(from + size)).collect();
            let next = (from + size < total).then(|| from + size);
            let next = next.map(|at| if matches!(pages, Pages::Token { .. }) { at.to_string() } else { format!("/at/{at}") });
            let page = Page { items: answer.len(), next, hash: hash(format!("{answer:?}")) };
            rows.extend(answer);
            match way.after(&page) {
                After::Go(next) => turn = next,
                After::Done => return (rows, requests),
                After::Repeats => panic!("an honest system does not repeat itself"),
            }
        }
    }

    proptest! {
        #[test]
        fn every_row_comes_once_and_requests_are_bounded(total in 0_usize..500, size in 1_u32..60, max in 1_u32..20, first in 0_u32..2) {
            for pages in [
                Pages::Offset { param: "offset".into(), size_param: "limit".into(), size, max, items: jq() },
                Pages::Page { param: "page".into(), size_param: "per_page".into(), size, first, max, items: jq() },
                Pages::Token { param: Some("t".into()), next: jq(), max },
                Pages::NextUrl { next: jq(), max },
                Pages::LinkHeader { max },
            ] {
                let (rows, requests) = read(&pages, total, size as usize);
                let readable = total.min((size * max) as usize);
                prop_assert_eq!(rows, (0..readable).collect::<Vec<_>>());
                prop_assert!(requests <= max);
            }
        }

        #[test]
        fn a_system_that_answers_anything_is_asked_at_most_max_times(answers in prop::collection::vec((0_usize..50, prop::option::of("[a-c]{0,2}"), 0_u64..5), 1..60), max in 1_u32..20) {
            for pages in [
                Pages::Offset { param: "o".into(), size_param: "l".into(), size: 10, max, items: jq() },
                Pages::Token { param: None, next: jq(), max },
                Pages::LinkHeader { max },
            ] {
                let mut way = Pager::new(Some(&pages));
                let mut requests = 1;
                for (items, next, hash) in answers.iter().cloned().cycle() {
                    match way.after(&Page { items, next, hash }) {
                        After::Go(_) => requests += 1,
                        After::Done | After::Repeats => break,
                    }
                }
                prop_assert!(requests <= max);
            }
        }
    }

    #[test]
    fn a_system_that_repeats_itself_is_left() {
        let pages = Pages::Token { param: None, next: jq(), max: 100 };
        let mut way = Pager::new(Some(&pages));
        let page = Page { next: Some("same".into()), ..Page::default() };
        assert!(matches!(way.after(&page), After::Go(_)));
        assert_eq!(way.after(&page), After::Repeats);
        let pages = Pages::Offset { param: "o".into(), size_param: "l".into(), size: 1, max: 100, items: jq() };
        let mut way = Pager::new(Some(&pages));
        let page = Page { items: 1, hash: 7, next: None };
        assert!(matches!(way.after(&page), After::Go(_)));
        assert_eq!(way.after(&page), After::Repeats);
    }

    #[test]
    fn the_next_page_is_found_in_a_link_header() {
        for (header, next) in [
            (r#"<https://h/x?page=2>; rel="next", <https://h/x?page=9>; rel="last""#, Some("https://h/x?page=2")),
            (r#"<https://h/x?page=1>; rel="prev", <https://h/x?page=3,4>; rel=next"#, Some("https://h/x?page=3,4")),
            (r#"<https://h/x>; title="a"; rel="first next""#, Some("https://h/x")),
            (r#"<https://h/x>; rel="last""#, None),
            ("", None),
            ("<", None),
        ] {
            assert_eq!(next_link(header).as_deref(), next, "{header}");
        }
    }
}
