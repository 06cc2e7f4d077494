//! A system that answers from a contract, and the source that asks it; any answer can be replaced for a while.
//! Not for: what is expected (see `sheet`, `words`, `damage`).

use std::sync::{Arc, Mutex};

use triops::config::{Connector, SourceConfig};
use triops::domain::{Batch, Failure, PollId};
use triops::source::Source;
use triops::source::manifest::Manifest;

use super::contract::{Answer, Contract};
use super::server::Server;

/// What stands in for answers: from which rule, and the whole reply.
type Instead = Arc<Mutex<Vec<(usize, Vec<u8>)>>>;

/// A replayed system and its source.
pub struct Replay {
    /// The source, named as its connector.
    pub source: Manifest,
    /// The system.
    pub server: Server,
    now: triops::domain::Timestamp,
    rules: Arc<Vec<Rule>>,
    instead: Instead,
}

struct Rule {
    ask: String,
    holds: String,
    reply: Vec<u8>,
}

impl Rule {
    /// How exactly it fits; `None` if it does not.
    fn fits(&self, request: &str) -> Option<usize> {
        let fits = match self.ask.strip_suffix('*') {
            Some(begin) => request.starts_with(begin),
            None => request.strip_prefix(self.ask.as_str()).is_some_and(|rest| rest.starts_with([' ', '?', '&'])),
        };
        (fits && request.contains(&self.holds)).then_some(self.ask.len() + self.holds.len())
    }
}

/// A whole reply.
pub fn reply(status: u16, headers: &str, body: &[u8]) -> Vec<u8> {
    super::server::http(&format!("{status} Status"), headers, body)
}

impl Replay {
    /// Starts it.
    pub async fn new(contract: &Contract, connector: &Connector) -> Self {
        let rule = |answer: &Answer| {
            let mut headers: String = answer.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
            if !headers.contains("content-type") {
                headers += "content-type: application/json\r\n";
            }
            let reply = reply(answer.status.unwrap_or(200), &headers, &contract.body(answer));
            Rule { ask: answer.ask.clone(), holds: answer.holds.clone(), reply }
        };
        let rules: Arc<Vec<Rule>> = Arc::new(contract.answers.iter().map(rule).collect());
        let instead = Instead::default();
        let (known, replaced) = (Arc::clone(&rules), Arc::clone(&instead));
        let server = Server::answering(move |request| match best(&known, request) {
            Some(index) => {
                let replaced = replaced.lock().unwrap();
                replaced.iter().find(|(of, _)| *of == index).map_or_else(|| known[index].reply.clone(), |(_, reply)| reply.clone())
            }
            None => reply(404, "content-type: text/plain\r\n", b"the contract has no answer to this"),
        })
        .await;
        let config = SourceConfig {
            name: contract.connector.clone(),
            connector: contract.connector.clone(),
            url: Some(server.url()),
            proxy: Some("none".into()),
            ..contract.source.clone()
        };
        let source = Manifest::new(&config, connector).unwrap_or_else(|failure| panic!("{failure}: {}", failure.hint));
        Self { source, server, now: contract.now(), rules, instead }
    }

    /// Asks a poll.
    pub async fn poll(&self, id: &str) -> Result<Batch, Failure> {
        self.source.poll(&PollId::from(id), self.now).await
    }

    /// The answer, by its place in the contract, to the first request since `from`.
    pub fn answered_first(&self, from: usize) -> Option<usize> {
        let asked = self.server.asked.lock().unwrap();
        asked.get(from).and_then(|request| best(&self.rules, request))
    }

    /// The first lines of the requests since `from`.
    pub fn asked(&self, from: usize) -> Vec<String> {
        self.server.asked.lock().unwrap()[from..].iter().map(|request| request.lines().next().unwrap_or_default().to_owned()).collect()
    }

    /// From now on `reply` stands in for the answer of that rule.
    pub fn replace(&self, rule: usize, reply: Vec<u8>) {
        *self.instead.lock().unwrap() = vec![(rule, reply)];
    }

    /// From now on the answers are the contract's.
    pub fn restore(&self) {
        self.instead.lock().unwrap().clear();
    }
}

fn best(rules: &[Rule], request: &str) -> Option<usize> {
    let fitting = rules.iter().enumerate().filter_map(|(index, rule)| Some((rule.fits(request)?, std::cmp::Reverse(index))));
    fitting.max().map(|(_, std::cmp::Reverse(index))| index)
}
