//! Where the engines of this machine are expected to be: as the `docker` command finds its own, and Podman's sockets.
//! Not for: asking whether anything answers there (see `Source::probe`).

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::config::TlsConfig;

/// An engine that may be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// `Docker` or `Podman`.
    pub title: &'static str,
    /// For `url` of a source.
    pub url: String,
    /// For `tls` of a source.
    pub tls: TlsConfig,
}

/// Every engine worth asking for, Docker's first. `variable` reads the environment; of the file system only Docker's own
/// configuration is read. Two names of one socket are one host (`podman-docker` links Docker's to Podman's).
pub fn default_urls(variable: &dyn Fn(&str) -> Option<String>) -> Vec<Host> {
    let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
    let mut hosts = vec![docker(&variable)];
    let runtime = variable("XDG_RUNTIME_DIR");
    let rootless = |title, path: &str| Some(Host::socket(title, &Path::new(runtime.as_ref()?).join(path)));
    hosts.extend(rootless("Docker", "docker.sock"));
    if let Some(url) = variable("CONTAINER_HOST") {
        hosts.push(Host { title: "Podman", url, tls: TlsConfig::default() });
    }
    hosts.push(Host::socket("Podman", Path::new("/run/podman/podman.sock")));
    hosts.extend(rootless("Podman", "podman/podman.sock"));
    let mut places: Vec<PathBuf> = Vec::new();
    hosts.retain(|host| {
        let place = host.url.strip_prefix("unix://").map_or_else(|| PathBuf::from(&host.url), real);
        let new = !places.contains(&place);
        places.push(place);
        new
    });
    hosts
}

impl Host {
    fn socket(title: &'static str, path: &Path) -> Self {
        Self { title, url: format!("unix://{}", path.display()), tls: TlsConfig::default() }
    }
}

/// `DOCKER_HOST`, else the context of `DOCKER_CONTEXT` or of the configuration, else the usual socket.
fn docker(variable: &dyn Fn(&str) -> Option<String>) -> Host {
    let home = variable("HOME").map(PathBuf::from).unwrap_or_default();
    let folder = variable("DOCKER_CONFIG").map_or_else(|| home.join(".docker"), PathBuf::from);
    if let Some(host) = variable("DOCKER_HOST") {
        let verify = variable("DOCKER_TLS_VERIFY").is_some();
        let folder = variable("DOCKER_CERT_PATH").map_or(folder, PathBuf::from);
        let tls = if verify { certificates(&folder) } else { TlsConfig::default() };
        return Host { title: "Docker", url: http(&host, &tls), tls };
    }
    let context = variable("DOCKER_CONTEXT").or_else(|| current_context(&folder)).filter(|name| name != "default");
    context.and_then(|name| context_host(&folder, &name)).unwrap_or_else(|| Host::socket("Docker", Path::new("/var/run/docker.sock")))
}

fn current_context(folder: &Path) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Config {
        current_context: String,
    }
    let config: Config = serde_json::from_str(&std::fs::read_to_string(folder.join("config.json")).ok()?).ok()?;
    Some(config.current_context).filter(|name| !name.is_empty())
}

/// A context lies in a folder named by the SHA-256 of its name; the name stands in its file too, so all are looked at.
fn context_host(folder: &Path, name: &str) -> Option<Host> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Meta {
        name: String,
        endpoints: Endpoints,
    }
    #[derive(Deserialize)]
    struct Endpoints {
        docker: Endpoint,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Endpoint {
        host: String,
    }
    let contexts = std::fs::read_dir(folder.join("contexts/meta")).ok()?.take(1000).flatten();
    contexts.into_iter().find_map(|context| {
        let meta: Meta = serde_json::from_str(&std::fs::read_to_string(context.path().join("meta.json")).ok()?).ok()?;
        let tls = certificates(&folder.join("contexts/tls").join(context.file_name()).join("docker"));
        (meta.name == name).then(|| Host { title: "Docker", url: http(&meta.endpoints.docker.host, &tls), tls })
    })
}

/// Those of the three files that are there.
fn certificates(folder: &Path) -> TlsConfig {
    let file = |name: &str| Some(folder.join(name)).filter(|path| path.is_file());
    TlsConfig { ca: file("ca.pem"), cert: file("cert.pem"), key: file("key.pem") }
}

/// Docker writes `tcp://` for both; with certificates it is TLS.
pub(super) fn http(host: &str, tls: &TlsConfig) -> String {
    let Some(rest) = host.strip_prefix("tcp://") else { return host.to_owned() };
    let secure = *tls != TlsConfig::default();
    let (scheme, port) = if secure { ("https", 2376) } else { ("http", 2375) };
    let authority = rest.split('/').next().unwrap_or(rest);
    let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()) && !port.is_empty());
    if has_port { format!("{scheme}://{rest}") } else { format!("{scheme}://{authority}:{port}") }
}

