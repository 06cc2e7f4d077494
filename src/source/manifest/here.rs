//! Polls of this machine: a command for each path of the source, or the files that a glob names, of which only those are read again
//! that were written since. Not for: running and reading itself (see `source::local`), HTTP (see `poll`).

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use jaq_json::Val;
use serde_json::Value;

use super::Inner;
use super::answer::{About, Answer, no_file};
use super::jq::Variables;
use super::pages::{Turn, hash};
use super::poll::{PollPlan, Rows};
use super::row;
use crate::domain::{Entity, Failure, FailureKind, RowProblem, Timestamp};
use crate::source::local::files::{Found, Stamp};

/// What files became when they were read last.
#[derive(Default)]
pub struct Memory(Mutex<Seen>);

#[derive(Default, Clone)]
struct Seen {
    files: BTreeMap<PathBuf, Mapped>,
    /// Of everything that was looked at, where all of it could be read.
    signature: Option<u64>,
}

/// One file.
#[derive(Clone)]
struct Mapped {
    stamp: Stamp,
    /// Of what was read beside it.
    beside: u64,
    entities: Vec<Entity>,
    problems: Vec<RowProblem>,
    count: usize,
}

/// A file to be read, and the path of the source that it was found under.
struct Wanted {
    found: Found,
    place: Option<String>,
    beside: u64,
}

impl Inner {
    /// One round over all paths of the source.
    pub(super) async fn here(
        &self,
        plan: &PollPlan,
        values: Value,
        variables: Variables,
        place: &str,
        now: Timestamp,
    ) -> Result<Rows, Failure> {
        let places = self.places(plan.plan.names_path()).await?;
        if plan.plan.files().is_some() {
            return self.files(plan, &values, &variables, places, place, now).await;
        }
        let (mut rows, mut failures) = (Rows::default(), Vec::new());
        let several = places.len() > 1;
        for path in &places {
            let (values, variables) = at(&values, &variables, path.as_deref());
            let outcome = match self.asker.ask(&plan.plan, &values, &values, &variables, &Turn::default(), false).await {
                Ok(answer) => self.mapped(plan, answer, &values, variables, place, rows.count, now).await,
                Err(failure) => Err(failure),
            };
            match outcome {
                Ok(mapped) => rows.add(mapped),
                Err(failure) if several => {
                    rows.partial = true;
                    rows.problems.push(told(path.as_deref().unwrap_or(place), &failure));
                    failures.push(failure);
                }
                Err(failure) => return Err(failure),
            }
        }
        if failures.len() == places.len()
            && let Some(first) = failures.into_iter().next()
        {
            return Err(first);
        }
        Ok(rows)
    }

    /// The source's paths, or one asking without any.
    async fn places(&self, named: bool) -> Result<Vec<Option<String>>, Failure> {
        if !named {
            return Ok(vec![None]);
        }
        Ok(self.asker.local.places().await?.into_iter().map(Some).collect())
    }

    async fn files(
        &self,
        plan: &PollPlan,
        values: &Value,
        variables: &Variables,
        places: Vec<Option<String>>,
        place: &str,
        now: Timestamp,
    ) -> Result<Rows, Failure> {
        let (wanted, mut rows) = self.look(plan, values, variables, places).await?;
        let signature = hash(format!("{:?}", wanted.iter().map(|file| (&file.found, file.beside)).collect::<Vec<_>>()));
        let before = plan.memory.as_ref().map(Memory::seen).unwrap_or_default();
        if before.signature == Some(signature) && rows.problems.is_empty() && before.files.values().all(|file| file.problems.is_empty()) {
            rows.unchanged = true;
            return Ok(rows);
        }
        let (mut seen, mut whole) = (Seen::default(), !rows.partial);
        for Wanted { found, place: path, beside } in wanted {
            let known = before.files.get(&found.path);
            let mapped = match known.filter(|known| known.stamp == found.stamp && known.beside == beside) {
                Some(known) => {
                    let entities = known.entities.iter().map(|entity| Entity { seen_at: now, ..entity.clone() }).collect();
                    Ok(Some(Mapped { entities, ..known.clone() }))
                }
                None => self.file(plan, &found, beside, at(values, variables, path.as_deref()), (place, rows.count), now).await,
            };
            let mapped = match mapped {
                Ok(mapped) => mapped,
                Err(failure) => {
                    // it may be written just now: what it held before is better than nothing, and it is read again next time
                    (rows.partial, whole) = (true, false);
                    rows.problems.push(told(&found.path.display().to_string(), &failure));
                    known.cloned()
                }
            };
            if let Some(mapped) = mapped {
                rows.add(Rows {
                    entities: mapped.entities.clone(),
                    problems: mapped.problems.clone(),
                    count: mapped.count,
                    ..Rows::default()
                });
                seen.files.insert(found.path, mapped);
            }
        }
        if let Some(memory) = &plan.memory {
            seen.signature = whole.then_some(signature);
            memory.keep(seen);
        }
        Ok(rows)
    }

