//! What is read on this machine itself keeps its promises: commands and files become entities, what was not written is not read again,
//! what is half written costs nothing that was known, and recorded files and outputs of real tools become what is written down.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use futures_util::StreamExt;
use serde::Deserialize;
use serde_json::{Value, json};
use triops::config::{Connector, Connectors, SourceConfig};
use triops::domain::{Answer, Ask, Batch, Entity, Failure, FailureKind, LogRequest, PollId, Scope, Timestamp};
use triops::source::Source;
use triops::source::manifest::{self, Manifest};

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("triops-here-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder.canonicalize().unwrap())
    }

    fn path(&self) -> String {
        self.0.display().to_string()
    }

    /// Writes a file as if at 22:20 and so many seconds.
    fn write(&self, name: &str, body: impl AsRef<[u8]>, second: u64) {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, body).unwrap();
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_472_400 + second);
        File::options().write(true).open(&path).unwrap().set_modified(at).unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn now() -> Timestamp {
    Timestamp::parse("2026-11-23T22:30:00Z").unwrap()
}

fn connector(text: &str) -> Connector {
    let text = format!("[connector]\ntitle = \"T\"\neye = \"devops\"\n{text}");
    let connector = Connector::parse("t", "t.toml", &text).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    assert_eq!(manifest::check(&connector), []);
    connector
}

fn config(paths: &[String]) -> SourceConfig {
    SourceConfig { name: "s".into(), connector: "t".into(), path: paths.to_vec(), ..SourceConfig::default() }
}

fn source(text: &str, paths: &[String]) -> Manifest {
    Manifest::new(&config(paths), &connector(text)).unwrap()
}

async fn poll(source: &dyn Source, id: &str) -> Result<Batch, Failure> {
    source.poll(&PollId::from(id), now()).await
}

fn told(batch: &Batch) -> Vec<String> {
    batch.entities.iter().map(|e| format!("{} {}", e.id.key(), e.reason.as_deref().unwrap_or("-"))).collect()
}

fn log_of(entity: &Entity, follow: bool) -> LogRequest {
    let entity = entity.clone().shared();
    LogRequest { entity, step: None, attempt: None, since: None, until: None, tail: 1000, follow }
}

const FILES: &str = r#"
[[poll]]
id    = "all"
every = "1s"
emits = ["check"]
file  = "{path}/*.json"
map   = 'rows("checks") | {kind: "check", key: "\($file.name)/\(.name)", state: "ok", reason: (.seen | tostring), labels: {path: $path, file: $file.path}, detail: {evaluated_at: $file.modified}}'

[[raw]]
on   = ["check"]
file = "{labels.file}"
"#;

