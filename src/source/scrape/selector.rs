//! Which samples of a page a reading takes: `node_load1`, `disk_free_bytes{mount!~"/run.*"}`, or one divided by another with the same
//! labels. A small part of `PromQL`, for there is no server that could evaluate more.
//! Not for: rates and aggregations, which need history; ask a Prometheus for those.

use regex::Regex;

use crate::source::exposition::Sample;

/// One side of an expression.
#[derive(Debug, Clone)]
pub struct Selector {
    name: String,
    matchers: Vec<Matcher>,
}

/// A selector, or the share that one is of another.
#[derive(Debug, Clone)]
pub struct Expression {
    /// What is taken.
    pub part: Selector,
    /// What it is divided by.
    pub whole: Option<Selector>,
}

#[derive(Debug, Clone)]
struct Matcher {
    label: String,
    inverse: bool,
    test: Test,
}

#[derive(Debug, Clone)]
enum Test {
    Equals(String),
    Matches(Regex),
}

impl Expression {
    /// Reads an expression. The error says what was expected and where, counted in characters from 1.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut reader = Reader { text, at: 0 };
        let part = reader.selector()?;
        let whole = if reader.take('/') { Some(reader.selector()?) } else { None };
        reader.blanks();
        if reader.at < text.len() {
            return Err(reader.wanted("the end, or `/` and a second selector"));
        }
        Ok(Self { part, whole })
    }
}

impl Selector {
    /// Whether the sample is one of them. An absent label is an empty one, as everywhere in Prometheus.
    pub fn takes(&self, sample: &Sample<'_>) -> bool {
        self.name == sample.name
            && self.matchers.iter().all(|matcher| matcher.holds(&sample.labels.get(&matcher.label).unwrap_or_default()))
    }
}

impl Matcher {
    fn holds(&self, value: &str) -> bool {
        let found = match &self.test {
            Test::Equals(wanted) => wanted == value,
            Test::Matches(pattern) => pattern.is_match(value),
        };
        found != self.inverse
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn take(&mut self, wanted: char) -> bool {
        self.blanks();
        let found = self.rest().starts_with(wanted);
        self.at += if found { wanted.len_utf8() } else { 0 };
        found
    }

    fn wanted(&self, what: &str) -> String {
        let column = self.text.get(..self.at).unwrap_or_default().chars().count() + 1;
        match self.rest().chars().next() {
            Some(found) => format!("character {column}: expected {what}, found `{found}`"),
            None => format!("character {column}: expected {what}, found the end"),
        }
    }

    fn word(&mut self, colon: bool, what: &str) -> Result<String, String> {
        self.blanks();
        let fits = |c: char| c == '_' || c.is_ascii_alphanumeric() || (colon && c == ':');
        let length = self.rest().find(|c| !fits(c)).unwrap_or(self.rest().len());
        let word = self.rest().get(..length).unwrap_or_default().to_owned();
        if word.is_empty() || word.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(self.wanted(what));
        }
        self.at += length;
        Ok(word)
    }

    fn selector(&mut self) -> Result<Selector, String> {
        let name = self.word(true, "the name of a metric (functions need a Prometheus)")?;
        let mut matchers = Vec::new();
        if self.take('{') {
            while !self.take('}') {
                matchers.push(self.matcher()?);
                if !self.take(',') && !self.rest().starts_with('}') {
                    return Err(self.wanted("`,` or `}`"));
                }
            }
        }
        Ok(Selector { name, matchers })
    }

    fn matcher(&mut self) -> Result<Matcher, String> {
        let label = self.word(false, "the name of a label, or `}`")?;
        self.blanks();
        let operators = [("!=", true, false), ("!~", true, true), ("=~", false, true), ("=", false, false)];
        let Some(&(word, inverse, pattern)) = operators.iter().find(|(word, ..)| self.rest().starts_with(word)) else {
            return Err(self.wanted("`=`, `!=`, `=~` or `!~`"));
        };
        self.at += word.len();
        let value = self.quoted()?;
        let test = if pattern {
            // anchored, as in Prometheus
            Test::Matches(Regex::new(&format!("^(?s:{value})$")).map_err(|error| format!("`{value}`: {error}"))?)
        } else {
            Test::Equals(value)
        };
        Ok(Matcher { label, inverse, test })
    }

    fn quoted(&mut self) -> Result<String, String> {
        if !self.take('"') {
            return Err(self.wanted("a value in double quotes"));
        }
        let mut value = String::new();
        while let Some(c) = self.rest().chars().next() {
            self.at += c.len_utf8();
            match c {
                '"' => return Ok(value),
                '\\' => {
                    let escaped = self.rest().chars().next().ok_or_else(|| self.wanted("a character after `\\`"))?;
                    self.at += escaped.len_utf8();
                    value.push(if escaped == 'n' { '\n' } else { escaped });
                }
                c => value.push(c),
            }
        }
        Err(self.wanted("`\"`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::exposition::{Exposition, Format, Line};

    const PAGE: &str = "free{mount=\"/\",fs=\"ext4\"} 5\nfree{mount=\"/run\",fs=\"tmpfs\"} 6\njob:lag:max 7\nfree_total 8\n";

    fn taken(expression: &str) -> Vec<f64> {
        let selector = Expression::parse(expression).unwrap().part;
        let lines = Exposition::parse(PAGE, Format::Text).filter_map(Result::ok);
        let samples = lines.filter_map(|line| if let Line::Sample(sample) = line { Some(sample) } else { None });
        samples.filter(|sample| selector.takes(sample)).map(|sample| sample.value).collect()
    }

    #[test]
    fn a_selector_takes_the_samples_that_promql_would() {
        for (expression, values) in [
            ("free", vec![5.0, 6.0]),
            (" free { } ", vec![5.0, 6.0]),
            (r#"free{mount="/"}"#, vec![5.0]),
            (r#"free{mount!="/",}"#, vec![6.0]),
            (r#"free{fs=~"tmp"}"#, vec![]),
            (r#"free{fs=~"tmp.*|ext4"}"#, vec![5.0, 6.0]),
            (r#"free{fs!~"tmpfs|ramfs", mount="/"}"#, vec![5.0]),
            (r#"free{nolabel=""}"#, vec![5.0, 6.0]),
            (r#"free{mount="\/run"}"#, vec![6.0]),
            ("job:lag:max", vec![7.0]),
            ("nothing", vec![]),
        ] {
            assert_eq!(taken(expression), values, "{expression}");
        }
        assert!(Expression::parse("free / size{a=\"b\"}").unwrap().whole.is_some());
    }

    #[test]
    fn what_cannot_be_read_says_where() {
        for (expression, said) in [
            ("", "character 1: expected the name of a metric (functions need a Prometheus), found the end"),
            ("rate(x[5m])", "character 5: expected the end, or `/` and a second selector, found `(`"),
            ("a{b}", "character 4: expected `=`, `!=`, `=~` or `!~`, found `}`"),
            ("a{b='c'}", "character 5: expected a value in double quotes, found `'`"),
            ("a{b=\"c\"", "character 8: expected `,` or `}`, found the end"),
            ("a{b=\"c", "character 7: expected `\"`, found the end"),
            ("a / ", "character 5: expected the name of a metric (functions need a Prometheus), found the end"),
            ("é", "character 1: expected the name of a metric (functions need a Prometheus), found `é`"),
        ] {
            assert_eq!(Expression::parse(expression).unwrap_err(), said, "{expression}");
        }
        assert!(Expression::parse("a{b=~\"(\"}").unwrap_err().contains("regex"));
    }
}
