;; 128-bit arithmetic: the high half of 2^63 * 84 is 42.
(module
  (func (export "run") (result i32)
    (local $high i64)
    (i64.mul_wide_u (i64.const 0x8000000000000000) (i64.const 84))
    (local.set $high)
    (drop)
    (i32.wrap_i64 (local.get $high))))
