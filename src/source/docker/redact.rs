//! Takes what looks like a secret out of an engine's answer before a person sees it: values of environment variables, flags and
//! labels whose name says so, and passwords in addresses.
//! Not for: our own secrets (see `config::secret`), which never get into an answer.

use std::sync::LazyLock;

use regex::{Captures, Regex};
use serde_json::Value;

const HIDDEN: &str = "***";
/// Parts of names whose values are not shown.
const NAMES: &str = "PASS|PWD|SECRET|TOKEN|KEY|CREDENTIAL|AUTH|SALT|COOKIE|SESSION|PRIVATE|CERT|DSN|CONN(?:ECTION)?_?STR";

static SECRET_NAME: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(&format!("(?i){NAMES}")).ok());
/// `NAME=value` and `NAME: value` anywhere in a text, such as the command of a shell.
static ASSIGNED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(&format!(r#"(?i)((?:[\w.-]*(?:{NAMES})[\w.-]*)\s*[=:]\s*)("[^"]*"|'[^']*'|[^\s"';&|]+)"#)).ok());
/// `scheme://user:password@host` and `scheme://token@host`.
static ADDRESS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(://)(?:([^\s/@:]*):)?([^\s/@]+)@").ok());

/// Hides every secret in an answer.
pub fn redact(value: &mut Value) {
    match value {
        Value::String(text) => *text = in_text(text),
        Value::Array(items) => in_array(items),
        Value::Object(fields) => {
            for (name, value) in fields.iter_mut() {
                match value {
                    Value::String(text) if names_a_secret(name) && !text.is_empty() => HIDDEN.clone_into(text),
                    other => redact(other),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Whether a variable, flag or label of that name holds a secret.
pub fn names_a_secret(name: &str) -> bool {
    SECRET_NAME.as_ref().is_none_or(|pattern| pattern.is_match(name))
}

/// Environment (`NAME=value`, where all behind the sign is the value) and arguments (`--name value`).
fn in_array(items: &mut [Value]) {
    let mut hide_next = false;
    for item in items {
        let Value::String(text) = item else {
            redact(item);
            continue;
        };
        let flag = text.starts_with('-') && !text.contains('=') && !text.contains(' ') && names_a_secret(text);
        if std::mem::replace(&mut hide_next, flag) && !flag {
            HIDDEN.clone_into(text);
        } else if let Some((name, _)) = text.split_once('=')
            && !name.contains(char::is_whitespace)
            && names_a_secret(name)
        {
            *text = format!("{name}={HIDDEN}");
        } else {
            *text = in_text(text);
        }
    }
}

fn in_text(text: &str) -> String {
    let (Some(assigned), Some(address)) = (ASSIGNED.as_ref(), ADDRESS.as_ref()) else { return HIDDEN.to_owned() };
    let text = address.replace_all(text, |found: &Captures<'_>| match found.get(2) {
        Some(user) => format!("://{}:{HIDDEN}@", user.as_str()),
        None => format!("://{HIDDEN}@"),
    });
    assigned.replace_all(&text, |found: &Captures<'_>| format!("{}{HIDDEN}", &found[1])).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_stay_and_secrets_go_wherever_an_inspection_holds_them() {
        let mut answer = json!({
            "Id": "ab", "Name": "/web",
            "Args": ["--db-password", "hunter2", "--port", "80", "--api-key=hunter2", "-c", "export TOKEN=hunter2; serve --secret 'x'"],
            "Config": {
                "Env": ["PATH=/usr/bin:/bin", "POSTGRES_PASSWORD=hunter2 with = blanks", "aws_secret_access_key=hunter2", "LEVEL=info",
                        "DATABASE_URL=postgres://app:hunter2@db:5432/app?sslmode=off", "REDIS=redis://hunter2@cache", "EMPTY_TOKEN="],
                "Labels": {"team": "shop", "traefik.auth.users": "hunter2", "com.docker.compose.project": "shop"},
                "Healthcheck": {"Test": ["CMD-SHELL", "curl -H 'Authorization: hunter2' http://u:hunter2@localhost"]},
            },
            "RestartCount": 3,
        });
        redact(&mut answer);
        assert!(!answer.to_string().contains("hunter2"), "{answer:#}");
        assert_eq!(
            answer["Config"]["Env"],
            json!([
                "PATH=/usr/bin:/bin",
                "POSTGRES_PASSWORD=***",
                "aws_secret_access_key=***",
                "LEVEL=info",
                "DATABASE_URL=postgres://app:***@db:5432/app?sslmode=off",
                "REDIS=redis://***@cache",
                "EMPTY_TOKEN=***"
            ])
        );
        assert_eq!((&answer["Args"][2], &answer["Args"][3]), (&json!("--port"), &json!("80")));
        assert_eq!((&answer["RestartCount"], &answer["Config"]["Labels"]["team"]), (&json!(3), &json!("shop")));
    }

    #[test]
    fn addresses_without_credentials_and_digests_are_left_alone() {
        for text in ["https://example.org/a@b", "sha256:4f8cc09285dd", "localhost:5000/web:1", "me@example.org", "http://h:80/x"] {
            assert_eq!(in_text(text), text);
        }
    }
}
