//! Text that came from outside, made safe by construction: it cannot hold a control character.
//! Not for: text we wrote ourselves (use `&'static str`), secrets (see `config::secret`).

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};

/// Longest text kept, in bytes; what is longer ends in `…`. A stack trace fits, a core dump does not.
pub const MAX_BYTES: usize = 64 * 1024;

/// A string from outside, free of control characters and escape sequences (newline and tab stay). Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Text(Arc<str>);

impl Text {
    /// The text as a slice.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first line that says anything, without surrounding blanks: what fits into a row.
    pub fn first_line(&self) -> &str {
        self.0.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("")
    }
}

/// Removes terminal escape sequences whole (`ESC [ 31 m`, OSC up to its end) and every other control character except
/// newline and tab; also the bidirectional overrides that make a name read as another one. Borrows when nothing was removed.
pub fn clean(raw: &str) -> Cow<'_, str> {
    if raw.len() <= MAX_BYTES && !raw.chars().any(is_unsafe) {
        return Cow::Borrowed(raw);
    }
    let mut out = String::with_capacity(raw.len().min(MAX_BYTES));
    let mut chars = raw.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => skip_escape(&mut chars),
            '\u{9b}' => skip_csi(&mut chars),
            '\u{90}' | '\u{9d}' | '\u{98}' | '\u{9e}' | '\u{9f}' => skip_string(&mut chars),
            c if is_unsafe(c) => {}
            c => out.push(c),
        }
        if out.len() > MAX_BYTES {
            while out.len() > MAX_BYTES {
                out.pop();
            }
            out.push('…');
            break;
        }
    }
    Cow::Owned(out)
}

fn is_unsafe(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn skip_escape(chars: &mut Chars<'_>) {
    match chars.peek() {
        Some('[') => {
            chars.next();
            skip_csi(chars);
        }
        Some(']' | 'P' | 'X' | '^' | '_') => {
            chars.next();
            skip_string(chars);
        }
        // two- and three-byte sequences: intermediates 0x20–0x2f, then one final byte
        Some(' '..='~') => {
            while chars.next_if(|c| (' '..='/').contains(c)).is_some() {}
            chars.next_if(|c| ('0'..='~').contains(c));
        }
        _ => {}
    }
}

/// Parameters and intermediates (0x20–0x3f), then the final byte (0x40–0x7e), as ECMA-48 5.4 has it.
fn skip_csi(chars: &mut Chars<'_>) {
    while chars.next_if(|c| (' '..='?').contains(c)).is_some() {}
    chars.next_if(|c| ('@'..='~').contains(c));
}

/// Up to BEL, ST (`ESC \`), C1 ST, or the end of the line, so that one unterminated sequence cannot swallow a whole log.
fn skip_string(chars: &mut Chars<'_>) {
    while let Some(&c) = chars.peek() {
        match c {
            '\n' => return,
            '\u{7}' | '\u{9c}' => {
                chars.next();
                return;
            }
            '\u{1b}' => {
                chars.next();
                chars.next_if_eq(&'\\');
                return;
            }
            _ => {
                chars.next();
            }
        }
    }
}

impl From<&str> for Text {
    fn from(raw: &str) -> Self {
        Self(Arc::from(clean(raw).as_ref()))
    }
}

impl From<String> for Text {
    fn from(raw: String) -> Self {
        match clean(&raw) {
            Cow::Borrowed(_) => Self(Arc::from(raw)),
            Cow::Owned(cleaned) => Self(Arc::from(cleaned)),
        }
    }
}

impl From<Cow<'_, str>> for Text {
    fn from(raw: Cow<'_, str>) -> Self {
        Self::from(raw.as_ref())
    }
}

impl Default for Text {
    fn default() -> Self {
        Self(Arc::from(""))
    }
}

impl std::ops::Deref for Text {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl std::borrow::Borrow<str> for Text {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_would_obey_survives() {
        for (raw, kept) in [
            ("plain", "plain"),
            ("\u{1b}[31mred\u{1b}[0m", "red"),
            ("\u{1b}]52;c;ZXZpbA==\u{7}copy", "copy"),
            ("\u{1b}]0;title\u{1b}\\after", "after"),
            ("\u{1b}]0;never ended\nnext line", "\nnext line"),
            ("\u{9b}2Jcleared", "cleared"),
            ("\u{1b}(0line", "line"),
            ("\u{1b}cfull reset", "full reset"),
            ("a\u{0}b\u{8}c\u{7f}d\re", "abcde"),
            ("tab\tand\nnewline stay", "tab\tand\nnewline stay"),
            ("txt.\u{202e}exe", "txt.exe"),
            ("ends in escape\u{1b}", "ends in escape"),
            ("ends in csi\u{1b}[1;", "ends in csi"),
            ("日本語 ok", "日本語 ok"),
        ] {
            assert_eq!(Text::from(raw).as_str(), kept, "{raw:?}");
        }
    }

    #[test]
    fn a_text_longer_than_the_bound_says_so_with_an_ellipsis() {
        let long = Text::from("é".repeat(MAX_BYTES));
        assert!(long.len() <= MAX_BYTES + '…'.len_utf8());
        assert!(long.ends_with('…'));
    }
}
