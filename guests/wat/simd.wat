;; Vectors: 4 x 10 and 2, added over the lanes.
(module
  (func (export "run") (result i32)
    (local $v v128)
    (local.set $v (i32x4.add (i32x4.splat (i32.const 10)) (v128.const i32x4 0 1 0 1)))
    (i32.add
      (i32.add (i32x4.extract_lane 0 (local.get $v)) (i32x4.extract_lane 1 (local.get $v)))
      (i32.add (i32x4.extract_lane 2 (local.get $v)) (i32x4.extract_lane 3 (local.get $v))))))
