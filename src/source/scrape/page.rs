//! One reading of a page: the samples that were selected, how many there were in all, and every line that could not be read.
//! Not for: fetching it.

use std::collections::BTreeMap;

use crate::domain::{Batch, Check, Entity, Point, RowProblem, Scope, Series, SourceInfo, State, Text, Timestamp};
use crate::source::exposition::{Exposition, Format, Line, Sample};
use crate::source::origin::Origin;

use super::Taken;

/// Lines that are told one by one; the rest is counted.
const MAX_PROBLEMS: usize = 100;

/// Selected values by their labels.
type Column = BTreeMap<BTreeMap<Text, Text>, Point>;

/// What was on the page.
pub(super) struct Page {
    /// For every reading, its part and its whole.
    columns: Vec<(Column, Column)>,
    samples: usize,
    unreadable: usize,
    problems: Vec<RowProblem>,
}

impl Page {
    /// Reads a body. A line that cannot be read costs that line alone.
    pub fn read(body: &[u8], format: Format, readings: &[Taken], now: Timestamp) -> Self {
        let mut page = Self { columns: vec![Default::default(); readings.len()], samples: 0, unreadable: 0, problems: Vec::new() };
        for line in Exposition::parse(body, format) {
            match line {
                Ok(Line::Sample(sample)) => {
                    page.samples += 1;
                    page.take(&sample, readings, now);
                }
                Ok(_) => {}
                Err(error) => {
                    page.unreadable += 1;
                    page.tell(format!("line {}:{}", error.line, error.column), error.message.into_owned());
                }
            }
        }
        page
    }

    /// Series, checks of those with bounds, and one check of the page itself.
    pub fn batch(mut self, readings: &[Taken], info: &SourceInfo, origin: &Origin, now: Timestamp) -> Batch {
        let mut batch = Batch { scope: Scope::Whole, ..Batch::default() };
        batch.entities.push(self.check(info, origin, now));
        for (taken, (part, whole)) in readings.iter().zip(std::mem::take(&mut self.columns)) {
            let values = if taken.expression.whole.is_some() { divided(part, &whole) } else { part };
            let reading = &taken.reading;
            let one = |(labels, point)| Series { reading: reading.name.clone(), labels, unit: reading.unit.clone(), points: vec![point] };
            let mut series: Vec<Series> = values.into_iter().map(one).collect();
            if series.is_empty() && taken.offered {
                continue;
            }
            reading.bound(&mut series, &mut self.problems);
            batch.entities.extend(reading.checks(&series, origin, now));
            batch.series.extend(series);
        }
        if self.unreadable > MAX_PROBLEMS {
            let message = format!("{} lines cannot be read; the first {MAX_PROBLEMS} are told", self.unreadable);
            self.problems.push(RowProblem { path: "page".into(), message: message.into() });
        }
        batch.problems = self.problems;
        batch
    }

    fn take(&mut self, sample: &Sample<'_>, readings: &[Taken], now: Timestamp) {
        for (at, taken) in readings.iter().enumerate() {
            let is_part = taken.expression.part.takes(sample);
            let is_whole = taken.expression.whole.as_ref().is_some_and(|whole| whole.takes(sample));
            let Some((part, whole)) = self.columns.get_mut(at).filter(|_| is_part || is_whole) else { continue };
            let labels: BTreeMap<Text, Text> = sample.labels.iter().map(|(name, value)| (name.into(), value.into())).collect();
            let point = Point { at: sample.timestamp.map_or(now, Timestamp::from_ms), value: sample.value };
            let mut twice = false;
            if is_whole {
                twice |= whole.insert(labels.clone(), point).is_some();
            }
            if is_part {
                twice |= part.insert(labels, point).is_some();
            }
            if twice {
                self.tell(
                    taken.reading.name.to_string(),
                    format!("`{}` is sent twice with the same labels; the last one is shown", sample.name),
                );
            }
        }
    }

    fn tell(&mut self, path: String, message: String) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(RowProblem { path: path.into(), message: message.into() });
        }
    }

    fn check(&self, info: &SourceInfo, origin: &Origin, now: Timestamp) -> Entity {
        let samples = format!("{} samples", self.samples);
        let (state, observed) = match (self.samples, self.unreadable) {
            (0, 0) => (State::Warning, "an empty page".to_owned()),
            (_, 0) => (State::Ok, samples),
            (_, 1) => (State::Warning, format!("{samples}, 1 line cannot be read")),
            (_, lines) => (State::Warning, format!("{samples}, {lines} lines cannot be read")),
        };
        let detail = Check {
            subject: Some(info.url.clone()),
            test: Some("scrape".into()),
            observed: Some(observed.as_str().into()),
            expected: Some("every line can be read".into()),
            unit: None,
            evaluated_at: Some(now),
            ..Check::default()
        };
        let mut entity = origin.entity("scrape", origin.name.as_str(), state, BTreeMap::new(), detail.into(), now);
        entity.reason = Some(observed.into());
        entity.url = info.url.starts_with("http").then(|| info.url.clone());
        entity
    }
}

/// Each part by the whole with the same labels; a part without one is left out, as in `PromQL`.
fn divided(part: Column, whole: &Column) -> Column {
    let share = |(labels, point): (BTreeMap<Text, Text>, Point)| {
        let whole = whole.get(&labels)?.value;
        Some((labels, Point { value: point.value / whole, ..point }))
    };
    part.into_iter().filter_map(share).collect()
}

