//! `PromQL` evaluated over the world's curves at an instant.
//! Not for: reading expressions (see `parse`), the API around it (see `prometheus`).

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
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
    pub labels: Rc<Labels>,
    /// How much.
    pub value: f64,
}

/// What an expression is evaluated over: the world's curves, and the alerts that its rules made.
#[derive(Debug)]
pub struct Ground<'a> {
    world: &'a World,
    spells: &'a [Spell],
    /// Series by the selector's place in its tree. Holding the selector keeps the tree alive, so that no other gets its place.
    lines: RefCell<HashMap<usize, (&'a Selector, Rc<Vec<Found>>)>>,
    /// Labels that an operation makes of others, both by their place, and every set of labels once.
    made: RefCell<HashMap<(usize, usize), Rc<Labels>>>,
    known: RefCell<HashMap<Labels, Rc<Labels>>>,
}

/// A series that a selector found.
#[derive(Debug)]
struct Found {
    named: Rc<Labels>,
    bare: Rc<Labels>,
    curve: Curve,
}

/// Operations that are no part of a tree; trees lie at no such address.
const UNNAMED: usize = 1;
const WITHOUT_BOUND: usize = 2;

impl<'a> Ground<'a> {
    /// Over a world, whose own instant is the newest that may be asked for, and the series named `ALERTS`.
    pub fn new(world: &'a World, spells: &'a [Spell]) -> Self {
        Self { world, spells, lines: RefCell::default(), made: RefCell::default(), known: RefCell::default() }
    }

    /// Evaluates at an instant. Errors are those of the real server's `execution` kind.
    pub fn eval(&self, expr: &'a Expr, at: Timestamp) -> Result<Value, String> {
        match expr {
            Expr::Number(number) => Ok(Value::Scalar(*number)),
            Expr::Negate(inner) => Ok(match self.eval(inner, at)? {
                Value::Scalar(number) => Value::Scalar(-number),
                Value::Vector(samples) => self.each_value(samples, |value| -value),
            }),
            Expr::Selector(selector) if selector.range_s.is_some() => {
                Err("invalid expression type \"range vector\" for range query, must be Scalar or instant Vector".to_owned())
            }
            Expr::Selector(selector) => self.select(selector, at.plus(-selector.offset_s)),
            Expr::Call(name, arguments) => self.call(name, arguments, at),
            Expr::Aggregate(aggregate) => self.aggregate(aggregate, at),
            Expr::Binary(operator, left, right) => self.binary(operator, self.eval(left, at)?, self.eval(right, at)?),
            Expr::Text(_) => Err("a string is no value here".to_owned()),
        }
    }

    fn vector(&self, expr: &'a Expr, at: Timestamp) -> Result<Vec<Sample>, String> {
        match self.eval(expr, at)? {
            Value::Vector(samples) => Ok(samples),
            Value::Scalar(_) => Err("expected type instant vector, got scalar".to_owned()),
        }
    }

    fn each_value(&self, samples: Vec<Sample>, change: impl Fn(f64) -> f64) -> Value {
        Value::Vector(
            samples.into_iter().map(|sample| Sample { value: change(sample.value), labels: self.unnamed(&sample.labels) }).collect(),
        )
    }

    /// The labels that an operation makes of others. Both live as long as this ground does, so their places tell them apart.
    fn made(&self, operation: usize, of: &Rc<Labels>, make: impl FnOnce(&Labels) -> Labels) -> Rc<Labels> {
        let key = (operation, Rc::as_ptr(of) as usize);
        if let Some(made) = self.made.borrow().get(&key) {
            return Rc::clone(made);
        }
        let made = self.one(make(of));
        self.made.borrow_mut().insert(key, Rc::clone(&made));
        made
    }

    /// The one shared copy of these labels.
    fn one(&self, labels: Labels) -> Rc<Labels> {
        let mut known = self.known.borrow_mut();
        Rc::clone(known.entry(labels).or_insert_with_key(|labels| Rc::new(labels.clone())))
    }

    fn unnamed(&self, labels: &Rc<Labels>) -> Rc<Labels> {
        self.made(UNNAMED, labels, |labels| {
            let mut labels = labels.clone();
            labels.remove("__name__");
            labels
        })
    }

