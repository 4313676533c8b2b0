use std::sync::Arc;

use holm_abi::{Abi as _, Body, Entry, Exchange, Host, HttpHandler};
use holm_engine::Kind;
use holm_spin::Spin;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};

use crate::common::server::{Answer, Asked, Server};
use crate::common::{ask, granting, guest, lent, refused, spin};

/// Leads `/far` to `/near`, and says what it was asked.
async fn server() -> Server {
    Server::answering(|asked: &Asked| match asked.line.split(' ').nth(1) {
        Some("/far") => Answer::leading("/near"),
        Some("/elsewhere") => Answer::leading("http://169.254.169.254/latest/meta-data"),
        Some("/round") => Answer::leading("/round"),
        _ => {
            let body = String::from_utf8_lossy(&asked.body);
            Answer::text(200, &format!("{} {:?} {body}", asked.line, asked.header("x-a")))
        }
    })
    .await
}

fn granted(server: &Server) -> Host {
    let port = server.url.rsplit_once(':').unwrap().1;
    granting(|grants| grants.http.push(format!("http://127.0.0.1:{port}").parse().unwrap()))
}

#[tokio::test]
async fn a_request_goes_where_it_was_granted_and_follows_redirects() {
    let (server, guest) = (server().await, guest("spin-old.wasm"));
    let (spin, host) = (spin(lent()), granted(&server));
    for (method, path, answer) in [
        ("Get", "/a?b", "200 GET /a?b HTTP/1.1 Some(\"1\") "),
        ("Post=body", "/a", "200 POST /a HTTP/1.1 Some(\"1\") body"),
        ("Post=body", "/far", "200 GET /near HTTP/1.1 Some(\"1\") "),
        ("Get", "/round", "runtime-error"),
    ] {
        let url = format!("{}{path}", server.url);
        assert_eq!(ask(&spin, &guest, &host, &["send", method, &url, "x-a=1"]).await.unwrap(), answer, "{path}");
    }
    assert!(host.audit.is_empty());
}

#[tokio::test]
async fn a_request_that_was_not_granted_is_refused_wherever_it_is_led() {
    let (server, guest) = (server().await, guest("spin-old.wasm"));
    let (spin, host) = (spin(lent()), granted(&server));
    let elsewhere = format!("{}/elsewhere", server.url);
    for url in ["http://169.254.169.254/", &elsewhere] {
        let answer = ask(&spin, &guest, &host, &["send", "Get", url]).await.unwrap();
        assert_eq!(answer, "destination-not-allowed", "{url}");
    }
    assert_eq!(refused(&host), ["--http http://169.254.169.254"]);
    assert_eq!(ask(&spin, &guest, &host, &["send", "Get", "nowhere"]).await.unwrap(), "invalid-url");
    let bad = ask(&spin, &guest, &host, &["send", "Get", &server.url, "x y=1"]).await.unwrap();
    assert_eq!(bad, "runtime-error");
}

fn handler(spin: &Spin, host: &Host) -> Arc<dyn HttpHandler> {
    let entries = spin.load(&guest("spin-old.wasm"), host).unwrap();
    entries.into_iter().find_map(|entry| if let Entry::Http(http) = entry { Some(http) } else { None }).unwrap()
}

fn request(method: &str, uri: &str, body: &'static str) -> Request<Body> {
    let body = Full::from(body).map_err(|never| match never {}).boxed_unsync();
    Request::builder().method(method).uri(uri).header("x-b", "2").header("x-c", b"\xff".as_slice()).body(body).unwrap()
}

async fn text(response: Response<Body>) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().into()).unwrap()
}

#[tokio::test]
async fn a_component_of_before_wasi_http_is_handed_requests_whole() {
    let handler = handler(&spin(lent()), &Host::default());
    let exchange = Exchange::default();
    let usage = Arc::clone(&exchange.usage);
    let answer = handler.handle(request("PUT", "http://localhost/a?b", "body"), exchange).await.unwrap();
    assert_eq!((answer.status().as_u16(), &answer.headers()["x-made-by"]), (200, &"spin-old".parse().unwrap()));
    assert_eq!(text(answer).await, "Method::Put /a?b []\nx-b: 2\nbody");
    assert!(!usage.cpu().is_zero());
}

#[tokio::test]
async fn what_the_interface_cannot_say_is_not_handed_on() {
    let handler = handler(&spin(lent()), &Host::default());
    let answer = handler.handle(request("BREW", "http://localhost/", ""), Exchange::default()).await.unwrap();
    assert_eq!(answer.status(), 405);
    let error = handler.handle(request("GET", "/status/7", ""), Exchange::default()).await.err().unwrap();
    assert_eq!(error.kind(), Kind::NoResponse);
    assert_eq!(error.to_string(), "spin-old.wasm: it answered with the status 7, and they go from 100 to 599");
    let error = handler.handle(request("GET", "/trap", ""), Exchange::default()).await.err().unwrap();
    assert_eq!(error.kind(), Kind::Trap);
}
