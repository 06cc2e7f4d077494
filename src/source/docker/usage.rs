//! CPU, memory and network of a container from two samples, as the engine's own command line computes them.
//! Not for: asking for samples (see `poll`).
//!
//! Formulas: `docker stats` (docker/cli, `stats_helpers.go`) and `podman stats`. A number that cannot be computed is absent.

use crate::domain::Timestamp;

use super::answers::{DockerStats, MemoryStats, PodmanUsage};

/// Two samples closer than this say little: the machine's own CPU counter ticks every 10 ms.
const SHORTEST_WINDOW_S: f64 = 0.5;
/// More than any machine has; what engines write for "no limit" lies above.
const NO_LIMIT: u64 = 1 << 60;

/// Counters at one instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// When they were read, seconds since the epoch.
    pub at_s: f64,
    /// CPU time of the container, nanoseconds.
    pub cpu_ns: u64,
    /// CPU time, used or not, of all `cores` together, nanoseconds.
    pub machine_ns: u64,
    /// Cores that `machine_ns` counts.
    pub cores: u32,
    /// Bytes received.
    pub rx_bytes: Option<u64>,
    /// Bytes sent.
    pub tx_bytes: Option<u64>,
}

/// What a container uses.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Usage {
    /// Cores.
    pub cpu_cores: Option<f64>,
    /// Bytes, without what the kernel would give back at once.
    pub memory_bytes: Option<u64>,
    /// Bytes.
    pub memory_limit_bytes: Option<u64>,
    /// Bytes per second.
    pub net_rx_bps: Option<f64>,
    /// Bytes per second.
    pub net_tx_bps: Option<f64>,
}

impl Sample {
    /// Of a running container; `None` for one that does not run, whose answer is all zeros.
    pub fn docker(stats: &DockerStats) -> Option<Self> {
        let cpu = &stats.cpu_stats;
        let cores = cpu.online_cpus.filter(|cores| *cores > 0).or_else(|| u32::try_from(cpu.cpu_usage.percpu_usage.len()).ok());
        let traffic = |bytes: fn(&super::answers::Interface) -> u64| Some(stats.networks.as_ref()?.values().map(bytes).sum());
        Some(Self {
            at_s: Timestamp::parse(&stats.read)?.seconds(),
            cpu_ns: cpu.cpu_usage.total_usage,
            machine_ns: cpu.system_cpu_usage,
            cores: cores.unwrap_or(0),
            rx_bytes: traffic(|interface| interface.rx_bytes),
            tx_bytes: traffic(|interface| interface.tx_bytes),
        })
    }

    /// The sample before, which engines older than API 1.41 send along because they wait for it. Its instant is not told; the
    /// engine waits a second.
    pub fn docker_before(stats: &DockerStats) -> Option<Self> {
        let now = Self::docker(stats)?;
        let before = &stats.precpu_stats;
        (before.system_cpu_usage > 0).then_some(Self {
            at_s: now.at_s - 1.0,
            cpu_ns: before.cpu_usage.total_usage,
            machine_ns: before.system_cpu_usage,
            cores: now.cores,
            rx_bytes: None,
            tx_bytes: None,
        })
    }

    /// Podman counts against the clock: one core for as long as it took.
    pub fn podman(usage: &PodmanUsage) -> Option<Self> {
        let traffic = |total: Option<u64>, bytes: fn(&super::answers::PodmanInterface) -> u64| {
            usage.network.as_ref().map(|interfaces| interfaces.values().map(bytes).sum()).or(total)
        };
        (usage.system_nano > 0).then(|| Self {
            at_s: usage.system_nano as f64 / 1e9,
            cpu_ns: usage.cpu_nano,
            machine_ns: usage.system_nano,
            cores: 1,
            rx_bytes: traffic(usage.net_input, |interface| interface.rx_bytes),
            tx_bytes: traffic(usage.net_output, |interface| interface.tx_bytes),
        })
    }

    /// Whether enough time has passed since `before` to compute from the two.
    pub fn is_after(&self, before: &Self) -> bool {
        self.at_s - before.at_s >= SHORTEST_WINDOW_S
    }
}

