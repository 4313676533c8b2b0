//! What a shape says about a guest.

use super::{COMPONENT, wasm};
use crate::shape::{Digest, ExternType, Form, Needs, Shape};

fn shape(text: &str) -> Shape {
    Shape::parse(&wasm(text)).expect("a guest")
}

fn signature(ty: &ExternType) -> String {
    match ty {
        ExternType::Func(signature) => signature.to_string(),
        other => format!("{other:?}"),
    }
}

#[test]
fn imports_and_exports_of_a_module_have_their_types() {
    let shape = shape(
        r#"(module
            (type $unused (func (param f32)))
            (import "env" "log" (func (param i32 i64) (result i32)))
            (import "env" "memory" (memory 1))
            (import "env" "table" (table 1 funcref))
            (import "env" "global" (global i32))
            (import "env" "tag" (tag))
            (func (export "run") (param externref v128) (result f32 f64) unreachable)
            (func (export "_start"))
            (func (export "typed") (param (ref null $unused)))
            (export "log" (func 0))
            (export "memory" (memory 0)))"#,
    );
    assert_eq!(shape.form, Form::Module);
    let imports: Vec<_> =
        shape.imports.iter().map(|i| format!("{}.{} {}", i.module, i.name, signature(&i.ty))).collect();
    let memory = "Memory { shared: false, memory64: false }";
    assert_eq!(
        imports,
        [
            "env.log (i32, i64) -> i32",
            &format!("env.memory {memory}"),
            "env.table Table",
            "env.global Global",
            "env.tag Tag"
        ]
    );
    let exports: Vec<_> = shape.exports.iter().map(|e| format!("{} {}", e.name, signature(&e.ty))).collect();
    assert_eq!(
        exports,
        [
            "run (externref, v128) -> (f32, f64)",
            "_start () -> ()",
            "typed ((ref null 0)) -> ()",
            "log (i32, i64) -> i32",
            &format!("memory {memory}"),
        ]
    );
    assert!(shape.import("env", "log").is_some() && shape.import("other", "log").is_none());
    assert!(shape.export("_start").is_some() && shape.export("main").is_none());
}

#[test]
fn an_exported_function_is_found_by_its_index() {
    let shape = shape(
        r#"(module (import "a" "b" (func)) (func) (func (export "run")) (global (export "g") i32 (i32.const 0)))"#,
    );
    assert_eq!(shape.function_named(2), Some("run"));
    assert_eq!(shape.function_named(0), None);
    assert_eq!(shape.export("g").and_then(|export| export.function), None);
}

#[test]
fn interfaces_of_a_component_list_their_functions_and_resources() {
    let shape = shape(COMPONENT);
    assert_eq!(shape.form, Form::Component);
    let names = |ty: &ExternType| match ty {
        ExternType::Instance(names) => names.clone(),
        other => vec![format!("{other:?}")],
    };
    let imports: Vec<_> = shape.imports.iter().map(|i| (i.module.as_str(), i.name.as_str(), names(&i.ty))).collect();
    assert_eq!(imports, [("", "test:host/log@1.2.0", vec!["line".to_owned(), "write".to_owned()])]);
    let exports: Vec<_> = shape.exports.iter().map(|e| (e.name.as_str(), names(&e.ty))).collect();
    assert_eq!(
        exports,
        [("test:guest/runner@0.1.0", vec!["run".to_owned()]), ("run", vec!["ComponentFunc".to_owned()])]
    );
}

#[test]
fn code_of_nested_modules_counts() {
    assert!(shape(COMPONENT).code_size > 0);
    assert_eq!(shape("(module)").code_size, 0);
}

