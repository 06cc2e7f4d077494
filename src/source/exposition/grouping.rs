//! Puts samples into families: which family a name belongs to, and which part of a series a sample is.
//! Not for reading lines, nor for what the finished histograms and summaries must fulfil (see `family`).

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use super::family::{Bucket, Family, Flaw, Histogram, Quantile, Scrape, Series, Summary, Value};
use super::fault::shown;
use super::{Exposition, Format, Kind, Line, ParseError, Sample, number};

type LabelSet<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

/// What part of its series a sample is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Number,
    Bucket,
    Quantile,
    Sum,
    Count,
    Created,
    /// Its name is the family's, but such a family has no sample of that name.
    Stray,
}

/// The part that a sample is of a family, or `None` if its name is not the family's.
fn part(kind: Kind, format: Format, family: &str, sample: &str) -> Option<Part> {
    let suffix = sample.strip_prefix(family)?;
    match (kind, suffix) {
        (Kind::Counter, "_total") if format == Format::OpenMetrics => Some(Part::Number),
        (Kind::Counter, "") if format == Format::Text => Some(Part::Number),
        (Kind::Info, "_info") | (Kind::Gauge | Kind::StateSet | Kind::Unknown, "") => Some(Part::Number),
        (Kind::Histogram | Kind::GaugeHistogram, "_bucket") => Some(Part::Bucket),
        (Kind::Summary, "") => Some(Part::Quantile),
        (Kind::Histogram | Kind::Summary, "_sum") | (Kind::GaugeHistogram, "_gsum") => Some(Part::Sum),
        (Kind::Histogram | Kind::Summary, "_count") | (Kind::GaugeHistogram, "_gcount") => Some(Part::Count),
        (Kind::Counter | Kind::Histogram | Kind::Summary, "_created") => Some(Part::Created),
        (_, "") => Some(Part::Stray),
        _ => None,
    }
}

/// A series being put together.
#[derive(Debug)]
struct Draft<'a> {
    series: Series<'a>,
    /// Whether `series.value` was read, where it is a number.
    has_number: bool,
}

/// A family being put together.
#[derive(Debug)]
struct Group<'a> {
    family: Family<'a>,
    drafts: Vec<Draft<'a>>,
    typed: bool,
    /// Whether lines of another family have come since.
    left: bool,
}

struct Grouping<'a> {
    format: Format,
    groups: Vec<Group<'a>>,
    by_name: HashMap<Cow<'a, str>, usize>,
    /// Drafts by the hash of family, timestamp and labels; the next free number on a collision.
    by_labels: HashMap<u64, (usize, usize)>,
    hasher: RandomState,
    /// The family of the line before.
    current: Option<usize>,
    /// The name, family and part of the sample before: most samples follow one of their own name.
    last: Option<(Cow<'a, str>, usize, Part)>,
    line: usize,
    scrape: Scrape<'a>,
}

pub(super) fn read(body: &[u8], format: Format) -> Scrape<'_> {
    let mut grouping = Grouping {
        format,
        groups: Vec::new(),
        by_name: HashMap::new(),
        by_labels: HashMap::new(),
        hasher: RandomState::new(),
        current: None,
        last: None,
        line: 0,
        scrape: Scrape::default(),
    };
    let mut lines = Exposition::parse(body, format);
    while let Some(read) = lines.next() {
        grouping.line = lines.line();
        match read {
            Ok(line) => grouping.take(line),
            Err(error) => grouping.lost(error),
        }
    }
    grouping.finish()
}

impl<'a> Grouping<'a> {
    fn take(&mut self, line: Line<'a>) {
        match line {
            Line::Help { name, text } => {
                let index = self.enter(name);
                let again = self.group(index).family.help.replace(text);
                if let Some(first) = again {
                    self.group(index).family.help = Some(first);
                    self.flaw(index, self.line, "a second `# HELP`; the first one holds");
                }
            }
            Line::Unit { name, unit } => {
                let index = self.enter(name);
                let family = &mut self.group(index).family;
                let again = family.unit.is_some();
                family.unit = family.unit.or(Some(unit));
                let fits = unit.is_empty() || family.name.strip_suffix(unit).is_some_and(|base| base.ends_with('_'));
                if again {
                    self.flaw(index, self.line, "a second `# UNIT`; the first one holds");
                }
                if !fits {
                    self.flaw(index, self.line, "its name does not end with its unit");
                }
            }
            Line::Type { name, kind } => {
                let index = self.enter(name);
                let group = self.group(index);
                if group.typed {
                    self.flaw(index, self.line, "a second `# TYPE`; the first one holds");
                } else if !group.drafts.is_empty() {
                    self.flaw(index, self.line, "its `# TYPE` comes after its first sample and is not used");
                } else {
                    group.typed = true;
                    group.family.kind = kind;
                    // a new family can claim a name that had to stand for itself until now
                    self.last = None;
                }
            }
            Line::Sample(sample) => self.sample(sample),
            Line::Comment(_) | Line::Eof => {}
        }
    }

