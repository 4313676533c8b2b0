//! Sizes, names and producers.

use super::{COMPONENT, wasm};
use crate::shape::{demangle, function_names, guess_language, producers, sizes};

#[test]
fn the_sizes_of_all_sections_add_up_to_the_size_of_the_file() {
    for text in ["(module)", r#"(module (memory 1) (data (i32.const 0) "abc") (@custom "c" "d"))"#, COMPONENT] {
        let bytes = wasm(text);
        let sizes = sizes(&bytes, 3).expect("a guest");
        assert_eq!(sizes.sections.iter().map(|section| section.size).sum::<u64>(), bytes.len() as u64, "{text}");
    }
}

#[test]
fn sections_are_named_and_sorted_by_size() {
    let sizes = sizes(&wasm(r#"(module (memory 1) (@custom "debug" "a long custom section"))"#), 0).expect("a guest");
    let names: Vec<_> = sizes.sections.iter().map(|s| (s.name.as_str(), s.size)).collect();
    assert_eq!(names, [("custom debug", 29), ("headers", 8), ("memory", 5)]);
    assert!(sizes.largest.is_empty());
}

#[test]
fn the_largest_functions_come_first_with_their_names() {
    let text = r#"(component
        (core module (func $small))
        (core module
            (import "env" "log" (func))
            (func $large nop nop nop nop nop nop)
            (func (export "exported") nop nop nop)
            (func nop nop)))"#;
    let sizes = sizes(&wasm(text), 3).expect("a guest");
    let largest: Vec<_> =
        sizes.largest.iter().map(|f| (f.module, f.index, f.name.as_deref().unwrap_or("-"), f.size)).collect();
    assert_eq!(largest, [(1, 1, "large", 8), (1, 2, "exported", 5), (1, 3, "-", 4)]);
}

#[test]
fn functions_are_named_by_debug_names_then_exports_then_imports() {
    let text = r#"(module
        (import "env" "log" (func))
        (func $inner (export "outer"))
        (func (export "only"))
        (func))"#;
    let names = function_names(&wasm(text)).expect("a module");
    let names: Vec<_> = names.iter().map(|(index, name)| (*index, name.as_str())).collect();
    assert_eq!(names, [(0, "env.log"), (1, "inner"), (2, "only")]);
}

#[test]
fn mangled_names_become_readable() {
    assert_eq!(demangle("_ZN4core3fmt9Formatter3pad17h0123456789abcdefE"), "core::fmt::Formatter::pad");
    assert_eq!(demangle("_RNvC6_123foo3bar"), "123foo::bar");
    assert_eq!(demangle("_ZN3foo3barEi"), "foo::bar(int)");
    assert_eq!(demangle("main"), "main");
    assert_eq!(demangle("_Znonsense"), "_Znonsense");
}

#[test]
fn a_name_cannot_grow_without_bound() {
    let bomb = format!("_Z1fI{}E", "S_S0_S1_S2_S3_S4_".repeat(200));
    assert!(demangle(&bomb).len() <= 4096);
    assert_eq!(demangle(&"a".repeat(100_000)).len(), 4096);
    assert!(demangle(&"é".repeat(100_001)).len() <= 4096);
}

#[test]
fn producers_are_found_in_nested_modules() {
    let found: Vec<_> = producers(&wasm(COMPONENT)).expect("a guest").iter().map(ToString::to_string).collect();
    assert_eq!(found, ["language: Rust 1.95"]);
}

#[test]
fn a_damaged_producers_section_is_no_reason_to_refuse() {
    let bytes = wasm(r#"(module (@custom "producers" "\02\03sdk\01\01a\01b\05"))"#);
    let found: Vec<_> = producers(&bytes).expect("a guest").iter().map(ToString::to_string).collect();
    assert_eq!(found, ["sdk: a b"]);
}

#[test]
fn a_language_is_only_guessed_from_marks_of_its_own() {
    for (text, expected) in [
        ("(module)", None),
        (r#"(module (@custom "go:buildid" "x"))"#, Some("Go: custom section go:buildid")),
        ("(module (func $tinygo_unwind))", Some("Go (TinyGo): function tinygo_unwind")),
        (r#"(module (func (export "__new")))"#, None),
        (
            r#"(module (func (export "__new") (export "__pin") (export "__unpin") (export "__collect")))"#,
            Some("AssemblyScript: exports __collect, __new, __pin, __unpin"),
        ),
        ("(component (core module (func $rust_panic)))", Some("Rust: function rust_panic")),
    ] {
        let guess = guess_language(&wasm(text)).expect("a guest");
        let guess = guess.map(|guess| format!("{}: {}", guess.language, guess.because));
        assert_eq!(guess.as_deref(), expected, "{text}");
    }
}
