/* What hosts in C do, and what they get wrong. Arguments: the folder of guests, a folder to write to. */

#include "holm.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CHECK(condition)                                                                                     \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                          \
            exit(1);                                                                                         \
        }                                                                                                    \
    } while (0)

static holm_runtime *runtime;
static char guest[4096], folder[4096];
static int dropped;

static void ok(holm_error *error, int line) {
    if (error) {
        fprintf(stderr, "line %d: %s\n", line, holm_error_message(error));
        exit(1);
    }
}
#define OK(call) ok(call, __LINE__)

static void fails(holm_error *error, holm_kind kind, const char *says, int line) {
    if (!error || holm_error_kind(error) != kind || !strstr(holm_error_message(error), says)) {
        fprintf(stderr, "line %d: kind %d: %s\n", line, error ? (int)holm_error_kind(error) : 0,
                error ? holm_error_message(error) : "it worked");
        exit(1);
    }
    holm_error_free(error);
}
#define FAILS(call, kind, says) fails(call, kind, says, __LINE__)

static void is(holm_data *data, uint32_t kind, const char *text, int line) {
    holm_value value = holm_data_value(data);
    if (value.kind != kind || value.size != strlen(text) || memcmp(value.data, text, value.size)) {
        fprintf(stderr, "line %d: kind %u: %s\n", line, value.kind, holm_data_text(data));
        exit(1);
    }
    CHECK(!strcmp(holm_data_text(data), text));
    holm_data_free(data);
}
#define IS(data, kind, text) is(data, kind, text, __LINE__)

static void sleep_ms(long milliseconds) {
    struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    nanosleep(&time, NULL);
}

struct log {
    pthread_mutex_t lock;
    char last[256];
    const void *seen;
    int lines;
};

static void drop(void *user) {
    (void)user;
    __atomic_add_fetch(&dropped, 1, __ATOMIC_SEQ_CST);
}

static void log_write(void *user, const holm_call *call, const holm_value *args, size_t count, holm_answer *answer) {
    struct log *log = user;
    (void)answer;
    if (!log) return;
    pthread_mutex_lock(&log->lock);
    CHECK(count == 1 && args[0].kind == HOLM_VALUE_KIND_TEXT);
    snprintf(log->last, sizeof log->last, "%s: %.*s", holm_call_plugin(call), (int)args[0].size, (const char *)args[0].data);
    log->seen = holm_call_user(call);
    log->lines++;
    pthread_mutex_unlock(&log->lock);
}

static void data_lookup(void *user, const holm_call *call, const holm_value *args, size_t count, holm_answer *answer) {
    (void)user, (void)call;
    CHECK(count == 1);
    if (args[0].size == 6 && !memcmp(args[0].data, "colour", 6))
        holm_answer_value(answer, holm_value_json("{\"ok\": \"blue\"}"));
    else if (args[0].size == 4 && !memcmp(args[0].data, "kill", 4))
        holm_answer_fail(answer, HOLM_KIND_DENIED, "not on a Sunday");
    else if (args[0].size == 5 && !memcmp(args[0].data, "wrong", 5))
        holm_answer_value(answer, holm_value_json("[1]"));
    else if (args[0].size == 4 && !memcmp(args[0].data, "null", 4))
        holm_answer_value(answer, holm_value_text(NULL));
    else if (args[0].size == 6 && !memcmp(args[0].data, "silent", 6))
        return;
    else
        holm_answer_value(answer, holm_value_json("{\"err\": \"nobody knows\"}"));
}

static void pause_ms(void *user, const holm_call *call, const holm_value *args, size_t count, holm_answer *answer) {
    (void)user, (void)call, (void)answer;
    CHECK(count == 1 && args[0].kind == HOLM_VALUE_KIND_JSON);
    sleep_ms(strtol((const char *)args[0].data, NULL, 10));
}

