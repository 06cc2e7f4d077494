//! `PromQL` evaluated over the world's curves at an instant.
//! Not for: reading expressions (see `parse`), the API around it (see `prometheus`).

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use regex::Regex;

use super::parse::{Aggregate, Expr, Matcher, Selector};
use super::ruler::Spell;
use crate::demo::World;
use crate::demo::world::{Curve, Labels, Line};
use crate::domain::Timestamp;

/// Points looked at of a range where a function needs each of them.
const MAX_LOOKS: f64 = 60.0;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// One number.
    Scalar(f64),
    /// Numbers by labels.
    Vector(Vec<Sample>),
}

/// One number with its labels.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Labels, `__name__` among them where the name was kept.
    pub labels: Labels,
    /// How much.
    pub value: f64,
}

/// What an expression is evaluated over: the world's curves, and the alerts that its rules made.
#[derive(Debug)]
pub struct Ground<'a> {
    world: &'a World,
    spells: &'a [Spell],
    /// Series by metric: the same for every instant.
    lines: RefCell<HashMap<String, Rc<Vec<Line>>>>,
}

impl<'a> Ground<'a> {
    /// Over a world, whose own instant is the newest that may be asked for, and the series named `ALERTS`.
    pub fn new(world: &'a World, spells: &'a [Spell]) -> Self {
        Self { world, spells, lines: RefCell::default() }
    }

    /// Evaluates at an instant. Errors are those of the real server's `execution` kind.
    pub fn eval(&self, expr: &Expr, at: Timestamp) -> Result<Value, String> {
        match expr {
            Expr::Number(number) => Ok(Value::Scalar(*number)),
            Expr::Negate(inner) => Ok(match self.eval(inner, at)? {
                Value::Scalar(number) => Value::Scalar(-number),
                Value::Vector(samples) => {
                    Value::Vector(samples.into_iter().map(|s| Sample { value: -s.value, labels: unnamed(s.labels) }).collect())
                }
            }),
            Expr::Selector(selector) if selector.range_s.is_some() => {
                Err("invalid expression type \"range vector\" for range query, must be Scalar or instant Vector".to_owned())
            }
            Expr::Selector(selector) => self.select(selector, at),
            Expr::Call(name, arguments) => self.call(name, arguments, at),
            Expr::Aggregate(aggregate) => self.aggregate(aggregate, at),
            Expr::Binary(operator, left, right) => binary(operator, self.eval(left, at)?, self.eval(right, at)?),
        }
    }

    fn vector(&self, expr: &Expr, at: Timestamp) -> Result<Vec<Sample>, String> {
        match self.eval(expr, at)? {
            Value::Vector(samples) => Ok(samples),
            Value::Scalar(_) => Err("expected type instant vector, got scalar".to_owned()),
        }
    }

    fn lines(&self, selector: &Selector) -> Result<Vec<Line>, String> {
        let make = || Rc::new(if selector.name == "ALERTS" { alert_lines(self.spells) } else { self.world.lines(&selector.name) });
        let all = Rc::clone(self.lines.borrow_mut().entry(selector.name.clone()).or_insert_with(make));
        let fits = selector.matchers.iter().map(|matcher| Ok((&matcher.label, fitting(matcher)?))).collect::<Result<Vec<_>, String>>()?;
        let wanted = |line: &&Line| fits.iter().all(|(label, fits)| fits(line.labels.get(*label).map_or("", String::as_str)));
        Ok(all.iter().filter(wanted).cloned().collect())
    }

    fn value(&self, curve: Curve, at: Timestamp) -> Option<f64> {
        match curve {
            Curve::Alert(place) => self.spells.get(place).is_some_and(|spell| spell.holds(at)).then_some(1.0),
            curve => self.world.value(curve, self.world.clock().story_s(at)),
        }
    }

    fn select(&self, selector: &Selector, at: Timestamp) -> Result<Value, String> {
        let samples = self.lines(selector)?.into_iter().filter_map(|mut line| {
            let value = self.value(line.curve, at)?;
            line.labels.insert("__name__".to_owned(), selector.name.clone());
            Some(Sample { labels: line.labels, value })
        });
        Ok(Value::Vector(merged(samples)))
    }

