//! From core modules to components.
#![allow(clippy::unwrap_used)]

use holm_componentize::{Kind, descriptions, embed, encode, kind};
use wit_parser::Resolve;

fn module(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

/// A module that says it was built for the only world of this WIT.
fn described(text: &str, wit: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let package = resolve.push_str("world.wit", wit).unwrap();
    let world = resolve.select_world(&[package], None).unwrap();
    let mut module = module(text);
    embed(&mut module, &resolve, world).unwrap();
    module
}

/// What a component imports and exports, as WIT.
fn world(component: &[u8]) -> String {
    let decoded = wit_component::decode(component).unwrap();
    let mut printer = wit_component::WitPrinter::default();
    printer.print(decoded.resolve(), decoded.package(), &[]).unwrap();
    printer.output.to_string()
}

const PROGRAM: &str = r#"(module
    (import "wasi_snapshot_preview1" "proc_exit" (func (param i32)))
    (memory (export "memory") 1)
    (func (export "_start")))"#;

#[test]
fn a_program_for_wasi_0_1_becomes_one_for_0_2() {
    let component = encode(&module(PROGRAM)).unwrap();
    assert_eq!(kind(&component), Ok(Kind::Component));
    let world = world(&component);
    assert!(world.contains("export wasi:cli/run@0.2.") && world.contains("import wasi:cli/exit@0.2."), "{world}");
}

#[test]
fn a_module_becomes_a_component_of_the_world_it_was_built_for() {
    let module = described(
        r#"(module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))"#,
        "package acme:sum; world sum { export add: func(a: s32, b: s32) -> s32; }",
    );
    assert_eq!(kind(&module), Ok(Kind::Described));
    assert!(world(&encode(&module).unwrap()).contains("export add: func(a: s32, b: s32) -> s32;"));
}

#[test]
fn a_library_for_wasi_0_1_has_its_functions_led_to_0_2() {
    let module = described(
        r#"(module
            (import "wasi_snapshot_preview1" "random_get" (func (param i32 i32) (result i32)))
            (memory (export "memory") 1)
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 0)
            (func (export "roll") (result i32) i32.const 4))"#,
        "package acme:dice; world dice { export roll: func() -> u32; }",
    );
    let world = world(&encode(&module).unwrap());
    assert!(world.contains("import wasi:random/random@0.2.") && !world.contains("wasi:cli/run"), "{world}");
}

#[test]
fn what_the_sdks_of_spin_made_says_what_it_is() {
    for name in ["spin-sdk2-hello", "spin-sdk3-hello"] {
        let path = format!("{}/../../guests/prebuilt/{name}.wasm", env!("CARGO_MANIFEST_DIR"));
        let module = std::fs::read(path).unwrap();
        assert!(descriptions(&module).unwrap().iter().all(|description| kind(description) == Ok(Kind::Component)));
        let world = world(&encode(&module).unwrap());
        assert!(world.contains("export wasi:http/incoming-handler@0.2.0"), "{world}");
    }
}

#[test]
fn what_a_module_lacks_is_told() {
    let module = described("(module)", "package acme:sum; world sum { export add: func(); }");
    let error = encode(&module).unwrap_err();
    assert!(error.contains("`add`"), "{error}");
    let error = encode(&self::module(r#"(module (import "env" "f" (func)))"#)).unwrap_err();
    assert!(error.contains("`env`"), "{error}");
}

#[test]
fn what_is_no_webassembly_is_told_and_never_believed() {
    assert!(kind(b"").is_err() && kind(b"\x7fELF").is_err());
    let program = module(PROGRAM);
    for length in 0..program.len() {
        // Whatever is cut off, nothing fails otherwise than by an error.
        let _ = (kind(&program[..length]), encode(&program[..length]));
    }
}
