/** The interface of wit/words.wit. */
export const words = { frequent, palindrome };

function frequent(text, most) {
  const times = new Map();
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []) {
    times.set(word, (times.get(word) ?? 0) + 1);
  }
  const counts = [...times].map(([word, times]) => ({ word, times }));
  counts.sort((a, b) => b.times - a.times || (a.word < b.word ? -1 : 1));
  return counts.slice(0, most);
}

/** What is thrown becomes the error of the interface's `result`. */
function palindrome(text) {
  const letters = text.toLowerCase().match(/[\p{L}\p{N}]/gu);
  if (letters === null) {
    throw 'there is no letter in it';
  }
  return letters.join('') === letters.reverse().join('');
}
