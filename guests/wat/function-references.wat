;; Typed function references: a function called through a reference that cannot be null.
(module
  (type $number (func (param i32) (result i32)))
  (func $double (type $number) (i32.mul (local.get 0) (i32.const 2)))
  (elem declare func $double)
  (func $apply (param $f (ref $number)) (param i32) (result i32) (call_ref $number (local.get 1) (local.get $f)))
  (func (export "run") (result i32) (call $apply (ref.func $double) (i32.const 21))))
