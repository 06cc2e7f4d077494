//! The two text formats of metrics and how an HTTP answer says which one it is.
//! Not for protobuf: such an answer has no `Format` and must be refused by name.

/// Which grammar a body follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Prometheus text 0.0.4, and 1.0.0 which adds quoted UTF-8 names. Timestamps are integer milliseconds.
    Text,
    /// `OpenMetrics` text 1.0. Timestamps are decimal seconds; the body ends with `# EOF`.
    OpenMetrics,
}

/// What to send as `Accept`: `OpenMetrics` first, since it alone says whether the body is whole.
pub const ACCEPT: &str = "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";

impl Format {
    /// The format that a `Content-Type` names, or `None` for anything else (protobuf, HTML, `OpenMetrics` 2).
    ///
    /// `text/plain` without a version is read as text 0.0.4, as Prometheus 2 did; other parameters
    /// (`charset`, `escaping`) do not change the grammar.
    pub fn from_content_type(content_type: &str) -> Option<Self> {
        let mut parts = content_type.split(';').map(str::trim);
        let media = parts.next()?;
        let version = parts
            .filter_map(|part| part.split_once('='))
            .find(|(key, _)| key.trim().eq_ignore_ascii_case("version"))
            .map(|(_, value)| value.trim().trim_matches('"'));
        if media.eq_ignore_ascii_case("text/plain") {
            matches!(version, None | Some("" | "0.0.4" | "1.0.0")).then_some(Self::Text)
        } else if media.eq_ignore_ascii_case("application/openmetrics-text") {
            matches!(version, None | Some("" | "0.0.1" | "1.0.0" | "1.1.0")).then_some(Self::OpenMetrics)
        } else {
            None
        }
    }
}
