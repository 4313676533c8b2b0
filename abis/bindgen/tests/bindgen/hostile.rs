//! Guests that lie about pointers, lengths and handles.

use std::sync::Arc;

use holm_abi::{Functions, Kind};
use holm_engine::Source;

use crate::{call, functions, guest, text};

/// A module with a `.d.ts` and glue beside it, for one function `f`.
fn declared(declaration: &str, glue: &str, wat: &str) -> Arc<dyn Functions> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("bad.d.ts"), declaration).unwrap();
    std::fs::write(folder.path().join("bad.js"), glue).unwrap();
    let mut guest = guest(Source::from_bytes("bad", wat::parse_str(wat).unwrap()).unwrap());
    guest.path = Some(folder.path().join("bad_bg.wasm"));
    functions(&guest, &holm_abi::Host::default()).unwrap()
}

/// What happens to `f`, whose result is a list of bytes.
fn bytes(body: &str) -> Result<String, String> {
    let wat = format!(r#"(module (memory (export "memory") 1) (func (export "f") (result i32 i32) {body}))"#);
    let functions = declared("export function f(): Uint8Array;", "", &wat);
    call(&functions, "f", "[]").map_err(|error| format!("{:?}: {error}", error.kind()))
}

#[test]
fn a_result_outside_the_memory_is_refused() {
    let outside = |pointer: u32, size: u32| bytes(&format!("i32.const {pointer} i32.const {size}")).unwrap_err();
    for (pointer, size) in [(65536, 1), (65535, 2), (u32::MAX, 1), (1, u32::MAX), (u32::MAX, u32::MAX)] {
        let error = outside(pointer, size);
        let expected =
            format!("Trap: bad: broke wasm-bindgen's rules: {size} bytes at {pointer} are not in its memory");
        assert!(error.starts_with(&expected), "{error}");
    }
    assert_eq!(bytes("i32.const 65536 i32.const 0").unwrap(), "[]");
}

#[test]
fn a_length_that_overflows_is_refused() {
    let wat = r#"(module (memory (export "memory") 1)
        (func (export "f") (result i32 i32) i32.const 8 i32.const 0x20000001))"#;
    let functions = declared("export function f(): Float64Array;", "", wat);
    let error = call(&functions, "f", "[]").unwrap_err();
    assert!(error.to_string().contains("4294967304 bytes at 8"), "{error}");
}

#[test]
fn a_guest_without_free_is_read_all_the_same() {
    assert_eq!(bytes("i32.const 0 i32.const 2").unwrap(), "[0,0]");
}

#[test]
fn a_list_beyond_measure_is_refused() {
    let wat =
        r#"(module (memory (export "memory") 100) (func (export "f") (result i32 i32) i32.const 0 i32.const 5000000))"#;
    let error = call(&declared("export function f(): Uint8Array;", "", wat), "f", "[]").unwrap_err();
    assert_eq!(error.kind(), Kind::OutOfOutput, "{error}");
}

#[test]
fn a_return_pointer_outside_the_memory_is_refused() {
    for pointer in ["65532", "-1", "-8"] {
        let wat = format!(
            r#"(module (memory (export "memory") 1)
            (func (export "__wbindgen_add_to_stack_pointer") (param i32) (result i32) i32.const {pointer})
            (func (export "f") (param i32)))"#
        );
        let glue = "export function f() {\n const retptr = 0;\n var r0 = getInt32Memory0()[retptr / 4 + 0];\n \
                    var r1 = getInt32Memory0()[retptr / 4 + 1];\n}";
        let functions = declared("export function f(): string;", glue, &wat);
        let error = call(&functions, "f", "[]").unwrap_err();
        assert_eq!(error.kind(), Kind::Trap, "{error}");
        assert!(error.to_string().contains("broke wasm-bindgen's rules"), "{error}");
    }
}

#[test]
fn an_allocator_that_answers_garbage_is_refused() {
    for answer in ["-1", "65534"] {
        let wat = format!(
            r#"(module (memory (export "memory") 1)
            (func (export "__wbindgen_malloc") (param i32 i32) (result i32) i32.const {answer})
            (func (export "f") (param i32 i32)))"#
        );
        let functions = declared("export function f(text: string): void;", "", &wat);
        let error = call(&functions, "f", r#"["text"]"#).unwrap_err();
        assert!(error.to_string().contains("4 bytes at "), "{error}");
    }
    let wat = r#"(module (memory (export "memory") 1) (func (export "f") (param i32 i32)))"#;
    let error = call(&declared("export function f(text: string): void;", "", wat), "f", r#"["x"]"#).unwrap_err();
    assert!(error.to_string().contains("it has no allocator"), "{error}");
}

/// A module that throws with these arguments.
fn throws(memory: &str, pointer: i32, size: i32) -> String {
    let wat = format!(
        r#"(module (import "wbg" "__wbindgen_throw" (func $throw (param i32 i32))) {memory}
        (func (export "f") i32.const {pointer} i32.const {size} call $throw))"#
    );
    call(&text(&wat), "f", "[]").unwrap_err().to_string()
}

