//! Shells in containers of engines that are not reached through their socket: over plain TCP, and over TLS.
//! Not for: what can be done in a shell (see `act`).

use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite, copy_bidirectional};
use tokio::net::{TcpListener, UnixStream};
use tokio_rustls::TlsAcceptor;
use triops::config::{SourceConfig, TlsConfig};
use triops::domain::Kind;

use super::act::shell;
use super::docker::own::{DOCKER, IDLE, IMAGE, Own, PODMAN, PODMAN_IMAGE};
use super::seat::{Seat, folder};
use super::support::{addresses, config};

/// Listens on loopback and leads each connection to the engine's socket, as the engine itself does when it is told to listen there.
async fn lead(socket: String, tls: Option<TlsAcceptor>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((wire, _)) = listener.accept().await {
            let (socket, tls) = (socket.clone(), tls.clone());
            tokio::spawn(async move {
                match tls {
                    None => join(wire, &socket).await,
                    Some(tls) => {
                        if let Ok(wire) = tls.accept(wire).await {
                            join(wire, &socket).await;
                        }
                    }
                }
            });
        }
    });
    address
}

async fn join(mut wire: impl AsyncRead + AsyncWrite + Unpin, socket: &str) {
    let mut engine = UnixStream::connect(socket).await.unwrap();
    let _ = copy_bidirectional(&mut wire, &mut engine).await;
}

/// A certificate for loopback, and what answers with it.
fn certificate() -> (String, TlsAcceptor) {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let mut tls = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    // as the engine does: what takes over a connection needs HTTP/1.1
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    (made.cert.pem(), TlsAcceptor::from(Arc::new(tls)))
}

async fn shells(engine: &str, connector: &str, image: &str) {
    let own = Own::run(engine, &format!("reached-{connector}"), &[], image, IDLE);
    let socket = engine.strip_prefix("unix://").unwrap().to_owned();
    let (authority, acceptor) = certificate();
    for tls in [None, Some(acceptor)] {
        let folder = folder();
        std::fs::create_dir_all(&folder).unwrap();
        let ca = folder.join("ca.pem");
        std::fs::write(&ca, &authority).unwrap();
        let trust = if tls.is_some() { TlsConfig { ca: Some(ca), ..TlsConfig::default() } } else { TlsConfig::default() };
        let scheme = if tls.is_some() { "https" } else { "http" };
        let address = lead(socket.clone(), tls).await;
        let seat = Seat::of(&SourceConfig { tls: trust, ..config(connector, &format!("tcp://{address}"), None) }, folder);
        assert!(seat.source.info().url.starts_with(scheme), "{}", seat.source.info().url);
        let target = seat.find(Kind::Workload, &own.name, |entity| entity.name == *own.name).await;
        shell(&seat, &target).await;
    }
}

#[tokio::test]
async fn a_shell_opens_in_a_docker_container_over_tcp_and_over_tls() {
    let Some([url]) = addresses("a shell over TCP", [DOCKER]) else { return };
    shells(&url, "docker", IMAGE).await;
}

#[tokio::test]
async fn a_shell_opens_in_a_podman_container_over_tcp_and_over_tls() {
    let Some([url]) = addresses("a shell over TCP to Podman", [PODMAN]) else { return };
    shells(&url, "podman", PODMAN_IMAGE).await;
}
