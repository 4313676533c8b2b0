;; A global whose first value is computed.
(module
  (global $answer i32 (i32.add (i32.mul (i32.const 20) (i32.const 2)) (i32.const 2)))
  (func (export "run") (result i32) (global.get $answer)))
