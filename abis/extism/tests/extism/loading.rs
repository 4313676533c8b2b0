//! Plugins that import what is not there, or of each other.

use holm_abi::{Abi as _, Host, Kind, Provision};
use holm_engine::Loader;
use holm_engine::shape::{ExternType, Import, Signature};
use holm_extism::Extism;

use crate::{call, load, load_as, prebuilt, text, text_by, told};

#[test]
fn all_that_is_missing_is_named_at_once() {
    let plugin = text(
        r#"(module
            (import "extism:host/env" "alloc" (func (param i64) (result i64)))
            (import "extism:host/env" "teleport" (func (param i64)))
            (import "extism:host/user" "shout" (func (param i64) (result i64)))
            (import "wasi_snapshot_preview1" "nothing" (func))
            (import "elsewhere" "thing" (func)))"#,
    );
    let error = load(&plugin, &Host::default()).err().unwrap();
    assert_eq!(error.kind(), Kind::MissingImports);
    assert_eq!(
        error.to_string(),
        "bad.wasm needs imports that nothing here provides:\
         \n  elsewhere\n    thing\
         \n  extism:host/env\n    teleport: Holm does not know it; the plugin's kit may be newer\
         \n  extism:host/user\n    shout: the program that runs the plugin is to provide it\
         \n  wasi_snapshot_preview1\n    nothing"
    );
}

#[test]
fn a_kernel_function_of_another_type_does_not_link() {
    let plugin = text(r#"(module (import "extism:host/env" "alloc" (func (param i32) (result i32))))"#);
    let error = load(&plugin, &Host::default()).err().unwrap();
    assert!(told(&error).starts_with("MissingImports: bad.wasm does not link"), "{error}");
}

#[test]
fn what_satisfies_an_import_is_known() {
    let extism = Extism::default();
    let provides = |module: &str, name: &str| {
        let ty = ExternType::Func(Signature { params: vec![], results: vec![] });
        extism.provides(&Import { module: module.into(), name: name.into(), ty })
    };
    assert_eq!(provides("extism:host/env", "load_u64"), Provision::Always);
    assert_eq!(provides("extism:host/env", "config_get"), Provision::Grant("--config KEY=VALUE"));
    assert_eq!(provides("extism:host/env", "teleport"), Provision::Nothing);
    assert_eq!(provides("extism:host/user", "shout"), Provision::Nothing);
    assert_eq!(provides("wasi_snapshot_preview1", "fd_write"), Provision::Always);
}

const LIBRARY: &str = r#"(module
    (import "extism:host/env" "input_length" (func $length (result i64)))
    (global $calls (mut i64) (i64.const 0))
    (func (export "calls") (result i64)
        (global.set $calls (i64.add (global.get $calls) (i64.const 1)))
        (i64.add (i64.mul (global.get $calls) (i64.const 10)) (call $length))))"#;

const MIDDLE: &str = r#"(module
    (import "library" "calls" (func $calls (result i64)))
    (export "calls" (func $calls)))"#;

const MAIN: &str = r#"(module
    (import "middle" "calls" (func $calls (result i64)))
    (func (export "main") (result i32) (i32.wrap_i64 (call $calls))))"#;

#[tokio::test]
async fn modules_are_linked_by_name_whatever_their_order() {
    let loader = Loader::default();
    let text = |wat| text_by(&loader, wat);
    let modules = vec![("middle".to_owned(), text(MIDDLE)), ("library".to_owned(), text(LIBRARY))];
    let abi = Extism { modules, ..Extism::default() };
    let functions = load_as(&abi, &text(MAIN), &Host::default()).unwrap();
    let mut instance = crate::Kept::open(functions.clone()).await.unwrap();
    for code in [13, 23] {
        let error = call(&mut instance, "main", "abc").await.unwrap_err();
        assert!(error.to_string().ends_with(&format!("the code {code}")), "{error}");
    }
    // Another instance has a library of its own.
    let error = call(&mut crate::Kept::open(functions.clone()).await.unwrap(), "main", "").await.unwrap_err();
    assert!(error.to_string().ends_with("the code 10"), "{error}");
}

#[test]
fn what_linked_modules_lack_is_missing_too() {
    let loader = Loader::default();
    let text = |wat| text_by(&loader, wat);
    let modules = vec![("middle".to_owned(), text(MIDDLE))];
    let abi = Extism { modules, ..Extism::default() };
    let error = load_as(&abi, &text(MAIN), &Host::default()).err().unwrap();
    assert!(error.to_string().ends_with("\n  library\n    calls"), "{error}");
}

#[test]
fn modules_that_import_each_other_in_a_circle_are_refused() {
    let loader = Loader::default();
    let importing =
        |from| text_by(&loader, &format!(r#"(module (import "{from}" "f" (func $f)) (export "f" (func $f)))"#));
    let modules = vec![("a".to_owned(), importing("b")), ("b".to_owned(), importing("a"))];
    let error = load_as(&Extism { modules, ..Extism::default() }, &importing("a"), &Host::default()).err().unwrap();
    assert_eq!(told(&error), "Unsupported: the modules a, b import each other in a circle");
}

#[test]
fn modules_that_were_compiled_for_another_engine_are_refused() {
    let modules = vec![("middle".to_owned(), text(MIDDLE))];
    let error = load_as(&Extism { modules, ..Extism::default() }, &text(MAIN), &Host::default()).err().unwrap();
    assert!(error.to_string().contains("`middle` was compiled for another engine"), "{error}");
}

#[test]
fn a_plugin_without_functions_of_the_host_says_which_it_lacks() {
    let error = load(&prebuilt("extism-lent.wasm"), &Host::default()).err().unwrap();
    for name in ["double", "nearest", "notice", "shout"] {
        assert!(error.to_string().contains(name), "{error}");
    }
}
