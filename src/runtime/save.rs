//! Writes text a person asked to keep into a new file that only they can read.
//! Not for: the program's own log (see `runtime::logging`).

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Longest file name made of a wish, extension included; file systems take 255 bytes.
const MAX_NAME: usize = 120;
/// How many files of one name there can be.
const MAX_SAME: u32 = 999;

/// Writes `text` to a new file in `folder`, which is made if need be. Never overwrites: a second `api.log` becomes
/// `api-2.log`. Returns where.
pub fn save(folder: &Path, name: &str, text: &str) -> io::Result<PathBuf> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let name = safe_name(name);
    let (stem, extension) = name.rsplit_once('.').map_or((name.as_str(), String::new()), |(stem, end)| (stem, format!(".{end}")));
    for number in 1..=MAX_SAME {
        let path = match number {
            1 => folder.join(&name),
            _ => folder.join(format!("{stem}-{number}{extension}")),
        };
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
            Ok(mut file) => {
                let written = file.write_all(text.as_bytes()).and_then(|()| file.flush());
                if let Err(error) = written {
                    let _ = std::fs::remove_file(&path); // half a log would pass for a whole one
                    return Err(error);
                }
                return Ok(path);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::new(io::ErrorKind::AlreadyExists, format!("{MAX_SAME} files named {name} are there already")))
}

/// A file name without folders, blanks or anything a shell reads; never hidden, never empty.
fn safe_name(wish: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '-' };
    let mut name: String = wish.chars().map(safe).collect();
    let start = name.find(|c| c != '.' && c != '-').unwrap_or(name.len());
    name.drain(..start);
    if name.len() > MAX_NAME {
        // The end holds the extension, the beginning tells logs apart.
        let tail = name.split_off(name.len() - 16);
        name.truncate(MAX_NAME - 16);
        name.push_str(&tail);
    }
    if name.is_empty() { "untitled".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_from_outside_stays_inside_the_folder() {
        for (wish, name) in [
            ("api.log", "api.log"),
            ("../../etc/passwd", "etc-passwd"),
            ("/etc/passwd", "etc-passwd"),
            (".bashrc", "bashrc"),
            ("-rf", "rf"),
            ("a b;c$(d)\u{1b}[31m\n", "a-b-c--d---31m-"),
            ("…", "untitled"),
            ("", "untitled"),
            ("..", "untitled"),
        ] {
            assert_eq!(safe_name(wish), name, "{wish:?}");
        }
        assert!(safe_name(&"long".repeat(100)).len() <= MAX_NAME);
        assert_eq!(safe_name(&format!("{}.log", "x".repeat(300))).rsplit('.').next(), Some("log"));
    }

    #[test]
    fn nothing_is_overwritten_and_only_the_owner_may_read() {
        use std::os::unix::fs::PermissionsExt;
        let folder = std::env::temp_dir().join(format!("triops-save-{}-{}", std::process::id(), fastrand::u64(..)));
        let paths: Vec<_> = ["one", "two", "three"].iter().map(|text| save(&folder, "api.log", text).unwrap()).collect();
        let names: Vec<_> = paths.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["api.log", "api-2.log", "api-3.log"]);
        assert_eq!(std::fs::read_to_string(&paths[0]).unwrap(), "one");
        assert_eq!(paths[1].metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(folder.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        std::fs::remove_dir_all(folder).unwrap();
    }
}
