//! From a container's facts to its state, one line of reason, and since when: the engine's words are mapped here, once.
//! Not for: reading the facts (see `facts`), remembering what happened (see `ledger`).

use crate::domain::{State, Text, Timestamp};

use super::facts::Facts;

/// Two restarts are a loop, if the last one is not longer ago than this: the engine waits at most a minute between two.
const LOOP_WINDOW_S: f64 = 60.0;
/// A restart is worth a warning for this long.
const RESTART_WINDOW_S: f64 = 600.0;

/// What the event stream told about a container.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Past {
    /// Somebody asked the engine to end it, and it did not start again since.
    pub ended_by_user: Option<EndedBy>,
    /// The stream was read when it ended, so that a request to end it would have been seen.
    pub watched: bool,
    /// Exit code of the end before the present start.
    pub last_exit: Option<i64>,
    /// When it was paused.
    pub paused_at: Option<Timestamp>,
    /// The trouble it was last found in, and when first.
    pub trouble: Option<(Trouble, Option<Timestamp>)>,
}

/// How somebody ended it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndedBy {
    /// `docker stop`, `restart`, `compose down`.
    Stop,
    /// `docker kill`.
    Kill,
}

/// A state that lasts while the facts below it keep changing; it began when it was first seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Restarted again and again.
    CrashLoop,
    /// Its health check fails.
    Unhealthy,
}

/// What is to be said about a container.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// How it is.
    pub state: State,
    /// Why.
    pub reason: Text,
    /// Since when.
    pub since: Option<Timestamp>,
    /// What is to be remembered of it.
    pub trouble: Option<Trouble>,
}

/// Judges a container.
pub fn verdict(facts: &Facts, past: &Past, now: Timestamp) -> Verdict {
    let mut verdict = match facts.status.as_str() {
        "running" => running(facts, past, now),
        "restarting" => restarting(facts, past),
        "paused" => said(State::Warning, "paused by a user", past.paused_at),
        "created" | "configured" | "initialized" => not_started(facts),
        "exited" | "stopped" => ended(facts, past),
        "removing" | "stopping" => said(State::Running, facts.status.as_str(), None),
        "dead" => said(State::Failed, with_error("dead", facts), facts.finished_at),
        "" => said(State::Unknown, "the engine tells no state", None),
        other => said(State::Unknown, other, None),
    };
    if let (Some(trouble), Some((before, since))) = (verdict.trouble, past.trouble)
        && trouble == before
    {
        verdict.since = [since, verdict.since].into_iter().flatten().min();
    }
    verdict
}

fn said(state: State, reason: impl Into<Text>, since: Option<Timestamp>) -> Verdict {
    Verdict { state, reason: reason.into(), since, trouble: None }
}

fn running(facts: &Facts, past: &Past, now: Timestamp) -> Verdict {
    let restarts = facts.restarts.unwrap_or(0);
    let up_s = facts.started_at.map_or(f64::INFINITY, |started| now.since(started));
    if restarts >= 2 && up_s < LOOP_WINDOW_S {
        return crash_loop(restarts, facts, past);
    }
    let since = facts.started_at;
    if facts.health.as_deref() == Some("unhealthy") {
        let output = facts.health_output.as_ref().map(|output| format!(": {}", output.first_line())).unwrap_or_default();
        let verdict = said(State::Failed, format!("unhealthy{output}"), facts.failing_since.or(since));
        return Verdict { trouble: Some(Trouble::Unhealthy), ..verdict };
    }
    if restarts >= 1 && up_s < RESTART_WINDOW_S {
        return said(State::Warning, format!("running, restarted {restarts}×{}", last_exit(facts, past)), since);
    }
    if facts.oom_killed == Some(true) {
        return said(State::Warning, "running, one of its processes was OOMKilled", since);
    }
    match facts.health.as_deref() {
        Some("starting") => said(State::Pending, "running, health: starting", since),
        Some(health) => said(State::Ok, format!("running, {health}"), since),
        None => said(State::Ok, "running", since),
    }
}

fn restarting(facts: &Facts, past: &Past) -> Verdict {
    match facts.restarts.unwrap_or(0) {
        restarts @ 2.. => crash_loop(restarts, facts, past),
        _ => said(State::Warning, format!("restarting{}", last_exit(facts, past)), facts.finished_at),
    }
}

fn crash_loop(restarts: u64, facts: &Facts, past: &Past) -> Verdict {
    let reason = format!("crash loop: {restarts} restarts{}", last_exit(facts, past));
    let verdict = said(State::Failed, reason, facts.finished_at.or(facts.started_at));
    Verdict { trouble: Some(Trouble::CrashLoop), ..verdict }
}

/// While it runs, the engine tells neither code nor OOM of the end before; the events did.
fn last_exit(facts: &Facts, past: &Past) -> String {
    let oom = if facts.oom_killed == Some(true) { ", OOMKilled" } else { "" };
    match facts.exit_code.or(past.last_exit) {
        Some(code) => format!(", last exit {code}{oom}"),
        None => oom.to_owned(),
    }
}