#[test]
fn an_exception_carries_its_text_or_says_that_it_has_none() {
    let memory = r#"(memory (export "memory") 1) (data (i32.const 4) "too bad")"#;
    assert_eq!(throws(memory, 4, 7), "bad: threw an error: too bad");
    assert!(throws(memory, -1, 7).contains("7 bytes at 4294967295 are not in its memory"));
    assert!(throws("", 0, 0).contains("it exports no memory"));
}

#[test]
fn handles_that_were_never_given_are_refused() {
    for handle in ["0", "5000", "-1"] {
        let wat = format!(
            r#"(module (import "wbg" "__wbindgen_rethrow" (func $rethrow (param i32)))
            (func (export "f") i32.const {handle} call $rethrow))"#
        );
        let error = call(&text(&wat), "f", "[]").unwrap_err();
        assert!(error.to_string().contains("no JavaScript value with the handle"), "{error}");
    }
}

#[test]
fn an_index_outside_the_table_is_refused() {
    for index in ["10", "-1"] {
        let wat = format!(
            r#"(module (memory (export "memory") 1) (table (export "refs") 10 externref)
            (func (export "f") (result i32 i32) i32.const {index} i32.const 1))"#
        );
        let error = call(&declared("export function f(): void;", "", &wat), "f", "[]").unwrap_err();
        assert!(error.to_string().contains("in its table of references"), "{error}");
    }
}

#[test]
fn a_table_that_is_not_there_is_an_error() {
    let wat = r#"(module (import "wbg" "__wbindgen_init_externref_table" (func $init))
        (func (export "f"))
        (func (export "__wbindgen_start") call $init))"#;
    let error = call(&text(wat), "f", "[]").unwrap_err();
    assert!(error.to_string().contains("exports no table"), "{error}");
}

#[test]
fn values_without_end_reach_the_limit_on_memory() {
    let wat = r#"(module (import "wbg" "__wbindgen_string_new" (func $new (param i32 i32) (result i32)))
        (memory (export "memory") 1)
        (func (export "f") (loop $again (drop (call $new (i32.const 0) (i32.const 65536))) (br $again))))"#;
    let guest = guest(Source::from_bytes("bad", wat::parse_str(wat).unwrap()).unwrap());
    let mut host = holm_abi::Host::default();
    host.limits.memory = Some(1 << 20);
    let error = call(&functions(&guest, &host).unwrap(), "f", "[]").unwrap_err();
    assert_eq!(error.kind(), Kind::OutOfMemory, "{error}");
}

#[test]
fn a_declaration_that_does_not_fit_is_refused_before_the_call() {
    let wat = r#"(module (memory (export "memory") 1) (func (export "f") (param f64)))"#;
    for declaration in
        ["f(a: string): void", "f(a: boolean): void", "f(): void", "f(a: number): string", "f(a: any): void"]
    {
        let functions = declared(&format!("export function {declaration};"), "", wat);
        assert!(functions.list()[0].refused.is_some(), "{declaration}");
        assert_eq!(call(&functions, "f", "[]").unwrap_err().kind(), Kind::Usage);
    }
}

#[test]
fn text_is_copied_to_where_the_guest_says_and_no_further() {
    let wat = |malloc: i32, at: i32| {
        format!(
            r#"(module
            (import "wbg" "__wbindgen_string_new" (func $new (param i32 i32) (result i32)))
            (import "wbg" "__wbindgen_string_get" (func $get (param i32 i32)))
            (memory (export "memory") 1) (data (i32.const 100) "abc")
            (func (export "__wbindgen_malloc") (param i32 i32) (result i32) i32.const {malloc})
            (func (export "f") (result i32)
                (call $get (i32.const {at}) (call $new (i32.const 100) (i32.const 3)))
                (i32.add (i32.load8_u (i32.load (i32.const {at}))) (i32.load (i32.const {})))))"#,
            at.wrapping_add(4)
        )
    };
    assert_eq!(call(&text(&wat(200, 8)), "f", "[]").unwrap(), "100");
    for (malloc, at) in [(-1, 8), (65535, 8), (200, 65532)] {
        let error = call(&text(&wat(malloc, at)), "f", "[]").unwrap_err();
        assert!(error.to_string().contains("are not in its memory"), "{error}");
    }
}

#[test]
fn one_text_many_times_is_no_way_around_the_limits() {
    let wat = r#"(module
        (import "wbg" "__wbindgen_string_new" (func $new (param i32 i32) (result i32)))
        (memory (export "memory") 100)
        (func (export "f") (result i32 i32) (local $at i32) (local $text i32)
            (local.set $text (call $new (i32.const 0) (i32.const 1000000)))
            (loop $next
                (i32.store (local.get $at) (local.get $text))
                (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 4))) (i32.const 4000000))))
            i32.const 0 i32.const 1000000))"#;
    let error = call(&declared("export function f(): string[];", "", wat), "f", "[]").unwrap_err();
    assert_eq!(error.kind(), Kind::OutOfOutput, "{error}");
}

#[test]
fn a_declaration_without_end_is_refused() {
    let wat = r#"(module (func (export "f")))"#;
    for declaration in [format!("f({}): void", "a: void, ".repeat(60_000)), "f(".repeat(60_000), "f(a?: ".repeat(1000)]
    {
        let functions = declared(&format!("export function {declaration};").repeat(3), "", wat);
        assert!(functions.list()[0].refused.is_some());
    }
}
