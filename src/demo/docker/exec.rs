//! Running something inside of a container: the images hold one program and no shell, so what is asked for is never found.
//! Not for: attaching to anything.
//!
//! A real engine says so after it has upgraded the connection; here it is said at once, which clients show alike.

use serde_json::{Value, json};

use crate::demo::chance;
use crate::demo::docker::{find, no_such, refused};
use crate::demo::system::{Reply, Request};
use crate::demo::world::{ContainerState, World};

/// Digits of a container's id that its execs begin with.
const OF: usize = 32;
/// What a shell ends with that finds no program.
const NOT_FOUND: i64 = 126;

/// `POST /containers/{id}/exec`.
pub fn create(world: &World, id: &str, request: &Request) -> Reply {
    let Some(container) = find(world, id) else { return no_such(id) };
    let command = request.json().unwrap_or_default()["Cmd"].clone();
    if command.as_array().is_none_or(Vec::is_empty) {
        return refused(400, "No exec command specified");
    }
    match container.state {
        ContainerState::Exited => refused(409, &format!("Container {} is not running", container.id)),
        ContainerState::Restarting => {
            refused(409, &format!("Container {} is restarting, wait until the container is running", container.id))
        }
        ContainerState::Paused => refused(409, &format!("Container {id} is paused, unpause the container before exec")),
        ContainerState::Running => {
            let rest = chance::hex(world.seed(), &["exec", &command.to_string(), &world.now().to_string()], 64 - OF);
            Reply::json(201, &json!({"Id": format!("{}{rest}", &container.id[..OF])}))
        }
    }
}

/// `POST /exec/{id}/start`.
pub fn start(world: &World, exec: &str) -> Reply {
    if container_of(world, exec).is_none() {
        return refused(404, &format!("No such exec instance: {exec}"));
    }
    let told = "exec failed: unable to start container process: exec: \"/bin/sh\": stat /bin/sh: no such file or directory: unknown";
    refused(400, &format!("OCI runtime exec failed: {told}"))
}

/// `GET /exec/{id}/json`.
pub fn inspect(world: &World, exec: &str) -> Reply {
    let Some(container) = container_of(world, exec) else { return refused(404, &format!("No such exec instance: {exec}")) };
    let value: Value = json!({
        "ID": exec,
        "Running": false,
        "ExitCode": NOT_FOUND,
        "ProcessConfig": {"tty": true, "entrypoint": "/bin/sh", "arguments": [], "privileged": false},
        "OpenStdin": true,
        "OpenStderr": true,
        "OpenStdout": true,
        "CanRemove": false,
        "ContainerID": container,
        "DetachKeys": "",
        "Pid": 0
    });
    Reply::json(200, &value)
}

fn container_of(world: &World, exec: &str) -> Option<String> {
    let begins = exec.get(..OF).filter(|_| exec.len() == 64)?;
    find(world, begins).map(|container| container.id)
}
