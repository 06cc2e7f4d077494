//! What the ledger makes of lists and events that come in any order.

use super::*;
use crate::domain::State;

fn now() -> Timestamp {
    Timestamp::from_ms(1_800_000_000_000)
}

fn row(id: &str, status: &str, line: &str) -> Row {
    let json = serde_json::json!({ "Id": id, "Names": [format!("/{id}")], "Image": "img:1", "State": status, "Status": line });
    Row::from(serde_json::from_value::<super::super::answers::DockerRow>(json).unwrap())
}

fn facts(name: &str, status: &str) -> Facts {
    let created_at = Some(now().plus(-3600.0));
    Facts { name: name.into(), status: status.into(), image: "img:1".into(), tty: Some(false), created_at, ..Facts::default() }
}

fn event(id: &str, action: &str, attributes: &[(&str, &str)]) -> EngineEvent {
    let attributes: BTreeMap<_, _> = attributes.iter().copied().collect();
    let json = serde_json::json!({ "Type": "container", "Action": action, "timeNano": now().ms() * 1_000_000, "Actor": { "ID": id, "Attributes": attributes } });
    serde_json::from_value(json).unwrap()
}

fn ledger(ids: &[&str]) -> Ledger {
    let mut ledger = Ledger::default();
    let rows = ids.iter().map(|id| row(id, "running", "Up 9 minutes")).collect();
    ledger.listed(0, rows, ids.iter().map(|id| ((*id).to_owned(), facts(id, "running"))).collect(), now());
    ledger
}

fn said(ledger: &mut Ledger, id: &str) -> (State, String) {
    let (_, verdict) = ledger.judge(id, now()).unwrap();
    (verdict.state, verdict.reason.to_string())
}

#[test]
fn only_what_may_have_changed_is_inspected_again() {
    let mut ledger = ledger(&["calm", "sick", "loops"]);
    ledger.told("sick", Facts { health: Some("unhealthy".into()), ..facts("sick", "running") });
    let steady = row("calm", "running", "Up 3 weeks");
    ledger.listed(1, vec![steady.clone(), row("sick", "running", "Up 9 minutes (unhealthy)")], HashMap::new(), now());
    for (row, stale) in [
        (steady, false),
        (row("calm", "running", "Up 5 seconds"), true),
        (row("calm", "running", "Up 3 weeks (unhealthy)"), true),
        (row("calm", "exited", "Exited (1) 2 minutes ago"), true),
        (row("sick", "running", "Up 9 minutes (unhealthy)"), true),
        (row("loops", "restarting", "Restarting (3) 1 minute ago"), true),
        (row("new", "running", "Up 9 minutes"), true),
    ] {
        assert_eq!(!ledger.stale(std::slice::from_ref(&row)).is_empty(), stale, "{row:?}");
    }
}

#[test]
fn a_list_asked_before_an_event_neither_hides_nor_revives_what_the_event_told() {
    let mut ledger = ledger(&["old", "dying"]);
    let asked = ledger.tick();
    ledger.told("new", facts("new", "running"));
    ledger.gone("dying");
    ledger.told("old", facts("old", "paused"));
    let rows = vec![row("old", "running", "Up 9 minutes"), row("dying", "running", "Up 9 minutes")];
    ledger.listed(asked, rows, HashMap::from([("old".to_owned(), facts("old", "running"))]), now());
    assert_eq!(ledger.ids(), ["new", "old"]);
    assert_eq!(ledger.known("old").unwrap().facts.status, "paused");
    ledger.listed(ledger.tick(), vec![row("old", "running", "Up 9 minutes")], HashMap::new(), now());
    assert_eq!(ledger.ids(), ["old"]);
}

