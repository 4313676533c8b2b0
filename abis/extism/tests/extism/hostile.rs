//! Plugins that lie about offsets and lengths.

use holm_abi::{Host, Kind, Result};
use holm_grants::Limits;

use crate::{bytes, load, open, text, told};

/// A plugin whose function `f` does this, with every function of Extism's at hand.
fn plugin(body: &str) -> holm_abi::Guest {
    text(&format!(
        r#"(module
            (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
            (import "extism:host/env" "free" (func $free (param i64)))
            (import "extism:host/env" "length" (func $length (param i64) (result i64)))
            (import "extism:host/env" "length_unsafe" (func $length_unsafe (param i64) (result i64)))
            (import "extism:host/env" "load_u8" (func $load_u8 (param i64) (result i32)))
            (import "extism:host/env" "load_u64" (func $load_u64 (param i64) (result i64)))
            (import "extism:host/env" "store_u8" (func $store_u8 (param i64 i32)))
            (import "extism:host/env" "store_u64" (func $store_u64 (param i64 i64)))
            (import "extism:host/env" "input_set" (func $input_set (param i64 i64)))
            (import "extism:host/env" "input_length" (func $input_length (result i64)))
            (import "extism:host/env" "input_offset" (func $input_offset (result i64)))
            (import "extism:host/env" "input_load_u8" (func $input_load_u8 (param i64) (result i32)))
            (import "extism:host/env" "input_load_u64" (func $input_load_u64 (param i64) (result i64)))
            (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
            (import "extism:host/env" "output_length" (func $output_length (result i64)))
            (import "extism:host/env" "error_set" (func $error_set (param i64)))
            (import "extism:host/env" "error_get" (func $error_get (result i64)))
            (import "extism:host/env" "reset" (func $reset))
            (import "extism:host/env" "memory_bytes" (func $memory_bytes (result i64)))
            (import "extism:host/env" "config_get" (func $config_get (param i64) (result i64)))
            (import "extism:host/env" "var_get" (func $var_get (param i64) (result i64)))
            (import "extism:host/env" "var_set" (func $var_set (param i64 i64)))
            (import "extism:host/env" "http_request" (func $http_request (param i64 i64) (result i64)))
            (import "extism:host/env" "http_status_code" (func $http_status_code (result i32)))
            (import "extism:host/env" "log_info" (func $log_info (param i64)))
            (func $refuse (param i64) (if (i64.ne (local.get 0) (i64.const 0)) (then unreachable)))
            (func (export "f") (local $a i64) (local $b i64) {body})
            (func (export "fine") (call $output_set (call $input_offset) (call $input_length))))"#
    ))
}

/// What becomes of it with the input `input`, and that another instance is well.
async fn run(body: &str) -> Result<Vec<u8>> {
    let plugin = plugin(body);
    let limits = Limits { memory: Some(64 << 20), ..Limits::default() };
    let functions = load(&plugin, &Host { limits, ..Host::default() }).unwrap();
    let mut instance = crate::Kept::open(functions.clone()).await.unwrap();
    let result = bytes(&mut instance, "f", "input").await;
    if result.is_err() {
        instance = crate::Kept::open(functions.clone()).await.unwrap();
    }
    assert_eq!(bytes(&mut instance, "fine", "next").await.unwrap(), b"next", "{body}");
    result
}

#[tokio::test]
async fn offsets_outside_of_memory_hold_nothing_and_keep_nothing() {
    for offset in ["0", "1", "63", "65536", "0x7fffffffffffffff", "-1", "-8", "-9"] {
        let body = format!(
            r#"(call $store_u8 (i64.const {offset}) (i32.const 255))
            (call $store_u64 (i64.const {offset}) (i64.const -1))
            (call $refuse (i64.extend_i32_u (call $load_u8 (i64.const {offset}))))
            (call $refuse (call $load_u64 (i64.const {offset})))
            (call $refuse (call $length (i64.const {offset})))
            (call $refuse (call $length_unsafe (i64.const {offset})))
            (call $refuse (i64.extend_i32_u (call $input_load_u8 (i64.add (i64.const 5) (i64.const {offset})))))
            (call $refuse (call $input_load_u64 (i64.const {offset})))
            (call $free (i64.const {offset}))"#
        );
        // A byte of the input is one.
        let body = if offset == "-1" { body.replace("(i64.const 5)", "(i64.const 0)") } else { body };
        let body = if offset.starts_with('-') && offset != "-1" {
            body.replace("$input_load_u8 (i64.add", "$input_load_u8 (i64.or")
        } else {
            body
        };
        assert_eq!(run(&body).await.unwrap(), b"", "{offset}");
    }
}

#[tokio::test]
async fn blocks_freed_twice_or_never_had_are_no_harm() {
    let body = r#"(local.set $a (call $alloc (i64.const 8)))
        (local.set $b (call $alloc (i64.const 8)))
        (call $free (local.get $a)) (call $free (local.get $a)) (call $free (i64.add (local.get $b) (i64.const 3)))
        (call $refuse (call $length (local.get $a)))
        (call $refuse (i64.sub (call $length (local.get $b)) (i64.const 8)))
        (call $free (call $input_offset)) (call $refuse (call $input_length))
        (call $store_u64 (local.get $b) (i64.const 0x4242424242424242))
        (call $output_set (local.get $b) (i64.const 8))"#;
    assert_eq!(run(body).await.unwrap(), b"BBBBBBBB");
}

#[tokio::test]
async fn more_memory_than_there_may_be_ends_the_call() {
    for length in ["0x8000000000000000", "-1", "-7", "0x100000000", "0x4000001"] {
        let error = run(&format!("(drop (call $alloc (i64.const {length})))")).await.unwrap_err();
        assert_eq!(error.kind(), Kind::OutOfMemory, "{length}: {error}");
    }
    assert_eq!(run("(call $refuse (call $alloc (i64.const 0)))").await.unwrap(), b"");
}

#[tokio::test]
async fn small_blocks_without_end_end_too() {
    let body = "(loop (drop (call $alloc (i64.const 1))) (br 0))";
    let error = run(body).await.unwrap_err();
    assert_eq!(error.kind(), Kind::OutOfMemory, "{error}");
}

#[tokio::test]
async fn input_and_output_beyond_memory_are_not_taken() {
    for (offset, length) in
        [("0", "0"), ("0", "9"), ("-1", "1"), ("-1", "-1"), ("64", "-1"), ("64", "65536"), ("1", "64")]
    {
        let body = format!(
            r#"(local.set $a (call $input_offset))
            (call $output_set (local.get $a) (i64.const 2))
            (call $output_set (i64.const {offset}) (i64.const {length}))
            (call $input_set (i64.const {offset}) (i64.const {length}))
            (call $refuse (i64.sub (call $input_offset) (local.get $a)))"#
        );
        assert_eq!(run(&body).await.unwrap(), b"in", "{offset} {length}");
    }
}

#[tokio::test]
async fn what_is_no_block_is_no_error() {
    for offset in ["1", "63", "65", "9999", "-1"] {
        let body =
            format!("(call $output_set (call $input_offset) (i64.const 5)) (call $error_set (i64.const {offset}))");
        assert_eq!(run(&body).await.unwrap(), b"input", "{offset}");
    }
    let freed =
        "(local.set $a (call $alloc (i64.const 1))) (call $error_set (local.get $a)) (call $free (local.get $a))";
    assert_eq!(run(freed).await.unwrap(), b"");
}

#[tokio::test]
async fn an_error_that_is_not_utf_8_is_told_as_well_as_can_be() {
    let body = r#"(local.set $a (call $alloc (i64.const 3)))
        (call $store_u8 (local.get $a) (i32.const 0x61)) (call $store_u8 (i64.add (local.get $a) (i64.const 1)) (i32.const 0xff))
        (call $store_u8 (i64.add (local.get $a) (i64.const 2)) (i32.const 0x62))
        (call $error_set (local.get $a))"#;
    assert_eq!(told(&run(body).await.unwrap_err()), "Failed: a\u{fffd}b");
    // One that traps after it said why has both told.
    let error = run(&format!("{body} unreachable")).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Trap);
    assert_eq!(error.notes(), ["it said: a\u{fffd}b"]);
}

