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

#[test]
fn a_package_that_makes_the_decoder_panic_is_an_error() {
    // A WIT package with its export section turned into an import section.
    let bytes =
        b"\x00asm\x0d\x00\x01\x00\x07\x10\x01A\x02\x01B\x00\x04\x01\x05e:e/e\x05\x00\x0a\x07\x01\x00\x01e\x03\x00\x00";
    let error = wit(bytes).expect_err("no WIT");
    assert_eq!(error.to_string(), "has WIT that cannot be read: its packages contradict each other");
}
