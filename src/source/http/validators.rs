//! `ETag` and `Last-Modified` of the last answer to each request, so that an unchanged one costs a 304 (RFC 9110 13.1).
//! Not for: keeping the answers themselves (the store keeps what they became).

use std::collections::HashMap;
use std::sync::Mutex;

use reqwest::header::{ETAG, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED};

/// A source asks a handful of fixed requests; more keys than this come from paths that change.
const MAX_KEYS: usize = 256;

/// Per request, what makes the next one conditional.
#[derive(Default)]
pub(super) struct Validators(Mutex<HashMap<String, Vec<(HeaderName, HeaderValue)>>>);

impl Validators {
    /// Headers that make this request conditional; none if it has not been answered yet.
    pub fn headers(&self, key: &str) -> HeaderMap {
        self.locked().get(key).map(|pairs| pairs.iter().cloned().collect()).unwrap_or_default()
    }

    /// Remembers an answer's validators.
    pub fn keep(&self, key: String, answer: &HeaderMap) {
        let pairs: Vec<_> = [(ETAG, IF_NONE_MATCH), (LAST_MODIFIED, IF_MODIFIED_SINCE)]
            .into_iter()
            .filter_map(|(from, to)| Some((to, answer.get(from)?.clone())))
            .collect();
        let mut kept = self.locked();
        if pairs.is_empty() || kept.len() >= MAX_KEYS {
            kept.remove(&key);
        } else {
            kept.insert(key, pairs);
        }
    }

    /// The next answer is wanted whole.
    pub fn forget(&self, key: &str) {
        self.locked().remove(key);
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, HashMap<String, Vec<(HeaderName, HeaderValue)>>> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
