//! Guests, and a runtime whose cache is the tests' own.

use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use holm::{Call, PluginBuilder, Runtime};

/// One for all tests, so that each guest is compiled once.
pub(crate) static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let cache = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("plugin-cache");
    Runtime::builder().cache(cache).build().unwrap()
});

pub(crate) fn guest(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../guests/prebuilt").join(name)
}

/// `plugin.wasm`, with the functions of the host that it needs, and what it wrote to the host's log.
pub(crate) fn plugin() -> (PluginBuilder, Arc<Mutex<Vec<String>>>) {
    let log = Arc::new(Mutex::new(Vec::new()));
    let lines = Arc::clone(&log);
    let write = move |call: &Call, text: String| {
        lines.lock().unwrap().push(format!("{}: {text}", call.plugin()));
    };
    let lookup = |_: &Call, key: String| match key.as_str() {
        "colour" => Ok("blue".to_owned()),
        _ => Err(format!("nobody knows {key}")),
    };
    let wait = async |_: Call, milliseconds: u32| tokio::time::sleep(Duration::from_millis(milliseconds.into())).await;
    let builder = RUNTIME
        .plugin(guest("plugin.wasm"))
        .provide("acme:host/log", "write", write)
        .provide("acme:host/data@0.1.0", "lookup", lookup)
        .provide_async("", "pause", wait);
    (builder, log)
}
