//! `triops act SOURCE ACTION TARGET`: does to one entity what the cockpit's menu can do, under the same rules.
//! Not for: the rules themselves (see `domain::act`, `runtime::act`), finding out what there is (see `once`).

use std::io::{self, BufRead, IsTerminal, Write};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use crate::config::Config;
use crate::domain::{
    ActionId, Answer, Ask, Awaiting, Confirm, Declined, Detail, Entity, EntityId, Kind, Offer, Order, Outcome, Phrase, Preview, Receipt,
    Rules, Settling, SourceName, State, Step, Text,
};
use crate::runtime::act::Gate;
use crate::runtime::actor;
use crate::runtime::audit::Audit;
use crate::runtime::clock::Clock;
use crate::source::Source;
use crate::source::registry::Registry;

use super::age::now;
use super::gather::{ask, gather};
use super::output::{self, Format};
use super::problem::Problem;
use super::seat::{self, Seat};
use super::{Exit, Globals};

/// Arguments of `act`. Exits with 0 if it was done (or, with --dry-run, could be), 1 if it failed or was refused, 2 if the command line
/// is wrong or it was not confirmed.
#[derive(Debug, Args)]
pub struct Act {
    /// A source's name
    source: String,
    /// What to do: `acknowledge`, `restart`; without it, what can be done is listed
    action: Option<String>,
    /// An entity's id as `triops once --format json` prints it
    target: Option<String>,
    /// Say what would be sent, and send nothing
    #[arg(long)]
    dry_run: bool,
    /// Confirm; without it a terminal is asked, and a script refused
    #[arg(long, short = 'y')]
    yes: bool,
    /// Do it to this step of the run alone, named by its key or name
    #[arg(long, value_name = "KEY")]
    step: Option<String>,
    /// Fill in a field of the action's form; may be given more than once
    #[arg(long = "set", value_name = "NAME=VALUE")]
    values: Vec<String>,
    /// Do not wait for what it brings about
    #[arg(long)]
    no_wait: bool,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    limit: seat::Limit,
}

/// What came of it, for scripts.
#[derive(Debug, Serialize)]
struct Report<'a> {
    outcome: &'static str,
    source: &'a str,
    action: &'a ActionId,
    target: &'a Entity,
    requests: &'a [Text],
    notes: &'a [Text],
    undo: Option<&'a Text>,
    said: Option<&'a Text>,
    made: Option<String>,
    error: Option<String>,
    settled: Option<bool>,
}

impl Act {
    /// Does it and tells.
    pub fn run(&self, globals: &Globals) -> Result<Exit, Problem> {
        let (config, registry) = seat::load(globals)?;
        seat::block_on(self.work(&config, &registry, self.dry_run || globals.dry_run))
    }

    async fn work(&self, config: &Config, registry: &Registry, dry_run: bool) -> Result<Exit, Problem> {
        let rules = seat::rules(config);
        let gate = Gate::new(rules.clone(), Audit::new(Some(config.paths.state_dir.clone()), Clock::system()));
        let (seat, source, target) = match self.reached(config, registry).await {
            Ok(reached) => reached,
            Err(problem) => {
                self.missed(&gate, dry_run, &problem).await;
                return Err(problem);
            }
        };
        let (Some(target), Some(action)) = (target, &self.action) else {
            return self.list(config, &gate, &seat, source.as_ref()).await;
        };
        let step = match self.step_of(source.as_ref(), &target).await {
            Ok(step) => step,
            Err(problem) => {
                self.missed(&gate, dry_run, &problem).await;
                return Err(problem);
            }
        };
        let order = Order { dry_run, step, ..self.order(action, target)? };
        if dry_run {
            let outcome = gate.act(source.as_ref(), &order, || {}).await;
            return self.told(&order, None, &outcome, None);
        }
        let preview = match gate.preview(source.as_ref(), &order).await {
            Ok(preview) => preview,
            // through the gate all the same: a refused attempt is written down
            Err(_) => {
                // should it be ready this time, it is still not sent: nobody has seen it
                let unseen = Order { confirmed: Some(Text::from("nothing")), ..order.clone() };
                let outcome = gate.act(source.as_ref(), &unseen, || {}).await;
                return self.told(&order, None, &outcome, None);
            }
        };
        let offers = gate.offers(source.as_ref(), &order.target, order.step.as_deref()).await?;
        let offer = offers.iter().find(|offer| offer.id == order.action);
        if !self.confirmed(&rules, source.as_ref(), &order, offer, &preview)? {
            gate.decline(Some(source.as_ref()), &order, Declined::Cancelled).await;
            return Err(Problem::usage("not confirmed: nothing was sent", "--yes confirms, --dry-run shows"));
        }
        let order = Order { confirmed: Some(preview.digest.clone()), ..order };
        let outcome = gate.act(source.as_ref(), &order, || {}).await;
        let settled = match &outcome {
            Outcome::Done(receipt) => self.settle(source.as_ref(), &order, receipt).await,
            _ => None,
        };
        self.told(&order, Some(&preview), &outcome, settled)
    }

