;; Stack switching: a generator yields 20, then 22, each time on a stack of its own.
(module
  (type $generator (func))
  (type $continuation (cont $generator))
  (tag $yield (param i32))
  (func $numbers (suspend $yield (i32.const 20)) (suspend $yield (i32.const 22)))
  (elem declare func $numbers)
  (func (export "run") (result i32)
    (local $sum i32)
    (local $next (ref null $continuation))
    (local.set $next (cont.new $continuation (ref.func $numbers)))
    (loop $more
      (block $yielded (result i32 (ref $continuation))
        (resume $continuation (on $yield $yielded) (local.get $next))
        (return (local.get $sum)))
      (local.set $next)
      (local.set $sum (i32.add (local.get $sum)))
      (br $more))
    unreachable))