#[test]
fn events_tell_who_ended_a_container() {
    let exit = |code: &'static str| [("exitCode", code)];
    let stop = [("signal", "15")];
    for (what, events, code, state, reason) in [
        (
            "killed",
            vec![event("c", "kill", &[("signal", "9")]), event("c", "die", &exit("137"))],
            137,
            State::Cancelled,
            "exited 137, killed by a user",
        ),
        (
            "stopped",
            vec![event("c", "kill", &stop), event("c", "die", &exit("143")), event("c", "stop", &[])],
            143,
            State::Cancelled,
            "exited 143, stopped by a user",
        ),
        (
            "reloaded, then crashed",
            vec![event("c", "kill", &[("signal", "1")]), event("c", "die", &exit("1"))],
            1,
            State::Failed,
            "exited 1",
        ),
        (
            "killed from outside",
            vec![event("c", "die", &exit("137"))],
            137,
            State::Failed,
            "exited 137, SIGKILL from outside of the engine",
        ),
        (
            "stopped, started, crashed",
            vec![
                event("c", "kill", &stop),
                event("c", "die", &exit("143")),
                event("c", "stop", &[]),
                event("c", "start", &[]),
                event("c", "die", &exit("1")),
            ],
            1,
            State::Failed,
            "exited 1",
        ),
    ] {
        let mut ledger = ledger(&["c"]);
        for event in &events {
            ledger.heard(event);
        }
        ledger.told("c", Facts { exit_code: Some(code), ..facts("c", "exited") });
        assert_eq!(said(&mut ledger, "c"), (state, reason.to_owned()), "{what}");
    }
}

#[test]
fn the_exit_before_a_restart_is_remembered_while_the_container_runs_again() {
    let mut ledger = ledger(&["c"]);
    ledger.heard(&event("c", "die", &[("exitCode", "3")]));
    ledger.heard(&event("c", "start", &[]));
    ledger.told("c", Facts { restarts: Some(4), started_at: Some(now()), ..facts("c", "running") });
    assert_eq!(said(&mut ledger, "c").1, "crash loop: 4 restarts, last exit 3");
}

#[test]
fn another_image_under_the_same_name_is_a_change_from_the_one_to_the_other() {
    let mut ledger = ledger(&["web"]);
    ledger.gone("web");
    ledger.told("next", Facts { image: "img:2".into(), ..facts("tmp_web", "created") });
    ledger.told("next", Facts { image: "img:2".into(), ..facts("web", "running") });
    ledger.told("next", Facts { image: "img:2".into(), ..facts("web", "exited") });
    let making = ledger.making("next").unwrap();
    assert_eq!(
        (making.name.as_str(), making.before.as_ref().unwrap().image.as_str(), making.after.image.as_str()),
        ("web", "img:1", "img:2")
    );
    assert_eq!(ledger.makings().count(), 2);
    ledger.listed(ledger.tick(), Vec::new(), HashMap::new(), now().plus(CHANGE_WINDOW_S));
    assert_eq!(ledger.makings().count(), 0);
}

#[test]
fn numbers_of_a_container_that_was_restarted_or_stopped_are_absent_until_measured_anew() {
    let sample = |at_s, cpu_ns| Sample { at_s, cpu_ns, machine_ns: (at_s * 1e9) as u64, cores: 1, rx_bytes: None, tx_bytes: None };
    let mut ledger = ledger(&["c"]);
    ledger.sampled("c", sample(10.0, 0), None, Memory::default());
    assert_eq!(ledger.known("c").unwrap().usage.cpu_cores, None);
    ledger.sampled("c", sample(12.0, 1_000_000_000), None, Memory::default());
    ledger.sampled("c", sample(12.1, 1_100_000_000), None, Memory::default());
    assert_eq!(ledger.known("c").unwrap().usage.cpu_cores, Some(0.5), "a window of 0.1 s says nothing");
    ledger.told("c", Facts { started_at: Some(now()), ..facts("c", "running") });
    assert_eq!(ledger.known("c").unwrap().usage, Usage::default());
    ledger.sampled("c", sample(20.0, 5), None, Memory::default());
    ledger.told("c", facts("c", "exited"));
    ledger.sampled("c", sample(22.0, 9), None, Memory::default());
    assert_eq!(ledger.known("c").unwrap().usage, Usage::default());
}
