//! Streams that wait, ticks, and the order of things.

use std::sync::Arc;
use std::time::Duration;

use holm_abi::{Exchange, HttpHandler};
use holm_proxy_wasm::ProxyWasm;
use http_body_util::BodyExt as _;

use crate::kit::*;

/// Remembers the stream that it holds, and lets a tick do something with it.
fn ticking(held: &str, tick: &str) -> String {
    format!(
        r#"(global $held (mut i32) (i32.const 0))
        (func (export "proxy_on_configure") (param i32 i32) (result i32)
          (drop (call $tick_every (i32.const 5))) (i32.const 1))
        (func (export "{held}") (param i32 i32 i32) (result i32)
          (global.set $held (local.get 0)) (i32.const 1))
        (func (export "proxy_on_tick") (param i32)
          (if (i32.eqz (global.get $held)) (then (return)))
          (drop (call $act_for (global.get $held)))
          (global.set $held (i32.const 0))
          {tick})"#
    )
}

#[tokio::test]
async fn a_request_that_is_held_goes_on_when_a_tick_says_so() {
    let filter = load(&guest(&ticking(
        "proxy_on_request_headers",
        r#"(call $say (call $add_header (i32.const 0) @"x-tick" @"1")) (drop (call $continue (i32.const 0)))
        (call $say (call $add_header (i32.const 0) @"x-late" @"1"))"#,
    )));
    let seen = filter.get().await.unwrap();
    assert!(seen.body.contains("x-tick=1") && !seen.body.contains("x-late"), "{}", seen.body);
    assert_eq!(filter.said(), ["0", "2"], "what goes on is out of reach");
}

#[tokio::test]
async fn a_response_and_a_body_that_are_held_go_on_likewise() {
    let filter = load(&guest(&ticking(
        "proxy_on_response_headers",
        r#"(drop (call $set_header (i32.const 2) @"x-seen" @"tick")) (drop (call $continue (i32.const 1)))"#,
    )));
    assert_eq!(filter.get().await.unwrap().header("x-seen"), Some("tick"));
    let filter = load(&guest(&ticking(
        "proxy_on_request_body",
        r#"(drop (call $set_buffer (i32.const 0) (i32.const 0) (i32.const 9) @"tick"))
           (drop (call $continue (i32.const 0)))"#,
    )));
    let seen = filter.send(post(&["a"], &[])).await.unwrap();
    assert!(seen.body.ends_with("|tick"), "{}", seen.body);
}

#[tokio::test]
async fn a_tick_answers_a_request_that_is_held_or_closes_it() {
    let filter = load(&guest(&ticking(
        "proxy_on_request_headers",
        r#"(drop (call $reply (i32.const 429) @"" @"" @"" (i32.const -1)))"#,
    )));
    assert_eq!(filter.get().await.unwrap().status, 429);
    let filter = load(&guest(&ticking("proxy_on_request_headers", "(drop (call $close (i32.const 0)))")));
    assert!(filter.get().await.is_err());
}

#[tokio::test]
async fn to_go_on_within_the_callback_that_holds_is_to_go_on() {
    let filter = load(&guest(
        r#"
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (drop (call $continue (i32.const 0))) (i32.const 1))"#,
    ));
    assert_eq!(filter.get().await.unwrap().status, 200);
}

#[tokio::test]
async fn a_stream_lives_from_its_creation_to_its_deletion() {
    let filter = load(&guest(
        r#"
        (func (export "proxy_on_context_create") (param i32 i32)
          (call $say_text @"create") (call $say (local.get 0)) (call $say (local.get 1)))
        (func (export "proxy_on_log") (param i32) (call $say_text @"log"))
        (func (export "proxy_on_done") (param i32) (result i32) (call $say_text @"done") (i32.const 1))
        (func (export "proxy_on_delete") (param i32) (call $say_text @"delete") (call $say (local.get 0)))"#,
    ));
    filter.get().await.unwrap();
    filter.get().await.unwrap();
    let stream = |id| ["create", id, "1", "log", "done", "delete", id];
    assert_eq!(filter.said(), [&["create", "1", "0"][..], &stream("2"), &stream("3")].concat());
}

