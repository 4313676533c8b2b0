;; A guest of wasi:keyvalue@0.2.0-draft2. `run` makes a `cas` handle for `k`, sets `k` to `a` behind its back,
;; sees the swap fail, and swaps with the handle that the failure gave. Returns 0, or the number of the step
;; that went wrong.
(module
  (import "wasi:keyvalue/store@0.2.0-draft2" "open" (func $open (param i32 i32 i32)))
  (import "wasi:keyvalue/store@0.2.0-draft2" "[method]bucket.set"
    (func $set (param i32 i32 i32 i32 i32 i32)))
  (import "wasi:keyvalue/atomics@0.2.0-draft2" "[static]cas.new" (func $new (param i32 i32 i32 i32)))
  (import "wasi:keyvalue/atomics@0.2.0-draft2" "[method]cas.current" (func $current (param i32 i32)))
  (import "wasi:keyvalue/atomics@0.2.0-draft2" "swap" (func $swap (param i32 i32 i32 i32)))
  (import "wasi:keyvalue/atomics@0.2.0-draft2" "increment" (func $increment (param i32 i32 i32 i64 i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "default")
  (data (i32.const 32) "kabn")
  (global $free (mut i32) (i32.const 4096))

  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
    (global.set $free (i32.add (local.get $at) (local.get 3)))
    (local.get $at))

  ;; The answers are written to 1024: the case of the result, then its payload at 4 or, for numbers, at 8.
  (func $failed (result i32) (i32.load8_u (i32.const 1024)))
  (func $handle (result i32) (i32.load (i32.const 1028)))

  (func (export "run") (result i32)
    (local $bucket i32) (local $cas i32)
    (call $open (i32.const 16) (i32.const 7) (i32.const 1024))
    (if (call $failed) (then (return (i32.const 1))))
    (local.set $bucket (call $handle))

    (call $new (local.get $bucket) (i32.const 32) (i32.const 1) (i32.const 1024))
    (if (call $failed) (then (return (i32.const 2))))
    (local.set $cas (call $handle))

    (call $set (local.get $bucket) (i32.const 32) (i32.const 1) (i32.const 33) (i32.const 1) (i32.const 1024))
    (if (call $failed) (then (return (i32.const 3))))

    (call $swap (local.get $cas) (i32.const 34) (i32.const 1) (i32.const 1024))
    (if (i32.eqz (call $failed)) (then (return (i32.const 4))))
    (if (i32.ne (i32.load8_u (i32.const 1028)) (i32.const 1)) (then (return (i32.const 5))))
    (local.set $cas (i32.load (i32.const 1032)))

    ;; some("a")
    (call $current (local.get $cas) (i32.const 1024))
    (if (call $failed) (then (return (i32.const 6))))
    (if (i32.ne (i32.load8_u (i32.const 1028)) (i32.const 1)) (then (return (i32.const 7))))
    (if (i32.ne (i32.load8_u (i32.load (i32.const 1032))) (i32.const 97)) (then (return (i32.const 8))))

    (call $swap (local.get $cas) (i32.const 34) (i32.const 1) (i32.const 1024))
    (if (call $failed) (then (return (i32.const 9))))

    (call $increment (local.get $bucket) (i32.const 35) (i32.const 1) (i64.const -5) (i32.const 1024))
    (if (call $failed) (then (return (i32.const 10))))
    (if (i64.ne (i64.load (i32.const 1032)) (i64.const -5)) (then (return (i32.const 11))))
    (i32.const 0)))