/// `node_exporter 1.5.0` from `node_exporter_build_info{version="1.5.0"}`, or how many samples the page has.
pub(super) fn product(body: &[u8], format: Format) -> String {
    let mut samples = 0;
    for line in Exposition::parse(body, format) {
        let Ok(Line::Sample(sample)) = line else { continue };
        samples += 1;
        let Some(program) = sample.name.strip_suffix("_build_info").filter(|program| *program != "go") else { continue };
        if let Some(version) = sample.labels.get("version") {
            return Text::from(format!("{program} {version}")).to_string();
        }
    }
    format!("a page of {samples} samples")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{ReadingConfig, SourceConfig};
    use crate::domain::Eye;

    fn told(body: &str, configs: &[ReadingConfig]) -> Batch {
        let source =
            SourceConfig { name: "node".into(), connector: "scrape".into(), readings: configs.to_vec(), ..SourceConfig::default() };
        let scrape = super::super::Scrape::new(&source).unwrap();
        let (origin, now) = (Origin::new(&source, Eye::DevOps), Timestamp::from_ms(1000));
        Page::read(body.as_bytes(), Format::Text, &scrape.readings, now).batch(&scrape.readings, &scrape.info, &origin, now)
    }

    fn lines(batch: &Batch) -> Vec<String> {
        let checks = batch.entities.iter().map(|e| format!("{} {}: {}", e.name, e.state, e.reason.as_deref().unwrap_or_default()));
        let series = batch.series.iter().map(|s| format!("{} {:?} = {}", s.reading, s.labels, s.points[0].value));
        let problems = batch.problems.iter().map(|p| format!("{}: {}", p.path, p.message));
        checks.chain(series).chain(problems).collect()
    }

    #[test]
    fn a_share_joins_samples_with_the_same_labels_and_a_bad_line_costs_itself() {
        let reading = ReadingConfig {
            name: "free".into(),
            query: "avail / size".into(),
            unit: "share".into(),
            warn_below: Some(0.1),
            ..ReadingConfig::default()
        };
        let page =
            "avail{m=\"/\"} 5\navail{m=\"/x\"} 5\navail{m=\"/y\"} 1\nsize{m=\"/\"} 10\nsize{m=\"/x\"} 100\nbroken{ 1\nsize{m=\"/\"} 20\n";
        assert_eq!(
            lines(&told(page, &[reading])),
            [
                "node warning: 6 samples, 1 line cannot be read",
                "free (m=/) ok: 0.25 share, expected >= 0.1 share",
                "free (m=/x) warning: 0.05 share, expected >= 0.1 share",
                "free {\"m\": \"/\"} = 0.25",
                "free {\"m\": \"/x\"} = 0.05",
                "line 6:9: expected a label name, found \"1\"",
                "free: `size` is sent twice with the same labels; the last one is shown",
            ]
        );
    }

    #[test]
    fn what_we_offer_is_silent_where_the_page_lacks_it_and_what_is_configured_is_not() {
        assert_eq!(lines(&told("some_metric 1\n", &[])), ["node ok: 1 samples"]);
        let wanted = ReadingConfig { name: "lag".into(), query: "lag".into(), fail_above: Some(1.0), ..ReadingConfig::default() };
        assert_eq!(lines(&told("some_metric 1\n", &[wanted])), ["node ok: 1 samples", "lag unknown: no data"]);
        assert_eq!(lines(&told("", &[])), ["node warning: an empty page"]);
    }

    #[test]
    fn a_page_of_nothing_but_errors_tells_a_bounded_number_of_them() {
        let batch = told(&"{\n".repeat(500), &[]);
        assert_eq!(batch.problems.len(), MAX_PROBLEMS + 1);
        assert_eq!(batch.problems.last().unwrap().message, "500 lines cannot be read; the first 100 are told");
    }

    #[test]
    fn a_node_exporter_gives_load_and_memory_without_being_configured() {
        let body = include_str!("../../../tests/fixtures/exposition/node-exporter.txt");
        let batch = told(body, &[]);
        for name in ["load (1 m)", "memory available", "open files", "resident memory"] {
            assert!(batch.series.iter().any(|series| series.reading == name), "{name}: {:?}", lines(&batch));
        }
        assert_eq!(batch.problems, []);
        assert!(product(body.as_bytes(), Format::Text).starts_with("node_exporter 1."));
    }

    #[test]
    fn of_filesystems_only_those_that_can_fill_up_are_offered() {
        let one = |mount: &str, kind: &str, free: u32| {
            format!(
                "node_filesystem_avail_bytes{{mountpoint=\"{mount}\",fstype=\"{kind}\"}} {free}\nnode_filesystem_size_bytes{{mountpoint=\"{mount}\",fstype=\"{kind}\"}} 100\n"
            )
        };
        let page = [one("/", "ext4", 4), one("/run", "tmpfs", 0), one("/snap/x", "squashfs", 0), one("/data", "xfs", 50)].concat();
        assert_eq!(
            lines(&told(&page, &[]))[1..3],
            [
                "filesystem free (fstype=ext4, mountpoint=/) failed: 0.04 share, expected >= 0.05 share",
                "filesystem free (fstype=xfs, mountpoint=/data) ok: 0.5 share, expected >= 0.1 share",
            ]
        );
    }
}
