//! What wasm-bindgen and wasm-pack made for JavaScript, called without JavaScript.

use std::fs;

use serde_json::{Value as Json, json};
use tempfile::tempdir;

use crate::support::{Outcome, call, guest, holm};

/// The module of cargo, and what wasm-bindgen makes of it for each of its targets, new and old.
const ALL: [&str; 8] = [
    "fib.raw.wasm",
    "bindgen-bundler/fib_bg.wasm",
    "bindgen-web/fib_bg.wasm",
    "bindgen-nodejs/fib_bg.wasm",
    "bindgen-no-modules/fib_bg.wasm",
    "bindgen-retptr/fib_bg.wasm",
    "fib-old.raw.wasm",
    "bindgen-old/fib_bg.wasm",
];

fn everywhere<const N: usize>(words: [&str; N], expected: &str) {
    for name in ALL {
        assert_eq!(call(name, words).prints().trim_end(), expected, "{name}");
    }
}

#[test]
fn numbers_go_in_and_out_of_every_kind_of_module() {
    everywhere(["fibonacci", "30"], "832040");
    everywhere(["area", "2.5", "4"], "10");
}

#[test]
fn text_goes_in_and_out_of_every_kind_of_module() {
    everywhere(["greet", "Ada"], "Hello, Ada!");
    everywhere(["greet", "ü 🦀"], "Hello, ü 🦀!");
    everywhere(["greet", ""], "Hello, !");
}

#[test]
fn bytes_go_in_and_out_of_every_kind_of_module() {
    everywhere(["reverse_bytes", "[1, 2, 255]"], "[255, 2, 1]");
    everywhere(["reverse_bytes", "[]"], "[]");
}

#[test]
fn results_go_out_of_every_kind_of_module() {
    for name in ALL {
        let parsed = call(name, ["parse_or_string", "42"]).prints();
        assert!(["42", "ok(42)"].contains(&parsed.trim_end()), "{name}: {parsed}");
        let Outcome { stdout, stderr, .. } = call(name, ["parse_or_string", "x"]).ends();
        assert!(format!("{stdout}{stderr}").contains("not a number"), "{name}: {stdout}{stderr}");
    }
}

#[test]
fn json_goes_in_and_out() {
    let json = |words: [&str; 2]| -> Json {
        let printed = holm(["call", "--json"]).guest("bindgen-web/fib_bg.wasm").args(words).prints();
        serde_json::from_str(&printed).unwrap()
    };
    assert_eq!(json(["greet", r#""Ada""#]), json!("Hello, Ada!"));
    assert_eq!(json(["reverse_bytes", "[1, 2]"]), json!([2, 1]));
    assert_eq!(json(["is_even", "4"]), json!(true));
    assert_eq!(json(["words", r#""a b""#]), json!(["a", "b"]));
}

#[test]
fn other_types_are_known_from_the_declarations_beside_the_module() {
    let web =
        |words: &[&str]| holm(["call"]).guest("bindgen-web/fib_bg.wasm").args(words).prints().trim_end().to_owned();
    assert_eq!(web(&["is_even", "4"]), "true");
    assert_eq!(web(&["add64", "9007199254740993", "-1"]), "9007199254740992");
    assert_eq!(web(&["scale", "[1, 2.5]", "2"]), "[2, 5]");
    assert_eq!(web(&["words", "one two"]), "[\"one\", \"two\"]");
    assert_eq!(web(&["opt", "some(41)"]), "some(42)");
    assert_eq!(web(&["opt", "none"]), "none");
    assert_eq!(web(&["parse_int", "42"]), "42");
}

#[test]
fn an_error_of_the_guest_is_told_in_its_words() {
    for name in ["fib.raw.wasm", "bindgen-web/fib_bg.wasm", "bindgen-retptr/fib_bg.wasm"] {
        let ended = call(name, ["parse_int", "x"]).ends();
        let said = format!("{}{}", ended.stdout, ended.stderr);
        assert!(said.contains("invalid digit found in string"), "{name}: {ended:?}");
    }
}

#[test]
fn what_needs_javascript_is_refused_by_name_when_it_is_called() {
    for name in ["fib.raw.wasm", "bindgen-bundler/fib_bg.wasm", "bindgen-web/fib_bg.wasm"] {
        let ended = call(name, ["now"]).ends();
        assert_ne!(ended.code, Some(0), "{name}: {ended:?}");
        assert!(ended.stderr.contains("now") && ended.stderr.contains("JavaScript"), "{name}: {ended:?}");
        let ended = call(name, ["log", "text"]).ends();
        assert!(ended.stderr.contains("log") && ended.stderr.contains("JavaScript"), "{name}: {ended:?}");
    }
}

#[test]
fn functions_are_listed_without_the_plumbing() {
    for name in ALL {
        let listed = call(name, []).prints();
        assert!(listed.contains("fibonacci: "), "{name}: {listed}");
        assert!(!listed.contains("__wb"), "{name}: {listed}");
    }
    insta::assert_snapshot!(call("bindgen-web/fib_bg.wasm", []).prints(), @r"
    add64: (left: bigint, right: bigint): bigint
    area: (width: number, height: number): number
    counter_increment: (i32, i32) -> i32
        cannot be called from here: it is declared nowhere, or is a method: objects would end with the call
    counter_new: (i32) -> i32
        cannot be called from here: it is declared nowhere, or is a method: objects would end with the call
    counter_value: (i32) -> i32
        cannot be called from here: it is declared nowhere, or is a method: objects would end with the call
    fail: (): void
    fibonacci: (n: number): number
    greet: (name: string): string
    is_even: (number: number): boolean
    log: (text: string): void
    now: (): number
    opt: (number?: number | null): number | undefined
    opt_text: (text?: string | null): string | undefined
    parse_int: (text: string): number
    parse_or_string: (text: string): number
    reverse_bytes: (bytes: Uint8Array | number[]): Uint8Array
    scale: (numbers: Float64Array | number[], by: number): Float64Array
    words: (text: string): string[]
    ");
}

#[test]
fn numbers_work_without_the_files_beside_the_module() {
    let dir = tempdir().unwrap();
    fs::copy(guest("bindgen-web/fib_bg.wasm"), dir.path().join("fib_bg.wasm")).unwrap();
    assert_eq!(holm(["call", "fib_bg.wasm", "fibonacci", "30"]).within(dir.path()).prints(), "832040\n");
}

#[test]
fn a_panic_is_a_trap_with_names() {
    let ended = call("bindgen-web/fib_bg.wasm", ["fail"]).ends();
    assert_eq!(ended.code, Some(134), "{ended:?}");
    assert!(ended.stderr.starts_with("error: fib_bg.wasm: "), "{ended:?}");
}

#[test]
fn a_library_for_javascript_is_no_program() {
    let error = holm(["run"]).guest("fib.raw.wasm").fails(125);
    assert!(error.contains("is not a program"), "{error}");
}

#[test]
fn functions_for_javascript_are_held_to_limits() {
    let error =
        holm(["call", "--fuel", "1000"]).guest("bindgen-web/fib_bg.wasm").args(["fibonacci", "4000000000"]).fails(124);
    assert!(error.contains("--fuel sets the limit"), "{error}");
}
