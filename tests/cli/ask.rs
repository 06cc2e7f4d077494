//! `once`, `check` and `doctor`: what they say of systems that are well, in trouble, silent, or refuse.

use super::run::{Home, keys};
use super::serve::{Says, nobody, serve};

fn source(name: &str, url: &str) -> String {
    format!("[[source]]\nname = '{name}'\nconnector = 'prometheus'\nurl = '{url}'\n")
}

fn home(name: &str, urls: &[&str]) -> Home {
    let home = Home::new(name);
    let settings: String = urls.iter().enumerate().map(|(place, url)| source(&format!("s{place}"), url)).collect();
    home.settings(&settings);
    home
}

#[test]
fn once_prints_one_object_of_the_documented_shape() {
    let home = home("once", &[&serve(Says::Firing(&[("Down", "critical")])), &nobody()]);
    let ran = home.run("once --format json");
    let told = ran.json();
    assert_eq!(keys(&told), ["at", "entities", "sources"]);
    assert!(triops::domain::Timestamp::parse(told["at"].as_str().unwrap()).is_some());

    let sources = told["sources"].as_array().unwrap();
    for source in sources {
        assert_eq!(keys(source), ["connector", "error", "latency_ms", "name", "status"]);
    }
    assert_eq!((&sources[0]["name"], &sources[0]["connector"], &sources[0]["status"]), (&"s0".into(), &"prometheus".into(), &"ok".into()));
    assert!(sources[0]["error"].is_null() && sources[0]["latency_ms"].is_u64());
    assert_eq!((&sources[1]["status"], &sources[1]["error"]["kind"]), (&"failed".into(), &"unreachable".into()));
    assert_eq!(keys(&sources[1]["error"]), ["hint", "kind", "message"]);

    let alert = told["entities"].as_array().unwrap().iter().find(|entity| entity["kind"] == "alert").unwrap();
    for key in ["id", "kind", "name", "state", "since", "labels", "detail", "seen_at", "eye"] {
        assert!(!alert[key].is_null(), "{key} of {alert}");
    }
    assert!(alert["id"].as_str().unwrap().starts_with("s0/alert/"));
    assert_eq!((&alert["state"], &alert["detail"]["severity"]), (&"failed".into(), &"critical".into()));
    assert_eq!(ran.code, 1, "a source does not answer: {}", ran.err);
    assert_eq!(ran.err, "");
}

#[test]
fn once_keeps_what_the_filter_keeps_and_prints_columns_for_people() {
    let home = home("table", &[&serve(Says::Firing(&[("Down", "critical"), ("Slow", "warning")]))]);
    let ran = home.run("once --filter name=slow kind=alert");
    assert_eq!(ran.code, 2, "one filter is one argument: {}", ran.err);
    let mut command = home.command("once --filter");
    let output = command.arg("name=slow kind=alert").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(text.starts_with("SOURCE  CONNECTOR   STATUS  LATENCY  ERROR\ns0      prometheus  ok"), "{text}");
    assert!(text.contains("warning") && text.contains("Slow") && !text.contains("Down"), "{text}");
}

#[test]
fn check_exits_as_monitoring_plugins_do() {
    for (name, alerts, code, word) in [
        ("ok", &[][..], 0, "TRIOPS OK - nothing needs you; 1 of 1 sources answer | failed=0;;0;0 warnings=0;0;;0 "),
        ("info", &[("Note", "info")], 0, "TRIOPS OK - "),
        ("warning", &[("Slow", "warning")], 1, "TRIOPS WARNING - 1 warning | failed=0;;0;0 warnings=1;0;;0 "),
        (
            "critical",
            &[("Slow", "warning"), ("Down", "critical")],
            2,
            "TRIOPS CRITICAL - 1 failed, 1 warning | failed=1;;0;0 warnings=1;0;;0 ",
        ),
    ] {
        let ran = home(name, &[&serve(Says::Firing(alerts))]).run("check");
        assert!(ran.out.starts_with(word), "{}", ran.out);
        assert_eq!(ran.code, code, "{}", ran.out);
    }
}

#[test]
fn check_lists_what_is_in_trouble_worst_first_and_who_is_silent() {
    let ran = home("list", &[&serve(Says::Firing(&[("Slow", "warning"), ("Down", "critical")])), &nobody()]).run("check");
    let lines: Vec<&str> = ran.out.lines().collect();
    assert!(lines[0].starts_with("TRIOPS CRITICAL - 1 failed, 1 warning, 1 of 2 sources does not answer | "), "{}", ran.out);
    assert!(lines[1].starts_with("failed ") && lines[1].contains(" alert Down (s0)"), "{}", ran.out);
    assert!(lines[2].starts_with("warning ") && lines[2].contains(" alert Slow (s0)"), "{}", ran.out);
    assert!(lines[3].starts_with("failed source s1: GET http://127.0.0.1:"), "{}", ran.out);
}

