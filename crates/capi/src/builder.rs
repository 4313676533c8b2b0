//! Plugins before they are loaded.

use std::ffi::{c_char, c_void};
use std::time::Duration;

use holm::{Breaker, Dynamic, Error, Grant, Instances, Limits, PluginBuilder, Result, Stream};
use serde_json::json;

use crate::data::holm_data;
use crate::error::holm_error;
use crate::given::{User, needed, place, several, taken, text, usage};
use crate::guard::{caught, guard};
use crate::holm_drop_fn;
use crate::host::{Callback, callable, holm_host_fn, named};
use crate::limits::holm_limits;
use crate::plugin::holm_plugin;
use crate::runtime::holm_runtime;

/// A plugin that is to be loaded, and what it is given: nothing, unless it is said.
///
/// Mistakes in that are kept, and holm_plugin_builder_load returns them all.
pub struct holm_plugin_builder {
    /// `None` once something was wrong: there is nothing to load then.
    builder: Option<PluginBuilder>,
    wrong: Vec<String>,
}

/// Is told of a line that a plugin printed: `size` bytes of UTF-8 and a NUL, without the end of the line. `error` says
/// whether it went to standard error. Called on the thread of the call.
pub type holm_line_fn = Option<unsafe extern "C" fn(user: *mut c_void, error: bool, line: *const c_char, size: usize)>;

impl holm_plugin_builder {
    fn set(&mut self, set: impl FnOnce(PluginBuilder) -> Result<PluginBuilder>) {
        let Some(builder) = self.builder.take() else { return };
        self.keep(caught(|| set(builder)));
    }

    /// What does not change the builder if it is wrong.
    fn given<T>(&mut self, given: Result<T>, set: impl FnOnce(PluginBuilder, T) -> PluginBuilder) {
        match given {
            Ok(given) => self.set(|builder| Ok(set(builder, given))),
            Err(error) => self.wrong.push(error.to_string()),
        }
    }

    fn keep(&mut self, builder: Option<Result<PluginBuilder>>) {
        match builder {
            Some(Ok(builder)) => self.builder = Some(builder),
            Some(Err(error)) => self.wrong.push(error.to_string()),
            None => self.wrong.push("Holm itself failed: a panic".into()),
        }
    }
}

fn built(builder: impl FnOnce() -> Result<PluginBuilder>) -> *mut holm_plugin_builder {
    let mut this = holm_plugin_builder { builder: None, wrong: Vec::new() };
    this.keep(caught(builder));
    Box::into_raw(Box::new(this))
}

/// A plugin in a file: WebAssembly, binary or text, or what `holm compile` made of it. Never NULL.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_plugin_builder_new(
    runtime: *const holm_runtime,
    path: *const c_char,
) -> *mut holm_plugin_builder {
    built(|| {
        // SAFETY: as the caller promises.
        let (runtime, path) = unsafe { (needed(runtime, "the runtime")?, text(path, "the plugin's path")?) };
        Ok(runtime.0.plugin(path))
    })
}

/// A plugin whose bytes are at hand, binary or text. They are copied. Never NULL.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_plugin_builder_from_bytes(
    runtime: *const holm_runtime,
    name: *const c_char,
    bytes: *const u8,
    size: usize,
) -> *mut holm_plugin_builder {
    built(|| {
        // SAFETY: as the caller promises.
        let (runtime, name) = unsafe { (needed(runtime, "the runtime")?, text(name, "the plugin's name")?) };
        // SAFETY: likewise.
        let bytes = unsafe { several(bytes, size, "the plugin's bytes") }?;
        Ok(runtime.0.plugin_from(name, bytes))
    })
}

/// Calls it this, in messages and for functions of the host; a file's name unless it is said.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_plugin_builder_name(builder: *mut holm_plugin_builder, name: *const c_char) {
    // SAFETY: as the caller promises.
    let Some(this) = (unsafe { builder.as_mut() }) else { return };
    // SAFETY: likewise.
    this.given(unsafe { text(name, "the plugin's name") }, PluginBuilder::name);
}

/// Grants it one more capability, as a line of a manifest: "dir=./data::/data:ro", "env=MODE=prod", "env=HOME" for the value
/// that it has here, "http=https://api.example.com", "net=db.example.com:5432", "listen=127.0.0.1:8080",
/// "config=KEY=VALUE".
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_plugin_builder_grant(builder: *mut holm_plugin_builder, line: *const c_char) {
    // SAFETY: as the caller promises.
    let Some(this) = (unsafe { builder.as_mut() }) else { return };
    // SAFETY: likewise.
    this.given(unsafe { text(line, "a grant") }, |builder, line| builder.grant(Grant::line(line)));
}

/// Holds each of its calls, and each of its instances' memory, to these limits as well.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_plugin_builder_limits(builder: *mut holm_plugin_builder, limits: *const holm_limits) {
    // SAFETY: as the caller promises.
    let Some(this) = (unsafe { builder.as_mut() }) else { return };
    // SAFETY: likewise.
    this.given(unsafe { holm_limits::read(limits) }, PluginBuilder::limits);
}

/// Makes calls on at most `most` instances, each of which serves one call after the other, in place of a fresh one for each
/// call: what a call leaves in one may be seen by another. Calls beyond wait for a free one, within their limit on wall
/// time.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_plugin_builder_pooled(builder: *mut holm_plugin_builder, most: usize) {
    // SAFETY: as the caller promises.
    let Some(this) = (unsafe { builder.as_mut() }) else { return };
    let most = if most > 0 { Ok(most) } else { Err(usage("a pool needs instances, at least 1")) };
    this.given(most, |builder, most| builder.instances(Instances::Pooled { most }));
}

