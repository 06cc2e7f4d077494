//! One poll: fan-out, pages, requests beside, map, entities.
//! Not for: when to poll (see `runtime`).

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use jaq_json::Val;

use super::Inner;
use super::fetch::{self, Beside, PageReader, Paging};
use super::here::Memory;
use super::jq::{Filter, Variables, to_json};
use super::pages::Turn;
use super::plan::Plan;
use super::row::{self, entity_json};
use crate::config::connector::{Connector, Poll, PollScope, Way};
use crate::domain::{Batch, Entity, EntityId, Failure, FailureKind, RowProblem, Scope, Timestamp};

/// A poll, ready to be asked.
pub struct PollPlan {
    pub id: String,
    pub(super) plan: Plan,
    paging: Option<Paging>,
    pub(super) beside: Vec<Beside>,
    pub(super) map: Filter,
    /// What files held when they were read last; none where what they become also depends on something else.
    pub(super) memory: Option<Memory>,
    scope: PollScope,
    for_each: Option<(String, Filter, usize)>,
    /// Other polls whose entities its filters see as `$polled`.
    wants: Vec<String>,
    /// Another poll asks about what this one brings.
    wanted: bool,
}

/// Rows of one round of a poll.
#[derive(Default)]
pub(super) struct Rows {
    pub entities: Vec<Entity>,
    pub problems: Vec<RowProblem>,
    pub count: usize,
    pub unchanged: bool,
    /// Something could not be asked about: what is missing is not gone.
    pub partial: bool,
}

impl PollPlan {
    /// `None` where the connector's file was not checked.
    pub fn new(poll: &Poll, connector: &Connector) -> Option<Self> {
        let what = format!("poll {}", poll.id);
        let beside = poll.also.iter().map(|(name, also)| Beside::new(&what, name, also)).collect::<Option<_>>()?;
        let asks_for = |poll: &Poll, other: &str| {
            let body = poll.call().and_then(|call| if let Way::Http(http) = call.way { http.json.or(http.form) } else { None });
            let filters = [Some(&poll.map), body];
            filters.into_iter().flatten().any(|jq| jq.code.contains(&format!("$polled.{other}")))
                || poll.for_each.as_ref().is_some_and(|each| each.poll == other)
        };
        let plan = Plan::new(&what, poll.call()?);
        let wants: Vec<String> = connector.poll.iter().filter(|other| asks_for(poll, &other.id)).map(|other| other.id.clone()).collect();
        let of_files_alone = wants.is_empty() && poll.for_each.is_none() && !poll.map.code.contains("$now");
        Some(Self {
            id: poll.id.clone(),
            memory: (plan.files().is_some() && of_files_alone).then(Memory::default),
            plan,
            paging: poll.pages.as_ref().map(|pages| Paging::new(&what, pages)),
            beside,
            map: Filter::new(format!("map of {what}"), &poll.map),
            scope: poll.scope,
            for_each: poll
                .for_each
                .as_ref()
                .map(|each| (each.poll.clone(), Filter::new(format!("for-each of {what}"), &each.items), each.max as usize)),
            wants,
            wanted: connector.poll.iter().any(|other| asks_for(other, &poll.id)),
        })
    }

    /// An unchanged answer can be told as such: nothing else is asked that may have changed.
    fn is_conditional(&self) -> bool {
        self.plan.is_get() && self.paging.is_none() && self.beside.is_empty() && self.for_each.is_none() && self.wants.is_empty()
    }
}

impl Inner {
    /// Asks a poll.
    pub(super) async fn poll(&self, plan: &PollPlan, now: Timestamp) -> Result<Batch, Failure> {
        let polled = self.wanted_by(plan, now).await?;
        let variables = Variables { polled: as_value(&polled), ..self.variables(now) };
        let Some((poll, items, max)) = &plan.for_each else {
            let outcome = self.round(plan, Val::Null, variables.clone(), now).await.and_then(|rows| self.batch(plan, rows));
            if outcome.is_err() && plan.is_conditional() {
                // the system would say "not modified" of an answer that came to nothing
                let values = fetch::values(&self.with, &Val::Null);
                self.asker.http.forget(&plan.plan.fill(&values, &values, &variables, &Turn::default()).await?);
            }
            return outcome;
        };
        let entities = polled.get(poll).map(|entities| list(entities)).unwrap_or_default();
        let mut problems = Vec::new();
        let mut items: Vec<Val> = items.run(entities, variables.clone()).await?.into_iter().filter_map(Result::ok).collect();
        if items.len() > *max {
            problems.push(RowProblem {
                path: plan.id.as_str().into(),
                message: format!("only the first {max} of {} were asked", items.len()).into(),
            });
            items.truncate(*max);
        }
        let round = |item: &Val| -> fetch::Future<'_, Rows> { Box::pin(self.round(plan, item.clone(), variables.clone(), now)) };
        let answers = fetch::abreast(items.iter().map(round).collect()).await;
        let (mut all, mut first_failure, mut failed, asked) = (Rows::default(), None, 0, answers.len());
        for (item, answer) in items.iter().zip(answers) {
            match answer {
                Ok(rows) => {
                    all.partial |= rows.partial;
                    all.entities.extend(rows.entities);
                    all.problems.extend(rows.problems);
                }
                Err(failure) => {
                    failed += 1;
                    problems
                        .push(RowProblem { path: format!("{}[{}]", plan.id, to_json(item)).into(), message: failure.to_string().into() });
                    first_failure.get_or_insert(failure);
                }
            }
        }
        if let Some(failure) = first_failure.filter(|_| failed == asked) {
            return Err(failure);
        }
        all.problems.extend(problems);
        all.partial |= failed > 0;
        self.batch(plan, all)
    }

