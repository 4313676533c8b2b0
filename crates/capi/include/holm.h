/* libholm: run plugins, any WebAssembly, sandboxed, with nothing granted by default.
 *
 * Made by cbindgen from crates/capi/src: `UPDATE_HEADER=1 cargo test -p holm-capi --test header` writes it anew.
 *
 *     holm_runtime *runtime;
 *     holm_plugin *plugin;
 *     holm_data *reply;
 *     holm_error *error = holm_runtime_new(&runtime);
 *     holm_plugin_builder *builder = holm_plugin_builder_new(runtime, "greet.wasm");
 *     holm_plugin_builder_grant(builder, "dir=./data::/data:ro");
 *     error = holm_plugin_builder_load(builder, &plugin);
 *     error = holm_plugin_call_text(plugin, "greet", "Ada", &reply);
 *     printf("%s\n", holm_data_text(reply));
 *
 * Errors. What can fail returns NULL, or an error that the caller frees with holm_error_free. Its results are written only
 * where it succeeded; otherwise a pointer that was to be written is set to NULL.
 *
 * Ownership. What a function hands out belongs to the caller and is freed by the function `..._free` of its type, which
 * takes NULL too. What a function is given, it has copied when it returns, but for user pointers. A builder is used up by
 * the function that builds.
 *
 * Threads. Runtimes, plugins, cancels and errors may be used by any number of threads at once, builders and sessions by
 * one at a time. Nothing may be freed while another thread uses it; what was made of something may outlive it.
 *
 * Text is UTF-8 and ends at its NUL. NULL where something is needed, and text that is not UTF-8, are errors of the kind
 * HOLM_KIND_USAGE and never more than that; functions that return no error take them for nothing. No panic of Holm's
 * leaves it: it is an error of the kind HOLM_KIND_INTERNAL. Callbacks must not throw C++ exceptions nor longjmp out.
 */


#ifndef HOLM_H
#define HOLM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The version of this interface. It changes when something that was there changes its meaning; what is added leaves it.
#define HOLM_ABI_VERSION 1

// What went wrong, as far as a caller has to tell cases apart. The numbers stay what they are.
typedef enum holm_kind {
  // The plugin, or a file that was named, does not exist.
  HOLM_KIND_NOT_FOUND = 1,
  // The bytes are not WebAssembly, or are malformed.
  HOLM_KIND_INVALID = 2,
  // Well-formed, but it needs something that this build or platform lacks.
  HOLM_KIND_UNSUPPORTED = 3,
  // Compiling it takes more time or memory than it may.
  HOLM_KIND_TOO_COSTLY = 4,
  // The plugin imports what nothing here provides; the message names all of it.
  HOLM_KIND_MISSING_IMPORTS = 5,
  // What the caller asked for makes no sense: no such function, wrong arguments, NULL.
  HOLM_KIND_USAGE = 6,
  // A grant would be needed and was not given, or nobody trusted has signed the plugin.
  HOLM_KIND_DENIED = 7,
  // The limit on CPU time was reached.
  HOLM_KIND_OUT_OF_CPU = 8,
  // The limit on wall time was reached.
  HOLM_KIND_OUT_OF_TIME = 9,
  // The limit on fuel was reached.
  HOLM_KIND_OUT_OF_FUEL = 10,
  // The plugin failed after the limit on memory had refused it more.
  HOLM_KIND_OUT_OF_MEMORY = 11,
  // The host has no room for it: all instances are busy, or a breaker leaves the plugin alone.
  HOLM_KIND_HOST_FULL = 12,
  // The plugin had the host keep as many things for it as the limit on handles allows.
  HOLM_KIND_OUT_OF_HANDLES = 13,
  // The plugin wrote more than the limit on output allows.
  HOLM_KIND_OUT_OF_OUTPUT = 14,
  // The limit on the stack was reached.
  HOLM_KIND_STACK_OVERFLOW = 15,
  // The plugin trapped.
  HOLM_KIND_TRAP = 16,
  // The plugin said that it failed: it returned an error in place of a result.
  HOLM_KIND_FAILED = 17,
  // The plugin ended without an answer.
  HOLM_KIND_NO_RESPONSE = 18,
  // A file or device of the host failed.
  HOLM_KIND_IO = 19,
  // Whoever read the plugin's output went away.
  HOLM_KIND_BROKEN_PIPE = 20,
  // The call was cancelled.
  HOLM_KIND_CANCELLED = 21,
  // A mistake in Holm itself.
  HOLM_KIND_INTERNAL = 22,
} holm_kind;