/* A builder for plugin.wasm with all that it needs. */
static holm_plugin_builder *builder(struct log *log) {
    holm_plugin_builder *builder = holm_plugin_builder_new(runtime, guest);
    holm_plugin_builder_name(builder, "greeter");
    holm_plugin_builder_provide(builder, "acme:host/log", "write", "func(text: string)", log_write, log, drop);
    holm_plugin_builder_provide(builder, "acme:host/data@0.1.0", "lookup", "func(string) -> result<string, string>",
                                data_lookup, NULL, NULL);
    holm_plugin_builder_provide(builder, "", "pause", "func(milliseconds: u32)", pause_ms, NULL, NULL);
    return builder;
}

static holm_plugin *load(holm_plugin_builder *builder) {
    holm_plugin *plugin;
    OK(holm_plugin_builder_load(builder, &plugin));
    return plugin;
}

static holm_error *call_json(holm_plugin *plugin, const char *function, const char *args) {
    return holm_plugin_call_json(plugin, function, args, NULL);
}

static void text_bytes_and_json_go_in_and_come_out(void) {
    holm_plugin *plugin = load(builder(NULL));
    holm_data *data;
    CHECK(!strcmp(holm_plugin_name(plugin), "greeter"));
    OK(holm_plugin_call_text(plugin, "greet", "Ada", &data));
    IS(data, HOLM_VALUE_KIND_TEXT, "Hello, Ada!");
    unsigned char bytes[] = {0, 255, 'a', 0};
    holm_value arg = holm_value_bytes(bytes, sizeof bytes);
    OK(holm_plugin_call(plugin, "echo", &arg, 1, NULL, &data));
    holm_value value = holm_data_value(data);
    CHECK(value.kind == HOLM_VALUE_KIND_BYTES && value.size == 4 && !memcmp(value.data, bytes, 4));
    holm_data_free(data);
    OK(holm_plugin_call_json(plugin, "birthday", "[{\"name\": \"Ada\", \"age\": 36, \"tags\": [\"x\"]}]", &data));
    IS(data, HOLM_VALUE_KIND_JSON, "{\"age\":37,\"name\":\"Ada\",\"tags\":[\"x\"]}");
    OK(holm_plugin_call_json(plugin, "greet", "[\"Ada\"]", &data));
    IS(data, HOLM_VALUE_KIND_JSON, "\"Hello, Ada!\"");
    OK(holm_plugin_call(plugin, "count", NULL, 0, NULL, &data));
    IS(data, HOLM_VALUE_KIND_JSON, "1");
    OK(holm_plugin_call_json(plugin, "wait", "[0]", &data));
    IS(data, HOLM_VALUE_KIND_JSON, "null");
    holm_value nothing = {HOLM_VALUE_KIND_JSON, (const uint8_t *)"0", 1};
    OK(holm_plugin_call(plugin, "wait", &nothing, 1, NULL, &data));
    IS(data, HOLM_VALUE_KIND_NOTHING, "");
    OK(holm_plugin_functions(plugin, &data));
    CHECK(strstr(holm_data_text(data), "\"signature\":\"func(name: string) -> string\""));
    holm_data_free(data);
    OK(holm_plugin_digest(plugin, &data));
    CHECK(holm_data_value(data).size == 64);
    holm_data_free(data);
    holm_plugin_free(plugin);
}