#[tokio::test]
async fn who_goes_away_ends_the_stream_wherever_it_is() {
    let text = r#"
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (call $say_text @"held") (i32.const 1))
        (func (export "proxy_on_delete") (param i32) (call $say_text @"delete"))"#;
    let filter = load(&guest(text));
    let left = tokio::time::timeout(Duration::from_millis(50), filter.get()).await;
    assert!(left.is_err());
    filter.says("delete").await;

    let filter = load(&guest(&text.replace("(i32.const 1))\n", "(i32.const 0))\n")));
    let next: Arc<dyn HttpHandler> = Arc::new(Answers(|_| http::Response::new(body(&["a", "b"], &[]))));
    let mut response = filter.filter.handle(get(), Exchange::default(), &next).await.unwrap();
    response.body_mut().frame().await.unwrap().unwrap();
    assert!(!filter.said().contains(&"delete".to_owned()));
    drop(response);
    filter.says("delete").await;
}

#[tokio::test]
async fn a_filter_that_is_dropped_ticks_no_more_and_is_told() {
    let mut filter = load(&guest(
        r#"
        (func (export "proxy_on_configure") (param i32 i32) (result i32)
          (drop (call $tick_every (i32.const 1))) (i32.const 1))
        (func (export "proxy_on_tick") (param i32)
          (call $say_text @"tick") (drop (call $done)))
        (func (export "proxy_on_done") (param i32) (result i32) (call $say_text @"done") (i32.const 0))
        (func (export "proxy_on_delete") (param i32) (call $say_text @"delete"))"#,
    ));
    // It started by itself: there was no request.
    filter.says("tick").await;
    assert!(!filter.said().contains(&"delete".to_owned()), "done before it was to be");
    filter.unload();
    filter.says("delete").await;
    let said = filter.said();
    assert_eq!(said.iter().filter(|line| *line == "done").count(), 1);
    tokio::time::sleep(Duration::from_millis(30)).await;
    assert_eq!(filter.said(), said, "it goes on after its end");
}

#[tokio::test]
async fn two_filters_in_a_row_see_each_others_properties() {
    let sets = load(&guest(
        r#"
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (drop (call $set_property @"user" @"ada")) (i32.const 0))"#,
    ));
    let gets = load(&guest(
        r#"
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (drop (call $get_property @"user" (i32.const 0) (i32.const 4)))
          (drop (call $add_header (i32.const 0) @"x-user" (call $out)))
          (i32.const 0))"#,
    ));
    let next = holm_abi::Filtered { filter: Arc::clone(&gets.filter), next: Arc::new(Echo) };
    let seen = sets.send_to(Arc::new(next), get()).await.unwrap();
    assert!(seen.body.contains("x-user=ada"), "{}", seen.body);
}

#[tokio::test]
async fn functions_of_the_host_are_called_by_name() {
    let abi = ProxyWasm::default()
        .provide("upper", Arc::new(|bytes: &[u8]| (!bytes.is_empty()).then(|| bytes.to_ascii_uppercase())));
    let text = r#"
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (call $say (call $foreign @"upper" @"abc" (i32.const 0) (i32.const 4)))
          (call $say (call $foreign @"upper" @"abc" (i32.const 1000) (i32.const 1004)))
          (call $say_text (i32.load (i32.const 1000)) (i32.load (i32.const 1004)))
          (call $say (call $foreign @"upper" @"" (i32.const 1000) (i32.const 1004)))
          (call $say (call $foreign @"nothing" @"" (i32.const 1000) (i32.const 1004)))
          (i32.const 0))"#;
    let filter = load_with(&abi, &guest(text), |_| {});
    filter.get().await.unwrap();
    assert_eq!(filter.said()[1..], ["0", "ABC", "2", "1"]);
}
