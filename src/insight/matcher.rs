//! Alertmanager's matchers, as far as needed to tell which of the known alerts a silence would catch.
//! Not for: making silences (the system parses what is sent itself).
//!
//! The grammar is that of `amtool` and of the filter of Alertmanager's own page: `name="value"`, with `=`, `!=`, `=~`, `!~`,
//! separated by commas or blanks, perhaps in braces; a value without quotes ends at a comma. Regular expressions match the whole
//! value; a label that an alert has not is the empty text (Alertmanager docs, "Matchers").

use regex::Regex;

use crate::domain::{Entity, Text};

/// How long a pattern may become once compiled, in bytes: far more than any real one.
const PATTERN_MAX: usize = 1 << 20;

/// One matcher.
#[derive(Debug, Clone)]
pub struct Matcher {
    name: String,
    test: Test,
    equal: bool,
}

#[derive(Debug, Clone)]
enum Test {
    Is(String),
    Fits(Regex),
}

impl Matcher {
    fn fits(&self, alert: &Entity) -> bool {
        let value = alert.labels.get(self.name.as_str()).map_or("", Text::as_str);
        let fits = match &self.test {
            Test::Is(wanted) => wanted == value,
            Test::Fits(pattern) => pattern.is_match(value),
        };
        fits == self.equal
    }

    /// Whether it would fit an alert that has not the label at all: a silence made of such alone catches everything.
    fn fits_nothing(&self) -> bool {
        let fits = match &self.test {
            Test::Is(wanted) => wanted.is_empty(),
            Test::Fits(pattern) => pattern.is_match(""),
        };
        fits == self.equal
    }
}

/// Whether an alert is caught by all of them; by none if there are none.
pub fn catches(matchers: &[Matcher], alert: &Entity) -> bool {
    !matchers.is_empty() && matchers.iter().all(|matcher| matcher.fits(alert))
}

/// Whether they are so wide that they catch an alert without labels; Alertmanager refuses these.
pub fn is_boundless(matchers: &[Matcher]) -> bool {
    matchers.iter().all(Matcher::fits_nothing)
}

/// Reads matchers; an error says what is wrong, in a line.
pub fn parse(text: &str) -> Result<Vec<Matcher>, String> {
    let text = text.trim();
    let mut rest = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or(text).trim();
    let mut matchers = Vec::new();
    while !rest.is_empty() {
        let (matcher, after) = one(rest)?;
        matchers.push(matcher);
        rest = after.trim_start_matches(|c: char| c == ',' || c.is_whitespace());
    }
    if matchers.is_empty() { Err("no matcher: write name=\"value\"".to_owned()) } else { Ok(matchers) }
}

fn one(text: &str) -> Result<(Matcher, &str), String> {
    let Some(end) = text.find(['=', '!', '~']) else { return Err(format!("`{text}` has no =, !=, =~ or !~")) };
    let name = text[..end].trim().trim_matches('"');
    let valid = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "_.:-/".contains(c));
    if !valid {
        return Err(format!("`{name}` is no label's name"));
    }
    let signs = [("=~", true, true), ("!~", true, false), ("!=", false, false), ("=", false, true)];
    let Some((sign, regex, equal)) = signs.into_iter().find(|(sign, ..)| text[end..].starts_with(sign)) else {
        return Err(format!("after `{name}` stands no =, !=, =~ or !~"));
    };
    let (value, rest) = value(text[end + sign.len()..].trim_start()).ok_or_else(|| format!("the quote after `{name}` is not closed"))?;
    let test = if regex { Test::Fits(pattern(&value)?) } else { Test::Is(value) };
    Ok((Matcher { name: name.to_owned(), test, equal }, rest))
}

/// The value and what follows it.
fn value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(',').unwrap_or(text.len());
        return Some((text[..end].trim().to_owned(), &text[end..]));
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((place, c)) = chars.next() {
        match c {
            '"' => return Some((value, &quoted[place + 1..])),
            '\\' => match chars.next()?.1 {
                'n' => value.push('\n'),
                '"' => value.push('"'),
                '\\' => value.push('\\'),
                other => value.extend(['\\', other]),
            },
            c => value.push(c),
        }
    }
    None
}

fn pattern(text: &str) -> Result<Regex, String> {
    let whole = format!("^(?:{text})$");
    regex::RegexBuilder::new(&whole).size_limit(PATTERN_MAX).dot_matches_new_line(true).build().map_err(|error| {
        let words = error.to_string();
        format!("`{text}` is no regular expression: {}", words.lines().last().unwrap_or_default().trim_start_matches("error: "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Alert, SourceName, State, Timestamp};

    fn alert(labels: &[(&str, &str)]) -> Entity {
        let mut alert = Entity::new(&SourceName::from("am"), "a", "a", State::Failed, Alert::default().into(), Timestamp::default());
        alert.labels = labels.iter().map(|(name, value)| (Text::from(*name), Text::from(*value))).collect();
        alert
    }

    #[test]
    fn matchers_catch_what_alertmanager_would() {
        let alert = alert(&[("alertname", "QueueLag"), ("team", "fraud"), ("path", "a\"b,c")]);
        for (text, caught) in [
            ("alertname=\"QueueLag\"", true),
            ("alertname=QueueLag", true),
            ("{alertname=\"QueueLag\", team=\"fraud\"}", true),
            ("alertname=\"QueueLag\" team=\"fraud\"", true),
            ("alertname=\"QueueLag\",team=\"other\"", false),
            ("alertname=~\"Queue\"", false),
            ("alertname=~\"Queue.*|Lag\"", true),
            ("team!=\"fraud\"", false),
            ("team!~\"ops|data\"", true),
            ("severity=\"\"", true),
            ("severity!=\"\"", false),
            ("path=\"a\\\"b,c\"", true),
        ] {
            assert_eq!(catches(&parse(text).unwrap(), &alert), caught, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_said_in_a_line() {
        for (text, expected) in [
            ("", "no matcher: write name=\"value\""),
            ("alertname", "`alertname` has no =, !=, =~ or !~"),
            ("a b=\"c\"", "`a b` is no label's name"),
            ("a~\"b\"", "after `a` stands no =, !=, =~ or !~"),
            ("a=\"b", "the quote after `a` is not closed"),
        ] {
            assert_eq!(parse(text).unwrap_err(), expected);
        }
        assert!(parse("a=~\"(\"").unwrap_err().starts_with("`(` is no regular expression: "));
    }

    #[test]
    fn a_silence_that_would_catch_everything_is_told() {
        for (text, boundless) in [("a=~\".*\"", true), ("a!=\"b\"", true), ("a=~\".+\"", false), ("a=\"b\",c=~\".*\"", false)] {
            assert_eq!(is_boundless(&parse(text).unwrap()), boundless, "{text}");
        }
    }
}
