//! The audit log: `audit.jsonl` in the state folder, a line when an attempt begins and a line when it has ended, each on the disk
//! before the program goes on. Not for: what stands in a line (see `domain::act`), deciding what may be done (see `runtime::act`).

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::actor;
use super::clock::Clock;
use crate::domain::{AuditLine, Danger, Failure, FailureKind, Order, Outcome, Phase, SourceName, Text};

/// The file that is written.
const FILE: &str = "audit.jsonl";
/// A file of this size is put aside under a name of its own, and a new one begun.
const CAP: u64 = 8 * 1024 * 1024;
/// Files put aside that are kept; older ones are removed.
const KEPT: usize = 24;

/// Where attempts are written down.
#[derive(Debug, Clone)]
pub struct Audit {
    folder: Option<PathBuf>,
    host: Text,
    /// Tells this run of the program from others in the names of attempts.
    run: String,
    clock: Clock,
}

/// An attempt that has been begun. It is ended whatever happens: also when its task is dropped because the program ends.
pub struct Attempt {
    audit: Audit,
    line: AuditLine,
    begun: Instant,
    ended: bool,
}

impl Audit {
    /// In this folder; without one nothing can be written, and so nothing be sent.
    pub fn new(folder: Option<PathBuf>, clock: Clock) -> Self {
        let run = format!("{:x}-{:x}", clock.now().ms(), std::process::id());
        Self { folder, host: Text::from(actor::host()), run, clock }
    }

    /// Writes that an attempt begins, and returns once that is on the disk.
    pub fn begin(&self, order: &Order, danger: Option<Danger>, digest: Option<Text>) -> Result<Attempt, Failure> {
        let line = AuditLine {
            at: self.clock.now(),
            attempt: Text::from(format!("{}-{}", self.run, order.attempt)),
            phase: Phase::Start,
            actor: order.by.clone(),
            host: self.host.clone(),
            source: SourceName::from(order.target.id.source()),
            target: order.target.id.clone(),
            name: Text::from(order.title()),
            step: order.step.as_ref().map(|step| step.key.clone()),
            action: order.action.clone(),
            danger,
            automatic: order.automatic,
            digest,
            outcome: None,
            said: None,
            error: None,
            inverse: None,
            duration_s: None,
        };
        self.write(&line)?;
        Ok(Attempt { audit: self.clone(), line, begun: Instant::now(), ended: false })
    }

    fn write(&self, line: &AuditLine) -> Result<(), Failure> {
        let failed = |error: String| {
            Failure::new(FailureKind::Refused, "write the audit log", error)
                .hint("without it nothing is sent: is the state folder there, writable, and the disk not full?")
        };
        let folder = self.folder.as_deref().ok_or_else(|| failed("no state folder is known; set XDG_STATE_HOME or HOME".to_owned()))?;
        let mut text = serde_json::to_string(line).map_err(|error| failed(error.to_string()))?;
        text.push('\n');
        append(folder, &text, CAP).map_err(|error| failed(format!("{}: {error}", folder.join(FILE).display())))
    }
}

impl Attempt {
    /// Writes how it ended.
    pub fn end(mut self, outcome: &Outcome) -> Result<(), Failure> {
        self.close(outcome)
    }

    fn close(&mut self, outcome: &Outcome) -> Result<(), Failure> {
        self.ended = true;
        self.line.at = self.audit.clock.now();
        self.line.phase = Phase::End;
        self.line.outcome = Some(outcome.verdict());
        self.line.duration_s = Some((self.begun.elapsed().as_secs_f64() * 1000.0).round() / 1000.0);
        let first = |text: &str| Text::from(text.lines().next().unwrap_or_default());
        match outcome {
            Outcome::Done(receipt) => {
                self.line.said = Some(first(&receipt.said));
                self.line.inverse.clone_from(&receipt.inverse);
            }
            Outcome::DryRun(_) => {}
            Outcome::Failed(failure) => self.line.error = Some(first(&failure.to_string())),
            Outcome::Refused(why) | Outcome::Cancelled(why) => self.line.error = Some(first(why)),
        }
        self.audit.write(&self.line)
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if !self.ended {
            let gone = Failure::new(FailureKind::Timeout, "wait for the answer", "triops ended before the system answered; look there");
            // nobody is left to tell if this fails; the start line alone says that it is not known how it ended
            let _ = self.close(&Outcome::Failed(gone));
        }
    }
}

/// Appends whole lines and waits for the disk. Several programs may do this at once.
fn append(folder: &Path, text: &str, cap: u64) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let path = folder.join(FILE);
    let is_new = !path.exists();
    let mut file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(&path)?;
    let size = file.metadata()?.len();
    if size > 0 && !ends_in_newline(&mut file)? {
        // a program was killed, or the disk full, in the middle of a line: that line is lost, this one is not
        file.write_all(format!("\n{text}").as_bytes())?;
    } else {
        file.write_all(text.as_bytes())?;
    }
    file.sync_all()?;
    if is_new {
        File::open(folder)?.sync_all()?;
    }
    if size > cap {
        put_aside(folder, &path);
    }
    Ok(())
}

