// Tests the module that `holm build` made.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

const bytes = await readFile(new URL('../{{name}}.wasm', import.meta.url));
const { instance } = await WebAssembly.instantiate(bytes);
const { gcd, is_prime, hypotenuse } = instance.exports;

test('the greatest common divisor is found', () => {
  assert.equal(gcd(12, 18), 6);
  assert.equal(gcd(7, 0), 7);
});

test('primes are told from other numbers', () => {
  assert.deepEqual([0, 1, 2, 3, 4, 25, 97].filter(is_prime), [2, 3, 97]);
});

test('the hypotenuse follows from the other sides', () => {
  assert.equal(hypotenuse(3, 4), 5);
});
