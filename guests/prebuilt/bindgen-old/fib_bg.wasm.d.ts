/* tslint:disable */
/* eslint-disable */
export const memory: WebAssembly.Memory;
export function __wbg_counter_free(a: number): void;
export function add64(a: number, b: number): number;
export function area(a: number, b: number): number;
export function counter_increment(a: number, b: number): number;
export function counter_new(a: number): number;
export function counter_value(a: number): number;
export function fail(): void;
export function fibonacci(a: number): number;
export function greet(a: number, b: number, c: number): void;
export function is_even(a: number): number;
export function log(a: number, b: number): void;
export function now(): number;
export function opt(a: number, b: number, c: number): void;
export function opt_text(a: number, b: number, c: number): void;
export function parse_int(a: number, b: number, c: number): void;
export function parse_or_string(a: number, b: number, c: number): void;
export function reverse_bytes(a: number, b: number, c: number): void;
export function scale(a: number, b: number, c: number, d: number): void;
export function words(a: number, b: number, c: number): void;
export function __wbindgen_add_to_stack_pointer(a: number): number;
export function __wbindgen_malloc(a: number, b: number): number;
export function __wbindgen_realloc(a: number, b: number, c: number, d: number): number;
export function __wbindgen_free(a: number, b: number, c: number): void;
