//! What can be done to a container: the verbs of the engine, and the command that opens a shell elsewhere.
//! Not for: whether it may be done (see `runtime::act`), what a container is (see `facts`), the shell itself (see `shell`).

use std::collections::BTreeMap;

use super::facts::Facts;
use super::{Docker, shell};
use crate::domain::{
    ActionId, Applies, Awaited, Danger, Entity, Failure, FailureKind, Field, FieldKind, Inverse, Kind, Offer, Order, Receipt, Text, Until,
};
use crate::source::http::{Method, Request};
use crate::source::own::quoted;
use crate::source::{Deed, Pending};

/// Seconds a restarted or stopped container is waited for: the engine itself waits 10 before it kills.
const PATIENCE_S: f64 = 45.0;
/// What a process can be sent.
const SIGNALS: [&str; 7] = ["SIGTERM", "SIGKILL", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"];

/// A verb of the engine.
struct Verb {
    id: &'static str,
    title: &'static str,
    danger: Danger,
    /// The verb that takes it back.
    undo: Option<&'static str>,
    touches: Option<&'static str>,
    /// The engine's words for states in which it makes sense.
    when: &'static [&'static str],
    delete: bool,
    /// Behind the container's path.
    path: &'static str,
    /// What is awaited, and what the row says meanwhile.
    awaits: Option<(&'static str, &'static str)>,
}

const RUNS: &[&str] = &["running", "restarting"];
const ENDED: &[&str] = &["exited", "stopped", "created", "configured", "initialized", "dead"];

/// All verbs but those that answer nothing or take the terminal.
const VERBS: &[Verb] = &[
    Verb {
        id: "restart",
        title: "Restart",
        danger: Danger::Disruptive,
        undo: None,
        touches: Some("its process ends (killed after 10 s) and begins anew"),
        when: &["running", "restarting", "exited", "stopped", "dead"],
        delete: false,
        path: "restart",
        awaits: Some(("newer", "restarting")),
    },
    Verb {
        id: "stop",
        title: "Stop",
        danger: Danger::Disruptive,
        undo: Some("start"),
        touches: Some("its process ends (killed after 10 s) and stays away"),
        when: &["running", "restarting", "paused"],
        delete: false,
        path: "stop",
        awaits: Some(("newer", "stopping")),
    },
    Verb {
        id: "start",
        title: "Start",
        danger: Danger::Disruptive,
        undo: Some("stop"),
        touches: None,
        when: ENDED,
        delete: false,
        path: "start",
        awaits: Some(("newer", "starting")),
    },
    Verb {
        id: "pause",
        title: "Pause: freeze its processes",
        danger: Danger::Disruptive,
        undo: Some("unpause"),
        touches: Some("it answers nobody until it goes on"),
        when: &["running"],
        delete: false,
        path: "pause",
        awaits: Some(("state=warning", "pausing")),
    },
    Verb {
        id: "unpause",
        title: "Let its processes go on",
        danger: Danger::Reversible,
        undo: Some("pause"),
        touches: None,
        when: &["paused"],
        delete: false,
        path: "unpause",
        awaits: Some(("state!=warning", "going on")),
    },
    Verb {
        id: "kill",
        title: "Send a signal",
        danger: Danger::Destructive,
        undo: None,
        touches: Some("what its process has not written is lost, if the signal ends it"),
        when: &["running", "restarting", "paused"],
        delete: false,
        path: "kill",
        awaits: None,
    },
    Verb {
        id: "remove",
        title: "Remove it",
        danger: Danger::Destructive,
        undo: None,
        touches: Some("its log and what it wrote outside volumes are lost; volumes stay"),
        when: ENDED,
        delete: true,
        path: "",
        awaits: Some(("gone", "removing")),
    },
];

const DEBUG: &str = "debug-command";

impl Docker {
    /// What can be done to a container. Looks at what is remembered of it alone.
    pub(super) fn offered(&self, entity: &Entity) -> Vec<Offer> {
        if entity.kind() != Kind::Workload {
            return Vec::new();
        }
        let status = self.engine.ledger().known(entity.id.key()).map(|known| known.facts.status.clone());
        let status = status.as_deref();
        let mut offers: Vec<Offer> = VERBS.iter().map(|verb| verb.offer(status)).collect();
        offers.push(Offer { applies: applies(RUNS, status), ..shell::offer() });
        offers.push(Offer { bulk: false, ..Offer::new(DEBUG, "Copy the command that opens a shell", Danger::Safe) });
        offers
    }

