//! Running a command: argv as it is, never a shell; a small environment; output bounded in size and time; ended with everything it
//! started when nobody waits for it any longer.
//! Not for: what its output means (see `source::manifest`), secrets that a command prints (see `config::secret`).

use std::io::ErrorKind;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};

use crate::domain::{Failure, FailureKind};

use super::Local;

/// What is kept of standard error: its end says why.
const MAX_SAID: usize = 16 * 1024;
/// What of it is shown, in characters.
const MAX_SHOWN: usize = 300;
/// What every command gets of our environment, where it is set: to find programs, its own settings, and keys for ssh.
const PASSED: &[&str] = &["PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "SSH_AUTH_SOCK", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"];

/// A command, ready to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Program and arguments.
    pub argv: Vec<String>,
    /// Environment beside `PASSED`, and beside `LC_ALL=C.UTF-8`, for words are read.
    pub env: Vec<(String, String)>,
    /// Folder it runs in; ours if absent.
    pub cwd: Option<String>,
    /// Exit codes with which its output is the answer.
    pub answer: Vec<i32>,
    /// Exit codes with which there is nothing to tell.
    pub nothing: Vec<i32>,
    /// Longest wait for its end.
    pub timeout: Duration,
}

/// What a command said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Standard output; empty where there is nothing to tell.
    pub body: Vec<u8>,
    /// The code it ended with.
    pub code: i32,
    /// The code says that there is nothing to tell.
    pub nothing: bool,
    /// What was being done, for failures.
    pub doing: String,
}

impl Job {
    /// For people: the command as it would be typed. Values with blanks stand in quotes.
    pub fn shown(&self) -> String {
        let quoted = |word: &String| if word.is_empty() || word.contains(char::is_whitespace) { format!("'{word}'") } else { word.clone() };
        let words: Vec<String> = self.argv.iter().map(quoted).collect();
        let line = words.join(" ");
        if line.chars().count() > MAX_SHOWN { line.chars().take(MAX_SHOWN - 1).chain(['…']).collect() } else { line }
    }
}

impl Local {
    /// Runs a command to its end.
    pub async fn run(&self, job: &Job) -> Result<Output, Failure> {
        let doing = format!("run {}", job.shown());
        let outcome = match tokio::time::timeout(job.timeout, ended(job, self.max_bytes, &doing)).await {
            Ok(outcome) => outcome,
            Err(_) => {
                Err(Failure::new(FailureKind::Timeout, doing.as_str(), format!("did not end within {} s", job.timeout.as_secs_f64()))
                    .hint("it was ended; `timeout` of the source may be raised"))
            }
        };
        self.count(outcome.as_ref().map_or(0, |(_, body, _)| body.len()));
        let (status, body, said) = outcome?;
        match status.code() {
            Some(code) if job.answer.contains(&code) => Ok(Output { body, code, nothing: false, doing }),
            Some(code) if job.nothing.contains(&code) => Ok(Output { body: Vec::new(), code, nothing: true, doing }),
            _ => Err(failed(status, &said, &doing)),
        }
    }
}

/// Status, output, and the end of what it said.
async fn ended(job: &Job, max: u64, doing: &str) -> Result<(ExitStatus, Vec<u8>, Vec<u8>), Failure> {
    let mut child = spawn(job, doing)?;
    let _group = Group::of(&child);
    let (Some(output), Some(said)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(Failure::new(FailureKind::BadShape, doing, "its output cannot be read"));
    };
    // too much output ends the waiting for the rest, and dropping the group ends the command
    let (body, said) = tokio::try_join!(whole(output, max, doing), async { Ok(end(said).await) })?;
    let status = child.wait().await.map_err(|e| Failure::new(FailureKind::BadShape, doing, format!("its end was missed: {e}")))?;
    Ok((status, body, said))
}