fn not_started(facts: &Facts) -> Verdict {
    if facts.error.is_empty() {
        return said(State::Pending, "created, never started", facts.created_at);
    }
    said(State::Failed, format!("could not start: {}", facts.error.first_line()), facts.created_at)
}

fn ended(facts: &Facts, past: &Past) -> Verdict {
    let since = facts.finished_at;
    let Some(code) = facts.exit_code else { return said(State::Unknown, facts.status.as_str(), since) };
    if facts.oom_killed == Some(true) && code != 0 {
        return said(State::Failed, format!("OOMKilled, exit {code}"), since);
    }
    let exited = format!("exited {code}");
    if code == 0 {
        return said(State::Ok, exited, since);
    }
    match past.ended_by_user {
        Some(EndedBy::Stop) => return said(State::Cancelled, format!("{exited}, stopped by a user"), since),
        Some(EndedBy::Kill) => return said(State::Cancelled, format!("{exited}, killed by a user"), since),
        None => {}
    }
    // SIGINT, SIGKILL, SIGTERM: the signals of people and of engines that stop
    if matches!(code, 130 | 137 | 143) && facts.error.is_empty() {
        if would_restart(facts) {
            return said(State::Cancelled, format!("{exited}, stopped by a user: its restart policy was overruled"), since);
        }
        if past.watched {
            return said(State::Failed, format!("{exited}, {} from outside of the engine", signal(code).unwrap_or("signal")), since);
        }
        return said(State::Cancelled, format!("{exited}, {} of a user or the machine", signal(code).unwrap_or("signal")), since);
    }
    let signal = signal(code).map(|signal| format!(", {signal}")).unwrap_or_default();
    let restarts = facts.restarts.filter(|restarts| *restarts > 0).map(|n| format!(" · restarted {n}×")).unwrap_or_default();
    said(State::Failed, with_error(&format!("{exited}{signal}{restarts}"), facts), since)
}

/// The engine would have started it again, had nobody stopped it.
fn would_restart(facts: &Facts) -> bool {
    let policy = &facts.policy;
    match policy.name.as_str() {
        "always" | "unless-stopped" => true,
        "on-failure" => policy.maximum_retry_count == 0 || facts.restarts.unwrap_or(0) < policy.maximum_retry_count,
        _ => false,
    }
}

fn with_error(words: &str, facts: &Facts) -> String {
    if facts.error.is_empty() { words.to_owned() } else { format!("{words}: {}", facts.error.first_line()) }
}

