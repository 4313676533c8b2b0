;; wasi-threads: four threads add 1 to a number in shared memory a thousand times each; the first one waits for all
;; four, prints `4000` and exits with 0. Exits with 1 when a thread cannot be made.
;;
;; memory: 0 the number | 4 how many threads are done | 16 buffer of fd_write | 32 the text
(module
  (import "env" "memory" (memory 1 16 shared))
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (export "memory" (memory 0))

  (func (export "wasi_thread_start") (param $id i32) (param $argument i32)
    (local $left i32)
    (local.set $left (local.get $argument))
    (loop $again
      (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
      (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (drop (i32.atomic.rmw.add (i32.const 4) (i32.const 1)))
    (drop (memory.atomic.notify (i32.const 4) (i32.const 1))))

  (func (export "_start")
    (local $left i32)
    (local $done i32)
    (local $number i32)
    (local $at i32)
    (local.set $left (i32.const 4))
    (loop $spawn-next
      (if (i32.le_s (call $spawn (i32.const 1000)) (i32.const 0))
        (then (call $proc_exit (i32.const 1))))
      (br_if $spawn-next (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))

    ;; Wait for as long as the count is what we last saw.
    (block $all-done
      (loop $wait
        (br_if $all-done (i32.eq (local.tee $done (i32.atomic.load (i32.const 4))) (i32.const 4)))
        (drop (memory.atomic.wait32 (i32.const 4) (local.get $done) (i64.const -1)))
        (br $wait)))

    ;; The digits, last one first, up to the end of line at 48.
    (local.set $number (i32.atomic.load (i32.const 0)))
    (local.set $at (i32.const 48))
    (i32.store8 (local.get $at) (i32.const 10))
    (loop $digit
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (i32.store8 (local.get $at) (i32.add (i32.const 48) (i32.rem_u (local.get $number) (i32.const 10))))
      (br_if $digit (local.tee $number (i32.div_u (local.get $number) (i32.const 10)))))
    (i32.store (i32.const 16) (local.get $at))
    (i32.store (i32.const 20) (i32.sub (i32.const 49) (local.get $at)))
    (drop (call $fd_write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 24)))
    (call $proc_exit (i32.const 0))))
