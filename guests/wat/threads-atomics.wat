;; Atomic operations on a shared memory the module defines itself. No second thread runs.
(module
  (memory 1 1 shared)
  (func (export "run") (result i32)
    (i32.atomic.store (i32.const 0) (i32.const 40))
    (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
    (drop (i32.atomic.rmw.cmpxchg (i32.const 0) (i32.const 41) (i32.const 42)))
    (drop (memory.atomic.notify (i32.const 0) (i32.const 1)))
    (i32.atomic.load (i32.const 0))))
