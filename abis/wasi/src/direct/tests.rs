//! What hostile modules can do through the functions they are given: nothing but end.

use std::sync::Arc;

use holm_abi::Host;
use holm_engine::metered_store;
use holm_engine::shape::{CoreImport, LoneCore, Target};
use wasmtime::component::Resource;
use wasmtime::{Config, Engine, Module};

use super::{Program, knows};
use crate::Wasi;
use crate::context::{Given, Streams};
use crate::services::Services;
use crate::state::State;

/// A module that allocates with `realloc`, and does `handle` when it is called.
fn module(realloc: &str, handle: &str) -> String {
    format!(
        r#"(module
            (import "t" "[constructor]fields" (func $fields (result i32)))
            (import "t" "[method]fields.append" (func $append (param i32 i32 i32 i32 i32 i32)))
            (import "t" "[method]fields.entries" (func $entries (param i32 i32)))
            (import "t" "[static]fields.from-list" (func $from-list (param i32 i32 i32)))
            (import "t" "[method]fields.get" (func $get (param i32 i32 i32 i32)))
            (import "t" "fields" (func $drop (param i32)))
            (import "t" "[constructor]outgoing-request" (func $request (param i32) (result i32)))
            (import "t" "[method]outgoing-request.set-method" (func $set-method (param i32 i32 i32 i32) (result i32)))
            (import "t" "[method]outgoing-request.method" (func $method (param i32 i32)))
            (import "t" "poll" (func $poll (param i32 i32 i32)))
            (memory (export "memory") 1 2)
            (data (i32.const 0) "a-name")
            (data (i32.const 16) "\ff\fe\fd")
            (global $free (mut i32) (i32.const 4096))
            (func $bump (param i32 i32 i32 i32) (result i32)
                (global.set $free (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
                (global.get $free)
                (global.set $free (i32.add (global.get $free) (local.get 3))))
            (func (export "realloc") (param i32 i32 i32 i32) (result i32) {realloc})
            (func (export "handle") (param i32 i32) {handle}))"#
    )
}

const BUMP: &str = "(call $bump (local.get 0) (local.get 1) (local.get 2) (local.get 3))";

fn lone(module: &Module) -> LoneCore {
    let target = |name: &str| match name {
        "poll" => Target::Func { interface: "wasi:io/poll@0.2.6".into(), name: "poll".into() },
        "fields" => Target::Drop { interface: "wasi:http/types@0.2.6".into(), resource: "fields".into() },
        name => Target::Func { interface: "wasi:http/types@0.2.6".into(), name: name.into() },
    };
    let import = |import: wasmtime::ImportType<'_>| CoreImport {
        module: import.module().into(),
        name: import.name().into(),
        target: target(import.name()),
    };
    LoneCore {
        module: 0..0,
        imports: module.imports().map(import).collect(),
        exports: Vec::new(),
        memory: Some("memory".into()),
        realloc: Some("realloc".into()),
    }
}

/// Runs a module: how it ended, in the words of its host.
async fn run_module(text: &str) -> Result<(), String> {
    let engine = Engine::new(Config::new().epoch_interruption(true)).unwrap();
    let module = Module::new(&engine, wat::parse_str(text).unwrap()).unwrap();
    let lone = lone(&module);
    assert!(knows(&lone));
    let program = Program::link(&module, &lone, "handle").unwrap().expect("it fits");
    let host = Host::default();
    let services = Arc::new(Services::new(&Wasi::new(), &host));
    let state = State::new(&services, Given::new(Arc::default(), Streams::Are(host.stdio.clone()))).unwrap();
    let mut store = metered_store(&engine, state, &host.limits, &Arc::default()).unwrap();
    let running = program.instantiate(&mut store).await.unwrap();
    let nothing = Resource::<()>::new_own(998);
    running.call(&mut store, &nothing, &nothing).await.map_err(|error| error.root_cause().to_string())
}

async fn run(handle: &str) -> Result<(), String> {
    run_module(&module(BUMP, handle)).await
}

