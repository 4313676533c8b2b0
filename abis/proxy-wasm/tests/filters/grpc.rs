//! Calls to elsewhere over gRPC.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use holm_abi::Body;
use holm_proxy_wasm::ProxyWasm;
use http::{HeaderMap, Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};

use crate::kit::*;

/// A server of gRPC: `/s/Echo` answers with what it is sent, twice as a stream; `/s/Fail` with NOT_FOUND.
async fn server() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let site = format!("127.0.0.1:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let served = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                .serve_connection(TokioIo::new(stream), service_fn(answer));
            tokio::spawn(async move { drop(served.await) });
        }
    });
    site
}

async fn answer(request: Request<hyper::body::Incoming>) -> Result<Response<Body>, Infallible> {
    let (parts, body) = request.into_parts();
    assert_eq!(parts.headers.get("content-type").unwrap(), "application/grpc");
    assert_eq!(parts.headers.get("te").unwrap(), "trailers");
    let builder = Response::builder().header("content-type", "application/grpc").header("x-initial", "first");
    if parts.uri.path() == "/s/Fail" {
        let builder = builder.header("grpc-status", "5").header("grpc-message", "not%20here");
        return Ok(builder.body(crate::kit::body(&[], &[])).unwrap());
    }
    let streams = parts.uri.path() == "/s/Stream";
    let sent = body.collect().await.unwrap().to_bytes();
    let mut frames: Vec<Result<Frame<Bytes>, _>> = vec![Ok(Frame::data(sent.clone()))];
    if streams {
        frames.push(Ok(Frame::data(sent)));
    }
    let trailers = [("grpc-status", "0"), ("x-last", "end")];
    let trailers: HeaderMap =
        trailers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
    frames.push(Ok(Frame::trailers(trailers)));
    Ok(builder.body(StreamBody::new(futures_util::stream::iter(frames)).boxed_unsync()).unwrap())
}

/// Says everything that it is told, and answers its request when the call ends.
fn telling(begin: &str) -> String {
    format!(
        r#"(global $held (mut i32) (i32.const 0))
        (func $end
          (drop (call $act_for (global.get $held)))
          (drop (call $reply (i32.const 200) @"" @"over" @"" (i32.const -1))))
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (global.set $held (local.get 0)) {begin} (i32.const 1))
        (func (export "proxy_on_grpc_receive_initial_metadata") (param i32 i32 i32)
          (drop (call $get_header (i32.const 4) @"x-initial" (i32.const 0) (i32.const 4)))
          (call $say_text (call $out)))
        (func (export "proxy_on_grpc_receive") (param i32 i32 i32)
          (drop (call $get_buffer (i32.const 5) (i32.const 0) (i32.const 99) (i32.const 0) (i32.const 4)))
          (call $say_text (call $out))
          (if (i32.eq (i32.and (local.get 1) (i32.const 3)) (i32.const 1)) (then (call $end))))
        (func (export "proxy_on_grpc_receive_trailing_metadata") (param i32 i32 i32)
          (drop (call $get_header (i32.const 5) @"x-last" (i32.const 0) (i32.const 4)))
          (call $say_text (call $out)))
        (func (export "proxy_on_grpc_close") (param i32 i32 i32)
          (call $say (local.get 2))
          (drop (call $get_status (i32.const 8) (i32.const 0) (i32.const 4)))
          (call $say_text (call $out)) (call $end))"#
    )
}

fn unary(upstream: &str, method: &str) -> String {
    telling(&format!(
        r#"(call $say (call $grpc_call @"{upstream}" @"s" @"{method}" @"" @"ping" (i32.const 5000) (i32.const 8)))"#
    ))
}

fn load_granted(text: &str, site: &str) -> Loaded {
    load_with(&ProxyWasm::new(), &guest(text), |host| {
        let http = vec![format!("http://{site}").parse().unwrap()];
        host.grants = Arc::new(holm_grants::Grants { http, ..Default::default() });
    })
}

#[tokio::test]
async fn a_single_call_is_told_its_answer_alone() {
    let site = server().await;
    let filter = load_granted(&unary(&site, "Echo"), &site);
    assert_eq!(filter.get().await.unwrap().body, "over");
    assert_eq!(filter.said(), ["0", "ping"]);
    // As Envoy's message has it.
    let named = format!(r"\0a\{:02x}\0a\{:02x}{site}", site.len() + 2, site.len());
    let filter = load_granted(&unary(&named, "Echo"), &site);
    assert_eq!(filter.get().await.unwrap().body, "over");
}

#[tokio::test]
async fn a_call_that_fails_is_told_its_status() {
    let site = server().await;
    let filter = load_granted(&unary(&site, "Fail"), &site);
    filter.get().await.unwrap();
    assert_eq!(filter.said(), ["0", "5", "not here"]);
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().to_string();
    let filter = load_granted(&unary(&nobody, "Echo"), &nobody);
    filter.get().await.unwrap();
    // 14 as a digit: what comes after 9.
    assert_eq!(filter.said()[1], ">");
}

#[tokio::test]
async fn without_a_grant_there_is_no_call() {
    let site = server().await;
    let filter = load_granted(&unary(&site, "Echo").replace("(i32.const 1))\n", "(i32.const 0))\n"), "other.test");
    filter.get().await.unwrap();
    assert_eq!(filter.said(), ["4"]);
    assert!(!filter.host.audit.is_empty());
}

#[tokio::test]
async fn a_stream_is_told_everything_in_order() {
    let site = server().await;
    let begin = format!(
        r#"(call $say (call $grpc_stream @"{site}" @"s" @"Stream" @"" (i32.const 8)))
        (call $say (i32.load (i32.const 8)))
        (call $say (call $grpc_send (i32.load (i32.const 8)) @"a" (i32.const 0)))
        (call $say (call $grpc_send (i32.load (i32.const 8)) @"bc" (i32.const 1)))
        (call $say (call $grpc_send (i32.load (i32.const 8)) @"late" (i32.const 0)))"#
    );
    let filter = load_granted(&telling(&begin), &site);
    assert_eq!(filter.get().await.unwrap().body, "over");
    assert_eq!(filter.said(), ["0", "6", "0", "0", "1", "first", "a", "bc", "a", "bc", "end", "0", ""]);
}

#[tokio::test]
async fn a_call_that_is_cancelled_is_told_nothing() {
    let site = server().await;
    let begin = format!(
        r#"(drop (call $grpc_stream @"{site}" @"s" @"Stream" @"" (i32.const 8)))
        (call $say (call $grpc_cancel (i32.load (i32.const 8))))
        (call $say (call $grpc_cancel (i32.load (i32.const 8))))
        (call $say (call $grpc_close (i32.load (i32.const 8))))
        (call $end)"#
    );
    let filter = load_granted(&telling(&begin), &site);
    filter.get().await.unwrap();
    assert_eq!(filter.said(), ["0", "1", "1"]);
}
