//! Actions of the user's own, and the real binary killed between an attempt's two lines.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use triops::config::{ActionConfig, SourceConfig};
use triops::domain::{ActionId, Entity, FailureKind, Order, Outcome, Phase, Rules, State, Text, Timestamp, Verdict};
use triops::source::Source;
use triops::source::own::Own;
use triops::source::recast::recast;

use super::server::{Server, json};
use super::{Folder, gate, source, target};

fn echo(command: &[&str]) -> ActionConfig {
    ActionConfig {
        id: "own".into(),
        title: "Do it".into(),
        on: vec!["model".into()],
        danger: "reversible".into(),
        when: Some("if .state == \"ok\" then true else \"only what is ok\" end".into()),
        command: command.iter().map(|word| (*word).to_owned()).collect(),
        ..ActionConfig::default()
    }
}

fn with(action: ActionConfig) -> Arc<dyn Source> {
    Own::around(Arc::new(source("http://127.0.0.1:9".into())), &[action]).unwrap()
}

fn order(target: Arc<Entity>) -> Order {
    Order::new(1, ActionId::from("own"), target, Text::from("me"), Timestamp::from_ms(0))
}

#[tokio::test]
async fn a_command_of_the_users_own_is_an_argv_that_no_shell_and_no_option_parser_misreads() {
    let folder = Folder::new();
    let gate = gate(Rules::default(), &folder);
    for (command, key, said) in [
        (&["echo", "to {key}"][..], "$(reboot); `x`", Ok("to $(reboot); `x`")),
        (&["echo", "--", "{key}"], "-rf", Err("would be read as an option")),
        (&["echo", "=={key}"], "-n", Ok("==-n")),
        (&["echo", "{owner}"], "7", Err("there is no `owner`")),
        (&["/nonexistent/program"], "7", Err("No such file")),
        (&["false"], "7", Err("exit status: 1")),
    ] {
        let source = with(echo(command));
        let outcome = gate.act(source.as_ref(), &order(target(key, State::Ok)), || {}).await;
        match (said, &outcome) {
            (Ok(said), Outcome::Done(receipt)) => assert_eq!(receipt.said, said),
            (Err(why), outcome) => assert!(outcome.line().contains(why), "{command:?}: {outcome:?}"),
            (said, outcome) => panic!("{command:?}: {outcome:?} instead of {said:?}"),
        }
    }
    let source = with(echo(&["echo", "{key}"]));
    assert_eq!(gate.act(source.as_ref(), &order(target("7", State::Failed)), || {}).await, Outcome::Refused(Text::from("only what is ok")));
    let offers = gate.offers(source.as_ref(), &target("7", State::Ok), None).await.unwrap();
    assert_eq!(offers.iter().map(|offer| offer.id.as_str()).collect::<Vec<_>>(), ["move", "own"]);
}

#[tokio::test]
async fn a_command_that_does_not_end_is_killed_and_one_that_talks_much_is_not_waited_for() {
    let folder = Folder::new();
    let gate = gate(Rules::default(), &folder);
    let slow = ActionConfig { timeout: Some("300ms".parse().unwrap()), ..echo(&["sleep", "30"]) };
    let begun = Instant::now();
    let outcome = gate.act(with(slow).as_ref(), &order(target("7", State::Ok)), || {}).await;
    assert!(matches!(&outcome, Outcome::Failed(failure) if failure.kind == FailureKind::Timeout), "{outcome:?}");
    assert!(begun.elapsed() < Duration::from_secs(10));
    let loud = with(echo(&["head", "--bytes=3000000", "/dev/zero"]));
    assert_eq!(gate.act(loud.as_ref(), &order(target("7", State::Ok)), || {}).await.verdict(), Verdict::Done);
}

