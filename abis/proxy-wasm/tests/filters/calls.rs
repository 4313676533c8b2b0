//! Calls to elsewhere over HTTP.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use holm_abi::{Body, BodyError, Host};
use holm_proxy_wasm::ProxyWasm;
use http_body::Frame;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;

use crate::kit::*;

/// A server that answers with what it is asked, under a path of its own; `/hang` never, `/break` half.
async fn server() -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let served =
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer));
            tokio::spawn(async move { drop(served.await) });
        }
    });
    port
}

async fn answer(request: http::Request<hyper::body::Incoming>) -> Result<http::Response<Body>, Infallible> {
    if request.uri().path() == "/hang" {
        std::future::pending::<()>().await;
    }
    let (parts, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let text = format!("{} {} {}", parts.method, parts.uri, String::from_utf8_lossy(&body));
    let body = match parts.uri.path() {
        "/break" => {
            let first: Result<Frame<Bytes>, BodyError> = Ok(Frame::data(text.into()));
            // Not before the head is on its way.
            let then = stream::once(async {
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                Err("broken".into())
            });
            StreamBody::new(stream::iter([first]).chain(then)).boxed_unsync()
        }
        _ => Full::from(text).map_err(|never| match never {}).boxed_unsync(),
    };
    let mut response = http::Response::new(body);
    response.headers_mut().insert("x-asked", parts.headers.get("x-ask").cloned().unwrap_or("none".parse().unwrap()));
    Ok(response)
}

/// The bytes of a list of pairs, as a text literal.
fn pairs(list: &[(&str, &str)]) -> String {
    let number = |number: usize| format!("\\{number:02x}\\00\\00\\00");
    let lengths = list.iter().map(|(key, value)| number(key.len()) + &number(value.len()));
    let texts = list.iter().map(|(key, value)| format!("{key}\\00{value}\\00"));
    number(list.len()) + &lengths.collect::<String>() + &texts.collect::<String>()
}

/// Holds a request, calls, and answers with what came.
fn calling(upstream: &str, authority: &str, path: &str, timeout: u32) -> String {
    let headers = pairs(&[(":method", "POST"), (":path", path), (":authority", authority), ("x-ask", "yes")]);
    format!(
        r#"(global $held (mut i32) (i32.const 0))
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (global.set $held (local.get 0))
          (call $say (call $http_call @"{upstream}" @"{headers}" @"body" @"" (i32.const {timeout}) (i32.const 8)))
          (call $say (i32.load (i32.const 8)))
          (i32.const 1))
        (func (export "proxy_on_http_call_response") (param $root i32) (param i32 i32 i32 i32)
          (call $say (local.get $root)) (call $say (local.get 1)) (call $say (local.get 4))
          (if (i32.eqz (local.get 2)) (then
            (drop (call $get_status (i32.const 8) (i32.const 0) (i32.const 4)))
            (call $say_text (call $out))))
          (drop (call $get_header (i32.const 6) @"x-asked" (i32.const 0) (i32.const 4)))
          (call $say_text (call $out))
          (drop (call $get_header (i32.const 6) @":status" (i32.const 0) (i32.const 4)))
          (call $say_text (call $out))
          (drop (call $get_buffer (i32.const 4) (i32.const 0) (i32.const 999) (i32.const 0) (i32.const 4)))
          (drop (call $act_for (global.get $held)))
          (drop (call $reply (i32.const 200) @"" (call $out) @"" (i32.const -1))))"#
    )
}

fn load_granted(text: &str, grants: &[String]) -> Loaded {
    load_with(&ProxyWasm::new(), &guest(text), |host| *host = granted(host, grants))
}

fn granted(host: &Host, grants: &[String]) -> Host {
    let mut host = host.clone();
    let http = grants.iter().map(|grant| grant.parse().unwrap()).collect();
    host.grants = std::sync::Arc::new(holm_grants::Grants { http, ..Default::default() });
    host
}

#[tokio::test]
async fn a_call_goes_where_the_upstream_says_or_else_the_authority() {
    let port = server().await;
    let (here, url) = (format!("127.0.0.1:{port}"), format!("http://127.0.0.1:{port}"));
    let istio = format!("outbound|{port}||127.0.0.1");
    for (upstream, authority) in [
        (here.as_str(), "other.test"),
        (url.as_str(), "other.test"),
        (istio.as_str(), "other.test"),
        ("some_cluster", here.as_str()),
    ] {
        let filter = load_granted(&calling(upstream, authority, "/x?y", 2000), std::slice::from_ref(&url));
        let seen = filter.get().await.unwrap();
        assert_eq!(seen.body, "POST /x?y body", "{upstream}");
        assert_eq!(filter.said(), ["0", "4", "1", "4", "0", "yes", "200"]);
    }
}