fn ends_in_newline(file: &mut File) -> io::Result<bool> {
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

/// Gives the file a name of its own, so that no other program's file is overwritten, and removes those too old to keep. What fails
/// here is tried again with the next line.
fn put_aside(folder: &Path, path: &Path) {
    let now = std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_millis());
    let aside = folder.join(format!("audit-{now:015}-{}.jsonl", std::process::id()));
    if std::fs::rename(path, aside).is_err() {
        return;
    }
    let old = set_aside(folder);
    for path in old.iter().take(old.len().saturating_sub(KEPT)) {
        let _ = std::fs::remove_file(path);
    }
}

/// The files put aside, oldest first.
fn set_aside(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let is_old = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.starts_with("audit-") && path.extension().is_some_and(|extension| extension == "jsonl")
    };
    let mut old: Vec<PathBuf> = entries.filter(is_old).collect();
    old.sort();
    old
}

/// The newest lines of the log in `folder`, oldest first, and how many could not be read. No log is no line.
pub fn read(folder: &Path, most: usize) -> io::Result<(Vec<AuditLine>, usize)> {
    let (mut lines, mut unread) = (Vec::new(), 0);
    let files = std::iter::once(folder.join(FILE)).chain(set_aside(folder).into_iter().rev());
    for path in files {
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(io::Error::new(error.kind(), format!("{}: {error}", path.display()))),
        };
        for line in bytes.split(|byte| *byte == b'\n').rev().filter(|line| !line.is_empty()) {
            match serde_json::from_slice(line) {
                Ok(line) => lines.push(line),
                Err(_) => unread += 1,
            }
            if lines.len() >= most {
                lines.reverse();
                return Ok((lines, unread));
            }
        }
    }
    lines.reverse();
    Ok((lines, unread))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::{ActionId, Entity, Receipt, State, Timestamp, Verdict, Workload};

    fn folder() -> PathBuf {
        std::env::temp_dir().join(format!("triops-audit-{}-{}", std::process::id(), fastrand::u64(..)))
    }

    fn order(attempt: u64) -> Order {
        let target = Entity::new(&SourceName::from("d"), "k", "web", State::Ok, Workload::default().into(), Timestamp::default());
        Order::new(attempt, ActionId::from("restart"), Arc::new(target), Text::from("me"), Timestamp::default())
    }

    #[test]
    fn each_attempt_leaves_one_line_at_its_beginning_and_one_at_its_end_also_when_it_is_dropped() {
        let folder = folder();
        let audit = Audit::new(Some(folder.clone()), Clock::system());
        let done = audit.begin(&order(1), Some(Danger::Disruptive), Some(Text::from("abc"))).unwrap();
        let (lines, _) = read(&folder, 10).unwrap();
        assert_eq!(lines.iter().map(|line| line.phase).collect::<Vec<_>>(), [Phase::Start], "it is there before anything is sent");
        drop(audit.begin(&order(2), None, None).unwrap());
        done.end(&Outcome::Done(Receipt::said("204"))).unwrap();
        let (lines, unread) = read(&folder, 10).unwrap();
        let told: Vec<_> = lines.iter().map(|line| (line.phase, line.outcome)).collect();
        let (start, end) = ((Phase::Start, None), |outcome| (Phase::End, Some(outcome)));
        assert_eq!(told, [start, start, end(Verdict::Failed), end(Verdict::Done)]);
        assert_eq!((lines[0].attempt.clone(), unread), (lines[3].attempt.clone(), 0));
        assert!(lines[2].error.as_ref().unwrap().contains("ended before the system answered"));
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_line_cut_short_is_lost_alone_and_files_put_aside_are_read_on() {
        let folder = folder();
        let audit = Audit::new(Some(folder.clone()), Clock::system());
        audit.begin(&order(1), None, None).unwrap().end(&Outcome::Cancelled(Text::from("no"))).unwrap();
        put_aside(&folder, &folder.join(FILE));
        std::fs::write(folder.join(FILE), "{\"at\":\"2026-11-2").unwrap();
        audit.begin(&order(2), None, None).unwrap().end(&Outcome::Refused(Text::from("read-only"))).unwrap();
        let (lines, unread) = read(&folder, 10).unwrap();
        assert_eq!(lines.iter().filter_map(|line| line.outcome).collect::<Vec<_>>(), [Verdict::Cancelled, Verdict::Refused]);
        assert_eq!((lines.len(), unread), (4, 1));
        assert_eq!(read(&folder, 1).unwrap().0, lines[3..]);
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn past_its_size_the_log_is_put_aside_and_only_so_many_of_those_are_kept() {
        let folder = folder();
        for number in 0..200 {
            append(&folder, &format!("{{\"number\":{number}}}\n"), 8).unwrap();
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        assert_eq!(set_aside(&folder).len(), KEPT);
        assert!(std::fs::metadata(folder.join(FILE)).map_or(0, |file| file.len()) <= 64);
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn where_it_cannot_be_written_there_is_no_attempt() {
        let file = folder();
        std::fs::write(&file, "a file, not a folder").unwrap();
        for place in [None, Some(file.clone())] {
            let Err(failure) = Audit::new(place, Clock::system()).begin(&order(1), None, None) else { panic!("it was begun") };
            assert!(failure.hint.contains("nothing is sent"), "{failure}");
        }
        std::fs::remove_file(file).unwrap();
    }
}
