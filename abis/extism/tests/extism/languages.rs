//! Plugins in other languages, and what those want called first.

use holm_abi::{Host, Kind};

use crate::{call, call_fresh, granting, load, open, prebuilt, text, told};

#[tokio::test]
async fn a_plugin_in_c_is_called() {
    let host = granting(|grants| _ = grants.config.insert("name".into(), "Ada".into()));
    let mut instance = open(&prebuilt("extism-c.wasm"), &host).await;
    assert_eq!(call(&mut instance, "reverse", "stressed").await.unwrap(), "desserts");
    assert_eq!(call(&mut instance, "calls", "").await.unwrap(), "1");
    assert_eq!(call(&mut instance, "calls", "").await.unwrap(), "2");
    assert_eq!(call(&mut instance, "name", "").await.unwrap(), "Ada");
}

#[tokio::test]
async fn an_error_counts_whatever_the_code_is_and_a_code_without_a_word() {
    let mut instance = open(&prebuilt("extism-c.wasm"), &Host::default()).await;
    let error = call(&mut instance, "name", "").await.unwrap_err();
    assert_eq!(told(&error), "Failed: no name");
    let error = call(&mut instance, "code", "").await.unwrap_err();
    assert_eq!(told(&error), "Failed: extism-c.wasm: `code` failed with the code 3");
}

#[tokio::test]
async fn a_plugin_in_go_is_called() {
    let mut instance = open(&prebuilt("extism-go.p1.wasm"), &Host::default()).await;
    for text in ["", "a", "grün", "sixteen bytes in"] {
        assert_eq!(call(&mut instance, "upper", text).await.unwrap(), text.to_uppercase());
    }
    let error = call(&mut instance, "fail", "no").await.unwrap_err();
    assert_eq!(told(&error), "Failed: no");
    assert_eq!(call(&mut instance, "upper", "again").await.unwrap(), "AGAIN");
}

#[tokio::test]
async fn a_plugin_that_ends_its_program_with_0_succeeded_and_is_started_anew() {
    let mut instance = open(&prebuilt("extism-go.p1.wasm"), &Host::default()).await;
    assert_eq!(call(&mut instance, "exit", "").await.unwrap(), "bye");
    assert_eq!(call(&mut instance, "upper", "again").await.unwrap(), "AGAIN");
    let error = call(&mut instance, "exit", "5").await.unwrap_err();
    assert_eq!(told(&error), "Failed: extism-go.p1.wasm: `exit` failed with the code 5");
}

#[tokio::test]
async fn a_plugin_sees_the_directories_it_was_granted() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.txt"), "from a file").unwrap();
    let dir = format!("{}::/data:ro", folder.path().display());
    let host = granting(|grants| grants.dirs.push(dir.parse().unwrap()));
    for (name, function) in [("extism-go.p1.wasm", "read"), ("extism-kit.p1.wasm", "read_file")] {
        let plugin = prebuilt(name);
        assert_eq!(call_fresh(&plugin, &host, function, "/data/a.txt").await.unwrap(), "from a file");
        let error = call_fresh(&plugin, &Host::default(), function, "/data/a.txt").await.unwrap_err();
        assert_eq!(error.kind(), Kind::Failed, "{error}");
    }
}

#[tokio::test]
async fn a_plugin_in_assemblyscript_is_called() {
    let (stderr, written) = holm_wasi::capture();
    let mut host = granting(|grants| _ = grants.config.insert("hello".into(), "Moin".into()));
    host.stdio.stderr = stderr;
    let mut instance = open(&prebuilt("extism-as.wasm"), &host).await;
    assert_eq!(call(&mut instance, "greet", "Ada").await.unwrap(), "Moin, Ada!");
    assert_eq!(*written.lock().unwrap(), b"INFO Moin, Ada!\n");
    for count in ["1", "2", "3"] {
        assert_eq!(call(&mut instance, "count", "").await.unwrap(), count);
    }
    assert_eq!(call(&mut instance, "fail", "").await.unwrap_err().kind(), Kind::Trap);
}

/// A plugin that returns the digits of the functions that were called before, in turn.
fn starting(exports: &str) -> String {
    format!(
        r#"(module
            (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
            (import "extism:host/env" "store_u8" (func $store (param i64 i32)))
            (import "extism:host/env" "output_set" (func $output (param i64 i64)))
            (global $seen (mut i32) (i32.const 0))
            (func $note (param i32)
                (global.set $seen (i32.add (local.get 0) (i32.mul (global.get $seen) (i32.const 10)))))
            {exports}
            (func (export "seen") (local i64)
                (local.set 0 (call $alloc (i64.const 2)))
                (call $store (local.get 0) (i32.add (i32.const 48) (i32.div_u (global.get $seen) (i32.const 10))))
                (call $store (i64.add (local.get 0) (i64.const 1))
                    (i32.add (i32.const 48) (i32.rem_u (global.get $seen) (i32.const 10))))
                (call $output (local.get 0) (i64.const 2))))"#
    )
}

#[tokio::test]
async fn what_a_language_wants_called_first_is_called_once_and_in_turn() {
    let haskell = r#"(func (export "hs_init") (param i32 i32) (call $note (i32.const 3)))"#;
    let constructors = r#"(func (export "__wasm_call_ctors") (call $note (i32.const 1)))"#;
    let reactor = r#"(func (export "_initialize") (call $note (i32.const 2)))"#;
    let foreign = r#"(func (export "__wasm_call_ctors") (param i32))"#;
    for (exports, seen) in [
        (String::new(), "00"),
        (reactor.to_owned(), "02"),
        (constructors.to_owned(), "01"),
        (format!("{constructors} {reactor}"), "01"),
        (format!("{haskell} {reactor}"), "23"),
        (format!("{haskell} {constructors}"), "03"),
        (format!("{foreign} {reactor}"), "00"),
    ] {
        let plugin = text(&starting(&exports));
        let mut instance = open(&plugin, &Host::default()).await;
        for _ in 0..2 {
            assert_eq!(call(&mut instance, "seen", "").await.unwrap(), seen, "{exports}");
        }
        assert_eq!(load(&plugin, &Host::default()).unwrap().list().len(), 1);
    }
}

#[tokio::test]
async fn a_program_can_be_called_and_is_fresh_each_time() {
    let plugin = text(&starting(r#"(func (export "_start") (call $note (i32.const 4)))"#));
    let mut instance = open(&plugin, &Host::default()).await;
    assert_eq!(call(&mut instance, "seen", "").await.unwrap(), "00");
    assert_eq!(call(&mut instance, "_start", "").await.unwrap(), "");
    assert_eq!(call(&mut instance, "seen", "").await.unwrap(), "00");
}
