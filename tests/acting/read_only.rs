//! Read-only sends no action: every request that the program sends in that mode is recorded and looked at.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use triops::config::connector::{Encoding, Method, Template, Way};
use triops::config::{Connectors, Paths, SourceConfig};
use triops::domain::{Danger, Detail, Entity, Kind, Order, Rules, SourceName, State, Text, Timestamp, Verdict};
use triops::source::registry::Registry;

use super::server::{Server, json};
use super::{Folder, gate};

/// Requests that read although they are no GET: searches, queries, and signing in. Whatever else is no GET is an action.
const READS: &[(&str, &str)] = &[
    ("airflow", "/auth/token"),
    ("alation", "/integration/v1/createAPIAccessToken/"),
    ("alation", "/oauth/v2/token/"),
    ("argocd", "/api/v1/session"),
    ("atlas", "/api/atlas/v2/search/basic"),
    ("chef", "/organizations/{with.organization}/search/node"),
    ("dagster", "/graphql"),
    ("datahub", "/api/graphql"),
    ("elasticsearch", "/{key}/_search"),
    ("luigi", "/api/task_list"),
    ("luigi", "/api/dep_graph"),
    ("luigi", "/api/fetch_error"),
    ("mlflow", "/api/2.0/mlflow/experiments/search"),
    ("mlflow", "/api/2.0/mlflow/runs/search"),
    ("nifi", "/nifi-api/access/token"),
    ("open-inference", "/v2/repository/index"),
    ("prefect", "/api/flows/filter"),
    ("prefect", "/api/deployments/filter"),
    ("prefect", "/api/flow_runs/filter"),
    ("prefect", "/api/work_pools/filter"),
    ("prefect", "/api/task_runs/filter"),
    ("prefect", "/api/logs/filter"),
    ("puppetdb", "/pdb/query/v4/nodes"),
    ("puppetdb", "/pdb/query/v4/reports"),
    ("puppetdb", "/pdb/query/v4/events"),
    ("salt", "/"),
    ("salt", "/login"),
];

/// Systems that are asked by POST alone: what is asked stands in the operation's name.
const AWS: [&str; 4] = ["ecs", "glue", "sagemaker", "cloudformation"];

/// Actions that change nothing, and so are done when read-only as well.
const SAFE: &[(&str, &str)] = &[("argocd", "refresh"), ("terraform", "refresh-plan")];

/// Whether a request is one of those that read; `{places}` stand for any one segment. One that holds a mutation of GraphQL is none.
fn reads(connector: &str, path: &str, body: &str) -> bool {
    let same = |pattern: &str| {
        let (pattern, path): (Vec<&str>, Vec<&str>) = (pattern.split('/').collect(), path.split('/').collect());
        pattern.len() == path.len() && pattern.iter().zip(&path).all(|(one, other)| one.starts_with('{') || one == other)
    };
    READS.iter().any(|(of, pattern)| *of == connector && same(pattern)) && !body.contains("mutation")
}

/// Whether it asks AWS for an operation that reads: named in a header by the JSON protocols, in the form by the query protocol.
fn of_aws(connector: &str, request: &str) -> bool {
    let lower = request.to_ascii_lowercase();
    let header = lower.lines().find_map(|line| line.strip_prefix("x-amz-target:")).and_then(|target| target.rsplit('.').next());
    let form = lower.split("action=").nth(1);
    let operation = header.or(form).unwrap_or_default();
    AWS.contains(&connector) && ["describe", "list", "get", "batchget"].iter().any(|word| operation.starts_with(word))
}

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
            let (mut refused, mut attempt) = (0, 0);
            for kind in KINDS {
                let name = SourceName::from(connector.as_str());
                let target = Arc::new(Entity::new(&name, "key", "name", State::Failed, Detail::empty(kind), Timestamp::from_ms(0)));
                for offer in source.offers(&target).await.unwrap() {
                    if offer.danger == Danger::Safe {
                        continue;
                    }
                    attempt += 2;
                    let order = Order::new(attempt, offer.id.clone(), Arc::clone(&target), Text::from("me"), Timestamp::from_ms(0));
                    assert!(gate.preview(source.as_ref(), &order).await.is_err());
                    let outcome = gate.act(source.as_ref(), &order, || panic!("{connector} {} left", offer.id)).await;
                    assert_eq!(outcome.verdict(), Verdict::Refused, "{connector} {}: {outcome:?}", offer.id);
                    let order = Order { attempt: attempt + 1, ..order };
                    assert_eq!(gate.open(source.as_ref(), &order).await.err().unwrap().verdict(), Verdict::Refused);
                    refused += 1;
                }
            }
            tried += refused;
            for request in server.asked.lock().unwrap().iter() {
                let (method, rest) = request.split_once(' ').unwrap();
                let path = rest.split([' ', '?']).next().unwrap();
                let listed = reads(&connector, path, request) || of_aws(&connector, request);
                assert!(method == "GET" || listed, "{connector} sent {method} {path} while read-only");
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
            // AWS has one address for all it does; the operation tells what it is
            let target = http.headers.get("X-Amz-Target").and_then(|value| value.fill(&Value::Null, Encoding::Plain).ok());
            let body = http.json.or(http.form).map(|jq| jq.code.clone()).unwrap_or_default();
            let operation = target.unwrap_or_else(|| body.clone());
            let of_aws = AWS.contains(&name) && ["Describe", "List", "Get"].iter().any(|word| operation.contains(word));
            let listed = READS.iter().any(|(of, pattern)| *of == name && http.path == &Template::parse(pattern).unwrap());
            assert!(of_aws || listed && !body.contains("mutation"), "{name}: {:?} {:?} {operation} is not listed", http.method, http.path);
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
