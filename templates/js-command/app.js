// Counts lines, words and bytes of its standard input.

import { getStdin } from 'wasi:cli/stdin@0.2.10';

import { line } from './count.js';

/** The world's `wasi:cli/run`. What is thrown makes the exit code 1. */
export const run = {
  run() {
    console.log(line(read(getStdin())));
  },
};

/** All bytes of a stream. */
function read(stream) {
  const pieces = [];
  try {
    for (;;) pieces.push(stream.blockingRead(65536n));
  } catch (error) {
    if (error.payload?.tag !== 'closed') throw error;
  }
  const all = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
