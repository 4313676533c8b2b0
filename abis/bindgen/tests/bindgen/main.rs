//! Guests of wasm-bindgen's, without JavaScript.
#![allow(clippy::unwrap_used)]

mod hostile;
mod prebuilt;
mod recognise;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use holm_abi::{Abi as _, Entry, Error, Functions, Guest, Host, Result, Value, from_json, to_json};
use holm_bindgen::Bindgen;
use holm_engine::{Loader, Runtime, Settings, Source};

/// A file of guests/prebuilt.
fn prebuilt(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guests/prebuilt").join(name)
}

fn guest(source: Source) -> Guest {
    let loader = Loader::default();
    let name = source.name.clone();
    let opened = loader.open(source).unwrap();
    let loaded = loader.load(&opened, &Settings::default(), true, &Runtime::default()).unwrap();
    Guest { name, shape: Arc::new(opened.shape), code: loaded.code, path: opened.source.path, lone: None }
}

fn functions(guest: &Guest, host: &Host) -> Result<Arc<dyn Functions>> {
    let entries = Bindgen.load(guest, host)?;
    match entries.into_iter().next() {
        Some(Entry::Functions(functions)) => Ok(functions),
        _ => panic!("no functions"),
    }
}

/// The functions of a file.
fn open(path: &Path) -> Arc<dyn Functions> {
    let source = Source::read(path.to_str().unwrap()).unwrap();
    functions(&guest(Source { name: "fib".into(), ..source }), &Host::default()).unwrap()
}

/// The functions of a module in text form.
fn text(wat: &str) -> Arc<dyn Functions> {
    let source = Source::from_bytes("bad", wat::parse_str(wat).unwrap()).unwrap();
    functions(&guest(source), &Host::default()).unwrap()
}

/// Calls a function with arguments in JSON; its result as JSON.
fn call(functions: &Arc<dyn Functions>, name: &str, args: &str) -> Result<String, Error> {
    let args: serde_json::Value = serde_json::from_str(args).unwrap();
    let found = functions.list().iter().find(|function| function.name == name);
    let found = found.unwrap_or_else(|| panic!("there is no `{name}`"));
    let params = found.params.iter().zip(args.as_array().unwrap());
    let args: Vec<Value> = params.map(|((_, ty), json)| from_json(ty, json).unwrap()).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let results = runtime.block_on(functions.call(name, &args))?;
    Ok(results.first().map_or_else(String::new, |value| to_json(value).to_string()))
}
