//! Guests that give the host what is not so.

use crate::kit::*;

/// Calls something for its status while a request's head is there, and says it.
async fn status(call: &str) -> Vec<String> {
    let filter = load(&guest(&format!(
        r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (call $say {call}) (i32.const 0))"#
    )));
    assert_eq!(filter.get().await.unwrap().status, 200, "{call}");
    filter.said()
}

#[tokio::test]
async fn pointers_outside_of_memory_and_lengths_that_overflow_are_said_to_be() {
    let far = "(i32.const -1)";
    for call in [
        format!("(call $log (i32.const 2) {far} (i32.const 1))"),
        format!("(call $log (i32.const 2) (i32.const 1) {far})"),
        "(call $log (i32.const 2) (i32.const 262143) (i32.const 2))".to_owned(),
        format!("(call $now {far})"),
        "(call $now (i32.const 262137))".to_owned(),
        format!("(call $get_property {far} {far} (i32.const 0) (i32.const 4))"),
        format!(r#"(call $get_property @"request\00path" {far} (i32.const 4))"#),
        format!(r#"(call $get_property @"request\00path" (i32.const 0) {far})"#),
        format!(r#"(call $set_property @"a" (i32.const 16) {far})"#),
        format!("(call $get_header (i32.const 0) {far} {far} (i32.const 0) (i32.const 4))"),
        format!(r#"(call $get_header (i32.const 0) @"x-old" {far} (i32.const 4))"#),
        format!(r#"(call $add_header (i32.const 0) @"a" {far} (i32.const 1))"#),
        format!("(call $get_headers (i32.const 0) {far} {far})"),
        format!("(call $set_headers (i32.const 0) {far} {far})"),
        format!("(call $headers_size (i32.const 0) {far})"),
        format!("(call $buffer_status (i32.const 0) {far} (i32.const 0))"),
        format!("(call $set_buffer (i32.const 0) (i32.const 0) (i32.const 0) {far} {far})"),
        format!(r#"(call $set_shared @"a" {far} (i32.const 3) (i32.const 0))"#),
        format!(r#"(call $register_queue @"a" {far})"#),
        format!(r#"(call $define_metric (i32.const 0) @"a" {far})"#),
        format!(r#"(call $reply (i32.const 200) {far} {far} @"" @"" (i32.const -1))"#),
        format!(r#"(call $http_call @"a" @"" @"" @"" (i32.const 0) {far})"#),
        format!(r#"(call $foreign {far} {far} @"" (i32.const 0) (i32.const 4))"#),
        format!("(call $get_status {far} (i32.const 0) (i32.const 4))"),
    ] {
        assert_eq!(status(&call).await.last().map(String::as_str), Some("6"), "{call}");
    }
}

#[tokio::test]
async fn kinds_and_contexts_that_do_not_exist_are_bad_arguments() {
    for call in [
        r#"(call $get_header (i32.const 8) @"a" (i32.const 0) (i32.const 4))"#,
        r#"(call $add_header (i32.const -1) @"a" @"b")"#,
        r#"(call $add_header (i32.const 6) @"a" @"b")"#,
        r#"(call $add_header (i32.const 0) @"a b" @"b")"#,
        "(call $get_headers (i32.const 99) (i32.const 0) (i32.const 4))",
        "(call $get_buffer (i32.const 9) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 4))",
        "(call $get_buffer (i32.const 0) (i32.const 2) (i32.const -1) (i32.const 0) (i32.const 4))",
        r#"(call $set_buffer (i32.const 6) (i32.const 0) (i32.const 0) @"a")"#,
        r#"(call $set_buffer (i32.const 0) (i32.const 0) (i32.const 0) @"no body yet")"#,
        "(call $continue (i32.const 4))",
        "(call $close (i32.const -1))",
        "(call $act_for (i32.const 77))",
        "(call $act_for (i32.const -1))",
        "(call $log (i32.const 6) (i32.const 0) (i32.const 0))",
        "(call $grpc_send (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 0))",
        "(call $grpc_cancel (i32.const 3))",
    ] {
        assert_eq!(status(call).await.last().map(String::as_str), Some("2"), "{call}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    for call in [
        "(call $get_buffer (i32.const 4) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 4))",
        "(call $get_buffer (i32.const 7) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 4))",
        "(call $dequeue (i32.const 0) (i32.const 0) (i32.const 4))",
        "(call $grpc_close (i32.const 5))",
        "(call $grpc_send (i32.const 6) (i32.const 0) (i32.const 0) (i32.const 0))",
        "(call $done)",
    ] {
        assert_eq!(status(call).await.last().map(String::as_str), Some("1"), "{call}");
    }
}

/// As Envoy has it, though the specification would have it not found.
#[tokio::test]
async fn a_metric_that_is_not_there_is_a_bad_argument() {
    let call = "(call $get_metric (i32.const -1) (i32.const 0))";
    assert_eq!(status(call).await.last().map(String::as_str), Some("2"));
}

#[tokio::test]
async fn maps_that_lie_are_empty() {
    for list in [
        r"\ff\ff\ff\ff",
        r"\01\00\00\00\ff\ff\ff\ff\00\00\00\00",
        r"\01\00\00\00\01\00\00\00\01\00\00\00axb\00",
        r"\00",
    ] {
        let filter = load(&guest(&format!(
            r#"(func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
              (call $say (call $set_headers (i32.const 2) @"{list}"))
              (drop (call $set_header (i32.const 2) @":status" @"200"))
              (i32.const 0))"#
        )));
        let seen = filter.get().await.unwrap();
        assert_eq!((filter.said(), seen.headers.len()), (vec!["0".to_owned()], 0), "{list}");
    }
}

/// Asks for a header through an allocator of this body.
fn allocating(body: &str) -> String {
    format!(
        r#"(global $depth (mut i32) (i32.const 0))
        (func $ask (result i32) (call $get_header (i32.const 0) @"x-old" (i32.const 0) (i32.const 4)))
        (func (export "proxy_on_memory_allocate") (param i32) (result i32) {body})
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (call $say (call $ask)) (i32.const 0))"#
    )
}

#[tokio::test]
async fn an_allocator_that_returns_what_is_not_memory_is_not_believed() {
    for at in ["0", "-1", "262144", "262143"] {
        let filter = load(&guest(&allocating(&format!("(i32.const {at})"))));
        filter.get().await.unwrap();
        // One byte fits at the very end.
        assert_eq!(filter.said(), [if at == "262143" { "0" } else { "6" }], "{at}");
    }
}

#[tokio::test]
async fn an_allocator_may_say_what_it_does_and_ask_nothing() {
    let filter = load(&guest(&allocating(r#"(call $say_text @"more") (call $bump (local.get 0))"#)));
    filter.get().await.unwrap();
    assert_eq!(filter.said(), ["more", "0"]);
    for body in ["(call $ask)", "(call $done)", "unreachable"] {
        let filter = load(&guest(&allocating(body)));
        let error = filter.get().await.unwrap_err().to_string();
        assert!(error.contains("its function to allocate memory") || error.contains("trapped"), "{body}: {error}");
    }
}

#[tokio::test]
async fn an_allocator_that_loops_ends_at_the_limit() {
    let guest = interruptible(&allocating("(loop $forever (br $forever)) (i32.const 0)"));
    let filter = load_with(&Default::default(), &guest, |host| {
        host.limits.cpu = Some(std::time::Duration::from_millis(20));
    });
    let error = filter.get().await.unwrap_err();
    assert_eq!(error.kind(), holm_abi::Kind::OutOfCpu, "{error}");
}

#[tokio::test]
async fn a_guest_makes_the_host_keep_only_so_much() {
    // 200 KB at a time.
    let filter = load(&guest(
        r#"
        (func $fill (param $kind i32) (result i32)
          (local $i i32) (local $refused i32)
          (loop $again
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (if (call $set_buffer (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 20000) (i32.const 200000))
              (then (local.set $refused (i32.const 1))))
            (br_if $again (i32.lt_u (local.get $i) (i32.const 200))))
          (local.get $refused))
        (func (export "proxy_on_request_body") (param i32 i32 i32) (result i32)
          (call $say (call $fill (i32.const 0)))
          (drop (call $set_buffer (i32.const 0) (i32.const 0) (i32.const -1) @"x"))
          (i32.const 0))"#,
    ));
    let seen = filter.send(post(&["a"], &[])).await.unwrap();
    // Once for the piece and once for the end.
    assert!(seen.body.ends_with("|xx"), "{}", seen.body);
    assert_eq!(filter.said(), ["1", "1"]);
}

#[tokio::test]
async fn a_guest_that_writes_more_than_it_may_ends() {
    let text = r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
      (loop $again (call $say (i32.const 1)) (br $again)) (i32.const 0))"#;
    let filter = load_with(&Default::default(), &guest(text), |host| host.limits.max_output = Some(100));
    assert_eq!(filter.get().await.unwrap_err().kind(), holm_abi::Kind::OutOfOutput);
    assert_eq!(filter.said().len(), 100);
}

#[tokio::test]
async fn numbers_of_contexts_go_round_without_meeting_one_that_is_there() {
    let filter = load(&guest(
        r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (call $say (call $act_for (local.get 0)))
          (call $say (call $act_for (i32.const 1)))
          (call $say (call $add_header (i32.const 0) @"a" @"b"))
          (call $say (call $act_for (local.get 0)))
          (call $say (call $add_header (i32.const 0) @"a" @"b"))
          (i32.const 0))"#,
    ));
    let seen = filter.get().await.unwrap();
    assert!(seen.body.contains("a=b "));
    assert_eq!(filter.said(), ["0", "0", "2", "0", "0"], "the root has no request");
}
