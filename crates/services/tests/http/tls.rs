use std::sync::atomic::{AtomicUsize, Ordering};

use holm_services::http_client::{ClientConfig, HttpClient, HttpError};
use http::Version;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::server::{Authority, Server, accept, reply};
use crate::{client, fetch, text};

fn trusting(authority: &Authority) -> HttpClient {
    let config = ClientConfig { extra_roots: vec![authority.file()], ..ClientConfig::default() };
    HttpClient::new(config).unwrap()
}

fn uri(server: &Server) -> String {
    format!("https://localhost:{}/path?query", server.address.port())
}

#[tokio::test]
async fn a_server_of_a_trusted_authority_is_spoken_to() {
    let authority = Authority::new();
    let server = authority.serve("localhost", "http/1.1", |_| async { reply("hello") }).await;
    let response = fetch(&trusting(&authority), uri(&server)).await.unwrap();
    assert_eq!(response.version(), Version::HTTP_11);
    assert_eq!(text(response).await.unwrap(), "hello");
}

#[tokio::test]
async fn certificates_for_addresses_are_accepted() {
    let authority = Authority::new();
    let server = authority.serve("127.0.0.1", "http/1.1", |_| async { reply("hello") }).await;
    let uri = format!("https://{}/", server.address);
    assert!(fetch(&trusting(&authority), uri).await.is_ok());
}

#[tokio::test]
async fn an_unknown_authority_is_refused() {
    let server = Authority::new().serve("localhost", "h2", |_| async { reply("hello") }).await;
    let refused = fetch(&client(), uri(&server)).await;
    assert!(matches!(refused, Err(HttpError::TlsCertificateError(_))));
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let authority = Authority::new();
    let server = authority.serve("elsewhere.test", "h2", |_| async { reply("hello") }).await;
    let refused = fetch(&trusting(&authority), uri(&server)).await;
    assert!(matches!(refused, Err(HttpError::TlsCertificateError(_))));
}

#[tokio::test]
async fn a_server_without_a_common_protocol_sends_an_alert() {
    let authority = Authority::new();
    let server = authority.serve("localhost", "imap", |_| async { reply("hello") }).await;
    match fetch(&trusting(&authority), uri(&server)).await.unwrap_err() {
        HttpError::TlsAlertReceived { id, .. } => assert_eq!(id, 120),
        error => panic!("{error:?}"),
    }
}

#[tokio::test]
async fn a_server_that_closes_instead_of_greeting_is_reported_as_that() {
    let server = accept(|_| async {}).await;
    let refused = fetch(&client(), format!("https://{}/", server.address)).await;
    assert!(matches!(refused, Err(HttpError::ConnectionTerminated)));
}

#[tokio::test]
async fn a_server_without_tls_is_a_protocol_error() {
    let server = accept(|mut stream| async move {
        let _ = stream.read_u8().await;
        let _ = stream.write_all(b"HTTP/1.1 400\r\n\r\n").await;
        // Closing with the greeting unread would reset the connection under the answer.
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await;
    let refused = fetch(&client(), format!("https://{}/", server.address)).await;
    assert!(matches!(refused, Err(HttpError::TlsProtocolError(_))));
}

#[tokio::test]
async fn http2_carries_many_requests_on_one_connection() {
    static AT_ONCE: AtomicUsize = AtomicUsize::new(0);
    let authority = Authority::new();
    let server = authority
        .serve("localhost", "h2", |request| async move {
            AT_ONCE.fetch_add(1, Ordering::SeqCst);
            while AT_ONCE.load(Ordering::SeqCst) < 3 && request.uri().path() == "/path" {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
            assert!(!request.headers().contains_key("host"));
            reply(request.uri().to_string())
        })
        .await;
    let client = trusting(&authority);
    let first = format!("https://localhost:{}/first", server.address.port());
    let response = fetch(&client, &first).await.unwrap();
    assert_eq!(response.version(), Version::HTTP_2);
    assert_eq!(text(response).await.unwrap(), first);

    let (one, two) = tokio::join!(fetch(&client, uri(&server)), fetch(&client, uri(&server)));
    for response in [one, two] {
        assert_eq!(text(response.unwrap()).await.unwrap(), uri(&server));
    }
    assert_eq!(server.connections(), 1);
}

#[test]
fn a_root_that_cannot_be_read_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let empty = directory.path().join("empty.pem");
    std::fs::write(&empty, "").unwrap();
    for file in [empty, directory.path().join("missing.pem")] {
        let config = ClientConfig { extra_roots: vec![file.clone()], ..ClientConfig::default() };
        let Err(HttpError::Configuration(message)) = HttpClient::new(config) else {
            panic!("{} was accepted", file.display());
        };
        assert!(message.contains(&file.display().to_string()), "{message}");
    }
}

#[tokio::test]
#[ignore = "a helper process, with an environment of its own"]
async fn child_fetches() {
    let uri = std::env::var("HOLM_TEST_URI").expect("only run by the test below");
    assert_eq!(text(fetch(&client(), uri).await.unwrap()).await.unwrap(), "hello");
}

#[tokio::test]
async fn ssl_cert_file_names_whom_to_trust() {
    let authority = Authority::new();
    let server = authority.serve("localhost", "h2", |_| async { reply("hello") }).await;
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    child
        .args(["--exact", "tls::child_fetches", "--ignored"])
        .env("HOLM_TEST_URI", uri(&server))
        .env("SSL_CERT_FILE", authority.file());
    let output = tokio::task::spawn_blocking(move || child.output()).await.unwrap().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
