;; Plain functions for `call`: every core number type, several results, none, and a trap.
(module
  (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add)
  (func (export "add64") (param i64 i64) (result i64) local.get 0 local.get 1 i64.add)
  (func (export "addf") (param f64 f64) (result f64) local.get 0 local.get 1 f64.add)
  (func (export "addf32") (param f32 f32) (result f32) local.get 0 local.get 1 f32.add)
  (func (export "swap") (param i32 i64) (result i64 i32) local.get 1 local.get 0)
  (func (export "divide") (param i32 i32) (result i32) local.get 0 local.get 1 i32.div_s)
  (func (export "nop"))
  (func $fail (export "fail") unreachable))
