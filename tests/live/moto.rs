//! The connectors of AWS against an emulator that checks signatures and rights as AWS does. An emulator is not the service: this proves how
//! requests are signed, paged and fanned out, not what AWS answers.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::support::addresses;

/// What `triops once` brings of one connector, run as its own process with those keys in its environment.
fn once(connector: &str, url: &str, key: &str, secret: &str) -> Value {
    let home = std::env::temp_dir().join(format!("triops-moto-{connector}-{}-{}", std::process::id(), secret.len()));
    std::fs::create_dir_all(&home).unwrap();
    let settings = format!(
        "[[source]]\nname = \"aws\"\nconnector = \"{connector}\"\nurl = \"{url}\"\nproxy = \"none\"\ntimeout = \"30s\"\nauth = {{ scheme = \"sigv4\" }}\nwith = {{ region = \"us-east-1\" }}\n"
    );
    std::fs::write(home.join("triops.toml"), settings).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_triops"))
        .arg("--config")
        .arg(home.join("triops.toml"))
        .args(["once", "--format", "json"])
        .env_clear()
        .envs([("HOME", home.as_os_str()), ("AWS_ACCESS_KEY_ID", key.as_ref()), ("AWS_SECRET_ACCESS_KEY", secret.as_ref())])
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .output()
        .unwrap();
    std::fs::remove_dir_all(Path::new(&home)).unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&output.stderr)))
}

fn states<'a>(told: &'a Value, kind: &str) -> BTreeMap<&'a str, &'a str> {
    assert_eq!(told["sources"][0]["error"], Value::Null, "{}", told["sources"]);
    let of_kind = told["entities"].as_array().unwrap().iter().filter(|entity| entity["kind"] == kind);
    of_kind.map(|entity| (entity["name"].as_str().unwrap(), entity["state"].as_str().unwrap())).collect()
}

#[test]
fn services_tasks_jobs_and_stacks_come_with_a_signature_that_is_checked() {
    let Some([url, key, secret]) = addresses("moto", ["TRIOPS_LIVE_MOTO", "TRIOPS_LIVE_MOTO_KEY", "TRIOPS_LIVE_MOTO_SECRET"]) else {
        return;
    };
    let told = once("ecs", &url, &key, &secret);
    let workloads = states(&told, "workload");
    // twelve services are described in two requests
    assert_eq!(workloads.keys().filter(|name| name.starts_with("web-")).count(), 12, "{workloads:?}");
    assert_eq!(states(&told, "check")["prod"], "ok");
    let told = once("glue", &url, &key, &secret);
    assert_eq!((states(&told, "pipeline")["nightly-etl"], states(&told, "run")["nightly-etl"]), ("ok", "ok"));
    assert!(!told.to_string().contains("not-shown"), "{told}");
    let told = once("cloudformation", &url, &key, &secret);
    assert_eq!(states(&told, "stack")["network"], "ok");
    let told = once("sagemaker", &url, &key, &secret);
    assert_eq!((states(&told, "endpoint")["fraud"], states(&told, "run")["fraud-7"]), ("ok", "ok"));
}

#[test]
fn a_wrong_secret_is_refused_and_told_as_such() {
    let Some([url, key]) = addresses("moto", ["TRIOPS_LIVE_MOTO", "TRIOPS_LIVE_MOTO_KEY"]) else { return };
    let error = once("ecs", &url, &key, "wrong-secret")["sources"][0]["error"].to_string();
    assert!(error.contains("SignatureDoesNotMatch") && !error.contains("wrong-secret"), "{error}");
}
