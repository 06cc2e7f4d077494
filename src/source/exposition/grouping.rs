//! Puts samples into families: which family a name belongs to, and which part of a series a sample is.
//! Not for reading lines, nor for what the finished histograms and summaries must fulfil (see `family`).

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use super::family::{Family, Flaw, Histogram, Scrape, Series, Summary, Value};
use super::fault::shown;
use super::part::{Draft, Part, fill, part};
use super::{Exposition, Format, Kind, Line, ParseError, Sample, number};

type LabelSet<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

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
        let (index, part) = self.place(&sample);
        self.go_to(index);
        let mut labels = sorted(&sample);
        let bound = match part {
            Part::Quantile | Part::Sum | Part::Count | Part::Created if sample.exemplar.is_some() => {
                Err("an exemplar belongs to a counter or a bucket".into())
            }
            Part::Bucket => self.take_bound(&mut labels, "le").map(Some),
            Part::Quantile => self.take_bound(&mut labels, "quantile").map(Some),
            Part::Stray => Err("a family of this type has no sample of this name".into()),
            Part::Number | Part::Sum | Part::Count | Part::Created => Ok(None),
        };
        let bound = match bound {
            Ok(bound) => bound,
            Err(message) => return self.stray(index, sample, message),
        };
        let draft = self.draft(index, &sample, part, labels);
        if let Some((sample, message)) = fill(draft, sample, part, bound) {
            self.stray(index, sample, message.into());
        }
    }

    /// Removes the label `own`, which belongs to the part and not to the series, and gives its number.
    fn take_bound(&self, labels: &mut LabelSet<'a>, own: &str) -> Result<f64, Cow<'static, str>> {
        let Some(at) = labels.iter().position(|(name, _)| name == own) else {
            return Err(format!("a sample without its label `{own}`").into());
        };
        let (_, text) = labels.remove(at);
        match number::value(&text, self.format) {
            Ok(bound) if !bound.is_nan() => Ok(bound),
            _ => Err(format!("its label `{own}` is {}, which is not a number", shown(&text)).into()),
        }
    }

    /// Keeps a sample that fits nowhere as a number of its own, and says so.
    fn stray(&mut self, index: usize, sample: Sample<'a>, message: Cow<'static, str>) {
        let line = self.line;
        let series = Series {
            labels: sorted(&sample),
            name: sample.name,
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
    fn place(&mut self, sample: &Sample<'a>) -> (usize, Part) {
        let name = &sample.name;
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
    fn draft(&mut self, index: usize, sample: &Sample<'a>, part: Part, labels: LabelSet<'a>) -> &mut Draft<'a> {
        let line = self.line;
        let mut hash = self.hasher.hash_one((index, sample.timestamp, &labels));
        let at = loop {
            let Some(&(group, at)) = self.by_labels.get(&hash) else {
                break None;
            };
            let known = self.groups.get(group).and_then(|group| group.drafts.get(at));
            let same = known.is_some_and(|known| known.series.timestamp == sample.timestamp && known.series.labels == labels);
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
            let series = Series { name, labels, value, timestamp: sample.timestamp, created: None, exemplar: None, line };
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
        let Some(left) = self.current.replace(index).filter(|left| *left != index) else {
            return;
        };
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

/// A sample's labels in the order that makes two spellings of one set equal.
fn sorted<'a>(sample: &Sample<'a>) -> LabelSet<'a> {
    let mut labels = Vec::with_capacity(sample.labels.len());
    labels.extend(sample.labels);
    labels.sort_unstable();
    labels
}
