/* @ts-self-types="./fib.d.ts" */
import * as wasm from "./fib_bg.wasm";
import { __wbg_set_wasm } from "./fib_bg.js";

__wbg_set_wasm(wasm);
wasm.__wbindgen_start();
export {
    Counter, add64, area, fail, fibonacci, greet, is_even, log, now, opt, opt_text, parse_int, parse_or_string, reverse_bytes, scale, words
} from "./fib_bg.js";
