//! `PromQL` as text: the subset that is evaluated here, into a tree. Anything else is an error as the real server words it.
//! Not for: values (see `eval`).

use std::iter::Peekable;
use std::str::CharIndices;

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// `1.5`
    Number(f64),
    /// `name{label="value"}`, with a range in seconds where `[5m]` follows.
    Selector(Selector),
    /// `rate(x)`
    Call(String, Vec<Expr>),
    /// `sum by (a) (x)`
    Aggregate(Aggregate),
    /// `x > 1`
    Binary(String, Box<Expr>, Box<Expr>),
    /// `-x`
    Negate(Box<Expr>),
    /// `"x"`, an argument of functions
    Text(String),
}

/// A selector.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Selector {
    /// The metric's name.
    pub name: String,
    /// Conditions on labels.
    pub matchers: Vec<Matcher>,
    /// Seconds looked back over, where it is a range.
    pub range_s: Option<f64>,
    /// Seconds before now at which it ends.
    pub offset_s: f64,
}

/// One condition: `=`, `!=`, `=~` or `!~`.
#[derive(Debug, Clone, PartialEq)]
pub struct Matcher {
    /// The label.
    pub label: String,
    /// How.
    pub how: &'static str,
    /// With what.
    pub value: String,
}

/// An aggregation.
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregate {
    /// `sum`, `max`, …
    pub how: String,
    /// Labels that are kept (`by`), or dropped if `without`.
    pub labels: Vec<String>,
    /// `without` rather than `by`.
    pub without: bool,
    /// Over what.
    pub of: Box<Expr>,
}

const AGGREGATES: [&str; 5] = ["sum", "min", "max", "avg", "count"];
/// Binary operators by how tightly they bind, loosest first.
const LEVELS: [&[&str]; 5] = [&["or"], &["and", "unless"], &["==", "!=", ">=", "<=", ">", "<"], &["+", "-"], &["*", "/", "%"]];

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Number(f64),
    Text(String),
    Span(f64),
    Sign(&'static str),
}

/// Reads an expression.
pub fn parse(text: &str) -> Result<Expr, String> {
    let mut reader = Reader { tokens: tokens(text)?, at: 0, end: text.len(), in_braces: false };
    if reader.tokens.is_empty() {
        return Err("unknown position: parse error: no expression found in input".to_owned());
    }
    let expr = reader.level(0)?;
    match reader.peek() {
        None => Ok(expr),
        Some((place, token)) => Err(error(*place, &format!("unexpected {}", told(token)))),
    }
}

fn error(place: usize, what: &str) -> String {
    format!("1:{}: parse error: {what}", place + 1)
}

fn unexpected(place: usize, token: &Token, whence: &str) -> String {
    error(place, &format!("unexpected {}{whence}", told(token)))
}

fn told(token: &Token) -> String {
    match token {
        Token::Word(word) => format!("identifier \"{word}\""),
        Token::Number(number) => format!("number \"{number}\""),
        Token::Text(text) => format!("string \"{text}\""),
        Token::Span(seconds) => format!("duration \"{seconds}s\""),
        Token::Sign(sign) => format!("\"{sign}\""),
    }
}

fn tokens(text: &str) -> Result<Vec<(usize, Token)>, String> {
    const SIGNS: [&str; 21] =
        ["==", "!=", ">=", "<=", "=~", "!~", "=", ">", "<", "+", "-", "*", "/", "%", "(", ")", "{", "}", "[", "]", ","];
    let mut out = Vec::new();
    let mut chars = text.char_indices().peekable();
    let mut in_range = false;
    while let Some(&(place, c)) = chars.peek() {
        if c.is_whitespace() {
            chars.next();
        } else if c.is_ascii_alphabetic() || c == '_' || c == ':' {
            out.push((place, Token::Word(taken(&mut chars, |c| c.is_ascii_alphanumeric() || c == '_' || c == ':'))));
        } else if c.is_ascii_digit() || c == '.' {
            let word = taken(&mut chars, |c| c.is_ascii_alphanumeric() || c == '.');
            let is_offset = matches!(out.last(), Some((_, Token::Word(word))) if word == "offset");
            let token = if in_range || is_offset { span(&word).map(Token::Span) } else { number(&word, &mut chars).map(Token::Number) };
            out.push((place, token.ok_or_else(|| error(place, &format!("bad number or duration syntax: \"{word}\"")))?));
        } else if c == '"' || c == '\'' {
            out.push((place, Token::Text(quoted(&mut chars).ok_or_else(|| error(place, "unterminated quoted string"))?)));
        } else {
            let rest = &text[place..];
            let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign));
            let sign = sign.ok_or_else(|| error(place, &format!("unexpected character: {c:?}")))?;
            in_range = sign == "[" || (in_range && sign != "]");
            for _ in 0..sign.len() {
                chars.next();
            }
            out.push((place, Token::Sign(sign)));
        }
    }
    Ok(out)
}