    /// The files to be read, the oldest first: where several tell of the same thing, the newest has the last word.
    async fn look(
        &self,
        plan: &PollPlan,
        values: &Value,
        variables: &Variables,
        places: Vec<Option<String>>,
    ) -> Result<(Vec<Wanted>, Rows), Failure> {
        let Some(files) = plan.plan.files() else { return Ok((Vec::new(), Rows::default())) };
        let (mut wanted, mut rows) = (Vec::new(), Rows::default());
        let several = places.len() > 1;
        for place in places {
            let (values, _) = at(values, variables, place.as_deref());
            let globs = plan.plan.globs(&values)?;
            let shown = globs.join(", ");
            let found = self.asker.local.files(globs, place.clone(), files.newest).await?;
            if found.is_empty() && !files.missing_ok {
                let failure = no_file(&shown);
                if !several {
                    return Err(failure);
                }
                rows.partial = true;
                rows.problems.push(told(place.as_deref().unwrap_or_default(), &failure));
            }
            let beside = self.asker.stamps(&plan.beside, &values).await?;
            wanted.extend(found.into_iter().map(|found| Wanted { found, place: place.clone(), beside }));
        }
        wanted.sort_by_key(|file| (file.found.modified(), file.found.path.clone()));
        Ok((wanted, rows))
    }

    /// `None` if the file has gone meanwhile.
    async fn file(
        &self,
        plan: &PollPlan,
        found: &Found,
        beside: u64,
        (values, variables): (Value, Variables),
        (place, first): (&str, usize),
        now: Timestamp,
    ) -> Result<Option<Mapped>, Failure> {
        let Some(body) = self.asker.local.read(found).await? else { return Ok(None) };
        let answer = self.asker.decoded(&plan.plan, body, About::file(found), &format!("read {}", found.path.display())).await?;
        let Rows { entities, problems, count, .. } = self.mapped(plan, answer, &values, variables, place, first, now).await?;
        Ok(Some(Mapped { stamp: found.stamp, beside, entities, problems, count }))
    }

    /// What an answer becomes, with what is asked beside it.
    #[expect(clippy::too_many_arguments, reason = "one answer in its place: all of them say where it stands")]
    async fn mapped(
        &self,
        plan: &PollPlan,
        answer: Answer,
        values: &Value,
        variables: Variables,
        place: &str,
        first: usize,
        now: Timestamp,
    ) -> Result<Rows, Failure> {
        let mut rows = Rows { problems: answer.problems, ..Rows::default() };
        if answer.nothing {
            return Ok(rows);
        }
        let also = self.asker.beside(&plan.beside, &answer.page, values, &variables, &mut rows.problems).await?;
        let variables = answer.about.added_to(Variables { also, ..variables });
        let (place, additions) = (place.to_owned(), self.additions.clone());
        let entities = move |outputs: Vec<_>| (outputs.len(), row::entities(outputs, &place, first, &additions, now));
        let (count, (entities, problems)) = plan.map.run_then(answer.page, variables, entities).await?;
        rows.add(Rows { entities, problems, count, ..Rows::default() });
        Ok(rows)
    }
}

impl Rows {
    fn add(&mut self, other: Rows) {
        self.entities.extend(other.entities);
        self.problems.extend(other.problems);
        self.count += other.count;
    }
}

impl Memory {
    fn seen(&self) -> Seen {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep(&self, seen: Seen) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = seen;
    }
}

/// Values and variables for one path of the source.
fn at(values: &Value, variables: &Variables, path: Option<&str>) -> (Value, Variables) {
    let mut values = values.clone();
    if let (Value::Object(map), Some(path)) = (&mut values, path) {
        map.insert("path".to_owned(), Value::from(path));
    }
    (values, Variables { path: path.map_or(Val::Null, |path| Val::from(path.to_owned())), ..variables.clone() })
}

fn told(place: &str, failure: &Failure) -> RowProblem {
    let message = match failure.kind {
        FailureKind::BadShape => failure.detail.to_string(),
        _ => failure.to_string(),
    };
    RowProblem { path: place.into(), message: message.into() }
}
