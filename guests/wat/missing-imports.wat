;; Imports three functions of two modules that no host has.
(module
  (import "nowhere" "open" (func (param i32 i32) (result i32)))
  (import "nowhere" "close" (func (param i32)))
  (import "elsewhere" "tick" (func (param i64 f64) (result i64)))
  (func (export "run") (result i32) (i32.const 42)))