fn taken(chars: &mut Peekable<CharIndices<'_>>, fits: impl Fn(char) -> bool) -> String {
    let mut out = String::new();
    while let Some((_, c)) = chars.next_if(|(_, c)| fits(*c)) {
        out.push(c);
    }
    out
}

/// A number; `1e-5` is read on past its sign.
fn number(word: &str, chars: &mut Peekable<CharIndices<'_>>) -> Option<f64> {
    if (word.ends_with('e') || word.ends_with('E')) && chars.peek().is_some_and(|(_, c)| *c == '-' || *c == '+') {
        let sign = chars.next()?.1;
        return format!("{word}{sign}{}", taken(chars, |c| c.is_ascii_digit())).parse().ok();
    }
    word.parse().ok()
}

/// Seconds of `1h30m`, `15s`, `1500ms`.
pub fn span(word: &str) -> Option<f64> {
    let mut total = 0.0;
    let mut rest = word;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let amount: f64 = rest[..digits].parse().ok()?;
        let unit_end = rest[digits..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |at| digits + at);
        total += amount
            * match &rest[digits..unit_end] {
                "ms" => 0.001,
                "s" => 1.0,
                "m" => 60.0,
                "h" => 3600.0,
                "d" => 86_400.0,
                "w" => 604_800.0,
                "y" => 31_536_000.0,
                _ => return None,
            };
        rest = &rest[unit_end..];
    }
    (total > 0.0).then_some(total)
}

fn quoted(chars: &mut Peekable<CharIndices<'_>>) -> Option<String> {
    let (_, quote) = chars.next()?;
    let mut out = String::new();
    loop {
        match chars.next()?.1 {
            c if c == quote => return Some(out),
            '\\' => match chars.next()?.1 {
                'n' => out.push('\n'),
                't' => out.push('\t'),
                c => out.push(c),
            },
            c => out.push(c),
        }
    }
}

struct Reader {
    tokens: Vec<(usize, Token)>,
    at: usize,
    /// Length of the text.
    end: usize,
    in_braces: bool,
}

