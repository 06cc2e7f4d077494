//! `config`, `sources`, `completions`, `man`, and manners of the command line as a whole.

use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use super::run::{Home, keys};

#[test]
fn init_writes_a_private_file_that_is_right_and_never_over_another() {
    let home = Home::new("init");
    let ran = home.run("config init");
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (0, "~/.config/triops/triops.toml\n", ""));
    let file = home.0.join(".config/triops/triops.toml");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    std::fs::write(&file, "[ui]\nutc = true\n").unwrap();
    let again = home.run("config init");
    assert_eq!((again.code, again.out.as_str()), (1, ""));
    assert!(again.err.contains("is there already; nothing was written"), "{}", again.err);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "[ui]\nutc = true\n");
    let other = home.run("--config new/folder/t.toml config init");
    assert_eq!((other.code, other.out.as_str()), (0, "new/folder/t.toml\n"));
    assert_eq!(home.run("--config new/folder/t.toml config check").code, 0);
}

#[test]
fn config_check_tells_every_mistake_with_file_line_and_column() {
    let home = Home::new("check");
    home.settings("[ui]\nglphs = 'ascii'\nutc = 1\n");
    home.write(".config/triops/keymap.toml", "[list]\nx = \"open\"\nx = \"raw\"\n", 0o644);
    let ran = home.run_with("config check", &[("TRIOPS_UI_MAX_FPS", "many")]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert_eq!(
        ran.err.lines().filter(|line| !line.starts_with("  hint")).collect::<Vec<_>>(),
        [
            "~/.config/triops/triops.toml:2:1: unknown key `glphs` in `ui`",
            "~/.config/triops/triops.toml:3:7: `ui.utc` must be true or false, not this whole number",
            "TRIOPS_UI_MAX_FPS: `ui.max_fps` must be a whole number, zero or more, not a text",
            "~/.config/triops/keymap.toml:3:1: `x` is bound to both `open` and `raw` in [list]",
        ]
    );
    let theme = Home::new("theme").run("--theme anzi config check");
    assert!(theme.code == 2 && theme.err.contains("anzi"), "{}", theme.err);
    for command in ["once", "doctor", ""] {
        assert_eq!(home.run(command).code, 2, "{command}");
    }
}

#[test]
fn paths_and_schema_are_told() {
    let home = Home::new("paths");
    let told = home.run_with("config paths --format json", &[("XDG_STATE_HOME", "/elsewhere/state")]).json();
    let path = |what: &str| told["paths"].as_array().unwrap().iter().find(|row| row["what"] == what).unwrap()["path"].clone();
    assert_eq!(path("settings"), "~/.config/triops/triops.toml");
    assert_eq!(path("state"), "/elsewhere/state/triops");
    let schema = home.run("config schema").json();
    assert_eq!(keys(&schema["properties"]), ["action", "check", "log", "model", "safety", "source", "ui"]);
}

#[test]
fn sources_lists_every_connector_with_its_support_level() {
    let home = Home::new("sources");
    let told = home.run("sources --format json").json();
    let rows = told["connectors"].as_array().unwrap();
    for name in ["docker", "podman", "prometheus", "scrape"] {
        let row = rows.iter().find(|row| row["name"] == name).unwrap_or_else(|| panic!("{name} in {told}"));
        assert_eq!((&row["support"], &row["origin"]), (&"live".into(), &"native".into()));
    }
    let table = home.run("sources");
    let level = |line: &str| line.split_whitespace().nth(1).is_some_and(|word| ["live", "emulator", "contract"].contains(&word));
    assert_eq!(table.out.lines().filter(|line| level(line)).count(), rows.len(), "{}", table.out);
}

#[test]
fn completions_and_manual_pages_are_made_from_the_command_line_itself() {
    let home = Home::new("made");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(home.run(&format!("completions {shell}")).out.contains("read-only"), "{shell}");
    }
    for (command, part) in [("man", "TRIOPS_UI_THEME"), ("man once", "filter"), ("man config init", "never over an existing one")] {
        let ran = home.run(command);
        assert!(ran.code == 0 && ran.out.contains(".TH triops") && ran.out.contains(part), "{command}: {}", ran.out);
    }
}

#[test]
fn a_wrong_command_line_exits_with_2_and_says_so_on_standard_error() {
    let home = Home::new("usage");
    for command in
        ["--nope", "once --nope", "nope", "once --format xml", "once --timeout 5", "--color pink", "man nope", "--config gone.toml once"]
    {
        let ran = home.run(command);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{command}");
        assert!(!ran.err.is_empty(), "{command}");
    }
    for command in ["--help", "--version", "help config", "check --help"] {
        let ran = home.run(command);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{command}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let home = Home::new("pipe");
    for command in ["config schema", "completions bash", "man", "--help", "sources"] {
        let mut child = home.command(command).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""), "{command}");
    }
}

#[test]
fn without_a_terminal_the_cockpit_says_what_to_do_instead() {
    let ran = Home::new("terminal").run("--log-file none");
    assert_eq!(ran.code, 2);
    assert!(ran.out.is_empty() && ran.err.contains("terminal") && ran.err.contains("triops once"), "{}", ran.err);
}
