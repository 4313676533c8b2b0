// Tests the plugin that `holm build` made, with Holm as its host.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';

const plugin = fileURLToPath(new URL('../{{name}}.wasm', import.meta.url));
const call = (...words) => execFileSync('holm', ['call', ...words], { encoding: 'utf8' }).trimEnd();

test('who the input names is greeted, with the word that was configured', () => {
  assert.equal(call(plugin, 'greet', 'Ada'), 'Hello, Ada!');
  assert.equal(call('--config', 'greeting=Hej', plugin, 'greet', 'Ada'), 'Hej, Ada!');
});

test('vowels are counted', () => {
  assert.equal(call(plugin, 'count_vowels', 'To be or not to be'), '6');
});