#[tokio::test]
async fn lists_of_pairs_cross_both_ways() {
    // The header a-name: name, as a list, and then what the fields made of it have.
    let handle = r#"
        (local $f i32)
        (i32.store (i32.const 128) (i32.const 0))
        (i32.store (i32.const 132) (i32.const 6))
        (i32.store (i32.const 136) (i32.const 2))
        (i32.store (i32.const 140) (i32.const 4))
        (call $from-list (i32.const 128) (i32.const 1) (i32.const 64))
        (if (i32.load8_u (i32.const 64)) (then unreachable))
        (local.set $f (i32.load (i32.const 68)))
        (call $get (local.get $f) (i32.const 0) (i32.const 6) (i32.const 72))
        (if (i32.ne (i32.load (i32.const 76)) (i32.const 1)) (then unreachable))
        (if (i32.ne (i32.load (i32.load (i32.load (i32.const 72)))) (i32.load (i32.const 2))) (then unreachable))
        (if (i32.ne (i32.load offset=4 (i32.load (i32.const 72))) (i32.const 4)) (then unreachable))"#;
    run(handle).await.unwrap();
}

/// Fails with what the host says of each of these.
async fn each_fails(says: &str, all: &[&str]) {
    for handle in all {
        let error = run(handle).await.expect_err(handle);
        assert!(error.contains(says), "{handle}: {error}");
    }
}

#[tokio::test]
async fn values_cross_both_ways() {
    // A header of that name, then its value as the list says it.
    let handle = r#"
        (local $f i32)
        (local.set $f (call $fields))
        (call $append (local.get $f) (i32.const 0) (i32.const 6) (i32.const 2) (i32.const 4) (i32.const 64))
        (if (i32.load8_u (i32.const 64)) (then unreachable))
        (call $entries (local.get $f) (i32.const 72))
        (if (i32.ne (i32.load (i32.const 76)) (i32.const 1)) (then unreachable))
        (local.set $f (i32.load (i32.const 72)))
        (if (i32.ne (i32.load offset=4 (local.get $f)) (i32.const 6)) (then unreachable))
        (if (i64.ne (i64.load32_u (i32.load (local.get $f))) (i64.load32_u (i32.const 0))) (then unreachable))
        (if (i32.ne (i32.load offset=12 (local.get $f)) (i32.const 4)) (then unreachable))
        (if (i32.ne (i32.load (i32.load offset=8 (local.get $f))) (i32.load (i32.const 2))) (then unreachable))"#;
    run(handle).await.unwrap();
}

#[tokio::test]
async fn a_pointer_outside_of_the_memory_ends_the_guest() {
    each_fails(
        "outside of its memory",
        &[
            "(call $append (call $fields) (i32.const -1) (i32.const 6) (i32.const 0) (i32.const 1) (i32.const 64))",
            "(call $append (call $fields) (i32.const 65530) (i32.const 7) (i32.const 0) (i32.const 1) (i32.const 64))",
            "(call $append (call $fields) (i32.const 0) (i32.const -1) (i32.const 0) (i32.const 1) (i32.const 64))",
            "(call $from-list (i32.const 65520) (i32.const 2) (i32.const 64))",
            "(call $from-list (i32.const 0) (i32.const -1) (i32.const 64))",
            "(i32.store (i32.const 128) (i32.const -4))
             (i32.store (i32.const 132) (i32.const 8))
             (call $from-list (i32.const 128) (i32.const 1) (i32.const 64))",
        ],
    )
    .await;
}

#[tokio::test]
async fn a_result_goes_only_where_it_fits() {
    each_fails(
        "as the place for a result",
        &[
            "(call $entries (call $fields) (i32.const 65532))",
            "(call $entries (call $fields) (i32.const -8))",
            "(call $entries (call $fields) (i32.const 66))",
        ],
    )
    .await;
}

