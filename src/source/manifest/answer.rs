//! A decoded answer, and what is known of it beside its content.
//! Not for: getting it (see `fetch`), decoding it (see `decode`).

use jaq_json::Val;
use serde_json::json;

use super::jq::Variables;
use crate::domain::{Failure, FailureKind, RowProblem};
use crate::source::http::{HeaderMap, Response};
use crate::source::local::files::Found;

/// A decoded answer.
pub struct Answer {
    /// What it holds.
    pub page: Val,
    /// Parts that could not be read.
    pub problems: Vec<RowProblem>,
    /// The same as last time; `page` is null.
    pub not_modified: bool,
    /// Tells it from others.
    pub hash: u64,
    /// Its `rel="next"`.
    pub link: Option<String>,
    /// What filters see of it beside its content.
    pub about: About,
    /// Bytes and lines of its body.
    pub size: (usize, usize),
    /// A command or file that has nothing to tell.
    pub nothing: bool,
}

/// What filters see of an answer beside its content: `$headers`, `$exit`, `$file`.
#[derive(Debug, Clone, Default)]
pub struct About {
    /// By name in small letters.
    pub headers: Val,
    /// The code a command ended with.
    pub exit: Val,
    /// `{path, name, modified, bytes}`.
    pub file: Val,
}

impl About {
    /// A file.
    pub fn file(found: &Found) -> Self {
        let file = json!({
            "path": found.path.to_string_lossy(), "name": found.name(), "modified": found.modified().to_string(), "bytes": found.stamp.bytes,
        });
        Self { file: serde_json::from_value(file).unwrap_or_default(), ..Self::default() }
    }

    /// `variables` with what is known of the answer.
    pub fn added_to(&self, variables: Variables) -> Variables {
        Variables { headers: self.headers.clone(), exit: self.exit.clone(), file: self.file.clone(), ..variables }
    }
}

impl Answer {
    /// There is nothing to tell.
    pub fn nothing(about: About) -> Self {
        Self { page: Val::Null, problems: Vec::new(), not_modified: false, hash: 0, link: None, about, size: (0, 0), nothing: true }
    }
}

/// Nothing fits a glob.
pub fn no_file(globs: &str) -> Failure {
    Failure::new(FailureKind::NotFound, "look for files", format!("no file fits {globs}"))
        .hint("check `path` of the source; has the tool that writes it run yet?")
}

/// Headers by name, as filters see them.
pub fn headers(response: &Response) -> Val {
    let headers: &HeaderMap = &response.headers;
    let pairs =
        headers.iter().filter_map(|(name, value)| Some((Val::from(name.as_str().to_owned()), Val::from(value.to_str().ok()?.to_owned()))));
    Val::obj(pairs.collect())
}
