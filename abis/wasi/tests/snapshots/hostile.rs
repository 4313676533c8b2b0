//! Guests that mean no good.

use std::sync::Arc;

use holm_abi::{Abi as _, Body, Entry, Exchange, HttpHandler};
use holm_wasi::Wasi;
use http::Request;
use http_body_util::{BodyExt as _, Empty};

use crate::common::guest_from;
use crate::handlers::host;

/// A handler of October's that does `body` with its request and what it answers through, as handles.
fn handler(body: &str) -> Arc<dyn HttpHandler> {
    let text = format!(
        r#"(component
            (import "wasi:io/poll@0.2.0-rc-2023-10-18" (instance $poll
                (export "pollable" (type $pollable (sub resource)))
                (export "poll-one" (func (param "in" (borrow $pollable))))))
            (alias export $poll "pollable" (type $pollable))
            (import "wasi:http/types@0.2.0-rc-2023-10-18" (instance $types
                (export "fields" (type $fields (sub resource)))
                (export "incoming-request" (type $request (sub resource)))
                (export "outgoing-response" (type $response (sub resource)))
                (export "response-outparam" (type $out (sub resource)))
                (export "[constructor]fields"
                    (func (param "entries" (list (tuple string (list u8)))) (result (own $fields))))
                (export "[constructor]outgoing-response"
                    (func (param "status-code" u16) (param "headers" (borrow $fields)) (result (own $response))))))
            (alias export $types "fields" (type $fields))
            (alias export $types "incoming-request" (type $request))
            (alias export $types "outgoing-response" (type $response))
            (alias export $types "response-outparam" (type $out))
            (core module $memory (memory (export "memory") 1))
            (core instance $memory (instantiate $memory))
            (core func $poll-one (canon lower (func $poll "poll-one")))
            (core func $new-fields (canon lower (func $types "[constructor]fields")
                (memory (core memory $memory "memory"))))
            (core func $new-response (canon lower (func $types "[constructor]outgoing-response")))
            (core func $drop-request (canon resource.drop $request))
            (core func $drop-fields (canon resource.drop $fields))
            (core module $main
                (import "" "poll-one" (func $poll-one (param i32)))
                (import "" "fields" (func $fields (param i32 i32) (result i32)))
                (import "" "response" (func $response (param i32 i32) (result i32)))
                (import "" "drop-request" (func $drop-request (param i32)))
                (import "" "drop-fields" (func $drop-fields (param i32)))
                (func (export "handle") (param $request i32) (param $out i32) {body}))
            (core instance $main (instantiate $main (with "" (instance
                (export "poll-one" (func $poll-one))
                (export "fields" (func $new-fields))
                (export "response" (func $new-response))
                (export "drop-request" (func $drop-request))
                (export "drop-fields" (func $drop-fields))))))
            (func $handle (param "request" (own $request)) (param "response-out" (own $out))
                (canon lift (core func $main "handle")))
            (instance $exported (export "handle" (func $handle)))
            (export "wasi:http/incoming-handler@0.2.0-rc-2023-10-18" (instance $exported)))"#
    );
    let entries = Wasi::new().load(&guest_from(wat::parse_str(text).unwrap()), &host()).unwrap();
    entries.into_iter().find_map(|entry| if let Entry::Http(http) = entry { Some(http) } else { None }).unwrap()
}

async fn said(body: &str) -> String {
    let nothing: Body = Empty::new().map_err(|never| match never {}).boxed_unsync();
    let request = Request::get("http://app.test/").body(nothing).unwrap();
    match handler(body).handle(request, Exchange::default()).await {
        Ok(response) => format!("{}", response.status()),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn handles_that_the_guest_does_not_have_end_it() {
    for body in [
        "(call $poll-one (i32.const 0))",
        "(call $poll-one (i32.const 1234))",
        "(call $poll-one (local.get $request))",
        "(call $drop-request (i32.const -1))",
        "(drop (call $response (i32.const 200) (local.get $out)))",
    ] {
        let said = said(body).await;
        assert!(said.contains("handle") || said.contains("index"), "{body}: {said}");
    }
}

#[tokio::test]
async fn what_is_dropped_twice_or_used_afterwards_ends_the_guest() {
    for body in [
        "(call $drop-request (local.get $request)) (call $drop-request (local.get $request))",
        "(local $fields i32) (local.set $fields (call $fields (i32.const 0) (i32.const 0)))
         (call $drop-fields (local.get $fields)) (drop (call $response (i32.const 200) (local.get $fields)))",
    ] {
        let said = said(body).await;
        assert!(said.contains("handle") || said.contains("index"), "{body}: {said}");
    }
}

#[tokio::test]
async fn headers_outside_of_memory_and_a_status_that_is_none_end_the_guest() {
    let outside = said("(drop (call $fields (i32.const 65530) (i32.const 100000)))").await;
    assert!(outside.contains("out of bounds") || outside.contains("out-of-bounds"), "{outside}");
    let status = said("(drop (call $response (i32.const 99) (call $fields (i32.const 0) (i32.const 0))))").await;
    assert!(status.contains("status 99"), "{status}");
}

#[tokio::test]
async fn a_guest_that_answers_nothing_is_said_to() {
    assert!(said("(call $drop-request (local.get $request))").await.contains("without a response"));
}