static void the_host_is_called_back(void) {
    struct log log = {PTHREAD_MUTEX_INITIALIZER, "", NULL, 0};
    holm_data *data;
    int before = dropped, mine = 7;
    holm_plugin *plugin = load(builder(&log));
    holm_call_options options = {sizeof options, NULL, &mine, NULL};
    holm_value ada = holm_value_text("Ada");
    OK(holm_plugin_call(plugin, "greet", &ada, 1, &options, NULL));
    CHECK(!strcmp(log.last, "greeter: greeting Ada") && log.seen == &mine);
    OK(holm_plugin_call_text(plugin, "greet", "Bob", NULL));
    CHECK(log.lines == 2 && log.seen == NULL);
    OK(holm_plugin_call_text(plugin, "find", "colour", &data));
    IS(data, HOLM_VALUE_KIND_TEXT, "blue");
    FAILS(holm_plugin_call_text(plugin, "find", "taste", &data), HOLM_KIND_FAILED, "nobody knows");
    CHECK(!data);
    FAILS(holm_plugin_call_text(plugin, "find", "kill", NULL), HOLM_KIND_DENIED, "greeter: not on a Sunday");
    FAILS(holm_plugin_call_text(plugin, "find", "wrong", NULL), HOLM_KIND_INTERNAL, "`lookup` returned");
    FAILS(holm_plugin_call_text(plugin, "find", "null", NULL), HOLM_KIND_USAGE, "the answer of a function");
    FAILS(holm_plugin_call_text(plugin, "find", "silent", NULL), HOLM_KIND_INTERNAL, "`lookup` did not answer");
    CHECK(dropped == before);
    holm_plugin_free(plugin);
    CHECK(dropped == before + 1);
}

static void limits_end_calls_and_the_next_one_works(void) {
    holm_limits all[] = {{.size = sizeof(holm_limits), .cpu_ns = 30000000},
                         {.size = sizeof(holm_limits), .wall_ns = 30000000},
                         {.size = sizeof(holm_limits), .fuel = 1000000}};
    holm_kind kinds[] = {HOLM_KIND_OUT_OF_CPU, HOLM_KIND_OUT_OF_TIME, HOLM_KIND_OUT_OF_FUEL};
    holm_data *data;
    for (int i = 0; i < 3; i++) {
        holm_plugin_builder *limited = builder(NULL);
        holm_plugin_builder_limits(limited, &all[i]);
        holm_plugin_builder_pooled(limited, 1);
        holm_plugin *plugin = load(limited);
        holm_report report = {.size = sizeof report};
        holm_call_options options = {.size = sizeof options, .report = &report};
        FAILS(holm_plugin_call(plugin, "spin", NULL, 0, &options, NULL), kinds[i], "greeter: out of");
        CHECK(report.cpu_ns > 0 && report.wall_ns >= report.cpu_ns && report.memory >= 65536);
        CHECK(i != 2 || report.fuel > 900000);
        OK(call_json(plugin, "count", "[]"));
        holm_plugin_free(plugin);
    }
    holm_limits memory = {.size = sizeof memory, .memory = 8 << 20};
    holm_plugin_builder *limited = builder(NULL);
    holm_plugin_builder_limits(limited, &memory);
    holm_plugin *plugin = load(limited);
    FAILS(call_json(plugin, "grow", "[64]"), HOLM_KIND_OUT_OF_MEMORY, "out of memory");
    OK(holm_plugin_call_json(plugin, "grow", "[2]", &data));
    IS(data, HOLM_VALUE_KIND_JSON, "2");
    holm_plugin_free(plugin);
}

static void a_trap_says_where_and_the_next_call_works(void) {
    holm_plugin_builder *pooled = builder(NULL);
    holm_plugin_builder_pooled(pooled, 1);
    holm_plugin *plugin = load(pooled);
    holm_error *error = call_json(plugin, "trap", "[]");
    CHECK(error && holm_error_kind(error) == HOLM_KIND_TRAP);
    int found = 0;
    for (size_t i = 0; holm_error_frame(error, i); i++) found |= strstr(holm_error_frame(error, i), "trap") != NULL;
    CHECK(found);
    holm_error_free(error);
    OK(call_json(plugin, "count", "[]"));
    holm_plugin_free(plugin);

    holm_plugin_builder *broken = builder(NULL);
    holm_plugin_builder_breaker(broken, 1, 60000000000);
    plugin = load(broken);
    FAILS(call_json(plugin, "trap", "[]"), HOLM_KIND_TRAP, "trapped");
    FAILS(call_json(plugin, "count", "[]"), HOLM_KIND_HOST_FULL, "left alone");
    holm_plugin_free(plugin);
}