/// Shells and engines write a signal as 128 plus its number.
fn signal(code: i64) -> Option<&'static str> {
    Some(match code - 128 {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        15 => "SIGTERM",
        31 => "SIGSYS",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::docker::answers::RestartPolicy;

    fn now() -> Timestamp {
        Timestamp::from_ms(1_800_000_000_000)
    }

    fn facts(status: &str) -> Facts {
        let hour_ago = Some(now().plus(-3600.0));
        Facts { status: status.into(), started_at: hour_ago, finished_at: hour_ago, created_at: hour_ago, ..Facts::default() }
    }

    fn exited(code: i64) -> Facts {
        Facts { exit_code: Some(code), ..facts("exited") }
    }

    fn health(word: &str, output: Option<&str>) -> Facts {
        Facts { health: Some(word.into()), health_output: output.map(Text::from), ..facts("running") }
    }

    fn restarted(restarts: u64, up_s: f64) -> Facts {
        Facts { restarts: Some(restarts), started_at: Some(now().plus(-up_s)), ..facts("running") }
    }

    fn policy(name: &str, retries: u64) -> RestartPolicy {
        RestartPolicy { name: name.to_owned(), maximum_retry_count: retries }
    }

    #[test]
    fn every_word_of_the_engine_has_one_state_and_keeps_its_reason() {
        for (facts, state, reason) in [
            (facts("running"), State::Ok, "running"),
            (health("healthy", None), State::Ok, "running, healthy"),
            (health("starting", None), State::Pending, "running, health: starting"),
            (health("unhealthy", Some("\n connection refused \nmore")), State::Failed, "unhealthy: connection refused"),
            (health("unhealthy", None), State::Failed, "unhealthy"),
            (Facts { oom_killed: Some(true), ..facts("running") }, State::Warning, "running, one of its processes was OOMKilled"),
            (restarted(3, 5.0), State::Failed, "crash loop: 3 restarts, last exit 3"),
            (restarted(1, 5.0), State::Warning, "running, restarted 1×, last exit 3"),
            (restarted(3, 300.0), State::Warning, "running, restarted 3×, last exit 3"),
            (restarted(3, 3000.0), State::Ok, "running"),
            (Facts { restarts: Some(7), exit_code: Some(1), ..facts("restarting") }, State::Failed, "crash loop: 7 restarts, last exit 1"),
            (
                Facts { restarts: Some(7), exit_code: Some(137), oom_killed: Some(true), ..facts("restarting") },
                State::Failed,
                "crash loop: 7 restarts, last exit 137, OOMKilled",
            ),
            (Facts { restarts: Some(1), exit_code: Some(1), ..facts("restarting") }, State::Warning, "restarting, last exit 1"),
            (facts("paused"), State::Warning, "paused by a user"),
            (facts("created"), State::Pending, "created, never started"),
            (facts("configured"), State::Pending, "created, never started"),
            (
                Facts { error: "exec: \"nope\": not found".into(), ..facts("created") },
                State::Failed,
                "could not start: exec: \"nope\": not found",
            ),
            (exited(0), State::Ok, "exited 0"),
            (exited(3), State::Failed, "exited 3"),
            (Facts { restarts: Some(2), ..exited(3) }, State::Failed, "exited 3 · restarted 2×"),
            (exited(139), State::Failed, "exited 139, SIGSEGV"),
            (Facts { status: "stopped".into(), ..exited(3) }, State::Failed, "exited 3"),
            (Facts { oom_killed: Some(true), ..exited(137) }, State::Failed, "OOMKilled, exit 137"),
            (Facts { error: "driver failed".into(), ..exited(128) }, State::Failed, "exited 128: driver failed"),
            (facts("removing"), State::Running, "removing"),
            (facts("stopping"), State::Running, "stopping"),
            (facts("dead"), State::Failed, "dead"),
            (facts("levitating"), State::Unknown, "levitating"),
            (facts(""), State::Unknown, "the engine tells no state"),
        ] {
            let verdict = verdict(&facts, &Past { last_exit: Some(3), ..Past::default() }, now());
            assert_eq!((verdict.state, verdict.reason.as_str()), (state, reason), "{facts:?}");
        }
    }

    #[test]
    fn an_end_by_signal_is_somebodys_will_unless_the_events_say_otherwise() {
        let unseen = Past::default();
        let watched = Past { watched: true, ..Past::default() };
        let by = |who| Past { ended_by_user: Some(who), watched: true, ..Past::default() };
        let with = |policy: RestartPolicy, code| Facts { policy, ..exited(code) };
        for (facts, past, state, reason) in [
            (exited(137), &unseen, State::Cancelled, "exited 137, SIGKILL of a user or the machine"),
            (exited(143), &unseen, State::Cancelled, "exited 143, SIGTERM of a user or the machine"),
            (exited(137), &watched, State::Failed, "exited 137, SIGKILL from outside of the engine"),
            (exited(137), &by(EndedBy::Kill), State::Cancelled, "exited 137, killed by a user"),
            (exited(143), &by(EndedBy::Stop), State::Cancelled, "exited 143, stopped by a user"),
            (exited(1), &by(EndedBy::Stop), State::Cancelled, "exited 1, stopped by a user"),
            (exited(0), &by(EndedBy::Stop), State::Ok, "exited 0"),
            (Facts { oom_killed: Some(true), ..exited(137) }, &by(EndedBy::Stop), State::Failed, "OOMKilled, exit 137"),
            (with(policy("always", 0), 137), &unseen, State::Cancelled, "exited 137, stopped by a user: its restart policy was overruled"),
            (
                with(policy("on-failure", 5), 137),
                &unseen,
                State::Cancelled,
                "exited 137, stopped by a user: its restart policy was overruled",
            ),
            (with(policy("always", 0), 3), &unseen, State::Failed, "exited 3"),
        ] {
            let verdict = verdict(&facts, past, now());
            assert_eq!((verdict.state, verdict.reason.as_str()), (state, reason), "{facts:?} {past:?}");
        }
    }

    #[test]
    fn a_crash_loop_began_when_it_was_first_seen_however_often_it_restarts() {
        let first = now().plus(-500.0);
        let past = Past { trouble: Some((Trouble::CrashLoop, Some(first))), ..Past::default() };
        let up = Facts { finished_at: Some(now().plus(-6.0)), ..restarted(9, 5.0) };
        assert_eq!(verdict(&up, &past, now()).since, Some(first));
        assert_eq!(verdict(&up, &Past::default(), now()).since, Some(now().plus(-6.0)));
        let healthy_again = verdict(&restarted(9, 3000.0), &past, now());
        assert_eq!((healthy_again.since, healthy_again.trouble), (Some(now().plus(-3000.0)), None));
    }

    #[test]
    fn since_is_the_instant_the_state_began_and_absent_where_nobody_knows_it() {
        let first_failed = now().plus(-30.0);
        for (facts, since) in [
            (facts("running"), Some(now().plus(-3600.0))),
            (Facts { failing_since: Some(first_failed), ..health("unhealthy", None) }, Some(first_failed)),
            (exited(3), Some(now().plus(-3600.0))),
            (facts("paused"), None),
        ] {
            assert_eq!(verdict(&facts, &Past::default(), now()).since, since, "{facts:?}");
        }
    }
}
