//! A comparison with a number, as an assertion ends with: `< 0.05`, `>= 1`.
//! Not for: what is compared (a source evaluates that).

use std::fmt;

/// How a value must stand to a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    operator: Operator,
    limit: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Below,
    AtMost,
    Above,
    AtLeast,
    Equal,
    Unequal,
}

/// The longer sign of two that begin alike comes first.
const OPERATORS: [(&str, Operator); 6] = [
    ("<=", Operator::AtMost),
    (">=", Operator::AtLeast),
    ("==", Operator::Equal),
    ("!=", Operator::Unequal),
    ("<", Operator::Below),
    (">", Operator::Above),
];

impl Comparison {
    /// Takes the last comparison with a number off an expression, outside of brackets and quotes: `a / b < 0.05` is `a / b` and
    /// `< 0.05`. `None` where it ends with none. The expression may be empty.
    pub fn split(text: &str) -> Option<(&str, Self)> {
        let mut found = None;
        let mut depth = 0_i32;
        let mut quote = None;
        let mut skip = 0;
        for (at, c) in text.char_indices() {
            if skip > 0 {
                skip -= 1;
                continue;
            }
            match (quote, c) {
                (Some(_), '\\') => skip = 1,
                (Some(open), _) if open == c => quote = None,
                (Some(_), _) => {}
                (None, '"' | '\'' | '`') => quote = Some(c),
                (None, '(' | '[' | '{') => depth += 1,
                (None, ')' | ']' | '}') => depth -= 1,
                (None, _) if depth == 0 => {
                    if let Some((sign, operator)) = OPERATORS.iter().find(|(sign, _)| text[at..].starts_with(sign)) {
                        skip = sign.len() - 1;
                        found = Some((at, at + sign.len(), *operator));
                    }
                }
                (None, _) => {}
            }
        }
        let (from, to, operator) = found?;
        let limit: f64 = text[to..].trim().parse().ok().filter(|limit: &f64| limit.is_finite())?;
        Some((text[..from].trim(), Self { operator, limit }))
    }

    /// Whether a value is as it must be; a value that is no number is not.
    pub fn holds(&self, value: f64) -> bool {
        match self.operator {
            Operator::Below => value < self.limit,
            Operator::AtMost => value <= self.limit,
            Operator::Above => value > self.limit,
            Operator::AtLeast => value >= self.limit,
            Operator::Equal => (value - self.limit).abs() <= 0.0,
            Operator::Unequal => (value - self.limit).abs() > 0.0,
        }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = OPERATORS.iter().find(|(_, operator)| *operator == self.operator).map_or("", |(sign, _)| sign);
        write!(f, "{sign} {}", self.limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_comparison_outside_of_brackets_and_quotes_is_what_is_asserted() {
        for (text, expression, comparison) in [
            ("up == 1", "up", "== 1"),
            ("< 0.05", "", "< 0.05"),
            (
                r#"sum(rate(a{code=~"5.."}[5m])) / sum(rate(a[5m])) <= 5e-2"#,
                r#"sum(rate(a{code=~"5.."}[5m])) / sum(rate(a[5m]))"#,
                "<= 0.05",
            ),
            ("count(a > 3) != 0", "count(a > 3)", "!= 0"),
            (r#"a{b="\"<"} > -1"#, r#"a{b="\"<"}"#, "> -1"),
            ("a > 0 < 5", "a > 0", "< 5"),
        ] {
            let (left, right) = Comparison::split(text).unwrap();
            assert_eq!((left, right.to_string().as_str()), (expression, comparison), "{text}");
        }
        for text in ["up", "a < b", "a > bool 1", "count(a > 3)", "a < NaN", "a{b=\"> 3\"}", ""] {
            assert_eq!(Comparison::split(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_number_meets_no_assertion() {
        for sign in ["<", "<=", ">", ">=", "==", "!="] {
            let (_, comparison) = Comparison::split(&format!("{sign} 1")).unwrap();
            assert!(!comparison.holds(f64::NAN), "{sign}");
        }
        let holds = |text: &str, value| Comparison::split(text).unwrap().1.holds(value);
        assert!(holds("<= 1", 1.0) && !holds("< 1", 1.0) && holds("== 1", 1.0) && holds("!= 1", 2.0) && holds("> 1", f64::INFINITY));
    }
}
