//! One container as the list and the inspection write it.
//! Not for: choosing containers (see `list`), what they use (see `stats`).

use serde_json::{Map, Value, json};

use crate::demo::chance;
use crate::demo::company::{In, Service, in_market};
use crate::demo::docker::status;
use crate::demo::stamp;
use crate::demo::world::{Container, ContainerState, Health, World};
use crate::domain::Timestamp;

/// The Compose project that they all belong to.
const PROJECT: &str = "lumen";
/// Seconds between two runs of a health check.
const CHECK_S: i64 = 5;
/// Runs of a health check that the engine keeps.
const CHECKS_KEPT: i64 = 5;

/// Labels of a service's container, sorted by name.
pub fn labels(service: In<Service>, version: &str, commit: &str) -> Vec<(String, String)> {
    let depends = service.calls.iter().map(|called| format!("{called}:service_started:false")).collect::<Vec<_>>().join(",");
    let pairs = [
        ("com.docker.compose.container-number", "1".to_owned()),
        ("com.docker.compose.depends_on", depends),
        ("com.docker.compose.project", project(service)),
        ("com.docker.compose.service", service.name.to_owned()),
        ("org.opencontainers.image.revision", commit.to_owned()),
        ("org.opencontainers.image.version", version.to_owned()),
        ("service", service.full_name()),
        ("team", service.team.to_owned()),
    ];
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Labels of a container.
pub fn labels_of(container: &Container) -> Vec<(String, String)> {
    labels(container.service, &container.version, &container.commit)
}

fn project(service: In<Service>) -> String {
    in_market(PROJECT, service.market)
}

fn label_map(container: &Container) -> Map<String, Value> {
    labels_of(container).into_iter().map(|(name, value)| (name, Value::String(value))).collect()
}

/// Whether it has a process, or is about to.
pub fn is_up(container: &Container) -> bool {
    container.state != ContainerState::Exited
}

/// `running`, …
pub fn state_word(container: &Container) -> &'static str {
    match container.state {
        ContainerState::Running => "running",
        ContainerState::Restarting => "restarting",
        ContainerState::Exited => "exited",
        ContainerState::Paused => "paused",
    }
}

/// `healthy`, …; `none` while it does not run.
pub fn health_word(container: &Container) -> &'static str {
    container.health.map_or("none", word)
}

/// A health check's word.
pub fn word(health: Health) -> &'static str {
    match health {
        Health::Starting => "starting",
        Health::Healthy => "healthy",
        Health::Unhealthy => "unhealthy",
    }
}

fn status_line(world: &World, container: &Container) -> String {
    let since = |at: Timestamp| status::length(world.now().since(at));
    let ended = container.finished_at.map_or_else(String::new, since);
    match container.state {
        ContainerState::Paused => format!("Up {} (Paused)", since(container.started_at)),
        ContainerState::Running => {
            let health = match container.health {
                Some(Health::Starting) => " (health: starting)".to_owned(),
                Some(health) => format!(" ({})", word(health)),
                None => String::new(),
            };
            format!("Up {}{health}", since(container.started_at))
        }
        ContainerState::Restarting => format!("Restarting ({}) {ended} ago", container.exit_code),
        ContainerState::Exited => format!("Exited ({}) {ended} ago", container.exit_code),
    }
}

/// A row of the list.
pub fn row(world: &World, container: &Container) -> Value {
    let port = container.service.port;
    let ports = if matches!(container.state, ContainerState::Running | ContainerState::Paused) {
        json!([{"IP": "127.0.0.1", "PrivatePort": port, "PublicPort": port, "Type": "tcp"}])
    } else {
        json!([])
    };
    json!({
        "Id": container.id,
        "Names": [format!("/{}", container.name)],
        "Image": container.image,
        "ImageID": container.image_id,
        "Command": format!("/app/{} --port {port}", container.service.name),
        "Created": container.created_at.ms() / 1000,
        "Ports": ports,
        "Labels": label_map(container),
        "State": state_word(container),
        "Status": status_line(world, container),
        "HostConfig": {"NetworkMode": network(container)},
        "NetworkSettings": {"Networks": networks(world, container, false)},
        "Mounts": []
    })
}

