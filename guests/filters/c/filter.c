// A filter without any SDK, for each version of the ABI: -DABI=10, 20 or 21. It says in headers what it finds, and the
// request's x-test chooses a behaviour: `missing`, `property`, `reply`, `body`, or `call` to what the configuration names.
#include "proxy_wasm.h"

#define TEXT(literal) literal, sizeof(literal) - 1

// --- memory: what the host hands over is used within one callback, so each callback starts from the beginning --------

static char arena[1 << 16];
static u32 used;

#if ABI == 21
EXPORT(proxy_on_memory_allocate)
#else
EXPORT(malloc)
#endif
void *allocate(u32 size) {
    u32 start = (used + 7) & ~7u;
    if (size > sizeof arena - start) return 0;
    used = start + size;
    return arena + start;
}

// --- what is kept of a request ---------------------------------------------------------------------------------------

static struct stream {
    u32 root;
    char test;  // the first letter of x-test
} streams[256];

static struct stream *stream(u32 context) { return &streams[context % 256]; }

static u32 callers[256];  // contexts, by the token of a call

static char configuration[256];
static u32 configuration_size;

// --- text ------------------------------------------------------------------------------------------------------------

static u32 put(char *out, u32 at, const char *text, u32 size) {
    for (u32 i = 0; i < size; i++) out[at + i] = text[i];
    return at + size;
}

static u32 put_number(char *out, u32 at, u32 number) {
    char digits[10];
    u32 count = 0;
    do digits[count++] = '0' + number % 10;
    while (number /= 10);
    while (count) out[at++] = digits[--count];
    return at;
}

// --- the life of the filter ------------------------------------------------------------------------------------------

#if ABI == 10
EXPORT(proxy_abi_version_0_1_0) void abi(void) {}
EXPORT(_start) void start(void) {}
#elif ABI == 20
EXPORT(proxy_abi_version_0_2_0) void abi(void) {}
EXPORT(_initialize) void start(void) {}
#else
EXPORT(proxy_abi_version_0_2_1) void abi(void) {}
EXPORT(_initialize) void start(void) {}
#endif

EXPORT(proxy_on_context_create) void on_context_create(u32 context, u32 root) {
    used = 0;
    stream(context)->root = root;
    stream(context)->test = 0;
}

EXPORT(proxy_on_vm_start) u32 on_vm_start(u32 context, u32 size) { return 1; }

EXPORT(proxy_on_configure) u32 on_configure(u32 context, u32 size) {
    char *data = 0;
    u32 length = 0;
    used = 0;
#if ABI == 10
    proxy_get_configuration(&data, &length);
#else
    proxy_get_buffer_bytes(PLUGIN_CONFIGURATION, 0, size, &data, &length);
#endif
    if (length > sizeof configuration) return 0;
    configuration_size = put(configuration, 0, data, length);
    return 1;
}

EXPORT(proxy_on_done) u32 on_done(u32 context) { return 1; }
EXPORT(proxy_on_log) void on_log(u32 context) {}
EXPORT(proxy_on_delete) void on_delete(u32 context) {}
EXPORT(proxy_on_tick) void on_tick(u32 context) {}

// --- requests --------------------------------------------------------------------------------------------------------

static void add(u32 map, const char *name, u32 name_size, const char *value, u32 size) {
    proxy_add_header_map_value(map, name, name_size, value, size);
}

static u32 call(u32 context) {
    static const char headers[] =
        "\3\0\0\0\7\0\0\0\3\0\0\0\5\0\0\0\7\0\0\0\12\0\0\0\1\0\0\0:method\0GET\0:path\0/called\0:authority\0c";
    u32 token = 0;
    u32 status = proxy_http_call(configuration, configuration_size, headers, sizeof headers, 0, 0, "\0\0\0", 4, 5000, &token);
    callers[token % 256] = context;
    return status;
}

static void missing(void) {
    char *value = 0, text[32];
    u32 size = 77;
    u32 at = put_number(text, 0, proxy_get_header_map_value(REQUEST_HEADERS, TEXT("x-nowhere"), &value, &size));
    at = put(text, at, " ", 1);
    at = put_number(text, at, size);
    add(REQUEST_HEADERS, TEXT("x-c-missing"), text, at);
}

static void property(void) {
    char *value = 0;
    u32 size = 0;
    if (proxy_get_property(TEXT("plugin_root_id"), &value, &size) == OK)
        add(REQUEST_HEADERS, TEXT("x-c-root"), value, size);
}

static u32 request_headers(u32 context, char end) {
    char *test = 0;
    u32 size = 0;
    used = 0;
#if ABI == 10
    add(REQUEST_HEADERS, TEXT("x-c-abi"), TEXT("0.1.0"));
#elif ABI == 20
    add(REQUEST_HEADERS, TEXT("x-c-abi"), TEXT("0.2.0"));
#else
    add(REQUEST_HEADERS, TEXT("x-c-abi"), TEXT("0.2.1"));
#endif
    add(REQUEST_HEADERS, TEXT("x-c-end"), &end, 1);
    proxy_remove_header_map_value(REQUEST_HEADERS, TEXT("x-removed"));
    if (proxy_get_header_map_value(REQUEST_HEADERS, TEXT("x-test"), &test, &size) != OK || size == 0) return CONTINUE;
    switch (stream(context)->test = test[0]) {
        case 'm': missing(); break;
        case 'p': property(); break;
        case 'b': proxy_remove_header_map_value(REQUEST_HEADERS, TEXT("content-length")); break;
        case 'r':
            proxy_send_local_response(403, 0, 0, TEXT("no from C\n"), "\0\0\0", 4, -1);
            return PAUSE;
        case 'c':
            if (call(context) == OK) return PAUSE;
    }
    return CONTINUE;
}

#if ABI == 10
EXPORT(proxy_on_request_headers) u32 on_request_headers(u32 context, u32 count) { return request_headers(context, '-'); }
EXPORT(proxy_on_response_headers) u32 on_response_headers(u32 context, u32 count) {
#else
EXPORT(proxy_on_request_headers) u32 on_request_headers(u32 context, u32 count, u32 end) {
    return request_headers(context, end ? '1' : '0');
}
EXPORT(proxy_on_response_headers) u32 on_response_headers(u32 context, u32 count, u32 end) {
#endif
    used = 0;
    add(RESPONSE_HEADERS, TEXT("x-c-configuration"), configuration, configuration_size);
    return CONTINUE;
}

EXPORT(proxy_on_request_body) u32 on_request_body(u32 context, u32 size, u32 end) {
    used = 0;
    if (stream(context)->test != 'b') return CONTINUE;
    if (!end) return PAUSE;
    proxy_set_buffer_bytes(REQUEST_BODY, size, 0, TEXT("!"));
    return CONTINUE;
}

// The host says the root's context, and so the headers of the request are out of reach until that is changed.
EXPORT(proxy_on_http_call_response) void on_http_call_response(u32 context, u32 token, u32 headers, u32 body, u32 trailers) {
    char *status = 0, text[32];
    u32 size = 0;
    used = 0;
    proxy_get_header_map_value(CALL_HEADERS, TEXT(":status"), &status, &size);
    u32 at = put(text, 0, status, size);
    at = stream(context)->root ? put(text, at, TEXT(" stream")) : put(text, at, TEXT(" root"));
    proxy_set_effective_context(callers[token % 256]);
    add(REQUEST_HEADERS, TEXT("x-c-call"), text, at);
#if ABI == 10
    proxy_continue_request();
#else
    proxy_continue_stream(0);
#endif
}
