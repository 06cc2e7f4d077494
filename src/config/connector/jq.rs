//! jq as it stands in a connector file, with its place there.
//! Not for: compiling and running it (see `source::manifest::jq`).

use std::ops::Range;

use serde::{Deserialize, Deserializer};

/// A jq filter, not yet compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jq {
    /// The filter.
    pub code: String,
    /// Bytes of the file that its string takes, quotes included.
    pub span: Range<usize>,
}

impl Jq {
    /// Line and column in the file (from 1, in characters) of the filter's byte `offset`. Strings with escapes give the string's
    /// beginning.
    pub fn position(&self, file: &str, offset: usize) -> (usize, usize) {
        let raw = file.get(self.span.clone()).unwrap_or_default();
        let at = raw.find(self.code.as_str()).map_or(0, |start| start + offset.min(self.code.len()));
        let before = file.get(..self.span.start + at).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }
}

impl<'de> Deserialize<'de> for Jq {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = toml::Spanned::<String>::deserialize(deserializer)?;
        let span = spanned.span();
        Ok(Self { code: spanned.into_inner(), span })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct File {
        map: Jq,
    }

    #[test]
    fn a_place_in_a_filter_is_a_place_in_the_file() {
        let text = "a = 1\nmap = '''\n.rows[]\n  | oops\n'''\n";
        let file: File = toml::from_str::<File>(text.strip_prefix("a = 1\n").unwrap()).unwrap();
        assert_eq!(file.map.position(&text[6..], file.map.code.find("oops").unwrap()), (3, 5));
        let file: File = toml::from_str("map = '.x'").unwrap();
        assert_eq!(file.map.position("map = '.x'", 1), (1, 9));
    }
}