    fn found(&self, selector: &'a Selector) -> Result<Rc<Vec<Found>>, String> {
        let key = std::ptr::from_ref(selector) as usize;
        if let Some((_, found)) = self.lines.borrow().get(&key) {
            return Ok(Rc::clone(found));
        }
        let all = if selector.name == "ALERTS" { alert_lines(self.spells) } else { self.world.lines(&selector.name) };
        let fits = selector.matchers.iter().map(|matcher| Ok((&matcher.label, fitting(matcher)?))).collect::<Result<Vec<_>, String>>()?;
        let wanted = |line: &Line| fits.iter().all(|(label, fits)| fits(line.labels.get(*label).map_or("", String::as_str)));
        let found = all.into_iter().filter(wanted).map(|line| {
            let mut named = line.labels.clone();
            named.insert("__name__".to_owned(), selector.name.clone());
            Found { named: self.one(named), bare: self.one(line.labels), curve: line.curve }
        });
        let found: Rc<Vec<Found>> = Rc::new(found.collect());
        self.lines.borrow_mut().insert(key, (selector, Rc::clone(&found)));
        Ok(found)
    }

    fn value(&self, curve: Curve, at: Timestamp) -> Option<f64> {
        match curve {
            Curve::Alert(place) => self.spells.get(place).is_some_and(|spell| spell.holds(at)).then_some(1.0),
            curve => self.world.value(curve, self.world.clock().story_s(at)),
        }
    }

    fn select(&self, selector: &'a Selector, at: Timestamp) -> Result<Value, String> {
        let found = self.found(selector)?;
        let samples =
            found.iter().filter_map(|line| Some(Sample { value: self.value(line.curve, at)?, labels: Rc::clone(&line.named) })).collect();
        Ok(Value::Vector(once(samples)))
    }

    fn call(&self, name: &str, arguments: &'a [Expr], at: Timestamp) -> Result<Value, String> {
        match (name, arguments) {
            ("time", []) => Ok(Value::Scalar(at.seconds())),
            ("vector", [inner]) => match self.eval(inner, at)? {
                Value::Scalar(value) => Ok(Value::Vector(vec![Sample { labels: self.one(Labels::new()), value }])),
                Value::Vector(_) => Err("expected type scalar in call to function \"vector\", got instant vector".to_owned()),
            },
            ("abs", [inner]) => Ok(self.each_value(self.vector(inner, at)?, f64::abs)),
            ("rate" | "increase" | "max_over_time" | "min_over_time" | "avg_over_time", [Expr::Selector(selector)]) => {
                let Some(range_s) = selector.range_s else {
                    return Err(format!("expected type range vector in call to function \"{name}\", got instant vector"));
                };
                self.over_time(name, selector, range_s, at.plus(-selector.offset_s))
            }
            ("histogram_quantile", [quantile, inner]) => match self.eval(quantile, at)? {
                Value::Scalar(quantile) => Ok(Value::Vector(self.histogram_quantile(quantile, self.vector(inner, at)?))),
                Value::Vector(_) => Err("expected type scalar in call to function \"histogram_quantile\"".to_owned()),
            },
            _ => Err(format!("unknown function with name \"{name}\", or a use of it that this server does not evaluate")),
        }
    }

    fn over_time(&self, name: &str, selector: &'a Selector, range_s: f64, at: Timestamp) -> Result<Value, String> {
        let clock = *self.world.clock();
        let from = at.plus(-range_s);
        let found = self.found(selector)?;
        let samples = found.iter().filter_map(|line| {
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
            Some(Sample { labels: Rc::clone(&line.bare), value })
        });
        Ok(Value::Vector(once(samples.collect())))
    }