#[test]
fn custom_sections_are_found_with_their_contents() {
    let bytes = wasm(r#"(module (@custom "a" "one") (func (export "f")) (@custom "b" "two"))"#);
    let shape = Shape::parse(&bytes).expect("a guest");
    let found: Vec<_> = shape.customs.iter().map(|c| (c.name.as_str(), c.contents(&bytes))).collect();
    assert_eq!(found, [("a", Some(b"one".as_slice())), ("b", Some(b"two".as_slice()))]);
    assert_eq!(shape.custom("b").and_then(|c| c.contents(b"short")), None);
}

#[test]
fn the_digest_is_the_sha_256_of_the_file() {
    let bytes = b"\0asm\x01\0\0\0";
    let shape = Shape::parse(bytes).expect("the empty module");
    let hex = "93a44bbb96c751218e4c00d479e4c14358122a389acca16205b1e4d0dc5f9476";
    assert_eq!(shape.digest.to_string(), hex);
    assert_eq!(shape.digest.short(), "93a44bbb96c7");
    assert_eq!(hex.parse(), Ok(shape.digest));
    assert_eq!(hex.to_uppercase().parse(), Ok(shape.digest));
    for wrong in ["", "93a4", &hex.replace('9', "g"), &"é".repeat(32)] {
        assert!(wrong.parse::<Digest>().is_err(), "{wrong}");
    }
    let given = Digest::from([7; 32]);
    assert_eq!(Shape::parse_with_digest(bytes, given).expect("the same").digest, given);
}

#[test]
fn a_shape_survives_being_stored() {
    let shape = shape(COMPONENT);
    let json = serde_json::to_string(&shape).expect("to JSON");
    assert_eq!(serde_json::from_str::<Shape>(&json).expect("from JSON"), shape);
}

#[test]
fn a_guest_without_extras_needs_nothing() {
    assert_eq!(shape(r#"(module (memory 1) (table 1 funcref) (func (export "_start")))"#).needs, Needs::default());
    assert_eq!(shape(COMPONENT).needs, Needs::default());
}

#[test]
fn shared_memory_is_seen_imported_defined_and_nested() {
    for text in [
        r#"(module (import "env" "memory" (memory 1 2 shared)))"#,
        "(module (memory 1 2 shared))",
        "(component (core module (memory 1 2 shared)))",
    ] {
        assert_eq!(shape(text).needs, Needs { shared_memory: true, ..Needs::default() }, "{text}");
    }
}

#[test]
fn other_needs_show_in_the_sections() {
    let none = Needs::default();
    for (text, needs) in [
        ("(module (memory i64 1))", Needs { memory64: true, ..none }),
        ("(module (table i64 1 funcref))", Needs { memory64: true, ..none }),
        ("(module (memory 1) (memory 1))", Needs { multi_memory: true, ..none }),
        ("(component (core module (memory 1)) (core module (memory 1)))", none),
        ("(module (type (struct)))", Needs { gc: true, ..none }),
        ("(component (core module (rec (type (func)))))", Needs { gc: true, ..none }),
        ("(module (tag))", Needs { tags: true, ..none }),
        (r#"(module (import "a" "b" (tag)))"#, Needs { tags: true, ..none }),
    ] {
        assert_eq!(shape(text).needs, needs, "{text}");
    }
}

#[test]
fn asynchrony_of_components_is_seen_wherever_it_hides() {
    for text in [
        r#"(component (import "f" (func async)))"#,
        r#"(component (import "i" (instance (export "f" (func async)))))"#,
        r#"(component (import "i" (instance (export "t" (type (sub resource))) (type (stream u8)))))"#,
        "(component (type (future string)))",
        "(component (type (stream)))",
        "(component (type (record (field \"e\" error-context))))",
        "(component (component (type (component (type (func async))))))",
        r#"(component (import "wasi:clocks/monotonic-clock@0.3.0" (instance)))"#,
        r#"(component (component (import "wasi:cli/run@0.3.0-rc-2025-09-16" (instance))))"#,
        "(component (core func (canon backpressure.inc)))",
        "(component (core func (canon task.return (result u32))))",
        "(component (core func (canon waitable-set.new)))",
        r#"(component (import "f" (func $f)) (core func (canon lower (func $f) async)))"#,
        r#"(component
            (core module $m (func (export "f")))
            (core instance $i (instantiate $m))
            (type $t (func async))
            (func (type $t) (canon lift (core func $i "f") async)))"#,
    ] {
        assert_eq!(shape(text).needs, Needs { concurrency: true, ..Needs::default() }, "{text}");
    }
}

#[test]
fn names_that_only_look_like_wasi_0_3_are_not_asynchronous() {
    for name in ["wasi:clocks/monotonic-clock@0.2.3", "wasi:cli/run@0.30.0", "test:a/b@0.3.0", "a"] {
        let text = format!(r#"(component (import "{name}" (instance)))"#);
        assert_eq!(shape(&text).needs, Needs::default(), "{name}");
    }
}