// What a value is.
typedef enum holm_value_kind {
  // Nothing: what a function without a result returns. As an argument it is JSON's null.
  HOLM_VALUE_KIND_NOTHING = 0,
  // Text in UTF-8: a `string`; as an argument also bytes, a `char` or a case of an `enum`.
  HOLM_VALUE_KIND_TEXT = 1,
  // Bytes: a `list<u8>`.
  HOLM_VALUE_KIND_BYTES = 2,
  // JSON in UTF-8, for anything else: records are objects, lists and tuples arrays, flags arrays of names, an option its
  // value or null, a result {"ok": …} or {"err": …}, an enum its case, a variant "case" or {"case": …}. As an argument, a
  // string is the text itself.
  HOLM_VALUE_KIND_JSON = 3,
} holm_value_kind;

// What a function of the host answers.
typedef struct holm_answer holm_answer;

// The call of a plugin that a function of the host is part of.
typedef struct holm_call holm_call;

// Ends calls from another thread.
typedef struct holm_cancel holm_cancel;

// A value that belongs to the caller: what a call returned, say.
typedef struct holm_data holm_data;

// An error for the person who must act on it.
typedef struct holm_error holm_error;

// A plugin, ready to be called by any number of threads at once.
typedef struct holm_plugin holm_plugin;

// A plugin that is to be loaded, and what it is given: nothing, unless it is said.
//
// Mistakes in that are kept, and holm_plugin_builder_load returns them all.
typedef struct holm_plugin_builder holm_plugin_builder;

// What all plugins of a program share: compiled code, engines, a thread. One for a program is enough.
typedef struct holm_runtime holm_runtime;

// Settings of a runtime that is to be built.
//
// Mistakes in them are kept, and holm_runtime_builder_build returns them all.
typedef struct holm_runtime_builder holm_runtime_builder;

// An instance of a plugin that keeps what it has in memory from one call to the next. A call that traps or reaches a limit
// ends the instance, and the next call begins with a fresh one.
//
// One call at a time: others meanwhile, from other threads or from a callback, return HOLM_KIND_USAGE.
typedef struct holm_session holm_session;

// Reloads a plugin when its file changes, until it is freed.
typedef struct holm_watch holm_watch;

// How much a plugin may use. 0 leaves a bound to the library's default; it never means "unlimited".
typedef struct holm_limits {
  // sizeof(holm_limits), so that there may be more later.
  size_t size;
  // All linear memories of an instance together, in bytes.
  uint64_t memory;
  // Time that a call spends executing the plugin's code, in nanoseconds.
  uint64_t cpu_ns;
  // Time from the start of a call to its end, waiting included, in nanoseconds.
  uint64_t wall_ns;
  // Units of work of a call, about one per WebAssembly instruction.
  uint64_t fuel;
  // The plugin's call stack, in bytes.
  uint64_t stack;
  // What the plugin may print, in bytes.
  uint64_t max_output;
  // All tables together, in elements.
  uint64_t table_elements;
  // What the host keeps for the plugin and the plugin has a handle to.
  uint64_t handles;
} holm_limits;

// An argument or a result.
typedef struct holm_value {
  // One of holm_value_kind.
  uint32_t kind;
  // Its text or bytes; may be NULL if there are none.
  const uint8_t *data;
  // How many bytes there are, without any NUL at the end.
  size_t size;
} holm_value;

// A function of the host that plugins call. It is called on the thread of the call, so on several at once if the plugin is.
//
// `args` has `count` values, which are gone when it returns, as `call` and `answer` are. It says what it returns by
// holm_answer_value, or ends the plugin's call by holm_answer_fail. It may call other plugins, and this one.
typedef void (*holm_host_fn)(void *user,
                             const struct holm_call *call,
                             const struct holm_value *args,
                             size_t count,
                             struct holm_answer *answer);

// Frees what a user pointer points to, when nobody will use it any more; on whatever thread that is. May be NULL.
typedef void (*holm_drop_fn)(void *user);

// Is told of a line that a plugin printed: `size` bytes of UTF-8 and a NUL, without the end of the line. `error` says
// whether it went to standard error. Called on the thread of the call.
typedef void (*holm_line_fn)(void *user, bool error, const char *line, size_t size);

// Is told of what is logged: `level` is 1 for errors, 2 for warnings, 3 for information, 4 and 5 for details; `target` says
// what it is about: "holm" the library, "holm::guest" a line that a plugin printed. Called on any thread, on several at
// once.
typedef void (*holm_log_fn)(void *user, uint32_t level, const char *target, const char *message);