#[tokio::test]
async fn a_request_of_the_users_own_goes_where_it_says_with_a_body_over_the_entity() {
    let (folder, server) = (Folder::new(), Server::answering(|_| json("{}")).await);
    let action = ActionConfig {
        command: Vec::new(),
        url: Some(format!("{}/hooks/{{key}}", server.url())),
        json: Some("{text: \"\\(.name) is \\(.state)\", by: $user}".into()),
        ..echo(&[])
    };
    let outcome = gate(Rules::default(), &folder).act(with(action).as_ref(), &order(target("a/b", State::Ok)), || {}).await;
    assert_eq!(outcome.verdict(), Verdict::Done, "{outcome:?}");
    let asked = server.asked.lock().unwrap().clone();
    assert!(asked[0].starts_with("POST /hooks/a%2Fb ") && asked[0].ends_with(r#"{"text":"model a/b is ok","by":"me"}"#), "{asked:?}");
}

#[test]
fn an_action_of_the_users_own_that_cannot_be_says_why() {
    for (action, why) in [
        (ActionConfig { danger: "mild".into(), ..echo(&["x"]) }, "`danger` is `mild`"),
        (ActionConfig { on: vec!["alarm".into()], ..echo(&["x"]) }, "`on`"),
        (ActionConfig { when: Some("(".into()), ..echo(&["x"]) }, "`when` is no jq"),
        (echo(&[]), "either `command` or `url`"),
        (ActionConfig { url: Some("http://{key}/x".into()), ..echo(&[]) }, "in its path only"),
    ] {
        let Err(failure) = Own::around(Arc::new(source("http://127.0.0.1:9".into())), &[action]) else { panic!("it was made: {why}") };
        assert!(failure.detail.contains(why), "{failure}");
    }
    let other = ActionConfig { source: vec!["elsewhere".into()], danger: "mild".into(), ..echo(&["x"]) };
    assert!(Own::around(Arc::new(source("http://127.0.0.1:9".into())), &[other]).is_ok(), "it is not for this source");
    let _ = SourceConfig::default();
}

#[tokio::test]
async fn a_source_that_was_found_rather_than_configured_can_be_told_to_act_as_well() {
    let (folder, server) = (Folder::new(), super::registry("6").await);
    let found = recast(Arc::new(source(server.url())), |info| info.discovered = true);
    let gate = gate(Rules::default(), &folder);
    let order = super::order(1, "7");
    assert_eq!(gate.offers(found.as_ref(), &order.target, None).await.unwrap().len(), 1);
    assert!(matches!(gate.act(found.as_ref(), &order, || {}).await, Outcome::Done(_)));
    assert_eq!(super::sent(&server).len(), 1);
}

/// Alertmanager that shows one alert and never answers a silence.
async fn stuck() -> Server {
    let alert = r#"[{"fingerprint":"abc","labels":{"alertname":"Down"},"annotations":{},"startsAt":"2026-11-27T03:00:00Z",
        "status":{"state":"active","silencedBy":[],"inhibitedBy":[]},"receivers":[]}]"#;
    Server::start(Arc::new(move |request, mut wire| {
        Box::pin(async move {
            let bytes = match request.as_str() {
                alerts if alerts.starts_with("GET /api/v2/alerts") => json(alert),
                get if get.starts_with("GET ") => json("[]"),
                _ => return std::future::pending().await,
            };
            let _ = tokio::io::AsyncWriteExt::write_all(&mut wire, &bytes).await;
        })
    }))
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_between_its_two_lines_an_attempt_is_known_to_have_begun_and_the_next_one_is_whole() {
    let (folder, server) = (Folder::new(), stuck().await);
    let settings = folder.0.join("triops.toml");
    std::fs::write(
        &settings,
        format!("[[source]]\nname = \"am\"\nconnector = \"alertmanager\"\nurl = \"{}\"\nproxy = \"none\"\n", server.url()),
    )
    .unwrap();
    let triops = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_triops"));
        command.env_clear().env("HOME", &folder.0).env("USER", "alice").arg("--config").arg(&settings).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    };
    let mut child = triops(&["act", "am", "acknowledge", "am/alert/abc", "--yes"]).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while !server.asked.lock().unwrap().iter().any(|request| request.starts_with("POST /api/v2/silences")) {
        assert!(Instant::now() < deadline, "it never sent the silence");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    child.kill().unwrap(); // SIGKILL
    child.wait().unwrap();
    let state = folder.0.join(".local/state/triops");
    let (lines, _) = triops::runtime::audit::read(&state, 100).unwrap();
    assert_eq!(lines.iter().map(|line| line.phase).collect::<Vec<_>>(), [Phase::Start]);
    assert!(lines[0].digest.is_some() && lines[0].actor == "alice", "{lines:?}");
    // a torn line, as a full disk leaves it, swallows nothing of what follows
    let log = state.join("audit.jsonl");
    let torn = [std::fs::read(&log).unwrap(), b"{\"at\":\"2026".to_vec()].concat();
    std::fs::write(&log, torn).unwrap();
    let refused = triops(&["--read-only", "act", "am", "acknowledge", "am/alert/abc", "--yes"]).output().unwrap();
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    let told = triops(&["audit", "--format", "json"]).output().unwrap();
    let lines: Vec<serde_json::Value> =
        String::from_utf8(told.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let phases: Vec<&str> = lines.iter().map(|line| line["phase"].as_str().unwrap()).collect();
    assert_eq!(phases, ["start", "start", "end"], "{lines:#?}");
    assert_eq!(lines[2]["outcome"], "refused");
    let table = String::from_utf8(triops(&["audit"]).output().unwrap().stdout).unwrap();
    assert!(table.contains("unknown") && table.contains("killed before it knew"), "{table}");
    let sent = server.asked.lock().unwrap().iter().filter(|request| request.starts_with("POST")).count();
    assert_eq!(sent, 1, "read-only sent nothing");
    // what is not there, or nowhere, is an attempt all the same
    for (source, target, code, said) in
        [("am", "am/alert/gone", 1, "am/alert/gone was not found"), ("pm", "x", 2, "there is no source `pm`")]
    {
        let missed = triops(&["act", source, "acknowledge", target, "--yes"]).output().unwrap();
        assert_eq!(missed.status.code(), Some(code), "{missed:?}");
        let (lines, _) = triops::runtime::audit::read(&state, 2).unwrap();
        assert_eq!(
            lines.iter().map(|line| (line.phase, line.outcome)).collect::<Vec<_>>(),
            [(Phase::Start, None), (Phase::End, Some(Verdict::Refused))]
        );
        assert_eq!((lines[1].source.as_str(), lines[1].action.as_str()), (source, "acknowledge"));
        assert!(
            lines[1].error.as_ref().unwrap().contains(said) && lines[1].target.as_str().starts_with(&format!("{source}/")),
            "{lines:#?}"
        );
    }
}
