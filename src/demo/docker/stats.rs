//! `GET /containers/{id}/stats`: counters of one container, as an engine with cgroup v1 tells them; at once, after a second, or for ever.
//! Not for: the cores that follow from two of them (the cockpit computes them).

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::demo::docker::host::CORES;
use crate::demo::docker::{body, is_set};
use crate::demo::stamp;
use crate::demo::system::{Feed, Piece, Reply, Request};
use crate::demo::world::{Container, World};
use crate::domain::Timestamp;

/// Ticks a second of the kernel's clock of user and kernel time.
const TICK_NS: u64 = 10_000_000;

/// Answers it.
pub fn answer(world: &World, container: &Container, request: &Request) -> Reply {
    if request.param("stream").is_none() || is_set(request, "stream") {
        return Reply::feed("application/json", Samples { name: container.name.clone(), last: None });
    }
    let before = if is_set(request, "one-shot") { None } else { before(world, container) };
    Reply::json(200, &sample(world, container, before.as_ref()))
}

/// The same container a second ago.
fn before(world: &World, container: &Container) -> Option<(World, Container)> {
    let then = world.at(world.now().plus(-1.0));
    let container = then.container(container.service).filter(|before| before.id == container.id)?;
    Some((then, container))
}

/// One sample a second, until the container is gone.
#[derive(Debug)]
struct Samples {
    name: String,
    last: Option<Timestamp>,
}

impl Feed for Samples {
    fn next(&mut self, world: &World) -> Piece {
        if self.last.is_some_and(|last| world.now().since(last) < 1.0) {
            return Piece::Nothing;
        }
        self.last = Some(world.now());
        let Some(container) = world.service(&self.name).and_then(|service| world.container(service)) else {
            return Piece::Last(Bytes::new());
        };
        let before = before(world, &container);
        Piece::Bytes(Bytes::from(format!("{}\n", sample(world, &container, before.as_ref()))))
    }
}

fn sample(world: &World, container: &Container, before: Option<&(World, Container)>) -> Value {
    let up = container.pid > 0;
    let read = |world: &World| if up { stamp::nanos(world.now(), &container.id) } else { stamp::NEVER.to_owned() };
    let mut value = json!({
        "read": read(world),
        "preread": before.map_or_else(|| stamp::NEVER.to_owned(), |(then, _)| read(then)),
        "pids_stats": if up { json!({"current": 2 + container.pid % 14}) } else { json!({}) },
        "blkio_stats": blocks(up),
        "num_procs": 0,
        "storage_stats": {},
        "cpu_stats": processor(world, container),
        "precpu_stats": before.map_or_else(idle, |(then, container)| processor(then, container)),
        "memory_stats": if up { memory(container) } else { json!({}) },
        "name": format!("/{}", container.name),
        "id": container.id
    });
    if body::is_up(container) && up {
        value["networks"] = json!({"eth0": {
            "rx_bytes": container.rx_bytes, "rx_packets": container.rx_bytes / 640, "rx_errors": 0, "rx_dropped": 0,
            "tx_bytes": container.tx_bytes, "tx_packets": container.tx_bytes / 910, "tx_errors": 0, "tx_dropped": 0
        }});
    }
    value
}

fn idle() -> Value {
    json!({
        "cpu_usage": {"total_usage": 0, "usage_in_kernelmode": 0, "usage_in_usermode": 0},
        "throttling_data": {"periods": 0, "throttled_periods": 0, "throttled_time": 0}
    })
}

/// Nanoseconds of the container and of the whole machine since it was booted, a day before the world was born.
fn processor(world: &World, container: &Container) -> Value {
    if container.pid == 0 {
        return idle();
    }
    let total = (container.cpu_s.max(0.0) * 1e9) as u64;
    let each = total / u64::from(CORES);
    let per_core: Vec<u64> = (0..CORES).map(|core| if core == 0 { total - each * u64::from(CORES - 1) } else { each }).collect();
    let ticks = |nanoseconds: u64| nanoseconds / TICK_NS * TICK_NS;
    let booted = world.born().plus(-86_400.0);
    let machine_ms = (world.now().ms() - booted.ms()).max(0).cast_unsigned() * u64::from(CORES);
    json!({
        "cpu_usage": {
            "total_usage": total, "percpu_usage": per_core,
            "usage_in_kernelmode": ticks(total / 5), "usage_in_usermode": ticks(total - total / 5)
        },
        "system_cpu_usage": machine_ms * 1_000_000,
        "online_cpus": CORES,
        "throttling_data": {"periods": 0, "throttled_periods": 0, "throttled_time": 0}
    })
}

/// What is used, and the file pages that the kernel would give back at once beside it.
fn memory(container: &Container) -> Value {
    let (used, limit) = (container.memory, container.memory_limit);
    let idle_pages = ((limit - used.min(limit)) / 16).min(24 << 20) / 4096 * 4096;
    let numbers = [
        ("active_anon", used / 10 * 8),
        ("active_file", used / 20),
        ("cache", idle_pages + used / 20),
        ("inactive_anon", used / 10),
        ("inactive_file", idle_pages),
        ("mapped_file", used / 40),
        ("pgfault", used / 3000),
        ("pgmajfault", 4),
        ("rss", used / 10 * 9),
        ("rss_huge", 0),
        ("unevictable", 0),
        ("writeback", 0),
        ("dirty", 0),
    ];
    let mut stats: Map<String, Value> = numbers.iter().map(|(name, number)| ((*name).to_owned(), Value::from(*number))).collect();
    // with cgroup v1 the totals count children too; there are none
    stats.extend(numbers.iter().map(|(name, number)| (format!("total_{name}"), Value::from(*number))));
    stats.insert("hierarchical_memory_limit".to_owned(), Value::from(limit));
    json!({"usage": used + idle_pages, "max_usage": (used + idle_pages).max(limit / 2), "stats": stats, "limit": limit})
}

fn blocks(up: bool) -> Value {
    let none = || if up { json!([]) } else { Value::Null };
    json!({
        "io_service_bytes_recursive": none(), "io_serviced_recursive": none(), "io_queue_recursive": none(),
        "io_service_time_recursive": none(), "io_wait_time_recursive": none(), "io_merged_recursive": none(),
        "io_time_recursive": none(), "sectors_recursive": none()
    })
}
