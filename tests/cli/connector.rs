//! `connector check` and `connector try`, and a user's own connector file in use.

use super::run::Home;
use super::serve::{Says, serve};

const FILE: &str = r#"[connector]
title = "Sample"
eye = "devops"
url = "http://localhost:1"

[probe]
get = "/api/v1/status/buildinfo"
expect = '"Sample " + .data.version'

[[poll]]
id = "rules"
every = "15s"
emits = ["check"]
get = "/api/v1/rules"
map = '.data.groups[].rules[] | {kind: "check", key: .name, name: .name, state: "warning", reason: .state}'
"#;

#[test]
fn check_tells_every_mistake_of_a_connector_file_with_its_place() {
    let home = Home::new("connector-check");
    home.write("good.toml", FILE, 0o644);
    let good = home.run("connector check good.toml");
    assert_eq!((good.code, good.out.as_str()), (0, "ok  good.toml: Sample, polls rules\n"), "{}", good.err);
    home.write("key.toml", &FILE.replace("emits", "emit"), 0o644);
    let key = home.run("connector check key.toml");
    assert!(key.err.starts_with("key.toml:13:1: unknown key `emit` in `poll[0]`\n  hint: did you mean `emits`?\n"), "{}", key.err);
    home.write("jq.toml", &FILE.replace(".rules[] |", ".rules[] | |"), 0o644);
    let jq = home.run("connector check jq.toml");
    assert!(jq.err.starts_with("jq.toml:15:"), "{}", jq.err);
    for ran in [key, jq, home.run("connector check gone.toml")] {
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{}", ran.err);
    }
}

#[test]
fn try_maps_a_recorded_answer_to_entities() {
    let home = Home::new("connector-try");
    home.write("sample.toml", FILE, 0o644);
    home.write("body.json", r#"{"data":{"groups":[{"rules":[{"name":"Slow","state":"firing"}]}]}}"#, 0o644);
    let ran = home.run("connector try sample.toml --poll rules --input body.json");
    let told = ran.json();
    assert_eq!((ran.code, &told["entities"][0]["id"], &told["entities"][0]["reason"]), (0, &"try/check/Slow".into(), &"firing".into()));

    home.write("odd.json", r#"{"data":{"groups":[{"rules":[{"name":"Slow","state":"firing"},{"name":null,"state":3}]}]}}"#, 0o644);
    let odd = home.run("connector try sample.toml --poll rules --input odd.json");
    assert_eq!((odd.code, odd.json()["problems"].as_array().map(Vec::len)), (1, Some(1)), "{}", odd.out);

    let other = home.run("connector try sample.toml --poll rule --input body.json");
    assert!(other.code == 1 && other.err.contains("did you mean `rules`?"), "{}", other.err);
    assert_eq!(home.run("connector try sample.toml --poll rules --input gone.json").code, 2);
}

#[test]
fn a_connector_of_the_user_is_listed_used_and_when_broken_a_failed_source() {
    let home = Home::new("connector-own");
    home.write(".config/triops/connectors/sample.toml", FILE, 0o644);
    let url = serve(Says::Firing(&[("Slow", "warning")]));
    home.settings(&format!("[[source]]\nname = 'own'\nconnector = 'sample'\nurl = '{url}'\n"));
    let told = home.run("sources --format json").json();
    let row = told["connectors"].as_array().unwrap().iter().find(|row| row["name"] == "sample").unwrap();
    assert_eq!((&row["origin"], &row["support"]), (&"own file".into(), &"unproven".into()));
    let once = home.run("once --format json");
    assert_eq!((once.code, &once.json()["entities"][0]["id"]), (0, &"own/check/Slow".into()), "{}", once.out);

    home.write(".config/triops/connectors/sample.toml", &FILE.replace("emits", "emit"), 0o644);
    let broken = home.run("once --format json");
    let error = broken.json()["sources"][0]["error"].clone();
    assert_eq!((broken.code, &error["kind"], &error["hint"]), (1, &"config".into(), &"did you mean `emits`?".into()), "{error}");
    assert!(error["message"].as_str().unwrap().contains("sample.toml:13:1: unknown key `emit`"), "{error}");
    let check = home.run("config check");
    assert!(check.code == 2 && check.err.contains("connectors/sample.toml:13:1: unknown key `emit`"), "{}", check.err);
}
