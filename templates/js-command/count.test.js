import assert from 'node:assert/strict';
import { test } from 'node:test';

import { counts } from './count.js';

test('lines, words and bytes are counted', () => {
  const encoded = (text) => new TextEncoder().encode(text);
  assert.deepEqual(counts(encoded('')), [0, 0, 0]);
  assert.deepEqual(counts(encoded('to be\nor not\n')), [2, 4, 13]);
});
