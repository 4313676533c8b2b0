mod bad_bytes;
mod details;
mod features;
mod hostile;
mod interface;
#[cfg(feature = "wit")]
mod wit;

/// A binary from the text format.
pub(super) fn wasm(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("the test's text format is right")
}

/// One component with most of what components have.
const COMPONENT: &str = r#"
    (component
      (import "test:host/log@1.2.0" (instance $log
        (export "line" (type $line (sub resource)))
        (export "alias" (type (eq $line)))
        (export "write" (func (param "text" string)))))
      (core module $inner
        (memory (export "memory") 1)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 0)
        (func (export "run") (result i32) i32.const 0)
        (@custom "producers" "\01\08language\01\04Rust\041.95"))
      (core instance $i (instantiate $inner))
      (func $run (result u32) (canon lift (core func $i "run")))
      (component $wrap
        (import "run" (func $run (result u32)))
        (export "run" (func $run)))
      (instance $wrapped (instantiate $wrap (with "run" (func $run))))
      (export "test:guest/runner@0.1.0" (instance $wrapped))
      (export "run" (func $run)))
"#;
