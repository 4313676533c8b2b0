import assert from 'node:assert/strict';
import { test } from 'node:test';

// Node has no fetch events, and the tests need none.
globalThis.addEventListener ??= () => {};
const { answer } = await import('./app.js');

test('who gives a name is greeted by it', async () => {
  const text = async (url) => (await answer(new Request(url))).text();
  assert.equal(await text('http://localhost/'), 'Hello, world!\n');
  assert.equal(await text('http://localhost/?name=Ada'), 'Hello, Ada!\n');
});

test('there is nothing elsewhere', async () => {
  assert.equal((await answer(new Request('http://localhost/elsewhere'))).status, 404);
});