    /// The source, and the target if one is named.
    async fn reached(&self, config: &Config, registry: &Registry) -> Result<(Seat, Arc<dyn Source>, Option<Arc<Entity>>), Problem> {
        let seat = self.seat(seat::take(config, registry).await)?;
        let source = Arc::clone(seat.source.as_ref().map_err(|failure| Problem::from(failure.clone()))?);
        let target = match &self.target {
            Some(target) => Some(self.find(config, &seat, source.as_ref(), target).await?),
            None => None,
        };
        Ok((seat, source, target))
    }

    /// An attempt on what is not there is one all the same: it is written down as refused.
    async fn missed(&self, gate: &Gate, dry_run: bool, problem: &Problem) {
        let (Some(target), Some(action)) = (&self.target, &self.action) else { return };
        let source = SourceName::from(self.source.as_str());
        let whole = if target.starts_with(&format!("{source}/")) { target.clone() } else { format!("{source}/{target}") };
        let unknown = Entity::new(&source, target, target, State::Unknown, Detail::empty(Kind::Workload), now());
        let unknown = Entity { id: EntityId::from(whole.as_str()), ..unknown };
        let Ok(order) = self.order(action, unknown.shared()) else { return };
        gate.decline(None, &Order { dry_run, ..order }, Declined::Refused(Text::from(problem.line()))).await;
    }

    fn seat(&self, seats: Vec<Seat>) -> Result<Seat, Problem> {
        let names: Vec<String> = seats.iter().map(|seat| seat.name().to_owned()).collect();
        let found = seats.into_iter().find(|seat| seat.name() == self.source);
        found.ok_or_else(|| {
            let hint = if names.is_empty() { "no source is configured".to_owned() } else { format!("there is {}", names.join(", ")) };
            Problem::usage(format!("there is no source `{}`", self.source), hint)
        })
    }

    /// The entity as it is now: by its id, or by its name where only one of that name offers the action.
    async fn find(&self, config: &Config, seat: &Seat, source: &dyn Source, target: &str) -> Result<Arc<Entity>, Problem> {
        let gathered = gather(std::slice::from_ref(seat), config, self.limit.duration()).await;
        let whole = format!("{}/{target}", self.source);
        let by_id = gathered.entities.iter().find(|entity| [target, whole.as_str()].contains(&entity.id.as_str()));
        if let Some(entity) = by_id {
            return Ok(Arc::clone(entity));
        }
        let mut named = Vec::new();
        for entity in gathered.entities.iter().filter(|entity| *entity.name == *target || entity.title() == target) {
            let offers = source.offers(entity).await?;
            // what is offered for a step, only the step can tell
            let offered = |action: &String| self.step.is_some() || offers.iter().any(|offer| offer.id.as_str() == action);
            if self.action.as_ref().is_none_or(offered) {
                named.push(entity);
            }
        }
        let mut named = named.into_iter();
        match (named.next(), named.next()) {
            (Some(entity), None) => Ok(Arc::clone(entity)),
            (Some(one), Some(other)) => {
                Err(Problem::usage(format!("`{target}` names more than one: {}, {}, …", one.id, other.id), "write the id"))
            }
            (None, _) => match gathered.sources.iter().find_map(|source| source.error.as_ref()) {
                Some(error) => Err(Problem::failed(format!("{target} was not found: {}", error.message), error.hint.clone())),
                None => Err(Problem::usage(
                    format!("there is no `{target}` at {} (any more): nothing was sent", self.source),
                    "`triops once --format json` prints ids",
                )),
            },
        }
    }