#[tokio::test]
async fn a_plugin_may_forget_its_own_input_and_output() {
    let body = r#"(call $output_set (call $input_offset) (i64.const 5)) (call $reset)
        (call $refuse (call $input_length)) (call $refuse (call $output_length))
        (call $refuse (call $load_u64 (i64.const 64)))"#;
    assert_eq!(run(body).await.unwrap(), b"");
}

#[tokio::test]
async fn what_the_host_is_given_must_be_blocks_of_text() {
    let garbage = r#"(local.set $a (call $alloc (i64.const 1))) (call $store_u8 (local.get $a) (i32.const 0xff))"#;
    for (name, rest) in
        [("config_get", ")"), ("var_get", ")"), ("var_set", "(i64.const 0))"), ("http_request", "(i64.const 0))")]
    {
        let result = if name == "var_set" { "" } else { "drop" };
        for offset in ["(i64.const 7)", "(i64.const -1)", "(i64.add (call $input_offset) (i64.const 1))"] {
            let error = run(&format!("(call ${name} {offset} {rest} {result}")).await.unwrap_err();
            assert!(told(&error).contains("broke Extism's rules") && told(&error).contains("is no block"), "{error}");
        }
        let error = run(&format!("{garbage} (call ${name} (local.get $a) {rest} {result}")).await.unwrap_err();
        assert!(told(&error).starts_with("Trap: bad.wasm: broke Extism's rules"), "{name}: {error}");
    }
    let error = run("(call $var_set (call $input_offset) (i64.const 3))").await.unwrap_err();
    assert!(error.to_string().contains("the value of a variable"), "{error}");
    let error = run("(call $log_info (i64.const 3))").await.unwrap_err();
    assert!(error.to_string().contains("a message to log"), "{error}");
    assert_eq!(run(&format!("{garbage} (call $log_info (local.get $a))")).await.unwrap(), b"");
}