    fn sample(&mut self, sample: Sample<'a>) {
        self.scrape.samples += 1;
        let (index, part) = self.place(&sample.name);
        self.go_to(index);
        let mut labels: LabelSet<'a> = sample.labels.iter().collect();
        labels.sort_unstable();
        let own = match part {
            Part::Bucket => Some("le"),
            Part::Quantile => Some("quantile"),
            _ => None,
        };
        let bound = match own {
            None => None,
            Some(own) => match self.bound(&labels, own) {
                Ok((at, bound)) => {
                    labels.remove(at);
                    Some(bound)
                }
                Err(message) => return self.stray(index, sample, labels, message),
            },
        };
        if part == Part::Stray {
            return self.stray(index, sample, labels, "a family of this type has no sample of this name".into());
        }
        let draft = self.draft(index, &sample, part, &labels);
        if let Some((sample, message)) = fill(draft, sample, part, bound) {
            if let (Some(own), Some(bound)) = (own, bound) {
                labels.push((own.into(), bound.to_string().into()));
            }
            self.stray(index, sample, labels, message.into());
        }
    }

    /// Where the label `own` stands, and its number.
    fn bound(&self, labels: &LabelSet<'a>, own: &str) -> Result<(usize, f64), Cow<'static, str>> {
        let Some(at) = labels.iter().position(|(name, _)| name == own) else {
            return Err(format!("a sample without its label `{own}`").into());
        };
        let text = labels.get(at).map_or("", |(_, value)| value.as_ref());
        match number::value(text, self.format) {
            Ok(bound) if !bound.is_nan() => Ok((at, bound)),
            _ => Err(format!("its label `{own}` is {}, which is not a number", shown(text)).into()),
        }
    }

    /// Keeps a sample that fits nowhere as a number of its own, and says so.
    fn stray(&mut self, index: usize, sample: Sample<'a>, labels: LabelSet<'a>, message: Cow<'static, str>) {
        let line = self.line;
        let series = Series {
            name: sample.name,
            labels,
            value: Value::Number(sample.value),
            timestamp: sample.timestamp,
            created: None,
            exemplar: sample.exemplar,
            line,
        };
        self.group(index).drafts.push(Draft { series, has_number: true });
        self.flaw(index, line, message);
    }

    /// The family and part of a sample's name: a family of exactly this name first, then one that the name
    /// without its suffix names, else a new one.
    fn place(&mut self, name: &Cow<'a, str>) -> (usize, Part) {
        if let Some((last, index, part)) = &self.last
            && last == name
        {
            return (*index, *part);
        }
        let base = name.rfind('_').and_then(|at| name.get(..at)).unwrap_or("");
        let found = [name.as_ref(), base].into_iter().find_map(|family| {
            let index = *self.by_name.get(family)?;
            let kind = self.groups.get(index)?.family.kind;
            Some((index, part(kind, self.format, family, name)?))
        });
        let (index, part) = found.unwrap_or_else(|| (self.family(name.clone()), Part::Number));
        self.last = Some((name.clone(), index, part));
        (index, part)
    }

    /// The draft of a series, new if its labels at its time are.
    fn draft(&mut self, index: usize, sample: &Sample<'a>, part: Part, labels: &LabelSet<'a>) -> &mut Draft<'a> {
        let line = self.line;
        let mut hash = self.hasher.hash_one((index, sample.timestamp, labels));
        let at = loop {
            let Some(&(group, at)) = self.by_labels.get(&hash) else { break None };
            let known = self.groups.get(group).and_then(|group| group.drafts.get(at));
            let same = known.is_some_and(|known| {
                known.series.timestamp == sample.timestamp && known.series.labels == *labels
            });
            if group == index && same {
                break Some(at);
            }
            hash = hash.wrapping_add(1);
        };
        let at = at.unwrap_or_else(|| {
            let group = self.group(index);
            let value = match group.family.kind {
                Kind::Histogram | Kind::GaugeHistogram => Value::Histogram(Histogram::default()),
                Kind::Summary => Value::Summary(Summary::default()),
                _ => Value::Number(f64::NAN),
            };
            let name = match (&value, part) {
                (Value::Number(_), Part::Number) => sample.name.clone(),
                _ => group.family.name.clone(),
            };
            let (labels, timestamp) = (labels.clone(), sample.timestamp);
            let series = Series { name, labels, value, timestamp, created: None, exemplar: None, line };
            group.drafts.push(Draft { series, has_number: false });
            let at = group.drafts.len() - 1;
            self.by_labels.insert(hash, (index, at));
            at
        });
        &mut self.groups[index].drafts[at]
    }

