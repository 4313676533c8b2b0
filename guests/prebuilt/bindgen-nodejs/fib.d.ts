/* tslint:disable */
/* eslint-disable */

export class Counter {
    free(): void;
    [Symbol.dispose](): void;
    increment(by: number): number;
    constructor(start: number);
    readonly value: number;
}

export function add64(left: bigint, right: bigint): bigint;

export function area(width: number, height: number): number;

/**
 * Panics.
 */
export function fail(): void;

/**
 * fibonacci(30) is 832040.
 */
export function fibonacci(n: number): number;

export function greet(name: string): string;

export function is_even(number: number): boolean;

/**
 * Calls JavaScript's console.log.
 */
export function log(text: string): void;

/**
 * Calls JavaScript's Date.now: milliseconds since 1970.
 */
export function now(): number;

/**
 * undefined -> undefined, n -> n + 1
 */
export function opt(number?: number | null): number | undefined;

export function opt_text(text?: string | null): string | undefined;

export function parse_int(text: string): number;

/**
 * Fails with a string, not with an Error.
 */
export function parse_or_string(text: string): number;

export function reverse_bytes(bytes: Uint8Array | number[]): Uint8Array;

export function scale(numbers: Float64Array | number[], by: number): Float64Array;

export function words(text: string): string[];