    fn call(&self, name: &str, arguments: &[Expr], at: Timestamp) -> Result<Value, String> {
        match (name, arguments) {
            ("time", []) => Ok(Value::Scalar(at.seconds())),
            ("vector", [inner]) => match self.eval(inner, at)? {
                Value::Scalar(value) => Ok(Value::Vector(vec![Sample { labels: Labels::new(), value }])),
                Value::Vector(_) => Err("expected type scalar in call to function \"vector\", got instant vector".to_owned()),
            },
            ("abs", [inner]) => {
                let samples = self.vector(inner, at)?;
                Ok(Value::Vector(samples.into_iter().map(|s| Sample { value: s.value.abs(), labels: unnamed(s.labels) }).collect()))
            }
            ("rate" | "increase" | "max_over_time" | "min_over_time" | "avg_over_time", [Expr::Selector(selector)]) => {
                let Some(range_s) = selector.range_s else {
                    return Err(format!("expected type range vector in call to function \"{name}\", got instant vector"));
                };
                self.over_time(name, selector, range_s, at)
            }
            ("histogram_quantile", [quantile, inner]) => match self.eval(quantile, at)? {
                Value::Scalar(quantile) => Ok(Value::Vector(histogram_quantile(quantile, self.vector(inner, at)?))),
                Value::Vector(_) => Err("expected type scalar in call to function \"histogram_quantile\"".to_owned()),
            },
            _ => Err(format!("unknown function with name \"{name}\", or a use of it that this server does not evaluate")),
        }
    }

    fn over_time(&self, name: &str, selector: &Selector, range_s: f64, at: Timestamp) -> Result<Value, String> {
        let clock = *self.world.clock();
        let from = at.plus(-range_s);
        let samples = self.lines(selector)?.into_iter().filter_map(|line| {
            let value = match name {
                "rate" | "increase" => {
                    // samples of the range are there if its page answered at either end
                    let answers = |at: Timestamp| self.world.answers(line.curve, clock.story_s(at));
                    (answers(at) || answers(from)).then_some(())?;
                    let number = |at: Timestamp| self.world.number(line.curve, clock.story_s(at).max(-crate::demo::world::PAST_S));
                    let grown = (number(at) - number(from)).max(0.0);
                    if name == "rate" { grown / range_s } else { grown }
                }
                _ => {
                    let step = (range_s / MAX_LOOKS).max(1.0_f64.min(range_s));
                    let looks = (range_s / step).floor() as i32;
                    let seen: Vec<f64> = (0..=looks).filter_map(|back| self.value(line.curve, at.plus(-step * f64::from(back)))).collect();
                    match name {
                        "max_over_time" => seen.iter().copied().reduce(f64::max)?,
                        "min_over_time" => seen.iter().copied().reduce(f64::min)?,
                        _ => seen.iter().copied().reduce(|a, b| a + b)? / seen.len() as f64,
                    }
                }
            };
            Some(Sample { labels: line.labels, value })
        });
        Ok(Value::Vector(merged(samples)))
    }

    fn aggregate(&self, aggregate: &Aggregate, at: Timestamp) -> Result<Value, String> {
        let mut groups: BTreeMap<Labels, Vec<f64>> = BTreeMap::new();
        for sample in self.vector(&aggregate.of, at)? {
            let mut labels = unnamed(sample.labels);
            labels.retain(|name, _| aggregate.labels.contains(name) != aggregate.without);
            groups.entry(labels).or_default().push(sample.value);
        }
        let of = |values: &[f64]| {
            let sum: f64 = values.iter().sum();
            match aggregate.how.as_str() {
                "sum" => sum,
                "avg" => sum / values.len() as f64,
                "count" => values.len() as f64,
                "max" => values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
                _ => values.iter().copied().fold(f64::INFINITY, f64::min),
            }
        };
        Ok(Value::Vector(groups.into_iter().map(|(labels, values)| Sample { labels, value: of(&values) }).collect()))
    }
}

fn alert_lines(spells: &[Spell]) -> Vec<Line> {
    let line = |(place, spell): (usize, &Spell)| {
        let mut labels = spell.labels.clone();
        labels.insert("alertstate".to_owned(), spell.state.to_owned());
        Line { labels, curve: Curve::Alert(place) }
    };
    spells.iter().enumerate().map(line).collect()
}

/// Samples of the same labels are one: an alert that came twice is one series.
fn merged(samples: impl Iterator<Item = Sample>) -> Vec<Sample> {
    let mut by_labels: BTreeMap<Labels, f64> = BTreeMap::new();
    for sample in samples {
        let slot = by_labels.entry(sample.labels).or_insert(sample.value);
        *slot = slot.max(sample.value);
    }
    by_labels.into_iter().map(|(labels, value)| Sample { labels, value }).collect()
}

fn fitting(matcher: &Matcher) -> Result<Box<dyn Fn(&str) -> bool>, String> {
    let value = matcher.value.clone();
    let regex = || Regex::new(&format!("^(?:{value})$")).map_err(|error| format!("error parsing regexp: {error}"));
    Ok(match matcher.how {
        "=" => Box::new(move |own| own == value),
        "!=" => Box::new(move |own| own != value),
        "=~" => {
            let regex = regex()?;
            Box::new(move |own| regex.is_match(own))
        }
        _ => {
            let regex = regex()?;
            Box::new(move |own| !regex.is_match(own))
        }
    })
}

fn unnamed(mut labels: Labels) -> Labels {
    labels.remove("__name__");
    labels
}

