//! Components that are started where they are built.
#![cfg(feature = "preinitialise")]
#![allow(clippy::unwrap_used)]

mod common;

use common::guest_from;
use holm_abi::{Abi as _, Entry, Guest, Host, Kind, Value};
use holm_wasi::{Wasi, preinitialise};

/// A component whose start runs `start` once, and whose `get` says what the first byte of its memory is.
fn component(imports: &str, start: &str) -> Vec<u8> {
    let text = format!(
        r#"(component
            {imports}
            (core module $counter
                (memory (export "memory") 1)
                (table 2 funcref)
                (global $runs (mut i32) (i32.const 0))
                (import "lent" "ask" (func $ask (result i32)))
                (func $start {start})
                (func (export "get") (result i32)
                    (i32.add (i32.load8_u (i32.const 0)) (i32.mul (global.get $runs) (i32.const 100))))
                (start $start)
            )
            (core instance $counter (instantiate $counter (with "lent" (instance (export "ask" (func $ask))))))
            (func (export "get") (result u32) (canon lift (core func $counter "get")))
        )"#
    );
    // In core modules imports come first.
    let import = r#"(import "lent" "ask" (func $ask (result i32)))"#;
    let text = text.replacen(import, "", 1).replacen("(memory (export", &format!("{import}(memory (export"), 1);
    wat::parse_str(text).unwrap()
}

const COUNT: &str = "(i32.store8 (i32.const 0) (i32.add (i32.load8_u (i32.const 0)) (i32.const 1)))
    (global.set $runs (i32.add (global.get $runs) (i32.const 1)))";

const RANDOM: &str = r#"
    (import "wasi:random/insecure@0.2.0" (instance $random (export "get-insecure-random-u64" (func (result u64)))))
    (core module $narrow
        (import "" "u64" (func $u64 (result i64)))
        (func (export "ask") (result i32) (i32.and (i32.wrap_i64 (call $u64)) (i32.const 127))))
    (core func $u64 (canon lower (func $random "get-insecure-random-u64")))
    (core instance $narrowed (instantiate $narrow (with "" (instance (export "u64" (func $u64))))))
    (alias core export $narrowed "ask" (core func $ask))"#;

const OTHER: &str = r#"
    (import "acme:model/infer" (instance $other (export "ask" (func (result u32)))))
    (core func $ask (canon lower (func $other "ask")))"#;

const STDOUT: &str = r#"
    (import "wasi:io/streams@0.2.0" (instance $streams (export "output-stream" (type (sub resource)))))
    (alias export $streams "output-stream" (type $stream))
    (import "wasi:cli/stdout@0.2.0" (instance $stdout
        (alias outer 1 $stream (type $s)) (export "output-stream" (type $t (eq $s)))
        (export "get-stdout" (func (result (own $t))))))
    (core func $ask (canon lower (func $stdout "get-stdout")))"#;

/// What `get` says on a fresh instance.
async fn get(guest: &Guest) -> String {
    let entries = Wasi::default().load(guest, &Host::default()).unwrap();
    let functions = entries.iter().find_map(|entry| match entry {
        Entry::Functions(functions) => Some(functions),
        _ => None,
    });
    let results: Vec<Value> = functions.unwrap().call("get", &[]).await.unwrap();
    holm_abi::print(&results[0])
}

async fn refusal(imports: &str, start: &str) -> holm_abi::Error {
    preinitialise("test.wasm", &component(imports, start)).await.unwrap_err()
}

#[tokio::test]
async fn a_component_that_was_started_begins_behind_its_start() {
    let bytes = component(RANDOM, COUNT);
    assert_eq!(get(&guest_from(bytes.clone())).await, "101");
    let kept = preinitialise("test.wasm", &bytes).await.unwrap();
    // Once, where it was built, and not again.
    assert_eq!(get(&guest_from(kept)).await, "101");
}

#[tokio::test]
async fn what_is_kept_of_random_numbers_is_the_same_everywhere() {
    let bytes = component(RANDOM, "(i32.store8 (i32.const 0) (call $ask))");
    let (one, other) = (preinitialise("a", &bytes).await.unwrap(), preinitialise("b", &bytes).await.unwrap());
    assert!(one == other, "the same file twice");
    let kept = guest_from(one);
    assert_eq!(get(&kept).await, get(&kept).await);
}

#[tokio::test]
async fn a_component_that_asks_another_while_it_starts_is_refused() {
    let error = refusal(OTHER, "(drop (call $ask))").await;
    assert_eq!(error.kind(), Kind::Unsupported);
    assert!(error.to_string().contains("acme:model/infer"), "{error}");
}

#[tokio::test]
async fn a_component_that_needs_another_only_later_is_kept() {
    preinitialise("test.wasm", &component(OTHER, COUNT)).await.unwrap();
}

#[tokio::test]
async fn a_component_that_holds_a_stream_once_it_has_started_is_refused() {
    let error = refusal(STDOUT, "(drop (call $ask))").await;
    assert_eq!(error.kind(), Kind::Unsupported);
    assert!(error.to_string().contains("a handle of the host"), "{error}");
}

#[tokio::test]
async fn a_component_that_changes_its_tables_is_refused() {
    let error = refusal(RANDOM, "(table.set (i32.const 0) (ref.func $start))").await;
    assert_eq!(error.kind(), Kind::Unsupported);
    assert!(error.to_string().contains("table.set"), "{error}");
}

#[tokio::test]
async fn a_component_that_fails_to_start_is_refused() {
    let error = refusal(RANDOM, "unreachable").await;
    assert!(error.to_string().contains("unreachable"), "{error}");
}

#[tokio::test]
async fn a_module_is_not_kept() {
    let error = preinitialise("test.wasm", b"\0asm\x01\0\0\0").await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unsupported);
    assert!(error.to_string().contains("a core module"), "{error}");
}