static void a_session_keeps_its_instance(void) {
    holm_plugin *plugin = load(builder(NULL));
    holm_session *session;
    holm_data *data;
    OK(holm_session_open(plugin, &session));
    holm_plugin_free(plugin);
    OK(holm_session_call_json(session, "count", "[]", &data));
    IS(data, HOLM_VALUE_KIND_JSON, "1");
    OK(holm_session_call_text(session, "greet", "Ada", NULL));
    OK(holm_session_call(session, "count", NULL, 0, NULL, &data));
    IS(data, HOLM_VALUE_KIND_JSON, "2");
    CHECK(holm_session_instances(session) == 1);
    FAILS(holm_session_call(session, "trap", NULL, 0, NULL, NULL), HOLM_KIND_TRAP, "trapped");
    OK(holm_session_call(session, "count", NULL, 0, NULL, &data));
    IS(data, HOLM_VALUE_KIND_JSON, "1");
    OK(holm_session_restart(session));
    OK(holm_session_call(session, "count", NULL, 0, NULL, &data));
    IS(data, HOLM_VALUE_KIND_JSON, "1");
    CHECK(holm_session_instances(session) == 3);
    holm_session_free(session);
}

static void mistakes_are_errors(void) {
    holm_plugin *plugin = load(builder(NULL));
    FAILS(call_json(plugin, "gret", "[]"), HOLM_KIND_USAGE, "greeter: there is no function `gret`");
    holm_error *error = call_json(plugin, "gret", "[]");
    CHECK(strstr(holm_error_note(error, 0), "greet") && !holm_error_note(error, 99));
    holm_error_free(error);
    FAILS(call_json(plugin, "greet", "[]"), HOLM_KIND_USAGE, "it takes 1 arguments and was given 0");
    FAILS(call_json(plugin, "greet", "[1]"), HOLM_KIND_USAGE, "`name`");
    FAILS(call_json(plugin, "greet", "{}"), HOLM_KIND_USAGE, "no JSON array");
    FAILS(call_json(plugin, "greet", "["), HOLM_KIND_USAGE, "not JSON");
    FAILS(call_json(plugin, "grow", "[4294967296]"), HOLM_KIND_USAGE, "out of range");
    FAILS(holm_plugin_call_text(plugin, "greet", "\xff", NULL), HOLM_KIND_USAGE, "the argument is not UTF-8");
    FAILS(holm_plugin_call_text(plugin, "\xff", "x", NULL), HOLM_KIND_USAGE, "the function's name is not UTF-8");
    holm_value values[] = {{9, NULL, 0}, {HOLM_VALUE_KIND_TEXT, (const uint8_t *)"\xff", 1}, {HOLM_VALUE_KIND_TEXT, NULL, 5},
                           {HOLM_VALUE_KIND_BYTES, (const uint8_t *)"x", SIZE_MAX}};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        FAILS(holm_plugin_call(plugin, "greet", &values[i], 1, NULL, NULL), HOLM_KIND_USAGE, "argument 1");
    holm_call_options options = {0, NULL, NULL, NULL};
    FAILS(holm_plugin_call(plugin, "count", NULL, 0, &options, NULL), HOLM_KIND_USAGE, "options");
    holm_report report = {.size = 1};
    options.size = sizeof options, options.report = &report;
    FAILS(holm_plugin_call(plugin, "count", NULL, 0, &options, NULL), HOLM_KIND_USAGE, "report");

    holm_plugin_free(plugin);

    /* All at once, and what was given is dropped. */
    int before = dropped;
    holm_plugin_builder *wrong = holm_plugin_builder_new(runtime, guest);
    holm_plugin_builder_grant(wrong, "dog=./data");
    holm_plugin_builder_grant(wrong, NULL);
    holm_plugin_builder_pooled(wrong, 0);
    holm_plugin_builder_provide(wrong, "a", "f", "func(strng)", log_write, NULL, drop);
    holm_plugin_builder_provide(wrong, "a", "g", "func()", NULL, NULL, drop);
    error = holm_plugin_builder_load(wrong, &plugin);
    CHECK(holm_error_kind(error) == HOLM_KIND_USAGE && !plugin);
    const char *all[] = {"a grant is NULL", "a pool needs", "`f`", "`g` is NULL"};
    for (int i = 0; i < 4; i++) CHECK(strstr(holm_error_message(error), all[i]));
    holm_error_free(error);
    CHECK(dropped == before + 2);
    wrong = builder(NULL);
    holm_plugin_builder_grant(wrong, "dog=./data");
    FAILS(holm_plugin_builder_load(wrong, &plugin), HOLM_KIND_USAGE, "`dog=./data` is no grant");
    FAILS(holm_plugin_builder_load(holm_plugin_builder_new(runtime, guest), &plugin), HOLM_KIND_MISSING_IMPORTS, "pause");
    FAILS(holm_plugin_builder_load(holm_plugin_builder_new(runtime, "/nowhere/x.wasm"), &plugin), HOLM_KIND_NOT_FOUND, "x.wasm");
    FAILS(holm_plugin_builder_load(holm_plugin_builder_from_bytes(runtime, "junk", (const uint8_t *)"junk", 4), &plugin),
          HOLM_KIND_INVALID, "junk");
}

