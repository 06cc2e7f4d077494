//! The labels of a sample or exemplar: checked once when their line is read, split when asked for.
//! Not for what a label means (`le`, `quantile`): that is `grouping`.

use std::borrow::Cow;

use memchr::memchr;

use super::Format;
use super::cursor::{Cursor, Quoted};
use super::fault::{Fault, shown};

/// The labels between two braces, in the order sent: checked once, split when iterated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Labels<'a> {
    inside: &'a str,
    count: usize,
    /// Nothing inside is escaped, quoted without need or padded, so splitting needs no second look.
    tight: bool,
}

impl<'a> Labels<'a> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Names and values, each borrowed unless something in it is escaped.
    pub fn iter(&self) -> LabelIter<'a> {
        LabelIter { cursor: Cursor::new(self.inside, Format::Text), tight: self.tight }
    }

    /// The value of one label. An absent label is not an empty one here, though Prometheus holds them equal.
    pub fn get(&self, name: &str) -> Option<Cow<'a, str>> {
        self.iter().find(|(label, _)| label == name).map(|(_, value)| value)
    }
}

impl<'a> IntoIterator for &Labels<'a> {
    type Item = (Cow<'a, str>, Cow<'a, str>);
    type IntoIter = LabelIter<'a>;

    fn into_iter(self) -> LabelIter<'a> {
        self.iter()
    }
}

impl<'a> IntoIterator for Labels<'a> {
    type Item = (Cow<'a, str>, Cow<'a, str>);
    type IntoIter = LabelIter<'a>;

    fn into_iter(self) -> LabelIter<'a> {
        self.iter()
    }
}

/// Iterates over [`Labels`].
#[derive(Debug, Clone)]
pub struct LabelIter<'a> {
    cursor: Cursor<'a>,
    tight: bool,
}

impl<'a> LabelIter<'a> {
    /// The next of labels that are all `name="value"`, told apart by `=`, `"` and `,` alone.
    fn next_tight(&mut self) -> Option<(Cow<'a, str>, Cow<'a, str>)> {
        let rest = self.cursor.rest();
        let equals = rest.bytes().position(|byte| byte == b'=')?;
        let value = equals + 2;
        let end = value + memchr(b'"', rest.as_bytes().get(value..)?)?;
        self.cursor.at += end + 2;
        Some((rest.get(..equals)?.into(), rest.get(value..end)?.into()))
    }
}

impl<'a> Iterator for LabelIter<'a> {
    type Item = (Cow<'a, str>, Cow<'a, str>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.tight {
            return self.next_tight();
        }
        let cursor = &mut self.cursor;
        loop {
            cursor.blanks();
            let name = match cursor.label_name() {
                Some(name) => Quoted { raw: name, escaped: false },
                None => cursor.quoted("label name").ok()?,
            };
            cursor.blanks();
            // a quoted string without a value is the metric's name
            if cursor.take(b'=') {
                cursor.blanks();
                let value = cursor.quoted("label value").ok()?;
                cursor.blanks();
                cursor.take(b',');
                return Some((name.text(), value.text()));
            }
            cursor.take(b',');
        }
    }
}

/// The raw names of a line's labels and where they stand, kept between lines so that a line allocates nothing.
pub(super) type Names<'a> = Vec<(&'a str, usize)>;

/// Checks the labels from `{` to `}`, and finds the metric's name among them where one may be.
pub(super) fn parse<'a>(cursor: &mut Cursor<'a>, names: &mut Names<'a>, may_name: bool) -> Result<(Labels<'a>, Option<Quoted<'a>>), Fault> {
    cursor.take(b'{');
    let start = cursor.at;
    names.clear();
    let mut metric = None;
    cursor.blanks();
    let mut after_comma = false;
    let mut plain = true;
    // what the labels take if each is `name="value",` and nothing else
    let mut tight = 0;
    loop {
        if cursor.peek() == Some(b'}') {
            if after_comma && cursor.format == Format::OpenMetrics {
                return Err(Fault::new(cursor.at, "OpenMetrics allows no comma after the last label"));
            }
            break;
        }
        let at = cursor.at;
        let (name, is_quoted) = match cursor.label_name() {
            Some(name) => (Quoted { raw: name, escaped: false }, false),
            None if cursor.peek() == Some(b'"') => (cursor.quoted_name("name")?, true),
            None => return Err(cursor.unexpected("a label name")),
        };
        cursor.blanks();
        if cursor.take(b'=') {
            cursor.blanks();
            let value = cursor.quoted("label value")?;
            names.push((name.raw, at));
            plain &= !is_quoted && !value.escaped;
            tight += name.raw.len() + value.raw.len() + r#"="","#.len();
        } else if !is_quoted {
            return Err(cursor.unexpected("`=` after the label name"));
        } else if !may_name || metric.replace(name).is_some() {
            return Err(Fault::new(at, "a quoted string without `=` names a metric, and no name is free here"));
        }
        cursor.blanks();
        after_comma = cursor.take(b',');
        cursor.blanks();
        if !after_comma && cursor.peek() != Some(b'}') {
            return Err(cursor.unexpected("`,` or `}` after the label"));
        }
    }
    let inside = cursor.since(start);
    cursor.take(b'}');
    unique(names)?;
    let count = names.len();
    let written = inside.len() + usize::from(!after_comma && count > 0);
    let labels = Labels { inside, count, tight: plain && tight == written };
    Ok((labels, metric))
}

/// Two labels of one name make a series ambiguous; `__name__` would name the metric twice.
fn unique(names: &mut Names<'_>) -> Result<(), Fault> {
    const FEW: usize = 16;
    let twice = if names.len() <= FEW {
        names
            .iter()
            .enumerate()
            .find_map(|(seen, (name, at))| names.get(..seen)?.iter().any(|(before, _)| before == name).then_some((*name, *at)))
    } else {
        // a hostile line of a million labels must not cost a million million comparisons
        names.sort_unstable();
        names.windows(2).find_map(|pair| match pair {
            [(first, _), (second, at)] if first == second => Some((*second, *at)),
            _ => None,
        })
    };
    if let Some((name, at)) = twice {
        return Err(Fault::new(at, format!("the label {} is there twice", shown(name))));
    }
    match names.iter().find(|(name, _)| *name == "__name__") {
        Some((_, at)) => Err(Fault::new(*at, "the label __name__ is reserved for the metric's name")),
        None => Ok(()),
    }
}