/// `GET /containers/{id}/json`.
pub fn inspection(world: &World, container: &Container) -> Value {
    let (id, service) = (&container.id, container.service);
    let port = service.port.to_string();
    let exposed = format!("{port}/tcp");
    let folder = format!("/var/lib/docker/containers/{id}");
    let published = json!([{"HostIp": "127.0.0.1", "HostPort": port}]);
    let up = matches!(container.state, ContainerState::Running | ContainerState::Paused);
    json!({
        "Id": id,
        "Created": stamp::nanos(container.created_at, id),
        "Path": format!("/app/{}", service.name),
        "Args": ["--port", port],
        "State": state(world, container),
        "Image": container.image_id,
        "ResolvConfPath": format!("{folder}/resolv.conf"),
        "HostnamePath": format!("{folder}/hostname"),
        "HostsPath": format!("{folder}/hosts"),
        "LogPath": format!("{folder}/{id}-json.log"),
        "Name": format!("/{}", container.name),
        "RestartCount": container.restarts,
        "Driver": "overlay2",
        "Platform": "linux",
        "MountLabel": "",
        "ProcessLabel": "",
        "AppArmorProfile": "",
        "ExecIDs": null,
        "HostConfig": {
            "Binds": null,
            "LogConfig": {"Type": "json-file", "Config": {}},
            "NetworkMode": network(container),
            "PortBindings": {&exposed: published},
            "RestartPolicy": {"Name": restart_policy(container), "MaximumRetryCount": 0},
            "AutoRemove": false,
            "Privileged": false,
            "ReadonlyRootfs": false,
            "Runtime": "runc",
            "Memory": container.memory_limit,
            "MemorySwap": container.memory_limit,
            "NanoCpus": 0,
            "OomKillDisable": false
        },
        "Mounts": [],
        "Config": {
            "Hostname": &id[..12],
            "Domainname": "",
            "User": "",
            "AttachStdin": false,
            "AttachStdout": false,
            "AttachStderr": false,
            "ExposedPorts": {&exposed: {}},
            "Tty": false,
            "OpenStdin": false,
            "StdinOnce": false,
            "Env": environment(container),
            "Cmd": [format!("/app/{}", service.name), "--port", port],
            "Healthcheck": {"Test": ["CMD-SHELL", format!("/app/probe http://127.0.0.1:{port}/healthz")], "Interval": CHECK_S * 1_000_000_000},
            "Image": container.image,
            "Volumes": null,
            "WorkingDir": "/app",
            "Entrypoint": null,
            "OnBuild": null,
            "Labels": label_map(container)
        },
        "NetworkSettings": {
            "Bridge": "",
            "SandboxID": if up { chance::hex(world.seed(), &["sandbox", id], 64) } else { String::new() },
            "Ports": if up { json!({&exposed: published}) } else { json!({}) },
            "Gateway": "",
            "IPAddress": "",
            "IPPrefixLen": 0,
            "MacAddress": "",
            "Networks": networks(world, container, true)
        }
    })
}

/// A broker whose disk is full would fill it further, so nothing starts it again by itself.
fn restart_policy(container: &Container) -> &'static str {
    if container.service.name == "events-broker" { "no" } else { "unless-stopped" }
}

fn state(world: &World, container: &Container) -> Value {
    let (state, id) = (container.state, container.id.as_str());
    let runs = state != ContainerState::Exited;
    let mut value = json!({
        "Status": state_word(container),
        "Running": runs,
        "Paused": state == ContainerState::Paused,
        "Restarting": state == ContainerState::Restarting,
        "OOMKilled": container.oom_killed,
        "Dead": false,
        "Pid": container.pid,
        "ExitCode": container.exit_code,
        "Error": "",
        "StartedAt": stamp::nanos(container.started_at, id),
        "FinishedAt": container.finished_at.map_or_else(|| stamp::NEVER.to_owned(), |at| stamp::nanos(at, id))
    });
    value["Health"] = health(world, container);
    value
}

/// The last runs of the health check: every few seconds on the wall clock since the process began.
fn health(world: &World, container: &Container) -> Value {
    let Some(health) = container.health else {
        // what the engine says once it checks no more
        return json!({"Status": "unhealthy", "FailingStreak": 0, "Log": []});
    };
    let lived = world.now().since(container.started_at).max(0.0) as i64 / CHECK_S;
    let log: Vec<Value> = ((lived - CHECKS_KEPT + 1).max(1)..=lived)
        .map(|count| {
            let start = container.started_at.plus((count * CHECK_S) as f64);
            let sick = health == Health::Unhealthy;
            json!({
                "Start": stamp::nanos(start, &container.id),
                "End": stamp::nanos(start.plus(0.07), &container.id),
                "ExitCode": u8::from(sick),
                "Output": if sick { "connection refused" } else { "" }
            })
        })
        .collect();
    let streak = if health == Health::Unhealthy { log.len() } else { 0 };
    json!({"Status": word(health), "FailingStreak": streak, "Log": log})
}

fn environment(container: &Container) -> Vec<String> {
    let service = container.service;
    let mut variables = vec![
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned(),
        format!("SERVICE={}", container.name),
        format!("VERSION={}", container.version),
        format!("TEAM={}", service.team),
    ];
    variables.extend(service.model.map(|model| format!("MODEL_URI=models:/{model}@champion")));
    variables.extend(service.calls.iter().map(|called| format!("{}_URL=http://{called}", called.to_uppercase().replace('-', "_"))));
    variables
}

fn network(container: &Container) -> String {
    format!("{}_default", project(container.service))
}

/// Its place in its network. The list leaves out the names it has there.
fn networks(world: &World, container: &Container, named: bool) -> Value {
    let up = matches!(container.state, ContainerState::Running | ContainerState::Paused);
    let network = network(container);
    let said = |text: String| if up { text } else { String::new() };
    let mac: Vec<String> = container.address.split('.').filter_map(|part| Some(format!("{:02x}", part.parse::<u8>().ok()?))).collect();
    let place = json!({
        "IPAMConfig": null,
        "Links": null,
        "Aliases": named.then(|| json!([container.service.name, &container.id[..12]])),
        "NetworkID": chance::hex(world.seed(), &["network", &network], 64),
        "EndpointID": said(chance::hex(world.seed(), &["endpoint", &container.id], 64)),
        "Gateway": said("172.20.0.1".to_owned()),
        "IPAddress": said(container.address.clone()),
        "IPPrefixLen": if up { 16 } else { 0 },
        "IPv6Gateway": "",
        "GlobalIPv6Address": "",
        "GlobalIPv6PrefixLen": 0,
        "MacAddress": said(format!("02:42:{}", mac.join(":"))),
        "DriverOpts": null
    });
    json!({ network: place })
}
