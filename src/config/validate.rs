//! What a settings file means, beyond its keys and types: names, connectors, addresses, secrets that others can read.
//! Not for: whether a source answers (see `cli::doctor`).

use std::collections::BTreeMap;
use std::path::Path;

use super::error::suggest;
use super::load::Document;
use super::{AuthConfig, ConfigError, SecretRef, Settings, SourceConfig};

/// Who can read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// Only whom it belongs to.
    OwnerOnly,
    /// The group or everybody.
    Others,
}

impl Readers {
    /// Of a file as its mode says; systems without modes are taken at their word.
    pub fn of(path: &Path) -> Self {
        #[cfg(unix)]
        if let Ok(metadata) = std::fs::metadata(path) {
            use std::os::unix::fs::PermissionsExt;
            return if metadata.permissions().mode() & GROUP_AND_OTHERS == 0 { Self::OwnerOnly } else { Self::Others };
        }
        let _ = path;
        Self::OwnerOnly
    }
}

/// The bits of a mode that let others than the owner do something.
#[cfg(unix)]
const GROUP_AND_OTHERS: u32 = 0o077;

/// Every mistake of meaning.
pub fn settings(document: &Document<'_>, settings: &Settings, readers: Readers, connectors: &[String]) -> Vec<ConfigError> {
    let mut errors = Vec::new();
    for (key, fps) in [("ui.max_fps", settings.ui.max_fps), ("ui.max_fps_ssh", settings.ui.max_fps_ssh)] {
        if !(1..=60).contains(&fps) {
            errors.push(document.error(key, format!("`{key}` must be from 1 to 60")));
        }
    }
    let mut lines: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, check) in settings.checks.iter().enumerate() {
        errors.extend(check.mistake().map(|(key, message)| document.error(&format!("check[{index}].{key}"), message)));
        if settings.checks[..index].iter().any(|other| other.name == check.name && !check.name.is_empty()) {
            errors.push(document.error(&format!("check[{index}].name"), format!("two checks are named `{}`", check.name)));
        }
    }
    for (index, model) in settings.models.iter().enumerate() {
        errors.extend(model.mistake().map(|(key, message)| document.error(&format!("model[{index}].{key}"), message)));
    }
    for (index, source) in settings.sources.iter().enumerate() {
        let place = Place { document, at: format!("source[{index}]"), readers };
        errors.extend(name(&place, source));
        let here = place.error("name", format!("two sources are named `{}`", source.name));
        let line = here.position.map_or(0, |(line, _)| line);
        if let Some(first) = lines.insert(&source.name, line).filter(|_| !source.name.is_empty()) {
            errors.push(here.hint(format!("the other is on line {first}; a name tells sources apart on the screen and in the audit log")));
        }
        errors.extend(connector(&place, source, connectors));
        errors.extend(address(&place, source));
        errors.extend(trust(&place, source));
        errors.extend(secrets(&place, source));
        errors.extend(readings(&place, source));
        errors.extend(drifts(&place, source));
    }
    errors
}

/// One `[[source]]` table of a file.
struct Place<'a> {
    document: &'a Document<'a>,
    at: String,
    readers: Readers,
}

impl Place<'_> {
    fn error(&self, key: &str, message: impl Into<String>) -> ConfigError {
        self.document.error(&format!("{}.{key}", self.at), message)
    }
}

fn name(place: &Place<'_>, source: &SourceConfig) -> Option<ConfigError> {
    let wrong = |message: &str| Some(place.error("name", message).hint("as in `name = \"prod-metrics\"`: it is shown on every entity"));
    match source.name.as_str() {
        "" => wrong("a source needs a `name`"),
        name if name.contains('/') => wrong("a source's name must not hold a slash: it ends the source's part of an entity's id"),
        name if name.chars().any(|c| c.is_whitespace() || c.is_control()) => wrong("a source's name must not hold a blank"),
        _ => None,
    }
}

fn connector(place: &Place<'_>, source: &SourceConfig, connectors: &[String]) -> Option<ConfigError> {
    if source.connector.is_empty() {
        return Some(place.error("connector", "a source needs a `connector`").hint("`triops sources` lists them"));
    }
    let known: Vec<&str> = connectors.iter().map(String::as_str).collect();
    (!known.contains(&source.connector.as_str())).then(|| {
        let message = format!("there is no connector `{}`", source.connector);
        place.error("connector", message).hint(suggest(&source.connector, "connectors", &known))
    })
}

const SCHEMES: [&str; 3] = ["http://", "https://", "unix://"];

