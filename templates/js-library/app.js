/** The interface of wit/words.wit. */
export const words = { frequent, palindrome };

function frequent(text, most) {
  const times = new Map();
  const spaced = Array.from(text.toLowerCase(), (character) => (isLetter(character) ? character : ' '));
  for (const word of spaced.join('').split(' ').filter((word) => word !== '')) {
    times.set(word, (times.get(word) ?? 0) + 1);
  }
  const counts = Array.from(times, ([word, times]) => ({ word, times }));
  counts.sort((a, b) => b.times - a.times || (a.word < b.word ? -1 : 1));
  return counts.slice(0, most);
}

function palindrome(text) {
  const letters = Array.from(text.toLowerCase()).filter(isLetter);
  if (letters.length === 0) {
    // What is thrown is the error of the interface's `result`.
    throw 'there is no letter in it';
  }
  return letters.join('') === letters.reverse().join('');
}

/** The engine inside components has no tables for `\p{L}` in regular expressions. */
function isLetter(character) {
  return character.toLowerCase() !== character.toUpperCase() || /[0-9]/.test(character);
}
