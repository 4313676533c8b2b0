declare namespace wasm_bindgen {
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

}
declare type InitInput = RequestInfo | URL | Response | BufferSource | WebAssembly.Module;

declare interface InitOutput {
    readonly memory: WebAssembly.Memory;
    readonly __wbg_counter_free: (a: number, b: number) => void;
    readonly add64: (a: bigint, b: bigint) => bigint;
    readonly area: (a: number, b: number) => number;
    readonly counter_increment: (a: number, b: number) => number;
    readonly counter_new: (a: number) => number;
    readonly counter_value: (a: number) => number;
    readonly fail: () => void;
    readonly fibonacci: (a: number) => number;
    readonly greet: (a: number, b: number) => [number, number];
    readonly is_even: (a: number) => number;
    readonly log: (a: number, b: number) => void;
    readonly now: () => number;
    readonly opt: (a: number) => number;
    readonly opt_text: (a: number, b: number) => [number, number];
    readonly parse_int: (a: number, b: number) => [number, number, number];
    readonly parse_or_string: (a: number, b: number) => [number, number, number];
    readonly reverse_bytes: (a: number, b: number) => [number, number];
    readonly scale: (a: number, b: number, c: number) => [number, number];
    readonly words: (a: number, b: number) => [number, number];
    readonly __wbindgen_externrefs: WebAssembly.Table;
    readonly __wbindgen_malloc: (a: number, b: number) => number;
    readonly __wbindgen_realloc: (a: number, b: number, c: number, d: number) => number;
    readonly __wbindgen_free: (a: number, b: number, c: number) => void;
    readonly __externref_table_dealloc: (a: number) => void;
    readonly __externref_drop_slice: (a: number, b: number) => void;
    readonly __wbindgen_start: () => void;
}

declare type SyncInitInput = BufferSource | WebAssembly.Module;

declare namespace wasm_bindgen {
    /**
     * Instantiates the given `module`, which can either be bytes or
     * a precompiled `WebAssembly.Module`.
     *
     * @param {{ module: SyncInitInput }} module - Passing `SyncInitInput` directly is deprecated.
     *
     * @returns {InitOutput}
     */
    export function initSync(module: { module: SyncInitInput } | SyncInitInput): InitOutput;
}

/**
 * If `module_or_path` is {RequestInfo} or {URL}, makes a request and
 * for everything else, calls `WebAssembly.instantiate` directly.
 *
 * @param {{ module_or_path: InitInput | Promise<InitInput> }} module_or_path - Passing `InitInput` directly is deprecated.
 *
 * @returns {Promise<InitOutput>}
 */
declare function wasm_bindgen (module_or_path?: { module_or_path: InitInput | Promise<InitInput> } | InitInput | Promise<InitInput>): Promise<InitOutput>;
