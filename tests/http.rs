//! What the HTTP client promises whatever the server does: it ends in time, reads within bounds, keeps secrets, says what to do.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "hostile/server.rs"]
mod server;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use flate2::{Compression, write::GzEncoder};
use futures_util::StreamExt;
use server::{Server, http, json};
use std::io::Write;
use tokio::io::AsyncWriteExt;
use triops::config::{AuthConfig, SecretRef, SourceConfig, TlsConfig};
use triops::domain::{Failure, FailureKind};
use triops::source::http::{Http, Method, Request, StreamLimits};

const SECRET: &str = "s3cret-t0ken";

fn source(url: String) -> SourceConfig {
    SourceConfig {
        name: "test".into(),
        url: Some(url),
        proxy: Some("none".into()),
        timeout: Some("2s".parse().unwrap()),
        ..Default::default()
    }
}

fn inline(value: &str) -> SecretRef {
    serde_json::from_value(serde_json::Value::from(value)).unwrap()
}

fn bearer() -> AuthConfig {
    AuthConfig { scheme: "bearer".into(), token: Some(inline(SECRET)), ..Default::default() }
}

async fn failure(config: &SourceConfig) -> Failure {
    Http::new(config, "").unwrap().send(Request::get("/api")).await.unwrap_err()
}

#[tokio::test]
async fn a_status_that_says_no_becomes_a_failure_of_its_kind_with_the_words_of_the_server() {
    for (status, headers, body, kind, words, wait) in [
        ("401 Unauthorized", "", r#"{"detail":"Not authenticated"}"#, FailureKind::Auth, "Not authenticated", None),
        ("403 Forbidden", "", "Invalid Host header", FailureKind::Denied, "Invalid Host header", None),
        ("404 Not Found", "", "<html><title>404 page</title>", FailureKind::NotFound, "404 page", None),
        ("410 Gone", "", "", FailureKind::NotFound, "410 Gone", None),
        ("422 Unprocessable Entity", "", r#"{"error":"parse error"}"#, FailureKind::Config, "parse error", None),
        ("429 Too Many Requests", "retry-after: 7\r\n", "", FailureKind::RateLimited, "429", Some(7.0)),
        ("503 Service Unavailable", "ratelimit-reset: 3\r\n", "", FailureKind::Server, "503", Some(3.0)),
        ("500 Internal Server Error", "retry-after: 7\r\n", "boom\ntrace", FailureKind::Server, "boom", None),
    ] {
        let answer = http(status, headers, body);
        let server = Server::answering(move |_| answer.clone()).await;
        let failure = failure(&source(server.url())).await;
        assert_eq!((failure.kind, failure.retry_after_s), (kind, wait), "{status}: {failure}");
        assert!(failure.detail.contains(words) && !failure.hint.is_empty(), "{failure}");
        assert_eq!(failure.doing, format!("GET {}/api", server.url()).as_str());
    }
}

#[tokio::test]
async fn a_server_that_never_answers_or_trickles_is_left_in_time() {
    let silent = Server::start(Arc::new(|_, wire| {
        Box::pin(async move {
            std::future::pending::<()>().await;
            drop(wire);
        })
    }))
    .await;
    let trickling = Server::start(Arc::new(|_, mut wire| {
        Box::pin(async move {
            let _ = wire.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n").await;
            while wire.write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        })
    }))
    .await;
    for server in [silent, trickling] {
        let config = SourceConfig { timeout: Some("300ms".parse().unwrap()), ..source(server.url()) };
        let start = Instant::now();
        assert_eq!(failure(&config).await.kind, FailureKind::Timeout);
        assert!(start.elapsed() < Duration::from_secs(2));
    }
}

#[tokio::test]
async fn a_body_is_read_up_to_its_bound_counted_after_decompression() {
    let endless = Server::start(Arc::new(|_, mut wire| {
        Box::pin(async move {
            let _ = wire.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n").await;
            while wire.write_all(&vec![b'x'; 65536]).await.is_ok() {}
        })
    }))
    .await;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    for _ in 0..64 {
        encoder.write_all(&vec![b' '; 1024 * 1024]).unwrap();
    }
    let bomb = encoder.finish().unwrap();
    assert!(bomb.len() < 100_000);
    let bomb = http("200 OK", "content-encoding: gzip\r\n", bomb);
    let bomb = Server::answering(move |_| bomb.clone()).await;
    for server in [endless, bomb] {
        let config = SourceConfig { max_body_bytes: Some(1024 * 1024), timeout: Some("10s".parse().unwrap()), ..source(server.url()) };
        let client = Http::new(&config, "").unwrap();
        let failure = client.send(Request::get("/")).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::TooLarge, "{failure}");
        assert!(client.spent().bytes < 2 * 1024 * 1024, "{:?}", client.spent());
    }
}

#[tokio::test]
async fn a_gzip_body_is_undone_and_costs_what_came_over_the_wire() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&serde_json::to_vec(&vec![7; 10_000]).unwrap()).unwrap();
    let body = encoder.finish().unwrap();
    let wire = body.len() as u64;
    let answer = http("200 OK", "content-encoding: gzip\r\n", &body);
    let server = Server::answering(move |_| answer.clone()).await;
    let client = Http::new(&source(server.url()), "").unwrap();
    let numbers: Vec<u8> = client.send(Request::get("/")).await.unwrap().json().unwrap();
    assert_eq!(numbers.len(), 10_000);
    assert_eq!((client.spent().requests, client.spent().bytes), (1, wire));

    let cut = http("200 OK", "content-encoding: gzip\r\n", &body[..body.len() / 2]);
    let server = Server::answering(move |_| cut.clone()).await;
    assert_eq!(failure(&source(server.url())).await.kind, FailureKind::BadShape);
    let server = Server::answering(|_| http("200 OK", "content-encoding: br\r\n", "x")).await;
    assert_eq!(failure(&source(server.url())).await.kind, FailureKind::BadShape);
}

