// An Extism plugin in C, without a kit: Extism's functions are imported as they are.
#include <stdint.h>

#define EXTISM(name) __attribute__((import_module("extism:host/env"), import_name(#name))) extern
#define EXPORT(name) __attribute__((export_name(#name)))

EXTISM(input_length) uint64_t input_length(void);
EXTISM(input_load_u8) uint32_t input_load_u8(uint64_t);
EXTISM(alloc) uint64_t extism_alloc(uint64_t);
EXTISM(free) void extism_free(uint64_t);
EXTISM(load_u8) uint32_t load_u8(uint64_t);
EXTISM(store_u8) void store_u8(uint64_t, uint32_t);
EXTISM(length) uint64_t extism_length(uint64_t);
EXTISM(output_set) void output_set(uint64_t, uint64_t);
EXTISM(error_set) void error_set(uint64_t);
EXTISM(config_get) uint64_t config_get(uint64_t);
EXTISM(log_info) void log_info(uint64_t);

static uint64_t put(const char *text) {
    uint64_t length = 0;
    while (text[length]) length++;
    uint64_t block = extism_alloc(length);
    for (uint64_t at = 0; at < length; at++) store_u8(block + at, (unsigned char)text[at]);
    return block;
}

static int calls;

// The input backwards.
EXPORT(reverse) int32_t reverse(void) {
    uint64_t length = input_length(), block = extism_alloc(length);
    for (uint64_t at = 0; at < length; at++) store_u8(block + at, input_load_u8(length - 1 - at));
    output_set(block, length);
    return 0;
}

// How often it was called, as one digit. Returns nothing.
EXPORT(calls) void count_calls(void) {
    char digit[2] = {(char)('0' + ++calls % 10), 0};
    output_set(put(digit), 1);
}

// The configuration value `name`; the error `no name`, and 0, without one.
EXPORT(name) int32_t name(void) {
    uint64_t value = config_get(put("name"));
    if (!value) {
        error_set(put("no name"));
        return 0;
    }
    log_info(put("found it"));
    output_set(value, extism_length(value));
    return 0;
}

// Fails with the code 3, and without a word.
EXPORT(code) int32_t code(void) { return 3; }
