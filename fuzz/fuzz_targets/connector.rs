//! Any body, in every format, through a connector's map: whatever comes out, nothing panics and no stack is used up.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use triops::config::Connector;
use triops::domain::Timestamp;
use triops::source::manifest::try_map;

const FORMATS: [&str; 6] = ["json", "ndjson", "yaml", "xml", "csv", "text"];

static CONNECTOR: LazyLock<Connector> = LazyLock::new(|| {
    let poll = |format: &&str| {
        format!(
            "[[poll]]\nid = \"{format}\"\nevery = \"1s\"\nemits = [\"alert\"]\nget = \"/\"\ndecode = \"{format}\"\n\
             map = '''.. | {{kind: \"alert\", key: (.id? // tojson), name: tojson, state: \"ok\", since: (.at? | time?),\
             labels: (.labels? // {{}}), detail: (.detail? // {{}})}}'''\n"
        )
    };
    let polls: String = FORMATS.iter().map(poll).collect();
    Connector::parse("fuzz", "fuzz.toml", &format!("[connector]\ntitle = \"x\"\neye = \"devops\"\n{polls}")).expect("the connector is right")
});

fuzz_target!(|data: &[u8]| {
    let Some((first, body)) = data.split_first() else { return };
    let format = FORMATS[usize::from(*first) % FORMATS.len()];
    let _ = try_map(&CONNECTOR, format, body, &serde_json::Value::Null, Timestamp::default());
});
