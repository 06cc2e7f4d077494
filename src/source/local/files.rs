//! Files: which ones a glob names, the newest of them, whether they are what they were, and their bounded content.
//! Not for: logs that grow (see `tail`), what the content means (see `source::manifest`).

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::domain::{Failure, FailureKind, Timestamp};

use super::{Local, aside};

/// Names that one glob may come to before it is called too wide.
const MAX_NAMES: usize = 20_000;

/// A file as it was when it was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Where it is.
    pub path: PathBuf,
    /// Tells a version of it from others.
    pub stamp: Stamp,
}

/// What changes when a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Stamp {
    /// Nanoseconds since the epoch.
    modified_ns: u128,
    /// Size.
    pub bytes: u64,
}

impl Found {
    /// When it was last written.
    pub fn modified(&self) -> Timestamp {
        Timestamp::from_ms(i64::try_from(self.stamp.modified_ns / 1_000_000).unwrap_or(i64::MAX))
    }

    /// Its name without its folder.
    pub fn name(&self) -> String {
        self.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }
}

impl Local {
    /// The files that `globs` name, the newest first, at most `newest` of them. `place` is the path of the source that they were filled
    /// with: where it is itself a file, it is the one, if its name fits.
    pub async fn files(&self, globs: Vec<String>, place: Option<String>, newest: usize) -> Result<Vec<Found>, Failure> {
        let doing = format!("look for {}", globs.join(", "));
        let failed = doing.clone();
        aside(&doing, self.timeout(None), move || find(&globs, place.as_deref(), newest, &failed)).await?
    }

    /// What a file holds now; `None` if it has gone since it was found.
    pub async fn read(&self, found: &Found) -> Result<Option<Vec<u8>>, Failure> {
        let (path, max, doing) = (found.path.clone(), self.max_bytes, format!("read {}", found.path.display()));
        let read = aside(&doing, self.timeout(None), move || whole(&path, max)).await?;
        let body = match read {
            Ok(body) => body,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                return Err(Failure::new(FailureKind::Denied, doing, error.to_string()).hint("may you read it? check its owner and mode"));
            }
            Err(error) => return Err(Failure::new(FailureKind::Unreachable, doing, error.to_string())),
        };
        self.count(body.len());
        if body.len() as u64 > max {
            let failure = Failure::new(FailureKind::TooLarge, doing, format!("it is larger than {max} bytes"));
            return Err(failure.hint("raise `max_body_bytes` of the source if it is what you want to see"));
        }
        Ok(Some(body))
    }
}

fn find(globs: &[String], place: Option<&str>, newest: usize, doing: &str) -> Result<Vec<Found>, Failure> {
    let mut found: Vec<Found> = Vec::new();
    for text in globs {
        let wrong = |e: glob::PatternError| Failure::new(FailureKind::Config, doing, format!("`{text}` is no glob: {e}"));
        if let Some(place) = place.map(Path::new).filter(|place| place.is_file()) {
            let wanted = glob::Pattern::new(text.rsplit('/').next().unwrap_or(text)).map_err(wrong)?;
            let fits = place.file_name().is_some_and(|name| wanted.matches(&name.to_string_lossy()));
            found.extend(fits.then(|| look(place)).flatten());
            continue;
        }
        for (count, path) in glob::glob(text).map_err(wrong)?.filter_map(Result::ok).enumerate() {
            if count >= MAX_NAMES {
                let failure = Failure::new(FailureKind::TooLarge, doing, format!("more than {MAX_NAMES} names fit `{text}`"));
                return Err(failure.hint("write a narrower `path`"));
            }
            found.extend(look(&path));
        }
    }
    found.sort_by(|a, b| b.stamp.modified_ns.cmp(&a.stamp.modified_ns).then_with(|| a.path.cmp(&b.path)));
    found.dedup_by(|a, b| a.path == b.path);
    found.truncate(newest);
    Ok(found)
}

/// A plain file, however it is linked to; a pipe or device would keep us waiting.
fn look(path: &Path) -> Option<Found> {
    let metadata = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
    let since = metadata.modified().ok().and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok()).unwrap_or(Duration::ZERO);
    Some(Found { path: path.to_owned(), stamp: Stamp { modified_ns: since.as_nanos(), bytes: metadata.len() } })
}

