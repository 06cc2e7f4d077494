//! Where files are: found through the `directories` crate (XDG on Linux), as plain data that a test can make up.
//! Not for: reading them.

use std::path::{Path, PathBuf};

use directories::BaseDirs;

/// Where files are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// The administrator's settings.
    pub system_file: PathBuf,
    /// The user's folder of configuration: `triops.toml`, `keymap.toml`, `connectors/`, `themes/`.
    pub config_dir: PathBuf,
    /// What is written while it runs: log, saved logs.
    pub state_dir: PathBuf,
    /// What may be deleted at any time.
    pub cache_dir: PathBuf,
    /// What `~/` stands for.
    pub home: PathBuf,
}

impl Paths {
    /// Of this user on this machine; `None` if the user has no home.
    pub fn of_user() -> Option<Self> {
        let base = BaseDirs::new()?;
        Some(Self {
            system_file: "/etc/triops/triops.toml".into(),
            config_dir: base.config_dir().join("triops"),
            // only Linux has a folder of its own for state
            state_dir: base.state_dir().unwrap_or_else(|| base.data_local_dir()).join("triops"),
            cache_dir: base.cache_dir().join("triops"),
            home: base.home_dir().to_owned(),
        })
    }

    /// All under one folder: for tests, and for what must not touch the user's own.
    pub fn under(folder: &Path) -> Self {
        Self {
            system_file: folder.join("etc/triops.toml"),
            config_dir: folder.join("config"),
            state_dir: folder.join("state"),
            cache_dir: folder.join("cache"),
            home: folder.to_owned(),
        }
    }

    /// The user's settings.
    pub fn user_file(&self) -> PathBuf {
        self.config_dir.join("triops.toml")
    }

    /// The user's keys.
    pub fn keymap_file(&self) -> PathBuf {
        self.config_dir.join("keymap.toml")
    }

    /// The user's connectors; one of the same name as an embedded one wins.
    pub fn connectors_dir(&self) -> PathBuf {
        self.config_dir.join("connectors")
    }

    /// The user's themes; likewise.
    pub fn themes_dir(&self) -> PathBuf {
        self.config_dir.join("themes")
    }

    /// A path as it stands in a file of `folder`: `~/` is the home, anything else relative is under the folder.
    pub fn resolve(&self, folder: &Path, path: &Path) -> PathBuf {
        match path.strip_prefix("~") {
            Ok(rest) => self.home.join(rest),
            Err(_) => folder.join(path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_means_the_same_wherever_triops_is_started() {
        let paths = Paths::under(Path::new("/home/me"));
        for (written, meant) in
            [("ca.pem", "/etc/t/ca.pem"), ("~/ca.pem", "/home/me/ca.pem"), ("/ca.pem", "/ca.pem"), ("a~/b", "/etc/t/a~/b")]
        {
            assert_eq!(paths.resolve(Path::new("/etc/t"), Path::new(written)), Path::new(meant));
        }
    }
}
