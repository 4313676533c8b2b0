// What a filter in C needs of a proxy: the names and shapes of proxy-wasm/spec, abi-versions v0.1.0, v0.2.0, v0.2.1.
#pragma once

#define IMPORT(name) __attribute__((import_module("env"), import_name(#name))) extern
#define EXPORT(name) __attribute__((export_name(#name)))

typedef unsigned int u32;

enum { OK = 0, NOT_FOUND = 1 };
enum { CONTINUE = 0, PAUSE = 1 };
enum { REQUEST_HEADERS = 0, RESPONSE_HEADERS = 2, CALL_HEADERS = 6 };
enum { REQUEST_BODY = 0, PLUGIN_CONFIGURATION = 7 };

IMPORT(proxy_log) u32 proxy_log(u32 level, const char *text, u32 size);
IMPORT(proxy_get_header_map_value)
u32 proxy_get_header_map_value(u32 map, const char *key, u32 key_size, char **value, u32 *value_size);
IMPORT(proxy_add_header_map_value)
u32 proxy_add_header_map_value(u32 map, const char *key, u32 key_size, const char *value, u32 value_size);
IMPORT(proxy_remove_header_map_value) u32 proxy_remove_header_map_value(u32 map, const char *key, u32 key_size);
IMPORT(proxy_get_property) u32 proxy_get_property(const char *path, u32 path_size, char **value, u32 *value_size);
IMPORT(proxy_set_effective_context) u32 proxy_set_effective_context(u32 context);
IMPORT(proxy_get_buffer_bytes) u32 proxy_get_buffer_bytes(u32 buffer, u32 start, u32 length, char **data, u32 *size);
IMPORT(proxy_set_buffer_bytes) u32 proxy_set_buffer_bytes(u32 buffer, u32 start, u32 length, const char *data, u32 size);
IMPORT(proxy_http_call)
u32 proxy_http_call(const char *upstream, u32 upstream_size, const char *headers, u32 headers_size, const char *body,
                    u32 body_size, const char *trailers, u32 trailers_size, u32 timeout, u32 *token);
IMPORT(proxy_send_local_response)
u32 proxy_send_local_response(u32 status, const char *details, u32 details_size, const char *body, u32 body_size,
                              const char *headers, u32 headers_size, int grpc_status);
#if ABI == 10
IMPORT(proxy_get_configuration) u32 proxy_get_configuration(char **data, u32 *size);
IMPORT(proxy_continue_request) u32 proxy_continue_request(void);
#else
IMPORT(proxy_continue_stream) u32 proxy_continue_stream(u32 stream);
#endif
#if ABI == 21
IMPORT(proxy_get_log_level) u32 proxy_get_log_level(u32 *level);
#endif
