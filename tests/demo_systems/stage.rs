//! A world whose time stands still until a test moves it, and the way to ask a system of it: directly, or by a source over HTTP.
//! Not for: tests.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use hyper::Method;
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use triops::config::{AuthConfig, Paths, SourceConfig};
use triops::demo::airflow::Airflow;
use triops::demo::clock::Clock;
use triops::demo::docker::Docker;
use triops::demo::gitlab::Gitlab;
use triops::demo::mlflow::Mlflow;
use triops::demo::story::Story;
use triops::demo::system::{Body, Piece};
use triops::demo::world::Spec;
use triops::demo::{Deed, Reply, Request, System, World};
use triops::domain::Timestamp;
use triops::source::Source;
use triops::source::registry::Registry;

use crate::server::Server;

pub const DOCKER: &dyn System = &Docker;
pub const AIRFLOW: &dyn System = &Airflow;
pub const MLFLOW: &dyn System = &Mlflow;
pub const GITLAB: &dyn System = &Gitlab;
pub const SYSTEMS: [&dyn System; 4] = [DOCKER, AIRFLOW, MLFLOW, GITLAB];

pub struct Stage {
    spec: Arc<Spec>,
    now_s: Mutex<f64>,
    deeds: Mutex<Arc<Vec<Deed>>>,
}

impl Stage {
    /// A story at a second of it.
    pub fn new(story: &str, s: f64) -> Arc<Self> {
        Self::scaled(story, s, 1)
    }

    pub fn scaled(story: &str, s: f64, scale: usize) -> Arc<Self> {
        let clock = Clock::new(Timestamp::parse("2026-11-27T12:00:00Z").unwrap(), 1.0);
        let spec = Spec { seed: 7, story: Story::named(story).unwrap(), scale, clock };
        Arc::new(Self { spec: Arc::new(spec), now_s: Mutex::new(s), deeds: Mutex::default() })
    }

    pub fn world(&self) -> World {
        let now = self.spec.clock.at(*self.now_s.lock().unwrap());
        World::new(Arc::clone(&self.spec), Arc::clone(&self.deeds.lock().unwrap()), now)
    }

    pub fn now(&self) -> Timestamp {
        self.world().now()
    }

    /// Lets seconds pass.
    pub fn go(&self, seconds: f64) {
        *self.now_s.lock().unwrap() += seconds;
    }

    /// Asks, and lets what is done be done.
    pub fn ask(&self, system: &dyn System, request: &Request) -> Reply {
        let mut reply = system.answer(&self.world(), request);
        if !reply.deeds.is_empty() {
            let mut deeds = self.deeds.lock().unwrap();
            let mut all = Vec::clone(&deeds);
            all.append(&mut reply.deeds);
            *deeds = Arc::new(all);
        }
        reply
    }

    /// A request as somebody who is signed in makes it; what is answered, which is JSON.
    pub fn said(&self, system: &dyn System, method: Method, target: &str, body: Option<Value>) -> (u16, Value) {
        let reply = self.ask(system, &self.signed(system, method, target, body));
        let bytes = text_of(reply.body, &self.world());
        (reply.status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    pub fn get(&self, system: &dyn System, target: &str) -> Value {
        let (status, value) = self.said(system, Method::GET, target, None);
        assert_eq!(status, 200, "{} {target}: {value}", system.name());
        value
    }

    pub fn post(&self, system: &dyn System, target: &str, body: Value) -> (u16, Value) {
        self.said(system, Method::POST, target, Some(body))
    }

    pub fn signed(&self, system: &dyn System, method: Method, target: &str, body: Option<Value>) -> Request {
        let body = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        let mut request = Request::new(method, target, body);
        let auth = auth(system, &self.world());
        // a secret is what the command `echo SECRET` prints
        let secret = |auth: &Value, name: &str| auth[name]["command"][1].as_str().map(str::to_owned);
        if let Some(token) = auth.as_ref().and_then(|auth| secret(auth, "token")) {
            request.headers.push(("authorization".to_owned(), format!("Bearer {token}")));
        } else if let Some(auth) = auth {
            let sign_in = serde_json::json!({"username": auth["user"], "password": secret(&auth, "password").unwrap()});
            let reply = system.answer(&self.world(), &Request::new(Method::POST, "/auth/token", sign_in.to_string().into()));
            let token: Value = serde_json::from_slice(reply.whole().unwrap()).unwrap();
            request.headers.push(("authorization".to_owned(), format!("Bearer {}", token["access_token"].as_str().unwrap())));
        }
        request
    }

    /// Serves a system on loopback.
    pub async fn serve(self: &Arc<Self>, system: &'static dyn System) -> Server {
        let stage = Arc::clone(self);
        Server::start(Arc::new(move |text, mut wire| {
            let stage = Arc::clone(&stage);
            Box::pin(async move {
                let reply = stage.ask(system, &read(&text));
                let headers: Vec<String> = reply.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
                let head = format!("HTTP/1.1 {} Said\r\nconnection: close\r\n{}", reply.status, headers.concat());
                match reply.body {
                    Body::Whole(bytes) => {
                        let length = format!("content-length: {}\r\n\r\n", bytes.len());
                        let _ = wire.write_all(&[head.as_bytes(), length.as_bytes(), &bytes].concat()).await;
                    }
                    Body::Feed(mut feed) => {
                        let _ = wire.write_all(head.as_bytes()).await;
                        let _ = wire.write_all(b"\r\n").await;
                        loop {
                            let (bytes, last) = match feed.next(&stage.world()) {
                                Piece::Nothing => (Bytes::new(), false),
                                Piece::Bytes(bytes) => (bytes, false),
                                Piece::Last(bytes) => (bytes, true),
                            };
                            if wire.write_all(&bytes).await.is_err() || last {
                                break;
                            }
                            tokio::time::sleep(Duration::from_millis(10)).await;
                        }
                    }
                }
                let _ = wire.shutdown().await;
            })
        }))
        .await
    }

    /// The cockpit's own source for a system that is served there.
    pub fn source(&self, system: &dyn System, server: &Server) -> Arc<dyn Source> {
        let config = SourceConfig {
            name: system.name().into(),
            connector: system.name().into(),
            url: Some(server.url()),
            proxy: Some("none".into()),
            env: Some("prod".into()),
            auth: auth(system, &self.world()).map(|auth| serde_json::from_value::<AuthConfig>(auth).unwrap()),
            ..SourceConfig::default()
        };
        Registry::load(&Paths::under(std::path::Path::new("/nonexistent"))).unwrap().build(&config).unwrap()
    }
}

/// The sign-in that a system's settings name.
fn auth(system: &dyn System, world: &World) -> Option<Value> {
    let settings: Value = toml::from_str(&system.settings(world)).unwrap();
    settings.get("auth").cloned()
}

/// A whole body, or what a feed gives at once.
pub fn text_of(body: Body, world: &World) -> Bytes {
    match body {
        Body::Whole(bytes) => bytes,
        Body::Feed(mut feed) => match feed.next(world) {
            Piece::Nothing => Bytes::new(),
            Piece::Bytes(bytes) | Piece::Last(bytes) => bytes,
        },
    }
}

fn read(text: &str) -> Request {
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let mut first = lines.next().unwrap_or_default().split(' ');
    let method = Method::from_bytes(first.next().unwrap_or_default().as_bytes()).unwrap();
    let mut request = Request::new(method, first.next().unwrap_or_default(), Bytes::from(body.to_owned()));
    request.headers =
        lines.filter_map(|line| line.split_once(':')).map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
    request
}
