//! Serves the systems of a world on loopback and unix sockets: the only part of the demo that does I/O.
//! Not for: what they answer (see `system`), reading a clock (it is given one).

use std::convert::Infallible;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, Limited, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::chaos::{Chaos, Fate};
use super::system::{Body, Feed, Piece, Place};
use super::world::Spec;
use super::{Deed, Reply, Request, System, World};
use crate::domain::Timestamp;

/// Connections that one system holds at a time; more wait.
const MAX_CONNECTIONS: usize = 256;
/// Longest body of a request, bytes.
const MAX_BODY: usize = 1 << 20;
/// How often a body that goes on is asked for what is new.
const FEED_EVERY: Duration = Duration::from_millis(200);
/// Deeds that are kept; more are refused, for the world goes through all of them for every answer.
const MAX_DEEDS: usize = 10_000;

/// Tells the time.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;
type Answer = BoxBody<Bytes, io::Error>;

/// A world with what was done to it so far.
pub struct Shared {
    spec: Arc<Spec>,
    deeds: Mutex<Arc<Vec<Deed>>>,
    now: Now,
}

impl Shared {
    /// A world to which nothing was done yet.
    pub fn new(spec: Spec, now: Now) -> Self {
        Self { spec: Arc::new(spec), deeds: Mutex::default(), now }
    }

    /// The world as it is now.
    pub fn world(&self, site: usize) -> World {
        let deeds = Arc::clone(&self.deeds.lock().unwrap_or_else(PoisonError::into_inner));
        World::new(Arc::clone(&self.spec), deeds, (self.now)()).at_site(site)
    }

    /// Asks a system; what that does to the world is recorded before anybody else is answered.
    pub fn ask(&self, system: &dyn System, site: usize, request: &Request) -> Reply {
        if request.method.is_safe() {
            return system.answer(&self.world(site), request);
        }
        let mut deeds = self.deeds.lock().unwrap_or_else(PoisonError::into_inner);
        let world = World::new(Arc::clone(&self.spec), Arc::clone(&deeds), (self.now)()).at_site(site);
        let mut reply = system.answer(&world, request);
        if !reply.deeds.is_empty() {
            if deeds.len() + reply.deeds.len() > MAX_DEEDS {
                return Reply::new(503, "text/plain", "the demo keeps no more deeds: start it anew\n");
            }
            Arc::make_mut(&mut deeds).append(&mut reply.deeds);
        }
        reply
    }
}

/// One system of one site, where it can be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    /// Name of its source: the connector's, with the site's number from the second site on.
    pub name: String,
    /// Connector that reads it.
    pub connector: &'static str,
    /// `http://127.0.0.1:port` or `unix:///path`.
    pub url: String,
    /// Further lines of its `[[source]]` table.
    pub settings: String,
}

/// A world that is being served; ends with this value.
pub struct Host {
    /// What is served.
    pub served: Vec<Served>,
    tasks: Vec<JoinHandle<()>>,
    sockets: Vec<PathBuf>,
}

impl Drop for Host {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
        for socket in &self.sockets {
            // the folder goes with the demo; a socket that stays there hurts nobody
            let _ = std::fs::remove_file(socket);
        }
    }
}

impl Host {
    /// Serves every system of every site. Sockets are made in `folder`, which must be there and should be its own.
    pub async fn start(shared: Arc<Shared>, folder: &Path, chaos: Option<Chaos>) -> io::Result<Self> {
        let mut host = Self { served: Vec::new(), tasks: Vec::new(), sockets: Vec::new() };
        let world = shared.world(0);
        for site in 0..world.sites() {
            let world = world.at_site(site);
            for system in super::systems() {
                let name = if site == 0 { system.name().to_owned() } else { format!("{}-{}", system.name(), site + 1) };
                let desk = Arc::new(Desk { shared: Arc::clone(&shared), system, site, chaos, name: name.clone() });
                let (connector, settings) = (desk.system.name(), desk.system.settings(&world));
                let url = match desk.system.place() {
                    Place::Loopback => {
                        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
                        let url = format!("http://{}", listener.local_addr()?);
                        host.tasks.push(tokio::spawn(tcp(listener, desk)));
                        url
                    }
                    Place::Socket => {
                        let path = folder.join(format!("{name}.sock"));
                        let listener = UnixListener::bind(&path)?;
                        host.tasks.push(tokio::spawn(unix(listener, desk)));
                        let url = format!("unix://{}", path.display());
                        host.sockets.push(path);
                        url
                    }
                };
                host.served.push(Served { name, connector, url, settings });
            }
        }
        Ok(host)
    }
}

/// Where requests to one system come in.
struct Desk {
    shared: Arc<Shared>,
    system: Arc<dyn System>,
    site: usize,
    chaos: Option<Chaos>,
    name: String,
}

