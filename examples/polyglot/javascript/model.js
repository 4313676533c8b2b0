// The same model in JavaScript.

import { sign } from 'acme:polyglot/crypto@1.0.0';
import { BIAS, WEIGHTS } from './weights.js';

const WORD = /[a-z]+(?:'[a-z]+)?/g;
const TURNS = new Set(['not', 'no', 'never', 'nothing', 'without', 'hardly']);
// How many words after one that turns the meaning are turned.
const REACH = 3;

// Each word's sign: 1, or -1 shortly behind a `not` or the like. The last mention of a word counts.
function features(text) {
  const found = new Map();
  let turned = 0;
  for (const word of text.toLowerCase().match(WORD) ?? []) {
    if (TURNS.has(word) || word.endsWith("n't")) {
      turned = REACH;
      continue;
    }
    found.set(word, turned ? -1 : 1);
    turned = Math.max(turned - 1, 0);
  }
  return found;
}

function rate(text, key) {
  const known = [...features(text)].filter(([word]) => Object.hasOwn(WEIGHTS, word));
  // What is thrown is the error of the call's result.
  if (known.length === 0) throw 'the model knows none of these words';
  const positive = 1 / (1 + Math.exp(-BIAS - known.reduce((sum, [word, value]) => sum + WEIGHTS[word] * value, 0)));
  const label = positive > 0.5 ? 'positive' : 'negative';
  const probability = Math.max(positive, 1 - positive).toFixed(4);
  const signature = sign(key, `${label} ${probability} ${text}`);
  return { label, probability: Number(probability), signature };
}

export const model = { rate };