    /// The step that is meant, as it is now.
    async fn step_of(&self, source: &dyn Source, run: &Arc<Entity>) -> Result<Option<Arc<Step>>, Problem> {
        let Some(wanted) = &self.step else { return Ok(None) };
        let Answer::Steps(steps) = source.ask(&Ask::Steps { run: Arc::clone(run) }).await? else { return Ok(None) };
        let known = steps.iter().map(|step| step.key.as_str()).collect::<Vec<_>>().join(", ");
        let found = steps.into_iter().find(|step| *step.key == *wanted || *step.name == *wanted);
        let hint = if known.is_empty() { "it has no steps".to_owned() } else { format!("there is {known}") };
        found.map(|step| Some(Arc::new(step))).ok_or_else(|| Problem::usage(format!("{} has no step `{wanted}`", run.title()), hint))
    }

    fn order(&self, action: &str, target: Arc<Entity>) -> Result<Order, Problem> {
        let mut order = Order::new(1, ActionId::from(action), target, Text::from(actor::user()), now());
        for value in &self.values {
            let (name, value) = value
                .split_once('=')
                .ok_or_else(|| Problem::usage(format!("`--set {value}` is no NAME=VALUE"), "write --set name=value"))?;
            order.values.push((Text::from(name), Text::from(value)));
        }
        Ok(order)
    }

    /// What can be done, to the target or to any entity of the source.
    async fn list(&self, config: &Config, gate: &Gate, seat: &Seat, source: &dyn Source) -> Result<Exit, Problem> {
        let entities = match &self.target {
            Some(target) => vec![self.find(config, seat, source, target).await?],
            None => gather(std::slice::from_ref(seat), config, self.limit.duration()).await.entities,
        };
        let mut rows = Vec::new();
        for entity in &entities {
            for offer in gate.offers(source, entity, None).await? {
                let why = offer.applies.why_not().map_or_else(String::new, |why| format!("no: {}", why.first_line()));
                rows.push([entity.id.to_string(), offer.id.to_string(), offer.danger.to_string(), offer.title.to_string(), why]);
            }
        }
        output::print(&output::table(["TARGET", "ACTION", "DANGER", "WHAT", "NOW"], &rows))?;
        Ok(Exit::Ok)
    }

    fn confirmed(
        &self,
        rules: &Rules,
        source: &dyn Source,
        order: &Order,
        offer: Option<&Offer>,
        preview: &Preview,
    ) -> Result<bool, Problem> {
        let danger = offer.map_or(crate::domain::Danger::Destructive, |offer| offer.danger);
        let confirm = rules.confirm(source.info(), &order.target, danger);
        if self.yes || confirm == Confirm::None {
            return Ok(true);
        }
        output::complain(&shown(order, preview));
        if !io::stdin().is_terminal() {
            return Ok(false);
        }
        let phrase = Phrase::of(&order.target);
        let named = confirm == Confirm::TypeName;
        output::complain(&format!("{danger}; type `{}` to do it:", if named { phrase.wanted() } else { "yes" }));
        let failed = |error: io::Error| Problem::failed(format!("reading the confirmation: {error}"), "--yes confirms");
        io::stderr().flush().map_err(failed)?;
        let mut typed = String::new();
        io::stdin().lock().read_line(&mut typed).map_err(failed)?;
        let typed = typed.trim_end_matches(['\n', '\r']);
        Ok(if named { phrase.is(typed) } else { typed == "yes" })
    }

