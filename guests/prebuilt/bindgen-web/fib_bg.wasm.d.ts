/* tslint:disable */
/* eslint-disable */
export const memory: WebAssembly.Memory;
export const __wbg_counter_free: (a: number, b: number) => void;
export const add64: (a: bigint, b: bigint) => bigint;
export const area: (a: number, b: number) => number;
export const counter_increment: (a: number, b: number) => number;
export const counter_new: (a: number) => number;
export const counter_value: (a: number) => number;
export const fail: () => void;
export const fibonacci: (a: number) => number;
export const greet: (a: number, b: number) => [number, number];
export const is_even: (a: number) => number;
export const log: (a: number, b: number) => void;
export const now: () => number;
export const opt: (a: number) => number;
export const opt_text: (a: number, b: number) => [number, number];
export const parse_int: (a: number, b: number) => [number, number, number];
export const parse_or_string: (a: number, b: number) => [number, number, number];
export const reverse_bytes: (a: number, b: number) => [number, number];
export const scale: (a: number, b: number, c: number) => [number, number];
export const words: (a: number, b: number) => [number, number];
export const __wbindgen_externrefs: WebAssembly.Table;
export const __wbindgen_malloc: (a: number, b: number) => number;
export const __wbindgen_realloc: (a: number, b: number, c: number, d: number) => number;
export const __wbindgen_free: (a: number, b: number, c: number) => void;
export const __externref_table_dealloc: (a: number) => void;
export const __externref_drop_slice: (a: number, b: number) => void;
export const __wbindgen_start: () => void;