async fn tcp(listener: TcpListener, desk: Arc<Desk>) {
    let seats = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let Ok(seat) = Arc::clone(&seats).acquire_owned().await else { return };
        if let Ok((socket, _)) = listener.accept().await {
            // small answers should not wait for more
            let _ = socket.set_nodelay(true);
            let desk = Arc::clone(&desk);
            tokio::spawn(async move {
                serve(socket, desk).await;
                drop(seat);
            });
        } else {
            // out of file descriptors, most likely: they come back
            tokio::time::sleep(FEED_EVERY).await;
        }
    }
}

async fn unix(listener: UnixListener, desk: Arc<Desk>) {
    let seats = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let Ok(seat) = Arc::clone(&seats).acquire_owned().await else { return };
        if let Ok((socket, _)) = listener.accept().await {
            let desk = Arc::clone(&desk);
            tokio::spawn(async move {
                serve(socket, desk).await;
                drop(seat);
            });
        } else {
            tokio::time::sleep(FEED_EVERY).await;
        }
    }
}

async fn serve(socket: impl AsyncRead + AsyncWrite + Unpin, desk: Arc<Desk>) {
    let service = service_fn(move |request| {
        let desk = Arc::clone(&desk);
        async move { desk.answer(request).await }
    });
    // a client that leaves in the middle is no error of ours
    let _ = http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(socket), service).await;
}

/// Why a connection ends without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the system is dead just now")]
struct Dead;

impl Desk {
    async fn answer(&self, request: hyper::Request<Incoming>) -> Result<hyper::Response<Answer>, Dead> {
        let (parts, body) = request.into_parts();
        let Ok(body) = Limited::new(body, MAX_BODY).collect().await else {
            return Ok(respond(self, Reply::new(413, "text/plain", "the body is too long\n")));
        };
        let query = parts.uri.query().unwrap_or_default();
        let headers = parts.headers.iter().filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())));
        let request = Request {
            method: parts.method,
            path: parts.uri.path().to_owned(),
            query: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            headers: headers.collect(),
            body: body.to_bytes(),
        };
        if let Some(chaos) = self.chaos {
            match chaos.fate(&self.name, &request, (self.shared.now)()) {
                Fate::Fine => {}
                Fate::Slow(seconds) => tokio::time::sleep(Duration::from_secs_f64(seconds)).await,
                Fate::Refuses(reply) => return Ok(respond(self, reply)),
                Fate::Dies => return Err(Dead),
            }
        }
        Ok(respond(self, self.shared.ask(self.system.as_ref(), self.site, &request)))
    }
}

fn respond(desk: &Desk, reply: Reply) -> hyper::Response<Answer> {
    let body = match reply.body {
        Body::Whole(bytes) => Full::new(bytes).map_err(never).boxed(),
        Body::Feed(feed) => following(Arc::clone(&desk.shared), desk.site, feed),
    };
    let mut response = hyper::Response::new(body);
    *response.status_mut() = hyper::StatusCode::from_u16(reply.status).unwrap_or(hyper::StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in reply.headers {
        if let (Ok(name), Ok(value)) = (hyper::header::HeaderName::try_from(name), hyper::header::HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

fn never(error: Infallible) -> io::Error {
    match error {}
}

/// A body that goes on until its feed or the client ends it.
fn following(shared: Arc<Shared>, site: usize, feed: Box<dyn Feed>) -> Answer {
    // a first piece at once, even if empty, so that the headers leave
    let start = (Some(feed), true);
    let pieces = stream::unfold((shared, start), move |(shared, (feed, first))| async move {
        let mut feed = feed?;
        let mut first = first;
        loop {
            match feed.next(&shared.world(site)) {
                Piece::Nothing if first => return Some((Ok(Frame::data(Bytes::new())), (shared, (Some(feed), false)))),
                Piece::Nothing => tokio::time::sleep(FEED_EVERY).await,
                Piece::Bytes(bytes) => return Some((Ok(Frame::data(bytes)), (shared, (Some(feed), false)))),
                Piece::Last(bytes) => return Some((Ok(Frame::data(bytes)), (shared, (None, false)))),
            }
            first = false;
        }
    });
    BodyExt::boxed(StreamBody::new(SyncStream(Mutex::new(Box::pin(pieces)))))
}

/// A stream that may be shared because nobody can look at it without being its only owner.
struct SyncStream<S>(Mutex<std::pin::Pin<Box<S>>>);

impl<S: stream::Stream> stream::Stream for SyncStream<S> {
    type Item = S::Item;

    fn poll_next(self: std::pin::Pin<&mut Self>, context: &mut std::task::Context<'_>) -> std::task::Poll<Option<S::Item>> {
        let inner = self.get_mut().0.get_mut().unwrap_or_else(PoisonError::into_inner);
        inner.as_mut().poll_next(context)
    }
}
