//! What is known of one container after its row of the list and its inspection were read: Docker's and Podman's words in one shape.
//! Not for: judging it (see `state`), what it uses (see `usage`).

use std::collections::BTreeMap;

use crate::domain::{Text, Timestamp};

use super::answers::{DockerRow, Inspect, PodmanRow, RestartPolicy};

/// Longest output of a health check that is kept, in characters: it is shown, not searched.
const HEALTH_OUTPUT: usize = 500;

/// One row of the list.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// 64 hexadecimal digits.
    pub id: String,
    /// Changes whenever an inspection would tell something new.
    pub mark: String,
    /// Its process began, or ended, less than a minute ago, so that `mark` may miss a restart.
    pub fresh: bool,
    /// The facts that the list alone tells.
    pub facts: Facts,
}

/// One container.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Facts {
    /// Without slash.
    pub name: Text,
    /// As it was named when the container was made.
    pub image: Text,
    /// Digest of the image.
    pub image_id: Text,
    /// Labels of the container and its image.
    pub labels: BTreeMap<Text, Text>,
    /// Pod, with Podman.
    pub pod: Option<Text>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// The engine's word: `running`, `exited`, …
    pub status: Text,
    /// Of the last end.
    pub exit_code: Option<i64>,
    /// The kernel killed a process of it for memory since it was started.
    pub oom_killed: Option<bool>,
    /// Why it could not start.
    pub error: Text,
    /// By the engine.
    pub restarts: Option<u64>,
    /// What the engine does when it ends.
    pub policy: RestartPolicy,
    /// `healthy`, `unhealthy`, `starting`.
    pub health: Option<Text>,
    /// Last output of the health check.
    pub health_output: Option<Text>,
    /// The oldest known probe of the present row of failed ones.
    pub failing_since: Option<Timestamp>,
    /// When its process began.
    pub started_at: Option<Timestamp>,
    /// When its process ended.
    pub finished_at: Option<Timestamp>,
    /// Its log is raw; absent before an inspection.
    pub tty: Option<bool>,
}

impl Facts {
    /// Whether it has a process that uses something.
    pub fn runs(&self) -> bool {
        matches!(self.status.as_str(), "running" | "paused" | "stopping")
    }

    /// Whether an inspection told them, rather than the list alone.
    pub fn inspected(&self) -> bool {
        self.tty.is_some()
    }

    /// Compose project or pod.
    pub fn namespace(&self) -> Option<Text> {
        let project = ["com.docker.compose.project", "io.podman.compose.project"].iter().find_map(|label| self.labels.get(*label));
        self.pod.clone().or_else(|| project.cloned())
    }
}

impl From<DockerRow> for Row {
    fn from(row: DockerRow) -> Self {
        let (mark, health) = (unaged(&row.status), in_parenthesis(&row.status));
        let facts = Facts {
            name: first_name(&row.names, &row.id),
            image: row.image.into(),
            labels: texts(row.labels),
            created_at: row.created.map(|seconds| Timestamp::from_ms(seconds.saturating_mul(1000))),
            exit_code: row.status.strip_prefix("Exited (").and_then(|rest| rest.split(')').next()?.parse().ok()),
            health,
            status: row.state.as_str().into(),
            ..Facts::default()
        };
        // `Up 5 seconds`, `Up Less than a second`, `Exited (0) 1 second ago`
        Self { id: row.id, mark: format!("{} {mark}", row.state), fresh: row.status.contains("second"), facts }
    }
}

impl From<PodmanRow> for Row {
    fn from(row: PodmanRow) -> Self {
        let ended = matches!(row.state.as_str(), "exited" | "stopped");
        let mark = format!("{} {} {} {}", row.state, row.status, row.exit_code, row.started_at);
        let facts = Facts {
            name: first_name(&row.names, &row.id),
            image: row.image.into(),
            labels: texts(row.labels),
            pod: Some(row.pod_name).filter(|pod| !pod.is_empty()).map(Text::from),
            created_at: row.created.as_deref().and_then(Timestamp::parse),
            exit_code: ended.then_some(row.exit_code),
            health: health_word(&row.status),
            started_at: (row.started_at > 0).then(|| Timestamp::from_ms(row.started_at.saturating_mul(1000))),
            status: row.state.into(),
            ..Facts::default()
        };
        Self { id: row.id, mark, fresh: false, facts }
    }
}

impl Facts {
    /// From an inspection; `pod` is told by the list alone.
    pub fn inspect(inspect: Inspect, pod: Option<Text>) -> Self {
        let (state, config) = (inspect.state, inspect.config);
        let probes = state.health.as_ref().map(|health| health.log.as_slice()).unwrap_or_default();
        let failing = probes.iter().rev().take_while(|probe| probe.exit_code != 0).last();
        let ended = !matches!(state.status.as_str(), "running" | "paused" | "created" | "configured" | "initialized");
        Self {
            name: first_name(&[inspect.name], &inspect.id),
            image_id: inspect.image.into(),
            pod,
            created_at: inspect.created.as_deref().and_then(Timestamp::parse),
            exit_code: state.exit_code.filter(|_| ended),
            oom_killed: state.oom_killed,
            error: state.error.trim().into(),
            restarts: inspect.restart_count,
            policy: inspect.host_config.and_then(|host| host.restart_policy).unwrap_or_default(),
            health: state.health.as_ref().and_then(|health| health_word(&health.status)),
            health_output: probes.last().and_then(|probe| shortened(&probe.output)),
            failing_since: failing.and_then(|probe| Timestamp::parse(&probe.start)),
            started_at: Timestamp::parse(&state.started_at),
            finished_at: Timestamp::parse(&state.finished_at),
            tty: Some(config.as_ref().is_some_and(|config| config.tty)),
            image: config.as_ref().map(|config| config.image.as_str().into()).unwrap_or_default(),
            labels: config.map(|config| texts(config.labels)).unwrap_or_default(),
            status: state.status.into(),
        }
    }
}