impl Usage {
    /// Memory from one answer; rates from it and the sample before.
    pub fn new(memory: Memory, before: Option<&Sample>, now: &Sample) -> Self {
        let seconds = before.map(|before| now.at_s - before.at_s).filter(|seconds| *seconds > 0.0);
        let rate = |counter: fn(&Sample) -> Option<u64>| {
            let grown = counter(now)?.checked_sub(counter(before?)?)?;
            Some(grown as f64 / seconds?)
        };
        Self {
            cpu_cores: before.and_then(|before| cores(before, now)),
            memory_bytes: memory.used,
            memory_limit_bytes: memory.limit,
            net_rx_bps: rate(|sample| sample.rx_bytes),
            net_tx_bps: rate(|sample| sample.tx_bytes),
        }
    }
}

/// Share of the machine times its cores. Absent when a counter went back (the container was restarted) or the clock stood still.
fn cores(before: &Sample, now: &Sample) -> Option<f64> {
    let used = now.cpu_ns.checked_sub(before.cpu_ns)?;
    let passed = now.machine_ns.checked_sub(before.machine_ns).filter(|passed| *passed > 0)?;
    (now.cores > 0).then(|| used as f64 / passed as f64 * f64::from(now.cores))
}

/// Memory in use and allowed, bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Memory {
    used: Option<u64>,
    limit: Option<u64>,
}

impl Memory {
    /// Usage less the file pages the kernel would drop first: `total_inactive_file` with cgroup v1, `inactive_file` with v2. (The
    /// API's own documentation says `cache` for v1; the command line has not done that since 19.03.)
    pub fn docker(stats: &MemoryStats) -> Self {
        let idle = stats.stats.total_inactive_file.or(stats.stats.inactive_file).unwrap_or(0);
        let used = stats.usage.map(|usage| if idle < usage { usage - idle } else { usage });
        Self { used, limit: real(stats.limit) }
    }

    /// Podman has subtracted already.
    pub fn podman(usage: &PodmanUsage) -> Self {
        Self { used: usage.mem_usage, limit: real(usage.mem_limit) }
    }
}

