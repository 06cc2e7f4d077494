//! The end of a file that grows, and what is appended to it: by byte offset, whole lines only, over truncation and rotation.
//! Not for: which file it is (see `files`), what its lines mean (see `source::manifest::logs`).

use std::fs::{File, Metadata};
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::PathBuf;

use crate::domain::{Failure, FailureKind};

use super::{Local, aside};

/// What is read at once, in bytes: the end of a log answers most questions, and a flood is taken in pieces.
const PIECE: u64 = 1024 * 1024;

/// A place in a file.
#[derive(Debug, Clone)]
pub struct Tail {
    path: PathBuf,
    offset: u64,
    file: u64,
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Piece {
    /// Whole lines.
    pub body: Vec<u8>,
    /// It begins where the file begins.
    pub from_start: bool,
}

impl Tail {
    /// Before the end of a file that has not been looked at.
    pub fn of(path: PathBuf) -> Self {
        Self { path, offset: 0, file: 0 }
    }

    /// The last piece of the file. A last line that is not ended yet is part of it unless more is `awaited`.
    pub async fn end(&mut self, local: &Local, awaited: bool) -> Result<Piece, Failure> {
        let tail = Self { offset: 0, file: 0, ..self.clone() };
        let (read, moved) = tail.read(local, true, awaited).await?;
        *self = moved;
        Ok(read)
    }

    /// What came since; empty if nothing did. A file that became shorter or another one is read from its beginning.
    pub async fn more(&mut self, local: &Local, awaited: bool) -> Result<Piece, Failure> {
        let (read, moved) = self.clone().read(local, false, awaited).await?;
        *self = moved;
        Ok(read)
    }

    async fn read(self, local: &Local, from_end: bool, awaited: bool) -> Result<(Piece, Self), Failure> {
        let doing = format!("read {}", self.path.display());
        let outcome = aside(&doing, local.timeout(None), move || self.read_here(from_end, awaited)).await?;
        let (piece, tail) = outcome.map_err(|error| match error.kind() {
            ErrorKind::NotFound => Failure::new(FailureKind::NotFound, doing.as_str(), "it is not there").hint("has it been deleted?"),
            ErrorKind::PermissionDenied => {
                Failure::new(FailureKind::Denied, doing.as_str(), error.to_string()).hint("may you read it? check its owner and mode")
            }
            _ => Failure::new(FailureKind::Unreachable, doing.as_str(), error.to_string()),
        })?;
        local.count(piece.body.len());
        Ok((piece, tail))
    }

    fn read_here(mut self, from_end: bool, awaited: bool) -> std::io::Result<(Piece, Self)> {
        let mut file = File::open(&self.path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(std::io::Error::other("it is no plain file"));
        }
        let (size, identity) = (metadata.len(), identity(&metadata));
        if from_end {
            self.offset = size.saturating_sub(PIECE);
        } else if identity != self.file || size < self.offset {
            self.offset = 0;
        }
        self.file = identity;
        let from_start = self.offset == 0;
        file.seek(SeekFrom::Start(self.offset))?;
        let mut body = Vec::new();
        file.take(PIECE).read_to_end(&mut body)?;
        let at_end = self.offset + body.len() as u64 >= size;
        if from_end && !from_start {
            // the first line was cut
            let first = body.iter().position(|byte| *byte == b'\n').map_or(body.len(), |newline| newline + 1);
            self.offset += first as u64;
            body.drain(..first);
        }
        // a line longer than a piece is handed on in parts rather than never
        if (awaited || !at_end) && (body.len() as u64) < PIECE || !at_end && body.contains(&b'\n') {
            let whole = body.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
            body.truncate(whole);
        }
        self.offset += body.len() as u64;
        Ok((Piece { body, from_start }, self))
    }
}

/// Tells a file from another of the same name.
#[cfg(unix)]
fn identity(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn identity(_metadata: &Metadata) -> u64 {
    1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SourceConfig;
    use std::io::Write;

    fn append(path: &PathBuf, text: &str) {
        File::options().append(true).create(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
    }

    fn text(piece: &Piece) -> &str {
        std::str::from_utf8(&piece.body).unwrap()
    }

    #[tokio::test]
    async fn a_log_comes_once_in_whole_lines_over_truncation_and_rotation() {
        let local = Local::new(&SourceConfig::default());
        let path = std::env::temp_dir().join(format!("triops-tail-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let mut tail = Tail::of(path.clone());
        assert_eq!(tail.end(&local, true).await.unwrap_err().kind, FailureKind::NotFound);
        append(&path, "one\ntwo\nthr");
        let first = tail.end(&local, true).await.unwrap();
        assert_eq!((text(&first), first.from_start), ("one\ntwo\n", true));
        assert_eq!(text(&tail.more(&local, true).await.unwrap()), "");
        append(&path, "ee\nfour");
        assert_eq!(text(&tail.more(&local, true).await.unwrap()), "three\n");
        assert_eq!(text(&tail.more(&local, false).await.unwrap()), "four", "nothing more is awaited");
        std::fs::write(&path, "new\n").unwrap();
        assert_eq!(text(&tail.more(&local, true).await.unwrap()), "new\n", "truncated");
        let rotated = path.with_extension("1");
        std::fs::rename(&path, &rotated).unwrap();
        append(&path, "another file, longer than before\n");
        assert_eq!(text(&tail.more(&local, true).await.unwrap()), "another file, longer than before\n", "rotated");
        assert_eq!(text(&Tail::of(path.clone()).end(&local, false).await.unwrap()), "another file, longer than before\n");
        for path in [path, rotated] {
            std::fs::remove_file(path).unwrap();
        }
    }

    #[tokio::test]
    async fn a_large_log_gives_its_end_from_the_beginning_of_a_line() {
        let local = Local::new(&SourceConfig::default());
        let path = std::env::temp_dir().join(format!("triops-tail-large-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        append(&path, &(0..200_000).map(|n| format!("line {n}\n")).collect::<String>());
        let mut tail = Tail::of(path.clone());
        let piece = tail.end(&local, true).await.unwrap();
        assert!(text(&piece).starts_with("line ") && text(&piece).ends_with("\nline 199999\n") && !piece.from_start);
        assert!(piece.body.len() as u64 <= PIECE);
        append(&path, &"x".repeat(3 * 1024 * 1024));
        append(&path, "\nend\n");
        let mut all = Vec::new();
        loop {
            let piece = tail.more(&local, true).await.unwrap();
            if piece.body.is_empty() {
                break;
            }
            all.extend(piece.body);
        }
        assert!(all.len() == 3 * 1024 * 1024 + 5 && all.ends_with(b"x\nend\n"));
        std::fs::remove_file(path).unwrap();
    }
}
