//! Read-only sends no action: every request that the program sends in that mode is recorded and looked at.

use std::path::Path;
use std::sync::Arc;

use triops::config::connector::{Encoding, Method, Template, Way};
use triops::config::{Connectors, Paths, SourceConfig};
use triops::domain::{Danger, Detail, Entity, Kind, Order, Rules, SourceName, State, Text, Timestamp, Verdict};
use triops::source::registry::Registry;

use super::server::{Server, json};
use super::{Folder, gate};

/// Requests that read although they are no GET: searches, queries, and signing in. Whatever else is no GET is an action.
const READS: &[(&str, &str)] = &[
    ("mlflow", "/api/2.0/mlflow/experiments/search"),
    ("mlflow", "/api/2.0/mlflow/runs/search"),
    ("airflow", "/auth/token"),
    ("chef", "/organizations/{with.organization}/search/node"),
];

/// Systems that are asked by POST alone: what is asked stands in the operation's name.
const AWS: [&str; 4] = ["ecs", "glue", "sagemaker", "cloudformation"];

/// Actions that change nothing, and so are done when read-only as well.
const SAFE: &[(&str, &str)] = &[("terraform", "refresh-plan")];

const KINDS: [Kind; 11] = [
    Kind::Alert,
    Kind::Run,
    Kind::Pipeline,
    Kind::Workload,
    Kind::Host,
    Kind::Model,
    Kind::Endpoint,
    Kind::Dataset,
    Kind::Check,
    Kind::Change,
    Kind::Stack,
];

const STATES: [State; 7] = [State::Ok, State::Running, State::Pending, State::Warning, State::Failed, State::Cancelled, State::Unknown];

#[tokio::test]
async fn read_only_sends_nothing_that_belongs_to_an_action() {
    let registry = Registry::load(&Paths::under(Path::new("/nonexistent"))).unwrap();
    let rules = [
        (Rules { read_only: true, ..Rules::default() }, false, None),
        (Rules::default(), true, None),
        (Rules { read_only_env: vec![Text::from("prod")], ..Rules::default() }, false, Some("prod")),
    ];
    for (rules, read_only, env) in rules {
        let mut tried = 0;
        for connector in registry.names() {
            let (folder, server) = (Folder::new(), Server::answering(|_| json("[]")).await);
            let config = SourceConfig {
                name: connector.clone(),
                connector: connector.clone(),
                url: Some(server.url()),
                proxy: Some("none".into()),
                timeout: Some("2s".parse().unwrap()),
                env: env.map(str::to_owned),
                read_only,
                ..SourceConfig::default()
            };
            let Ok(source) = registry.build(&config) else { continue };
            let _ = source.probe().await;
            for poll in &source.info().polls {
                let _ = source.poll(&poll.id, Timestamp::from_ms(1_795_000_000_000)).await;
            }
            let gate = gate(rules.clone(), &folder);
            let mut refused = 0;
            for (kind, state) in KINDS.into_iter().flat_map(|kind| STATES.map(|state| (kind, state))) {
                let name = SourceName::from(connector.as_str());
                let target = Arc::new(Entity::new(&name, "key", "name", state, Detail::empty(kind), Timestamp::from_ms(0)));
                for offer in source.offers(&target).await.unwrap() {
                    if offer.danger == Danger::Safe {
                        continue;
                    }
                    let order = Order::new(1, offer.id.clone(), Arc::clone(&target), Text::from("me"), Timestamp::from_ms(0));
                    assert!(gate.preview(source.as_ref(), &order).await.is_err());
                    let outcome = gate.act(source.as_ref(), &order, || panic!("{connector} {} left", offer.id)).await;
                    assert_eq!(outcome.verdict(), Verdict::Refused, "{connector} {}: {outcome:?}", offer.id);
                    assert_eq!(gate.open(source.as_ref(), &order).await.err().unwrap().verdict(), Verdict::Refused);
                    refused += 1;
                }
            }
            tried += refused;
            for request in server.asked.lock().unwrap().iter() {
                let (method, rest) = request.split_once(' ').unwrap();
                let path = rest.split([' ', '?']).next().unwrap();
                assert!(method == "GET" || READS.contains(&(connector.as_str(), path)), "{connector} sent {method} {path} while read-only");
            }
            assert_eq!(folder.ended().len(), refused * 2, "{connector}: each refused attempt is written down");
        }
        assert!(tried > 50, "only {tried} actions were tried");
    }
}

#[test]
fn what_reads_by_other_methods_than_get_is_listed() {
    let connectors = Connectors::load(None).unwrap();
    for name in connectors.names() {
        let connector = connectors.get(name).unwrap().unwrap();
        let polls = connector.poll.iter().flat_map(|poll| poll.call().into_iter().chain(poll.also.values().filter_map(|also| also.call())));
        let steps =
            connector.steps.iter().flat_map(|steps| steps.call().into_iter().chain(steps.also.values().filter_map(|also| also.call())));
        let others = connector.logs.iter().filter_map(|logs| logs.call()).chain(connector.raw.iter().filter_map(|raw| raw.call()));
        let login = connector.auth.values().filter_map(|login| login.call());
        let before = connector.action.iter().flat_map(|action| {
            action.also.values().filter_map(|also| also.call()).chain(action.schema.iter().filter_map(|schema| schema.call()))
        });
        for call in polls.chain(steps).chain(others).chain(login).chain(before) {
            let Way::Http(http) = call.way else { continue };
            if http.method == Method::Get {
                continue;
            }
            let path = http.path.fill(&serde_json::Value::Null, Encoding::Segment).unwrap_or_default();
            // AWS has one address for all it does; the operation tells what it is
            let target = http.headers.get("X-Amz-Target").and_then(|value| value.fill(&serde_json::Value::Null, Encoding::Plain).ok());
            let operation = target.unwrap_or_else(|| http.form.map(|jq| jq.code.clone()).unwrap_or_default());
            let reads = AWS.contains(&name) && ["Describe", "List", "Get"].iter().any(|word| operation.contains(word));
            let known = READS.iter().any(|(of, read)| *of == name && (*read == path || http.path == &Template::parse(read).unwrap()));
            assert!(known || reads, "{name}: {:?} {path} {operation} is not listed", http.method);
        }
    }
}

#[test]
fn every_action_says_what_it_is_to_what_when_and_how_bad_it_would_be() {
    let connectors = Connectors::load(None).unwrap();
    let mut lacking = Vec::new();
    for name in connectors.names() {
        for action in connectors.get(name).unwrap().unwrap().action {
            let has = [
                ("id", !action.id.is_empty() && action.id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')),
                ("title", !action.title.is_empty()),
                ("on", !action.on.is_empty()),
                ("when", action.when.is_some()),
                ("a request", action.call().is_some()),
                ("a danger greater than safe", action.danger > Danger::Safe || SAFE.contains(&(name, action.id.as_str()))),
            ];
            lacking.extend(has.iter().filter(|(_, has)| !has).map(|(what, _)| format!("{name} {}: {what}", action.id)));
        }
    }
    assert_eq!(lacking, [] as [String; 0]);
}