    /// The request of a verb, after a look at the container as it is now.
    pub(super) async fn prepared<'a>(&'a self, order: &'a Order) -> Result<Deed<'a>, Failure> {
        let id = order.target.id.key();
        match order.action.as_str() {
            DEBUG => return Ok(self.debug_command(order)),
            shell::SHELL => return self.shell_deed(order).await,
            _ => {}
        }
        let verb = VERBS.iter().find(|verb| verb.id == order.action.as_str()).ok_or_else(|| unknown(&order.action))?;
        let facts = self.now(id, verb.when).await?;
        let dialect = self.engine.dialect().await?;
        let path = dialect.container(id, verb.path);
        let method = if verb.delete { Method::DELETE } else { Method::POST };
        let mut request = Request { method, path: path.trim_end_matches('/').to_owned(), ..Request::default() };
        if verb.id == "kill" {
            request = request.query("signal", order.value("signal").map_or(SIGNALS[0], |signal| signal.as_str()));
        }
        let requests = vec![Text::from(self.acting.shown(&request)?)];
        let send = Box::new(move || -> Pending<'a, Receipt> {
            Box::pin(async move {
                let answer = self.acting.send(request).await?;
                let awaited = verb.awaits.and_then(|(until, word)| {
                    let until: Until = until.parse().ok()?;
                    Some(Awaited { of: order.target.id.clone(), word: Text::from(word), until, timeout_s: PATIENCE_S })
                });
                let inverse = verb.undo.map(|undo| Inverse {
                    action: ActionId::from(undo),
                    target: order.target.id.clone(),
                    values: BTreeMap::new(),
                });
                Ok(Receipt { awaited, inverse, ..Receipt::said(answer.status.to_string()) })
            })
        });
        Ok(Deed { requests, given: vec![given(&facts)], notes: Vec::new(), undo: verb.undo.map(Text::from), send })
    }

    /// The container as the engine has it now; a conflict if what was wished no longer makes sense.
    async fn now(&self, id: &str, when: &[&str]) -> Result<Facts, Failure> {
        let gone = |what: String| Failure::new(FailureKind::Conflict, "look at the container", what);
        let facts = self.engine.inspect(id).await?.ok_or_else(|| gone("it is gone".to_owned()))?;
        if when.contains(&facts.status.as_str()) { Ok(facts) } else { Err(gone(format!("it is {} now", facts.status))) }
    }

    async fn shell_deed<'a>(&'a self, order: &'a Order) -> Result<Deed<'a>, Failure> {
        let facts = self.now(order.target.id.key(), &["running"]).await?;
        let requests = vec![Text::from(self.acting.shown(&self.exec_request(order).await?)?)];
        let refused = || Failure::new(FailureKind::Unsupported, "open a shell", "it takes the terminal, and there is none here");
        let hint = format!("`{}` opens one", command(order));
        let send = Box::new(move || -> Pending<'a, Receipt> { Box::pin(async move { Err(refused().hint(hint)) }) });
        Ok(Deed { requests, given: vec![given(&facts)], notes: Vec::new(), undo: None, send })
    }

    fn debug_command<'a>(&'a self, order: &'a Order) -> Deed<'a> {
        let command = command(order);
        let requests = vec![Text::from(format!("(nothing is sent; copied is) {command}"))];
        let send = Box::new(move || -> Pending<'a, Receipt> {
            Box::pin(async move { Ok(Receipt { copy: Some(Text::from(command.as_str())), ..Receipt::said(command) }) })
        });
        Deed { requests, given: Vec::new(), notes: Vec::new(), undo: None, send }
    }
}

impl Verb {
    fn offer(&self, status: Option<&str>) -> Offer {
        let mut offer = Offer {
            undo: self.undo.map(Text::from),
            touches: self.touches.map(Text::from),
            applies: applies(self.when, status),
            ..Offer::new(self.id, self.title, self.danger)
        };
        if self.id == "kill" {
            let choices = SIGNALS.iter().copied().map(Text::from).collect();
            let preset = Some(Text::from(SIGNALS[0]));
            offer.form = vec![Field { required: true, preset, kind: FieldKind::Choice(choices), ..Field::new("signal", "Signal") }];
        }
        offer
    }
}

fn applies(when: &[&str], status: Option<&str>) -> Applies {
    match status {
        Some(status) if when.contains(&status) => Applies::Yes,
        Some(status) => Applies::No(Text::from(format!("it is {status}"))),
        None => Applies::No(Text::from("the engine has not told of it")),
    }
}

/// What must not change between showing and sending.
fn given(facts: &Facts) -> Text {
    let started = facts.started_at.map_or_else(|| "never".to_owned(), |at| at.to_string());
    Text::from(format!("{} since {started}", facts.status))
}

/// The command that opens a shell: in the container while it runs, else in a new one of its image.
fn command(order: &Order) -> String {
    let target = &order.target;
    let crate::domain::Detail::Workload(workload) = &target.detail else { return String::new() };
    let tool = workload.runtime.as_ref().map_or("docker", |runtime| runtime.as_str());
    match (&workload.image, workload.finished_at > workload.started_at) {
        (Some(image), true) => format!("{tool} run --rm -it --entrypoint sh {}", quoted(image)),
        _ => format!("{tool} exec -it {} sh", quoted(target.id.key())),
    }
}

fn unknown(action: &ActionId) -> Failure {
    Failure::new(FailureKind::Unsupported, format!("`{action}` a container"), "the engine has no such verb")
}