#[tokio::test]
async fn a_connection_cut_in_mid_body_and_a_port_where_nothing_listens_are_unreachable() {
    let server = Server::answering(|_| b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"half\":".to_vec()).await;
    assert_eq!(failure(&source(server.url())).await.kind, FailureKind::Unreachable);
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let failure = failure(&source(format!("http://{nobody}"))).await;
    assert_eq!(failure.kind, FailureKind::Unreachable);
    assert!(failure.detail.contains("refused") && failure.hint.contains("does it run"), "{failure}");
}

#[tokio::test]
async fn a_page_of_html_in_place_of_json_is_told_as_such() {
    let page = "<!DOCTYPE html><html><head><title>Sign in to Example</title></head></html>";
    for answer in [http("200 OK", "content-type: text/html; charset=utf-8\r\n", page), json(page)] {
        let server = Server::answering(move |_| answer.clone()).await;
        let response = Http::new(&source(server.url()), "").unwrap().send(Request::get("/")).await.unwrap();
        let failure = response.json::<serde_json::Value>().unwrap_err();
        assert_eq!(failure.kind, FailureKind::BadShape);
        assert!(failure.detail.contains("Sign in to Example") && failure.hint.contains("login page"), "{failure}");
    }
}

#[tokio::test]
async fn credentials_follow_a_redirect_on_the_same_host_and_never_to_another() {
    let other = Server::answering(|_| json("{}")).await;
    let elsewhere = format!("location: {}/stolen\r\n", other.url());
    let server = Server::answering(move |request| match request.split(' ').nth(1) {
        Some("/api") => http("302 Found", "location: /moved\r\n", ""),
        Some("/moved") => json(r#"{"ok":true}"#),
        Some("/loop") => http("301 Moved Permanently", "location: /loop\r\n", ""),
        _ => http("302 Found", &elsewhere, ""),
    })
    .await;
    let mut config = source(server.url());
    config.auth = Some(bearer());
    config.headers = BTreeMap::from([("x-tenant".to_owned(), "fraud".to_owned())]);
    let client = Http::new(&config, "").unwrap();
    client.send(Request::get("/api")).await.unwrap();
    for request in server.asked.lock().unwrap().iter() {
        assert!(request.contains(&format!("authorization: Bearer {SECRET}")) && request.contains("x-tenant: fraud"), "{request}");
    }
    let failure = client.send(Request::get("/away")).await.unwrap_err();
    assert!(failure.kind == FailureKind::Denied && failure.detail.contains(&other.address), "{failure}");
    assert_eq!(other.count(), 0, "nothing may be sent there, with or without credentials");
    let failure = client.send(Request::get(format!("{}/page2", other.url()))).await.unwrap_err();
    assert_eq!((failure.kind, other.count()), (FailureKind::Denied, 0));
    let before = server.count();
    assert_eq!(client.send(Request::get("/loop")).await.unwrap_err().kind, FailureKind::BadShape);
    assert_eq!(server.count() - before, 6);
}

#[tokio::test]
async fn no_secret_appears_in_any_failure() {
    // the worst server says back all that it was sent
    let server = Server::answering(|request| http("400 Bad Request", "", request.replace("\r\n", " "))).await;
    let with = |url: String, auth: Option<AuthConfig>| SourceConfig { auth, ..source(url) };
    let scheme = |scheme: &str, name: &str| {
        Some(AuthConfig {
            scheme: scheme.into(),
            name: Some(name.into()),
            token: Some(inline(SECRET)),
            user: Some("u".into()),
            password: Some(inline(SECRET)),
            key: None,
        })
    };
    let mut header = source(server.url());
    header.headers.insert("x-api-key".into(), SECRET.into());
    let encoded = "dTpzM2NyZXQtdDBrZW4=";
    for config in [
        with(server.url(), scheme("basic", "")),
        with(server.url(), scheme("bearer", "")),
        with(server.url(), scheme("header", "X-Thing")),
        with(server.url(), scheme("query", "apikey")),
        with(format!("http://u:{SECRET}@{}", server.address), None),
        with(format!("http://{}/?apikey={SECRET}", server.address), None),
        header,
        SourceConfig { proxy: Some(format!("http://u:{SECRET}@{}", server.address)), ..source("http://example.invalid".into()) },
    ] {
        let client = Http::new(&config, "").unwrap();
        let mut request = Request::get("/x");
        // so that what is said back fits into the 200 characters shown
        request.accept = Some("*/*".into());
        let failure = client.send(request).await.unwrap_err();
        let all = format!("{failure} {failure:?} {client:?} {}", client.place());
        assert!(!all.contains(SECRET) && !all.contains(encoded), "{all}");
        assert!(server.asked.lock().unwrap().last().unwrap().contains("apikey=") || !all.contains("apikey"), "{all}");
    }
    let sent = server.asked.lock().unwrap().join("\n");
    assert!(sent.contains(SECRET) && sent.contains(encoded), "the secrets must have been sent at all: {sent}");
}

#[tokio::test]
async fn a_refused_secret_is_fetched_anew_once() {
    let file = std::env::temp_dir().join(format!("triops-http-{}", std::process::id()));
    std::fs::write(&file, "old-token").unwrap();
    let server =
        Server::answering(|request| if request.contains("Bearer new-token") { json("{}") } else { http("401 Unauthorized", "", "") }).await;
    let token = Some(SecretRef::File { file: file.clone() });
    let config = SourceConfig { auth: Some(AuthConfig { scheme: "bearer".into(), token, ..Default::default() }), ..source(server.url()) };
    let client = Http::new(&config, "").unwrap();
    assert_eq!(client.send(Request::get("/")).await.unwrap_err().kind, FailureKind::Auth);
    assert_eq!(server.count(), 1, "the same secret is not sent twice");
    std::fs::write(&file, "new-token").unwrap();
    client.send(Request::get("/")).await.unwrap();
    assert_eq!(server.count(), 3);
    client.send(Request::get("/")).await.unwrap();
    assert_eq!(server.count(), 4, "and then it is kept");
    std::fs::remove_file(&file).unwrap();
    let failure = failure(&config).await;
    assert!(failure.kind == FailureKind::Auth && failure.detail.contains("cannot read"), "{failure}");
}

#[tokio::test]
async fn a_body_is_of_one_kind_that_of_the_request_if_it_says_one() {
    for (headers, kind) in [
        (Vec::new(), "content-type: application/json"),
        (vec![("Content-Type".into(), "application/merge-patch+json".into())], "content-type: application/merge-patch+json"),
    ] {
        let server = Server::answering(|_| json("{}")).await;
        let body = Some(("application/json", b"{}".to_vec()));
        let request = Request { method: Method::PATCH, headers, body, ..Request::get("/a") };
        Http::new(&source(server.url()), "").unwrap().send(request).await.unwrap();
        let asked = server.asked.lock().unwrap().join("\n").to_lowercase();
        assert!(asked.contains(kind) && asked.matches("content-type").count() == 1, "{asked}");
    }
}

#[tokio::test]
async fn an_unchanged_answer_costs_a_304_until_it_is_forgotten() {
    let server = Server::answering(|request| {
        if request.contains("if-none-match: \"v1\"") { http("304 Not Modified", "", "") } else { http("200 OK", "etag: \"v1\"\r\n", "[]") }
    })
    .await;
    let client = Http::new(&source(server.url()), "").unwrap();
    let request = Request { conditional: true, ..Request::get("/a") };
    assert!(!client.send(request.clone()).await.unwrap().not_modified);
    assert!(client.send(request.clone()).await.unwrap().not_modified);
    assert!(!client.send(Request { conditional: true, ..Request::get("/b") }).await.unwrap().not_modified);
    assert!(!client.send(Request::get("/a")).await.unwrap().not_modified);
    client.forget(&request);
    assert!(!client.send(request).await.unwrap().not_modified);
}

#[tokio::test]
async fn a_certificate_nobody_vouches_for_is_refused_and_accepted_once_its_authority_is_named() {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let tls = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let answer: server::Answer = Arc::new(|_, mut wire| {
        Box::pin(async move {
            let _ = wire.write_all(&json("{}")).await;
            let _ = wire.shutdown().await;
        })
    });
    let server = Server::with_tls(answer, Some(Arc::new(tls).into())).await;
    let config = source(format!("https://{}", server.address));
    let refused = failure(&config).await;
    assert!(refused.kind == FailureKind::Tls && refused.hint.contains("tls.ca"), "{refused} {}", refused.hint);
    assert_eq!(server.count(), 0);

    let ca = std::env::temp_dir().join(format!("triops-ca-{}.pem", std::process::id()));
    std::fs::write(&ca, made.cert.pem()).unwrap();
    let trusting = SourceConfig { tls: TlsConfig { ca: Some(ca.clone()), ..Default::default() }, ..config.clone() };
    Http::new(&trusting, "").unwrap().send(Request::get("/")).await.unwrap();
    std::fs::write(&ca, "not pem").unwrap();
    let failure_of_file = failure(&trusting).await;
    assert!(failure_of_file.kind == FailureKind::Config && failure_of_file.detail.contains("triops-ca"), "{failure_of_file}");
    std::fs::remove_file(&ca).unwrap();

    let plain = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = plain.local_addr().unwrap();
    let task = tokio::spawn(async move {
        let (mut stream, _) = plain.accept().await.unwrap();
        stream.write_all(&http("400 Bad Request", "", "this is no TLS")).await.unwrap();
        stream.shutdown().await.unwrap();
        let _ = tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut Vec::new()).await;
    });
    let failure = failure(&source(format!("https://{address}"))).await;
    task.abort();
    assert!(failure.kind == FailureKind::Tls && failure.hint.contains("http://"), "{failure} {}", failure.hint);
}

