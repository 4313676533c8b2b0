// A plugin for any host of Extism's: bytes in, bytes out.

import { Config, Host } from "@extism/as-pdk";

/** Called when the plugin fails. Hosts see a trap. */
export function abort(_message: string | null, _file: string | null, _line: u32, _column: u32): void {
  unreachable();
}

/** Greets who the input names, with the word that the host configured as `greeting`. */
export function greet(): i32 {
  const word = Config.get("greeting");
  Host.outputString((word === null ? "Hello" : word) + ", " + Host.inputString() + "!");
  return 0;
}

/** How many vowels the input has. */
export function count_vowels(): i32 {
  const text = Host.inputString().toLowerCase();
  let count = 0;
  for (let at = 0; at < text.length; at++) {
    if ("aeiou".includes(text.charAt(at))) count++;
  }
  Host.outputString(count.toString());
  return 0;
}