fn real(limit: Option<u64>) -> Option<u64> {
    limit.filter(|bytes| *bytes > 0 && *bytes < NO_LIMIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stats(json: &str) -> DockerStats {
        serde_json::from_str(json).unwrap()
    }

    fn sample(at_s: f64, cpu_ns: u64, machine_ns: u64) -> Sample {
        Sample { at_s, cpu_ns, machine_ns, cores: 2, rx_bytes: Some(cpu_ns), tx_bytes: None }
    }

    #[test]
    fn memory_is_what_the_docker_command_shows_with_either_cgroup_version() {
        for (what, json, used, limit) in [
            (
                "v1",
                r#"{"usage": 1000, "limit": 4000, "stats": {"cache": 700, "inactive_file": 1, "total_inactive_file": 300}}"#,
                Some(700),
                Some(4000),
            ),
            ("v2", r#"{"usage": 1000, "limit": 4000, "stats": {"file": 700, "inactive_file": 300}}"#, Some(700), Some(4000)),
            ("more cache than usage", r#"{"usage": 100, "limit": 4000, "stats": {"inactive_file": 300}}"#, Some(100), Some(4000)),
            ("podman's compatible tree", r#"{"usage": 1000, "limit": 4000}"#, Some(1000), Some(4000)),
            ("no limit", r#"{"usage": 1000, "limit": 9223372036854771712}"#, Some(1000), None),
            ("not running", "{}", None, None),
        ] {
            assert_eq!(Memory::docker(&serde_json::from_str(json).unwrap()), Memory { used, limit }, "{what}");
        }
    }

    #[test]
    fn cpu_is_the_share_of_the_machine_times_its_cores_and_absent_where_it_cannot_be_known() {
        let second = 2_000_000_000; // two cores for one second
        for (what, before, now, cores) in [
            ("half a core", Some(sample(10.0, 0, 0)), sample(11.0, 500_000_000, second), Some(0.5)),
            ("two cores", Some(sample(10.0, 0, 0)), sample(11.0, second, second), Some(2.0)),
            ("idle", Some(sample(10.0, 7, 0)), sample(11.0, 7, second), Some(0.0)),
            ("first sample", None, sample(11.0, 500_000_000, second), None),
            ("restarted", Some(sample(10.0, 900, 0)), sample(11.0, 500, second), None),
            ("the machine's counter stood", Some(sample(10.0, 0, second)), sample(11.0, 500, second), None),
        ] {
            assert_eq!(Usage::new(Memory::default(), before.as_ref(), &now).cpu_cores, cores, "{what}");
        }
    }

    #[test]
    fn network_rates_need_two_samples_and_a_network() {
        let usage = Usage::new(Memory::default(), Some(&sample(10.0, 0, 0)), &sample(12.0, 500, 1));
        assert_eq!((usage.net_rx_bps, usage.net_tx_bps), (Some(250.0), None));
        assert_eq!(Usage::new(Memory::default(), None, &sample(12.0, 500, 1)).net_rx_bps, None);
    }

    #[test]
    fn interfaces_are_summed_and_cores_counted_where_the_engine_does_not_tell_them() {
        let taken = Sample::docker(&stats(
            r#"{"read": "2026-11-27T12:00:14Z", "cpu_stats": {"cpu_usage": {"total_usage": 5, "percpu_usage": [1, 2, 2]}, "system_cpu_usage": 9},
                "networks": {"eth0": {"rx_bytes": 3, "tx_bytes": 4}, "eth1": {"rx_bytes": 30, "tx_bytes": 40}}}"#,
        ))
        .unwrap();
        assert_eq!((taken.cores, taken.rx_bytes, taken.tx_bytes), (3, Some(33), Some(44)));
    }

    #[test]
    fn a_container_that_does_not_run_has_no_sample() {
        assert_eq!(Sample::docker(&stats(r#"{"read": "0001-01-01T00:00:00Z", "cpu_stats": {"cpu_usage": {"total_usage": 0}}}"#)), None);
        assert_eq!(Sample::podman(&serde_json::from_str(r#"{"ContainerID": "a", "SystemNano": 0}"#).unwrap()), None);
    }

    #[test]
    fn an_engine_that_waits_for_a_second_sample_is_taken_at_its_word() {
        let old = stats(
            r#"{"read": "2026-11-27T12:00:14Z", "cpu_stats": {"cpu_usage": {"total_usage": 600}, "system_cpu_usage": 3000, "online_cpus": 2},
                "precpu_stats": {"cpu_usage": {"total_usage": 100}, "system_cpu_usage": 2000, "online_cpus": 2}}"#,
        );
        let (before, now) = (Sample::docker_before(&old).unwrap(), Sample::docker(&old).unwrap());
        assert_eq!(Usage::new(Memory::default(), Some(&before), &now).cpu_cores, Some(1.0));
        let one_shot = stats(r#"{"read": "2026-11-27T12:00:14Z", "precpu_stats": {"cpu_usage": {"total_usage": 0}}}"#);
        assert_eq!(Sample::docker_before(&one_shot), None);
    }

    #[test]
    fn podman_counts_against_the_clock_and_tells_traffic_in_two_spellings() {
        let podman = |json: &str| serde_json::from_str::<PodmanUsage>(json).unwrap();
        let before = podman(r#"{"ContainerID": "a", "CPUNano": 1000000000, "SystemNano": 10000000000, "NetInput": 100, "NetOutput": 0}"#);
        let after = podman(
            r#"{"ContainerID": "a", "CPUNano": 1500000000, "SystemNano": 12000000000, "MemUsage": 7, "MemLimit": 70,
                "Network": {"eth0": {"RxBytes": 300, "TxBytes": 20}}}"#,
        );
        let (first, second) = (Sample::podman(&before).unwrap(), Sample::podman(&after).unwrap());
        let usage = Usage::new(Memory::podman(&after), Some(&first), &second);
        assert_eq!((usage.cpu_cores, usage.net_rx_bps, usage.net_tx_bps), (Some(0.25), Some(100.0), Some(10.0)));
        assert_eq!((usage.memory_bytes, usage.memory_limit_bytes), (Some(7), Some(70)));
    }
}
