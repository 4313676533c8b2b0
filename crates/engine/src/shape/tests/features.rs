//! One small guest for each proposal.

use super::{COMPONENT, wasm};
use crate::shape::features;

fn names(text: &str) -> String {
    let features = features(&wasm(text)).expect("a guest");
    features.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_guest_of_the_first_version_uses_no_proposal() {
    assert_eq!(names("(module)"), "");
    assert_eq!(
        names(
            r#"(module (memory (export "m") 1) (table 1 funcref) (global (mut i32) (i32.const 0))
                (elem (i32.const 0) $f) (data (i32.const 0) "a")
                (func $f (param i32) (result i32) (block (result i32) local.get 0 i32.const 1 i32.add)))"#
        ),
        ""
    );
}

#[test]
fn each_proposal_is_recognised() {
    for (text, expected) in [
        ("(module (func (local v128)))", "simd"),
        ("(module (func v128.const i64x2 0 0 drop))", "simd"),
        (
            "(module (func (param i32) local.get 0 i32x4.splat local.get 0 i32x4.splat i8x16.relaxed_swizzle drop))",
            "relaxed-simd simd",
        ),
        ("(module (func return_call 0))", "tail-call"),
        ("(module (tag) (func throw 0))", "exception-handling"),
        ("(module (func (block $b (try_table (catch_all $b)))))", "exception-handling"),
        ("(module (tag) (func try catch 0 end))", "legacy-exception-handling"),
        ("(module (type (struct)))", "gc"),
        ("(module (func i32.const 1 ref.i31 drop))", "gc"),
        ("(module (type $t (func)) (func (param (ref $t))))", "function-references reference-types"),
        ("(module (type $t (func)) (func unreachable return_call_ref $t))", "function-references tail-call"),
        ("(module (func (param externref)))", "reference-types"),
        ("(module (table 1 funcref) (func i32.const 0 table.get 0 drop))", "reference-types"),
        ("(module (table 1 funcref) (table 1 funcref))", "reference-types"),
        ("(module (memory 1) (memory 1))", "multi-memory"),
        ("(module (memory i64 1))", "memory64"),
        ("(module (memory 1 1 shared))", "threads"),
        ("(module (memory 1) (func i32.const 0 i32.atomic.load drop))", "threads"),
        ("(module (memory 1) (func i32.const 0 i32.const 0 i32.const 0 memory.fill))", "bulk-memory"),
        ("(module (data \"a\"))", "bulk-memory"),
        ("(module (func (result i32 i32) unreachable))", "multi-value"),
        ("(module (func i32.const 0 (block (param i32) drop)))", "multi-value"),
        ("(module (global i32 (i32.add (i32.const 1) (i32.const 2))))", "extended-const"),
        ("(module (func unreachable i64.add128 drop drop))", "wide-arithmetic"),
        ("(module (type $f (func)) (type (cont $f)))", "stack-switching"),
        ("(module (func (result i32) i32.const 0 i32.extend8_s))", "sign-extension-ops"),
        ("(module (func f32.const 0 i32.trunc_sat_f32_s drop))", "nontrapping-float-to-int-conversions"),
        (r#"(module (global (export "g") (mut i32) (i32.const 0)))"#, "mutable-global"),
        (r#"(module (import "a" "b" (global (mut i32))))"#, "mutable-global"),
        ("(module (memory 1 (pagesize 1)))", "custom-page-sizes"),
        ("(module (type (shared (func))))", "shared-everything-threads"),
        ("(component)", "component-model"),
        (r#"(component (import "f" (func async)))"#, "component-model component-model-async"),
    ] {
        assert_eq!(names(text), expected, "{text}");
    }
}

#[test]
fn nested_modules_count_each_by_itself() {
    assert_eq!(names(COMPONENT), "component-model");
    assert_eq!(
        names("(component (core module (memory 1)) (component (core module (memory 1) (func return_call 0))))"),
        "component-model tail-call"
    );
}

#[test]
fn an_unknown_instruction_is_an_error() {
    let mut module = wasm("(module (func nop nop nop))");
    let at = module.len() - 4;
    module[at] = 0xff;
    assert!(features(&module).is_err());
}