static void null_is_never_more_than_an_error(void) {
    holm_plugin *plugin = load(builder(NULL));
    holm_data *data = (holm_data *)&data;
    holm_session *session;
    FAILS(holm_runtime_new(NULL), HOLM_KIND_USAGE, "NULL");
    FAILS(holm_plugin_call(NULL, "f", NULL, 0, NULL, &data), HOLM_KIND_USAGE, "the plugin is NULL");
    CHECK(!data);
    FAILS(holm_plugin_call(plugin, NULL, NULL, 0, NULL, NULL), HOLM_KIND_USAGE, "NULL");
    FAILS(holm_plugin_call(plugin, "greet", NULL, 1, NULL, NULL), HOLM_KIND_USAGE, "NULL");
    FAILS(holm_plugin_call_text(plugin, "greet", NULL, NULL), HOLM_KIND_USAGE, "NULL");
    FAILS(holm_plugin_call_json(plugin, "greet", NULL, NULL), HOLM_KIND_USAGE, "NULL");
    holm_value null = holm_value_text(NULL);
    FAILS(holm_plugin_call(plugin, "greet", &null, 1, NULL, NULL), HOLM_KIND_USAGE, "NULL");
    FAILS(holm_plugin_reload(NULL), HOLM_KIND_USAGE, "NULL");
    FAILS(holm_plugin_watch(plugin, NULL), HOLM_KIND_USAGE, "NULL");
    FAILS(holm_plugin_functions(plugin, NULL), HOLM_KIND_USAGE, "NULL");
    FAILS(holm_plugin_functions(NULL, &data), HOLM_KIND_USAGE, "NULL");
    FAILS(holm_session_open(NULL, &session), HOLM_KIND_USAGE, "NULL");
    FAILS(holm_session_open(plugin, NULL), HOLM_KIND_USAGE, "NULL");
    FAILS(holm_session_call(NULL, "f", NULL, 0, NULL, NULL), HOLM_KIND_USAGE, "the session is NULL");
    FAILS(holm_session_restart(NULL), HOLM_KIND_USAGE, "NULL");
    FAILS(holm_cancel_new(NULL), HOLM_KIND_USAGE, "NULL");
    FAILS(holm_runtime_builder_build(NULL, &runtime), HOLM_KIND_USAGE, "NULL");
    holm_plugin *none;
    FAILS(holm_plugin_builder_load(NULL, &none), HOLM_KIND_USAGE, "NULL");
    FAILS(holm_plugin_builder_load(builder(NULL), NULL), HOLM_KIND_USAGE, "NULL");
    FAILS(holm_plugin_builder_load(holm_plugin_builder_new(NULL, guest), &none), HOLM_KIND_USAGE, "the runtime is NULL");
    FAILS(holm_plugin_builder_asks(NULL, &data), HOLM_KIND_USAGE, "NULL");
    FAILS(holm_log_to(3, NULL, NULL, NULL), HOLM_KIND_USAGE, "NULL");
    FAILS(holm_check_signature(NULL), HOLM_KIND_USAGE, "NULL");
    FAILS(holm_check_signature("func(x)"), HOLM_KIND_USAGE, "is no type");
    OK(holm_check_signature("func(list<u8>) -> bool"));
    int before = dropped;
    holm_plugin_builder_provide(NULL, "a", "b", "func()", log_write, NULL, drop);
    holm_plugin_builder_on_line(NULL, NULL, NULL, drop);
    CHECK(dropped == before + 2);
    holm_plugin_builder_name(NULL, "x"), holm_plugin_builder_grant(NULL, "x"), holm_plugin_builder_limits(NULL, NULL);
    holm_plugin_builder_pooled(NULL, 1), holm_plugin_builder_breaker(NULL, 1, 1), holm_plugin_builder_abi(NULL, "x");
    holm_runtime_builder_cache(NULL, "x"), holm_runtime_builder_no_cache(NULL), holm_runtime_builder_instances(NULL, 1);
    holm_runtime_builder_trust(NULL, NULL, 0), holm_cancel_now(NULL);
    holm_answer_value(NULL, null), holm_answer_fail(NULL, 1, "x");
    CHECK(!holm_call_plugin(NULL) && !holm_call_user(NULL) && !holm_plugin_name(NULL) && !holm_data_text(NULL));
    CHECK(holm_data_value(NULL).kind == HOLM_VALUE_KIND_NOTHING && !holm_session_instances(NULL));
    CHECK(!holm_error_message(NULL) && !holm_error_note(NULL, 0) && holm_error_kind(NULL) == HOLM_KIND_INTERNAL);
    holm_runtime_free(NULL), holm_plugin_free(NULL), holm_session_free(NULL), holm_data_free(NULL), holm_error_free(NULL);
    holm_cancel_free(NULL), holm_watch_free(NULL), holm_plugin_builder_free(NULL), holm_runtime_builder_free(NULL);
    holm_plugin_free(plugin);
}

