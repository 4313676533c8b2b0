;; Like skew-works.wat, but it needs a function that a later release might have and no host has.
;; The error must name wasi:random/random@0.2.99 and get-dice-roll.
(component
  (import "wasi:random/random@0.2.99" (instance $random
    (export "get-random-u64" (func (result u64)))
    (export "get-dice-roll" (func (param "sides" u32) (result u32)))))
  (core func $random-u64 (canon lower (func $random "get-random-u64")))
  (core func $roll (canon lower (func $random "get-dice-roll")))
  (core module $m
    (import "random" "u64" (func $u64 (result i64)))
    (import "random" "roll" (func $roll (param i32) (result i32)))
    (func (export "run") (result i32) (drop (call $u64)) (call $roll (i32.const 6))))
  (core instance $i (instantiate $m (with "random" (instance
    (export "u64" (func $random-u64))
    (export "roll" (func $roll))))))
  (func (export "run") (result s32) (canon lift (core func $i "run"))))
