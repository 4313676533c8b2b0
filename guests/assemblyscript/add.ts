// Plain functions, a string with its length, and an assertion that fails.

export function add(left: i32, right: i32): i32 {
  return left + right;
}

export function fibonacci(n: u32): u64 {
  let a: u64 = 0, b: u64 = 1;
  for (let i: u32 = 0; i < n; i++) {
    const next = a + b;
    a = b;
    b = next;
  }
  return a;
}

/** Imports env.abort, which AssemblyScript calls with (message, file, line, column). */
export function fail(): void {
  abort("on purpose");
}