/// The file behind links, or as much of the way to it as is there.
fn real(path: &str) -> PathBuf {
    let path = Path::new(path);
    let parent = || Some(path.parent()?.canonicalize().ok()?.join(path.file_name()?));
    path.canonicalize().ok().or_else(parent).unwrap_or_else(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urls(environment: &[(&str, &str)]) -> Vec<(&'static str, String)> {
        let variable = |name: &str| environment.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        default_urls(&variable).into_iter().map(|host| (host.title, host.url)).collect()
    }

    /// A folder as the docker command keeps it, gone at the end.
    struct Home(PathBuf);

    impl Home {
        fn new(name: &str, files: &[(&str, &str)]) -> Self {
            let home = std::env::temp_dir().join(format!("triops-hosts-{name}-{}", std::process::id()));
            for (path, text) in files {
                let path = home.join(path);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, text).unwrap();
            }
            Self(home)
        }

        fn as_str(&self) -> &str {
            self.0.to_str().unwrap()
        }
    }

    impl Drop for Home {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn with_nothing_set_the_usual_sockets_are_expected() {
        let found = urls(&[("XDG_RUNTIME_DIR", "/run/user/1000")]);
        assert_eq!(found[0].0, "Docker");
        assert!(found[0].1.ends_with("/run/docker.sock"));
        assert!(found.contains(&("Docker", "unix:///run/user/1000/docker.sock".to_owned())));
        assert!(found.contains(&("Podman", "unix:///run/podman/podman.sock".to_owned())));
        assert!(found.contains(&("Podman", "unix:///run/user/1000/podman/podman.sock".to_owned())));
    }

    #[test]
    fn docker_host_wins_over_the_context() {
        let home = Home::new("env", &[(".docker/ca.pem", ""), (".docker/cert.pem", ""), (".docker/key.pem", "")]);
        for (host, verify, url) in [
            ("unix:///x/d.sock", "", "unix:///x/d.sock"),
            ("tcp://10.0.0.1:2375", "", "http://10.0.0.1:2375"),
            ("tcp://10.0.0.1", "", "http://10.0.0.1:2375"),
            ("tcp://10.0.0.1:2376", "1", "https://10.0.0.1:2376"),
            ("tcp://[::1]", "1", "https://[::1]:2376"),
            ("ssh://me@host", "", "ssh://me@host"),
        ] {
            assert_eq!(urls(&[("DOCKER_HOST", host), ("DOCKER_TLS_VERIFY", verify), ("HOME", home.as_str())])[0].1, url);
        }
    }

    #[test]
    fn the_active_context_is_found_by_its_name_with_its_certificates() {
        let meta = |name: &str, host: &str| {
            format!(r#"{{"Name":"{name}","Metadata":{{}},"Endpoints":{{"docker":{{"Host":"{host}","SkipTLSVerify":false}}}}}}"#)
        };
        let home = Home::new(
            "context",
            &[
                (".docker/config.json", r#"{"auths":{},"currentContext":"prod"}"#),
                (".docker/contexts/meta/aa/meta.json", &meta("lab", "unix:///lab.sock")),
                (".docker/contexts/meta/bb/meta.json", &meta("prod", "tcp://prod.example:2376")),
                (".docker/contexts/meta/cc/meta.json", "not json"),
                (".docker/contexts/tls/bb/docker/ca.pem", ""),
            ],
        );
        assert_eq!(urls(&[("HOME", home.as_str())])[0].1, "https://prod.example:2376");
        assert_eq!(urls(&[("HOME", home.as_str()), ("DOCKER_CONTEXT", "lab")])[0].1, "unix:///lab.sock");
        assert!(urls(&[("HOME", home.as_str()), ("DOCKER_CONTEXT", "gone")])[0].1.ends_with("/run/docker.sock"));
    }

    #[test]
    fn one_socket_under_two_names_is_one_engine() {
        let home = Home::new("link", &[("podman/podman.sock", "")]);
        let link = home.0.join("docker.sock");
        std::os::unix::fs::symlink(home.0.join("podman/podman.sock"), &link).unwrap();
        let found = urls(&[("DOCKER_HOST", &format!("unix://{}", link.display())), ("XDG_RUNTIME_DIR", home.as_str())]);
        assert_eq!(found.iter().filter(|(_, url)| url.contains(home.as_str())).count(), 1, "{found:?}");
    }
}
