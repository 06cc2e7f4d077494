//! What every connector file promises, from data: with `tests/fixtures/<connector>/contract.toml` (its answers, and where each comes
//! from) it becomes the entities that are written down, knows every documented word, and loses nothing when an answer is damaged.
//! Connectors are read from `config/connectors` when the tests run, as a user's own are. `CONTRACT=gitlab` looks at one alone.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "contracts/contract.rs"]
mod contract;
#[path = "contracts/damage.rs"]
mod damage;
#[path = "contracts/replay.rs"]
mod replay;
#[path = "hostile/server.rs"]
#[expect(dead_code, reason = "other tests of this server use more of it")]
mod server;
#[path = "contracts/sheet.rs"]
mod sheet;
#[path = "contracts/words.rs"]
mod words;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use contract::{Contract, all};
use futures_util::StreamExt;
use replay::{Replay, reply};
use server::Server;
use triops::config::connector::{Method, Way};
use triops::config::{Connector, Connectors};
use triops::domain::{Danger, LogRequest};
use triops::source::{Source, manifest};

/// Runs `check` for every connector and tells all that went wrong, not only the first.
fn each(check: impl Fn(&Contract, &Connector) -> Vec<String>) {
    let mut wrong = Vec::new();
    for (contract, connector) in all() {
        let name = contract.connector.clone();
        match catch_unwind(AssertUnwindSafe(|| check(&contract, &connector))) {
            Ok(found) => wrong.extend(found.into_iter().map(|what| format!("{name}: {what}"))),
            Err(_) => wrong.push(format!("{name}: failed, see above")),
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

#[test]
fn every_connector_has_a_contract_and_every_contract_a_connector() {
    let connectors = Connectors::load(Some(&contract::connectors_dir())).unwrap();
    // those that are read on this machine, and those of AWS, have recordings of their own (`tests/here.rs`)
    let names: BTreeSet<String> = connectors.names().filter(|name| !contract::is_recorded(name)).map(str::to_owned).collect();
    assert_eq!(contract::names(), names);
}

#[test]
fn every_connector_is_complete() {
    each(|contract, connector| {
        let mut wrong: Vec<String> = manifest::check(connector).iter().map(ToString::to_string).collect();
        let mut needs = |there: bool, what: &str| {
            if !there {
                wrong.push(what.to_owned());
            }
        };
        let about = &connector.connector;
        needs(!about.title.is_empty(), "no title");
        needs(connector.probe.is_some(), "no probe");
        needs(about.docs.as_deref().is_some_and(|docs| docs.starts_with("https://")), "`docs` is no address");
        needs(about.verified.is_some(), "`verified` does not say what it was proven against");
        needs(!connector.poll.is_empty(), "no poll");
        needs(connector.steps.is_empty() || !contract.steps.is_empty(), "steps, but none in its contract");
        needs(connector.logs.is_empty() || !contract.logs.is_empty(), "logs, but none in its contract");
        needs(contract.words.is_empty() == contract.no_words.is_some(), "its words are not in its contract, or `no-words` is not true");
        let mut ids = BTreeSet::new();
        for action in &connector.action {
            let id = &action.id;
            needs(ids.insert(id), &format!("two actions {id}"));
            needs(action.title.chars().next().is_some_and(char::is_uppercase), &format!("action {id}: a title begins with a capital"));
            let method = action.call().map(|call| call.way).and_then(|way| match way {
                Way::Http(http) => Some(http.method),
                _ => None,
            });
            needs(action.danger != Danger::Safe || method == Some(Method::Get), &format!("action {id}: changes something, so is not safe"));
            needs(!action.on.is_empty(), &format!("action {id} is on nothing"));
            let brought = |kind| connector.poll.iter().any(|poll| poll.emits.contains(kind));
            needs(action.on.iter().all(brought), &format!("action {id} is on a kind that no poll brings"));
            let kinds = connector.poll.iter().flat_map(|poll| &poll.emits).collect::<BTreeSet<_>>().len();
            needs(action.when.is_some() || kinds == 1 || contract.always.contains(id), &format!("action {id}: when? (`always` if always)"));
        }
        wrong
    });
}

#[test]
fn every_connector_makes_the_same_of_its_answers() {
    each(|contract, connector| {
        block_on(async {
            let replay = Replay::new(contract, connector).await;
            let (text, wrong) = sheet::write(contract, connector, &replay).await;
            let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots");
            insta::with_settings!({ snapshot_path => folder, prepend_module_to_snapshot => false, omit_expression => true }, {
                insta::assert_snapshot!(format!("contract__{}", contract.connector), text);
            });
            wrong
        })
    });
}

#[test]
fn every_documented_word_has_its_state_and_any_other_is_unknown_and_told() {
    each(|contract, connector| block_on(words::check(contract, connector)));
}

#[test]
fn no_answer_however_damaged_is_taken_for_good_and_what_is_good_of_it_is_kept() {
    each(|contract, connector| block_on(damage::check(contract, connector)));
}

#[test]
fn a_log_that_lies_on_another_host_is_read_there_without_credentials() {
    for (contract, connector) in all().into_iter().filter(|(_, connector)| connector.logs.iter().any(|logs| logs.elsewhere)) {
        block_on(async {
            let replay = Replay::new(&contract, &connector).await;
            let of = &contract.logs[0];
            let mut found = None;
            for info in &replay.source.info().polls {
                let batch = replay.poll(info.id.as_str()).await.unwrap();
                found = found.or_else(|| batch.entities.into_iter().find(|entity| entity.id.as_str().ends_with(&of.of)));
            }
            let store = Server::answering(|_| reply(200, "content-type: text/plain\r\n", b"it lies here")).await;
            let log = contract
                .answers
                .iter()
                .position(|answer| answer.ask.contains("/jobs/") && answer.file.as_ref().is_some_and(|f| f.ends_with(".txt")));
            let location = format!("location: {}/blob?signature=theirs\r\n", store.url());
            replay.replace(log.unwrap(), reply(302, &location, b""));
            let step = of.step.as_deref().map(Into::into);
            let entity = Arc::new(found.unwrap());
            let request = LogRequest { entity, step, attempt: None, since: None, until: None, tail: 10, follow: false };
            let part = replay.source.logs(request).next().await.unwrap().unwrap();
            assert_eq!(part.lines[0].text.as_str(), "it lies here", "{}", contract.connector);
            let asked = store.asked.lock().unwrap().join("\n").to_lowercase();
            assert!(asked.starts_with("get /blob?signature=theirs") && !asked.contains("authorization"), "{asked}");
        });
    }
}
