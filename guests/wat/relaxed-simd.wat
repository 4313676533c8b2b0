;; Relaxed vectors: 4 * 10 + 2 is exact, whether it is rounded once or twice.
(module
  (func (export "run") (result i32)
    (i32.trunc_f32_s
      (f32x4.extract_lane 0
        (f32x4.relaxed_madd
          (f32x4.splat (f32.const 4))
          (f32x4.splat (f32.const 10))
          (f32x4.splat (f32.const 2)))))))