static void write_file(const char *path, const char *text) {
    char new[5000];
    snprintf(new, sizeof new, "%s.new", path);
    FILE *file = fopen(new, "w");
    CHECK(file && fputs(text, file) >= 0 && !fclose(file) && !rename(new, path));
}

static void a_plugin_is_reloaded(void) {
    char path[4200];
    holm_data *data;
    holm_watch *watch;
    snprintf(path, sizeof path, "%s/answer.wat", folder);
    write_file(path, "(module (func (export \"answer\") (result i32) (i32.const 1)))");
    holm_plugin *plugin = load(holm_plugin_builder_new(runtime, path));
    OK(holm_plugin_call_json(plugin, "answer", "[]", &data));
    IS(data, HOLM_VALUE_KIND_JSON, "1");
    write_file(path, "(module (func (export \"answer\") (result i32) (i32.const 2)))");
    OK(holm_plugin_reload(plugin));
    OK(holm_plugin_call_json(plugin, "answer", "[]", &data));
    IS(data, HOLM_VALUE_KIND_JSON, "2");
    write_file(path, "(module (func");
    FAILS(holm_plugin_reload(plugin), HOLM_KIND_INVALID, "answer.wat");
    OK(call_json(plugin, "answer", "[]"));
    OK(holm_plugin_watch(plugin, &watch));
    holm_watch_free(watch);
    holm_plugin_free(plugin);
}