impl Reader {
    fn peek(&self) -> Option<&(usize, Token)> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Result<(usize, Token), String> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        let where_to = if self.in_braces { " inside braces" } else { "" };
        token.ok_or_else(|| error(self.end, &format!("unexpected end of input{where_to}")))
    }

    fn takes(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), Some((_, Token::Sign(own))) if *own == sign);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, sign: &str) -> Result<(), String> {
        match self.next()? {
            (_, Token::Sign(own)) if own == sign => Ok(()),
            (place, other) => Err(unexpected(place, &other, &format!(", expected \"{sign}\""))),
        }
    }

    fn operator(&self, level: usize) -> Option<String> {
        let word = match self.peek()? {
            (_, Token::Sign(sign)) => *sign,
            (_, Token::Word(word)) => word.as_str(),
            _ => return None,
        };
        LEVELS[level].contains(&word).then(|| word.to_owned())
    }

    fn level(&mut self, level: usize) -> Result<Expr, String> {
        if level == LEVELS.len() {
            return self.unary();
        }
        let mut left = self.level(level + 1)?;
        while let Some(operator) = self.operator(level) {
            self.at += 1;
            let right = self.level(level + 1)?;
            left = Expr::Binary(operator, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Expr, String> {
        if self.takes("-") {
            return Ok(Expr::Negate(Box::new(self.unary()?)));
        }
        let (place, token) = self.next()?;
        match token {
            Token::Number(number) => Ok(Expr::Number(number)),
            Token::Text(text) => Ok(Expr::Text(text)),
            Token::Sign("(") => {
                let inner = self.level(0)?;
                self.expect(")")?;
                Ok(inner)
            }
            Token::Sign("{") => {
                self.at -= 1;
                self.selector(String::new(), place)
            }
            Token::Word(word) if AGGREGATES.contains(&word.as_str()) => self.aggregate(word),
            Token::Word(word) if matches!(self.peek(), Some((_, Token::Sign("(")))) => {
                self.at += 1;
                Ok(Expr::Call(word, self.list()?))
            }
            Token::Word(word) => self.selector(word, place),
            other => Err(error(place, &format!("unexpected {}", told(&other)))),
        }
    }

    /// Expressions up to the closing parenthesis.
    fn list(&mut self) -> Result<Vec<Expr>, String> {
        let mut list = Vec::new();
        while !self.takes(")") {
            list.push(self.level(0)?);
            if !self.takes(",") {
                self.expect(")")?;
                break;
            }
        }
        Ok(list)
    }

    fn aggregate(&mut self, how: String) -> Result<Expr, String> {
        let mut grouping = self.grouping()?;
        self.expect("(")?;
        let of = Box::new(self.level(0)?);
        self.expect(")")?;
        if grouping.is_none() {
            grouping = self.grouping()?;
        }
        let (without, labels) = grouping.unwrap_or_default();
        Ok(Expr::Aggregate(Aggregate { how, labels, without, of }))
    }

    fn grouping(&mut self) -> Result<Option<(bool, Vec<String>)>, String> {
        let without = match self.peek() {
            Some((_, Token::Word(word))) if word == "by" => false,
            Some((_, Token::Word(word))) if word == "without" => true,
            _ => return Ok(None),
        };
        self.at += 1;
        self.expect("(")?;
        let mut labels = Vec::new();
        while !self.takes(")") {
            match self.next()? {
                (_, Token::Word(word)) => labels.push(word),
                (place, other) => return Err(error(place, &format!("unexpected {} in grouping opts, expected label", told(&other)))),
            }
            if !self.takes(",") {
                self.expect(")")?;
                break;
            }
        }
        Ok(Some((without, labels)))
    }

    fn selector(&mut self, name: String, place: usize) -> Result<Expr, String> {
        let mut selector = Selector { name, ..Selector::default() };
        if self.takes("{") {
            self.in_braces = true;
            while !self.takes("}") {
                let label = match self.next()? {
                    (_, Token::Word(word) | Token::Text(word)) => word,
                    (place, other) => return Err(unexpected(place, &other, " in label matching")),
                };
                let how = match self.next()? {
                    (_, Token::Sign(how @ ("=" | "!=" | "=~" | "!~"))) => how,
                    (place, other) => return Err(unexpected(place, &other, " in label matching, expected label matching operator")),
                };
                let value = match self.next()? {
                    (_, Token::Text(value)) => value,
                    (place, other) => return Err(unexpected(place, &other, " in label matching, expected string")),
                };
                if label == "__name__" && how == "=" {
                    selector.name = value;
                } else {
                    selector.matchers.push(Matcher { label, how, value });
                }
                if !self.takes(",") {
                    self.expect("}")?;
                    break;
                }
            }
            self.in_braces = false;
        }
        if selector.name.is_empty() {
            return Err(error(place, "vector selector must contain at least one non-empty matcher"));
        }
        if self.takes("[") {
            selector.range_s = Some(self.span()?);
            self.expect("]")?;
        }
        if matches!(self.peek(), Some((_, Token::Word(word))) if word == "offset") {
            self.next()?;
            selector.offset_s = self.span()?;
        }
        Ok(Expr::Selector(selector))
    }

    fn span(&mut self) -> Result<f64, String> {
        match self.next()? {
            (_, Token::Span(seconds)) => Ok(seconds),
            (place, other) => Err(unexpected(place, &other, ", expected duration")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_bind_as_the_language_says_and_nonsense_is_refused_with_its_place() {
        let Expr::Binary(loose, _, right) = parse("a or b > 1 + 2 * 3").unwrap() else { panic!("not binary") };
        assert_eq!(loose, "or");
        assert!(matches!(*right, Expr::Binary(ref tight, ..) if tight == ">"));
        assert_eq!(span("1h30m"), Some(5400.0));
        assert_eq!(parse("1e-3"), Ok(Expr::Number(0.001)));
        let Expr::Selector(before) = parse("up[5m] offset 90000ms").unwrap() else { panic!("not a selector") };
        assert_eq!((before.range_s, before.offset_s), (Some(300.0), 90.0));
        for (text, said) in [
            ("up{", "1:4: parse error: unexpected end of input inside braces"),
            ("sum(up", "1:7: parse error: unexpected end of input"),
            ("up)", "1:3: parse error: unexpected \")\""),
            ("", "unknown position: parse error: no expression found in input"),
            ("{}", "1:1: parse error: vector selector must contain at least one non-empty matcher"),
        ] {
            assert_eq!(parse(text).unwrap_err(), said, "{text}");
        }
    }
}