    /// Makes the family of a name the current one, for a `#` line.
    fn enter(&mut self, name: Cow<'a, str>) -> usize {
        let index = match self.by_name.get(&name) {
            Some(index) => *index,
            None => self.family(name),
        };
        self.go_to(index);
        index
    }

    fn family(&mut self, name: Cow<'a, str>) -> usize {
        let index = self.groups.len();
        self.by_name.insert(name.clone(), index);
        let family = Family { name, kind: Kind::Unknown, help: None, unit: None, series: Vec::new() };
        self.groups.push(Group { family, drafts: Vec::new(), typed: false, left: false });
        index
    }

    /// Lines of one family stand together in both formats.
    fn go_to(&mut self, index: usize) {
        let Some(left) = self.current.replace(index).filter(|left| *left != index) else { return };
        self.group(left).left = true;
        if self.group(index).left {
            self.flaw(index, self.line, "its lines do not stand together");
        }
    }

    /// Indices come from `family` alone, which never removes one.
    fn group(&mut self, index: usize) -> &mut Group<'a> {
        &mut self.groups[index]
    }

    fn flaw(&mut self, index: usize, line: usize, message: impl Into<Cow<'static, str>>) {
        self.scrape.flaw_count += 1;
        if self.scrape.flaws.len() < Scrape::LISTED {
            let name = self.groups.get(index).map_or("", |group| group.family.name.as_ref());
            let family = name.chars().filter(|character| !character.is_control()).collect();
            self.scrape.flaws.push(Flaw { line, family, message: message.into() });
        }
    }

    fn lost(&mut self, error: ParseError) {
        self.scrape.error_count += 1;
        if self.scrape.errors.len() < Scrape::LISTED {
            self.scrape.errors.push(error);
        }
    }

    fn finish(mut self) -> Scrape<'a> {
        for index in 0..self.groups.len() {
            for mut draft in std::mem::take(&mut self.group(index).drafts) {
                let line = draft.series.line;
                let flaws = match &mut draft.series.value {
                    Value::Histogram(histogram) => histogram.settle(),
                    Value::Summary(summary) => summary.settle(),
                    Value::Number(number) if !draft.has_number => {
                        // only counters have a `_created`, and this one nothing else
                        *number = draft.series.created.take().unwrap_or(f64::NAN);
                        draft.series.name.to_mut().push_str("_created");
                        vec!["it was created but has no value"]
                    }
                    Value::Number(_) => Vec::new(),
                };
                for flaw in flaws {
                    self.flaw(index, line, flaw);
                }
                self.group(index).family.series.push(draft.series);
            }
        }
        self.scrape.families = self.groups.into_iter().map(|group| group.family).collect();
        self.scrape
    }
}

/// Puts a sample into its series, or gives it back with the reason why it cannot.
fn fill<'a>(
    draft: &mut Draft<'a>,
    sample: Sample<'a>,
    part: Part,
    bound: Option<f64>,
) -> Option<(Sample<'a>, &'static str)> {
    const TWICE: &str = "the same sample is there twice";
    if sample.exemplar.is_some() && !matches!(part, Part::Number | Part::Bucket) {
        return Some((sample, "an exemplar belongs to a counter or a bucket"));
    }
    let value = sample.value;
    let slot = match (&mut draft.series.value, part) {
        (Value::Number(number), Part::Number) => {
            if draft.has_number {
                return Some((sample, TWICE));
            }
            draft.has_number = true;
            *number = value;
            draft.series.exemplar = sample.exemplar;
            draft.series.name = sample.name;
            return None;
        }
        (Value::Histogram(histogram), Part::Bucket) => {
            let (le, exemplar) = (bound.unwrap_or(f64::NAN), sample.exemplar);
            histogram.buckets.push(Bucket { le, count: value, exemplar });
            return None;
        }
        (Value::Summary(summary), Part::Quantile) => {
            summary.quantiles.push(Quantile { quantile: bound.unwrap_or(f64::NAN), value });
            return None;
        }
        (Value::Histogram(Histogram { sum, .. }) | Value::Summary(Summary { sum, .. }), Part::Sum) => sum,
        (Value::Histogram(Histogram { count, .. }) | Value::Summary(Summary { count, .. }), Part::Count) => count,
        (_, Part::Created) => &mut draft.series.created,
        _ => return Some((sample, "a family of this type has no sample of this name")),
    };
    if slot.is_some() {
        return Some((sample, TWICE));
    }
    *slot = Some(value);
    None
}
