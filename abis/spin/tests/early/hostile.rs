//! Guests that do not keep to the rules.

use holm_abi::{Event, Exchange, Host};
use holm_engine::{Error, Kind};
use holm_grants::Grants;
use http::Request;

use crate::common::{body, events, granting, http, refused, spin, wat};

const REALLOC: &str = r#"(func (export "canonical_abi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 1024)"#;
/// A function that takes a request, around what it does.
const HANDLE: &str = r#"(func (export "handle-http-request")
    (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)"#;

/// What becomes of a request to a guest of these parts.
async fn asked(imports: &str, realloc: &str, handle: &str) -> Result<u16, Error> {
    let text = format!(r#"(module {imports} (memory (export "memory") 1) {realloc} {HANDLE} {handle}))"#);
    let handler = http(&spin(), &wat(&text), &granting(Grants::default()))?;
    let request = Request::post("/path").header("a", "b").body(body("a body")).unwrap();
    handler.handle(request, Exchange::default()).await.map(|response| response.status().as_u16())
}

async fn fails(imports: &str, realloc: &str, handle: &str, part: &str) {
    let error = asked(imports, realloc, handle).await.unwrap_err();
    assert!(error.to_string().contains(part), "{error}\n{handle}");
}

#[tokio::test]
async fn a_guest_that_answers_by_the_rules_is_understood() {
    // 200, no headers, no body.
    let answer = "i32.const 64 i32.const 200 i32.store i32.const 64";
    assert_eq!(asked("", REALLOC, answer).await.unwrap(), 200);
}

#[tokio::test]
async fn an_allocator_that_lies_traps_or_calls_back_hurts_nobody() {
    let realloc = |does: &str| {
        format!(r#"(func $realloc (export "canonical_abi_realloc") (param i32 i32 i32 i32) (result i32) {does})"#)
    };
    for (imports, does, part) in [
        ("", "i32.const 65535", "outside of its memory"),
        ("", "i32.const -1", "outside of its memory"),
        ("", "unreachable", "unreachable"),
        ("", "(call $realloc (local.get 0) (local.get 1) (local.get 2) (local.get 3))", "stack"),
        (
            r#"(import "key-value" "close" (func $close (param i32)))"#,
            "(call $close (i32.const 0)) i32.const 0",
            "from within one that the host calls",
        ),
    ] {
        fails(imports, &realloc(does), "unreachable", part).await;
    }
}

#[tokio::test]
async fn an_answer_outside_of_memory_is_not_read() {
    let outside = "outside of its memory";
    for (handle, part) in [
        ("i32.const -1", outside),
        ("i32.const 65530", outside),
        // Headers, then a body, that lie elsewhere.
        (
            "(i32.store (i32.const 0) (i32.const 200)) (i32.store (i32.const 4) (i32.const 1))
          (i32.store (i32.const 12) (i32.const -1)) i32.const 0",
            outside,
        ),
        (
            "(i32.store (i32.const 0) (i32.const 200)) (i32.store (i32.const 16) (i32.const 1))
          (i32.store (i32.const 20) (i32.const 8)) (i32.store (i32.const 24) (i32.const 65535)) i32.const 0",
            outside,
        ),
        ("i32.const 64", "it answered with the status 0"),
    ] {
        fails("", REALLOC, handle, part).await;
    }
}

#[tokio::test]
async fn what_a_guest_calls_with_is_not_believed() {
    let get = r#"(import "key-value" "get" (func $get (param i32 i32 i32 i32)))"#;
    let send = r#"(import "wasi-outbound-http" "request"
        (func $send (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))"#;
    let redis = r#"(import "outbound-redis" "execute" (func $execute (param i32 i32 i32 i32 i32 i32 i32)))"#;
    let n = |numbers: &[i64]| numbers.iter().map(|n| format!("(i32.const {n})")).collect::<String>();
    for (imports, call, part) in [
        (get, format!("(call $get {})", n(&[0, -1, 1, 0])), "outside of its memory"),
        (get, format!("(call $get {})", n(&[0, 0, -1, 0])), "outside of its memory"),
        // Where the result goes.
        (get, format!("(call $get {})", n(&[0, 0, 0, 65535])), "outside of its memory"),
        (get, format!("(i32.store8 (i32.const 0) (i32.const 255)) (call $get {})", n(&[0, 0, 1, 8])), "not UTF-8"),
        (send, format!("(call $send {})", n(&[0, 0, 0, 0, -1, 0, 0, 0, 0, 0, 0])), "outside of its memory"),
        (send, format!("(call $send {})", n(&[0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0])), "case 7 of an option"),
        (
            redis,
            format!("(i32.store (i32.const 0) (i32.const 9)) (call $execute {})", n(&[0, 0, 0, 0, 0, 1, 0])),
            "case 9",
        ),
        (redis, format!("(call $execute {})", n(&[0, 0, 0, 0, 0, 0x1000_0000, 0])), "outside of its memory"),
    ] {
        fails(imports, REALLOC, &format!("{call} i32.const 0"), part).await;
    }
}

#[tokio::test]
async fn lists_that_overlap_are_not_copied_without_end() {
    // 4000 names and values, each of which is most of the memory.
    let send = r#"(import "wasi-outbound-http" "request"
        (func $send (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))"#;
    let fill = "(local $at i32)
        (loop $more
            (i32.store (local.get $at) (i32.const 0))
            (i32.store (i32.add (local.get $at) (i32.const 8)) (i32.const 0))
            (i32.store (i32.add (local.get $at) (i32.const 4)) (i32.const 24672))
            (i32.store (i32.add (local.get $at) (i32.const 12)) (i32.const 24672))
            (br_if $more (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 16))) (i32.const 64000))))";
    let zeros = "(i32.const 0)";
    let call = format!(
        "{fill} (call $send {zeros}{zeros}{zeros}{zeros} (i32.const 4000) {zeros}{zeros}{zeros}{zeros}{zeros}{zeros})"
    );
    fails(send, REALLOC, &format!("{call} i32.const 0"), "in one call").await;
}