/// One byte more than `max`, if there is one.
fn whole(path: &Path, max: u64) -> std::io::Result<Vec<u8>> {
    let mut body = Vec::new();
    File::open(path)?.take(max.saturating_add(1)).read_to_end(&mut body)?;
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::super::is_held;
    use super::*;
    use crate::config::SourceConfig;

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("triops-files-{name}-{}", std::process::id()));
            let _ = std::fs::remove_dir_all(&folder);
            std::fs::create_dir_all(folder.join("deep[1]/er")).unwrap();
            Self(folder)
        }

        fn write(&self, name: &str, text: &str, age_s: u64) {
            std::fs::write(self.0.join(name), text).unwrap();
            let at = SystemTime::now() - Duration::from_secs(age_s);
            File::options().write(true).open(self.0.join(name)).unwrap().set_modified(at).unwrap();
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn local(path: &str) -> Local {
        Local::new(&SourceConfig { path: vec![path.to_owned()], max_body_bytes: Some(10), ..SourceConfig::default() })
    }

    #[tokio::test]
    async fn the_newest_come_first_and_no_more_than_wanted() {
        let folder = Folder::new("newest");
        for (name, age_s) in [("a.json", 30), ("b.json", 10), ("deep[1]/er/c.json", 20), ("d.txt", 0)] {
            folder.write(name, "{}", age_s);
        }
        let place = folder.0.display().to_string();
        let here = local(&place);
        let names = async |glob: &str, newest| {
            let found = here.files(vec![format!("{place}/{glob}")], Some(place.clone()), newest).await.unwrap();
            found.iter().map(Found::name).collect::<Vec<_>>()
        };
        assert_eq!(names("**/*.json", 10).await, ["b.json", "c.json", "a.json"]);
        assert_eq!(names("**/*.json", 2).await, ["b.json", "c.json"]);
        assert_eq!(names("*.yaml", 2).await, Vec::<String>::new());
        assert_eq!(here.places().await.unwrap(), [place.clone()]);
        let places = local(&format!("{place}/deep*")).places().await.unwrap();
        assert_eq!(places, [format!("{place}/deep[1]")]);
        let failure = local(&format!("{place}/nothing*")).places().await.unwrap_err();
        assert!(failure.kind == FailureKind::NotFound && failure.detail.contains("nothing*"), "{failure}");
    }

    #[tokio::test]
    async fn a_path_that_is_a_file_is_the_one_whose_name_fits() {
        let folder = Folder::new("one");
        folder.write("run_results.json", "{}", 0);
        let file = folder.0.join("run_results.json").display().to_string();
        let here = local(&file);
        for (glob, count) in [("run_results.json", 1), ("**/*.json", 1), ("manifest.json", 0)] {
            let found = here.files(vec![format!("{file}/{glob}")], Some(file.clone()), 5).await.unwrap();
            assert_eq!(found.len(), count, "{glob}");
        }
    }

    #[tokio::test]
    async fn content_is_bounded_and_what_is_no_plain_file_is_left_alone() {
        let folder = Folder::new("content");
        folder.write("ten", "0123456789", 0);
        folder.write("eleven", "0123456789a", 0);
        let pipe = folder.0.join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let here = local("/");
        let found = |name: &str| look(&folder.0.join(name)).unwrap();
        assert_eq!(here.read(&found("ten")).await.unwrap().unwrap(), b"0123456789");
        assert_eq!(here.read(&found("eleven")).await.unwrap_err().kind, FailureKind::TooLarge);
        assert_eq!(look(&pipe), None);
        let gone = found("ten");
        std::fs::remove_file(&gone.path).unwrap();
        assert_eq!(here.read(&gone).await.unwrap(), None);
    }

    #[test]
    fn a_file_outside_the_places_of_a_source_is_not_its_own() {
        let folder = Folder::new("outside");
        folder.write("deep[1]/er/log", "x", 0);
        folder.write("other", "x", 0);
        let place = folder.0.join("deep[1]").display().to_string();
        let holds = |path: &str| is_held(std::slice::from_ref(&place), &folder.0.join(path));
        assert!(holds("deep[1]/er/log"));
        for path in ["other", "deep[1]/../other", "deep[1]/nothing", "/etc/passwd"] {
            assert!(!holds(path), "{path}");
        }
    }
}
