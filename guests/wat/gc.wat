;; Garbage collection: a struct, an array, i31 and a cast. 30 + 5 + 7 = 42.
(module
  (type $point (sub (struct (field $x i32) (field $y (mut i32)))))
  (type $point3 (sub $point (struct (field $x i32) (field $y (mut i32)) (field $z i32))))
  (type $numbers (array (mut i32)))
  (func (export "run") (result i32)
    (local $p (ref null $point))
    (local $a (ref null $numbers))
    (local.set $p (struct.new $point3 (i32.const 10) (i32.const 0) (i32.const 1)))
    (struct.set $point $y (local.get $p) (i32.const 20))
    (local.set $a (array.new $numbers (i32.const 1) (i32.const 5)))
    (array.set $numbers (local.get $a) (i32.const 0)
      (struct.get $point3 $z (ref.cast (ref $point3) (local.get $p))))
    (i32.add
      (i32.add
        (i32.add (struct.get $point $x (local.get $p)) (struct.get $point $y (local.get $p)))
        (i32.mul (array.len (local.get $a)) (array.get $numbers (local.get $a) (i32.const 0))))
      (i31.get_s (ref.i31 (i32.const 7)))))
  ;; Makes garbage for ever when asked for enough of it: 1000 structs a round, none kept.
  (func (export "churn") (param $rounds i32) (result i32)
    (local $left i32)
    (loop $round
      (local.set $left (i32.const 1000))
      (loop $one
        (drop (struct.new $point (local.get $left) (local.get $left)))
        (br_if $one (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
      (br_if $round (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
    (i32.const 42)))
