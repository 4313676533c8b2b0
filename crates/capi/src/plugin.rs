//! Plugins that are loaded.

use std::ffi::{CString, c_char};
use std::ptr::null;

use holm::{Dynamic, Function, Plugin, Result, Watch};
use serde_json::{Value, json};

use crate::call::{Asked, holm_call_options};
use crate::data::holm_data;
use crate::error::{self, holm_error};
use crate::given::{needed, place, taken};
use crate::guard::{caught, guard};
use crate::value::holm_value;

/// A plugin, ready to be called by any number of threads at once.
pub struct holm_plugin {
    pub(crate) plugin: Plugin,
    name: CString,
}

/// Reloads a plugin when its file changes, until it is freed.
pub struct holm_watch {
    _watch: Watch,
}

impl holm_plugin {
    pub(crate) fn new(plugin: Plugin) -> Self {
        let name = error::text(plugin.name());
        Self { plugin, name }
    }

    fn make(&self, asked: Asked<'_>) -> Result<()> {
        // A clone, so that the caller may free the plugin in a callback.
        let plugin = self.plugin.clone();
        let function = asked.function;
        asked.make(plugin.invoke(function))
    }
}

/// Calls a function and waits for it; what it returned is written to `result`, which may be NULL if that is of no interest.
///
/// `args` has `count` values, and may be NULL for none. `options` may be NULL. Functions of an interface may be called by
/// their short name. Of a plugin's own `result<…>`, `result` gets the value; its error is the call's (HOLM_KIND_FAILED).
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_plugin_call(
    plugin: *const holm_plugin,
    function: *const c_char,
    args: *const holm_value,
    count: usize,
    options: *const holm_call_options,
    result: *mut *mut holm_data,
) -> *mut holm_error {
    guard(|| {
        // SAFETY: as the caller promises.
        let asked = unsafe { Asked::values(function, args, count, options, result) }?;
        // SAFETY: likewise.
        unsafe { needed(plugin, "the plugin") }?.make(asked)
    })
}

/// Calls a function of one argument that is text, otherwise as holm_plugin_call.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_plugin_call_text(
    plugin: *const holm_plugin,
    function: *const c_char,
    argument: *const c_char,
    result: *mut *mut holm_data,
) -> *mut holm_error {
    guard(|| {
        // SAFETY: as the caller promises.
        let asked = unsafe { Asked::text(function, argument, result) }?;
        // SAFETY: likewise.
        unsafe { needed(plugin, "the plugin") }?.make(asked)
    })
}

/// Calls a function whose arguments are a JSON array: holm_plugin_call_json(plugin, "add", "[2, 3]", &sum). What is written
/// to `result` is JSON, text and bytes included; otherwise as holm_plugin_call.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_plugin_call_json(
    plugin: *const holm_plugin,
    function: *const c_char,
    args: *const c_char,
    result: *mut *mut holm_data,
) -> *mut holm_error {
    guard(|| {
        // SAFETY: as the caller promises.
        let asked = unsafe { Asked::json(function, args, result) }?;
        // SAFETY: likewise.
        unsafe { needed(plugin, "the plugin") }?.make(asked)
    })
}

/// Reads the plugin again: calls under way finish on the code they began with, later ones get the new. Where the new code
/// does not load, the old stays.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_plugin_reload(plugin: *const holm_plugin) -> *mut holm_error {
    // SAFETY: as the caller promises.
    guard(|| unsafe { needed(plugin, "the plugin") }?.plugin.reload())
}

/// Looks at the plugin's file twice a second and reloads it when it has changed, until what is written to `watch` is freed.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_plugin_watch(plugin: *const holm_plugin, watch: *mut *mut holm_watch) -> *mut holm_error {
    guard(|| {
        // SAFETY: as the caller promises.
        let place = unsafe { place(watch, "the watch") }?;
        // SAFETY: likewise.
        let watch = unsafe { needed(plugin, "the plugin") }?.plugin.watch()?;
        place.put(holm_watch { _watch: watch });
        Ok(())
    })
}

/// Watches no longer. NULL is none.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_watch_free(watch: *mut holm_watch) {
    // SAFETY: as the caller promises.
    let watch = unsafe { taken(watch) };
    caught(|| drop(watch));
}

/// Writes the functions that the plugin has to `functions`, as a JSON array: {"name", "signature", "params": [{"name",
/// "type"}], "results": ["type"], "refused": why it cannot be called, or null}.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_plugin_functions(
    plugin: *const holm_plugin,
    functions: *mut *mut holm_data,
) -> *mut holm_error {
    guard(|| {
        // SAFETY: as the caller promises.
        let place = unsafe { place(functions, "the functions") }?;
        // SAFETY: likewise.
        let functions = unsafe { needed(plugin, "the plugin") }?.plugin.functions();
        place.put(Dynamic::Json(functions.iter().map(described).collect()).into());
        Ok(())
    })
}

fn described(function: &Function) -> Value {
    let params = function.params.iter().map(|(name, ty)| json!({ "name": name, "type": ty.to_string() }));
    json!({
        "name": function.name,
        "signature": function.signature,
        "params": params.collect::<Value>(),
        "results": function.results.iter().map(ToString::to_string).collect::<Value>(),
        "refused": function.refused,
    })
}

/// The plugin's name, which belongs to the plugin; NULL for NULL.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_plugin_name(plugin: *const holm_plugin) -> *const c_char {
    // SAFETY: as the caller promises.
    unsafe { plugin.as_ref() }.map_or(null(), |plugin| plugin.name.as_ptr())
}

/// Writes the SHA-256 of the plugin's bytes, in hexadecimal, to `digest`.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_plugin_digest(
    plugin: *const holm_plugin,
    digest: *mut *mut holm_data,
) -> *mut holm_error {
    guard(|| {
        // SAFETY: as the caller promises.
        let place = unsafe { place(digest, "the digest") }?;
        // SAFETY: likewise.
        place.put(Dynamic::Text(unsafe { needed(plugin, "the plugin") }?.plugin.digest()).into());
        Ok(())
    })
}

/// Frees a plugin. Sessions of it go on. NULL is none.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_plugin_free(plugin: *mut holm_plugin) {
    // SAFETY: as the caller promises.
    let plugin = unsafe { taken(plugin) };
    caught(|| drop(plugin));
}