#[tokio::test]
async fn a_request_that_is_garbage_ends_the_call() {
    for (request, why) in [
        ("", "what JSON"),
        ("{}", "missing field `url`"),
        (r#"{"url":5}"#, "invalid type"),
        (r#"{"url":"http://a.example","more":1}"#, "unknown field"),
        (r#"{"url":"nowhere"}"#, "relative URL"),
        (r#"{"url":"http://"}"#, "empty host"),
        (r#"{"url":"http://a.example","method":"G T"}"#, "is no method"),
        (r#"{"url":"file:///etc/passwd"}"#, "neither http nor https"),
        (r#"{"url":"http://a.example","headers":{"a\n":"b"}}"#, "header"),
    ] {
        let plugin = plugin("(drop (call $http_request (call $input_offset) (i64.const 0)))");
        let mut instance = open(&plugin, &Host::default()).await;
        let error = bytes(&mut instance, "f", request).await.unwrap_err();
        assert!(error.kind() == Kind::Trap && error.to_string().contains(why), "{request}: {error}");
    }
}

#[tokio::test]
async fn memory_is_forgotten_between_calls_and_its_room_is_not() {
    let plugin = plugin(
        r#"(call $refuse (call $load_u64 (i64.add (call $input_offset) (i64.const 8))))
        (local.set $a (call $alloc (i64.const 100000)))
        (call $refuse (call $load_u64 (local.get $a)))
        (call $store_u64 (local.get $a) (i64.const -1)) (call $error_set (local.get $a))
        (local.set $b (call $memory_bytes))
        (if (i64.gt_u (local.get $b) (i64.const 300000)) (then unreachable))"#,
    );
    let mut instance = open(&plugin, &Host::default()).await;
    for _ in 0..100 {
        assert_eq!(bytes(&mut instance, "f", "x").await.unwrap_err().kind(), Kind::Failed);
        assert_eq!(bytes(&mut instance, "fine", "ok").await.unwrap(), b"ok");
    }
}