// What a call used, whether it succeeded or not. All zeros for a call that was not even begun.
typedef struct holm_report {
  // sizeof(holm_report), set by the caller, so that there may be more later.
  size_t size;
  // Time spent executing the plugin, callbacks of the host included, in nanoseconds.
  uint64_t cpu_ns;
  // Time from start to end, in nanoseconds.
  uint64_t wall_ns;
  // The most linear memory that the instance had, in bytes.
  uint64_t memory;
  // Units of fuel, where a limit on fuel was set; 0 otherwise.
  uint64_t fuel;
  // How often the plugin called the host.
  uint64_t host_calls;
} holm_report;

// What belongs to a call beside its arguments. All but the size may be NULL.
typedef struct holm_call_options {
  // sizeof(holm_call_options), so that there may be more later.
  size_t size;
  // Ends the call when it is used. It may be freed during the call.
  const struct holm_cancel *cancel;
  // For callbacks of the host that are called meanwhile: holm_call_user.
  void *user;
  // Where it is written what the call used, also if it fails.
  struct holm_report *report;
} holm_call_options;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// The version of the interface that the library has, to be compared with HOLM_ABI_VERSION of the header.
uint32_t holm_abi_version(void);

// The version of Holm: "0.1.0". It belongs to the library.
const char *holm_version(void);

// A plugin in a file: WebAssembly, binary or text, or what `holm compile` made of it. Never NULL.
struct holm_plugin_builder *holm_plugin_builder_new(const struct holm_runtime *runtime, const char *path);

// A plugin whose bytes are at hand, binary or text. They are copied. Never NULL.
struct holm_plugin_builder *holm_plugin_builder_from_bytes(const struct holm_runtime *runtime,
                                                           const char *name,
                                                           const uint8_t *bytes,
                                                           size_t size);

// Calls it this, in messages and for functions of the host; a file's name unless it is said.
void holm_plugin_builder_name(struct holm_plugin_builder *builder, const char *name);

// Grants it one more capability, as a line of a manifest: "dir=./data::/data:ro", "env=MODE=prod", "env=HOME" for the value
// that it has here, "http=https://api.example.com", "net=db.example.com:5432", "listen=127.0.0.1:8080",
// "config=KEY=VALUE".
void holm_plugin_builder_grant(struct holm_plugin_builder *builder,
                               const char *line);

// Holds each of its calls, and each of its instances' memory, to these limits as well.
void holm_plugin_builder_limits(struct holm_plugin_builder *builder, const struct holm_limits *limits);

// Makes calls on at most `most` instances, each of which serves one call after the other, in place of a fresh one for each
// call: what a call leaves in one may be seen by another. Calls beyond wait for a free one, within their limit on wall
// time.
void holm_plugin_builder_pooled(struct holm_plugin_builder *builder,
                                size_t most);

// Leaves it alone for `pause_ns` nanoseconds after so many calls in a row that trapped or reached a limit: calls return
// HOLM_KIND_HOST_FULL meanwhile. Then one call decides.
void holm_plugin_builder_breaker(struct holm_plugin_builder *builder,
                                 uint32_t failures,
                                 uint64_t pause_ns);

// Takes it for a guest of this ABI, in place of the one that is recognised: "wasi", "core", "bindgen", "extism".
void holm_plugin_builder_abi(struct holm_plugin_builder *builder,
                             const char *abi);

// Lends it a function of the host.
//
// `from` is the core module or the interface that the plugin imports it from ("acme:host/log", with or without its
// version); "" for a function of a component's world itself. `signature` has its types in WIT's words, with or without
// names: "func(text: string) -> result<u32, string>". Core modules take and give numbers as u32, u64, f32 and f64, text
// and bytes as a pointer and a length.
//
// `user` is given to the function, and to `drop` when nobody will call it any more: at once if something here is wrong.
void holm_plugin_builder_provide(struct holm_plugin_builder *builder,
                                 const char *from,
                                 const char *name,
                                 const char *signature,
                                 holm_host_fn function,
                                 void *user,
                                 holm_drop_fn drop);

// Tells `line` of each line that it prints, in place of holm_log_to. `user` and `drop` as for
// holm_plugin_builder_provide.
void holm_plugin_builder_on_line(struct holm_plugin_builder *builder,
                                 holm_line_fn line,
                                 void *user,
                                 holm_drop_fn drop);

// Writes what the plugin itself asks for to `asks`, from the manifest that it carries or that lies beside it, as JSON:
// {"grants": ["dir = ./notes::/notes"], "limits": {"memory": 16777216}}. Nothing of it is given unless the host gives it:
// its grants are lines that holm_plugin_builder_grant takes; its limits are named as in holm_limits.
struct holm_error *holm_plugin_builder_asks(const struct holm_plugin_builder *builder,
                                            struct holm_data **asks);

