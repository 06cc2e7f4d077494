//! Fetching a secret from where its reference says it is.
//! Not for: when to fetch it (see `source::http::auth`: when first needed, and again after a 401).

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use super::{Secret, SecretRef};

/// A secret's first line is read up to here; a token of 8 KiB is already unusual.
const MAX_BYTES: u64 = 64 * 1024;
/// A password program that waits longer is waiting for somebody at a prompt.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(10);

/// Why there is no secret. Names the place, never the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each says itself what is wrong")]
pub enum SecretError {
    #[error("the environment variable {0} is not set")]
    EnvMissing(String),
    #[error("the environment variable {0} is empty or not UTF-8")]
    EnvUnusable(String),
    #[error("cannot read {path}: {reason}")]
    File { path: String, reason: String },
    #[error("the first line of {0} is empty")]
    FileEmpty(String),
    #[error("the command is empty; write program and arguments: [\"pass\", \"show\", \"prometheus\"]")]
    CommandEmpty,
    #[error("cannot run {program}: {reason}")]
    CommandMissing { program: String, reason: String },
    #[error("{program} ended with {status}: {said}")]
    CommandFailed { program: String, status: String, said: String },
    #[error("{0} did not end within 10 s")]
    CommandTimeout(String),
    #[error("{0} printed nothing")]
    CommandSilent(String),
}

impl SecretRef {
    /// Fetches the secret. Blocks: reads a file, or runs a program for at most 10 s.
    pub fn resolve(&self) -> Result<Secret, SecretError> {
        match self {
            Self::Inline(inline) => Ok(inline.secret()),
            Self::Env { env } => from_env(env),
            Self::File { file } => from_file(file),
            Self::Command { command } => from_command(command, COMMAND_TIMEOUT),
        }
    }
}

fn from_env(name: &str) -> Result<Secret, SecretError> {
    match std::env::var(name) {
        Ok(value) if !value.is_empty() => Ok(Secret::new(value)),
        Err(std::env::VarError::NotPresent) => Err(SecretError::EnvMissing(name.to_owned())),
        _ => Err(SecretError::EnvUnusable(name.to_owned())),
    }
}

fn from_file(path: &Path) -> Result<Secret, SecretError> {
    let shown = path.display().to_string();
    let line = File::open(path).and_then(first_line).map_err(|e| SecretError::File { path: shown.clone(), reason: e.to_string() })?;
    if line.is_empty() { Err(SecretError::FileEmpty(shown)) } else { Ok(Secret::new(line)) }
}

fn from_command(argv: &[String], timeout: Duration) -> Result<Secret, SecretError> {
    let (program, arguments) = argv.split_first().ok_or(SecretError::CommandEmpty)?;
    let missing = |e: std::io::Error| SecretError::CommandMissing { program: program.clone(), reason: e.to_string() };
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(missing)?;
    let (printed, said) = (read_aside(child.stdout.take()), read_aside(child.stderr.take()));
    let status = wait(&mut child, timeout).map_err(missing)?;
    let Some(status) = status else {
        // A failed kill means that it ended meanwhile; either way it is reaped here.
        let _ = child.kill();
        let _ = child.wait();
        return Err(SecretError::CommandTimeout(program.clone()));
    };
    // A grandchild may hold the pipe open; what was printed until now is all we wait for.
    let grace = Duration::from_millis(500);
    if !status.success() {
        let said = said.recv_timeout(grace).unwrap_or_default();
        return Err(SecretError::CommandFailed { program: program.clone(), status: status.to_string(), said });
    }
    match printed.recv_timeout(grace) {
        Ok(line) if !line.is_empty() => Ok(Secret::new(line)),
        _ => Err(SecretError::CommandSilent(program.clone())),
    }
}

/// Looks again and again, without a clock: configuration has none.
fn wait(child: &mut Child, timeout: Duration) -> std::io::Result<Option<std::process::ExitStatus>> {
    const LOOK: Duration = Duration::from_millis(10);
    for _ in 0..=timeout.as_millis() / LOOK.as_millis() {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        std::thread::sleep(LOOK);
    }
    Ok(None)
}

/// Reads the first line in a thread and drains the rest, so that a talkative program does not block on a full pipe.
fn read_aside(pipe: Option<impl Read + Send + 'static>) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    if let Some(pipe) = pipe {
        std::thread::spawn(move || {
            let mut reader = BufReader::new(pipe);
            let line = first_line_of(&mut reader).unwrap_or_default();
            // Nobody may listen any more; then the line is not needed.
            let _ = sender.send(line);
            let _ = std::io::copy(&mut reader, &mut std::io::sink());
        });
    }
    receiver
}

fn first_line(file: impl Read) -> std::io::Result<String> {
    first_line_of(&mut BufReader::new(file))
}

fn first_line_of(reader: &mut impl BufRead) -> std::io::Result<String> {
    let mut line = String::new();
    reader.take(MAX_BYTES).read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> SecretRef {
        SecretRef::Command { command: ["sh", "-c", script].map(str::to_owned).to_vec() }
    }

    fn value(reference: &SecretRef) -> String {
        reference.resolve().unwrap().expose().to_owned()
    }

    #[test]
    fn a_secret_is_the_first_line_of_what_its_place_holds() {
        let file = std::env::temp_dir().join(format!("triops-secret-{}", std::process::id()));
        std::fs::write(&file, "s3cret \r\nsecond line\n").unwrap();
        assert_eq!(value(&SecretRef::File { file: file.clone() }), "s3cret ");
        std::fs::write(&file, "\nsecond").unwrap();
        assert!(matches!(SecretRef::File { file: file.clone() }.resolve(), Err(SecretError::FileEmpty(_))));
        std::fs::remove_file(&file).unwrap();
        assert!(matches!(SecretRef::File { file }.resolve(), Err(SecretError::File { .. })));
        assert_eq!(value(&shell("echo t0ken; echo more; yes | head -c 1000000")), "t0ken");
        let cargo = SecretRef::Env { env: "CARGO_PKG_NAME".to_owned() };
        assert_eq!(value(&cargo), "triops");
    }

    #[test]
    fn a_secret_that_is_not_there_says_where_it_was_looked_for() {
        for (reference, said) in [
            (SecretRef::Env { env: "TRIOPS_NO_SUCH".to_owned() }, "TRIOPS_NO_SUCH is not set"),
            (SecretRef::Command { command: vec![] }, "command is empty"),
            (SecretRef::Command { command: vec!["no-such-program-here".to_owned()] }, "cannot run no-such-program-here"),
            (shell("echo the vault is sealed >&2; exit 3"), "the vault is sealed"),
            (shell("true"), "printed nothing"),
        ] {
            let error = reference.resolve().unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn a_program_that_waits_for_a_person_is_ended() {
        let argv = ["sh", "-c", "sleep 60"].map(str::to_owned);
        let error = from_command(&argv, Duration::from_millis(50)).unwrap_err();
        assert_eq!(error, SecretError::CommandTimeout("sh".to_owned()));
    }
}