    /// Asks again until it has come about or its time is up; `None` if nothing is awaited.
    async fn settle(&self, source: &dyn Source, order: &Order, receipt: &Receipt) -> Option<bool> {
        let awaited = receipt.awaited.clone().filter(|_| !self.no_wait)?;
        let kind: Kind = awaited.of.as_str().split('/').nth(1).and_then(|word| serde_json::from_value(word.into()).ok())?;
        let mut awaiting = Awaiting::new(awaited.clone(), order.attempt, &order.target, now());
        let mut known = Some(Arc::clone(&order.target)).filter(|target| target.id == awaited.of);
        loop {
            match awaiting.look(known.as_deref(), now()) {
                Settling::Settled => return Some(true),
                Settling::TimedOut => return Some(false),
                Settling::Waits { ask: false } => tokio::time::sleep(Duration::from_millis(200)).await,
                Settling::Waits { ask: true } => {
                    let polls = source.info().polls.iter().filter(|poll| poll.kinds.contains(&kind));
                    let fetched = ask(source, polls, self.limit.duration()).await;
                    let answers: Vec<_> = fetched.into_iter().filter_map(|fetched| fetched.outcome.ok()).collect();
                    let found = answers.iter().flat_map(|batch| &batch.entities).find(|entity| entity.id == awaited.of);
                    match found {
                        Some(entity) => known = Some(Arc::new(entity.clone())),
                        None if answers.iter().any(|batch| batch.scope == crate::domain::Scope::Whole) => known = None,
                        None => {}
                    }
                }
            }
        }
    }

    fn told(&self, order: &Order, preview: Option<&Preview>, outcome: &Outcome, settled: Option<bool>) -> Result<Exit, Problem> {
        let preview = if let Outcome::DryRun(preview) = outcome { Some(preview) } else { preview };
        let receipt = if let Outcome::Done(receipt) = outcome { Some(receipt) } else { None };
        let undo = receipt.and_then(|receipt| receipt.undo.as_ref()).or_else(|| preview.and_then(|preview| preview.undo.as_ref()));
        let error = match outcome {
            Outcome::Done(_) | Outcome::DryRun(_) => None,
            Outcome::Failed(failure) => Some(failure.to_string()),
            Outcome::Refused(why) | Outcome::Cancelled(why) => Some(why.to_string()),
        };
        match self.format {
            Format::Json => output::print_json(&Report {
                outcome: outcome.verdict().word(),
                source: order.target.id.source(),
                action: &order.action,
                target: &order.target,
                requests: preview.map_or(&[], |preview| &preview.requests),
                notes: preview.map_or(&[], |preview| &preview.notes),
                undo,
                said: receipt.map(|receipt| &receipt.said),
                made: receipt.and_then(|receipt| receipt.made.as_ref()).map(ToString::to_string),
                error: error.clone(),
                settled,
            })?,
            Format::Table => {
                let mut lines = Vec::new();
                if let (Outcome::DryRun(_), Some(preview)) = (outcome, preview) {
                    lines.push(shown(order, preview));
                }
                lines.push(format!("{}: {} {}", outcome.verdict().word(), order.action, order.title()));
                lines.extend(receipt.map(|receipt| format!("  {}", receipt.said)));
                lines.extend(receipt.and_then(|receipt| receipt.copy.as_ref()).map(|copy| format!("  {copy}")));
                lines.extend(receipt.and_then(|receipt| receipt.made.as_ref()).map(|made| format!("  made {made}")));
                lines.extend(receipt.and(undo).map(|undo| format!("  undo: {undo}")));
                if let (Some(settled), Some(awaited)) = (settled, receipt.and_then(|receipt| receipt.awaited.as_ref())) {
                    let word = if settled { "settled" } else { "not settled in time" };
                    lines.push(format!("  {}: {word}", awaited.word));
                }
                output::print(&(lines.join("\n") + "\n"))?;
            }
        }
        if let Some(error) = error {
            return Err(Problem::failed(
                error,
                if let Outcome::Failed(failure) = outcome { failure.hint.to_string() } else { String::new() },
            ));
        }
        Ok(if settled == Some(false) { Exit::Failed } else { Exit::Ok })
    }
}

/// The whole of a preview, for a person.
fn shown(order: &Order, preview: &Preview) -> String {
    let mut lines = vec![format!("{} {} {}", order.action, order.target.kind(), order.title())];
    lines.extend(preview.requests.iter().map(|request| format!("  {request}")));
    lines.extend(preview.notes.iter().map(|note| format!("  note: {note}")));
    lines.extend(preview.undo.iter().map(|undo| format!("  undo: {undo}")));
    lines.join("\n")
}