// Compiles it if nobody has before, links it, and writes it to `plugin`. The builder is used up, whether that succeeds or
// not.
struct holm_error *holm_plugin_builder_load(struct holm_plugin_builder *builder,
                                            struct holm_plugin **plugin);

// Frees a builder that was not used up. NULL is none.
void holm_plugin_builder_free(struct holm_plugin_builder *builder);

// Writes a cancel that has cancelled nothing yet to `cancel`.
struct holm_error *holm_cancel_new(struct holm_cancel **cancel);

// Ends the calls that were given it, and those that will be: they return HOLM_KIND_CANCELLED. A plugin that computes ends
// within a few milliseconds, one inside a callback of the host when that returns. May be called on any thread, and twice.
// NULL does nothing.
void holm_cancel_now(const struct holm_cancel *cancel);

// Frees a cancel; calls that were given it go on. NULL is none.
void holm_cancel_free(struct holm_cancel *cancel);

// The value, which points into `data`; nothing for NULL.
struct holm_value holm_data_value(const struct holm_data *data);

// Its text, JSON or bytes, with a NUL behind them. Text and bytes may hold further NULs: holm_data_value says where they
// end. It belongs to `data`; NULL for NULL.
const char *holm_data_text(const struct holm_data *data);

// Frees data. NULL is none.
void holm_data_free(struct holm_data *data);

// What went wrong; HOLM_KIND_INTERNAL for NULL.
enum holm_kind holm_error_kind(const struct holm_error *error);

// The message: what failed, on which plugin, and why, in one or a few lines. It belongs to the error. NULL for NULL.
const char *holm_error_message(const struct holm_error *error);

// The note of this number, from 0 on: a line that helps, such as the next step. It belongs to the error. NULL if there are
// no more.
const char *holm_error_note(const struct holm_error *error,
                            size_t number);

// The call of this number in the plugin's stack when it trapped, innermost first, from 0 on: "function at file:line". It
// belongs to the error. NULL if there are no more.
const char *holm_error_frame(const struct holm_error *error,
                             size_t number);

// Frees an error. NULL is none.
void holm_error_free(struct holm_error *error);

// The name of the plugin that calls; "" while an instance starts. It belongs to the call; NULL for NULL.
const char *holm_call_plugin(const struct holm_call *call);

// The user pointer of the call (holm_call_options), or NULL, as it is while an instance starts.
void *holm_call_user(const struct holm_call *call);

// Answers with a value, which is copied and has to be of the type that the function was said to return. Where it is not,
// the plugin's call ends. An answer replaces the one before.
void holm_answer_value(struct holm_answer *answer,
                       struct holm_value value);

// Ends the plugin's call, which returns an error of this kind (holm_kind, HOLM_KIND_INTERNAL for other numbers) and with
// this message, after the plugin's name. What a plugin is to be told of itself is a value.
void holm_answer_fail(struct holm_answer *answer,
                      uint32_t kind,
                      const char *message);

// Checks that a text is a signature, as holm_plugin_builder_provide takes them.
struct holm_error *holm_check_signature(const char *signature);

// Tells `log` of all that is logged up to this level, from now on and for as long as the program runs. Once only.
struct holm_error *holm_log_to(uint32_t level,
                               holm_log_fn log,
                               void *user,
                               holm_drop_fn drop);

// Calls a function and waits for it; what it returned is written to `result`, which may be NULL if that is of no interest.
//
// `args` has `count` values, and may be NULL for none. `options` may be NULL. Functions of an interface may be called by
// their short name. Of a plugin's own `result<…>`, `result` gets the value; its error is the call's (HOLM_KIND_FAILED).
struct holm_error *holm_plugin_call(const struct holm_plugin *plugin,
                                    const char *function,
                                    const struct holm_value *args,
                                    size_t count,
                                    const struct holm_call_options *options,
                                    struct holm_data **result);

// Calls a function of one argument that is text, otherwise as holm_plugin_call.
struct holm_error *holm_plugin_call_text(const struct holm_plugin *plugin,
                                         const char *function,
                                         const char *argument,
                                         struct holm_data **result);

// Calls a function whose arguments are a JSON array: holm_plugin_call_json(plugin, "add", "[2, 3]", &sum). What is written
// to `result` is JSON, text and bytes included; otherwise as holm_plugin_call.
struct holm_error *holm_plugin_call_json(const struct holm_plugin *plugin,
                                         const char *function,
                                         const char *args,
                                         struct holm_data **result);