#[tokio::test]
async fn a_guest_without_what_it_is_handed_values_by_is_refused_at_once() {
    for text in [
        format!("(module {REALLOC} {HANDLE} unreachable))"),
        format!(r#"(module (memory (export "memory") 1) {HANDLE} unreachable))"#),
        format!(r#"(module (memory (export "memory") i64 1) {REALLOC} {HANDLE} unreachable))"#),
        r#"(module (memory (export "memory") 1) (func (export "canonical_abi_realloc"))
            (func (export "handle-redis-message") (param i32 i32) (result i32) unreachable))"#
            .to_owned(),
    ] {
        let error = holm_abi::Abi::load(&spin(), &wat(&text), &Host::default()).err().unwrap();
        assert_eq!(error.kind(), Kind::Invalid);
        assert!(error.to_string().contains("canonical_abi_realloc"), "{error}");
    }
}

#[tokio::test]
async fn all_that_is_missing_is_named() {
    let text = format!(
        r#"(module (import "key-value" "scan" (func)) (import "sqlite" "open" (func (param i32))) (import "env" "x" (func))
            (memory (export "memory") 1) {REALLOC} {HANDLE} unreachable))"#
    );
    let error = holm_abi::Abi::load(&spin(), &wat(&text), &Host::default()).err().unwrap();
    assert_eq!(error.kind(), Kind::MissingImports);
    for part in ["scan", "open: Spin's function of this name has another type", "env"] {
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[tokio::test]
async fn a_start_that_traps_is_told() {
    let text = format!(
        r#"(module (memory (export "memory") 1) {REALLOC} (func (export "_initialize") unreachable)
            (func (export "handle-redis-message") (param i32 i32) (result i32) i32.const 0))"#
    );
    let host = Host::default();
    let messages = events(&spin(), &wat(&text), &host);
    let message = Event::Redis { channel: "c".into(), payload: vec![1] };
    assert_eq!(messages.handle(message, Exchange::default()).await.unwrap_err().kind(), Kind::Trap);
    assert!(refused(&host).is_empty());
}