#[test]
fn check_does_not_call_critical_what_it_cannot_know() {
    let silent = home("silent", &[&serve(Says::Firing(&[])), &nobody()]).run("check");
    assert_eq!((silent.code, silent.out.starts_with("TRIOPS UNKNOWN - 1 of 2 sources does not answer | ")), (3, true), "{}", silent.out);

    let wrong = Home::new("wrong");
    wrong.settings("[ui]\nglphs = 'ascii'\n");
    let ran = wrong.run("check");
    let line = "TRIOPS UNKNOWN - ~/.config/triops/triops.toml:2:1: unknown key `glphs` in `ui`;  hint: did you mean `glyphs`?\n";
    assert_eq!((ran.code, ran.out.as_str()), (3, line));
    assert_eq!(wrong.run("check --nope").code, 3);
}

#[test]
fn doctor_says_what_was_tried_what_answered_and_what_to_do() {
    let well = home("well", &[&serve(Says::Firing(&[("Down", "critical")]))]).run("doctor");
    assert_eq!(well.code, 0, "{}", well.out);
    for part in [
        "  ok      resolve",
        "  ok      connect",
        "  ok      probe",
        "Prometheus 2.42.0",
        "  ok      poll alerts",
        "1 entity in",
        "1 of 1 sources answer",
    ] {
        assert!(well.out.contains(part), "{part} in {}", well.out);
    }

    let down = home("down", &[&nobody()]).run("doctor --format json");
    let told = down.json();
    let steps = told["sources"][0]["steps"].as_array().unwrap();
    let tried: Vec<_> = steps.iter().map(|step| (step["tried"].as_str().unwrap(), step["ok"].as_bool().unwrap())).collect();
    assert_eq!(tried, [("resolve", true), ("connect", false)]);
    assert!(steps[1]["answer"].as_str().unwrap().contains("refused") && !steps[1]["hint"].as_str().unwrap().is_empty(), "{told}");
    assert_eq!(down.code, 1);

    let refused = home("refused", &[&serve(Says::Refuses("401 Unauthorized", "no"))]).run("doctor");
    assert!(
        refused.out.contains("  failed  sign in (probe)") && refused.out.contains("401") && refused.out.contains("hint: "),
        "{}",
        refused.out
    );
    assert_eq!(refused.code, 1);

    let other = home("other", &[&serve(Says::Firing(&[]))]).run("doctor nope");
    assert_eq!((other.code, other.err.as_str()), (2, "triops: there is no source `nope`\n  hint: sources: s0\n"));
}

#[test]
fn a_secret_is_never_printed_whatever_goes_wrong() {
    let url = serve(Says::Refuses("401 Unauthorized", "wrong password hunter22 of oncall"));
    let home = Home::new("secret");
    let auth = |rest: &str| format!("{}auth = {{ {rest} }}\n", source("s", &url));
    for (place, settings) in [
        auth("scheme = 'basic', user = 'oncall', password = 'hunter22'"),
        auth("scheme = 'basic', user = 'oncall', password = { env = 'PASSWORD' }"),
        auth("scheme = 'bearer', token = { env = 'TOKEN' }"),
        auth("scheme = 'bearer', token = { command = ['echo', 'hunter22'] }"),
        // and wrong files
        auth("scheme = 'basic', password = ['hunter22']"),
        auth("scheme = 'bearer', token = { env = 'TOKEN', nope = 'hunter22' }"),
        auth("scheme = 'basic', user = 'oncall', password = 'hunter22"),
        format!("{}auth = 'hunter22'\n", source("s", &url)),
    ]
    .iter()
    .enumerate()
    {
        home.settings(settings);
        for command in ["once", "once --format json", "check", "doctor", "doctor --format json", "config check"] {
            let ran = home.run_with(command, &[("PASSWORD", "hunter22"), ("TOKEN", "hunter22")]);
            let all = format!("{}{}", ran.out, ran.err);
            assert!(!all.contains("hunter22"), "{place}: {command}: {all}");
            assert!(ran.code != 0 || command == "config check", "{place}: {command}: {all}");
        }
    }
}

#[test]
fn with_nothing_configured_it_says_what_it_looked_for() {
    let ran = Home::new("nothing").run("doctor --timeout 5s");
    for (name, place) in [("Podman", "/run/podman/podman.sock"), ("Prometheus", "http://localhost:9090")] {
        let told = [format!("found {name} at "), format!("not found: {name} at ")].iter().any(|start| ran.err.contains(start));
        assert!(told && ran.err.contains(place), "{name}: {}", ran.err);
    }
}