fn spawn(job: &Job, doing: &str) -> Result<Child, Failure> {
    let Some((program, arguments)) = job.argv.split_first() else {
        return Err(Failure::new(FailureKind::Config, doing, "there is no program to run"));
    };
    let mut command = Command::new(program);
    command.args(arguments).env_clear();
    for name in PASSED {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command.env("LC_ALL", "C.UTF-8").envs(job.env.iter().map(|(name, value)| (name, value)));
    if let Some(folder) = &job.cwd {
        command.current_dir(folder);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    #[cfg(unix)]
    command.process_group(0); // so that what it starts can be ended with it, and a ctrl-c of the terminal is not its
    command.spawn().map_err(|error| not_started(program, job.cwd.as_deref(), &error, doing))
}

fn not_started(program: &str, cwd: Option<&str>, error: &std::io::Error, doing: &str) -> Failure {
    let failure = |kind, detail: String, hint: &str| Failure::new(kind, doing, detail).hint(hint);
    match (error.kind(), cwd) {
        (ErrorKind::NotFound | ErrorKind::NotADirectory, Some(folder)) if !std::path::Path::new(folder).is_dir() => {
            failure(FailureKind::NotFound, format!("{folder} is no folder"), "check `path` of the source")
        }
        (ErrorKind::NotFound, _) => {
            failure(FailureKind::NotFound, format!("there is no program `{program}`"), "install it, or add it to PATH")
        }
        (ErrorKind::PermissionDenied, _) => {
            failure(FailureKind::Denied, format!("`{program}` may not be run"), "who may run it, and enter the folder it runs in?")
        }
        _ => failure(FailureKind::BadShape, format!("`{program}` cannot be run: {error}"), ""),
    }
}

/// The last line of standard error is the one that says why.
fn failed(status: ExitStatus, said: &[u8], doing: &str) -> Failure {
    let text = String::from_utf8_lossy(said);
    let last = text.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default();
    let last: String = last.chars().take(MAX_SHOWN).collect();
    let ending = match status.code() {
        Some(code) => format!("exit code {code}"),
        None => "ended by a signal".to_owned(),
    };
    Failure::new(FailureKind::Server, doing, if last.is_empty() { ending } else { format!("{ending}: {last}") })
        .hint("run the same command by hand to see all that it says")
}

/// All of it; a failure as soon as it is more than `max` bytes.
async fn whole(stream: impl AsyncRead + Unpin, max: u64, doing: &str) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    let read = stream.take(max.saturating_add(1)).read_to_end(&mut body).await;
    read.map_err(|e| Failure::new(FailureKind::BadShape, doing, format!("its output cannot be read: {e}")))?;
    if body.len() as u64 <= max {
        return Ok(body);
    }
    let failure = Failure::new(FailureKind::TooLarge, doing, format!("it prints more than {max} bytes"));
    Err(failure.hint("ask for less, or raise `max_body_bytes` of the source"))
}

/// Reads to the end and keeps the end: a command whose standard error nobody reads would stop.
async fn end(mut stream: impl AsyncRead + Unpin) -> Vec<u8> {
    let (mut kept, mut piece) = (Vec::new(), [0; 4096]);
    while let Ok(read @ 1..) = stream.read(&mut piece).await {
        kept.extend_from_slice(&piece[..read]);
        if kept.len() > 2 * MAX_SAID {
            kept.drain(..kept.len() - MAX_SAID);
        }
    }
    kept
}

/// The process group of a command. Dropped, it ends whatever of it still runs.
struct Group(Option<u32>);

impl Group {
    fn of(child: &Child) -> Self {
        Self(child.id())
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Some(group) = self.0.and_then(|id| rustix::process::Pid::from_raw(i32::try_from(id).ok()?)) {
            // gone already is what we want
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SourceConfig;

    fn job(argv: &[&str]) -> Job {
        Job {
            argv: argv.iter().map(|word| (*word).to_owned()).collect(),
            env: vec![("GIVEN".to_owned(), "yes".to_owned())],
            cwd: Some("/".to_owned()),
            answer: vec![0, 3],
            nothing: vec![4],
            timeout: Duration::from_secs(20),
        }
    }

    fn local(max: u64) -> Local {
        Local::new(&SourceConfig { max_body_bytes: Some(max), ..SourceConfig::default() })
    }

    #[tokio::test]
    async fn an_exit_code_says_whether_there_is_an_answer() {
        let here = local(1000);
        for (script, expected) in [
            ("echo a; exit 0", Ok(("a\n", 0))),
            ("echo b; exit 3", Ok(("b\n", 3))),
            ("echo c; exit 4", Ok(("", 4))),
            ("echo d; echo first >&2; echo ' why ' >&2; echo >&2; exit 5", Err("exit code 5: why")),
            ("exit 6", Err("exit code 6")),
            ("kill -9 $$", Err("ended by a signal")),
        ] {
            let outcome = here.run(&job(&["sh", "-c", script])).await;
            let told = outcome.as_ref().map(|output| (std::str::from_utf8(&output.body).unwrap(), output.code));
            assert_eq!(told.map_err(|failure| failure.detail.as_str()), expected, "{script}");
        }
        assert_eq!(here.spent(), Cost { requests: 6, bytes: 2 + 2 + 2 + 2 });
    }

    use crate::domain::Cost;

    #[tokio::test]
    async fn a_command_gets_its_argv_as_it_is_and_a_small_environment() {
        let here = local(10_000);
        let output = here.run(&job(&["printf", "%s|", "$HOME", "a b", "*", ";ls"])).await.unwrap();
        assert_eq!(output.body, b"$HOME|a b|*|;ls|");
        let output = here.run(&job(&["env"])).await.unwrap();
        let names: Vec<String> =
            String::from_utf8(output.body).unwrap().lines().filter_map(|line| Some(line.split_once('=')?.0.to_owned())).collect();
        let known = |name: &String| PASSED.contains(&name.as_str()) || ["LC_ALL", "GIVEN", "PWD", "SHLVL", "_"].contains(&name.as_str());
        assert!(names.iter().all(known) && names.contains(&"GIVEN".to_owned()), "{names:?}");
    }

    #[tokio::test]
    async fn what_is_missing_is_named() {
        let here = local(1000);
        let failure = here.run(&job(&["triops-no-such-program"])).await.unwrap_err();
        assert_eq!((failure.kind, failure.detail.as_str()), (FailureKind::NotFound, "there is no program `triops-no-such-program`"));
        let failure = here.run(&Job { cwd: Some("/triops/nowhere".to_owned()), ..job(&["true"]) }).await.unwrap_err();
        assert_eq!(failure.detail, "/triops/nowhere is no folder");
        let failure = here.run(&job(&["true\0false"])).await.unwrap_err();
        assert!(failure.detail.contains("cannot be run"), "{failure}");
    }

    #[tokio::test]
    async fn what_prints_or_runs_without_end_is_ended_with_all_that_it_started() {
        let here = local(100_000);
        let failure = here.run(&job(&["yes"])).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::TooLarge);
        let folder = std::env::temp_dir().join(format!("triops-exec-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let script = "sleep 600 & echo $! > child; echo $$ > own; wait";
        let slow = Job { cwd: Some(folder.display().to_string()), timeout: Duration::from_millis(1500), ..job(&["sh", "-c", script]) };
        let failure = here.run(&slow).await.unwrap_err();
        assert_eq!((failure.kind, failure.detail.as_str()), (FailureKind::Timeout, "did not end within 1.5 s"));
        for name in ["child", "own"] {
            let pid = std::fs::read_to_string(folder.join(name)).unwrap();
            let status = || std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
            let is_over = || status().split(") ").nth(1).is_none_or(|rest| rest.starts_with(['Z', 'X']));
            for _ in 0..100 {
                if is_over() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            assert!(is_over(), "{name}: {}", status());
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[tokio::test]
    async fn standard_error_without_end_does_not_stop_a_command() {
        let here = local(1000);
        let script =
            "i=0; while [ $i -lt 3000 ]; do echo 'a line of some length that says nothing' >&2; i=$((i+1)); done; echo last >&2; exit 7";
        let failure = here.run(&job(&["sh", "-c", script])).await.unwrap_err();
        assert_eq!(failure.detail, "exit code 7: last");
    }
}