/// A certificate authority of one test, in files of its own.
struct Authority {
    folder: std::path::PathBuf,
    issuer: rcgen::Issuer<'static, rcgen::KeyPair>,
    certificate: rcgen::Certificate,
}

impl Authority {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("triops-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        std::fs::write(folder.join("ca.pem"), certificate.pem()).unwrap();
        Self { folder, issuer: rcgen::Issuer::new(params, key), certificate }
    }

    /// A certificate for a name, with its key, also as the files `NAME.pem` and `NAME.key`.
    fn issue(&self, name: &str) -> (rcgen::Certificate, rcgen::KeyPair) {
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &self.issuer).unwrap();
        std::fs::write(self.folder.join(format!("{name}.pem")), certificate.pem()).unwrap();
        std::fs::write(self.folder.join(format!("{name}.key")), key.serialize_pem()).unwrap();
        (certificate, key)
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[tokio::test]
async fn a_server_that_asks_who_we_are_is_shown_our_certificate() {
    let authority = Authority::new("mtls");
    let (certificate, key) = authority.issue("127.0.0.1");
    authority.issue("oncall");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut trusted = rustls::RootCertStore::empty();
    trusted.add(authority.certificate.der().clone()).unwrap();
    let asks = rustls::server::WebPkiClientVerifier::builder_with_provider(Arc::new(trusted), Arc::clone(&provider)).build().unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(asks)
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let answer: server::Answer = Arc::new(|_, mut wire| {
        Box::pin(async move {
            let _ = wire.write_all(&json("{}")).await;
            let _ = wire.shutdown().await;
        })
    });
    let server = Server::with_tls(answer, Some(Arc::new(tls).into())).await;
    let file = |name: &str| Some(authority.folder.join(name));
    let with = |tls: TlsConfig| SourceConfig { tls, ..source(format!("https://{}", server.address)) };

    let nobody = with(TlsConfig { ca: file("ca.pem"), ..Default::default() });
    failure(&nobody).await;
    assert_eq!(server.count(), 0, "without a certificate no request gets through");

    let known = with(TlsConfig { ca: file("ca.pem"), cert: file("oncall.pem"), key: file("oncall.key") });
    Http::new(&known, "").unwrap().send(Request::get("/")).await.unwrap();
    assert_eq!(server.count(), 1);

    let half = with(TlsConfig { ca: file("ca.pem"), cert: file("oncall.pem"), key: None });
    let Err(refused) = Http::new(&half, "") else { panic!("half a pair was taken") };
    assert!(refused.kind == FailureKind::Config && refused.detail.contains("tls.key"), "{refused}");
}

#[tokio::test]
async fn a_proxy_is_asked_in_place_of_the_host_and_credentials_of_the_host_go_through_it() {
    let proxy =
        Server::answering(|request| if request.starts_with("GET http://") { json("{}") } else { http("400 Bad Request", "", request) })
            .await;
    let far = SourceConfig {
        proxy: Some(format!("http://{}", proxy.address)),
        auth: Some(bearer()),
        // a name that resolves nowhere: only the proxy can answer for it
        ..source("http://prometheus.invalid:9090".to_owned())
    };
    Http::new(&far, "").unwrap().send(Request::get("/api/v1/alerts")).await.unwrap();
    let asked = proxy.asked.lock().unwrap().join("\n");
    assert!(asked.starts_with("GET http://prometheus.invalid:9090/api/v1/alerts"), "{asked}");
    assert!(asked.to_lowercase().contains(&format!("authorization: bearer {SECRET}")), "{asked}");

    let direct = SourceConfig { proxy: Some("none".into()), ..far };
    assert_eq!(failure(&direct).await.kind, FailureKind::Unreachable);
    assert_eq!(proxy.count(), 1);
}

#[cfg(unix)]
#[tokio::test]
async fn a_unix_socket_is_a_host_like_any_other() {
    let path = std::env::temp_dir().join(format!("triops-{}.sock", std::process::id()));
    let gone = failure(&source(format!("unix://{}", path.display()))).await;
    assert!(gone.kind == FailureKind::Unreachable && gone.hint.contains("daemon"), "{gone}");
    let listener = tokio::net::UnixListener::bind(&path).unwrap();
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 1024];
        tokio::io::AsyncReadExt::read(&mut stream, &mut request).await.unwrap();
        stream.write_all(&json(r#"{"ApiVersion":"1.41"}"#)).await.unwrap();
    });
    let client = Http::new(&source(format!("unix://{}", path.display())), "").unwrap();
    let answer: serde_json::Value = client.send(Request::get("/version")).await.unwrap().json().unwrap();
    assert_eq!(answer["ApiVersion"], "1.41");
    task.abort();
    std::fs::remove_file(&path).unwrap();
}

