use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

use holm_abi::Host;
use holm_services::http_client::{ClientConfig, HttpClient};
use holm_wasi::Wasi;

use crate::common::{guest, refused, run};
use crate::server::Server;

fn granted(patterns: &[&str]) -> Host {
    let mut host = Host::default();
    Arc::make_mut(&mut host.grants).http = patterns.iter().map(|pattern| pattern.parse().unwrap()).collect();
    host
}

/// A client for which `app.test` is this machine, as a name in DNS may say of itself.
fn with_app_test() -> Wasi {
    let hosts = HashMap::from([("app.test".to_owned(), vec![Ipv4Addr::LOCALHOST.into()])]);
    let client = HttpClient::new(ClientConfig { hosts, ..ClientConfig::default() }).unwrap();
    Wasi { http_client: Some(client), ..Wasi::default() }
}

#[tokio::test]
async fn a_granted_site_answers() {
    let server = Server::start().await;
    let host = granted(&[&server.url("")]);
    let (code, printed) = run(&Wasi::new(), &guest("http.p2.wasm"), &host, &[&server.url("/a?b=c")]).await.unwrap();
    assert_eq!(printed, format!("status 200\nGET /a\n{}\n", server.address));
    assert_eq!(code, 0);
    assert!(host.audit.is_empty());
}

#[tokio::test]
async fn a_request_body_reaches_the_site() {
    let server = Server::start().await;
    let (host, body) = (granted(&[&server.url("")]), "x".repeat(100_000));
    let args = [&server.url("/"), "POST", &body];
    let (_, printed) = run(&Wasi::new(), &guest("http.p2.wasm"), &host, &args).await.unwrap();
    assert_eq!(printed, format!("status 200\nPOST /\n{}\n{body}", server.address));
}

#[tokio::test]
async fn a_site_that_was_not_granted_is_refused_and_audited() {
    let server = Server::start().await;
    let host = granted(&["https://api.example.com"]);
    let (code, printed) = run(&Wasi::new(), &guest("http.p2.wasm"), &host, &[&server.url("/")]).await.unwrap();
    assert_eq!((code, printed.as_str()), (1, "error: ErrorCode::HttpRequestDenied\n"));
    assert_eq!(refused(&host), [format!("--http http://{}", server.address)]);
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_grant_of_part_of_a_site_ends_there() {
    let server = Server::start().await;
    let (guest, host) = (guest("http.p2.wasm"), granted(&[&server.url("/v1")]));
    assert_eq!(run(&Wasi::new(), &guest, &host, &[&server.url("/v1/users")]).await.unwrap().0, 0);
    assert_eq!(run(&Wasi::new(), &guest, &host, &[&server.url("/v2")]).await.unwrap().0, 1);
    assert_eq!(run(&Wasi::new(), &guest, &host, &[&server.url("/v1/../v2")]).await.unwrap().0, 1);
}

#[tokio::test]
async fn a_granted_name_does_not_open_the_loopback_it_leads_to() {
    let server = Server::start().await;
    let (wasi, guest, port) = (with_app_test(), guest("http.p2.wasm"), server.address.port());
    let url = format!("http://app.test:{port}");

    let mut host = granted(&[&url]);
    let (_, printed) = run(&wasi, &guest, &host, &[&url]).await.unwrap();
    assert_eq!(printed, "error: ErrorCode::DestinationIpProhibited\n");
    assert_eq!(refused(&host), [format!("--net tcp://127.0.0.1:{port}")]);
    assert_eq!(server.connections(), 0);

    Arc::make_mut(&mut host.grants).net.push(format!("tcp://127.0.0.1:{port}").parse().unwrap());
    let (_, printed) = run(&wasi, &guest, &host, &[&url]).await.unwrap();
    assert_eq!(printed, format!("status 200\nGET /\napp.test:{port}\n"));
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_followed() {
    let (server, other) = (Server::start().await, Server::start().await);
    let host = granted(&[&server.url(""), &other.url("")]);
    let url = server.url(&format!("/to/{}", other.url("/")));
    let (_, printed) = run(&Wasi::new(), &guest("http.p2.wasm"), &host, &[&url]).await.unwrap();
    assert_eq!(printed, "status 302\nelsewhere");
    assert_eq!(other.connections(), 0);
}

#[tokio::test]
async fn what_fails_on_the_way_has_its_own_code() {
    let (guest, host) = (guest("http.p2.wasm"), granted(&["http://127.0.0.1:1", "http://*.invalid"]));
    let (_, printed) = run(&Wasi::new(), &guest, &host, &["http://127.0.0.1:1/"]).await.unwrap();
    assert_eq!(printed, "error: ErrorCode::ConnectionRefused\n");
    let (_, printed) = run(&Wasi::new(), &guest, &host, &["http://nowhere.invalid/"]).await.unwrap();
    assert!(printed.starts_with("error: ErrorCode::DnsError"), "{printed}");
    assert!(host.audit.is_empty());
}

#[tokio::test]
async fn guests_of_two_hosts_do_not_share_connections() {
    let server = Server::start().await;
    let (wasi, guest) = (Wasi::new(), guest("http.p2.wasm"));
    for connections in 1..=2 {
        run(&wasi, &guest, &granted(&[&server.url("")]), &[&server.url("/")]).await.unwrap();
        assert_eq!(server.connections(), connections);
    }
}