// Reads the plugin again: calls under way finish on the code they began with, later ones get the new. Where the new code
// does not load, the old stays.
struct holm_error *holm_plugin_reload(const struct holm_plugin *plugin);

// Looks at the plugin's file twice a second and reloads it when it has changed, until what is written to `watch` is freed.
struct holm_error *holm_plugin_watch(const struct holm_plugin *plugin,
                                     struct holm_watch **watch);

// Watches no longer. NULL is none.
void holm_watch_free(struct holm_watch *watch);

// Writes the functions that the plugin has to `functions`, as a JSON array: {"name", "signature", "params": [{"name",
// "type"}], "results": ["type"], "refused": why it cannot be called, or null}.
struct holm_error *holm_plugin_functions(const struct holm_plugin *plugin,
                                         struct holm_data **functions);

// The plugin's name, which belongs to the plugin; NULL for NULL.
const char *holm_plugin_name(const struct holm_plugin *plugin);

// Writes the SHA-256 of the plugin's bytes, in hexadecimal, to `digest`.
struct holm_error *holm_plugin_digest(const struct holm_plugin *plugin, struct holm_data **digest);

// Frees a plugin. Sessions of it go on. NULL is none.
void holm_plugin_free(struct holm_plugin *plugin);

// Writes a runtime with the usual settings to `runtime`: compiled code is kept in the user's cache, where `holm` keeps it
// too.
struct holm_error *holm_runtime_new(struct holm_runtime **runtime);

// Frees a runtime. Plugins that were loaded with it go on. NULL is none.
void holm_runtime_free(struct holm_runtime *runtime);

// Settings, to begin with the usual ones. Never NULL.
struct holm_runtime_builder *holm_runtime_builder_new(void);

// Keeps compiled code in this directory, which must be the user's own. It is made if it is not there.
void holm_runtime_builder_cache(struct holm_runtime_builder *builder, const char *dir);

// Keeps no compiled code: plugins are compiled every time.
void holm_runtime_builder_no_cache(struct holm_runtime_builder *builder);

// How many instances there may be at once, of all plugins together; 1000 unless it is said.
void holm_runtime_builder_instances(struct holm_runtime_builder *builder, uint32_t most);

// Takes plugins that are signed with this Ed25519 key, in any form that `wasmsign2` writes: its own, DER, PEM. Once a key
// is trusted, no others are taken.
void holm_runtime_builder_trust(struct holm_runtime_builder *builder,
                                const uint8_t *key,
                                size_t size);

// Writes a runtime with these settings to `runtime`. The builder is used up, whether that succeeds or not.
struct holm_error *holm_runtime_builder_build(struct holm_runtime_builder *builder,
                                              struct holm_runtime **runtime);

// Frees a builder that was not used up. NULL is none.
void holm_runtime_builder_free(struct holm_runtime_builder *builder);

// Writes a session of the plugin to `session`. Its instance is made when it is first called.
struct holm_error *holm_session_open(const struct holm_plugin *plugin, struct holm_session **session);

// Calls a function on the session's instance, otherwise as holm_plugin_call.
struct holm_error *holm_session_call(const struct holm_session *session,
                                     const char *function,
                                     const struct holm_value *args,
                                     size_t count,
                                     const struct holm_call_options *options,
                                     struct holm_data **result);

// Calls a function of one argument that is text, otherwise as holm_session_call.
struct holm_error *holm_session_call_text(const struct holm_session *session,
                                          const char *function,
                                          const char *argument,
                                          struct holm_data **result);

// Calls a function whose arguments are a JSON array and whose result is JSON, as holm_plugin_call_json.
struct holm_error *holm_session_call_json(const struct holm_session *session,
                                          const char *function,
                                          const char *args,
                                          struct holm_data **result);

// Lets go of the instance: the next call begins with a fresh one, of the newest code.
struct holm_error *holm_session_restart(const struct holm_session *session);

// How many instances the session has had: more than one if calls failed or it was restarted. 0 for NULL, or while a call is
// under way.
uint64_t holm_session_instances(const struct holm_session *session);

// Frees a session and its instance; not while a call is under way. NULL is none.
void holm_session_free(struct holm_session *session);

// Text as a value, which points to it: it must be there for as long as the value is used. NULL is refused where the value
// is used.
struct holm_value holm_value_text(const char *text);

// JSON as a value, likewise.
struct holm_value holm_value_json(const char *text);

// Bytes as a value, likewise.
struct holm_value holm_value_bytes(const uint8_t *data, size_t size);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* HOLM_H */