/// A container that other ones link to has several names; the one without a second slash is its own.
fn first_name(names: &[String], id: &str) -> Text {
    let own = names.iter().map(|name| name.trim_start_matches('/')).find(|name| !name.contains('/') && !name.is_empty());
    Text::from(own.unwrap_or(id.get(..12).unwrap_or(id)))
}

fn texts(labels: BTreeMap<String, String>) -> BTreeMap<Text, Text> {
    labels.into_iter().map(|(name, value)| (Text::from(name), Text::from(value))).collect()
}

fn health_word(word: &str) -> Option<Text> {
    matches!(word, "healthy" | "unhealthy" | "starting").then(|| Text::from(word))
}

fn shortened(output: &str) -> Option<Text> {
    let output = output.trim();
    let cut = output.char_indices().nth(HEALTH_OUTPUT).map(|(place, _)| format!("{}…", &output[..place]));
    (!output.is_empty()).then(|| cut.map_or_else(|| Text::from(output), Text::from))
}

/// `Up 9 minutes (unhealthy)` and `Up 5 seconds (health: starting)` tell health in a parenthesis before API 1.52.
fn in_parenthesis(status: &str) -> Option<Text> {
    let inside = status.strip_prefix("Up ")?.rsplit_once('(')?.1.strip_suffix(')')?;
    health_word(inside.strip_prefix("health: ").unwrap_or(inside))
}

/// The status without its age: first word and parentheses.
fn unaged(status: &str) -> String {
    let mut depth = 0_u32;
    let kept = status.chars().filter(|c| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => return depth > 0,
        }
        depth > 0
    });
    format!("{} {}", status.split(' ').next().unwrap_or_default(), kept.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn docker(state: &str, status: &str) -> Row {
        let json = serde_json::json!({ "Id": "a".repeat(64), "Names": ["/peer/alias", "/web"], "State": state, "Status": status });
        Row::from(serde_json::from_value::<DockerRow>(json).unwrap())
    }

    #[test]
    fn a_mark_stays_while_only_the_age_grows() {
        for (state, one, other, same) in [
            ("running", "Up 9 minutes", "Up 3 weeks", true),
            ("running", "Up 9 minutes (healthy)", "Up About an hour (healthy)", true),
            ("running", "Up 9 minutes (healthy)", "Up 9 minutes (unhealthy)", false),
            ("exited", "Exited (0) 2 minutes ago", "Exited (0) 3 days ago", true),
            ("exited", "Exited (0) 2 minutes ago", "Exited (3) 2 minutes ago", false),
        ] {
            assert_eq!(docker(state, one).mark == docker(state, other).mark, same, "{one} / {other}");
        }
        assert_ne!(docker("running", "Up 1 hour").mark, docker("exited", "Up 1 hour").mark);
    }

    #[test]
    fn health_exit_code_and_youth_are_read_from_the_status_line() {
        for (status, health, code, fresh) in [
            ("Up 9 minutes (unhealthy)", Some("unhealthy"), None, false),
            ("Up 2 seconds (health: starting)", Some("starting"), None, true),
            ("Up Less than a second", None, None, true),
            ("Up 7 minutes (Paused)", None, None, false),
            ("Exited (137) 1 second ago", None, Some(137), true),
            ("Exited (3) 7 minutes ago", None, Some(3), false),
            ("Restarting (3) 5 minutes ago", None, None, false),
            ("Created", None, None, false),
        ] {
            let row = docker("x", status);
            assert_eq!((row.facts.health.as_deref(), row.facts.exit_code, row.fresh), (health, code, fresh), "{status}");
            assert_eq!(row.facts.name, "web");
        }
    }

    #[test]
    fn nulls_and_missing_fields_are_absent_not_errors() {
        let bare: PodmanRow = serde_json::from_str(r#"{"Id": "ab", "Names": null, "Labels": null, "StartedAt": -62135596800}"#).unwrap();
        let row = Row::from(bare);
        assert_eq!((row.facts.name.as_str(), row.facts.started_at, row.facts.pod), ("ab", None, None));
        let inspect: Inspect = serde_json::from_str(r#"{"Id": "ab", "State": {"Health": {"Status": "", "Log": null}}}"#).unwrap();
        let facts = Facts::inspect(inspect, None);
        assert_eq!((facts.health, facts.restarts, facts.finished_at, facts.exit_code), (None, None, None, None));
    }
}
