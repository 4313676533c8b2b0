//! Handshakes and certificates.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use holm_serve::front::{Limits, Listener, ListenerSpec, TlsFiles};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::server::{Server, at, serve_at, until};
use super::wire::{connect, get, rest, talk};

/// A certificate for `name` in `directory`, in place of what is there.
fn write_certificate(directory: &Path, name: &str) {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed([name.to_owned()]).unwrap();
    std::fs::write(directory.join("key.pem"), signing_key.serialize_pem()).unwrap();
    std::fs::write(directory.join("certificate.pem"), cert.pem()).unwrap();
}

fn with_tls(directory: &Path) -> ListenerSpec {
    let files = TlsFiles { certificate: directory.join("certificate.pem"), key: directory.join("key.pem") };
    ListenerSpec { tls: Some(files), ..at("127.0.0.1:0") }
}

fn quick() -> Limits {
    Limits { certificate_check: Duration::from_millis(20), ..Limits::default() }
}

/// A server with a certificate for a.example, and where it is.
fn secure(limits: Limits) -> (Server, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    write_certificate(directory.path(), "a.example");
    (serve_at(&with_tls(directory.path()), limits), directory)
}

/// Connects as a client that trusts the certificate in `directory` and wants it to be for `name`.
async fn client(server: &Server, directory: &Path, name: &str, alpn: &[&str]) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(directory.join("certificate.pem")).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, connect(server.address()).await).await
}

#[tokio::test]
async fn https_answers_and_the_service_knows_the_name() {
    let (server, directory) = secure(quick());
    assert_eq!(*server.url, *format!("https://{}", server.address()));
    for alpn in [&[][..], &["http/1.1"]] {
        let mut stream = client(&server, directory.path(), "a.example", alpn).await.unwrap();
        let who = get(&mut stream, "/who").await;
        assert!(who.ends_with(" Http1 HTTP/1.1 https a.example"), "{who}");
    }
}

#[tokio::test]
async fn http_2_is_agreed_on_in_the_handshake() {
    let (server, directory) = secure(quick());
    let stream = client(&server, directory.path(), "a.example", &["h2", "http/1.1"]).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"h2".as_slice()));
    let mut client = super::http2::client(stream).await;
    let who = super::http2::get(&mut client, "https://a.example/who").await.unwrap();
    assert!(who.ends_with(" Http2 HTTP/2.0 https a.example"), "{who}");
}

#[tokio::test]
async fn failed_and_stalled_handshakes_keep_nobody_waiting() {
    let (server, directory) = secure(Limits { handshake: Duration::from_secs(3), ..quick() });
    let mut stalled = Vec::new();
    for _ in 0..50 {
        let mut stream = connect(server.address()).await;
        stream.write_all(b"\x16\x03\x01").await.unwrap();
        stalled.push(stream);
    }
    let mut neighbour = client(&server, directory.path(), "a.example", &[]).await.unwrap();
    assert_eq!(get(&mut neighbour, "/").await, "hello");
    let answer = talk(server.address(), b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(!answer.contains("HTTP"), "{answer}");
    for mut stream in stalled {
        rest(&mut stream).await;
    }
    until("all are counted", || server.counters.handshake_failures.load(Ordering::SeqCst) == 51).await;
    assert_eq!(get(&mut neighbour, "/").await, "hello");
    assert_eq!(server.calls(), 2);
}

#[tokio::test]
async fn a_new_certificate_is_used_and_open_connections_stay() {
    let (server, directory) = secure(quick());
    let mut old = client(&server, directory.path(), "a.example", &[]).await.unwrap();
    assert_eq!(get(&mut old, "/").await, "hello");
    write_certificate(directory.path(), "b.example");
    let mut new = loop {
        if let Ok(stream) = client(&server, directory.path(), "b.example", &[]).await {
            break stream;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    assert_eq!(get(&mut new, "/").await, "hello");
    assert_eq!(get(&mut old, "/").await, "hello");
}

#[tokio::test]
async fn a_broken_certificate_is_refused_once_and_the_old_one_goes_on() {
    let (server, directory) = secure(quick());
    let good = tempfile::tempdir().unwrap();
    std::fs::copy(directory.path().join("certificate.pem"), good.path().join("certificate.pem")).unwrap();
    std::fs::write(directory.path().join("certificate.pem"), "no certificate").unwrap();
    until("a warning", || !server.warnings.lock().unwrap().is_empty()).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let warnings = server.warnings.lock().unwrap().clone();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("certificate.pem") && warnings[0].contains("not replaced"), "{warnings:?}");
    let mut stream = client(&server, good.path(), "a.example", &[]).await.unwrap();
    assert_eq!(get(&mut stream, "/").await, "hello");
}

#[tokio::test]
async fn reload_reads_at_once_and_says_what_is_wrong() {
    let directory = tempfile::tempdir().unwrap();
    write_certificate(directory.path(), "a.example");
    let listener = Listener::bind(&with_tls(directory.path())).unwrap();
    let certificate = Arc::clone(listener.certificate().unwrap());
    certificate.reload().unwrap();
    let other = tempfile::tempdir().unwrap();
    write_certificate(other.path(), "a.example");
    std::fs::copy(other.path().join("key.pem"), directory.path().join("key.pem")).unwrap();
    let error = certificate.reload().unwrap_err().to_string();
    assert!(error.contains("are they of one pair?"), "{error}");
}

#[tokio::test]
async fn a_certificate_that_cannot_be_used_keeps_the_listener_from_being_bound() {
    let directory = tempfile::tempdir().unwrap();
    let bind = || Listener::bind(&with_tls(directory.path())).unwrap_err().to_string();
    let missing = bind();
    assert!(missing.contains("certificate.pem: "), "{missing}");
    write_certificate(directory.path(), "a.example");
    std::fs::write(directory.path().join("key.pem"), "no key").unwrap();
    let no_key = bind();
    assert!(no_key.contains("key.pem: ") && no_key.contains("one PEM private key"), "{no_key}");
}