#[tokio::test]
async fn without_a_grant_there_is_no_call_and_the_audit_says_what_would_grant_it() {
    let port = server().await;
    let filter = load(&guest(&format!(
        "{} (func (export \"proxy_on_tick\") (param i32))",
        calling("c", &format!("127.0.0.1:{port}"), "/", 0).replace(
            "(i32.const 1))\n        (func (export \"proxy_on_http",
            "(i32.const 0))\n        (func (export \"proxy_on_http"
        )
    )));
    assert_eq!(filter.get().await.unwrap().status, 200);
    assert_eq!(filter.said(), ["2", "0"]);
    let asks: Vec<_> = filter.host.audit.asks().iter().map(holm_grants::Ask::flag).collect();
    assert_eq!(asks, [format!("--http http://127.0.0.1:{port}")]);
}

#[tokio::test]
async fn a_call_that_fails_is_what_envoys_client_makes_of_it() {
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let nobody = format!("127.0.0.1:{nobody}");
    let filter = load_granted(&calling("c", &nobody, "/", 0), &[format!("http://{nobody}")]);
    let seen = filter.get().await.unwrap();
    assert!(seen.body.starts_with("upstream connect error"), "{}", seen.body);
    assert_eq!(filter.said().last().unwrap(), "503");

    let here = format!("127.0.0.1:{}", server().await);
    let filter = load_granted(&calling("c", &here, "/hang", 20), &[format!("http://{here}")]);
    assert_eq!(filter.get().await.unwrap().body, "upstream request timeout");
    assert_eq!(filter.said().last().unwrap(), "504");

    let filter = load_granted(&calling("c", &here, "/break", 0), &[format!("http://{here}")]);
    filter.get().await.unwrap();
    assert_eq!(filter.said()[2..6], ["1", "4", "0", "reset"], "broken off: no headers");
}

#[tokio::test]
async fn a_name_is_granted_and_its_private_address_is_not() {
    let port = server().await;
    let site = format!("localhost:{port}");
    let filter = load_granted(&calling("c", &site, "/", 0), &[format!("http://*:{port}")]);
    filter.get().await.unwrap();
    assert_eq!(filter.said().last().unwrap(), "503");
    assert!(!filter.host.audit.is_empty());
}

#[tokio::test]
async fn a_call_without_what_it_needs_or_for_too_long_is_a_bad_argument() {
    for (headers, timeout) in [
        (pairs(&[(":path", "/"), (":authority", "a.test")]), 0_u32),
        (pairs(&[(":method", "GET"), (":authority", "a.test")]), 0),
        (pairs(&[(":method", "GET"), (":path", "/")]), 0),
        (pairs(&[(":method", "GET"), (":path", "/"), (":authority", "a.test")]), u32::MAX),
        (pairs(&[(":method", "G T"), (":path", "/"), (":authority", "a.test")]), 0),
        (String::new(), 0),
    ] {
        let text = format!(
            r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
              (call $say (call $http_call @"a.test" @"{headers}" @"" @"" (i32.const {timeout}) (i32.const 8)))
              (i32.const 0))"#
        );
        let filter = load_granted(&text, &["http://*".to_owned()]);
        filter.get().await.unwrap();
        assert_eq!(filter.said(), ["2"], "{headers} {timeout}");
    }
}

#[tokio::test]
async fn only_so_many_calls_are_under_way_at_once() {
    let here = format!("127.0.0.1:{}", server().await);
    let headers = pairs(&[(":method", "GET"), (":path", "/hang"), (":authority", &here)]);
    let text = format!(
        r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (local $i i32)
          (loop $again
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (if (call $http_call @"c" @"{headers}" @"" @"" (i32.const 0) (i32.const 8))
              (then (call $say (i32.eq (local.get $i) (i32.const 257))) (return (i32.const 0))))
            (br_if $again (i32.lt_u (local.get $i) (i32.const 1000))))
          (i32.const 0))"#
    );
    let filter = load_granted(&text, &[format!("http://{here}")]);
    filter.get().await.unwrap();
    assert_eq!(filter.said(), ["1"]);
}