#[tokio::test]
async fn a_stream_hands_on_what_arrives_and_ends_at_its_limits() {
    let server = Server::start(Arc::new(|_, mut wire| {
        Box::pin(async move {
            let _ = wire.write_all(b"HTTP/1.1 200 OK\r\n\r\nfirst").await;
            std::future::pending::<()>().await;
        })
    }))
    .await;
    let client = Http::new(&source(server.url()), "").unwrap();
    let limits = StreamLimits { idle: Some(Duration::from_millis(200)), bytes: None };
    let mut stream = client.stream(Request::get("/"), limits).await.unwrap();
    assert_eq!(stream.next().await.unwrap().unwrap(), b"first");
    assert_eq!(stream.next().await.unwrap().unwrap_err().kind, FailureKind::Timeout);
    assert!(stream.next().await.is_none());
    let limits = StreamLimits { idle: None, bytes: Some(3) };
    let mut stream = client.stream(Request::get("/"), limits).await.unwrap();
    assert_eq!(stream.next().await.unwrap().unwrap_err().kind, FailureKind::TooLarge);
}

#[test]
fn a_source_that_cannot_sign_in_as_written_says_what_is_missing() {
    for (auth, said) in [
        (AuthConfig { scheme: "basic".into(), ..Default::default() }, "needs `user`"),
        (AuthConfig { scheme: "bearer".into(), ..Default::default() }, "needs `token`"),
        (AuthConfig { scheme: "header".into(), token: Some(inline(SECRET)), ..Default::default() }, "needs `name`"),
        (AuthConfig { scheme: "bassic".into(), ..Default::default() }, "bassic"),
        (AuthConfig::default(), "no `scheme`"),
    ] {
        let config = SourceConfig { auth: Some(auth), ..source("http://h".into()) };
        let failure = Http::new(&config, "").unwrap_err();
        assert!(failure.kind == FailureKind::Config && failure.detail.contains(said), "{failure}");
    }
}
