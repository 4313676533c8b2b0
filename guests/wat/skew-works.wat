;; A component built against a later 0.2 release than any host knows, with nothing but what every release has.
;; A host must take its own version instead. `run` is 42.
(component
  (import "wasi:random/random@0.2.99" (instance $random
    (export "get-random-u64" (func (result u64)))))
  (core func $random-u64 (canon lower (func $random "get-random-u64")))
  (core module $m
    (import "random" "u64" (func $u64 (result i64)))
    (func (export "run") (result i32) (drop (call $u64)) (i32.const 42)))
  (core instance $i (instantiate $m (with "random" (instance (export "u64" (func $random-u64))))))
  (func (export "run") (result s32) (canon lift (core func $i "run"))))