#[tokio::test]
async fn only_files_that_were_written_are_read_again() {
    let folder = Folder::new("again");
    folder.write("a.json", r#"{"checks":[{"name":"x","seen":1}]}"#, 1);
    folder.write("b.json", r#"{"checks":[{"name":"y","seen":2}]}"#, 2);
    folder.write("c.txt", "no", 3);
    let source = source(FILES, &[folder.path()]);
    let first = poll(&source, "all").await.unwrap();
    assert_eq!((told(&first), first.scope), (vec!["a.json/x 1".into(), "b.json/y 2".into()], Scope::Whole));
    let spent = source.spent();
    assert_eq!(spent.requests, 2);
    assert_eq!(poll(&source, "all").await.unwrap().scope, Scope::Unchanged);
    assert_eq!(source.spent(), spent, "nothing was read");
    folder.write("b.json", r#"{"checks":[{"name":"y","seen":3}]}"#, 4);
    let third = poll(&source, "all").await.unwrap();
    assert_eq!((told(&third), third.scope), (vec!["a.json/x 1".into(), "b.json/y 3".into()], Scope::Whole));
    assert_eq!(source.spent().requests, 3, "the other one was not read again");
    std::fs::remove_file(folder.0.join("a.json")).unwrap();
    let fourth = poll(&source, "all").await.unwrap();
    assert_eq!((told(&fourth), fourth.scope), (vec!["b.json/y 3".into()], Scope::Whole), "what has gone is gone");
}

#[tokio::test]
async fn a_file_that_is_half_written_costs_nothing_that_was_known() {
    let folder = Folder::new("half");
    folder.write("a.json", r#"{"checks":[{"name":"x","seen":1}]}"#, 1);
    folder.write("b.json", r#"{"checks":[{"name":"y","seen":2}]}"#, 2);
    let source = source(FILES, &[folder.path()]);
    poll(&source, "all").await.unwrap();
    folder.write("b.json", r#"{"checks":[{"na"#, 3);
    let half = poll(&source, "all").await.unwrap();
    assert_eq!((told(&half), half.scope), (vec!["a.json/x 1".into(), "b.json/y 2".into()], Scope::Part));
    assert!(
        half.problems.len() == 1 && half.problems[0].path.ends_with("b.json") && half.problems[0].message.contains("not JSON"),
        "{:?}",
        half.problems
    );
    folder.write("b.json", r#"{"checks":[{"name":"y","seen":9}]}"#, 3);
    assert_eq!(told(&poll(&source, "all").await.unwrap())[1], "b.json/y 9");
}

#[tokio::test]
async fn a_missing_file_is_a_failure_that_says_which_unless_it_may_be_missing() {
    let folder = Folder::new("missing");
    let failure = poll(&source(FILES, &[folder.path()]), "all").await.unwrap_err();
    assert!(failure.kind == FailureKind::NotFound && failure.detail.contains("*.json"), "{failure}");
    let optional = source(&FILES.replace("file  = ", "missing-ok = true\nfile  = "), &[folder.path()]);
    let batch = poll(&optional, "all").await.unwrap();
    assert_eq!((batch.entities.len(), batch.scope), (0, Scope::Whole));
}

#[tokio::test]
async fn one_path_of_several_that_fails_costs_itself_alone() {
    let (good, bad) = (Folder::new("good"), Folder::new("bad"));
    good.write("a.json", r#"{"checks":[{"name":"x","seen":1}]}"#, 1);
    let source = source(FILES, &[good.path(), bad.path()]);
    let batch = poll(&source, "all").await.unwrap();
    assert_eq!((told(&batch), batch.scope, batch.problems.len()), (vec!["a.json/x 1".into()], Scope::Part, 1));
}

#[tokio::test]
async fn what_a_file_tells_never_leads_out_of_the_paths_of_the_source() {
    let (folder, other) = (Folder::new("inside"), Folder::new("outside"));
    other.write("secret.log", "secret\n", 0);
    folder.write("run.log", "one\n", 0);
    let text = format!(
        "{FILES}\n[[logs]]\non = [\"check\"]\nfile = \"{{labels.log}}\"\ndecode = \"text\"\nmap = 'split(\"\\n\")[] | select(. != \"\")'\n"
    );
    let text = text.replace("file: $file.path}", "file: $file.path, log: .log}");
    let log = |path: &Path| format!(r#"{{"checks":[{{"name":"x","seen":1,"log":"{}"}}]}}"#, path.display());
    for (path, said) in [
        (folder.0.join("run.log"), Ok("one")),
        (other.0.join("secret.log"), Err("outside")),
        (folder.0.join("nothing"), Err("no file fits")),
    ] {
        folder.write("a.json", log(&path), 1);
        let source = source(&text, &[folder.path()]);
        let batch = poll(&source, "all").await.unwrap();
        let part = source.logs(log_of(&batch.entities[0], false)).next().await.unwrap();
        match (part, said) {
            (Ok(part), Ok(text)) => assert!(part.lines[0].text == text && part.ended && part.from_start, "{part:?}"),
            (Err(failure), Err(words)) => assert!(failure.detail.contains(words), "{failure}"),
            (part, said) => panic!("{part:?}, not {said:?}"),
        }
    }
}

#[tokio::test]
async fn a_log_that_is_a_file_is_followed_as_it_grows() {
    let folder = Folder::new("grows");
    folder.write("a.json", r#"{"checks":[{"name":"x","seen":1}]}"#, 1);
    folder.write("run.log", "one\ntwo", 0);
    let text = format!(
        "{FILES}\n[[logs]]\non = [\"check\"]\nfile = \"{{path}}/run.log\"\nevery = \"20ms\"\ndecode = \"text\"\nmap = 'split(\"\\n\")[] | select(. != \"\")'\n"
    );
    let source = source(&text, &[folder.path()]);
    let batch = poll(&source, "all").await.unwrap();
    let mut log = source.logs(log_of(&batch.entities[0], true));
    let lines = |part: Option<Result<triops::domain::LogPart, Failure>>| {
        part.unwrap().unwrap().lines.iter().map(|line| line.text.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(lines(log.next().await), ["one"], "a line that is not ended may go on");
    let mut file = File::options().append(true).open(folder.0.join("run.log")).unwrap();
    std::io::Write::write_all(&mut file, b" more\nthree\n").unwrap();
    assert_eq!(lines(log.next().await), ["two more", "three"]);
    drop(file);
    folder.write("run.log", "anew\n", 9);
    assert_eq!(lines(log.next().await), ["anew"]);
}

#[tokio::test]
async fn a_command_is_run_for_each_path_and_its_exit_code_counts() {
    let (one, two) = (Folder::new("one"), Folder::new("two"));
    one.write("name", "one", 0);
    two.write("name", "two", 0);
    let text = r#"
[with.code]
about = "a"
default = 0

[[poll]]
id     = "run"
every  = "1s"
emits  = ["check"]
exec   = ["sh", "-c", "cat name; echo; exit $CODE", "sh", "--option={with.absent}"]
cwd    = "{path}"
env    = { CODE = "{with.code}" }
exit   = { answer = [0, 2], nothing = [3] }
decode = "text"
map    = '{kind: "check", key: ($path | split("/") | last), state: "ok", reason: "\(.) \($exit)"}'

[with.absent]
about = "b"
"#;
    let connector = connector(text);
    let run = async |code: i64| {
        let mut config = config(&[one.path(), two.path()]);
        config.with.insert("code".into(), json!(code));
        poll(&Manifest::new(&config, &connector).unwrap(), "run").await
    };
    for code in [0, 2] {
        let batch = run(code).await.unwrap();
        let reasons: Vec<&str> = batch.entities.iter().map(|entity| entity.reason.as_deref().unwrap()).collect();
        assert_eq!(reasons, ["one", "two"], "the first line is shown");
    }
    assert_eq!(run(3).await.unwrap().entities.len(), 0);
    let failure = run(1).await.unwrap_err();
    assert!(failure.kind == FailureKind::Server && failure.detail.contains("exit code 1"), "{failure}");
}

#[tokio::test]
async fn a_value_cannot_become_an_option_nor_a_missing_word_another_command() {
    let text = r#"
[with.word]
about = "a"

[[poll]]
id    = "run"
every = "1s"
emits = ["check"]
exec  = ["echo", "{with.word}"]
decode = "text"
map   = '{kind: "check", key: ., state: "ok"}'
"#;
    let connector = connector(text);
    for (word, said) in [(json!("--version"), "would be read as an option"), (Value::Null, "there is no `with.word`")] {
        let mut config = config(&[]);
        config.with.insert("word".into(), word);
        let failure = poll(&Manifest::new(&config, &connector).unwrap(), "run").await.unwrap_err();
        assert!(failure.detail.contains(said), "{failure}");
    }
}

#[test]
fn what_a_source_does_not_need_or_lacks_is_told_before_anything_runs() {
    let files = connector(FILES);
    let wrong = |config: &SourceConfig, connector: &Connector| Manifest::new(config, connector).err().unwrap().detail;
    assert!(wrong(&config(&[]), &files).contains("`path` is missing"));
    let url = SourceConfig { url: Some("http://h".into()), ..config(&["/tmp".into()]) };
    assert!(wrong(&url, &files).contains("`url` says nothing"));
    let web = connector(
        "url = \"http://{with.region}.h\"\n[with.region]\nabout = \"r\"\n[[poll]]\nid = \"a\"\nevery = \"1s\"\nemits = [\"check\"]\nget = \"/\"\nmap = '.'\n",
    );
    assert!(wrong(&config(&["/tmp".into()]), &web).contains("`path` says nothing"));
    assert!(wrong(&config(&[]), &web).contains("with.region"));
    let with = SourceConfig { with: BTreeMap::from([("region".to_owned(), json!("eu"))]), ..config(&[]) };
    assert_eq!(Manifest::new(&with, &web).unwrap().info().url, "http://eu.h");
}

#[test]
fn keys_that_say_nothing_for_a_way_are_mistakes() {
    let good = "[connector]\ntitle = \"X\"\neye = \"devops\"\n[[poll]]\nid = \"a\"\nevery = \"1s\"\nemits = [\"alert\"]\nexec = [\"x\"]\nmap = '.'\n";
    assert!(Connector::parse("x", "x.toml", good).is_ok());
    for (from, to, said) in [
        ("exec = [\"x\"]", "exec = []", "`exec` begins with the program's own name"),
        ("exec = [\"x\"]", "exec = [\"{with.x}\"]", "`exec` begins with the program's own name"),
        ("exec = [\"x\"]", "exec = [\"x\"]\nget = \"/\"", "needs exactly one of"),
        ("exec = [\"x\"]", "exec = [\"x\"]\nquery = { a = \"b\" }", "`query` says nothing"),
        ("exec = [\"x\"]", "file = \"x\"\ncwd = \"/\"", "`cwd` says nothing"),
        ("exec = [\"x\"]", "exec = [\"x\"]\nnewest = 3", "`newest` says nothing"),
        ("exec = [\"x\"]", "exec = \"x y\"", "exec"),
        ("exec = [\"x\"]", "exec = [\"x\"]\nexit = { ok = [1] }", "ok"),
    ] {
        let mistakes = Connector::parse("x", "x.toml", &good.replace(from, to)).expect_err(to);
        let text = mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        assert!(text.contains(said), "{to}: {text}");
    }
}

/// `recorded.toml`: files that a connector reads, or outputs of its commands, and where each comes from.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Recorded {
    #[serde(default)]
    file: Vec<Part>,
    #[serde(default)]
    output: Vec<Part>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    /// Of an output: whose.
    poll: Option<String>,
    /// In the folder of the fixtures.
    name: String,
    /// Of an output: what its further requests answered, by name.
    also: Option<String>,
    /// Recorded from what, or made after which description.
    origin: String,
}

fn recorded() -> Vec<(String, PathBuf, Recorded)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut found: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .filter_map(|entry| {
            let path = entry.unwrap().path();
            let text = std::fs::read_to_string(path.join("recorded.toml")).ok()?;
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            Some((name.clone(), path, toml::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"))))
        })
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    assert!(found.len() >= 10, "the fixtures were not found");
    found
}

#[tokio::test]
async fn recorded_files_and_outputs_become_what_is_written_down() {
    let connectors = Connectors::load(None).unwrap();
    for (name, fixtures, recorded) in recorded() {
        let connector = connectors.get(&name).unwrap().unwrap();
        let mut text = String::new();
        for part in &recorded.output {
            assert!(!part.origin.is_empty());
            let id = part.poll.as_deref().unwrap_or_else(|| panic!("{name}: whose output is {}?", part.name));
            let body = std::fs::read(fixtures.join(&part.name)).unwrap();
            let also = part.also.as_ref().map(|also| std::fs::read(fixtures.join(also)).unwrap());
            let also = also.map_or(Value::Null, |body| serde_json::from_slice(&body).unwrap());
            let (entities, problems) = manifest::try_map(&connector, id, &body, &also, now()).unwrap_or_else(|e| panic!("{name}: {e}"));
            text += &sheet(&connector, id, &part.name, &entities, &json!(problems));
        }
        if !recorded.file.is_empty() {
            text += &files(&name, &fixtures, &recorded.file, &connector).await;
        }
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(format!("here__{name}"), text);
        });
    }
}

async fn files(name: &str, fixtures: &Path, parts: &[Part], connector: &Connector) -> String {
    let folder = Folder::new(name);
    for (second, part) in parts.iter().enumerate() {
        assert!(!part.origin.is_empty());
        folder.write(&format!("shop/{}", part.name), std::fs::read(fixtures.join(&part.name)).unwrap(), second as u64);
    }
    let place = format!("{}/shop", folder.path());
    let source = Manifest::new(&config(std::slice::from_ref(&place)), connector).unwrap();
    let mut text = String::new();
    for each in connector.poll.iter().filter(|poll| matches!(poll.call().unwrap().way, triops::config::connector::Way::File(_))) {
        let batch = poll(&source, &each.id).await.unwrap_or_else(|e| panic!("{name} {}: {e}", each.id));
        text += &sheet(connector, &each.id, "", &batch.entities, &json!(batch.problems));
        for entity in batch.entities.iter().filter(|entity| entity.kind() == triops::domain::Kind::Run) {
            if let Ok(Answer::Steps(steps)) = source.ask(&Ask::Steps { run: entity.clone().shared() }).await {
                text += &format!("steps of {}: {}\n", entity.id, serde_json::to_string_pretty(&steps).unwrap());
            }
            if let Some(Ok(part)) = source.logs(log_of(entity, false)).next().await {
                let lines: Vec<_> = part.lines.iter().take(20).map(|line| serde_json::to_string(line).unwrap()).collect();
                text += &format!("log of {}:\n{}\n", entity.id, lines.join("\n"));
            }
        }
    }
    text.replace(&folder.path(), "DIR")
}

fn sheet(connector: &Connector, poll: &str, what: &str, entities: &[Entity], problems: &Value) -> String {
    let announced = &connector.poll.iter().find(|known| known.id == poll).unwrap().emits;
    for entity in entities {
        assert!(announced.contains(&entity.kind()), "{} is not announced by poll {poll}", entity.id);
    }
    let mut part = json!({ "poll": poll, "entities": entities });
    if !what.is_empty() {
        part["of"] = json!(what);
    }
    if problems.as_array().is_some_and(|list| !list.is_empty()) {
        part["problems"] = problems.clone();
    }
    serde_json::to_string_pretty(&part).unwrap() + "\n"
}