static void *cancel_later(void *cancel) {
    sleep_ms(50);
    holm_cancel_now(cancel);
    return NULL;
}

static void a_call_is_cancelled_from_another_thread(void) {
    holm_plugin_builder *pooled = builder(NULL);
    holm_plugin_builder_pooled(pooled, 1);
    holm_plugin *plugin = load(pooled);
    holm_cancel *cancel;
    pthread_t thread;
    OK(holm_cancel_new(&cancel));
    holm_call_options options = {.size = sizeof options, .cancel = cancel};
    CHECK(!pthread_create(&thread, NULL, cancel_later, cancel));
    FAILS(holm_plugin_call(plugin, "spin", NULL, 0, &options, NULL), HOLM_KIND_CANCELLED, "cancelled");
    pthread_join(thread, NULL);
    FAILS(holm_plugin_call(plugin, "count", NULL, 0, &options, NULL), HOLM_KIND_CANCELLED, "cancelled");
    holm_cancel_free(cancel);
    OK(call_json(plugin, "count", "[]"));
    holm_plugin_free(plugin);
}

static void *many_calls(void *shared) {
    holm_plugin *plugin = shared;
    holm_data *data;
    for (int i = 0; i < 100; i++) {
        char name[32], reply[64];
        snprintf(name, sizeof name, "n%d", i);
        snprintf(reply, sizeof reply, "Hello, n%d!", i);
        OK(holm_plugin_call_text(plugin, "greet", name, &data));
        IS(data, HOLM_VALUE_KIND_TEXT, reply);
        if (i % 10 == 0) FAILS(holm_plugin_call(plugin, "trap", NULL, 0, NULL, NULL), HOLM_KIND_TRAP, "trapped");
    }
    return NULL;
}

static void threads_call_at_once(void) {
    struct log log = {PTHREAD_MUTEX_INITIALIZER, "", NULL, 0};
    holm_plugin_builder *pooled = builder(&log);
    holm_plugin_builder_pooled(pooled, 3);
    holm_plugin *plugin = load(pooled);
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) CHECK(!pthread_create(&threads[i], NULL, many_calls, plugin));
    for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
    CHECK(log.lines == 400);
    holm_plugin_free(plugin);
}

static const char *PRINTS =
    "(module (import \"wasi_snapshot_preview1\" \"fd_write\" (func $write (param i32 i32 i32 i32) (result i32)))"
    "(memory (export \"memory\") 1) (data (i32.const 0) \"\\10\\00\\00\\00\\08\\00\\00\\00\") (data (i32.const 16) \"one\\ntwo\\n\")"
    "(func (export \"print\") (param i32) (drop (call $write (local.get 0) (i32.const 0) (i32.const 1) (i32.const 8)))))";

static void line(void *user, bool error, const char *text, size_t size) {
    char *lines = user;
    CHECK(strlen(text) == size);
    sprintf(lines + strlen(lines), "%d %s;", error, text);
}

static void logged(void *user, uint32_t level, const char *target, const char *message) {
    char *lines = user;
    if (!strcmp(target, "holm::guest")) sprintf(lines + strlen(lines), "%u %s;", level, message);
}

static void what_is_printed_is_told(void) {
    char lines[256] = "";
    static char logs[256] = "";
    holm_plugin_builder *told = holm_plugin_builder_from_bytes(runtime, "talker", (const uint8_t *)PRINTS, strlen(PRINTS));
    holm_plugin_builder_on_line(told, line, lines, NULL);
    holm_plugin *plugin = load(told);
    OK(call_json(plugin, "print", "[1]"));
    OK(call_json(plugin, "print", "[2]"));
    CHECK(!strcmp(lines, "0 one;0 two;1 one;1 two;"));
    holm_plugin_free(plugin);
    FAILS(holm_log_to(9, logged, logs, NULL), HOLM_KIND_USAGE, "a level is 1 to 5");
    OK(holm_log_to(2, logged, logs, NULL));
    FAILS(holm_log_to(3, logged, logs, NULL), HOLM_KIND_USAGE, "logs go elsewhere");
    plugin = load(holm_plugin_builder_from_bytes(runtime, "talker", (const uint8_t *)PRINTS, strlen(PRINTS)));
    OK(call_json(plugin, "print", "[1]"));
    OK(call_json(plugin, "print", "[2]"));
    CHECK(!strcmp(logs, "2 one plugin=talker;2 two plugin=talker;"));
    holm_plugin_free(plugin);
}

