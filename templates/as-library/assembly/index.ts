// Numbers in, a number out: any host can call these.

/** The greatest common divisor. */
export function gcd(a: u32, b: u32): u32 {
  while (b != 0) {
    const rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

/** Whether `n` is a prime. */
export function is_prime(n: u32): bool {
  if (n < 2) return false;
  for (let divisor: u32 = 2; <u64>divisor * divisor <= n; divisor++) {
    if (n % divisor == 0) return false;
  }
  return true;
}

/** The length of the hypotenuse. */
export function hypotenuse(a: f64, b: f64): f64 {
  return Math.sqrt(a * a + b * b);
}
