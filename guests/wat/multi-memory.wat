;; Two memories; a byte is copied from one to the other.
(module
  (memory $a 1)
  (memory $b 1)
  (data (memory $a) (i32.const 8) "\2a")
  (func (export "run") (result i32)
    (memory.copy $b $a (i32.const 100) (i32.const 8) (i32.const 1))
    (i32.load8_u $b (i32.const 100))))