fn binary(operator: &str, left: Value, right: Value) -> Result<Value, String> {
    let compares = matches!(operator, "==" | "!=" | ">" | "<" | ">=" | "<=");
    match (left, right) {
        (Value::Scalar(a), Value::Scalar(b)) if !compares => {
            Ok(Value::Scalar(arithmetic(operator, a, b).ok_or("set operators are not allowed between scalars")?))
        }
        (Value::Scalar(_), Value::Scalar(_)) => Err("comparisons between scalars must use BOOL modifier".to_owned()),
        (Value::Vector(samples), Value::Scalar(b)) => Ok(Value::Vector(each(operator, samples, |a| (a, b), compares)?)),
        (Value::Scalar(a), Value::Vector(samples)) => Ok(Value::Vector(each(operator, samples, |b| (a, b), compares)?)),
        (Value::Vector(left), Value::Vector(right)) => Ok(Value::Vector(pairs(operator, left, right, compares)?)),
    }
}

fn each(operator: &str, samples: Vec<Sample>, sides: impl Fn(f64) -> (f64, f64), compares: bool) -> Result<Vec<Sample>, String> {
    let mut out = Vec::with_capacity(samples.len());
    for sample in samples {
        let (a, b) = sides(sample.value);
        if compares {
            out.extend(holds(operator, a, b).then_some(sample));
        } else {
            let value =
                arithmetic(operator, a, b).ok_or_else(|| format!("set operator \"{operator}\" not allowed in binary scalar expression"))?;
            out.push(Sample { labels: unnamed(sample.labels), value });
        }
    }
    Ok(out)
}

/// One to one, by all labels but the name.
fn pairs(operator: &str, left: Vec<Sample>, right: Vec<Sample>, compares: bool) -> Result<Vec<Sample>, String> {
    let mut others: BTreeMap<Labels, Sample> = right.into_iter().map(|sample| (unnamed(sample.labels.clone()), sample)).collect();
    let mut out = Vec::new();
    for sample in left {
        let key = unnamed(sample.labels.clone());
        match (operator, others.get(&key)) {
            ("or", other) => {
                if other.is_some() {
                    others.remove(&key);
                }
                out.push(sample);
            }
            ("and", Some(_)) | ("unless", None) => out.push(sample),
            ("and", None) | ("unless", Some(_)) | (_, None) => {}
            (_, Some(other)) if compares => out.extend(holds(operator, sample.value, other.value).then_some(sample)),
            (_, Some(other)) => {
                let value = arithmetic(operator, sample.value, other.value).ok_or_else(|| format!("unknown operator \"{operator}\""))?;
                out.push(Sample { labels: key, value });
            }
        }
    }
    if operator == "or" {
        out.extend(others.into_values());
    }
    Ok(out)
}

fn arithmetic(operator: &str, a: f64, b: f64) -> Option<f64> {
    Some(match operator {
        "+" => a + b,
        "-" => a - b,
        "*" => a * b,
        "/" => a / b,
        "%" => a % b,
        _ => return None,
    })
}

#[expect(clippy::float_cmp, reason = "the language compares so")]
fn holds(operator: &str, a: f64, b: f64) -> bool {
    match operator {
        "==" => a == b,
        "!=" => a != b,
        ">" => a > b,
        "<" => a < b,
        ">=" => a >= b,
        _ => a <= b,
    }
}

/// Linear within the bucket that holds the quantile, as the real server does; the last finite bound where it lies beyond.
fn histogram_quantile(quantile: f64, samples: Vec<Sample>) -> Vec<Sample> {
    let mut histograms: BTreeMap<Labels, Vec<(f64, f64)>> = BTreeMap::new();
    for sample in samples {
        let mut labels = unnamed(sample.labels);
        let bound = labels.remove("le").and_then(|le| if le == "+Inf" { Some(f64::INFINITY) } else { le.parse().ok() });
        if let Some(bound) = bound {
            histograms.entry(labels).or_default().push((bound, sample.value));
        }
    }
    let value_of = |mut buckets: Vec<(f64, f64)>| {
        buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (Some(last), true) = (buckets.last().copied(), buckets.len() > 1) else { return f64::NAN };
        if !last.0.is_infinite() || last.1 <= 0.0 {
            return f64::NAN;
        }
        let rank = quantile * last.1;
        let place = buckets.iter().position(|(_, count)| *count >= rank).unwrap_or(buckets.len() - 1);
        if place == buckets.len() - 1 {
            return buckets[place - 1].0;
        }
        let (from, below) = if place == 0 { (0.0, 0.0) } else { buckets[place - 1] };
        let (to, count) = buckets[place];
        (to - from) * ((rank - below) / (count - below).max(f64::MIN_POSITIVE)) + from
    };
    histograms.into_iter().map(|(labels, buckets)| Sample { labels, value: value_of(buckets) }).collect()
}
