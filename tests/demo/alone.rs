//! The demo needs nothing but a loopback interface: no network, no server, no file of the user.

use std::process::{Command, Stdio};

/// Runs the program in a network namespace of its own, in which there is the loopback interface and nothing else.
#[test]
fn it_runs_where_there_is_no_network_at_all() {
    let lo = Command::new("unshare").args(["-rn", "sh", "-c", "ip link set lo up"]).stderr(Stdio::null()).status();
    if !lo.is_ok_and(|status| status.success()) {
        println!("skipped: it_runs_where_there_is_no_network_at_all (no network namespaces may be made here)");
        return;
    }
    let triops = env!("CARGO_BIN_EXE_triops");
    let folder = std::env::temp_dir().join(format!("triops-alone-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let script = format!(
        "ip link set lo up
         {triops} demo --serve --skip 5m > settings.toml 2> said &
         demo=$!
         for turn in $(seq 100); do grep -q served said && break; sleep 0.2; done
         chmod 600 settings.toml
         {triops} --config settings.toml --log-file none once --format json
         kill $demo
         wait $demo"
    );
    let ran = Command::new("unshare").args(["-rn", "sh", "-c", &script]).current_dir(&folder).env("HOME", &folder).output().unwrap();
    let _ = std::fs::remove_dir_all(&folder);
    let told = String::from_utf8_lossy(&ran.stdout);
    let said: serde_json::Value =
        serde_json::from_str(&told).unwrap_or_else(|error| panic!("{error}: {told} {}", String::from_utf8_lossy(&ran.stderr)));
    let sources = said["sources"].as_array().unwrap();
    assert_eq!(sources.len(), 7);
    for source in sources {
        assert_eq!(source["status"], "ok", "{source}");
    }
    assert!(said["entities"].as_array().unwrap().len() > 100);
}

#[test]
fn a_wrong_word_on_the_command_line_is_told_with_the_nearest_right_one() {
    let ran = |arguments: &[&str]| {
        let out = Command::new(env!("CARGO_BIN_EXE_triops")).arg("demo").args(arguments).output().unwrap();
        (out.status.code(), String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr))
    };
    let (code, said) = ran(&["--story", "bad-lod"]);
    assert_eq!(code, Some(2));
    assert!(said.contains("there is no story `bad-lod`") && said.contains("`bad-load`"), "{said}");
    assert_eq!(ran(&["--speed", "0"]).0, Some(2));
    assert_eq!(ran(&["--scale", "0"]).0, Some(2));
    let (code, list) = ran(&["--story", "list"]);
    assert_eq!(code, Some(0));
    for story in triops::demo::story::STORIES {
        assert!(list.contains(story.name) && list.contains(story.summary), "{list}");
        let (code, truth) = ran(&["--story", story.name, "--truth", "--speed", "4"]);
        assert_eq!(code, Some(0));
        let truth: serde_json::Value = serde_json::from_str(&truth).unwrap();
        assert_eq!(truth["cause"]["what"], story.cause);
        assert_eq!(truth["timeline"].as_array().unwrap().len(), story.timeline.len());
    }
}
