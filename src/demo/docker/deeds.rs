//! What is done to a container: start, stop, restart, kill, pause, unpause, remove; and when the engine refuses.
//! Not for: what follows (see `world::containers`).

use crate::demo::deed::Act;
use crate::demo::docker::{find, is_set, no_such, refused};
use crate::demo::system::{Reply, Request};
use crate::demo::world::{Container, ContainerState, World};

/// The engine does not know who asks; whoever reaches its socket is root.
const BY: &str = "root";
/// Signals that end a process that does not handle them, with their numbers.
const SIGNALS: [(&str, i64); 12] = [
    ("HUP", 1),
    ("INT", 2),
    ("QUIT", 3),
    ("ABRT", 6),
    ("KILL", 9),
    ("USR1", 10),
    ("SEGV", 11),
    ("USR2", 12),
    ("TERM", 15),
    ("CONT", 18),
    ("STOP", 19),
    ("WINCH", 28),
];

/// `POST /containers/{id}/{verb}`.
pub fn answer(world: &World, id: &str, verb: &str, request: &Request) -> Reply {
    let Some(container) = find(world, id) else {
        return if verb == "kill" { refused(404, &format!("Cannot kill container: {id}: No such container: {id}")) } else { no_such(id) };
    };
    if let Some(text) = request.param("t").filter(|text| !text.is_empty() && text.parse::<i64>().is_err()) {
        return refused(500, &format!("strconv.Atoi: parsing \"{text}\": invalid syntax"));
    }
    let (state, name) = (container.state, container.name.clone());
    let done = |act: Act| Reply::empty(204).after(world, BY, act);
    match (verb, state) {
        ("start", ContainerState::Running | ContainerState::Restarting) | ("stop", ContainerState::Exited) => Reply::empty(304),
        ("start", ContainerState::Paused) => refused(409, "cannot start a paused container, try unpause instead"),
        ("start", ContainerState::Exited) => done(Act::Start(name)),
        ("stop", _) => done(Act::Stop(name)),
        ("restart", _) => done(Act::Restart(name)),
        ("kill", _) => kill(world, id, &container, request),
        ("pause", ContainerState::Running) => done(Act::Pause(name)),
        ("pause", ContainerState::Paused) => refused(409, &format!("Container {} is already paused", container.id)),
        ("pause", ContainerState::Restarting) => {
            refused(409, &format!("Container {} is restarting, wait until the container is running", container.id))
        }
        ("pause", ContainerState::Exited) => refused(409, &not_running(&container)),
        (_, ContainerState::Paused) => done(Act::Unpause(name)),
        (_, _) => refused(500, &format!("Container {} is not paused", container.id)),
    }
}

fn kill(world: &World, id: &str, container: &Container, request: &Request) -> Reply {
    let asked = request.param("signal").filter(|signal| !signal.is_empty()).unwrap_or("KILL");
    let Some(signal) = signal(asked) else { return refused(400, &format!("Invalid signal: {asked}")) };
    if container.state == ContainerState::Exited {
        return refused(409, &format!("Cannot kill container: {id}: {}", not_running(container)));
    }
    let name = container.name.clone();
    match signal {
        9 | 6 | 11 => Reply::empty(204).after(world, BY, Act::Kill(name)),
        // what the services end upon in good order
        2 | 3 | 15 => Reply::empty(204).after(world, BY, Act::Stop(name)),
        _ => Reply::empty(204),
    }
}

/// By number or name, with or without `SIG`.
fn signal(text: &str) -> Option<i64> {
    let name = text.to_uppercase();
    let name = name.strip_prefix("SIG").unwrap_or(&name);
    match text.parse::<i64>() {
        Ok(number) => (1..=64).contains(&number).then_some(number),
        Err(_) => SIGNALS.iter().find(|(own, _)| *own == name).map(|(_, number)| *number),
    }
}

/// `DELETE /containers/{id}`.
pub fn remove(world: &World, id: &str, request: &Request) -> Reply {
    let Some(container) = find(world, id) else { return no_such(id) };
    if container.state != ContainerState::Exited && !is_set(request, "force") {
        let words = "Stop the container before attempting removal or force remove";
        return refused(409, &format!("You cannot remove a running container {}. {words}", container.id));
    }
    Reply::empty(204).after(world, BY, Act::Remove(container.name))
}

fn not_running(container: &Container) -> String {
    format!("Container {} is not running", container.id)
}