    /// The entities of the polls that this one asks about; those that were never asked are asked now.
    fn wanted_by<'a>(&'a self, plan: &'a PollPlan, now: Timestamp) -> fetch::Future<'a, BTreeMap<String, Arc<Vec<Entity>>>> {
        Box::pin(async move {
            let mut found = BTreeMap::new();
            for wanted in &plan.wants {
                let entities = match self.remembered(wanted) {
                    Some(entities) => entities,
                    None => match self.polls.iter().find(|other| other.id == *wanted && other.id != plan.id) {
                        Some(other) => Arc::new(self.poll(other, now).await?.entities),
                        None => continue,
                    },
                };
                found.insert(wanted.clone(), entities);
            }
            Ok(found)
        })
    }

    /// All pages for one item of a fan-out (or for the poll itself).
    async fn round(&self, plan: &PollPlan, each: Val, variables: Variables, now: Timestamp) -> Result<Rows, Failure> {
        let values = fetch::values(&self.with, &each);
        let place = if matches!(each, Val::Null) { plan.id.clone() } else { format!("{}[{}]", plan.id, to_json(&each)) };
        let variables = Variables { each, ..variables };
        if !plan.plan.is_http() {
            return self.here(plan, values, variables, &place, now).await;
        }
        let mut rows = Rows::default();
        let mut pages = PageReader::new(&plan.plan, plan.paging.as_ref());
        while let Some(answer) = pages.next(&self.asker, &values, &variables, plan.is_conditional()).await? {
            rows.problems.extend(answer.problems);
            if answer.not_modified {
                rows.unchanged = true;
                continue;
            }
            let also = self.asker.beside(&plan.beside, &answer.page, &values, &variables, &mut rows.problems).await?;
            let variables = answer.about.added_to(Variables { also, ..variables.clone() });
            let (place, first, additions) = (place.clone(), rows.count, self.additions.clone());
            let mapped = plan
                .map
                .run_then(answer.page, variables, move |outputs| (outputs.len(), row::entities(outputs, &place, first, &additions, now)));
            let (count, (entities, problems)) = mapped.await?;
            rows.count += count;
            rows.entities.extend(entities);
            rows.problems.extend(problems);
        }
        Ok(rows)
    }

    fn batch(&self, plan: &PollPlan, rows: Rows) -> Result<Batch, Failure> {
        if rows.unchanged {
            return Ok(Batch { scope: Scope::Unchanged, ..Batch::default() });
        }
        if rows.entities.is_empty()
            && let Some(problem) = rows.problems.first()
        {
            // nothing could be read: better the old picture and a failure than an empty one
            let detail = format!("{}: {}", problem.path, problem.message);
            return Err(Failure::new(FailureKind::BadShape, format!("read {} of {}", plan.id, self.info.name), detail).hint(
                "is it the system and version that the connector is for? `triops connector try` shows what the filter makes of an answer",
            ));
        }
        // pages shift while they are read: the same row may come twice
        let mut places: BTreeMap<EntityId, usize> = BTreeMap::new();
        let mut entities: Vec<Entity> = Vec::with_capacity(rows.entities.len());
        for entity in rows.entities {
            if let Some(place) = places.get(&entity.id) {
                entities[*place] = entity;
            } else {
                places.insert(entity.id.clone(), entities.len());
                entities.push(entity);
            }
        }
        if plan.wanted {
            let remembered = Arc::new(entities.clone());
            self.polled.lock().unwrap_or_else(PoisonError::into_inner).insert(plan.id.clone(), remembered);
        }
        let scope = if plan.scope == PollScope::Part || rows.partial { Scope::Part } else { Scope::Whole };
        Ok(Batch { entities, scope, problems: rows.problems, ..Batch::default() })
    }
}

fn as_value(polled: &BTreeMap<String, Arc<Vec<Entity>>>) -> Val {
    if polled.is_empty() {
        return Val::Null;
    }
    Val::obj(polled.iter().map(|(poll, entities)| (Val::from(poll.clone()), list(entities))).collect())
}

fn list(entities: &[Entity]) -> Val {
    entities.iter().map(|entity| serde_json::from_value(entity_json(entity)).unwrap_or_default()).collect()
}
