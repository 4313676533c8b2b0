//! Bodies and trailers.

use std::sync::Arc;

use bytes::Bytes;
use holm_abi::{BodyError, Kind};
use http::Response;
use http_body_util::{BodyExt as _, Full};

use crate::kit::*;

/// Says what it is called with, and passes everything.
const TELLS: &str = r#"
    (func (export "proxy_on_request_body") (param i32 i32 i32) (result i32)
      (call $say (local.get 1)) (call $say (local.get 2)) (i32.const 0))
    (func (export "proxy_on_request_trailers") (param i32 i32) (result i32)
      (call $say_text @"trailers") (call $say (local.get 1)) (i32.const 0))"#;

#[tokio::test]
async fn pieces_pass_as_they_come_and_the_end_is_told_apart_as_in_http_1() {
    let filter = load(&guest(TELLS));
    let seen = filter.send(post(&["abc", "de"], &[])).await.unwrap();
    assert!(seen.body.ends_with("|abcde"), "{}", seen.body);
    assert_eq!(filter.said(), ["3", "0", "2", "0", "0", "1"]);
}

#[tokio::test]
async fn trailers_take_the_place_of_the_end() {
    let filter = load(&guest(TELLS));
    let seen = filter.send(post(&["abc"], &[("a", "b")])).await.unwrap();
    assert_eq!(seen.trailers.unwrap().get("a").unwrap(), "b");
    assert_eq!(filter.said(), ["3", "0", "trailers", "1"]);
}

/// Holds a body until all of it is there, and does something with it.
fn holding(direction: &str, then: &str) -> String {
    format!(
        r#"(func (export "proxy_on_{direction}_body") (param i32 i32 i32) (result i32)
          (if (i32.eqz (local.get 2)) (then (return (i32.const 1))))
          (call $say (local.get 1))
          {then}
          (i32.const 0))"#
    )
}

