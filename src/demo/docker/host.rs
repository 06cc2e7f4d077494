//! What the engine tells of itself: ping, version, info.
//! Not for: containers.

use serde_json::{Value, json};

use crate::demo::chance;
use crate::demo::docker::{NEWEST, OLDEST, VERSION};
use crate::demo::stamp;
use crate::demo::system::Reply;
use crate::demo::world::{ContainerState, World};

/// Cores of the machine.
pub const CORES: u32 = 8;
/// Memory of the machine, bytes.
pub const MEMORY: u64 = 33_567_113_216;

/// `GET /_ping`.
pub fn ping() -> Reply {
    Reply::new(200, "text/plain; charset=utf-8", "OK")
        .header("cache-control", "no-cache, no-store, must-revalidate")
        .header("pragma", "no-cache")
}

/// `GET /version`.
pub fn version() -> Value {
    let (newest, oldest) = (format!("{}.{}", NEWEST.0, NEWEST.1), format!("{}.{}", OLDEST.0, OLDEST.1));
    json!({
        "Platform": {"Name": ""},
        "Components": [
            {
                "Name": "Engine",
                "Version": VERSION,
                "Details": {
                    "ApiVersion": newest, "Arch": "amd64", "BuildTime": "2026-05-07T21:09:36.000000000+00:00", "Experimental": "false",
                    "GitCommit": "5d6db84", "GoVersion": "go1.19.8", "KernelVersion": "6.1.0", "MinAPIVersion": oldest, "Os": "linux"
                }
            },
            {"Name": "containerd", "Version": "1.6.20~ds1", "Details": {"GitCommit": "1.6.20~ds1-1+deb12u3"}},
            {"Name": "runc", "Version": "1.1.5+ds1", "Details": {"GitCommit": "1.1.5+ds1-1+deb12u1"}},
            {"Name": "docker-init", "Version": "0.19.0", "Details": {"GitCommit": ""}}
        ],
        "Version": VERSION,
        "ApiVersion": newest,
        "MinAPIVersion": oldest,
        "GitCommit": "5d6db84",
        "GoVersion": "go1.19.8",
        "Os": "linux",
        "Arch": "amd64",
        "KernelVersion": "6.1.0",
        "BuildTime": "2026-05-07T21:09:36.000000000+00:00"
    })
}

/// `GET /info`.
pub fn info(world: &World) -> Value {
    let containers = world.containers();
    let count = |wanted: &[ContainerState]| containers.iter().filter(|container| wanted.contains(&container.state)).count();
    let images: std::collections::BTreeSet<&str> = containers.iter().map(|container| container.image.as_str()).collect();
    let id = chance::hex(world.seed(), &["engine", &world.site().to_string()], 48).to_uppercase();
    let id: Vec<&str> = (0..12).map(|part| &id[part * 4..part * 4 + 4]).collect();
    json!({
        "ID": id.join(":"),
        "Containers": containers.len(),
        "ContainersRunning": count(&[ContainerState::Running, ContainerState::Restarting]),
        "ContainersPaused": count(&[ContainerState::Paused]),
        "ContainersStopped": count(&[ContainerState::Exited]),
        "Images": images.len(),
        "Driver": "overlay2",
        "MemoryLimit": true,
        "SwapLimit": true,
        "CpuCfsPeriod": true,
        "CpuCfsQuota": true,
        "PidsLimit": true,
        "IPv4Forwarding": true,
        "Debug": false,
        "OomKillDisable": true,
        "SystemTime": stamp::nanos(world.now(), "engine"),
        "LoggingDriver": "json-file",
        "CgroupDriver": "cgroupfs",
        "CgroupVersion": "1",
        "NEventsListener": 0,
        "KernelVersion": "6.1.0",
        "OperatingSystem": "Debian GNU/Linux 12 (bookworm)",
        "OSVersion": "12",
        "OSType": "linux",
        "Architecture": "x86_64",
        "NCPU": CORES,
        "MemTotal": MEMORY,
        "DockerRootDir": "/var/lib/docker",
        "Name": name(world),
        "Labels": [],
        "ExperimentalBuild": false,
        "ServerVersion": VERSION,
        "DefaultRuntime": "runc",
        "Swarm": {"NodeID": "", "NodeAddr": "", "LocalNodeState": "inactive", "ControlAvailable": false, "Error": "", "RemoteManagers": null},
        "LiveRestoreEnabled": false,
        "Isolation": "",
        "InitBinary": "docker-init",
        "SecurityOptions": ["name=seccomp,profile=default"],
        "Warnings": null
    })
}

/// The machine's name.
fn name(world: &World) -> String {
    format!("host-{}", world.site() + 1)
}
