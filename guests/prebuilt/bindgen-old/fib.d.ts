/* tslint:disable */
/* eslint-disable */
/**
* Fails with a string, not with an Error.
* @param {string} text
* @returns {number}
*/
export function parse_or_string(text: string): number;
/**
* @param {Uint8Array} bytes
* @returns {Uint8Array}
*/
export function reverse_bytes(bytes: Uint8Array): Uint8Array;
/**
* @param {number} width
* @param {number} height
* @returns {number}
*/
export function area(width: number, height: number): number;
/**
* @param {bigint} left
* @param {bigint} right
* @returns {bigint}
*/
export function add64(left: bigint, right: bigint): bigint;
/**
* fibonacci(30) is 832040.
* @param {number} n
* @returns {number}
*/
export function fibonacci(n: number): number;
/**
* Calls JavaScript's console.log.
* @param {string} text
*/
export function log(text: string): void;
/**
* @param {string | undefined} [text]
* @returns {string | undefined}
*/
export function opt_text(text?: string): string | undefined;
/**
* undefined -> undefined, n -> n + 1
* @param {number | undefined} [number]
* @returns {number | undefined}
*/
export function opt(number?: number): number | undefined;
/**
* @param {Float64Array} numbers
* @param {number} by
* @returns {Float64Array}
*/
export function scale(numbers: Float64Array, by: number): Float64Array;
/**
* @param {string} text
* @returns {(string)[]}
*/
export function words(text: string): (string)[];
/**
* Panics.
*/
export function fail(): void;
/**
* @param {string} name
* @returns {string}
*/
export function greet(name: string): string;
/**
* Calls JavaScript's Date.now: milliseconds since 1970.
* @returns {number}
*/
export function now(): number;
/**
* @param {number} number
* @returns {boolean}
*/
export function is_even(number: number): boolean;
/**
* @param {string} text
* @returns {number}
*/
export function parse_int(text: string): number;
/**
*/
export class Counter {
  free(): void;
/**
* @param {number} start
*/
  constructor(start: number);
/**
* @param {number} by
* @returns {number}
*/
  increment(by: number): number;
/**
*/
  readonly value: number;
}

export type InitInput = RequestInfo | URL | Response | BufferSource | WebAssembly.Module;

export interface InitOutput {
  readonly memory: WebAssembly.Memory;
  readonly __wbg_counter_free: (a: number) => void;
  readonly add64: (a: number, b: number) => number;
  readonly area: (a: number, b: number) => number;
  readonly counter_increment: (a: number, b: number) => number;
  readonly counter_new: (a: number) => number;
  readonly counter_value: (a: number) => number;
  readonly fail: () => void;
  readonly fibonacci: (a: number) => number;
  readonly greet: (a: number, b: number, c: number) => void;
  readonly is_even: (a: number) => number;
  readonly log: (a: number, b: number) => void;
  readonly now: () => number;
  readonly opt: (a: number, b: number, c: number) => void;
  readonly opt_text: (a: number, b: number, c: number) => void;
  readonly parse_int: (a: number, b: number, c: number) => void;
  readonly parse_or_string: (a: number, b: number, c: number) => void;
  readonly reverse_bytes: (a: number, b: number, c: number) => void;
  readonly scale: (a: number, b: number, c: number, d: number) => void;
  readonly words: (a: number, b: number, c: number) => void;
  readonly __wbindgen_add_to_stack_pointer: (a: number) => number;
  readonly __wbindgen_malloc: (a: number, b: number) => number;
  readonly __wbindgen_realloc: (a: number, b: number, c: number, d: number) => number;
  readonly __wbindgen_free: (a: number, b: number, c: number) => void;
}

export type SyncInitInput = BufferSource | WebAssembly.Module;
/**
* Instantiates the given `module`, which can either be bytes or
* a precompiled `WebAssembly.Module`.
*
* @param {SyncInitInput} module
*
* @returns {InitOutput}
*/
export function initSync(module: SyncInitInput): InitOutput;

/**
* If `module_or_path` is {RequestInfo} or {URL}, makes a request and
* for everything else, calls `WebAssembly.instantiate` directly.
*
* @param {InitInput | Promise<InitInput>} module_or_path
*
* @returns {Promise<InitOutput>}
*/
export default function __wbg_init (module_or_path?: InitInput | Promise<InitInput>): Promise<InitOutput>;
