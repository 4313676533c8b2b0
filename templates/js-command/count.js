/** How many lines, words and bytes there are, as `wc` counts them. */
export function counts(bytes) {
  const words = new TextDecoder().decode(bytes).split(/\s+/).filter((word) => word !== '');
  return [bytes.filter((byte) => byte === 10).length, words.length, bytes.length];
}

/** The same for people. */
export function line(bytes) {
  return counts(bytes).map((number) => String(number).padStart(8)).join('');
}
