;; Exceptions: one thrown two frames down and caught with its value, and one nobody catches.
(module
  (tag $wrong (param i32))
  (func $deeper (param i32) (throw $wrong (local.get 0)))
  (func $deep (param i32) (call $deeper (i32.add (local.get 0) (i32.const 2))))
  (func (export "run") (result i32)
    (block $caught (result i32)
      (try_table (catch $wrong $caught) (call $deep (i32.const 40)))
      (i32.const 0)))
  (func (export "uncaught") (call $deep (i32.const 1))))
