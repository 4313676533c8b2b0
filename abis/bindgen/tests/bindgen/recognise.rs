//! Whose guests these are, and what their imports find.

use std::sync::Arc;

use holm_abi::{Abi as _, Certainty, Host, Kind, Provision};
use holm_bindgen::Bindgen;
use holm_engine::Source;
use holm_engine::shape::Shape;

use crate::{functions, guest, prebuilt};

fn shape(wat: &str) -> Shape {
    Shape::parse(&wat::parse_str(wat).unwrap()).unwrap()
}

#[test]
fn its_guests_are_recognised_by_imports_exports_or_section() {
    let because = |wat| Bindgen.recognise(&shape(wat)).map(|evidence| (evidence.certainty, evidence.because));
    let certain = |because: &str| Some((Certainty::Certain, because.to_owned()));
    let wbg = r#"(module (import "wbg" "__wbindgen_throw" (func (param i32 i32))))"#;
    assert_eq!(because(wbg), certain("imports `__wbindgen_throw` from `wbg`"));
    let malloc = r#"(module (func (export "__wbindgen_malloc")))"#;
    assert_eq!(because(malloc), certain("exports `__wbindgen_malloc`"));
    let section = r#"(module (@custom "__wasm_bindgen_unstable" ""))"#;
    assert_eq!(because(section), certain("has a section `__wasm_bindgen_unstable`"));
    assert_eq!(because(r#"(module (import "env" "f" (func)) (func (export "fib")))"#), None);
    assert_eq!(because(r#"(module (import "./app.js" "f" (func)))"#), None);
}

#[test]
fn imports_are_provided_or_refused() {
    let shape = Shape::parse(&std::fs::read(prebuilt("bindgen-web/fib_bg.wasm")).unwrap()).unwrap();
    for import in &shape.imports {
        let refused = import.name.contains("_now_") || import.name.contains("_log_");
        let expected = if refused { Provision::Refusal("it needs JavaScript") } else { Provision::Always };
        assert_eq!(Bindgen.provides(import), expected, "{}", import.name);
    }
}

#[test]
fn what_is_not_javascripts_is_missing() {
    let wat = r#"(module (import "wbg" "x" (func)) (import "env" "f" (func)) (import "wbg" "m" (memory 1)))"#;
    let guest = guest(Source::from_bytes("app", wat::parse_str(wat).unwrap()).unwrap());
    let error = functions(&guest, &Host::default()).err().unwrap();
    assert_eq!(error.kind(), Kind::MissingImports);
    assert!(error.to_string().contains("env\n    f") && error.to_string().contains("wbg\n    m"), "{error}");
    assert!(Arc::strong_count(&guest.shape) >= 1);
}