#[tokio::test]
async fn a_body_that_is_held_is_shown_whole_and_can_be_replaced() {
    for (change, expected) in [
        (r#"(drop (call $set_buffer (i32.const 0) (i32.const 0) (i32.const -1) @"new"))"#, "new"),
        (r#"(drop (call $set_buffer (i32.const 0) (i32.const 0) (i32.const 0) @">"))"#, ">abcde"),
        (r#"(drop (call $set_buffer (i32.const 0) (i32.const 0) (i32.const 2) @"-"))"#, "-cde"),
        (r#"(drop (call $set_buffer (i32.const 0) (i32.const 5) (i32.const 0) @"<"))"#, "abcde<"),
        (r#"(drop (call $set_buffer (i32.const 0) (i32.const -1) (i32.const -1) @"<"))"#, "abcde<"),
        (r#"(call $say (call $set_buffer (i32.const 0) (i32.const 2) (i32.const 1) @"?"))"#, "abcde"),
        (
            r#"(drop (call $get_buffer (i32.const 0) (i32.const 1) (i32.const 3) (i32.const 0) (i32.const 4)))
            (drop (call $set_buffer (i32.const 0) (i32.const 0) (i32.const 99) (call $out)))"#,
            "bcd",
        ),
    ] {
        let filter = load(&guest(&holding("request", change)));
        let seen = filter.send(post(&["abc", "de"], &[])).await.unwrap();
        assert_eq!(seen.body.split_once('|').unwrap().1, expected);
        assert_eq!(filter.said()[0], "5");
    }
}

#[tokio::test]
async fn a_response_is_held_and_replaced_likewise() {
    let replace = r#"(drop (call $set_buffer (i32.const 1) (i32.const 0) (i32.const 999) @"all new"))"#;
    let filter = load(&guest(&holding("response", replace)));
    let next = Answers(|_| Response::new(body(&["a", "b", "c"], &[("t", "1")])));
    let seen = filter.send_to(Arc::new(next), get()).await.unwrap();
    // With trailers there is no end of the body, and without a callback for them they release what is held.
    assert_eq!((seen.body.as_str(), seen.trailers.is_some()), ("abc", true));
    let next = Answers(|_| Response::new(body(&["a", "b", "c"], &[])));
    let seen = filter.send_to(Arc::new(next), get()).await.unwrap();
    assert_eq!((seen.body.as_str(), seen.trailers), ("all new", None));
}

#[tokio::test]
async fn a_guest_gives_a_body_trailers_that_had_none() {
    let add = r#"(call $say (call $add_header (i32.const 1) @"x-sum" @"9"))"#;
    let filter = load(&guest(&holding("request", add)));
    let seen = filter.send(post(&["abc"], &[])).await.unwrap();
    assert_eq!(seen.trailers.unwrap().get("x-sum").unwrap(), "9");
    assert_eq!(filter.said(), ["3", "0"]);
}

#[tokio::test]
async fn trailers_can_be_read_and_changed() {
    let filter = load(&guest(
        r#"
        (func (export "proxy_on_response_trailers") (param i32 i32) (result i32)
          (drop (call $get_header (i32.const 3) @"t" (i32.const 0) (i32.const 4)))
          (call $say_text (call $out))
          (drop (call $set_header (i32.const 3) @"t" @"changed"))
          (i32.const 0))"#,
    ));
    let next = Answers(|_| Response::new(body(&["a"], &[("t", "1")])));
    let seen = filter.send_to(Arc::new(next), get()).await.unwrap();
    assert_eq!(seen.trailers.unwrap().get("t").unwrap(), "changed");
    assert_eq!(filter.said(), ["1"]);
}

#[tokio::test]
async fn pieces_that_are_not_wanted_are_gone_and_those_that_are_kept_are_not_shown_again() {
    let act = |action: u32| {
        format!(
            r#"(func (export "proxy_on_request_body") (param i32 i32 i32) (result i32)
              (call $say (local.get 1))
              (if (result i32) (local.get 2) (then (i32.const 0)) (else (i32.const {action}))))"#
        )
    };
    let kept = load(&guest(&act(2)));
    let seen = kept.send(post(&["abc", "de"], &[])).await.unwrap();
    assert!(seen.body.ends_with("|abcde"), "{}", seen.body);
    assert_eq!(kept.said(), ["3", "2", "0"]);
    let unwanted = load(&guest(&act(3)));
    let seen = unwanted.send(post(&["abc", "de"], &[])).await.unwrap();
    assert!(seen.body.ends_with('|'), "{}", seen.body);
}

#[tokio::test]
async fn more_than_may_be_held_is_413_for_a_request_and_breaks_a_response() {
    static PIECE: [u8; 600_000] = [b'x'; 600_000];
    let piece = std::str::from_utf8(&PIECE).unwrap();
    let filter = load(&guest(&holding("request", "")));
    let seen = filter.send(post(&[piece, piece, piece], &[])).await.unwrap();
    assert_eq!((seen.status, seen.body.as_str()), (413, "Payload Too Large"));
    let filter = load(&guest(&holding("response", "")));
    let next = Answers(move |_| Response::new(body(&[piece, piece, piece], &[])));
    let seen = filter.send_to(Arc::new(next), get()).await.unwrap();
    assert!(seen.broken.unwrap().contains("holds more than"));
}

#[tokio::test]
async fn an_answer_amid_the_requests_body_ends_the_wait_for_the_next() {
    let filter = load(&guest(
        r#"
        (func (export "proxy_on_request_body") (param i32 i32 i32) (result i32)
          (drop (call $reply (i32.const 400) @"" @"bad body" @"" (i32.const -1)))
          (i32.const 1))"#,
    ));
    let seen = filter.send(post(&["abc"], &[])).await.unwrap();
    assert_eq!((seen.status, seen.body.as_str()), (400, "bad body"));
}

#[tokio::test]
async fn an_answer_amid_the_responses_body_breaks_it_off() {
    let filter = load(&guest(
        r#"
        (func (export "proxy_on_response_body") (param i32 i32 i32) (result i32)
          (drop (call $reply (i32.const 400) @"" @"" @"" (i32.const -1)))
          (i32.const 1))"#,
    ));
    let seen = filter.get().await.unwrap();
    assert_eq!((seen.status, seen.body.as_str(), seen.broken.is_some()), (200, "", true));
}

#[tokio::test]
async fn a_body_that_breaks_off_does_not_look_like_its_end() {
    let filter = load(&guest(TELLS));
    let broken: Result<http_body::Frame<Bytes>, BodyError> = Err("the client went away".into());
    let broken = http_body_util::StreamBody::new(futures_util::stream::iter([broken])).boxed_unsync();
    let request = http::Request::post("http://app.test/").body(broken).unwrap();
    let error = filter.send(request).await.unwrap_err();
    assert_eq!((error.kind(), error.to_string().as_str()), (Kind::NoResponse, "the client went away"));
    assert!(filter.said().is_empty());
}

#[tokio::test]
async fn a_response_that_no_callback_wants_keeps_its_length() {
    let filter =
        load(&guest(r#"(func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32) (i32.const 0))"#));
    let next: Arc<dyn holm_abi::HttpHandler> =
        Arc::new(Answers(|_| Response::new(Full::from("12345").map_err(|never| match never {}).boxed_unsync())));
    let response = filter.filter.handle(get(), Default::default(), &next).await.unwrap();
    assert_eq!(http_body::Body::size_hint(response.body()).exact(), Some(5));
}