fn address(place: &Place<'_>, source: &SourceConfig) -> Vec<ConfigError> {
    let mut errors = Vec::new();
    if let Some(url) = &source.url {
        match url.split_once("://") {
            None if url.starts_with('/') => {
                errors.push(place.error("url", "`url` has no scheme").hint("for a socket write `unix://` before the path"));
            }
            None => errors.push(place.error("url", "`url` has no scheme").hint("write `http://` or `https://` before the host")),
            // container engines are named as DOCKER_HOST names them
            Some(("tcp", _)) if matches!(source.connector.as_str(), "docker" | "podman") => {}
            Some((_, rest)) if SCHEMES.iter().any(|scheme| url.starts_with(scheme)) => {
                let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
                if host.contains('@') {
                    let hint = "write them in `auth`, as in `auth = { scheme = \"basic\", user = \"…\", password = { env = \"NAME\" } }`";
                    errors.push(place.error("url", "`url` holds a user or a password").hint(hint));
                } else if host.is_empty() && !url.starts_with("unix:") {
                    errors.push(place.error("url", "`url` names no host"));
                }
            }
            Some((scheme, _)) => {
                let message = format!("`{scheme}://` is not a scheme that triops speaks");
                errors.push(place.error("url", message).hint("write http://, https:// or unix:///path.sock"));
            }
        }
    }
    let proxies = ["http://", "https://", "socks5://", "socks5h://"];
    if let Some(proxy) = source.proxy.as_deref().filter(|proxy| *proxy != "none" && !proxies.iter().any(|scheme| proxy.starts_with(scheme)))
    {
        let _ = proxy;
        errors.push(
            place.error("proxy", "`proxy` is neither an address nor `none`").hint("write http://, https:// or socks5:// before the host"),
        );
    }
    errors
}

fn trust(place: &Place<'_>, source: &SourceConfig) -> Option<ConfigError> {
    match (&source.tls.cert, &source.tls.key) {
        (Some(_), None) => Some(place.error("tls.cert", "`tls.cert` needs `tls.key` beside it")),
        (None, Some(_)) => Some(place.error("tls.key", "`tls.key` needs `tls.cert` beside it")),
        _ => None,
    }
}

/// Headers whose value lets one in.
const SECRET_HEADERS: [&str; 6] = ["authorization", "cookie", "proxy-authorization", "x-api-key", "private-token", "x-auth-token"];

fn secrets(place: &Place<'_>, source: &SourceConfig) -> Vec<ConfigError> {
    let mut errors = Vec::new();
    if let Some(AuthConfig { scheme, .. }) = &source.auth
        && scheme.is_empty()
    {
        errors.push(
            place.error("auth.scheme", "`auth` needs a `scheme`").hint("none, basic, bearer, header, query, or one the connector defines"),
        );
    }
    if place.readers == Readers::OwnerOnly {
        return errors;
    }
    let inline = |secret: &Option<SecretRef>| matches!(secret, Some(SecretRef::Inline(_)));
    let auth = source.auth.iter().flat_map(|auth| [("auth.password", inline(&auth.password)), ("auth.token", inline(&auth.token))]);
    let headers = source.headers.keys().filter(|name| SECRET_HEADERS.contains(&name.to_lowercase().as_str()));
    let open = auth.filter(|(_, inline)| *inline).map(|(key, _)| (key.to_owned(), "use { env = \"NAME\" }".to_owned()));
    let sent = headers.map(|name| {
        let instead = format!("use `auth = {{ scheme = \"header\", name = \"{name}\", token = {{ env = \"NAME\" }} }}`");
        (format!("headers.{name}"), instead)
    });
    for (key, instead) in open.chain(sent) {
        let error = place.error(&key, format!("`{key}` holds a secret, and others can read this file"));
        let hint = format!("chmod 600 {}, or {instead}", error.file);
        errors.push(error.hint(hint));
    }
    errors
}

fn readings(place: &Place<'_>, source: &SourceConfig) -> Vec<ConfigError> {
    let mut errors = Vec::new();
    for (index, reading) in source.readings.iter().enumerate() {
        for (key, value) in [("name", &reading.name), ("query", &reading.query)] {
            if value.trim().is_empty() {
                errors.push(place.error(&format!("reading[{index}].{key}"), format!("a reading needs a `{key}`")));
            }
        }
        if source.readings[..index].iter().any(|other| other.name == reading.name && !reading.name.is_empty()) {
            errors.push(place.error(&format!("reading[{index}].name"), format!("two readings are named `{}`", reading.name)));
        }
    }
    errors
}

fn drifts(place: &Place<'_>, source: &SourceConfig) -> Vec<ConfigError> {
    let mistake = |(index, drift): (usize, &super::DriftConfig)| {
        let (key, message) = drift.mistake()?;
        Some(place.error(&format!("drift[{index}].{key}"), message))
    };
    let mut errors: Vec<ConfigError> = source.drifts.iter().enumerate().filter_map(mistake).collect();
    if !source.drifts.is_empty() && source.connector != "prometheus" {
        errors.push(place.error("drift", "only `prometheus` sources can compare distributions"));
    }
    errors
}
