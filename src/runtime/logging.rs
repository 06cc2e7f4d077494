//! The program's own log, in a file of bounded size; never on the terminal.
//! Not for: logs of systems (see `runtime::effects`), files a person saves (see `runtime::save`).

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tracing::Level;
use tracing_subscriber::fmt::MakeWriter;

/// A log of this size becomes `….old`, and a new one begins: two of them are kept.
const CAP: u64 = 4 * 1024 * 1024;

/// The folder for what the program writes: `$XDG_STATE_HOME/triops` on Linux, the data folder elsewhere.
pub fn state_dir() -> Option<PathBuf> {
    let dirs = directories::ProjectDirs::from("", "", "triops")?;
    Some(dirs.state_dir().unwrap_or_else(|| dirs.data_local_dir()).to_owned())
}

/// Writes what the program says from here on to `path`, which only the owner may read. Call once.
pub fn start(path: &Path, level: Level) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let log = Log::open(path.to_owned())?;
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_ansi(false)
        .with_writer(Shared(Arc::new(Mutex::new(log))))
        .try_init()
        .map_err(io::Error::other)
}

struct Log {
    path: PathBuf,
    file: File,
    written: u64,
}

impl Log {
    fn open(path: PathBuf) -> io::Result<Self> {
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(&path)?;
        let written = file.metadata()?.len();
        Ok(Self { path, file, written })
    }

    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        if self.written >= CAP {
            let mut old = self.path.clone().into_os_string();
            old.push(".old");
            std::fs::rename(&self.path, old)?;
            *self = Self::open(std::mem::take(&mut self.path))?;
        }
        self.written += line.len() as u64;
        self.file.write_all(line)
    }
}

#[derive(Clone)]
struct Shared(Arc<Mutex<Log>>);

impl<'a> MakeWriter<'a> for Shared {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Write for Shared {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        // A panic while this very thread writes must not wait for itself.
        let log =
            if std::thread::panicking() { self.0.try_lock().ok() } else { Some(self.0.lock().unwrap_or_else(PoisonError::into_inner)) };
        if let Some(mut log) = log {
            log.write(line)?;
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_never_grows_past_its_cap_twice() {
        let path = std::env::temp_dir().join(format!("triops-log-{}-{}", std::process::id(), fastrand::u64(..)));
        let mut log = Log::open(path.clone()).unwrap();
        let line = vec![b'x'; 64 * 1024];
        for _ in 0..200 {
            log.write(&line).unwrap();
        }
        let old = PathBuf::from(format!("{}.old", path.display()));
        assert!(path.metadata().unwrap().len() <= CAP + line.len() as u64);
        assert!(old.metadata().unwrap().len() <= CAP + line.len() as u64);
        std::fs::remove_file(path).unwrap();
        std::fs::remove_file(old).unwrap();
    }
}
