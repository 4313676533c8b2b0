//! Plain core modules, and wasm-bindgen's.

use std::sync::{Arc, Mutex};

use holm::{Call, Instances, Kind};

use crate::support::{RUNTIME, guest};

const ADDER: &str = r#"(module
    (import "host" "twice" (func $twice (param i64) (result i64)))
    (import "host" "say" (func $say (param i32 i32)))
    (memory (export "memory") 1)
    (data (i32.const 16) "hello")
    (data (i32.const 32) "\ff\fe")
    (global $count (mut i32) (i32.const 0))
    (func (export "twice") (param i64) (result i64) (call $twice (local.get 0)))
    (func (export "say") (param i32 i32) (call $say (local.get 0) (local.get 1)))
    (func (export "both") (param i32) (result i32 f64) (local.get 0) (f64.const 0.5))
    (func (export "count") (result i32)
        (global.set $count (i32.add (global.get $count) (i32.const 1)))
        (global.get $count)))"#;

fn adder() -> (holm::PluginBuilder, Arc<Mutex<Vec<String>>>) {
    let said = Arc::new(Mutex::new(Vec::new()));
    let saying = Arc::clone(&said);
    let builder = RUNTIME
        .plugin_from("adder", ADDER)
        .provide("host", "twice", |_: &Call, number: u64| number.wrapping_mul(2))
        .provide("host", "say", move |_: &Call, text: String| saying.lock().unwrap().push(text));
    (builder, said)
}

#[test]
fn a_core_module_calls_functions_of_the_host() {
    let (builder, said) = adder();
    let plugin = builder.load().unwrap();
    assert_eq!(plugin.call::<u64>("twice", u64::MAX).unwrap(), u64::MAX - 1);
    plugin.call::<()>("say", (16, 5)).unwrap();
    assert_eq!(*said.lock().unwrap(), ["hello"]);
    assert_eq!(plugin.call::<(i32, f64)>("both", 7).unwrap(), (7, 0.5));
}

#[test]
fn pointers_outside_of_its_memory_and_text_that_is_none_end_the_call() {
    let (builder, said) = adder();
    let plugin = builder.instances(Instances::Pooled { most: 1 }).load().unwrap();
    for (pointer, length) in [(65536_u32, 1_u32), (65535, 2), (u32::MAX, u32::MAX), (0, u32::MAX), (32, 2)] {
        let error = plugin.call::<()>("say", (pointer, length)).unwrap_err();
        assert_eq!(error.kind(), Kind::Trap, "{error}");
    }
    plugin.call::<()>("say", (65536_u32, 0_u32)).unwrap();
    assert_eq!(*said.lock().unwrap(), [""]);
    assert_eq!(plugin.call::<i32>("count", ()).unwrap(), 1);
}

#[test]
fn a_signature_that_differs_is_told_of() {
    let error = adder().0.provide("host", "twice", |_: &Call, number: f32| number).load().unwrap_err();
    assert_eq!(error.kind(), Kind::MissingImports);
    assert!(error.to_string().contains("(i64) -> i64, and the host has (f32) -> f32"), "{error}");
}

#[test]
fn wasm_bindgens_guests_are_plugins_too() {
    let plugin = RUNTIME.plugin(guest("bindgen-web/fib_bg.wasm")).load().unwrap();
    let mut session = plugin.session();
    for _ in 0..2 {
        assert_eq!(session.call::<u32>("fibonacci", 10_u32).unwrap(), 55);
    }
}
