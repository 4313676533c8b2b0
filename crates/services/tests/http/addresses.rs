use std::collections::HashMap;
use std::net::IpAddr;

use holm_services::http_client::{ClientConfig, HttpClient, HttpError, Options};

use crate::server::{accept, reply, serve};
use crate::{ANYWHERE, Policy, client, fetch, get, text};

const NOT_LOOPBACK: Policy = Policy { allow: |_, address| !address.ip().is_loopback(), identity: 0 };

fn client_knowing(name: &str, addresses: &[&str]) -> HttpClient {
    let addresses: Vec<IpAddr> = addresses.iter().map(|ip| ip.parse().unwrap()).collect();
    let hosts = HashMap::from([(name.to_owned(), addresses)]);
    HttpClient::new(ClientConfig { hosts, ..ClientConfig::default() }).unwrap()
}

#[tokio::test]
async fn an_address_the_policy_refuses_is_never_dialled() {
    let server = accept(|_| async {}).await;
    let port = server.address.port();
    // By address, by name, and in the spellings that a resolver takes for loopback addresses.
    for host in ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001"] {
        let uri = format!("http://{host}:{port}/");
        let refused = client().send(get(uri), &NOT_LOOPBACK, &Options::default()).await;
        match refused.unwrap_err() {
            HttpError::DestinationIpProhibited { addresses, .. } => {
                assert!(addresses.iter().all(|address| address.ip().is_loopback()));
            }
            error => panic!("{host}: {error}"),
        }
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_name_is_dialled_at_its_allowed_addresses_only() {
    let server = serve(|_| async { reply("hello") }).await;
    let client = client_knowing("app.test", &["127.0.0.2", "127.0.0.1"]);
    let policy =
        Policy { allow: |host, address| host == "app.test" && address.ip().to_string() == "127.0.0.1", identity: 0 };
    let uri = format!("http://APP.test:{}/", server.address.port());
    let response = client.send(get(uri), &policy, &Options::default()).await.unwrap();
    assert_eq!(text(response).await.unwrap(), "hello");
}

#[tokio::test]
async fn the_next_address_is_tried_when_one_refuses() {
    let server = serve(|_| async { reply("hello") }).await;
    let client = client_knowing("app.test", &["127.0.0.2", "127.0.0.1"]);
    let uri = format!("http://app.test:{}/", server.address.port());
    assert_eq!(text(fetch(&client, uri).await.unwrap()).await.unwrap(), "hello");
}

#[tokio::test]
async fn a_pooled_connection_is_not_used_once_the_policy_refuses_its_address() {
    let server = serve(|_| async { reply("hello") }).await;
    let client = client();
    text(fetch(&client, server.uri()).await.unwrap()).await.unwrap();
    crate::settle().await;
    let refused = client.send(get(server.uri()), &NOT_LOOPBACK, &Options::default()).await;
    assert!(matches!(refused, Err(HttpError::DestinationIpProhibited { .. })));
}

#[tokio::test]
async fn an_address_where_nothing_listens_refuses() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let refused = fetch(&client(), format!("http://{address}/")).await;
    assert!(matches!(refused, Err(HttpError::ConnectionRefused)));
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_a_dns_error() {
    match fetch(&client(), "http://no-such-name.invalid/").await.unwrap_err() {
        HttpError::DnsError { host, .. } => assert_eq!(host, "no-such-name.invalid"),
        error => panic!("{error}"),
    }
    let without_addresses = client_knowing("app.test", &[]);
    let error = fetch(&without_addresses, "http://app.test/").await.unwrap_err();
    assert!(matches!(error, HttpError::DestinationNotFound { .. }));
}

#[tokio::test]
async fn uris_and_methods_that_name_no_resource_are_refused() {
    for uri in ["/path", "ftp://127.0.0.1/", "example.com:80"] {
        let refused = fetch(&client(), uri).await;
        assert!(matches!(refused, Err(HttpError::HttpRequestUriInvalid)), "{uri}");
    }
    let mut connect = get("http://127.0.0.1:1/");
    *connect.method_mut() = http::Method::CONNECT;
    let refused = client().send(connect, &ANYWHERE, &Options::default()).await;
    assert!(matches!(refused, Err(HttpError::HttpRequestMethodInvalid)));
}

#[tokio::test]
async fn redirects_are_left_to_the_guest() {
    let server = serve(|_| async {
        let mut redirect = reply("");
        *redirect.status_mut() = http::StatusCode::FOUND;
        redirect.headers_mut().insert("location", "http://127.0.0.1:1/".parse().unwrap());
        redirect
    })
    .await;
    assert_eq!(fetch(&client(), server.uri()).await.unwrap().status(), 302);
}
