import assert from 'node:assert/strict';
import { test } from 'node:test';

import { words } from './app.ts';

test('the most frequent words come first', () => {
  assert.deepEqual(words.frequent('To be, or not to be: that', 3), [
    { word: 'be', times: 2 },
    { word: 'to', times: 2 },
    { word: 'not', times: 1 },
  ]);
});

test('only letters and digits make a palindrome', () => {
  assert.equal(words.palindrome('A man, a plan, a canal: Panama'), true);
  assert.equal(words.palindrome('Holm'), false);
  assert.throws(() => words.palindrome('?!'), (error: unknown) => error === 'there is no letter in it');
});
