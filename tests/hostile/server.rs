//! A small TCP server for tests: it answers each request with what the test says, byte by byte if need be, and remembers what it was
//! asked. Not for: speaking HTTP well.

use std::pin::Pin;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;

/// One connection, as a test sees it.
pub trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// What a test does with a request: its text, and the connection to answer on.
pub type Answer = Arc<dyn Fn(String, Box<dyn Wire>) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// A server that ends with the test.
pub struct Server {
    /// `127.0.0.1:port`.
    pub address: String,
    /// Head and body of every request, oldest first.
    pub asked: Arc<Mutex<Vec<String>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// Answers every request with the bytes that `answer` makes of it, then closes.
    pub async fn answering(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let answer = Arc::new(answer);
        Self::start(Arc::new(move |request, mut wire| {
            let answer = Arc::clone(&answer);
            Box::pin(async move {
                let bytes = answer(&request);
                let _ = wire.write_all(&bytes).await;
                let _ = wire.shutdown().await;
            })
        }))
        .await
    }

    /// Hands every connection to `answer` once its request is complete.
    pub async fn start(answer: Answer) -> Self {
        Self::with_tls(answer, None).await
    }

    /// The same behind TLS.
    pub async fn with_tls(answer: Answer, tls: Option<tokio_rustls::TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (answer, log, tls) = (Arc::clone(&answer), Arc::clone(&log), tls.clone());
                tokio::spawn(async move {
                    let mut wire: Box<dyn Wire> = match tls {
                        Some(tls) => match tls.accept(stream).await {
                            Ok(stream) => Box::new(stream),
                            Err(_) => return,
                        },
                        None => Box::new(stream),
                    };
                    let Some(request) = read_request(&mut wire).await else { return };
                    log.lock().unwrap().push(request.clone());
                    answer(request, wire).await;
                });
            }
        });
        Self { address, asked, task }
    }

    /// Its address for a source.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many requests came.
    pub fn count(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

/// A whole answer with its length.
pub fn http(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let mut bytes = format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n", body.len()).into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// A JSON answer.
pub fn json(body: impl AsRef<[u8]>) -> Vec<u8> {
    http("200 OK", "content-type: application/json\r\n", body)
}

async fn read_request(wire: &mut Box<dyn Wire>) -> Option<String> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse::<usize>().ok())
                .unwrap_or(0);
            if body.len() >= length {
                return Some(text);
            }
        }
        match wire.read(&mut piece).await {
            Ok(n) if n > 0 => bytes.extend_from_slice(&piece[..n]),
            _ => return None,
        }
    }
}
