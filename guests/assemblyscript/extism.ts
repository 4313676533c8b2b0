// An Extism plugin in AssemblyScript, by Extism's own kit. What it calls when it fails is of its own, as the kit wants it.
import { Config, Host, LogLevel, Var } from "@extism/as-pdk";

export function abort(_message: string | null, _file: string | null, _line: u32, _column: u32): void {
  unreachable();
}

/** `Hello, INPUT!`, logged as well; the word before it is the configuration value `hello`. */
export function greet(): i32 {
  const hello = Config.get("hello");
  const text = (hello === null ? "Hello" : hello) + ", " + Host.inputString() + "!";
  Host.log(LogLevel.Info, text);
  Host.outputString(text);
  return 0;
}

/** How often it was called on this instance. */
export function count(): i32 {
  const before = Var.getString("count");
  const now = (before === null ? 0 : I32.parseInt(before)) + 1;
  Var.set("count", Uint8Array.wrap(String.UTF8.encode(now.toString())));
  Host.outputString(now.toString());
  return 0;
}

/** Aborts. */
export function fail(): i32 {
  throw new Error("failed");
}