    fn aggregate(&self, aggregate: &'a Aggregate, at: Timestamp) -> Result<Value, String> {
        let mut groups = Groups::default();
        let operation = std::ptr::from_ref(aggregate) as usize;
        for sample in self.vector(&aggregate.of, at)? {
            let group = self.made(operation, &sample.labels, |labels| {
                let mut labels = labels.clone();
                labels.remove("__name__");
                labels.retain(|name, _| aggregate.labels.contains(name) != aggregate.without);
                labels
            });
            groups.of(&group).push(sample.value);
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
        Ok(Value::Vector(groups.all.into_iter().map(|(labels, values)| Sample { labels, value: of(&values) }).collect()))
    }

    fn binary(&self, operator: &str, left: Value, right: Value) -> Result<Value, String> {
        let compares = matches!(operator, "==" | "!=" | ">" | "<" | ">=" | "<=");
        match (left, right) {
            (Value::Scalar(a), Value::Scalar(b)) if !compares => {
                Ok(Value::Scalar(arithmetic(operator, a, b).ok_or("set operators are not allowed between scalars")?))
            }
            (Value::Scalar(_), Value::Scalar(_)) => Err("comparisons between scalars must use BOOL modifier".to_owned()),
            (Value::Vector(samples), Value::Scalar(b)) => self.each(operator, samples, |a| (a, b), compares),
            (Value::Scalar(a), Value::Vector(samples)) => self.each(operator, samples, |b| (a, b), compares),
            (Value::Vector(left), Value::Vector(right)) => self.pairs(operator, left, right, compares),
        }
    }

    fn each(&self, operator: &str, samples: Vec<Sample>, sides: impl Fn(f64) -> (f64, f64), compares: bool) -> Result<Value, String> {
        let mut out = Vec::with_capacity(samples.len());
        for sample in samples {
            let (a, b) = sides(sample.value);
            if compares {
                out.extend(holds(operator, a, b).then_some(sample));
            } else {
                let value = arithmetic(operator, a, b)
                    .ok_or_else(|| format!("set operator \"{operator}\" not allowed in binary scalar expression"))?;
                out.push(Sample { labels: self.unnamed(&sample.labels), value });
            }
        }
        Ok(Value::Vector(out))
    }

    /// One to one, by all labels but the name.
    fn pairs(&self, operator: &str, left: Vec<Sample>, right: Vec<Sample>, compares: bool) -> Result<Value, String> {
        let place = |sample: &Sample| Rc::as_ptr(&self.unnamed(&sample.labels)) as usize;
        let others: HashMap<usize, f64> = right.iter().map(|sample| (place(sample), sample.value)).collect();
        let ours: HashSet<usize> = left.iter().map(place).collect();
        let mut out = Vec::new();
        for sample in left {
            match (operator, others.get(&place(&sample))) {
                ("or", _) | ("and", Some(_)) | ("unless", None) => out.push(sample),
                ("and", None) | ("unless", Some(_)) | (_, None) => {}
                (_, Some(other)) if compares => out.extend(holds(operator, sample.value, *other).then_some(sample)),
                (_, Some(other)) => {
                    let value = arithmetic(operator, sample.value, *other).ok_or_else(|| format!("unknown operator \"{operator}\""))?;
                    out.push(Sample { labels: self.unnamed(&sample.labels), value });
                }
            }
        }
        if operator == "or" {
            out.extend(right.into_iter().filter(|sample| !ours.contains(&place(sample))));
        }
        Ok(Value::Vector(out))
    }

    /// Linear within the bucket that holds the quantile, as the real server does; the last finite bound where it lies beyond.
    fn histogram_quantile(&self, quantile: f64, samples: Vec<Sample>) -> Vec<Sample> {
        let mut histograms = Groups::default();
        for sample in samples {
            let bound = match sample.labels.get("le").map(String::as_str) {
                Some("+Inf") => Some(f64::INFINITY),
                Some(le) => le.parse().ok(),
                None => None,
            };
            let group = self.made(WITHOUT_BOUND, &sample.labels, |labels| {
                let mut labels = labels.clone();
                labels.remove("__name__");
                labels.remove("le");
                labels
            });
            if let Some(bound) = bound {
                histograms.of(&group).push((bound, sample.value));
            }
        }
        histograms.all.into_iter().map(|(labels, buckets)| Sample { labels, value: quantile_of(quantile, buckets) }).collect()
    }
}

/// Values by labels, in the order in which the labels came.
#[derive(Debug)]
struct Groups<T> {
    places: HashMap<usize, usize>,
    all: Vec<(Rc<Labels>, Vec<T>)>,
}

impl<T> Default for Groups<T> {
    fn default() -> Self {
        Self { places: HashMap::new(), all: Vec::new() }
    }
}

impl<T> Groups<T> {
    fn of(&mut self, labels: &Rc<Labels>) -> &mut Vec<T> {
        let place = *self.places.entry(Rc::as_ptr(labels) as usize).or_insert_with(|| {
            self.all.push((Rc::clone(labels), Vec::new()));
            self.all.len() - 1
        });
        &mut self.all[place].1
    }
}

fn quantile_of(quantile: f64, mut buckets: Vec<(f64, f64)>) -> f64 {
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
}

fn alert_lines(spells: &[Spell]) -> Vec<Line> {
    let line = |(place, spell): (usize, &Spell)| {
        let mut labels = spell.labels.clone();
        labels.insert("alertstate".to_owned(), spell.state.to_owned());
        Line { labels, curve: Curve::Alert(place) }
    };
    spells.iter().enumerate().map(line).collect()
}

/// An alert that came twice is one series.
fn once(mut samples: Vec<Sample>) -> Vec<Sample> {
    let mut seen = HashSet::with_capacity(samples.len());
    samples.retain(|sample| seen.insert(Rc::as_ptr(&sample.labels) as usize));
    samples
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