/// Leaves it alone for `pause_ns` nanoseconds after so many calls in a row that trapped or reached a limit: calls return
/// HOLM_KIND_HOST_FULL meanwhile. Then one call decides.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_plugin_builder_breaker(builder: *mut holm_plugin_builder, failures: u32, pause_ns: u64) {
    // SAFETY: as the caller promises.
    let Some(this) = (unsafe { builder.as_mut() }) else { return };
    let breaker = Breaker { failures, pause: Duration::from_nanos(pause_ns) };
    this.set(|builder| Ok(builder.breaker(breaker)));
}

/// Takes it for a guest of this ABI, in place of the one that is recognised: "wasi", "core", "bindgen", "extism".
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_plugin_builder_abi(builder: *mut holm_plugin_builder, abi: *const c_char) {
    // SAFETY: as the caller promises.
    let Some(this) = (unsafe { builder.as_mut() }) else { return };
    // SAFETY: likewise.
    this.given(unsafe { text(abi, "the ABI") }, PluginBuilder::abi);
}

/// Lends it a function of the host.
///
/// `from` is the core module or the interface that the plugin imports it from ("acme:host/log", with or without its
/// version); "" for a function of a component's world itself. `signature` has its types in WIT's words, with or without
/// names: "func(text: string) -> result<u32, string>". Core modules take and give numbers as u32, u64, f32 and f64, text
/// and bytes as a pointer and a length.
///
/// `user` is given to the function, and to `drop` when nobody will call it any more: at once if something here is wrong.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_plugin_builder_provide(
    builder: *mut holm_plugin_builder,
    from: *const c_char,
    name: *const c_char,
    signature: *const c_char,
    function: holm_host_fn,
    user: *mut c_void,
    drop: holm_drop_fn,
) {
    let user = User::new(user, drop);
    // SAFETY: as the caller promises.
    let Some(this) = (unsafe { builder.as_mut() }) else { return };
    // SAFETY: likewise.
    let named = unsafe { named(from, name, signature) };
    let named = named.and_then(|named| callable(function, &named.1).map(|()| named));
    this.given(named, |builder, (from, name, signature)| {
        builder.provided(Callback { from, name, signature, function, user }.provided())
    });
}

/// Tells `line` of each line that it prints, in place of holm_log_to. `user` and `drop` as for
/// holm_plugin_builder_provide.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_plugin_builder_on_line(
    builder: *mut holm_plugin_builder,
    line: holm_line_fn,
    user: *mut c_void,
    drop: holm_drop_fn,
) {
    let user = User::new(user, drop);
    // SAFETY: as the caller promises.
    let Some(this) = (unsafe { builder.as_mut() }) else { return };
    let line = line.ok_or_else(|| usage("the function for lines is NULL"));
    this.given(line, |builder, line| {
        builder.on_line(move |stream, text| {
            let terminated = crate::error::text(text);
            let size = terminated.as_bytes().len();
            // SAFETY: the caller gave the function and its pointer together; the line is there until it returns.
            unsafe { line(user.pointer(), stream == Stream::Err, terminated.as_ptr(), size) };
        })
    });
}

/// Writes what the plugin itself asks for to `asks`, from the manifest that it carries or that lies beside it, as JSON:
/// {"grants": ["dir = ./notes::/notes"], "limits": {"memory": 16777216}}. Nothing of it is given unless the host gives it:
/// its grants are lines that holm_plugin_builder_grant takes; its limits are named as in holm_limits.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_plugin_builder_asks(
    builder: *const holm_plugin_builder,
    asks: *mut *mut holm_data,
) -> *mut holm_error {
    guard(|| {
        // SAFETY: as the caller promises.
        let place = unsafe { place(asks, "what it asks for") }?;
        // SAFETY: likewise.
        let this = unsafe { needed(builder, "the builder") }?;
        let builder = this.builder.as_ref().ok_or_else(|| wrong(&this.wrong))?;
        let asks = builder.asks()?;
        let value = json!({ "grants": asks.lines(), "limits": limits(asks.limits) });
        place.put(Dynamic::Json(value).into());
        Ok(())
    })
}

fn limits(limits: Limits) -> serde_json::Map<String, serde_json::Value> {
    let Limits { memory, cpu, wall, fuel, stack, max_output, table_elements, handles } = limits;
    let nanoseconds = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    let all = [
        ("memory", memory),
        ("cpu_ns", cpu.map(nanoseconds)),
        ("wall_ns", wall.map(nanoseconds)),
        ("fuel", fuel),
        ("stack", stack),
        ("max_output", max_output),
        ("table_elements", table_elements),
        ("handles", handles),
    ];
    all.into_iter().filter_map(|(name, limit)| Some((name.to_owned(), limit?.into()))).collect()
}

/// Compiles it if nobody has before, links it, and writes it to `plugin`. The builder is used up, whether that succeeds or
/// not.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_plugin_builder_load(
    builder: *mut holm_plugin_builder,
    plugin: *mut *mut holm_plugin,
) -> *mut holm_error {
    // SAFETY: as the caller promises.
    let builder = unsafe { taken(builder) };
    guard(|| {
        // SAFETY: likewise.
        let place = unsafe { place(plugin, "the plugin") }?;
        let this = *builder.ok_or_else(|| usage("the builder is NULL"))?;
        match this.builder {
            Some(builder) if this.wrong.is_empty() => place.put(holm_plugin::new(builder.load()?)),
            _ => return Err(wrong(&this.wrong)),
        }
        Ok(())
    })
}

fn wrong(wrong: &[String]) -> Error {
    usage(wrong.join("\n"))
}

/// Frees a builder that was not used up. NULL is none.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_plugin_builder_free(builder: *mut holm_plugin_builder) {
    // SAFETY: as the caller promises.
    let builder = unsafe { taken(builder) };
    caught(|| drop(builder));
}
