//! Settings files as people write them: every file in `configs/good` is read, every file in `configs/bad` is refused with exactly
//! the words that stand beside it in a `.txt`; and the layers lie over each other in the promised order.

#![allow(clippy::unwrap_used, reason = "the functions beside the tests are tests too")]

use std::path::{Path, PathBuf};

use triops::config::{self, Color, Config, ConfigError, Environment, Flags, LogFile, Paths, SecretRef};

const CONNECTORS: [&str; 5] = ["prometheus", "docker", "alertmanager", "airflow", "mlflow"];

fn connectors() -> Vec<String> {
    CONNECTORS.map(str::to_owned).to_vec()
}

fn cases(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/configs").join(folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    assert!(files.len() > 3);
    files
}

/// Folder of one test, with an empty home in it.
struct Home(PathBuf);

impl Home {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("triops-configs-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(folder.join("etc")).unwrap();
        std::fs::create_dir_all(folder.join("config")).unwrap();
        Self(folder)
    }

    fn write(&self, name: &str, text: &str, mode: u32) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    fn load(&self, flags: &Flags, environment: &[(&str, &str)]) -> Result<Config, Vec<ConfigError>> {
        let environment: Environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        config::load(flags, &environment, &Paths::under(&self.0), &connectors())
    }

    fn refused(&self, flags: &Flags, environment: &[(&str, &str)]) -> Vec<String> {
        let folder = format!("{}/", self.0.display());
        self.load(flags, environment).unwrap_err().iter().map(|error| error.to_string().replace(&folder, "")).collect()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn every_good_file_is_read() {
    for path in cases("good") {
        let home = Home::new("good");
        let text = std::fs::read_to_string(&path).unwrap();
        let file = home.write("triops.toml", &text, 0o600);
        let flags = Flags { config: Some(file), ..Flags::default() };
        if let Err(errors) = home.load(&flags, &[]) {
            panic!("{}: {errors:#?}", path.display());
        }
    }
}

#[test]
fn every_bad_file_is_refused_in_the_words_beside_it() {
    for path in cases("bad") {
        let home = Home::new("bad");
        let text = std::fs::read_to_string(&path).unwrap();
        // readable by others, as files are by default
        let file = home.write("triops.toml", &text, 0o644);
        let told = home.refused(&Flags { config: Some(file), ..Flags::default() }, &[]).join("\n");
        let pinned = std::fs::read_to_string(path.with_extension("txt")).unwrap();
        assert_eq!(told, pinned.trim_end(), "{}", path.display());
    }
}

#[test]
fn what_is_written_nearer_to_the_person_wins() {
    let home = Home::new("layers");
    home.write("etc/triops.toml", "[ui]\ntheme = 'system'\nutc = true\nmax_fps = 5\ncolor = 'never'\n[safety]\nread_only = true\n", 0o644);
    home.write("config/triops.toml", "[ui]\ntheme = 'user'\nmax_fps = 6\ncolor = '16'\n", 0o644);
    let environment = [("TRIOPS_UI_MAX_FPS", "7"), ("TRIOPS_UI_COLOR", "256"), ("TRIOPS_LOG_FILE", "none"), ("TRIOPS_UI_MOUSE", "")];
    let flags = Flags { color: Some(Color::TrueColor), ..Flags::default() };
    let config = home.load(&flags, &environment).unwrap();
    assert_eq!((config.ui.theme.as_str(), config.ui.utc, config.ui.max_fps, config.ui.color), ("user", true, 7, Color::TrueColor));
    assert_eq!((config.safety.read_only, config.log.file, config.ui.max_fps_ssh, config.ui.mouse), (true, LogFile::None, 4, false));
    assert_eq!(config.files.len(), 2);
    let held = home.load(&Flags { read_only: true, ..Flags::default() }, &[("TRIOPS_SAFETY_READ_ONLY", "false")]).unwrap();
    assert!(held.safety.read_only);
}

#[test]
fn a_named_file_is_read_instead_of_the_systems_and_the_users() {
    let home = Home::new("named");
    home.write("config/triops.toml", "[ui]\ntheme = 'user'\nutc = true\n", 0o644);
    let file = home.write("other.toml", "[ui]\ntheme = 'other'\n", 0o644);
    for (flags, environment) in [
        (Flags { config: Some(file.clone()), ..Flags::default() }, vec![]),
        (Flags::default(), vec![("TRIOPS_CONFIG", file.to_str().unwrap())]),
    ] {
        let config = home.load(&flags, &environment).unwrap();
        assert_eq!((config.ui.theme.as_str(), config.ui.utc, config.files), ("other", false, vec![file.clone()]));
    }
    let gone = Flags { config: Some(home.0.join("gone.toml")), ..Flags::default() };
    assert_eq!(
        home.refused(&gone, &[]),
        ["gone.toml: there is no such file\n  hint: `triops config init` writes a commented file where triops looks for one"]
    );
}

#[test]
fn sources_of_all_files_are_kept_and_the_users_replaces_the_systems_of_the_same_name() {
    let home = Home::new("sources");
    home.write("etc/triops.toml", "[[source]]\nname = 'a'\nconnector = 'docker'\n[[source]]\nname = 'b'\nconnector = 'docker'\n", 0o644);
    home.write("config/triops.toml", "[[source]]\nname = 'a'\nconnector = 'prometheus'\nurl = 'http://p'\n", 0o644);
    let sources = home.load(&Flags::default(), &[]).unwrap().sources;
    let named: Vec<_> = sources.iter().map(|source| (source.name.as_str(), source.connector.as_str())).collect();
    assert_eq!(named, [("b", "docker"), ("a", "prometheus")]);
}

#[test]
fn a_relative_path_is_under_the_folder_of_its_file() {
    let home = Home::new("paths");
    let text = "[log]\nfile = 'own.log'\n[[source]]\nname = 'a'\nconnector = 'prometheus'\nurl = 'https://p'\n\
        tls = { ca = 'ca.pem' }\npath = ['x/*.json']\nauth = { scheme = 'bearer', token = { file = '~/token' } }\n";
    home.write("config/triops.toml", text, 0o644);
    let config = home.load(&Flags::default(), &[]).unwrap();
    let folder = home.0.join("config");
    assert_eq!(config.log_path(), Some(folder.join("own.log")));
    assert_eq!(config.sources[0].tls.ca, Some(folder.join("ca.pem")));
    assert_eq!(config.sources[0].path, [folder.join("x/*.json").display().to_string()]);
    let token = config.sources[0].auth.clone().unwrap().token;
    assert_eq!(token, Some(SecretRef::File { file: home.0.join("token") }));
}

#[test]
fn a_secret_in_a_file_is_accepted_only_if_nobody_else_can_read_it() {
    let home = Home::new("secret");
    let text = "[[source]]\nname = 'a'\nconnector = 'prometheus'\nurl = 'http://p'\nauth = { scheme = 'basic', user = 'u', password = 'hunter22' }\n";
    for (mode, fine) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false), (0o644, false)] {
        home.write("config/triops.toml", text, mode);
        let outcome = home.load(&Flags::default(), &[]);
        assert_eq!(outcome.is_ok(), fine, "{mode:o}");
        assert!(!format!("{outcome:?}").contains("hunter22"));
    }
}

#[test]
fn mistakes_of_all_layers_are_told_at_once_each_with_its_place() {
    let home = Home::new("all");
    home.write("etc/triops.toml", "[ui]\nutc = 1\n", 0o644);
    home.write("config/triops.toml", "[ui]\nglphs = 'ascii'\n", 0o644);
    home.write("config/keymap.toml", "[list]\nx = 'opne'\n", 0o644);
    assert_eq!(
        home.refused(&Flags::default(), &[("TRIOPS_UI_MAX_FPS", "many")]),
        [
            "etc/triops.toml:2:7: `ui.utc` must be true or false, not this whole number",
            "config/triops.toml:2:1: unknown key `glphs` in `ui`\n  hint: did you mean `glyphs`?",
            "TRIOPS_UI_MAX_FPS: `ui.max_fps` must be a whole number, zero or more, not a text",
            "config/keymap.toml:2:1: unknown action `opne`\n  hint: did you mean `open`?",
        ]
    );
}