#[tokio::test]
async fn a_list_is_where_its_elements_may_be() {
    each_fails("no multiple of", &["(call $from-list (i32.const 2) (i32.const 1) (i32.const 64))"]).await;
}

#[tokio::test]
async fn text_that_is_not_utf_8_ends_the_guest() {
    each_fails("not UTF-8", &["(call $get (call $fields) (i32.const 16) (i32.const 3) (i32.const 64))"]).await;
}

#[tokio::test]
async fn a_case_that_there_is_not_ends_the_guest() {
    let handle = "(drop (call $set-method (call $request (call $fields)) (i32.const 10) (i32.const 0) (i32.const 0)))";
    each_fails("case 10 of a type that has fewer", &[handle]).await;
}

#[tokio::test]
async fn handles_that_were_not_given_are_unknown() {
    each_fails("should have a handle", &["(call $drop (i32.const 0))"]).await;
    each_fails(
        "unknown handle",
        &[
            "(call $drop (i32.const 7))",
            "(call $drop (i32.const -1))",
            "(local $f i32) (local.set $f (call $fields)) (call $drop (local.get $f)) (call $drop (local.get $f))",
            "(call $entries (call $request (call $fields)) (i32.const 64))",
            "(i32.store (i32.const 128) (call $fields)) (call $poll (i32.const 128) (i32.const 1) (i32.const 64))",
        ],
    )
    .await;
}

#[tokio::test]
async fn lists_that_overlap_do_not_make_the_host_copy_without_end() {
    // 2,000 times the same 64,000 bytes.
    let handle = r#"
        (local $i i32)
        (loop $next
            (i32.store offset=128 (i32.mul (local.get $i) (i32.const 16)) (i32.const 0))
            (i32.store offset=132 (i32.mul (local.get $i) (i32.const 16)) (i32.const 1))
            (i32.store offset=136 (i32.mul (local.get $i) (i32.const 16)) (i32.const 0))
            (i32.store offset=140 (i32.mul (local.get $i) (i32.const 16)) (i32.const 64000))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $next (i32.lt_u (local.get $i) (i32.const 2200))))
        (call $from-list (i32.const 128) (i32.const 2200) (i32.const 64))"#;
    each_fails("in one call", &[handle]).await;
}

/// Wants the host to return a list.
const LISTS: &str = r#"
    (local $f i32)
    (local.set $f (call $fields))
    (call $append (local.get $f) (i32.const 0) (i32.const 6) (i32.const 2) (i32.const 4) (i32.const 64))
    (call $entries (local.get $f) (i32.const 72))"#;

#[tokio::test]
async fn memory_that_is_not_there_is_not_written_to() {
    for realloc in ["(i32.const -8)", "(i32.const 65536)", "(i32.const 65532)", "(i32.const 2)"] {
        let error = run_module(&module(realloc, LISTS)).await.expect_err(realloc);
        assert!(error.contains("bytes of its memory"), "{realloc}: {error}");
    }
    let error = run_module(&module("unreachable", LISTS)).await.unwrap_err();
    assert!(error.contains("unreachable"), "{error}");
}

#[tokio::test]
async fn a_guest_that_is_called_to_allocate_may_not_call_its_host() {
    for realloc in
        ["(drop (call $fields)) (i32.const 4096)", "(call $entries (i32.const 1) (i32.const 72)) (i32.const 4096)"]
    {
        let error = run_module(&module(realloc, LISTS)).await.expect_err(realloc);
        assert!(error.contains("from within one that the host calls"), "{realloc}: {error}");
    }
}

#[tokio::test]
async fn a_function_of_another_type_does_not_fit() {
    let engine = Engine::default();
    let text = r#"(module
        (import "t" "[constructor]fields" (func (param i32) (result i32)))
        (memory (export "memory") 1)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 0)
        (func (export "handle") (param i32 i32)))"#;
    let module = Module::new(&engine, wat::parse_str(text).unwrap()).unwrap();
    assert!(Program::link(&module, &lone(&module), "handle").unwrap().is_none());
}