static void a_plugin_asks_and_the_host_decides(void) {
    char path[4200];
    holm_data *data;
    snprintf(path, sizeof path, "%s/notes.holm.toml", folder);
    write_file(path, "holm = 1\n[grants]\nhttp = \"https://api.example.com\"\n[limits]\nmemory = \"16MiB\"\n");
    snprintf(path, sizeof path, "%s/notes.wat", folder);
    write_file(path, "(module (func (export \"run\")))");
    holm_plugin_builder *notes = holm_plugin_builder_new(runtime, path);
    OK(holm_plugin_builder_asks(notes, &data));
    IS(data, HOLM_VALUE_KIND_JSON, "{\"grants\":[\"http = https://api.example.com\"],\"limits\":{\"memory\":16777216}}");
    holm_plugin_builder_grant(notes, "http = https://api.example.com");
    holm_plugin_free(load(notes));
}

static void only_what_is_signed_is_taken_once_a_key_is_trusted(void) {
    holm_runtime *none;
    holm_runtime_builder *trusting = holm_runtime_builder_new();
    holm_runtime_builder_trust(trusting, (const uint8_t *)"junk", 4);
    holm_runtime_builder_instances(trusting, 0);
    FAILS(holm_runtime_builder_build(trusting, &none), HOLM_KIND_USAGE, "no public key");
    CHECK(!none);
    /* A key as wasmsign2 writes it: one byte that says so, and the point of Ed25519's base. */
    uint8_t key[33] = {1, 0x58};
    memset(key + 2, 0x66, 31);
    trusting = holm_runtime_builder_new();
    holm_runtime_builder_no_cache(trusting);
    holm_runtime_builder_instances(trusting, 2);
    holm_runtime_builder_trust(trusting, key, sizeof key);
    OK(holm_runtime_builder_build(trusting, &none));
    holm_plugin *plugin;
    FAILS(holm_plugin_builder_load(holm_plugin_builder_new(none, guest), &plugin), HOLM_KIND_DENIED, "it is not signed");
    holm_runtime_free(none);
}

int main(int count, char **args) {
    CHECK(count == 3);
    CHECK(holm_abi_version() == HOLM_ABI_VERSION && strchr(holm_version(), '.'));
    snprintf(guest, sizeof guest, "%s/plugin.wasm", args[1]);
    snprintf(folder, sizeof folder, "%s", args[2]);
    char cache[5000];
    snprintf(cache, sizeof cache, "%s/cache", folder);
    holm_runtime_builder *settings = holm_runtime_builder_new();
    holm_runtime_builder_cache(settings, cache);
    OK(holm_runtime_builder_build(settings, &runtime));
    text_bytes_and_json_go_in_and_come_out();
    the_host_is_called_back();
    limits_end_calls_and_the_next_one_works();
    a_trap_says_where_and_the_next_call_works();
    a_session_keeps_its_instance();
    mistakes_are_errors();
    a_plugin_is_reloaded();
    a_call_is_cancelled_from_another_thread();
    threads_call_at_once();
    a_plugin_asks_and_the_host_decides();
    only_what_is_signed_is_taken_once_a_key_is_trusted();
    what_is_printed_is_told();
    holm_runtime *kept = runtime;
    null_is_never_more_than_an_error();
    holm_runtime_free(kept);
    puts("all is well");
    return 0;
}
