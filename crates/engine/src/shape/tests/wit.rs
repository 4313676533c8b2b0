//! Interfaces as text.

use super::{COMPONENT, wasm};
use crate::shape::{BadBytes, wit};

#[test]
fn a_component_shows_its_wit() {
    let text = wit(&wasm(COMPONENT)).expect("WIT");
    for line in ["import test:host/log@1.2.0;", "export test:guest/runner@0.1.0;", "export run: func() -> u32;"] {
        assert!(text.contains(line), "{text}");
    }
}

#[test]
fn a_module_without_wit_says_so() {
    let error = wit(&wasm("(module)")).expect_err("no WIT");
    assert_eq!(error, BadBytes::NoWit);
    assert!(error.to_string().starts_with("has no WIT: it is a core module without component types"));
}

#[test]
fn damaged_embedded_wit_is_an_error_in_one_line() {
    let error = wit(&wasm(r#"(module (@custom "component-type" "junk"))"#)).expect_err("no WIT");
    assert_eq!(error.to_string().lines().count(), 1);
    assert!(error.to_string().starts_with("has WIT that cannot be read: "), "{error}");
}
